// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../../../contracts/interfaces/IVoucherEscrow.sol";
import {Sellers} from "./Sellers.sol";

/// @title The ghost server of every seller: accepts by the server rules with an old view of the chain, and collects in time
/// @dev It knows only what it saw at its last look at the chain. What it may not do is miss a deadline: `_advance` wakes it at the last second.
abstract contract Servers is Sellers {
    struct Release {
        uint256 amount;
        uint256 expiry;
        /// Nonce of a signed release; zero for one the seller sent itself.
        bytes32 nonce;
    }

    /// @dev One account as its seller's server sees it.
    struct Server {
        /// When it looked last; zero for never.
        uint256 time;
        uint256 balance;
        uint256 thawing;
        uint256[LANES] collected;
        uint256[SIGNERS] signerEnd;
        /// What it has served for, lane by lane, and the voucher that stands for it.
        uint256[LANES] accepted;
        uint256[LANES] place;
        Release[] releases;
        bool isOpen;
        /// Collected totals when all that was accepted was covered: more than that has reached the seller unasked.
        uint256[LANES] pinned;
    }

    uint256 internal constant MARGIN = 10 minutes;
    uint256 private constant RELEASE_LIFETIME = 1 hours;

    Server[ACCOUNTS] internal servers;
    uint256[] internal openAccounts;
    /// @notice How many requests were served.
    uint256 public served;
    /// @notice How many collections the server made at the last second.
    uint256 public collectedInTime;

    /* ACTIONS */

    function serverLooks(uint256 seed) external acts("serverLooks") {
        (uint256 b, uint256 s, uint256 t) = _pickAccount(_dice(seed));
        _look(_account(b, s, t));
    }

    /// @dev A paid request: the buyer signs a little more than before and the server accepts, or not.
    function request(uint256 seed) external acts("request") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        uint256 account = _account(b, s, t);
        if (_chance(d, 85)) _fund(d, account);
        if (servers[account].time == 0 || _chance(d, 60)) _look(account);
        for (uint256 i = 1 + _roll(d, 3); i != 0; --i) _request(d, account);
    }

    function serverCollects(uint256 seed) external acts("serverCollects") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        _collectAccepted(d, _account(b, s, t));
    }

    /// @dev The seller returns what it can spare, or tries to return what is not there.
    function release(uint256 seed) external acts("release") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        uint256 account = _account(b, s, t);
        (uint256 n, uint256 least) = _pickCondition(d, account);
        if (_chance(d, 50)) _look(account);
        uint256 spare = _spendable(account);
        uint256 amount = _chance(d, 85) ? _pickAmount(d, spare) : accounts[account].balance + 1;
        if (amount > spare && amount <= accounts[account].balance) amount = spare;
        _releaseNow(account, n, least, amount);
    }

    function signRelease(uint256 seed) external acts("signRelease") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        uint256 account = _account(b, s, t);
        if (_chance(d, 50)) _look(account);
        uint256 spare = _spendable(account);
        uint256 amount = _pickAmount(d, spare);
        if (amount > spare) amount = spare;
        (uint256 n, uint256 least) = _pickCondition(d, account);
        IVoucherEscrow.ReleaseAuthorization memory m = IVoucherEscrow.ReleaseAuthorization({
            buyer: party[b],
            seller: party[_sellerParty(s)],
            asset: token[t],
            id: lane[n],
            collectedAtLeast: least,
            amount: amount,
            nonce: bytes32(1 + _roll(d, 40)),
            expiry: uint64(_now() + _roll(d, RELEASE_LIFETIME))
        });
        uint256 place = _file(d, Kind.Release, abi.encode(m), _pickKey(d, _sellerParty(s)));
        servers[account].releases.push(Release(amount, m.expiry, m.nonce));
        _relayMaybe(d, place);
    }

    /// @dev The server has no receipt yet: it counts the release as live until it looks again.
    function _releaseNow(uint256 account, uint256 laneNumber, uint256 least, uint256 amount) internal {
        if (!_release(account, laneNumber, least, amount)) return;
        servers[account].releases.push(Release(amount, type(uint256).max, 0));
    }

    /* THE SERVER */

    /// @dev Reads the chain: the account, its lanes, the buyer's signers, and which releases are done with.
    function _look(uint256 account) internal {
        Server storage server = servers[account];
        (address buyer, address seller, address asset) = _parties(account);
        IVoucherEscrow.EscrowAccount memory a = escrow.getAccount(buyer, seller, asset);
        (server.time, server.balance, server.thawing) = (_now(), a.balance, a.thawingAmount);
        for (uint256 n; n < LANES; ++n) server.collected[n] = escrow.getVoucherCollected(buyer, seller, asset, lane[n]);
        for (uint256 i; i < SIGNERS; ++i) (server.signerEnd[i], ) = _endOf(buyer, signer[i]);
        for (uint256 i = server.releases.length; i != 0; --i) {
            Release storage one = server.releases[i - 1];
            bool isDone =
                one.nonce == 0 ||
                    _now() > one.expiry ||
                    escrow.isNonceUsed(IVoucherEscrow.NonceKind.Release, seller, one.nonce);
            if (!isDone) continue;
            server.releases[i - 1] = server.releases[server.releases.length - 1];
            server.releases.pop();
        }
        if (_owed(account) <= a.balance) server.pinned = server.collected;
    }

    /// @return What the seller may still promise or return, as far as the server can tell; zero where its view is too old to tell.
    function _spendable(uint256 account) internal view returns (uint256) {
        Server storage server = servers[account];
        if (server.time == 0 || _now() + MARGIN > server.time + PERIOD) return 0;
        uint256 bound_ = server.thawing;
        for (uint256 i; i < server.releases.length; ++i) bound_ += server.releases[i].amount;
        for (uint256 n; n < LANES; ++n) {
            if (server.accepted[n] > server.collected[n]) bound_ += server.accepted[n] - server.collected[n];
        }
        return server.balance > bound_ ? server.balance - bound_ : 0;
    }

    function _request(Dice memory d, uint256 account) private {
        Server storage server = servers[account];
        uint256 spendable = _spendable(account);
        if (spendable == 0) return;
        uint256 n = _chance(d, 60) ? 0 : _roll(d, LANES);
        uint256 base = server.accepted[n] > server.collected[n] ? server.accepted[n] : server.collected[n];
        uint256 price = _chance(d, 15) ? spendable : 1 + _roll(d, spendable / 4 + 1);
        uint64 expiry = uint64(_now() + PERIOD + MARGIN + _roll(d, 2 * PERIOD));
        address by = _pickVoucherKey(d, account, server);
        if (by == address(0)) return;

        // The highest voucher a row can hold would not leave the lane anywhere to go.
        if (base + price >= MAX) return;
        IVoucherEscrow.Voucher memory m = _voucher(d, account, n, base + price, expiry);
        uint256 place = _fileClean(Kind.Voucher, abi.encode(m), by, _chance(d, 50) ? Form.Full : Form.Compact);
        (server.accepted[n], server.place[n]) = (base + price, place);
        if (!server.isOpen) {
            server.isOpen = true;
            openAccounts.push(account);
        }
        ++served;
    }

    /// @return The buyer's own key, or a session key that outlives a thaw as far as the server knows.
    function _pickVoucherKey(Dice memory d, uint256 account, Server storage server) private view returns (address) {
        (address buyer, , ) = _parties(account);
        if (keyOf[buyer] != 0 && _chance(d, 60)) return buyer;
        uint256 first = _roll(d, SIGNERS);
        for (uint256 i; i < SIGNERS; ++i) {
            uint256 k = (first + i) % SIGNERS;
            if (server.signerEnd[k] >= _now() + PERIOD + MARGIN) return signer[k];
        }
        return keyOf[buyer] != 0 ? buyer : address(0);
    }

    /// @return owed What is accepted and not collected.
    function _owed(uint256 account) internal view returns (uint256 owed) {
        Server storage server = servers[account];
        for (uint256 n; n < LANES; ++n) owed += _outstanding(account, n, server.accepted[n]);
    }

    /// @return amount What has reached the seller beyond anything accepted, since all of it was last seen covered.
    function _unasked(uint256 account) internal view returns (uint256 amount) {
        Server storage server = servers[account];
        for (uint256 n; n < LANES; ++n) {
            uint256 floor = server.accepted[n] > server.pinned[n] ? server.accepted[n] : server.pinned[n];
            uint256 collected = accounts[account].collected[n];
            if (collected > floor) amount += collected - floor;
        }
    }

    /* COLLECTING IN TIME */

    /// @dev Lets time pass up to `target`; servers that would miss a deadline on the way collect at the last second before it.
    function _advance(Dice memory d, uint256 target) internal {
        while (violated == 0) {
            (uint256 deadline, uint256 account) = _nextDeadline();
            if (deadline >= target) break;
            if (deadline > _now()) vm.warp(deadline);
            _collectAccepted(d, account);
            ++collectedInTime;
        }
        if (target > _now()) vm.warp(target);
    }

    /// @return first Last second at which all that was accepted can be collected: before a thaw, an expiry or a signer ends.
    function _nextDeadline() private view returns (uint256 first, uint256 account) {
        first = type(uint256).max;
        for (uint256 i; i < openAccounts.length; ++i) {
            uint256 k = openAccounts[i];
            if (_owed(k) == 0) continue;
            uint256 deadline = _deadline(k);
            if (deadline < first) (first, account) = (deadline, k);
        }
    }

    function _deadline(uint256 account) private view returns (uint256 first) {
        Server storage server = servers[account];
        first = accounts[account].end == 0 ? type(uint256).max : accounts[account].end - 1;
        (address buyer, , ) = _parties(account);
        for (uint256 n; n < LANES; ++n) {
            if (_outstanding(account, n, server.accepted[n]) == 0) continue;
            uint256 expiry = _voucherAt(server.place[n]).expiry;
            if (expiry < first) first = expiry;
            address by = items[server.place[n]].sig.signedBy;
            if (by == buyer) continue;
            (uint256 end, ) = _endOf(buyer, by);
            if (end < first) first = end;
        }
    }

    /// @dev Collects all that was accepted, one by one or as a batch; as free balance where the token would not pay.
    function _collectAccepted(Dice memory d, uint256 account) internal {
        if (_owed(account) == 0) return;
        (, uint256 s, uint256 t) = _parts(account);
        uint256 p = _sellerParty(s);
        bool isDetour = !paysFree[p] && !_canPush(t, party[p]);
        if (isDetour) _setPayout(p, true);
        // Its own riches are in the way of more; no buyer can do that to it.
        bool isFull = paysFree[p] && free[p][t].balance + _owed(account) > MAX;

        if (!isFull) {
            if (_chance(d, 50)) _collectEach(account);
            else _collectTogether(d, account, s, t);
            _must(_owed(account) <= _unasked(account), 7, "the seller received less than it accepted");
        }
        if (isDetour) _setPayout(p, false);
        if (_owed(account) != 0) _writeOff(account);
    }

    function _collectEach(uint256 account) private {
        for (uint256 n; n < LANES; ++n) {
            if (_outstanding(account, n, servers[account].accepted[n]) == 0) continue;
            uint256 place = servers[account].place[n];
            _collect(_voucherAt(place), items[place].sig, party[MALLORY], 7);
        }
    }

    function _collectTogether(Dice memory d, uint256 account, uint256 s, uint256 t) private {
        uint256[] memory places = new uint256[](LANES);
        uint256 count;
        for (uint256 n; n < LANES; ++n) {
            if (_outstanding(account, n, servers[account].accepted[n]) != 0)
                places[count++] = servers[account].place[n];
        }
        uint256[] memory some = new uint256[](count);
        for (uint256 i; i < count; ++i) some[i] = places[i];
        _collectAsGroup(d, s, t, some);
    }

    /// @dev What is missing has reached the seller by vouchers it never saw. The server looks at the chain and starts anew.
    function _writeOff(uint256 account) private {
        Server storage server = servers[account];
        for (uint256 n; n < LANES; ++n) {
            if (server.accepted[n] > accounts[account].collected[n])
                server.accepted[n] = accounts[account].collected[n];
        }
        _look(account);
    }

    function _endOf(address buyer, address key) private view returns (uint256 end, bool revoked) {
        (end, revoked) = escrow.getSigner(buyer, key);
    }

    /// @dev Often just reached, often just not.
    function _pickCondition(Dice memory d, uint256 account) private view returns (uint256 n, uint256 least) {
        n = _roll(d, LANES);
        uint256 collected = accounts[account].collected[n];
        least =
            _chance(d, 40)
                ? 0
                : _chance(d, 50)
                    ? collected
                    : collected + 1 + _roll(d, 50);
    }
}
