// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../interfaces/IVoucherEscrow.sol";
import {VoucherHashing} from "./VoucherHashing.sol";
import {VoucherStorage} from "./VoucherStorage.sol";

/// @title Keys that sign vouchers for a buyer, and authorizations that an owner takes back
/// @notice Session signers, and nonces that their owner cancels.
abstract contract VoucherSigners is VoucherStorage {
    using VoucherHashing for SignerAuthorization;
    using VoucherHashing for SignerRevocation;

    /// @inheritdoc IVoucherEscrow
    function authorizeSigner(address signer, uint64 validUntil) external nonReentrant {
        _authorizeSigner(msg.sender, signer, validUntil);
    }

    /// @inheritdoc IVoucherEscrow
    function authorizeSignerWithAuthorization(
        SignerAuthorization calldata authorization,
        bytes calldata signature
    ) external nonReentrant {
        _checkAuthorization(authorization.buyer, authorization.expiry, authorization.hash(), signature);
        _authorizeSigner(authorization.buyer, authorization.signer, authorization.validUntil);
    }

    /// @inheritdoc IVoucherEscrow
    function revokeSigner(address signer) external nonReentrant {
        _revokeSigner(msg.sender, signer);
    }

    /// @inheritdoc IVoucherEscrow
    function revokeSignerWithAuthorization(
        SignerRevocation calldata revocation,
        bytes calldata signature
    ) external nonReentrant {
        _checkAuthorization(revocation.buyer, revocation.expiry, revocation.hash(), signature);
        _revokeSigner(revocation.buyer, revocation.signer);
    }

    /// @inheritdoc IVoucherEscrow
    function invalidateNonces(NonceKind kind, uint256 word, uint256 mask) external nonReentrant {
        _nonces[kind][msg.sender][word] |= mask;
        emit NoncesInvalidated(kind, msg.sender, word, mask);
    }

    /* INTERNAL */

    function _authorizeSigner(address buyer, address key, uint64 validUntil) private {
        Signer storage signer = _signers[buyer][key];

        // Check:
        if (key == address(0) || key == buyer) revert InvalidAddress(key);
        if (signer.revoked) revert SignerAlreadyRevoked(buyer, key);
        if (validUntil <= signer.validUntil) return;

        // Effect:
        signer.validUntil = validUntil;
        emit SignerAuthorized(buyer, key, validUntil);
    }

    function _revokeSigner(address buyer, address key) private {
        Signer storage signer = _signers[buyer][key];

        // Check:
        if (key == address(0) || key == buyer) revert InvalidAddress(key);
        if (signer.revoked) return;

        // Effect: vouchers that a seller has accepted stay collectable for as long as a thaw would leave them.
        uint256 latest = block.timestamp + THAWING_PERIOD;
        uint64 validUntil = signer.validUntil;
        // Block times stay below 2^40 for 34,000 years.
        if (latest < validUntil) validUntil = uint64(latest);
        _signers[buyer][key] = Signer({validUntil: validUntil, revoked: true});
        emit SignerRevoked(buyer, key, validUntil);
    }
}
