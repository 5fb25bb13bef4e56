// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VoucherBatches} from "./VoucherBatches.sol";
import {VoucherDeposits} from "./VoucherDeposits.sol";
import {VoucherFreeBalance} from "./VoucherFreeBalance.sol";
import {VoucherSellers} from "./VoucherSellers.sol";
import {VoucherSigners} from "./VoucherSigners.sol";
import {VoucherViews} from "./VoucherViews.sol";
import {VoucherWithdrawals} from "./VoucherWithdrawals.sol";

/// @title Escrow of the x402 scheme `deferred`; see {IVoucherEscrow}
/// @notice Joins the parts and adds nothing.
contract VoucherEscrow is
    VoucherDeposits,
    VoucherFreeBalance,
    VoucherWithdrawals,
    VoucherBatches,
    VoucherSellers,
    VoucherSigners,
    VoucherViews
{}
