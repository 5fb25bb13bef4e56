// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {BoundedToken} from "../../contracts/libraries/BoundedToken.sol";
import {Vm} from "../helpers/Test.sol";
import {FalseReturningToken} from "../mocks/FalseReturningToken.sol";
import {FlashCollectionTest} from "./FlashCollectionTest.sol";
import {FlashMessages} from "./FlashMessages.sol";
import {FlashTest} from "./FlashTest.sol";

contract BatchOfPaymentsTest is FlashCollectionTest {
    uint64 private _next;

    /* COLLECTION: every case of FlashCollection.tree */

    function entry(uint128 amount) internal override returns (address, bytes memory) {
        IFlashSettlement.Group[] memory groups = new IFlashSettlement.Group[](1);
        groups[0] = groupOf(paymentOf(amount, _next++));
        return (server.addr, abi.encodeCall(IFlashSettlement.settleBatch, (groups, false)));
    }
}

contract BatchOfTabsTest is FlashCollectionTest {
    uint64 private _next;

    /* COLLECTION: every case of FlashCollection.tree */

    function entry(uint128 amount) internal override returns (address, bytes memory) {
        IFlashSettlement.Group[] memory groups = new IFlashSettlement.Group[](1);
        groups[0] = groupOf(tabOf(amount, _next++));
        return (relayer, abi.encodeCall(IFlashSettlement.settleBatch, (groups, false)));
    }
}

contract BatchOfManyItemsTest is FlashCollectionTest {
    uint64 private _next;

    /* COLLECTION: every case of FlashCollection.tree */

    /// @dev As many of three payments and two tabs as the amount can be split into.
    function entry(uint128 amount) internal override returns (address, bytes memory) {
        uint256 count = amount < 5 ? amount : 5;
        uint256 payments = count < 3 ? count : 3;
        IFlashSettlement.Group[] memory groups = new IFlashSettlement.Group[](1);
        groups[0] = groupOf(payments, count - payments);
        uint128 left = amount;
        for (uint256 i = 0; i < count; ++i) {
            uint128 part = i + 1 == count ? left : uint128(amount / count);
            left -= part;
            // Nonces of every other word.
            if (i < payments) groups[0].payments[i] = itemOf(client, paymentOf(part, 300 * _next++));
            else groups[0].tabs[i - payments] = itemOf(client, tabOf(part, _next++));
        }
        return (server.addr, abi.encodeCall(IFlashSettlement.settleBatch, (groups, false)));
    }
}

