// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// #region README
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IVoucherEscrow} from "../../../contracts/interfaces/IVoucherEscrow.sol";

/// @title A seller that is a contract: what it collects is shared by two accounts
/// @dev Offers name this contract as `payTo`. Whoever serves keeps the vouchers; anyone may bring them here.
contract RevenueShare {
    using SafeERC20 for IERC20;

    IVoucherEscrow public immutable ESCROW;
    IERC20 public immutable ASSET;
    address public immutable ONE;
    address public immutable OTHER;

    constructor(IVoucherEscrow escrow, IERC20 asset, address one, address other) {
        (ESCROW, ASSET, ONE, OTHER) = (escrow, asset, one, other);
    }

    /// @notice Collects a voucher of this seller and shares everything it holds. With nothing left to collect, the escrow only says so.
    /// @param voucher What the buyer signed.
    /// @param signature Its signature.
    function collectAndShare(IVoucherEscrow.Voucher calldata voucher, bytes calldata signature) external {
        ESCROW.collect(voucher, signature);
        uint256 half = ASSET.balanceOf(address(this)) / 2;
        ASSET.safeTransfer(ONE, half);
        ASSET.safeTransfer(OTHER, ASSET.balanceOf(address(this)));
    }
}
// #endregion
