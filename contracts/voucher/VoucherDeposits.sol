// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../interfaces/IVoucherEscrow.sol";
import {TokenFunding} from "../libraries/TokenFunding.sol";
import {VoucherHashing} from "./VoucherHashing.sol";
import {VoucherStorage} from "./VoucherStorage.sol";

/// @title How tokens enter the escrow
/// @notice By allowance, ERC-3009 or Permit2, into an account or as free balance.
abstract contract VoucherDeposits is VoucherStorage {
    using VoucherHashing for DepositAuthorization;

    /// @inheritdoc IVoucherEscrow
    function deposit(address seller, address asset, uint256 amount) external nonReentrant {
        _deposit(msg.sender, seller, asset, amount);
    }

    /// @inheritdoc IVoucherEscrow
    function depositTo(address buyer, address seller, address asset, uint256 amount) external nonReentrant {
        _deposit(buyer, seller, asset, amount);
    }

    /// @inheritdoc IVoucherEscrow
    function depositMany(address asset, DepositInput[] calldata deposits) external nonReentrant {
        // Check:
        if (deposits.length == 0) revert NoDepositsProvided();
        _checkCode(asset);

        // Effect:
        uint256 total = 0;
        for (uint256 i = 0; i < deposits.length; ++i) {
            DepositInput calldata input = deposits[i];
            _creditFromOutside(msg.sender, input.seller, asset, input.amount);
            total += input.amount;
        }

        // Interaction:
        TokenFunding.pull(asset, msg.sender, total);
    }

    /// @inheritdoc IVoucherEscrow
    function depositFree(address asset, uint256 amount) external nonReentrant {
        // Check:
        _checkFreeAsset(asset);

        // Effect:
        _creditFree(msg.sender, asset, amount);

        // Interaction:
        TokenFunding.pull(asset, msg.sender, amount);
    }

    /// @inheritdoc IVoucherEscrow
    function depositWithAuthorization(
        DepositAuthorization calldata authorization,
        bytes calldata signature
    ) external nonReentrant {
        // Check:
        _checkNonce(authorization.nonce);
        _checkAuthorization(authorization.buyer, authorization.expiry, authorization.hash(), signature);

        // Effect:
        _consumeNonce(NonceKind.Deposit, authorization.buyer, authorization.nonce);
        _creditAuthorized(authorization);
        emit DepositAuthorized(
            authorization.buyer,
            authorization.seller,
            authorization.asset,
            authorization.amount,
            authorization.nonce
        );

        // Interaction:
        TokenFunding.pull(authorization.asset, authorization.buyer, authorization.amount);
    }

    /// @inheritdoc IVoucherEscrow
    function depositWithEip3009(
        DepositAuthorization calldata authorization,
        bytes calldata signature
    ) external nonReentrant {
        // Check:
        _checkNonce(authorization.nonce);
        _checkExpiry(authorization.expiry);

        // Effect:
        _creditAuthorized(authorization);

        // Interaction:
        TokenFunding.pullWithEip3009(
            authorization.asset,
            authorization.buyer,
            authorization.amount,
            uint256(authorization.expiry) + 1,
            authorization.hash(),
            signature
        );
    }

    /// @inheritdoc IVoucherEscrow
    function depositWithPermit2(
        DepositAuthorization calldata authorization,
        bytes calldata signature
    ) external nonReentrant {
        // Check:
        _checkNonce(authorization.nonce);
        _checkExpiry(authorization.expiry);

        // Effect:
        _creditAuthorized(authorization);

        // Interaction:
        TokenFunding.pullWithPermit2(
            authorization.asset,
            authorization.buyer,
            authorization.amount,
            authorization.expiry,
            authorization.hash(),
            VoucherHashing.DEPOSIT_WITNESS_TYPE,
            signature
        );
    }

    /* INTERNAL */

    function _deposit(address buyer, address seller, address asset, uint256 amount) private {
        // Check:
        _checkCode(asset);

        // Effect:
        _creditFromOutside(buyer, seller, asset, amount);

        // Interaction:
        TokenFunding.pull(asset, msg.sender, amount);
    }

    function _creditAuthorized(DepositAuthorization calldata authorization) private {
        if (authorization.seller == address(0)) {
            address owner = authorization.buyer;
            if (owner == address(0) || owner == address(this)) revert InvalidAddress(owner);
            _checkFreeAsset(authorization.asset);
            _creditFree(owner, authorization.asset, authorization.amount);
        } else {
            _checkCode(authorization.asset);
            _creditFromOutside(authorization.buyer, authorization.seller, authorization.asset, authorization.amount);
        }
    }

    function _creditFromOutside(address buyer, address seller, address asset, uint256 amount) private {
        _checkParties(buyer, seller, asset);
        uint256 newBalance = _credit(buyer, seller, asset, amount);
        emit Deposited(buyer, seller, asset, amount, newBalance);
    }

    function _checkNonce(bytes32 nonce) private pure {
        if (nonce == bytes32(0)) revert ZeroNonce();
    }

    function _checkCode(address asset) private view {
        if (asset.code.length == 0) revert InvalidAsset(asset);
    }

    function _checkFreeAsset(address asset) private view {
        if (asset == address(this)) revert InvalidAsset(asset);
        _checkCode(asset);
    }
}
