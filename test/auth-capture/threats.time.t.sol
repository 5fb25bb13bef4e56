// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {AuthCaptureTest} from "./AuthCaptureTest.sol";

/// @notice Attacks by the choice of the moment.
contract TimeThreatsTest is AuthCaptureTest {
    /// @dev Who can end or freeze a hold at a moment; a bit each.
    uint256 private constant DISPUTE = 1;
    uint256 private constant CAPTURE = 2;
    uint256 private constant RELEASE_DUE = 4;
    uint256 private constant RULE = 8;
    uint256 private constant RELEASE = 16;
    uint256 private constant VOID_EXPIRED = 32;
    uint256 private constant RECLAIM = 64;

    /* 9: A PUSH OF WHAT IS NOT DUE */

    function test_T09_RevertWhen_APartWasCaptured() public {
        hold(arbitratedTerms());
        vm.warp(RELEASABLE_FROM);
        capture(1);
        _refusesPush();
        vm.warp(EXPIRY - 1);
        _refusesPush();
    }

    /// @dev What was refunded does not make a hold whole again.
    function test_T09_RevertWhen_APartWasCapturedAndRefunded() public {
        hold(defaultReceiverTerms());
        vm.warp(RELEASABLE_FROM);
        capture(1);
        refund(1);
        _refusesPush();
    }

    function test_T09_RevertWhen_TheHoldIsPlain() public {
        hold(holdTerms());
        _refusesPush();
        vm.warp(EXPIRY - 1);
        _refusesPush();
    }

    /* 13: RACES AT THE EDGES. Before, at and after each edge: what can be done, and nothing else. */

    function test_T13_AtTheEndOfThePayersTime() public {
        hold(defaultReceiverTerms());
        _assertPossible(RELEASABLE_FROM - 1, DISPUTE | RELEASE);
        _assertPossible(RELEASABLE_FROM, CAPTURE | RELEASE_DUE | RELEASE);
        _assertPossible(RELEASABLE_FROM + 1, CAPTURE | RELEASE_DUE | RELEASE);
    }

    function test_T13_AtTheEndOfThePayersTimeGivenItDisputed() public {
        hold(defaultReceiverTerms());
        dispute();
        for (uint48 time = RELEASABLE_FROM - 1; time <= RELEASABLE_FROM + 1; ++time) {
            _assertPossible(time, RULE | RELEASE);
        }
    }

    function test_T13_AtTheEndOfTheArbitersTimeGivenTheDefaultIsTheReceiver() public {
        hold(defaultReceiverTerms());
        dispute();
        _assertPossible(RULING_DEADLINE - 1, RULE | RELEASE);
        _assertPossible(RULING_DEADLINE, RELEASE_DUE | RELEASE);
        _assertPossible(RULING_DEADLINE + 1, RELEASE_DUE | RELEASE);
    }

    function test_T13_AtTheExpiryGivenTheDefaultIsTheReceiver() public {
        hold(defaultReceiverTerms());
        dispute();
        _assertPossible(EXPIRY - 1, RELEASE_DUE | RELEASE);
        _assertPossible(EXPIRY, VOID_EXPIRED | RECLAIM);
        _assertPossible(EXPIRY + 1, VOID_EXPIRED | RECLAIM);
    }

    function test_T13_AtTheExpiryGivenTheDefaultIsThePayer() public {
        hold(arbitratedTerms());
        dispute();
        _assertPossible(EXPIRY - 1, RULE | RELEASE);
        _assertPossible(EXPIRY, VOID_EXPIRED | RECLAIM);
        _assertPossible(EXPIRY + 1, VOID_EXPIRED | RECLAIM);
    }

    function test_T13_AtTheExpiryOfAnUndisputedHold() public {
        hold(arbitratedTerms());
        _assertPossible(EXPIRY - 1, CAPTURE | RELEASE_DUE | RELEASE);
        _assertPossible(EXPIRY, VOID_EXPIRED | RECLAIM);
        _assertPossible(EXPIRY + 1, VOID_EXPIRED | RECLAIM);
    }

    function test_T13_AtTheExpiryOfAPlainHold() public {
        hold(holdTerms());
        _assertPossible(EXPIRY - 1, CAPTURE | RELEASE);
        _assertPossible(EXPIRY, VOID_EXPIRED | RECLAIM);
        _assertPossible(EXPIRY + 1, VOID_EXPIRED | RECLAIM);
    }

    /* INTERNAL */

    function _refusesPush() private {
        Books memory start = books();
        vm.expectRevert(
            abi.encodeWithSelector(
                ITermsOperatorCommon.NotReleasable.selector,
                vm.getBlockTimestamp(),
                type(uint256).max,
                EXPIRY
            )
        );
        vm.prank(authorizer.addr);
        operator.releaseDue(payment);
        assertBooks(start);
    }

    function _assertPossible(uint48 time, uint256 expected) private {
        vm.warp(time);
        uint256 possible;
        if (_works(payer.addr, abi.encodeCall(operator.dispute, (payment, bytes32(0), DEADLINE, "")))) {
            possible |= DISPUTE;
        }
        if (_works(relayer, abi.encodeCall(operator.capture, (payment, PART, signCapture(PART))))) possible |= CAPTURE;
        if (_works(relayer, abi.encodeCall(operator.releaseDue, (payment)))) possible |= RELEASE_DUE;
        if (_works(arbiter.addr, abi.encodeCall(operator.rule, (payment, PART, "")))) possible |= RULE;
        if (_works(payer.addr, abi.encodeCall(operator.release, (payment, DEADLINE, "")))) possible |= RELEASE;
        if (_works(relayer, abi.encodeCall(operator.voidExpired, (payment)))) possible |= VOID_EXPIRED;
        if (_worksAt(address(escrow()), payer.addr, abi.encodeCall(escrow().reclaim, (payment)))) possible |= RECLAIM;
        assertEq(possible, expected, vm.toString(time));
        // The authorizer can always give it back.
        assertTrue(_works(authorizer.addr, abi.encodeCall(operator.void, (payment, ""))));
    }

    function _works(address from, bytes memory data) private returns (bool ok) {
        return _worksAt(address(operator), from, data);
    }

    /// @dev Whether a call goes through; it leaves no trace.
    function _worksAt(address to, address from, bytes memory data) private returns (bool ok) {
        uint256 snapshot = vm.snapshotState();
        vm.prank(from);
        (ok, ) = to.call(data);
        assertTrue(vm.revertToStateAndDelete(snapshot));
    }
}

contract TimeThreatsOnV10Test is TimeThreatsTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
