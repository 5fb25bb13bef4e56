// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";

/// @title EIP-712 struct hashes of everything that is signed for the escrow, spelled out member by member
/// @dev Shares no line with the contract's own hashing, so that a slip in one of the two shows.
library VoucherMessages {
    string internal constant VOUCHER =
        "Voucher(bytes32 id,address buyer,address seller,uint256 valueAggregate,address asset,uint64 timestamp,uint256 nonce,address escrow,uint256 chainId,uint64 expiry)";

    string internal constant DEPOSIT_AUTHORIZATION =
        "DepositAuthorization(address buyer,address seller,address asset,uint256 amount,bytes32 nonce,uint64 expiry)";

    string internal constant FLUSH_AUTHORIZATION =
        "FlushAuthorization(address buyer,address seller,address asset,bytes32 nonce,uint64 expiry)";

    string internal constant FLUSH_ALL_AUTHORIZATION =
        "FlushAllAuthorization(address buyer,bytes32 nonce,uint64 expiry)";

    string internal constant ALLOCATE_AUTHORIZATION =
        "AllocateAuthorization(address buyer,address seller,address asset,uint256 amount,uint64 nonce,uint64 expiry)";

    string internal constant WITHDRAW_FREE_AUTHORIZATION =
        "WithdrawFreeAuthorization(address buyer,address asset,uint256 amount,uint64 nonce,uint64 expiry)";

    string internal constant SIGNER_AUTHORIZATION =
        "SignerAuthorization(address buyer,address signer,uint64 validUntil,uint64 expiry)";

    string internal constant SIGNER_REVOCATION = "SignerRevocation(address buyer,address signer,uint64 expiry)";

    string internal constant RELEASE_AUTHORIZATION =
        "ReleaseAuthorization(address buyer,address seller,address asset,bytes32 id,uint256 collectedAtLeast,uint256 amount,bytes32 nonce,uint64 expiry)";

    string internal constant PAYOUT_AUTHORIZATION =
        "PayoutAuthorization(address seller,bool toFreeBalance,uint96 nonce,uint64 expiry)";

    function hash(IVoucherEscrow.Voucher memory v) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(bytes(VOUCHER));
        return
            keccak256(
                bytes.concat(
                    abi.encode(typeHash, v.id, v.buyer, v.seller, v.valueAggregate, v.asset),
                    abi.encode(v.timestamp, v.nonce, v.escrow, v.chainId, v.expiry)
                )
            );
    }

    function hash(IVoucherEscrow.DepositAuthorization memory a) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(bytes(DEPOSIT_AUTHORIZATION));
        return keccak256(abi.encode(typeHash, a.buyer, a.seller, a.asset, a.amount, a.nonce, a.expiry));
    }

    function hash(IVoucherEscrow.FlushAuthorization memory a) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(bytes(FLUSH_AUTHORIZATION));
        return keccak256(abi.encode(typeHash, a.buyer, a.seller, a.asset, a.nonce, a.expiry));
    }

    function hash(IVoucherEscrow.FlushAllAuthorization memory a) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(bytes(FLUSH_ALL_AUTHORIZATION));
        return keccak256(abi.encode(typeHash, a.buyer, a.nonce, a.expiry));
    }

    function hash(IVoucherEscrow.AllocateAuthorization memory a) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(bytes(ALLOCATE_AUTHORIZATION));
        return keccak256(abi.encode(typeHash, a.buyer, a.seller, a.asset, a.amount, a.nonce, a.expiry));
    }

    function hash(IVoucherEscrow.WithdrawFreeAuthorization memory a) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(bytes(WITHDRAW_FREE_AUTHORIZATION));
        return keccak256(abi.encode(typeHash, a.buyer, a.asset, a.amount, a.nonce, a.expiry));
    }

    function hash(IVoucherEscrow.SignerAuthorization memory a) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(bytes(SIGNER_AUTHORIZATION));
        return keccak256(abi.encode(typeHash, a.buyer, a.signer, a.validUntil, a.expiry));
    }

    function hash(IVoucherEscrow.SignerRevocation memory a) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(bytes(SIGNER_REVOCATION));
        return keccak256(abi.encode(typeHash, a.buyer, a.signer, a.expiry));
    }

    function hash(IVoucherEscrow.ReleaseAuthorization memory a) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(bytes(RELEASE_AUTHORIZATION));
        return
            keccak256(
                bytes.concat(
                    abi.encode(typeHash, a.buyer, a.seller, a.asset, a.id),
                    abi.encode(a.collectedAtLeast, a.amount, a.nonce, a.expiry)
                )
            );
    }

    function hash(IVoucherEscrow.PayoutAuthorization memory a) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(bytes(PAYOUT_AUTHORIZATION));
        return keccak256(abi.encode(typeHash, a.seller, a.toFreeBalance, a.nonce, a.expiry));
    }

    /* MESSAGES OF OTHER CONTRACTS */

    /// @return Struct hash of the ERC-3009 message that funds a deposit.
    function receiveWithAuthorizationHash(
        IVoucherEscrow.DepositAuthorization memory a,
        address escrow
    ) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(
            "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
        );
        return keccak256(abi.encode(typeHash, a.buyer, escrow, a.amount, uint256(0), uint256(a.expiry) + 1, hash(a)));
    }

    /// @return Struct hash of the Permit2 message that funds a deposit.
    function permitWitnessTransferFromHash(
        IVoucherEscrow.DepositAuthorization memory a,
        address escrow
    ) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(
            "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,DepositAuthorization witness)"
            "DepositAuthorization(address buyer,address seller,address asset,uint256 amount,bytes32 nonce,uint64 expiry)"
            "TokenPermissions(address token,uint256 amount)"
        );
        bytes32 permitted = keccak256(
            abi.encode(keccak256("TokenPermissions(address token,uint256 amount)"), a.asset, a.amount)
        );
        bytes32 witness = hash(a);
        return keccak256(abi.encode(typeHash, permitted, escrow, witness, uint256(a.expiry), witness));
    }
}
