// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Actor} from "../helpers/Test.sol";
import {FalseReturningToken} from "../mocks/FalseReturningToken.sol";
import {NoReturnToken} from "../mocks/NoReturnToken.sol";
import {SignedMessageTest} from "./SignedMessageTest.sol";
import {VoucherMessages} from "./VoucherMessages.sol";
import {VoucherTest} from "./VoucherTest.sol";
import {WindowNonceTest} from "./WindowNonceTest.sol";

contract WithdrawFreeTest is VoucherTest {
    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        depositFree(buyer, 100);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
        _withdrawFree(0);
    }

    function test_WithdrawsOneUnit() public {
        depositFree(buyer, 100);
        _withdrawFree(1);
        assertEq(freeBalanceOf(buyer, asset), 99);
    }

    function test_WithdrawsOneBelowTheFreeBalance() public {
        depositFree(buyer, 100);
        _withdrawFree(99);
        assertEq(freeBalanceOf(buyer, asset), 1);
    }

    function test_WithdrawsTheWholeFreeBalance() public {
        depositFree(buyer, 100);
        _withdrawFree(100);
        assertEq(freeBalanceOf(buyer, asset), 0);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheFreeBalance() public {
        depositFree(buyer, 100);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 100, 101));
        _withdrawFree(101);
    }

    function test_RevertWhen_TheAmountHasTheFreeBalanceInItsLower96Bits() public {
        depositFree(buyer, 100);
        uint256 amount = (1 << 96) | 100;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 100, amount));
        _withdrawFree(amount);
    }

    function test_RevertGiven_OnlyAnAccountHoldsTokens() public {
        deposit(buyer, seller, 100);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 0, 1));
        _withdrawFree(1);
    }

    function test_RevertWhen_TheAssetHasNoCode() public {
        asset = stranger.addr;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 0, 1));
        _withdrawFree(1);
    }

    /* TOKENS */

    function test_WithdrawsATokenThatReturnsNothing() public {
        NoReturnToken token = new NoReturnToken();
        token.mint(buyer.addr, 100);
        asset = address(token);
        approve(asset, buyer.addr, 100);
        depositFree(buyer, 100);
        _withdrawFree(100);
        assertEq(token.balanceOf(buyer.addr), 100);
    }

    function test_RevertGiven_TheTokenReturnsFalse() public {
        FalseReturningToken token = new FalseReturningToken();
        token.mint(buyer.addr, 100);
        asset = address(token);
        approve(asset, buyer.addr, 100);
        depositFree(buyer, 100);
        token.setFails(true);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, buyer.addr, 100));
        _withdrawFree(100);
    }

    function test_RevertGiven_TheOwnerIsBlacklisted() public {
        depositFree(buyer, 100);
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(buyer.addr);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, buyer.addr, 100));
        _withdrawFree(100);
    }

    function test_RevertGiven_TheTokenIsPaused() public {
        depositFree(buyer, 100);
        vm.prank(USDC_PAUSER);
        USDC.pause();
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, buyer.addr, 100));
        _withdrawFree(100);
    }

    /* EFFECTS */

    function test_PaysTheOwnerAtOnce() public {
        depositFree(buyer, 100);
        depositFree(buyer2, 500);
        Books memory expected = books();
        _withdrawFree(60);
        expected.freeOfBuyer -= 60;
        expected.escrow -= 60;
        expected.buyer += 60;
        assertBooks(expected);
    }

    function test_EmitsFreeWithdrawn() public {
        depositFree(buyer, 100);
        expectEvent();
        emit IVoucherEscrow.FreeWithdrawn(buyer.addr, asset, 60, 40);
        _withdrawFree(60);
    }

    function test_LeavesTheNoncesAlone() public {
        depositFree(buyer, 100);
        vm.prank(buyer.addr);
        escrow.advanceFreeNonce(asset, 5);
        _withdrawFree(60);
        (uint256 balance, uint64 nextNonce, uint64 seen) = escrow.getFreeAccount(buyer.addr, asset);
        assertEq(balance, 40);
        assertEq(nextNonce, 5);
        assertEq(seen, type(uint64).max);
    }

    function test_WithdrawsWhatASellerEarned() public {
        vm.prank(seller.addr);
        escrow.setPayout(true);
        deposit(buyer, seller, 100);
        collect(voucherOf(70));
        Books memory expected = books();
        vm.prank(seller.addr);
        escrow.withdrawFree(asset, 70);
        expected.freeOfSeller -= 70;
        expected.escrow -= 70;
        expected.seller += 70;
        assertBooks(expected);
    }

    function testFuzz_PaysWhatIsThere(uint96 free, uint256 amount) public {
        uint256 there = bound(free, 1, FUNDS);
        uint256 paid = bound(amount, 1, there);
        depositFree(buyer, there);
        Books memory expected = books();
        _withdrawFree(paid);
        expected.freeOfBuyer -= paid;
        expected.escrow -= paid;
        expected.buyer += paid;
        assertBooks(expected);
    }

    /* INTERNAL */

    function _withdrawFree(uint256 amount) private {
        vm.prank(buyer.addr);
        escrow.withdrawFree(asset, amount);
    }
}

