// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../../../contracts/interfaces/IFlashSettlement.sol";
import {FlashOpens} from "./FlashOpens.sol";

/// @title Escrows are closed, withdrawn, released, and credits paid out
abstract contract FlashLeaves is FlashOpens {
    /* ACTIONS */

    /// @dev By one of the original entries, or by the one that names the epoch.
    function close(uint256 seed) external acts("close") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        (uint256 c, uint256 s, ) = _parts(a);
        uint256 way = _roll(d, 7);
        if (way < 2) _openPair(d, a);
        if (way == 0) {
            _closeByPair(c, s, false);
        } else if (way == 1) {
            if (pairToken[c][s] == 0 || _serverLeaves(d, a - (a % TOKENS) + pairToken[c][s] - 1))
                _closeByPair(c, s, true);
        } else if (way == 2) {
            _closeNow(a, party[_chance(d, 50) ? MALLORY : AGENT], escrows[a].epoch);
        } else if (way < 5) {
            _closeNow(a, party[c], _nearEpoch(d, a));
        } else if (_serverLeaves(d, a)) {
            _closeNow(a, party[s], _nearEpoch(d, a));
        }
    }

    function signClose(uint256 seed) external acts("signClose") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        IFlashSettlement.CloseEscrow memory m;
        (m.client, m.server, m.token) = _parties(a);
        (m.epoch, m.deadline, m.byServer) = (uint32(escrows[a].epoch), _pickDeadline(d), _chance(d, 40));
        if (m.byServer && !_serverLeaves(d, a)) return;
        (uint256 c, uint256 s, ) = _parts(a);
        uint256 place = _file(d, Kind.Close, abi.encode(m), _pickKey(d, m.byServer ? s : c));
        // A close that waits does more harm.
        if (_chance(d, 60)) _relay(d, place);
    }

    function finalizeClose(uint256 seed) external acts("finalizeClose") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        (address client, address server, address asset) = _parties(a);
        Expect memory e;
        Ghost storage g = escrows[a];
        if (g.clientClosed && _chance(d, 60)) _passUntil(d, g.unlockAt - _roll(d, 2));
        _unless(e, g.isOpen, IFlashSettlement.NoEscrow.selector);
        _unless(e, !g.isOpen || g.clientClosed, IFlashSettlement.NotClosed.selector);
        _unless(e, _now() >= g.unlockAt, IFlashSettlement.StillLocked.selector);
        bytes memory data = abi.encodeCall(IFlashSettlement.finalizeClose, (client, server, asset));
        if (_try(party[_roll(d, PARTIES)], data, e, 5)) _refunded(a, _client(a));
        _check(a);
    }

    function withdraw(uint256 seed) external acts("withdraw") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        uint256 to = _chance(d, 60) ? _client(a) : _roll(d, PARTIES + 2);
        _withdraw(a, to);
    }

    function withdrawCredit(uint256 seed) external acts("withdrawCredit") {
        Dice memory d = _dice(seed);
        IFlashSettlement.WithdrawCredit memory m = _creditOf(d);
        Expect memory e;
        _expectCreditWithdrawal(e, m);
        bytes memory data = abi.encodeCall(IFlashSettlement.withdrawCredit, (m.token, m.to, m.amount));
        _creditWithdrawn(m, _try(m.account, data, e, 13));
    }

    function signCreditWithdrawal(uint256 seed) external acts("signCreditWithdrawal") {
        Dice memory d = _dice(seed);
        IFlashSettlement.WithdrawCredit memory m = _creditOf(d);
        _relayMaybe(d, _file(d, Kind.Credit, abi.encode(m), _pickKey(d, partyNumber[m.account] - 1)));
    }

    /* EXECUTION */

    function _closeByPair(uint256 c, uint256 s, bool byServer) private {
        uint256 named = pairToken[c][s];
        uint256 a = _account(c, s - FIRST_SERVER, named == 0 ? 0 : named - 1);
        Expect memory e;
        bool isOpen = c != s && named != 0 && escrows[a].isOpen;
        _unless(e, isOpen, IFlashSettlement.NoEscrow.selector);
        bytes memory data =
            byServer
                ? abi.encodeCall(IFlashSettlement.serverCloseEscrow, (party[c]))
                : abi.encodeCall(IFlashSettlement.clientCloseEscrow, (party[s]));
        bool ok = _try(party[byServer ? s : c], data, e, 5);
        if (ok) _closed(a, byServer);
        _check(a);
    }

    /// @dev By whomever: only the two of the escrow may.
    function _closeNow(uint256 a, address from, uint256 epoch) internal {
        (address client, address server, address asset) = _parties(a);
        Expect memory e;
        _unless(e, from == client || from == server, IFlashSettlement.NotServer.selector);
        _expectOpenIn(e, client, server, asset, epoch);
        bytes memory data = abi.encodeCall(IFlashSettlement.closeEscrow, (client, server, asset, uint32(epoch)));
        if (_try(from, data, e, 5)) _closed(a, from == server);
        _check(a);
    }

    function _closeSigned(
        IFlashSettlement.CloseEscrow memory m,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        Expect memory e;
        _expectInTime(e, m.deadline);
        bool isSigned = _isOwners(m.byServer ? m.server : m.client, sig, Kind.Close, abi.encode(m));
        _unless(e, isSigned, IFlashSettlement.BadSignature.selector);
        (, uint256 a) = _expectOpenIn(e, m.client, m.server, m.token, m.epoch);
        ok = _try(relayer, abi.encodeCall(IFlashSettlement.closeEscrowWithAuthorization, (m, sig.signature)), e, v);
        if (ok) _closed(a, m.byServer);
        _check(a);
    }

    /// @param to Party, or beyond: zero, the contract.
    function _withdraw(uint256 a, uint256 to) internal {
        (address client, address server, address asset) = _parties(a);
        address receiver =
            to < PARTIES
                ? party[to]
                : to == PARTIES
                    ? address(0)
                    : address(settlement);
        Expect memory e;
        _unless(e, to < PARTIES, IFlashSettlement.BadTerms.selector);
        _unless(e, escrows[a].isOpen, IFlashSettlement.NoEscrow.selector);
        _unless(e, _now() >= escrows[a].unlockAt, IFlashSettlement.StillLocked.selector);
        bytes memory data = abi.encodeCall(IFlashSettlement.withdrawEscrow, (server, asset, receiver));
        if (_try(client, data, e, 5)) _refunded(a, to);
        _check(a);
    }

    function _releaseNow(uint256 a, uint256 epoch, uint256 amount) internal returns (bool ok) {
        (address client, address server, address asset) = _parties(a);
        Expect memory e;
        _expectRelease(e, a, epoch, amount);
        ok = _try(server, abi.encodeCall(IFlashSettlement.releaseEscrow, (client, asset, uint32(epoch), amount)), e, 6);
        if (ok) _released(a, amount);
        _check(a);
    }

    function _releaseSigned(
        IFlashSettlement.ReleaseEscrow memory m,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        Expect memory e;
        _expectInTime(e, m.deadline);
        bool isSigned = _isOwners(m.server, sig, Kind.Release, abi.encode(m));
        _unless(e, isSigned, IFlashSettlement.BadSignature.selector);
        bytes32 key = _accountNonceKey(m.server, m.nonce);
        _unless(e, !isUsed[key], IFlashSettlement.NonceUsed.selector);
        (bool isKnown, uint256 a) = _find(m.client, m.server, m.token);
        if (isKnown) _expectRelease(e, a, m.epoch, m.amount);
        else _unless(e, false, IFlashSettlement.NoEscrow.selector);
        ok = _try(relayer, abi.encodeCall(IFlashSettlement.releaseEscrowWithAuthorization, (m, sig.signature)), e, v);
        if (ok) {
            isUsed[key] = true;
            _released(a, m.amount);
        }
        if (isKnown) _check(a);
    }

    function _creditSigned(
        IFlashSettlement.WithdrawCredit memory m,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        Expect memory e;
        _expectInTime(e, m.deadline);
        bool isSigned = _isOwners(m.account, sig, Kind.Credit, abi.encode(m));
        _unless(e, isSigned, IFlashSettlement.BadSignature.selector);
        bytes32 key = _accountNonceKey(m.account, m.nonce);
        _unless(e, !isUsed[key], IFlashSettlement.NonceUsed.selector);
        _expectCreditWithdrawal(e, m);
        ok = _try(relayer, abi.encodeCall(IFlashSettlement.withdrawCreditWithAuthorization, (m, sig.signature)), e, v);
        if (ok) isUsed[key] = true;
        _creditWithdrawn(m, ok);
    }

    /* EXPECTATIONS */

    function _expectRelease(Expect memory e, uint256 a, uint256 epoch, uint256 amount) private view {
        (address client, address server, address asset) = _parties(a);
        _expectOpenIn(e, client, server, asset, epoch);
        _unless(e, amount != 0, IFlashSettlement.BadTerms.selector);
        _unless(e, amount <= escrows[a].balance, IFlashSettlement.NotCovered.selector);
    }

    function _expectCreditWithdrawal(Expect memory e, IFlashSettlement.WithdrawCredit memory m) private view {
        uint256 t = tokenNumber[m.token] - 1;
        _unless(e, m.amount != 0, IFlashSettlement.BadTerms.selector);
        _unless(e, m.to != address(0) && m.to != address(settlement), IFlashSettlement.BadTerms.selector);
        uint256 most = credit[partyNumber[m.account] - 1][t];
        _unless(e, m.amount <= most, IFlashSettlement.NotCovered.selector);
        _foreignUnless(e, _canPush(t, m.to));
    }

    /* THE GHOST */

    function _closed(uint256 a, bool byServer) private {
        Ghost storage g = escrows[a];
        uint256 end = _now() + (byServer ? 0 : g.closeDelay);
        if (end < g.unlockAt) g.unlockAt = end;
        if (byServer) g.serverClosed = true;
        else g.clientClosed = true;
        bool isOver = g.serverClosed || _now() >= g.unlockAt;
        if (g.clientClosed && isOver) _refunded(a, _client(a));
    }

    function _released(uint256 a, uint256 amount) private {
        escrows[a].balance -= amount;
        _pushed(_client(a), a % TOKENS, _client(a), amount);
    }

    function _creditWithdrawn(IFlashSettlement.WithdrawCredit memory m, bool ok) private {
        uint256 t = tokenNumber[m.token] - 1;
        if (ok) {
            uint256 to = partyNumber[m.to] - 1;
            credit[partyNumber[m.account] - 1][t] -= m.amount;
            held[t] -= m.amount;
            wallet[to][t] += m.amount - _fee(t);
        }
        _checkMoney(t);
    }

    /* MESSAGES */

    /// @dev Lets time pass; servers settle in time.
    function _passUntil(Dice memory d, uint256 target) internal virtual;

    /// @dev Stops accepting and collects all that it accepted. True when nothing is owed any more.
    function _serverLeaves(Dice memory d, uint256 a) internal virtual returns (bool);

    /// @dev Mostly of somebody who has credit.
    function _creditOf(Dice memory d) private view returns (IFlashSettlement.WithdrawCredit memory m) {
        uint256 t = _chance(d, 80) ? focus % TOKENS : _roll(d, TOKENS);
        uint256 p = _roll(d, PARTIES);
        for (uint256 i; i < PARTIES && credit[p][t] == 0; ++i) p = (p + 1) % PARTIES;
        (m.account, m.token) = (party[p], token[t]);
        uint256 to = _roll(d, PARTIES + 12);
        m.to =
            to < PARTIES
                ? party[to]
                : to == PARTIES
                    ? address(0)
                    : party[p];
        if (to == PARTIES + 1) m.to = address(settlement);
        m.amount = _pickAmount(d, credit[p][t]);
        (m.nonce, m.deadline) = (_pickNonce(d), _pickDeadline(d));
    }

    /// @return A nonce out of few, so that they meet.
    function _pickNonce(Dice memory d) internal pure returns (uint256) {
        if (_chance(d, 10)) return uint256(keccak256(abi.encode(_roll(d, 3))));
        return _roll(d, 40);
    }
}
