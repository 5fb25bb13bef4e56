// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {BaseChain} from "../base/BaseChain.sol";
import {Actor} from "../helpers/Test.sol";
import {VoucherMessages} from "./VoucherMessages.sol";

/// @notice Base of the tests of {VoucherEscrow}: the deployed escrow, its parties with funds and approvals, builders and signatures
/// of every message, packing of batches, and books that are compared party by party.
///
/// @dev The escrow is deployed from its build artifact: the settings that are shipped, and no test contract carries its code.
abstract contract VoucherTest is BaseChain {
    using VoucherMessages for *;

    /// @notice Where the tokens of one asset are: wallets first, then what the escrow owes.
    struct Books {
        // wallets
        uint256 buyer;
        uint256 buyer2;
        uint256 seller;
        uint256 seller2;
        uint256 signer;
        uint256 relayer;
        uint256 stranger;
        uint256 escrow;
        // accounts, named by buyer and seller
        uint256 account;
        uint256 accountWithSeller2;
        uint256 accountOfBuyer2;
        // free balances
        uint256 freeOfBuyer;
        uint256 freeOfBuyer2;
        uint256 freeOfSeller;
    }

    /// @dev The time that {BaseChain} starts at.
    uint64 internal constant NOW = 1_800_000_000;
    uint64 internal constant EXPIRY = NOW + 30 days;
    uint256 internal constant THAWING_PERIOD = 1 days;

    /// @dev What every buyer and seller holds at the start: a million USDC, in token base units.
    uint256 internal constant FUNDS = 1_000_000e6;

    bytes32 internal constant DEFAULT_LANE = bytes32(0);
    bytes32 internal constant LANE = keccak256("a parallel lane");
    bytes32 internal constant NONCE = keccak256("a nonce");

    string private constant ARTIFACT = "artifacts/contracts/voucher/VoucherEscrow.sol/VoucherEscrow.json";

    IVoucherEscrow internal escrow;
    /// @dev USDC's address.
    address internal asset;

    Actor internal buyer;
    Actor internal buyer2;
    Actor internal seller;
    Actor internal seller2;
    /// @dev Key that may sign vouchers once it is authorized.
    Actor internal signer;
    /// @dev Pays gas only.
    address internal relayer;
    Actor internal stranger;

    /// @dev The EIP-712 domain that messages are signed for; a test changes them to sign for another chain or contract.
    uint256 internal signedChainId;
    address internal signedContract;

    function setUp() public virtual override {
        super.setUp();
        escrow = IVoucherEscrow(deployEscrow());
        vm.label(address(escrow), "VoucherEscrow");
        asset = address(USDC);
        signedChainId = BASE_CHAIN_ID;
        signedContract = address(escrow);

        buyer = makeActor("buyer");
        buyer2 = makeActor("buyer2");
        seller = makeActor("seller");
        seller2 = makeActor("seller2");
        signer = makeActor("signer");
        stranger = makeActor("stranger");
        relayer = makeAddr("relayer");

        fund(buyer.addr, FUNDS);
        fund(buyer2.addr, FUNDS);
        fund(seller.addr, FUNDS);
        fund(stranger.addr, FUNDS);
    }

    /* SET-UP */

    /// @notice Deploys another escrow.
    function deployEscrow() internal returns (address deployed) {
        bytes memory code = vm.parseJsonBytes(vm.readFile(ARTIFACT), ".bytecode");
        assembly {
            deployed := create(0, add(code, 0x20), mload(code))
        }
        assertGt(deployed.code.length, 0, "the escrow is deployed");
    }

    /// @notice Gives USDC to an account, and its approval of all to the escrow and to Permit2.
    function fund(address account, uint256 amount) internal {
        fundUsdc(account, amount);
        approve(asset, account, type(uint256).max);
    }

    /// @notice Approves the escrow and Permit2.
    function approve(address token, address owner, uint256 amount) internal {
        vm.startPrank(owner);
        _approve(token, address(escrow), amount);
        _approve(token, PERMIT2, amount);
        vm.stopPrank();
    }

    /// @dev Some tokens answer nothing to `approve`.
    function _approve(address token, address spender, uint256 amount) private {
        (bool ok, ) = token.call(abi.encodeCall(IERC20.approve, (spender, amount)));
        assertTrue(ok, "approved");
    }

    /// @notice Deposits `amount` of `asset` for a buyer with a seller.
    function deposit(Actor memory from, Actor memory to, uint256 amount) internal {
        vm.prank(from.addr);
        escrow.deposit(to.addr, asset, amount);
    }

    /// @notice Deposits `amount` of `asset` as free balance.
    function depositFree(Actor memory owner, uint256 amount) internal {
        vm.prank(owner.addr);
        escrow.depositFree(asset, amount);
    }

    /// @notice Marks `amount` of the account of `buyer` with `seller` for withdrawal.
    function thaw(uint256 amount) internal {
        vm.prank(buyer.addr);
        escrow.thaw(seller.addr, asset, amount);
    }

    /// @notice Collects a voucher that its buyer signs, by the relayer.
    function collect(IVoucherEscrow.Voucher memory voucher) internal {
        bytes memory signature = sign(voucher.buyer == buyer2.addr ? buyer2 : buyer, voucher);
        vm.prank(relayer);
        escrow.collect(voucher, signature);
    }

    /* MESSAGES, good ones: a test spoils the member it is about */

    function voucherOf(uint256 valueAggregate) internal view returns (IVoucherEscrow.Voucher memory) {
        return laneVoucherOf(DEFAULT_LANE, valueAggregate);
    }

    function laneVoucherOf(bytes32 id, uint256 valueAggregate) internal view returns (IVoucherEscrow.Voucher memory) {
        return
            IVoucherEscrow.Voucher({
                id: id,
                buyer: buyer.addr,
                seller: seller.addr,
                valueAggregate: valueAggregate,
                asset: asset,
                timestamp: NOW,
                nonce: 7,
                escrow: address(escrow),
                chainId: BASE_CHAIN_ID,
                expiry: EXPIRY
            });
    }

    function depositAuthorizationOf(uint256 amount) internal view returns (IVoucherEscrow.DepositAuthorization memory) {
        return
            IVoucherEscrow.DepositAuthorization({
                buyer: buyer.addr,
                seller: seller.addr,
                asset: asset,
                amount: amount,
                nonce: NONCE,
                expiry: EXPIRY
            });
    }

    function flushAuthorizationOf(bytes32 nonce) internal view returns (IVoucherEscrow.FlushAuthorization memory) {
        return
            IVoucherEscrow.FlushAuthorization({
                buyer: buyer.addr,
                seller: seller.addr,
                asset: asset,
                nonce: nonce,
                expiry: EXPIRY
            });
    }

    function flushAllAuthorizationOf(
        bytes32 nonce
    ) internal view returns (IVoucherEscrow.FlushAllAuthorization memory) {
        return IVoucherEscrow.FlushAllAuthorization({buyer: buyer.addr, nonce: nonce, expiry: EXPIRY});
    }

    function allocateAuthorizationOf(
        uint256 amount,
        uint64 nonce
    ) internal view returns (IVoucherEscrow.AllocateAuthorization memory) {
        return
            IVoucherEscrow.AllocateAuthorization({
                buyer: buyer.addr,
                seller: seller.addr,
                asset: asset,
                amount: amount,
                nonce: nonce,
                expiry: EXPIRY
            });
    }

    function withdrawFreeAuthorizationOf(
        uint256 amount,
        uint64 nonce
    ) internal view returns (IVoucherEscrow.WithdrawFreeAuthorization memory) {
        return
            IVoucherEscrow.WithdrawFreeAuthorization({
                buyer: buyer.addr,
                asset: asset,
                amount: amount,
                nonce: nonce,
                expiry: EXPIRY
            });
    }

    function signerAuthorizationOf(
        uint64 validUntil
    ) internal view returns (IVoucherEscrow.SignerAuthorization memory) {
        return
            IVoucherEscrow.SignerAuthorization({
                buyer: buyer.addr,
                signer: signer.addr,
                validUntil: validUntil,
                expiry: EXPIRY
            });
    }

    function signerRevocationOf() internal view returns (IVoucherEscrow.SignerRevocation memory) {
        return IVoucherEscrow.SignerRevocation({buyer: buyer.addr, signer: signer.addr, expiry: EXPIRY});
    }

    function releaseAuthorizationOf(uint256 amount) internal view returns (IVoucherEscrow.ReleaseAuthorization memory) {
        return
            IVoucherEscrow.ReleaseAuthorization({
                buyer: buyer.addr,
                seller: seller.addr,
                asset: asset,
                id: DEFAULT_LANE,
                collectedAtLeast: 0,
                amount: amount,
                nonce: NONCE,
                expiry: EXPIRY
            });
    }

    function payoutAuthorizationOf(
        bool toFreeBalance,
        uint96 nonce
    ) internal view returns (IVoucherEscrow.PayoutAuthorization memory) {
        return
            IVoucherEscrow.PayoutAuthorization({
                seller: seller.addr,
                toFreeBalance: toFreeBalance,
                nonce: nonce,
                expiry: EXPIRY
            });
    }

    /* DIGESTS AND SIGNATURES */

    function domainSeparator() internal view returns (bytes32) {
        return _domainSeparator("DeferredPaymentEscrow", "1", signedContract);
    }

    function _domainSeparator(
        string memory name,
        string memory version,
        address verifyingContract
    ) private view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                    keccak256(bytes(name)),
                    keccak256(bytes(version)),
                    signedChainId,
                    verifyingContract
                )
            );
    }

    /// @return EIP-712 digest of a struct hash in the escrow's domain.
    function digestOf(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domainSeparator(), structHash));
    }

    /// @notice Signs a struct hash in the escrow's domain.
    function signStruct(Actor memory by, bytes32 structHash) internal view returns (bytes memory) {
        return sign(by, digestOf(structHash));
    }

    function sign(Actor memory by, IVoucherEscrow.Voucher memory message) internal view returns (bytes memory) {
        return signStruct(by, message.hash());
    }

    function sign(
        Actor memory by,
        IVoucherEscrow.DepositAuthorization memory message
    ) internal view returns (bytes memory) {
        return signStruct(by, message.hash());
    }

    function sign(
        Actor memory by,
        IVoucherEscrow.FlushAuthorization memory message
    ) internal view returns (bytes memory) {
        return signStruct(by, message.hash());
    }

    function sign(
        Actor memory by,
        IVoucherEscrow.FlushAllAuthorization memory message
    ) internal view returns (bytes memory) {
        return signStruct(by, message.hash());
    }

    function sign(
        Actor memory by,
        IVoucherEscrow.AllocateAuthorization memory message
    ) internal view returns (bytes memory) {
        return signStruct(by, message.hash());
    }

    function sign(
        Actor memory by,
        IVoucherEscrow.WithdrawFreeAuthorization memory message
    ) internal view returns (bytes memory) {
        return signStruct(by, message.hash());
    }

    function sign(
        Actor memory by,
        IVoucherEscrow.SignerAuthorization memory message
    ) internal view returns (bytes memory) {
        return signStruct(by, message.hash());
    }

    function sign(
        Actor memory by,
        IVoucherEscrow.SignerRevocation memory message
    ) internal view returns (bytes memory) {
        return signStruct(by, message.hash());
    }

    function sign(
        Actor memory by,
        IVoucherEscrow.ReleaseAuthorization memory message
    ) internal view returns (bytes memory) {
        return signStruct(by, message.hash());
    }

    function sign(
        Actor memory by,
        IVoucherEscrow.PayoutAuthorization memory message
    ) internal view returns (bytes memory) {
        return signStruct(by, message.hash());
    }

    /// @return Digest of USDC's `ReceiveWithAuthorization` that funds a deposit.
    function eip3009DigestOf(IVoucherEscrow.DepositAuthorization memory message) internal view returns (bytes32) {
        bytes32 structHash = VoucherMessages.receiveWithAuthorizationHash(message, signedContract);
        bytes32 usdcDomain = _domainSeparator("USD Coin", "2", address(USDC));
        return keccak256(abi.encodePacked(hex"1901", usdcDomain, structHash));
    }

    function signEip3009(
        Actor memory by,
        IVoucherEscrow.DepositAuthorization memory message
    ) internal view returns (bytes memory) {
        return sign(by, eip3009DigestOf(message));
    }

    /// @return Digest of Permit2's `PermitWitnessTransferFrom` that funds a deposit.
    function permit2DigestOf(IVoucherEscrow.DepositAuthorization memory message) internal view returns (bytes32) {
        bytes32 structHash = VoucherMessages.permitWitnessTransferFromHash(message, signedContract);
        bytes32 permit2Domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)"),
                keccak256("Permit2"),
                signedChainId,
                PERMIT2
            )
        );
        return keccak256(abi.encodePacked(hex"1901", permit2Domain, structHash));
    }

    function signPermit2(
        Actor memory by,
        IVoucherEscrow.DepositAuthorization memory message
    ) internal view returns (bytes memory) {
        return sign(by, permit2DigestOf(message));
    }

    /* BATCHES */

    /// @notice Packs a default-lane voucher whose values fit, signed by a key.
    /// @param total Up to which total of the lane to collect, token base units.
    function rowOf(
        Actor memory by,
        IVoucherEscrow.Voucher memory voucher,
        uint256 total
    ) internal view returns (IVoucherEscrow.Row memory row) {
        require(voucher.id == DEFAULT_LANE, "rowOf: a row is of the default lane");
        require(
            voucher.valueAggregate <= type(uint96).max &&
                voucher.timestamp <= type(uint40).max &&
                voucher.expiry <= type(uint40).max &&
                voucher.nonce <= type(uint80).max &&
                total <= type(uint96).max,
            "rowOf: a value does not fit"
        );
        row.head = (uint256(uint160(voucher.buyer)) << 96) | total;
        row.terms =
            (voucher.valueAggregate << 160) |
            (uint256(voucher.timestamp) << 120) |
            (uint256(voucher.expiry) << 80) |
            voucher.nonce;
        (row.r, row.vs) = signCompact(by, digestOf(voucher.hash()));
    }

    function wideRowOf(
        Actor memory by,
        IVoucherEscrow.Voucher memory voucher,
        uint256 total
    ) internal view returns (IVoucherEscrow.WideRow memory) {
        return IVoucherEscrow.WideRow({voucher: voucher, signature: sign(by, voucher), total: total});
    }

    /// @return group Group of `seller` in `asset` without a gas limit, with room for so many rows.
    function groupOf(uint256 rows, uint256 wide) internal view returns (IVoucherEscrow.Group memory group) {
        group.seller = seller.addr;
        group.asset = asset;
        group.rows = new IVoucherEscrow.Row[](rows);
        group.wide = new IVoucherEscrow.WideRow[](wide);
    }

    /// @return group Group of one compact row.
    function groupOf(IVoucherEscrow.Row memory row) internal view returns (IVoucherEscrow.Group memory group) {
        group = groupOf(1, 0);
        group.rows[0] = row;
    }

    /// @return group Group of one wide row.
    function groupOf(IVoucherEscrow.WideRow memory row) internal view returns (IVoucherEscrow.Group memory group) {
        group = groupOf(0, 1);
        group.wide[0] = row;
    }

    /// @notice Collects one group, by the relayer.
    function collectBatch(IVoucherEscrow.Group memory group) internal {
        IVoucherEscrow.Group[] memory groups = new IVoucherEscrow.Group[](1);
        groups[0] = group;
        vm.prank(relayer);
        escrow.collectBatch(groups);
    }

    /// @return entry What {BatchCollected} says of a row with effect.
    function batchEntry(address payer, uint256 amount) internal pure returns (uint256 entry) {
        return (uint256(uint160(payer)) << 96) | amount;
    }

    /* BOOKS */

    /// @return Where the tokens of `asset` are.
    function books() internal view returns (Books memory) {
        return booksOf(asset);
    }

    function booksOf(address token) internal view returns (Books memory b) {
        b.buyer = IERC20(token).balanceOf(buyer.addr);
        b.buyer2 = IERC20(token).balanceOf(buyer2.addr);
        b.seller = IERC20(token).balanceOf(seller.addr);
        b.seller2 = IERC20(token).balanceOf(seller2.addr);
        b.signer = IERC20(token).balanceOf(signer.addr);
        b.relayer = IERC20(token).balanceOf(relayer);
        b.stranger = IERC20(token).balanceOf(stranger.addr);
        b.escrow = IERC20(token).balanceOf(address(escrow));
        b.account = balanceOf(buyer, seller, token);
        b.accountWithSeller2 = balanceOf(buyer, seller2, token);
        b.accountOfBuyer2 = balanceOf(buyer2, seller, token);
        b.freeOfBuyer = freeBalanceOf(buyer, token);
        b.freeOfBuyer2 = freeBalanceOf(buyer2, token);
        b.freeOfSeller = freeBalanceOf(seller, token);
    }

    /// @notice Compares the books of `asset` with what they should be now.
    function assertBooks(Books memory expected) internal view {
        assertBooksOf(asset, expected);
    }

    function assertBooksOf(address token, Books memory expected) internal view {
        Books memory actual = booksOf(token);
        assertEq(actual.buyer, expected.buyer, "wallet of buyer");
        assertEq(actual.buyer2, expected.buyer2, "wallet of buyer2");
        assertEq(actual.seller, expected.seller, "wallet of seller");
        assertEq(actual.seller2, expected.seller2, "wallet of seller2");
        assertEq(actual.signer, expected.signer, "wallet of signer");
        assertEq(actual.relayer, expected.relayer, "wallet of relayer");
        assertEq(actual.stranger, expected.stranger, "wallet of stranger");
        assertEq(actual.escrow, expected.escrow, "wallet of escrow");
        assertEq(actual.account, expected.account, "account of buyer with seller");
        assertEq(actual.accountWithSeller2, expected.accountWithSeller2, "account of buyer with seller2");
        assertEq(actual.accountOfBuyer2, expected.accountOfBuyer2, "account of buyer2 with seller");
        assertEq(actual.freeOfBuyer, expected.freeOfBuyer, "free balance of buyer");
        assertEq(actual.freeOfBuyer2, expected.freeOfBuyer2, "free balance of buyer2");
        assertEq(actual.freeOfSeller, expected.freeOfSeller, "free balance of seller");
    }

    function balanceOf(Actor memory of_, Actor memory with_, address token) internal view returns (uint256) {
        return escrow.getAccount(of_.addr, with_.addr, token).balance;
    }

    function freeBalanceOf(Actor memory owner, address token) internal view returns (uint256 balance) {
        (balance, , ) = escrow.getFreeAccount(owner.addr, token);
    }

    /// @return Collected total of a lane of `buyer` with `seller`, token base units.
    function collectedOf(bytes32 id) internal view returns (uint256) {
        return escrow.getVoucherCollected(buyer.addr, seller.addr, asset, id);
    }

    /// @notice Compares the account of `buyer` with `seller`.
    function assertAccount(uint256 balance, uint256 thawing, uint64 thawEndTime) internal view {
        IVoucherEscrow.EscrowAccount memory account = escrow.getAccount(buyer.addr, seller.addr, asset);
        assertEq(account.balance, balance, "balance");
        assertEq(account.thawingAmount, thawing, "effective thawing");
        assertEq(account.thawEndTime, thawEndTime, "end of the thaw");
    }

    /* CALLDATA */

    /// @return changed The calldata with a bit set in the word `i` behind the selector; bit 0 is the lowest.
    function withBit(bytes memory data, uint256 i, uint256 bit) internal pure returns (bytes memory changed) {
        changed = bytes.concat(data);
        changed[4 + 32 * i + 31 - bit / 8] |= bytes1(uint8(1 << (bit % 8)));
    }

    /* EXPECTATIONS */

    /// @notice The next call must revert with exactly this error.
    function expectRevert(bytes memory errorData) internal {
        vm.expectRevert(errorData);
    }

    /// @notice The next emitted event in this test is what the escrow must emit, with all topics and data.
    function expectEvent() internal {
        vm.expectEmit(true, true, true, true, address(escrow));
    }
}
