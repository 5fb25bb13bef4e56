// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {Actor} from "../helpers/Test.sol";
import {FlashMessages} from "./FlashMessages.sol";
import {FlashTest} from "./FlashTest.sol";
import {FlashWalletSignatureTest} from "./FlashSignatureTest.sol";

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

contract CloseEscrowTest is ClosingTest {
    /* EFFECTS: every case of ClosingTest */

    function clientCloses() internal override {
        vm.prank(client.addr);
        settlement.closeEscrow(client.addr, server.addr, token, 0);
    }

    function serverCloses() internal override {
        vm.prank(server.addr);
        settlement.closeEscrow(client.addr, server.addr, token, 0);
    }

    /* WHO */

    function test_RevertWhen_TheCallerIsAStranger() public {
        expectNotServer(stranger.addr);
        vm.prank(stranger.addr);
        settlement.closeEscrow(client.addr, server.addr, token, 0);
    }

    function test_RevertWhen_TheCallerIsASettlerOfTheServer() public {
        nameSettler(settler.addr, DEADLINE);
        expectNotServer(settler.addr);
        vm.prank(settler.addr);
        settlement.closeEscrow(client.addr, server.addr, token, 0);
    }

    function test_RevertWhen_TheCallerIsAnotherServer() public {
        expectNotServer(server2.addr);
        vm.prank(server2.addr);
        settlement.closeEscrow(client.addr, server.addr, token, 0);
    }

    function test_RevertWhen_TheCallerIsTheSignerOfPayments() public {
        closeByServer();
        closeByClient();
        epoch = 1;
        openWithSigner();
        expectNotServer(signer.addr);
        vm.prank(signer.addr);
        settlement.closeEscrow(client.addr, server.addr, token, 1);
    }

    /* EPOCH AND TOKEN */

    function test_RevertWhen_TheEpochIsOneAhead() public {
        expectWrongEpoch(1, 0);
        vm.prank(client.addr);
        settlement.closeEscrow(client.addr, server.addr, token, 1);
    }

    function test_RevertWhen_TheEpochIsOneBehind() public {
        closeByBoth();
        open();
        expectWrongEpoch(0, 1);
        vm.prank(server.addr);
        settlement.closeEscrow(client.addr, server.addr, token, 0);
    }

    function test_RevertWhen_TheTokenIsAnother() public {
        address other = address(useMintableToken());
        expectNoEscrow();
        vm.prank(client.addr);
        settlement.closeEscrow(client.addr, server.addr, other, 0);
    }

    function test_ClosesAnEscrowThatTheOriginalEntriesDoNotMean() public {
        useMintableToken();
        open();
        clientCloses();
        assertEscrow(ESCROW, 0, NOW + CLOSE_DELAY, OPEN | CLIENT_CLOSED);
        token = address(USDC);
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
    }
}

contract OriginalClosesTest is ClosingTest {
    /* EFFECTS: every case of ClosingTest */

    function clientCloses() internal override {
        vm.prank(client.addr);
        settlement.clientCloseEscrow(server.addr);
    }

    function serverCloses() internal override {
        vm.prank(server.addr);
        settlement.serverCloseEscrow(client.addr);
    }

    /* WHO */

    function test_RevertWhen_AStrangerClosesAsAClient() public {
        expectNoEscrow();
        vm.prank(stranger.addr);
        settlement.clientCloseEscrow(server.addr);
    }

    function test_RevertWhen_AStrangerClosesAsAServer() public {
        expectNoEscrow();
        vm.prank(stranger.addr);
        settlement.serverCloseEscrow(client.addr);
    }

    function test_RevertWhen_TheServerClosesAsAClient() public {
        expectNoEscrow();
        vm.prank(server.addr);
        settlement.clientCloseEscrow(client.addr);
    }

    /* WHICH ESCROW */

    function test_ClosesTheEscrowOfTheNamedToken() public {
        useMintableToken();
        open();
        clientCloses();
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
        token = address(USDC);
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN | CLIENT_CLOSED);
    }

    function test_ClosesWhateverEpochIsOpen() public {
        // Not for automation: a server's transaction that lands late closes an epoch it was not meant for.
        closeByBoth();
        vm.prank(client.addr);
        settlement.openEscrow(server.addr, token, 7, TTL);
        serverCloses();
        assertEscrow(7, 0, NOW, OPEN | SERVER_CLOSED);
    }

    function test_RevertGiven_NoTokenWasNamed() public {
        expectNoEscrow();
        vm.prank(client.addr);
        settlement.clientCloseEscrow(server2.addr);
    }

    function test_RevertGiven_NoTokenWasNamedToTheServer() public {
        expectNoEscrow();
        vm.prank(server.addr);
        settlement.serverCloseEscrow(client2.addr);
    }
}

