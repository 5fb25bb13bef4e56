// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {ReentrantToken} from "../mocks/ReentrantToken.sol";
import {FlashTest} from "./FlashTest.sol";

/// @notice A token that calls back finds every state-changing entry closed, whenever the contract calls it.
contract FlashReentrancyTest is FlashTest {
    ReentrantToken private reentrant;

    function setUp() public override {
        super.setUp();
        reentrant = new ReentrantToken();
        useToken(reentrant, 10_000);
        vm.prank(client.addr);
        settlement.openEscrow(server.addr, token, ESCROW, TTL);
        allow(0);
        settle(paymentOf(100, 1));
        allow(10_000);
    }

    /* EVERY ENTRY, FROM INSIDE A PULL FROM THE WALLET */

    function test_OpenEscrowIsClosed() public {
        _assertClosed(abi.encodeCall(IFlashSettlement.openEscrow, (server2.addr, token, 1, TTL)));
    }

    function test_OpenEscrowWithTermsIsClosed() public {
        IFlashSettlement.OpenEscrow memory terms = termsOf(1);
        terms.server = server2.addr;
        _assertClosed(abi.encodeCall(IFlashSettlement.openEscrowWithTerms, (terms, sign(client, terms), allowance())));
    }

    function test_TopUpIsClosed() public {
        _assertClosed(abi.encodeCall(IFlashSettlement.topUp, (server.addr, token, 1, 0)));
    }

    function test_TopUpWithAuthorizationIsClosed() public {
        _assertClosed(abi.encodeCall(IFlashSettlement.topUpWithAuthorization, (topUpOf(1), eip3009(new bytes(65)))));
    }

    function test_ExtendEscrowIsClosed() public {
        _assertClosed(abi.encodeCall(IFlashSettlement.extendEscrow, (server.addr, token, 0, NEVER)));
    }

    function test_ExtendEscrowWithAuthorizationIsClosed() public {
        IFlashSettlement.ExtendEscrow memory message = extendOf(NEVER);
        _assertClosed(abi.encodeCall(IFlashSettlement.extendEscrowWithAuthorization, (message, sign(client, message))));
    }

    function test_ClientCloseEscrowIsClosed() public {
        _assertClosed(abi.encodeCall(IFlashSettlement.clientCloseEscrow, (server.addr)));
    }

    function test_ServerCloseEscrowIsClosed() public {
        _assertClosed(abi.encodeCall(IFlashSettlement.serverCloseEscrow, (client.addr)));
    }

    function test_CloseEscrowIsClosed() public {
        _assertClosed(abi.encodeCall(IFlashSettlement.closeEscrow, (client.addr, server.addr, token, 0)));
    }

    function test_CloseEscrowWithAuthorizationIsClosed() public {
        IFlashSettlement.CloseEscrow memory message = closeOf(true);
        _assertClosed(abi.encodeCall(IFlashSettlement.closeEscrowWithAuthorization, (message, sign(server, message))));
    }

    function test_FinalizeCloseIsClosed() public {
        closeByClient();
        vm.warp(UNLOCK_AT);
        _assertClosed(abi.encodeCall(IFlashSettlement.finalizeClose, (client.addr, server.addr, token)));
    }

    function test_WithdrawEscrowIsClosed() public {
        vm.warp(UNLOCK_AT);
        _assertClosed(abi.encodeCall(IFlashSettlement.withdrawEscrow, (server.addr, token, client.addr)));
    }

    function test_ReleaseEscrowIsClosed() public {
        _assertClosed(abi.encodeCall(IFlashSettlement.releaseEscrow, (client.addr, token, 0, 1)));
    }

    function test_ReleaseEscrowWithAuthorizationIsClosed() public {
        IFlashSettlement.ReleaseEscrow memory message = releaseOf(1);
        _assertClosed(
            abi.encodeCall(IFlashSettlement.releaseEscrowWithAuthorization, (message, sign(server, message)))
        );
    }

    function test_WithdrawCreditIsClosed() public {
        _assertClosed(abi.encodeCall(IFlashSettlement.withdrawCredit, (token, server.addr, 1)));
    }

    function test_WithdrawCreditWithAuthorizationIsClosed() public {
        IFlashSettlement.WithdrawCredit memory message = creditWithdrawalOf(1);
        _assertClosed(
            abi.encodeCall(IFlashSettlement.withdrawCreditWithAuthorization, (message, sign(server, message)))
        );
    }

    function test_SettlePaymentIsClosed() public {
        _assertClosed(abi.encodeCall(IFlashSettlement.settlePayment, (server.addr, token, 1)));
    }

    function test_SettleNumberedPaymentIsClosed() public {
        _assertClosed(abi.encodeCall(IFlashSettlement.settleNumberedPayment, (server.addr, token, 1, 7, 0, 0)));
    }

    function test_SettleSignedTransactionIsClosed() public {
        bytes memory raw = signTransaction(client, transactionOf(1, 7));
        _assertClosed(abi.encodeCall(IFlashSettlement.settleSignedTransaction, (raw, false)));
    }

    function test_SettleSignedPaymentIsClosed() public {
        nameSettler(token, NEVER);
        IFlashSettlement.Payment memory payment = paymentOf(1, 7);
        _assertClosed(abi.encodeCall(IFlashSettlement.settleSignedPayment, (payment, sign(client, payment), false)));
    }

    function test_SettleTabIsClosed() public {
        IFlashSettlement.Tab memory tab = tabOf(1, 7);
        _assertClosed(abi.encodeCall(IFlashSettlement.settleTab, (tab, sign(client, tab))));
    }

    function test_SettleBatchIsClosed() public {
        IFlashSettlement.Group[] memory groups = new IFlashSettlement.Group[](1);
        groups[0] = groupOf(tabOf(1, 7));
        _assertClosed(abi.encodeCall(IFlashSettlement.settleBatch, (groups, false)));
    }

    function test_SetSettlerIsClosed() public {
        _assertClosed(abi.encodeCall(IFlashSettlement.setSettler, (settler.addr, NEVER)));
    }

    function test_SetSettlerWithAuthorizationIsClosed() public {
        IFlashSettlement.SettlerAuthorization memory message = settlerAuthorizationOf(NEVER, 0);
        _assertClosed(abi.encodeCall(IFlashSettlement.setSettlerWithAuthorization, (message, sign(server, message))));
    }

    function test_InvalidateNoncesIsClosed() public {
        _assertClosed(abi.encodeCall(IFlashSettlement.invalidateNonces, (0, 1)));
    }

    /* FROM INSIDE EVERY OTHER CALL OF THE TOKEN */

    function test_ClosedWhileAnEscrowIsOpened() public {
        _arm();
        vm.prank(client.addr);
        settlement.openEscrow(server2.addr, token, 5, TTL);
        _assertRefused();
    }

    function test_ClosedWhileAnEscrowIsOpenedWithTerms() public {
        IFlashSettlement.OpenEscrow memory terms = termsOf(5);
        terms.server = server2.addr;
        _arm();
        settlement.openEscrowWithTerms(terms, "", eip3009(new bytes(65)));
        _assertRefused();
    }

    function test_ClosedWhileAnEscrowIsToppedUp() public {
        _arm();
        vm.prank(client.addr);
        settlement.topUp(server.addr, token, 5, 0);
        _assertRefused();
    }

    function test_ClosedWhileAnEscrowIsToppedUpByASignature() public {
        _arm();
        settlement.topUpWithAuthorization(topUpOf(5), eip3009(new bytes(65)));
        _assertRefused();
    }

    function test_ClosedWhileAnEscrowIsRefunded() public {
        closeByServer();
        _arm();
        closeByClient();
        _assertRefused();
        assertNotOpen(1);
        assertEq(reentrant.balanceOf(client.addr), 10_000 - 100);
    }

    function test_ClosedWhileAnEscrowIsWithdrawn() public {
        vm.warp(UNLOCK_AT);
        _arm();
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, client.addr);
        _assertRefused();
    }

    function test_ClosedWhileAPartIsReleased() public {
        _arm();
        vm.prank(server.addr);
        settlement.releaseEscrow(client.addr, token, 0, 5);
        _assertRefused();
    }

    function test_ClosedWhileCreditIsWithdrawn() public {
        _arm();
        vm.prank(server.addr);
        settlement.withdrawCredit(token, server.addr, 5);
        _assertRefused();
    }

    function test_ClosedWhileABatchPulls() public {
        _arm();
        settleBatch(groupOf(paymentOf(5, 7)), false);
        _assertRefused();
    }

    /* AFTERWARDS */

    function test_OpenAgainAfterEveryCall() public {
        _arm();
        settleBatch(groupOf(paymentOf(5, 7)), false);
        reentrant.arm(address(0), "");
        settle(paymentOf(5, 8));
        assertEscrow(ESCROW - 100, 110, UNLOCK_AT, OPEN);
    }

    function test_OpenAgainAfterACallThatReverted() public {
        expectNotCovered(9_900, 20_000);
        settle(paymentOf(20_000, 7));
        settle(paymentOf(5, 7));
        assertEscrow(ESCROW - 100, 105, UNLOCK_AT, OPEN);
    }

    /* INTERNAL */

    /// @dev The call back is a harmless one that would succeed anywhere else.
    function _arm() private {
        reentrant.arm(address(settlement), abi.encodeCall(IFlashSettlement.invalidateNonces, (0, 1)));
    }

    function _assertClosed(bytes memory callBack) private {
        Books memory expected = books();
        reentrant.arm(address(settlement), callBack);
        vm.prank(client.addr);
        settlement.settlePayment(server.addr, token, 5);
        _assertRefused();
        expected.client -= 5;
        expected.server += 5;
        expected.settled += 5;
        assertBooks(expected);
    }

    function _assertRefused() private view {
        assertEq(reentrant.calls(), 1, "called back");
        assertFalse(reentrant.succeeded());
        assertEq(
            reentrant.answer(),
            abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
    }
}
