// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../../../contracts/interfaces/IFlashSettlement.sol";
import {FlashBatchCalls} from "./FlashBatchCalls.sol";

/// @title Settlers come and go, nonces are cancelled
abstract contract FlashRightsGiven is FlashBatchCalls {
    /* ACTIONS */

    function setSettler(uint256 seed) external acts("setSettler") {
        Dice memory d = _dice(seed);
        uint256 s = _serverOf(_pickAccount(d));
        _setSettlerNow(s, _settlerEnd(d));
    }

    function signSettler(uint256 seed) external acts("signSettler") {
        Dice memory d = _dice(seed);
        uint256 s = _serverOf(_pickAccount(d));
        IFlashSettlement.SettlerAuthorization memory m;
        (m.server, m.settler) = (party[s], party[AGENT]);
        (m.validUntil, m.deadline) = (_settlerEnd(d), _pickDeadline(d));
        m.sequence = uint64(settlerSequence[s][AGENT]);
        if (_chance(d, 10)) m.sequence += 1;
        uint256 place = _file(d, Kind.Settler, abi.encode(m), _pickKey(d, s));
        if (_chance(d, 60)) _relay(d, place);
    }

    function invalidateNonces(uint256 seed) external acts("invalidateNonces") {
        Dice memory d = _dice(seed);
        uint256 p = _roll(d, PARTIES);
        uint256 first = _pickNonce(d);
        uint256 bit = first & 0xff;
        uint256 mask = (1 << bit) | (bit < 255 && _chance(d, 50) ? 1 << (bit + 1) : 0);
        Expect memory e;
        bytes memory data = abi.encodeCall(IFlashSettlement.invalidateNonces, (first >> 8, mask));
        if (!_try(party[p], data, e, 3)) return;
        isUsed[_accountNonceKey(party[p], first)] = true;
        if (mask >> bit == 3) isUsed[_accountNonceKey(party[p], first + 1)] = true;
        for (uint256 i; i < PARTIES; ++i) _checkAccountNonces(i, first);
    }

    /* EXECUTION */

    /// @dev By the server itself.
    function _setSettlerNow(uint256 s, uint40 end) internal returns (bool ok) {
        Expect memory e;
        ok = _try(party[s], abi.encodeCall(IFlashSettlement.setSettler, (party[AGENT], end)), e, 13);
        if (ok) _settlerSet(s, AGENT, end);
        _checkSettler(s, AGENT);
    }

    function _settlerSigned(
        IFlashSettlement.SettlerAuthorization memory m,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        Expect memory e;
        _expectInTime(e, m.deadline);
        bool isSigned = _isOwners(m.server, sig, Kind.Settler, abi.encode(m));
        _unless(e, isSigned, IFlashSettlement.BadSignature.selector);
        (uint256 s, uint256 p) = (partyNumber[m.server] - 1, partyNumber[m.settler] - 1);
        _unless(e, m.sequence == settlerSequence[s][p], IFlashSettlement.WrongSequence.selector);
        ok = _try(relayer, abi.encodeCall(IFlashSettlement.setSettlerWithAuthorization, (m, sig.signature)), e, v);
        if (ok) _settlerSet(s, p, m.validUntil);
        _checkSettler(s, p);
    }

    function _settlerSet(uint256 s, uint256 p, uint256 end) private {
        settlerEnd[s][p] = end;
        ++settlerSequence[s][p];
    }

    /* COMPARING */

    function _checkSettler(uint256 s, uint256 p) internal {
        (uint40 end, uint64 sequence) = settlement.settlerOf(party[s], party[p]);
        _mustEq(end, settlerEnd[s][p], 13, "end of a settler");
        _mustEq(sequence, settlerSequence[s][p], 3, "sequence of a settler");
    }

    function _checkAccountNonces(uint256 p, uint256 first) internal {
        uint256 bits = settlement.accountNonceWord(party[p], first >> 8);
        for (uint256 i; i < 256 && first + i < type(uint256).max && (first & 0xff) + i < 256 && i < 4; ++i) {
            bool isMarked = (bits >> ((first & 0xff) + i)) & 1 == 1;
            _must(
                isMarked == isUsed[_accountNonceKey(party[p], first + i)],
                3,
                "an account's nonce came back or got lost"
            );
        }
    }

    function _settlerEnd(Dice memory d) private view returns (uint40) {
        uint256 kind = _roll(d, 10);
        if (kind == 0) return 0;
        if (kind == 1) return type(uint40).max;
        if (kind == 2) return uint40(_now() - 1 + _roll(d, 2));
        return uint40(_now() + _roll(d, 2 days));
    }
}
