// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Actor} from "../helpers/Test.sol";
import {VoucherTest} from "./VoucherTest.sol";

contract CollectManyTest is VoucherTest {
    function setUp() public override {
        super.setUp();
        deposit(buyer, seller, 100);
        deposit(buyer2, seller, 50);
    }

    /* LENGTH */

    function test_RevertWhen_ThereAreNoVouchers() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.NoVouchersProvided.selector));
        escrow.collectMany(new IVoucherEscrow.SignedVoucher[](0));
    }

    function test_CollectsOneVoucher() public {
        IVoucherEscrow.SignedVoucher[] memory vouchers = new IVoucherEscrow.SignedVoucher[](1);
        vouchers[0] = _signed(buyer, voucherOf(60));
        Books memory expected = books();
        _collectMany(vouchers);
        expected.account -= 60;
        expected.escrow -= 60;
        expected.seller += 60;
        assertBooks(expected);
    }

    /* SEVERAL VOUCHERS */

    function test_CollectsFromTwoBuyersForTwoSellers() public {
        deposit(buyer, seller2, 30);
        IVoucherEscrow.Voucher memory ofBuyer2 = voucherOf(20);
        ofBuyer2.buyer = buyer2.addr;
        IVoucherEscrow.Voucher memory ofSeller2 = voucherOf(10);
        ofSeller2.seller = seller2.addr;
        IVoucherEscrow.SignedVoucher[] memory vouchers = new IVoucherEscrow.SignedVoucher[](3);
        vouchers[0] = _signed(buyer, voucherOf(60));
        vouchers[1] = _signed(buyer2, ofBuyer2);
        vouchers[2] = _signed(buyer, ofSeller2);
        Books memory expected = books();
        _collectMany(vouchers);
        expected.account -= 60;
        expected.accountOfBuyer2 -= 20;
        expected.accountWithSeller2 -= 10;
        expected.escrow -= 90;
        expected.seller += 80;
        expected.seller2 += 10;
        assertBooks(expected);
    }

    function test_CollectsVouchersOfOneLaneInTheOrderGiven() public {
        Books memory expected = books();
        expectEvent();
        emit IVoucherEscrow.VoucherCollected(DEFAULT_LANE, buyer.addr, seller.addr, asset, 30, 30);
        expectEvent();
        emit IVoucherEscrow.VoucherCollected(DEFAULT_LANE, buyer.addr, seller.addr, asset, 20, 50);
        _collectMany(_two(voucherOf(30), voucherOf(50)));
        expected.account -= 50;
        expected.escrow -= 50;
        expected.seller += 50;
        assertBooks(expected);
    }

    function test_CollectsFromTheSameBalanceOnTwoLanes() public {
        _collectMany(_two(voucherOf(70), laneVoucherOf(LANE, 70)));
        assertEq(collectedOf(DEFAULT_LANE), 70);
        assertEq(collectedOf(LANE), 30);
        assertAccount(0, 0, 0);
    }

    /* VOUCHERS WITHOUT EFFECT */

    function test_GoesOnAfterAVoucherThatWasCollected() public {
        collect(voucherOf(30));
        expectEvent();
        emit IVoucherEscrow.VoucherAlreadyCollected(DEFAULT_LANE, buyer.addr, seller.addr, asset, 30);
        expectEvent();
        emit IVoucherEscrow.VoucherCollected(LANE, buyer.addr, seller.addr, asset, 20, 20);
        _collectMany(_two(voucherOf(30), laneVoucherOf(LANE, 20)));
    }

    function test_GoesOnAfterAnEmptyAccount() public {
        IVoucherEscrow.Voucher memory empty = voucherOf(30);
        empty.seller = seller2.addr;
        expectEvent();
        emit IVoucherEscrow.VoucherNoCollectableBalance(DEFAULT_LANE, buyer.addr, seller2.addr, asset, 30, 0);
        expectEvent();
        emit IVoucherEscrow.VoucherCollected(DEFAULT_LANE, buyer.addr, seller.addr, asset, 20, 20);
        _collectMany(_two(empty, voucherOf(20)));
    }

    /* ALL OR NOTHING */

    function test_RevertWhen_OneSignatureIsBad() public {
        IVoucherEscrow.SignedVoucher[] memory vouchers = _two(voucherOf(30), laneVoucherOf(LANE, 20));
        vouchers[1].signature = vouchers[0].signature;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidSignature.selector, LANE, buyer.addr));
        _collectMany(vouchers);
    }

    function test_RevertWhen_OneVoucherExpired() public {
        IVoucherEscrow.Voucher memory expired = laneVoucherOf(LANE, 20);
        expired.expiry = NOW - 1;
        IVoucherEscrow.SignedVoucher[] memory vouchers = _two(voucherOf(30), expired);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.VoucherExpired.selector, LANE, NOW, NOW - 1));
        _collectMany(vouchers);
    }

    function test_RevertWhen_OneVoucherIsForAnotherEscrow() public {
        IVoucherEscrow.Voucher memory foreign = voucherOf(20);
        foreign.escrow = stranger.addr;
        IVoucherEscrow.SignedVoucher[] memory vouchers = _two(voucherOf(30), foreign);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidEscrow.selector, stranger.addr, address(escrow)));
        _collectMany(vouchers);
    }

    function test_RevertWhen_OneVoucherIsForAnotherChain() public {
        IVoucherEscrow.Voucher memory foreign = voucherOf(20);
        foreign.chainId = 1;
        IVoucherEscrow.SignedVoucher[] memory vouchers = _two(voucherOf(30), foreign);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidChainId.selector, 1, BASE_CHAIN_ID));
        _collectMany(vouchers);
    }

    function test_RevertGiven_OneSellerCannotBePaid() public {
        deposit(buyer, seller2, 30);
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(seller2.addr);
        IVoucherEscrow.Voucher memory refused = voucherOf(20);
        refused.seller = seller2.addr;
        IVoucherEscrow.SignedVoucher[] memory vouchers = _two(voucherOf(30), refused);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.TransferFailed.selector, asset, seller2.addr, 20));
        _collectMany(vouchers);
    }

    function test_LeavesTheFirstVoucherUncollectedWhenTheSecondReverts() public {
        IVoucherEscrow.SignedVoucher[] memory vouchers = _two(voucherOf(30), laneVoucherOf(LANE, 20));
        vouchers[1].signature = "";
        Books memory expected = books();
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidSignature.selector, LANE, buyer.addr));
        _collectMany(vouchers);
        assertBooks(expected);
        assertEq(collectedOf(DEFAULT_LANE), 0);
    }

    /* INTERNAL */

    function _signed(
        Actor memory by,
        IVoucherEscrow.Voucher memory voucher
    ) private view returns (IVoucherEscrow.SignedVoucher memory) {
        return IVoucherEscrow.SignedVoucher({voucher: voucher, signature: sign(by, voucher)});
    }

    function _two(
        IVoucherEscrow.Voucher memory first,
        IVoucherEscrow.Voucher memory second
    ) private view returns (IVoucherEscrow.SignedVoucher[] memory vouchers) {
        vouchers = new IVoucherEscrow.SignedVoucher[](2);
        vouchers[0] = _signed(buyer, first);
        vouchers[1] = _signed(buyer, second);
    }

    function _collectMany(IVoucherEscrow.SignedVoucher[] memory vouchers) private {
        vm.prank(relayer);
        escrow.collectMany(vouchers);
    }
}
