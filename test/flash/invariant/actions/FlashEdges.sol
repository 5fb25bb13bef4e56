// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../../../contracts/interfaces/IFlashSettlement.sol";
import {FlashFair} from "./FlashFair.sol";

/// @title What chance alone meets too seldom: both sides of each limit, with nothing else wrong
abstract contract FlashEdges is FlashFair {
    /* ACTIONS */

    /// @dev A message in the last second of its deadline, or in the next.
    function useAtDeadline(uint256 seed) external acts("useAtDeadline") {
        Dice memory d = _dice(seed);
        Wish memory w;
        w.kind = Kind(_chance(d, 30) ? _roll(d, 3) : _roll(d, 13));
        w.a = _accountFor(d, w.kind);
        if (!_stage(d, w.a)) return;
        if (w.kind >= Kind.Open && w.kind <= Kind.OpenPermit2) _end(d, w.a);
        (w.epoch, w.deadline, w.amount) = (escrows[w.a].epoch, _now() + 1 + _roll(d, 100), 1 + _roll(d, 5));
        uint256 place = _fine(d, w);
        if (place == NOWHERE) return;
        _advance(d, w.deadline + _roll(d, 2));
        _use(d, place, party[_serverOf(w.a)], true);
    }

    /// @dev A settler in the last second of its right, or in the next.
    function settleAtRightsEnd(uint256 seed) external acts("settleAtRightsEnd") {
        Dice memory d = _dice(seed);
        Wish memory w;
        w.a = _pickAccount(d);
        if (!_stage(d, w.a)) return;
        uint256 end = _now() + _roll(d, 300);
        if (!_setSettlerNow(_serverOf(w.a), uint40(end))) return;
        w.kind = _chance(d, 70) ? Kind.Payment : Kind.Transaction;
        (w.epoch, w.amount) = (escrows[w.a].epoch, 1);
        uint256 place = _fine(d, w);
        if (place == NOWHERE) return;
        _advance(d, end + _roll(d, 2));
        _use(d, place, party[AGENT], true);
    }

    /// @dev All that wallet and escrow have together, or a little more, by every entry.
    function settleInPart(uint256 seed) external acts("settleInPart") {
        Dice memory d = _dice(seed);
        Wish memory w;
        w.a = _pickAccount(d);
        if (!_stage(d, w.a)) return;
        (uint256 c, , uint256 t) = _parts(w.a);
        _shift(c, MALLORY, t, wallet[c][t] - _roll(d, wallet[c][t] < 20 ? wallet[c][t] + 1 : 20));
        w.kind = Kind(_roll(d, 3));
        (w.epoch, w.amount) = (escrows[w.a].epoch, escrows[w.a].balance + _pullable(w.a) + _roll(d, 30));
        uint256 place = _fine(d, w);
        if (place == NOWHERE) return;
        _use(d, place, party[_serverOf(w.a)], _chance(d, 75));
        // What is empty gives others nothing to do.
        if (_chance(d, 60)) _end(d, w.a);
    }

    /// @dev One message of each kind for this epoch or for the next one, used before and after the end of this one.
    function crossEpochs(uint256 seed) external acts("crossEpochs") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        if (!_stage(d, a)) return;
        uint256 epoch = escrows[a].epoch;
        bool isEarly = _chance(d, 40);
        uint256[] memory places = _oneOfEach(d, a, isEarly ? epoch + 1 : epoch);
        if (isEarly) _useAll(d, a, places);
        _end(d, a);
        if (escrows[a].isOpen) return;
        uint256 kind = uint256(Kind.Open) + _roll(d, 3);
        if (kind == uint256(Kind.OpenEip3009) && a % TOKENS != USDC_TOKEN) kind = uint256(Kind.Open);
        uint256 opening = _fine(d, Wish(Kind(kind), a, epoch + 2 * _roll(d, 2), _now() + 1 hours, 0));
        if (opening != NOWHERE) _use(d, opening, party[MALLORY], false);
        if (_stage(d, a)) _useAll(d, a, places);
    }

    /// @dev A transaction with nothing wrong but one thing: where it goes, for which epoch, how it looks.
    function spoilTransaction(uint256 seed) external acts("spoilTransaction") {
        Dice memory d = _dice(seed);
        Wish memory w;
        w.a = _pickAccount(d);
        if (!_stage(d, w.a)) return;
        (w.epoch, w.amount) = (escrows[w.a].epoch, 1);
        Numbered memory m = _fineNumbered(w);
        if (keyOf[m.client] == 0 || escrows[w.a].signer != m.client) return;
        uint256 way = _roll(d, FLAWS + 5);
        if (way <= FLAWS) m.flaw = uint8(way);
        else if (way == FLAWS + 1) m.epoch += 1;
        else if (way == FLAWS + 2) m.epoch = m.epoch == 0 ? type(uint32).max : m.epoch - 1;
        uint256 chain = way == FLAWS + 3 ? OTHER_CHAIN : block.chainid;
        address to = way == FLAWS + 4 ? twin : address(settlement);
        uint256 place = _fileTransaction(m, m.client, chain, to, Form.Full);
        _transactionSigned(m, items[place].sig, m.server, _chance(d, 50), 13);
    }

    /// @dev Just as much as 96 bits hold, or one more: into the escrow, or out of the wallet.
    function fillToTheBrim(uint256 seed) external acts("fillToTheBrim") {
        Dice memory d = _dice(seed);
        Wish memory w;
        w.a = _accountOf(_pickAccount(d), NO_RETURN);
        if (!_stage(d, w.a)) return;
        _shift(MALLORY, _client(w.a), NO_RETURN, wallet[MALLORY][NO_RETURN]);
        w.epoch = escrows[w.a].epoch;
        if (_chance(d, 40)) {
            IFlashSettlement.TopUp memory m;
            (m.client, m.server, m.token) = _parties(w.a);
            (m.amount, m.epoch) = (uint128(MAX - escrows[w.a].balance + _roll(d, 2)), uint32(w.epoch));
            _topUpNow(m);
            return;
        }
        w.kind = Kind(_roll(d, 3));
        w.amount = MAX - escrows[w.a].settled + _roll(d, 2);
        uint256 place = w.amount == 0 ? NOWHERE : _fine(d, w);
        if (place == NOWHERE) return;
        _use(d, place, party[_serverOf(w.a)], _chance(d, 50));
        if (_chance(d, 60)) _end(d, w.a);
    }

    /// @dev The pair's escrow by the original entry, after the one that was so named has ended: often in another token.
    function renamePair(uint256 seed) external acts("renamePair") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        (uint256 c, uint256 s, ) = _parts(a);
        uint256 named = pairToken[c][s];
        if (named != 0) _end(d, _accountOf(a, named - 1));
        if (_stage(d, a)) _end(d, a);
        _openPair(d, a);
    }

    /// @dev A token that says no at once when it gets too little gas, and every amount of gas around what the contract demands.
    function starve(uint256 seed) external acts("starve") {
        Dice memory d = _dice(seed);
        Wish memory w;
        w.a = _accountOf(_pickAccount(d), BURNS_GAS);
        if (!_chance(d, 30) || !_stage(d, w.a)) return;
        (uint256 most, uint256 pullable) = (escrows[w.a].balance, _pullable(w.a));
        if (pullable < most) most = pullable;
        if (most == 0 || escrows[w.a].settled + most > MAX) return;
        (w.epoch, w.amount) = (escrows[w.a].epoch, 1 + _roll(d, most));
        uint256[] memory places = new uint256[](1);
        places[0] = _fine(d, w);
        if (places[0] == NOWHERE) return;
        bytes[] memory calls = _singles(places);
        if (_chance(d, 50)) calls[0] = _batchOf(_planOf(w.a, places));
        bytes32 expected = _rehearse(w.a, calls, CALL_GAS);
        for (uint256 limit = 60_000 + _roll(d, 10_000); limit < 340_000; limit += 10_000) {
            bytes32 state = _rehearse(w.a, calls, limit);
            _must(state == 0 || state == expected, 9, "the gas limit changes the split");
        }
    }

    /* INTERNAL */

    /// @dev ERC-3009 is USDC's alone.
    function _accountFor(Dice memory d, Kind kind) private view returns (uint256 a) {
        a = _pickAccount(d);
        if (kind == Kind.OpenEip3009 || kind == Kind.TopUpEip3009) a = _accountOf(a, USDC_TOKEN);
    }

    /// @return The same two parties' account of another token.
    function _accountOf(uint256 a, uint256 t) private pure returns (uint256) {
        return a - (a % TOKENS) + t;
    }

    /// @dev The close last: it could end what the others are about.
    function _oneOfEach(Dice memory d, uint256 a, uint256 epoch) private returns (uint256[] memory places) {
        Kind topUpBy = a % TOKENS == USDC_TOKEN && _chance(d, 50) ? Kind.TopUpEip3009 : Kind.TopUpPermit2;
        Kind[7] memory kinds = [
            Kind.Payment,
            Kind.Tab,
            Kind.Transaction,
            topUpBy,
            Kind.Release,
            Kind.Extend,
            Kind.Close
        ];
        places = new uint256[](kinds.length);
        for (uint256 i; i < kinds.length; ++i) places[i] = _fine(d, Wish(kinds[i], a, epoch, _now() + 1 hours, 1));
    }

    function _useAll(Dice memory d, uint256 a, uint256[] memory places) private {
        for (uint256 i; i < places.length; ++i) {
            if (places[i] != NOWHERE) _use(d, places[i], party[_serverOf(a)], true);
        }
    }
}
