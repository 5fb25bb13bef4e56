// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Actor} from "../helpers/Test.sol";
import {SignedMessageTest} from "./SignedMessageTest.sol";
import {SingleMessageTest} from "./SingleMessageTest.sol";
import {VoucherMessages} from "./VoucherMessages.sol";
import {VoucherTest} from "./VoucherTest.sol";

contract RevokeSignerTest is VoucherTest {
    /* SIGNER */

    function test_RevertWhen_TheSignerIsZero() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
        _revoke(address(0));
    }

    function test_RevertWhen_TheSignerIsTheBuyer() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer.addr));
        _revoke(buyer.addr);
    }

    function test_RevokesAKeyThatWasNeverAuthorized() public {
        _revoke(signer.addr);
        _assertRevoked(0);
    }

    function test_ChangesNothingGivenTheSignerWasRevoked() public {
        _authorize(EXPIRY);
        _revoke(signer.addr);
        vm.warp(NOW + 1 hours);
        vm.recordLogs();
        _revoke(signer.addr);
        assertEq(vm.getRecordedLogs().length, 0);
        _assertRevoked(NOW + 1 days);
    }

    /* END: the smaller of the signer's and a thawing period from now */

    function test_KeepsAnEndOneSecondBeforeTheThawingPeriod() public {
        _authorize(NOW + 1 days - 1);
        _revoke(signer.addr);
        _assertRevoked(NOW + 1 days - 1);
    }

    function test_KeepsAnEndAtTheThawingPeriod() public {
        _authorize(NOW + 1 days);
        _revoke(signer.addr);
        _assertRevoked(NOW + 1 days);
    }

    function test_CutsAnEndOneSecondPastTheThawingPeriod() public {
        _authorize(NOW + 1 days + 1);
        _revoke(signer.addr);
        _assertRevoked(NOW + 1 days);
    }

    function test_CutsTheLargestEnd() public {
        _authorize(type(uint64).max);
        _revoke(signer.addr);
        _assertRevoked(NOW + 1 days);
    }

    function test_KeepsAnEndThatHasPassed() public {
        _authorize(NOW + 1);
        vm.warp(NOW + 10);
        _revoke(signer.addr);
        _assertRevoked(NOW + 1);
    }

    /* EFFECTS */

    function test_EmitsSignerRevoked() public {
        _authorize(EXPIRY);
        expectEvent();
        emit IVoucherEscrow.SignerRevoked(buyer.addr, signer.addr, NOW + 1 days);
        _revoke(signer.addr);
    }

    function test_LetsASellerCollectForAThawingPeriod() public {
        deposit(buyer, seller, 100);
        _authorize(EXPIRY);
        bytes memory signature = sign(signer, voucherOf(60));
        _revoke(signer.addr);
        vm.warp(NOW + 1 days);
        escrow.collect(voucherOf(60), signature);
        assertEq(collectedOf(DEFAULT_LANE), 60);
    }

    function test_RevertWhen_ASellerCollectsOneSecondPastTheThawingPeriod() public {
        deposit(buyer, seller, 100);
        _authorize(EXPIRY);
        IVoucherEscrow.Voucher memory voucher = voucherOf(60);
        bytes memory signature = sign(signer, voucher);
        _revoke(signer.addr);
        vm.warp(NOW + 1 days + 1);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidSignature.selector, DEFAULT_LANE, buyer.addr));
        escrow.collect(voucher, signature);
    }

    function test_LeavesTheBuyersOwnKeyAlone() public {
        _revoke(signer.addr);
        assertTrue(escrow.isVoucherSignatureValid(voucherOf(1), sign(buyer, voucherOf(1))));
    }

    function test_LeavesOtherBuyersAlone() public {
        vm.prank(buyer2.addr);
        escrow.authorizeSigner(signer.addr, EXPIRY);
        _revoke(signer.addr);
        (uint64 validUntil, bool revoked) = escrow.getSigner(buyer2.addr, signer.addr);
        assertEq(validUntil, EXPIRY);
        assertFalse(revoked);
    }

    function testFuzz_EndsNoEarlierThanAThawingPeriodFromNow(uint64 validUntil) public {
        vm.assume(validUntil != 0);
        _authorize(validUntil);
        _revoke(signer.addr);
        _assertRevoked(validUntil < NOW + 1 days ? validUntil : NOW + 1 days);
    }

    /* INTERNAL */

    function _authorize(uint64 validUntil) private {
        vm.prank(buyer.addr);
        escrow.authorizeSigner(signer.addr, validUntil);
    }

    function _revoke(address key) private {
        vm.prank(buyer.addr);
        escrow.revokeSigner(key);
    }

    function _assertRevoked(uint64 validUntil) private view {
        (uint64 actual, bool revoked) = escrow.getSigner(buyer.addr, signer.addr);
        assertEq(actual, validUntil);
        assertTrue(revoked);
    }
}

contract RevokeSignerWithAuthorizationTest is SignedMessageTest, SingleMessageTest {
    using VoucherMessages for *;

    IVoucherEscrow.SignerRevocation private revocation;

    function setUp() public override {
        super.setUp();
        revocation = signerRevocationOf();
        vm.prank(buyer.addr);
        escrow.authorizeSigner(signer.addr, type(uint64).max);
        start = books();
    }

    /* MESSAGE */

    function owner() internal view override returns (Actor memory) {
        return buyer;
    }

    function structHash() internal view override returns (bytes32) {
        return revocation.hash();
    }

    function messageType() internal pure override returns (string memory) {
        return VoucherMessages.SIGNER_REVOCATION;
    }

    function encoded() internal view override returns (bytes memory) {
        return abi.encode(revocation);
    }

    function decode(bytes memory message) internal override {
        revocation = abi.decode(message, (IVoucherEscrow.SignerRevocation));
    }

    function callOf(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(IVoucherEscrow.revokeSignerWithAuthorization, (revocation, signature));
    }

    function replayError() internal pure override returns (bytes memory) {}

    function assertDone() internal view override {
        (uint64 validUntil, bool revoked) = escrow.getSigner(buyer.addr, signer.addr);
        assertEq(validUntil, vm.getBlockTimestamp() + 1 days);
        assertTrue(revoked);
        assertBooks(start);
    }

    /* WHO SIGNED */

    function test_RevertWhen_TheSignerRevokesItself() public {
        bytes memory signature = sign(signer, revocation);
        assertReverts(callOf(signature), refusal());
    }

    /* REPLAY */

    function test_ChangesNothingWhenItIsReplayed() public {
        submit();
        vm.warp(NOW + 1 hours);
        vm.recordLogs();
        submit();
        assertEq(vm.getRecordedLogs().length, 0);
        (uint64 validUntil, ) = escrow.getSigner(buyer.addr, signer.addr);
        assertEq(validUntil, NOW + 1 days);
    }

    /* PARTIES */

    function test_RevertWhen_TheSignerIsZero() public {
        revocation.signer = address(0);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
    }

    function test_RevertWhen_TheSignerIsTheBuyer() public {
        revocation.signer = buyer.addr;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer.addr));
    }

    /* EFFECTS */

    function test_EmitsSignerRevoked() public {
        expectEvent();
        emit IVoucherEscrow.SignerRevoked(buyer.addr, signer.addr, NOW + 1 days);
        submit();
    }
}
