// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {FlashTest} from "./FlashTest.sol";

/// @notice Sequences that random calls hardly find. The server accepts by the rules that its guarantee rests on, and never ends below what it
/// accepted.
contract FlashTracesTest is FlashTest {
    /// @dev What the server knows of the chain.
    struct View {
        uint256 balance;
        uint256 settled;
        uint256 unlockAt;
        uint256 timestamp;
        uint256 closeDelay;
    }

    /// @dev Longest time the server needs to settle, seconds.
    uint256 private constant SETTLE_TIME = 10 minutes;

    /// @dev What the server served in this epoch, and what it may still release, token base units.
    uint256 private _accepted;
    uint256 private _releasing;

    View private _seen;

    function setUp() public override {
        super.setUp();
        open();
        _sync();
    }

    /* TRACE: COUNTED TWICE */

    function test_ATabThatWasSettledBeforeItWasShownCountsOnce() public {
        IFlashSettlement.Payment memory payment = paymentOf(ESCROW, 1);
        IFlashSettlement.Tab memory hidden = tabOf(ESCROW, 1);
        _accept(ESCROW);
        drainTo(0);
        settle(hidden);
        _sync();
        assertFalse(_mayAccept(1), "what it shows afterwards is no new money");
        expectNotCovered(0, ESCROW);
        settle(payment, true);
        _assertPaid();
    }

    function test_ATabThatWasSettledBeforeItWasShownIsAcceptedGivenRoom() public {
        // Settled before it was accepted: it raises both sums once, and leaves room as it was.
        settle(tabOf(ESCROW, 1));
        _sync();
        _accept(ESCROW);
        _accept(ESCROW);
        drainTo(0);
        settle(tabOf(2 * ESCROW, 1));
        _assertPaid();
    }

    /* TRACE: A CLOSE OF ANOTHER EPOCH */

    function test_TheServersCloseOfAnEarlierEpochLandsNowhere() public {
        IFlashSettlement.CloseEscrow memory message = closeOf(true);
        bytes memory signature = sign(server, message);
        _withdrawAndOpenAgain();
        _accept(ESCROW);
        drainTo(0);
        expectWrongEpoch(0, 1);
        settlement.closeEscrowWithAuthorization(message, signature);
        expectWrongEpoch(0, 1);
        vm.prank(server.addr);
        settlement.closeEscrow(client.addr, server.addr, token, 0);
        settle(paymentOf(ESCROW, 1));
        _assertPaid();
    }

    function test_TheOriginalCloseNamesNoEpochAndLandsInTheNext() public {
        // Why it is not for automation.
        vm.prank(client.addr);
        settlement.openEscrow(server2.addr, token, ESCROW, TTL);
        vm.warp(UNLOCK_AT);
        vm.startPrank(client.addr);
        settlement.withdrawEscrow(server2.addr, token, client.addr);
        settlement.openEscrow(server2.addr, token, ESCROW, TTL);
        vm.stopPrank();
        vm.prank(server2.addr);
        settlement.serverCloseEscrow(client.addr);
        assertEq(settlement.escrowOf(client.addr, server2.addr, token).unlockAt, UNLOCK_AT);
    }

    /* TRACE: A RELEASE BY THE LOCAL CLOCK */

    function test_AReleaseLeavesTheExposureByTheChainAndNotByTheClock() public {
        IFlashSettlement.ReleaseEscrow memory release = releaseOf(400);
        bytes memory signature = sign(server, release);
        _releasing = 400;
        vm.warp(DEADLINE - 1);
        vm.prank(client.addr);
        settlement.extendEscrow(server.addr, token, 0, DEADLINE + 1 days);
        _sync();
        vm.warp(DEADLINE);
        settlement.releaseEscrowWithAuthorization(release, signature);
        vm.warp(DEADLINE + 1);
        assertFalse(_mayAccept(ESCROW), "the last view does not show it");
        _accept(ESCROW - 400);
        drainTo(0);
        expectNotCovered(ESCROW - 400, ESCROW);
        settle(paymentOf(ESCROW, 1));
        settle(paymentOf(ESCROW - 400, 2));
        _assertPaid();
    }

    function test_AReleaseThatExpiredOnChainLeavesTheExposure() public {
        IFlashSettlement.ReleaseEscrow memory release = releaseOf(400);
        release.deadline = NOW + 60;
        bytes memory signature = sign(server, release);
        _releasing = 400;
        assertFalse(_mayAccept(ESCROW));
        vm.warp(NOW + 61);
        _sync();
        assertEq(settlement.accountNonceWord(server.addr, NONCE >> 8), 0);
        _releasing = 0;
        _accept(ESCROW);
        drainTo(0);
        expectExpired(NOW + 60);
        settlement.releaseEscrowWithAuthorization(release, signature);
        settle(paymentOf(ESCROW, 1));
        _assertPaid();
    }

    /* TRACE: AT THE BOUNDARY */

    function test_TheServerStopsBeforeTheSecondInWhichTheClientMayWithdraw() public {
        vm.warp(UNLOCK_AT - SETTLE_TIME - 1);
        _sync();
        assertTrue(_isLocked(), "one second before");
        vm.warp(UNLOCK_AT - SETTLE_TIME);
        _sync();
        assertFalse(_isLocked(), "at it");
        vm.warp(UNLOCK_AT - SETTLE_TIME + 1);
        _sync();
        assertFalse(_isLocked(), "one second past it");
    }

    function test_AtTheEndAWithdrawalGoesAheadOfASettlement() public {
        // What was accepted at exactly the end less the time to settle comes one second too late.
        drainTo(0);
        vm.warp(UNLOCK_AT);
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, client.addr);
        expectNoEscrow();
        settle(paymentOf(ESCROW, 1));
    }

    function test_OneSecondBeforeTheEndASettlementGoesAheadOfAWithdrawal() public {
        drainTo(0);
        vm.warp(UNLOCK_AT - 1);
        _accepted = ESCROW;
        expectStillLocked(UNLOCK_AT);
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, client.addr);
        settle(paymentOf(ESCROW, 1));
        _assertPaid();
    }

    /* A SECOND PAYMENT UNDER AN ACCEPTED NONCE */

    function test_NobodyButTheServerSettlesASecondPaymentOfOneNonce() public {
        IFlashSettlement.Payment memory burner = paymentOf(1, 1);
        bytes memory signature = sign(client, burner);
        _accept(ESCROW);
        drainTo(0);
        address[4] memory callers = [client.addr, signer.addr, relayer, server2.addr];
        for (uint256 i = 0; i < callers.length; ++i) {
            expectNotServer(callers[i]);
            vm.prank(callers[i]);
            settlement.settleSignedPayment(burner, signature, false);
            IFlashSettlement.Group memory group = groupOf(burner);
            expectSkipped(group.payments[0].head, IFlashSettlement.Skip.NotServer);
            settleBatchAs(callers[i], group, true);
        }
        settle(paymentOf(ESCROW, 1));
        expectNonceUsed(1);
        settle(burner);
        _assertPaid();
    }

    function test_ATabOrTransactionOfTheSameNumberTakesNoNonce() public {
        _accept(300);
        settle(tabOf(1, 1));
        bytes memory raw = signTransaction(client, transactionOf(1, 1));
        settlement.settleSignedTransaction(raw, false);
        vm.prank(client.addr);
        settlement.settleNumberedPayment(server.addr, token, 2, 1, 0, 0);
        settle(paymentOf(300, 1));
        assertEscrow(ESCROW, 304, UNLOCK_AT, OPEN);
    }

    function test_TwoTransactionsOfOneNonceAreBothPaid() public {
        bytes memory accepted = signTransaction(client, transactionOf(400, 1));
        _accept(400);
        drainTo(0);
        vm.prank(client.addr);
        settlement.settleNumberedPayment(server.addr, token, 1, 1, 0, 0);
        settlement.settleSignedTransaction(accepted, false);
        assertEscrow(ESCROW - 401, 401, UNLOCK_AT, OPEN);
        _assertPaid();
    }

    /* THE BUFFER BURNT BY ONE UNIT */

    function test_APayerThatBurnsOneUnitBeforeTheLastPaymentHasPaidIt() public {
        _accept(ESCROW);
        drainTo(0);
        vm.prank(client.addr);
        settlement.settlePayment(server.addr, token, 1);
        expectNotCovered(ESCROW - 1, ESCROW);
        settle(paymentOf(ESCROW, 1), false);
        settle(paymentOf(ESCROW, 1), true);
        _assertPaid();
    }

    function test_APayerThatBurnsOneUnitBeforeABatchHasPaidIt() public {
        _accept(400);
        _accept(600);
        drainTo(0);
        vm.prank(client.addr);
        settlement.settlePayment(server.addr, token, 1);
        IFlashSettlement.Group memory group = groupOf(2, 0);
        group.payments[0] = itemOf(client, paymentOf(400, 1));
        group.payments[1] = itemOf(client, paymentOf(600, 2));
        settleBatch(group, true);
        assertEscrow(0, ESCROW, UNLOCK_AT, OPEN);
        _assertPaid();
    }

    function test_APayerThatBurnsOneUnitBeforeATabOfTheWholeEscrowHasPaidIt() public {
        _accept(ESCROW);
        drainTo(0);
        vm.prank(client.addr);
        settlement.settlePayment(server.addr, token, 1);
        settle(tabOf(ESCROW, 1));
        assertEq(settlement.tabSettled(escrowId(), 0, 1), ESCROW - 1);
        _assertPaid();
    }

    function test_APayerThatBurnsOneUnitBeforeASignedTransactionHasPaidIt() public {
        bytes memory raw = signTransaction(client, transactionOf(ESCROW, 1));
        _accept(ESCROW);
        drainTo(0);
        settle(tabOf(1, 1));
        expectNotCovered(ESCROW - 1, ESCROW);
        settlement.settleSignedTransaction(raw, false);
        vm.prank(server.addr);
        settlement.settleSignedTransaction(raw, true);
        _assertPaid();
    }

    function test_APayerThatBurnsTheWholeBufferHasPaidAllThatWasAccepted() public {
        _accept(ESCROW);
        drainTo(0);
        for (uint256 i = 0; i < 5; ++i) {
            vm.prank(client.addr);
            settlement.settlePayment(server.addr, token, ESCROW / 5);
        }
        expectNotCovered(0, ESCROW);
        settle(paymentOf(ESCROW, 1), true);
        _assertPaid();
    }

    /* A REPLAYED EXTENSION */

    function test_AReplayedExtensionMovesNothing() public {
        (IFlashSettlement.ExtendEscrow memory message, bytes memory signature) = _extension();
        settlement.extendEscrowWithAuthorization(message, signature);
        vm.warp(NOW + 1);
        settlement.extendEscrowWithAuthorization(message, signature);
        assertEscrow(ESCROW, 0, UNLOCK_AT + 1 days, OPEN);
    }

    function test_AReplayedExtensionDoesNotShortenALongerOne() public {
        (IFlashSettlement.ExtendEscrow memory message, bytes memory signature) = _extension();
        vm.prank(client.addr);
        settlement.extendEscrow(server.addr, token, 0, UNLOCK_AT + 2 days);
        settlement.extendEscrowWithAuthorization(message, signature);
        assertEscrow(ESCROW, 0, UNLOCK_AT + 2 days, OPEN);
    }

    function test_AReplayedExtensionDoesNotHoldAClientThatCloses() public {
        (IFlashSettlement.ExtendEscrow memory message, bytes memory signature) = _extension();
        settlement.extendEscrowWithAuthorization(message, signature);
        closeByClient();
        expectClosed();
        settlement.extendEscrowWithAuthorization(message, signature);
        vm.warp(NOW + CLOSE_DELAY);
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, client.addr);
        assertNotOpen(1);
    }

    function test_AReplayedExtensionDoesNotHoldTheNextEpoch() public {
        (IFlashSettlement.ExtendEscrow memory message, bytes memory signature) = _extension();
        settlement.extendEscrowWithAuthorization(message, signature);
        closeByBoth();
        expectNoEscrow();
        settlement.extendEscrowWithAuthorization(message, signature);
        open();
        expectWrongEpoch(0, 1);
        settlement.extendEscrowWithAuthorization(message, signature);
    }

    /* A LATE CLOSE AND A LATE RELEASE OF THE SERVER */

    function test_ALateCloseOfTheServerExpires() public {
        IFlashSettlement.CloseEscrow memory message = closeOf(true);
        message.deadline = NOW + 60;
        bytes memory signature = sign(server, message);
        vm.warp(NOW + 61);
        expectExpired(NOW + 60);
        settlement.closeEscrowWithAuthorization(message, signature);
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
    }

    function test_ALateReleaseOfTheServerLandsInNoOtherEpoch() public {
        IFlashSettlement.ReleaseEscrow memory message = releaseOf(400);
        bytes memory signature = sign(server, message);
        _withdrawAndOpenAgain();
        _accept(ESCROW);
        drainTo(0);
        expectWrongEpoch(0, 1);
        settlement.releaseEscrowWithAuthorization(message, signature);
        expectWrongEpoch(0, 1);
        vm.prank(server.addr);
        settlement.releaseEscrow(client.addr, token, 0, 400);
        settle(paymentOf(ESCROW, 1));
        _assertPaid();
    }

    function test_ALateReleaseOfTheServerIsCancelled() public {
        IFlashSettlement.ReleaseEscrow memory message = releaseOf(400);
        bytes memory signature = sign(server, message);
        vm.prank(server.addr);
        settlement.invalidateNonces(NONCE >> 8, 1 << (NONCE & 0xff));
        _accept(ESCROW);
        drainTo(0);
        expectNonceUsed(NONCE);
        settlement.releaseEscrowWithAuthorization(message, signature);
        settle(paymentOf(ESCROW, 1));
        _assertPaid();
    }

    function test_AReleaseIsNotReplayed() public {
        IFlashSettlement.ReleaseEscrow memory message = releaseOf(400);
        bytes memory signature = sign(server, message);
        settlement.releaseEscrowWithAuthorization(message, signature);
        expectNonceUsed(NONCE);
        settlement.releaseEscrowWithAuthorization(message, signature);
        assertEscrow(ESCROW - 400, 0, UNLOCK_AT, OPEN);
    }

    /* A REVOKED ALLOWANCE */

    function test_ARevokedAllowanceIsCoveredByTheEscrow() public {
        _accept(400);
        _accept(300);
        _accept(300);
        allow(0);
        bytes memory raw = signTransaction(client, transactionOf(300, 1));
        settle(paymentOf(400, 1));
        settle(tabOf(300, 1));
        settlement.settleSignedTransaction(raw, false);
        assertEq(settlement.creditOf(server.addr, token), ESCROW);
        _assertPaid();
    }

    function test_AnAllowanceRevokedHalfwayIsCoveredByTheEscrow() public {
        _accept(ESCROW);
        allow(1);
        settle(paymentOf(ESCROW, 1));
        assertEq(settlement.creditOf(server.addr, token), ESCROW - 1);
        _assertPaid();
    }

    /* THE PAIR OPENED AGAIN */

    function test_NothingOfAnEarlierEpochIsSettledInTheNext() public {
        IFlashSettlement.Payment memory payment = paymentOf(5, 1);
        IFlashSettlement.Tab memory tab = tabOf(5, 1);
        IFlashSettlement.TopUp memory topUp = topUpOf(5);
        bytes memory raw = signTransaction(client, transactionOf(5, 1));
        IFlashSettlement.Group memory group = groupOf(payment);
        bytes memory funding = sign(client, eip3009DigestOf(topUp));
        _withdrawAndOpenAgain();
        expectWrongEpoch(0, 1);
        settle(payment);
        expectWrongEpoch(0, 1);
        settle(tab);
        expectWrongEpoch(0, 1);
        settlement.settleSignedTransaction(raw, false);
        expectWrongEpoch(0, 1);
        vm.prank(client.addr);
        settlement.settleNumberedPayment(server.addr, token, 5, 1, 0, 0);
        expectSkipped(group.payments[0].head, IFlashSettlement.Skip.BadSignature);
        settleBatch(group, true);
        expectWrongEpoch(0, 1);
        settlement.topUpWithAuthorization(topUp, eip3009(funding));
        assertEscrow(ESCROW, 0, UNLOCK_AT + TTL, OPEN);
    }

    function test_NoncesLanesAndContentsStartAnewInTheNextEpoch() public {
        settle(paymentOf(5, 1));
        settle(tabOf(5, 1));
        settlement.settleSignedTransaction(signTransaction(client, transactionOf(5, 1)), false);
        _withdrawAndOpenAgain();
        settle(paymentOf(5, 1));
        settle(tabOf(5, 1));
        settlement.settleSignedTransaction(signTransaction(client, transactionOf(5, 1)), false);
        assertEscrow(ESCROW, 15, UNLOCK_AT + TTL, OPEN);
    }

    function test_AnOpeningIsNotReplayed() public {
        closeByBoth();
        IFlashSettlement.OpenEscrow memory terms = termsOf(ESCROW);
        bytes memory signature = sign(client, terms);
        settlement.openEscrowWithTerms(terms, signature, allowance());
        closeByBoth();
        expectWrongEpoch(1, 2);
        settlement.openEscrowWithTerms(terms, signature, allowance());
    }

    /* A WITHDRAWAL IN FRONT OF A SETTLEMENT */

    function test_AClientCannotWithdrawInFrontOfASettlement() public {
        _accept(ESCROW);
        drainTo(0);
        vm.startPrank(client.addr);
        settlement.closeEscrow(client.addr, server.addr, token, 0);
        expectStillLocked(NOW + CLOSE_DELAY);
        settlement.withdrawEscrow(server.addr, token, client.addr);
        vm.stopPrank();
        settle(paymentOf(ESCROW, 1));
        _assertPaid();
    }

    function test_AViewThatMissesACloseIsSafeForTheNotice() public {
        // The close comes in the block after the last one that the server saw; it goes on accepting until its view is too old.
        vm.warp(NOW + 1);
        closeByClient();
        vm.warp(NOW + CLOSE_DELAY - SETTLE_TIME - 1);
        assertTrue(_isLocked(), "the last second");
        _accept(ESCROW);
        drainTo(0);
        vm.warp(NOW + CLOSE_DELAY - SETTLE_TIME);
        assertFalse(_isLocked(), "the view is too old");
        vm.warp(NOW + CLOSE_DELAY);
        expectStillLocked(NOW + 1 + CLOSE_DELAY);
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, client.addr);
        settle(paymentOf(ESCROW, 1));
        _assertPaid();
    }

    /* NOTHING IS EVER FROZEN */

    function test_TheClientAloneLeavesAnOpenEscrowAtItsEnd() public {
        _leavesAt(UNLOCK_AT);
    }

    function test_TheClientAloneLeavesAfterItsNotice() public {
        closeByClient();
        _leavesAt(NOW + CLOSE_DELAY);
    }

    function test_TheClientAloneLeavesOnceTheServerClosed() public {
        closeByServer();
        _leavesAt(NOW);
    }

    function test_TheClientAloneLeavesAnEvergreenEscrow() public {
        closeByBoth();
        IFlashSettlement.OpenEscrow memory terms = termsOf(ESCROW);
        terms.ttlSeconds = 0;
        openAs(client, terms);
        closeByClient();
        _leavesAt(NOW + CLOSE_DELAY);
    }

    function test_TheClientAloneLeavesWhateverTheServerSettlesAfterTheEnd() public {
        vm.warp(UNLOCK_AT + 365 days);
        settle(paymentOf(1, 1));
        closeByServer();
        _leavesAt(UNLOCK_AT + 365 days);
    }

    function test_TheClientAloneLeavesAnEscrowOfWhichAPartIsSpent() public {
        drainTo(0);
        settle(paymentOf(400, 1));
        vm.warp(UNLOCK_AT);
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, client.addr);
        assertEq(IERC20(token).balanceOf(client.addr), ESCROW - 400);
        assertNotOpen(1);
    }

    function test_TheClientAloneLeavesWhileTheTokenIsPaused() public {
        vm.warp(UNLOCK_AT);
        vm.prank(USDC_PAUSER);
        USDC.pause();
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, client.addr);
        assertNotOpen(1);
        vm.prank(USDC_PAUSER);
        USDC.unpause();
        Books memory expected = books();
        vm.prank(client.addr);
        settlement.withdrawCredit(token, client.addr, ESCROW);
        expected.client += ESCROW;
        expected.settlement -= ESCROW;
        expected.creditOfClient = 0;
        assertBooks(expected);
    }

    function test_ABlacklistedClientLeavesToAnotherAddress() public {
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(client.addr);
        vm.warp(UNLOCK_AT);
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, client2.addr);
        assertEq(IERC20(token).balanceOf(client2.addr), FUNDS + ESCROW);
    }

    function test_AClientWithoutGasIsBroughtHomeByAnyone() public {
        IFlashSettlement.CloseEscrow memory message = closeOf(false);
        bytes memory signature = sign(client, message);
        Books memory expected = books();
        vm.startPrank(relayer);
        settlement.closeEscrowWithAuthorization(message, signature);
        vm.warp(NOW + CLOSE_DELAY);
        settlement.finalizeClose(client.addr, server.addr, token);
        vm.stopPrank();
        expected.client += ESCROW;
        expected.settlement -= ESCROW;
        expected.escrow = 0;
        assertBooks(expected);
    }

    /* INTERNAL: THE SERVER */

    /// @dev One consistent state.
    function _sync() private {
        IFlashSettlement.Escrow memory escrow = escrowNow();
        _seen = View(escrow.balance, escrow.settled, escrow.unlockAt, vm.getBlockTimestamp(), escrow.closeDelay);
    }

    /// @dev The one inequality: accepted - settled + releases <= balance.
    function _mayAccept(uint256 amount) private view returns (bool) {
        return _accepted + amount + _releasing <= _seen.balance + _seen.settled;
    }

    /// @dev Any close that the server did not see is later than its view.
    function _isLocked() private view returns (bool) {
        uint256 noticed = _seen.timestamp + _seen.closeDelay;
        uint256 safeUntil = _seen.unlockAt < noticed ? _seen.unlockAt : noticed;
        return vm.getBlockTimestamp() + SETTLE_TIME < safeUntil;
    }

    function _accept(uint256 amount) private {
        assertTrue(_mayAccept(amount), "the rules let it accept");
        assertTrue(_isLocked(), "the lock lasts");
        _accepted += amount;
    }

    /// @dev The server has what it served, in its wallet or as credit.
    function _assertPaid() private view {
        uint256 received = IERC20(token).balanceOf(server.addr) - FUNDS + settlement.creditOf(server.addr, token);
        assertGe(received, _accepted, "what was accepted is paid");
        assertEq(received, escrowNow().settled, "and the settled total says so");
    }

    /* INTERNAL: THE CLIENT */

    function _extension() private view returns (IFlashSettlement.ExtendEscrow memory message, bytes memory signature) {
        message = extendOf(UNLOCK_AT + 1 days);
        signature = sign(client, message);
    }

    function _withdrawAndOpenAgain() private {
        vm.warp(UNLOCK_AT);
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, client.addr);
        epoch = 1;
        open();
        _sync();
    }

    /// @dev Not a second before, and then at once, by the client's call alone.
    function _leavesAt(uint256 end) private {
        if (end > vm.getBlockTimestamp()) {
            vm.warp(end - 1);
            expectStillLocked(end);
            vm.prank(client.addr);
            settlement.withdrawEscrow(server.addr, token, client.addr);
        }
        vm.warp(end);
        Books memory expected = books();
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, client.addr);
        expected.client += ESCROW;
        expected.settlement -= ESCROW;
        expected.escrow = 0;
        expected.settled = 0;
        assertBooks(expected);
        assertNotOpen(epoch + 1);
    }
}
