// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FlashBatches} from "./FlashBatches.sol";
import {FlashExits} from "./FlashExits.sol";
import {FlashOpenings} from "./FlashOpenings.sol";
import {FlashRights} from "./FlashRights.sol";
import {FlashViews} from "./FlashViews.sol";

/// @title Settlement of the x402 scheme `flash`; see {IFlashSettlement}
/// @notice Joins the parts and adds nothing.
contract FlashSettlement is FlashOpenings, FlashExits, FlashBatches, FlashRights, FlashViews {}
