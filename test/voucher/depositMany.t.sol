// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {FeeOnTransferToken} from "../mocks/FeeOnTransferToken.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {VoucherTest} from "./VoucherTest.sol";

contract DepositManyTest is VoucherTest {
    /* LENGTH */

    function test_RevertWhen_ThereAreNoDeposits() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NoDepositsProvided.selector));
        _depositMany(new IVoucherEscrow.DepositInput[](0));
    }

    function test_DepositsWithOneSeller() public {
        IVoucherEscrow.DepositInput[] memory inputs = new IVoucherEscrow.DepositInput[](1);
        inputs[0] = IVoucherEscrow.DepositInput(seller.addr, 100);
        Books memory expected = books();
        _depositMany(inputs);
        expected.buyer -= 100;
        expected.escrow += 100;
        expected.account += 100;
        assertBooks(expected);
    }

    function test_DepositsWithTwoSellers() public {
        Books memory expected = books();
        _depositMany(_two(100, 30));
        expected.buyer -= 130;
        expected.escrow += 130;
        expected.account += 100;
        expected.accountWithSeller2 += 30;
        assertBooks(expected);
    }

    function test_AddsUpWhenASellerIsNamedTwice() public {
        IVoucherEscrow.DepositInput[] memory inputs = _two(100, 30);
        inputs[1].seller = seller.addr;
        Books memory expected = books();
        _depositMany(inputs);
        expected.buyer -= 130;
        expected.escrow += 130;
        expected.account += 130;
        assertBooks(expected);
    }

    /* EACH DEPOSIT */

    function test_RevertWhen_OneAmountIsZero() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
        _depositMany(_two(100, 0));
    }

    function test_RevertWhen_OneAmountIsAboveTheLargest() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, 1 << 96, type(uint96).max));
        _depositMany(_two(100, 1 << 96));
    }

    function test_RevertWhen_AmountsWouldOverflowAWord() public {
        expectRevert(
            abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, type(uint256).max, type(uint96).max)
        );
        _depositMany(_two(2, type(uint256).max));
    }

    function test_RevertWhen_ASellerNamedTwiceWouldOverflowItsAccount() public {
        IVoucherEscrow.DepositInput[] memory inputs = _two(100, type(uint96).max - 99);
        inputs[1].seller = seller.addr;
        uint256 limit = type(uint96).max - 100;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, limit + 1, limit));
        _depositMany(inputs);
    }

    function test_DepositsTheLargestAmountWithEachSeller() public {
        MintableToken token = new MintableToken();
        asset = address(token);
        token.mint(buyer.addr, 1 << 128);
        approve(asset, buyer.addr, type(uint256).max);
        _depositMany(_two(type(uint96).max, type(uint96).max));
        assertEq(balanceOf(buyer, seller, asset), type(uint96).max);
        assertEq(balanceOf(buyer, seller2, asset), type(uint96).max);
        assertEq(token.balanceOf(address(escrow)), 2 * uint256(type(uint96).max));
    }

    function test_RevertWhen_OneSellerIsZero() public {
        IVoucherEscrow.DepositInput[] memory inputs = _two(100, 30);
        inputs[1].seller = address(0);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
        _depositMany(inputs);
    }

    function test_RevertWhen_OneSellerIsTheEscrow() public {
        IVoucherEscrow.DepositInput[] memory inputs = _two(100, 30);
        inputs[1].seller = address(escrow);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
        _depositMany(inputs);
    }

    function test_RevertWhen_OneSellerIsTheCaller() public {
        IVoucherEscrow.DepositInput[] memory inputs = _two(100, 30);
        inputs[1].seller = buyer.addr;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer.addr));
        _depositMany(inputs);
    }

    /* ASSET */

    function test_RevertWhen_TheAssetIsZero() public {
        asset = address(0);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(0)));
        _depositMany(_two(100, 30));
    }

    function test_RevertWhen_TheAssetIsTheEscrow() public {
        asset = address(escrow);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(escrow)));
        _depositMany(_two(100, 30));
    }

    function test_RevertWhen_TheAssetHasNoCode() public {
        asset = stranger.addr;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, stranger.addr));
        _depositMany(_two(100, 30));
    }

    function test_RevertWhen_TheTokenTakesAFee() public {
        FeeOnTransferToken token = new FeeOnTransferToken();
        token.mint(buyer.addr, 1000);
        approve(address(token), buyer.addr, 1000);
        asset = address(token);
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 1000, 990));
        _depositMany(_two(600, 400));
    }

    /* THE CALLER'S TOKENS */

    function test_RevertGiven_AnAllowanceOneBelowTheSum() public {
        approve(asset, buyer.addr, 129);
        expectRevert("ERC20: transfer amount exceeds allowance");
        _depositMany(_two(100, 30));
    }

    function test_DepositsGivenAnAllowanceOfTheSum() public {
        approve(asset, buyer.addr, 130);
        _depositMany(_two(100, 30));
        assertEq(USDC.allowance(buyer.addr, address(escrow)), 0);
    }

    function test_PullsTheSumByOneTransfer() public {
        vm.expectCall(asset, abi.encodeCall(IERC20.transferFrom, (buyer.addr, address(escrow), 130)), 1);
        _depositMany(_two(100, 30));
    }

    /* EFFECTS */

    function test_EmitsDepositedForEach() public {
        deposit(buyer, seller2, 5);
        expectEvent();
        emit IVoucherEscrow.Deposited(buyer.addr, seller.addr, asset, 100, 100);
        expectEvent();
        emit IVoucherEscrow.Deposited(buyer.addr, seller2.addr, asset, 30, 35);
        _depositMany(_two(100, 30));
    }

    function test_DoesNotReviveWhatTheSellerTookFromAThaw() public {
        deposit(buyer, seller, 100);
        thaw(80);
        collect(voucherOf(70));
        _depositMany(_two(200, 30));
        assertAccount(230, 30, NOW + 1 days);
    }

    function testFuzz_DepositsTheSumOfAll(uint64[] memory amounts) public {
        uint256 count = bound(amounts.length, 1, 12);
        IVoucherEscrow.DepositInput[] memory inputs = new IVoucherEscrow.DepositInput[](count);
        uint256[2] memory sums;
        for (uint256 i = 0; i < count; ++i) {
            uint256 amount = bound(i < amounts.length ? amounts[i] : i, 1, FUNDS / 12);
            inputs[i] = IVoucherEscrow.DepositInput(i % 2 == 0 ? seller.addr : seller2.addr, amount);
            sums[i % 2] += amount;
        }
        Books memory expected = books();
        _depositMany(inputs);
        expected.buyer -= sums[0] + sums[1];
        expected.escrow += sums[0] + sums[1];
        expected.account += sums[0];
        expected.accountWithSeller2 += sums[1];
        assertBooks(expected);
    }

    /* INTERNAL */

    function _two(uint256 first, uint256 second) private view returns (IVoucherEscrow.DepositInput[] memory inputs) {
        inputs = new IVoucherEscrow.DepositInput[](2);
        inputs[0] = IVoucherEscrow.DepositInput(seller.addr, first);
        inputs[1] = IVoucherEscrow.DepositInput(seller2.addr, second);
    }

    function _depositMany(IVoucherEscrow.DepositInput[] memory inputs) private {
        vm.prank(buyer.addr);
        escrow.depositMany(asset, inputs);
    }
}