contract WithdrawFreeWithAuthorizationTest is SignedMessageTest, WindowNonceTest {
    using VoucherMessages for *;

    uint256 private constant AMOUNT = 60;

    IVoucherEscrow.WithdrawFreeAuthorization private authorization;

    function setUp() public override {
        super.setUp();
        authorization = withdrawFreeAuthorizationOf(AMOUNT, 0);
        depositFree(buyer, 1000);
        start = books();
    }

    /* MESSAGE */

    function owner() internal view override returns (Actor memory) {
        return buyer;
    }

    function structHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function messageType() internal pure override returns (string memory) {
        return VoucherMessages.WITHDRAW_FREE_AUTHORIZATION;
    }

    function encoded() internal view override returns (bytes memory) {
        return abi.encode(authorization);
    }

    function decode(bytes memory message) internal override {
        authorization = abi.decode(message, (IVoucherEscrow.WithdrawFreeAuthorization));
    }

    function callOf(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(IVoucherEscrow.withdrawFreeWithAuthorization, (authorization, signature));
    }

    function replayError() internal pure override returns (bytes memory) {
        return abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, uint256(0));
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.freeOfBuyer -= AMOUNT;
        expected.escrow -= AMOUNT;
        expected.buyer += AMOUNT;
        assertBooks(expected);
    }

    /* NONCE */

    function test_RevertGiven_TheNonceWasUsedForAnAllocation() public {
        IVoucherEscrow.AllocateAuthorization memory allocation = allocateAuthorizationOf(5, 0);
        escrow.allocateWithAuthorization(allocation, sign(buyer, allocation));
        assertReverts(replayError());
    }

    function test_LeavesTheNonceUnusedGivenTheTransferFails() public {
        vm.prank(USDC_PAUSER);
        USDC.pause();
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, buyer.addr, AMOUNT));
        (, uint64 nextNonce, uint64 seen) = escrow.getFreeAccount(buyer.addr, asset);
        assertEq(nextNonce, 0);
        assertEq(seen, 0);
    }

    /* AMOUNT AND PARTIES */

    function test_RevertWhen_TheAmountIsZero() public {
        authorization.amount = 0;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
    }

    function test_WithdrawsTheWholeFreeBalance() public {
        authorization.amount = 1000;
        submit();
        assertEq(freeBalanceOf(buyer, asset), 0);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheFreeBalance() public {
        authorization.amount = 1001;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 1000, 1001));
    }

    function test_RevertWhen_TheAmountIsTheLargestWord() public {
        authorization.amount = type(uint256).max;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 1000, type(uint256).max));
    }

    function test_RevertWhen_TheAssetIsZero() public {
        authorization.asset = address(0);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 0, AMOUNT));
    }

    /* EFFECTS */

    function test_EmitsFreeWithdrawn() public {
        expectEvent();
        emit IVoucherEscrow.FreeWithdrawn(buyer.addr, asset, AMOUNT, 1000 - AMOUNT);
        submit();
    }
}
