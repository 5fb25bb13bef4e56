// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../interfaces/IFlashSettlement.sol";
import {SignedTransaction} from "../libraries/SignedTransaction.sol";
import {EscrowWords} from "./EscrowWords.sol";
import {FlashCollection} from "./FlashCollection.sol";

/// @title Payments that are transactions of the client, sent or not
/// @notice The numbered form that a client sends itself, and the execution of a signed transaction that never landed.
abstract contract FlashTransactions is FlashCollection {
    using EscrowWords for uint256;

    /// @dev Arguments of {settleNumberedPayment} beside its server and token.
    struct NumberedPayment {
        uint256 amount;
        uint64 nonce;
        uint40 deadline;
        uint32 epoch;
    }

    /// @dev A selector and six words.
    uint256 private constant CALL_LENGTH = 4 + 6 * 32;

    /// @inheritdoc IFlashSettlement
    function settleNumberedPayment(
        address server,
        address token,
        uint256 amount,
        uint64 nonce,
        uint40 deadline,
        uint32 epoch
    ) external nonReentrant {
        Pair memory pair = _pair(msg.sender, server, token);
        NumberedPayment memory payment = NumberedPayment(amount, nonce, deadline, epoch);
        // The server may have settled the signed transaction before it landed.
        if (_transactions[_content(pair.id, payment)]) return;

        _openTermsIn(_escrows[pair.id], epoch);
        _settleContent(pair, payment, false);
    }

    /// @inheritdoc IFlashSettlement
    function settleSignedTransaction(bytes calldata rawTransaction, bool allowPartial) external nonReentrant {
        // Check:
        (address client, bytes calldata data) = SignedTransaction.parse(rawTransaction, address(this), CALL_LENGTH);
        (Pair memory pair, NumberedPayment memory payment) = _decode(client, data);
        if (allowPartial && !_mayConsume(pair.server)) revert NotServer(msg.sender);
        (address signer, , , ) = _openTermsIn(_escrows[pair.id], payment.epoch).unpackTerms();
        if (signer != client) revert BadSignature(signer);
        if (_transactions[_content(pair.id, payment)]) revert NonceUsed(payment.nonce);

        _settleContent(pair, payment, allowPartial);
    }

    /* INTERNAL */

    function _settleContent(Pair memory pair, NumberedPayment memory payment, bool allowPartial) private {
        // Check:
        _checkAmount(payment.amount);
        _checkItemDeadline(payment.deadline);

        // Effect:
        _transactions[_content(pair.id, payment)] = true;

        // Interaction, effect:
        _collect(pair, payment.epoch, payment.amount, allowPartial);
    }

    function _content(bytes32 id, NumberedPayment memory payment) internal pure returns (bytes32) {
        return keccak256(abi.encode(id, payment));
    }

    /// @dev `data` is as long as a call of {settleNumberedPayment}. An argument with bits that its type lacks would make two encodings of one content.
    function _decode(address client, bytes calldata data) private pure returns (Pair memory, NumberedPayment memory) {
        uint256 nonce = _word(data, 3);
        uint256 deadline = _word(data, 4);
        uint256 epoch = _word(data, 5);
        if (
            bytes4(data) != IFlashSettlement.settleNumberedPayment.selector ||
            _word(data, 0) > type(uint160).max ||
            _word(data, 1) > type(uint160).max ||
            nonce > type(uint64).max ||
            deadline > type(uint40).max ||
            epoch > type(uint32).max
        ) revert NotNumberedPayment();
        // Every cast keeps a value whose range was just checked.
        return (
            _pair(client, address(uint160(_word(data, 0))), address(uint160(_word(data, 1)))),
            NumberedPayment(_word(data, 2), uint64(nonce), uint40(deadline), uint32(epoch))
        );
    }

    function _word(bytes calldata data, uint256 index) private pure returns (uint256) {
        return uint256(bytes32(data[4 + 32 * index:]));
    }
}
