// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {FalseReturningToken} from "../mocks/FalseReturningToken.sol";
import {GasBurningToken} from "../mocks/GasBurningToken.sol";
import {NoReturnToken} from "../mocks/NoReturnToken.sol";
import {ShrinkingToken} from "../mocks/ShrinkingToken.sol";
import {VoucherTest} from "./VoucherTest.sol";

contract WithdrawTest is VoucherTest {
    function setUp() public override {
        super.setUp();
        deposit(buyer, seller, 100);
    }

    /* THAW */

    function test_RevertGiven_NothingThaws() public {
        _expectNoThawing();
        _withdraw();
    }

    function test_RevertGiven_NoAccount() public {
        expectRevert(
            abi.encodeWithSelector(IVoucherEscrow.NoThawingInProgress.selector, buyer2.addr, seller.addr, asset)
        );
        vm.prank(buyer2.addr);
        escrow.withdraw(seller.addr, asset);
    }

    function test_RevertGiven_TheThawWasCancelled() public {
        thaw(60);
        vm.prank(buyer.addr);
        escrow.cancelThaw(seller.addr, asset);
        vm.warp(NOW + 1 days);
        _expectNoThawing();
        _withdraw();
    }

    function test_RevertGiven_TheThawWasWithdrawn() public {
        thaw(60);
        vm.warp(NOW + 1 days);
        _withdraw();
        _expectNoThawing();
        _withdraw();
    }

    function test_RevertGiven_ACollectionEmptiedTheAccount() public {
        thaw(60);
        vm.warp(NOW + 1 days);
        collect(voucherOf(100));
        _expectNoThawing();
        _withdraw();
    }

    /* TIME */

    function test_RevertWhen_OneSecondBeforeTheEnd() public {
        thaw(60);
        vm.warp(NOW + 1 days - 1);
        expectRevert(
            abi.encodeWithSelector(IVoucherEscrow.ThawingPeriodNotCompleted.selector, NOW + 1 days - 1, NOW + 1 days)
        );
        _withdraw();
    }

    function test_WithdrawsAtTheEnd() public {
        thaw(60);
        vm.warp(NOW + 1 days);
        _withdraw();
        assertAccount(40, 0, 0);
    }

    function test_WithdrawsOneSecondPastTheEnd() public {
        thaw(60);
        vm.warp(NOW + 1 days + 1);
        _withdraw();
        assertAccount(40, 0, 0);
    }

    function test_RevertGiven_ASecondThawStartedTheTimerAnew() public {
        thaw(60);
        vm.warp(NOW + 1 days - 1);
        thaw(1);
        vm.warp(NOW + 1 days);
        expectRevert(
            abi.encodeWithSelector(IVoucherEscrow.ThawingPeriodNotCompleted.selector, NOW + 1 days, NOW + 2 days - 1)
        );
        _withdraw();
    }

    /* EFFECTS */

    function test_PaysTheThawedPartToTheBuyer() public {
        thaw(60);
        deposit(buyer2, seller, 500);
        vm.warp(NOW + 1 days);
        Books memory expected = books();
        _withdraw();
        expected.account -= 60;
        expected.escrow -= 60;
        expected.buyer += 60;
        assertBooks(expected);
    }

    function test_PaysTheWholeBalanceGivenAllThawed() public {
        thaw(100);
        vm.warp(NOW + 1 days);
        Books memory expected = books();
        _withdraw();
        expected.account = 0;
        expected.escrow -= 100;
        expected.buyer += 100;
        assertBooks(expected);
    }

    function test_PaysWhatASellerLeftOfTheThaw() public {
        thaw(60);
        collect(voucherOf(70));
        vm.warp(NOW + 1 days);
        Books memory expected = books();
        _withdraw();
        expected.account = 0;
        expected.escrow -= 30;
        expected.buyer += 30;
        assertBooks(expected);
    }

    function test_LeavesLaterDepositsInTheAccount() public {
        thaw(60);
        collect(voucherOf(70));
        deposit(buyer, seller, 1000);
        vm.warp(NOW + 1 days);
        Books memory expected = books();
        _withdraw();
        expected.account -= 30;
        expected.escrow -= 30;
        expected.buyer += 30;
        assertBooks(expected);
    }

    function test_PaysWhatAReleaseLeftOfTheThaw() public {
        thaw(60);
        vm.prank(seller.addr);
        escrow.release(buyer.addr, asset, DEFAULT_LANE, 0, 80);
        deposit(buyer, seller, 1000);
        vm.warp(NOW + 1 days);
        Books memory expected = books();
        _withdraw();
        expected.account -= 20;
        expected.escrow -= 20;
        expected.buyer += 20;
        assertBooks(expected);
    }

    function test_EmitsWithdrawn() public {
        thaw(60);
        vm.warp(NOW + 1 days);
        expectEvent();
        emit IVoucherEscrow.Withdrawn(buyer.addr, seller.addr, asset, 60, 40);
        _withdraw();
    }

    function test_KeepsTheCollectedTotals() public {
        collect(voucherOf(10));
        collect(laneVoucherOf(LANE, 20));
        thaw(70);
        vm.warp(NOW + 1 days);
        _withdraw();
        assertEq(collectedOf(DEFAULT_LANE), 10);
        assertEq(collectedOf(LANE), 20);
    }

    function test_LetsTheRestThaw() public {
        thaw(60);
        vm.warp(NOW + 1 days);
        _withdraw();
        thaw(40);
        assertAccount(40, 40, NOW + 2 days);
    }

    /* TOKENS */

    function test_WithdrawsATokenThatReturnsNothing() public {
        NoReturnToken token = new NoReturnToken();
        token.mint(buyer.addr, 100);
        _depositAndThaw(address(token));
        _withdraw();
        assertEq(token.balanceOf(buyer.addr), 100);
    }

    function test_RevertGiven_TheTokenReturnsFalse() public {
        FalseReturningToken token = new FalseReturningToken();
        token.mint(buyer.addr, 100);
        _depositAndThaw(address(token));
        token.setFails(true);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, buyer.addr, 100));
        _withdraw();
    }

    function test_RevertGiven_TheTokenBurnsAllGas() public {
        GasBurningToken token = new GasBurningToken();
        token.mint(buyer.addr, 100);
        _depositAndThaw(address(token));
        token.setBurns(true);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, buyer.addr, 100));
        _withdraw();
    }

    function test_RevertGiven_TheTokenHasTakenTheTokensAway() public {
        ShrinkingToken token = new ShrinkingToken();
        token.mint(buyer.addr, 100);
        _depositAndThaw(address(token));
        token.shrink(address(escrow), 1);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, buyer.addr, 100));
        _withdraw();
    }

    function test_RevertGiven_TheBuyerIsBlacklisted() public {
        thaw(60);
        vm.warp(NOW + 1 days);
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(buyer.addr);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, buyer.addr, 60));
        _withdraw();
    }

    function test_WithdrawsOnceTheTokenIsUnpaused() public {
        thaw(60);
        vm.warp(NOW + 1 days);
        vm.prank(USDC_PAUSER);
        USDC.pause();
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, buyer.addr, 60));
        _withdraw();
        vm.prank(USDC_PAUSER);
        USDC.unpause();
        _withdraw();
        assertAccount(40, 0, 0);
    }

    function testFuzz_PaysTheEffectiveThaw(uint256 marked, uint256 collected, uint256 added) public {
        marked = bound(marked, 1, 100);
        collected = bound(collected, 1, 99);
        added = bound(added, 1, FUNDS - 100);
        thaw(marked);
        collect(voucherOf(collected));
        deposit(buyer, seller, added);
        vm.warp(NOW + 1 days);
        uint256 left = 100 - collected;
        uint256 paid = marked < left ? marked : left;
        Books memory expected = books();
        _withdraw();
        expected.account -= paid;
        expected.escrow -= paid;
        expected.buyer += paid;
        assertBooks(expected);
    }

    /* INTERNAL */

    function _withdraw() private {
        vm.prank(buyer.addr);
        escrow.withdraw(seller.addr, asset);
    }

    function _expectNoThawing() private {
        expectRevert(
            abi.encodeWithSelector(IVoucherEscrow.NoThawingInProgress.selector, buyer.addr, seller.addr, asset)
        );
    }

    /// @dev Makes `token` the asset, with 100 in the account, all matured.
    function _depositAndThaw(address token) private {
        asset = token;
        approve(asset, buyer.addr, 100);
        deposit(buyer, seller, 100);
        thaw(100);
        vm.warp(NOW + 1 days);
    }
}
