// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {GasBurningWallet} from "../mocks/GasBurningWallet.sol";
import {VoucherTest} from "./VoucherTest.sol";

/// @notice What a wide row costs at most, where everything is touched for the first time.
contract CollectBatchWideRowGasTest is VoucherTest {
    /// @dev So many that what a group has to spare makes no difference.
    uint256 private constant ROWS = 40;
    uint256 private constant VALUE = 60;

    IVoucherEscrow.Group private _group;
    uint256 private _sellerBefore;

    function setUp() public override {
        super.setUp();
        _sellerBefore = USDC.balanceOf(seller.addr);
        _group.seller = seller.addr;
        _group.asset = asset;
        approve(asset, buyer.addr, ROWS * 2 * VALUE);
        for (uint256 i = 0; i < ROWS; ++i) _group.wide.push(_rowOfWallet(vm.addr(1_000 + i)));
    }

    function testGas_FitsWhatTheCollectorPlans() public {
        IVoucherEscrow.Group memory group = _group;
        // What the collector gives a group, and each wide row of it.
        group.gasLimit = 200_000 + ROWS * 145_000;
        collectBatch(group);
        assertEq(USDC.balanceOf(seller.addr), _sellerBefore + ROWS * VALUE);
    }

    /// @dev A wallet of its own with money, that takes nearly all the gas it is asked with, on a lane that has paid nothing yet.
    function _rowOfWallet(address wallet) private returns (IVoucherEscrow.WideRow memory row) {
        vm.etch(wallet, type(GasBurningWallet).runtimeCode);
        vm.store(wallet, 0, bytes32(uint256(98_000)));
        vm.prank(buyer.addr);
        escrow.depositTo(wallet, seller.addr, asset, 2 * VALUE);
        IVoucherEscrow.Voucher memory voucher = laneVoucherOf(LANE, VALUE);
        voucher.buyer = wallet;
        return wideRowOf(stranger, voucher, VALUE);
    }
}
