// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../interfaces/IVoucherEscrow.sol";
import {NonceWindow} from "../libraries/NonceWindow.sol";
import {FreeAccountWord} from "./FreeAccountWord.sol";
import {VoucherHashing} from "./VoucherHashing.sol";
import {VoucherStorage} from "./VoucherStorage.sol";

/// @title How a free balance is spent
/// @notice Into the account of a seller, or back to its owner, by the owner's call or signature.
abstract contract VoucherFreeBalance is VoucherStorage {
    using FreeAccountWord for uint256;
    using VoucherHashing for AllocateAuthorization;
    using VoucherHashing for WithdrawFreeAuthorization;

    /// @inheritdoc IVoucherEscrow
    function allocate(address seller, address asset, uint256 amount) external nonReentrant {
        _allocate(_freeAccounts[msg.sender][asset], msg.sender, seller, asset, amount);
    }

    /// @inheritdoc IVoucherEscrow
    function allocateWithAuthorization(
        AllocateAuthorization calldata authorization,
        bytes calldata signature
    ) external nonReentrant {
        (address buyer, address asset) = (authorization.buyer, authorization.asset);

        // Check:
        _checkAuthorization(buyer, authorization.expiry, authorization.hash(), signature);
        uint256 word = _withNonce(_freeAccounts[buyer][asset], authorization.nonce);

        // Effect:
        _allocate(word, buyer, authorization.seller, asset, authorization.amount);
    }

    /// @inheritdoc IVoucherEscrow
    function withdrawFree(address asset, uint256 amount) external nonReentrant {
        _withdrawFree(_freeAccounts[msg.sender][asset], msg.sender, asset, amount);
    }

    /// @inheritdoc IVoucherEscrow
    function withdrawFreeWithAuthorization(
        WithdrawFreeAuthorization calldata authorization,
        bytes calldata signature
    ) external nonReentrant {
        (address owner, address asset) = (authorization.buyer, authorization.asset);

        // Check:
        _checkAuthorization(owner, authorization.expiry, authorization.hash(), signature);
        uint256 word = _withNonce(_freeAccounts[owner][asset], authorization.nonce);

        // Effect and interaction:
        _withdrawFree(word, owner, asset, authorization.amount);
    }

    /// @inheritdoc IVoucherEscrow
    function advanceFreeNonce(address asset, uint64 next) external nonReentrant {
        (uint256 balance, uint64 current, ) = _freeAccounts[msg.sender][asset].unpack();

        // Check:
        if (next < current) revert InvalidNonce(next, current);

        // Effect:
        _freeAccounts[msg.sender][asset] = FreeAccountWord.pack(balance, next, type(uint64).max);
        emit FreeNonceAdvanced(msg.sender, asset, next);
    }

    /* INTERNAL */

    /// @param word The free account, with the nonce consumed that the caller was authorized by.
    function _allocate(uint256 word, address buyer, address seller, address asset, uint256 amount) private {
        // Check:
        _checkParties(buyer, seller, asset);

        // Effect:
        _debitFree(word, buyer, asset, amount);
        uint256 newBalance = _credit(buyer, seller, asset, amount);
        emit Allocated(buyer, seller, asset, amount, newBalance);
    }

    /// @param word As for {_allocate}.
    function _withdrawFree(uint256 word, address owner, address asset, uint256 amount) private {
        // Check:
        if (amount == 0) revert InvalidAmount(amount);

        // Effect:
        uint256 remaining = _debitFree(word, owner, asset, amount);
        emit FreeWithdrawn(owner, asset, amount, remaining);

        // Interaction:
        _push(asset, owner, amount);
    }

    /// @dev Stores the free account less `amount`.
    function _debitFree(
        uint256 word,
        address owner,
        address asset,
        uint256 amount
    ) private returns (uint256 remaining) {
        (uint256 balance, uint64 next, uint64 seen) = word.unpack();
        if (amount > balance) revert InsufficientBalance(balance, amount);
        remaining = balance - amount;
        _freeAccounts[owner][asset] = FreeAccountWord.pack(remaining, next, seen);
    }

    function _withNonce(uint256 word, uint64 nonce) private pure returns (uint256) {
        (uint256 balance, uint64 next, uint64 seen) = word.unpack();
        bool isFresh;
        (isFresh, next, seen) = NonceWindow.consume(next, seen, nonce);
        if (!isFresh) revert NonceAlreadyUsed(bytes32(uint256(nonce)));
        return FreeAccountWord.pack(balance, next, seen);
    }
}
