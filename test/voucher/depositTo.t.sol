// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {FeeOnTransferToken} from "../mocks/FeeOnTransferToken.sol";
import {VoucherTest} from "./VoucherTest.sol";

contract DepositToTest is VoucherTest {
    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAmount.selector, 0));
        _depositTo(buyer.addr, seller.addr, 0);
    }

    function test_DepositsOneUnit() public {
        _depositTo(buyer.addr, seller.addr, 1);
        assertAccount(1, 0, 0);
    }

    function test_RevertWhen_TheAmountIsAboveTheLargest() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AmountTooLarge.selector, 1 << 96, type(uint96).max));
        _depositTo(buyer.addr, seller.addr, 1 << 96);
    }

    /* PARTIES */

    function test_RevertWhen_TheBuyerIsZero() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
        _depositTo(address(0), seller.addr, 100);
    }

    function test_RevertWhen_TheBuyerIsTheEscrow() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
        _depositTo(address(escrow), seller.addr, 100);
    }

    function test_RevertWhen_TheSellerIsZero() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
        _depositTo(buyer.addr, address(0), 100);
    }

    function test_RevertWhen_TheSellerIsTheEscrow() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(escrow)));
        _depositTo(buyer.addr, address(escrow), 100);
    }

    function test_RevertWhen_TheSellerIsTheBuyer() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer.addr));
        _depositTo(buyer.addr, buyer.addr, 100);
    }

    function test_RevertWhen_TheAssetIsZero() public {
        asset = address(0);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(0)));
        _depositTo(buyer.addr, seller.addr, 100);
    }

    function test_RevertWhen_TheAssetIsTheEscrow() public {
        asset = address(escrow);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, address(escrow)));
        _depositTo(buyer.addr, seller.addr, 100);
    }

    function test_RevertWhen_TheAssetHasNoCode() public {
        asset = stranger.addr;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAsset.selector, stranger.addr));
        _depositTo(buyer.addr, seller.addr, 100);
    }

    function test_LetsTheSellerDepositForItsBuyer() public {
        Books memory expected = books();
        vm.prank(seller.addr);
        escrow.depositTo(buyer.addr, seller.addr, asset, 100);
        expected.seller -= 100;
        expected.escrow += 100;
        expected.account += 100;
        assertBooks(expected);
    }

    function test_LetsTheBuyerDepositForItself() public {
        Books memory expected = books();
        vm.prank(buyer.addr);
        escrow.depositTo(buyer.addr, seller.addr, asset, 100);
        expected.buyer -= 100;
        expected.escrow += 100;
        expected.account += 100;
        assertBooks(expected);
    }

    /* THE CALLER'S TOKENS, AND NOBODY ELSE'S */

    function test_PullsFromTheCallerAlone() public {
        Books memory expected = books();
        _depositTo(buyer.addr, seller.addr, 100);
        expected.stranger -= 100;
        expected.escrow += 100;
        expected.account += 100;
        assertBooks(expected);
    }

    function test_RevertGiven_OnlyTheBuyerHasTokens() public {
        vm.prank(relayer);
        expectRevert("ERC20: transfer amount exceeds allowance");
        escrow.depositTo(buyer.addr, seller.addr, asset, 100);
    }

    function test_RevertWhen_TheTokenTakesAFee() public {
        FeeOnTransferToken token = new FeeOnTransferToken();
        token.mint(stranger.addr, 1000);
        approve(address(token), stranger.addr, 1000);
        asset = address(token);
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, 1000, 990));
        _depositTo(buyer.addr, seller.addr, 1000);
    }

    /* EFFECTS */

    function test_EmitsDepositedForTheBuyer() public {
        deposit(buyer, seller, 30);
        expectEvent();
        emit IVoucherEscrow.Deposited(buyer.addr, seller.addr, asset, 100, 130);
        _depositTo(buyer.addr, seller.addr, 100);
    }

    function test_NeitherAddsToAThawNorMovesItsEnd() public {
        deposit(buyer, seller, 100);
        thaw(60);
        vm.warp(NOW + 1 days - 1);
        _depositTo(buyer.addr, seller.addr, 50);
        assertAccount(150, 60, NOW + 1 days);
    }

    function test_GivesTheCallerNoPowerOverTheDeposit() public {
        _depositTo(buyer.addr, seller.addr, 100);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InsufficientBalance.selector, 0, 100));
        vm.prank(stranger.addr);
        escrow.thaw(seller.addr, asset, 100);
    }

    /* INTERNAL */

    /// @dev By the stranger.
    function _depositTo(address to, address with, uint256 amount) private {
        vm.prank(stranger.addr);
        escrow.depositTo(to, with, asset, amount);
    }
}
