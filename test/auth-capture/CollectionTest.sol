// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {IAuthCaptureEscrowCommon} from "../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {IPreApprovalPaymentCollector} from "../../contracts/interfaces/external/IPreApprovalPaymentCollector.sol";
import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {OperatorEntryTest} from "./OperatorEntryTest.sol";
import {OperatorMessages} from "./OperatorMessages.sol";

/// @notice What holds for a collection in either flow (`Collection.tree`): {payment} is good, and nobody has collected it.
abstract contract CollectionTest is OperatorEntryTest {
    Books internal start;

    function setUp() public virtual override {
        super.setUp();
        useTerms(goodTerms());
        start = books();
    }

    /// @dev Terms of the flow.
    function goodTerms() internal view virtual returns (ITermsOperatorCommon.Terms memory);

    /// @dev Terms of the other flow.
    function otherTerms() internal view virtual returns (ITermsOperatorCommon.Terms memory);

    /// @dev Calldata that collects `amount` of {payment}.
    function collection(
        uint256 amount,
        address collector,
        bytes memory data
    ) internal view virtual returns (bytes memory);

    function goodCall() internal view override returns (bytes memory) {
        return collection(payment.maxAmount, generation().erc3009Collector, signPayment());
    }

    function collects() internal {
        send(address(operator), goodCall());
    }

    function refuses(bytes memory errorData) internal {
        bytes memory data = goodCall();
        vm.expectRevert(errorData);
        send(address(operator), data);
    }

    /* FLOW */

    function test_RevertWhen_TheTermsAreForTheOtherFlow() public {
        useTerms(otherTerms());
        refuses(abi.encodeWithSelector(ITermsOperatorCommon.WrongFlow.selector));
    }

    /* AMOUNT */

    function test_RevertWhen_TheAmountIsOneBelowTheSignedOne() public {
        _refusesAmount(AMOUNT - 1);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheSignedOne() public {
        _refusesAmount(uint256(AMOUNT) + 1);
    }

    function test_RevertWhen_TheAmountIsTheLargestWord() public {
        _refusesAmount(type(uint256).max);
    }

    function test_RevertWhen_TheSignedAmountIsZero() public {
        payment.maxAmount = 0;
        refuses(abi.encodeWithSelector(IAuthCaptureEscrowCommon.ZeroAmount.selector));
    }

    /* COLLECTOR */

    function test_RevertWhen_TheCollectorIsTheRefundCollector() public {
        _refusesCollector(refundCollector);
    }

    function test_RevertWhen_TheCollectorIsTheOperatorRefundCollector() public {
        _refusesCollector(generation().operatorRefundCollector);
    }

    function test_RevertWhen_TheCollectorIsAStranger() public {
        _refusesCollector(stranger.addr);
    }

    function test_RevertWhen_TheCollectorIsTheOtherGenerations() public {
        _refusesCollector((isOnV10() ? commerce() : commerceV1_0()).erc3009Collector);
    }

    function test_CollectsByPermit2() public {
        IAuthCaptureEscrowCommon.PaymentInfo memory agnostic = payment;
        agnostic.payer = address(0);
        address collector = generation().permit2Collector;
        bytes32 nonce = escrow().getHash(agnostic);
        bytes memory signature = sign(
            payer,
            permit2Digest(
                OperatorMessages.permitHash(payment.token, AMOUNT, collector, nonce, payment.preApprovalExpiry)
            )
        );
        send(address(operator), collection(AMOUNT, collector, signature));
        assertDone();
    }

    function test_CollectsByPreApproval() public {
        address collector = generation().preApprovalCollector;
        vm.startPrank(payer.addr);
        USDC.approve(collector, AMOUNT);
        IPreApprovalPaymentCollector(collector).preApprove(payment);
        vm.stopPrank();
        send(address(operator), collection(AMOUNT, collector, ""));
        assertDone();
    }

    /// @dev The local Base has no such collector; the operator lets the call through, and the escrow finds no code.
    function test_ForwardsASpendPermissionToTheEscrow() public {
        address collector = generation().spendPermissionCollector;
        bytes memory data = collection(AMOUNT, collector, "");
        vm.expectCall(address(escrow()), data);
        vm.prank(relayer);
        (bool ok, bytes memory answer) = address(operator).call(data);
        assertFalse(ok);
        assertEq(answer, "");
    }

    /* PARTIES */

    function test_RevertWhen_TheReceiverIsZero() public {
        payment.receiver = address(0);
        refuses(_errorInvalidParty(address(0)));
    }

    function test_RevertWhen_ThePayerIsZero() public {
        payment.payer = address(0);
        refuses(_errorInvalidParty(address(0)));
    }

    function test_RevertWhen_TheReceiverIsTheOperator() public {
        payment.receiver = address(operator);
        refuses(_errorInvalidParty(address(operator)));
    }

    function test_RevertWhen_ThePayerIsTheOperator() public {
        payment.payer = address(operator);
        refuses(_errorInvalidParty(address(operator)));
    }

    /* FEE */

    function test_RevertWhen_TheFeeReceiverIsAnother() public {
        payment.feeReceiver = stranger.addr;
        refuses(_errorFeeTermsMismatch());
    }

    function test_RevertWhen_TheFeeReceiverIsZero() public {
        payment.feeReceiver = address(0);
        refuses(_errorFeeTermsMismatch());
    }

    function test_RevertWhen_TheLeastFeeIsAboveTheTerms() public {
        payment.minFeeBps = FEE_BPS + 1;
        payment.maxFeeBps = FEE_BPS + 1;
        refuses(_errorFeeTermsMismatch());
    }

    function test_RevertWhen_TheGreatestFeeIsBelowTheTerms() public {
        payment.minFeeBps = FEE_BPS - 1;
        payment.maxFeeBps = FEE_BPS - 1;
        refuses(_errorFeeTermsMismatch());
    }

    /* ORDER: what is wrong first is said */

    function test_RevertWhen_AllIsWrongByTheFirstCheck() public {
        useTerms(otherTerms());
        payment.receiver = address(0);
        payment.feeReceiver = stranger.addr;
        bytes memory data = collection(AMOUNT - 1, stranger.addr, "");
        expectRevert(ITermsOperatorCommon.WrongFlow.selector);
        send(address(operator), data);
    }

    function test_RevertWhen_TheAmountAndAllBehindAreWrong() public {
        payment.receiver = address(0);
        payment.feeReceiver = stranger.addr;
        bytes memory data = collection(AMOUNT - 1, stranger.addr, "");
        expectRevert(ITermsOperatorCommon.AmountNotMax.selector, AMOUNT - 1, AMOUNT);
        send(address(operator), data);
    }

    function test_RevertWhen_TheCollectorAndAllBehindAreWrong() public {
        payment.receiver = address(0);
        payment.feeReceiver = stranger.addr;
        bytes memory data = collection(AMOUNT, stranger.addr, "");
        expectRevert(ITermsOperatorCommon.CollectorNotAllowed.selector, stranger.addr);
        send(address(operator), data);
    }

    function test_RevertWhen_APartyAndTheFeeAreWrong() public {
        payment.payer = address(operator);
        payment.feeReceiver = stranger.addr;
        refuses(_errorInvalidParty(address(operator)));
    }

    /* WHAT THE ESCROW SAYS */

    function test_RevertWhen_CollectedTwice() public {
        collects();
        refuses(abi.encodeWithSelector(IAuthCaptureEscrowCommon.PaymentAlreadyCollected.selector, paymentHash()));
    }

    function test_RevertWhen_ThePayersSignatureHasExpired() public {
        vm.warp(payment.preApprovalExpiry);
        refuses(
            abi.encodeWithSelector(
                IAuthCaptureEscrowCommon.AfterPreApprovalExpiry.selector,
                payment.preApprovalExpiry,
                payment.preApprovalExpiry
            )
        );
    }

    function test_RevertWhen_TheSignatureIsNotThePayers() public {
        bytes memory data = collection(AMOUNT, generation().erc3009Collector, signStruct(stranger, bytes32(0)));
        vm.expectRevert(bytes("FiatTokenV2: invalid signature"));
        send(address(operator), data);
    }

    function test_RevertWhen_AMemberOfThePaymentHasBitsOutsideOfItsType() public {
        bytes memory data = goodCall();
        // The token, which the operator itself does not look at.
        data[4 + 3 * 32] = 0x01;
        vm.expectRevert();
        send(address(operator), data);
    }

    function test_RevertGiven_NoEscrowOnThisChain() public {
        bytes memory data = goodCall();
        vm.etch(address(escrow()), "");
        expectRevert(Address.AddressEmptyCode.selector, address(escrow()));
        send(address(operator), data);
    }

    /* EFFECTS */

    function test_EmitsPaymentOpened() public {
        bytes memory data = goodCall();
        expectOperatorEvent();
        emit ITermsOperatorCommon.PaymentOpened(paymentHash(), payer.addr, receiver.addr);
        send(address(operator), data);
    }

    function test_ForwardsTheCallAsItCame() public {
        bytes memory data = bytes.concat(goodCall(), "appended by a relayer");
        vm.expectCall(address(escrow()), data, 1);
        send(address(operator), data);
    }

    /* INTERNAL */

    function _refusesAmount(uint256 amount) private {
        bytes memory data = collection(amount, generation().erc3009Collector, signPayment());
        expectRevert(ITermsOperatorCommon.AmountNotMax.selector, amount, AMOUNT);
        send(address(operator), data);
    }

    function _refusesCollector(address collector) private {
        bytes memory data = collection(AMOUNT, collector, signPayment());
        expectRevert(ITermsOperatorCommon.CollectorNotAllowed.selector, collector);
        send(address(operator), data);
    }

    function _errorInvalidParty(address party) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ITermsOperatorCommon.InvalidParty.selector, party);
    }

    function _errorFeeTermsMismatch() internal view returns (bytes memory) {
        return abi.encodeWithSelector(ITermsOperatorCommon.FeeTermsMismatch.selector, feeReceiver, uint256(FEE_BPS));
    }
}
