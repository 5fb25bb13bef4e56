// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {BaseChain} from "../base/BaseChain.sol";
import {RawTransactions} from "../helpers/RawTransactions.sol";
import {Actor} from "../helpers/Test.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {FlashMessages} from "./FlashMessages.sol";

/// @notice Base of the tests of {FlashSettlement}: the deployed contract, its parties with funds and approvals, builders and signatures of
/// every message, packing of batches, raw transactions, and books that are compared party by party.
///
/// @dev The contract is deployed from its build artifact: the settings that are shipped, and no test contract carries its code.
abstract contract FlashTest is BaseChain {
    using FlashMessages for *;
    using RawTransactions for *;

    /// @notice Where the tokens of one token are: wallets first, then what the contract owes.
    struct Books {
        // wallets
        uint256 client;
        uint256 client2;
        uint256 server;
        uint256 server2;
        uint256 signer;
        uint256 settler;
        uint256 relayer;
        uint256 stranger;
        uint256 settlement;
        // escrows, named by client and server
        uint256 escrow;
        uint256 escrowWithServer2;
        uint256 escrowOfClient2;
        // credits
        uint256 creditOfClient;
        uint256 creditOfServer;
        uint256 creditOfServer2;
        uint256 creditOfStranger;
        // settled in this epoch
        uint256 settled;
        uint256 settledWithServer2;
        uint256 settledOfClient2;
    }

    /// @dev The time that {BaseChain} starts at.
    uint40 internal constant NOW = 1_800_000_000;
    uint40 internal constant DEADLINE = NOW + 30 days;
    uint40 internal constant TTL = 7 days;
    uint40 internal constant UNLOCK_AT = NOW + TTL;
    uint32 internal constant CLOSE_DELAY = 1 hours;
    uint40 internal constant NEVER = type(uint40).max;

    /// @dev What a test's escrow holds, unless it says otherwise, token base units.
    uint128 internal constant ESCROW = 1000;

    /// @dev What every party holds at the start: a million USDC, in token base units.
    uint256 internal constant FUNDS = 1_000_000e6;

    uint256 internal constant MAX_AMOUNT = type(uint96).max;
    uint256 internal constant NONCE = uint256(keccak256("a nonce"));

    uint8 internal constant OPEN = 1;
    uint8 internal constant CLIENT_CLOSED = 2;
    uint8 internal constant SERVER_CLOSED = 4;

    string private constant ARTIFACT = "artifacts/contracts/flash/FlashSettlement.sol/FlashSettlement.json";

    IFlashSettlement internal settlement;
    /// @dev USDC's address, unless a test chooses another token.
    address internal token;

    Actor internal client;
    Actor internal client2;
    Actor internal server;
    Actor internal server2;
    /// @dev Key that may sign payments where the terms name it.
    Actor internal signer;
    /// @dev Account that may settle payments once the server names it.
    Actor internal settler;
    /// @dev Pays gas only.
    address internal relayer;
    Actor internal stranger;

    /// @dev The epoch that messages are made for; a test that ends one raises it.
    uint32 internal epoch;

    /// @dev The EIP-712 domain that messages are signed for; a test changes them to sign for another chain or contract.
    uint256 internal signedChainId;
    address internal signedContract;

    function setUp() public virtual override {
        super.setUp();
        settlement = IFlashSettlement(deploySettlement());
        vm.label(address(settlement), "FlashSettlement");
        token = address(USDC);
        signedChainId = BASE_CHAIN_ID;
        signedContract = address(settlement);

        client = makeActor("client");
        client2 = makeActor("client2");
        server = makeActor("server");
        server2 = makeActor("server2");
        signer = makeActor("signer");
        settler = makeActor("settler");
        stranger = makeActor("stranger");
        relayer = makeAddr("relayer");

        fund(client.addr, FUNDS);
        fund(client2.addr, FUNDS);
        fund(server.addr, FUNDS);
        fund(stranger.addr, FUNDS);
    }

    /* SET-UP */

    /// @notice Deploys another FlashSettlement.
    function deploySettlement() internal returns (address deployed) {
        bytes memory code = vm.parseJsonBytes(vm.readFile(ARTIFACT), ".bytecode");
        assembly {
            deployed := create(0, add(code, 0x20), mload(code))
        }
        assertGt(deployed.code.length, 0, "FlashSettlement is deployed");
    }

    /// @notice Gives USDC to an account, and its approval of all to the contract and to Permit2.
    function fund(address account, uint256 amount) internal {
        fundUsdc(account, amount);
        approve(token, account, type(uint256).max);
    }

    /// @notice Approves the contract and Permit2.
    function approve(address which, address owner, uint256 amount) internal {
        vm.startPrank(owner);
        _approve(which, address(settlement), amount);
        _approve(which, PERMIT2, amount);
        vm.stopPrank();
    }

    /// @dev Some tokens answer nothing to `approve`.
    function _approve(address which, address spender, uint256 amount) private {
        (bool ok, ) = which.call(abi.encodeCall(IERC20.approve, (spender, amount)));
        assertTrue(ok, "approved");
    }

    /// @notice Tests with another token from here on: every client holds `amount` of it and has approved all.
    function useToken(MintableToken which, uint256 amount) internal {
        token = address(which);
        vm.label(token, "token");
        which.mint(client.addr, amount);
        which.mint(client2.addr, amount);
        approve(token, client.addr, type(uint256).max);
        approve(token, client2.addr, type(uint256).max);
    }

    /// @notice Tests with a token without limits on its supply.
    function useMintableToken() internal returns (MintableToken plain) {
        plain = new MintableToken();
        useToken(plain, 1 << 128);
    }

    /// @notice Opens the escrow of `client` with `server`: {ESCROW} base units for {TTL}, {CLOSE_DELAY} of notice, signed by the client.
    function open() internal {
        open(ESCROW);
    }

    function open(uint128 amount) internal {
        openAs(client, termsOf(amount));
    }

    function openAs(Actor memory by, IFlashSettlement.OpenEscrow memory terms) internal {
        vm.prank(by.addr);
        settlement.openEscrowWithTerms(terms, "", allowance());
    }

    /// @notice Opens the escrow of `client` with `server`, whose payments `signer` signs.
    function openWithSigner() internal {
        IFlashSettlement.OpenEscrow memory terms = termsOf(ESCROW);
        terms.signer = signer.addr;
        openAs(client, terms);
    }

    /// @notice Opens the escrows of `client` with `server2`, and of `client2` with `server`: {ESCROW} base units each.
    function openOthers() internal {
        IFlashSettlement.OpenEscrow memory terms = termsOf(ESCROW);
        terms.server = server2.addr;
        openAs(client, terms);
        terms = termsOf(ESCROW);
        terms.client = client2.addr;
        openAs(client2, terms);
    }

    /// @notice Takes the client's tokens away: its wallet holds `amount` from here on.
    function drainTo(uint256 amount) internal {
        uint256 balance = IERC20(token).balanceOf(client.addr);
        address hidden = address(uint160(uint256(keccak256("another wallet of the client"))));
        vm.prank(client.addr);
        (bool ok, ) = token.call(abi.encodeCall(IERC20.transfer, (hidden, balance - amount)));
        assertTrue(ok, "drained");
    }

    /// @notice The client takes its allowance back, all but `amount`.
    function allow(uint256 amount) internal {
        vm.prank(client.addr);
        _approve(token, address(settlement), amount);
    }

    function closeByClient() internal {
        vm.prank(client.addr);
        settlement.closeEscrow(client.addr, server.addr, token, epoch);
    }

    function closeByServer() internal {
        vm.prank(server.addr);
        settlement.closeEscrow(client.addr, server.addr, token, epoch);
    }

    /// @notice Ends the epoch by the two closes: what is left goes home.
    function closeByBoth() internal {
        closeByServer();
        closeByClient();
        ++epoch;
    }

    function nameSettler(address account, uint40 validUntil) internal {
        vm.prank(server.addr);
        settlement.setSettler(account, validUntil);
    }

    /* MESSAGES, good ones: a test spoils the member it is about */

    function termsOf(uint128 amount) internal view returns (IFlashSettlement.OpenEscrow memory) {
        return
            IFlashSettlement.OpenEscrow({
                client: client.addr,
                server: server.addr,
                token: token,
                amount: amount,
                ttlSeconds: TTL,
                closeDelay: CLOSE_DELAY,
                signer: address(0),
                epoch: epoch,
                deadline: DEADLINE
            });
    }

    function paymentOf(uint128 amount, uint64 nonce) internal view returns (IFlashSettlement.Payment memory) {
        return
            IFlashSettlement.Payment({
                client: client.addr,
                server: server.addr,
                token: token,
                amount: amount,
                nonce: nonce,
                deadline: 0,
                epoch: epoch
            });
    }

    function tabOf(uint128 total, uint64 lane) internal view returns (IFlashSettlement.Tab memory) {
        return
            IFlashSettlement.Tab({
                client: client.addr,
                server: server.addr,
                token: token,
                total: total,
                lane: lane,
                deadline: 0,
                epoch: epoch
            });
    }

    function topUpOf(uint128 amount) internal view returns (IFlashSettlement.TopUp memory) {
        return
            IFlashSettlement.TopUp({
                client: client.addr,
                server: server.addr,
                token: token,
                amount: amount,
                epoch: epoch,
                salt: NONCE,
                deadline: DEADLINE
            });
    }

    function extendOf(uint40 newUnlockAt) internal view returns (IFlashSettlement.ExtendEscrow memory) {
        return
            IFlashSettlement.ExtendEscrow({
                client: client.addr,
                server: server.addr,
                token: token,
                epoch: epoch,
                newUnlockAt: newUnlockAt,
                deadline: DEADLINE
            });
    }

    function closeOf(bool byServer) internal view returns (IFlashSettlement.CloseEscrow memory) {
        return
            IFlashSettlement.CloseEscrow({
                client: client.addr,
                server: server.addr,
                token: token,
                epoch: epoch,
                byServer: byServer,
                deadline: DEADLINE
            });
    }

    function releaseOf(uint128 amount) internal view returns (IFlashSettlement.ReleaseEscrow memory) {
        return
            IFlashSettlement.ReleaseEscrow({
                client: client.addr,
                server: server.addr,
                token: token,
                epoch: epoch,
                amount: amount,
                nonce: NONCE,
                deadline: DEADLINE
            });
    }

    function settlerAuthorizationOf(
        uint40 validUntil,
        uint64 sequence
    ) internal view returns (IFlashSettlement.SettlerAuthorization memory) {
        return
            IFlashSettlement.SettlerAuthorization({
                server: server.addr,
                settler: settler.addr,
                validUntil: validUntil,
                sequence: sequence,
                deadline: DEADLINE
            });
    }

    function creditWithdrawalOf(uint256 amount) internal view returns (IFlashSettlement.WithdrawCredit memory) {
        return
            IFlashSettlement.WithdrawCredit({
                account: server.addr,
                token: token,
                to: server.addr,
                amount: amount,
                nonce: NONCE,
                deadline: DEADLINE
            });
    }

    /* DIGESTS AND SIGNATURES */

    function domainSeparator() internal view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                    keccak256("x402 Flash Settlement"),
                    keccak256("1"),
                    signedChainId,
                    signedContract
                )
            );
    }

    /// @return EIP-712 digest of a struct hash in the contract's domain.
    function digestOf(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domainSeparator(), structHash));
    }

    /// @notice Signs a struct hash in the contract's domain.
    function signStruct(Actor memory by, bytes32 structHash) internal view returns (bytes memory) {
        return sign(by, digestOf(structHash));
    }

    function sign(Actor memory by, IFlashSettlement.Payment memory m) internal view returns (bytes memory) {
        return signStruct(by, m.hash());
    }

    function sign(Actor memory by, IFlashSettlement.Tab memory m) internal view returns (bytes memory) {
        return signStruct(by, m.hash());
    }

    function sign(Actor memory by, IFlashSettlement.OpenEscrow memory m) internal view returns (bytes memory) {
        return signStruct(by, m.hash());
    }

    function sign(Actor memory by, IFlashSettlement.TopUp memory m) internal view returns (bytes memory) {
        return signStruct(by, m.hash());
    }

    function sign(Actor memory by, IFlashSettlement.ExtendEscrow memory m) internal view returns (bytes memory) {
        return signStruct(by, m.hash());
    }

    function sign(Actor memory by, IFlashSettlement.CloseEscrow memory m) internal view returns (bytes memory) {
        return signStruct(by, m.hash());
    }

    function sign(Actor memory by, IFlashSettlement.ReleaseEscrow memory m) internal view returns (bytes memory) {
        return signStruct(by, m.hash());
    }

    function sign(
        Actor memory by,
        IFlashSettlement.SettlerAuthorization memory m
    ) internal view returns (bytes memory) {
        return signStruct(by, m.hash());
    }

    function sign(Actor memory by, IFlashSettlement.WithdrawCredit memory m) internal view returns (bytes memory) {
        return signStruct(by, m.hash());
    }

    /* FUNDING */

    function allowance() internal pure returns (IFlashSettlement.Funding memory) {
        return IFlashSettlement.Funding(IFlashSettlement.FundingMethod.Allowance, "");
    }

    function eip3009(bytes memory signature) internal pure returns (IFlashSettlement.Funding memory) {
        return IFlashSettlement.Funding(IFlashSettlement.FundingMethod.Eip3009, signature);
    }

    function permit2(bytes memory signature) internal pure returns (IFlashSettlement.Funding memory) {
        return IFlashSettlement.Funding(IFlashSettlement.FundingMethod.Permit2, signature);
    }

    /// @return Digest of USDC's `ReceiveWithAuthorization` that funds an opening.
    function eip3009DigestOf(IFlashSettlement.OpenEscrow memory m) internal view returns (bytes32) {
        return _eip3009Digest(m.client, m.amount, m.deadline, m.hash());
    }

    /// @return Digest of USDC's `ReceiveWithAuthorization` that funds a top-up.
    function eip3009DigestOf(IFlashSettlement.TopUp memory m) internal view returns (bytes32) {
        return _eip3009Digest(m.client, m.amount, m.deadline, m.hash());
    }

    function _eip3009Digest(
        address from,
        uint256 amount,
        uint40 deadline,
        bytes32 message
    ) private view returns (bytes32) {
        bytes32 structHash = FlashMessages.receiveWithAuthorizationHash(
            from,
            signedContract,
            amount,
            deadline,
            message
        );
        return keccak256(abi.encodePacked(hex"1901", USDC.DOMAIN_SEPARATOR(), structHash));
    }

    /// @return Digest of Permit2's `PermitWitnessTransferFrom` that funds an opening.
    function permit2DigestOf(IFlashSettlement.OpenEscrow memory m) internal view returns (bytes32) {
        return _permit2Digest(m.permitWitnessTransferFromHash(signedContract));
    }

    /// @return Digest of Permit2's `PermitWitnessTransferFrom` that funds a top-up.
    function permit2DigestOf(IFlashSettlement.TopUp memory m) internal view returns (bytes32) {
        return _permit2Digest(m.permitWitnessTransferFromHash(signedContract));
    }

    function _permit2Digest(bytes32 structHash) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)"),
                keccak256("Permit2"),
                signedChainId,
                PERMIT2
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    /* SETTLING */

    /// @notice The server settles a payment that `client` signs.
    function settle(IFlashSettlement.Payment memory payment) internal {
        settle(payment, false);
    }

    function settle(IFlashSettlement.Payment memory payment, bool allowPartial) internal {
        bytes memory signature = sign(client, payment);
        vm.prank(server.addr);
        settlement.settleSignedPayment(payment, signature, allowPartial);
    }

    /// @notice The relayer settles a tab that `client` signs.
    function settle(IFlashSettlement.Tab memory tab) internal {
        bytes memory signature = sign(client, tab);
        vm.prank(relayer);
        settlement.settleTab(tab, signature);
    }

    function itemOf(
        Actor memory by,
        IFlashSettlement.Payment memory payment
    ) internal view returns (IFlashSettlement.PackedItem memory item) {
        item.head = headOf(payment.amount, payment.nonce, payment.deadline);
        (item.r, item.vs) = signCompact(by, digestOf(payment.hash()));
    }

    function itemOf(
        Actor memory by,
        IFlashSettlement.Tab memory tab
    ) internal view returns (IFlashSettlement.PackedItem memory item) {
        item.head = headOf(tab.total, tab.lane, tab.deadline);
        (item.r, item.vs) = signCompact(by, digestOf(tab.hash()));
    }

    /// @return First word of a packed item.
    function headOf(uint256 amount, uint256 index, uint256 deadline) internal pure returns (uint256) {
        return (amount << 128) | (index << 64) | (deadline << 24);
    }

    /// @return group Group of `client` and `server` with room for so many items.
    function groupOf(uint256 payments, uint256 tabs) internal view returns (IFlashSettlement.Group memory group) {
        group.client = client.addr;
        group.server = server.addr;
        group.token = token;
        group.payments = new IFlashSettlement.PackedItem[](payments);
        group.tabs = new IFlashSettlement.PackedItem[](tabs);
    }

    /// @return group Group of one payment that `client` signs.
    function groupOf(
        IFlashSettlement.Payment memory payment
    ) internal view returns (IFlashSettlement.Group memory group) {
        group = groupOf(1, 0);
        group.payments[0] = itemOf(client, payment);
    }

    /// @return group Group of one tab that `client` signs.
    function groupOf(IFlashSettlement.Tab memory tab) internal view returns (IFlashSettlement.Group memory group) {
        group = groupOf(0, 1);
        group.tabs[0] = itemOf(client, tab);
    }

    /// @notice The server settles one group.
    function settleBatch(IFlashSettlement.Group memory group, bool allowPartial) internal {
        settleBatchAs(server.addr, group, allowPartial);
    }

    function settleBatchAs(address caller, IFlashSettlement.Group memory group, bool allowPartial) internal {
        IFlashSettlement.Group[] memory groups = new IFlashSettlement.Group[](1);
        groups[0] = group;
        vm.prank(caller);
        settlement.settleBatch(groups, allowPartial);
    }

    /* SIGNED TRANSACTIONS */

    /// @return A transaction of `client` that pays `server`, without an end.
    function transactionOf(uint256 amount, uint64 nonce) internal view returns (RawTransactions.Transaction memory) {
        return transactionOf(amount, nonce, 0);
    }

    function transactionOf(
        uint256 amount,
        uint64 nonce,
        uint40 deadline
    ) internal view returns (RawTransactions.Transaction memory) {
        return
            RawTransactions.Transaction({
                chainId: BASE_CHAIN_ID,
                nonce: 7,
                maxPriorityFeePerGas: 1_000_000,
                maxFeePerGas: 2_000_000_000,
                gasLimit: 250_000,
                to: address(settlement),
                value: 0,
                data: abi.encodeCall(
                    IFlashSettlement.settleNumberedPayment,
                    (server.addr, token, amount, nonce, deadline, epoch)
                )
            });
    }

    /// @return Raw bytes of a signed transaction.
    function signTransaction(
        Actor memory by,
        RawTransactions.Transaction memory transaction
    ) internal pure returns (bytes memory) {
        bytes[] memory items = transaction.items();
        return items.assemble(sign(by, items.digest()));
    }

    /* BOOKS */

    /// @return Where the tokens of `token` are.
    function books() internal view returns (Books memory) {
        return booksOf(token);
    }

    function booksOf(address which) internal view returns (Books memory b) {
        b.client = IERC20(which).balanceOf(client.addr);
        b.client2 = IERC20(which).balanceOf(client2.addr);
        b.server = IERC20(which).balanceOf(server.addr);
        b.server2 = IERC20(which).balanceOf(server2.addr);
        b.signer = IERC20(which).balanceOf(signer.addr);
        b.settler = IERC20(which).balanceOf(settler.addr);
        b.relayer = IERC20(which).balanceOf(relayer);
        b.stranger = IERC20(which).balanceOf(stranger.addr);
        b.settlement = IERC20(which).balanceOf(address(settlement));
        b.creditOfClient = settlement.creditOf(client.addr, which);
        b.creditOfServer = settlement.creditOf(server.addr, which);
        b.creditOfServer2 = settlement.creditOf(server2.addr, which);
        b.creditOfStranger = settlement.creditOf(stranger.addr, which);
        (b.escrow, b.settled) = _moneyOf(client, server, which);
        (b.escrowWithServer2, b.settledWithServer2) = _moneyOf(client, server2, which);
        (b.escrowOfClient2, b.settledOfClient2) = _moneyOf(client2, server, which);
    }

    /// @notice Compares the books of `token` with what they should be now.
    function assertBooks(Books memory expected) internal view {
        assertBooksOf(token, expected);
    }

    function assertBooksOf(address which, Books memory expected) internal view {
        Books memory actual = booksOf(which);
        assertEq(actual.client, expected.client, "wallet of client");
        assertEq(actual.client2, expected.client2, "wallet of client2");
        assertEq(actual.server, expected.server, "wallet of server");
        assertEq(actual.server2, expected.server2, "wallet of server2");
        assertEq(actual.signer, expected.signer, "wallet of signer");
        assertEq(actual.settler, expected.settler, "wallet of settler");
        assertEq(actual.relayer, expected.relayer, "wallet of relayer");
        assertEq(actual.stranger, expected.stranger, "wallet of stranger");
        assertEq(actual.settlement, expected.settlement, "wallet of the contract");
        assertEq(actual.escrow, expected.escrow, "escrow of client with server");
        assertEq(actual.escrowWithServer2, expected.escrowWithServer2, "escrow of client with server2");
        assertEq(actual.escrowOfClient2, expected.escrowOfClient2, "escrow of client2 with server");
        assertEq(actual.creditOfClient, expected.creditOfClient, "credit of client");
        assertEq(actual.creditOfServer, expected.creditOfServer, "credit of server");
        assertEq(actual.creditOfServer2, expected.creditOfServer2, "credit of server2");
        assertEq(actual.creditOfStranger, expected.creditOfStranger, "credit of stranger");
        assertEq(actual.settled, expected.settled, "settled of client with server");
        assertEq(actual.settledWithServer2, expected.settledWithServer2, "settled of client with server2");
        assertEq(actual.settledOfClient2, expected.settledOfClient2, "settled of client2 with server");
    }

    function _moneyOf(
        Actor memory of_,
        Actor memory with_,
        address which
    ) private view returns (uint256 balance, uint256 settled) {
        IFlashSettlement.Escrow memory escrow = settlement.escrowOf(of_.addr, with_.addr, which);
        return (escrow.balance, escrow.settled);
    }

    /// @return The escrow of `client` with `server`.
    function escrowNow() internal view returns (IFlashSettlement.Escrow memory) {
        return settlement.escrowOf(client.addr, server.addr, token);
    }

    /// @return Id of the escrow of `client` with `server`.
    function escrowId() internal view returns (bytes32) {
        return keccak256(abi.encode(client.addr, server.addr, token));
    }

    /// @notice Compares the state of the escrow of `client` with `server`.
    function assertEscrow(uint256 balance, uint256 settled, uint256 unlockAt, uint256 flags) internal view {
        IFlashSettlement.Escrow memory escrow = escrowNow();
        assertEq(escrow.balance, balance, "balance");
        assertEq(escrow.settled, settled, "settled");
        assertEq(escrow.unlockAt, unlockAt, "unlockAt");
        assertEq(escrow.flags, flags, "flags");
    }

    /// @notice The escrow of `client` with `server` is not open; its next epoch is `nextEpoch`.
    function assertNotOpen(uint256 nextEpoch) internal view {
        assertEscrow(0, 0, 0, 0);
        IFlashSettlement.Escrow memory escrow = escrowNow();
        assertEq(escrow.signer, address(0), "signer");
        assertEq(escrow.closeDelay, 0, "closeDelay");
        assertEq(escrow.epoch, nextEpoch, "epoch");
    }

    /* EXPECTATIONS */

    /// @notice The next call must revert with exactly this error.
    function expectRevert(bytes memory errorData) internal {
        vm.expectRevert(errorData);
    }

    function expectBadTerms(IFlashSettlement.Term term) internal {
        vm.expectRevert(abi.encodeWithSelector(IFlashSettlement.BadTerms.selector, term));
    }

    function expectNotCovered(uint256 have, uint256 need) internal {
        vm.expectRevert(abi.encodeWithSelector(IFlashSettlement.NotCovered.selector, have, need));
    }

    function expectNoEscrow() internal {
        vm.expectRevert(abi.encodeWithSelector(IFlashSettlement.NoEscrow.selector));
    }

    function expectWrongEpoch(uint256 named, uint256 current) internal {
        vm.expectRevert(abi.encodeWithSelector(IFlashSettlement.WrongEpoch.selector, named, current));
    }

    function expectExpired(uint256 deadline) internal {
        vm.expectRevert(abi.encodeWithSelector(IFlashSettlement.Expired.selector, deadline, vm.getBlockTimestamp()));
    }

    function expectBadSignature(address expected) internal {
        vm.expectRevert(abi.encodeWithSelector(IFlashSettlement.BadSignature.selector, expected));
    }

    function expectNonceUsed(uint256 nonce) internal {
        vm.expectRevert(abi.encodeWithSelector(IFlashSettlement.NonceUsed.selector, nonce));
    }

    function expectAmountTooLarge(uint256 amount, uint256 limit) internal {
        vm.expectRevert(abi.encodeWithSelector(IFlashSettlement.AmountTooLarge.selector, amount, limit));
    }

    function expectClosed() internal {
        vm.expectRevert(abi.encodeWithSelector(IFlashSettlement.Closed.selector));
    }

    function expectNotServer(address caller) internal {
        vm.expectRevert(abi.encodeWithSelector(IFlashSettlement.NotServer.selector, caller));
    }

    function expectStillLocked(uint256 unlockAt) internal {
        vm.expectRevert(
            abi.encodeWithSelector(IFlashSettlement.StillLocked.selector, unlockAt, vm.getBlockTimestamp())
        );
    }

    /// @notice The next emitted event in this test is what the contract must emit, with all topics and data.
    function expectEvent() internal {
        vm.expectEmit(true, true, true, true, address(settlement));
    }

    /// @notice The contract must say that it skipped an item of the escrow of `client` with `server`.
    function expectSkipped(uint256 item, IFlashSettlement.Skip reason) internal {
        expectEvent();
        emit IFlashSettlement.RowSkipped(escrowId(), item, reason);
    }

    function expectSettled(uint256 fromWallet, uint256 fromEscrow) internal {
        expectEvent();
        emit IFlashSettlement.PaymentsSettled(escrowId(), epoch, fromWallet, fromEscrow);
    }
}
