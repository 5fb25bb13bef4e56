// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {VoucherTest} from "./VoucherTest.sol";

contract ThawTest is VoucherTest {
    function setUp() public override {
        super.setUp();
        deposit(buyer, seller, 100);
    }

    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
        thaw(0);
    }

    function test_ThawsOneUnit() public {
        thaw(1);
        assertAccount(100, 1, NOW + 1 days);
    }

    function test_ThawsOneBelowTheBalance() public {
        thaw(99);
        assertAccount(100, 99, NOW + 1 days);
    }

    function test_ThawsTheWholeBalance() public {
        thaw(100);
        assertAccount(100, 100, NOW + 1 days);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheBalance() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 100, 101));
        thaw(101);
    }

    function test_RevertWhen_TheAmountIsTheLargestWord() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 100, type(uint256).max));
        thaw(type(uint256).max);
    }

    function test_RevertGiven_NoBalance() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 0, 1));
        vm.prank(buyer2.addr);
        escrow.thaw(seller.addr, asset, 1);
    }

    /* GIVEN A RUNNING THAW */

    function test_AddsToARunningThaw() public {
        thaw(60);
        thaw(39);
        assertAccount(100, 99, NOW + 1 days);
    }

    function test_ThawsTheWholeRest() public {
        thaw(60);
        thaw(40);
        assertAccount(100, 100, NOW + 1 days);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheRest() public {
        thaw(60);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 40, 41));
        thaw(41);
    }

    function test_StartsTheTimerAnew() public {
        thaw(60);
        vm.warp(NOW + 1 hours);
        thaw(1);
        assertAccount(100, 61, NOW + 1 hours + 1 days);
    }

    function test_StartsTheTimerAnewGivenTheThawHasEnded() public {
        thaw(60);
        vm.warp(NOW + 2 days);
        thaw(1);
        assertAccount(100, 61, NOW + 3 days);
    }

    /* GIVEN A COLLECTION THAT TOOK FROM THE THAW */

    function test_AddsToWhatIsLeftOfTheThaw() public {
        thaw(90);
        collect(voucherOf(40));
        // Of 90 marked, 60 are left.
        deposit(buyer, seller, 10);
        thaw(5);
        assertAccount(70, 65, NOW + 1 days);
    }

    function test_RevertGiven_AllThatIsLeftThaws() public {
        thaw(90);
        collect(voucherOf(40));
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 0, 1));
        thaw(1);
    }

    /* EFFECTS */

    function test_MovesNoTokens() public {
        Books memory expected = books();
        thaw(60);
        assertBooks(expected);
    }

    function test_EmitsThawInitiated() public {
        expectEvent();
        emit IVoucherEscrow.ThawInitiated(buyer.addr, seller.addr, asset, 60, 0, NOW + 1 days, 0);
        thaw(60);
    }

    function test_EmitsThawInitiatedWithWhatThawedBefore() public {
        thaw(60);
        vm.warp(NOW + 1 hours);
        expectEvent();
        emit IVoucherEscrow.ThawInitiated(buyer.addr, seller.addr, asset, 70, 60, NOW + 1 hours + 1 days, NOW + 1 days);
        thaw(10);
    }

    function test_EmitsEffectiveAmountsGivenACollectionTookFromTheThaw() public {
        thaw(90);
        collect(voucherOf(40));
        deposit(buyer, seller, 10);
        expectEvent();
        emit IVoucherEscrow.ThawInitiated(buyer.addr, seller.addr, asset, 65, 60, NOW + 1 days, NOW + 1 days);
        thaw(5);
    }

    function test_LeavesOtherAccountsAlone() public {
        deposit(buyer, seller2, 50);
        deposit(buyer2, seller, 50);
        thaw(60);
        assertEq(escrow.getAccount(buyer.addr, seller2.addr, asset).thawingAmount, 0);
        assertEq(escrow.getAccount(buyer2.addr, seller.addr, asset).thawingAmount, 0);
    }

    function test_KeepsTheCollectedTotal() public {
        collect(voucherOf(40));
        thaw(60);
        assertEq(collectedOf(DEFAULT_LANE), 40);
    }

    function testFuzz_NeverThawsMoreThanTheBalance(uint256 first, uint256 second) public {
        uint256 a = bound(first, 1, 99);
        uint256 b = bound(second, 1, 100 - a);
        thaw(a);
        thaw(b);
        assertAccount(100, a + b, NOW + 1 days);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 100 - a - b, 101 - a - b));
        thaw(101 - a - b);
    }
}
