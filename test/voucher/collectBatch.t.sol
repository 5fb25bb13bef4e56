// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Actor, Vm} from "../helpers/Test.sol";
import {AcceptingWallet} from "../mocks/AcceptingWallet.sol";
import {FalseReturningToken} from "../mocks/FalseReturningToken.sol";
import {GasBurningToken} from "../mocks/GasBurningToken.sol";
import {GasBurningWallet} from "../mocks/GasBurningWallet.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {NoReturnToken} from "../mocks/NoReturnToken.sol";
import {ReturnBombToken} from "../mocks/ReturnBombToken.sol";
import {SelectorForgingToken} from "../mocks/SelectorForgingToken.sol";
import {SignedMessageTest} from "./SignedMessageTest.sol";
import {VoucherMessages} from "./VoucherMessages.sol";
import {VoucherTest} from "./VoucherTest.sol";

/// @notice Groups: what is paid, what fails alone.
contract CollectBatchTest is VoucherTest {
    function setUp() public override {
        super.setUp();
        deposit(buyer, seller, 100);
        deposit(buyer2, seller, 50);
    }

    /* GROUPS */

    function test_RevertWhen_ThereAreNoGroups() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NoVouchersProvided.selector));
        escrow.collectBatch(new IVoucherEscrow.Group[](0));
    }

    function test_DoesNothingForAGroupWithoutRows() public {
        Books memory expected = books();
        vm.recordLogs();
        collectBatch(groupOf(0, 0));
        assertEq(vm.getRecordedLogs().length, 0);
        assertBooks(expected);
    }

    function test_FailsAGroupWhoseSellerIsZero() public {
        IVoucherEscrow.Group memory group = _oneRow();
        group.seller = address(0);
        _expectGroupFailed(group, IVoucherEscrow.InvalidAddress.selector);
        collectBatch(group);
    }

    function test_FailsAGroupWhoseSellerIsTheEscrow() public {
        IVoucherEscrow.Group memory group = _oneRow();
        group.seller = address(escrow);
        _expectGroupFailed(group, IVoucherEscrow.InvalidAddress.selector);
        collectBatch(group);
    }

    function test_FailsAGroupWhoseAssetIsZero() public {
        IVoucherEscrow.Group memory group = _oneRow();
        group.asset = address(0);
        _expectGroupFailed(group, IVoucherEscrow.InvalidAsset.selector);
        collectBatch(group);
    }

    function test_FailsAGroupWhoseAssetIsTheEscrow() public {
        IVoucherEscrow.Group memory group = _oneRow();
        group.asset = address(escrow);
        _expectGroupFailed(group, IVoucherEscrow.InvalidAsset.selector);
        collectBatch(group);
    }

    function test_RevertWhen_TheCalldataDoesNotDecode() public {
        IVoucherEscrow.Group[] memory groups = new IVoucherEscrow.Group[](1);
        groups[0] = _oneRow();
        bytes memory data = abi.encodeCall(IVoucherEscrow.collectBatch, (groups));
        // The group's offset, behind the selector, the list's offset and its length, points nowhere.
        (bool ok, bytes memory answer) = address(escrow).call(withBit(data, 2, 63));
        assertFalse(ok, "the escrow takes no such list");
        assertEq(answer, "");
        (ok, ) = address(escrow).call(data);
        assertTrue(ok, "the escrow takes the call as it is");
        assertEq(collectedOf(DEFAULT_LANE), 60);
    }

    /* ONE PAYMENT A GROUP */

    function test_PaysAGroupOfTwoBuyersByOneTransfer() public {
        vm.expectCall(asset, abi.encodeCall(IERC20.transfer, (seller.addr, 80)), 1);
        Books memory expected = books();
        collectBatch(_twoRows());
        expected.account -= 60;
        expected.accountOfBuyer2 -= 20;
        expected.escrow -= 80;
        expected.seller += 80;
        assertBooks(expected);
    }

    function test_EmitsBatchCollectedWithAnEntryForEachRow() public {
        uint256[] memory entries = new uint256[](2);
        entries[0] = batchEntry(buyer.addr, 60);
        entries[1] = batchEntry(buyer2.addr, 20);
        expectEvent();
        emit IVoucherEscrow.BatchCollected(seller.addr, asset, 80, entries);
        collectBatch(_twoRows());
    }

    function test_PaysCompactAndWideRowsAndParallelLanesTogether() public {
        IVoucherEscrow.Group memory group = groupOf(1, 2);
        group.rows[0] = rowOf(buyer, voucherOf(30), 30);
        group.wide[0] = wideRowOf(buyer2, _voucherOfBuyer2(20), 20);
        group.wide[1] = wideRowOf(buyer, laneVoucherOf(LANE, 10), 10);
        uint256[] memory entries = new uint256[](2);
        entries[0] = batchEntry(buyer.addr, 30);
        entries[1] = batchEntry(buyer2.addr, 20);
        Books memory expected = books();
        expectEvent();
        emit IVoucherEscrow.VoucherCollected(LANE, buyer.addr, seller.addr, asset, 10, 10);
        expectEvent();
        emit IVoucherEscrow.BatchCollected(seller.addr, asset, 60, entries);
        collectBatch(group);
        expected.account -= 40;
        expected.accountOfBuyer2 -= 20;
        expected.escrow -= 60;
        expected.seller += 60;
        assertBooks(expected);
        assertEq(collectedOf(LANE), 10);
        assertEq(collectedOf(DEFAULT_LANE), 30);
    }

    function test_EmitsBatchCollectedWithoutEntriesForParallelLanesAlone() public {
        expectEvent();
        emit IVoucherEscrow.BatchCollected(seller.addr, asset, 10, new uint256[](0));
        collectBatch(groupOf(wideRowOf(buyer, laneVoucherOf(LANE, 10), 10)));
    }

    function test_CollectsTwoRowsOfOneBuyerInTheOrderGiven() public {
        IVoucherEscrow.Group memory group = groupOf(2, 0);
        group.rows[0] = rowOf(buyer, voucherOf(30), 30);
        group.rows[1] = rowOf(buyer, voucherOf(50), 50);
        uint256[] memory entries = new uint256[](2);
        entries[0] = batchEntry(buyer.addr, 30);
        entries[1] = batchEntry(buyer.addr, 20);
        expectEvent();
        emit IVoucherEscrow.BatchCollected(seller.addr, asset, 50, entries);
        collectBatch(group);
    }

    function test_CollectsTwoGroupsWithAPaymentEach() public {
        deposit(buyer, seller2, 40);
        IVoucherEscrow.Group[] memory groups = _groupsOfTwoSellers();
        Books memory expected = books();
        escrow.collectBatch(groups);
        expected.account -= 60;
        expected.accountWithSeller2 -= 40;
        expected.escrow -= 100;
        expected.seller += 60;
        expected.seller2 += 40;
        assertBooks(expected);
    }

    function test_CollectsTwoGroupsOfOneSeller() public {
        IVoucherEscrow.Group[] memory groups = new IVoucherEscrow.Group[](2);
        groups[0] = groupOf(rowOf(buyer, voucherOf(30), 30));
        groups[1] = groupOf(rowOf(buyer, voucherOf(50), 50));
        escrow.collectBatch(groups);
        assertEq(collectedOf(DEFAULT_LANE), 50);
    }

    function test_PaysTheSellerWhoeverCalls() public {
        IVoucherEscrow.Group[] memory groups = new IVoucherEscrow.Group[](1);
        groups[0] = _oneRow();
        Books memory expected = books();
        vm.prank(stranger.addr);
        escrow.collectBatch(groups);
        expected.account -= 60;
        expected.escrow -= 60;
        expected.seller += 60;
        assertBooks(expected);
    }

    /* ROWS WITHOUT EFFECT */

    function test_PaysTheOtherRowsWhenOneIsSkipped() public {
        IVoucherEscrow.Group memory group = groupOf(3, 0);
        group.rows[0] = rowOf(buyer, voucherOf(30), 30);
        group.rows[1] = rowOf(stranger, voucherOf(90), 90);
        group.rows[2] = rowOf(buyer2, _voucherOfBuyer2(20), 20);
        uint256[] memory entries = new uint256[](2);
        entries[0] = batchEntry(buyer.addr, 30);
        entries[1] = batchEntry(buyer2.addr, 20);
        expectEvent();
        emit IVoucherEscrow.VoucherSkipped(
            DEFAULT_LANE,
            buyer.addr,
            seller.addr,
            asset,
            IVoucherEscrow.Skip.BadSignature
        );
        expectEvent();
        emit IVoucherEscrow.BatchCollected(seller.addr, asset, 50, entries);
        collectBatch(group);
    }

    function test_PaysNothingWhenAllRowsAreSkipped() public {
        Books memory expected = books();
        vm.recordLogs();
        collectBatch(groupOf(rowOf(stranger, voucherOf(90), 90)));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].topics[0], IVoucherEscrow.VoucherSkipped.selector);
        assertBooks(expected);
    }

    /* WHERE THE EARNINGS GO */

    function test_KeepsEarningsAsFreeBalanceGivenTheSellerWantsIt() public {
        vm.prank(seller.addr);
        escrow.setPayout(true);
        Books memory expected = books();
        expectEvent();
        emit IVoucherEscrow.FreeCredited(seller.addr, asset, 80, 80);
        collectBatch(_twoRows());
        expected.account -= 60;
        expected.accountOfBuyer2 -= 20;
        expected.freeOfSeller += 80;
        assertBooks(expected);
    }

    function test_FailsAGroupWhoseSellersFreeBalanceIsFull() public {
        MintableToken token = _useMintableToken();
        token.mint(seller.addr, 1 << 128);
        approve(asset, seller.addr, type(uint256).max);
        depositFree(seller, type(uint96).max - 59);
        vm.prank(seller.addr);
        escrow.setPayout(true);
        deposit(buyer, seller, 100);
        IVoucherEscrow.Group memory group = _oneRow();
        _expectGroupFailed(group, IVoucherEscrow.AmountTooLarge.selector);
        collectBatch(group);
        assertAccount(100, 0, 0);
    }

    function test_PaysATokenThatReturnsNothing() public {
        NoReturnToken token = new NoReturnToken();
        token.mint(buyer.addr, 100);
        asset = address(token);
        approve(asset, buyer.addr, 100);
        deposit(buyer, seller, 100);
        collectBatch(_oneRow());
        assertEq(token.balanceOf(seller.addr), 60);
    }

    /* A GROUP FAILS ALONE */

    function test_FailsAGroupWhoseSellerTheTokenRefuses() public {
        deposit(buyer, seller2, 40);
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(seller.addr);
        IVoucherEscrow.Group[] memory groups = _groupsOfTwoSellers();
        Books memory expected = books();
        _expectGroupFailed(groups[0], IVoucherEscrow.TransferFailed.selector);
        escrow.collectBatch(groups);
        expected.accountWithSeller2 -= 40;
        expected.escrow -= 40;
        expected.seller2 += 40;
        assertBooks(expected);
    }

    function test_ConsumesNothingOfAGroupThatFails() public {
        vm.prank(USDC_PAUSER);
        USDC.pause();
        collectBatch(_twoRows());
        assertEq(collectedOf(DEFAULT_LANE), 0);
        assertEq(escrow.getVoucherCollected(buyer2.addr, seller.addr, asset, DEFAULT_LANE), 0);
        assertAccount(100, 0, 0);
    }

    function test_CollectsLaterAGroupThatFailed() public {
        vm.prank(USDC_PAUSER);
        USDC.pause();
        collectBatch(_oneRow());
        vm.prank(USDC_PAUSER);
        USDC.unpause();
        collectBatch(_oneRow());
        assertEq(collectedOf(DEFAULT_LANE), 60);
    }

    function test_FailsAGroupWhoseTokenReturnsFalse() public {
        FalseReturningToken token = new FalseReturningToken();
        _use(token);
        deposit(buyer, seller, 100);
        token.setFails(true);
        _assertFailsAlone(IVoucherEscrow.TransferFailed.selector, 0);
    }

    function test_FailsAGroupWhoseTokenBurnsAllGas() public {
        GasBurningToken token = new GasBurningToken();
        _use(token);
        deposit(buyer, seller, 100);
        token.setBurns(true);
        _assertFailsAlone(IVoucherEscrow.TransferFailed.selector, 0);
    }

    function test_FailsAGroupWhoseTokenBurnsAllGasWithinItsLimit() public {
        GasBurningToken token = new GasBurningToken();
        _use(token);
        deposit(buyer, seller, 100);
        token.setBurns(true);
        uint256 before = gasleft();
        _assertFailsAlone(IVoucherEscrow.TransferFailed.selector, 200_000);
        assertLt(before - gasleft(), 1_500_000);
    }

    function test_FailsAGroupWhoseTokenRevertsWithVeryManyBytes() public {
        ReturnBombToken token = new ReturnBombToken();
        _use(token);
        deposit(buyer, seller, 100);
        token.arm(1_000_000, true);
        _assertFailsAlone(IVoucherEscrow.TransferFailed.selector, 0);
    }

    function test_PaysATokenThatAnswersWithVeryManyBytes() public {
        ReturnBombToken token = new ReturnBombToken();
        _use(token);
        deposit(buyer, seller, 100);
        token.arm(100_000, false);
        collectBatch(_oneRow());
        assertEq(token.balanceOf(seller.addr), 60);
    }

    function test_FailsAGroupWhoseTokenForgesAnErrorOfOurs() public {
        SelectorForgingToken token = new SelectorForgingToken();
        _use(token);
        deposit(buyer, seller, 100);
        token.forge(abi.encodeWithSelector(IVoucherEscrow.InsufficientGas.selector, 1, 2));
        _assertFailsAlone(IVoucherEscrow.TransferFailed.selector, 0);
    }

    /* GAS LIMIT */

    function test_FailsAGroupWithoutAReasonWhenItsGasLimitIsTooLow() public {
        deposit(buyer, seller2, 40);
        IVoucherEscrow.Group[] memory groups = _groupsOfTwoSellers();
        groups[0].gasLimit = 10_000;
        Books memory expected = books();
        _expectGroupFailed(groups[0], bytes4(0));
        escrow.collectBatch(groups);
        expected.accountWithSeller2 -= 40;
        expected.escrow -= 40;
        expected.seller2 += 40;
        assertBooks(expected);
    }

    function test_CollectsAGroupWithinItsGasLimit() public {
        IVoucherEscrow.Group memory group = _oneRow();
        group.gasLimit = 200_000;
        collectBatch(group);
        assertEq(collectedOf(DEFAULT_LANE), 60);
    }

    function test_CollectsAGroupWhoseGasLimitIsAboveTheGasThereIs() public {
        IVoucherEscrow.Group memory group = _oneRow();
        group.gasLimit = type(uint256).max;
        collectBatch(group);
        assertEq(collectedOf(DEFAULT_LANE), 60);
    }

    function test_CollectsAllOrNothingOfAGroupWhateverItsGasLimit() public {
        IVoucherEscrow.Group memory group = _twoRows();
        uint256[2] memory outcomes;
        for (group.gasLimit = 1_000; group.gasLimit < 120_000; group.gasLimit += 1_000) {
            uint256 snapshot = vm.snapshotState();
            collectBatch(group);
            uint256 first = collectedOf(DEFAULT_LANE);
            uint256 second = escrow.getVoucherCollected(buyer2.addr, seller.addr, asset, DEFAULT_LANE);
            assertTrue((first == 60 && second == 20) || (first == 0 && second == 0));
            ++outcomes[first == 0 ? 0 : 1];
            vm.revertToState(snapshot);
        }
        assertGt(outcomes[0], 0);
        assertGt(outcomes[1], 0);
    }

    /* THE SELF-CALLED PART */

    function test_RevertWhen_AnyoneElseCallsCollectGroup() public {
        IVoucherEscrow.Group memory group = _oneRow();
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NotSelf.selector, stranger.addr));
        vm.prank(stranger.addr);
        escrow.collectGroup(group);
    }

    function test_RevertWhen_TheSellerCallsCollectGroup() public {
        IVoucherEscrow.Group memory group = _oneRow();
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NotSelf.selector, seller.addr));
        vm.prank(seller.addr);
        escrow.collectGroup(group);
    }

    /* A BATCH AND THE SAME VOUCHERS ONE BY ONE */

    function testFuzz_EqualsTheSingleCollections(uint8[6] memory values, uint8[6] memory kinds) public {
        IVoucherEscrow.Voucher[6] memory vouchers;
        uint256 compact = 0;
        for (uint256 i = 0; i < 6; ++i) {
            vouchers[i] = kinds[i] % 3 == 2 ? laneVoucherOf(LANE, 0) : voucherOf(0);
            vouchers[i].valueAggregate = bound(values[i], 1, 150);
            if (kinds[i] % 2 == 1) vouchers[i].buyer = buyer2.addr;
            if (kinds[i] % 3 == 0) ++compact;
        }
        // Compact rows come first in a group, so they do among the single collections.
        IVoucherEscrow.Group memory group = groupOf(compact, 6 - compact);
        uint256[2] memory next;
        uint256 snapshot = vm.snapshotState();
        for (uint256 pass = 0; pass < 2; ++pass) {
            for (uint256 i = 0; i < 6; ++i) {
                bool isCompact = kinds[i] % 3 == 0;
                if (isCompact != (pass == 0)) continue;
                Actor memory by = vouchers[i].buyer == buyer.addr ? buyer : buyer2;
                uint256 value = vouchers[i].valueAggregate;
                if (isCompact) group.rows[next[0]++] = rowOf(by, vouchers[i], value);
                else group.wide[next[1]++] = wideRowOf(by, vouchers[i], value);
                collect(vouchers[i]);
            }
        }
        Books memory expected = books();
        uint256[2] memory totals = [collectedOf(DEFAULT_LANE), collectedOf(LANE)];
        vm.revertToState(snapshot);
        collectBatch(group);
        assertBooks(expected);
        assertEq(collectedOf(DEFAULT_LANE), totals[0]);
        assertEq(collectedOf(LANE), totals[1]);
    }

    /* INTERNAL */

    function _oneRow() private view returns (IVoucherEscrow.Group memory) {
        return groupOf(rowOf(buyer, voucherOf(60), 60));
    }

    function _twoRows() private view returns (IVoucherEscrow.Group memory group) {
        group = groupOf(2, 0);
        group.rows[0] = rowOf(buyer, voucherOf(60), 60);
        group.rows[1] = rowOf(buyer2, _voucherOfBuyer2(20), 20);
    }

    function _voucherOfBuyer2(uint256 value) private view returns (IVoucherEscrow.Voucher memory voucher) {
        voucher = voucherOf(value);
        voucher.buyer = buyer2.addr;
    }

    /// @dev 60 for the seller and 40 for the other one, both of the buyer.
    function _groupsOfTwoSellers() private view returns (IVoucherEscrow.Group[] memory groups) {
        IVoucherEscrow.Voucher memory other = voucherOf(40);
        other.seller = seller2.addr;
        groups = new IVoucherEscrow.Group[](2);
        groups[0] = _oneRow();
        groups[1] = groupOf(rowOf(buyer, other, 40));
        groups[1].seller = seller2.addr;
    }

    function _expectGroupFailed(IVoucherEscrow.Group memory group, bytes4 reason) private {
        expectEvent();
        emit IVoucherEscrow.GroupFailed(group.seller, group.asset, reason);
    }

    /// @dev A group of the test's asset fails for `reason`, and the USDC groups around it are paid.
    function _assertFailsAlone(bytes4 reason, uint256 gasLimit) private {
        IVoucherEscrow.Group[] memory groups = new IVoucherEscrow.Group[](3);
        groups[1] = _oneRow();
        groups[1].gasLimit = gasLimit;
        address hostile = asset;
        asset = address(USDC);
        groups[0] = groupOf(rowOf(buyer, voucherOf(30), 30));
        groups[2] = groupOf(rowOf(buyer2, _voucherOfBuyer2(20), 20));
        Books memory expected = books();
        Books memory expectedHostile = booksOf(hostile);
        _expectGroupFailed(groups[1], reason);
        escrow.collectBatch(groups);
        expected.account -= 30;
        expected.accountOfBuyer2 -= 20;
        expected.escrow -= 50;
        expected.seller += 50;
        assertBooks(expected);
        assertBooksOf(hostile, expectedHostile);
    }

    function _useMintableToken() private returns (MintableToken token) {
        token = new MintableToken();
        _use(token);
    }

    /// @dev Makes a token the asset of the test.
    function _use(MintableToken token) private {
        asset = address(token);
        token.mint(buyer.addr, 1 << 128);
        approve(asset, buyer.addr, type(uint256).max);
    }
}

