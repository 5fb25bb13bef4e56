// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {IMulticall3} from "../base/commerce/IMulticall3.sol";
import {AuthCaptureTest} from "./AuthCaptureTest.sol";

/// @notice 23: what parties come to that nobody should choose. Nothing on chain refuses them; who publishes or accepts terms does.
contract PartyThreatsTest is AuthCaptureTest {
    /// @dev The receiver consents where the terms name nobody, and Multicall3 says whatever anybody lets it say.
    function test_T23_AnyoneIsTheAuthorizerGivenTheReceiverForwardsCalls() public {
        ITermsOperatorCommon.Terms memory terms = holdTerms();
        terms.authorizer = address(0);
        useTerms(terms);
        payment.receiver = MULTICALL3;
        authorize();
        IMulticall3.Call[] memory calls = new IMulticall3.Call[](1);
        calls[0] = IMulticall3.Call(address(operator), abi.encodeCall(operator.void, (payment, "")));
        vm.prank(stranger.addr);
        assertTrue(IMulticall3(MULTICALL3).tryAggregate(true, calls)[0].success);
        assertEq(USDC.balanceOf(payer.addr), FUNDS);
    }

    function test_T23_ThePayerTakesAllBackGivenItIsTheAuthorizer() public {
        ITermsOperatorCommon.Terms memory terms = holdTerms();
        terms.authorizer = payer.addr;
        hold(terms);
        vm.prank(payer.addr);
        operator.void(payment, "");
        assertEq(USDC.balanceOf(payer.addr), FUNDS);
    }

    function test_T23_TheArbiterEarnsByItsRulingGivenItIsTheFeeReceiver() public {
        ITermsOperatorCommon.Terms memory terms = arbitratedTerms();
        terms.feeReceiver = arbiter.addr;
        hold(terms);
        dispute();
        vm.prank(arbiter.addr);
        operator.rule(payment, AMOUNT, "");
        assertEq(USDC.balanceOf(arbiter.addr), feeOf(AMOUNT));
    }

    /// @dev What the token store receives is no payment's: it stays there.
    function test_T23_TheReceiverLosesItsTokensGivenItIsTheTokenStore() public {
        useTerms(holdTerms());
        address store = escrow().getTokenStore(address(operator));
        payment.receiver = store;
        authorize();
        capture(AMOUNT);
        assertEq(USDC.balanceOf(store), AMOUNT - feeOf(AMOUNT));
        assertEq(books().capturable, 0);
    }

    /// @dev No block came while the payer's time ran, so the hold is due without the payer having had a say.
    function test_T23_AnOutageSwallowsAShortDisputeWindow() public {
        ITermsOperatorCommon.Terms memory terms = arbitratedTerms();
        terms.disputeWindow = 1 hours;
        useTerms(terms);
        payment.authorizationExpiry = NOW + 1 hours + RELEASE_LEAD;
        authorize();
        vm.warp(NOW + 1 hours);
        expectRevert(ITermsOperatorCommon.DisputeWindowClosed.selector, NOW + 1 hours, NOW + 1 hours);
        vm.prank(payer.addr);
        operator.dispute(payment, bytes32(0), DEADLINE, "");
        operator.releaseDue(payment);
        assertEq(books().refundable, AMOUNT);
    }

    /// @dev A server that serves such a payment has a second to capture it.
    function test_T23_APlainHoldMayBeCollectedJustBeforeItsExpiry() public {
        useTerms(holdTerms());
        payment.preApprovalExpiry = EXPIRY;
        vm.warp(EXPIRY - 1);
        authorize();
        bytes memory signature = signCapture(PART);
        vm.warp(EXPIRY);
        expectTooLate(EXPIRY);
        operator.capture(payment, PART, signature);
        vm.prank(payer.addr);
        escrow().reclaim(payment);
        assertEq(USDC.balanceOf(payer.addr), FUNDS);
    }
}

contract PartyThreatsOnV10Test is PartyThreatsTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
