// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Actor} from "../helpers/Test.sol";
import {SignedMessageTest} from "./SignedMessageTest.sol";
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

contract SetPayoutWithAuthorizationTest is SignedMessageTest {
    using VoucherMessages for *;

    IVoucherEscrow.PayoutAuthorization private authorization;
    Books private start;

    function setUp() public override {
        super.setUp();
        authorization = payoutAuthorizationOf(true, 0);
        start = books();
    }

    /* SIGNATURE: every case of SignedMessage.tree */

    function owner() internal view override returns (Actor memory) {
        return seller;
    }

    function structHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function submit(bytes memory signature) internal override {
        vm.prank(relayer);
        escrow.setPayoutWithAuthorization(authorization, signature);
    }

    function assertDone() internal view override {
        (bool toFreeBalance, uint96 nonce) = escrow.getPayout(seller.addr);
        assertTrue(toFreeBalance);
        assertEq(nonce, 1);
        assertBooks(start);
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_RevertWhen_TheSellerIsNotTheOneSigned() public {
        bytes memory signature = sign(seller, authorization);
        authorization.seller = seller2.addr;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheChoiceIsNotTheOneSigned() public {
        bytes memory signature = sign(seller, authorization);
        authorization.toFreeBalance = false;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheNonceIsNotTheOneSigned() public {
        bytes memory signature = sign(seller, authorization);
        authorization.nonce = 1;
        expectRefusal();
        submit(signature);
    }

    function test_RevertWhen_TheExpiryIsNotTheOneSigned() public {
        bytes memory signature = sign(seller, authorization);
        authorization.expiry = EXPIRY + 1;
        expectRefusal();
        submit(signature);
    }

    /* EXPIRY */

    function test_SetsOneSecondBeforeTheExpiry() public {
        vm.warp(EXPIRY - 1);
        _submit();
        assertDone();
    }

    function test_SetsAtTheExpiry() public {
        vm.warp(EXPIRY);
        _submit();
        assertDone();
    }

    function test_RevertWhen_OneSecondPastTheExpiry() public {
        vm.warp(EXPIRY + 1);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.AuthorizationExpired.selector, EXPIRY, EXPIRY + 1));
        _submit();
    }

    /* NONCE */

    function test_RevertGiven_TheAuthorizationWasUsed() public {
        _submit();
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidNonce.selector, 0, 1));
        _submit();
    }

    function test_RevertGiven_TheSellerSetItsPayoutItself() public {
        vm.prank(seller.addr);
        escrow.setPayout(false);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidNonce.selector, 0, 1));
        _submit();
    }

    function test_RevertWhen_TheNonceIsOneBelowTheCurrentOne() public {
        _setTwice();
        authorization.nonce = 1;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidNonce.selector, 1, 2));
        _submit();
    }

    function test_SetsWhenTheNonceIsTheCurrentOne() public {
        _setTwice();
        authorization.nonce = 2;
        _submit();
        (bool toFreeBalance, uint96 nonce) = escrow.getPayout(seller.addr);
        assertTrue(toFreeBalance);
        assertEq(nonce, 3);
    }

    function test_RevertWhen_TheNonceIsOneAboveTheCurrentOne() public {
        _setTwice();
        authorization.nonce = 3;
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidNonce.selector, 3, 2));
        _submit();
    }

    function test_RevertWhen_TheSellerIsZero() public {
        authorization.seller = address(0);
        expectRefusal();
        submit(new bytes(65));
    }

    /* EFFECTS */

    function test_EmitsPayoutSet() public {
        expectEvent();
        emit IVoucherEscrow.PayoutSet(seller.addr, true, 1);
        _submit();
    }

    /* INTERNAL */

    function _setTwice() private {
        vm.startPrank(seller.addr);
        escrow.setPayout(false);
        escrow.setPayout(false);
        vm.stopPrank();
    }

    /// @dev Signs what the authorization says now, and sends it.
    function _submit() private {
        bytes memory signature = sign(seller, authorization);
        vm.prank(relayer);
        escrow.setPayoutWithAuthorization(authorization, signature);
    }
}
