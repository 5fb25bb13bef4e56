// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../interfaces/IFlashSettlement.sol";

/// @title EIP-712 type hashes and struct hashes of the messages of {IFlashSettlement}
/// @notice What clients, servers and settlers sign.
library FlashHashing {
    bytes32 internal constant PAYMENT_TYPEHASH = keccak256(
        "Payment(address client,address server,address token,uint128 amount,uint64 nonce,uint40 deadline,uint32 epoch)"
    );

    bytes32 internal constant TAB_TYPEHASH = keccak256(
        "Tab(address client,address server,address token,uint128 total,uint64 lane,uint40 deadline,uint32 epoch)"
    );

    bytes32 internal constant OPEN_ESCROW_TYPEHASH = keccak256(
        "OpenEscrow(address client,address server,address token,uint128 amount,uint40 ttlSeconds,uint32 closeDelay,address signer,uint32 epoch,uint40 deadline)"
    );

    bytes32 internal constant TOP_UP_TYPEHASH = keccak256(
        "TopUp(address client,address server,address token,uint128 amount,uint32 epoch,uint256 salt,uint40 deadline)"
    );

    bytes32 internal constant EXTEND_ESCROW_TYPEHASH = keccak256(
        "ExtendEscrow(address client,address server,address token,uint32 epoch,uint40 newUnlockAt,uint40 deadline)"
    );

    bytes32 internal constant CLOSE_ESCROW_TYPEHASH = keccak256(
        "CloseEscrow(address client,address server,address token,uint32 epoch,bool byServer,uint40 deadline)"
    );

    bytes32 internal constant RELEASE_ESCROW_TYPEHASH = keccak256(
        "ReleaseEscrow(address client,address server,address token,uint32 epoch,uint128 amount,uint256 nonce,uint40 deadline)"
    );

    bytes32 internal constant SETTLER_AUTHORIZATION_TYPEHASH = keccak256(
        "SettlerAuthorization(address server,address settler,uint40 validUntil,uint64 sequence,uint40 deadline)"
    );

    bytes32 internal constant WITHDRAW_CREDIT_TYPEHASH = keccak256(
        "WithdrawCredit(address account,address token,address to,uint256 amount,uint256 nonce,uint40 deadline)"
    );

    /// @dev Tails of Permit2's witness types; struct names in alphabetical order, as EIP-712 demands.
    string internal constant OPEN_ESCROW_WITNESS_TYPE =
        "OpenEscrow witness)OpenEscrow(address client,address server,address token,uint128 amount,uint40 ttlSeconds,uint32 closeDelay,address signer,uint32 epoch,uint40 deadline)TokenPermissions(address token,uint256 amount)";
    string internal constant TOP_UP_WITNESS_TYPE =
        "TopUp witness)TokenPermissions(address token,uint256 amount)TopUp(address client,address server,address token,uint128 amount,uint32 epoch,uint256 salt,uint40 deadline)";

    /// @notice EIP-712 struct hash.
    /// @param payment The message.
    /// @return Struct hash.
    function hash(IFlashSettlement.Payment calldata payment) internal pure returns (bytes32) {
        return keccak256(abi.encode(PAYMENT_TYPEHASH, payment));
    }

    /// @notice EIP-712 struct hash.
    /// @param tab The message.
    /// @return Struct hash.
    function hash(IFlashSettlement.Tab calldata tab) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAB_TYPEHASH, tab));
    }

    /// @notice EIP-712 struct hash.
    /// @param terms The message.
    /// @return Struct hash.
    function hash(IFlashSettlement.OpenEscrow calldata terms) internal pure returns (bytes32) {
        return keccak256(abi.encode(OPEN_ESCROW_TYPEHASH, terms));
    }

    /// @notice EIP-712 struct hash.
    /// @param authorization The message.
    /// @return Struct hash.
    function hash(IFlashSettlement.TopUp calldata authorization) internal pure returns (bytes32) {
        return keccak256(abi.encode(TOP_UP_TYPEHASH, authorization));
    }

    /// @notice EIP-712 struct hash.
    /// @param authorization The message.
    /// @return Struct hash.
    function hash(IFlashSettlement.ExtendEscrow calldata authorization) internal pure returns (bytes32) {
        return keccak256(abi.encode(EXTEND_ESCROW_TYPEHASH, authorization));
    }

    /// @notice EIP-712 struct hash.
    /// @param authorization The message.
    /// @return Struct hash.
    function hash(IFlashSettlement.CloseEscrow calldata authorization) internal pure returns (bytes32) {
        return keccak256(abi.encode(CLOSE_ESCROW_TYPEHASH, authorization));
    }

    /// @notice EIP-712 struct hash.
    /// @param authorization The message.
    /// @return Struct hash.
    function hash(IFlashSettlement.ReleaseEscrow calldata authorization) internal pure returns (bytes32) {
        return keccak256(abi.encode(RELEASE_ESCROW_TYPEHASH, authorization));
    }

    /// @notice EIP-712 struct hash.
    /// @param authorization The message.
    /// @return Struct hash.
    function hash(IFlashSettlement.SettlerAuthorization calldata authorization) internal pure returns (bytes32) {
        return keccak256(abi.encode(SETTLER_AUTHORIZATION_TYPEHASH, authorization));
    }

    /// @notice EIP-712 struct hash.
    /// @param authorization The message.
    /// @return Struct hash.
    function hash(IFlashSettlement.WithdrawCredit calldata authorization) internal pure returns (bytes32) {
        return keccak256(abi.encode(WITHDRAW_CREDIT_TYPEHASH, authorization));
    }
}
