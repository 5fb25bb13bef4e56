// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../interfaces/IFlashSettlement.sol";
import {BoundedToken} from "../libraries/BoundedToken.sol";
import {NonceBitmap} from "../libraries/NonceBitmap.sol";
import {SignatureVerification} from "../libraries/SignatureVerification.sol";
import {EscrowWords} from "./EscrowWords.sol";
import {FlashHashing} from "./FlashHashing.sol";
import {FlashStorage} from "./FlashStorage.sol";

/// @title How a server is paid: wallet first, the escrow for the rest
/// @notice The one way by which payments, tabs and transactions become tokens and credit of the server.
abstract contract FlashCollection is FlashStorage {
    using EscrowWords for uint256;
    using FlashHashing for Payment;
    using FlashHashing for Tab;
    using NonceBitmap for mapping(uint256 word => uint256 bits);

    /// @dev Whom a collection concerns, and its escrow.
    struct Pair {
        bytes32 id;
        address client;
        address server;
        address token;
    }

    /// @inheritdoc IFlashSettlement
    function settlePayment(address server, address token, uint256 amount) external nonReentrant {
        Pair memory pair = _pair(msg.sender, server, token);
        uint256 terms = _openTerms(_escrows[pair.id]);
        _checkAmount(amount);
        _collect(pair, terms.epochOf(), amount, false);
    }

    /// @inheritdoc IFlashSettlement
    function settleSignedPayment(
        Payment calldata payment,
        bytes calldata signature,
        bool allowPartial
    ) external nonReentrant {
        Pair memory pair = _pair(payment.client, payment.server, payment.token);

        // Check:
        if (!_mayConsume(payment.server)) revert NotServer(msg.sender);
        _checkAmount(payment.amount);
        _checkItem(pair.id, payment.epoch, payment.deadline, payment.hash(), signature);

        // Effect:
        if (!_paymentNonces[pair.id].consume(_paymentNonce(payment.epoch, payment.nonce))) {
            revert NonceUsed(payment.nonce);
        }

        // Interaction, effect:
        _collect(pair, payment.epoch, payment.amount, allowPartial);
    }

    /// @inheritdoc IFlashSettlement
    function settleTab(Tab calldata tab, bytes calldata signature) external nonReentrant {
        Pair memory pair = _pair(tab.client, tab.server, tab.token);

        // Check:
        _checkAmount(tab.total);
        _checkItem(pair.id, tab.epoch, tab.deadline, tab.hash(), signature);
        uint256 lane = _laneKey(tab.epoch, tab.lane);
        uint256 settled = _tabs[pair.id][lane];
        if (tab.total <= settled) return;

        // Interaction, effect:
        _tabs[pair.id][lane] = settled + _collect(pair, tab.epoch, tab.total - settled, true);
    }

    /* INTERNAL: CHECKS */

    function _pair(address client, address server, address token) internal pure returns (Pair memory) {
        return Pair({id: _escrowId(client, server, token), client: client, server: server, token: token});
    }

    /// @dev Consuming a nonce is the server's decision: whoever signs can sign one nonce twice.
    function _mayConsume(address server) internal view returns (bool) {
        return msg.sender == server || block.timestamp <= _settlers[server][msg.sender].validUntil;
    }

    /// @dev A deadline of zero is no deadline.
    function _checkItemDeadline(uint256 deadline) internal view {
        if (deadline != 0) _checkDeadline(deadline);
    }

    function _checkItem(
        bytes32 id,
        uint256 epoch,
        uint256 deadline,
        bytes32 structHash,
        bytes calldata signature
    ) private view {
        _checkItemDeadline(deadline);
        (address signer, , , ) = _openTermsIn(_escrows[id], epoch).unpackTerms();
        // The signer of an open escrow is never zero, so a malformed signature is never its own.
        if (SignatureVerification.recover(_hashTypedDataV4(structHash), signature) != signer) {
            revert BadSignature(signer);
        }
    }

    function _paymentNonce(uint256 epoch, uint256 nonce) internal pure returns (bytes32) {
        return bytes32((epoch << 64) | nonce);
    }

    function _laneKey(uint256 epoch, uint256 lane) internal pure returns (uint256) {
        return (epoch << 64) | lane;
    }

    /* INTERNAL: THE COLLECTION */

    /// @dev Pays the server `amount`, or with `allowPartial` what is there of it. The storage is written after the pull, because what the escrow
    /// pays depends on it; every entry is locked meanwhile.
    /// @return paid Token base units, not zero.
    function _collect(
        Pair memory pair,
        uint256 epoch,
        uint256 amount,
        bool allowPartial
    ) internal returns (uint256 paid) {
        (uint256 balance, uint256 settled, uint256 unlockAt) = _escrows[pair.id].money.unpackMoney();
        uint256 room = EscrowWords.MAX_AMOUNT - settled;
        if (amount > room) revert AmountTooLarge(amount, room);

        uint256 fromWallet = _pullable(pair);
        paid = _coverable(amount, fromWallet + balance, allowPartial);
        if (paid < fromWallet) fromWallet = paid;
        if (!_tryPull(pair, fromWallet)) {
            fromWallet = 0;
            paid = _coverable(amount, balance, allowPartial);
        }
        _book(pair, epoch, EscrowWords.packMoney(balance, settled, unlockAt), fromWallet, paid - fromWallet);
    }

    function _coverable(uint256 amount, uint256 available, bool allowPartial) private pure returns (uint256) {
        if (amount <= available) return amount;
        if (!allowPartial || available == 0) revert NotCovered(available, amount);
        return available;
    }

    /// @dev What the wallet can pay, no more than a settled total can be.
    function _pullable(Pair memory pair) internal view returns (uint256) {
        uint256 amount = BoundedToken.pullable(pair.token, pair.client, address(this));
        return amount < EscrowWords.MAX_AMOUNT ? amount : EscrowWords.MAX_AMOUNT;
    }

    function _tryPull(Pair memory pair, uint256 amount) internal returns (bool) {
        return amount == 0 || BoundedToken.tryTransferFrom(pair.token, pair.client, pair.server, amount);
    }

    /// @dev Books a payment: accounting alone, so no token can stop the escrow's part.
    function _book(Pair memory pair, uint256 epoch, uint256 money, uint256 fromWallet, uint256 fromEscrow) internal {
        (uint256 balance, uint256 settled, uint256 unlockAt) = money.unpackMoney();
        _escrows[pair.id].money = EscrowWords.packMoney(
            balance - fromEscrow,
            settled + fromWallet + fromEscrow,
            unlockAt
        );
        if (fromEscrow != 0) _credits[pair.server][pair.token] += fromEscrow;
        // An open escrow's epoch has 32 bits.
        emit PaymentsSettled(pair.id, uint32(epoch), fromWallet, fromEscrow);
    }
}
