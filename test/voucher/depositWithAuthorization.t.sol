// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {Actor} from "../helpers/Test.sol";
import {FeeOnTransferToken} from "../mocks/FeeOnTransferToken.sol";
import {SignedMessageTest} from "./SignedMessageTest.sol";
import {VoucherMessages} from "./VoucherMessages.sol";

/// @dev The two calls that put an ERC-2612 permit in front of a deposit.
interface IMulticall3 {
    struct Call {
        address target;
        bytes callData;
    }

    function aggregate(Call[] calldata calls) external returns (uint256 blockNumber, bytes[] memory returnData);
}

interface IPermit {
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;
}

contract DepositWithAuthorizationTest is SignedMessageTest {
    using VoucherMessages for *;

    uint256 private constant AMOUNT = 100;

    IVoucherEscrow.DepositAuthorization private authorization;
    Books private start;

    function setUp() public override {
        super.setUp();
        authorization = depositAuthorizationOf(AMOUNT);
        start = books();
    }

    /* SIGNATURE: every case of SignedMessage.tree */

    function owner() internal view override returns (Actor memory) {
        return buyer;
    }

    function structHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function submit(bytes memory signature) internal override {
        vm.prank(relayer);
        escrow.depositWithAuthorization(authorization, signature);
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.buyer -= AMOUNT;
        expected.escrow += AMOUNT;
        expected.account += AMOUNT;
        assertBooks(expected);
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_RevertWhen_TheBuyerIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, authorization);
        authorization.buyer = buyer2.addr;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheSellerIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, authorization);
        authorization.seller = seller2.addr;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheAssetIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, authorization);
        authorization.asset = address(new FeeOnTransferToken());
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheAmountIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, authorization);
        authorization.amount = AMOUNT + 1;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheNonceIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, authorization);
        authorization.nonce = bytes32(uint256(NONCE) + 1);
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheExpiryIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, authorization);
        authorization.expiry = EXPIRY + 1;
        expectRefusal();
        submit(signature);
    }

    /* EXPIRY */

    function test_DepositsOneSecondBeforeTheExpiry() public {
        vm.warp(EXPIRY - 1);
        _submit();
        assertDone();
    }

    function test_DepositsAtTheExpiry() public {
        vm.warp(EXPIRY);
        _submit();
        assertDone();
    }

    function test_RevertWhen_OneSecondPastTheExpiry() public {
        bytes memory signature = sign(buyer, authorization);
        vm.warp(EXPIRY + 1);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AuthorizationExpired.selector, EXPIRY, EXPIRY + 1));
        submit(signature);
    }

    function test_DepositsWhenTheExpiryIsTheLargest() public {
        authorization.expiry = type(uint64).max;
        _submit();
        assertDone();
    }

    function test_RevertWhen_TheExpiryIsZero() public {
        authorization.expiry = 0;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AuthorizationExpired.selector, 0, NOW));
        _submit();
    }

    /* NONCE */

    function test_RevertWhen_TheNonceIsZero() public {
        authorization.nonce = 0;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.ZeroNonce.selector));
        _submit();
    }

    function test_DepositsWhenTheNonceIsOne() public {
        authorization.nonce = bytes32(uint256(1));
        _submit();
        assertDone();
    }

    function test_DepositsWhenTheNonceIsTheLargest() public {
        authorization.nonce = bytes32(type(uint256).max);
        _submit();
        assertDone();
    }

    function test_RevertGiven_TheAuthorizationWasUsed() public {
        _submit();
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, NONCE));
        _submit();
    }

    function test_RevertGiven_TheNonceWasUsedForAnotherDeposit() public {
        _submit();
        authorization.amount = AMOUNT + 1;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, NONCE));
        _submit();
    }

    function test_RevertGiven_TheNonceWasCancelled() public {
        vm.prank(buyer.addr);
        escrow.invalidateNonces(IVoucherEscrow.NonceKind.Deposit, uint256(NONCE) >> 8, 1 << (uint256(NONCE) & 255));
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, NONCE));
        _submit();
    }

    function test_DepositsGivenTheNonceWasUsedByAnotherBuyer() public {
        IVoucherEscrow.DepositAuthorization memory other = depositAuthorizationOf(AMOUNT);
        other.buyer = buyer2.addr;
        escrow.depositWithAuthorization(other, sign(buyer2, other));
        start = books();
        _submit();
        assertDone();
    }

    function test_DepositsGivenTheNonceWasUsedForAFlush() public {
        IVoucherEscrow.FlushAuthorization memory flush = flushAuthorizationOf(NONCE);
        deposit(buyer, seller, 5);
        escrow.flushWithAuthorization(flush, sign(buyer, flush));
        start = books();
        _submit();
        assertDone();
    }

    function test_MarksTheNonceUsed() public {
        assertFalse(escrow.isDepositAuthorizationNonceUsed(buyer.addr, NONCE));
        _submit();
        assertTrue(escrow.isDepositAuthorizationNonceUsed(buyer.addr, NONCE));
    }

    function test_LeavesTheNonceUnusedGivenTheTransferFails() public {
        approve(asset, buyer.addr, AMOUNT - 1);
        expectRevert("ERC20: transfer amount exceeds allowance");
        _submit();
        assertFalse(escrow.isDepositAuthorizationNonceUsed(buyer.addr, NONCE));
    }

    /* AMOUNT AND PARTIES */

    function test_RevertWhen_TheAmountIsZero() public {
        authorization.amount = 0;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
        _submit();
    }

    function test_RevertWhen_TheAmountIsOneAboveTheLargest() public {
        authorization.amount = 1 << 96;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, 1 << 96, type(uint96).max));
        _submit();
    }

    function test_RevertWhen_TheBuyerIsZero() public {
        // A malformed signature recovers to zero, which is nobody's signature.
        authorization.buyer = address(0);
        expectRefusal();
        submit(new bytes(65));
    }

    function test_RevertWhen_TheSellerIsTheBuyer() public {
        authorization.seller = buyer.addr;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer.addr));
        _submit();
    }

    function test_RevertWhen_TheSellerIsTheEscrow() public {
        authorization.seller = address(escrow);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
        _submit();
    }

    function test_RevertWhen_TheAssetHasNoCode() public {
        authorization.asset = stranger.addr;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, stranger.addr));
        _submit();
    }

    function test_RevertWhen_TheAssetIsTheEscrow() public {
        authorization.asset = address(escrow);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(escrow)));
        _submit();
    }

    /* SOURCE OF THE TOKENS */

    function test_RevertGiven_AnAllowanceOneBelowTheAmount() public {
        approve(asset, buyer.addr, AMOUNT - 1);
        expectRevert("ERC20: transfer amount exceeds allowance");
        _submit();
    }

    function test_DepositsGivenAnAllowanceOfTheAmount() public {
        approve(asset, buyer.addr, AMOUNT);
        _submit();
        assertDone();
    }

    function test_LeavesTheFreeBalanceAloneGivenTheWalletIsEmpty() public {
        depositFree(buyer, FUNDS);
        expectRevert("ERC20: transfer amount exceeds balance");
        _submit();
        assertEq(freeBalanceOf(buyer, asset), FUNDS);
    }

    function test_DepositsBehindAPermitThroughMulticall3() public {
        approve(asset, buyer.addr, 0);
        bytes32 permitHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                buyer.addr,
                address(escrow),
                AMOUNT,
                USDC.nonces(buyer.addr),
                uint256(EXPIRY)
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", USDC.DOMAIN_SEPARATOR(), permitHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(buyer.key, digest);

        IMulticall3.Call[] memory calls = new IMulticall3.Call[](2);
        calls[0].target = asset;
        calls[0].callData = abi.encodeCall(
            IPermit.permit,
            (buyer.addr, address(escrow), AMOUNT, uint256(EXPIRY), v, r, s)
        );
        calls[1].target = address(escrow);
        calls[1].callData = abi.encodeCall(
            IVoucherEscrow.depositWithAuthorization,
            (authorization, sign(buyer, authorization))
        );
        vm.prank(relayer);
        IMulticall3(MULTICALL3).aggregate(calls);
        assertDone();
    }

    function test_RevertWhen_TheTokenTakesAFee() public {
        FeeOnTransferToken token = new FeeOnTransferToken();
        token.mint(buyer.addr, 1000);
        approve(address(token), buyer.addr, 1000);
        authorization.asset = address(token);
        authorization.amount = 1000;
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 1000, 990));
        _submit();
    }

    /* EFFECTS */

    function test_EmitsDepositedAndDepositAuthorized() public {
        deposit(buyer, seller, 30);
        bytes memory signature = sign(buyer, authorization);
        expectEvent();
        emit IVoucherEscrow.Deposited(buyer.addr, seller.addr, asset, AMOUNT, AMOUNT + 30);
        expectEvent();
        emit IVoucherEscrow.DepositAuthorized(buyer.addr, seller.addr, asset, AMOUNT, NONCE);
        submit(signature);
    }

    function test_FillsTheFreeBalanceWhenTheSellerIsZero() public {
        authorization.seller = address(0);
        _submit();
        Books memory expected = start;
        expected.buyer -= AMOUNT;
        expected.escrow += AMOUNT;
        expected.freeOfBuyer += AMOUNT;
        assertBooks(expected);
    }

    function test_EmitsFreeCreditedAndDepositAuthorizedWhenTheSellerIsZero() public {
        authorization.seller = address(0);
        bytes memory signature = sign(buyer, authorization);
        expectEvent();
        emit IVoucherEscrow.FreeCredited(buyer.addr, asset, AMOUNT, AMOUNT);
        expectEvent();
        emit IVoucherEscrow.DepositAuthorized(buyer.addr, address(0), asset, AMOUNT, NONCE);
        submit(signature);
    }

    function test_RevertWhen_TheSellerIsZeroAndTheAssetHasNoCode() public {
        authorization.seller = address(0);
        authorization.asset = stranger.addr;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, stranger.addr));
        _submit();
    }

    function test_RevertWhen_TheSellerIsZeroAndTheAssetIsTheEscrow() public {
        authorization.seller = address(0);
        authorization.asset = address(escrow);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(escrow)));
        _submit();
    }

    function test_RevertWhen_TheSellerIsZeroAndTheAmountIsAboveTheLargest() public {
        authorization.seller = address(0);
        authorization.amount = 1 << 96;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, 1 << 96, type(uint96).max));
        _submit();
    }

    /* INTERNAL */

    /// @dev Signs what the authorization says now, and sends it.
    function _submit() private {
        bytes memory signature = sign(buyer, authorization);
        vm.prank(relayer);
        escrow.depositWithAuthorization(authorization, signature);
    }
}
