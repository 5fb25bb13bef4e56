// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {CapturingTest} from "./CapturingTest.sol";

contract CaptureTest is CapturingTest {
    function messageName() internal pure override returns (string memory) {
        return "Capture";
    }

    function callWith(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(ITermsOperatorCommon.capture, (payment, amount, signature));
    }

    function booksAfter(Books memory from, uint256 captured) internal view override returns (Books memory) {
        return booksAfterCapture(from, captured);
    }

    function test_CapturesAgainWhatIsLeft() public {
        submit(ownersSignature());
        start = books();
        amount = AMOUNT - PART;
        submit(ownersSignature());
        assertDone();
    }
}

contract CaptureOnV10Test is CaptureTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
