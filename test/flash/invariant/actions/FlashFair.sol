// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../../../contracts/interfaces/IFlashSettlement.sol";
import {QuirkyToken} from "../QuirkyToken.sol";
import {FlashEnvironment} from "./FlashEnvironment.sol";

/// @title A stage on which nothing goes wrong by chance, and messages of every kind with nothing wrong in them
abstract contract FlashFair is FlashEnvironment {
    /// @dev What is to be signed. `amount` is what a payment, a tab's increase, a top-up or a release is worth.
    struct Wish {
        Kind kind;
        uint256 a;
        uint256 epoch;
        uint256 deadline;
        uint256 amount;
    }

    /// @dev Place of a message that nobody can sign now.
    uint256 internal constant NOWHERE = type(uint256).max;

    /// @dev The token is calm, the wallet has something and allows all of it, and the escrow is open.
    /// @return True unless USDC stands in the way.
    function _stage(Dice memory d, uint256 a) internal returns (bool) {
        (uint256 c, , uint256 t) = _parts(a);
        if (t != USDC_TOKEN) QuirkyToken(token[t]).setHostile(false, false);
        if (wallet[c][t] < 1000) _restock(c, t);
        _allow(c, t, type(uint256).max);
        _open(d, a);
        return escrows[a].isOpen;
    }

    /// @dev Both sides close: the epoch ends at once, with everything paid.
    function _end(Dice memory d, uint256 a) internal {
        (uint256 c, uint256 s, ) = _parts(a);
        uint256 epoch = escrows[a].epoch;
        if (!escrows[a].isOpen || !_serverLeaves(d, a)) return;
        _closeNow(a, party[s], epoch);
        if (escrows[a].isOpen) _closeNow(a, party[c], epoch);
    }

    /// @return place Where the message is filed; {NOWHERE} where there is nobody or no reason to sign it.
    function _fine(Dice memory d, Wish memory w) internal returns (uint256 place) {
        if (w.kind == Kind.Transaction) return _fineTransaction(w);
        bytes memory data;
        if (w.kind <= Kind.Tab) data = _fineItem(d, w);
        else if (w.kind <= Kind.OpenPermit2) data = _fineOpening(d, w);
        else if (w.kind <= Kind.TopUpPermit2) data = _fineTopUp(w);
        else if (w.kind == Kind.Extend) data = _fineExtension(w);
        else if (w.kind == Kind.Close) data = _fineClose(w);
        else if (w.kind == Kind.Release) data = _fineRelease(w);
        else if (w.kind == Kind.Settler) data = _fineSettler(d, w);
        else data = _fineCredit(w);
        address by = data.length == 0 ? address(0) : _hand(w, data);
        return by == address(0) ? NOWHERE : _fileClean(w.kind, data, by, Form.Full);
    }

    /// @dev Sends it to where it belongs, payments and tabs in a batch or alone.
    function _use(Dice memory d, uint256 place, address from, bool allowPartial) internal returns (bool) {
        Item memory item = items[place];
        if (item.kind > Kind.Tab || _chance(d, 50)) {
            return _executeAs(from, allowPartial, item.kind, item.data, item.sig, _concern(item.kind));
        }
        IFlashSettlement.Payment memory m = abi.decode(item.data, (IFlashSettlement.Payment));
        (, uint256 a) = _find(m.client, m.server, m.token);
        uint256[] memory places = new uint256[](1);
        places[0] = place;
        Plan[] memory plans = new Plan[](1);
        plans[0] = _planOf(a, places);
        _batch(from, plans, allowPartial);
        return false;
    }

    /* WHO SIGNS */

    function _hand(Wish memory w, bytes memory data) private view returns (address) {
        if (w.kind <= Kind.Tab) return keyOf[escrows[w.a].signer] == 0 ? address(0) : escrows[w.a].signer;
        address owner = abi.decode(data, (address));
        if (w.kind == Kind.Release || (w.kind == Kind.Close && _isByServer(data))) (, owner, ) = _parties(w.a);
        uint256 p = partyNumber[owner] - 1;
        bool isMoney = w.kind > Kind.Open && w.kind <= Kind.TopUpPermit2;
        // Tokens and Permit2 ask the code first, the contract the key.
        bool isByKey = isMoney ? owner.code.length == 0 : keyOf[owner] != 0;
        return isByKey ? owner : walletOwner[p];
    }

    function _isByServer(bytes memory data) private pure returns (bool) {
        return abi.decode(data, (IFlashSettlement.CloseEscrow)).byServer;
    }

    /* MESSAGES */

    /// @dev No nonce and no salt that chance gives to others.
    function _freshNumber() internal view returns (uint256) {
        return (1 << 40) + 16 * items.length;
    }

    function _fineItem(Dice memory d, Wish memory w) private view returns (bytes memory) {
        IFlashSettlement.Payment memory m;
        (m.client, m.server, m.token) = _parties(w.a);
        (m.amount, m.nonce) = (uint128(w.amount), uint64(_freshNumber()));
        (m.epoch, m.deadline) = (uint32(w.epoch), uint40(w.deadline));
        if (w.kind == Kind.Payment) return abi.encode(m);
        // A tab has the same shape.
        m.nonce = lane[_roll(d, LANES)];
        m.amount += uint128(tabPaid[_laneKey(w.a, w.epoch, m.nonce)]);
        return abi.encode(m);
    }

    /// @dev Only of a client that has a key and named no other.
    function _fineTransaction(Wish memory w) private returns (uint256) {
        Numbered memory m = _fineNumbered(w);
        if (keyOf[m.client] == 0 || escrows[w.a].signer != m.client) return NOWHERE;
        return _fileTransaction(m, m.client, block.chainid, address(settlement), Form.Full);
    }

    function _fineNumbered(Wish memory w) internal view returns (Numbered memory m) {
        (m.client, m.server, m.token) = _parties(w.a);
        (m.amount, m.nonce) = (w.amount, uint64(_freshNumber()));
        (m.epoch, m.deadline) = (uint32(w.epoch), uint40(w.deadline));
    }

    function _fineOpening(Dice memory d, Wish memory w) private view returns (bytes memory) {
        IFlashSettlement.OpenEscrow memory o = _fairTerms(d, w.a);
        (o.epoch, o.deadline) = (uint32(w.epoch), uint40(w.deadline));
        // An amount that means a second signature, see {FlashOpens}.
        if (o.amount % 16 == 3) o.amount += 1;
        return abi.encode(o);
    }

    function _fineTopUp(Wish memory w) private view returns (bytes memory) {
        IFlashSettlement.TopUp memory m;
        (m.client, m.server, m.token) = _parties(w.a);
        (m.amount, m.salt) = (uint128(w.amount), _freshNumber());
        (m.epoch, m.deadline) = (uint32(w.epoch), uint40(w.deadline));
        return abi.encode(m);
    }

    function _fineExtension(Wish memory w) private view returns (bytes memory) {
        IFlashSettlement.ExtendEscrow memory m;
        (m.client, m.server, m.token) = _parties(w.a);
        (m.epoch, m.deadline) = (uint32(w.epoch), uint40(w.deadline));
        // Beyond what any fair opening asks for.
        uint256 end = _now() + 30 days;
        if (escrows[w.a].unlockAt >= end) end = escrows[w.a].unlockAt + 1;
        m.newUnlockAt = uint40(end > NEVER ? NEVER : end);
        return abi.encode(m);
    }

    function _fineClose(Wish memory w) private view returns (bytes memory) {
        IFlashSettlement.CloseEscrow memory m;
        (m.client, m.server, m.token) = _parties(w.a);
        (m.epoch, m.deadline) = (uint32(w.epoch), uint40(w.deadline));
        return abi.encode(m);
    }

    /// @dev Only of a server that can spare it.
    function _fineRelease(Wish memory w) private returns (bytes memory) {
        _look(w.a);
        if (_spendable(w.a) < w.amount) return "";
        IFlashSettlement.ReleaseEscrow memory m;
        (m.client, m.server, m.token) = _parties(w.a);
        (m.amount, m.nonce) = (uint128(w.amount), _freshNumber());
        (m.epoch, m.deadline) = (uint32(w.epoch), uint40(w.deadline));
        servers[w.a].releases.push(Release(m.amount, m.deadline, m.nonce, false));
        return abi.encode(m);
    }

    function _fineSettler(Dice memory d, Wish memory w) private view returns (bytes memory) {
        IFlashSettlement.SettlerAuthorization memory m;
        uint256 s = _serverOf(w.a);
        (m.server, m.settler, m.deadline) = (party[s], party[AGENT], uint40(w.deadline));
        (m.validUntil, m.sequence) = (uint40(_now() + _roll(d, 1 days)), uint64(settlerSequence[s][AGENT]));
        return abi.encode(m);
    }

    /// @dev Of the first who has credit.
    function _fineCredit(Wish memory w) private view returns (bytes memory) {
        IFlashSettlement.WithdrawCredit memory m;
        uint256 t = w.a % TOKENS;
        uint256 p;
        while (p < PARTIES && credit[p][t] < w.amount) ++p;
        if (p == PARTIES) return "";
        (m.account, m.to, m.token) = (party[p], party[p], token[t]);
        (m.amount, m.nonce, m.deadline) = (w.amount, _freshNumber(), uint40(w.deadline));
        return abi.encode(m);
    }
}
