// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {IAuthCaptureEscrowCommon} from "../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {OperatorEntryTest} from "./OperatorEntryTest.sol";

contract VoidExpiredTest is OperatorEntryTest {
    Books private start;

    function setUp() public override {
        super.setUp();
        hold(defaultReceiverTerms());
        start = books();
        vm.warp(EXPIRY);
    }

    function goodCall() internal view override returns (bytes memory) {
        return abi.encodeCall(ITermsOperatorCommon.voidExpired, (payment));
    }

    function assertDone() internal view override {
        assertBooks(booksAfterVoid(start));
    }

    function _voids() private {
        send(address(operator), goodCall());
        assertDone();
    }

    function test_RevertWhen_OneSecondBeforeTheExpiry() public {
        vm.warp(EXPIRY - 1);
        bytes memory data = goodCall();
        expectRevert(ITermsOperatorCommon.NotExpired.selector, EXPIRY - 1, EXPIRY);
        send(address(operator), data);
    }

    function test_VoidsOneSecondAfterTheExpiry() public {
        vm.warp(EXPIRY + 1);
        _voids();
    }

    function test_VoidsLongAfterTheExpiry() public {
        vm.warp(EXPIRY + 3650 days);
        _voids();
    }

    function test_VoidsAPlainHold() public {
        vm.warp(NOW);
        hold(holdTerms());
        start = books();
        vm.warp(EXPIRY);
        _voids();
    }

    function test_VoidsADisputedHold() public {
        vm.warp(NOW);
        hold(defaultReceiverTerms());
        dispute();
        start = books();
        vm.warp(EXPIRY);
        _voids();
    }

    function test_VoidsWhatACaptureLeft() public {
        vm.warp(RELEASABLE_FROM);
        capture(PART);
        start = books();
        vm.warp(EXPIRY);
        _voids();
    }

    function test_RevertGiven_NothingIsHeld() public {
        _voids();
        bytes memory data = goodCall();
        vm.expectRevert(abi.encodeWithSelector(IAuthCaptureEscrowCommon.ZeroAuthorization.selector, paymentHash()));
        send(address(operator), data);
    }

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

contract VoidExpiredOnV10Test is VoidExpiredTest {
    function isOnV10() internal pure override returns (bool) {
        return true;
    }
}
