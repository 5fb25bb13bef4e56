// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {Actor, Vm} from "../helpers/Test.sol";
import {FlashCollectionTest} from "./FlashCollectionTest.sol";
import {FlashItemSignatureTest} from "./FlashItemSignatureTest.sol";
import {FlashMessages} from "./FlashMessages.sol";

contract SettleTabTest is FlashCollectionTest {
    uint64 private _next = 100;

    /* COLLECTION: every case of FlashCollection.tree */

    function entry(uint128 amount) internal override returns (address, bytes memory) {
        IFlashSettlement.Tab memory tab = tabOf(amount, _next++);
        bytes memory signature = sign(client, tab);
        return (relayer, abi.encodeCall(IFlashSettlement.settleTab, (tab, signature)));
    }

    /* TOTAL */

    function test_RevertWhen_TheTotalIsZero() public {
        expectBadTerms(IFlashSettlement.Term.Amount);
        settle(tabOf(0, 1));
    }

    function test_RevertWhen_TheTotalIsOneAboveTheLargest() public {
        expectAmountTooLarge(MAX_AMOUNT + 1, MAX_AMOUNT);
        settle(tabOf(uint128(MAX_AMOUNT) + 1, 1));
    }

    function test_RevertWhen_TheTotalIsTheLargestOfItsType() public {
        expectAmountTooLarge(type(uint128).max, MAX_AMOUNT);
        settle(tabOf(type(uint128).max, 1));
    }

    function test_RevertWhen_WhatIsDueWouldPassTheLargestSettledTotal() public {
        useMintableToken();
        open();
        settle(tabOf(uint128(MAX_AMOUNT) - 10, 1));
        settle(tabOf(10, 2));
        expectAmountTooLarge(1, 0);
        settle(tabOf(11, 2));
    }

    /* CUMULATIVE */

    function test_PaysOnlyWhatIsNew() public {
        settle(tabOf(5, 1));
        settle(tabOf(12, 1));
        assertEscrow(ESCROW, 12, UNLOCK_AT, OPEN);
        _assertLane(1, 12);
    }

    function test_PaysOneUnitMore() public {
        settle(tabOf(5, 1));
        settle(tabOf(6, 1));
        assertEscrow(ESCROW, 6, UNLOCK_AT, OPEN);
    }

    function test_DoesNothingWhenTheTotalIsSettled() public {
        settle(tabOf(5, 1));
        _assertDoesNothing(tabOf(5, 1));
    }

    function test_DoesNothingWhenTheTotalIsOneBelow() public {
        settle(tabOf(5, 1));
        _assertDoesNothing(tabOf(4, 1));
    }

    function test_DoesNothingWhenTheTotalIsSettledAndNothingIsThere() public {
        drainTo(0);
        settle(tabOf(ESCROW, 1));
        _assertDoesNothing(tabOf(ESCROW, 1));
    }

    function test_DoesNothingWhenAnEarlierTabComesLate() public {
        // Tabs subsume one another: whoever relays an old one neither pays twice nor harms.
        settle(tabOf(12, 1));
        _assertDoesNothing(tabOf(5, 1));
        settle(tabOf(13, 1));
        assertEscrow(ESCROW, 13, UNLOCK_AT, OPEN);
    }

    function test_LanesAreIndependent() public {
        settle(tabOf(5, 0));
        settle(tabOf(7, type(uint64).max));
        settle(tabOf(9, 1));
        assertEscrow(ESCROW, 21, UNLOCK_AT, OPEN);
        _assertLane(0, 5);
        _assertLane(type(uint64).max, 7);
        _assertLane(1, 9);
    }

    function test_LanesBeginAtZeroInTheNextEpoch() public {
        settle(tabOf(5, 1));
        closeByBoth();
        open();
        settle(tabOf(5, 1));
        assertEscrow(ESCROW, 5, UNLOCK_AT, OPEN);
    }

    function testFuzz_NeverPaysMoreThanTheHighestTotal(uint8[12] memory totals, uint256 lanes) public {
        uint256[2] memory highest;
        for (uint256 i = 0; i < totals.length; ++i) {
            uint64 lane = uint64((lanes >> i) & 1);
            uint128 total = uint128(totals[i]) + 1;
            settle(tabOf(total, lane));
            if (total > highest[lane]) highest[lane] = total;
            _assertLane(lane, highest[lane]);
            assertEscrow(ESCROW, highest[0] + highest[1], UNLOCK_AT, OPEN);
        }
    }

    /* COVER */

    function test_PaysWhatIsThereAndTheRestLater() public {
        drainTo(100);
        expectSettled(100, ESCROW);
        settle(tabOf(ESCROW + 101, 1));
        _assertLane(1, ESCROW + 100);
        fund(client.addr, 5);
        expectSettled(1, 0);
        settle(tabOf(ESCROW + 101, 1));
        _assertLane(1, ESCROW + 101);
        assertEq(USDC.balanceOf(client.addr), 4);
    }

    function test_PaysWhatTheEscrowHoldsGivenTheWalletRefuses() public {
        vm.prank(USDC_PAUSER);
        USDC.pause();
        expectSettled(0, ESCROW);
        settle(tabOf(ESCROW + 101, 1));
        _assertLane(1, ESCROW);
    }

    function test_RevertGiven_NothingIsThere() public {
        drainTo(0);
        settle(tabOf(ESCROW, 1));
        expectNotCovered(0, 1);
        settle(tabOf(ESCROW + 1, 1));
        _assertLane(1, ESCROW);
    }

    /* DEADLINE */

    function test_SettlesOneSecondBeforeTheDeadline() public {
        _settleAt(DEADLINE - 1);
        _assertLane(1, 5);
    }

    function test_SettlesAtTheDeadline() public {
        _settleAt(DEADLINE);
        _assertLane(1, 5);
    }

    function test_RevertWhen_OneSecondPastTheDeadline() public {
        vm.warp(DEADLINE + 1);
        expectExpired(DEADLINE);
        _settleAt(DEADLINE + 1);
    }

    function test_RevertWhen_NothingIsDueAndTheDeadlineHasPassed() public {
        _settleAt(DEADLINE);
        vm.warp(DEADLINE + 1);
        expectExpired(DEADLINE);
        _settleAt(DEADLINE + 1);
    }

    function test_SettlesAtAnyTimeWithoutADeadline() public {
        vm.warp(NOW + 365_000 days);
        settle(tabOf(5, 1));
        _assertLane(1, 5);
    }

    /* EPOCH */

    function test_RevertWhen_TheEpochIsOneAhead() public {
        epoch = 1;
        expectWrongEpoch(1, 0);
        settle(tabOf(5, 1));
    }

    function test_RevertWhen_TheEpochIsOneBehind() public {
        closeByBoth();
        open();
        epoch = 0;
        expectWrongEpoch(0, 1);
        settle(tabOf(5, 1));
    }

    function test_RevertGiven_TheEscrowWasRefunded() public {
        closeByBoth();
        expectNoEscrow();
        settle(tabOf(5, 1));
    }

    /* WHO */

    function test_TheClientSettlesItsOwnTab() public {
        _settleAs(client.addr);
    }

    function test_TheServerSettles() public {
        _settleAs(server.addr);
    }

    function test_AStrangerSettles() public {
        _settleAs(stranger.addr);
    }

    /* EFFECTS */

    function test_UsesNoNonceOfAPayment() public {
        settle(tabOf(5, 1));
        assertEq(settlement.nonceWord(escrowId(), 0, 0), 0);
        settle(paymentOf(5, 1));
        assertEscrow(ESCROW, 10, UNLOCK_AT, OPEN);
    }

    /* INTERNAL */

    function _assertLane(uint64 lane, uint256 settled) private view {
        assertEq(settlement.tabSettled(escrowId(), epoch, lane), settled, "lane");
    }

    function _settleAt(uint40 time) private {
        IFlashSettlement.Tab memory tab = tabOf(5, 1);
        tab.deadline = DEADLINE;
        vm.warp(time);
        settle(tab);
    }

    function _settleAs(address caller) private {
        IFlashSettlement.Tab memory tab = tabOf(5, 1);
        bytes memory signature = sign(client, tab);
        Books memory expected = books();
        vm.prank(caller);
        settlement.settleTab(tab, signature);
        expected.client -= 5;
        expected.server += 5;
        expected.settled += 5;
        assertBooks(expected);
    }

    function _assertDoesNothing(IFlashSettlement.Tab memory tab) private {
        Books memory expected = books();
        uint256 lane = settlement.tabSettled(escrowId(), epoch, tab.lane);
        vm.recordLogs();
        settle(tab);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 0, "no event");
        assertBooks(expected);
        _assertLane(tab.lane, lane);
    }
}

