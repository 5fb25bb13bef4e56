// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {RawTransactions} from "../helpers/RawTransactions.sol";
import {FalseReturningToken} from "../mocks/FalseReturningToken.sol";
import {GasWatchingToken} from "../mocks/GasWatchingToken.sol";
import {HookedToken} from "../mocks/HookedToken.sol";
import {FlashTest} from "./FlashTest.sol";

/// @notice Attacks that cross verbs. Each once looked as if it could succeed.
contract FlashAttacksTest is FlashTest {
    using RawTransactions for *;

    /* TWO ITEMS OF ONE NONCE OR LANE IN A GROUP WHOSE PULL FAILS */

    function test_PaysTheCoveredOneOfTwoPaymentsOfOneNonce() public {
        _openThenRefuse();
        IFlashSettlement.Group memory group = groupOf(2, 0);
        group.payments[0] = itemOf(client, paymentOf(ESCROW + 1, 1));
        group.payments[1] = itemOf(client, paymentOf(5, 1));
        expectSettled(0, 5);
        expectSkipped(group.payments[0].head, IFlashSettlement.Skip.NotCovered);
        settleBatch(group, false);
        assertEscrow(ESCROW - 5, 5, UNLOCK_AT, OPEN);
        assertEq(settlement.nonceWord(escrowId(), 0, 0), 1 << 1);
    }

    function test_StillSettlesOneOfTwoCoveredPaymentsOfOneNonce() public {
        _openThenRefuse();
        IFlashSettlement.Group memory group = groupOf(2, 0);
        group.payments[0] = itemOf(client, paymentOf(7, 1));
        group.payments[1] = itemOf(client, paymentOf(5, 1));
        expectSettled(0, 7);
        expectSkipped(group.payments[1].head, IFlashSettlement.Skip.Used);
        settleBatch(group, false);
        assertEscrow(ESCROW - 7, 7, UNLOCK_AT, OPEN);
    }

    function test_CallsNoTabUsedThatNothingPaid() public {
        _openThenRefuse();
        settle(paymentOf(ESCROW, 9));
        IFlashSettlement.Group memory group = groupOf(0, 2);
        group.tabs[0] = itemOf(client, tabOf(100, 1));
        group.tabs[1] = itemOf(client, tabOf(50, 1));
        expectSkipped(group.tabs[0].head, IFlashSettlement.Skip.NotCovered);
        expectSkipped(group.tabs[1].head, IFlashSettlement.Skip.NotCovered);
        settleBatch(group, false);
        assertEq(settlement.tabSettled(escrowId(), 0, 1), 0);
    }

    /* GAS */

    function test_NoGasLimitMakesAGoodSignatureABadOne() public {
        open();
        drainTo(0);
        IFlashSettlement.Group[] memory groups = new IFlashSettlement.Group[](1);
        groups[0] = groupOf(60, 0);
        // The last of them is not covered, so that the list of skipped items is never empty.
        for (uint64 i = 0; i < 59; ++i) groups[0].payments[i] = itemOf(client, paymentOf(1, i));
        groups[0].payments[59] = itemOf(client, paymentOf(ESCROW, 59));
        bytes memory callData = abi.encodeCall(IFlashSettlement.settleBatch, (groups, false));
        uint256 settled = _sweep(callData, 130_000, 700_000, 777, ESCROW - 59, 59);
        assertGt(settled, 0, "some limits are enough");
    }

    function test_NoGasLimitChangesTheAnswerOfATokenThatWatchesIt() public {
        GasWatchingToken watching = new GasWatchingToken();
        useToken(watching, FUNDS);
        open();
        watching.setLeast(58_000);
        bytes memory callData = abi.encodeCall(
            IFlashSettlement.settleTab,
            (tabOf(400, 1), sign(client, tabOf(400, 1)))
        );
        uint256 settled = _sweep(callData, 130_000, 600_000, 1777, ESCROW, 400);
        assertGt(settled, 0, "some limits are enough");
    }

    /* RAW TRANSACTIONS */

    function test_RevertWhen_AnyBitOfASignedTransactionIsFlipped() public {
        open();
        bytes memory raw = signTransaction(client, transactionOf(400, 1));
        for (uint256 i = 0; i < raw.length; ++i) {
            for (uint256 bit = 0; bit < 8; ++bit) {
                raw[i] ^= bytes1(uint8(1 << bit));
                _assertRefused(raw);
                raw[i] ^= bytes1(uint8(1 << bit));
            }
        }
        _assertSettles(raw);
    }

    function test_RevertWhen_AByteIsPutAnywhereIntoASignedTransaction() public {
        open();
        bytes memory raw = signTransaction(client, transactionOf(400, 1));
        bytes memory inner = _itemsOf(raw);
        bytes memory bytesToPut = hex"000180818294b8c0c1f8ff";
        for (uint256 i = 0; i <= inner.length; ++i) {
            bytes1 put = bytesToPut[i % bytesToPut.length];
            bytes memory changed = bytes.concat(_slice(inner, 0, i), put, _slice(inner, i, inner.length));
            _assertRefused(bytes.concat(hex"02", RawTransactions.encodeList(changed)));
        }
        _assertSettles(raw);
    }

    function test_RevertWhen_AByteIsTakenFromASignedTransaction() public {
        open();
        bytes memory raw = signTransaction(client, transactionOf(400, 1));
        bytes memory inner = _itemsOf(raw);
        for (uint256 i = 0; i < inner.length; ++i) {
            bytes memory changed = bytes.concat(_slice(inner, 0, i), _slice(inner, i + 1, inner.length));
            _assertRefused(bytes.concat(hex"02", RawTransactions.encodeList(changed)));
        }
        _assertSettles(raw);
    }

    function test_RevertWhen_ASignedTransactionIsCutAnywhere() public {
        open();
        bytes memory raw = signTransaction(client, transactionOf(400, 1));
        for (uint256 length = 0; length < raw.length; ++length) _assertRefused(_slice(raw, 0, length));
        _assertSettles(raw);
    }

    /* REPLAY */

    function test_NothingSignedForAnEpochActsOnceItEnded() public {
        open();
        bytes[] memory calls = _everythingOf(epoch);
        closeByBoth();
        _assertNothingActs(calls);
    }

    function test_NothingSignedForAnEpochActsInTheNext() public {
        open();
        bytes[] memory calls = _everythingOf(epoch);
        closeByBoth();
        open();
        _assertNothingActs(calls);
        // The same messages act in their own epoch.
        calls = _everythingOf(epoch);
        for (uint256 i = 1; i < calls.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(server.addr);
            (bool ok, ) = address(settlement).call(calls[i]);
            assertTrue(ok, "acts in its epoch");
            vm.revertToState(snapshot);
        }
    }

    function test_NothingSignedForALaterEpochActsBefore() public {
        open();
        bytes[] memory calls = _everythingOf(epoch + 1);
        _assertNothingActs(calls);
    }

    function test_ATopUpSignedForTwoMethodsActsOnceForEach() public {
        open();
        IFlashSettlement.TopUp memory message = topUpOf(100);
        IFlashSettlement.Funding memory byEip3009 = eip3009(sign(client, eip3009DigestOf(message)));
        IFlashSettlement.Funding memory byPermit2 = permit2(sign(client, permit2DigestOf(message)));
        settlement.topUpWithAuthorization(message, byEip3009);
        settlement.topUpWithAuthorization(message, byPermit2);
        assertEscrow(ESCROW + 200, 0, UNLOCK_AT, OPEN);
        vm.expectRevert();
        settlement.topUpWithAuthorization(message, byEip3009);
        vm.expectRevert();
        settlement.topUpWithAuthorization(message, byPermit2);
        assertEscrow(ESCROW + 200, 0, UNLOCK_AT, OPEN);
    }

    /* A PAYER AGAINST ITS SERVER */

    function test_APayerThatEmptiesItsWalletDuringThePullPaysFromTheEscrow() public {
        HookedToken hooked = new HookedToken();
        useToken(hooked, 10_000);
        open();
        hooked.setRefuge(stranger.addr);
        expectSettled(0, 400);
        settle(paymentOf(400, 1));
        assertEscrow(ESCROW - 400, 400, UNLOCK_AT, OPEN);
        assertEq(IERC20(token).balanceOf(client.addr), 10_000 - ESCROW, "the pull moved nothing");
        assertEq(settlement.creditOf(server.addr, token), 400);
    }

    function test_APayerThatBurnsTheEscrowUnitByUnitPaysTheServerEachUnit() public {
        open(10);
        drainTo(0);
        IFlashSettlement.Payment memory accepted = paymentOf(10, 1);
        // A direct call, an unseen tab and an unseen signed transaction, each of one unit.
        vm.prank(client.addr);
        settlement.settlePayment(server.addr, token, 1);
        settle(tabOf(1, 77));
        settlement.settleSignedTransaction(signTransaction(client, transactionOf(1, 1)), false);
        assertEscrow(7, 3, UNLOCK_AT, OPEN);
        // The same nonce for less is not the payer's to consume.
        IFlashSettlement.Payment memory less = paymentOf(1, 1);
        bytes memory signature = sign(client, less);
        vm.prank(client.addr);
        expectNotServer(client.addr);
        settlement.settleSignedPayment(less, signature, true);
        settle(accepted, true);
        assertEscrow(0, 10, UNLOCK_AT, OPEN);
        assertEq(settlement.creditOf(server.addr, token), 10);
    }

    function test_ASecondTabOfALaneNeverTakesWhatTheFirstEarned() public {
        open(100);
        drainTo(0);
        // The server accepted 60 on lane 1; the payer settles other totals of that lane first.
        settle(tabOf(10, 1));
        settle(tabOf(59, 1));
        settle(tabOf(60, 1));
        assertEscrow(40, 60, UNLOCK_AT, OPEN);
        settle(tabOf(type(uint96).max, 1));
        assertEscrow(0, 100, UNLOCK_AT, OPEN);
        assertEq(settlement.tabSettled(escrowId(), 0, 1), 100);
        assertEq(settlement.creditOf(server.addr, token), 100);
    }

    /* THE END OF WHAT CAN BE COUNTED */

    function test_ABatchTakesWhatStillFitsIntoTheTotal() public {
        useMintableToken();
        open(10);
        vm.prank(client.addr);
        settlement.settlePayment(server.addr, token, MAX_AMOUNT - 5);
        drainTo(0);
        IFlashSettlement.Payment memory payment = paymentOf(10, 1);
        bytes memory signature = sign(client, payment);
        expectAmountTooLarge(10, 5);
        vm.prank(server.addr);
        settlement.settleSignedPayment(payment, signature, true);

        expectSettled(0, 5);
        settleBatch(groupOf(payment), true);
        assertEscrow(5, MAX_AMOUNT, UNLOCK_AT, OPEN);

        // What no longer fits goes home, and the next epoch counts anew.
        closeByBoth();
        assertEq(IERC20(token).balanceOf(client.addr), 5);
        assertNotOpen(1);
    }

    /* HELPERS */

    /// @dev The wallet says that it can pay, and every pull fails.
    function _openThenRefuse() private {
        FalseReturningToken refusing = new FalseReturningToken();
        useToken(refusing, FUNDS);
        open();
        refusing.setFails(true);
    }

    /// @dev Tries a call of the server with many gas limits: it reverts, or comes to the one result.
    /// @return succeeded With how many limits it did not revert.
    function _sweep(
        bytes memory callData,
        uint256 from,
        uint256 to,
        uint256 step,
        uint256 balance,
        uint256 settled
    ) private returns (uint256 succeeded) {
        for (uint256 limit = from; limit < to; limit += step) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(server.addr);
            (bool ok, ) = address(settlement).call{gas: limit}(callData);
            if (ok) ++succeeded;
            assertEscrow(ok ? balance : ESCROW, ok ? settled : 0, UNLOCK_AT, OPEN);
            vm.revertToState(snapshot);
        }
    }

    function _assertRefused(bytes memory raw) private {
        (bool ok, ) = address(settlement).call(abi.encodeCall(IFlashSettlement.settleSignedTransaction, (raw, false)));
        assertTrue(!ok, "refused");
    }

    function _assertSettles(bytes memory raw) private {
        settlement.settleSignedTransaction(raw, false);
        assertEscrow(ESCROW, 400, UNLOCK_AT, OPEN);
    }

    /// @dev What the list holds, behind the type and a list header of three bytes.
    function _itemsOf(bytes memory raw) private pure returns (bytes memory inner) {
        inner = _slice(raw, 4, raw.length);
        assertEq(bytes.concat(hex"02", RawTransactions.encodeList(inner)), raw, "the items of the transaction");
    }

    function _slice(bytes memory data, uint256 from, uint256 to) private pure returns (bytes memory part) {
        part = new bytes(to - from);
        for (uint256 i = 0; i < part.length; ++i) part[i] = data[from + i];
    }

    /// @dev Calls of every message that names an epoch; the first of them opens one.
    function _everythingOf(uint32 which) private returns (bytes[] memory calls) {
        uint32 current = epoch;
        epoch = which;
        calls = new bytes[](10);
        calls[0] = _openingCall();
        calls[1] = _eip3009Call();
        calls[2] = _permit2Call();
        calls[3] = _extensionCall();
        calls[4] = _closeCall(false);
        calls[5] = _closeCall(true);
        calls[6] = _releaseCall();
        calls[7] = abi.encodeCall(
            IFlashSettlement.settleSignedPayment,
            (paymentOf(400, 1), sign(client, paymentOf(400, 1)), false)
        );
        calls[8] = abi.encodeCall(IFlashSettlement.settleTab, (tabOf(400, 1), sign(client, tabOf(400, 1))));
        calls[9] = abi.encodeCall(
            IFlashSettlement.settleSignedTransaction,
            (signTransaction(client, transactionOf(400, 1)), true)
        );
        epoch = current;
    }

    function _openingCall() private view returns (bytes memory) {
        IFlashSettlement.OpenEscrow memory m = termsOf(ESCROW);
        return abi.encodeCall(IFlashSettlement.openEscrowWithTerms, (m, sign(client, m), allowance()));
    }

    function _eip3009Call() private view returns (bytes memory) {
        IFlashSettlement.TopUp memory m = topUpOf(100);
        return abi.encodeCall(IFlashSettlement.topUpWithAuthorization, (m, eip3009(sign(client, eip3009DigestOf(m)))));
    }

    function _permit2Call() private view returns (bytes memory) {
        IFlashSettlement.TopUp memory m = topUpOf(100);
        return abi.encodeCall(IFlashSettlement.topUpWithAuthorization, (m, permit2(sign(client, permit2DigestOf(m)))));
    }

    function _extensionCall() private view returns (bytes memory) {
        IFlashSettlement.ExtendEscrow memory m = extendOf(NEVER);
        return abi.encodeCall(IFlashSettlement.extendEscrowWithAuthorization, (m, sign(client, m)));
    }

    function _closeCall(bool byServer) private view returns (bytes memory) {
        IFlashSettlement.CloseEscrow memory m = closeOf(byServer);
        return
            abi.encodeCall(
                IFlashSettlement.closeEscrowWithAuthorization,
                (m, byServer ? sign(server, m) : sign(client, m))
            );
    }

    function _releaseCall() private view returns (bytes memory) {
        IFlashSettlement.ReleaseEscrow memory m = releaseOf(100);
        return abi.encodeCall(IFlashSettlement.releaseEscrowWithAuthorization, (m, sign(server, m)));
    }

    /// @dev Whoever sends them.
    function _assertNothingActs(bytes[] memory calls) private {
        Books memory before = books();
        address[3] memory senders = [relayer, server.addr, client.addr];
        for (uint256 i = 0; i < calls.length; ++i) {
            for (uint256 j = 0; j < senders.length; ++j) {
                vm.prank(senders[j]);
                (bool ok, ) = address(settlement).call(calls[i]);
                assertTrue(!ok, "refused");
            }
        }
        assertBooks(before);
    }
}

