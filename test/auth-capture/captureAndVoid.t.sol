// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {CapturingTest} from "./CapturingTest.sol";

contract CaptureAndVoidTest is CapturingTest {
    function messageName() internal pure override returns (string memory) {
        return "CaptureAndVoid";
    }

    function callWith(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(ITermsOperatorCommon.captureAndVoid, (payment, amount, signature));
    }

    function booksAfter(Books memory from, uint256 captured) internal view override returns (Books memory) {
        return booksAfterVoid(booksAfterCapture(from, captured));
    }

    function test_EmitsPaymentVoidedForTheRest() public {
        bytes memory data = goodCall();
        expectVoided(AMOUNT - PART);
        send(address(operator), data);
    }

    function test_VoidsNothingWhenAllIsCaptured() public {
        amount = AMOUNT;
        bytes memory data = goodCall();
        vm.expectCall(address(escrow()), abi.encodePacked(escrow().void.selector), 0);
        send(address(operator), data);
        assertDone();
    }

    function test_ClosesWhatEarlierCapturesLeft() public {
        capture(PART);
        start = books();
        submit(ownersSignature());
        assertDone();
    }

    function test_RevertGiven_TheTokenRefusesThePayer() public {
        bytes memory data = goodCall();
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(payer.addr);
        vm.expectRevert();
        send(address(operator), data);
        assertBooks(start);
    }
}

contract CaptureAndVoidOnV10Test is CaptureAndVoidTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
