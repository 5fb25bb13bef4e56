// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {FeeOnTransferToken} from "../mocks/FeeOnTransferToken.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {VoucherTest} from "./VoucherTest.sol";

contract DepositFreeTest is VoucherTest {
    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
        depositFree(buyer, 0);
    }

    function test_DepositsOneUnit() public {
        depositFree(buyer, 1);
        assertEq(freeBalanceOf(buyer, asset), 1);
    }

    function test_DepositsOneBelowTheLargestAmount() public {
        _useMintableToken();
        depositFree(buyer, type(uint96).max - 1);
        assertEq(freeBalanceOf(buyer, asset), type(uint96).max - 1);
    }

    function test_DepositsTheLargestAmount() public {
        _useMintableToken();
        depositFree(buyer, type(uint96).max);
        assertEq(freeBalanceOf(buyer, asset), type(uint96).max);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheLargest() public {
        _useMintableToken();
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, 1 << 96, type(uint96).max));
        depositFree(buyer, 1 << 96);
    }

    function test_FillsAFreeBalanceThatHoldsSomething() public {
        _useMintableToken();
        depositFree(buyer, 100);
        depositFree(buyer, type(uint96).max - 100);
        assertEq(freeBalanceOf(buyer, asset), type(uint96).max);
    }

    function test_RevertGiven_AFreeBalanceThatLeavesOneUnitTooLittle() public {
        _useMintableToken();
        depositFree(buyer, 100);
        uint256 limit = type(uint96).max - 100;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, limit + 1, limit));
        depositFree(buyer, limit + 1);
    }

    /* ASSET */

    function test_RevertWhen_TheAssetIsZero() public {
        asset = address(0);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(0)));
        depositFree(buyer, 100);
    }

    function test_RevertWhen_TheAssetIsTheEscrow() public {
        asset = address(escrow);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(escrow)));
        depositFree(buyer, 100);
    }

    function test_RevertWhen_TheAssetHasNoCode() public {
        asset = stranger.addr;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, stranger.addr));
        depositFree(buyer, 100);
    }

    function test_RevertWhen_TheTokenTakesAFee() public {
        FeeOnTransferToken token = new FeeOnTransferToken();
        token.mint(buyer.addr, 1000);
        approve(address(token), buyer.addr, 1000);
        asset = address(token);
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 1000, 990));
        depositFree(buyer, 1000);
    }

    /* THE CALLER'S TOKENS */

    function test_RevertGiven_AnAllowanceOneBelowTheAmount() public {
        approve(asset, buyer.addr, 99);
        expectRevert("ERC20: transfer amount exceeds allowance");
        depositFree(buyer, 100);
    }

    function test_DepositsGivenAnAllowanceOfTheAmount() public {
        approve(asset, buyer.addr, 100);
        depositFree(buyer, 100);
        assertEq(freeBalanceOf(buyer, asset), 100);
    }

    /* EFFECTS */

    function test_MovesTheTokensIntoTheFreeBalance() public {
        Books memory expected = books();
        depositFree(buyer, 100);
        expected.buyer -= 100;
        expected.escrow += 100;
        expected.freeOfBuyer += 100;
        assertBooks(expected);
    }

    function test_EmitsFreeCredited() public {
        depositFree(buyer, 30);
        expectEvent();
        emit IVoucherEscrow.FreeCredited(buyer.addr, asset, 100, 130);
        depositFree(buyer, 100);
    }

    function test_LeavesTheNoncesAlone() public {
        vm.prank(buyer.addr);
        escrow.advanceFreeNonce(asset, 5);
        depositFree(buyer, 100);
        (uint256 balance, uint64 nextNonce, uint64 seen) = escrow.getFreeAccount(buyer.addr, asset);
        assertEq(balance, 100);
        assertEq(nextNonce, 5);
        assertEq(seen, type(uint64).max);
    }

    function testFuzz_TwoDepositsAddUp(uint96 first, uint96 second) public {
        _useMintableToken();
        uint256 a = bound(first, 1, type(uint96).max - 1);
        uint256 b = bound(second, 1, type(uint96).max - a);
        Books memory expected = books();
        depositFree(buyer, a);
        depositFree(buyer, b);
        expected.buyer -= a + b;
        expected.escrow += a + b;
        expected.freeOfBuyer += a + b;
        assertBooks(expected);
    }

    /* INTERNAL */

    function _useMintableToken() private {
        MintableToken token = new MintableToken();
        asset = address(token);
        token.mint(buyer.addr, 1 << 128);
        approve(asset, buyer.addr, type(uint256).max);
    }
}