contract SettleBatchTest is FlashTest {
    using FlashMessages for *;

    function setUp() public override {
        super.setUp();
        open();
        openOthers();
    }

    /* ITEMS THAT ARE SKIPPED */

    function test_SkipsAPaymentOfZero() public {
        _skips(groupOf(paymentOf(0, 1)), IFlashSettlement.Skip.Malformed);
    }

    function test_SkipsATabOfZero() public {
        _skips(groupOf(tabOf(0, 1)), IFlashSettlement.Skip.Malformed);
    }

    function test_SkipsAPaymentWithAnyLowBit() public {
        for (uint256 bit = 0; bit < 24; ++bit) {
            IFlashSettlement.Group memory group = groupOf(paymentOf(5, 1));
            group.payments[0].head |= 1 << bit;
            _skips(group, IFlashSettlement.Skip.Malformed);
        }
    }

    function test_SkipsATabWithAnyLowBit() public {
        for (uint256 bit = 0; bit < 24; ++bit) {
            IFlashSettlement.Group memory group = groupOf(tabOf(5, 1));
            group.tabs[0].head |= 1 << bit;
            _skips(group, IFlashSettlement.Skip.Malformed);
        }
    }

    function test_SkipsAPaymentOneSecondPastItsDeadline() public {
        IFlashSettlement.Payment memory payment = paymentOf(5, 1);
        payment.deadline = DEADLINE;
        vm.warp(DEADLINE + 1);
        _skips(groupOf(payment), IFlashSettlement.Skip.Expired);
    }

    function test_SettlesAPaymentAtItsDeadline() public {
        IFlashSettlement.Payment memory payment = paymentOf(5, 1);
        payment.deadline = DEADLINE;
        vm.warp(DEADLINE);
        _settles(groupOf(payment), 5, 0);
    }

    function test_SettlesAPaymentOneSecondBeforeItsDeadline() public {
        IFlashSettlement.Payment memory payment = paymentOf(5, 1);
        payment.deadline = DEADLINE;
        vm.warp(DEADLINE - 1);
        _settles(groupOf(payment), 5, 0);
    }

    function test_SkipsATabOneSecondPastItsDeadline() public {
        IFlashSettlement.Tab memory tab = tabOf(5, 1);
        tab.deadline = DEADLINE;
        vm.warp(DEADLINE + 1);
        _skips(groupOf(tab), IFlashSettlement.Skip.Expired);
    }

    function test_SettlesATabAtItsDeadline() public {
        IFlashSettlement.Tab memory tab = tabOf(5, 1);
        tab.deadline = DEADLINE;
        vm.warp(DEADLINE);
        _settles(groupOf(tab), 5, 0);
    }

    function test_SkipsAPaymentThatAnotherKeySigned() public {
        IFlashSettlement.Group memory group = groupOf(1, 0);
        group.payments[0] = itemOf(stranger, paymentOf(5, 1));
        _skips(group, IFlashSettlement.Skip.BadSignature);
    }

    function test_SkipsATabThatAnotherKeySigned() public {
        IFlashSettlement.Group memory group = groupOf(0, 1);
        group.tabs[0] = itemOf(server, tabOf(5, 1));
        _skips(group, IFlashSettlement.Skip.BadSignature);
    }

    function test_SkipsAnItemThatTheClientSignedButTheTermsNameASigner() public {
        closeByBoth();
        openWithSigner();
        _skips(groupOf(paymentOf(5, 1)), IFlashSettlement.Skip.BadSignature);
        IFlashSettlement.Group memory group = groupOf(1, 0);
        group.payments[0] = itemOf(signer, paymentOf(5, 1));
        _settles(group, 5, 0);
    }

    function test_SkipsAnItemWithASignatureOfZeros() public {
        IFlashSettlement.Group memory group = groupOf(paymentOf(5, 1));
        (group.payments[0].r, group.payments[0].vs) = (0, 0);
        _skips(group, IFlashSettlement.Skip.BadSignature);
    }

    function test_SkipsAnItemWithTheOtherRecoveryBit() public {
        IFlashSettlement.Group memory group = groupOf(paymentOf(5, 1));
        group.payments[0].vs ^= bytes32(uint256(1) << 255);
        _skips(group, IFlashSettlement.Skip.BadSignature);
    }

    function test_SkipsAPaymentThatStandsAmongTheTabs() public {
        IFlashSettlement.Group memory group = groupOf(0, 1);
        group.tabs[0] = itemOf(client, paymentOf(5, 1));
        _skips(group, IFlashSettlement.Skip.BadSignature);
    }

    function test_SkipsATabThatStandsAmongThePayments() public {
        IFlashSettlement.Group memory group = groupOf(1, 0);
        group.payments[0] = itemOf(client, tabOf(5, 1));
        _skips(group, IFlashSettlement.Skip.BadSignature);
    }

    function test_SkipsAnItemOfAnotherEpoch() public {
        IFlashSettlement.Group memory group = groupOf(paymentOf(5, 1));
        closeByBoth();
        open();
        _skips(group, IFlashSettlement.Skip.BadSignature);
    }

    function test_SkipsAnItemForAnotherServer() public {
        IFlashSettlement.Payment memory payment = paymentOf(5, 1);
        payment.server = server2.addr;
        _skips(groupOf(payment), IFlashSettlement.Skip.BadSignature);
    }

    function test_SkipsAnItemOfAnotherClient() public {
        IFlashSettlement.Payment memory payment = paymentOf(5, 1);
        payment.client = client2.addr;
        _skips(groupOf(payment), IFlashSettlement.Skip.BadSignature);
    }

    function test_SkipsAnItemInAnotherToken() public {
        IFlashSettlement.Payment memory payment = paymentOf(5, 1);
        payment.token = address(settlement);
        _skips(groupOf(payment), IFlashSettlement.Skip.BadSignature);
    }

    function test_SkipsAnItemForAnotherChain() public {
        signedChainId = 1;
        _skips(groupOf(paymentOf(5, 1)), IFlashSettlement.Skip.BadSignature);
    }

    function test_SkipsAnItemForAnotherContract() public {
        signedContract = deploySettlement();
        _skips(groupOf(tabOf(5, 1)), IFlashSettlement.Skip.BadSignature);
    }

    function test_SkipsAnItemWhoseAmountIsNotTheOneSigned() public {
        _skipsChangedHead(headOf(6, 1, DEADLINE));
    }

    function test_SkipsAnItemWhoseNonceIsNotTheOneSigned() public {
        _skipsChangedHead(headOf(5, 2, DEADLINE));
    }

    function test_SkipsAnItemWhoseDeadlineIsNotTheOneSigned() public {
        _skipsChangedHead(headOf(5, 1, 0));
    }

    function test_SkipsAPaymentThatWasSettled() public {
        settle(paymentOf(5, 1));
        _skips(groupOf(paymentOf(5, 1)), IFlashSettlement.Skip.Used);
    }

    function test_SkipsAnotherPaymentOfAUsedNonce() public {
        settle(paymentOf(5, 1));
        _skips(groupOf(paymentOf(6, 1)), IFlashSettlement.Skip.Used);
    }

    function test_SkipsTheSamePaymentTheSecondTimeInOneGroup() public {
        IFlashSettlement.Group memory group = groupOf(2, 0);
        group.payments[0] = group.payments[1] = itemOf(client, paymentOf(5, 1));
        _settlesAndSkips(group, 5, 0, group.payments[1].head, IFlashSettlement.Skip.Used);
    }

    function test_SkipsAnotherPaymentOfOneNonceInOneGroup() public {
        IFlashSettlement.Group memory group = groupOf(2, 0);
        group.payments[0] = itemOf(client, paymentOf(5, 1));
        group.payments[1] = itemOf(client, paymentOf(6, 1));
        _settlesAndSkips(group, 5, 0, group.payments[1].head, IFlashSettlement.Skip.Used);
    }

    function test_SkipsATabThatWasSettled() public {
        settle(tabOf(5, 1));
        _skips(groupOf(tabOf(5, 1)), IFlashSettlement.Skip.Used);
    }

    function test_SkipsATabBelowWhatWasSettled() public {
        settle(tabOf(5, 1));
        _skips(groupOf(tabOf(4, 1)), IFlashSettlement.Skip.Used);
    }

    function test_SkipsALowerTabOfOneLaneInOneGroup() public {
        IFlashSettlement.Group memory group = groupOf(0, 2);
        group.tabs[0] = itemOf(client, tabOf(5, 1));
        group.tabs[1] = itemOf(client, tabOf(4, 1));
        _settlesAndSkips(group, 5, 0, group.tabs[1].head, IFlashSettlement.Skip.Used);
    }

    function test_SkipsAPaymentThatIsNotCovered() public {
        drainTo(100);
        _skips(groupOf(paymentOf(ESCROW + 101, 1)), IFlashSettlement.Skip.NotCovered);
    }

    function test_SkipsAPaymentAboveTheLargestAmount() public {
        _skips(groupOf(paymentOf(uint128(MAX_AMOUNT) + 1, 1)), IFlashSettlement.Skip.NotCovered);
    }

    function test_SkipsAPaymentThatWouldPassTheLargestTotal() public {
        useMintableToken();
        open();
        settle(paymentOf(uint128(MAX_AMOUNT) - 10, 1));
        _skips(groupOf(paymentOf(11, 2)), IFlashSettlement.Skip.NotCovered);
        _settles(groupOf(paymentOf(10, 2)), 10, 0);
        _skips(groupOf(paymentOf(1, 3)), IFlashSettlement.Skip.NotCovered);
        _skips(groupOf(tabOf(1, 3)), IFlashSettlement.Skip.NotCovered);
    }

    function test_SkipsATabGivenNothingIsThere() public {
        drainTo(0);
        settle(paymentOf(ESCROW, 1));
        _skips(groupOf(tabOf(5, 1)), IFlashSettlement.Skip.NotCovered);
    }

    function test_SkipsItemsGivenNoEscrow() public {
        IFlashSettlement.Group memory group = groupOf(1, 1);
        group.payments[0] = itemOf(client, paymentOf(5, 1));
        group.tabs[0] = itemOf(client, tabOf(6, 1));
        closeByBoth();
        Books memory expected = books();
        expectSkipped(group.payments[0].head, IFlashSettlement.Skip.NoEscrow);
        expectSkipped(group.tabs[0].head, IFlashSettlement.Skip.NoEscrow);
        settleBatch(group, false);
        assertBooks(expected);
    }

    function test_SkipCodesAreThoseOfTheScheme() public pure {
        assertEq(uint8(IFlashSettlement.Skip.Malformed), 1);
        assertEq(uint8(IFlashSettlement.Skip.Expired), 2);
        assertEq(uint8(IFlashSettlement.Skip.BadSignature), 3);
        assertEq(uint8(IFlashSettlement.Skip.Used), 4);
        assertEq(uint8(IFlashSettlement.Skip.NotCovered), 5);
        assertEq(uint8(IFlashSettlement.Skip.NotServer), 6);
        assertEq(uint8(IFlashSettlement.Skip.NoEscrow), 7);
    }

    /* WHO */

    function test_SkipsPaymentsWhenAStrangerCalls() public {
        _skipsPaymentAndSettlesTab(stranger.addr);
    }

    function test_SkipsPaymentsWhenTheClientCalls() public {
        _skipsPaymentAndSettlesTab(client.addr);
    }

    function test_SkipsPaymentsWhenAnotherServerCalls() public {
        _skipsPaymentAndSettlesTab(server2.addr);
    }

    function test_SkipsPaymentsWhenTheSettlersEndHasPassed() public {
        nameSettler(settler.addr, NOW + 10);
        vm.warp(NOW + 11);
        _skipsPaymentAndSettlesTab(settler.addr);
    }

    function test_SettlesPaymentsWhenASettlerCallsAtItsEnd() public {
        nameSettler(settler.addr, NOW + 10);
        vm.warp(NOW + 10);
        IFlashSettlement.Group memory group = groupOf(paymentOf(5, 1));
        settleBatchAs(settler.addr, group, false);
        assertEscrow(ESCROW, 5, UNLOCK_AT, OPEN);
    }

    function test_SkipsPaymentsOfTheServersThatDidNotNameTheSettler() public {
        nameSettler(settler.addr, DEADLINE);
        IFlashSettlement.Payment memory payment = paymentOf(5, 1);
        payment.server = server2.addr;
        IFlashSettlement.Group[] memory groups = new IFlashSettlement.Group[](2);
        groups[0] = groupOf(payment);
        groups[0].server = server2.addr;
        groups[1] = groupOf(paymentOf(6, 1));
        expectEvent();
        emit IFlashSettlement.RowSkipped(
            keccak256(abi.encode(client.addr, server2.addr, token)),
            groups[0].payments[0].head,
            IFlashSettlement.Skip.NotServer
        );
        expectSettled(6, 0);
        vm.prank(settler.addr);
        settlement.settleBatch(groups, false);
    }

    /* WHAT IS LOOKED AT FIRST */

    function test_AMalformedItemIsMalformedWhoeverCallsAndWhenever() public {
        IFlashSettlement.Payment memory payment = paymentOf(5, 1);
        payment.deadline = 1;
        IFlashSettlement.Group memory group = groupOf(payment);
        group.payments[0].head |= 1;
        expectSkipped(group.payments[0].head, IFlashSettlement.Skip.Malformed);
        settleBatchAs(stranger.addr, group, false);
    }

    function test_AnExpiredItemIsExpiredWhoeverCalls() public {
        IFlashSettlement.Payment memory payment = paymentOf(5, 1);
        payment.deadline = 1;
        IFlashSettlement.Group memory group = groupOf(payment);
        expectSkipped(group.payments[0].head, IFlashSettlement.Skip.Expired);
        settleBatchAs(stranger.addr, group, false);
    }

    function test_ABadSignatureIsOneEvenOfAUsedNonce() public {
        settle(paymentOf(5, 1));
        IFlashSettlement.Group memory group = groupOf(1, 0);
        group.payments[0] = itemOf(stranger, paymentOf(5, 1));
        _skips(group, IFlashSettlement.Skip.BadSignature);
    }

    function test_AUsedNonceIsUsedEvenGivenNothingIsThere() public {
        drainTo(0);
        settle(paymentOf(ESCROW, 1));
        _skips(groupOf(paymentOf(5, 1)), IFlashSettlement.Skip.Used);
    }

    /* ONE BAD ITEM CHANGES NO OTHER */

    function test_EachBadItemLeavesTheOthersAlone() public {
        settle(paymentOf(1, 50));
        settle(tabOf(3, 9));
        IFlashSettlement.Group memory group = groupOf(8, 4);
        group.payments[0] = itemOf(client, paymentOf(10, 1));
        group.payments[1] = itemOf(client, paymentOf(0, 2));
        group.payments[2] = itemOf(client, paymentOf(11, 3));
        group.payments[3] = itemOf(stranger, paymentOf(12, 4));
        group.payments[4] = itemOf(client, paymentOf(1, 50));
        IFlashSettlement.Payment memory expired = paymentOf(13, 5);
        expired.deadline = NOW - 1;
        group.payments[5] = itemOf(client, expired);
        group.payments[6] = itemOf(client, paymentOf(type(uint128).max, 6));
        group.payments[7] = itemOf(client, paymentOf(14, 7));
        group.tabs[0] = itemOf(client, tabOf(3, 9));
        group.tabs[1] = itemOf(stranger, tabOf(99, 9));
        group.tabs[2] = itemOf(client, tabOf(23, 9));
        group.tabs[3] = itemOf(client, tabOf(30, 10));
        expectSettled(10 + 11 + 14 + 20 + 30, 0);
        expectSkipped(group.payments[1].head, IFlashSettlement.Skip.Malformed);
        expectSkipped(group.payments[3].head, IFlashSettlement.Skip.BadSignature);
        expectSkipped(group.payments[4].head, IFlashSettlement.Skip.Used);
        expectSkipped(group.payments[5].head, IFlashSettlement.Skip.Expired);
        expectSkipped(group.payments[6].head, IFlashSettlement.Skip.NotCovered);
        expectSkipped(group.tabs[0].head, IFlashSettlement.Skip.Used);
        expectSkipped(group.tabs[1].head, IFlashSettlement.Skip.BadSignature);
        settleBatch(group, false);
        assertEq(settlement.nonceWord(escrowId(), 0, 0), (1 << 1) | (1 << 3) | (1 << 7) | (1 << 50));
        _assertLane(9, 23);
        _assertLane(10, 30);
        assertEscrow(ESCROW, 4 + 85, UNLOCK_AT, OPEN);
    }

    function test_EmitsNothingMoreThanTheSumWhenNothingIsSkipped() public {
        IFlashSettlement.Group memory group = groupOf(2, 1);
        group.payments[0] = itemOf(client, paymentOf(5, 1));
        group.payments[1] = itemOf(client, paymentOf(6, 2));
        group.tabs[0] = itemOf(client, tabOf(7, 1));
        vm.recordLogs();
        settleBatch(group, false);
        assertEq(_ownLogs(), 1);
        assertEscrow(ESCROW, 18, UNLOCK_AT, OPEN);
    }

    function test_EmitsAndMovesNothingForAnEmptyGroup() public {
        Books memory expected = books();
        vm.recordLogs();
        settleBatch(groupOf(0, 0), false);
        assertEq(_ownLogs(), 0);
        assertBooks(expected);
    }

    function test_TakesABatchWithoutGroups() public {
        vm.recordLogs();
        settlement.settleBatch(new IFlashSettlement.Group[](0), true);
        assertEq(_ownLogs(), 0);
    }

    /* COVER */

    function test_SkipsWhatIsNotCoveredAndTriesTheNext() public {
        drainTo(100);
        IFlashSettlement.Group memory group = groupOf(3, 0);
        group.payments[0] = itemOf(client, paymentOf(ESCROW, 1));
        group.payments[1] = itemOf(client, paymentOf(101, 2));
        group.payments[2] = itemOf(client, paymentOf(100, 3));
        _settlesAndSkips(group, 100, ESCROW, group.payments[1].head, IFlashSettlement.Skip.NotCovered);
        assertEq(settlement.nonceWord(escrowId(), 0, 0), (1 << 1) | (1 << 3));
    }

    function test_PaysThePartOfATabThatIsCovered() public {
        drainTo(100);
        IFlashSettlement.Group memory group = groupOf(1, 2);
        group.payments[0] = itemOf(client, paymentOf(ESCROW, 1));
        group.tabs[0] = itemOf(client, tabOf(150, 1));
        group.tabs[1] = itemOf(client, tabOf(5, 2));
        _settlesAndSkips(group, 100, ESCROW, group.tabs[1].head, IFlashSettlement.Skip.NotCovered);
        _assertLane(1, 100);
        _assertLane(2, 0);
    }

    function test_TakesWhatIsThereOfAPaymentAndGivesUpTheRest() public {
        drainTo(100);
        IFlashSettlement.Group memory group = groupOf(2, 0);
        group.payments[0] = itemOf(client, paymentOf(ESCROW, 1));
        group.payments[1] = itemOf(client, paymentOf(101, 2));
        expectSettled(100, ESCROW);
        settleBatch(group, true);
        assertEq(settlement.nonceWord(escrowId(), 0, 0), (1 << 1) | (1 << 2));
    }

    function test_ConsumesNothingOnceNothingIsLeftEvenInPart() public {
        drainTo(100);
        IFlashSettlement.Group memory group = groupOf(2, 1);
        group.payments[0] = itemOf(client, paymentOf(ESCROW + 200, 1));
        group.payments[1] = itemOf(client, paymentOf(1, 2));
        group.tabs[0] = itemOf(client, tabOf(1, 1));
        expectSettled(100, ESCROW);
        expectSkipped(group.payments[1].head, IFlashSettlement.Skip.NotCovered);
        expectSkipped(group.tabs[0].head, IFlashSettlement.Skip.NotCovered);
        settleBatch(group, true);
        assertEq(settlement.nonceWord(escrowId(), 0, 0), 1 << 1);
        _assertLane(1, 0);
    }

    function test_ASettlerTakesAPart() public {
        nameSettler(settler.addr, DEADLINE);
        drainTo(0);
        settleBatchAs(settler.addr, groupOf(paymentOf(ESCROW + 1, 1)), true);
        assertEscrow(0, ESCROW, UNLOCK_AT, OPEN);
    }

    function test_AStrangerTakesNoPart() public {
        IFlashSettlement.Group memory group = groupOf(paymentOf(ESCROW + 1, 1));
        drainTo(0);
        expectSkipped(group.payments[0].head, IFlashSettlement.Skip.NotServer);
        settleBatchAs(stranger.addr, group, true);
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
    }

    function test_TakesNoPartOfAMalformedPayment() public {
        IFlashSettlement.Group memory group = groupOf(paymentOf(0, 1));
        expectSkipped(group.payments[0].head, IFlashSettlement.Skip.Malformed);
        settleBatch(group, true);
    }

    /* WHEN THE PULL FAILS */

    function test_ChoosesAnewFromTheEscrowAlone() public {
        _pause();
        IFlashSettlement.Group memory group = groupOf(3, 2);
        group.payments[0] = itemOf(client, paymentOf(ESCROW - 100, 1));
        group.payments[1] = itemOf(client, paymentOf(101, 2));
        group.payments[2] = itemOf(client, paymentOf(60, 300));
        group.tabs[0] = itemOf(client, tabOf(30, 1));
        group.tabs[1] = itemOf(client, tabOf(30, 2));
        expectSettled(0, ESCROW);
        expectSkipped(group.payments[1].head, IFlashSettlement.Skip.NotCovered);
        settleBatch(group, false);
        assertEq(settlement.nonceWord(escrowId(), 0, 0), 1 << 1);
        assertEq(settlement.nonceWord(escrowId(), 0, 1), 1 << (300 - 256));
        _assertLane(1, 30);
        _assertLane(2, 10);
        assertEscrow(0, ESCROW, UNLOCK_AT, OPEN);
        assertEq(settlement.creditOf(server.addr, token), ESCROW);
    }

    function test_TakesBackTheMarksOfWhatIsNotPaid() public {
        settle(tabOf(7, 1));
        settle(paymentOf(8, 255));
        drainTo(2 * ESCROW);
        settle(paymentOf(ESCROW + 1, 3));
        allow(0);
        settle(paymentOf(ESCROW, 4));
        allow(FUNDS);
        _pause();
        IFlashSettlement.Group memory group = groupOf(2, 1);
        group.payments[0] = itemOf(client, paymentOf(5, 1));
        group.payments[1] = itemOf(client, paymentOf(5, 256));
        group.tabs[0] = itemOf(client, tabOf(9, 1));
        Books memory expected = books();
        expectSkipped(group.payments[0].head, IFlashSettlement.Skip.NotCovered);
        expectSkipped(group.payments[1].head, IFlashSettlement.Skip.NotCovered);
        expectSkipped(group.tabs[0].head, IFlashSettlement.Skip.NotCovered);
        settleBatch(group, true);
        assertBooks(expected);
        assertEq(settlement.nonceWord(escrowId(), 0, 0), (1 << 255) | (1 << 3) | (1 << 4));
        assertEq(settlement.nonceWord(escrowId(), 0, 1), 0);
        _assertLane(1, 7);
    }

    function test_KeepsTheReasonsThatHaveNothingToDoWithTheWallet() public {
        settle(paymentOf(1, 50));
        _pause();
        IFlashSettlement.Payment memory expired = paymentOf(13, 5);
        expired.deadline = NOW - 1;
        IFlashSettlement.Group memory group = groupOf(5, 1);
        group.payments[0] = itemOf(client, paymentOf(0, 2));
        group.payments[1] = itemOf(client, expired);
        group.payments[2] = itemOf(stranger, paymentOf(12, 4));
        group.payments[3] = itemOf(client, paymentOf(1, 50));
        group.payments[4] = itemOf(client, paymentOf(20, 6));
        group.tabs[0] = itemOf(stranger, tabOf(20, 6));
        expectSettled(0, 20);
        expectSkipped(group.payments[0].head, IFlashSettlement.Skip.Malformed);
        expectSkipped(group.payments[1].head, IFlashSettlement.Skip.Expired);
        expectSkipped(group.payments[2].head, IFlashSettlement.Skip.BadSignature);
        expectSkipped(group.payments[3].head, IFlashSettlement.Skip.Used);
        expectSkipped(group.tabs[0].head, IFlashSettlement.Skip.BadSignature);
        settleBatch(group, false);
    }

    function test_LooksAgainAtWhatWasNotCoveredTheFirstTime() public {
        // With the wallet the first payment leaves too little for the second; without it, the first itself is not covered.
        drainTo(500);
        _pause();
        IFlashSettlement.Group memory group = groupOf(2, 0);
        group.payments[0] = itemOf(client, paymentOf(ESCROW + 100, 1));
        group.payments[1] = itemOf(client, paymentOf(ESCROW, 2));
        expectSettled(0, ESCROW);
        expectSkipped(group.payments[0].head, IFlashSettlement.Skip.NotCovered);
        settleBatch(group, false);
        assertEq(settlement.nonceWord(escrowId(), 0, 0), 1 << 2);
    }

    function test_TakesAPartAnewFromTheEscrowAlone() public {
        drainTo(500);
        _pause();
        IFlashSettlement.Group memory group = groupOf(2, 0);
        group.payments[0] = itemOf(client, paymentOf(ESCROW - 1, 1));
        group.payments[1] = itemOf(client, paymentOf(400, 2));
        expectSettled(0, ESCROW);
        settleBatch(group, true);
        assertEq(settlement.nonceWord(escrowId(), 0, 0), (1 << 1) | (1 << 2));
    }

    function test_TwoTabsOfOneLaneAreTakenBackTogether() public {
        _pause();
        IFlashSettlement.Group memory group = groupOf(0, 2);
        group.tabs[0] = itemOf(client, tabOf(30, 1));
        group.tabs[1] = itemOf(client, tabOf(50, 1));
        expectSettled(0, 50);
        settleBatch(group, false);
        _assertLane(1, 50);
    }

    function test_PullsNothingASecondTime() public {
        _pause();
        IFlashSettlement.Group memory group = groupOf(2, 0);
        group.payments[0] = itemOf(client, paymentOf(5, 1));
        group.payments[1] = itemOf(client, paymentOf(6, 2));
        vm.expectCall(token, abi.encodeWithSelector(IERC20.transferFrom.selector), 1);
        settleBatch(group, false);
    }

    /* ONE PULL FOR A GROUP */

    function test_PullsTheSumOnce() public {
        IFlashSettlement.Group memory group = groupOf(3, 2);
        for (uint64 i = 0; i < 3; ++i) group.payments[i] = itemOf(client, paymentOf(10 + i, i));
        for (uint64 i = 0; i < 2; ++i) group.tabs[i] = itemOf(client, tabOf(20 + i, i));
        vm.expectCall(token, abi.encodeWithSelector(IERC20.transferFrom.selector), 1);
        vm.expectCall(token, abi.encodeCall(IERC20.transferFrom, (client.addr, server.addr, 74)), 1);
        settleBatch(group, false);
        assertEscrow(ESCROW, 74, UNLOCK_AT, OPEN);
    }

    function test_SettlesAHundredPaymentsOfDenseNonces() public {
        IFlashSettlement.Group memory group = groupOf(100, 0);
        for (uint64 i = 0; i < 100; ++i) group.payments[i] = itemOf(client, paymentOf(3, 200 + i));
        _settles(group, 300, 0);
        assertEq(settlement.nonceWord(escrowId(), 0, 0), type(uint256).max << 200);
        assertEq(settlement.nonceWord(escrowId(), 0, 1), (1 << 44) - 1);
    }

    function test_SettlesNoncesOfWordsThatAlternate() public {
        uint64[7] memory nonces = [uint64(0), 256, 1, 257, 2, type(uint64).max, 258];
        IFlashSettlement.Group memory group = groupOf(7, 0);
        for (uint256 i = 0; i < 7; ++i) group.payments[i] = itemOf(client, paymentOf(1, nonces[i]));
        _settles(group, 7, 0);
        assertEq(settlement.nonceWord(escrowId(), 0, 0), 7);
        assertEq(settlement.nonceWord(escrowId(), 0, 1), 7);
        assertEq(settlement.nonceWord(escrowId(), 0, type(uint56).max), 1 << 255);
        // And none of them a second time.
        expectSkipped(group.payments[0].head, IFlashSettlement.Skip.Used);
        expectSkipped(group.payments[6].head, IFlashSettlement.Skip.Used);
        settleBatch(group, false);
        assertEscrow(ESCROW, 7, UNLOCK_AT, OPEN);
    }

    /* MANY GROUPS */

    function test_SettlesGroupsOfManyEscrows() public {
        (IFlashSettlement.Group[] memory groups, Books memory expected) = _threeGroups();
        vm.prank(server.addr);
        settlement.settleBatch(groups, false);
        expected.client -= 5 + 7;
        expected.client2 -= 7;
        expected.server += 5 + 7;
        expected.server2 += 7;
        expected.settled += 5;
        expected.settledWithServer2 += 7;
        expected.settledOfClient2 += 7;
        assertBooks(expected);
    }

    function test_ABadGroupLeavesTheOthersAlone() public {
        FalseReturningToken liar = new FalseReturningToken();
        address usdc = token;
        useToken(liar, FUNDS);
        open(5);
        IFlashSettlement.Group[] memory groups = new IFlashSettlement.Group[](4);
        groups[1] = groupOf(paymentOf(6, 1));
        liar.setFails(true);
        token = usdc;
        groups[0] = groupOf(paymentOf(5, 1));
        groups[2] = groupOf(paymentOf(7, 1));
        groups[2].client = stranger.addr;
        groups[3] = groupOf(paymentOf(8, 2));
        Books memory expected = books();
        vm.prank(server.addr);
        settlement.settleBatch(groups, false);
        expected.client -= 13;
        expected.server += 13;
        expected.settled += 13;
        assertBooks(expected);
        token = address(liar);
        assertEscrow(5, 0, UNLOCK_AT, OPEN);
    }

    function test_TwoGroupsOfOneEscrowSettleOneAfterTheOther() public {
        IFlashSettlement.Group[] memory groups = new IFlashSettlement.Group[](2);
        groups[0] = groupOf(paymentOf(5, 1));
        groups[1] = groupOf(2, 1);
        groups[1].payments[0] = itemOf(client, paymentOf(6, 1));
        groups[1].payments[1] = itemOf(client, paymentOf(7, 2));
        groups[1].tabs[0] = itemOf(client, tabOf(8, 1));
        expectSettled(5, 0);
        expectSettled(15, 0);
        expectSkipped(groups[1].payments[0].head, IFlashSettlement.Skip.Used);
        vm.prank(server.addr);
        settlement.settleBatch(groups, false);
        assertEscrow(ESCROW, 20, UNLOCK_AT, OPEN);
    }

    function test_TwoEscrowsOfOneWalletShareWhatItHolds() public {
        drainTo(10);
        (IFlashSettlement.Group[] memory groups, ) = _threeGroups();
        vm.prank(server.addr);
        settlement.settleBatch(groups, false);
        // 5 of 10 to the first server; the rest of the wallet and 2 of the escrow to the second.
        assertEscrow(ESCROW, 5, UNLOCK_AT, OPEN);
        assertEq(settlement.escrowOf(client.addr, server2.addr, token).balance, ESCROW - 2);
        assertEq(settlement.creditOf(server2.addr, token), 2);
        assertEq(USDC.balanceOf(client.addr), 0);
    }

    function test_RevertWhen_TheGasIsTooLowForALaterGroup() public {
        (IFlashSettlement.Group[] memory groups, ) = _threeGroups();
        Books memory expected = books();
        bytes memory callData = abi.encodeCall(IFlashSettlement.settleBatch, (groups, false));
        vm.prank(server.addr);
        (bool ok, bytes memory answer) = address(settlement).call{gas: 360_000}(callData);
        assertFalse(ok);
        assertEq(bytes32(bytes4(answer)), bytes32(BoundedToken.InsufficientGas.selector));
        assertBooks(expected);
    }

    /* AGAINST THE SINGLE ENTRIES */

    /// @dev A group of one does what the single entry does, in every state of wallet and escrow; where that reverts, it skips.
    function testFuzz_OnePaymentEqualsTheSingleEntry(
        uint256 wallet,
        uint256 allowed,
        uint256 amount,
        uint64 nonce,
        bool isPaused,
        bool allowPartial
    ) public {
        _chooseState(wallet, allowed, isPaused);
        IFlashSettlement.Payment memory payment = paymentOf(uint128(bound(amount, 1, 3 * ESCROW)), nonce);
        bytes memory signature = sign(client, payment);
        IFlashSettlement.Group memory group = groupOf(payment);

        uint256 snapshot = vm.snapshotState();
        vm.prank(server.addr);
        (bool ok, ) = address(settlement).call(
            abi.encodeCall(IFlashSettlement.settleSignedPayment, (payment, signature, allowPartial))
        );
        Books memory single = books();
        vm.revertToState(snapshot);

        if (!ok) expectSkipped(group.payments[0].head, IFlashSettlement.Skip.NotCovered);
        settleBatch(group, allowPartial);
        assertBooks(single);
        assertEq(settlement.nonceWord(escrowId(), 0, uint56(nonce >> 8)), ok ? 1 << (nonce & 0xff) : 0);
    }

    function testFuzz_OneTabEqualsTheSingleEntry(
        uint256 wallet,
        uint256 allowed,
        uint256 first,
        uint256 total,
        uint64 lane,
        bool isPaused
    ) public {
        first = bound(first, 0, 500);
        if (first != 0) settle(tabOf(uint128(first), lane));
        _chooseState(wallet, allowed, isPaused);
        IFlashSettlement.Tab memory tab = tabOf(uint128(bound(total, 1, 3 * ESCROW)), lane);
        bytes memory signature = sign(client, tab);
        IFlashSettlement.Group memory group = groupOf(tab);

        uint256 snapshot = vm.snapshotState();
        vm.prank(relayer);
        (bool ok, ) = address(settlement).call(abi.encodeCall(IFlashSettlement.settleTab, (tab, signature)));
        Books memory single = books();
        uint256 settled = settlement.tabSettled(escrowId(), 0, lane);
        vm.revertToState(snapshot);

        if (!ok) expectSkipped(group.tabs[0].head, IFlashSettlement.Skip.NotCovered);
        else if (tab.total <= first) expectSkipped(group.tabs[0].head, IFlashSettlement.Skip.Used);
        settleBatch(group, false);
        assertBooks(single);
        _assertLane(lane, settled);
    }

    /// @dev When wallet and escrow cover the sum, a batch is the sequence of its items, and their order does not matter.
    function testFuzz_ACoveredBatchEqualsItsItemsInAnyOrder(
        uint8[6] memory amounts,
        uint8[6] memory nonces,
        uint8[3] memory totals,
        uint8[3] memory lanes,
        uint256 wallet,
        uint256 order
    ) public {
        drainTo(bound(wallet, 2000, 4000));
        IFlashSettlement.Group memory group = groupOf(6, 3);
        uint256 snapshot = vm.snapshotState();
        for (uint64 i = 0; i < 6; ++i) {
            // Nonces of two words; an item of zero is skipped.
            uint64 nonce = 250 + uint64(nonces[i] % 12);
            // A nonce has one amount, so that it does not matter which of its payments comes first.
            uint128 amount = uint128(amounts[nonce % 6] % 100);
            group.payments[i] = itemOf(client, paymentOf(amount, nonce));
            _settleSingle(paymentOf(amount, nonce));
        }
        for (uint256 i = 0; i < 3; ++i) {
            IFlashSettlement.Tab memory tab = tabOf(uint128(totals[i]) + 1, lanes[i] % 2);
            group.tabs[i] = itemOf(client, tab);
            settle(tab);
        }
        bytes32 singles = _fingerprint();
        vm.revertToState(snapshot);

        snapshot = vm.snapshotState();
        settleBatch(group, false);
        assertEq(_fingerprint(), singles, "in order");
        vm.revertToState(snapshot);

        for (uint256 i = 5; i > 0; --i) {
            uint256 j = uint256(keccak256(abi.encode(order, i))) % (i + 1);
            (group.payments[i], group.payments[j]) = (group.payments[j], group.payments[i]);
        }
        (group.tabs[0], group.tabs[order % 3]) = (group.tabs[order % 3], group.tabs[0]);
        settleBatch(group, false);
        assertEq(_fingerprint(), singles, "in another order");
    }

    /// @dev What the packed words hash to is what a wallet shows and signs.
    function testFuzz_APackedPaymentIsTheReadableOne(uint96 amount, uint64 nonce, uint40 deadline) public {
        useMintableToken();
        open();
        IFlashSettlement.Payment memory payment = paymentOf(amount == 0 ? 1 : amount, nonce);
        payment.deadline = deadline == 0 ? 0 : uint40(bound(deadline, NOW, NEVER));
        IFlashSettlement.Group memory group = groupOf(1, 0);
        group.payments[0].head = headOf(payment.amount, payment.nonce, payment.deadline);
        bytes32 digest = settlement.paymentDigest(payment);
        (group.payments[0].r, group.payments[0].vs) = signCompact(client, digest);
        settleBatch(group, false);
        assertEscrow(ESCROW, payment.amount, UNLOCK_AT, OPEN);
    }

    function testFuzz_APackedTabIsTheReadableOne(uint96 total, uint64 lane, uint40 deadline) public {
        useMintableToken();
        open();
        IFlashSettlement.Tab memory tab = tabOf(total == 0 ? 1 : total, lane);
        tab.deadline = deadline == 0 ? 0 : uint40(bound(deadline, NOW, NEVER));
        IFlashSettlement.Group memory group = groupOf(0, 1);
        group.tabs[0].head = headOf(tab.total, tab.lane, tab.deadline);
        bytes32 digest = settlement.tabDigest(tab);
        (group.tabs[0].r, group.tabs[0].vs) = signCompact(client, digest);
        settleBatch(group, false);
        assertEscrow(ESCROW, tab.total, UNLOCK_AT, OPEN);
        _assertLane(lane, tab.total);
    }

    /* INTERNAL */

    function _pause() private {
        vm.prank(USDC_PAUSER);
        USDC.pause();
    }

    function _assertLane(uint64 lane, uint256 settled) private view {
        assertEq(settlement.tabSettled(escrowId(), epoch, lane), settled, "lane");
    }

    /// @dev The one item of the group is skipped and nothing changes.
    function _skips(IFlashSettlement.Group memory group, IFlashSettlement.Skip reason) private {
        uint256 head = group.payments.length == 1 ? group.payments[0].head : group.tabs[0].head;
        bytes32 before = _fingerprint();
        vm.recordLogs();
        expectSkipped(head, reason);
        settleBatch(group, false);
        assertEq(_ownLogs(), 1, "one event");
        assertEq(_fingerprint(), before, "nothing changes");
    }

    function _skipsChangedHead(uint256 head) private {
        IFlashSettlement.Payment memory payment = paymentOf(5, 1);
        payment.deadline = DEADLINE;
        IFlashSettlement.Group memory group = groupOf(payment);
        group.payments[0].head = head;
        _skips(group, IFlashSettlement.Skip.BadSignature);
        IFlashSettlement.Tab memory tab = tabOf(5, 1);
        tab.deadline = DEADLINE;
        group = groupOf(tab);
        group.tabs[0].head = head;
        _skips(group, IFlashSettlement.Skip.BadSignature);
    }

    function _settles(IFlashSettlement.Group memory group, uint256 fromWallet, uint256 fromEscrow) private {
        Books memory expected = books();
        expectSettled(fromWallet, fromEscrow);
        settleBatch(group, false);
        expected.client -= fromWallet;
        expected.server += fromWallet;
        expected.escrow -= fromEscrow;
        expected.creditOfServer += fromEscrow;
        expected.settled += fromWallet + fromEscrow;
        assertBooks(expected);
    }

    function _settlesAndSkips(
        IFlashSettlement.Group memory group,
        uint256 fromWallet,
        uint256 fromEscrow,
        uint256 head,
        IFlashSettlement.Skip reason
    ) private {
        Books memory expected = books();
        vm.recordLogs();
        expectSettled(fromWallet, fromEscrow);
        expectSkipped(head, reason);
        settleBatch(group, false);
        assertEq(_ownLogs(), 2, "two events");
        expected.client -= fromWallet;
        expected.server += fromWallet;
        expected.escrow -= fromEscrow;
        expected.creditOfServer += fromEscrow;
        expected.settled += fromWallet + fromEscrow;
        assertBooks(expected);
    }

    function _skipsPaymentAndSettlesTab(address caller) private {
        IFlashSettlement.Group memory group = groupOf(1, 1);
        group.payments[0] = itemOf(client, paymentOf(5, 1));
        group.tabs[0] = itemOf(client, tabOf(6, 1));
        Books memory expected = books();
        expectSettled(6, 0);
        expectSkipped(group.payments[0].head, IFlashSettlement.Skip.NotServer);
        settleBatchAs(caller, group, true);
        expected.client -= 6;
        expected.server += 6;
        expected.settled += 6;
        assertBooks(expected);
        assertEq(settlement.nonceWord(escrowId(), 0, 0), 0);
    }

    /// @dev A payment to the server, a tab to the other server, a payment of the other client.
    function _threeGroups() private view returns (IFlashSettlement.Group[] memory groups, Books memory start) {
        start = books();
        groups = new IFlashSettlement.Group[](3);
        groups[0] = groupOf(paymentOf(5, 1));
        IFlashSettlement.Tab memory tab = tabOf(7, 1);
        tab.server = server2.addr;
        groups[1] = groupOf(tab);
        groups[1].server = server2.addr;
        IFlashSettlement.Payment memory payment = paymentOf(7, 1);
        payment.client = client2.addr;
        groups[2] = groupOf(1, 0);
        groups[2].client = client2.addr;
        groups[2].payments[0] = itemOf(client2, payment);
    }

    function _chooseState(uint256 wallet, uint256 allowed, bool isPaused) private {
        drainTo(bound(wallet, 0, 2 * ESCROW));
        allow(bound(allowed, 0, 2 * ESCROW));
        if (isPaused) _pause();
    }

    /// @dev Settles one payment by the single entry; what a batch would skip is left alone.
    function _settleSingle(IFlashSettlement.Payment memory payment) private {
        bytes memory signature = sign(client, payment);
        vm.prank(server.addr);
        (bool ok, ) = address(settlement).call(
            abi.encodeCall(IFlashSettlement.settleSignedPayment, (payment, signature, false))
        );
        assertTrue(ok || payment.amount == 0 || _isUsed(payment.nonce), "covered");
    }

    function _isUsed(uint64 nonce) private view returns (bool) {
        return settlement.nonceWord(escrowId(), 0, uint56(nonce >> 8)) & (1 << (nonce & 0xff)) != 0;
    }

    /// @return Everything that the batches of this test can change.
    function _fingerprint() private view returns (bytes32) {
        bytes32 id = escrowId();
        bytes32 marks = keccak256(
            abi.encode(
                settlement.nonceWord(id, epoch, 0),
                settlement.nonceWord(id, epoch, 1),
                settlement.tabSettled(id, epoch, 0),
                settlement.tabSettled(id, epoch, 1),
                settlement.tabSettled(id, epoch, 2),
                settlement.tabSettled(id, epoch, 3)
            )
        );
        return keccak256(abi.encode(books(), escrowNow(), marks));
    }

    /// @return count Events of the contract since `recordLogs`.
    function _ownLogs() private returns (uint256 count) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) if (logs[i].emitter == address(settlement)) ++count;
    }
}
