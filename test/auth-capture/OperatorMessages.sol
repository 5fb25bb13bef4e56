// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Struct hashes and digests of the messages of an operator, made from their type strings as a signer makes them.
library OperatorMessages {
    /// @notice `Capture` and `CaptureAndVoid` have the same members.
    struct Capture {
        bytes32 paymentInfoHash;
        uint256 amount;
        uint256 fee;
        address feeReceiver;
        uint256 capturable;
        uint256 refundable;
    }

    function domainSeparator(uint256 chainId, address operator) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                    keccak256("x402 Auth Capture Operator"),
                    keccak256("1"),
                    chainId,
                    operator
                )
            );
    }

    function digest(uint256 chainId, address operator, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domainSeparator(chainId, operator), structHash));
    }

    function captureHash(string memory name, bool isOnV10, Capture memory message) internal pure returns (bytes32) {
        string memory fee = isOnV10 ? "uint16 feeBps" : "uint256 feeAmount";
        string memory head = string.concat(name, "(bytes32 paymentInfoHash,uint256 amount,", fee);
        string memory tail = ",address feeReceiver,uint256 expectedCapturableAmount,uint256 expectedRefundableAmount)";
        return keccak256(abi.encode(keccak256(bytes(string.concat(head, tail))), message));
    }

    function voidHash(bytes32 paymentInfoHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256("Void(bytes32 paymentInfoHash)"), paymentInfoHash));
    }

    function refundHash(
        bytes32 paymentInfoHash,
        uint256 amount,
        address tokenCollector,
        uint256 capturable,
        uint256 refundable
    ) internal pure returns (bytes32) {
        bytes32 typehash = keccak256(
            "Refund(bytes32 paymentInfoHash,uint256 amount,address tokenCollector,uint256 expectedCapturableAmount,uint256 expectedRefundableAmount)"
        );
        return keccak256(abi.encode(typehash, paymentInfoHash, amount, tokenCollector, capturable, refundable));
    }

    function releaseHash(
        bytes32 paymentInfoHash,
        uint256 capturable,
        bool disputed,
        uint48 deadline
    ) internal pure returns (bytes32) {
        bytes32 typehash = keccak256(
            "Release(bytes32 paymentInfoHash,uint256 expectedCapturableAmount,bool disputed,uint48 deadline)"
        );
        return keccak256(abi.encode(typehash, paymentInfoHash, capturable, disputed, deadline));
    }

    function disputeHash(bytes32 paymentInfoHash, bytes32 reasonHash, uint48 deadline) internal pure returns (bytes32) {
        bytes32 typehash = keccak256("Dispute(bytes32 paymentInfoHash,bytes32 reasonHash,uint48 deadline)");
        return keccak256(abi.encode(typehash, paymentInfoHash, reasonHash, deadline));
    }

    function ruleHash(bytes32 paymentInfoHash, uint256 receiverAmount) internal pure returns (bytes32) {
        bytes32 typehash = keccak256("Rule(bytes32 paymentInfoHash,uint256 receiverAmount)");
        return keccak256(abi.encode(typehash, paymentInfoHash, receiverAmount));
    }

    function settleHash(
        bytes32 paymentInfoHash,
        uint256 receiverAmount,
        uint256 capturable,
        uint256 refundable,
        bool disputed,
        uint48 deadline
    ) internal pure returns (bytes32) {
        bytes32 typehash = keccak256(
            "Settle(bytes32 paymentInfoHash,uint256 receiverAmount,uint256 expectedCapturableAmount,uint256 expectedRefundableAmount,bool disputed,uint48 deadline)"
        );
        return
            keccak256(
                abi.encode(typehash, paymentInfoHash, receiverAmount, capturable, refundable, disputed, deadline)
            );
    }

    /// @dev ERC-3009 with `validAfter` 0.
    function receiveHash(
        address from,
        address to,
        uint256 value,
        uint256 validBefore,
        bytes32 nonce
    ) internal pure returns (bytes32) {
        bytes32 typehash = keccak256(
            "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
        );
        return keccak256(abi.encode(typehash, from, to, value, 0, validBefore, nonce));
    }

    /// @dev Permit2's `PermitTransferFrom`, without a witness.
    function permitHash(
        address token,
        uint256 amount,
        address spender,
        bytes32 nonce,
        uint256 deadline
    ) internal pure returns (bytes32) {
        bytes32 permissions = keccak256(
            abi.encode(keccak256("TokenPermissions(address token,uint256 amount)"), token, amount)
        );
        bytes32 typehash = keccak256(
            "PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline)TokenPermissions(address token,uint256 amount)"
        );
        return keccak256(abi.encode(typehash, permissions, spender, nonce, deadline));
    }
}
