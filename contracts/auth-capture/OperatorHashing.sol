// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";

/// @title EIP-712 type hashes and struct hashes of the messages of {ITermsOperatorCommon}
/// @notice What payers, authorizers and arbiters sign; the scheme's own types stand here verbatim.
library OperatorHashing {
    bytes32 internal constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    bytes32 internal constant CAPTURE_TYPEHASH = keccak256(
        "Capture(bytes32 paymentInfoHash,uint256 amount,uint256 feeAmount,address feeReceiver,uint256 expectedCapturableAmount,uint256 expectedRefundableAmount)"
    );

    bytes32 internal constant CAPTURE_V1_0_TYPEHASH = keccak256(
        "Capture(bytes32 paymentInfoHash,uint256 amount,uint16 feeBps,address feeReceiver,uint256 expectedCapturableAmount,uint256 expectedRefundableAmount)"
    );

    bytes32 internal constant CAPTURE_AND_VOID_TYPEHASH = keccak256(
        "CaptureAndVoid(bytes32 paymentInfoHash,uint256 amount,uint256 feeAmount,address feeReceiver,uint256 expectedCapturableAmount,uint256 expectedRefundableAmount)"
    );

    bytes32 internal constant CAPTURE_AND_VOID_V1_0_TYPEHASH = keccak256(
        "CaptureAndVoid(bytes32 paymentInfoHash,uint256 amount,uint16 feeBps,address feeReceiver,uint256 expectedCapturableAmount,uint256 expectedRefundableAmount)"
    );

    bytes32 internal constant VOID_TYPEHASH = keccak256("Void(bytes32 paymentInfoHash)");

    bytes32 internal constant REFUND_TYPEHASH = keccak256(
        "Refund(bytes32 paymentInfoHash,uint256 amount,address tokenCollector,uint256 expectedCapturableAmount,uint256 expectedRefundableAmount)"
    );

    bytes32 internal constant RELEASE_TYPEHASH = keccak256(
        "Release(bytes32 paymentInfoHash,uint256 expectedCapturableAmount,bool disputed,uint48 deadline)"
    );

    bytes32 internal constant DISPUTE_TYPEHASH = keccak256(
        "Dispute(bytes32 paymentInfoHash,bytes32 reasonHash,uint48 deadline)"
    );

    bytes32 internal constant RULE_TYPEHASH = keccak256("Rule(bytes32 paymentInfoHash,uint256 receiverAmount)");

    bytes32 internal constant SETTLE_TYPEHASH = keccak256(
        "Settle(bytes32 paymentInfoHash,uint256 receiverAmount,uint256 expectedCapturableAmount,uint256 expectedRefundableAmount,bool disputed,uint48 deadline)"
    );

    bytes32 private constant NAME_HASH = keccak256("x402 Auth Capture Operator");
    bytes32 private constant VERSION_HASH = keccak256("1");

    /// @notice EIP-712 domain separator of an operator on this chain.
    /// @param operator The operator.
    /// @return Domain separator.
    function domainSeparator(address operator) internal view returns (bytes32) {
        return EfficientHashLib.hash(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, bytes32(block.chainid), _word(operator));
    }

    /// @notice Struct hash of `Capture` or `CaptureAndVoid` of either generation.
    /// @param typehash Which of them.
    /// @param paymentInfoHash The payment.
    /// @param amount Token base units.
    /// @param fee Token base units on escrow v1.1, basis points on v1.0.
    /// @param feeReceiver Who gets the fee.
    /// @param capturable What is held, token base units.
    /// @param refundable What can be refunded, token base units.
    /// @return Struct hash.
    function captureHash(
        bytes32 typehash,
        bytes32 paymentInfoHash,
        uint256 amount,
        uint256 fee,
        address feeReceiver,
        uint256 capturable,
        uint256 refundable
    ) internal pure returns (bytes32) {
        return
            EfficientHashLib.hash(
                typehash,
                paymentInfoHash,
                bytes32(amount),
                bytes32(fee),
                _word(feeReceiver),
                bytes32(capturable),
                bytes32(refundable)
            );
    }

    /// @notice Struct hash of `Void`.
    /// @param paymentInfoHash The payment.
    /// @return Struct hash.
    function voidHash(bytes32 paymentInfoHash) internal pure returns (bytes32) {
        return EfficientHashLib.hash(VOID_TYPEHASH, paymentInfoHash);
    }

    /// @notice Struct hash of `Refund`.
    /// @param paymentInfoHash The payment.
    /// @param amount Token base units.
    /// @param tokenCollector Who fetches the tokens.
    /// @param capturable What is held, token base units.
    /// @param refundable What can be refunded, token base units.
    /// @return Struct hash.
    function refundHash(
        bytes32 paymentInfoHash,
        uint256 amount,
        address tokenCollector,
        uint256 capturable,
        uint256 refundable
    ) internal pure returns (bytes32) {
        return
            EfficientHashLib.hash(
                REFUND_TYPEHASH,
                paymentInfoHash,
                bytes32(amount),
                _word(tokenCollector),
                bytes32(capturable),
                bytes32(refundable)
            );
    }

    /// @notice Struct hash of `Release`.
    /// @param paymentInfoHash The payment.
    /// @param capturable What is held, token base units.
    /// @param disputed Whether the payer disputed.
    /// @param deadline Unix seconds, inclusive.
    /// @return Struct hash.
    function releaseHash(
        bytes32 paymentInfoHash,
        uint256 capturable,
        bool disputed,
        uint256 deadline
    ) internal pure returns (bytes32) {
        return
            EfficientHashLib.hash(
                RELEASE_TYPEHASH,
                paymentInfoHash,
                bytes32(capturable),
                _word(disputed),
                bytes32(deadline)
            );
    }

    /// @notice Struct hash of `Dispute`.
    /// @param paymentInfoHash The payment.
    /// @param reasonHash Hash of the reason.
    /// @param deadline Unix seconds, inclusive.
    /// @return Struct hash.
    function disputeHash(
        bytes32 paymentInfoHash,
        bytes32 reasonHash,
        uint256 deadline
    ) internal pure returns (bytes32) {
        return EfficientHashLib.hash(DISPUTE_TYPEHASH, paymentInfoHash, reasonHash, bytes32(deadline));
    }

    /// @notice Struct hash of `Rule`.
    /// @param paymentInfoHash The payment.
    /// @param receiverAmount Token base units.
    /// @return Struct hash.
    function ruleHash(bytes32 paymentInfoHash, uint256 receiverAmount) internal pure returns (bytes32) {
        return EfficientHashLib.hash(RULE_TYPEHASH, paymentInfoHash, bytes32(receiverAmount));
    }

    /// @notice Struct hash of `Settle`.
    /// @param paymentInfoHash The payment.
    /// @param receiverAmount Token base units.
    /// @param capturable What is held, token base units.
    /// @param refundable What can be refunded, token base units.
    /// @param disputed Whether the payer disputed.
    /// @param deadline Unix seconds, inclusive.
    /// @return Struct hash.
    function settleHash(
        bytes32 paymentInfoHash,
        uint256 receiverAmount,
        uint256 capturable,
        uint256 refundable,
        bool disputed,
        uint256 deadline
    ) internal pure returns (bytes32) {
        return
            EfficientHashLib.hash(
                SETTLE_TYPEHASH,
                paymentInfoHash,
                bytes32(receiverAmount),
                bytes32(capturable),
                bytes32(refundable),
                _word(disputed),
                bytes32(deadline)
            );
    }

    function _word(address account) private pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }

    function _word(bool value) private pure returns (bytes32) {
        return bytes32(uint256(value ? 1 : 0));
    }
}
