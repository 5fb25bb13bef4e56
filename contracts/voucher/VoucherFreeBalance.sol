// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../interfaces/IVoucherEscrow.sol";
import {NonceWindow} from "../libraries/NonceWindow.sol";
import {VoucherHashing} from "./VoucherHashing.sol";
import {VoucherStorage} from "./VoucherStorage.sol";

/// @title How a free balance is spent
abstract contract VoucherFreeBalance is VoucherStorage {
    using VoucherHashing for AllocateAuthorization;
    using VoucherHashing for WithdrawFreeAuthorization;

    /// @inheritdoc IVoucherEscrow
    function allocate(address seller, address asset, uint256 amount) external nonReentrant {
        FreeAccount memory account = _freeAccounts[msg.sender][asset];
        _allocate(account, msg.sender, seller, asset, amount);
    }

    /// @inheritdoc IVoucherEscrow
    function allocateWithAuthorization(
        AllocateAuthorization calldata authorization,
        bytes calldata signature
    ) external nonReentrant {
        // Check:
        _checkAuthorization(authorization.buyer, authorization.expiry, authorization.hash(), signature);

        // Effect:
        FreeAccount memory account = _freeAccounts[authorization.buyer][authorization.asset];
        _consumeFreeNonce(account, authorization.nonce);
        _allocate(account, authorization.buyer, authorization.seller, authorization.asset, authorization.amount);
    }

    /// @inheritdoc IVoucherEscrow
    function withdrawFree(address asset, uint256 amount) external nonReentrant {
        FreeAccount memory account = _freeAccounts[msg.sender][asset];
        _withdrawFree(account, msg.sender, asset, amount);
    }

    /// @inheritdoc IVoucherEscrow
    function withdrawFreeWithAuthorization(
        WithdrawFreeAuthorization calldata authorization,
        bytes calldata signature
    ) external nonReentrant {
        // Check:
        _checkAuthorization(authorization.buyer, authorization.expiry, authorization.hash(), signature);

        // Effect:
        FreeAccount memory account = _freeAccounts[authorization.buyer][authorization.asset];
        _consumeFreeNonce(account, authorization.nonce);
        _withdrawFree(account, authorization.buyer, authorization.asset, authorization.amount);
    }

    /// @inheritdoc IVoucherEscrow
    function advanceFreeNonce(address asset, uint64 next) external nonReentrant {
        FreeAccount storage account = _freeAccounts[msg.sender][asset];

        // Check:
        if (next < account.next) revert InvalidNonce(next, account.next);

        // Effect:
        account.next = next;
        account.seen = type(uint64).max;
        emit FreeNonceAdvanced(msg.sender, asset, next);
    }

    /* INTERNAL */

    /// @dev `account` is the caller's copy of the stored one, written back here with the nonce that the caller consumed in it.
    function _allocate(
        FreeAccount memory account,
        address buyer,
        address seller,
        address asset,
        uint256 amount
    ) private {
        // Check:
        _checkParties(buyer, seller, asset);

        // Effect:
        _debitFree(account, buyer, asset, amount);
        uint256 newBalance = _credit(buyer, seller, asset, amount);
        emit Allocated(buyer, seller, asset, amount, newBalance);
    }

    /// @dev As {_allocate}, for a payment to the owner.
    function _withdrawFree(FreeAccount memory account, address owner, address asset, uint256 amount) private {
        // Check:
        if (amount == 0) revert InvalidAmount(amount);

        // Effect:
        _debitFree(account, owner, asset, amount);
        emit FreeWithdrawn(owner, asset, amount, account.balance);

        // Interaction:
        _push(asset, owner, amount);
    }

    function _debitFree(FreeAccount memory account, address owner, address asset, uint256 amount) private {
        if (amount > account.balance) revert InsufficientBalance(account.balance, amount);
        // At most `account.balance`, see the line above.
        account.balance -= uint96(amount);
        _freeAccounts[owner][asset] = account;
    }

    function _consumeFreeNonce(FreeAccount memory account, uint64 nonce) private pure {
        if (!NonceWindow.isFresh(account.next, account.seen, nonce)) {
            revert NonceAlreadyUsed(bytes32(uint256(nonce)));
        }
        (account.next, account.seen) = NonceWindow.consume(account.next, account.seen, nonce);
    }
}
