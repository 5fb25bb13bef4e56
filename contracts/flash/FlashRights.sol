// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../interfaces/IFlashSettlement.sol";
import {FlashHashing} from "./FlashHashing.sol";
import {FlashStorage} from "./FlashStorage.sol";

/// @title Who may act for a server, and what an account takes back
/// @notice Settlers of a server, and nonces that their owner cancels.
abstract contract FlashRights is FlashStorage {
    using FlashHashing for SettlerAuthorization;

    /// @inheritdoc IFlashSettlement
    function setSettler(address settler, uint40 validUntil) external nonReentrant {
        _setSettler(msg.sender, settler, validUntil, _settlers[msg.sender][settler].sequence);
    }

    /// @inheritdoc IFlashSettlement
    function setSettlerWithAuthorization(
        SettlerAuthorization calldata authorization,
        bytes calldata signature
    ) external nonReentrant {
        (address server, address settler) = (authorization.server, authorization.settler);

        // Check:
        _checkDeadline(authorization.deadline);
        _checkSignature(server, authorization.hash(), signature);
        uint64 sequence = _settlers[server][settler].sequence;
        if (authorization.sequence != sequence) revert WrongSequence(authorization.sequence, sequence);

        // Effect:
        _setSettler(server, settler, authorization.validUntil, sequence);
    }

    /// @inheritdoc IFlashSettlement
    function invalidateNonces(uint256 word, uint256 mask) external nonReentrant {
        _accountNonces[msg.sender][word] |= mask;
        emit NoncesInvalidated(msg.sender, word, mask);
    }

    /* INTERNAL */

    function _setSettler(address server, address settler, uint40 validUntil, uint64 sequence) private {
        _settlers[server][settler] = Settler({validUntil: validUntil, sequence: sequence + 1});
        emit SettlerSet(server, settler, validUntil, sequence + 1);
    }
}
