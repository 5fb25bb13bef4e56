// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";

/// @notice EIP-712 struct hashes of every message that FlashSettlement checks, and of those that fund it.
///
/// @dev Written from the type strings of the scheme, apart from the contract's own hashing, which it is compared with.
library FlashMessages {
    string private constant OPEN_ESCROW =
        "OpenEscrow(address client,address server,address token,uint128 amount,uint40 ttlSeconds,uint32 closeDelay,address signer,uint32 epoch,uint40 deadline)";
    string private constant TOP_UP =
        "TopUp(address client,address server,address token,uint128 amount,uint32 epoch,uint256 salt,uint40 deadline)";
    string private constant TOKEN_PERMISSIONS = "TokenPermissions(address token,uint256 amount)";

    function hash(IFlashSettlement.Payment memory m) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(
            "Payment(address client,address server,address token,uint128 amount,uint64 nonce,uint40 deadline,uint32 epoch)"
        );
        return keccak256(abi.encode(typeHash, m.client, m.server, m.token, m.amount, m.nonce, m.deadline, m.epoch));
    }

    function hash(IFlashSettlement.Tab memory m) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(
            "Tab(address client,address server,address token,uint128 total,uint64 lane,uint40 deadline,uint32 epoch)"
        );
        return keccak256(abi.encode(typeHash, m.client, m.server, m.token, m.total, m.lane, m.deadline, m.epoch));
    }

    function hash(IFlashSettlement.OpenEscrow memory m) internal pure returns (bytes32) {
        bytes memory head = abi.encode(keccak256(bytes(OPEN_ESCROW)), m.client, m.server, m.token, m.amount);
        return keccak256(bytes.concat(head, abi.encode(m.ttlSeconds, m.closeDelay, m.signer, m.epoch, m.deadline)));
    }

    function hash(IFlashSettlement.TopUp memory m) internal pure returns (bytes32) {
        bytes memory head = abi.encode(keccak256(bytes(TOP_UP)), m.client, m.server, m.token, m.amount);
        return keccak256(bytes.concat(head, abi.encode(m.epoch, m.salt, m.deadline)));
    }

    function hash(IFlashSettlement.ExtendEscrow memory m) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(
            "ExtendEscrow(address client,address server,address token,uint32 epoch,uint40 newUnlockAt,uint40 deadline)"
        );
        return keccak256(abi.encode(typeHash, m.client, m.server, m.token, m.epoch, m.newUnlockAt, m.deadline));
    }

    function hash(IFlashSettlement.CloseEscrow memory m) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(
            "CloseEscrow(address client,address server,address token,uint32 epoch,bool byServer,uint40 deadline)"
        );
        return keccak256(abi.encode(typeHash, m.client, m.server, m.token, m.epoch, m.byServer, m.deadline));
    }

    function hash(IFlashSettlement.ReleaseEscrow memory m) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(
            "ReleaseEscrow(address client,address server,address token,uint32 epoch,uint128 amount,uint256 nonce,uint40 deadline)"
        );
        return keccak256(abi.encode(typeHash, m.client, m.server, m.token, m.epoch, m.amount, m.nonce, m.deadline));
    }

    function hash(IFlashSettlement.SettlerAuthorization memory m) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(
            "SettlerAuthorization(address server,address settler,uint40 validUntil,uint64 sequence,uint40 deadline)"
        );
        return keccak256(abi.encode(typeHash, m.server, m.settler, m.validUntil, m.sequence, m.deadline));
    }

    function hash(IFlashSettlement.WithdrawCredit memory m) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(
            "WithdrawCredit(address account,address token,address to,uint256 amount,uint256 nonce,uint40 deadline)"
        );
        return keccak256(abi.encode(typeHash, m.account, m.token, m.to, m.amount, m.nonce, m.deadline));
    }

    /* MESSAGES OF OTHER CONTRACTS */

    /// @return Struct hash of the ERC-3009 message that funds what `message` hashes.
    function receiveWithAuthorizationHash(
        address client,
        address settlement,
        uint256 amount,
        uint40 deadline,
        bytes32 message
    ) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(
            "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
        );
        return keccak256(abi.encode(typeHash, client, settlement, amount, uint256(0), uint256(deadline) + 1, message));
    }

    /// @return Struct hash of the Permit2 message that funds an opening.
    function permitWitnessTransferFromHash(
        IFlashSettlement.OpenEscrow memory m,
        address settlement
    ) internal pure returns (bytes32) {
        // In alphabetical order, as EIP-712 demands: OpenEscrow, TokenPermissions.
        bytes memory types = bytes.concat(_permitType("OpenEscrow"), bytes(OPEN_ESCROW), bytes(TOKEN_PERMISSIONS));
        return _permitHash(types, m.token, m.amount, settlement, hash(m), m.deadline);
    }

    /// @return Struct hash of the Permit2 message that funds a top-up.
    function permitWitnessTransferFromHash(
        IFlashSettlement.TopUp memory m,
        address settlement
    ) internal pure returns (bytes32) {
        // In alphabetical order, as EIP-712 demands: TokenPermissions, TopUp.
        bytes memory types = bytes.concat(_permitType("TopUp"), bytes(TOKEN_PERMISSIONS), bytes(TOP_UP));
        return _permitHash(types, m.token, m.amount, settlement, hash(m), m.deadline);
    }

    function _permitType(string memory witness) private pure returns (bytes memory) {
        return
            abi.encodePacked(
                "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,",
                witness,
                " witness)"
            );
    }

    function _permitHash(
        bytes memory types,
        address token,
        uint256 amount,
        address spender,
        bytes32 witness,
        uint256 deadline
    ) private pure returns (bytes32) {
        bytes32 permitted = keccak256(abi.encode(keccak256(bytes(TOKEN_PERMISSIONS)), token, amount));
        return keccak256(abi.encode(keccak256(types), permitted, spender, witness, deadline, witness));
    }
}
