// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITermsOperatorCommon} from "../../../contracts/interfaces/ITermsOperatorCommon.sol";
import {OperatorMessages} from "../OperatorMessages.sol";
import {CaptureMinds} from "./CaptureMinds.sol";

/// @title What each call must do, by the rules alone
abstract contract CaptureRules is CaptureMinds {
    enum Verb {
        Capture,
        CaptureAndVoid,
        Void,
        Refund,
        Release,
        Dispute,
        Rule,
        Settle,
        ReleaseDue,
        VoidExpired,
        Reclaim
    }

    /// @dev A signature and the truth about it; nobody signed an empty one.
    struct Signature {
        bytes data;
        // The key, and for whom it signed.
        address signer;
        address account;
        bytes32 digest;
    }

    /// @dev What somebody pays a refund with.
    struct Funding {
        bytes data;
        uint256 payment;
        uint256 amount;
        uint48 deadline;
        address funder;
        // The key that signed it.
        address signer;
        bool isUsed;
    }

    /// @dev A call about a payment.
    struct Sent {
        Verb verb;
        uint256 payment;
        address sender;
        uint256 amount;
        bytes32 reason;
        uint48 deadline;
        Signature first;
        // The authorizer's, of a settlement.
        Signature second;
        // Of a refund.
        uint256 funding;
        address collector;
    }

    /// @dev What a call does to the amounts of its payment.
    struct Effect {
        bool goes;
        uint256 captured;
        uint256 voided;
        uint256 refunded;
        bool disputes;
        // Why it does not go, where nothing else is in the way.
        Sight why;
    }

    Funding[] internal fundings;

    /* WHO */

    function _authorizerOf(Payment memory payment) internal view returns (address) {
        address named = operators[payment.operator].terms.authorizer;
        return named == address(0) ? payment.info.receiver : named;
    }

    /// @dev Whose signature the verb wants first.
    function _signerOf(Verb verb, Payment memory payment) internal view returns (address) {
        if (verb == Verb.Rule) return operators[payment.operator].terms.arbiter;
        if (verb == Verb.Release || verb == Verb.Dispute || verb == Verb.Settle) return payment.info.payer;
        return _authorizerOf(payment);
    }

    function _isSigned(Sent memory sent, Signature memory signature, address expected) private view returns (bool) {
        if (signature.data.length != 0) {
            return _counts(expected, signature.signer) && signature.digest == _digestOf(sent);
        }
        bool takesSenders = sent.verb != Verb.Capture && sent.verb != Verb.CaptureAndVoid && sent.verb != Verb.Refund;
        return takesSenders && sent.sender == expected;
    }

    /* WHAT IS SIGNED */

    /// @dev What has to be signed for this call, now.
    function _digestOf(Sent memory sent) internal view returns (bytes32) {
        Payment memory payment = payments[sent.payment];
        return _digestOn(sent, payment, address(operators[payment.operator].clone), CHAIN);
    }

    /// @dev The same for a payment in another state, another operator or another chain.
    function _digestOn(
        Sent memory sent,
        Payment memory payment,
        address operator,
        uint256 chain
    ) internal view returns (bytes32) {
        return OperatorMessages.digest(chain, operator, _structHash(sent, payment));
    }

    function _structHash(Sent memory sent, Payment memory payment) private view returns (bytes32) {
        bytes32 id = payment.hash;
        (uint256 c, uint256 r) = (payment.capturable, payment.refundable);
        if (sent.verb == Verb.Capture) return _captureHash("Capture", sent.amount, payment);
        if (sent.verb == Verb.CaptureAndVoid) return _captureHash("CaptureAndVoid", sent.amount, payment);
        if (sent.verb == Verb.Void) return OperatorMessages.voidHash(id);
        if (sent.verb == Verb.Refund) return OperatorMessages.refundHash(id, sent.amount, sent.collector, c, r);
        if (sent.verb == Verb.Release) {
            return OperatorMessages.releaseHash(id, c, payment.disputedAt != 0, sent.deadline);
        }
        if (sent.verb == Verb.Dispute) return OperatorMessages.disputeHash(id, sent.reason, sent.deadline);
        if (sent.verb == Verb.Rule) return OperatorMessages.ruleHash(id, sent.amount);
        return OperatorMessages.settleHash(id, sent.amount, c, r, payment.disputedAt != 0, sent.deadline);
    }

    function _captureHash(string memory name, uint256 amount, Payment memory payment) private view returns (bytes32) {
        Operator storage operator = operators[payment.operator];
        bool isOnV10 = operator.generation == 1;
        OperatorMessages.Capture memory message = OperatorMessages.Capture({
            paymentInfoHash: payment.hash,
            amount: amount,
            fee: isOnV10 ? operator.terms.feeBps : _feeOf(payment.operator, amount),
            feeReceiver: operator.terms.feeReceiver,
            capturable: payment.capturable,
            refundable: payment.refundable
        });
        return OperatorMessages.captureHash(name, isOnV10, message);
    }

    function _feeOf(uint256 operator, uint256 amount) internal view returns (uint256) {
        // Of an absurd amount, which no call gets through with.
        if (amount > type(uint120).max) return 0;
        return (amount * operators[operator].terms.feeBps) / BPS;
    }

    /* WHAT HAPPENS */

    function _effectOf(Sent memory sent) internal view returns (Effect memory effect) {
        Payment memory payment = payments[sent.payment];
        ITermsOperatorCommon.Terms memory terms = operators[payment.operator].terms;
        uint256 held = payment.capturable;
        if (sent.verb == Verb.Capture || sent.verb == Verb.CaptureAndVoid) {
            effect.goes = _mayCapture(payment, terms) && sent.amount != 0 && sent.amount <= held;
            effect.captured = sent.amount;
            if (sent.verb == Verb.CaptureAndVoid && effect.goes) effect.voided = held - sent.amount;
        } else if (sent.verb == Verb.Void) {
            effect.goes = held != 0;
            effect.voided = held;
        } else if (sent.verb == Verb.Refund) {
            effect.goes = _mayRefund(sent, payment);
            effect.refunded = sent.amount;
        } else if (sent.verb == Verb.Release) {
            effect.goes = held != 0 && _now() <= sent.deadline && _now() < payment.info.authorizationExpiry;
            effect.captured = held;
        } else if (sent.verb == Verb.Dispute) {
            effect.goes = _mayDispute(payment, terms) && _now() <= sent.deadline;
            effect.disputes = true;
        } else if (sent.verb == Verb.Rule) {
            effect.goes = _mayRule(payment, terms) && sent.amount <= held;
            _split(effect, sent.amount, held);
        } else if (sent.verb == Verb.Settle) {
            effect.goes =
                held != 0 &&
                _now() <= sent.deadline &&
                sent.amount <= held &&
                (sent.amount == 0 || _now() < payment.info.authorizationExpiry);
            _split(effect, sent.amount, held);
        } else if (sent.verb == Verb.ReleaseDue) {
            effect.goes = _isDue(payment, terms);
            effect.captured = held;
        } else {
            effect.goes = held != 0 && _now() >= payment.info.authorizationExpiry;
            effect.voided = held;
        }
        if (!effect.goes) return effect;
        if (_consents(sent, payment)) effect.why = _refusalOf(payment, effect);
        else if (_isTakenBack(sent, payment)) effect.why = Sight.ConsentTakenBack;
        else effect.goes = false;
        if (effect.why != Sight.None) effect.goes = false;
    }

    function _split(Effect memory effect, uint256 amount, uint256 held) private pure {
        if (!effect.goes) return;
        (effect.captured, effect.voided) = (amount, held - amount);
    }

    function _consents(Sent memory sent, Payment memory payment) private view returns (bool) {
        if (sent.verb == Verb.ReleaseDue || sent.verb == Verb.VoidExpired) return true;
        if (sent.verb == Verb.Reclaim) return sent.sender == payment.info.payer;
        if (!_isSigned(sent, sent.first, _signerOf(sent.verb, payment))) return false;
        return sent.verb != Verb.Settle || _isSigned(sent, sent.second, _authorizerOf(payment));
    }

    /// @dev Whether all that is missing is that a wallet stands by what was signed for it.
    function _isTakenBack(Sent memory sent, Payment memory payment) private view returns (bool) {
        address expected = _signerOf(sent.verb, payment);
        return
            sent.verb != Verb.Settle &&
            sent.first.data.length != 0 &&
            sent.first.account == expected &&
            !_counts(expected, sent.first.signer) &&
            sent.first.digest == _digestOf(sent);
    }

    function _mayCapture(Payment memory payment, ITermsOperatorCommon.Terms memory terms) internal view returns (bool) {
        uint256 expiry = payment.info.authorizationExpiry;
        if (_now() >= expiry) return false;
        return terms.arbiter == address(0) || (payment.disputedAt == 0 && _now() + terms.releaseLead >= expiry);
    }

    function _mayDispute(Payment memory payment, ITermsOperatorCommon.Terms memory terms) internal view returns (bool) {
        return
            terms.arbiter != address(0) &&
            payment.capturable != 0 &&
            payment.disputedAt == 0 &&
            _now() + terms.releaseLead < payment.info.authorizationExpiry;
    }

    function _mayRule(Payment memory payment, ITermsOperatorCommon.Terms memory terms) internal view returns (bool) {
        return
            payment.disputedAt != 0 &&
            payment.capturable != 0 &&
            _now() + terms.ruleLead < payment.info.authorizationExpiry;
    }

    function _isDue(Payment memory payment, ITermsOperatorCommon.Terms memory terms) internal view returns (bool) {
        uint256 expiry = payment.info.authorizationExpiry;
        if (terms.arbiter == address(0) || payment.capturable == 0) return false;
        if (payment.capturable != payment.info.maxAmount || _now() >= expiry) return false;
        if (payment.disputedAt == 0) return _now() + terms.releaseLead >= expiry;
        return terms.flags == DISPUTE_DEFAULT_RECEIVER && _now() + terms.ruleLead >= expiry;
    }

    function _mayRefund(Sent memory sent, Payment memory payment) private view returns (bool) {
        if (sent.collector != place.refundCollector[operators[payment.operator].generation]) return false;
        if (sent.amount == 0 || sent.amount > payment.refundable) return false;
        if (_now() >= payment.info.refundExpiry) return false;
        Funding memory funding = fundings[sent.funding];
        return
            !funding.isUsed &&
            funding.payment == sent.payment &&
            funding.amount == sent.amount &&
            _now() <= funding.deadline &&
            purse[payment.info.token][funding.funder] >= sent.amount &&
            _countsAtToken(funding.funder, funding.signer) &&
            !_isRefused(payment.info.token, funding.funder);
    }

    /* WHAT THE TOKEN SAYS */

    /// @dev The first one on the way whom the token refuses.
    function _refusalOf(Payment memory payment, Effect memory effect) private view returns (Sight why) {
        address token = payment.info.token;
        if (!effect.disputes && _isRefused(token, operators[payment.operator].store)) return Sight.StoreBlocked;
        why = _refusalOfShares(payment, effect.captured, _feeOf(payment.operator, effect.captured));
        if (why != Sight.None || (effect.voided == 0 && effect.refunded == 0)) return why;
        return _isRefused(token, payment.info.payer) ? Sight.PayerBlocked : Sight.None;
    }
}
