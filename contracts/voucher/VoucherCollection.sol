// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../interfaces/IVoucherEscrow.sol";
import {SignatureVerification} from "../libraries/SignatureVerification.sol";
import {AccountWord} from "./AccountWord.sol";
import {VoucherHashing} from "./VoucherHashing.sol";
import {VoucherStorage} from "./VoucherStorage.sol";

/// @title How a seller is paid, voucher by voucher
/// @notice Collect and collectMany, and the steps that batches share with them.
abstract contract VoucherCollection is VoucherStorage {
    using AccountWord for uint256;
    using VoucherHashing for Voucher;

    /// @inheritdoc IVoucherEscrow
    function collect(Voucher calldata voucher, bytes calldata signature) external nonReentrant {
        _collect(voucher, signature);
    }

    /// @inheritdoc IVoucherEscrow
    function collectMany(SignedVoucher[] calldata vouchers) external nonReentrant {
        if (vouchers.length == 0) revert NoVouchersProvided();
        for (uint256 i = 0; i < vouchers.length; ++i) {
            _collect(vouchers[i].voucher, vouchers[i].signature);
        }
    }

    /* INTERNAL */

    /// @dev Takes from an account what lane `id` lacks of `total`, as far as the balance goes. The caller pays the seller.
    /// @return amount What was taken, token base units.
    /// @return collected Collected total of the lane afterwards, token base units.
    function _draw(
        Account storage account,
        bytes32 id,
        uint256 total
    ) internal returns (uint256 amount, uint256 collected) {
        uint256 word = account.word;
        if (id == bytes32(0)) {
            (word, amount) = word.collect(total);
            if (amount != 0) account.word = word;
            (, collected, ) = word.unpack();
            return (amount, collected);
        }

        collected = account.lanes[id];
        (uint256 balance, uint256 defaultCollected, uint256 thawEndTime) = word.unpack();
        if (total <= collected || balance == 0) return (0, collected);

        uint256 outstanding = total - collected;
        amount = outstanding < balance ? outstanding : balance;
        collected += amount;
        account.lanes[id] = collected;
        account.word = AccountWord.pack(balance - amount, defaultCollected, thawEndTime);
    }

    function _collect(Voucher calldata voucher, bytes calldata signature) private {
        (bytes32 id, address buyer, address seller, address asset) = (
            voucher.id,
            voucher.buyer,
            voucher.seller,
            voucher.asset
        );

        // Check:
        _checkParties(buyer, seller, asset);
        if (voucher.escrow != address(this)) revert InvalidEscrow(voucher.escrow, address(this));
        if (voucher.chainId != block.chainid) revert InvalidChainId(voucher.chainId, block.chainid);
        if (voucher.valueAggregate == 0) revert InvalidAmount(0);
        if (block.timestamp > voucher.expiry) revert VoucherExpired(id, block.timestamp, voucher.expiry);
        if (!_isVoucherSigned(voucher, signature)) revert InvalidSignature(id, buyer);

        // Effect:
        (uint256 amount, uint256 collected) = _draw(_accounts[seller][asset][buyer], id, voucher.valueAggregate);
        if (amount == 0) {
            if (voucher.valueAggregate <= collected) {
                emit VoucherAlreadyCollected(id, buyer, seller, asset, collected);
            } else {
                emit VoucherNoCollectableBalance(
                    id,
                    buyer,
                    seller,
                    asset,
                    voucher.valueAggregate - collected,
                    collected
                );
            }
            return;
        }
        emit VoucherCollected(id, buyer, seller, asset, amount, collected);

        // Interaction:
        _payout(seller, asset, amount);
    }

    function _isVoucherSigned(Voucher calldata voucher, bytes calldata signature) internal view returns (bool) {
        bytes32 digest = _hashTypedDataV4(voucher.hash());
        if (_isSigner(voucher.buyer, SignatureVerification.recover(digest, signature))) return true;
        return SignatureVerification.isValidErc1271(voucher.buyer, digest, signature);
    }
}
