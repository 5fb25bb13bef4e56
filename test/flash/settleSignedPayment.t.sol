// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {Actor} from "../helpers/Test.sol";
import {FlashCollectionTest} from "./FlashCollectionTest.sol";
import {FlashItemSignatureTest} from "./FlashItemSignatureTest.sol";
import {FlashMessages} from "./FlashMessages.sol";

contract SettleSignedPaymentTest is FlashCollectionTest {
    uint64 private _next;

    /* COLLECTION: every case of FlashCollection.tree */

    function entry(uint128 amount) internal override returns (address, bytes memory) {
        IFlashSettlement.Payment memory payment = paymentOf(amount, _next++);
        bytes memory signature = sign(client, payment);
        return (server.addr, abi.encodeCall(IFlashSettlement.settleSignedPayment, (payment, signature, false)));
    }

    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        expectBadTerms(IFlashSettlement.Term.Amount);
        settle(paymentOf(0, 7));
    }

    function test_RevertWhen_TheAmountIsOneAboveTheLargest() public {
        expectAmountTooLarge(MAX_AMOUNT + 1, MAX_AMOUNT);
        settle(paymentOf(uint128(MAX_AMOUNT) + 1, 7));
        assertFalse(_isUsed(7));
    }

    function test_RevertWhen_TheAmountIsTheLargestOfItsType() public {
        expectAmountTooLarge(type(uint128).max, MAX_AMOUNT);
        settle(paymentOf(type(uint128).max, 7), true);
        assertFalse(_isUsed(7));
    }

    function test_SettlesUpToTheLargestTotal() public {
        _settleAllBut(10);
        settle(paymentOf(10, 7));
        assertEscrow(ESCROW, MAX_AMOUNT, UNLOCK_AT, OPEN);
    }

    function test_RevertWhen_TheTotalWouldBeOneAboveTheLargest() public {
        _settleAllBut(10);
        expectAmountTooLarge(11, 10);
        settle(paymentOf(11, 7));
    }

    /* COVER */

    function test_LeavesTheNonceUnusedGivenWalletAndEscrowAreOneUnitShort() public {
        drainTo(100);
        Books memory expected = books();
        expectNotCovered(ESCROW + 100, ESCROW + 101);
        settle(paymentOf(ESCROW + 101, 7));
        assertBooks(expected);
        assertFalse(_isUsed(7));
    }

    function test_TakesWhatIsThereAndGivesUpTheRest() public {
        drainTo(100);
        Books memory expected = books();
        expectSettled(100, ESCROW);
        settle(paymentOf(ESCROW + 101, 7), true);
        expected.client = 0;
        expected.server += 100;
        expected.escrow = 0;
        expected.creditOfServer += ESCROW;
        expected.settled += ESCROW + 100;
        assertBooks(expected);
        assertTrue(_isUsed(7));
        fund(client.addr, 1000);
        expectNonceUsed(7);
        settle(paymentOf(ESCROW + 101, 7), true);
    }

    function test_TakesAllOfACoveredPaymentAlsoWhenAPartWouldDo() public {
        settle(paymentOf(400, 7), true);
        assertEscrow(ESCROW, 400, UNLOCK_AT, OPEN);
    }

    function test_TakesWhatTheEscrowHoldsGivenTheWalletRefuses() public {
        vm.prank(USDC_PAUSER);
        USDC.pause();
        expectSettled(0, ESCROW);
        settle(paymentOf(ESCROW + 101, 7), true);
        assertTrue(_isUsed(7));
    }

    function test_RevertGiven_TheWalletRefusesAndTheEscrowIsOneUnitShort() public {
        vm.prank(USDC_PAUSER);
        USDC.pause();
        expectNotCovered(ESCROW, ESCROW + 1);
        settle(paymentOf(ESCROW + 1, 7));
        assertFalse(_isUsed(7));
    }

    function test_LeavesTheNonceUnusedGivenNothingIsThereEvenInPart() public {
        drainTo(0);
        settle(paymentOf(ESCROW, 6));
        expectNotCovered(0, 1);
        settle(paymentOf(1, 7), true);
        assertFalse(_isUsed(7));
    }

    /* WHO */

    function test_TheSettlerSettles() public {
        nameSettler(settler.addr, DEADLINE);
        _settleAs(settler.addr);
        assertTrue(_isUsed(7));
    }

    function test_RevertWhen_TheClientSettles() public {
        expectNotServer(client.addr);
        _settleAs(client.addr);
    }

    function test_RevertWhen_TheSignerSettles() public {
        closeByBoth();
        openWithSigner();
        IFlashSettlement.Payment memory payment = paymentOf(5, 7);
        bytes memory signature = sign(signer, payment);
        expectNotServer(signer.addr);
        vm.prank(signer.addr);
        settlement.settleSignedPayment(payment, signature, false);
    }

    function test_RevertWhen_AStrangerSettles() public {
        expectNotServer(stranger.addr);
        _settleAs(stranger.addr);
    }

    function test_RevertWhen_AnotherServerSettles() public {
        expectNotServer(server2.addr);
        _settleAs(server2.addr);
    }

    function test_RevertWhen_ASettlerOfAnotherServerSettles() public {
        vm.prank(server2.addr);
        settlement.setSettler(settler.addr, DEADLINE);
        expectNotServer(settler.addr);
        _settleAs(settler.addr);
    }

    /* DEADLINE */

    function test_SettlesOneSecondBeforeTheDeadline() public {
        _settleAt(DEADLINE - 1);
        assertTrue(_isUsed(7));
    }

    function test_SettlesAtTheDeadline() public {
        _settleAt(DEADLINE);
        assertTrue(_isUsed(7));
    }

    function test_RevertWhen_OneSecondPastTheDeadline() public {
        vm.warp(DEADLINE + 1);
        expectExpired(DEADLINE);
        _settleAt(DEADLINE + 1);
        assertFalse(_isUsed(7));
    }

    function test_SettlesAtAnyTimeWithoutADeadline() public {
        vm.warp(NOW + 365_000 days);
        settle(paymentOf(5, 7));
        assertTrue(_isUsed(7));
    }

    function test_RevertWhen_TheDeadlineIsTheFirstSecondOfTime() public {
        IFlashSettlement.Payment memory payment = paymentOf(5, 7);
        payment.deadline = 1;
        expectExpired(1);
        settle(payment);
    }

    /* EPOCH */

    function test_RevertWhen_TheEpochIsOneAhead() public {
        epoch = 1;
        expectWrongEpoch(1, 0);
        settle(paymentOf(5, 7));
    }

    function test_RevertWhen_TheEpochIsOneBehind() public {
        closeByBoth();
        open();
        epoch = 0;
        expectWrongEpoch(0, 1);
        settle(paymentOf(5, 7));
    }

    function test_RevertGiven_TheEscrowWasRefunded() public {
        closeByBoth();
        expectNoEscrow();
        settle(paymentOf(5, 7));
    }

    function test_RevertGiven_NoEscrowWasEverOpen() public {
        IFlashSettlement.Payment memory payment = paymentOf(5, 7);
        payment.server = stranger.addr;
        bytes memory signature = sign(client, payment);
        expectNoEscrow();
        vm.prank(stranger.addr);
        settlement.settleSignedPayment(payment, signature, false);
    }

    /* NONCE */

    function test_RevertGiven_ThePaymentWasSettled() public {
        settle(paymentOf(5, 7));
        expectNonceUsed(7);
        settle(paymentOf(5, 7));
    }

    function test_RevertWhen_AnotherPaymentHasTheSameNonce() public {
        settle(paymentOf(5, 7));
        expectNonceUsed(7);
        settle(paymentOf(6, 7));
    }

    function test_RevertGiven_ABatchSettledThePayment() public {
        settleBatch(groupOf(paymentOf(5, 7)), false);
        expectNonceUsed(7);
        settle(paymentOf(5, 7));
    }

    function test_TakesNoncesInAnyOrder() public {
        uint64[6] memory nonces = [type(uint64).max, 0, 256, 255, type(uint64).max - 1, 1];
        for (uint256 i = 0; i < nonces.length; ++i) {
            settle(paymentOf(1, nonces[i]));
            assertTrue(_isUsed(nonces[i]));
            expectNonceUsed(nonces[i]);
            settle(paymentOf(1, nonces[i]));
        }
        assertEscrow(ESCROW, 6, UNLOCK_AT, OPEN);
    }

    function test_TakesTheSameNonceInTheNextEpoch() public {
        settle(paymentOf(5, 7));
        closeByBoth();
        open();
        settle(paymentOf(5, 7));
        assertEscrow(ESCROW, 5, UNLOCK_AT, OPEN);
    }

    function test_TakesTheSameNonceOfAnotherEscrow() public {
        settle(paymentOf(5, 7));
        IFlashSettlement.Payment memory payment = paymentOf(5, 7);
        payment.server = server2.addr;
        bytes memory signature = sign(client, payment);
        vm.prank(server2.addr);
        settlement.settleSignedPayment(payment, signature, false);
        assertEq(settlement.escrowOf(client.addr, server2.addr, token).settled, 5);
    }

    function testFuzz_UsesExactlyItsNonce(uint64 nonce, uint64 other) public {
        settle(paymentOf(1, nonce));
        assertTrue(_isUsed(nonce));
        assertEq(_isUsed(other), nonce == other);
        assertEq(settlement.nonceWord(escrowId(), 0, uint56(nonce >> 8)), 1 << (nonce & 0xff));
    }

    /* INTERNAL */

    function _settleAs(address caller) private {
        IFlashSettlement.Payment memory payment = paymentOf(5, 7);
        bytes memory signature = sign(client, payment);
        vm.prank(caller);
        settlement.settleSignedPayment(payment, signature, false);
    }

    function _settleAt(uint40 time) private {
        IFlashSettlement.Payment memory payment = paymentOf(5, 7);
        payment.deadline = DEADLINE;
        vm.warp(time);
        settle(payment);
    }

    function _isUsed(uint64 nonce) private view returns (bool) {
        return settlement.nonceWord(escrowId(), epoch, uint56(nonce >> 8)) & (1 << (nonce & 0xff)) != 0;
    }

    function _settleAllBut(uint256 rest) private {
        useMintableToken();
        open();
        settle(paymentOf(uint128(MAX_AMOUNT - rest), 6));
    }
}

