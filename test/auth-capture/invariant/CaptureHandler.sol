// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITermsOperatorCommon} from "../../../contracts/interfaces/ITermsOperatorCommon.sol";
import {CaptureActions} from "./CaptureActions.sol";

/// @title All that can happen to the operators, and what must be true afterwards
abstract contract CaptureHandler is CaptureActions {
    /// @notice The actions of the campaign.
    function actions() external pure returns (bytes4[] memory list) {
        list = new bytes4[](25);
        uint256 i;
        list[i++] = this.open.selector;
        list[i++] = this.offer.selector;
        list[i++] = this.collect.selector;
        list[i++] = this.signForLater.selector;
        list[i++] = this.relay.selector;
        list[i++] = this.tamper.selector;
        list[i++] = this.act.selector;
        list[i++] = this.callAlone.selector;
        list[i++] = this.push.selector;
        list[i++] = this.closeOut.selector;
        list[i++] = this.disputeAndEnd.selector;
        list[i++] = this.meetEdge.selector;
        list[i++] = this.refund.selector;
        list[i++] = this.passTime.selector;
        list[i++] = this.turnToken.selector;
        list[i++] = this.takeFee.selector;
        list[i++] = this.reenter.selector;
        list[i++] = this.stray.selector;
        list[i++] = this.donate.selector;
        list[i++] = this.refundAlone.selector;
        list[i++] = this.endCalmly.selector;
        list[i++] = this.takeBack.selector;
        list[i++] = this.blockAndAct.selector;
        list[i++] = this.turnBlacklist.selector;
        list[i++] = this.turnMind.selector;
        assert(i == list.length);
    }

    /// @notice An operator of the campaign.
    function operatorAt(uint256 number) external view returns (address) {
        return address(operators[number].clone);
    }

    /* SWEEPS */

    /// @notice Everyone holds what the books say, and operators and collectors nothing but donations.
    function sweepA2() external acts("a sweep") {
        _sweepPurses();
    }

    /// @notice What an operator says of its latest payments is what the escrow keeps under the same hash.
    function sweepA8() external acts("a sweep") {
        for (uint256 i; i < 8 && i < payments.length; ++i) _sweepPayment(payments.length - 1 - i);
    }

    /// @notice Every operator's terms are what it was deployed with, and its address follows from them.
    function sweepA11() external acts("a sweep") {
        for (uint256 i; i < operators.length; ++i) {
            Operator memory operator = operators[i];
            ITermsOperatorCommon.Terms memory terms = operator.clone.terms();
            _check(keccak256(abi.encode(terms)) == keccak256(abi.encode(operator.terms)), 11, "terms changed");
            address predicted = place.factory.predict(operator.terms, place.escrow[operator.generation]);
            _check(predicted == address(operator.clone), 11, "an address does not follow from its terms");
            _check(place.factory.isOperator(predicted), 11, "an operator is not known");
        }
    }

    /// @notice When all has expired anybody ends every hold, and then nothing is held.
    function drain() external acts("the end") {
        _calm();
        _calmMinds();
        for (uint256 i; i < payments.length && violated == 0; ++i) {
            if (payments[i].capturable == 0) continue;
            uint256 expiry = payments[i].info.authorizationExpiry;
            // Not longer than the longest hold from now on.
            _check(expiry <= _now() + 1 days, 4, "a hold is longer than its terms");
            if (expiry > _now()) vm.warp(expiry);
            Sent memory sent;
            (sent.verb, sent.payment, sent.sender) = (Verb.VoidExpired, i, mallory);
            _check(_send(sent, ""), 12, "a hold does not end");
        }
        _sweepPurses();
    }

    function _sweepPurses() private {
        for (uint256 i; i < accounts.length; ++i) {
            _compareBalance(place.usdc, accounts[i], 2, "a balance of USDC");
            _compareBalance(address(moody), accounts[i], 2, "a balance");
        }
    }

    function _sweepPayment(uint256 number) private {
        Payment memory payment = payments[number];
        Operator memory operator = operators[payment.operator];
        ITermsOperatorCommon.Status memory status = operator.clone.statusOf(payment.info);
        address escrow = place.escrow[operator.generation];
        _check(IAuthCaptureEscrowCommon(escrow).getHash(payment.info) == payment.hash, 8, "the escrow's hash");
        _check(status.collected == payment.collected, 8, "collected");
        _check(status.capturable == payment.capturable, 8, "what is held");
        _check(status.refundable == payment.refundable, 8, "what can be refunded");
        _check(status.disputedAt == payment.disputedAt, 8, "the dispute");
        uint256 expiry = payment.info.authorizationExpiry;
        _check(status.releasableFrom == expiry - operator.terms.releaseLead, 8, "the end of the payer's time");
        _check(status.rulingDeadline == expiry - operator.terms.ruleLead, 8, "the ruling deadline");
    }
}