/// @notice Batches of items that collide, are bad, or are not covered, from a wallet that may refuse, against the rules in plain words.
contract FlashBatchModelTest is FlashTest {
    /// @dev What the rules say of a group.
    struct Model {
        uint256 wallet;
        uint256 left;
        uint256 due;
        uint256 used;
        uint256[3] lanes;
        IFlashSettlement.Skip[] reasons;
    }

    /// @dev An item, and why it is bad by itself.
    struct Row {
        bool isTab;
        uint256 amount;
        uint256 index;
        IFlashSettlement.Skip flaw;
    }

    uint256 private constant PAYMENTS = 6;
    uint256 private constant TABS = 5;

    FalseReturningToken private refusing;
    Row[] private rows;
    uint256 private random;

    function setUp() public override {
        super.setUp();
        refusing = new FalseReturningToken();
        useToken(refusing, 10_000);
    }

    function testFuzz_ABatchDoesWhatTheRulesSay(uint256 seed) public {
        random = seed;
        bool isPartial = _draw(2) == 0;
        uint128 escrow = uint128(1 + _draw(120));
        open(escrow);
        // A nonce and a lane that were used before.
        settle(paymentOf(3, 1));
        settle(tabOf(10, 1));
        drainTo(_draw(150));
        allow(_draw(150));
        bool refuses = _draw(2) == 0;
        refusing.setFails(refuses);

        IFlashSettlement.Group memory group = _group();
        Model memory model = _model(escrow, isPartial, refuses);
        Books memory expected = books();
        uint256 fromWallet = refuses ? 0 : (model.due < model.wallet ? model.due : model.wallet);
        expected.client -= fromWallet;
        expected.server += fromWallet;
        expected.escrow -= model.due - fromWallet;
        expected.creditOfServer += model.due - fromWallet;
        expected.settled += model.due;

        if (model.due != 0) expectSettled(fromWallet, model.due - fromWallet);
        for (uint256 i = 0; i < rows.length; ++i) {
            uint256 head = i < PAYMENTS ? group.payments[i].head : group.tabs[i - PAYMENTS].head;
            if (model.reasons[i] != IFlashSettlement.Skip.None) expectSkipped(head, model.reasons[i]);
        }
        settleBatch(group, isPartial);

        assertBooks(expected);
        assertEq(settlement.nonceWord(escrowId(), 0, 0), model.used, "nonces");
        for (uint64 i = 0; i < 3; ++i) assertEq(settlement.tabSettled(escrowId(), 0, i), model.lanes[i], "lane");
    }

    /// @dev Chosen with what the wallet says; if it then refuses, chosen as if it were empty.
    function _model(uint256 escrow, bool isPartial, bool refuses) private view returns (Model memory model) {
        uint256 balance = IERC20(token).balanceOf(client.addr);
        uint256 allowed = IERC20(token).allowance(client.addr, address(settlement));
        uint256 wallet = balance < allowed ? balance : allowed;
        model = _choose(wallet, escrow, isPartial);
        if (refuses && model.due != 0 && wallet != 0) model = _choose(0, escrow, isPartial);
    }

    function _choose(uint256 wallet, uint256 escrow, bool isPartial) private view returns (Model memory model) {
        model.wallet = wallet;
        model.left = wallet + escrow;
        model.used = 1 << 1;
        model.lanes[1] = 10;
        model.reasons = new IFlashSettlement.Skip[](rows.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            Row memory row = rows[i];
            if (row.flaw != IFlashSettlement.Skip.None) model.reasons[i] = row.flaw;
            else if (row.isTab) model.reasons[i] = _chooseTab(model, row);
            else model.reasons[i] = _choosePayment(model, row, isPartial);
        }
    }

    function _choosePayment(
        Model memory model,
        Row memory row,
        bool isPartial
    ) private pure returns (IFlashSettlement.Skip) {
        if (model.used & (1 << row.index) != 0) return IFlashSettlement.Skip.Used;
        uint256 paid = row.amount;
        if (paid > model.left) {
            if (!isPartial || model.left == 0) return IFlashSettlement.Skip.NotCovered;
            paid = model.left;
        }
        model.used |= 1 << row.index;
        model.left -= paid;
        model.due += paid;
        return IFlashSettlement.Skip.None;
    }

    function _chooseTab(Model memory model, Row memory row) private pure returns (IFlashSettlement.Skip) {
        if (row.amount <= model.lanes[row.index]) return IFlashSettlement.Skip.Used;
        if (model.left == 0) return IFlashSettlement.Skip.NotCovered;
        uint256 paid = row.amount - model.lanes[row.index];
        if (paid > model.left) paid = model.left;
        model.lanes[row.index] += paid;
        model.left -= paid;
        model.due += paid;
        return IFlashSettlement.Skip.None;
    }

    function _group() private returns (IFlashSettlement.Group memory group) {
        group = groupOf(PAYMENTS, TABS);
        for (uint256 i = 0; i < PAYMENTS; ++i) {
            Row memory row = _row(false);
            IFlashSettlement.Payment memory payment = paymentOf(uint128(row.amount), uint64(row.index));
            if (row.flaw == IFlashSettlement.Skip.Expired) payment.deadline = NOW - 1;
            group.payments[i] = _spoil(
                itemOf(row.flaw == IFlashSettlement.Skip.BadSignature ? stranger : client, payment),
                row
            );
        }
        for (uint256 i = 0; i < TABS; ++i) {
            Row memory row = _row(true);
            IFlashSettlement.Tab memory tab = tabOf(uint128(row.amount), uint64(row.index));
            if (row.flaw == IFlashSettlement.Skip.Expired) tab.deadline = NOW - 1;
            group.tabs[i] = _spoil(
                itemOf(row.flaw == IFlashSettlement.Skip.BadSignature ? stranger : client, tab),
                row
            );
        }
    }

    function _spoil(
        IFlashSettlement.PackedItem memory item,
        Row memory row
    ) private pure returns (IFlashSettlement.PackedItem memory) {
        if (row.flaw == IFlashSettlement.Skip.Malformed) item.head |= 1;
        return item;
    }

    /// @dev Five rows of eight are good by themselves; few nonces and lanes, so that they collide.
    function _row(bool isTab) private returns (Row memory row) {
        row.isTab = isTab;
        row.amount = 1 + _draw(70);
        row.index = _draw(isTab ? 3 : 5);
        uint256 flaw = _draw(8);
        if (flaw == 1) row.flaw = IFlashSettlement.Skip.Malformed;
        if (flaw == 2) row.flaw = IFlashSettlement.Skip.Expired;
        if (flaw == 3) row.flaw = IFlashSettlement.Skip.BadSignature;
        rows.push(row);
    }

    function _draw(uint256 below) private returns (uint256) {
        random = uint256(keccak256(abi.encode(random)));
        return random % below;
    }
}
