// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../interfaces/IFlashSettlement.sol";
import {EscrowWords} from "./EscrowWords.sol";
import {FlashHashing} from "./FlashHashing.sol";
import {FlashTransactions} from "./FlashTransactions.sol";

/// @title What anyone can read
/// @notice Escrows, credits, settlers, nonces and lanes, and the digests of what a client signs.
abstract contract FlashViews is FlashTransactions {
    using EscrowWords for uint256;
    using FlashHashing for Payment;
    using FlashHashing for Tab;

    /// @inheritdoc IFlashSettlement
    function escrowOf(address client, address server, address token) external view returns (Escrow memory) {
        EscrowSlots storage escrow = _escrows[_escrowId(client, server, token)];
        (uint256 balance, uint256 settled, uint256 unlockAt) = escrow.money.unpackMoney();
        (address signer, uint256 closeDelay, uint256 epoch, uint256 flags) = escrow.terms.unpackTerms();
        // The words hold every part in as many bits.
        return
            Escrow({
                balance: uint96(balance),
                settled: uint96(settled),
                unlockAt: uint40(unlockAt),
                signer: signer,
                closeDelay: uint32(closeDelay),
                epoch: uint32(epoch),
                flags: uint8(flags)
            });
    }

    /// @inheritdoc IFlashSettlement
    function escrowBalance(address client, address server) external view returns (uint256 balance) {
        (balance, , ) = _escrows[_escrowId(client, server, _pairTokens[client][server])].money.unpackMoney();
    }

    /// @inheritdoc IFlashSettlement
    function creditOf(address account, address token) external view returns (uint256) {
        return _credits[account][token];
    }

    /// @inheritdoc IFlashSettlement
    function nonceWord(bytes32 id, uint32 epoch, uint56 word) external view returns (uint256) {
        return _paymentNonces[id][(uint256(epoch) << 56) | word];
    }

    /// @inheritdoc IFlashSettlement
    function accountNonceWord(address account, uint256 word) external view returns (uint256) {
        return _accountNonces[account][word];
    }

    /// @inheritdoc IFlashSettlement
    function tabSettled(bytes32 id, uint32 epoch, uint64 lane) external view returns (uint256) {
        return _tabs[id][_laneKey(epoch, lane)];
    }

    /// @inheritdoc IFlashSettlement
    function isTransactionUsed(
        bytes32 id,
        uint256 amount,
        uint64 nonce,
        uint40 deadline,
        uint32 epoch
    ) external view returns (bool) {
        return _transactions[_content(id, NumberedPayment(amount, nonce, deadline, epoch))];
    }

    /// @inheritdoc IFlashSettlement
    function settlerOf(address server, address settler) external view returns (uint40 validUntil, uint64 sequence) {
        Settler storage right = _settlers[server][settler];
        return (right.validUntil, right.sequence);
    }

    /// @inheritdoc IFlashSettlement
    function paymentDigest(Payment calldata payment) external view returns (bytes32) {
        return _hashTypedDataV4(payment.hash());
    }

    /// @inheritdoc IFlashSettlement
    function tabDigest(Tab calldata tab) external view returns (bytes32) {
        return _hashTypedDataV4(tab.hash());
    }
}
