// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {Vm} from "../helpers/Test.sol";
import {FlashCollectionTest} from "./FlashCollectionTest.sol";

contract SettleNumberedPaymentTest is FlashCollectionTest {
    uint64 private _next;

    /* COLLECTION: every case of FlashCollection.tree */

    function entry(uint128 amount) internal override returns (address, bytes memory) {
        return (
            client.addr,
            abi.encodeCall(IFlashSettlement.settleNumberedPayment, (server.addr, token, amount, _next++, 0, epoch))
        );
    }

    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        expectBadTerms(IFlashSettlement.Term.Amount);
        _settle(0, 7, 0);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheLargest() public {
        expectAmountTooLarge(MAX_AMOUNT + 1, MAX_AMOUNT);
        _settle(MAX_AMOUNT + 1, 7, 0);
    }

    function test_RevertWhen_TheAmountIsTheLargestWord() public {
        expectAmountTooLarge(type(uint256).max, MAX_AMOUNT);
        _settle(type(uint256).max, 7, 0);
    }

    /* COVER */

    function test_RevertGiven_WalletAndEscrowAreOneUnitShort() public {
        drainTo(100);
        expectNotCovered(ESCROW + 100, ESCROW + 101);
        _settle(ESCROW + 101, 7, 0);
        assertFalse(_isUsed(ESCROW + 101, 7, 0));
    }

    function test_SettlesTheSameContentOnceItIsCovered() public {
        drainTo(100);
        expectNotCovered(ESCROW + 100, ESCROW + 101);
        _settle(ESCROW + 101, 7, 0);
        fund(client.addr, 1);
        _settle(ESCROW + 101, 7, 0);
        assertEscrow(0, ESCROW + 101, UNLOCK_AT, OPEN);
    }

    /* DEADLINE */

    function test_PaysOneSecondBeforeTheDeadline() public {
        vm.warp(DEADLINE - 1);
        _settle(5, 7, DEADLINE);
        assertTrue(_isUsed(5, 7, DEADLINE));
    }

    function test_PaysAtTheDeadline() public {
        vm.warp(DEADLINE);
        _settle(5, 7, DEADLINE);
        assertTrue(_isUsed(5, 7, DEADLINE));
    }

    function test_RevertWhen_OneSecondPastTheDeadline() public {
        vm.warp(DEADLINE + 1);
        expectExpired(DEADLINE);
        _settle(5, 7, DEADLINE);
    }

    function test_RevertWhen_TheDeadlineIsTheFirstSecondOfTime() public {
        expectExpired(1);
        _settle(5, 7, 1);
    }

    function test_PaysAtAnyTimeWithoutADeadline() public {
        vm.warp(NOW + 365_000 days);
        _settle(5, 7, 0);
        assertTrue(_isUsed(5, 7, 0));
    }

    /* EPOCH */

    function test_RevertWhen_TheEpochIsOneAhead() public {
        epoch = 1;
        expectWrongEpoch(1, 0);
        _settle(5, 7, 0);
    }

    function test_RevertWhen_TheEpochIsOneBehind() public {
        closeByBoth();
        open();
        epoch = 0;
        expectWrongEpoch(0, 1);
        _settle(5, 7, 0);
    }

    function test_RevertGiven_TheEscrowWasRefunded() public {
        closeByBoth();
        expectNoEscrow();
        _settle(5, 7, 0);
    }

    function test_RevertWhen_TheCallerIsNotTheClient() public {
        expectNoEscrow();
        vm.prank(stranger.addr);
        settlement.settleNumberedPayment(server.addr, token, 5, 7, 0, 0);
    }

    /* THE SAME CONTENT AGAIN */

    function test_DoesNothingWhenTheContentWasUsed() public {
        _settle(5, 7, 0);
        _assertDoesNothing(5, 7, 0);
    }

    function test_DoesNothingWhenTheContentWasUsedAndItsDeadlineHasPassed() public {
        _settle(5, 7, DEADLINE);
        vm.warp(DEADLINE + 1);
        _assertDoesNothing(5, 7, DEADLINE);
    }

    function test_DoesNothingWhenTheContentWasUsedInAnEpochThatEnded() public {
        _settle(5, 7, 0);
        closeByBoth();
        epoch = 0;
        _assertDoesNothing(5, 7, 0);
        epoch = 1;
        open();
        epoch = 0;
        _assertDoesNothing(5, 7, 0);
    }

    function test_DoesNothingWhenTheServerSettledTheSignedTransaction() public {
        bytes memory raw = signTransaction(client, transactionOf(5, 7));
        settlement.settleSignedTransaction(raw, false);
        assertTrue(_isUsed(5, 7, 0));
        _assertDoesNothing(5, 7, 0);
    }

    function test_PaysTheSameContentInTheNextEpoch() public {
        _settle(5, 7, 0);
        closeByBoth();
        open();
        _settle(5, 7, 0);
        assertEscrow(ESCROW, 5, UNLOCK_AT, OPEN);
    }

    /* ANOTHER CONTENT */

    function test_PaysAnotherAmountUnderTheSameNonce() public {
        _settle(5, 7, 0);
        _settle(6, 7, 0);
        assertEscrow(ESCROW, 11, UNLOCK_AT, OPEN);
    }

    function test_PaysAnotherDeadlineUnderTheSameNonce() public {
        _settle(5, 7, 0);
        _settle(5, 7, DEADLINE);
        assertEscrow(ESCROW, 10, UNLOCK_AT, OPEN);
    }

    function test_PaysAnotherNonce() public {
        _settle(5, 7, 0);
        _settle(5, 8, 0);
        assertEscrow(ESCROW, 10, UNLOCK_AT, OPEN);
    }

    function test_PaysTheSameContentToAnotherServer() public {
        _settle(5, 7, 0);
        vm.prank(client.addr);
        settlement.settleNumberedPayment(server2.addr, token, 5, 7, 0, 0);
        assertEq(settlement.escrowOf(client.addr, server2.addr, token).settled, 5);
    }

    function test_PaysTheSameContentOfAnotherClient() public {
        _settle(5, 7, 0);
        vm.prank(client2.addr);
        settlement.settleNumberedPayment(server.addr, token, 5, 7, 0, 0);
        assertEq(settlement.escrowOf(client2.addr, server.addr, token).settled, 5);
    }

    /* NONCES OF PAYMENTS */

    function test_UsesNoNonceOfAPayment() public {
        _settle(5, 7, 0);
        assertEq(settlement.nonceWord(escrowId(), 0, 0), 0);
        settle(paymentOf(5, 7));
        assertEscrow(ESCROW, 10, UNLOCK_AT, OPEN);
    }

    function test_PaysGivenAPaymentOfTheSameNonceAndAmountWasSettled() public {
        settle(paymentOf(5, 7));
        _settle(5, 7, 0);
        assertEscrow(ESCROW, 10, UNLOCK_AT, OPEN);
    }

    /* INTERNAL */

    function _settle(uint256 amount, uint64 nonce, uint40 deadline) private {
        vm.prank(client.addr);
        settlement.settleNumberedPayment(server.addr, token, amount, nonce, deadline, epoch);
    }

    function _isUsed(uint256 amount, uint64 nonce, uint40 deadline) private view returns (bool) {
        return settlement.isTransactionUsed(escrowId(), amount, nonce, deadline, epoch);
    }

    function _assertDoesNothing(uint256 amount, uint64 nonce, uint40 deadline) private {
        Books memory expected = books();
        vm.recordLogs();
        _settle(amount, nonce, deadline);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 0, "no event");
        assertBooks(expected);
    }
}
