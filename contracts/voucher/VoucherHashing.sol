// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../interfaces/IVoucherEscrow.sol";

/// @title EIP-712 type hashes and struct hashes of the messages of {IVoucherEscrow}
/// @notice What buyers and sellers sign.
library VoucherHashing {
    bytes32 internal constant VOUCHER_TYPEHASH = keccak256(
        "Voucher(bytes32 id,address buyer,address seller,uint256 valueAggregate,address asset,uint64 timestamp,uint256 nonce,address escrow,uint256 chainId,uint64 expiry)"
    );

    bytes32 internal constant DEPOSIT_AUTHORIZATION_TYPEHASH = keccak256(
        "DepositAuthorization(address buyer,address seller,address asset,uint256 amount,bytes32 nonce,uint64 expiry)"
    );

    /// @dev Tail of Permit2's witness type; struct names in alphabetical order, as EIP-712 demands.
    string internal constant DEPOSIT_WITNESS_TYPE =
        "DepositAuthorization witness)DepositAuthorization(address buyer,address seller,address asset,uint256 amount,bytes32 nonce,uint64 expiry)TokenPermissions(address token,uint256 amount)";

    bytes32 internal constant FLUSH_AUTHORIZATION_TYPEHASH = keccak256(
        "FlushAuthorization(address buyer,address seller,address asset,bytes32 nonce,uint64 expiry)"
    );

    bytes32 internal constant FLUSH_ALL_AUTHORIZATION_TYPEHASH = keccak256(
        "FlushAllAuthorization(address buyer,bytes32 nonce,uint64 expiry)"
    );

    bytes32 internal constant ALLOCATE_AUTHORIZATION_TYPEHASH = keccak256(
        "AllocateAuthorization(address buyer,address seller,address asset,uint256 amount,uint64 nonce,uint64 expiry)"
    );

    bytes32 internal constant WITHDRAW_FREE_AUTHORIZATION_TYPEHASH = keccak256(
        "WithdrawFreeAuthorization(address buyer,address asset,uint256 amount,uint64 nonce,uint64 expiry)"
    );

    bytes32 internal constant SIGNER_AUTHORIZATION_TYPEHASH = keccak256(
        "SignerAuthorization(address buyer,address signer,uint64 validUntil,uint64 expiry)"
    );

    bytes32 internal constant SIGNER_REVOCATION_TYPEHASH = keccak256(
        "SignerRevocation(address buyer,address signer,uint64 expiry)"
    );

    bytes32 internal constant RELEASE_AUTHORIZATION_TYPEHASH = keccak256(
        "ReleaseAuthorization(address buyer,address seller,address asset,bytes32 id,uint256 collectedAtLeast,uint256 amount,bytes32 nonce,uint64 expiry)"
    );

    bytes32 internal constant PAYOUT_AUTHORIZATION_TYPEHASH = keccak256(
        "PayoutAuthorization(address seller,bool toFreeBalance,uint96 nonce,uint64 expiry)"
    );

    /// @notice EIP-712 struct hash.
    /// @param voucher The message.
    /// @return Struct hash.
    function hash(IVoucherEscrow.Voucher calldata voucher) internal pure returns (bytes32) {
        return keccak256(abi.encode(VOUCHER_TYPEHASH, voucher));
    }

    /// @notice EIP-712 struct hash.
    /// @param authorization The message.
    /// @return Struct hash.
    function hash(IVoucherEscrow.DepositAuthorization calldata authorization) internal pure returns (bytes32) {
        return keccak256(abi.encode(DEPOSIT_AUTHORIZATION_TYPEHASH, authorization));
    }

    /// @notice EIP-712 struct hash.
    /// @param authorization The message.
    /// @return Struct hash.
    function hash(IVoucherEscrow.FlushAuthorization calldata authorization) internal pure returns (bytes32) {
        return keccak256(abi.encode(FLUSH_AUTHORIZATION_TYPEHASH, authorization));
    }

    /// @notice EIP-712 struct hash.
    /// @param authorization The message.
    /// @return Struct hash.
    function hash(IVoucherEscrow.FlushAllAuthorization calldata authorization) internal pure returns (bytes32) {
        return keccak256(abi.encode(FLUSH_ALL_AUTHORIZATION_TYPEHASH, authorization));
    }

    /// @notice EIP-712 struct hash.
    /// @param authorization The message.
    /// @return Struct hash.
    function hash(IVoucherEscrow.AllocateAuthorization calldata authorization) internal pure returns (bytes32) {
        return keccak256(abi.encode(ALLOCATE_AUTHORIZATION_TYPEHASH, authorization));
    }

    /// @notice EIP-712 struct hash.
    /// @param authorization The message.
    /// @return Struct hash.
    function hash(IVoucherEscrow.WithdrawFreeAuthorization calldata authorization) internal pure returns (bytes32) {
        return keccak256(abi.encode(WITHDRAW_FREE_AUTHORIZATION_TYPEHASH, authorization));
    }

    /// @notice EIP-712 struct hash.
    /// @param authorization The message.
    /// @return Struct hash.
    function hash(IVoucherEscrow.SignerAuthorization calldata authorization) internal pure returns (bytes32) {
        return keccak256(abi.encode(SIGNER_AUTHORIZATION_TYPEHASH, authorization));
    }

    /// @notice EIP-712 struct hash.
    /// @param revocation The message.
    /// @return Struct hash.
    function hash(IVoucherEscrow.SignerRevocation calldata revocation) internal pure returns (bytes32) {
        return keccak256(abi.encode(SIGNER_REVOCATION_TYPEHASH, revocation));
    }

    /// @notice EIP-712 struct hash.
    /// @param authorization The message.
    /// @return Struct hash.
    function hash(IVoucherEscrow.ReleaseAuthorization calldata authorization) internal pure returns (bytes32) {
        return keccak256(abi.encode(RELEASE_AUTHORIZATION_TYPEHASH, authorization));
    }

    /// @notice EIP-712 struct hash.
    /// @param authorization The message.
    /// @return Struct hash.
    function hash(IVoucherEscrow.PayoutAuthorization calldata authorization) internal pure returns (bytes32) {
        return keccak256(abi.encode(PAYOUT_AUTHORIZATION_TYPEHASH, authorization));
    }
}
