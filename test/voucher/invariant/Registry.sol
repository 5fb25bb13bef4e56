// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../../contracts/interfaces/IVoucherEscrow.sol";
import {Digests} from "./Digests.sol";
import {Ledger} from "./Ledger.sol";
import {ReenteringToken} from "./tokens/ReenteringToken.sol";
import {CampaignOwnedWallet} from "./wallets/CampaignOwnedWallet.sol";

/// @title Every signature ever made, and the one way in which the campaign calls the escrow
abstract contract Registry is Ledger {
    using Digests for *;

    enum Kind {
        Deposit,
        DepositEip3009,
        DepositPermit2,
        Flush,
        FlushAll,
        Allocate,
        WithdrawFree,
        SignerAuthorization,
        SignerRevocation,
        Release,
        Payout,
        Voucher
    }

    struct Item {
        Kind kind;
        /// The message, ABI-encoded.
        bytes data;
        Sig sig;
        /// How often it had an effect.
        uint256 uses;
    }

    uint256 internal constant KINDS = 12;
    uint256 internal constant CALL_GAS = 3_000_000;

    Item[] internal items;
    /// @dev Vouchers of an account, by their place in `items`.
    mapping(uint256 account => uint256[] places) internal vouchersOf;
    /// @notice How often a function of the escrow ended how: by selector, and selector of the error (zero for success).
    mapping(bytes4 verb => mapping(bytes4 outcome => uint256 times)) public outcomes;
    /// @notice How often an error was seen, by its selector, of whichever function.
    mapping(bytes4 reason => uint256 times) public refusals;
    /// @dev True while the hostile token shall repeat the very call it is in.
    bool internal repeats;

    /* CALLING */

    /// @dev Calls the escrow as `from`, and judges: it goes through exactly when nothing is expected to go wrong, else with one of the expected errors.
    /// @param v Invariant that is broken when it goes through against all expectations, or does not.
    function _try(address from, bytes memory data, Expect memory e, uint256 v) internal returns (bool ok) {
        bytes memory answer;
        (ok, answer) = _call(from, data, CALL_GAS);
        bytes4 outcome = ok ? bytes4(0) : bytes4(answer);
        _count(bytes4(data), outcome);

        if (ok) {
            _must(!_isFailure(e), v, "went through, but should not have");
        } else if (!_isFailure(e)) {
            _must(false, v, string.concat("failed with ", vm.toString(uint256(uint32(outcome)))));
        } else if (!e.foreign && !_names(e, outcome)) {
            _must(false, 17, string.concat("failed for another reason, ", vm.toString(uint256(uint32(outcome)))));
        }
        ok = ok && violated == 0;
    }

    /// @dev While the re-entering token is hostile, it tries a call of its own in the middle of this one.
    function _call(address from, bytes memory data, uint256 gasLimit) internal returns (bool ok, bytes memory answer) {
        bool mayReenter = _isHostile(REENTERS);
        if (mayReenter) _arm(from, data);
        vm.prank(from);
        (ok, answer) = address(escrow).call{gas: gasLimit}(data);
        if (!mayReenter) return (ok, answer);
        ReenteringToken hostile = ReenteringToken(token[REENTERS]);
        _must(!hostile.isReentered(), 4, "re-entered");
        if (hostile.refusal() != 0) ++refusals[hostile.refusal()];
    }

    function _count(bytes4 verb, bytes4 outcome) internal {
        ++outcomes[verb][outcome];
        if (outcome != 0) ++refusals[outcome];
    }

    /// @dev Either the same call again, as the same sender where that has code that obeys, or some signature that was made before.
    function _arm(address from, bytes memory data) private {
        ReenteringToken hostile = ReenteringToken(token[REENTERS]);
        uint256 dice = uint256(keccak256(abi.encode(data, items.length)));
        if (repeats || items.length == 0 || dice % 3 == 0) {
            bool obeys = from.code.length != 0 && walletOwner[partyNumber[from] - 1] != address(0);
            if (obeys)
                hostile.arm(
                    from,
                    abi.encodeCall(CampaignOwnedWallet.execute, (address(escrow), data)),
                    hostile.bubbles()
                );
            else hostile.arm(address(escrow), data, hostile.bubbles());
        } else {
            uint256 span = items.length < 12 ? items.length : 12;
            Item storage item = items[items.length - 1 - ((dice >> 8) % span)];
            hostile.arm(address(escrow), _relayCall(item.kind, item.data, item.sig.signature), hostile.bubbles());
        }
    }

    /// @return Call of the escrow that uses a signed message for what it is.
    function _relayCall(Kind kind, bytes memory data, bytes memory signature) internal view returns (bytes memory) {
        if (kind == Kind.FlushAll) {
            IVoucherEscrow.FlushAllAuthorization memory m = abi.decode(data, (IVoucherEscrow.FlushAllAuthorization));
            IVoucherEscrow.AccountKey[] memory keys = new IVoucherEscrow.AccountKey[](1);
            keys[0] = IVoucherEscrow.AccountKey(party[_sellerParty(focusSeller)], token[focusToken]);
            return abi.encodeCall(IVoucherEscrow.flushAllWithAuthorization, (m, keys, signature));
        }
        if (kind == Kind.Voucher) {
            return abi.encodeCall(IVoucherEscrow.collect, (abi.decode(data, (IVoucherEscrow.Voucher)), signature));
        }
        // The other messages have no dynamic member: they stand in the call as they are, the place of the signature behind them.
        return
            abi.encodePacked(
                _verbOf(kind),
                data,
                abi.encode(data.length + 32),
                abi.encode(signature.length),
                _padded(signature)
            );
    }

    function _verbOf(Kind kind) internal pure returns (bytes4) {
        if (kind == Kind.Deposit) return IVoucherEscrow.depositWithAuthorization.selector;
        if (kind == Kind.DepositEip3009) return IVoucherEscrow.depositWithEip3009.selector;
        if (kind == Kind.DepositPermit2) return IVoucherEscrow.depositWithPermit2.selector;
        if (kind == Kind.Flush) return IVoucherEscrow.flushWithAuthorization.selector;
        if (kind == Kind.FlushAll) return IVoucherEscrow.flushAllWithAuthorization.selector;
        if (kind == Kind.Allocate) return IVoucherEscrow.allocateWithAuthorization.selector;
        if (kind == Kind.WithdrawFree) return IVoucherEscrow.withdrawFreeWithAuthorization.selector;
        if (kind == Kind.SignerAuthorization) return IVoucherEscrow.authorizeSignerWithAuthorization.selector;
        if (kind == Kind.SignerRevocation) return IVoucherEscrow.revokeSignerWithAuthorization.selector;
        if (kind == Kind.Release) return IVoucherEscrow.releaseWithAuthorization.selector;
        if (kind == Kind.Payout) return IVoucherEscrow.setPayoutWithAuthorization.selector;
        return IVoucherEscrow.collect.selector;
    }

    function _padded(bytes memory data) private pure returns (bytes memory) {
        return abi.encodePacked(data, new bytes((32 - (data.length % 32)) % 32));
    }

    /// @dev Sends a filed message to where it belongs, see {Relays}.
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
        uint256 kindOfForm = _roll(d, 32);
        Form form = Form.Full;
        if (kindOfForm < 10) form = Form.Compact;
        else if (kindOfForm == 10) form = Form.HighS;
        else if (kindOfForm == 11) form = Form.Broken;
        return _fileAs(kind, data, _sign(by, digest, form));
    }

    /// @dev The same, without any flaw, for this chain and this contract.
    function _fileClean(Kind kind, bytes memory data, address by, Form form) internal returns (uint256 place) {
        return _fileAs(kind, data, _sign(by, _digestOf(kind, data, address(escrow)), form));
    }

    function _fileAs(Kind kind, bytes memory data, Sig memory sig) internal returns (uint256 place) {
        place = items.length;
        Item storage item = items.push();
        item.kind = kind;
        item.data = data;
        item.sig = sig;
        if (kind == Kind.Voucher) {
            IVoucherEscrow.Voucher memory m = abi.decode(data, (IVoucherEscrow.Voucher));
            (bool isKnown, uint256 account) = _find(m.buyer, m.seller, m.asset);
            if (!isKnown) return place;
            vouchersOf[account].push(place);
            uint256[LANES] storage highest = accounts[account].highestSigned;
            uint256 n = _laneNumber(m.id);
            if (m.valueAggregate > highest[n]) highest[n] = m.valueAggregate;
        }
    }

    function _sign(address by, bytes32 digest, Form form) internal view returns (Sig memory sig) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf[by], digest);
        sig.signedBy = by;
        sig.digest = digest;
        sig.form = form;
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
        if (where != 1) return _digestOf(kind, data, address(escrow));
        uint256 chain = block.chainid;
        vm.chainId(OTHER_CHAIN);
        digest = this.digestOf(kind, data);
        vm.chainId(chain);
    }

    /// @dev In a frame of its own: the compiler takes `block.chainid` for constant within one.
    function digestOf(Kind kind, bytes calldata data) external view returns (bytes32) {
        return _digestOf(kind, data, address(escrow));
    }

    function _digestOf(Kind kind, bytes memory data, address to) internal view returns (bytes32) {
        if (kind == Kind.DepositEip3009) {
            return token[USDC_TOKEN].ofEip3009(to, abi.decode(data, (IVoucherEscrow.DepositAuthorization)));
        }
        if (kind == Kind.DepositPermit2) {
            return CANONICAL_PERMIT2.ofPermit2(to, abi.decode(data, (IVoucherEscrow.DepositAuthorization)));
        }
        return to.ofEscrow(_structHash(kind, data));
    }

    function _structHash(Kind kind, bytes memory data) internal pure returns (bytes32) {
        if (kind == Kind.Deposit) return abi.decode(data, (IVoucherEscrow.DepositAuthorization)).hash();
        if (kind == Kind.Flush) return abi.decode(data, (IVoucherEscrow.FlushAuthorization)).hash();
        if (kind == Kind.FlushAll) return abi.decode(data, (IVoucherEscrow.FlushAllAuthorization)).hash();
        if (kind == Kind.Allocate) return abi.decode(data, (IVoucherEscrow.AllocateAuthorization)).hash();
        if (kind == Kind.WithdrawFree) return abi.decode(data, (IVoucherEscrow.WithdrawFreeAuthorization)).hash();
        if (kind == Kind.SignerAuthorization) return abi.decode(data, (IVoucherEscrow.SignerAuthorization)).hash();
        if (kind == Kind.SignerRevocation) return abi.decode(data, (IVoucherEscrow.SignerRevocation)).hash();
        if (kind == Kind.Release) return abi.decode(data, (IVoucherEscrow.ReleaseAuthorization)).hash();
        if (kind == Kind.Payout) return abi.decode(data, (IVoucherEscrow.PayoutAuthorization)).hash();
        return abi.decode(data, (IVoucherEscrow.Voucher)).hash();
    }

    /* WHOSE SIGNATURE COUNTS */

    /// @return True when the escrow must take `sig` for the signature of `owner` over `digest`: its key first, then its code.
    function _isOwners(address owner, Sig memory sig, bytes32 digest) internal view returns (bool) {
        return _isByKey(owner, sig, digest) || _isByWallet(owner, sig, digest, CALL_GAS);
    }

    function _isByKey(address owner, Sig memory sig, bytes32 digest) internal pure returns (bool) {
        return
            owner != address(0) &&
            sig.digest == digest &&
            sig.signedBy == owner &&
            (sig.form == Form.Full || sig.form == Form.Compact);
    }

    function _isByWallet(address owner, Sig memory sig, bytes32 digest, uint256 gasGiven) internal view returns (bool) {
        uint256 p = partyNumber[owner];
        return
            p != 0 &&
            walletOwner[p - 1] != address(0) &&
            walletOwner[p - 1] == sig.signedBy &&
            walletGas[p - 1] < gasGiven &&
            sig.digest == digest &&
            sig.form == Form.Full;
    }

    /// @return True when a voucher's signature is its buyer's or a valid signer's, by key.
    function _isVoucherByKey(address buyer, Sig memory sig, bytes32 digest) internal view returns (bool) {
        if (_isByKey(buyer, sig, digest)) return true;
        return _isByKey(sig.signedBy, sig, digest) && _now() <= signerEnd[buyer][sig.signedBy];
    }

    /// @return What a token or Permit2 takes for a signature: it asks the code first, where there is some.
    function _isTokens(Kind kind, address owner, Sig memory sig, bytes32 digest) internal view returns (bool) {
        if (sig.digest != digest || sig.form == Form.Broken) return false;
        if (owner.code.length == 0)
            return sig.signedBy == owner && (sig.form != Form.HighS || kind == Kind.DepositPermit2);
        // The escrow expands a compact signature for the token; Permit2 hands it on as it is.
        if (sig.form == Form.HighS || (sig.form == Form.Compact && kind == Kind.DepositPermit2)) return false;
        return walletOwner[partyNumber[owner] - 1] == sig.signedBy;
    }

    /// @return An account whose key signs for a party: its own, its wallet's owner; rarely somebody else's.
    function _pickKey(Dice memory d, uint256 p) internal view returns (address) {
        if (_chance(d, 4)) return party[MALLORY];
        if (_chance(d, 3)) return signer[_roll(d, 2)];
        if (keyOf[party[p]] == 0) return walletOwner[p];
        if (walletOwner[p] != address(0) && _chance(d, 30)) return walletOwner[p];
        return party[p];
    }

    /// @return A nonce out of few, so that they meet.
    function _pickNonce(Dice memory d) internal pure returns (bytes32) {
        if (_chance(d, 4)) return bytes32(0);
        if (_chance(d, 10)) return keccak256(abi.encode(_roll(d, 3)));
        return bytes32(1 + _roll(d, 40));
    }
}
