// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {SingleMessageTest} from "./SingleMessageTest.sol";

/// @notice Nonces in the window of a free account, which the messages that spend from it share (`WindowNonce.tree`). The good message has
/// nonce 0 and can be paid three times.
abstract contract WindowNonceTest is SingleMessageTest {
    function test_TakesNoncesOutOfOrder() public {
        _submitWithNonce(2);
        _submitWithNonce(0);
        _submitWithNonce(1);
        _assertWindow(3, 7);
    }

    function test_RevertGiven_AnEarlierNonceWasUsedOutOfOrder() public {
        _submitWithNonce(2);
        _submitWithNonce(1);
        _assertNonceUsed(1);
    }

    function test_TakesANonce63BelowTheHighest() public {
        _submitWithNonce(100);
        _submitWithNonce(37);
        _assertWindow(101, (1 << 63) | 1);
    }

    function test_RevertWhen_TheNonceLies64BelowTheHighest() public {
        _submitWithNonce(100);
        _assertNonceUsed(36);
    }

    function test_RevertWhen_TheNonceLies65BelowTheHighest() public {
        _submitWithNonce(100);
        _assertNonceUsed(35);
    }

    function test_TakesANonceOneBelowTheLargest() public {
        _submitWithNonce(type(uint64).max - 1);
        _assertWindow(type(uint64).max, 1);
    }

    function test_RevertWhen_TheNonceIsTheLargest() public {
        _assertNonceUsed(type(uint64).max);
    }

    function test_RevertGiven_TheNonceWasCancelled() public {
        vm.prank(buyer.addr);
        escrow.advanceFreeNonce(asset, 1);
        _assertNonceUsed(0);
    }

    function test_ActsGivenTheNonceWasCancelledInAnotherAsset() public {
        vm.prank(buyer.addr);
        escrow.advanceFreeNonce(stranger.addr, 1);
        submit();
        assertDone();
    }

    function test_MarksTheNonceUsed() public {
        submit();
        _assertWindow(1, 1);
    }

    function _submitWithNonce(uint64 nonce) private {
        setMember("nonce", nonce);
        submit();
    }

    function _assertNonceUsed(uint64 nonce) private {
        setMember("nonce", nonce);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.NonceAlreadyUsed.selector, uint256(nonce)));
    }

    function _assertWindow(uint64 next, uint64 seen) private view {
        (, uint64 actualNext, uint64 actualSeen) = escrow.getFreeAccount(buyer.addr, asset);
        assertEq(actualNext, next, "next nonce");
        assertEq(actualSeen, seen, "seen nonces");
    }
}
