// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {CollectionTest} from "./CollectionTest.sol";

contract AuthorizeTest is CollectionTest {
    uint48 private constant SHORTEST = NOW + DISPUTE_WINDOW + RELEASE_LEAD;
    uint48 private constant LONGEST = NOW + MAX_HOLD;

    function goodTerms() internal view override returns (ITermsOperatorCommon.Terms memory) {
        return arbitratedTerms();
    }

    function otherTerms() internal view override returns (ITermsOperatorCommon.Terms memory) {
        return chargeTerms();
    }

    function collection(
        uint256 amount,
        address collector,
        bytes memory data
    ) internal view override returns (bytes memory) {
        return abi.encodeCall(ITermsOperatorCommon.authorize, (payment, amount, collector, data));
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.payer -= AMOUNT;
        expected.tokenStore += AMOUNT;
        expected.collected = true;
        expected.capturable = AMOUNT;
        assertBooks(expected);
    }

    /* PARTIES */

    function test_RevertWhen_TheReceiverIsTheArbiter() public {
        payment.receiver = arbiter.addr;
        refuses(_errorInvalidParty(arbiter.addr));
    }

    function test_RevertWhen_ThePayerIsTheArbiter() public {
        payment.payer = arbiter.addr;
        refuses(_errorInvalidParty(arbiter.addr));
    }

    /* FEE */

    function test_AuthorizesGivenTheFeeIsWithinTheBounds() public {
        payment.minFeeBps = 0;
        payment.maxFeeBps = 10_000;
        collects();
        assertDone();
    }

    /* LENGTH */

    function test_RevertWhen_TheHoldIsOneSecondTooShort() public {
        payment.authorizationExpiry = SHORTEST - 1;
        refuses(abi.encodeWithSelector(ITermsOperatorCommon.HoldTooShort.selector, SHORTEST - 1, SHORTEST));
    }

    function test_AuthorizesTheShortestHold() public {
        payment.authorizationExpiry = SHORTEST;
        collects();
        assertDone();
    }

    function test_AuthorizesAHoldOneSecondLongerThanTheShortest() public {
        payment.authorizationExpiry = SHORTEST + 1;
        collects();
        assertDone();
    }

    function test_AuthorizesAHoldOneSecondShorterThanTheLongest() public {
        _reach(LONGEST - 1);
        collects();
        assertDone();
    }

    function test_AuthorizesTheLongestHold() public {
        _reach(LONGEST);
        collects();
        assertDone();
    }

    function test_RevertWhen_TheHoldIsOneSecondTooLong() public {
        _reach(LONGEST + 1);
        refuses(abi.encodeWithSelector(ITermsOperatorCommon.HoldTooLong.selector, LONGEST + 1, LONGEST));
    }

    function test_RevertWhen_TheHoldNeverEnds() public {
        _reach(type(uint48).max);
        refuses(abi.encodeWithSelector(ITermsOperatorCommon.HoldTooLong.selector, type(uint48).max, LONGEST));
    }

    function test_RevertWhen_TheFeeAndTheLengthAreWrong() public {
        payment.feeReceiver = stranger.addr;
        payment.authorizationExpiry = NOW;
        refuses(_errorFeeTermsMismatch());
    }

    function test_AuthorizesAPlainHoldUntilItsExpiry() public {
        useTerms(holdTerms());
        start = books();
        payment.preApprovalExpiry = EXPIRY;
        vm.warp(EXPIRY - 1);
        collects();
        assertDone();
    }

    /* EFFECTS */

    function test_EmitsPaymentAuthorized() public {
        bytes memory data = goodCall();
        vm.expectEmit(true, true, true, true, address(escrow()));
        emit IAuthCaptureEscrowCommon.PaymentAuthorized(paymentHash(), payment, AMOUNT, generation().erc3009Collector);
        send(address(operator), data);
    }

    function testFuzz_HoldsWhatIsSigned(uint256 amount, uint256 feeBps) public {
        ITermsOperatorCommon.Terms memory terms = goodTerms();
        terms.feeBps = uint16(bound(feeBps, 1, 9_999));
        useTerms(terms);
        start = books();
        payment.maxAmount = uint120(bound(amount, 1, FUNDS));
        collects();
        Books memory expected = start;
        expected.payer -= payment.maxAmount;
        expected.tokenStore += payment.maxAmount;
        expected.collected = true;
        expected.capturable = payment.maxAmount;
        assertBooks(expected);
    }

    /* INTERNAL */

    function _reach(uint48 expiry) private {
        payment.authorizationExpiry = expiry;
        payment.refundExpiry = expiry;
    }
}

contract AuthorizeOnV10Test is AuthorizeTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
