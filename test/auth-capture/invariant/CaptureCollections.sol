// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {IPreApprovalPaymentCollector} from "../../../contracts/interfaces/external/IPreApprovalPaymentCollector.sol";
import {ITermsOperator} from "../../../contracts/interfaces/ITermsOperator.sol";
import {ITermsOperatorCommon} from "../../../contracts/interfaces/ITermsOperatorCommon.sol";
import {ITermsOperatorV1_0} from "../../../contracts/interfaces/ITermsOperatorV1_0.sol";
import {Actor} from "../../helpers/Test.sol";
import {IUsdc} from "../../base/IUsdc.sol";
import {OperatorMessages} from "../OperatorMessages.sol";
import {CaptureLedger} from "./CaptureLedger.sol";

/// @title How payments are signed and collected, rightly and wrongly
abstract contract CaptureCollections is CaptureLedger {
    /// @dev A collection as somebody tries it.
    struct Attempt {
        uint256 payment;
        bool charges;
        uint256 amount;
        address collector;
        bytes data;
        uint256 fee;
        address feeReceiver;
    }

    bytes32 private constant PAYMENT_INFO_TYPEHASH = keccak256(
        "PaymentInfo(address operator,address payer,address receiver,address token,uint120 maxAmount,uint48 preApprovalExpiry,uint48 authorizationExpiry,uint48 refundExpiry,uint16 minFeeBps,uint16 maxFeeBps,address feeReceiver,uint256 salt)"
    );

    uint256 private constant ODDITIES = 16;

    /* SIGNING */

    /// @return number Of a payment that can be collected now.
    function _offer(Dice memory dice, uint256 operator) internal returns (uint256 number) {
        return _sign(operator, _plainOffer(dice, operator));
    }

    /// @return number Of a payment with something odd about it.
    function _oddOffer(Dice memory dice) internal returns (uint256 number) {
        uint256 operator = _roll(dice, OPERATORS);
        IAuthCaptureEscrowCommon.PaymentInfo memory info = _plainOffer(dice, operator);
        _bend(info, operators[operator].terms, _roll(dice, ODDITIES));
        return _sign(operator, info);
    }

    function _plainOffer(
        Dice memory dice,
        uint256 operator
    ) private view returns (IAuthCaptureEscrowCommon.PaymentInfo memory info) {
        ITermsOperatorCommon.Terms memory terms = operators[operator].terms;
        info.operator = address(operators[operator].clone);
        info.payer = payers[_roll(dice, 3)];
        info.receiver = receivers[_roll(dice, 2)];
        info.token = _chance(dice, 50) ? place.usdc : address(moody);
        info.maxAmount = uint120(1 + _roll(dice, _chance(dice, 30) ? 100 : 1e6));
        uint256 expiry = _now() + terms.disputeWindow + terms.releaseLead + 1 + _roll(dice, 3 hours);
        info.authorizationExpiry = uint48(expiry);
        uint256 approval = _now() + 1 + _roll(dice, 2 hours);
        info.preApprovalExpiry = uint48(approval < expiry ? approval : expiry);
        info.refundExpiry = uint48(expiry + _roll(dice, 6 hours));
        bool isExact = _chance(dice, 70);
        (info.minFeeBps, info.maxFeeBps) = isExact ? (terms.feeBps, terms.feeBps) : (0, uint16(BPS));
        info.feeReceiver = terms.feeReceiver;
        info.salt = payments.length;
    }

    function _bend(
        IAuthCaptureEscrowCommon.PaymentInfo memory info,
        ITermsOperatorCommon.Terms memory terms,
        uint256 oddity
    ) private view {
        uint256 shortest = _now() + terms.disputeWindow + terms.releaseLead;
        uint256 longest = _now() + terms.maxHold;
        address judge = terms.arbiter == address(0) ? arbiter : terms.arbiter;
        if (oddity == 0) info.receiver = judge;
        if (oddity == 1) info.payer = judge;
        if (oddity == 2) info.receiver = info.operator;
        if (oddity == 3) info.receiver = address(0);
        if (oddity == 4) info.authorizationExpiry = uint48(shortest - 1);
        if (oddity == 5) info.authorizationExpiry = uint48(shortest);
        if (oddity == 6) info.authorizationExpiry = uint48(longest);
        if (oddity == 7) info.authorizationExpiry = uint48(longest + 1);
        if (oddity == 8) info.authorizationExpiry = type(uint48).max;
        if (oddity >= 4 && oddity <= 8) {
            info.refundExpiry = info.authorizationExpiry;
            if (info.preApprovalExpiry > info.authorizationExpiry) info.preApprovalExpiry = info.authorizationExpiry;
        }
        if (oddity == 9) (info.minFeeBps, info.maxFeeBps) = (terms.feeBps + 1, terms.feeBps + 1);
        if (oddity == 10) info.feeReceiver = sponsor;
        if (oddity == 11) info.maxFeeBps = uint16(BPS + 1);
        if (oddity == 12) info.maxAmount = 0;
        if (oddity == 13) info.preApprovalExpiry = info.authorizationExpiry + 1;
        if (oddity == 14 && terms.feeBps != 0) (info.minFeeBps, info.maxFeeBps) = (0, terms.feeBps - 1);
        if (oddity == 15) info.maxAmount = type(uint120).max;
    }

    function _sign(
        uint256 operator,
        IAuthCaptureEscrowCommon.PaymentInfo memory info
    ) private returns (uint256 number) {
        number = payments.length;
        Payment storage payment = payments.push();
        payment.info = info;
        payment.operator = operator;
        payment.hash = _hashOf(info, operators[operator].generation);
        payment.method = info.token == place.usdc ? 0 : 1;
        uint256 generation = operators[operator].generation;
        if (payment.method == 0) {
            IAuthCaptureEscrowCommon.PaymentInfo memory agnostic = abi.decode(
                abi.encode(info),
                (IAuthCaptureEscrowCommon.PaymentInfo)
            );
            agnostic.payer = address(0);
            bytes32 nonce = _hashOf(agnostic, generation);
            address to = place.erc3009Collector[generation];
            payment.signer = _keyFor(info.payer, true);
            payment.signature = _signTransfer(info.payer, to, info.maxAmount, info.preApprovalExpiry, nonce);
        } else if (_now() < info.preApprovalExpiry) {
            vm.prank(info.payer);
            IPreApprovalPaymentCollector(place.preApprovalCollector[generation]).preApprove(info);
        }
    }

    function _hashOf(
        IAuthCaptureEscrowCommon.PaymentInfo memory info,
        uint256 generation
    ) private view returns (bytes32) {
        bytes32 structHash = keccak256(abi.encode(PAYMENT_INFO_TYPEHASH, info));
        return keccak256(abi.encode(CHAIN, place.escrow[generation], structHash));
    }

    function _signTransfer(
        address from,
        address to,
        uint256 value,
        uint256 validBefore,
        bytes32 nonce
    ) internal view returns (bytes memory) {
        bytes32 structHash = OperatorMessages.receiveHash(from, to, value, validBefore, nonce);
        bytes32 separator = IUsdc(place.usdc).DOMAIN_SEPARATOR();
        address signer = _keyFor(from, true);
        return sign(Actor(signer, keyOf[signer]), keccak256(abi.encodePacked(hex"1901", separator, structHash)));
    }

    /* COLLECTING */

    function _rightAttempt(uint256 number) internal view returns (Attempt memory attempt) {
        Payment memory payment = payments[number];
        Operator memory operator = operators[payment.operator];
        attempt.payment = number;
        attempt.charges = operator.terms.flags == CHARGE_FLOW;
        attempt.amount = payment.info.maxAmount;
        attempt.collector = _collectorOf(payment);
        attempt.data = payment.signature;
        attempt.fee = operator.generation == 1 ? operator.terms.feeBps : _feeOf(payment.operator, attempt.amount);
        attempt.feeReceiver = operator.terms.feeReceiver;
    }

    function _collectorOf(Payment memory payment) private view returns (address) {
        uint256 generation = operators[payment.operator].generation;
        return payment.method == 0 ? place.erc3009Collector[generation] : place.preApprovalCollector[generation];
    }

    function _encodeCollection(Attempt memory attempt) internal view returns (bytes memory) {
        Payment memory payment = payments[attempt.payment];
        if (!attempt.charges) {
            return
                abi.encodeCall(
                    ITermsOperatorCommon.authorize,
                    (payment.info, attempt.amount, attempt.collector, attempt.data)
                );
        }
        bool isOnV10 = operators[payment.operator].generation == 1;
        return
            abi.encodeWithSelector(
                isOnV10 ? ITermsOperatorV1_0.charge.selector : ITermsOperator.charge.selector,
                payment.info,
                attempt.amount,
                attempt.collector,
                attempt.data,
                attempt.fee,
                attempt.feeReceiver
            );
    }

    /// @dev Mallory collects. Whether it went through.
    function _collect(Attempt memory attempt, bytes memory suffix) internal returns (bool ok) {
        Payment memory payment = payments[attempt.payment];
        (uint256 forbidden, Sight why) = _forbids(attempt, payment);
        address to = address(operators[payment.operator].clone);
        (ok, ) = _call(mallory, to, bytes.concat(_encodeCollection(attempt), suffix));
        if (ok && forbidden != 0) _violate(forbidden, "a wrong collection goes through");
        if (!ok && forbidden == 0) _violate(12, "a good collection is refused");
        if (violated != 0) return ok;
        if (ok) _bookCollection(attempt, payment);
        else _noteRefusal(why, attempt.payment);
        _compare(attempt.payment);
    }

    /// @return Number of the invariant that this collection would break; zero if it must go through.
    /// @return why Why it must not, where nothing else is in the way.
    function _forbids(Attempt memory attempt, Payment memory payment) private view returns (uint256, Sight why) {
        uint256 broken = _forbidsByTerms(attempt, payment);
        if (broken != 0) return (broken, why);
        if (!_escrowLets(payment) || !_canPay(attempt, payment)) return (1, why);
        why = _refusalAtCollection(attempt, payment);
        return (why == Sight.None ? 0 : 1, why);
    }

    function _forbidsByTerms(Attempt memory attempt, Payment memory payment) private view returns (uint256) {
        ITermsOperatorCommon.Terms memory terms = operators[payment.operator].terms;
        if (attempt.charges != (terms.flags == CHARGE_FLOW)) return 1;
        if (attempt.amount != payment.info.maxAmount || attempt.amount == 0) return 1;
        if (attempt.collector != _collectorOf(payment)) return 1;
        if (payment.method == 0 && keccak256(attempt.data) != keccak256(payment.signature)) return 1;
        if (_isNoParty(payment.info.receiver, payment) || _isNoParty(payment.info.payer, payment)) return 2;
        if (payment.info.feeReceiver != terms.feeReceiver) return 10;
        if (payment.info.minFeeBps > terms.feeBps || payment.info.maxFeeBps < terms.feeBps) return 10;
        if (attempt.charges && !_isRightFee(attempt)) return 10;
        if (!attempt.charges && _now() + terms.maxHold < payment.info.authorizationExpiry) return 4;
        uint256 lead = uint256(terms.disputeWindow) + terms.releaseLead;
        if (!attempt.charges && _now() + lead > payment.info.authorizationExpiry) return 4;
        return 0;
    }

    function _isNoParty(address party, Payment memory payment) private view returns (bool) {
        return
            party == address(0) || party == payment.info.operator || party == operators[payment.operator].terms.arbiter;
    }

    function _isRightFee(Attempt memory attempt) private view returns (bool) {
        Attempt memory right = _rightAttempt(attempt.payment);
        return attempt.fee == right.fee && attempt.feeReceiver == right.feeReceiver;
    }

    function _escrowLets(Payment memory payment) private view returns (bool) {
        return
            !payment.collected &&
            _now() < payment.info.preApprovalExpiry &&
            payment.info.preApprovalExpiry <= payment.info.authorizationExpiry &&
            payment.info.authorizationExpiry <= payment.info.refundExpiry &&
            payment.info.maxFeeBps <= BPS;
    }

    function _canPay(Attempt memory attempt, Payment memory payment) private view returns (bool) {
        address token = payment.info.token;
        return purse[token][payment.info.payer] >= attempt.amount && !(token == address(moody) && moody.takesFee());
    }

    function _refusalAtCollection(Attempt memory attempt, Payment memory payment) private view returns (Sight) {
        address token = payment.info.token;
        if (payment.method == 0 && !_countsAtToken(payment.info.payer, payment.signer)) return Sight.PaymentTakenBack;
        if (_isRefused(token, payment.info.payer)) return Sight.PayerBlocked;
        if (_isRefused(token, operators[payment.operator].store)) return Sight.StoreBlocked;
        if (!attempt.charges) return Sight.None;
        return _refusalOfShares(payment, attempt.amount, _feeOf(payment.operator, attempt.amount));
    }

    function _bookCollection(Attempt memory attempt, Payment memory payment) private {
        ++collections[attempt.charges ? 1 : 0];
        _noteSuccess(attempt.payment);
        if (payment.method == 0) _noteSignature(payment.info.payer, payment.signer, Sight.WalletPays);
        Payment storage stored = payments[attempt.payment];
        Operator memory operator = operators[payment.operator];
        mapping(address account => uint256 amount) storage held = purse[payment.info.token];
        stored.collected = true;
        held[payment.info.payer] -= attempt.amount;
        if (!attempt.charges) {
            stored.capturable = attempt.amount;
            held[operator.store] += attempt.amount;
            return;
        }
        stored.refundable = attempt.amount;
        uint256 fee = _feeOf(payment.operator, attempt.amount);
        if (fee != 0) held[operator.terms.feeReceiver] += fee;
        held[payment.info.receiver] += attempt.amount - fee;
    }
}
