// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../interfaces/IVoucherEscrow.sol";
import {NonceBitmap} from "../libraries/NonceBitmap.sol";
import {AccountWord} from "./AccountWord.sol";
import {VoucherHashing} from "./VoucherHashing.sol";
import {VoucherStorage} from "./VoucherStorage.sol";

/// @title How a buyer takes its tokens back
/// @notice Thaw, withdraw and flush, by the buyer's call or signature.
abstract contract VoucherWithdrawals is VoucherStorage {
    using AccountWord for uint256;
    using NonceBitmap for mapping(uint256 word => uint256 bits);
    using VoucherHashing for FlushAuthorization;
    using VoucherHashing for FlushAllAuthorization;

    /// @inheritdoc IVoucherEscrow
    function thaw(address seller, address asset, uint256 amount) external nonReentrant {
        Account storage account = _accounts[seller][asset][msg.sender];
        (uint256 balance, uint256 collected, uint256 previousEnd) = account.word.unpack();
        uint256 previous = _thawing(account, balance, previousEnd);

        // Check:
        if (amount == 0) revert InvalidAmount(amount);
        if (amount > balance - previous) revert InsufficientBalance(balance - previous, amount);

        // Effect:
        uint256 end = block.timestamp + THAWING_PERIOD;
        account.marked = previous + amount;
        account.word = AccountWord.pack(balance, collected, end);
        emit ThawInitiated(msg.sender, seller, asset, previous + amount, previous, end, previousEnd);
    }

    /// @inheritdoc IVoucherEscrow
    function cancelThaw(address seller, address asset) external nonReentrant {
        Account storage account = _accounts[seller][asset][msg.sender];
        (uint256 balance, uint256 collected, uint256 end) = account.word.unpack();

        // Check:
        if (end == 0) revert NoThawingInProgress(msg.sender, seller, asset);

        // Effect:
        uint256 amount = _thawing(account, balance, end);
        account.marked = 0;
        account.word = AccountWord.pack(balance, collected, 0);
        emit ThawCancelled(msg.sender, seller, asset, amount);
    }

    /// @inheritdoc IVoucherEscrow
    function withdraw(address seller, address asset) external nonReentrant {
        Account storage account = _accounts[seller][asset][msg.sender];
        (uint256 balance, uint256 collected, uint256 end) = account.word.unpack();

        // Check:
        if (end == 0) revert NoThawingInProgress(msg.sender, seller, asset);
        if (block.timestamp < end) revert ThawingPeriodNotCompleted(block.timestamp, end);

        // Effect:
        uint256 amount = _thawing(account, balance, end);
        account.marked = 0;
        account.word = AccountWord.pack(balance - amount, collected, 0);
        emit Withdrawn(msg.sender, seller, asset, amount, balance - amount);

        // Interaction:
        _push(asset, msg.sender, amount);
    }

    /// @inheritdoc IVoucherEscrow
    function flushWithAuthorization(
        FlushAuthorization calldata authorization,
        bytes calldata signature
    ) external nonReentrant {
        (address buyer, address seller, address asset) = (
            authorization.buyer,
            authorization.seller,
            authorization.asset
        );

        // Check:
        _checkAuthorization(buyer, authorization.expiry, authorization.hash(), signature);

        // Effect:
        _consumeNonce(NonceKind.Flush, buyer, authorization.nonce);
        (uint256 matured, bool isThawing) = _flush(buyer, seller, asset);
        emit FlushAuthorized(buyer, seller, asset, authorization.nonce, isThawing);

        // Interaction:
        if (matured != 0) _push(asset, buyer, matured);
    }

    /// @inheritdoc IVoucherEscrow
    function flushAllWithAuthorization(
        FlushAllAuthorization calldata authorization,
        AccountKey[] calldata accounts,
        bytes calldata signature
    ) external nonReentrant {
        (address buyer, bytes32 nonce) = (authorization.buyer, authorization.nonce);

        // Check:
        _checkAuthorization(buyer, authorization.expiry, authorization.hash(), signature);
        if (_nonces[NonceKind.FlushAll][buyer].isUsed(nonce)) revert NonceAlreadyUsed(nonce);

        // Effect and interaction, account by account in a frame of its own:
        uint256 flushed = 0;
        for (uint256 i = 0; i < accounts.length; ++i) {
            try this.flushAccount(buyer, nonce, accounts[i]) {
                ++flushed;
            } catch (bytes memory reason) {
                emit FlushSkipped(buyer, accounts[i].seller, accounts[i].asset, bytes4(reason));
            }
        }
        if (flushed == 0) revert NothingToFlush();
        emit FlushAllAuthorized(buyer, nonce, flushed);
    }

    /// @inheritdoc IVoucherEscrow
    function flushAccount(address buyer, bytes32 nonce, AccountKey calldata account) external {
        // Check:
        if (msg.sender != address(this)) revert NotSelf(msg.sender);
        bytes32 key = keccak256(abi.encode(buyer, nonce, account.seller, account.asset));
        if (_flushAllUses[key]) revert NonceAlreadyUsed(nonce);

        // Effect:
        _flushAllUses[key] = true;
        (uint256 matured, ) = _flush(buyer, account.seller, account.asset);

        // Interaction:
        if (matured != 0) _push(account.asset, buyer, matured);
    }

    /* INTERNAL */

    /// @dev Takes out what is matured and thaws the rest; never touches a thaw that has not ended. The caller pays `matured`.
    function _flush(address buyer, address seller, address asset) private returns (uint256 matured, bool isThawing) {
        Account storage account = _accounts[seller][asset][buyer];
        (uint256 balance, uint256 collected, uint256 end) = account.word.unpack();

        // Check:
        if (balance == 0 || block.timestamp < end) revert NothingToFlush();

        // Effect:
        matured = _thawing(account, balance, end);
        uint256 rest = balance - matured;
        isThawing = rest != 0;
        end = isThawing ? block.timestamp + THAWING_PERIOD : 0;
        account.marked = rest;
        account.word = AccountWord.pack(rest, collected, end);
        if (matured != 0) emit Withdrawn(buyer, seller, asset, matured, rest);
        if (isThawing) emit ThawInitiated(buyer, seller, asset, rest, 0, end, 0);
    }
}
