// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../../../contracts/interfaces/IFlashSettlement.sol";
import {FlashRightsGiven} from "./FlashRightsGiven.sol";

/// @title The ghost server of every account: accepts by the server rules with an old view of the chain, and collects in time
/// @dev It knows only what it saw at its last look. What it may not do is miss a deadline: `_advance` wakes it at the last second.
abstract contract FlashServers is FlashRightsGiven {
    struct Release {
        uint256 amount;
        uint256 deadline;
        uint256 nonce;
        /// True for one the server sent itself: no signature of it can come again.
        bool isSent;
    }

    /// @dev One account as its server sees it.
    struct Server {
        /// When it looked last; zero for never.
        uint256 time;
        IFlashSettlement.Escrow view_;
        /// What it accepted in the epoch of its view.
        uint256 accepted;
        uint256[LANES] total;
        uint256[] places;
        /// The epoch in which it stopped accepting, plus one.
        uint256 stopped;
        Release[] releases;
        bool isListed;
    }

    /// @dev What a settlement may take until it is mined.
    uint256 internal constant MARGIN = 5 minutes;
    uint256 private constant MOST = 1 << 94;

    Server[ACCOUNTS] internal servers;
    uint256[] internal served;
    /// @notice How many requests were served, how many settlements were made at the last second.
    uint256[2] public service;

    /* ACTIONS */

    function serverLooks(uint256 seed) external acts("serverLooks") {
        _look(_pickAccount(_dice(seed)));
    }

    /// @dev Paid requests: the client signs and the server accepts, or not.
    function request(uint256 seed) external acts("request") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        if (_chance(d, 85)) _open(d, a);
        if (servers[a].time == 0 || _chance(d, 60)) _look(a);
        for (uint256 i = 1 + _roll(d, 3); i != 0; --i) _request(d, a);
    }

    function serverSettles(uint256 seed) external acts("serverSettles") {
        Dice memory d = _dice(seed);
        _settleAccepted(d, _pickAccount(d));
    }

    function release(uint256 seed) external acts("release") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        if (_chance(d, 50)) _look(a);
        uint256 amount = _spare(d, a);
        if (_releaseNow(a, _nearEpoch(d, a), amount)) servers[a].releases.push(Release(amount, 0, 0, true));
    }

    function signRelease(uint256 seed) external acts("signRelease") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        if (_chance(d, 50)) _look(a);
        IFlashSettlement.ReleaseEscrow memory m;
        (m.client, m.server, m.token) = _parties(a);
        (m.epoch, m.amount) = (uint32(_nearEpoch(d, a)), uint128(_spare(d, a)));
        (m.nonce, m.deadline) = (_pickNonce(d), uint40(_now() + _roll(d, 2 hours)));
        uint256 place = _file(d, Kind.Release, abi.encode(m), _pickKey(d, _serverOf(a)));
        servers[a].releases.push(Release(m.amount, m.deadline, m.nonce, false));
        // One that waits does more harm.
        if (_chance(d, 60)) _relay(d, place);
    }

    /// @dev A release by signature: twice, past its deadline, or for an epoch that has ended.
    function releaseAgain(uint256 seed) external acts("releaseAgain") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        _open(d, a);
        _look(a);
        if (_spendable(a) < 2) return;
        uint256 way = _roll(d, 3);
        IFlashSettlement.ReleaseEscrow memory m;
        (m.client, m.server, m.token) = _parties(a);
        (m.amount, m.epoch) = (1, uint32(escrows[a].epoch));
        if (way == 2 && m.epoch != 0) m.epoch -= 1;
        (m.nonce, m.deadline) = (1000 + items.length, uint40(_now() + _roll(d, 100)));
        address by = walletOwner[_serverOf(a)] == address(0) ? m.server : walletOwner[_serverOf(a)];
        Sig memory sig = items[_fileClean(Kind.Release, abi.encode(m), by, Form.Full)].sig;
        servers[a].releases.push(Release(m.amount, m.deadline, m.nonce, false));
        if (way == 1) _advance(d, uint256(m.deadline) + 1);
        _releaseSigned(m, sig, party[MALLORY], 6);
        _releaseSigned(m, sig, party[MALLORY], 3);
    }

    /* THE SERVER */

    /// @dev Reads the chain at one block. A new epoch starts with nothing accepted.
    function _look(uint256 a) internal {
        Server storage server = servers[a];
        (address client, address owner, address asset) = _parties(a);
        IFlashSettlement.Escrow memory now_ = settlement.escrowOf(client, owner, asset);
        if (now_.epoch != server.view_.epoch) _forget(server);
        (server.time, server.view_) = (_now(), now_);
        for (uint256 i = server.releases.length; i != 0; --i) {
            Release storage one = server.releases[i - 1];
            uint256 bits = settlement.accountNonceWord(owner, one.nonce >> 8);
            bool isUsedUp = (bits >> (one.nonce & 0xff)) & 1 == 1;
            if (!one.isSent && !isUsedUp && _now() <= one.deadline) continue;
            server.releases[i - 1] = server.releases[server.releases.length - 1];
            server.releases.pop();
        }
    }

    function _forget(Server storage server) private {
        server.accepted = 0;
        delete server.total;
        delete server.places;
    }

    /// @return What it may still accept or return; zero where its view is too old, or the lock too short.
    function _spendable(uint256 a) internal view returns (uint256) {
        Server storage server = servers[a];
        if (server.time == 0 || server.view_.flags != 1) return 0;
        if (server.stopped == uint256(server.view_.epoch) + 1) return 0;
        uint256 safeUntil = server.time + server.view_.closeDelay;
        if (server.view_.unlockAt < safeUntil) safeUntil = server.view_.unlockAt;
        if (_now() + MARGIN >= safeUntil) return 0;
        uint256 bound_ = server.accepted;
        for (uint256 i; i < server.releases.length; ++i) bound_ += server.releases[i].amount;
        uint256 cover = uint256(server.view_.balance) + server.view_.settled;
        return cover > bound_ ? cover - bound_ : 0;
    }

    /// @return amount What the server can return without harm, or more than is there.
    function _spare(Dice memory d, uint256 a) private view returns (uint256 amount) {
        uint256 spendable = _spendable(a);
        if (_chance(d, 10)) return _chance(d, 50) ? 0 : MAX + 1;
        amount = spendable == 0 ? 0 : 1 + _roll(d, spendable);
        if (amount != 0 && _chance(d, 20)) amount = spendable;
    }

    function _request(Dice memory d, uint256 a) private {
        uint256 spendable = _spendable(a);
        if (spendable > MOST) spendable = MOST;
        if (spendable == 0 || servers[a].accepted > MOST) return;
        uint256 price = _chance(d, 20) ? spendable : 1 + _roll(d, spendable / 4 + 1);
        address key = servers[a].view_.signer;
        // A contract wallet that opens by the original entry signs nothing.
        if (keyOf[key] == 0) return;
        uint256 kind = _roll(d, 5);
        (address client, , ) = _parties(a);
        if (kind == 0 && key == client) _requestByTransaction(d, a, price);
        else if (kind < 3) _requestByPayment(d, a, price, key);
        else _requestByTab(d, a, price, key);
    }

    function _requestByPayment(Dice memory d, uint256 a, uint256 price, address key) private {
        IFlashSettlement.Payment memory m;
        (m.client, m.server, m.token) = _parties(a);
        (m.amount, m.epoch) = (uint128(price), servers[a].view_.epoch);
        (m.nonce, m.deadline) = (uint64(250 + _roll(d, 30)), _safeDeadline(d));
        bytes32 one = _paymentKey(a, m.epoch, m.nonce);
        if (isSeen[one] || acceptedHash[one] != 0 || isUsed[one]) return;
        uint256 place = _fileClean(Kind.Payment, abi.encode(m), key, _chance(d, 50) ? Form.Full : Form.Compact);
        acceptedHash[one] = keccak256(abi.encode(m));
        _accept(a, place, price);
        if (!_chance(d, 40)) return;
        // The client signs another one under the same nonce, and tries to burn the nonce by it.
        (m.amount, m.deadline) = (1, 0);
        place = _fileClean(Kind.Payment, abi.encode(m), key, Form.Full);
        _paymentSigned(m, items[place].sig, _chance(d, 50) ? m.client : party[MALLORY], true, 13);
    }

    function _requestByTab(Dice memory d, uint256 a, uint256 price, address key) private {
        IFlashSettlement.Tab memory m;
        (m.client, m.server, m.token) = _parties(a);
        uint256 n = _roll(d, LANES);
        (m.total, m.lane) = (uint128(servers[a].total[n] + price), lane[n]);
        (m.epoch, m.deadline) = (servers[a].view_.epoch, _safeDeadline(d));
        uint256 place = _fileClean(Kind.Tab, abi.encode(m), key, _chance(d, 50) ? Form.Full : Form.Compact);
        servers[a].total[n] = m.total;
        _accept(a, place, price);
    }

    function _requestByTransaction(Dice memory d, uint256 a, uint256 price) private {
        Numbered memory m;
        (m.client, m.server, m.token) = _parties(a);
        (m.amount, m.nonce) = (price, uint64(_roll(d, 6)));
        (m.epoch, m.deadline) = (servers[a].view_.epoch, _safeDeadline(d));
        bytes32 one = _contentKey(a, m);
        // It may have landed by itself already: then it is settled once, and accepted once.
        if (isSeen[one] || acceptedHash[one] != 0) return;
        uint256 place = _fileTransaction(m, m.client, block.chainid, address(settlement), Form.Full);
        acceptedHash[one] = one;
        _accept(a, place, price);
    }

    function _accept(uint256 a, uint256 place, uint256 price) private {
        servers[a].accepted += price;
        servers[a].places.push(place);
        if (!servers[a].isListed) served.push(a);
        servers[a].isListed = true;
        ++service[0];
    }

    /// @dev None mostly; else one that leaves time to settle.
    function _safeDeadline(Dice memory d) private view returns (uint40) {
        return _chance(d, 60) ? 0 : uint40(_now() + MARGIN + 1 + _roll(d, 1 days));
    }

    /// @return What is accepted in this epoch and not settled.
    function _owed(uint256 a) internal view returns (uint256) {
        if (servers[a].view_.epoch != escrows[a].epoch || !escrows[a].isOpen) return 0;
        (uint256 accepted, uint256 settled) = (servers[a].accepted, escrows[a].settled);
        return accepted > settled ? accepted - settled : 0;
    }

    function _beforeRefund(uint256 a) internal override {
        _must(_owed(a) == 0, 2, "an epoch ended before its server could collect");
    }

    function _serverLeaves(Dice memory d, uint256 a) internal override returns (bool) {
        // Also where none is open: a close that is signed before the epoch begins ends it too.
        servers[a].stopped = escrows[a].epoch + 1;
        _settleAccepted(d, a);
        return violated == 0;
    }

    /* COLLECTING IN TIME */

    /// @dev Lets time pass up to `target`; servers that would miss a deadline on the way settle at the last second before it.
    function _advance(Dice memory d, uint256 target) internal {
        while (violated == 0) {
            (uint256 deadline, uint256 a) = _nextDeadline();
            if (deadline >= target) break;
            if (deadline > _now()) vm.warp(deadline);
            _settleAccepted(d, a);
            ++service[1];
        }
        if (target > _now()) vm.warp(target);
    }

    function _passUntil(Dice memory d, uint256 target) internal override {
        _advance(d, target);
    }

    function _nextDeadline() private view returns (uint256 first, uint256 account) {
        first = type(uint256).max;
        for (uint256 i; i < served.length; ++i) {
            uint256 a = served[i];
            if (_owed(a) == 0) continue;
            uint256 deadline = _deadlineOf(a);
            if (deadline < first) (first, account) = (deadline, a);
        }
    }

    /// @return first Last second at which all that was accepted can be settled.
    function _deadlineOf(uint256 a) private view returns (uint256 first) {
        first = escrows[a].unlockAt - 1;
        uint256[] storage places = servers[a].places;
        for (uint256 i; i < places.length; ++i) {
            uint256 deadline = _itemDeadlineOf(places[i]);
            if (deadline != 0 && deadline < first && deadline >= _now()) first = deadline;
        }
    }

    function _itemDeadlineOf(uint256 place) private view returns (uint256) {
        bytes memory data = items[place].data;
        if (items[place].kind == Kind.Transaction) return abi.decode(data, (Numbered)).deadline;
        return abi.decode(data, (IFlashSettlement.Payment)).deadline;
    }

    /// @dev Settles all that it accepted, one by one in any order or in batches, and takes what is there.
    function _settleAccepted(Dice memory d, uint256 a) internal {
        if (_owed(a) == 0) return;
        uint256[] memory places = _shuffled(d, servers[a].places);
        uint256 way = _roll(d, 3);
        address from = party[_serverOf(a)];
        if (way != 0) _batchRows(a, places, from);
        for (uint256 i; i < places.length; ++i) _settleOne(places[i], from);
        _must(_owed(a) == 0, 2, "a server received less than it accepted");
        if (violated == 0) delete servers[a].places;
    }

    function _batchRows(uint256 a, uint256[] memory places, address from) private {
        uint256 count;
        for (uint256 i; i < places.length; ++i) if (items[places[i]].kind != Kind.Transaction) ++count;
        if (count == 0) return;
        uint256[] memory rows = new uint256[](count);
        for (uint256 i; i < places.length; ++i) {
            if (items[places[i]].kind != Kind.Transaction) rows[--count] = places[i];
        }
        Plan[] memory plans = new Plan[](1);
        plans[0] = _planOf(a, rows);
        _batch(from, plans, true);
    }

    function _settleOne(uint256 place, address from) private {
        Item memory item = items[place];
        if (item.kind == Kind.Transaction) {
            _transactionSigned(abi.decode(item.data, (Numbered)), item.sig, from, true, 2);
        } else if (item.kind == Kind.Tab) {
            _tabSigned(abi.decode(item.data, (IFlashSettlement.Tab)), item.sig, party[MALLORY], 2);
        } else {
            _paymentSigned(abi.decode(item.data, (IFlashSettlement.Payment)), item.sig, from, true, 2);
        }
    }
}
