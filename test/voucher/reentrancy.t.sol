// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {ReentrantToken} from "../mocks/ReentrantToken.sol";
import {VoucherTest} from "./VoucherTest.sol";

/// @notice A token that calls back finds every state-changing entry closed, on the way in and on the way out.
contract ReentrancyTest is VoucherTest {
    ReentrantToken private token;

    function setUp() public override {
        super.setUp();
        token = new ReentrantToken();
        asset = address(token);
        token.mint(buyer.addr, 10_000);
        approve(asset, buyer.addr, type(uint256).max);
        deposit(buyer, seller, 1000);
        depositFree(buyer, 1000);
    }

    /* EVERY ENTRY, FROM INSIDE A DEPOSIT */

    function test_DepositIsClosed() public {
        _assertClosed(abi.encodeCall(IVoucherEscrow.deposit, (seller.addr, asset, 1)));
    }

    function test_DepositToIsClosed() public {
        _assertClosed(abi.encodeCall(IVoucherEscrow.depositTo, (buyer.addr, seller.addr, asset, 1)));
    }

    function test_DepositManyIsClosed() public {
        IVoucherEscrow.DepositInput[] memory inputs = new IVoucherEscrow.DepositInput[](1);
        inputs[0] = IVoucherEscrow.DepositInput(seller.addr, 1);
        _assertClosed(abi.encodeCall(IVoucherEscrow.depositMany, (asset, inputs)));
    }

    function test_DepositFreeIsClosed() public {
        _assertClosed(abi.encodeCall(IVoucherEscrow.depositFree, (asset, 1)));
    }

    function test_DepositWithAuthorizationIsClosed() public {
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(1);
        _assertClosed(abi.encodeCall(IVoucherEscrow.depositWithAuthorization, (message, sign(buyer, message))));
    }

    function test_DepositWithEip3009IsClosed() public {
        _assertClosed(abi.encodeCall(IVoucherEscrow.depositWithEip3009, (depositAuthorizationOf(1), new bytes(65))));
    }

    function test_DepositWithPermit2IsClosed() public {
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(1);
        _assertClosed(abi.encodeCall(IVoucherEscrow.depositWithPermit2, (message, signPermit2(buyer, message))));
    }

    function test_AllocateIsClosed() public {
        _assertClosed(abi.encodeCall(IVoucherEscrow.allocate, (seller.addr, asset, 1)));
    }

    function test_AllocateWithAuthorizationIsClosed() public {
        IVoucherEscrow.AllocateAuthorization memory message = allocateAuthorizationOf(1, 0);
        _assertClosed(abi.encodeCall(IVoucherEscrow.allocateWithAuthorization, (message, sign(buyer, message))));
    }

    function test_WithdrawFreeIsClosed() public {
        _assertClosed(abi.encodeCall(IVoucherEscrow.withdrawFree, (asset, 1)));
    }

    function test_WithdrawFreeWithAuthorizationIsClosed() public {
        IVoucherEscrow.WithdrawFreeAuthorization memory message = withdrawFreeAuthorizationOf(1, 0);
        _assertClosed(abi.encodeCall(IVoucherEscrow.withdrawFreeWithAuthorization, (message, sign(buyer, message))));
    }

    function test_AdvanceFreeNonceIsClosed() public {
        _assertClosed(abi.encodeCall(IVoucherEscrow.advanceFreeNonce, (asset, 1)));
    }

    function test_ThawIsClosed() public {
        _assertClosed(abi.encodeCall(IVoucherEscrow.thaw, (seller.addr, asset, 1)));
    }

    function test_CancelThawIsClosed() public {
        _assertClosed(abi.encodeCall(IVoucherEscrow.cancelThaw, (seller.addr, asset)));
    }

    function test_WithdrawIsClosed() public {
        _assertClosed(abi.encodeCall(IVoucherEscrow.withdraw, (seller.addr, asset)));
    }

    function test_FlushWithAuthorizationIsClosed() public {
        IVoucherEscrow.FlushAuthorization memory message = flushAuthorizationOf(NONCE);
        _assertClosed(abi.encodeCall(IVoucherEscrow.flushWithAuthorization, (message, sign(buyer, message))));
    }

    function test_FlushAllWithAuthorizationIsClosed() public {
        IVoucherEscrow.FlushAllAuthorization memory message = flushAllAuthorizationOf(NONCE);
        IVoucherEscrow.AccountKey[] memory accounts = new IVoucherEscrow.AccountKey[](1);
        accounts[0] = IVoucherEscrow.AccountKey(seller.addr, asset);
        _assertClosed(
            abi.encodeCall(IVoucherEscrow.flushAllWithAuthorization, (message, accounts, sign(buyer, message)))
        );
    }

    function test_CollectIsClosed() public {
        IVoucherEscrow.Voucher memory voucher = voucherOf(1);
        _assertClosed(abi.encodeCall(IVoucherEscrow.collect, (voucher, sign(buyer, voucher))));
    }

    function test_CollectManyIsClosed() public {
        IVoucherEscrow.SignedVoucher[] memory vouchers = new IVoucherEscrow.SignedVoucher[](1);
        vouchers[0] = IVoucherEscrow.SignedVoucher(voucherOf(1), sign(buyer, voucherOf(1)));
        _assertClosed(abi.encodeCall(IVoucherEscrow.collectMany, (vouchers)));
    }

    function test_CollectBatchIsClosed() public {
        IVoucherEscrow.Group[] memory groups = new IVoucherEscrow.Group[](1);
        groups[0] = groupOf(rowOf(buyer, voucherOf(1), 1));
        _assertClosed(abi.encodeCall(IVoucherEscrow.collectBatch, (groups)));
    }

    function test_SetPayoutIsClosed() public {
        _assertClosed(abi.encodeCall(IVoucherEscrow.setPayout, (true)));
    }

    function test_SetPayoutWithAuthorizationIsClosed() public {
        IVoucherEscrow.PayoutAuthorization memory message = payoutAuthorizationOf(true, 0);
        _assertClosed(abi.encodeCall(IVoucherEscrow.setPayoutWithAuthorization, (message, sign(seller, message))));
    }

    function test_ReleaseIsClosed() public {
        _assertClosed(abi.encodeCall(IVoucherEscrow.release, (buyer.addr, asset, DEFAULT_LANE, 0, 1)));
    }

    function test_ReleaseWithAuthorizationIsClosed() public {
        IVoucherEscrow.ReleaseAuthorization memory message = releaseAuthorizationOf(1);
        _assertClosed(abi.encodeCall(IVoucherEscrow.releaseWithAuthorization, (message, sign(seller, message))));
    }

    function test_AuthorizeSignerIsClosed() public {
        _assertClosed(abi.encodeCall(IVoucherEscrow.authorizeSigner, (signer.addr, EXPIRY)));
    }

    function test_AuthorizeSignerWithAuthorizationIsClosed() public {
        IVoucherEscrow.SignerAuthorization memory message = signerAuthorizationOf(EXPIRY);
        _assertClosed(abi.encodeCall(IVoucherEscrow.authorizeSignerWithAuthorization, (message, sign(buyer, message))));
    }

    function test_RevokeSignerIsClosed() public {
        _assertClosed(abi.encodeCall(IVoucherEscrow.revokeSigner, (signer.addr)));
    }

    function test_RevokeSignerWithAuthorizationIsClosed() public {
        IVoucherEscrow.SignerRevocation memory message = signerRevocationOf();
        _assertClosed(abi.encodeCall(IVoucherEscrow.revokeSignerWithAuthorization, (message, sign(buyer, message))));
    }

    function test_InvalidateNoncesIsClosed() public {
        _assertClosed(abi.encodeCall(IVoucherEscrow.invalidateNonces, (IVoucherEscrow.NonceKind.Deposit, 0, 1)));
    }

    function test_FlushAccountIsTheEscrowsOwn() public {
        _arm(
            abi.encodeCall(
                IVoucherEscrow.flushAccount,
                (buyer.addr, NONCE, IVoucherEscrow.AccountKey(seller.addr, asset))
            )
        );
        deposit(buyer, seller, 10);
        _assertAnswer(abi.encodeWithSelector(IVoucherEscrow.NotSelf.selector, asset));
    }

    function test_CollectGroupIsTheEscrowsOwn() public {
        _arm(abi.encodeCall(IVoucherEscrow.collectGroup, (groupOf(rowOf(buyer, voucherOf(1), 1)))));
        deposit(buyer, seller, 10);
        _assertAnswer(abi.encodeWithSelector(IVoucherEscrow.NotSelf.selector, asset));
    }

    /* ONE ENTRY, FROM INSIDE EVERY OTHER THAT MOVES TOKENS */

    function test_ClosedInsideDepositMany() public {
        _armCollect();
        IVoucherEscrow.DepositInput[] memory inputs = new IVoucherEscrow.DepositInput[](1);
        inputs[0] = IVoucherEscrow.DepositInput(seller.addr, 10);
        vm.prank(buyer.addr);
        escrow.depositMany(asset, inputs);
        _assertRefused();
    }

    function test_ClosedInsideDepositFree() public {
        _armCollect();
        depositFree(buyer, 10);
        _assertRefused();
    }

    function test_ClosedInsideDepositWithAuthorization() public {
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(10);
        _armCollect();
        escrow.depositWithAuthorization(message, sign(buyer, message));
        _assertRefused();
    }

    function test_ClosedInsideDepositWithEip3009() public {
        _armCollect();
        escrow.depositWithEip3009(depositAuthorizationOf(10), new bytes(65));
        _assertRefused();
    }

    function test_ClosedInsideDepositWithEip3009ByBytes() public {
        _armCollect();
        escrow.depositWithEip3009(depositAuthorizationOf(10), "");
        _assertRefused();
    }

    function test_ClosedInsideDepositWithPermit2() public {
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(10);
        _armCollect();
        escrow.depositWithPermit2(message, signPermit2(buyer, message));
        _assertRefused();
    }

    function test_ClosedInsideWithdrawFree() public {
        _armCollect();
        vm.prank(buyer.addr);
        escrow.withdrawFree(asset, 10);
        _assertRefused();
    }

    function test_ClosedInsideWithdraw() public {
        thaw(10);
        vm.warp(NOW + 1 days);
        _armCollect();
        vm.prank(buyer.addr);
        escrow.withdraw(seller.addr, asset);
        _assertRefused();
    }

    function test_ClosedInsideFlush() public {
        thaw(10);
        vm.warp(NOW + 1 days);
        IVoucherEscrow.FlushAuthorization memory message = flushAuthorizationOf(NONCE);
        _armCollect();
        escrow.flushWithAuthorization(message, sign(buyer, message));
        _assertRefused();
    }

    function test_ClosedInsideFlushAll() public {
        thaw(10);
        vm.warp(NOW + 1 days);
        IVoucherEscrow.FlushAllAuthorization memory message = flushAllAuthorizationOf(NONCE);
        IVoucherEscrow.AccountKey[] memory accounts = new IVoucherEscrow.AccountKey[](1);
        accounts[0] = IVoucherEscrow.AccountKey(seller.addr, asset);
        _armCollect();
        escrow.flushAllWithAuthorization(message, accounts, sign(buyer, message));
        _assertRefused();
    }

    function test_ClosedInsideCollect() public {
        _armCollect();
        collect(voucherOf(10));
        _assertRefused();
    }

    function test_ClosedInsideCollectBatch() public {
        _armCollect();
        collectBatch(groupOf(rowOf(buyer, voucherOf(10), 10)));
        _assertRefused();
    }

    function test_ClosedInsideRelease() public {
        _armCollect();
        vm.prank(seller.addr);
        escrow.release(buyer.addr, asset, DEFAULT_LANE, 0, 10);
        _assertRefused();
    }

    /* WHAT A CALL BACK CAN SEE */

    function test_ACallBackSeesThePaymentInTheBooksAlready() public {
        _arm(abi.encodeCall(IVoucherEscrow.getAccount, (buyer.addr, seller.addr, asset)));
        collect(voucherOf(10));
        assertTrue(token.succeeded());
        IVoucherEscrow.EscrowAccount memory seen = abi.decode(token.answer(), (IVoucherEscrow.EscrowAccount));
        assertEq(seen.balance, 990);
    }

    function test_OpenAgainAfterTheCall() public {
        collect(voucherOf(10));
        collect(voucherOf(20));
        assertEq(collectedOf(DEFAULT_LANE), 20);
    }

    /* INTERNAL */

    function _arm(bytes memory data) private {
        token.arm(address(escrow), data);
    }

    function _armCollect() private {
        _arm(abi.encodeCall(IVoucherEscrow.collect, (voucherOf(900), sign(buyer, voucherOf(900)))));
    }

    /// @dev The call is refused from inside a deposit, and the deposit itself goes through.
    function _assertClosed(bytes memory data) private {
        _arm(data);
        deposit(buyer, seller, 10);
        _assertRefused();
        assertEq(balanceOf(buyer, seller, asset), 1010);
        assertEq(freeBalanceOf(buyer, asset), 1000);
    }

    function _assertRefused() private view {
        _assertAnswer(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
    }

    function _assertAnswer(bytes memory expected) private view {
        assertEq(token.calls(), 1);
        assertFalse(token.succeeded());
        assertEq(token.answer(), expected);
    }
}
