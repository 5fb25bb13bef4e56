// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {BonusToken} from "../mocks/BonusToken.sol";
import {FalseReturningToken} from "../mocks/FalseReturningToken.sol";
import {FeeOnTransferToken} from "../mocks/FeeOnTransferToken.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {NoReturnToken} from "../mocks/NoReturnToken.sol";
import {ThievingToken} from "../mocks/ThievingToken.sol";
import {VoucherTest} from "./VoucherTest.sol";

contract DepositTest is VoucherTest {
    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
        deposit(buyer, seller, 0);
    }

    function test_DepositsOneUnit() public {
        Books memory expected = books();
        deposit(buyer, seller, 1);
        expected.buyer -= 1;
        expected.escrow += 1;
        expected.account += 1;
        assertBooks(expected);
    }

    function test_DepositsOneBelowTheLargestAmount() public {
        _useMintableToken();
        deposit(buyer, seller, type(uint96).max - 1);
        assertAccount(type(uint96).max - 1, 0, 0);
    }

    function test_DepositsTheLargestAmount() public {
        _useMintableToken();
        deposit(buyer, seller, type(uint96).max);
        assertAccount(type(uint96).max, 0, 0);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheLargest() public {
        _useMintableToken();
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, 1 << 96, type(uint96).max));
        deposit(buyer, seller, 1 << 96);
    }

    function test_RevertWhen_TheAmountIsTheLargestWord() public {
        _useMintableToken();
        expectRevert(
            abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, type(uint256).max, type(uint96).max)
        );
        deposit(buyer, seller, type(uint256).max);
    }

    function test_FillsAnAccountThatHasABalance() public {
        _useMintableToken();
        deposit(buyer, seller, 100);
        deposit(buyer, seller, type(uint96).max - 100);
        assertAccount(type(uint96).max, 0, 0);
    }

    function test_RevertGiven_ABalanceThatLeavesOneUnitTooLittle() public {
        _useMintableToken();
        deposit(buyer, seller, 100);
        uint256 limit = type(uint96).max - 100;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, limit + 1, limit));
        deposit(buyer, seller, limit + 1);
    }

    function test_FillsAnAccountWhoseDefaultLaneHasPaid() public {
        _useMintableToken();
        deposit(buyer, seller, 100);
        collect(voucherOf(60));
        deposit(buyer, seller, type(uint96).max - 100);
        assertAccount(type(uint96).max - 60, 0, 0);
        assertEq(collectedOf(DEFAULT_LANE), 60);
    }

    function test_RevertGiven_ADefaultLaneTotalThatLeavesOneUnitTooLittle() public {
        _useMintableToken();
        deposit(buyer, seller, 100);
        collect(voucherOf(60));
        uint256 limit = type(uint96).max - 100;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, limit + 1, limit));
        deposit(buyer, seller, limit + 1);
    }

    function test_RevertGiven_ADefaultLaneThatHasPaidAllThereCanBe() public {
        _useMintableToken();
        deposit(buyer, seller, type(uint96).max);
        collect(voucherOf(type(uint96).max));
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, 1, 0));
        deposit(buyer, seller, 1);
    }

    function test_IsNotLimitedByTheTotalsOfOtherLanes() public {
        _useMintableToken();
        deposit(buyer, seller, type(uint96).max);
        collect(laneVoucherOf(LANE, type(uint96).max));
        deposit(buyer, seller, type(uint96).max);
        assertAccount(type(uint96).max, 0, 0);
    }

    /* PARTIES */

    function test_RevertWhen_TheSellerIsZero() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
        vm.prank(buyer.addr);
        escrow.deposit(address(0), asset, 100);
    }

    function test_RevertWhen_TheSellerIsTheEscrow() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
        vm.prank(buyer.addr);
        escrow.deposit(address(escrow), asset, 100);
    }

    function test_RevertWhen_TheSellerIsTheCaller() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer.addr));
        deposit(buyer, buyer, 100);
    }

    function test_RevertWhen_TheAssetIsZero() public {
        asset = address(0);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(0)));
        deposit(buyer, seller, 100);
    }

    function test_RevertWhen_TheAssetIsTheEscrow() public {
        asset = address(escrow);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(escrow)));
        deposit(buyer, seller, 100);
    }

    function test_RevertWhen_TheAssetHasNoCode() public {
        asset = stranger.addr;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, stranger.addr));
        deposit(buyer, seller, 100);
    }

    /* THE CALLER'S TOKENS */

    function test_RevertGiven_AnAllowanceOneBelowTheAmount() public {
        approve(asset, buyer.addr, 99);
        expectRevert("ERC20: transfer amount exceeds allowance");
        deposit(buyer, seller, 100);
    }

    function test_DepositsGivenAnAllowanceOfTheAmount() public {
        approve(asset, buyer.addr, 100);
        deposit(buyer, seller, 100);
        assertAccount(100, 0, 0);
        assertEq(USDC.allowance(buyer.addr, address(escrow)), 0);
    }

    function test_DepositsGivenAnAllowanceOneAboveTheAmount() public {
        approve(asset, buyer.addr, 101);
        deposit(buyer, seller, 100);
        assertAccount(100, 0, 0);
        assertEq(USDC.allowance(buyer.addr, address(escrow)), 1);
    }

    function test_DepositsTheWholeWallet() public {
        deposit(buyer, seller, FUNDS);
        assertAccount(FUNDS, 0, 0);
        assertEq(USDC.balanceOf(buyer.addr), 0);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheWallet() public {
        expectRevert("ERC20: transfer amount exceeds balance");
        deposit(buyer, seller, FUNDS + 1);
    }

    function test_RevertGiven_TheTokenIsPaused() public {
        vm.prank(USDC_PAUSER);
        USDC.pause();
        expectRevert("Pausable: paused");
        deposit(buyer, seller, 100);
    }

    function test_RevertGiven_TheCallerIsBlacklisted() public {
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(buyer.addr);
        expectRevert("Blacklistable: account is blacklisted");
        deposit(buyer, seller, 100);
    }

    /* TOKENS */

    function test_DepositsATokenThatReturnsNothing() public {
        NoReturnToken token = new NoReturnToken();
        token.mint(buyer.addr, 100);
        approve(address(token), buyer.addr, 100);
        asset = address(token);
        deposit(buyer, seller, 100);
        assertAccount(100, 0, 0);
        assertEq(token.balanceOf(address(escrow)), 100);
    }

    function test_RevertWhen_TheTokenReturnsFalse() public {
        FalseReturningToken token = new FalseReturningToken();
        token.setFails(true);
        asset = address(token);
        expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, asset));
        deposit(buyer, seller, 100);
    }

    function test_RevertWhen_TheTokenTakesAFee() public {
        FeeOnTransferToken token = new FeeOnTransferToken();
        _use(token);
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 1000, 990));
        deposit(buyer, seller, 1000);
    }

    function test_RevertWhen_TheTokenAddsABonus() public {
        BonusToken token = new BonusToken();
        _use(token);
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 1000, 1001));
        deposit(buyer, seller, 1000);
    }

    function test_RevertWhen_TheTokenTakesFromTheEscrow() public {
        ThievingToken token = new ThievingToken();
        _use(token);
        token.mint(address(escrow), 5000);
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 1000, 0));
        deposit(buyer, seller, 1000);
    }

    /* EFFECTS */

    function test_MovesTheTokensIntoTheAccount() public {
        Books memory expected = books();
        deposit(buyer, seller, 100);
        expected.buyer -= 100;
        expected.escrow += 100;
        expected.account += 100;
        assertBooks(expected);
    }

    function test_AddsToTheBalance() public {
        deposit(buyer, seller, 100);
        Books memory expected = books();
        deposit(buyer, seller, 30);
        expected.buyer -= 30;
        expected.escrow += 30;
        expected.account = 130;
        assertBooks(expected);
    }

    function test_EmitsDeposited() public {
        deposit(buyer, seller, 30);
        expectEvent();
        emit IVoucherEscrow.Deposited(buyer.addr, seller.addr, asset, 100, 130);
        deposit(buyer, seller, 100);
    }

    function test_KeepsAccountsOfOtherAssetsApart() public {
        deposit(buyer, seller, 100);
        address usdc = asset;
        _useMintableToken();
        deposit(buyer, seller, 7);
        assertEq(balanceOf(buyer, seller, usdc), 100);
        assertEq(balanceOf(buyer, seller, asset), 7);
    }

    function test_LeavesARunningThawAlone() public {
        deposit(buyer, seller, 100);
        thaw(60);
        vm.warp(NOW + 1 hours);
        deposit(buyer, seller, 50);
        assertAccount(150, 60, NOW + 1 days);
    }

    function test_DoesNotReviveWhatTheSellerTookFromAThaw() public {
        deposit(buyer, seller, 100);
        thaw(80);
        collect(voucherOf(70));
        assertAccount(30, 30, NOW + 1 days);
        deposit(buyer, seller, 200);
        assertAccount(230, 30, NOW + 1 days);
    }

    function test_KeepsTheCollectedTotal() public {
        deposit(buyer, seller, 100);
        collect(voucherOf(70));
        collect(laneVoucherOf(LANE, 20));
        deposit(buyer, seller, 200);
        assertEq(collectedOf(DEFAULT_LANE), 70);
        assertEq(collectedOf(LANE), 20);
    }

    function testFuzz_TwoDepositsAddUp(uint96 first, uint96 second) public {
        _useMintableToken();
        uint256 a = bound(first, 1, type(uint96).max - 1);
        uint256 b = bound(second, 1, type(uint96).max - a);
        Books memory expected = books();
        deposit(buyer, seller, a);
        deposit(buyer, seller, b);
        expected.buyer -= a + b;
        expected.escrow += a + b;
        expected.account += a + b;
        assertBooks(expected);
    }

    /* INTERNAL */

    function _useMintableToken() private {
        _use(new MintableToken());
    }

    /// @dev Makes a token the asset of the test; the buyer holds more of it than fits 96 bits.
    function _use(MintableToken token) private {
        asset = address(token);
        token.mint(buyer.addr, 1 << 128);
        approve(asset, buyer.addr, type(uint256).max);
    }
}
