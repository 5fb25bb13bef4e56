// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../../../contracts/interfaces/IFlashSettlement.sol";
import {FlashServers} from "./FlashServers.sol";

/// @title The hostile relayer: everything ever signed, again, changed, under other signatures, on another chain
abstract contract FlashRelays is FlashServers {
    /* ACTIONS */

    /// @dev Whatever was signed, in any order, any number of times.
    function replay(uint256 seed) external acts("replay") {
        Dice memory d = _dice(seed);
        for (uint256 i = 1 + _roll(d, 3); i != 0 && items.length != 0; --i) _relay(d, _pickItem(d));
    }

    /// @dev One member changed after signing, or one byte of a transaction.
    function tamper(uint256 seed) external acts("tamper") {
        Dice memory d = _dice(seed);
        if (items.length == 0) return;
        Item memory item = items[_pickItem(d)];
        if (item.kind == Kind.Transaction) _tamperTransaction(d, item.sig.signature);
        else _execute(d, item.kind, _changed(d, item.kind, item.data), item.sig, 13);
    }

    /// @dev One message under the signature of another: of another type, owner, nonce or amount.
    function swapSignatures(uint256 seed) external acts("swapSignatures") {
        Dice memory d = _dice(seed);
        if (items.length < 2) return;
        Item memory item = items[_pickItem(d)];
        Item memory other = items[_pickItem(d)];
        if (item.kind == Kind.Transaction || other.kind == Kind.Transaction) return;
        _execute(d, item.kind, item.data, other.sig, 13);
    }

    /// @dev Money by another method than the one that was signed: no relayer chooses where it comes from.
    function swapMethods(uint256 seed) external acts("swapMethods") {
        Dice memory d = _dice(seed);
        if (items.length == 0) return;
        Item memory item = items[_pickItem(d)];
        if (item.kind >= Kind.Open && item.kind <= Kind.OpenPermit2) {
            _execute(d, Kind(3 + _roll(d, 3)), item.data, item.sig, 13);
        } else if (item.kind == Kind.TopUpEip3009 || item.kind == Kind.TopUpPermit2) {
            _execute(d, Kind(6 + _roll(d, 2)), item.data, item.sig, 13);
        }
    }

    /// @dev The chain id changes for a moment: what was signed before is worthless, what is signed now will be later.
    function otherChain(uint256 seed) external acts("otherChain") {
        vm.chainId(OTHER_CHAIN);
        this.onOtherChain(seed);
        vm.chainId(HOME_CHAIN);
    }

    /// @dev In a frame of its own: the compiler takes `block.chainid` for constant within one.
    function onOtherChain(uint256 seed) external {
        require(msg.sender == address(this), "onOtherChain: only itself");
        Dice memory d = _dice(seed);
        for (uint256 i = 2; i != 0 && items.length != 0; --i) _relay(d, _pickItem(d));
        if (_chance(d, 30)) _signPayment(d, _pickAccount(d));
    }

    /// @dev A close by signature, again at the end of the lock: the client gets home by one signature.
    function closeAgain(uint256 seed) external acts("closeAgain") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        _open(d, a);
        IFlashSettlement.CloseEscrow memory m;
        (m.client, m.server, m.token) = _parties(a);
        (m.epoch, m.deadline) = (uint32(escrows[a].epoch), type(uint40).max);
        address by = keyOf[m.client] == 0 ? walletOwner[_client(a)] : m.client;
        if (by == address(0)) return;
        Sig memory sig = items[_fileClean(Kind.Close, abi.encode(m), by, Form.Full)].sig;
        if (!_closeSigned(m, sig, party[MALLORY], 5) || !escrows[a].isOpen || escrows[a].epoch != m.epoch) return;
        _advance(d, escrows[a].unlockAt - (_chance(d, 50) ? 1 : 0));
        if (_chance(d, 80)) _closeSigned(m, sig, party[MALLORY], 5);
    }

    /* INTERNAL */

    /// @dev Most often one of the newest.
    function _pickItem(Dice memory d) internal view returns (uint256) {
        uint256 span = items.length < 16 || _chance(d, 30) ? items.length : 16;
        return items.length - 1 - _roll(d, span);
    }

    function _relay(Dice memory d, uint256 place) internal override returns (bool) {
        Item memory item = items[place];
        uint256 v = item.uses == 0 ? _concern(item.kind) : 3;
        if (!_execute(d, item.kind, item.data, item.sig, v)) return false;
        uint256 uses = ++items[place].uses;
        // A tab is limited by its total; closing and prolonging again say the same again.
        bool isRepeatable = item.kind == Kind.Tab || item.kind == Kind.Close || item.kind == Kind.Extend;
        _must(isRepeatable || uses < 2, 3, "one signature had an effect twice");
        return true;
    }

    /// @return Invariant that a first use is about.
    function _concern(Kind kind) internal pure returns (uint256) {
        if (kind == Kind.Tab) return 4;
        if (kind <= Kind.Transaction) return 2;
        if (kind <= Kind.TopUpPermit2) return 8;
        if (kind == Kind.Extend) return 7;
        return kind == Kind.Close ? 5 : 13;
    }

    /// @dev Sends a message with a signature to where it belongs; the ghost knows whether it fits.
    function _execute(Dice memory d, Kind kind, bytes memory data, Sig memory sig, uint256 v) internal returns (bool) {
        address relayer = _relayer(d);
        bool allowPartial = _chance(d, 50);
        // Some bring too little gas at first.
        if (_chance(d, 40)) thrift = 60_000 + _roll(d, 300_000);
        bool ok = _executeAs(relayer, allowPartial, kind, data, sig, v);
        thrift = 0;
        return ok;
    }

    function _relayer(Dice memory d) private view returns (address) {
        uint256 who = _roll(d, 10);
        if (who < 4) return party[_serverOf(focus)];
        return
            party[
                who < 6
                    ? AGENT
                    : who < 9
                        ? MALLORY
                        : _roll(d, PARTIES)
            ];
    }

    function _executeAs(
        address relayer,
        bool allowPartial,
        Kind kind,
        bytes memory data,
        Sig memory sig,
        uint256 v
    ) internal returns (bool) {
        if (kind == Kind.Payment) {
            return _paymentSigned(abi.decode(data, (IFlashSettlement.Payment)), sig, relayer, allowPartial, v);
        }
        if (kind == Kind.Tab) return _tabSigned(abi.decode(data, (IFlashSettlement.Tab)), sig, relayer, v);
        if (kind == Kind.Transaction) {
            return _transactionSigned(abi.decode(data, (Numbered)), sig, relayer, allowPartial, v);
        }
        if (kind <= Kind.OpenPermit2) {
            return _openSigned(kind, abi.decode(data, (IFlashSettlement.OpenEscrow)), sig, relayer, v);
        }
        if (kind <= Kind.TopUpPermit2) {
            return _topUpSigned(kind, abi.decode(data, (IFlashSettlement.TopUp)), sig, relayer, v);
        }
        if (kind == Kind.Extend) {
            return _extendSigned(abi.decode(data, (IFlashSettlement.ExtendEscrow)), sig, relayer, v);
        }
        if (kind == Kind.Close) {
            return _closeSigned(abi.decode(data, (IFlashSettlement.CloseEscrow)), sig, relayer, v);
        }
        if (kind == Kind.Release) {
            return _releaseSigned(abi.decode(data, (IFlashSettlement.ReleaseEscrow)), sig, relayer, v);
        }
        if (kind == Kind.Settler) {
            return _settlerSigned(abi.decode(data, (IFlashSettlement.SettlerAuthorization)), sig, relayer, v);
        }
        return _creditSigned(abi.decode(data, (IFlashSettlement.WithdrawCredit)), sig, relayer, v);
    }

    /// @dev Whatever byte is changed, it is another transaction, of nobody who has an escrow, or none at all.
    function _tamperTransaction(Dice memory d, bytes memory raw) private {
        uint256 place = _roll(d, raw.length);
        raw[place] = bytes1(uint8(raw[place]) ^ uint8(1 << _roll(d, 8)));
        Expect memory e;
        e.foreign = true;
        bytes memory data = abi.encodeCall(IFlashSettlement.settleSignedTransaction, (raw, _chance(d, 50)));
        _try(party[_serverOf(focus)], data, e, 13);
        _check(focus);
    }

    /// @dev One word of the message replaced by one that makes sense there.
    function _changed(Dice memory d, Kind kind, bytes memory data) private view returns (bytes memory) {
        uint256 words = data.length / 32;
        uint256 n = _roll(d, words);
        bytes32 word;
        assembly ("memory-safe") {
            word := mload(add(data, mul(32, add(n, 1))))
        }
        address named = address(uint160(uint256(word)));
        bool isBool = kind == Kind.Close && n == 4;
        uint256 number = partyNumber[named];
        if (kind >= Kind.Open && kind <= Kind.OpenPermit2 && n < 3 && number == 0 && tokenNumber[named] == 0)
            return data;
        if (number != 0) {
            word = _addressWord(party[_otherParty(d, number - 1)]);
        } else if (tokenNumber[named] != 0) {
            word = _addressWord(token[_roll(d, TOKENS)]);
        } else if (isBool) {
            word = bytes32(uint256(word) ^ 1);
        } else {
            word = bytes32(uint256(word) == 0 || _chance(d, 50) ? uint256(word) + 1 : uint256(word) - 1);
            // Not every word has room above it.
            bool isTooMuch = uint256(word) == 1 << 32 || uint256(word) == 1 << 40 || uint256(word) == 1 << 64;
            if (isTooMuch) word = bytes32(uint256(word) - 2);
        }
        assembly ("memory-safe") {
            mstore(add(data, mul(32, add(n, 1))), word)
        }
        return data;
    }

    /// @dev Another client for a client, another server for a server.
    function _otherParty(Dice memory d, uint256 p) private pure returns (uint256) {
        if (p < FIRST_SERVER) return _roll(d, FIRST_SERVER);
        return p < FIRST_SERVER + SERVERS ? FIRST_SERVER + _roll(d, SERVERS) : p;
    }

    function _addressWord(address account) private pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}
