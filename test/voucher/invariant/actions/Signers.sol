// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../../../contracts/interfaces/IVoucherEscrow.sol";
import {Batches} from "./Batches.sol";

/// @title Session keys come and go, nonces are cancelled
abstract contract Signers is Batches {
    /* ACTIONS */

    function authorizeSigner(uint256 seed) external acts("authorizeSigner") {
        Dice memory d = _dice(seed);
        (uint256 b, , ) = _pickAccount(d);
        (address key, uint64 validUntil) = (_pickSigner(d, b), _pickEnd(d));
        Expect memory e;
        _expectSigner(e, party[b], key);
        _unless(e, !signerRevoked[party[b]][key], IVoucherEscrow.SignerAlreadyRevoked.selector);
        if (_try(party[b], abi.encodeCall(IVoucherEscrow.authorizeSigner, (key, validUntil)), e, 13)) {
            _authorized(party[b], key, validUntil);
        }
    }

    function signSignerAuthorization(uint256 seed) external acts("signSignerAuthorization") {
        Dice memory d = _dice(seed);
        (uint256 b, , ) = _pickAccount(d);
        IVoucherEscrow.SignerAuthorization memory m = IVoucherEscrow.SignerAuthorization({
            buyer: party[b],
            signer: _pickSigner(d, b),
            validUntil: _pickEnd(d),
            expiry: _pickExpiry(d)
        });
        uint256 place = _file(d, Kind.SignerAuthorization, abi.encode(m), _pickKey(d, b));
        _relayMaybe(d, place);
    }

    function revokeSigner(uint256 seed) external acts("revokeSigner") {
        Dice memory d = _dice(seed);
        (uint256 b, , ) = _pickAccount(d);
        address key = _pickSigner(d, b);
        Expect memory e;
        _expectSigner(e, party[b], key);
        if (_try(party[b], abi.encodeCall(IVoucherEscrow.revokeSigner, (key)), e, 13)) _revoked(party[b], key);
    }

    function signSignerRevocation(uint256 seed) external acts("signSignerRevocation") {
        Dice memory d = _dice(seed);
        (uint256 b, , ) = _pickAccount(d);
        IVoucherEscrow.SignerRevocation memory m = IVoucherEscrow.SignerRevocation({
            buyer: party[b],
            signer: _pickSigner(d, b),
            expiry: _pickExpiry(d)
        });
        uint256 place = _file(d, Kind.SignerRevocation, abi.encode(m), _pickKey(d, b));
        _relayMaybe(d, place);
    }

    function invalidateNonces(uint256 seed) external acts("invalidateNonces") {
        Dice memory d = _dice(seed);
        uint256 p = _roll(d, PARTIES);
        IVoucherEscrow.NonceKind kind = IVoucherEscrow.NonceKind(_roll(d, 4));
        uint256 first = uint256(_pickNonce(d));
        uint256 bit = first & 0xff;
        uint256 mask = (1 << bit) | (bit < 255 && _chance(d, 50) ? 1 << (bit + 1) : 0);
        Expect memory e;
        bytes memory data = abi.encodeCall(IVoucherEscrow.invalidateNonces, (kind, first >> 8, mask));
        if (!_try(party[p], data, e, 4)) return;
        for (uint256 i; i < 2; ++i) {
            if (((mask >> bit) >> i) & 1 == 1) isUsed[_nonceKey(kind, party[p], bytes32(first + i))] = true;
        }
        _checkNonces(kind, party[p], bytes32(first));
        for (uint256 k; k < 4; ++k) _checkNonces(IVoucherEscrow.NonceKind(k), party[p], bytes32(first + 1));
    }

    /// @dev An `s` that is too high and still fits a compact signature comes from no wallet, but from the signature the signer follows, and the
    /// buyer may authorize that.
    function collectHighS(uint256 seed) external acts("collectHighS") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        uint256 account = _account(b, s, t);
        _fund(d, account);
        uint256 value = accounts[account].collected[0] + 1 + _roll(d, 100);
        bytes memory data = abi.encode(_voucher(d, account, 0, value, uint64(_now() + PERIOD)));
        Sig memory sig = _inventHighS(d, _digestOf(Kind.Voucher, data, address(escrow)));
        Expect memory e;
        bytes memory call = abi.encodeCall(IVoucherEscrow.authorizeSigner, (sig.signedBy, uint64(_now() + PERIOD)));
        if (!_try(party[b], call, e, 13)) return;
        _authorized(party[b], sig.signedBy, uint64(_now() + PERIOD));

        uint256[] memory places = new uint256[](1);
        places[0] = _fileAs(Kind.Voucher, data, sig);
        _collectAsGroup(d, s, t, places);
        _collect(_voucherAt(places[0]), sig, party[MALLORY], 10);
    }

    /* EXECUTION */

    function _cancelNonce(uint256 p, IVoucherEscrow.NonceKind kind, bytes32 nonce) internal {
        (uint256 word, uint256 mask) = (uint256(nonce) >> 8, 1 << (uint256(nonce) & 0xff));
        Expect memory e;
        if (!_try(party[p], abi.encodeCall(IVoucherEscrow.invalidateNonces, (kind, word, mask)), e, 4)) return;
        isUsed[_nonceKey(kind, party[p], nonce)] = true;
    }

    function _authorizeSigned(
        IVoucherEscrow.SignerAuthorization memory m,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        Expect memory e;
        _unless(e, _now() <= m.expiry, IVoucherEscrow.AuthorizationExpired.selector);
        bytes32 digest = _digestOf(Kind.SignerAuthorization, abi.encode(m), address(escrow));
        _unless(e, _isOwners(m.buyer, sig, digest), IVoucherEscrow.InvalidAuthorization.selector);
        _expectSigner(e, m.buyer, m.signer);
        _unless(e, !signerRevoked[m.buyer][m.signer], IVoucherEscrow.SignerAlreadyRevoked.selector);
        ok = _try(relayer, _relayCall(Kind.SignerAuthorization, abi.encode(m), sig.signature), e, v);
        if (ok) _authorized(m.buyer, m.signer, m.validUntil);
    }

    function _revokeSigned(
        IVoucherEscrow.SignerRevocation memory m,
        Sig memory sig,
        address relayer,
        uint256 v
    ) internal returns (bool ok) {
        Expect memory e;
        _unless(e, _now() <= m.expiry, IVoucherEscrow.AuthorizationExpired.selector);
        bytes32 digest = _digestOf(Kind.SignerRevocation, abi.encode(m), address(escrow));
        _unless(e, _isOwners(m.buyer, sig, digest), IVoucherEscrow.InvalidAuthorization.selector);
        _expectSigner(e, m.buyer, m.signer);
        ok = _try(relayer, _relayCall(Kind.SignerRevocation, abi.encode(m), sig.signature), e, v);
        if (ok) _revoked(m.buyer, m.signer);
    }

    /* INTERNAL */

    function _expectSigner(Expect memory e, address buyer, address key) private pure {
        _unless(e, key != address(0) && key != buyer, IVoucherEscrow.InvalidAddress.selector);
    }

    function _authorized(address buyer, address key, uint64 validUntil) private {
        if (validUntil > signerEnd[buyer][key]) signerEnd[buyer][key] = validUntil;
        _checkSigner(buyer, key);
    }

    /// @dev What the key has signed stays good for a period, or less if it ended sooner anyway.
    function _revoked(address buyer, address key) private {
        uint256 before = signerEnd[buyer][key];
        if (!signerRevoked[buyer][key] && before > _now() + PERIOD) signerEnd[buyer][key] = _now() + PERIOD;
        signerRevoked[buyer][key] = true;
        (uint64 validUntil, ) = escrow.getSigner(buyer, key);
        bool isKept = validUntil == before || (validUntil < before && validUntil >= _now() + PERIOD);
        _must(isKept, 13, "a signer's end moved below now + THAWING_PERIOD");
        _checkSigner(buyer, key);
    }

    function _checkSigner(address buyer, address key) internal {
        (uint64 validUntil, bool revoked) = escrow.getSigner(buyer, key);
        _mustEq(validUntil, signerEnd[buyer][key], 13, "end of a signer");
        _must(revoked == signerRevoked[buyer][key], 13, "a revocation is not final");
    }

    /// @return sig A signature in whose place 255 bits are enough, by whichever key it recovers to.
    function _inventHighS(Dice memory d, bytes32 digest) private pure returns (Sig memory sig) {
        bytes32 s = bytes32(type(uint256).max >> 1);
        (sig.digest, sig.form) = (digest, Form.HighS);
        while (sig.signedBy == address(0)) {
            bytes32 r = bytes32(_roll(d, type(uint256).max));
            sig.signedBy = ecrecover(digest, 27, r, s);
            sig.signature = abi.encodePacked(r, s);
        }
    }

    function _pickSigner(Dice memory d, uint256 b) private view returns (address) {
        if (_chance(d, 3)) return address(0);
        if (_chance(d, 3)) return party[b];
        return signer[_chance(d, 60) ? 0 : _roll(d, SIGNERS)];
    }

    function _pickEnd(Dice memory d) private view returns (uint64) {
        uint256 kind = _roll(d, 10);
        if (kind == 0) return uint64(_roll(d, 2) * _now());
        if (kind == 1) return type(uint64).max;
        return uint64(_now() + _roll(d, 7 * PERIOD));
    }
}
