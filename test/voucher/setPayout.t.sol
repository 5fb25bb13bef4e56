// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Actor} from "../helpers/Test.sol";
import {SignedMessageTest} from "./SignedMessageTest.sol";
import {SingleMessageTest} from "./SingleMessageTest.sol";
import {VoucherMessages} from "./VoucherMessages.sol";
import {VoucherTest} from "./VoucherTest.sol";

contract SetPayoutTest is VoucherTest {
    /* CHOICE AND NONCE */

    function test_StartsWithTransfers() public view {
        _assertPayout(seller, false, 0);
    }

    function test_ChoosesTheFreeBalance() public {
        _setPayout(true);
        _assertPayout(seller, true, 1);
    }

    function test_ChoosesTransfersAgain() public {
        _setPayout(true);
        _setPayout(false);
        _assertPayout(seller, false, 2);
    }

    function test_BumpsTheNonceAlsoWhenNothingChanges() public {
        _setPayout(false);
        _assertPayout(seller, false, 1);
    }

    /* EFFECTS */

    function test_EmitsPayoutSet() public {
        _setPayout(false);
        expectEvent();
        emit IVoucherEscrow.PayoutSet(seller.addr, true, 2);
        _setPayout(true);
    }

    function test_LeavesOtherSellersAlone() public {
        _setPayout(true);
        _assertPayout(seller2, false, 0);
    }

    function test_KeepsEarningsFromThenOn() public {
        deposit(buyer, seller, 100);
        collect(voucherOf(30));
        _setPayout(true);
        Books memory expected = books();
        collect(voucherOf(70));
        expected.account -= 40;
        expected.freeOfSeller += 40;
        assertBooks(expected);
    }

    function test_TransfersEarningsFromThenOn() public {
        _setPayout(true);
        deposit(buyer, seller, 100);
        collect(voucherOf(30));
        _setPayout(false);
        Books memory expected = books();
        collect(voucherOf(70));
        expected.account -= 40;
        expected.escrow -= 40;
        expected.seller += 40;
        assertBooks(expected);
    }

    function test_MovesNoTokens() public {
        deposit(buyer, seller, 100);
        Books memory expected = books();
        _setPayout(true);
        assertBooks(expected);
    }

    /* INTERNAL */

    function _setPayout(bool toFreeBalance) private {
        vm.prank(seller.addr);
        escrow.setPayout(toFreeBalance);
    }

    function _assertPayout(Actor memory of_, bool toFreeBalance, uint96 nonce) private view {
        (bool actualChoice, uint96 actualNonce) = escrow.getPayout(of_.addr);
        assertEq(actualChoice, toFreeBalance);
        assertEq(actualNonce, nonce);
    }
}

contract SetPayoutWithAuthorizationTest is SignedMessageTest, SingleMessageTest {
    using VoucherMessages for *;

    IVoucherEscrow.PayoutAuthorization private authorization;

    function setUp() public override {
        super.setUp();
        authorization = payoutAuthorizationOf(true, 0);
        start = books();
    }

    /* MESSAGE */

    function owner() internal view override returns (Actor memory) {
        return seller;
    }

    function structHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function messageType() internal pure override returns (string memory) {
        return VoucherMessages.PAYOUT_AUTHORIZATION;
    }

    function encoded() internal view override returns (bytes memory) {
        return abi.encode(authorization);
    }

    function decode(bytes memory message) internal override {
        authorization = abi.decode(message, (IVoucherEscrow.PayoutAuthorization));
    }

    function callOf(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(IVoucherEscrow.setPayoutWithAuthorization, (authorization, signature));
    }

    function replayError() internal pure override returns (bytes memory) {
        return abi.encodeWithSelector(IVoucherEscrow.InvalidNonce.selector, 0, 1);
    }

    function assertDone() internal view override {
        (bool toFreeBalance, uint96 nonce) = escrow.getPayout(seller.addr);
        assertTrue(toFreeBalance);
        assertEq(nonce, 1);
        assertBooks(start);
    }

    /* NONCE */

    function test_RevertGiven_TheSellerSetItsPayoutItself() public {
        vm.prank(seller.addr);
        escrow.setPayout(false);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidNonce.selector, 0, 1));
    }

    function test_RevertWhen_TheNonceIsOneBelowTheCurrentOne() public {
        _setTwice();
        authorization.nonce = 1;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidNonce.selector, 1, 2));
    }

    function test_SetsWhenTheNonceIsTheCurrentOne() public {
        _setTwice();
        authorization.nonce = 2;
        submit();
        (bool toFreeBalance, uint96 nonce) = escrow.getPayout(seller.addr);
        assertTrue(toFreeBalance);
        assertEq(nonce, 3);
    }

    function test_RevertWhen_TheNonceIsOneAboveTheCurrentOne() public {
        _setTwice();
        authorization.nonce = 3;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidNonce.selector, 3, 2));
    }

    /* EFFECTS */

    function test_EmitsPayoutSet() public {
        expectEvent();
        emit IVoucherEscrow.PayoutSet(seller.addr, true, 1);
        submit();
    }

    /* INTERNAL */

    function _setTwice() private {
        vm.startPrank(seller.addr);
        escrow.setPayout(false);
        escrow.setPayout(false);
        vm.stopPrank();
    }
}
