// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {BoundedToken} from "../../contracts/libraries/BoundedToken.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {FalseReturningToken} from "../mocks/FalseReturningToken.sol";
import {FeeOnTransferToken} from "../mocks/FeeOnTransferToken.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {NoReturnToken} from "../mocks/NoReturnToken.sol";
import {OwnedWallet} from "../mocks/OwnedWallet.sol";
import {RejectingWallet} from "../mocks/RejectingWallet.sol";
import {ReentrantToken} from "../mocks/ReentrantToken.sol";
import {FlashTest} from "./FlashTest.sol";

/// @notice Known defects of the two contracts that settled the scheme `flash` before, a broker (A) and a settlement contract (B): each test
/// walks into the defect and shows that it is not here. A11, of its server, is in test/x402/flash/badInput.test.ts.
contract ReferenceDefectsTest is FlashTest {
    /* A1: a revoked allowance makes every settlement revert */

    function test_A1_ARevokedAllowanceLeavesTheEscrowToPay() public {
        open();
        allow(0);
        expectSettled(0, 400);
        settle(paymentOf(400, 1));
        expectSettled(0, 100);
        vm.prank(client.addr);
        settlement.settlePayment(server.addr, token, 100);
    }

    /* A2: only the client settles, by a transaction that it can replace, starve or never fund */

    function test_A2_TheServerCollectsWhatTheClientSigned() public {
        open();
        settle(paymentOf(400, 1));
        assertEscrow(ESCROW, 400, UNLOCK_AT, OPEN);
    }

    function test_A2_ATransactionThatWasReplacedIsCollected() public {
        open();
        bytes memory raw = signTransaction(client, transactionOf(400, 1));
        // Another transaction takes its place in the account's queue.
        vm.prank(client.addr);
        settlement.settlePayment(server.addr, token, 1);
        settlement.settleSignedTransaction(raw, false);
        assertEscrow(ESCROW, 401, UNLOCK_AT, OPEN);
    }

    function test_A2_ATransactionThatCannotPayForItsGasIsCollected() public {
        open();
        bytes memory raw = signTransaction(client, transactionOf(400, 1));
        vm.deal(client.addr, 0);
        settlement.settleSignedTransaction(raw, false);
        assertEscrow(ESCROW, 400, UNLOCK_AT, OPEN);
    }

    /* A3: a server that vanished locks the funds for ever */

    function test_A3_TheClientAloneLeavesAtTheEnd() public {
        open();
        vm.warp(UNLOCK_AT);
        Books memory expected = books();
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, client.addr);
        expected.client += ESCROW;
        expected.settlement -= ESCROW;
        expected.escrow = 0;
        assertBooks(expected);
    }

    function test_A3_TheClientAloneLeavesAfterItsNotice() public {
        open();
        closeByClient();
        vm.warp(NOW + CLOSE_DELAY);
        closeByClient();
        assertNotOpen(1);
    }

    /* A4: a pair that closed never opens again, and is settled against nothing */

    function test_A4_APairOpensAgain() public {
        open();
        closeByBoth();
        open();
        settle(paymentOf(400, 1));
        assertEscrow(ESCROW, 400, UNLOCK_AT, OPEN);
    }

    function test_A4_AClosedPairIsSettledByNoEntry() public {
        open();
        IFlashSettlement.Payment memory payment = paymentOf(400, 1);
        closeByBoth();
        expectNoEscrow();
        settle(payment);
        expectNoEscrow();
        vm.prank(client.addr);
        settlement.settlePayment(server.addr, token, 400);
    }

    /* A5: a client's close goes unnoticed, and a server's forfeits what it has not settled */

    function test_A5_AClientsCloseIsAnEvent() public {
        open();
        expectEvent();
        emit IFlashSettlement.EscrowClosing(escrowId(), 0, client.addr, NOW + CLOSE_DELAY);
        closeByClient();
    }

    function test_A5_WhatWasAcceptedIsSettledAfterAClientsClose() public {
        open();
        closeByClient();
        drainTo(0);
        settle(paymentOf(ESCROW, 1));
        assertEq(settlement.creditOf(server.addr, token), ESCROW);
    }

    function test_A5_WhatWasAcceptedIsSettledAfterTheServersClose() public {
        open();
        closeByServer();
        drainTo(0);
        settle(paymentOf(ESCROW, 1));
        assertEq(settlement.creditOf(server.addr, token), ESCROW);
    }

    /* A6: tokens that answer nothing, or have no code, make settlements revert; a fee is taken from the server */

    function test_A6_ATokenThatAnswersNothingIsPaidFromAndInto() public {
        useToken(MintableToken(address(new NoReturnToken())), 10_000);
        open();
        expectSettled(400, 0);
        settle(paymentOf(400, 1));
        closeByBoth();
        assertEq(IERC20(token).balanceOf(client.addr), 9600);
    }

    function test_A6_ATokenThatAnswersFalseTurnsARefundIntoACredit() public {
        useToken(new FalseReturningToken(), 10_000);
        open();
        FalseReturningToken(token).setFails(true);
        closeByBoth();
        assertEq(settlement.creditOf(client.addr, token), ESCROW);
    }

    function test_A6_ATokenWithoutCodeLeavesTheEscrowToPay() public {
        useMintableToken();
        open();
        vm.etch(token, "");
        expectSettled(0, 400);
        settle(paymentOf(400, 1));
    }

    function test_A6_ATokenWithoutCodeIsRefused() public {
        token = makeAddr("no code");
        expectBadTerms(IFlashSettlement.Term.Token);
        open();
    }

    function test_A6_ATokenThatTakesAFeeIsRefused() public {
        useToken(new FeeOnTransferToken(), 10_000);
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 1000, 990));
        open(1000);
    }

    /* A7: an escrow that is smaller than the amount pays nothing */

    function test_A7_WalletAndEscrowPayTogether() public {
        open(2);
        drainTo(2);
        expectSettled(2, 1);
        settle(paymentOf(3, 1));
        assertEscrow(1, 3, UNLOCK_AT, OPEN);
    }

    function test_A7_AnEscrowThatIsTooSmallPaysAPart() public {
        open(2);
        drainTo(0);
        expectSettled(0, 2);
        settle(paymentOf(3, 1), true);
    }

    /* A8: the submitter starves the pull, and the escrow pays for a solvent wallet */

    function test_A8_NoGasLimitChoosesTheEscrow() public {
        open();
        IFlashSettlement.Payment memory payment = paymentOf(400, 1);
        bytes memory callData = abi.encodeCall(
            IFlashSettlement.settleSignedPayment,
            (payment, sign(client, payment), false)
        );
        bool isRefusedForGas;
        for (uint256 limit = 50_000; limit < 600_000; limit += 2500) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(server.addr);
            (bool ok, bytes memory answer) = address(settlement).call{gas: limit}(callData);
            assertEq(settlement.creditOf(server.addr, token), 0, "credit");
            assertEq(IERC20(token).balanceOf(server.addr), ok ? FUNDS + 400 : FUNDS, "wallet");
            isRefusedForGas = isRefusedForGas || (!ok && bytes4(answer) == BoundedToken.InsufficientGas.selector);
            vm.revertToState(snapshot);
        }
        assertTrue(isRefusedForGas);
    }

    /* A9: payments land one after the other, or not at all, and never expire */

    function test_A9_PaymentsLandInAnyOrderAndAGapStallsNothing() public {
        open();
        settle(paymentOf(1, 900));
        settle(paymentOf(2, 2));
        settle(paymentOf(4, 257));
        assertEscrow(ESCROW, 7, UNLOCK_AT, OPEN);
    }

    function test_A9_APaymentExpires() public {
        open();
        IFlashSettlement.Payment memory payment = paymentOf(5, 1);
        payment.deadline = NOW + 60;
        vm.warp(NOW + 61);
        expectExpired(NOW + 60);
        settle(payment);
    }

    function test_A9_APaymentIsSettledOnce() public {
        open();
        settle(paymentOf(5, 1));
        expectNonceUsed(1);
        settle(paymentOf(5, 1));
    }

    /* A10: one token for a pair, one key for a server, and a blacklisted server blocks the escrow */

    function test_A10_APairHasAnEscrowInEachToken() public {
        open();
        MintableToken other = new MintableToken();
        useToken(other, 10_000);
        open(7);
        assertEscrow(7, 0, UNLOCK_AT, OPEN);
        token = address(USDC);
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
    }

    function test_A10_AContractIsPaidAndAKeySettles() public {
        OwnedWallet wallet = new OwnedWallet(server.addr);
        IFlashSettlement.OpenEscrow memory terms = termsOf(ESCROW);
        terms.server = address(wallet);
        openAs(client, terms);
        IFlashSettlement.SettlerAuthorization memory right = settlerAuthorizationOf(DEADLINE, 0);
        right.server = address(wallet);
        settlement.setSettlerWithAuthorization(right, sign(server, right));
        IFlashSettlement.Payment memory payment = paymentOf(400, 1);
        payment.server = address(wallet);
        bytes memory signature = sign(client, payment);
        vm.prank(settler.addr);
        settlement.settleSignedPayment(payment, signature, false);
        assertEq(USDC.balanceOf(address(wallet)), 400);
    }

    function test_A10_ABlacklistedServerIsCreditedAndPaidElsewhere() public {
        open();
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(server.addr);
        settle(paymentOf(400, 1));
        vm.prank(server.addr);
        settlement.withdrawCredit(token, server2.addr, 400);
        assertEq(USDC.balanceOf(server2.addr), 400);
    }

    /* B12: the balance alone chooses the wallet, and nobody looks at what the transfer did */

    function test_B12_AWalletWithoutAllowanceLeavesTheEscrowToPay() public {
        open();
        allow(399);
        expectSettled(399, 1);
        settle(paymentOf(400, 1));
    }

    function test_B12_ATransferThatAnswersFalseIsNoPayment() public {
        useToken(new FalseReturningToken(), 10_000);
        open();
        FalseReturningToken(token).setFails(true);
        expectSettled(0, 400);
        settle(paymentOf(400, 1));
        assertEq(settlement.creditOf(server.addr, token), 400);
    }

    function test_B12_ATransferThatAnswersFalseLeavesTheNonceOfWhatIsNotCovered() public {
        useToken(new FalseReturningToken(), 10_000);
        open();
        FalseReturningToken(token).setFails(true);
        expectNotCovered(ESCROW, ESCROW + 1);
        settle(paymentOf(ESCROW + 1, 1));
        assertEq(settlement.nonceWord(escrowId(), 0, 0), 0);
        FalseReturningToken(token).setFails(false);
        expectSettled(ESCROW + 1, 0);
        settle(paymentOf(ESCROW + 1, 1));
    }

    /* B13: the client closes in front of a settlement */

    function test_B13_AClientsCloseLetsTheServerSettleFirst() public {
        open();
        drainTo(0);
        vm.startPrank(client.addr);
        settlement.closeEscrow(client.addr, server.addr, token, 0);
        expectStillLocked(NOW + CLOSE_DELAY);
        settlement.withdrawEscrow(server.addr, token, client.addr);
        vm.stopPrank();
        settle(paymentOf(ESCROW, 1));
        assertEq(settlement.creditOf(server.addr, token), ESCROW);
    }

    /* B14: after the time to live nobody closes, settles or opens; a server holds the lock by dust */

    function test_B14_EveryStateHasAnExitAfterTheEnd() public {
        open();
        vm.warp(UNLOCK_AT + 1);
        uint256 snapshot = vm.snapshotState();
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, client.addr);
        assertNotOpen(1);
        vm.revertToState(snapshot);
        closeByClient();
        assertNotOpen(1);
        vm.revertToState(snapshot);
        closeByServer();
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, client.addr);
        assertNotOpen(1);
    }

    function test_B14_TheServerSettlesAfterTheEnd() public {
        open();
        drainTo(0);
        vm.warp(UNLOCK_AT + 1);
        settle(paymentOf(ESCROW, 1));
        assertEq(settlement.creditOf(server.addr, token), ESCROW);
    }

    function test_B14_APaymentOfDustRenewsNoLock() public {
        open();
        vm.warp(UNLOCK_AT - 1);
        settle(paymentOf(1, 1));
        assertEscrow(ESCROW, 1, UNLOCK_AT, OPEN);
        vm.warp(UNLOCK_AT);
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, client.addr);
        assertNotOpen(1);
    }

    /* B15: signatures of nobody, their twins, and contract wallets */

    function test_B15_ASignatureOfNobodyIsRefused() public {
        open();
        IFlashSettlement.Payment memory payment = paymentOf(5, 1);
        expectBadSignature(client.addr);
        vm.prank(server.addr);
        settlement.settleSignedPayment(payment, new bytes(65), false);
    }

    function test_B15_NobodysEscrowIsNeverOpened() public {
        IFlashSettlement.OpenEscrow memory terms = termsOf(ESCROW);
        terms.client = address(0);
        expectBadSignature(address(0));
        settlement.openEscrowWithTerms(terms, new bytes(65), allowance());
        expectBadTerms(IFlashSettlement.Term.Parties);
        settlement.openEscrowWithTerms(terms, "", eip3009(new bytes(65)));
    }

    function test_B15_TheTwinOfASignatureIsRefused() public {
        open();
        IFlashSettlement.Payment memory payment = paymentOf(5, 1);
        bytes memory twin = signHighS(client, settlement.paymentDigest(payment));
        expectBadSignature(client.addr);
        vm.prank(server.addr);
        settlement.settleSignedPayment(payment, twin, false);
    }

    function test_B15_AContractWalletPaysByTheKeyThatItNames() public {
        OwnedWallet wallet = new OwnedWallet(client.addr);
        fundUsdc(address(wallet), 10_000);
        wallet.execute(token, abi.encodeCall(IERC20.approve, (address(settlement), type(uint256).max)));
        IFlashSettlement.OpenEscrow memory terms = termsOf(ESCROW);
        (terms.client, terms.signer) = (address(wallet), signer.addr);
        settlement.openEscrowWithTerms(terms, sign(client, terms), allowance());
        IFlashSettlement.Payment memory payment = paymentOf(400, 1);
        payment.client = address(wallet);
        bytes memory signature = sign(signer, payment);
        vm.prank(server.addr);
        settlement.settleSignedPayment(payment, signature, false);
        assertEq(settlement.escrowOf(address(wallet), server.addr, token).settled, 400);
    }

    function test_B15_CodeAtTheClientAfterSigningUnsignsNothing() public {
        open();
        IFlashSettlement.Payment memory payment = paymentOf(400, 1);
        bytes memory signature = sign(client, payment);
        vm.etch(client.addr, abi.encodePacked(hex"ef0100", address(new RejectingWallet())));
        vm.prank(server.addr);
        settlement.settleSignedPayment(payment, signature, false);
        assertEscrow(ESCROW, 400, UNLOCK_AT, OPEN);
    }

    /* B16: a deposit is believed, and the last to withdraw pays for the fee */

    function test_B16_ATopUpIsMeasured() public {
        useMintableToken();
        open();
        vm.etch(token, type(FeeOnTransferToken).runtimeCode);
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 1000, 990));
        vm.prank(client.addr);
        settlement.topUp(server.addr, token, 1000, 0);
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
    }

    /* B17: a token that calls back overwrites an escrow */

    function test_B17_ATokenThatCallsBackOpensNothing() public {
        ReentrantToken reentrant = new ReentrantToken();
        useToken(reentrant, 10_000);
        reentrant.arm(address(settlement), abi.encodeCall(IFlashSettlement.openEscrow, (server.addr, token, 1, TTL)));
        open();
        assertEq(reentrant.calls(), 1);
        assertFalse(reentrant.succeeded());
        assertEq(
            reentrant.answer(),
            abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
    }

    function test_B17_AnOpenEscrowIsNotOpenedOver() public {
        open();
        expectRevert(abi.encodeWithSelector(IFlashSettlement.EscrowExists.selector, escrowId()));
        open(1);
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
    }

    /* B18: a payment outlives the escrow that it was signed for */

    function test_B18_APaymentDiesWithItsEscrow() public {
        open();
        IFlashSettlement.Payment memory payment = paymentOf(400, 1);
        closeByBoth();
        open();
        expectWrongEpoch(0, 1);
        settle(payment);
        IFlashSettlement.Group memory group = groupOf(payment);
        expectSkipped(group.payments[0].head, IFlashSettlement.Skip.BadSignature);
        settleBatch(group, false);
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
    }

    /* B19: only the key that is paid settles */

    function test_B19_AFacilitatorSettlesInTheServersName() public {
        open();
        nameSettler(settler.addr, DEADLINE);
        IFlashSettlement.Payment memory payment = paymentOf(400, 1);
        bytes memory signature = sign(client, payment);
        vm.prank(settler.addr);
        settlement.settleSignedPayment(payment, signature, false);
        assertEq(USDC.balanceOf(server.addr), FUNDS + 400);
        assertEq(USDC.balanceOf(settler.addr), 0);
    }

    function test_B19_AnyoneSettlesATab() public {
        open();
        settle(tabOf(400, 1));
        assertEq(USDC.balanceOf(server.addr), FUNDS + 400);
    }

    /* B20: the domain is that of the chain it was deployed on */

    function test_B20_TheDomainFollowsTheChain() public {
        open();
        IFlashSettlement.Payment memory payment = paymentOf(400, 1);
        bytes memory signature = sign(client, payment);
        vm.chainId(BASE_CHAIN_ID + 1);
        expectBadSignature(client.addr);
        vm.prank(server.addr);
        settlement.settleSignedPayment(payment, signature, false);
        signedChainId = BASE_CHAIN_ID + 1;
        settle(payment);
        assertEscrow(ESCROW, 400, UNLOCK_AT, OPEN);
    }
}
