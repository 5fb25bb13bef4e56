// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../../../contracts/interfaces/IFlashSettlement.sol";
import {SignedTransaction} from "../../../../contracts/libraries/SignedTransaction.sol";
import {RawTransactions} from "../../../helpers/RawTransactions.sol";
import {Vm} from "../../../helpers/Vm.sol";
import {FlashLeaves} from "./FlashLeaves.sol";

/// @title Payments, tabs and transactions are signed, sent and settled one by one
abstract contract FlashCollects is FlashLeaves {
    using RawTransactions for *;

    /// @dev What a server has accepted under a nonce: hash of the message. Settling another one under it would harm itself.
    mapping(bytes32 paymentKey => bytes32 hash) internal acceptedHash;
    /// @dev What a server has settled itself: it will not accept that again.
    mapping(bytes32 key => bool seen) internal isSeen;

    /* ACTIONS */

    function settlePayment(uint256 seed) external acts("settlePayment") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        if (_chance(d, 40)) _open(d, a);
        (address client, address server, address asset) = _parties(a);
        uint256 amount = _pickAmount(d, escrows[a].balance + _pullable(a));
        // Just what fits, or one more.
        if (a % TOKENS == NO_RETURN && _chance(d, 25)) amount = MAX - escrows[a].settled + _roll(d, 2);
        Expect memory e;
        _unless(e, escrows[a].isOpen, IFlashSettlement.NoEscrow.selector);
        _unless(e, amount != 0, IFlashSettlement.BadTerms.selector);
        Split memory split = _expectCollect(e, a, amount, false);
        bool ok = _try(client, abi.encodeCall(IFlashSettlement.settlePayment, (server, asset, amount)), e, 8);
        if (ok) promised[_epochKey(a, escrows[a].epoch)] += amount;
        _settled(a, ok, split);
    }

    /// @dev The transaction that a client signs, sent by itself.
    function settleNumbered(uint256 seed) external acts("settleNumbered") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        if (_chance(d, 40)) _open(d, a);
        _settleNumbered(_numbered(d, a));
    }

    function signPayment(uint256 seed) external acts("signPayment") {
        Dice memory d = _dice(seed);
        _signPayment(d, _pickAccount(d));
    }

    function signTab(uint256 seed) external acts("signTab") {
        Dice memory d = _dice(seed);
        _signTab(d, _pickAccount(d));
    }

    function signTransaction(uint256 seed) external acts("signTransaction") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        if (_chance(d, 60)) _open(d, a);
        Numbered memory m = _numbered(d, a);
        if (_chance(d, 70)) (m.amount, m.deadline) = (1 + _roll(d, 9), 0);
        if (_chance(d, 15) && m.epoch != 0) m.epoch -= 1;
        if (_chance(d, 45)) m.flaw = uint8(1 + _roll(d, FLAWS));
        address by = keyOf[m.client] == 0 || _chance(d, 5) ? agentKey[0] : m.client;
        uint256 look = _roll(d, 16);
        address to = look == 0 ? twin : address(settlement);
        uint256 chain = look == 1 ? OTHER_CHAIN : block.chainid;
        Form form =
            look == 2
                ? Form.HighS
                : look == 3
                    ? Form.Broken
                    : Form.Full;
        uint256 place = _fileTransaction(m, by, chain, to, form);
        if (m.flaw == 0) _relayMaybe(d, place);
        else _relay(d, place);
        // The same content may land by itself later.
        if (_chance(d, 20) && m.flaw == 0) _settleNumbered(m);
    }

    function settle(uint256 seed) external acts("settle") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        if (_chance(d, 30)) _open(d, a);
        uint256 place = _pickRow(d, a);
        _relay(d, place);
    }

    /* EXECUTION */

    function _settleNumbered(Numbered memory m) internal {
        Expect memory e;
        (, uint256 a) = _find(m.client, m.server, m.token);
        bytes32 key = _contentKey(a, m);
        bool isDone = isUsed[key];
        Split memory split;
        if (!isDone) {
            _expectOpenIn(e, m.client, m.server, m.token, m.epoch);
            split = _expectItem(e, a, m.amount, m.deadline, false);
        }
        bytes memory data = abi.encodeCall(
            IFlashSettlement.settleNumberedPayment,
            (m.server, m.token, m.amount, m.nonce, m.deadline, m.epoch)
        );
        bool ok = _try(m.client, data, e, 8);
        if (ok && !isDone) {
            isUsed[key] = true;
            _promise(a, key, m.epoch, m.amount);
        }
        _settled(a, ok, split);
        _checkContent(a, m);
    }

    function _paymentSigned(
        IFlashSettlement.Payment memory m,
        Sig memory sig,
        address relayer,
        bool allowPartial,
        uint256 v
    ) internal returns (bool ok) {
        Expect memory e;
        (bool isOpen, uint256 a) = _expectOpenIn(e, m.client, m.server, m.token, m.epoch);
        bytes32 key = _paymentKey(a, m.epoch, m.nonce);
        bytes32 digest = _digestOf(Kind.Payment, abi.encode(m), address(settlement));
        if (_isAuthority(relayer, m.server)) {
            // No server spoils its own claims.
            if (acceptedHash[key] != 0 && acceptedHash[key] != keccak256(abi.encode(m))) relayer = party[MALLORY];
        }
        if (!_isAuthority(relayer, m.server)) {
            _unless(e, false, IFlashSettlement.NotServer.selector);
            v = 13;
        }
        if (isOpen) _unless(e, _isKeys(escrows[a].signer, sig, digest), IFlashSettlement.BadSignature.selector);
        _unless(e, !isUsed[key], IFlashSettlement.NonceUsed.selector);
        Split memory split = _expectItem(e, a, m.amount, m.deadline, allowPartial);
        _must(settlement.paymentDigest(m) == digest, 10, "paymentDigest");
        bytes memory data = abi.encodeCall(IFlashSettlement.settleSignedPayment, (m, sig.signature, allowPartial));
        ok = _try(relayer, data, e, v);
        if (ok) isUsed[key] = isSeen[key] = true;
        _settled(a, ok, split);
        if (isOpen) _checkNonce(a, m.epoch, m.nonce);
    }

    function _tabSigned(
        IFlashSettlement.Tab memory m,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        Expect memory e;
        (bool isOpen, uint256 a) = _expectOpenIn(e, m.client, m.server, m.token, m.epoch);
        bytes32 digest = _digestOf(Kind.Tab, abi.encode(m), address(settlement));
        if (isOpen) _unless(e, _isKeys(escrows[a].signer, sig, digest), IFlashSettlement.BadSignature.selector);
        _must(settlement.tabDigest(m) == digest, 10, "tabDigest");
        bytes32 key = _laneKey(a, m.epoch, m.lane);
        Split memory split;
        uint256 due = m.total > tabPaid[key] ? m.total - tabPaid[key] : 0;
        if (m.total == 0 || due != 0) split = _expectItem(e, a, due, m.deadline, true);
        else _unless(e, m.deadline == 0 || _now() <= m.deadline, IFlashSettlement.Expired.selector);
        ok = _try(relayer, abi.encodeCall(IFlashSettlement.settleTab, (m, sig.signature)), e, v);
        if (ok) tabPaid[key] += split.fromWallet + split.fromEscrow;
        _settled(a, ok, split);
    }

    function _transactionSigned(
        Numbered memory m,
        Sig memory sig,
        address relayer,
        bool allowPartial,
        uint256 v
    ) internal returns (bool ok) {
        bytes memory data = abi.encodeCall(IFlashSettlement.settleSignedTransaction, (sig.signature, allowPartial));
        bool isFine = sig.form == Form.Full && m.flaw < 3 && sig.digest == _aim(block.chainid, address(settlement));
        if (isFine && m.flaw == 0) {
            // Whoever signed is the client.
            m.client = sig.signedBy;
            return _contentSigned(m, data, relayer, allowPartial, v);
        }
        Expect memory e;
        _unless(e, isFine, SignedTransaction.BadTransaction.selector);
        _unless(e, m.flaw == 0 || m.flaw > 2, IFlashSettlement.NotNumberedPayment.selector);
        return _try(relayer, data, e, v);
    }

    function _contentSigned(
        Numbered memory m,
        bytes memory data,
        address relayer,
        bool allowPartial,
        uint256 v
    ) private returns (bool ok) {
        Expect memory e;
        _unless(e, !allowPartial || _isAuthority(relayer, m.server), IFlashSettlement.NotServer.selector);
        (bool isOpen, uint256 a) = _expectOpenIn(e, m.client, m.server, m.token, m.epoch);
        if (isOpen) _unless(e, escrows[a].signer == m.client, IFlashSettlement.BadSignature.selector);
        (bool isKnown, ) = _find(m.client, m.server, m.token);
        if (!isKnown) return _try(relayer, data, e, v);
        bytes32 key = _contentKey(a, m);
        _unless(e, !isUsed[key], IFlashSettlement.NonceUsed.selector);
        Split memory split = _expectItem(e, a, m.amount, m.deadline, allowPartial);
        ok = _try(relayer, data, e, v);
        if (ok) isUsed[key] = isSeen[key] = true;
        _settled(a, ok, split);
        _checkContent(a, m);
    }

    /* EXPECTATIONS AND THE GHOST */

    function _expectItem(
        Expect memory e,
        uint256 a,
        uint256 amount,
        uint256 deadline,
        bool allowPartial
    ) internal view returns (Split memory) {
        _unless(e, amount != 0, IFlashSettlement.BadTerms.selector);
        _unless(e, deadline == 0 || _now() <= deadline, IFlashSettlement.Expired.selector);
        return _expectCollect(e, a, amount, allowPartial);
    }

    /// @return True when it may consume a server's payments.
    function _isAuthority(address account, address server) internal view returns (bool) {
        if (account == server) return true;
        (uint256 s, uint256 p) = (partyNumber[server], partyNumber[account]);
        return s != 0 && p != 0 && _now() <= settlerEnd[s - 1][p - 1];
    }

    /// @dev What a single settlement did, and that its event tells so.
    function _settled(uint256 a, bool ok, Split memory split) private {
        if (ok) {
            Vm.Log[] memory logs = vm.getRecordedLogs();
            uint256 next = _readSettled(logs, 0, a, split.fromWallet, split.fromEscrow);
            for (; next < logs.length; ++next) {
                _must(logs[next].emitter != address(settlement), 8, "an event too many");
            }
            _booked(a, split.fromWallet, split.fromEscrow);
        }
        _check(a);
    }

    /// @return next Behind the event that tells what an escrow's server was paid; nothing paid, no event.
    function _readSettled(
        Vm.Log[] memory logs,
        uint256 next,
        uint256 a,
        uint256 fromWallet,
        uint256 fromEscrow
    ) internal returns (uint256) {
        if (fromWallet + fromEscrow == 0) return next;
        next = _nextLog(logs, next);
        if (next == logs.length) {
            _must(false, 8, "a settlement without an event");
            return next;
        }
        Vm.Log memory log = logs[next];
        _must(log.topics[0] == IFlashSettlement.PaymentsSettled.selector, 8, "another event than PaymentsSettled");
        _must(log.topics[1] == _id(a), 8, "PaymentsSettled of another escrow");
        bytes32 expected = keccak256(abi.encode(escrows[a].epoch, fromWallet, fromEscrow));
        _must(keccak256(log.data) == expected, 9, "PaymentsSettled tells another split");
        return next + 1;
    }

    /// @return Place of the contract's next event.
    function _nextLog(Vm.Log[] memory logs, uint256 from) internal view returns (uint256) {
        while (from < logs.length && logs[from].emitter != address(settlement)) ++from;
        return from;
    }

    function _checkNonce(uint256 a, uint256 epoch, uint256 nonce) internal {
        uint256 bits = settlement.nonceWord(_id(a), uint32(epoch), uint56(nonce >> 8));
        bool isMarked = (bits >> (nonce & 0xff)) & 1 == 1;
        _must(isMarked == isUsed[_paymentKey(a, epoch, nonce)], 3, "a nonce came back or got lost");
    }

    function _checkContent(uint256 a, Numbered memory m) private {
        bool isMarked = settlement.isTransactionUsed(_id(a), m.amount, m.nonce, m.deadline, m.epoch);
        _must(isMarked == isUsed[_contentKey(a, m)], 3, "a content came back or got lost");
    }

    /* MESSAGES */

    function _contentKey(uint256 a, Numbered memory m) internal pure returns (bytes32) {
        return keccak256(abi.encode("content", a, m.amount, m.nonce, m.deadline, m.epoch));
    }

    /// @dev A transaction's content counts once, whether it was signed or sent.
    function _promise(uint256 a, bytes32 key, uint256 epoch, uint256 amount) private {
        bytes32 once = keccak256(abi.encode("promised", key));
        if (isSeen[once]) return;
        isSeen[once] = true;
        promised[_epochKey(a, epoch)] += amount;
    }

    /// @dev Any payment: small mostly, under nonces that meet, some under one that was accepted with other content.
    function _signPayment(Dice memory d, uint256 a) internal returns (uint256) {
        IFlashSettlement.Payment memory m;
        (m.client, m.server, m.token) = _parties(a);
        m.amount = uint128(_pickAmount(d, _chance(d, 50) ? escrows[a].balance : 100));
        m.nonce = uint64(_chance(d, 3) ? type(uint64).max - _roll(d, 3) : 250 + _roll(d, 30));
        (m.deadline, m.epoch) = (_itemDeadline(d), uint32(_nearEpoch(d, a)));
        return _file(d, Kind.Payment, abi.encode(m), _itemKey(d, a));
    }

    /// @dev Any total: increases mostly, and what the whole escrow holds.
    function _signTab(Dice memory d, uint256 a) internal returns (uint256) {
        IFlashSettlement.Tab memory m;
        (m.client, m.server, m.token) = _parties(a);
        m.epoch = uint32(_nearEpoch(d, a));
        m.lane = lane[_roll(d, LANES)];
        uint256 paid = tabPaid[_laneKey(a, m.epoch, m.lane)];
        uint256 total = _chance(d, 60) ? paid + 1 + _roll(d, 150) : _pickAmount(d, escrows[a].balance);
        (m.total, m.deadline) = (uint128(total), _itemDeadline(d));
        return _file(d, Kind.Tab, abi.encode(m), _itemKey(d, a));
    }

    function _numbered(Dice memory d, uint256 a) private view returns (Numbered memory m) {
        (m.client, m.server, m.token) = _parties(a);
        m.amount = _pickAmount(d, _chance(d, 50) ? escrows[a].balance : 100);
        (m.nonce, m.deadline) = (uint64(_roll(d, 4)), _itemDeadline(d));
        m.epoch = uint32(_nearEpoch(d, a));
    }

    function _fileTransaction(
        Numbered memory m,
        address by,
        uint256 chain,
        address to,
        Form form
    ) internal returns (uint256 place) {
        bytes[] memory encoded = _transactionOf(m, chain, to).items();
        if (m.flaw == 5) encoded[RawTransactions.PRIORITY_FEE] = hex"8101";
        if (m.flaw == 7) encoded[RawTransactions.ACCESS_LIST] = hex"c1c0";
        if (m.flaw == 8) encoded[RawTransactions.ACCESS_LIST] = hex"80";
        Sig memory sig = Sig(_assembled(encoded, by, form), by, _aim(chain, to), form);
        if (m.flaw == 4) sig.signature[0] = 0x01;
        place = _fileAs(Kind.Transaction, abi.encode(m), sig);
        (bool isKnown, uint256 a) = _find(by, m.server, m.token);
        if (isKnown) _promise(a, _contentKey(a, m), m.epoch, m.amount);
    }

    function _transactionOf(
        Numbered memory m,
        uint256 chain,
        address to
    ) private view returns (RawTransactions.Transaction memory) {
        bytes memory data = abi.encodeCall(
            IFlashSettlement.settleNumberedPayment,
            (m.server, m.token, m.amount, m.nonce, m.deadline, m.epoch)
        );
        if (m.flaw == 1) data[0] = bytes1(uint8(data[0]) ^ 1);
        if (m.flaw == 2) data[4 + 32 * [0, 1, 3, 4, 5][items.length % 5]] = 0x01;
        if (m.flaw == 6) data = abi.encodePacked(data, new bytes(32));
        return
            RawTransactions.Transaction({
                chainId: chain,
                nonce: items.length,
                maxPriorityFeePerGas: 1,
                maxFeePerGas: 1e9,
                gasLimit: 200_000,
                to: to,
                value: m.flaw == 3 ? 1 : 0,
                data: data
            });
    }

    function _assembled(bytes[] memory encoded, address by, Form form) private view returns (bytes memory raw) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf[by], encoded.digest());
        if (form == Form.HighS) {
            s = bytes32(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141 - uint256(s));
            v = v == 27 ? 28 : 27;
        }
        raw = encoded.assemble(abi.encodePacked(r, s, v));
        if (form == Form.Broken) raw = abi.encodePacked(raw, uint8(0));
    }

    /// @dev Where a transaction goes.
    function _aim(uint256 chain, address to) private pure returns (bytes32) {
        return keccak256(abi.encode(chain, to));
    }

    /// @return The escrow's key mostly; sometimes a key that was good once, or never.
    function _itemKey(Dice memory d, uint256 a) private view returns (address) {
        address key = escrows[a].signer;
        if (key == address(0) || keyOf[key] == 0 || _chance(d, 8)) return _pickKey(d, _client(a));
        return key;
    }

    function _itemDeadline(Dice memory d) private view returns (uint40) {
        return _chance(d, 60) ? 0 : _pickDeadline(d);
    }

    /// @return place A payment or tab of the account, mostly a late one; signs one where there is none.
    function _pickRow(Dice memory d, uint256 a) internal returns (uint256 place) {
        uint256[] storage places = rowsOf[a];
        if (places.length == 0 || _chance(d, 25)) return _chance(d, 50) ? _signPayment(d, a) : _signTab(d, a);
        uint256 span = places.length < 6 || _chance(d, 20) ? places.length : 6;
        return places[places.length - 1 - _roll(d, span)];
    }
}
