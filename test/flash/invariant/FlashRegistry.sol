// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../../contracts/interfaces/IFlashSettlement.sol";
import {BoundedToken} from "../../../contracts/libraries/BoundedToken.sol";
import {OwnedWallet} from "../../mocks/OwnedWallet.sol";
import {FlashMessages} from "../FlashMessages.sol";
import {FlashLedger} from "./FlashLedger.sol";
import {QuirkyToken} from "./QuirkyToken.sol";

/// @title Every signature ever made, and the one way in which the campaign calls the contract
abstract contract FlashRegistry is FlashLedger {
    using FlashMessages for *;

    enum Kind {
        Payment,
        Tab,
        Transaction,
        Open,
        OpenEip3009,
        OpenPermit2,
        TopUpEip3009,
        TopUpPermit2,
        Extend,
        Close,
        Release,
        Settler,
        Credit
    }

    /// @dev What a signed transaction says. `flaw`: 0 none, 1 it calls another function, 2 an argument has dirty bits; no such transaction at
    /// all: 3 it carries value, 4 another type, 5 an integer not in its shortest form, 6 more calldata, 7 an access list, 8 none at all.
    struct Numbered {
        address client;
        address server;
        address token;
        uint256 amount;
        uint64 nonce;
        uint40 deadline;
        uint32 epoch;
        uint8 flaw;
    }

    struct Item {
        Kind kind;
        /// The message, ABI-encoded.
        bytes data;
        Sig sig;
        /// How often it had an effect.
        uint256 uses;
    }

    uint256 internal constant CALL_GAS = 5_000_000;
    uint256 internal constant FLAWS = 8;

    Item[] internal items;
    /// @dev Payments and tabs of an account, by their place in `items`.
    mapping(uint256 a => uint256[] places) internal rowsOf;
    /// @notice How often a function ended how: by selector, and selector of the error (zero for success).
    mapping(bytes4 verb => mapping(bytes4 outcome => uint256 times)) public outcomes;
    /// @notice How often an error was seen, by its selector, of whichever function.
    mapping(bytes4 reason => uint256 times) public refusals;
    /// @notice How often each impossible term and each fault of a transaction was refused.
    mapping(bytes4 reason => mapping(uint256 argument => uint256 times)) public arguments;
    /// @notice How often a call that got too little gas at first was turned away, and how often it went through.
    uint256[2] public thrifty;
    /// @dev Gas of a first attempt; zero for none. It fails, or ends as it would with all gas.
    uint256 internal thrift;
    /// @dev True while the re-entering token shall repeat the very call it is in.
    bool internal repeats;
    /// @dev Place, plus one, of a payment or tab that the token shall make guild settle in the middle of another call; zero for none.
    uint256 internal slipped;

    /* CALLING */

    /// @dev Calls the contract as `from`, and judges: it goes through exactly when nothing is expected to go wrong, else with one of the expected errors.
    /// @param v Invariant that is broken when it goes through against all expectations, or does not.
    function _try(address from, bytes memory data, Expect memory e, uint256 v) internal returns (bool ok) {
        bytes memory answer;
        (ok, answer) = _call(from, data);
        bytes4 outcome = ok ? bytes4(0) : bytes4(answer);
        _count(bytes4(data), outcome, answer);

        if (ok) {
            _must(!_isFailure(e), v, "went through, but should not have");
        } else if (!_isFailure(e)) {
            _must(false, v, string.concat("failed with ", vm.toString(uint256(uint32(outcome)))));
        } else if (!e.foreign && !_names(e, outcome)) {
            string memory expected = string.concat(" and not ", vm.toString(uint256(uint32(e.reasons[0]))));
            string memory what = string.concat(vm.toString(uint256(uint32(outcome))), expected);
            _must(false, v, string.concat("failed for another reason, ", what));
        }
        ok = ok && violated == 0;
    }

    /// @dev While the re-entering token is hostile, it tries a call of its own in the middle of this one. The logs are recorded.
    function _call(address from, bytes memory data) internal returns (bool ok, bytes memory answer) {
        bool mayReenter = _isHostile(REENTERS);
        if (mayReenter) _arm(from, data);
        vm.recordLogs();
        if (thrift != 0) {
            vm.prank(from);
            (ok, answer) = address(settlement).call{gas: thrift}(data);
            ++thrifty[ok ? 1 : 0];
            if (!ok && bytes4(answer) == BoundedToken.InsufficientGas.selector)
                _count(bytes4(data), bytes4(answer), answer);
            if (!ok) vm.recordLogs();
        }
        if (!ok) {
            vm.prank(from);
            (ok, answer) = address(settlement).call{gas: CALL_GAS}(data);
        }
        if (!mayReenter) return (ok, answer);
        QuirkyToken hostile = QuirkyToken(token[REENTERS]);
        _must(!hostile.isReentered(), 3, "re-entered");
        if (hostile.refusal() != 0) ++refusals[hostile.refusal()];
    }

    function _count(bytes4 verb, bytes4 outcome, bytes memory answer) internal {
        ++outcomes[verb][outcome];
        if (outcome == 0) return;
        ++refusals[outcome];
        if (answer.length != 36) return;
        uint256 argument;
        assembly ("memory-safe") {
            argument := mload(add(answer, 0x24))
        }
        ++arguments[outcome][argument];
    }

    /// @dev Either the same call again, as the same sender where that has code that obeys, or some signature that was made before.
    function _arm(address from, bytes memory data) private {
        QuirkyToken hostile = QuirkyToken(token[REENTERS]);
        uint256 dice = uint256(keccak256(abi.encode(data, items.length)));
        if (slipped != 0) {
            bytes memory inner = abi.encodeCall(OwnedWallet.execute, (address(settlement), _relayCall(slipped - 1)));
            hostile.arm(party[GUILD], inner, hostile.bubbles());
        } else if (repeats || items.length == 0 || dice % 3 == 0) {
            bool obeys = from == party[CAROL] || from == party[GUILD];
            bytes memory again = abi.encodeCall(OwnedWallet.execute, (address(settlement), data));
            hostile.arm(obeys ? from : address(settlement), obeys ? again : data, hostile.bubbles());
        } else {
            uint256 span = items.length < 12 ? items.length : 12;
            hostile.arm(address(settlement), _relayCall(items.length - 1 - ((dice >> 8) % span)), hostile.bubbles());
        }
    }

    /// @return Call of the contract that uses a signed message for what it is.
    function _relayCall(uint256 place) private view returns (bytes memory) {
        Item memory item = items[place];
        bytes memory s = item.sig.signature;
        if (item.kind == Kind.Payment) {
            IFlashSettlement.Payment memory m = abi.decode(item.data, (IFlashSettlement.Payment));
            return abi.encodeCall(IFlashSettlement.settleSignedPayment, (m, s, true));
        }
        if (item.kind == Kind.Transaction) {
            return abi.encodeCall(IFlashSettlement.settleSignedTransaction, (s, false));
        }
        // Messages have no dynamic member: they stand in the call as they are, the place of the signature behind them.
        bytes memory head = abi.encodePacked(_verbOf(item.kind), item.data, abi.encode(item.data.length + 32));
        bytes memory padding = new bytes((32 - (s.length % 32)) % 32);
        return abi.encodePacked(head, abi.encode(s.length), s, padding);
    }

    function _verbOf(Kind kind) private pure returns (bytes4) {
        if (kind == Kind.Extend) return IFlashSettlement.extendEscrowWithAuthorization.selector;
        if (kind == Kind.Close) return IFlashSettlement.closeEscrowWithAuthorization.selector;
        if (kind == Kind.Release) return IFlashSettlement.releaseEscrowWithAuthorization.selector;
        if (kind == Kind.Settler) return IFlashSettlement.setSettlerWithAuthorization.selector;
        if (kind == Kind.Credit) return IFlashSettlement.withdrawCreditWithAuthorization.selector;
        // An opening's call has another form; inside the guard that does not matter.
        return IFlashSettlement.settleTab.selector;
    }

    /// @dev Sends a filed message to where it belongs, see {FlashRelays}.
    function _relay(Dice memory d, uint256 place) internal virtual returns (bool);

    /// @dev What was just signed is mostly relayed at once, and then often a second time.
    function _relayMaybe(Dice memory d, uint256 place) internal {
        if (_chance(d, 70) && _relay(d, place) && _chance(d, 30)) _relay(d, place);
    }

    /* SIGNING */

    /// @dev Signs a message with a key and files it. A small part is made for the wrong chain or contract, or is not well-formed.
    /// @return place Where in `items`.
    function _file(Dice memory d, Kind kind, bytes memory data, address by) internal returns (uint256 place) {
        bytes32 digest = _digestFor(d, kind, data);
        uint256 look = _roll(d, 32);
        Form form = look < 10 ? Form.Compact : Form.Full;
        if (look == 10) form = Form.HighS;
        else if (look == 11) form = Form.Broken;
        return _fileAs(kind, data, _sign(by, digest, form));
    }

    /// @dev The same, without any flaw, for this chain and this contract.
    function _fileClean(Kind kind, bytes memory data, address by, Form form) internal returns (uint256 place) {
        return _fileAs(kind, data, _sign(by, _digestOf(kind, data, address(settlement)), form));
    }

    function _fileAs(Kind kind, bytes memory data, Sig memory sig) internal returns (uint256 place) {
        place = items.length;
        Item storage item = items.push();
        item.kind = kind;
        item.data = data;
        item.sig = sig;
        if (kind == Kind.Payment) {
            IFlashSettlement.Payment memory m = abi.decode(data, (IFlashSettlement.Payment));
            (bool isKnown, uint256 a) = _find(m.client, m.server, m.token);
            if (!isKnown) return place;
            rowsOf[a].push(place);
            promised[_epochKey(a, m.epoch)] += m.amount;
        } else if (kind == Kind.Tab) {
            IFlashSettlement.Tab memory m = abi.decode(data, (IFlashSettlement.Tab));
            (bool isKnown, uint256 a) = _find(m.client, m.server, m.token);
            if (!isKnown) return place;
            rowsOf[a].push(place);
            bytes32 key = _laneKey(a, m.epoch, m.lane);
            if (m.total <= highestTotal[key]) return place;
            promised[_epochKey(a, m.epoch)] += m.total - highestTotal[key];
            highestTotal[key] = m.total;
        }
    }

    function _sign(address by, bytes32 digest, Form form) internal view returns (Sig memory sig) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf[by], digest);
        (sig.signedBy, sig.digest, sig.form) = (by, digest, form);
        if (form == Form.Full) {
            sig.signature = abi.encodePacked(r, s, v);
        } else if (form == Form.Compact) {
            sig.signature = abi.encodePacked(r, uint256(s) | (uint256(v - 27) << 255));
        } else if (form == Form.HighS) {
            uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
            sig.signature = abi.encodePacked(r, order - uint256(s), v == 27 ? uint8(28) : uint8(27));
        } else {
            sig.signature = abi.encodePacked(r, s, v, r);
        }
    }

    /// @dev Now and then the digest of another chain or of the twin.
    function _digestFor(Dice memory d, Kind kind, bytes memory data) private returns (bytes32 digest) {
        uint256 where = _roll(d, 40);
        if (where == 0) return _digestOf(kind, data, twin);
        if (where != 1) return _digestOf(kind, data, address(settlement));
        uint256 chain = block.chainid;
        vm.chainId(OTHER_CHAIN);
        digest = this.digestOf(kind, data);
        vm.chainId(chain);
    }

    /// @dev In a frame of its own: the compiler takes `block.chainid` for constant within one.
    function digestOf(Kind kind, bytes calldata data) external view returns (bytes32) {
        return _digestOf(kind, data, address(settlement));
    }

    function _digestOf(Kind kind, bytes memory data, address to) internal view returns (bytes32) {
        if (kind == Kind.OpenEip3009 || kind == Kind.TopUpEip3009) return _eip3009Digest(kind, data, to);
        if (kind == Kind.OpenPermit2 || kind == Kind.TopUpPermit2) return _permit2Digest(kind, data, to);
        return _typed(_domain("x402 Flash Settlement", "1", to), _structHash(kind, data));
    }

    function _eip3009Digest(Kind kind, bytes memory data, address to) private view returns (bytes32) {
        bytes32 domain = _domain("USD Coin", "2", token[USDC_TOKEN]);
        bytes32 hash = _structHash(kind, data);
        if (kind == Kind.OpenEip3009) {
            IFlashSettlement.OpenEscrow memory o = abi.decode(data, (IFlashSettlement.OpenEscrow));
            return _typed(domain, FlashMessages.receiveWithAuthorizationHash(o.client, to, o.amount, o.deadline, hash));
        }
        IFlashSettlement.TopUp memory m = abi.decode(data, (IFlashSettlement.TopUp));
        return _typed(domain, FlashMessages.receiveWithAuthorizationHash(m.client, to, m.amount, m.deadline, hash));
    }

    function _permit2Digest(Kind kind, bytes memory data, address to) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)"),
                keccak256("Permit2"),
                block.chainid,
                CANONICAL_PERMIT2
            )
        );
        if (kind == Kind.OpenPermit2) {
            return _typed(domain, abi.decode(data, (IFlashSettlement.OpenEscrow)).permitWitnessTransferFromHash(to));
        }
        return _typed(domain, abi.decode(data, (IFlashSettlement.TopUp)).permitWitnessTransferFromHash(to));
    }

    function _domain(string memory name, string memory version, address to) internal view returns (bytes32) {
        bytes32 typeHash = keccak256(
            "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        );
        return keccak256(abi.encode(typeHash, keccak256(bytes(name)), keccak256(bytes(version)), block.chainid, to));
    }

    function _typed(bytes32 domain, bytes32 structHash) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function _structHash(Kind kind, bytes memory data) internal pure returns (bytes32) {
        if (kind == Kind.Payment) return abi.decode(data, (IFlashSettlement.Payment)).hash();
        if (kind == Kind.Tab) return abi.decode(data, (IFlashSettlement.Tab)).hash();
        if (kind <= Kind.OpenPermit2) return abi.decode(data, (IFlashSettlement.OpenEscrow)).hash();
        if (kind <= Kind.TopUpPermit2) return abi.decode(data, (IFlashSettlement.TopUp)).hash();
        if (kind == Kind.Extend) return abi.decode(data, (IFlashSettlement.ExtendEscrow)).hash();
        if (kind == Kind.Close) return abi.decode(data, (IFlashSettlement.CloseEscrow)).hash();
        if (kind == Kind.Release) return abi.decode(data, (IFlashSettlement.ReleaseEscrow)).hash();
        if (kind == Kind.Settler) return abi.decode(data, (IFlashSettlement.SettlerAuthorization)).hash();
        return abi.decode(data, (IFlashSettlement.WithdrawCredit)).hash();
    }

    /* WHOSE SIGNATURE COUNTS */

    /// @return True when the contract must take `sig` for the signature of `owner`: its key first, then its code.
    function _isOwners(address owner, Sig memory sig, Kind kind, bytes memory data) internal view returns (bool) {
        if (sig.digest != _digestOf(kind, data, address(settlement))) return false;
        if (sig.signedBy == owner) return sig.form == Form.Full || sig.form == Form.Compact;
        uint256 p = partyNumber[owner];
        bool isByCode = p != 0 && walletOwner[p - 1] != address(0) && walletOwner[p - 1] == sig.signedBy;
        return isByCode && sig.form == Form.Full;
    }

    /// @return True when it is the key that the escrow's opening fixed, and nothing else.
    function _isKeys(address key, Sig memory sig, bytes32 digest) internal pure returns (bool) {
        return sig.digest == digest && sig.signedBy == key && (sig.form == Form.Full || sig.form == Form.Compact);
    }

    /// @return What a token or Permit2 takes for a signature: it asks the code first, where there is some.
    function _isTokens(Kind kind, address owner, Sig memory sig, bytes memory data) internal view returns (bool) {
        if (sig.digest != _digestOf(kind, data, address(settlement)) || sig.form == Form.Broken) return false;
        bool isPermit2 = kind == Kind.OpenPermit2 || kind == Kind.TopUpPermit2;
        if (owner.code.length == 0) return sig.signedBy == owner && (sig.form != Form.HighS || isPermit2);
        // A compact signature is expanded for ERC-3009; Permit2 hands it on as it is.
        if (sig.form == Form.HighS || (sig.form == Form.Compact && isPermit2)) return false;
        return walletOwner[partyNumber[owner] - 1] == sig.signedBy;
    }

    /// @return An account whose key signs for a party: its own, its wallet's owner; rarely somebody else's.
    function _pickKey(Dice memory d, uint256 p) internal view returns (address) {
        if (_chance(d, 4)) return party[MALLORY];
        if (_chance(d, 3)) return agentKey[0];
        if (walletOwner[p] != address(0) && (keyOf[party[p]] == 0 || _chance(d, 30))) return walletOwner[p];
        return keyOf[party[p]] == 0 ? party[MALLORY] : party[p];
    }
}
