// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../../../contracts/interfaces/IFlashSettlement.sol";
import {QuirkyToken} from "../QuirkyToken.sol";
import {FlashBatchPlans} from "./FlashBatchPlans.sol";

/// @title Batches of anything, and the same items settled in every way there is
abstract contract FlashBatchCalls is FlashBatchPlans {
    error Rehearsed(bytes32 state);
    error Failed(bytes4 reason);

    /// @dev For a group of a few rows, whatever its token does.
    uint256 private constant ENOUGH_GAS = 1_000_000;

    /* ACTIONS */

    function settleBatch(uint256 seed) external acts("settleBatch") {
        Dice memory d = _dice(seed);
        address from = party[
            _chance(d, 20)
                ? MALLORY
                : _chance(d, 30)
                    ? AGENT
                    : _serverOf(focus)
        ];
        Plan[] memory plans = new Plan[](1 + _roll(d, 3));
        for (uint256 i; i < plans.length; ++i) {
            plans[i].a = i == 0 ? focus : _pickAccount(d);
            if (_chance(d, 30)) _open(d, plans[i].a);
        }
        for (uint256 i; i < plans.length; ++i) plans[i] = _pickPlan(d, plans[i].a, from);
        _batch(from, plans, _chance(d, 50));
    }

    /// @dev Items that are covered, settled one by one, at once, in another order, among bad ones, with less gas: the same comes of it.
    function compareWays(uint256 seed) external acts("compareWays") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        _open(d, a);
        // A fee for every transfer makes more transfers dearer; the token's, not the contract's.
        if (!escrows[a].isOpen || (a % TOKENS == TAKES_FEE && _isHostile(TAKES_FEE))) return;
        uint256[] memory places = _coveredItems(d, a);
        if (places.length == 0) return;

        bytes[] memory one = new bytes[](1);
        one[0] = _batchOf(_planOf(a, places));
        bytes32 expected = _rehearse(a, one, CALL_GAS);
        _must(_rehearse(a, _singles(places), CALL_GAS) == expected, 10, "a batch and its singles differ");
        uint256[] memory shuffled = _shuffled(d, places);
        _must(_rehearse(a, _singles(shuffled), CALL_GAS) == expected, 12, "the order of singles matters");
        one[0] = _batchOf(_planOf(a, shuffled));
        _must(_rehearse(a, one, CALL_GAS) == expected, 12, "the order of rows matters");
        one[0] = _amongBad(
            d,
            a,
            places,
            _fileClean(Kind.Payment, _freshPayment(a, MAX + 1, 90), escrows[a].signer, Form.Full)
        );
        _must(_rehearse(a, one, CALL_GAS) == expected, 12, "a bad row or group changes the others");
        one[0] = _batchOf(_planOf(a, places));
        _must(_rehearse(a, one, ENOUGH_GAS) == expected, 9, "a token takes more gas than is its");
        for (uint256 i; i < 3; ++i) {
            bytes32 state = _rehearse(a, one, 100_000 + _roll(d, 500_000));
            _must(state == 0 || state == expected, 9, "the gas limit changes the split");
        }
    }

    /// @dev Two payments under one nonce, the first one more than the escrow holds: if the wallet fails, the second may be paid.
    function clash(uint256 seed) external acts("clash") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        _open(d, a);
        address key = escrows[a].signer;
        if (!escrows[a].isOpen || keyOf[key] == 0) return;
        if (a % TOKENS != USDC_TOKEN && _chance(d, 60)) QuirkyToken(token[a % TOKENS]).setHostile(true, false);
        bytes memory data = _freshPayment(a, escrows[a].balance + 1 + _roll(d, 50), 0);
        uint256[] memory places = new uint256[](2);
        places[0] = _fileClean(Kind.Payment, data, key, Form.Full);
        IFlashSettlement.Payment memory m = abi.decode(data, (IFlashSettlement.Payment));
        m.amount = uint128(1 + _roll(d, 20));
        places[1] = _fileClean(Kind.Payment, abi.encode(m), key, Form.Full);
        Plan[] memory plans = new Plan[](1);
        plans[0] = _planOf(a, places);
        _batch(party[_serverOf(a)], plans, _chance(d, 30));
    }

    /* WAYS */

    /// @dev Plays calls of the account's server and takes them back.
    /// @return state What came of it; zero when a call failed.
    function _rehearse(uint256 a, bytes[] memory calls, uint256 gasLimit) internal returns (bytes32 state) {
        try this.rehearse(a, calls, gasLimit) {
            revert("a rehearsal always reverts");
        } catch (bytes memory answer) {
            if (bytes4(answer) == Failed.selector) {
                _must(gasLimit < CALL_GAS, 10, "an item that is covered failed");
                return 0;
            }
            assembly ("memory-safe") {
                state := mload(add(answer, 0x24))
            }
        }
    }

    function rehearse(uint256 a, bytes[] calldata calls, uint256 gasLimit) external {
        (address client, address server, address asset) = _parties(a);
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(server);
            (bool ok, bytes memory answer) = address(settlement).call{gas: gasLimit}(calls[i]);
            if (!ok) revert Failed(bytes4(answer));
        }
        bytes memory books = abi.encode(
            settlement.escrowOf(client, server, asset),
            settlement.creditOf(server, asset),
            _balanceAt(a % TOKENS, client),
            _balanceAt(a % TOKENS, server)
        );
        uint32 epoch = uint32(escrows[a].epoch);
        for (uint256 i; i < LANES; ++i) books = abi.encode(books, settlement.tabSettled(_id(a), epoch, lane[i]));
        for (uint56 i; i < 8; ++i) books = abi.encode(books, settlement.nonceWord(_id(a), epoch, i));
        revert Rehearsed(keccak256(books));
    }

    /// @dev Payments under fresh nonces and tabs that grow, no more together than there is.
    function _coveredItems(Dice memory d, uint256 a) private returns (uint256[] memory places) {
        uint256 cover = escrows[a].balance + (_canPull(a) ? _pullable(a) : 0);
        if (escrows[a].settled + cover > MAX) return places;
        uint256 count = 2 + _roll(d, 4);
        if (cover < count || keyOf[escrows[a].signer] == 0) return places;
        if (_chance(d, 50) && cover > escrows[a].balance + 300) cover = escrows[a].balance + 300;
        places = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            uint256 amount = 1 + _roll(d, cover / count);
            Form form = _chance(d, 50) ? Form.Full : Form.Compact;
            bool isTab = i < LANES && _chance(d, 40);
            bytes memory data = isTab ? _freshTab(a, i, amount) : _freshPayment(a, amount, i);
            places[i] = _fileClean(isTab ? Kind.Tab : Kind.Payment, data, escrows[a].signer, form);
        }
    }

    function _freshPayment(uint256 a, uint256 amount, uint256 i) internal view returns (bytes memory) {
        IFlashSettlement.Payment memory m;
        (m.client, m.server, m.token) = _parties(a);
        (m.amount, m.epoch) = (uint128(amount), uint32(escrows[a].epoch));
        // Around the end of a word of nonces.
        m.nonce = uint64(509 + i);
        while (isUsed[_paymentKey(a, m.epoch, m.nonce)]) m.nonce += 7;
        return abi.encode(m);
    }

    function _freshTab(uint256 a, uint256 n, uint256 increase) internal view returns (bytes memory) {
        IFlashSettlement.Tab memory m;
        (m.client, m.server, m.token) = _parties(a);
        (m.epoch, m.lane) = (uint32(escrows[a].epoch), lane[n]);
        m.total = uint128(tabPaid[_laneKey(a, m.epoch, m.lane)] + increase);
        return abi.encode(m);
    }

    function _singles(uint256[] memory places) internal view returns (bytes[] memory calls) {
        calls = new bytes[](places.length);
        for (uint256 i; i < places.length; ++i) {
            Item memory item = items[places[i]];
            if (item.kind == Kind.Tab) {
                IFlashSettlement.Tab memory t = abi.decode(item.data, (IFlashSettlement.Tab));
                calls[i] = abi.encodeCall(IFlashSettlement.settleTab, (t, item.sig.signature));
            } else {
                IFlashSettlement.Payment memory m = abi.decode(item.data, (IFlashSettlement.Payment));
                calls[i] = abi.encodeCall(IFlashSettlement.settleSignedPayment, (m, item.sig.signature, i % 2 == 0));
            }
        }
    }

    function _batchOf(Plan memory p) internal view returns (bytes memory) {
        IFlashSettlement.Group[] memory groups = new IFlashSettlement.Group[](1);
        groups[0] = _group(p);
        return abi.encodeCall(IFlashSettlement.settleBatch, (groups, false));
    }

    /// @dev Every good row behind a bad one, the first one twice; the group between groups without an escrow.
    function _amongBad(
        Dice memory d,
        uint256 a,
        uint256[] memory places,
        uint256 uncovered
    ) private view returns (bytes memory) {
        Plan memory p = Plan(a, true, new Row[](2 * places.length + 1), 0);
        p.rows[2 * places.length] = _row(a, places[0]);
        for (uint256 i; i < places.length; ++i) {
            p.rows[2 * i] = i == 0 ? _row(a, uncovered) : _spoilt(d, _row(a, places[i]));
            p.rows[2 * i + 1] = _row(a, places[i]);
        }
        p.rows = _sorted(p.rows);
        IFlashSettlement.Group[] memory groups = new IFlashSettlement.Group[](3);
        groups[0] = _group(Plan(a, false, p.rows, 0));
        groups[1] = _group(p);
        groups[2] = groups[0];
        return abi.encodeCall(IFlashSettlement.settleBatch, (groups, false));
    }

    /// @dev Another amount or index than was signed, an expired deadline, dirty low bits, or too much for anybody.
    function _spoilt(Dice memory d, Row memory row) private pure returns (Row memory) {
        uint256 how = _roll(d, 5);
        uint256 bit =
            how == 0
                ? 128
                : how == 1
                    ? 64
                    : how == 2
                        ? 24
                        : how == 3
                            ? 0
                            : 230;
        row.item.head ^= uint256(1) << bit;
        return row;
    }

    function _planOf(uint256 a, uint256[] memory places) internal view returns (Plan memory p) {
        p = Plan(a, true, new Row[](places.length), 0);
        for (uint256 i; i < places.length; ++i) p.rows[i] = _row(a, places[i]);
        p.rows = _sorted(p.rows);
    }

    function _shuffled(Dice memory d, uint256[] memory places) internal pure returns (uint256[] memory other) {
        other = new uint256[](places.length);
        for (uint256 i; i < places.length; ++i) other[i] = places[i];
        for (uint256 i = places.length; i > 1; --i) {
            uint256 j = _roll(d, i);
            (other[i - 1], other[j]) = (other[j], other[i - 1]);
        }
    }

    /* ANY PLAN */

    /// @dev Rows of the account, now and then of another, some spoilt; a server does not consume what contradicts what it accepted.
    function _pickPlan(Dice memory d, uint256 a, address from) private returns (Plan memory p) {
        Row[] memory rows = new Row[](_roll(d, 6));
        uint256 count;
        for (uint256 i; i < rows.length; ++i) {
            uint256 place = _pickRow(d, _chance(d, 6) ? _pickAccount(d) : a);
            if (_isAuthority(from, party[_serverOf(a)]) && _contradicts(a, place)) continue;
            rows[count] = _row(a, place);
            if (_chance(d, 10)) rows[count] = _spoiltRow(rows[count], d);
            ++count;
        }
        p = Plan(a, !_chance(d, 5), new Row[](count), 0);
        for (uint256 i; i < count; ++i) p.rows[i] = rows[i];
        p.rows = _sorted(p.rows);
    }

    function _spoiltRow(Row memory row, Dice memory d) private pure returns (Row memory) {
        if (_chance(d, 50)) {
            row.item.head |= 1 << _roll(d, 24);
            row.faults |= _bit(IFlashSettlement.Skip.Malformed);
            return row;
        }
        // A row that promises more than was signed.
        row.amount += 1;
        row.item.head += 1 << 128;
        row.faults |= _bit(IFlashSettlement.Skip.BadSignature);
        if (row.item.head & type(uint24).max == 0) row.faults &= ~_bit(IFlashSettlement.Skip.Malformed);
        return row;
    }

    function _contradicts(uint256 a, uint256 place) private view returns (bool) {
        if (items[place].kind != Kind.Payment) return false;
        IFlashSettlement.Payment memory m = abi.decode(items[place].data, (IFlashSettlement.Payment));
        bytes32 accepted = acceptedHash[_paymentKey(a, escrows[a].epoch, m.nonce)];
        return accepted != 0 && accepted != keccak256(items[place].data);
    }

    function _serverOf(uint256 a) internal pure returns (uint256 s) {
        (, s, ) = _parts(a);
    }
}
