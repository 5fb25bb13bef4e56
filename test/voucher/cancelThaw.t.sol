// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {VoucherTest} from "./VoucherTest.sol";

contract CancelThawTest is VoucherTest {
    function setUp() public override {
        super.setUp();
        deposit(buyer, seller, 100);
    }

    /* GIVEN NOTHING THAWS */

    function test_RevertGiven_NothingThaws() public {
        _expectNoThawing();
        _cancelThaw();
    }

    function test_RevertGiven_NoAccount() public {
        expectRevert(
            abi.encodeWithSelector(IVoucherEscrow.NoThawingInProgress.selector, buyer2.addr, seller.addr, asset)
        );
        vm.prank(buyer2.addr);
        escrow.cancelThaw(seller.addr, asset);
    }

    function test_RevertGiven_TheThawWasCancelled() public {
        thaw(60);
        _cancelThaw();
        _expectNoThawing();
        _cancelThaw();
    }

    function test_RevertGiven_ACollectionEmptiedTheAccount() public {
        thaw(60);
        collect(voucherOf(100));
        _expectNoThawing();
        _cancelThaw();
    }

    /* GIVEN A THAW */

    function test_EndsARunningThaw() public {
        thaw(60);
        _cancelThaw();
        assertAccount(100, 0, 0);
    }

    function test_EndsAThawThatHasMatured() public {
        thaw(60);
        vm.warp(NOW + 1 days);
        _cancelThaw();
        assertAccount(100, 0, 0);
    }

    function test_LeavesNothingToWithdraw() public {
        thaw(60);
        _cancelThaw();
        vm.warp(NOW + 2 days);
        _expectNoThawing();
        vm.prank(buyer.addr);
        escrow.withdraw(seller.addr, asset);
    }

    function test_LetsTheWholeBalanceThawAnew() public {
        thaw(60);
        _cancelThaw();
        thaw(100);
        assertAccount(100, 100, NOW + 1 days);
    }

    /* EFFECTS */

    function test_MovesNoTokens() public {
        thaw(60);
        Books memory expected = books();
        _cancelThaw();
        assertBooks(expected);
    }

    function test_KeepsTheCollectedTotal() public {
        collect(voucherOf(40));
        thaw(60);
        _cancelThaw();
        assertEq(collectedOf(DEFAULT_LANE), 40);
    }

    function test_EmitsThawCancelled() public {
        thaw(60);
        expectEvent();
        emit IVoucherEscrow.ThawCancelled(buyer.addr, seller.addr, asset, 60);
        _cancelThaw();
    }

    function test_EmitsTheEffectiveAmountGivenACollectionTookFromTheThaw() public {
        thaw(60);
        collect(voucherOf(70));
        expectEvent();
        emit IVoucherEscrow.ThawCancelled(buyer.addr, seller.addr, asset, 30);
        _cancelThaw();
    }

    function test_LeavesOtherAccountsAlone() public {
        deposit(buyer, seller2, 50);
        vm.prank(buyer.addr);
        escrow.thaw(seller2.addr, asset, 20);
        thaw(60);
        _cancelThaw();
        assertEq(escrow.getAccount(buyer.addr, seller2.addr, asset).thawingAmount, 20);
    }

    /* INTERNAL */

    function _cancelThaw() private {
        vm.prank(buyer.addr);
        escrow.cancelThaw(seller.addr, asset);
    }

    function _expectNoThawing() private {
        expectRevert(
            abi.encodeWithSelector(IVoucherEscrow.NoThawingInProgress.selector, buyer.addr, seller.addr, asset)
        );
    }
}
