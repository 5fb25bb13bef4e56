// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrowCommon} from "../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {Actor} from "../helpers/Test.sol";
import {OperatorSignatureTest} from "./OperatorSignatureTest.sol";

/// @notice What holds for a capture by the authorizer, of whatever becomes of the rest (`Capturing.tree`): a plain hold with a fee.
abstract contract CapturingTest is OperatorSignatureTest {
    Books internal start;
    /// @dev What the good message captures.
    uint256 internal amount;

    function setUp() public virtual override {
        super.setUp();
        hold(holdTerms());
        amount = PART;
        start = books();
    }

    /// @dev Name of the message, as in its type.
    function messageName() internal pure virtual returns (string memory);

    /// @dev The books after the verb captured `captured`.
    function booksAfter(Books memory from, uint256 captured) internal view virtual returns (Books memory);

    function owner() internal view override returns (Actor memory) {
        return authorizer;
    }

    function structHash() internal view override returns (bytes32) {
        return captureHash(messageName(), amount);
    }

    function canCallItself() internal pure override returns (bool) {
        return false;
    }

    function assertDone() internal view override {
        assertBooks(booksAfter(start, amount));
    }

    function _arbitrated() internal {
        hold(arbitratedTerms());
        start = books();
    }

    function _refuses(bytes memory errorData) internal {
        bytes memory data = goodCall();
        vm.expectRevert(errorData);
        send(address(operator), data);
    }

    /* AMOUNT */

    function test_CapturesOneUnit() public {
        amount = 1;
        submit(ownersSignature());
        assertDone();
    }

    function test_CapturesAllButOneUnit() public {
        amount = AMOUNT - 1;
        submit(ownersSignature());
        assertDone();
    }

    function test_CapturesAll() public {
        amount = AMOUNT;
        submit(ownersSignature());
        assertDone();
    }

    function test_RevertWhen_TheAmountIsOneAboveTheHold() public {
        amount = uint256(AMOUNT) + 1;
        _refuses(abi.encodeWithSelector(ITermsOperatorCommon.AmountExceedsHold.selector, amount, AMOUNT));
    }

    function test_RevertWhen_TheAmountIsTheLargestWord() public {
        bytes memory signature = ownersSignature();
        amount = type(uint256).max;
        bytes memory data = callWith(signature);
        expectRevert(ITermsOperatorCommon.AmountExceedsHold.selector, amount, AMOUNT);
        send(address(operator), data);
    }

    function test_RevertWhen_TheAmountIsZero() public {
        amount = 0;
        _refuses(abi.encodeWithSelector(IAuthCaptureEscrowCommon.ZeroAmount.selector));
    }

    function test_RevertGiven_NothingWasCollected() public {
        payment.salt = OTHER_SALT;
        _refuses(abi.encodeWithSelector(ITermsOperatorCommon.AmountExceedsHold.selector, amount, 0));
    }

    /* WHAT THE SIGNATURE BINDS */

    function test_RevertWhen_TheAmountIsNotTheSignedOne() public {
        bytes memory signature = ownersSignature();
        amount = PART + 1;
        refuses(signature);
    }

    function test_RevertWhen_TheFeeIsNotTheTerms() public {
        payment.minFeeBps = FEE_BPS + 1;
        bytes32 other = structHash();
        payment.minFeeBps = FEE_BPS;
        refuses(signStruct(authorizer, other));
    }

    function test_RevertWhen_TheOtherMessageIsSigned() public {
        bool isCapture = keccak256(bytes(messageName())) == keccak256("Capture");
        refuses(signStruct(authorizer, captureHash(isCapture ? "CaptureAndVoid" : "Capture", amount)));
    }

    function test_RevertGiven_TheHoldChangedSinceItWasSigned() public {
        bytes memory signature = ownersSignature();
        capture(1);
        refuses(signature);
    }

    function test_RevertGiven_SomethingWasRefundedSinceItWasSigned() public {
        capture(PART);
        bytes32 signed = structHash();
        refund(PART);
        refuses(signStruct(authorizer, signed));
    }

    function test_RevertWhen_ReplayedOnTheSamePayment() public {
        bytes memory signature = ownersSignature();
        submit(signature);
        bytes memory data = callWith(signature);
        vm.expectRevert();
        send(address(operator), data);
    }

    /* WHO: the receiver where the terms name nobody */

    function test_TheReceiverIsTheAuthorizerGivenTheTermsNameNobody() public {
        ITermsOperatorCommon.Terms memory terms = holdTerms();
        terms.authorizer = address(0);
        hold(terms);
        start = books();
        submit(signStruct(receiver, structHash()));
        assertDone();
    }

    function test_RevertWhen_TheReceiverSignsGivenTheTermsNameAnother() public {
        refuses(signStruct(receiver, structHash()));
    }

    /* TIME */

    function test_CapturesOneSecondBeforeTheExpiry() public {
        vm.warp(EXPIRY - 1);
        submit(ownersSignature());
        assertDone();
    }

    function test_RevertWhen_TheExpiryHasCome() public {
        vm.warp(EXPIRY);
        bytes memory data = goodCall();
        expectTooLate(EXPIRY);
        send(address(operator), data);
    }

    function test_RevertWhen_TheSignatureIsWrongAndTheExpiryHasCome() public {
        vm.warp(EXPIRY);
        refuses(signStruct(stranger, structHash()));
    }

    /* AN ARBITER */

    function test_RevertWhen_OneSecondBeforeThePayersTimeIsOver() public {
        _arbitrated();
        vm.warp(RELEASABLE_FROM - 1);
        _refuses(
            abi.encodeWithSelector(ITermsOperatorCommon.CaptureTooEarly.selector, RELEASABLE_FROM - 1, RELEASABLE_FROM)
        );
    }

    function test_CapturesWhenThePayersTimeIsOver() public {
        _arbitrated();
        vm.warp(RELEASABLE_FROM);
        submit(ownersSignature());
        assertDone();
    }

    function test_RevertGiven_ThePayerDisputed() public {
        _arbitrated();
        dispute();
        vm.warp(RELEASABLE_FROM);
        _refuses(abi.encodeWithSelector(ITermsOperatorCommon.UnderDispute.selector, NOW));
    }

    function test_RevertWhen_DisputedAndAllBehindIsWrong() public {
        _arbitrated();
        dispute();
        amount = uint256(AMOUNT) + 1;
        bytes memory data = callWith("");
        expectRevert(ITermsOperatorCommon.UnderDispute.selector, NOW);
        send(address(operator), data);
    }

    function test_RevertWhen_TooEarlyAndAllBehindIsWrong() public {
        _arbitrated();
        amount = uint256(AMOUNT) + 1;
        bytes memory data = callWith("");
        expectRevert(ITermsOperatorCommon.CaptureTooEarly.selector, NOW, RELEASABLE_FROM);
        send(address(operator), data);
    }

    function test_RevertWhen_TheAmountAndTheSignatureAreWrong() public {
        amount = uint256(AMOUNT) + 1;
        bytes memory data = callWith("");
        expectRevert(ITermsOperatorCommon.AmountExceedsHold.selector, amount, AMOUNT);
        send(address(operator), data);
    }

    /* EFFECTS */

    function test_CapturesWithoutAFee() public {
        ITermsOperatorCommon.Terms memory terms = holdTerms();
        terms.feeBps = 0;
        terms.feeReceiver = address(0);
        hold(terms);
        start = books();
        submit(ownersSignature());
        assertDone();
    }

    function test_EmitsPaymentCaptured() public {
        bytes memory data = goodCall();
        expectCaptured(amount);
        send(address(operator), data);
    }

    function testFuzz_SplitsAmountAndFee(uint256 captured, uint256 feeBps) public {
        ITermsOperatorCommon.Terms memory terms = holdTerms();
        terms.feeBps = uint16(bound(feeBps, 1, 9_999));
        hold(terms);
        start = books();
        amount = bound(captured, 1, AMOUNT);
        submit(ownersSignature());
        assertDone();
    }
}