contract CloseEscrowRelayedTest is ClosingTest {
    /* EFFECTS: every case of ClosingTest */

    function clientCloses() internal override {
        _relay(client, closeOf(false));
    }

    function serverCloses() internal override {
        _relay(server, closeOf(true));
    }

    /* RELAYED AGAIN */

    function test_RefundsWhenTheClientsCloseIsRelayedAgainAtTheEnd() public {
        // A client without any native coin gets home with one signature.
        IFlashSettlement.CloseEscrow memory message = closeOf(false);
        _relay(client, message);
        vm.warp(UNLOCK_AT);
        Books memory expected = books();
        _relay(client, message);
        expected.client += ESCROW;
        expected.settlement -= ESCROW;
        expected.escrow = 0;
        assertBooks(expected);
    }

    function test_RevertWhen_TheClientsCloseIsRelayedIntoTheNextEpoch() public {
        IFlashSettlement.CloseEscrow memory message = closeOf(false);
        closeByBoth();
        open();
        bytes memory signature = sign(client, message);
        expectWrongEpoch(0, 1);
        settlement.closeEscrowWithAuthorization(message, signature);
    }

    function test_RevertWhen_TheServersCloseIsRelayedIntoTheNextEpoch() public {
        IFlashSettlement.CloseEscrow memory message = closeOf(true);
        closeByBoth();
        open();
        bytes memory signature = sign(server, message);
        expectWrongEpoch(0, 1);
        settlement.closeEscrowWithAuthorization(message, signature);
    }

    function _relay(Actor memory by, IFlashSettlement.CloseEscrow memory message) private {
        bytes memory signature = sign(by, message);
        vm.prank(relayer);
        settlement.closeEscrowWithAuthorization(message, signature);
    }
}

/// @notice The members of a close by signature, and its deadline, whoever signs.
abstract contract CloseMessageTest is FlashWalletSignatureTest {
    using FlashMessages for *;

    IFlashSettlement.CloseEscrow internal authorization;

    function setUp() public virtual override {
        super.setUp();
        open();
        openOthers();
    }

    function structHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function submit(bytes memory signature) internal override {
        vm.prank(relayer);
        settlement.closeEscrowWithAuthorization(authorization, signature);
    }

    function assertNothingDone() internal view override {
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_RevertWhen_TheClientIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.client = client2.addr;
        expectBadSignature(authorization.byServer ? server.addr : client2.addr);
        submit(signature);
    }

    function test_RevertWhen_TheServerIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.server = server2.addr;
        expectBadSignature(authorization.byServer ? server2.addr : client.addr);
        submit(signature);
    }

    function test_RevertWhen_TheTokenIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.token = address(settlement);
        refuses(signature);
    }

    function test_RevertWhen_TheEpochIsNotTheOneSigned() public {
        authorization.epoch = 1;
        bytes memory signature = ownersSignature();
        authorization.epoch = 0;
        refuses(signature);
    }

    function test_RevertWhen_TheSideIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.byServer = !authorization.byServer;
        expectBadSignature(authorization.byServer ? server.addr : client.addr);
        submit(signature);
    }

    function test_RevertWhen_TheOtherSideSignedTheWholeMessage() public {
        Actor memory other = authorization.byServer ? client : server;
        refuses(sign(other, authorization));
    }

    function test_RevertWhen_TheDeadlineIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.deadline = DEADLINE + 1;
        refuses(signature);
    }

    /* DEADLINE */

    function test_ClosesOneSecondBeforeTheDeadline() public {
        authorization.deadline = NOW + 10;
        bytes memory signature = ownersSignature();
        vm.warp(NOW + 9);
        submit(signature);
        assertNotEq(escrowNow().flags, OPEN);
    }

    function test_ClosesAtTheDeadline() public {
        authorization.deadline = NOW + 10;
        bytes memory signature = ownersSignature();
        vm.warp(NOW + 10);
        submit(signature);
        assertNotEq(escrowNow().flags, OPEN);
    }

    function test_RevertWhen_OneSecondPastTheDeadline() public {
        authorization.deadline = NOW + 10;
        bytes memory signature = ownersSignature();
        vm.warp(NOW + 11);
        expectExpired(NOW + 10);
        submit(signature);
    }

    function test_RevertWhen_TheDeadlineIsZero() public {
        authorization.deadline = 0;
        bytes memory signature = ownersSignature();
        expectExpired(0);
        submit(signature);
    }

    /* EPOCH */

    function test_RevertWhen_TheEpochIsOneAhead() public {
        authorization.epoch = 1;
        bytes memory signature = ownersSignature();
        expectWrongEpoch(1, 0);
        submit(signature);
    }

    function test_RevertGiven_TheEscrowWasRefunded() public {
        bytes memory signature = ownersSignature();
        closeByBoth();
        expectNoEscrow();
        submit(signature);
    }
}

contract CloseMessageOfTheClientTest is CloseMessageTest {
    /* SIGNATURE: every case of FlashSignature.tree, and of CloseMessageTest */

    function setUp() public override {
        super.setUp();
        authorization = closeOf(false);
    }

    function owner() internal view override returns (Actor memory) {
        return client;
    }

    function assertDone() internal view override {
        assertEscrow(ESCROW, 0, NOW + CLOSE_DELAY, OPEN | CLIENT_CLOSED);
    }
}

contract CloseMessageOfTheServerTest is CloseMessageTest {
    /* SIGNATURE: every case of FlashSignature.tree, and of CloseMessageTest */

    function setUp() public override {
        super.setUp();
        authorization = closeOf(true);
    }

    function owner() internal view override returns (Actor memory) {
        return server;
    }

    function assertDone() internal view override {
        assertEscrow(ESCROW, 0, NOW, OPEN | SERVER_CLOSED);
    }
}
