// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../../../contracts/interfaces/IFlashSettlement.sol";
import {Vm} from "../../../helpers/Vm.sol";
import {FlashCollects} from "./FlashCollects.sol";

/// @title What a batch must do, row by row, and whether it did
abstract contract FlashBatchPlans is FlashCollects {
    struct Row {
        bool isTab;
        uint256 amount;
        uint256 index;
        IFlashSettlement.PackedItem item;
        /// One bit for each {IFlashSettlement-Skip} that is true of it whatever wallet and escrow hold; zero for a good row.
        uint256 faults;
    }

    /// @dev Payments first, as the contract takes them.
    struct Plan {
        uint256 a;
        /// False when the group names parties that never had an escrow.
        bool isKnown;
        Row[] rows;
        /// What the client lets the contract have when it is the group's turn.
        uint256 granted;
    }

    /// @dev What each row was paid, or why not.
    struct Outcome {
        uint256[] paid;
        uint256[] faults;
        uint256 due;
    }

    /* EXECUTION */

    function _batch(address from, Plan[] memory plans, bool allowPartial) internal {
        IFlashSettlement.Group[] memory groups = new IFlashSettlement.Group[](plans.length);
        for (uint256 i; i < plans.length; ++i) {
            groups[i] = _group(plans[i]);
            plans[i].granted = _granted(plans[i].a);
        }
        Expect memory none;
        bytes memory data = abi.encodeCall(IFlashSettlement.settleBatch, (groups, allowPartial));
        bool ok = _try(from, data, none, 12);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 next;
        for (uint256 i; ok && i < plans.length; ++i) {
            (uint256 c, , uint256 t) = _parts(plans[i].a);
            uint256 before = wallet[c][t];
            next = _playGroup(from, plans[i], allowPartial, logs, next);
            for (uint256 j = i + 1; j < plans.length; ++j) _spend(plans[j], c, t, before - wallet[c][t]);
        }
        if (ok) _must(_nextLog(logs, next) == logs.length, 12, "a batch with an event too many");
        for (uint256 i; i < plans.length; ++i) {
            _check(plans[i].a);
            uint256 epoch = escrows[plans[i].a].epoch;
            for (uint256 j; j < plans[i].rows.length; ++j) {
                if (!plans[i].rows[j].isTab) _checkNonce(plans[i].a, epoch, plans[i].rows[j].index);
            }
        }
    }

    /// @dev A later group of the same client finds less allowance.
    function _spend(Plan memory p, uint256 c, uint256 t, uint256 amount) private pure {
        (uint256 client, , uint256 asset) = _parts(p.a);
        if (client != c || asset != t) return;
        // USDC counts down even the largest allowance.
        if (t == USDC_TOKEN || p.granted != type(uint256).max) p.granted -= amount;
    }

    function _playGroup(
        address from,
        Plan memory p,
        bool allowPartial,
        Vm.Log[] memory logs,
        uint256 next
    ) private returns (uint256) {
        Outcome memory o;
        if (!p.isKnown || !escrows[p.a].isOpen) {
            o.faults = new uint256[](p.rows.length);
            for (uint256 i; i < p.rows.length; ++i) o.faults[i] = _bit(IFlashSettlement.Skip.NoEscrow);
            return _readSkips(p, o, logs, next);
        }
        uint256 fromWallet;
        (o, fromWallet) = _foresee(from, p, allowPartial);
        next = _readSettled(logs, next, p.a, fromWallet, o.due - fromWallet);
        next = _readSkips(p, o, logs, next);
        _markRows(from, p, o);
        _booked(p.a, fromWallet, o.due - fromWallet);
        return next;
    }

    function _markRows(address from, Plan memory p, Outcome memory o) private {
        (, address server, ) = _parties(p.a);
        uint256 epoch = escrows[p.a].epoch;
        for (uint256 i; i < p.rows.length; ++i) {
            if (o.paid[i] == 0) continue;
            if (p.rows[i].isTab) {
                tabPaid[_laneKey(p.a, epoch, p.rows[i].index)] += o.paid[i];
                continue;
            }
            bytes32 key = _paymentKey(p.a, epoch, p.rows[i].index);
            _must(_isAuthority(from, server), 13, "somebody else consumed a payment");
            isUsed[key] = isSeen[key] = true;
        }
    }

    /* WHAT MUST HAPPEN */

    /// @dev Rows in their order while wallet and escrow cover them; if the wallet fails, anew with the escrow alone.
    function _foresee(
        address from,
        Plan memory p,
        bool allowPartial
    ) private view returns (Outcome memory o, uint256 fromWallet) {
        uint256[] memory faults = new uint256[](p.rows.length);
        for (uint256 i; i < p.rows.length; ++i) faults[i] = _faultsOf(from, p.a, p.rows[i]);
        uint256 balance = escrows[p.a].balance;
        fromWallet = _pullableOf(p.a, p.granted);
        o = _choose(p, faults, allowPartial, fromWallet + balance);
        if (o.due < fromWallet) fromWallet = o.due;
        if (fromWallet == 0 || _canPull(p.a)) return (o, fromWallet);
        return (_choose(p, faults, allowPartial, balance), 0);
    }

    function _choose(
        Plan memory p,
        uint256[] memory faults,
        bool allowPartial,
        uint256 available
    ) private view returns (Outcome memory o) {
        (o.paid, o.faults) = (new uint256[](p.rows.length), new uint256[](p.rows.length));
        uint256 left = MAX - escrows[p.a].settled;
        if (available < left) left = available;
        for (uint256 i; i < p.rows.length; ++i) {
            o.faults[i] = faults[i];
            if (faults[i] != 0) continue;
            Row memory row = p.rows[i];
            uint256 before = _paidBefore(p, o, i);
            bool isDone = row.isTab ? row.amount <= before : before != 0;
            if (isDone) o.faults[i] |= _bit(IFlashSettlement.Skip.Used);
            uint256 want = row.isTab && !isDone ? row.amount - before : row.amount;
            bool isCovered = left != 0 && (want <= left || row.isTab || allowPartial);
            if (!isCovered) o.faults[i] |= _bit(IFlashSettlement.Skip.NotCovered);
            if (o.faults[i] != 0) continue;
            o.paid[i] = want < left ? want : left;
            left -= o.paid[i];
            o.due += o.paid[i];
        }
    }

    /// @return before What the row's lane has paid by now, or whether its nonce is used.
    function _paidBefore(Plan memory p, Outcome memory o, uint256 i) private view returns (uint256 before) {
        Row memory row = p.rows[i];
        uint256 epoch = escrows[p.a].epoch;
        if (row.isTab) before = tabPaid[_laneKey(p.a, epoch, row.index)];
        else if (isUsed[_paymentKey(p.a, epoch, row.index)]) before = 1;
        for (uint256 j; j < i; ++j) {
            bool isKin = p.rows[j].isTab == row.isTab && p.rows[j].index == row.index;
            if (isKin) before += o.paid[j];
        }
    }

    /// @dev What is wrong with a row beside what it shares with wallet, escrow and the rows before.
    function _faultsOf(address from, uint256 a, Row memory row) private view returns (uint256 faults) {
        (, address server, ) = _parties(a);
        faults = row.faults;
        uint256 deadline = (row.item.head >> 24) & type(uint40).max;
        if (deadline != 0 && _now() > deadline) faults |= _bit(IFlashSettlement.Skip.Expired);
        if (!row.isTab && !_isAuthority(from, server)) faults |= _bit(IFlashSettlement.Skip.NotServer);
    }

    /// @dev The contract tells of each row that was not paid, in their order, and names a true reason.
    function _readSkips(Plan memory p, Outcome memory o, Vm.Log[] memory logs, uint256 next) private returns (uint256) {
        for (uint256 i; i < p.rows.length; ++i) {
            if (o.faults[i] == 0) continue;
            next = _nextLog(logs, next);
            if (next == logs.length) {
                _must(false, 12, "a skipped row without an event");
                return next;
            }
            Vm.Log memory log = logs[next++];
            _must(log.topics[0] == IFlashSettlement.RowSkipped.selector, 12, "another event than RowSkipped");
            if (violated != 0) return next;
            (uint256 head, uint256 reason) = abi.decode(log.data, (uint256, uint256));
            _must(head == p.rows[i].item.head, 12, "RowSkipped of another row");
            _must((o.faults[i] >> reason) & 1 == 1, 12, string.concat("a row skipped for ", vm.toString(reason)));
            ++outcomes[IFlashSettlement.settleBatch.selector][bytes4(uint32(reason))];
        }
        return next;
    }

    /* MAKING */

    function _group(Plan memory p) internal view returns (IFlashSettlement.Group memory g) {
        (g.client, g.server, g.token) = _parties(p.a);
        if (!p.isKnown) g.client = party[MALLORY];
        uint256 payments;
        while (payments < p.rows.length && !p.rows[payments].isTab) ++payments;
        g.payments = new IFlashSettlement.PackedItem[](payments);
        g.tabs = new IFlashSettlement.PackedItem[](p.rows.length - payments);
        for (uint256 i; i < p.rows.length; ++i) {
            if (i < payments) g.payments[i] = p.rows[i].item;
            else g.tabs[i - payments] = p.rows[i].item;
        }
    }

    /// @return row A filed payment or tab as a row of an account's group, be it of that account or not.
    function _row(uint256 a, uint256 place) internal view returns (Row memory row) {
        Item memory item = items[place];
        row.isTab = item.kind == Kind.Tab;
        // Both messages have the same shape.
        IFlashSettlement.Payment memory m = abi.decode(item.data, (IFlashSettlement.Payment));
        (row.amount, row.index) = (m.amount, m.nonce);
        row.item.head = (uint256(m.amount) << 128) | (uint256(m.nonce) << 64) | (uint256(m.deadline) << 24);
        (row.item.r, row.item.vs) = _compact(item.sig);
        if (item.sig.form == Form.Broken) row.item.head |= 1;
        if (m.amount == 0 || item.sig.form == Form.Broken) row.faults |= _bit(IFlashSettlement.Skip.Malformed);
        (m.client, m.server, m.token) = _parties(a);
        m.epoch = uint32(escrows[a].epoch);
        bytes32 digest = _digestOf(item.kind, abi.encode(m), address(settlement));
        if (!_isKeys(escrows[a].signer, item.sig, digest)) row.faults |= _bit(IFlashSettlement.Skip.BadSignature);
    }

    function _compact(Sig memory sig) private pure returns (bytes32 r, bytes32 vs) {
        bytes memory s = sig.signature;
        assembly ("memory-safe") {
            r := mload(add(s, 0x20))
            vs := mload(add(s, 0x40))
        }
        if (sig.form == Form.Compact) return (r, vs);
        if (uint8(s[64]) == 28) vs |= bytes32(uint256(1) << 255);
    }

    /// @dev Sorts payments to the front, each kind in the order given.
    function _sorted(Row[] memory rows) internal pure returns (Row[] memory sorted) {
        sorted = new Row[](rows.length);
        uint256 next;
        for (uint256 i; i < rows.length; ++i) if (!rows[i].isTab) sorted[next++] = rows[i];
        for (uint256 i; i < rows.length; ++i) if (rows[i].isTab) sorted[next++] = rows[i];
    }

    function _bit(IFlashSettlement.Skip reason) internal pure returns (uint256) {
        return 1 << uint256(reason);
    }
}
