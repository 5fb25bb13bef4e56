// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../../contracts/interfaces/IVoucherEscrow.sol";

/// @title EIP-712 digests, spelled out from the type strings and not taken from the contract
/// @dev Of the chain the call runs on: `block.chainid` decides, as it does in a wallet.
library Digests {
    bytes32 private constant DOMAIN_TYPE = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    /// @notice Digest of a struct hash under the domain of an escrow at `escrow`.
    function ofEscrow(address escrow, bytes32 structHash) internal view returns (bytes32) {
        return _digest(domainOf(escrow), structHash);
    }

    /// @notice EIP-712 domain separator of an escrow at `escrow`.
    function domainOf(address escrow) internal view returns (bytes32) {
        return
            keccak256(
                abi.encode(DOMAIN_TYPE, keccak256("DeferredPaymentEscrow"), keccak256("1"), block.chainid, escrow)
            );
    }

    /// @notice What a holder of USDC signs for {IVoucherEscrow-depositWithEip3009}.
    function ofEip3009(
        address usdc,
        address escrow,
        IVoucherEscrow.DepositAuthorization memory a
    ) internal view returns (bytes32) {
        bytes32 domain = keccak256(abi.encode(DOMAIN_TYPE, keccak256("USD Coin"), keccak256("2"), block.chainid, usdc));
        bytes32 typeHash = keccak256(
            "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
        );
        uint256 validBefore = uint256(a.expiry) + 1;
        return
            _digest(
                domain,
                keccak256(abi.encode(typeHash, a.buyer, escrow, a.amount, uint256(0), validBefore, hash(a)))
            );
    }

    /// @notice What a holder of any token signs for {IVoucherEscrow-depositWithPermit2}.
    function ofPermit2(
        address permit2,
        address escrow,
        IVoucherEscrow.DepositAuthorization memory a
    ) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)"),
                keccak256("Permit2"),
                block.chainid,
                permit2
            )
        );
        bytes32 typeHash = keccak256(
            "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,DepositAuthorization witness)DepositAuthorization(address buyer,address seller,address asset,uint256 amount,bytes32 nonce,uint64 expiry)TokenPermissions(address token,uint256 amount)"
        );
        bytes32 permitted = keccak256(
            abi.encode(keccak256("TokenPermissions(address token,uint256 amount)"), a.asset, a.amount)
        );
        return
            _digest(
                domain,
                keccak256(abi.encode(typeHash, permitted, escrow, uint256(hash(a)), uint256(a.expiry), hash(a)))
            );
    }

    function hash(IVoucherEscrow.Voucher memory m) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256(
                        "Voucher(bytes32 id,address buyer,address seller,uint256 valueAggregate,address asset,uint64 timestamp,uint256 nonce,address escrow,uint256 chainId,uint64 expiry)"
                    ),
                    m
                )
            );
    }

    function hash(IVoucherEscrow.DepositAuthorization memory m) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256(
                        "DepositAuthorization(address buyer,address seller,address asset,uint256 amount,bytes32 nonce,uint64 expiry)"
                    ),
                    m
                )
            );
    }

    function hash(IVoucherEscrow.FlushAuthorization memory m) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256(
                        "FlushAuthorization(address buyer,address seller,address asset,bytes32 nonce,uint64 expiry)"
                    ),
                    m
                )
            );
    }

    function hash(IVoucherEscrow.FlushAllAuthorization memory m) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256("FlushAllAuthorization(address buyer,bytes32 nonce,uint64 expiry)"), m));
    }

    function hash(IVoucherEscrow.AllocateAuthorization memory m) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256(
                        "AllocateAuthorization(address buyer,address seller,address asset,uint256 amount,uint64 nonce,uint64 expiry)"
                    ),
                    m
                )
            );
    }

    function hash(IVoucherEscrow.WithdrawFreeAuthorization memory m) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256(
                        "WithdrawFreeAuthorization(address buyer,address asset,uint256 amount,uint64 nonce,uint64 expiry)"
                    ),
                    m
                )
            );
    }

    function hash(IVoucherEscrow.SignerAuthorization memory m) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256("SignerAuthorization(address buyer,address signer,uint64 validUntil,uint64 expiry)"),
                    m
                )
            );
    }

    function hash(IVoucherEscrow.SignerRevocation memory m) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256("SignerRevocation(address buyer,address signer,uint64 expiry)"), m));
    }

    function hash(IVoucherEscrow.ReleaseAuthorization memory m) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256(
                        "ReleaseAuthorization(address buyer,address seller,address asset,bytes32 id,uint256 collectedAtLeast,uint256 amount,bytes32 nonce,uint64 expiry)"
                    ),
                    m
                )
            );
    }

    function hash(IVoucherEscrow.PayoutAuthorization memory m) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256("PayoutAuthorization(address seller,bool toFreeBalance,uint96 nonce,uint64 expiry)"),
                    m
                )
            );
    }

    function _digest(bytes32 domainSeparator, bytes32 structHash) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domainSeparator, structHash));
    }
}
