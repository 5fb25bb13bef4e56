// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {ITermsOperatorFactory} from "../../contracts/interfaces/ITermsOperatorFactory.sol";
import {AuthCaptureTest} from "./AuthCaptureTest.sol";

contract DeployTest is AuthCaptureTest {
    ITermsOperatorCommon.Terms private terms;

    function setUp() public override {
        super.setUp();
        terms = defaultReceiverTerms();
    }

    function deploys() private returns (address deployed) {
        deployed = factory.deploy(terms, address(escrow()));
        assertEq(keccak256(abi.encode(ITermsOperatorCommon(deployed).terms())), keccak256(abi.encode(terms)));
    }

    function refuses(uint8 rule) private {
        bytes4 selector = ITermsOperatorFactory.InvalidTerms.selector;
        expectRevert(selector, rule);
        factory.deploy(terms, address(escrow()));
        expectRevert(selector, rule);
        factory.predict(terms, address(escrow()));
    }

    /* ADDRESS */

    function test_DeploysWhereItPredicts() public {
        address predicted = factory.predict(terms, address(escrow()));
        assertEq(predicted.code.length, 0);
        assertFalse(factory.isOperator(predicted));
        assertEq(deploys(), predicted);
        assertEq(predicted.code.length, 156);
        assertTrue(factory.isOperator(predicted));
    }

    function test_TheAddressFollowsFromThePackedTerms() public {
        bytes memory packed = abi.encodePacked(
            abi.encodePacked(terms.authorizer, terms.arbiter, terms.feeReceiver, terms.feeBps, terms.releaseLead),
            abi.encodePacked(terms.ruleLead, terms.disputeWindow, terms.maxHold, terms.flags, terms.salt)
        );
        bytes memory initcode = abi.encodePacked(
            hex"61009c3d81600a3d39f3363d3d373d3d3d363d73",
            implementationOf(factory, isOnV10()),
            hex"5af43d82803e903d91602b57fd5bf3",
            packed
        );
        bytes32 hash = keccak256(abi.encodePacked(hex"ff", factory, bytes32(0), keccak256(initcode)));
        assertEq(packed.length, 111);
        assertEq(deploys(), address(uint160(uint256(hash))));
    }

    function test_ARepeatedDeploymentChangesNothing() public {
        address first = deploys();
        vm.recordLogs();
        vm.prank(stranger.addr);
        assertEq(factory.deploy(terms, address(escrow())), first);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_EachEscrowHasAnOperatorOfItsOwn() public {
        address other = factory.deploy(terms, isOnV10() ? address(ESCROW) : address(ESCROW_V1_0));
        assertNotEq(deploys(), other);
        assertTrue(factory.isOperator(other));
    }

    function test_EachMemberMakesAnotherAddress() public {
        address first = deploys();
        terms.salt = bytes32(uint256(1));
        assertNotEq(deploys(), first);
        terms.salt = 0;
        terms.maxHold += 1;
        assertNotEq(deploys(), first);
        terms.maxHold -= 1;
        terms.feeBps += 1;
        assertNotEq(deploys(), first);
    }

    function test_EmitsOperatorDeployed() public {
        address predicted = factory.predict(terms, address(escrow()));
        vm.expectEmit(true, true, true, true, address(factory));
        emit ITermsOperatorFactory.OperatorDeployed(predicted, keccak256(abi.encode(terms)), address(escrow()), terms);
        deploys();
    }

    function testFuzz_TheOperatorTellsItsTerms(ITermsOperatorCommon.Terms memory any) public {
        any.flags = DISPUTE_DEFAULT_RECEIVER;
        any.feeBps = uint16(bound(any.feeBps, 1, 9_999));
        if (any.feeReceiver == address(0)) any.feeReceiver = feeReceiver;
        if (any.arbiter == address(0) || any.arbiter == any.authorizer) any.arbiter = arbiter.addr;
        any.ruleLead = uint32(bound(any.ruleLead, 3_600, 1 << 29));
        any.releaseLead = uint32(bound(any.releaseLead, any.ruleLead + 3_600, 1 << 30));
        any.disputeWindow = uint32(bound(any.disputeWindow, 3_600, 1 << 30));
        any.maxHold = uint32(bound(any.maxHold, (1 << 31) + 1, type(uint32).max));
        terms = any;
        deploys();
    }

    /* ESCROW */

    function test_RevertWhen_TheEscrowIsUnknown() public {
        bytes4 selector = ITermsOperatorFactory.UnknownEscrow.selector;
        expectRevert(selector, stranger.addr);
        factory.deploy(terms, stranger.addr);
        expectRevert(selector, stranger.addr);
        factory.predict(terms, stranger.addr);
    }

    function test_RevertWhen_TheEscrowIsUnknownAndTheTermsAreInvalid() public {
        terms.flags = 4;
        expectRevert(ITermsOperatorFactory.UnknownEscrow.selector, stranger.addr);
        factory.deploy(terms, stranger.addr);
    }

    /* TERMS OF EVERY KIND */

    function test_RevertWhen_AFlagIsUnknown() public {
        terms.flags = 4;
        terms.feeBps = 10_000;
        refuses(1);
    }

    function test_RevertWhen_TheFeeIsTheWhole() public {
        terms.feeBps = 10_000;
        terms.feeReceiver = address(0);
        refuses(2);
    }

    function test_DeploysWithTheGreatestFee() public {
        terms.feeBps = 9_999;
        deploys();
    }

    function test_RevertWhen_AFeeHasNoReceiver() public {
        terms.feeReceiver = address(0);
        terms.maxHold = 0;
        refuses(3);
    }

    function test_RevertWhen_AFeeReceiverHasNoFee() public {
        terms.feeBps = 0;
        refuses(3);
    }

    function test_DeploysWithoutAFee() public {
        terms.feeBps = 0;
        terms.feeReceiver = address(0);
        deploys();
    }

    /* CHARGE */

    function test_DeploysACharge() public {
        terms = chargeTerms();
        deploys();
    }

    function test_RevertWhen_AChargeHasAnotherFlag() public {
        terms = chargeTerms();
        terms.flags = CHARGE_FLOW | DISPUTE_DEFAULT_RECEIVER;
        refuses(4);
    }

    function test_RevertWhen_AChargeHasAnArbiter() public {
        terms = chargeTerms();
        terms.arbiter = arbiter.addr;
        refuses(4);
    }

    function test_RevertWhen_AChargeHasAReleaseLead() public {
        terms = chargeTerms();
        terms.releaseLead = 1;
        refuses(4);
    }

    function test_RevertWhen_AChargeHasARuleLead() public {
        terms = chargeTerms();
        terms.ruleLead = 1;
        refuses(4);
    }

    function test_RevertWhen_AChargeHasADisputeWindow() public {
        terms = chargeTerms();
        terms.disputeWindow = 1;
        refuses(4);
    }

    function test_RevertWhen_AChargeHasALongestHold() public {
        terms = chargeTerms();
        terms.maxHold = 1;
        refuses(4);
    }

    /* HOLD */

    function test_RevertWhen_AHoldHasNoLength() public {
        terms = holdTerms();
        terms.maxHold = 0;
        terms.disputeWindow = 1;
        refuses(5);
    }

    function test_DeploysTheShortestHold() public {
        terms = holdTerms();
        terms.maxHold = 1;
        deploys();
    }

    function test_RevertWhen_AHoldWithoutArbiterHasAReleaseLead() public {
        terms = holdTerms();
        terms.releaseLead = 1;
        refuses(6);
    }

    function test_RevertWhen_AHoldWithoutArbiterHasARuleLead() public {
        terms = holdTerms();
        terms.ruleLead = 1;
        refuses(6);
    }

    function test_RevertWhen_AHoldWithoutArbiterHasADisputeWindow() public {
        terms = holdTerms();
        terms.disputeWindow = 1;
        refuses(6);
    }

    function test_RevertWhen_AHoldWithoutArbiterHasADefaultOfDisputes() public {
        terms = holdTerms();
        terms.flags = DISPUTE_DEFAULT_RECEIVER;
        refuses(6);
    }

    /* ARBITRATED HOLD */

    function test_RevertWhen_TheArbiterIsTheAuthorizer() public {
        terms.arbiter = terms.authorizer;
        terms.ruleLead = 0;
        refuses(7);
    }

    function test_RevertWhen_TheDisputeWindowIsOneSecondTooShort() public {
        terms.disputeWindow = 3_599;
        refuses(7);
    }

    function test_DeploysTheShortestDisputeWindow() public {
        terms.disputeWindow = 3_600;
        deploys();
    }

    function test_RevertWhen_TheReleaseLeadIsOneSecondTooShort() public {
        terms.releaseLead = RULE_LEAD + 3_599;
        refuses(7);
    }

    function test_DeploysTheShortestReleaseLead() public {
        terms.releaseLead = RULE_LEAD + 3_600;
        deploys();
    }

    function test_RevertWhen_TheReleaseLeadIsBelowTheLargestRuleLead() public {
        terms.ruleLead = type(uint32).max;
        terms.releaseLead = type(uint32).max;
        refuses(7);
    }

    function test_RevertWhen_TheRuleLeadIsOneSecondTooShort() public {
        terms.ruleLead = 3_599;
        terms.maxHold = 1;
        refuses(8);
    }

    function test_DeploysTheShortestRuleLead() public {
        terms.ruleLead = 3_600;
        deploys();
    }

    function test_RevertWhen_DisputesFallToThePayerAndThereIsARuleLead() public {
        terms.flags = 0;
        terms.ruleLead = 3_600;
        refuses(8);
    }

    function test_RevertWhen_TheWindowsFillTheLongestHold() public {
        terms.maxHold = DISPUTE_WINDOW + RELEASE_LEAD;
        refuses(9);
    }

    function test_DeploysWhenOneSecondIsLeftBesideTheWindows() public {
        terms.maxHold = DISPUTE_WINDOW + RELEASE_LEAD + 1;
        deploys();
    }

    function test_RevertWhen_TheWindowsTogetherPassTheLargestNumber() public {
        terms.disputeWindow = type(uint32).max;
        terms.releaseLead = type(uint32).max;
        terms.maxHold = type(uint32).max;
        refuses(9);
    }

    /* WHAT IS AN OPERATOR */

    function test_AnAccountWithoutCodeIsNoOperator() public view {
        assertFalse(factory.isOperator(stranger.addr));
        assertFalse(factory.isOperator(address(0)));
    }

    function test_TheImplementationsAreNoOperators() public view {
        assertFalse(factory.isOperator(implementationOf(factory, false)));
        assertFalse(factory.isOperator(implementationOf(factory, true)));
    }

    function test_ACopyOfAnOperatorElsewhereIsNoOperator() public {
        address original = deploys();
        vm.etch(stranger.addr, original.code);
        assertFalse(factory.isOperator(stranger.addr));
    }

    function test_AnotherFactorysOperatorIsNoOperator() public {
        ITermsOperatorFactory other = ITermsOperatorFactory(
            deployArtifact("TermsOperatorFactory", abi.encode(refundCollector, refundCollector))
        );
        assertFalse(factory.isOperator(other.deploy(terms, address(escrow()))));
    }

    function test_CodeOfTheSameLengthIsNoOperator() public {
        vm.etch(stranger.addr, new bytes(156));
        assertFalse(factory.isOperator(stranger.addr));
    }

    function test_AnAccountIsNeverCalled() public {
        // The first opcode is invalid: a call would burn all gas.
        vm.etch(stranger.addr, bytes.concat(hex"fe", new bytes(155)));
        vm.expectCall(stranger.addr, "", 0);
        assertFalse(factory.isOperator(stranger.addr));
    }
}

contract DeployOnV10Test is DeployTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
