// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUsdc} from "../../base/IUsdc.sol";
import {Actor} from "../../helpers/Test.sol";
import {OperatorMessages} from "../OperatorMessages.sol";
import {CaptureCollections} from "./CaptureCollections.sol";

/// @title What the parties sign, rightly and wrongly; all of it is kept, and mallory has it
abstract contract CaptureMessages is CaptureCollections {
    bytes32 private constant SIGNED_REFUND_TYPEHASH = keccak256(
        "SignedRefund(uint256 chainId,address collector,bytes32 paymentInfoHash,address funder,address token,uint256 amount,uint256 salt,uint48 deadline)"
    );

    /* PAYMENTS TO SPEAK ABOUT */

    /// @dev One of the latest payments, one with something held when there is any.
    function _pick(Dice memory dice) internal view returns (uint256 number) {
        uint256 count = payments.length;
        if (_chance(dice, 15)) return _roll(dice, count);
        uint256 start = _roll(dice, count < 12 ? count : 12);
        for (uint256 i; i < 12 && i < count; ++i) {
            number = count - 1 - ((start + i) % (count < 12 ? count : 12));
            if (payments[number].capturable != 0) return number;
        }
    }

    /// @dev One of the latest payments of which something can be refunded, when there is any.
    function _pickCaptured(Dice memory dice) internal view returns (uint256 number) {
        uint256 count = payments.length;
        uint256 start = _roll(dice, count < 20 ? count : 20);
        for (uint256 i; i < 20 && i < count; ++i) {
            number = count - 1 - ((start + i) % (count < 20 ? count : 20));
            if (payments[number].refundable != 0 && _now() < payments[number].info.refundExpiry) return number;
        }
    }

    /* CALLS */

    /// @dev A call with members that make sense, and no signature.
    function _draft(Dice memory dice, Verb verb, uint256 number) internal returns (Sent memory sent) {
        Payment memory payment = payments[number];
        sent.verb = verb;
        sent.payment = number;
        sent.sender = mallory;
        uint256 held = verb == Verb.Refund ? payment.refundable : payment.capturable;
        sent.amount = _chance(dice, 25) ? held : _roll(dice, held + 1);
        if (sent.amount == 0 && (verb <= Verb.Refund) && _chance(dice, 90)) sent.amount = held;
        sent.reason = bytes32(_roll(dice, 3));
        uint256 kind = _roll(dice, 16);
        // Over, just not over, soon over, and far away.
        if (kind == 0) sent.deadline = uint48(_now() - 1);
        else if (kind == 1) sent.deadline = uint48(_now());
        else sent.deadline = uint48(_now() + (kind < 8 ? _roll(dice, 2 hours) : 30 days));
        sent.collector = place.refundCollector[operators[payment.operator].generation];
        if (verb == Verb.Refund) sent.funding = _fund(dice, sent);
    }

    /// @dev Signs the call by those who must, as things are now.
    function _signRightly(Sent memory sent) internal view {
        Payment memory payment = payments[sent.payment];
        bytes32 digest = _digestOf(sent);
        sent.first = _signatureOf(_signerOf(sent.verb, payment), digest);
        if (sent.verb == Verb.Settle) sent.second = _signatureOf(_authorizerOf(payment), digest);
    }

    /// @dev Signs something else than the call.
    function _signOddly(Dice memory dice, Sent memory sent) internal view {
        Payment memory payment = payments[sent.payment];
        Operator memory operator = operators[payment.operator];
        (address clone, uint256 chain, address by) = (address(operator.clone), CHAIN, _signerOf(sent.verb, payment));
        Sent memory signed = _copy(sent);
        uint256 oddity = _roll(dice, 9);
        if (oddity == 0) clone = address(operators[_roll(dice, OPERATORS)].clone);
        if (oddity == 1) chain = 10;
        if (oddity == 2) by = _anyone(dice);
        if (oddity == 3) ++payment.capturable;
        if (oddity == 4) ++payment.refundable;
        if (oddity == 5) payment.disputedAt = payment.disputedAt == 0 ? 1 : 0;
        if (oddity == 6) ++signed.amount;
        if (oddity == 7) signed.deadline += 1;
        if (oddity == 8) signed.reason = "other";
        bytes32 digest = _digestOn(signed, payment, clone, chain);
        sent.first = _signatureOf(by, digest);
        if (sent.verb == Verb.Settle) {
            sent.second = _signatureOf(oddity == 2 ? _anyone(dice) : _authorizerOf(payment), digest);
        }
    }

    function _signatureOf(address by, bytes32 digest) internal view returns (Signature memory) {
        // Sometimes a key's code signs for it.
        address signer = _keyFor(by, uint256(digest) % 3 == 0);
        // Whoever has no key cannot sign: the arbiter of a hold without one.
        if (keyOf[signer] == 0) return Signature("", address(0), address(0), 0);
        return Signature(sign(Actor(signer, keyOf[signer]), digest), signer, by, digest);
    }

    /// @dev Keeps a signed call for mallory.
    function _keep(Sent memory sent) internal {
        kept.push(sent);
    }

    function _copy(Sent memory sent) internal pure returns (Sent memory) {
        return abi.decode(abi.encode(sent), (Sent));
    }

    function _anyone(Dice memory dice) internal view returns (address) {
        return accounts[_roll(dice, PARTIES)];
    }

    function _suffix(Dice memory dice) internal pure returns (bytes memory) {
        return _chance(dice, 25) ? abi.encodePacked(_roll(dice, 2 ** 64)) : bytes("");
    }

    /* FUNDING OF REFUNDS */

    /// @return id Of what the receiver or the sponsor signs for this refund; sometimes for another.
    function _fund(Dice memory dice, Sent memory sent) internal returns (uint256 id) {
        Payment memory payment = payments[sent.payment];
        Funding memory funding;
        funding.funder = _chance(dice, 60) ? payment.info.receiver : sponsor;
        if (keyOf[funding.funder] == 0) funding.funder = sponsor;
        (funding.payment, funding.amount) = (sent.payment, sent.amount);
        funding.deadline = uint48(_now() + _roll(dice, 2 hours));
        if (_chance(dice, 5)) funding.payment = _roll(dice, payments.length);
        if (_chance(dice, 5)) ++funding.amount;
        if (_chance(dice, 5)) funding.deadline = uint48(_now() - 1);
        funding.signer = _keyFor(funding.funder, true);
        id = fundings.length;
        funding.data = _fundingData(funding, sent, payment.info.token, _chance(dice, 50));
        fundings.push(funding);
    }

    function _fundingData(
        Funding memory funding,
        Sent memory sent,
        address token,
        bool byEip3009
    ) private view returns (bytes memory) {
        uint256 salt = fundings.length;
        bytes32 hash = payments[funding.payment].hash;
        bytes32 nonce = keccak256(
            abi.encode(
                SIGNED_REFUND_TYPEHASH,
                CHAIN,
                sent.collector,
                hash,
                funding.funder,
                token,
                funding.amount,
                salt,
                funding.deadline
            )
        );
        if (byEip3009 && token == place.usdc) {
            uint256 before = uint256(funding.deadline) + 1;
            bytes memory transfer = _signTransfer(funding.funder, sent.collector, funding.amount, before, nonce);
            return abi.encode(uint8(1), funding.funder, salt, funding.deadline, transfer);
        }
        bytes memory permit = _signPermit(funding, token, sent.collector, nonce);
        return abi.encode(uint8(2), funding.funder, salt, funding.deadline, permit);
    }

    function _signPermit(
        Funding memory funding,
        address token,
        address spender,
        bytes32 nonce
    ) private view returns (bytes memory) {
        bytes32 structHash = OperatorMessages.permitHash(token, funding.amount, spender, nonce, funding.deadline);
        bytes32 separator = IUsdc(CANONICAL_PERMIT2).DOMAIN_SEPARATOR();
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", separator, structHash));
        return sign(Actor(funding.signer, keyOf[funding.signer]), digest);
    }
}
