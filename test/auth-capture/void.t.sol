// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {IAuthCaptureEscrowCommon} from "../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {Actor} from "../helpers/Test.sol";
import {OperatorMessages} from "./OperatorMessages.sol";
import {OperatorSignatureTest} from "./OperatorSignatureTest.sol";

contract VoidTest is OperatorSignatureTest {
    Books private start;

    function setUp() public override {
        super.setUp();
        hold(arbitratedTerms());
        start = books();
    }

    function owner() internal view override returns (Actor memory) {
        return authorizer;
    }

    function structHash() internal view override returns (bytes32) {
        return OperatorMessages.voidHash(paymentHash());
    }

    function callWith(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(ITermsOperatorCommon.void, (payment, signature));
    }

    function canCallItself() internal pure override returns (bool) {
        return true;
    }

    function assertDone() internal view override {
        assertBooks(booksAfterVoid(start));
    }

    /* STATE */

    function test_VoidsADisputedHold() public {
        dispute();
        start = books();
        submit(ownersSignature());
        assertDone();
    }

    function test_VoidsWhatACaptureLeft() public {
        vm.warp(RELEASABLE_FROM);
        capture(PART);
        start = books();
        submit(ownersSignature());
        assertDone();
    }

    function test_VoidsAfterTheExpiry() public {
        vm.warp(EXPIRY + 365 days);
        submit(ownersSignature());
        assertDone();
    }

    function test_RevertGiven_NothingIsHeld() public {
        submit(ownersSignature());
        bytes memory data = goodCall();
        vm.expectRevert(abi.encodeWithSelector(IAuthCaptureEscrowCommon.ZeroAuthorization.selector, paymentHash()));
        send(address(operator), data);
    }

    function test_RevertWhen_TheSignatureIsWrongGivenNothingIsHeld() public {
        submit(ownersSignature());
        refuses(signStruct(stranger, structHash()));
    }

    /* WHO */

    function test_TheReceiverVoidsGivenTheTermsNameNobody() public {
        ITermsOperatorCommon.Terms memory terms = holdTerms();
        terms.authorizer = address(0);
        hold(terms);
        start = books();
        vm.prank(receiver.addr);
        operator.void(payment, "");
        assertDone();
    }

    function test_RevertWhen_ThePayerVoids() public {
        expectInvalidSignature(authorizer.addr);
        vm.prank(payer.addr);
        operator.void(payment, "");
    }

    function test_RevertWhen_TheAuthorizerCallsWithAnothersSignature() public {
        bytes memory signature = signStruct(stranger, structHash());
        expectInvalidSignature(authorizer.addr);
        vm.prank(authorizer.addr);
        operator.void(payment, signature);
    }

    /* EFFECTS */

    function test_EmitsPaymentVoided() public {
        bytes memory data = goodCall();
        expectVoided(AMOUNT);
        send(address(operator), data);
    }

    function test_RevertGiven_NoEscrowOnThisChain() public {
        bytes memory data = goodCall();
        vm.etch(address(escrow()), "");
        expectRevert(Address.AddressEmptyCode.selector, address(escrow()));
        send(address(operator), data);
    }
}

contract VoidOnV10Test is VoidTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
