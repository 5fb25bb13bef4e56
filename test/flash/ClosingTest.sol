// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {FlashTest} from "./FlashTest.sol";

/// @notice What a close does, whichever entry it comes through.
abstract contract ClosingTest is FlashTest {
    /// @dev The client closes the escrow of `client` with `server`.
    function clientCloses() internal virtual;

    /// @dev The server closes it.
    function serverCloses() internal virtual;

    function setUp() public virtual override {
        super.setUp();
        // By the original entry, so that the closes that name no token find it; the notice is the ttl.
        vm.prank(client.addr);
        settlement.openEscrow(server.addr, token, ESCROW, TTL);
        openOthers();
    }

    /* BY THE CLIENT */

    function test_Client_LeavesTheEndGivenItIsSoonerThanTheNotice() public {
        vm.warp(NOW + 1);
        clientCloses();
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN | CLIENT_CLOSED);
    }

    function test_Client_LeavesTheEndGivenItIsTheNoticesEnd() public {
        clientCloses();
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN | CLIENT_CLOSED);
    }

    function test_Client_EndsTheLockAfterTheNotice() public {
        _extendTo(NEVER);
        vm.warp(NOW + 5);
        clientCloses();
        assertEscrow(ESCROW, 0, NOW + 5 + TTL, OPEN | CLIENT_CLOSED);
    }

    function test_Client_EndsTheLockOneSecondSooner() public {
        _extendTo(UNLOCK_AT + 1);
        clientCloses();
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN | CLIENT_CLOSED);
    }

    function test_Client_MovesTheEndUpNeverAgain() public {
        clientCloses();
        vm.warp(NOW + 100);
        clientCloses();
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN | CLIENT_CLOSED);
    }

    function test_Client_GetsNothingBackOneSecondBeforeTheEnd() public {
        vm.warp(UNLOCK_AT - 1);
        Books memory expected = books();
        clientCloses();
        assertBooks(expected);
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN | CLIENT_CLOSED);
    }

    function test_Client_IsRefundedAtTheEnd() public {
        vm.warp(UNLOCK_AT);
        _assertRefunds(clientCloses);
    }

    function test_Client_IsRefundedOneSecondPastTheEnd() public {
        vm.warp(UNLOCK_AT + 1);
        _assertRefunds(clientCloses);
    }

    function test_Client_IsRefundedWhenItClosesAgainAtTheEnd() public {
        clientCloses();
        vm.warp(UNLOCK_AT);
        _assertRefunds(clientCloses);
    }

    function test_Client_IsRefundedGivenTheServerClosed() public {
        serverCloses();
        _assertRefunds(clientCloses);
    }

    function test_Client_EmitsEscrowClosing() public {
        vm.warp(NOW + 5);
        expectEvent();
        emit IFlashSettlement.EscrowClosing(escrowId(), 0, client.addr, UNLOCK_AT);
        clientCloses();
    }

    /* BY THE SERVER */

    function test_Server_EndsTheLockNow() public {
        vm.warp(NOW + 5);
        serverCloses();
        assertEscrow(ESCROW, 0, NOW + 5, OPEN | SERVER_CLOSED);
    }

    function test_Server_LeavesTheFundsInPlace() public {
        Books memory expected = books();
        serverCloses();
        assertBooks(expected);
    }

    function test_Server_LetsTheClientWithdrawAtOnce() public {
        serverCloses();
        Books memory expected = books();
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, client.addr);
        expected.client += ESCROW;
        expected.settlement -= ESCROW;
        expected.escrow = 0;
        assertBooks(expected);
    }

    function test_Server_LeavesAnEndThatHasPassed() public {
        vm.warp(UNLOCK_AT + 5);
        serverCloses();
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN | SERVER_CLOSED);
    }

    function test_Server_DoesNotMoveTheEndWhenItClosesAgain() public {
        vm.warp(NOW + 5);
        serverCloses();
        vm.warp(NOW + 50);
        serverCloses();
        assertEscrow(ESCROW, 0, NOW + 5, OPEN | SERVER_CLOSED);
    }

    function test_Server_DoesNotRefundAfterTheEndWithoutTheClient() public {
        vm.warp(UNLOCK_AT);
        serverCloses();
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN | SERVER_CLOSED);
    }

    function test_Server_RefundsGivenTheClientClosed() public {
        clientCloses();
        _assertRefunds(serverCloses);
    }

    function test_Server_RefundsGivenTheClientClosedAndTheEndHasPassed() public {
        clientCloses();
        vm.warp(UNLOCK_AT + 1);
        _assertRefunds(serverCloses);
    }

    function test_Server_EmitsEscrowClosing() public {
        vm.warp(NOW + 5);
        expectEvent();
        emit IFlashSettlement.EscrowClosing(escrowId(), 0, server.addr, NOW + 5);
        serverCloses();
    }

    /* BY BOTH */

    function test_Both_EmitEscrowClosingAndEscrowRefunded() public {
        settle(paymentOf(5, 1));
        clientCloses();
        vm.warp(NOW + 5);
        expectEvent();
        emit IFlashSettlement.EscrowClosing(escrowId(), 0, server.addr, NOW + 5);
        expectEvent();
        emit IFlashSettlement.EscrowRefunded(escrowId(), 0, ESCROW, client.addr);
        serverCloses();
    }

    function test_Both_RefundWhatASettlementLeft() public {
        drainTo(0);
        settle(paymentOf(400, 1));
        serverCloses();
        Books memory expected = books();
        clientCloses();
        expected.client += 600;
        expected.settlement -= 600;
        (expected.escrow, expected.settled) = (0, 0);
        assertBooks(expected);
        assertEq(settlement.creditOf(server.addr, token), 400);
    }

    function test_Both_EndAnEmptyEscrow() public {
        drainTo(0);
        settle(paymentOf(ESCROW, 1));
        serverCloses();
        expectEvent();
        emit IFlashSettlement.EscrowRefunded(escrowId(), 0, 0, client.addr);
        clientCloses();
        assertNotOpen(1);
    }

    /* STATE */

    function test_RevertGiven_TheEscrowWasRefunded() public {
        serverCloses();
        clientCloses();
        expectNoEscrow();
        clientCloses();
    }

    function test_RevertGiven_TheEscrowWasRefundedToTheServersClose() public {
        clientCloses();
        serverCloses();
        expectNoEscrow();
        serverCloses();
    }

    /* EFFECTS */

    function test_KeepsSignerNoticeAndEpoch() public {
        IFlashSettlement.Escrow memory before = escrowNow();
        clientCloses();
        IFlashSettlement.Escrow memory escrow = escrowNow();
        assertEq(escrow.signer, before.signer);
        assertEq(escrow.closeDelay, before.closeDelay);
        assertEq(escrow.epoch, before.epoch);
    }

    function test_LeavesOtherEscrowsAlone() public {
        clientCloses();
        serverCloses();
        assertEq(settlement.escrowOf(client.addr, server2.addr, token).flags, OPEN);
        assertEq(settlement.escrowOf(client.addr, server2.addr, token).balance, ESCROW);
        assertEq(settlement.escrowOf(client2.addr, server.addr, token).flags, OPEN);
        assertEq(settlement.escrowOf(client2.addr, server.addr, token).balance, ESCROW);
    }

    function test_LeavesPaymentsCollectable() public {
        clientCloses();
        vm.warp(UNLOCK_AT + 1);
        settle(paymentOf(5, 1));
        assertEscrow(ESCROW, 5, UNLOCK_AT, OPEN | CLIENT_CLOSED);
    }

    /* INTERNAL */

    function _extendTo(uint40 unlockAt) private {
        vm.prank(client.addr);
        settlement.extendEscrow(server.addr, token, 0, unlockAt);
    }

    function _assertRefunds(function() internal close) private {
        Books memory expected = books();
        close();
        expected.client += ESCROW;
        expected.settlement -= ESCROW;
        expected.escrow = 0;
        assertBooks(expected);
        assertNotOpen(1);
    }
}
