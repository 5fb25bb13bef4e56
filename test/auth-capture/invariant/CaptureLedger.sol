// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITermsOperatorCommon} from "../../../contracts/interfaces/ITermsOperatorCommon.sol";
import {CaptureRules} from "./CaptureRules.sol";

/// @title Sends calls, and compares what they do with what they must do
abstract contract CaptureLedger is CaptureRules {
    /// @dev Every signed call there ever was.
    Sent[] internal kept;
    /// @dev What was signed, and acted.
    mapping(bytes32 digest => bool acted) private _acted;

    /// @notice How often a call of this kind went through.
    mapping(Verb verb => uint256 times) public successes;
    /// @notice How often a payment was collected, by flow: 0 authorize, 1 charge.
    uint256[2] public collections;
    /// @notice How often a call ended with this error.
    mapping(bytes4 reason => uint256 times) public refusals;

    /* CALLS */

    /// @dev Sends the call with whatever a relayer appends to it. Whether it went through.
    function _send(Sent memory sent, bytes memory suffix) internal returns (bool) {
        Effect memory effect = _effectOf(sent);
        Payment memory payment = payments[sent.payment];
        Operator storage operator = operators[payment.operator];
        address to = sent.verb == Verb.Reclaim ? place.escrow[operator.generation] : address(operator.clone);
        (bool ok, ) = _call(sent.sender, to, bytes.concat(_encode(sent), suffix));
        if (ok && !effect.goes) _violate(_wronglyDone(sent.verb, payment), string.concat(_name(sent), "goes through"));
        if (!ok && effect.goes) _violate(_wronglyRefused(sent.verb), string.concat(_name(sent), "is refused"));
        if (violated != 0) return ok;
        if (ok) _book(sent, effect);
        else _noteRefusal(effect.why, sent.payment);
        _compare(sent.payment);
        if (ok) _compareMove(sent, payment);
        if (ok) _compareSignature(sent.first);
        return ok;
    }

    function _call(address from, address to, bytes memory data) internal returns (bool ok, bytes memory answer) {
        vm.prank(from);
        (ok, answer) = to.call(data);
        if (!ok && answer.length >= 4) ++refusals[bytes4(answer)];
    }

    function _encode(Sent memory sent) internal view returns (bytes memory) {
        IAuthCaptureEscrowCommon.PaymentInfo memory info = payments[sent.payment].info;
        bytes memory signature = sent.first.data;
        if (sent.verb == Verb.Capture) {
            return abi.encodeCall(ITermsOperatorCommon.capture, (info, sent.amount, signature));
        }
        if (sent.verb == Verb.CaptureAndVoid) {
            return abi.encodeCall(ITermsOperatorCommon.captureAndVoid, (info, sent.amount, signature));
        }
        if (sent.verb == Verb.Void) return abi.encodeCall(ITermsOperatorCommon.void, (info, signature));
        if (sent.verb == Verb.Refund) return _encodeRefund(sent, info);
        if (sent.verb == Verb.Release) {
            return abi.encodeCall(ITermsOperatorCommon.release, (info, sent.deadline, signature));
        }
        if (sent.verb == Verb.Dispute) {
            return abi.encodeCall(ITermsOperatorCommon.dispute, (info, sent.reason, sent.deadline, signature));
        }
        if (sent.verb == Verb.Rule) return abi.encodeCall(ITermsOperatorCommon.rule, (info, sent.amount, signature));
        if (sent.verb == Verb.Settle) return _encodeSettle(sent, info);
        if (sent.verb == Verb.ReleaseDue) return abi.encodeCall(ITermsOperatorCommon.releaseDue, (info));
        if (sent.verb == Verb.VoidExpired) return abi.encodeCall(ITermsOperatorCommon.voidExpired, (info));
        return abi.encodeCall(IAuthCaptureEscrowCommon.reclaim, (info));
    }

    function _encodeRefund(
        Sent memory sent,
        IAuthCaptureEscrowCommon.PaymentInfo memory info
    ) private view returns (bytes memory) {
        bytes memory data = fundings[sent.funding].data;
        return abi.encodeCall(ITermsOperatorCommon.refund, (info, sent.amount, sent.collector, data, sent.first.data));
    }

    function _encodeSettle(
        Sent memory sent,
        IAuthCaptureEscrowCommon.PaymentInfo memory info
    ) private pure returns (bytes memory) {
        return
            abi.encodeCall(
                ITermsOperatorCommon.settle,
                (info, sent.amount, sent.deadline, sent.first.data, sent.second.data)
            );
    }

    /* BOOKS */

    function _book(Sent memory sent, Effect memory effect) private {
        ++successes[sent.verb];
        _noteSuccess(sent.payment);
        _noteConsent(sent);
        Payment storage payment = payments[sent.payment];
        Operator storage operator = operators[payment.operator];
        mapping(address account => uint256 amount) storage held = purse[payment.info.token];
        if (effect.disputes) payment.disputedAt = _now();
        uint256 fee = _feeOf(payment.operator, effect.captured);
        payment.capturable -= effect.captured + effect.voided;
        payment.refundable = payment.refundable + effect.captured - effect.refunded;
        held[operator.store] -= effect.captured + effect.voided;
        if (fee != 0) held[operator.terms.feeReceiver] += fee;
        held[payment.info.receiver] += effect.captured - fee;
        held[payment.info.payer] += effect.voided;
        if (sent.verb != Verb.Refund) return;
        Funding storage funding = fundings[sent.funding];
        funding.isUsed = true;
        held[funding.funder] -= effect.refunded;
        held[payment.info.payer] += effect.refunded;
    }

    function _noteConsent(Sent memory sent) private {
        if (sent.first.data.length == 0) return;
        Sight byWallet = Sight.WalletAuthorizes;
        if (sent.verb == Verb.Rule) byWallet = Sight.WalletRules;
        if (sent.verb == Verb.Release || sent.verb == Verb.Dispute || sent.verb == Verb.Settle) {
            byWallet = Sight.WalletConsents;
        }
        _noteSignature(_signerOf(sent.verb, payments[sent.payment]), sent.first.signer, byWallet);
    }

    /// @dev After every call, whether it went through or not.
    function _compare(uint256 number) internal {
        Payment memory payment = payments[number];
        Operator memory operator = operators[payment.operator];
        (bool collected, uint256 capturable, uint256 refundable) = IAuthCaptureEscrowCommon(
            place.escrow[operator.generation]
        ).paymentState(payment.hash);
        _check(collected == payment.collected, 1, "collected");
        _check(capturable == payment.capturable, 2, "what is held");
        _check(refundable == payment.refundable, 2, "what can be refunded");
        address token = payment.info.token;
        _compareBalance(token, feeReceiver, 10, "the fee");
        _compareBalance(token, payment.info.payer, 1, "the payer's balance");
        _compareBalance(token, payment.info.receiver, 2, "the receiver's balance");
        _compareBalance(token, operator.store, 2, "the token store's balance");
        _compareBalance(token, address(operator.clone), 2, "the operator's balance");
        _compareBalance(token, place.refundCollector[operator.generation], 2, "the refund collector's balance");
        _compareBalance(token, sponsor, 2, "the sponsor's balance");
    }

    function _compareBalance(address token, address account, uint256 number, string memory whose) internal {
        _check(IERC20(token).balanceOf(account) == purse[token][account], number, whose);
    }

    /// @dev Read off the escrow alone: how the pair moved, and by whom.
    function _compareMove(Sent memory sent, Payment memory before) private {
        Payment memory now_ = payments[sent.payment];
        uint256 sum = before.capturable + before.refundable;
        uint256 sumNow = now_.capturable + now_.refundable;
        bool falls = sumNow < sum || (sumNow == sum && now_.capturable < before.capturable);
        bool isDispute = sent.verb == Verb.Dispute;
        _check(falls || isDispute, 9, "a pair of amounts can come again");
        bool isAuthorizers = uint256(sent.verb) <= uint256(Verb.Refund) || sent.verb == Verb.Settle;
        _check(isAuthorizers || isDispute || now_.capturable == 0, 9, "another moves what the authorizer signed over");
    }

    function _compareSignature(Signature memory signature) private {
        if (signature.data.length == 0) return;
        _check(!_acted[signature.digest], 9, "a signature acts twice");
        _acted[signature.digest] = true;
    }

    /* WHICH INVARIANT */

    /// @dev Broken when this call goes through although the rules forbid it.
    function _wronglyDone(Verb verb, Payment memory payment) private pure returns (uint256) {
        if (verb == Verb.Rule) return 7;
        if (verb == Verb.VoidExpired || verb == Verb.Reclaim) return 4;
        if (verb == Verb.Dispute || verb == Verb.Refund) return 9;
        if (verb == Verb.Void || verb == Verb.Capture || verb == Verb.CaptureAndVoid) {
            return payment.disputedAt == 0 ? 5 : 6;
        }
        return verb == Verb.ReleaseDue && payment.disputedAt == 0 ? 3 : 6;
    }

    /// @dev Broken when this call is refused although the rules allow it.
    function _wronglyRefused(Verb verb) private pure returns (uint256) {
        if (verb == Verb.ReleaseDue) return 3;
        if (verb == Verb.VoidExpired || verb == Verb.Reclaim) return 4;
        if (verb == Verb.Rule) return 7;
        return 12;
    }

    function _name(Sent memory sent) private pure returns (string memory) {
        string[11] memory names = [
            "capture ",
            "captureAndVoid ",
            "void ",
            "refund ",
            "release ",
            "dispute ",
            "rule ",
            "settle ",
            "releaseDue ",
            "voidExpired ",
            "reclaim "
        ];
        return names[uint256(sent.verb)];
    }
}
