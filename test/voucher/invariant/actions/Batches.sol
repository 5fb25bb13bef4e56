// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../../../contracts/interfaces/IVoucherEscrow.sol";
import {Digests} from "../Digests.sol";
import {BatchLogs} from "./BatchLogs.sol";

/// @title Vouchers are collected by the group, good rows beside bad ones, with enough gas and with too little
abstract contract Batches is BatchLogs {
    using Digests for *;

    uint256 private constant WALLET_GAS_IN_BATCH = 100_000;

    /* ACTIONS */

    function collectBatch(uint256 seed) external acts("collectBatch") {
        Dice memory d = _dice(seed);
        (Plan[] memory plans, IVoucherEscrow.Group[] memory groups) = _planBatch(d, false);
        _compareWithSingles(d, plans, groups);
    }

    /// @dev Any amount of gas for the whole and for each group.
    function starveBatch(uint256 seed) external acts("starveBatch") {
        Dice memory d = _dice(seed);
        (Plan[] memory plans, IVoucherEscrow.Group[] memory groups) = _planBatch(d, true);
        _batch(plans, groups, 60_000 + _roll(d, 1_200_000));
    }

    /// @dev A contract wallet that wants nearly all the gas a batch may give it: with less than that the group fails, and never the signature.
    function starveWallet(uint256 seed) external acts("starveWallet") {
        Dice memory d = _dice(seed);
        (, uint256 s, uint256 t) = _pickAccount(d);
        uint256 account = _account(CAROL, s, t);
        _rotate(CAROL, "owner 0", WALLET_GAS_MOST);
        uint256 value = accounts[account].collected[1] + 1 + _roll(d, 9);
        IVoucherEscrow.Voucher memory m = _voucher(d, account, 1, value, uint64(_now() + PERIOD));
        uint256 place = _fileClean(Kind.Voucher, abi.encode(m), walletOwner[CAROL], Form.Full);

        Plan[] memory plans = new Plan[](1);
        IVoucherEscrow.Group[] memory groups = new IVoucherEscrow.Group[](1);
        (plans[0], groups[0]) = _emptyGroup(s, t, 0, 1);
        _addWide(plans[0], groups[0], 0, place, value);
        for (uint256 i; i < 6; ++i) {
            uint256 snapshot = vm.snapshotState();
            groups[0].gasLimit = 105_000 + _roll(d, 20_000);
            plans[0].gasLimit = groups[0].gasLimit;
            _batch(plans, groups, AMPLE_GAS);
            // What was seen stays seen.
            if (violated != 0) return;
            vm.revertToStateAndDelete(snapshot);
        }
    }

    /// @dev Vouchers of one seller and token up to their ceilings, compact where they fit, as a collector sends them.
    function _collectAsGroup(Dice memory d, uint256 s, uint256 t, uint256[] memory places) internal {
        uint256 wide;
        for (uint256 i; i < places.length; ++i) if (!_fitsDefaultRow(places[i])) ++wide;
        Plan[] memory plans = new Plan[](1);
        IVoucherEscrow.Group[] memory groups = new IVoucherEscrow.Group[](1);
        (plans[0], groups[0]) = _emptyGroup(s, t, places.length - wide, wide);
        (uint256 row, uint256 wideRow) = (0, 0);
        for (uint256 i; i < places.length; ++i) {
            uint256 total = _voucherAt(places[i]).valueAggregate;
            if (_fitsDefaultRow(places[i])) _addRow(d, plans[0], groups[0], row++, places[i], total, false);
            else _addWide(plans[0], groups[0], wideRow++, places[i], total);
        }
        _batch(plans, groups, AMPLE_GAS);
    }

    /* V12: A BATCH IS THE SEQUENCE OF ITS SINGLE COLLECTIONS */

    /// @dev Collects one by one what the batch would collect, takes it back, and then compares.
    function _compareWithSingles(Dice memory d, Plan[] memory plans, IVoucherEscrow.Group[] memory groups) private {
        if (_chance(d, 50) || _hasFailure(plans)) {
            _batch(plans, groups, AMPLE_GAS);
            return;
        }
        uint256 snapshot = vm.snapshotState();
        for (uint256 i; i < plans.length; ++i) {
            for (uint256 j; j < plans[i].rows.length; ++j) {
                RowPlan memory row = plans[i].rows[j];
                if (row.faults == 0 && row.total != 0) _collectAlone(row);
            }
        }
        bytes32 expected = _stateOf(plans);
        vm.revertToStateAndDelete(snapshot);

        bool ok = _batch(plans, groups, AMPLE_GAS);
        if (ok) _must(_stateOf(plans) == expected, 12, "a batch did something else than its vouchers one by one");
    }

    /// @dev The voucher that collects exactly what the row asks for, signed by the same key.
    function _collectAlone(RowPlan memory row) private {
        IVoucherEscrow.Voucher memory m = _voucherAt(row.place);
        m.id = lane[row.laneNumber];
        m.valueAggregate = row.total;
        bytes32 digest = _digestOf(Kind.Voucher, abi.encode(m), address(escrow));
        bytes memory signature = _sign(items[row.place].sig.signedBy, digest, Form.Full).signature;
        _call(party[MALLORY], abi.encodeCall(IVoucherEscrow.collect, (m, signature)), CALL_GAS);
    }

    function _hasFailure(Plan[] memory plans) private returns (bool fails) {
        for (uint256 i; i < plans.length; ++i) if (_rehearse(plans[i]) != 0) return true;
    }

    function _stateOf(Plan[] memory plans) private view returns (bytes32 state) {
        for (uint256 i; i < plans.length; ++i) {
            Plan memory p = plans[i];
            (uint256 freeBalance, , ) = escrow.getFreeAccount(p.seller, p.asset);
            state = keccak256(abi.encode(state, freeBalance, _balanceOfEscrow(p.asset)));
            for (uint256 j; j < p.rows.length; ++j) {
                if (!p.rows[j].isKnown) continue;
                (address buyer, address seller, address asset) = _parties(p.rows[j].account);
                state = keccak256(abi.encode(state, escrow.getAccount(buyer, seller, asset)));
                for (uint256 n; n < LANES; ++n) {
                    uint256 collected = escrow.getVoucherCollected(buyer, seller, asset, lane[n]);
                    state = keccak256(abi.encode(state, collected));
                }
            }
        }
    }

    /* PLANNING */

    function _planBatch(
        Dice memory d,
        bool isStarved
    ) private returns (Plan[] memory plans, IVoucherEscrow.Group[] memory groups) {
        uint256 count = _chance(d, 3) ? 0 : 1 + _roll(d, 3);
        plans = new Plan[](count);
        groups = new IVoucherEscrow.Group[](count);
        for (uint256 i; i < count; ++i) {
            (, uint256 s, uint256 t) = _pickAccount(d);
            if (i != 0 && _chance(d, 60)) (s, t) = (_roll(d, SELLERS), _roll(d, TOKENS));
            // With too little gas only the names tell the groups apart, see {_findFailure}.
            if (isStarved || _isHostile(BURNS_GAS)) while (_isPlanned(plans, i, s, t)) t = (t + 1) % TOKENS;
            uint256 rows = count == 1 && _chance(d, 4) ? 0 : 1 + _roll(d, 5);
            (plans[i], groups[i]) = _planGroup(d, s, t, rows);
            if (isStarved && _chance(d, 50)) groups[i].gasLimit = 20_000 + _roll(d, 500_000);
            // It would leave one 64th to the groups behind it.
            if (t == BURNS_GAS && _isHostile(t) && groups[i].gasLimit == 0) groups[i].gasLimit = 900_000;
            plans[i].gasLimit = groups[i].gasLimit;
        }
    }

    function _isPlanned(Plan[] memory plans, uint256 count, uint256 s, uint256 t) private pure returns (bool) {
        for (uint256 i; i < count; ++i) if (plans[i].s == s && plans[i].t == t) return true;
        return false;
    }

    function _planGroup(
        Dice memory d,
        uint256 s,
        uint256 t,
        uint256 count
    ) private returns (Plan memory p, IVoucherEscrow.Group memory g) {
        uint256[] memory places = new uint256[](count);
        bool[] memory isWide = new bool[](count);
        uint256 wide;
        for (uint256 i; i < count; ++i) {
            places[i] = _pickRow(d, s, t);
            isWide[i] = !_fitsRow(places[i]) || _chance(d, 40);
            if (isWide[i]) ++wide;
        }
        (p, g) = _emptyGroup(s, t, count - wide, wide);
        (uint256 row, uint256 wideRow) = (0, 0);
        for (uint256 i; i < count; ++i) {
            uint256 total = _pickTotal(d, places[i]);
            if (isWide[i]) _addWide(p, g, wideRow++, places[i], total);
            else _addRow(d, p, g, row++, places[i], total, true);
        }
        if (_chance(d, 3)) _spoilGroup(d, p, g);
    }

    function _emptyGroup(
        uint256 s,
        uint256 t,
        uint256 rows,
        uint256 wide
    ) private view returns (Plan memory p, IVoucherEscrow.Group memory g) {
        p.s = s;
        p.t = t;
        p.seller = party[_sellerParty(s)];
        p.asset = token[t];
        p.rows = new RowPlan[](rows + wide);
        p.compact = rows;
        g.seller = p.seller;
        g.asset = p.asset;
        g.rows = new IVoucherEscrow.Row[](rows);
        g.wide = new IVoucherEscrow.WideRow[](wide);
    }

    /// @dev A voucher for this seller and asset, rarely for another one.
    function _pickRow(Dice memory d, uint256 s, uint256 t) private returns (uint256) {
        if (_chance(d, 6)) return _pickVoucher(d);
        uint256 b = _chance(d, 50) ? focusBuyer : _roll(d, BUYERS);
        if (b == _sellerParty(s)) b = ALICE;
        return _pickVoucherOf(d, _account(b, s, t));
    }

    function _pickTotal(Dice memory d, uint256 place) private view returns (uint256) {
        uint256 ceiling = _voucherAt(place).valueAggregate;
        uint256 kind = _roll(d, 20);
        if (kind == 0) return 0;
        if (kind == 1 && ceiling < type(uint256).max) return ceiling + 1;
        if (kind < 7 && ceiling != 0) return 1 + _roll(d, ceiling);
        return ceiling;
    }

    function _fitsRow(uint256 place) private view returns (bool) {
        IVoucherEscrow.Voucher memory m = _voucherAt(place);
        Sig storage sig = items[place].sig;
        bool isGood = sig.form == Form.Full || sig.form == Form.Compact;
        return m.valueAggregate < MAX && m.expiry <= type(uint40).max && (isGood || sig.signature.length == 64);
    }

    function _fitsDefaultRow(uint256 place) private view returns (bool) {
        return _voucherAt(place).id == 0 && _fitsRow(place);
    }

    /// @dev A group that no seller or asset stands behind.
    function _spoilGroup(Dice memory d, Plan memory p, IVoucherEscrow.Group memory g) private view {
        if (_chance(d, 50)) {
            p.seller = g.seller = _chance(d, 50) ? address(0) : address(escrow);
            p.broken = IVoucherEscrow.InvalidAddress.selector;
        } else {
            p.asset = g.asset = _chance(d, 50) ? address(0) : address(escrow);
            p.broken = IVoucherEscrow.InvalidAsset.selector;
        }
    }

    /* ROWS */

    function _addRow(
        Dice memory d,
        Plan memory p,
        IVoucherEscrow.Group memory g,
        uint256 i,
        uint256 place,
        uint256 total,
        bool maybeSpoilt
    ) private view {
        IVoucherEscrow.Voucher memory m = _voucherAt(place);
        if (maybeSpoilt && _chance(d, 3))
            m.buyer =
                _chance(d, 50)
                    ? address(escrow)
                    : _chance(d, 50)
                        ? address(0)
                        : p.seller;
        Sig memory sig = items[place].sig;
        if (total > MAX) total = MAX;
        (bytes32 r, bytes32 vs) = _compact(sig.signature);
        // A signature that recovers to nobody.
        if (maybeSpoilt && _chance(d, 3)) (r, sig.signedBy) = (0, address(0));
        g.rows[i] = IVoucherEscrow.Row({
            head: (uint256(uint160(m.buyer)) << 96) | total,
            terms: (m.valueAggregate << 160) | (uint256(m.timestamp) << 120) | (uint256(m.expiry) << 80) | m.nonce,
            r: r,
            vs: vs
        });

        // What a row leaves out is what the group and the chain say.
        (m.id, m.seller, m.asset, m.escrow, m.chainId) = (0, p.seller, p.asset, address(escrow), block.chainid);
        bool isSigned = _isVoucherByKey(m.buyer, sig, address(escrow).ofEscrow(m.hash()));
        _addPlan(p, i, m, place, total, isSigned, true);
    }

    function _addWide(
        Plan memory p,
        IVoucherEscrow.Group memory g,
        uint256 i,
        uint256 place,
        uint256 total
    ) private view {
        IVoucherEscrow.Voucher memory m = _voucherAt(place);
        Sig memory sig = items[place].sig;
        g.wide[i] = IVoucherEscrow.WideRow(m, sig.signature, total);
        bytes32 digest = address(escrow).ofEscrow(m.hash());
        bool isSigned = _isVoucherByKey(m.buyer, sig, digest) || _isByWallet(m.buyer, sig, digest, WALLET_GAS_IN_BATCH);
        bool isOurs =
            m.seller == p.seller && m.asset == p.asset && m.escrow == address(escrow) && m.chainId == block.chainid;
        _addPlan(p, p.compact + i, m, place, total, isSigned, isOurs);
    }

    function _addPlan(
        Plan memory p,
        uint256 i,
        IVoucherEscrow.Voucher memory m,
        uint256 place,
        uint256 total,
        bool isSigned,
        bool isOurs
    ) private view {
        RowPlan memory row = p.rows[i];
        (row.buyer, row.id, row.place, row.total) = (m.buyer, m.id, place, total);
        row.laneNumber = _laneNumber(m.id);
        (row.isKnown, row.account) = _find(m.buyer, p.seller, p.asset);
        bool isBuyer = m.buyer != address(0) && m.buyer != p.seller && m.buyer != address(escrow);
        if (_now() > m.expiry) row.faults |= _bit(IVoucherEscrow.Skip.Expired);
        if (total > m.valueAggregate) row.faults |= _bit(IVoucherEscrow.Skip.AboveCeiling);
        if (!isSigned) row.faults |= _bit(IVoucherEscrow.Skip.BadSignature);
        // It goes before every other reason.
        if (!isBuyer || !isOurs) row.faults = _bit(IVoucherEscrow.Skip.BadParties);
    }

    function _compact(bytes memory signature) private pure returns (bytes32 r, bytes32 vs) {
        if (signature.length == 64) return abi.decode(signature, (bytes32, bytes32));
        uint256 s;
        (r, s) = abi.decode(signature, (bytes32, uint256));
        vs = bytes32(s | (uint256(uint8(signature[64]) - 27) << 255));
    }
}