contract TabSignatureTest is FlashItemSignatureTest {
    using FlashMessages for *;

    IFlashSettlement.Tab private tab;
    Books private start;

    function setUp() public override {
        super.setUp();
        openWithSigner();
        openOthers();
        tab = tabOf(5, 7);
        start = books();
    }

    /* SIGNATURE: every case of FlashSignature.tree */

    function owner() internal view override returns (Actor memory) {
        return signer;
    }

    function structHash() internal view override returns (bytes32) {
        return tab.hash();
    }

    function submit(bytes memory signature) internal override {
        vm.prank(relayer);
        settlement.settleTab(tab, signature);
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.client -= 5;
        expected.server += 5;
        expected.settled += 5;
        assertBooks(expected);
        assertEq(settlement.tabSettled(escrowId(), 0, 7), 5);
    }

    function assertNothingDone() internal view override {
        assertBooks(start);
        assertEq(settlement.tabSettled(escrowId(), 0, 7), 0);
    }

    /* SIGNERS */

    function test_RevertWhen_TheClientSignedButTheTermsNameASigner() public {
        refuses(sign(client, tab));
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_RevertWhen_TheClientIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        tab.client = client2.addr;
        expectBadSignature(client2.addr);
        submit(signature);
    }

    function test_RevertWhen_TheServerIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        tab.server = server2.addr;
        expectBadSignature(client.addr);
        submit(signature);
    }

    function test_RevertWhen_TheTokenIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        useMintableToken();
        openWithSigner();
        tab.token = token;
        expectBadSignature(signer.addr);
        submit(signature);
    }

    function test_RevertWhen_TheTotalIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        tab.total = 6;
        refuses(signature);
    }

    function test_RevertWhen_TheLaneIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        tab.lane = 8;
        refuses(signature);
    }

    function test_RevertWhen_TheDeadlineIsNotTheOneSigned() public {
        tab.deadline = DEADLINE;
        bytes memory signature = ownersSignature();
        tab.deadline = 0;
        refuses(signature);
    }

    function test_RevertWhen_TheEpochIsNotTheOneSigned() public {
        tab.epoch = 1;
        bytes memory signature = ownersSignature();
        tab.epoch = 0;
        refuses(signature);
    }

    function test_RevertWhen_APaymentOfTheSameValuesIsSigned() public {
        refuses(sign(signer, paymentOf(5, 7)));
    }
}
