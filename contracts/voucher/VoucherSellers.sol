// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../interfaces/IVoucherEscrow.sol";
import {AccountWord} from "./AccountWord.sol";
import {VoucherHashing} from "./VoucherHashing.sol";
import {VoucherStorage} from "./VoucherStorage.sol";

/// @title What a seller decides: how it is paid, and what it returns
/// @notice Payout and release, by the seller's call or signature.
abstract contract VoucherSellers is VoucherStorage {
    using AccountWord for uint256;
    using VoucherHashing for PayoutAuthorization;
    using VoucherHashing for ReleaseAuthorization;

    /// @inheritdoc IVoucherEscrow
    function setPayout(bool toFreeBalance) external nonReentrant {
        _setPayout(msg.sender, toFreeBalance, _payouts[msg.sender].nonce);
    }

    /// @inheritdoc IVoucherEscrow
    function setPayoutWithAuthorization(
        PayoutAuthorization calldata authorization,
        bytes calldata signature
    ) external nonReentrant {
        address seller = authorization.seller;

        // Check:
        _checkAuthorization(seller, authorization.expiry, authorization.hash(), signature);
        uint96 nonce = _payouts[seller].nonce;
        if (authorization.nonce != nonce) revert InvalidNonce(authorization.nonce, nonce);

        // Effect:
        _setPayout(seller, authorization.toFreeBalance, nonce);
    }

    /// @inheritdoc IVoucherEscrow
    function release(
        address buyer,
        address asset,
        bytes32 id,
        uint256 collectedAtLeast,
        uint256 amount
    ) external nonReentrant {
        _release(buyer, msg.sender, asset, id, collectedAtLeast, amount);
    }

    /// @inheritdoc IVoucherEscrow
    function releaseWithAuthorization(
        ReleaseAuthorization calldata authorization,
        bytes calldata signature
    ) external nonReentrant {
        // Check:
        _checkAuthorization(authorization.seller, authorization.expiry, authorization.hash(), signature);

        // Effect:
        _consumeNonce(NonceKind.Release, authorization.seller, authorization.nonce);
        _release(
            authorization.buyer,
            authorization.seller,
            authorization.asset,
            authorization.id,
            authorization.collectedAtLeast,
            authorization.amount
        );
    }

    /* INTERNAL */

    function _setPayout(address seller, bool toFreeBalance, uint96 nonce) private {
        _payouts[seller] = Payout({toFreeBalance: toFreeBalance, nonce: nonce + 1});
        emit PayoutSet(seller, toFreeBalance, nonce + 1);
    }

    function _release(
        address buyer,
        address seller,
        address asset,
        bytes32 id,
        uint256 collectedAtLeast,
        uint256 amount
    ) private {
        Account storage account = _accounts[seller][asset][buyer];
        (uint256 balance, uint256 defaultCollected, uint256 thawEndTime) = account.word.unpack();
        uint256 collected = id == bytes32(0) ? defaultCollected : account.lanes[id];

        // Check:
        if (amount == 0) revert InvalidAmount(amount);
        if (collected < collectedAtLeast) revert NotCollectedYet(collected, collectedAtLeast);
        if (amount > balance) revert InsufficientBalance(balance, amount);

        // Effect:
        account.word = AccountWord.pack(balance - amount, defaultCollected, thawEndTime);
        emit Released(buyer, seller, asset, id, amount, balance - amount);

        // Interaction:
        _push(asset, buyer, amount);
    }
}