contract PaymentSignatureTest is FlashItemSignatureTest {
    using FlashMessages for *;

    IFlashSettlement.Payment private payment;
    Books private start;

    function setUp() public override {
        super.setUp();
        openWithSigner();
        openOthers();
        payment = paymentOf(5, 7);
        start = books();
    }

    /* SIGNATURE: every case of FlashSignature.tree */

    function owner() internal view override returns (Actor memory) {
        return signer;
    }

    function structHash() internal view override returns (bytes32) {
        return payment.hash();
    }

    function submit(bytes memory signature) internal override {
        vm.prank(server.addr);
        settlement.settleSignedPayment(payment, signature, false);
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.client -= 5;
        expected.server += 5;
        expected.settled += 5;
        assertBooks(expected);
        assertEq(settlement.nonceWord(escrowId(), 0, 0), 1 << 7);
    }

    function assertNothingDone() internal view override {
        assertBooks(start);
        assertEq(settlement.nonceWord(escrowId(), 0, 0), 0);
    }

    /* SIGNERS */

    function test_RevertWhen_TheClientSignedButTheTermsNameASigner() public {
        refuses(sign(client, payment));
    }

    function test_AcceptsTheNewSignerInTheNextEpoch() public {
        closeByBoth();
        IFlashSettlement.OpenEscrow memory terms = termsOf(ESCROW);
        terms.signer = stranger.addr;
        openAs(client, terms);
        payment.epoch = 1;
        expectBadSignature(stranger.addr);
        submit(ownersSignature());
        submit(sign(stranger, payment));
        assertEscrow(ESCROW, 5, UNLOCK_AT, OPEN);
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_RevertWhen_TheClientIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        payment.client = client2.addr;
        expectBadSignature(client2.addr);
        submit(signature);
    }

    function test_RevertWhen_TheServerIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        payment.server = server2.addr;
        expectBadSignature(client.addr);
        vm.prank(server2.addr);
        settlement.settleSignedPayment(payment, signature, false);
    }

    function test_RevertWhen_TheTokenIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        useMintableToken();
        openWithSigner();
        payment.token = token;
        expectBadSignature(signer.addr);
        submit(signature);
    }

    function test_RevertWhen_TheAmountIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        payment.amount = 6;
        refuses(signature);
    }

    function test_RevertWhen_TheNonceIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        payment.nonce = 8;
        refuses(signature);
    }

    function test_RevertWhen_TheDeadlineIsNotTheOneSigned() public {
        payment.deadline = DEADLINE;
        bytes memory signature = ownersSignature();
        payment.deadline = 0;
        refuses(signature);
    }

    function test_RevertWhen_TheEpochIsNotTheOneSigned() public {
        payment.epoch = 1;
        bytes memory signature = ownersSignature();
        payment.epoch = 0;
        refuses(signature);
    }
}
