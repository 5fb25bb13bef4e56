// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {Actor} from "../helpers/Test.sol";
import {AuthCaptureTest} from "./AuthCaptureTest.sol";
import {OperatorMessages} from "./OperatorMessages.sol";

/// @notice Attacks by whoever relays signatures: at another time, for another verb, operator, chain or generation.
contract SignatureThreatsTest is AuthCaptureTest {
    /// @dev Every message, in the order of {_signatures} and {_calls}.
    uint256 private constant CAPTURE = 0;
    uint256 private constant CAPTURE_AND_VOID = 1;
    uint256 private constant VOID = 2;
    uint256 private constant REFUND = 3;
    uint256 private constant RELEASE = 4;
    uint256 private constant DISPUTE = 5;
    uint256 private constant RULE = 6;
    uint256 private constant SETTLE = 7;
    uint256 private constant MESSAGES = 8;

    /// @dev Signed by everybody who may have to sign, so that only what is signed can be wrong.
    Actor private signer;

    /* 8: CONSENT FROM BEFORE A DISPUTE */

    function test_T08_RevertWhen_AReleaseIsOlderThanTheDispute() public {
        hold(defaultReceiverTerms());
        bytes memory early = signStruct(payer, OperatorMessages.releaseHash(paymentHash(), AMOUNT, false, DEADLINE));
        dispute();
        expectInvalidSignature(payer.addr);
        operator.release(payment, DEADLINE, early);
        assertEq(books().capturable, AMOUNT);
    }

    function test_T08_RevertWhen_ASettlementIsOlderThanTheDispute() public {
        hold(defaultReceiverTerms());
        bytes32 structHash = OperatorMessages.settleHash(paymentHash(), AMOUNT, AMOUNT, 0, false, DEADLINE);
        bytes memory byPayer = signStruct(payer, structHash);
        bytes memory byAuthorizer = signStruct(authorizer, structHash);
        dispute();
        expectInvalidSignature(payer.addr);
        operator.settle(payment, AMOUNT, DEADLINE, byPayer, byAuthorizer);
        // Nor when the other side signs again.
        byAuthorizer = signStruct(
            authorizer,
            OperatorMessages.settleHash(paymentHash(), AMOUNT, AMOUNT, 0, true, DEADLINE)
        );
        expectInvalidSignature(payer.addr);
        operator.settle(payment, AMOUNT, DEADLINE, byPayer, byAuthorizer);
        assertEq(books().capturable, AMOUNT);
    }

    /* 14: REPLAYS. One key is payer and authorizer, so that a signature fits every role but the arbiter's. */

    function test_T14_EachSignatureActsOnceAtMost() public {
        for (uint256 i = 0; i < MESSAGES; ++i) {
            _prepare(i);
            bytes memory call_ = _call(i, _signatures(AMOUNT)[i]);
            send(address(operator), call_);
            Books memory after_ = books();
            (bool ok, ) = address(operator).call(call_);
            assertFalse(ok, vm.toString(i));
            assertBooks(after_);
        }
    }

    function test_T14_NoSignatureFitsAnotherVerb() public {
        for (uint256 i = 0; i < MESSAGES; ++i) {
            _prepare(i);
            bytes[] memory signatures = _signatures(AMOUNT);
            for (uint256 j = 0; j < MESSAGES; ++j) if (i != j) _refuses(i, signatures[j]);
            send(address(operator), _call(i, signatures[i]));
        }
    }

    function test_T14_NoSignatureFitsAnotherOperator() public {
        for (uint256 i = 0; i < MESSAGES; ++i) {
            _prepare(i);
            signedContract = stranger.addr;
            _refuses(i, _signatures(AMOUNT)[i]);
        }
    }

    function test_T14_NoSignatureFitsAnotherChain() public {
        for (uint256 i = 0; i < MESSAGES; ++i) {
            _prepare(i);
            signedChainId = BASE_CHAIN_ID + 1;
            bytes memory signature = _signatures(AMOUNT)[i];
            signedChainId = BASE_CHAIN_ID;
            _refuses(i, signature);
        }
    }

    function test_T14_NoSignatureFitsAnotherPayment() public {
        for (uint256 i = 0; i < MESSAGES; ++i) {
            _prepare(i);
            uint256 salt = payment.salt;
            payment.salt = OTHER_SALT;
            bytes memory signature = _signatures(AMOUNT)[i];
            payment.salt = salt;
            _refuses(i, signature);
        }
    }

    /// @dev The same operator in name, on the other escrow: its captures have another type, and the payment another hash.
    function test_T14_NoSignatureFitsAnotherGeneration() public {
        for (uint256 i = 0; i <= CAPTURE_AND_VOID; ++i) {
            _prepare(i);
            bytes32 structHash = OperatorMessages.captureHash(
                i == CAPTURE ? "Capture" : "CaptureAndVoid",
                !isOnV10(),
                OperatorMessages.Capture({
                    paymentInfoHash: paymentHash(),
                    amount: AMOUNT,
                    fee: isOnV10() ? payment.minFeeBps : feeOf(AMOUNT),
                    feeReceiver: feeReceiver,
                    capturable: AMOUNT,
                    refundable: 0
                })
            );
            _refuses(i, signStruct(signer, structHash));
        }
        assertNotEq(ESCROW.getHash(payment), ESCROW_V1_0.getHash(payment));
    }

    /* 15: TWO LIVE SIGNATURES FOR ONE STATE. That one is live at a time is the server's own matter. */

    function test_T15_OneOfTwoLiveSignaturesActsWhicheverComesFirst() public {
        for (uint256 first = CAPTURE; first <= VOID; ++first) {
            for (uint256 second = CAPTURE; second <= VOID; ++second) {
                if (first == second) continue;
                _prepare(CAPTURE);
                bytes[] memory signatures = _signatures(PART);
                send(address(operator), _callOf(first, PART, signatures[first]));
                Books memory after_ = books();
                // A void says nothing of amounts: of two live ones it still ends what a capture left.
                if (first == CAPTURE && second == VOID) continue;
                (bool ok, ) = address(operator).call(_callOf(second, PART, signatures[second]));
                assertFalse(ok);
                assertBooks(after_);
            }
        }
    }

    function test_T15_AVoidIsFinal() public {
        _prepare(VOID);
        bytes[] memory signatures = _signatures(AMOUNT);
        send(address(operator), _call(VOID, signatures[VOID]));
        Books memory after_ = books();
        for (uint256 i = 0; i < MESSAGES; ++i) {
            (bool ok, ) = address(operator).call(_call(i, signatures[i]));
            assertFalse(ok, vm.toString(i));
        }
        assertBooks(after_);
    }

    /* INTERNAL */

    /// @dev A hold, or a captured payment, in which message `i` can act.
    function _prepare(uint256 i) private {
        vm.warp(NOW);
        signer = payer;
        bool isArbitrated = i == DISPUTE || i == RULE;
        ITermsOperatorCommon.Terms memory terms = isArbitrated ? arbitratedTerms() : holdTerms();
        terms.authorizer = signer.addr;
        hold(terms);
        if (i == RULE) dispute();
        if (i == REFUND) send(address(operator), _callOf(CAPTURE, AMOUNT, _signatures(AMOUNT)[CAPTURE]));
    }

    /// @dev Every message about `amount`, over what is held now.
    function _signatures(uint256 amount) private view returns (bytes[] memory signatures) {
        signatures = new bytes[](MESSAGES);
        bytes32 id = paymentHash();
        (, uint256 capturable, uint256 refundable) = escrow().paymentState(id);
        bool disputed = isDisputed();
        signatures[CAPTURE] = signStruct(signer, captureHash("Capture", amount));
        signatures[CAPTURE_AND_VOID] = signStruct(signer, captureHash("CaptureAndVoid", amount));
        signatures[VOID] = signStruct(signer, OperatorMessages.voidHash(id));
        signatures[REFUND] = signStruct(
            signer,
            OperatorMessages.refundHash(id, amount, refundCollector, capturable, refundable)
        );
        signatures[RELEASE] = signStruct(signer, OperatorMessages.releaseHash(id, capturable, disputed, DEADLINE));
        signatures[DISPUTE] = signStruct(signer, OperatorMessages.disputeHash(id, bytes32(amount), DEADLINE));
        signatures[RULE] = signStruct(arbiter, OperatorMessages.ruleHash(id, amount));
        signatures[SETTLE] = signStruct(
            signer,
            OperatorMessages.settleHash(id, amount, capturable, refundable, disputed, DEADLINE)
        );
    }

    function _call(uint256 i, bytes memory signature) private view returns (bytes memory) {
        return _callOf(i, AMOUNT, signature);
    }

    function _callOf(uint256 i, uint256 amount, bytes memory signature) private view returns (bytes memory) {
        if (i == CAPTURE) return abi.encodeCall(ITermsOperatorCommon.capture, (payment, amount, signature));
        if (i == CAPTURE_AND_VOID) {
            return abi.encodeCall(ITermsOperatorCommon.captureAndVoid, (payment, amount, signature));
        }
        if (i == VOID) return abi.encodeCall(ITermsOperatorCommon.void, (payment, signature));
        if (i == REFUND) {
            bytes memory data = refundData(receiver, amount, DEADLINE);
            return abi.encodeCall(ITermsOperatorCommon.refund, (payment, amount, refundCollector, data, signature));
        }
        if (i == RELEASE) return abi.encodeCall(ITermsOperatorCommon.release, (payment, DEADLINE, signature));
        if (i == DISPUTE) {
            return abi.encodeCall(ITermsOperatorCommon.dispute, (payment, bytes32(amount), DEADLINE, signature));
        }
        if (i == RULE) return abi.encodeCall(ITermsOperatorCommon.rule, (payment, amount, signature));
        return abi.encodeCall(ITermsOperatorCommon.settle, (payment, amount, DEADLINE, signature, signature));
    }

    function _refuses(uint256 i, bytes memory signature) private {
        Books memory start = books();
        bytes memory data = _call(i, signature);
        expectInvalidSignature(i == RULE ? arbiter.addr : signer.addr);
        send(address(operator), data);
        assertBooks(start);
    }
}

contract SignatureThreatsOnV10Test is SignatureThreatsTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
