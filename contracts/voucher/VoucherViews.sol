// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

import {IVoucherEscrow} from "../interfaces/IVoucherEscrow.sol";
import {BoundedCall} from "../libraries/BoundedCall.sol";
import {NonceBitmap} from "../libraries/NonceBitmap.sol";
import {SignatureVerification} from "../libraries/SignatureVerification.sol";
import {AccountWord} from "./AccountWord.sol";
import {FreeAccountWord} from "./FreeAccountWord.sol";
import {VoucherCollection} from "./VoucherCollection.sol";
import {VoucherHashing} from "./VoucherHashing.sol";

/// @title What anyone can read
/// @notice Accounts, lanes, signers and nonces, and whether vouchers and authorizations would pass now.
abstract contract VoucherViews is VoucherCollection {
    using AccountWord for uint256;
    using NonceBitmap for mapping(uint256 word => uint256 bits);
    using VoucherHashing for DepositAuthorization;
    using VoucherHashing for FlushAuthorization;
    using VoucherHashing for FlushAllAuthorization;

    /// @dev Most gas for one question to a token: one whose fallback writes (WETH) burns all that it gets.
    uint256 private constant TOKEN_READ_GAS = 100_000;

    /// @inheritdoc IVoucherEscrow
    bytes32 public constant VOUCHER_TYPEHASH = VoucherHashing.VOUCHER_TYPEHASH;

    /// @inheritdoc IVoucherEscrow
    bytes32 public constant DEPOSIT_AUTHORIZATION_TYPEHASH = VoucherHashing.DEPOSIT_AUTHORIZATION_TYPEHASH;

    /// @inheritdoc IVoucherEscrow
    bytes32 public constant FLUSH_AUTHORIZATION_TYPEHASH = VoucherHashing.FLUSH_AUTHORIZATION_TYPEHASH;

    /// @inheritdoc IVoucherEscrow
    bytes32 public constant FLUSH_ALL_AUTHORIZATION_TYPEHASH = VoucherHashing.FLUSH_ALL_AUTHORIZATION_TYPEHASH;

    /// @inheritdoc IVoucherEscrow
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc IVoucherEscrow
    function getAccount(address buyer, address seller, address asset) external view returns (EscrowAccount memory) {
        (uint256 balance, uint256 thawing, uint256 thawEndTime) = _readAccount(buyer, seller, asset);
        // {AccountWord} keeps 40 bits of the time.
        return EscrowAccount({balance: balance, thawingAmount: thawing, thawEndTime: uint64(thawEndTime)});
    }

    /// @inheritdoc IVoucherEscrow
    function getVoucherCollected(
        address buyer,
        address seller,
        address asset,
        bytes32 id
    ) external view returns (uint256) {
        return _collected(buyer, seller, asset, id);
    }

    /// @inheritdoc IVoucherEscrow
    function getOutstandingAndCollectableAmount(
        Voucher calldata voucher
    ) external view returns (uint256 outstanding, uint256 collectable) {
        (uint256 balance, , ) = _readAccount(voucher.buyer, voucher.seller, voucher.asset);
        return _outstandingAndCollectable(voucher, balance);
    }

    /// @inheritdoc IVoucherEscrow
    function getAccountData(
        address buyer,
        address seller,
        address asset,
        bytes32[] calldata voucherIds,
        uint256[] calldata valueAggregates
    ) external view returns (uint256 balance, uint256 assetAllowance, uint256 assetPermitNonce) {
        if (voucherIds.length != valueAggregates.length) {
            revert LengthMismatch(voucherIds.length, valueAggregates.length);
        }
        (balance, , ) = _readAccount(buyer, seller, asset);
        for (uint256 i = 0; i < voucherIds.length; ++i) {
            uint256 outstanding = _saturatingSub(valueAggregates[i], _collected(buyer, seller, asset, voucherIds[i]));
            balance = _saturatingSub(balance, outstanding);
        }
        (assetAllowance, assetPermitNonce) = _readToken(asset, buyer);
    }

    /// @inheritdoc IVoucherEscrow
    function getVerificationData(
        Voucher calldata voucher,
        bytes32 depositNonce
    )
        external
        view
        returns (
            uint256 voucherOutstanding,
            uint256 voucherCollectable,
            uint256 balance,
            uint256 availableBalance,
            uint256 assetAllowance,
            uint256 assetPermitNonce,
            bool isDepositNonceUsed
        )
    {
        (address buyer, address asset) = (voucher.buyer, voucher.asset);
        uint256 thawing;
        (balance, thawing, ) = _readAccount(buyer, voucher.seller, asset);
        (voucherOutstanding, voucherCollectable) = _outstandingAndCollectable(voucher, balance);
        availableBalance = balance - thawing;
        (assetAllowance, assetPermitNonce) = _readToken(asset, buyer);
        isDepositNonceUsed = depositNonce != bytes32(0) && _nonces[NonceKind.Deposit][buyer].isUsed(depositNonce);
    }

    /// @inheritdoc IVoucherEscrow
    function isVoucherSignatureValid(Voucher calldata voucher, bytes calldata signature) external view returns (bool) {
        return _isVoucherSigned(voucher, signature);
    }

    /// @inheritdoc IVoucherEscrow
    function isDepositAuthorizationValid(
        DepositAuthorization calldata authorization,
        bytes calldata signature
    ) external view returns (bool) {
        return
            authorization.nonce != bytes32(0) &&
            _isAuthorizationValid(
                NonceKind.Deposit,
                authorization.buyer,
                authorization.nonce,
                authorization.expiry,
                authorization.hash(),
                signature
            );
    }

    /// @inheritdoc IVoucherEscrow
    function isFlushAuthorizationValid(
        FlushAuthorization calldata authorization,
        bytes calldata signature
    ) external view returns (bool) {
        return
            _isAuthorizationValid(
                NonceKind.Flush,
                authorization.buyer,
                authorization.nonce,
                authorization.expiry,
                authorization.hash(),
                signature
            );
    }

    /// @inheritdoc IVoucherEscrow
    function isFlushAllAuthorizationValid(
        FlushAllAuthorization calldata authorization,
        bytes calldata signature
    ) external view returns (bool) {
        return
            _isAuthorizationValid(
                NonceKind.FlushAll,
                authorization.buyer,
                authorization.nonce,
                authorization.expiry,
                authorization.hash(),
                signature
            );
    }

    /// @inheritdoc IVoucherEscrow
    function isDepositAuthorizationNonceUsed(address buyer, bytes32 nonce) external view returns (bool) {
        return _nonces[NonceKind.Deposit][buyer].isUsed(nonce);
    }

    /// @inheritdoc IVoucherEscrow
    function isFlushAuthorizationNonceUsed(address buyer, bytes32 nonce) external view returns (bool) {
        return _nonces[NonceKind.Flush][buyer].isUsed(nonce);
    }

    /// @inheritdoc IVoucherEscrow
    function isFlushAllAuthorizationNonceUsed(address buyer, bytes32 nonce) external view returns (bool) {
        return _nonces[NonceKind.FlushAll][buyer].isUsed(nonce);
    }

    /// @inheritdoc IVoucherEscrow
    function isNonceUsed(NonceKind kind, address owner, bytes32 nonce) external view returns (bool) {
        return _nonces[kind][owner].isUsed(nonce);
    }

    /// @inheritdoc IVoucherEscrow
    function getFreeAccount(
        address owner,
        address asset
    ) external view returns (uint256 balance, uint64 nextNonce, uint64 seen) {
        return FreeAccountWord.unpack(_freeAccounts[owner][asset]);
    }

    /// @inheritdoc IVoucherEscrow
    function getSigner(address buyer, address signer) external view returns (uint64 validUntil, bool revoked) {
        Signer storage entry = _signers[buyer][signer];
        return (entry.validUntil, entry.revoked);
    }

    /// @inheritdoc IVoucherEscrow
    function getPayout(address seller) external view returns (bool toFreeBalance, uint96 nonce) {
        Payout storage payout = _payouts[seller];
        return (payout.toFreeBalance, payout.nonce);
    }

    /* INTERNAL */

    function _readAccount(
        address buyer,
        address seller,
        address asset
    ) private view returns (uint256 balance, uint256 thawing, uint256 thawEndTime) {
        Account storage account = _accounts[seller][asset][buyer];
        (balance, , thawEndTime) = account.word.unpack();
        thawing = _thawing(account, balance, thawEndTime);
    }

    function _collected(address buyer, address seller, address asset, bytes32 id) private view returns (uint256) {
        Account storage account = _accounts[seller][asset][buyer];
        if (id != bytes32(0)) return account.lanes[id];
        (, uint256 collected, ) = account.word.unpack();
        return collected;
    }

    function _outstandingAndCollectable(
        Voucher calldata voucher,
        uint256 balance
    ) private view returns (uint256 outstanding, uint256 collectable) {
        uint256 collected = _collected(voucher.buyer, voucher.seller, voucher.asset, voucher.id);
        outstanding = _saturatingSub(voucher.valueAggregate, collected);
        collectable = outstanding < balance ? outstanding : balance;
    }

    /// @dev Zero for what the token does not answer.
    function _readToken(
        address asset,
        address buyer
    ) private view returns (uint256 assetAllowance, uint256 permitNonce) {
        (, assetAllowance) = BoundedCall.tryStaticCall(
            asset,
            TOKEN_READ_GAS,
            abi.encodeCall(IERC20.allowance, (buyer, address(this)))
        );
        (, permitNonce) = BoundedCall.tryStaticCall(
            asset,
            TOKEN_READ_GAS,
            abi.encodeCall(IERC20Permit.nonces, (buyer))
        );
    }

    function _isAuthorizationValid(
        NonceKind kind,
        address owner,
        bytes32 nonce,
        uint64 expiry,
        bytes32 structHash,
        bytes calldata signature
    ) private view returns (bool) {
        return
            block.timestamp <= expiry &&
            !_nonces[kind][owner].isUsed(nonce) &&
            SignatureVerification.isValid(owner, _hashTypedDataV4(structHash), signature);
    }

    function _saturatingSub(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a - b : 0;
    }
}
