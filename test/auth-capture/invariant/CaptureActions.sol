// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ITokenCollector} from "../../../contracts/interfaces/external/ITokenCollector.sol";
import {ITermsOperatorCommon} from "../../../contracts/interfaces/ITermsOperatorCommon.sol";
import {CaptureMessages} from "./CaptureMessages.sol";

/// @title What happens in the campaign
abstract contract CaptureActions is CaptureMessages {
    uint256 private constant SIGNED_VERBS = 8;

    /* COLLECTIONS */

    /// @notice A payment is signed and collected as it should be.
    function open(uint256 seed) external acts("open") {
        Dice memory dice = _dice(seed);
        _open(dice, _roll(dice, OPERATORS));
    }

    /// @notice A payment is signed, with something odd about it, and mallory tries to collect it.
    function offer(uint256 seed) external acts("offer") {
        Dice memory dice = _dice(seed);
        uint256 number = _oddOffer(dice);
        if (_chance(dice, 80)) _collect(_rightAttempt(number), _suffix(dice));
    }

    /// @notice Mallory tries to collect a payment in another way than it was meant, then as it was.
    function collect(uint256 seed) external acts("collect") {
        Dice memory dice = _dice(seed);
        uint256 number =
            _chance(dice, 70) || payments.length == 0
                ? _offer(dice, _roll(dice, OPERATORS))
                : _roll(dice, payments.length);
        Attempt memory attempt = _rightAttempt(number);
        uint256 oddity = _roll(dice, 11);
        uint256 generation = operators[payments[number].operator].generation;
        if (oddity == 0) attempt.charges = !attempt.charges;
        if (oddity == 1) attempt.amount = _roll(dice, attempt.amount + 2);
        if (oddity == 2) attempt.collector = place.refundCollector[generation];
        if (oddity == 3) attempt.collector = place.permit2Collector[generation];
        if (oddity == 4) attempt.collector = place.erc3009Collector[1 - generation];
        if (oddity == 5) attempt.collector = foreignCollector[generation];
        if (oddity == 6) attempt.data = payments[_roll(dice, payments.length)].signature;
        if (oddity == 7) attempt.fee = _roll(dice, attempt.fee + 2);
        if (oddity == 8) attempt.feeReceiver = mallory;
        if (oddity == 9) _turn(dice, payments[number].info.payer);
        address party = _partyOf(dice, number);
        if (oddity == 10) _setBlocked(party, true);
        _collect(attempt, _suffix(dice));
        if (oddity == 10) _setBlocked(party, false);
        if (violated == 0) _collect(_rightAttempt(number), "");
    }

    /* SIGNATURES */

    /// @notice Somebody signs something, rightly or wrongly, and mallory keeps it.
    function signForLater(uint256 seed) external acts("signForLater") {
        Dice memory dice = _dice(seed);
        if (payments.length == 0) _open(dice, _roll(dice, OPERATORS));
        Sent memory sent = _draft(dice, Verb(_roll(dice, SIGNED_VERBS)), _pick(dice));
        if (_chance(dice, 80)) _signRightly(sent);
        else _signOddly(dice, sent);
        _keep(sent);
    }

    /// @notice Mallory relays something she has kept, as it was meant.
    function relay(uint256 seed) external acts("relay") {
        Dice memory dice = _dice(seed);
        if (kept.length == 0) return;
        _send(kept[_anyKept(dice)], _suffix(dice));
    }

    /// @notice Mallory relays something she has kept as if it were something else.
    function tamper(uint256 seed) external acts("tamper") {
        Dice memory dice = _dice(seed);
        if (kept.length == 0) return;
        Sent memory sent = kept[_anyKept(dice)];
        uint256 oddity = _roll(dice, 7);
        if (oddity == 0) sent.verb = Verb(_roll(dice, SIGNED_VERBS));
        if (oddity == 1) sent.payment = _pick(dice);
        if (oddity == 2) sent.amount = _roll(dice, sent.amount + 2);
        if (oddity == 3) sent.deadline = uint48(_now() + _roll(dice, 1 days));
        if (oddity == 4) sent.first = kept[_anyKept(dice)].first;
        if (oddity == 5) sent.second = sent.first;
        if (oddity == 6) sent.reason = "another";
        if (sent.verb == Verb.Refund && fundings.length == 0) return;
        _send(sent, _suffix(dice));
    }

    /// @notice Somebody signs what the payment's state allows; mallory relays it, and once more, and something older.
    function act(uint256 seed) external acts("act") {
        Dice memory dice = _dice(seed);
        if (payments.length == 0) _open(dice, _roll(dice, OPERATORS));
        uint256 number = _pick(dice);
        Sent memory sent = _draft(dice, Verb(_roll(dice, SIGNED_VERBS)), number);
        _signRightly(sent);
        _relayAndReplay(dice, sent);
    }

    /// @notice Somebody calls itself, with nothing signed.
    function callAlone(uint256 seed) external acts("callAlone") {
        Dice memory dice = _dice(seed);
        if (payments.length == 0) _open(dice, _roll(dice, OPERATORS));
        uint256 number = _pick(dice);
        Sent memory sent = _draft(dice, Verb(_roll(dice, SIGNED_VERBS)), number);
        if (sent.verb == Verb.Settle) {
            _signRightly(sent);
            if (_chance(dice, 50)) sent.first = Signature("", address(0), address(0), 0);
            else sent.second = Signature("", address(0), address(0), 0);
        }
        sent.sender = _chance(dice, 60) ? _signerOf(sent.verb, payments[number]) : _anyone(dice);
        if (sent.verb == Verb.Settle && _chance(dice, 40)) sent.sender = _authorizerOf(payments[number]);
        _send(sent, _suffix(dice));
    }

    /// @notice Somebody calls what needs no signature.
    function push(uint256 seed) external acts("push") {
        Dice memory dice = _dice(seed);
        if (payments.length == 0) _open(dice, _roll(dice, OPERATORS));
        uint256 number = _pick(dice);
        Sent memory sent = _draft(dice, Verb(SIGNED_VERBS + _roll(dice, 3)), number);
        sent.sender = _chance(dice, 50) ? payments[number].info.payer : _anyone(dice);
        _send(sent, _suffix(dice));
    }

    /* STORIES that luck alone would tell too seldom */

    /// @notice A part is captured, perhaps, then a part of the rest and all that is left is voided.
    function closeOut(uint256 seed) external acts("closeOut") {
        Dice memory dice = _dice(seed);
        uint256[3] memory plain = [uint256(0), 1, 6];
        uint256 number = _open(dice, plain[_roll(dice, 3)]);
        if (violated != 0) return;
        if (_chance(dice, 50)) {
            Sent memory part = _draft(dice, Verb.Capture, number);
            _signRightly(part);
            _send(part, "");
        }
        if (violated != 0) return;
        Sent memory sent = _draft(dice, Verb.CaptureAndVoid, number);
        _signRightly(sent);
        _relayAndReplay(dice, sent);
    }

    /// @notice A hold is disputed, and around an edge the arbiter rules or anybody pushes.
    function disputeAndEnd(uint256 seed) external acts("disputeAndEnd") {
        Dice memory dice = _dice(seed);
        uint256 number = _openArbitrated(dice);
        if (violated != 0) return;
        // From before the dispute: must not count after it.
        Sent memory early = _draft(dice, _chance(dice, 50) ? Verb.Release : Verb.Settle, number);
        _signRightly(early);
        _keep(early);
        Sent memory disputing = _draft(dice, Verb.Dispute, number);
        _signRightly(disputing);
        _send(disputing, "");
        if (violated == 0 && _chance(dice, 50)) _send(early, "");
        if (violated != 0) return;
        if (_chance(dice, 60)) _nearEdge(dice, number);
        Verb[5] memory endings = [Verb.Rule, Verb.Rule, Verb.Rule, Verb.ReleaseDue, Verb.Capture];
        Sent memory ending = _draft(dice, endings[_roll(dice, 5)], number);
        if (uint256(ending.verb) < SIGNED_VERBS) _signRightly(ending);
        _relayAndReplay(dice, ending);
    }

    /// @notice A hold comes to an edge undisputed, and somebody tries what is allowed on one side of it.
    function meetEdge(uint256 seed) external acts("meetEdge") {
        Dice memory dice = _dice(seed);
        uint256 number = _openArbitrated(dice);
        if (violated != 0) return;
        _nearEdge(dice, number);
        Sent memory sent = _draft(dice, Verb(_roll(dice, 11)), number);
        if (uint256(sent.verb) < SIGNED_VERBS) _signRightly(sent);
        sent.sender = payments[number].info.payer;
        _relayAndReplay(dice, sent);
        if (violated == 0 && _chance(dice, 50)) _send(_draft(dice, Verb.ReleaseDue, number), "");
    }

    /// @notice A hold ends by the payer's or both parties' consent, or at its expiry.
    function endCalmly(uint256 seed) external acts("endCalmly") {
        Dice memory dice = _dice(seed);
        uint256 number = _open(dice, _roll(dice, 4));
        if (violated != 0) return;
        Verb[4] memory endings = [Verb.Release, Verb.Settle, Verb.Reclaim, Verb.VoidExpired];
        Sent memory sent = _draft(dice, endings[_roll(dice, 4)], number);
        if (uint256(sent.verb) < SIGNED_VERBS) {
            _signRightly(sent);
        } else {
            // The first second, or the last one before.
            vm.warp(payments[number].info.authorizationExpiry - (_chance(dice, 25) ? 1 : 0));
            sent.sender = payments[number].info.payer;
        }
        _relayAndReplay(dice, sent);
    }

    /// @notice Something captured is given back.
    function refund(uint256 seed) external acts("refund") {
        Dice memory dice = _dice(seed);
        if (payments.length == 0) _open(dice, 4);
        Sent memory sent = _draft(dice, Verb.Refund, _pickCaptured(dice));
        uint256 generation = operators[payments[sent.payment].operator].generation;
        if (_chance(dice, 10)) sent.collector = allowanceCollector[generation];
        if (_chance(dice, 5)) ++sent.amount;
        _signRightly(sent);
        _relayAndReplay(dice, sent);
    }

    /// @notice A wallet signs, and stands no more by it; then it does again.
    function takeBack(uint256 seed) external acts("takeBack") {
        Dice memory dice = _dice(seed);
        uint256[5] memory withWallets = [uint256(3), 5, 5, 6, 8];
        uint256 number = _open(dice, withWallets[_roll(dice, 5)]);
        if (violated != 0) return;
        Sent memory sent = _draft(dice, Verb(_roll(dice, SIGNED_VERBS)), number);
        if (sent.verb == Verb.Rule) _disputeFirst(dice, number);
        _signRightly(sent);
        address signer = _signerOf(sent.verb, payments[number]);
        Mind memory before = minds[signer];
        if (signer == address(0)) return;
        _turn(dice, signer);
        bool ok = _send(sent, _suffix(dice));
        _setMind(signer, before.hasCode, before.owner);
        if (violated == 0 && !ok) _send(sent, "");
    }

    /// @notice USDC blocks a party of a payment, and somebody acts; then it lets the party be, and the same is tried again.
    function blockAndAct(uint256 seed) external acts("blockAndAct") {
        Dice memory dice = _dice(seed);
        // Most often what goes at once, but for the blacklist.
        bool isPlain = payments.length == 0 || _chance(dice, 70);
        uint256[3] memory plain = [uint256(0), 1, 6];
        uint256 number = isPlain ? _open(dice, plain[_roll(dice, 3)]) : _pick(dice);
        if (violated != 0) return;
        address party = _partyOf(dice, number);
        Verb[5] memory ready = [Verb.Capture, Verb.CaptureAndVoid, Verb.Void, Verb.Release, Verb.Settle];
        Sent memory sent = _draft(dice, isPlain ? ready[_roll(dice, 5)] : Verb(_roll(dice, 11)), number);
        if (uint256(sent.verb) < SIGNED_VERBS) _signRightly(sent);
        else sent.sender = payments[number].info.payer;
        _setBlocked(party, true);
        bool ok = _send(sent, _suffix(dice));
        _setBlocked(party, false);
        if (violated == 0 && !ok) _send(sent, "");
    }

    /// @notice Mallory takes what was signed for a refund to the collector herself.
    function refundAlone(uint256 seed) external acts("refundAlone") {
        Dice memory dice = _dice(seed);
        if (payments.length == 0) _open(dice, 4);
        Sent memory sent = _draft(dice, Verb.Refund, _pickCaptured(dice));
        bytes memory data = abi.encodeCall(
            ITokenCollector.collectTokens,
            (payments[sent.payment].info, mallory, sent.amount, fundings[sent.funding].data)
        );
        (bool ok, ) = _call(mallory, sent.collector, data);
        _check(!ok, 2, "a refund goes to somebody else");
        _compare(sent.payment);
    }

    /* SURROUNDINGS */

    function passTime(uint256 seed) external acts("passTime") {
        Dice memory dice = _dice(seed);
        if (payments.length != 0 && _chance(dice, 40)) return _nearEdge(dice, _pick(dice));
        vm.warp(_now() + _roll(dice, 20 minutes));
    }

    /// @notice The token refuses somebody, or nobody any more.
    function turnToken(uint256 seed) external acts("turnToken") {
        Dice memory dice = _dice(seed);
        if (_chance(dice, 60)) return _calm();
        moody.setRefused(accounts[_roll(dice, accounts.length)], true);
    }

    /// @notice USDC blocks one of the parties or token stores, or nobody any more.
    function turnBlacklist(uint256 seed) external acts("turnBlacklist") {
        Dice memory dice = _dice(seed);
        if (_chance(dice, 50)) return _calm();
        address store = operators[_roll(dice, OPERATORS)].store;
        _setBlocked(_chance(dice, 20) ? store : _anyone(dice), true);
    }

    /// @notice A wallet gets another owner, a key gets code, or all is as it was.
    function turnMind(uint256 seed) external acts("turnMind") {
        Dice memory dice = _dice(seed);
        if (_chance(dice, 40)) return _calmMinds();
        _turn(dice, _anyone(dice));
    }

    /// @notice The token takes a fee while a payment is collected.
    function takeFee(uint256 seed) external acts("takeFee") {
        Dice memory dice = _dice(seed);
        moody.setTakesFee(true);
        _collect(_rightAttempt(_offer(dice, _roll(dice, OPERATORS))), "");
        moody.setTakesFee(false);
    }

    /// @notice The token calls an operator back in the midst of a close-out or a collection.
    function reenter(uint256 seed) external acts("reenter") {
        Dice memory dice = _dice(seed);
        _calm();
        bool isCollection = _chance(dice, 50);
        uint256 operator = isCollection ? 2 : 0;
        uint256 number = _offer(dice, operator);
        if (payments[number].info.token != address(moody)) return;
        if (isCollection) {
            Sent memory disputing = _draft(dice, Verb.Dispute, number);
            disputing.deadline = type(uint48).max;
            _signRightly(disputing);
            moody.arm(address(operators[operator].clone), _encode(disputing));
            _collect(_rightAttempt(number), "");
        } else {
            _collect(_rightAttempt(number), "");
            if (violated == 0) _closeOutWithCallBack(dice, number);
        }
        if (violated != 0) return;
        _check(moody.wasCalled(), 2, "the token was not asked");
        _check(!moody.succeeded(), 2, "a call from the midst of another goes through");
        ++refusals[moody.refusal()];
    }

    function _closeOutWithCallBack(Dice memory dice, uint256 number) private {
        Sent memory outer = _draft(dice, Verb.CaptureAndVoid, number);
        if (outer.amount == 0) outer.amount = payments[number].capturable;
        _signRightly(outer);
        Sent memory inner = _draft(dice, _chance(dice, 50) ? Verb.Void : Verb.Release, number);
        _signRightly(inner);
        bytes memory data = _encode(inner);
        if (_chance(dice, 30)) data = _encodeCollection(_rightAttempt(_offer(dice, 0)));
        moody.arm(address(operators[0].clone), data);
        _send(outer, "");
    }

    /// @notice A call about a payment reaches another operator, or the bare implementation.
    function stray(uint256 seed) external acts("stray") {
        Dice memory dice = _dice(seed);
        if (payments.length == 0) _open(dice, _roll(dice, OPERATORS));
        Verb verb = _chance(dice, 30) ? Verb.Dispute : Verb(_roll(dice, 10));
        Sent memory sent = _draft(dice, verb, _pick(dice));
        if (uint256(sent.verb) < SIGNED_VERBS && _chance(dice, 50)) _signRightly(sent);
        uint256 other = _roll(dice, OPERATORS + 2);
        if (other == payments[sent.payment].operator) return;
        address to = other < OPERATORS ? address(operators[other].clone) : place.implementation[other - OPERATORS];
        bytes memory looking = abi.encodeCall(ITermsOperatorCommon.statusOf, (payments[sent.payment].info));
        (bool tells, ) = to.staticcall(looking);
        _check(!tells, 8, "an operator tells of another's payment");
        (bool ok, ) = _call(_signerOf(sent.verb, payments[sent.payment]), to, _encode(sent));
        _check(!ok, 8, "an operator acts on another's payment");
        _compare(sent.payment);
    }

    /// @notice Somebody sends tokens where none belong.
    function donate(uint256 seed) external acts("donate") {
        Dice memory dice = _dice(seed);
        address to = accounts[_roll(dice, accounts.length)];
        address token = _chance(dice, 50) ? place.usdc : address(moody);
        if (_isRefused(token, to) || _isRefused(token, mallory) || to == mallory) return;
        uint256 amount = 1 + _roll(dice, 10);
        vm.prank(mallory);
        assert(IERC20(token).transfer(to, amount));
        purse[token][mallory] -= amount;
        purse[token][to] += amount;
    }

    /* INTERNAL */

    function _open(Dice memory dice, uint256 operator) internal returns (uint256 number) {
        number = _offer(dice, operator);
        _collect(_rightAttempt(number), "");
    }

    function _openArbitrated(Dice memory dice) private returns (uint256 number) {
        uint256[4] memory arbitrated = [uint256(2), 3, 5, 7];
        return _open(dice, arbitrated[_roll(dice, 4)]);
    }

    function _disputeFirst(Dice memory dice, uint256 number) private {
        Sent memory disputing = _draft(dice, Verb.Dispute, number);
        _signRightly(disputing);
        _send(disputing, "");
    }

    /// @dev One of those whom a payment's tokens come from, lie with, or go to.
    function _partyOf(Dice memory dice, uint256 number) private view returns (address) {
        Payment memory payment = payments[number];
        address[4] memory list = [
            payment.info.payer,
            payment.info.receiver,
            feeReceiver,
            operators[payment.operator].store
        ];
        return list[_roll(dice, 4)];
    }

    function _relayAndReplay(Dice memory dice, Sent memory sent) private {
        if (uint256(sent.verb) < SIGNED_VERBS) _keep(sent);
        bool ok = _send(sent, _suffix(dice));
        if (violated == 0 && ok && _chance(dice, 50)) _send(sent, "");
        if (violated == 0 && kept.length != 0 && _chance(dice, 50)) _send(kept[_anyKept(dice)], "");
    }

    /// @dev More often something of late.
    function _anyKept(Dice memory dice) private view returns (uint256) {
        uint256 count = kept.length;
        return _chance(dice, 50) || count < 10 ? _roll(dice, count) : count - 1 - _roll(dice, 10);
    }

    /// @dev To an edge of a payment's life that is still ahead, a second before, or a second after.
    function _nearEdge(Dice memory dice, uint256 number) private {
        Payment memory payment = payments[number];
        ITermsOperatorCommon.Terms memory terms = operators[payment.operator].terms;
        uint256 expiry = payment.info.authorizationExpiry;
        uint256 kind = _roll(dice, 10);
        uint256 edge = expiry;
        if (kind < 3 && expiry > terms.releaseLead) edge = expiry - terms.releaseLead;
        if (kind >= 3 && kind < 6 && expiry > terms.ruleLead) edge = expiry - terms.ruleLead;
        if (kind == 9) edge = payment.info.refundExpiry;
        edge = edge + 1 - _roll(dice, 3);
        // Not to an expiry that is years ahead.
        if (edge > _now() && edge < _now() + 2 days) vm.warp(edge);
    }
}
