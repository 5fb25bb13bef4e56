// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {OnV10, OnV11} from "./Generations.sol";

/// @notice `authorize` and `charge`: every check, in its order, and where tokens and state end.
abstract contract CollectTest is EscrowTest {
    uint16 private constant WHOLE = 10_000;

    function test_AuthorizeHolds() external {
        hold();
        assertState(AMOUNT, 0);
        assertBalances(0, 0, AMOUNT);
    }

    function test_AuthorizeReturnsTheExcess() external {
        uint256 before = USDC.balanceOf(payer.addr);
        succeeds(operator, authorizeCall(AMOUNT - 1, where.erc3009Collector));
        assertState(AMOUNT - 1, 0);
        assertBalances(0, 0, AMOUNT - 1);
        assertEq(USDC.balanceOf(payer.addr), before - (AMOUNT - 1), "payer");
    }

    function test_ChargePaysOut() external {
        succeeds(operator, chargeCall(AMOUNT, where.erc3009Collector, MIN_FEE_BPS, feeReceiver));
        assertState(0, AMOUNT);
        assertBalances(AMOUNT - AMOUNT / 100, AMOUNT / 100, 0);
    }

    /// @dev Everything is wrong at first, and what is complained about is put right, one after another.
    function test_AuthorizeChecksInOrder() external {
        _checkPayment(true);
        reverts(
            operator,
            authorizeCall(AMOUNT, where.operatorRefundCollector),
            abi.encodePacked(IAuthCaptureEscrowCommon.InvalidCollectorForOperation.selector)
        );
        succeeds(operator, authorizeCall(AMOUNT, where.erc3009Collector));
    }

    function test_ChargeChecksInOrder() external {
        _checkPayment(false);
        address collector = where.operatorRefundCollector;
        reverts(operator, chargeCall(AMOUNT, collector, WHOLE, address(0)), feeOutOfRange(AMOUNT, WHOLE));
        reverts(
            operator,
            chargeCall(AMOUNT, collector, MAX_FEE_BPS, address(0)),
            abi.encodePacked(IAuthCaptureEscrowCommon.ZeroFeeReceiver.selector)
        );
        reverts(
            operator,
            chargeCall(AMOUNT, collector, MAX_FEE_BPS, stranger),
            abi.encodeWithSelector(IAuthCaptureEscrowCommon.InvalidFeeReceiver.selector, stranger, feeReceiver)
        );
        reverts(
            operator,
            chargeCall(AMOUNT, collector, MAX_FEE_BPS, feeReceiver),
            abi.encodePacked(IAuthCaptureEscrowCommon.InvalidCollectorForOperation.selector)
        );
        succeeds(operator, chargeCall(AMOUNT, where.erc3009Collector, MAX_FEE_BPS, feeReceiver));
    }

    function test_RevertGiven_Collected() external {
        hold();
        bytes memory collected = abi.encodeWithSelector(
            IAuthCaptureEscrowCommon.PaymentAlreadyCollected.selector,
            paymentHash()
        );
        // The fee is looked at before, the collector after.
        reverts(operator, authorizeCall(AMOUNT, where.operatorRefundCollector), collected);
        bytes memory data = chargeCall(AMOUNT, where.erc3009Collector, WHOLE, feeReceiver);
        reverts(operator, data, feeOutOfRange(AMOUNT, WHOLE));
        data = chargeCall(AMOUNT, where.operatorRefundCollector, MIN_FEE_BPS, feeReceiver);
        reverts(operator, data, collected);
    }

    function test_RevertGiven_VoidedBefore() external {
        hold();
        succeeds(operator, voidCall());
        reverts(
            operator,
            authorizeCall(AMOUNT, where.erc3009Collector),
            abi.encodeWithSelector(IAuthCaptureEscrowCommon.PaymentAlreadyCollected.selector, paymentHash())
        );
    }

    function test_UntilTheLastSecond() external {
        vm.warp(COLLECT_UNTIL - 1);
        hold();
    }

    function test_RevertWhen_Expired() external {
        for (uint48 time = COLLECT_UNTIL; time < COLLECT_UNTIL + 2; ++time) {
            vm.warp(time);
            reverts(
                operator,
                authorizeCall(AMOUNT, where.erc3009Collector),
                abi.encodeWithSelector(
                    IAuthCaptureEscrowCommon.AfterPreApprovalExpiry.selector,
                    time,
                    payment.preApprovalExpiry
                )
            );
        }
    }

    function test_AllExpiriesMayBeEqual() external {
        (payment.authorizationExpiry, payment.refundExpiry) = (COLLECT_UNTIL, COLLECT_UNTIL);
        hold();
    }

    function test_RevertWhen_RefundExpiryIsFirst() external {
        payment.refundExpiry = CAPTURE_UNTIL - 1;
        reverts(operator, authorizeCall(AMOUNT, where.erc3009Collector), _invalidExpiries());
    }

    function test_TheWholeMayBeTheFee() external {
        (payment.minFeeBps, payment.maxFeeBps) = (WHOLE, WHOLE);
        succeeds(operator, chargeCall(AMOUNT, where.erc3009Collector, WHOLE, feeReceiver));
        assertBalances(0, AMOUNT, 0);
    }

    /// @dev Also when the fee is nothing.
    function test_RevertWhen_FeeReceiverIsNotThePaymentsAndThereIsNoFee() external {
        payment.minFeeBps = 0;
        reverts(
            operator,
            chargeCall(AMOUNT, where.erc3009Collector, 0, address(0)),
            abi.encodeWithSelector(IAuthCaptureEscrowCommon.InvalidFeeReceiver.selector, address(0), feeReceiver)
        );
    }

    function test_AnyFeeReceiverWhereThePaymentNamesNone() external {
        payment.feeReceiver = address(0);
        succeeds(operator, chargeCall(AMOUNT, where.erc3009Collector, MIN_FEE_BPS, stranger));
        assertEq(USDC.balanceOf(stranger), AMOUNT / 100);
    }

    function test_NoFeeReceiverWhereThereIsNoFee() external {
        (payment.feeReceiver, payment.minFeeBps) = (address(0), 0);
        succeeds(operator, chargeCall(AMOUNT, where.erc3009Collector, 0, address(0)));
        assertBalances(AMOUNT, 0, 0);
    }

    function _checkPayment(bool byAuthorize) private {
        (uint256 overflow, bytes memory tooMuchAnswer) = tooMuch();
        payment.preApprovalExpiry = NOW;
        payment.authorizationExpiry = NOW - 1;
        (payment.minFeeBps, payment.maxFeeBps) = (WHOLE + 2, WHOLE + 1);

        reverts(stranger, _collectCall(byAuthorize, 0), invalidSender(stranger, operator));
        reverts(operator, _collectCall(byAuthorize, 0), abi.encodePacked(IAuthCaptureEscrowCommon.ZeroAmount.selector));
        reverts(operator, _collectCall(byAuthorize, overflow), tooMuchAnswer);
        reverts(
            operator,
            _collectCall(byAuthorize, AMOUNT + 1),
            abi.encodeWithSelector(IAuthCaptureEscrowCommon.ExceedsMaxAmount.selector, AMOUNT + 1, AMOUNT)
        );
        reverts(
            operator,
            _collectCall(byAuthorize, AMOUNT),
            abi.encodeWithSelector(IAuthCaptureEscrowCommon.AfterPreApprovalExpiry.selector, NOW, NOW)
        );
        payment.preApprovalExpiry = COLLECT_UNTIL;
        reverts(operator, _collectCall(byAuthorize, AMOUNT), _invalidExpiries());
        payment.authorizationExpiry = CAPTURE_UNTIL;
        reverts(
            operator,
            _collectCall(byAuthorize, AMOUNT),
            abi.encodeWithSelector(IAuthCaptureEscrowCommon.FeeBpsOverflow.selector, WHOLE + 1)
        );
        payment.maxFeeBps = MAX_FEE_BPS;
        reverts(
            operator,
            _collectCall(byAuthorize, AMOUNT),
            abi.encodeWithSelector(IAuthCaptureEscrowCommon.InvalidFeeBpsRange.selector, WHOLE + 2, MAX_FEE_BPS)
        );
        payment.minFeeBps = MIN_FEE_BPS;
    }

    /// @dev With a collector and, by `charge`, a fee that come last.
    function _collectCall(bool byAuthorize, uint256 amount) private view returns (bytes memory) {
        address collector = where.operatorRefundCollector;
        return byAuthorize ? authorizeCall(amount, collector) : chargeCall(amount, collector, 0, address(0));
    }

    function _invalidExpiries() private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IAuthCaptureEscrowCommon.InvalidExpiries.selector,
                payment.preApprovalExpiry,
                payment.authorizationExpiry,
                payment.refundExpiry
            );
    }
}

contract CollectOnV11Test is CollectTest, OnV11 {}

contract CollectOnV10Test is CollectTest, OnV10 {}