/// @notice Compact rows: packing, signature, skips.
contract CollectBatchCompactRowTest is VoucherTest {
    using VoucherMessages for *;

    uint256 private constant BALANCE = 100;
    uint256 private constant VALUE = 60;

    Books private start;

    function setUp() public override {
        super.setUp();
        deposit(buyer, seller, BALANCE);
        start = books();
    }

    /* TOTAL AND CEILING */

    function test_CollectsTheCeiling() public {
        _collect(rowOf(buyer, voucherOf(VALUE), VALUE));
        _assertCollected(VALUE);
    }

    function test_CollectsATotalOneBelowTheCeiling() public {
        _collect(rowOf(buyer, voucherOf(VALUE), VALUE - 1));
        _assertCollected(VALUE - 1);
    }

    function test_SkipsATotalOneAboveTheCeiling() public {
        _expectSkip(IVoucherEscrow.Skip.AboveCeiling);
        _collect(rowOf(buyer, voucherOf(VALUE), VALUE + 1));
        _assertCollected(0);
    }

    function test_CollectsTheRestUpToTheCeilingLater() public {
        _collect(rowOf(buyer, voucherOf(VALUE), 1));
        _collect(rowOf(buyer, voucherOf(VALUE), VALUE));
        _assertCollected(VALUE);
    }

    function test_CollectsALargestCeiling() public {
        _collect(rowOf(buyer, voucherOf(type(uint96).max), VALUE));
        _assertCollected(VALUE);
    }

    function test_SkipsATotalOneBelowWhatWasCollected() public {
        _collect(rowOf(buyer, voucherOf(VALUE), VALUE));
        _expectSkip(IVoucherEscrow.Skip.AlreadyCollected);
        _collect(rowOf(buyer, voucherOf(VALUE), VALUE - 1));
        _assertCollected(VALUE);
    }

    function test_SkipsATotalThatWasCollected() public {
        _collect(rowOf(buyer, voucherOf(VALUE), VALUE));
        _expectSkip(IVoucherEscrow.Skip.AlreadyCollected);
        _collect(rowOf(buyer, voucherOf(VALUE), VALUE));
        _assertCollected(VALUE);
    }

    function test_CollectsATotalOneAboveWhatWasCollected() public {
        _collect(rowOf(buyer, voucherOf(VALUE), VALUE));
        _collect(rowOf(buyer, voucherOf(VALUE + 1), VALUE + 1));
        _assertCollected(VALUE + 1);
    }

    function test_SkipsATotalOfZero() public {
        _expectSkip(IVoucherEscrow.Skip.AlreadyCollected);
        _collect(rowOf(buyer, voucherOf(VALUE), 0));
        _assertCollected(0);
    }

    function test_SkipsACeilingOfZero() public {
        _expectSkip(IVoucherEscrow.Skip.AlreadyCollected);
        _collect(rowOf(buyer, voucherOf(0), 0));
        _assertCollected(0);
    }

    /* BALANCE */

    function test_CollectsTheBalance() public {
        _collect(rowOf(buyer, voucherOf(BALANCE), BALANCE));
        _assertCollected(BALANCE);
        assertAccount(0, 0, 0);
    }

    function test_CollectsWhatThereIsWhenTheTotalIsOneAboveTheBalance() public {
        uint256[] memory entries = new uint256[](1);
        entries[0] = batchEntry(buyer.addr, BALANCE);
        expectEvent();
        emit IVoucherEscrow.BatchCollected(seller.addr, asset, BALANCE, entries);
        _collect(rowOf(buyer, voucherOf(BALANCE + 1), BALANCE + 1));
        _assertCollected(BALANCE);
    }

    function test_SkipsAnEmptyAccount() public {
        _collect(rowOf(buyer, voucherOf(150), 150));
        _expectSkip(IVoucherEscrow.Skip.NoBalance);
        _collect(rowOf(buyer, voucherOf(150), 150));
        _assertCollected(BALANCE);
    }

    function test_CollectsTheRestAfterATopUp() public {
        _collect(rowOf(buyer, voucherOf(150), 150));
        deposit(buyer, seller, 1000);
        _collect(rowOf(buyer, voucherOf(150), 150));
        assertEq(collectedOf(DEFAULT_LANE), 150);
    }

    function test_CollectsAWholeAccountOf96Bits() public {
        MintableToken token = new MintableToken();
        asset = address(token);
        token.mint(buyer.addr, 1 << 128);
        approve(asset, buyer.addr, type(uint256).max);
        deposit(buyer, seller, type(uint96).max);
        _collect(rowOf(buyer, voucherOf(type(uint96).max), type(uint96).max));
        assertAccount(0, 0, 0);
        assertEq(collectedOf(DEFAULT_LANE), type(uint96).max);
    }

    /* THAW */

    function test_CollectsWhatThawsAndCutsTheThaw() public {
        thaw(BALANCE);
        _collect(rowOf(buyer, voucherOf(VALUE), VALUE));
        assertAccount(BALANCE - VALUE, BALANCE - VALUE, NOW + 1 days);
    }

    function test_EndsTheThawWhenItEmptiesTheAccount() public {
        thaw(1);
        _collect(rowOf(buyer, voucherOf(BALANCE), BALANCE));
        assertAccount(0, 0, 0);
    }

    function test_KeepsTheThawWhenOneUnitIsLeft() public {
        thaw(BALANCE);
        _collect(rowOf(buyer, voucherOf(BALANCE - 1), BALANCE - 1));
        assertAccount(1, 1, NOW + 1 days);
    }

    /* EXPIRY */

    function test_CollectsOneSecondBeforeTheExpiry() public {
        vm.warp(EXPIRY - 1);
        _collect(rowOf(buyer, voucherOf(VALUE), VALUE));
        _assertCollected(VALUE);
    }

    function test_CollectsAtTheExpiry() public {
        vm.warp(EXPIRY);
        _collect(rowOf(buyer, voucherOf(VALUE), VALUE));
        _assertCollected(VALUE);
    }

    function test_SkipsOneSecondPastTheExpiry() public {
        vm.warp(EXPIRY + 1);
        _expectSkip(IVoucherEscrow.Skip.Expired);
        _collect(rowOf(buyer, voucherOf(VALUE), VALUE));
        _assertCollected(0);
    }

    /* LARGEST VALUES OF EACH MEMBER */

    function test_CollectsWhenEveryMemberHasItsLargestValue() public {
        IVoucherEscrow.Voucher memory voucher = voucherOf(type(uint96).max);
        voucher.timestamp = type(uint40).max;
        voucher.expiry = type(uint40).max;
        voucher.nonce = type(uint80).max;
        _collect(rowOf(buyer, voucher, VALUE));
        _assertCollected(VALUE);
    }

    function test_CollectsWhenTimestampAndNonceAreZero() public {
        IVoucherEscrow.Voucher memory voucher = voucherOf(VALUE);
        voucher.timestamp = 0;
        voucher.nonce = 0;
        _collect(rowOf(buyer, voucher, VALUE));
        _assertCollected(VALUE);
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_SkipsWhenTheBuyerIsNotTheOneSigned() public {
        deposit(buyer2, seller, 100);
        IVoucherEscrow.Row memory row = rowOf(buyer, voucherOf(VALUE), VALUE);
        row.head = (uint256(uint160(buyer2.addr)) << 96) | VALUE;
        expectEvent();
        emit IVoucherEscrow.VoucherSkipped(
            DEFAULT_LANE,
            buyer2.addr,
            seller.addr,
            asset,
            IVoucherEscrow.Skip.BadSignature
        );
        _collect(row);
    }

    function test_SkipsWhenTheCeilingIsNotTheOneSigned() public {
        _spoilTerms(1 << 160);
    }

    function test_SkipsWhenTheTimestampIsNotTheOneSigned() public {
        _spoilTerms(1 << 120);
    }

    function test_SkipsWhenTheExpiryIsNotTheOneSigned() public {
        _spoilTerms(1 << 80);
    }

    function test_SkipsWhenTheNonceIsNotTheOneSigned() public {
        _spoilTerms(1);
    }

    function test_SkipsWhenTheSellerIsNotTheOneSigned() public {
        deposit(buyer, seller2, 100);
        IVoucherEscrow.Group memory group = groupOf(rowOf(buyer, voucherOf(VALUE), VALUE));
        group.seller = seller2.addr;
        expectEvent();
        emit IVoucherEscrow.VoucherSkipped(
            DEFAULT_LANE,
            buyer.addr,
            seller2.addr,
            asset,
            IVoucherEscrow.Skip.BadSignature
        );
        collectBatch(group);
    }

    function test_SkipsWhenTheAssetIsNotTheOneSigned() public {
        MintableToken token = new MintableToken();
        token.mint(buyer.addr, 100);
        approve(address(token), buyer.addr, 100);
        vm.prank(buyer.addr);
        escrow.deposit(seller.addr, address(token), 100);
        IVoucherEscrow.Group memory group = groupOf(rowOf(buyer, voucherOf(VALUE), VALUE));
        group.asset = address(token);
        expectEvent();
        emit IVoucherEscrow.VoucherSkipped(
            DEFAULT_LANE,
            buyer.addr,
            seller.addr,
            address(token),
            IVoucherEscrow.Skip.BadSignature
        );
        collectBatch(group);
    }

    function test_SkipsAVoucherOfAnotherLane() public {
        IVoucherEscrow.Row memory row = rowOf(buyer, voucherOf(VALUE), VALUE);
        (row.r, row.vs) = signCompact(buyer, digestOf(laneVoucherOf(LANE, VALUE).hash()));
        _expectSkip(IVoucherEscrow.Skip.BadSignature);
        _collect(row);
    }

    function test_SkipsAVoucherOfAnotherEscrow() public {
        IVoucherEscrow.Voucher memory voucher = voucherOf(VALUE);
        voucher.escrow = stranger.addr;
        _expectSkip(IVoucherEscrow.Skip.BadSignature);
        _collect(rowOf(buyer, voucher, VALUE));
    }

    function test_SkipsAVoucherOfAnotherChain() public {
        IVoucherEscrow.Voucher memory voucher = voucherOf(VALUE);
        voucher.chainId = 1;
        _expectSkip(IVoucherEscrow.Skip.BadSignature);
        _collect(rowOf(buyer, voucher, VALUE));
    }

    /* SIGNATURE */

    function test_CollectsBothRecoveryBits() public {
        bool[2] memory isSeen;
        IVoucherEscrow.Voucher memory voucher = voucherOf(0);
        while (!isSeen[0] || !isSeen[1]) {
            ++voucher.valueAggregate;
            IVoucherEscrow.Row memory row = rowOf(buyer, voucher, voucher.valueAggregate);
            isSeen[uint256(row.vs) >> 255] = true;
            _collect(row);
            assertEq(collectedOf(DEFAULT_LANE), voucher.valueAggregate);
        }
    }

    function test_SkipsTheOtherRecoveryBit() public {
        IVoucherEscrow.Row memory row = rowOf(buyer, voucherOf(VALUE), VALUE);
        row.vs ^= bytes32(uint256(1 << 255));
        _expectSkip(IVoucherEscrow.Skip.BadSignature);
        _collect(row);
    }

    function test_SkipsAnotherR() public {
        IVoucherEscrow.Row memory row = rowOf(buyer, voucherOf(VALUE), VALUE);
        row.r ^= bytes32(uint256(1));
        _expectSkip(IVoucherEscrow.Skip.BadSignature);
        _collect(row);
    }

    function test_SkipsASignatureOfZeros() public {
        IVoucherEscrow.Row memory row = rowOf(buyer, voucherOf(VALUE), VALUE);
        (row.r, row.vs) = (0, 0);
        _expectSkip(IVoucherEscrow.Skip.BadSignature);
        _collect(row);
    }

    function test_SkipsAnotherKey() public {
        _expectSkip(IVoucherEscrow.Skip.BadSignature);
        _collect(rowOf(stranger, voucherOf(VALUE), VALUE));
    }

    function test_SkipsASignatureForAnotherChain() public {
        signedChainId = 1;
        _expectSkip(IVoucherEscrow.Skip.BadSignature);
        _collect(rowOf(buyer, voucherOf(VALUE), VALUE));
    }

    function test_SkipsASignatureForAnotherContract() public {
        signedContract = deployEscrow();
        _expectSkip(IVoucherEscrow.Skip.BadSignature);
        _collect(rowOf(buyer, voucherOf(VALUE), VALUE));
    }

    function test_SkipsGivenTheChainWasForkedUnderAnotherId() public {
        IVoucherEscrow.Row memory row = rowOf(buyer, voucherOf(VALUE), VALUE);
        vm.chainId(1);
        _expectSkip(IVoucherEscrow.Skip.BadSignature);
        _collect(row);
    }

    function test_CollectsOnAForkWhatWasSignedForTheFork() public {
        vm.chainId(1);
        signedChainId = 1;
        IVoucherEscrow.Voucher memory voucher = voucherOf(VALUE);
        voucher.chainId = 1;
        _collect(rowOf(buyer, voucher, VALUE));
        _assertCollected(VALUE);
    }

    function test_SkipsAMessageOfAnotherType() public {
        IVoucherEscrow.Row memory row = rowOf(buyer, voucherOf(VALUE), VALUE);
        (row.r, row.vs) = signCompact(buyer, digestOf(releaseAuthorizationOf(VALUE).hash()));
        _expectSkip(IVoucherEscrow.Skip.BadSignature);
        _collect(row);
    }

    function test_CollectsTheKeyGivenHostileCodeAtItsAddress() public {
        IVoucherEscrow.Row memory row = rowOf(buyer, voucherOf(VALUE), VALUE);
        vm.etch(buyer.addr, hex"fe");
        _collect(row);
        _assertCollected(VALUE);
    }

    function test_NeverAsksAContractWallet() public {
        IVoucherEscrow.Row memory row = rowOf(stranger, voucherOf(VALUE), VALUE);
        vm.etch(buyer.addr, type(AcceptingWallet).runtimeCode);
        vm.expectCall(buyer.addr, abi.encodeWithSelector(IERC1271.isValidSignature.selector), 0);
        _expectSkip(IVoucherEscrow.Skip.BadSignature);
        _collect(row);
        _assertCollected(0);
    }

    /* SIGNERS */

    function test_CollectsWhatASignerSignedAtItsLastSecond() public {
        vm.prank(buyer.addr);
        escrow.authorizeSigner(signer.addr, NOW + 100);
        vm.warp(NOW + 100);
        _collect(rowOf(signer, voucherOf(VALUE), VALUE));
        _assertCollected(VALUE);
    }

    function test_SkipsASignerPastItsLastSecond() public {
        vm.prank(buyer.addr);
        escrow.authorizeSigner(signer.addr, NOW + 100);
        vm.warp(NOW + 101);
        _expectSkip(IVoucherEscrow.Skip.BadSignature);
        _collect(rowOf(signer, voucherOf(VALUE), VALUE));
    }

    function test_SkipsASignerOfAnotherBuyer() public {
        vm.prank(buyer2.addr);
        escrow.authorizeSigner(signer.addr, EXPIRY);
        _expectSkip(IVoucherEscrow.Skip.BadSignature);
        _collect(rowOf(signer, voucherOf(VALUE), VALUE));
    }

    /* PARTIES */

    function test_SkipsABuyerOfZeroWhoseSignatureRecoversToZero() public {
        IVoucherEscrow.Voucher memory voucher = voucherOf(VALUE);
        voucher.buyer = address(0);
        IVoucherEscrow.Row memory row = rowOf(buyer, voucher, VALUE);
        (row.r, row.vs) = (0, 0);
        _expectBadParties(address(0));
        _collect(row);
        _assertCollected(0);
    }

    function test_SkipsABuyerThatIsTheSeller() public {
        IVoucherEscrow.Voucher memory voucher = voucherOf(VALUE);
        voucher.buyer = seller.addr;
        _expectBadParties(seller.addr);
        _collect(rowOf(seller, voucher, VALUE));
    }

    function test_SkipsABuyerThatIsTheEscrow() public {
        IVoucherEscrow.Voucher memory voucher = voucherOf(VALUE);
        voucher.buyer = address(escrow);
        _expectBadParties(address(escrow));
        _collect(rowOf(buyer, voucher, VALUE));
    }

    function test_NamesBadPartiesBeforeEveryOtherReason() public {
        IVoucherEscrow.Voucher memory voucher = voucherOf(VALUE);
        voucher.buyer = seller.addr;
        voucher.expiry = NOW - 1;
        _expectBadParties(seller.addr);
        _collect(rowOf(stranger, voucher, VALUE + 1));
    }

    /* INTERNAL */

    function _collect(IVoucherEscrow.Row memory row) private {
        collectBatch(groupOf(row));
    }

    function _expectSkip(IVoucherEscrow.Skip reason) private {
        expectEvent();
        emit IVoucherEscrow.VoucherSkipped(DEFAULT_LANE, buyer.addr, seller.addr, asset, reason);
    }

    function _expectBadParties(address payer) private {
        expectEvent();
        emit IVoucherEscrow.VoucherSkipped(DEFAULT_LANE, payer, seller.addr, asset, IVoucherEscrow.Skip.BadParties);
    }

    /// @dev Flips one bit of the packed terms after signing.
    function _spoilTerms(uint256 bit) private {
        IVoucherEscrow.Row memory row = rowOf(buyer, voucherOf(VALUE + 64), VALUE);
        row.terms ^= bit;
        _expectSkip(IVoucherEscrow.Skip.BadSignature);
        _collect(row);
        _assertCollected(0);
    }

    function _assertCollected(uint256 amount) private view {
        Books memory expected = start;
        expected.account -= amount;
        expected.escrow -= amount;
        expected.seller += amount;
        assertBooks(expected);
        assertEq(collectedOf(DEFAULT_LANE), amount);
    }
}

/// @notice Wide rows. Where SignedMessage.tree says "refuses", a wide row is skipped for its signature.
contract CollectBatchWideRowTest is SignedMessageTest {
    using VoucherMessages for *;

    uint256 private constant BALANCE = 100;
    uint256 private constant VALUE = 60;
    /// @dev What a contract wallet is asked with at most.
    uint256 private constant WALLET_GAS = 100_000;

    IVoucherEscrow.Voucher private voucher;
    Books private start;

    function setUp() public override {
        super.setUp();
        voucher = laneVoucherOf(LANE, VALUE);
        deposit(buyer, seller, BALANCE);
        start = books();
    }

    /* SIGNATURE: every case of SignedMessage.tree */

    function owner() internal view override returns (Actor memory) {
        return buyer;
    }

    function structHash() internal view override returns (bytes32) {
        return voucher.hash();
    }

    function submit(bytes memory signature) internal override {
        collectBatch(groupOf(IVoucherEscrow.WideRow({voucher: voucher, signature: signature, total: VALUE})));
    }

    function expectRefusal() internal override {
        _expectSkip(IVoucherEscrow.Skip.BadSignature);
    }

    function assertDone() internal view override {
        _assertCollected(VALUE);
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_SkipsWhenTheIdIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, voucher);
        voucher.id = DEFAULT_LANE;
        expectRefusal();
        submit(signature);
    }

    function test_SkipsWhenTheBuyerIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, voucher);
        voucher.buyer = buyer2.addr;
        expectRefusal();
        submit(signature);
    }

    function test_SkipsWhenTheValueIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, voucher);
        voucher.valueAggregate += 1;
        expectRefusal();
        submit(signature);
    }

    function test_SkipsWhenTheTimestampIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, voucher);
        voucher.timestamp += 1;
        expectRefusal();
        submit(signature);
    }

    function test_SkipsWhenTheNonceIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, voucher);
        voucher.nonce += 1;
        expectRefusal();
        submit(signature);
    }

    function test_SkipsWhenTheExpiryIsNotTheOneSigned() public {
        bytes memory signature = sign(buyer, voucher);
        voucher.expiry += 1;
        expectRefusal();
        submit(signature);
    }

    /* PARTIES */

    function test_SkipsWhenTheSellerIsNotTheGroups() public {
        voucher.seller = seller2.addr;
        _expectSkip(IVoucherEscrow.Skip.BadParties);
        _collect(VALUE);
    }

    function test_SkipsWhenTheAssetIsNotTheGroups() public {
        voucher.asset = stranger.addr;
        _expectSkip(IVoucherEscrow.Skip.BadParties);
        _collect(VALUE);
    }

    function test_SkipsWhenTheEscrowIsAnother() public {
        voucher.escrow = stranger.addr;
        _expectSkip(IVoucherEscrow.Skip.BadParties);
        _collect(VALUE);
    }

    function test_SkipsWhenTheChainIsAnother() public {
        voucher.chainId = 1;
        _expectSkip(IVoucherEscrow.Skip.BadParties);
        _collect(VALUE);
    }

    function test_SkipsWhenTheBuyerIsZero() public {
        voucher.buyer = address(0);
        _expectSkip(IVoucherEscrow.Skip.BadParties);
        submit(new bytes(65));
    }

    function test_SkipsWhenTheBuyerIsTheSeller() public {
        voucher.buyer = seller.addr;
        _expectSkip(IVoucherEscrow.Skip.BadParties);
        _collect(VALUE);
    }

    function test_SkipsWhenTheBuyerIsTheEscrow() public {
        voucher.buyer = address(escrow);
        _expectSkip(IVoucherEscrow.Skip.BadParties);
        _collect(VALUE);
    }

    function test_NamesBadPartiesBeforeEveryOtherReason() public {
        voucher.chainId = 1;
        voucher.expiry = NOW - 1;
        _expectSkip(IVoucherEscrow.Skip.BadParties);
        _collect(VALUE + 1);
    }

    /* EXPIRY */

    function test_CollectsOneSecondBeforeTheExpiry() public {
        vm.warp(EXPIRY - 1);
        _collect(VALUE);
        assertDone();
    }

    function test_CollectsAtTheExpiry() public {
        vm.warp(EXPIRY);
        _collect(VALUE);
        assertDone();
    }

    function test_SkipsOneSecondPastTheExpiry() public {
        vm.warp(EXPIRY + 1);
        _expectSkip(IVoucherEscrow.Skip.Expired);
        _collect(VALUE);
        _assertCollected(0);
    }

    /* TOTAL AND CEILING */

    function test_CollectsATotalOneBelowTheCeiling() public {
        _collect(VALUE - 1);
        _assertCollected(VALUE - 1);
    }

    function test_SkipsATotalOneAboveTheCeiling() public {
        _expectSkip(IVoucherEscrow.Skip.AboveCeiling);
        _collect(VALUE + 1);
        _assertCollected(0);
    }

    function test_SkipsATotalOfZero() public {
        _expectSkip(IVoucherEscrow.Skip.AlreadyCollected);
        _collect(0);
        _assertCollected(0);
    }

    function test_SkipsATotalThatWasCollected() public {
        _collect(VALUE);
        _expectSkip(IVoucherEscrow.Skip.AlreadyCollected);
        _collect(VALUE);
        assertDone();
    }

    function test_SkipsAnEmptyAccount() public {
        voucher.valueAggregate = 150;
        _collect(150);
        _expectSkip(IVoucherEscrow.Skip.NoBalance);
        _collect(150);
        _assertCollected(BALANCE);
    }

    function test_CollectsWhatThereIsWhenTheTotalIsTheLargestWord() public {
        voucher.valueAggregate = type(uint256).max;
        _collect(type(uint256).max);
        _assertCollected(BALANCE);
    }

    function test_CollectsMembersThatDoNotFitACompactRow() public {
        voucher.id = DEFAULT_LANE;
        voucher.valueAggregate = type(uint256).max;
        voucher.timestamp = type(uint64).max;
        voucher.expiry = type(uint64).max;
        voucher.nonce = type(uint256).max;
        uint256[] memory entries = new uint256[](1);
        entries[0] = batchEntry(buyer.addr, BALANCE);
        expectEvent();
        emit IVoucherEscrow.BatchCollected(seller.addr, asset, BALANCE, entries);
        _collect(type(uint256).max);
        _assertCollected(BALANCE);
    }

    /* LANES */

    function test_CollectsOnTheDefaultLane() public {
        voucher.id = DEFAULT_LANE;
        _collect(VALUE);
        assertDone();
    }

    function test_SkipsAnEmptyAccountOnTheDefaultLane() public {
        voucher.id = DEFAULT_LANE;
        voucher.valueAggregate = 150;
        _collect(150);
        _expectSkip(IVoucherEscrow.Skip.NoBalance);
        _collect(150);
    }

    function test_SkipsATotalThatWasCollectedOnTheDefaultLane() public {
        voucher.id = DEFAULT_LANE;
        _collect(VALUE);
        _expectSkip(IVoucherEscrow.Skip.AlreadyCollected);
        _collect(VALUE);
    }

    function test_EmitsVoucherCollectedOnAParallelLane() public {
        expectEvent();
        emit IVoucherEscrow.VoucherCollected(LANE, buyer.addr, seller.addr, asset, VALUE - 1, VALUE - 1);
        _collect(VALUE - 1);
    }

    function test_EmitsNoVoucherCollectedOnTheDefaultLane() public {
        voucher.id = DEFAULT_LANE;
        vm.recordLogs();
        _collect(VALUE);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 batches = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            assertNotEq(logs[i].topics[0], IVoucherEscrow.VoucherCollected.selector);
            if (logs[i].topics[0] == IVoucherEscrow.BatchCollected.selector) ++batches;
        }
        assertEq(batches, 1);
    }

    /* SIGNERS */

    function test_CollectsWhatASignerSigned() public {
        vm.prank(buyer.addr);
        escrow.authorizeSigner(signer.addr, EXPIRY);
        submit(sign(signer, voucher));
        assertDone();
    }

    function test_SkipsASignerPastItsLastSecond() public {
        vm.prank(buyer.addr);
        escrow.authorizeSigner(signer.addr, NOW + 100);
        bytes memory signature = sign(signer, voucher);
        vm.warp(NOW + 101);
        expectRefusal();
        submit(signature);
    }

    /* THE GAS OF A CONTRACT WALLET */

    function test_CollectsFromAWalletThatNeedsLittleBelowTheCap() public {
        _etchGasBurningWallet(WALLET_GAS - 5_000);
        submit("");
        assertDone();
    }

    function test_SkipsAWalletThatNeedsMoreThanTheCap() public {
        _etchGasBurningWallet(WALLET_GAS);
        expectRefusal();
        submit("");
    }

    function test_CollectsLaterByItselfFromAWalletThatNeedsMoreThanTheCap() public {
        _etchGasBurningWallet(WALLET_GAS);
        submit("");
        escrow.collect(voucher, "");
        assertDone();
    }

    function test_SkipsABadKeyWithoutTheGasOfAWallet() public {
        // Nobody is asked where there is no code, so nothing is reserved.
        bytes memory signature = sign(stranger, voucher);
        IVoucherEscrow.Group memory group = groupOf(
            IVoucherEscrow.WideRow({voucher: voucher, signature: signature, total: VALUE})
        );
        group.gasLimit = 50_000;
        expectRefusal();
        collectBatch(group);
    }

    function test_FailsTheGroupWhenTooLittleGasIsLeftToAskAWallet() public {
        vm.etch(buyer.addr, type(AcceptingWallet).runtimeCode);
        IVoucherEscrow.Group memory group = groupOf(
            IVoucherEscrow.WideRow({voucher: voucher, signature: "", total: VALUE})
        );
        group.gasLimit = 80_000;
        expectEvent();
        emit IVoucherEscrow.GroupFailed(seller.addr, asset, IVoucherEscrow.InsufficientGas.selector);
        collectBatch(group);
        _assertCollected(0);
    }

    /* INTERNAL */

    /// @dev Signs what the voucher says now, and collects it.
    function _collect(uint256 total) private {
        IVoucherEscrow.WideRow memory row = wideRowOf(buyer, voucher, total);
        collectBatch(groupOf(row));
    }

    function _expectSkip(IVoucherEscrow.Skip reason) private {
        expectEvent();
        emit IVoucherEscrow.VoucherSkipped(voucher.id, voucher.buyer, seller.addr, asset, reason);
    }

    function _etchGasBurningWallet(uint256 amount) private {
        vm.etch(buyer.addr, type(GasBurningWallet).runtimeCode);
        vm.store(buyer.addr, 0, bytes32(amount));
    }

    function _assertCollected(uint256 amount) private view {
        Books memory expected = start;
        expected.account -= amount;
        expected.escrow -= amount;
        expected.seller += amount;
        assertBooks(expected);
        assertEq(escrow.getVoucherCollected(buyer.addr, seller.addr, asset, voucher.id), amount);
    }
}
