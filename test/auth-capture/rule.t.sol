// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {Actor} from "../helpers/Test.sol";
import {OperatorMessages} from "./OperatorMessages.sol";
import {SplittingTest} from "./SplittingTest.sol";

contract RuleTest is SplittingTest {
    function setUp() public override {
        super.setUp();
        _disputed(defaultReceiverTerms());
    }

    function _disputed(ITermsOperatorCommon.Terms memory terms) private {
        hold(terms);
        dispute();
        start = books();
    }

    function owner() internal view override returns (Actor memory) {
        return arbiter;
    }

    function structHash() internal view override returns (bytes32) {
        return OperatorMessages.ruleHash(paymentHash(), receiverAmount);
    }

    function callWith(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(ITermsOperatorCommon.rule, (payment, receiverAmount, signature));
    }

    function expectSplitEvent(uint256 toReceiver, uint256 toPayer) internal override {
        expectOperatorEvent();
        emit ITermsOperatorCommon.PaymentRuled(paymentHash(), toReceiver, toPayer);
    }

    function _refuses(bytes4 selector) private {
        bytes memory data = callWith("");
        expectRevert(selector);
        send(address(operator), data);
    }

    /* STATE */

    function test_RevertGiven_NobodyDisputed() public {
        hold(arbitratedTerms());
        _refuses(ITermsOperatorCommon.NotDisputed.selector);
    }

    function test_RevertGiven_NoArbiter() public {
        hold(holdTerms());
        _refuses(ITermsOperatorCommon.NotDisputed.selector);
    }

    function test_RevertGiven_NothingWasCollected() public {
        payment.salt = OTHER_SALT;
        _refuses(ITermsOperatorCommon.NotDisputed.selector);
    }

    function test_RevertGiven_ItWasVoidedAfterTheDispute() public {
        vm.prank(authorizer.addr);
        operator.void(payment, "");
        _refuses(ITermsOperatorCommon.NothingHeld.selector);
    }

    function test_RevertWhen_NothingIsHeldAndItIsTooLate() public {
        vm.prank(authorizer.addr);
        operator.void(payment, "");
        vm.warp(EXPIRY);
        _refuses(ITermsOperatorCommon.NothingHeld.selector);
    }

    /* TIME */

    function test_RulesOneSecondBeforeTheRulingDeadline() public {
        vm.warp(RULING_DEADLINE - 1);
        splits();
    }

    function test_RevertWhen_TheRulingDeadlineHasCome() public {
        vm.warp(RULING_DEADLINE);
        bytes memory data = goodCall();
        expectRevert(ITermsOperatorCommon.RuleWindowClosed.selector, RULING_DEADLINE, RULING_DEADLINE);
        send(address(operator), data);
    }

    function test_RulesUntilTheExpiryGivenDisputesFallToThePayer() public {
        _disputed(arbitratedTerms());
        vm.warp(EXPIRY - 1);
        splits();
    }

    function test_RevertWhen_TheExpiryHasComeGivenDisputesFallToThePayer() public {
        _disputed(arbitratedTerms());
        vm.warp(EXPIRY);
        bytes memory data = goodCall();
        expectRevert(ITermsOperatorCommon.RuleWindowClosed.selector, EXPIRY, EXPIRY);
        send(address(operator), data);
    }

    function test_RevertWhen_TooLateAndAllBehindIsWrong() public {
        vm.warp(RULING_DEADLINE);
        receiverAmount = uint256(AMOUNT) + 1;
        bytes memory data = callWith("");
        expectRevert(ITermsOperatorCommon.RuleWindowClosed.selector, RULING_DEADLINE, RULING_DEADLINE);
        send(address(operator), data);
    }

    /* WHO */

    function test_RevertWhen_TheAuthorizerRules() public {
        refuses(signStruct(authorizer, structHash()));
    }

    function test_RevertWhen_ThePayerRules() public {
        expectInvalidSignature(arbiter.addr);
        vm.prank(payer.addr);
        operator.rule(payment, 0, "");
    }

    /* TOKENS THAT REFUSE */

    function test_RevertGiven_TheTokenRefusesThePayer() public {
        bytes memory data = goodCall();
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(payer.addr);
        vm.expectRevert();
        send(address(operator), data);
    }

    function test_GivesAllToTheReceiverGivenTheTokenRefusesThePayer() public {
        receiverAmount = AMOUNT;
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(payer.addr);
        splits();
    }
}

contract RuleOnV10Test is RuleTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
