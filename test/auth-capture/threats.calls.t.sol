// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IAuthCaptureEscrowCommon} from "../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {IPreApprovalPaymentCollector} from "../../contracts/interfaces/external/IPreApprovalPaymentCollector.sol";
import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {BonusToken} from "../mocks/BonusToken.sol";
import {FalseReturningToken} from "../mocks/FalseReturningToken.sol";
import {FeeOnTransferToken} from "../mocks/FeeOnTransferToken.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {ReentrantToken} from "../mocks/ReentrantToken.sol";
import {ShrinkingToken} from "../mocks/ShrinkingToken.sol";
import {WalletFactory} from "../mocks/auth-capture/WalletFactory.sol";
import {AuthCaptureTest} from "./AuthCaptureTest.sol";
import {OperatorMessages} from "./OperatorMessages.sol";

/// @notice Attacks by what is called, from where, and with which bytes and tokens.
contract CallThreatsTest is AuthCaptureTest {
    /// @dev What an ERC-6492 signature ends with.
    bytes32 private constant WRAPPED = 0x6492649264926492649264926492649264926492649264926492649264926492;

    function setUp() public override {
        super.setUp();
        useTerms(arbitratedTerms());
    }

    /* 11: THE BARE IMPLEMENTATION, AND PAYMENTS OF OTHERS */

    function test_T11_RevertWhen_TheImplementationIsUsedAsAnOperator() public {
        ITermsOperatorCommon implementation = ITermsOperatorCommon(implementationOf(factory, false));
        payment.operator = address(implementation);
        bytes memory signature = signPayment();
        expectRevert(ITermsOperatorCommon.NotClone.selector);
        implementation.authorize(payment, AMOUNT, commerce().erc3009Collector, signature);
        expectRevert(ITermsOperatorCommon.NotClone.selector);
        implementation.statusOf(payment);
        expectRevert(ITermsOperatorCommon.NotClone.selector);
        implementation.terms();
    }

    function test_T11_RevertWhen_ThePaymentIsOfAnotherOperator() public {
        authorize();
        ITermsOperatorCommon.Terms memory terms = arbitratedTerms();
        terms.salt = keccak256("twin");
        ITermsOperatorCommon twin = ITermsOperatorCommon(factory.deploy(terms, address(ESCROW)));
        bytes memory wrong = abi.encodeWithSelector(ITermsOperatorCommon.WrongOperator.selector, address(operator));
        vm.expectRevert(wrong);
        vm.prank(payer.addr);
        twin.dispute(payment, bytes32(0), DEADLINE, "");
        vm.expectRevert(wrong);
        twin.statusOf(payment);
        vm.warp(RELEASABLE_FROM);
        vm.expectRevert(wrong);
        twin.releaseDue(payment);
        operator.releaseDue(payment);
    }

    function test_T11_RevertWhen_AnUncollectedPaymentIsDisputed() public {
        expectRevert(ITermsOperatorCommon.NothingHeld.selector);
        vm.prank(payer.addr);
        operator.dispute(payment, bytes32(0), DEADLINE, "");
        authorize();
        assertFalse(isDisputed());
    }

    /* 12: CALLS FROM THE MIDST OF A CALL */

    /// @dev The payer's own token takes the hold back while it is being split.
    function test_T12_ATokenCannotTakeTheHoldBackDuringACloseOut() public {
        ReentrantToken hooked = new ReentrantToken();
        token = IERC20(address(hooked));
        hooked.mint(payer.addr, AMOUNT);
        hold(holdTerms());
        bytes memory voidSignature = signStruct(authorizer, OperatorMessages.voidHash(paymentHash()));
        hooked.arm(address(operator), abi.encodeCall(operator.void, (payment, voidSignature)));
        Books memory expected = booksAfterVoid(booksAfterCapture(books(), PART));
        operator.captureAndVoid(payment, PART, signStruct(authorizer, captureHash("CaptureAndVoid", PART)));
        assertGt(hooked.calls(), 1);
        assertFalse(hooked.succeeded());
        assertBooks(expected);
    }

    /// @dev The escrow is closed too, also to what another operator's authorizer signed.
    function test_T12_ATokenCannotReachTheEscrowDuringACloseOut() public {
        ReentrantToken hooked = new ReentrantToken();
        token = IERC20(address(hooked));
        hooked.mint(payer.addr, 2 * uint256(AMOUNT));
        hold(holdTerms());
        bytes memory voidSignature = signStruct(authorizer, OperatorMessages.voidHash(paymentHash()));
        bytes memory other = abi.encodeCall(operator.void, (payment, voidSignature));
        ITermsOperatorCommon otherOperator = operator;
        ITermsOperatorCommon.Terms memory terms = holdTerms();
        terms.salt = keccak256("twin");
        hold(terms);
        hooked.arm(address(otherOperator), other);
        operator.captureAndVoid(payment, PART, signStruct(authorizer, captureHash("CaptureAndVoid", PART)));
        assertGt(hooked.calls(), 1);
        assertFalse(hooked.succeeded());
        assertEq(hooked.balanceOf(ESCROW.getTokenStore(address(otherOperator))), AMOUNT);
        send(address(otherOperator), other);
        assertEq(hooked.balanceOf(ESCROW.getTokenStore(address(otherOperator))), 0);
    }

    /// @dev The escrow runs what comes with a wrapped signature when it has marked the payment already.
    function test_T12_AWrappedSignatureCannotDisputeDuringTheCollection() public {
        bytes memory disputeSignature = signStruct(
            payer,
            OperatorMessages.disputeHash(paymentHash(), bytes32(0), DEADLINE)
        );
        bytes memory disputing = abi.encodeCall(operator.dispute, (payment, bytes32(0), DEADLINE, disputeSignature));
        bytes memory wrapped = abi.encodePacked(abi.encode(address(operator), disputing, signPayment()), WRAPPED);
        vm.expectCall(address(operator), disputing);
        operator.authorize(payment, AMOUNT, commerce().erc3009Collector, wrapped);
        assertEq(books().capturable, AMOUNT);
        assertFalse(isDisputed());
        send(address(operator), disputing);
        assertTrue(isDisputed());
    }

    /* 20: WALLETS THAT DO NOT EXIST YET, AND ODD TOKENS. Which factories a facilitator allows is its own matter. */

    function test_T20_AWrappedSignatureReachesTheCollectorUntouched() public {
        WalletFactory factory_ = new WalletFactory();
        address wallet = factory_.predict(payer.addr);
        fundUsdc(wallet, AMOUNT);
        payment.payer = wallet;
        (address key, bytes32 nonce) = (payer.addr, _agnosticHash());
        payer.addr = wallet;
        bytes memory inner = signTransfer(payer, commerce().erc3009Collector, AMOUNT, payment.preApprovalExpiry, nonce);
        bytes memory deploying = abi.encodeCall(factory_.deploy, (key));
        bytes memory wrapped = abi.encodePacked(abi.encode(address(factory_), deploying, inner), WRAPPED);
        operator.authorize(payment, AMOUNT, commerce().erc3009Collector, wrapped);
        assertGt(wallet.code.length, 0);
        assertEq(books().capturable, AMOUNT);
    }

    function test_T20_RevertWhen_TheTokenTakesAFee() public {
        _preApproved(new FeeOnTransferToken());
        expectRevert(IAuthCaptureEscrowCommon.TokenCollectionFailed.selector);
        operator.authorize(payment, AMOUNT, commerce().preApprovalCollector, "");
    }

    function test_T20_RevertWhen_TheTokenReturnsFalse() public {
        FalseReturningToken lying = new FalseReturningToken();
        _preApproved(lying);
        lying.setFails(true);
        expectRevert(SafeERC20.SafeERC20FailedOperation.selector, address(lying));
        operator.authorize(payment, AMOUNT, commerce().preApprovalCollector, "");
        lying.setFails(false);
        operator.authorize(payment, AMOUNT, commerce().preApprovalCollector, "");

        vm.warp(RELEASABLE_FROM);
        lying.setFails(true);
        Books memory start = books();
        expectRevert(SafeERC20.SafeERC20FailedOperation.selector, address(lying));
        operator.releaseDue(payment);
        assertBooks(start);
        lying.setFails(false);
        operator.releaseDue(payment);
        assertBooks(booksAfterCapture(start, AMOUNT));
    }

    function test_T20_RevertWhen_TheTokenRebasesDuringTheCollection() public {
        _preApproved(new BonusToken());
        expectRevert(IAuthCaptureEscrowCommon.TokenCollectionFailed.selector);
        operator.authorize(payment, AMOUNT, commerce().preApprovalCollector, "");
    }

    /// @dev An operator's holds in one token lie together, as amounts: what a rebase takes is missing when the last one ends, until somebody
    /// gives it back.
    function test_T20_TheLastHoldMissesWhatARebaseTook() public {
        ShrinkingToken rebasing = new ShrinkingToken();
        _holdIn(rebasing);
        IAuthCaptureEscrowCommon.PaymentInfo memory first = payment;
        payment.salt = OTHER_SALT;
        _holdIn(rebasing);
        address store = ESCROW.getTokenStore(address(operator));
        rebasing.shrink(store, 1);
        vm.warp(RELEASABLE_FROM);
        operator.releaseDue(first);
        Books memory start = books();
        assertEq(start.tokenStore, AMOUNT - 1);

        uint256 share = AMOUNT - feeOf(AMOUNT);
        vm.expectRevert(_insufficient(store, share - 1, share));
        operator.releaseDue(payment);
        vm.warp(EXPIRY);
        vm.expectRevert(_insufficient(store, AMOUNT - 1, AMOUNT));
        operator.voidExpired(payment);
        vm.expectRevert(_insufficient(store, AMOUNT - 1, AMOUNT));
        vm.prank(payer.addr);
        ESCROW.reclaim(payment);
        assertBooks(start);
        rebasing.mint(store, 1);
        operator.voidExpired(payment);
        assertEq(books().payer, start.payer + AMOUNT);
    }

    /// @dev What is held is an amount, not a share: the gain is nobody's.
    function test_T20_WhatARebaseGivesStaysInTheTokenStore() public {
        MintableToken rebasing = new ShrinkingToken();
        _holdIn(rebasing);
        Books memory expected = booksAfterCapture(books(), AMOUNT);
        rebasing.mint(ESCROW.getTokenStore(address(operator)), 7);
        expected.tokenStore += 7;
        vm.warp(RELEASABLE_FROM);
        operator.releaseDue(payment);
        assertBooks(expected);
    }

    /* 21: BYTES AROUND THE PAYMENT */

    function test_T21_ActsWhenARelayerAppendsBytes() public {
        send(address(operator), bytes.concat(_authorizing(), hex"c0ffee"));
        assertEq(books().capturable, AMOUNT);
        vm.warp(RELEASABLE_FROM);
        send(address(operator), bytes.concat(abi.encodeCall(operator.releaseDue, (payment)), new bytes(33)));
        assertEq(books().refundable, AMOUNT);
    }

    /// @dev Each member but the salt, which has no bits to spare, in calls that do not look at the members themselves.
    function test_T21_RevertWhen_AMemberHasBitsOutsideOfItsType() public {
        _refusesDirtyMembers(_authorizing());
        authorize();
        Books memory start = books();
        vm.warp(RELEASABLE_FROM);
        _refusesDirtyMembers(abi.encodeCall(operator.capture, (payment, PART, signCapture(PART))));
        _refusesDirtyMembers(abi.encodeCall(operator.releaseDue, (payment)));
        bytes memory signature = signStruct(authorizer, OperatorMessages.voidHash(paymentHash()));
        _refusesDirtyMembers(abi.encodeCall(operator.void, (payment, signature)));
        vm.warp(EXPIRY);
        _refusesDirtyMembers(abi.encodeCall(operator.voidExpired, (payment)));
        assertBooks(start);
    }

    /* 22: EVENTS ABOUT WORTHLESS TOKENS */

    /// @dev The token says yes to any signature: whoever watches must look at token and hash.
    function test_T22_AnybodyOpensPaymentsOfAWorthlessToken() public {
        ReentrantToken worthless = new ReentrantToken();
        worthless.mint(payer.addr, AMOUNT);
        authorize();
        Books memory start = books();
        payment.token = address(worthless);
        expectOperatorEvent();
        emit ITermsOperatorCommon.PaymentOpened(paymentHash(), payer.addr, receiver.addr);
        vm.prank(stranger.addr);
        operator.authorize(payment, AMOUNT, commerce().erc3009Collector, "");
        vm.warp(RELEASABLE_FROM);
        operator.releaseDue(payment);
        payment.token = address(USDC);
        assertBooks(start);
    }

    /* INTERNAL */

    function _agnosticHash() private view returns (bytes32) {
        IAuthCaptureEscrowCommon.PaymentInfo memory agnostic = payment;
        agnostic.payer = address(0);
        return ESCROW.getHash(agnostic);
    }

    function _authorizing() private view returns (bytes memory) {
        return abi.encodeCall(operator.authorize, (payment, AMOUNT, commerce().erc3009Collector, signPayment()));
    }

    /// @dev From here on the payment is in this token, and the payer has allowed it.
    function _preApproved(MintableToken other) private {
        token = IERC20(address(other));
        payment.token = address(other);
        other.mint(payer.addr, AMOUNT);
        vm.startPrank(payer.addr);
        other.approve(commerce().preApprovalCollector, AMOUNT);
        IPreApprovalPaymentCollector(commerce().preApprovalCollector).preApprove(payment);
        vm.stopPrank();
    }

    function _holdIn(MintableToken other) private {
        _preApproved(other);
        operator.authorize(payment, AMOUNT, commerce().preApprovalCollector, "");
    }

    function _insufficient(address store, uint256 balance, uint256 needed) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, store, balance, needed);
    }

    function _refusesDirtyMembers(bytes memory data) private {
        for (uint256 i = 0; i < 11; ++i) {
            data[4 + i * 32] = 0x80;
            (bool ok, ) = address(operator).call(data);
            assertFalse(ok, vm.toString(i));
            data[4 + i * 32] = 0;
        }
    }
}
