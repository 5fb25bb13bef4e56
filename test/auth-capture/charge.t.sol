// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrow} from "../../contracts/interfaces/external/IAuthCaptureEscrow.sol";
import {IAuthCaptureEscrowV1_0} from "../../contracts/interfaces/external/IAuthCaptureEscrowV1_0.sol";
import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {CollectionTest} from "./CollectionTest.sol";

contract ChargeTest is CollectionTest {
    function goodTerms() internal view override returns (ITermsOperatorCommon.Terms memory) {
        return chargeTerms();
    }

    function otherTerms() internal view override returns (ITermsOperatorCommon.Terms memory) {
        return holdTerms();
    }

    function collection(
        uint256 amount,
        address collector,
        bytes memory data
    ) internal view override returns (bytes memory) {
        return chargeData(amount, collector, data, goodFee(), feeReceiver);
    }

    function assertDone() internal view override {
        uint256 fee = feeOf(AMOUNT);
        Books memory expected = start;
        expected.payer -= AMOUNT;
        expected.receiver += AMOUNT - fee;
        expected.feeReceiver += fee;
        expected.collected = true;
        expected.refundable = AMOUNT;
        assertBooks(expected);
    }

    /// @dev The terms' fee for {payment}, as the generation takes it.
    function goodFee() internal view returns (uint256) {
        return isOnV10() ? FEE_BPS : (uint256(payment.maxAmount) * FEE_BPS) / 10_000;
    }

    /* THE CALL'S OWN FEE */

    function test_RevertWhen_TheFeeIsOneBelowTheTerms() public {
        _refusesFee(goodFee() - 1, feeReceiver);
    }

    function test_RevertWhen_TheFeeIsOneAboveTheTerms() public {
        _refusesFee(goodFee() + 1, feeReceiver);
    }

    function test_RevertWhen_TheFeeIsZero() public {
        _refusesFee(0, feeReceiver);
    }

    function test_RevertWhen_TheCallNamesAnotherFeeReceiver() public {
        _refusesFee(goodFee(), stranger.addr);
    }

    function test_RevertWhen_TheCallNamesNoFeeReceiver() public {
        _refusesFee(goodFee(), address(0));
    }

    function test_ChargesGivenTheFeeIsWithinTheBounds() public {
        payment.minFeeBps = 0;
        payment.maxFeeBps = 10_000;
        collects();
        payment.minFeeBps = FEE_BPS;
        uint256 fee = feeOf(AMOUNT);
        assertEq(token.balanceOf(receiver.addr), start.receiver + AMOUNT - fee);
        assertEq(token.balanceOf(feeReceiver), fee);
    }

    function test_ChargesWithoutAFee() public {
        ITermsOperatorCommon.Terms memory terms = chargeTerms();
        terms.feeBps = 0;
        terms.feeReceiver = address(0);
        useTerms(terms);
        start = books();
        send(address(operator), chargeData(signPayment()));
        assertDone();
    }

    function test_RoundsTheFeeDownForTheReceiver() public {
        payment.maxAmount = 39;
        // 39 * 2.5 % is 0.975.
        send(address(operator), chargeData(signPayment()));
        assertEq(token.balanceOf(receiver.addr), start.receiver + 39);
        assertEq(token.balanceOf(feeReceiver), 0);
    }

    /* EFFECTS */

    function test_EmitsPaymentCharged() public {
        bytes memory data = goodCall();
        address collector = generation().erc3009Collector;
        vm.expectEmit(true, true, true, true, address(escrow()));
        if (isOnV10()) {
            emit IAuthCaptureEscrowV1_0.PaymentCharged(paymentHash(), payment, AMOUNT, collector, FEE_BPS, feeReceiver);
        } else {
            emit IAuthCaptureEscrow.PaymentCharged(
                paymentHash(),
                payment,
                AMOUNT,
                collector,
                feeOf(AMOUNT),
                feeReceiver
            );
        }
        send(address(operator), data);
    }

    /* INTERNAL */

    function _refusesFee(uint256 fee, address to) private {
        bytes memory data = chargeData(AMOUNT, generation().erc3009Collector, signPayment(), fee, to);
        vm.expectRevert(_errorFeeTermsMismatch());
        send(address(operator), data);
    }
}

contract ChargeOnV10Test is ChargeTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
