// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {Actor} from "../helpers/Test.sol";
import {SignedMessageTest} from "./SignedMessageTest.sol";
import {SingleMessageTest} from "./SingleMessageTest.sol";
import {VoucherMessages} from "./VoucherMessages.sol";
import {VoucherTest} from "./VoucherTest.sol";

contract AuthorizeSignerTest is VoucherTest {
    using VoucherMessages for *;

    /* SIGNER */

    function test_RevertWhen_TheSignerIsZero() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
        _authorize(address(0), EXPIRY);
    }

    function test_RevertWhen_TheSignerIsTheBuyer() public {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer.addr));
        _authorize(buyer.addr, EXPIRY);
    }

    function test_RevertGiven_TheSignerWasRevoked() public {
        vm.prank(buyer.addr);
        escrow.revokeSigner(signer.addr);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.SignerAlreadyRevoked.selector, buyer.addr, signer.addr));
        _authorize(signer.addr, EXPIRY);
    }

    function test_RevertGiven_TheSignerWasRevokedAndStillSigns() public {
        _authorize(signer.addr, EXPIRY);
        vm.prank(buyer.addr);
        escrow.revokeSigner(signer.addr);
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.SignerAlreadyRevoked.selector, buyer.addr, signer.addr));
        _authorize(signer.addr, EXPIRY);
    }

    function test_AuthorizesGivenAnotherBuyerRevokedTheSigner() public {
        vm.prank(buyer2.addr);
        escrow.revokeSigner(signer.addr);
        _authorize(signer.addr, EXPIRY);
        _assertSigner(EXPIRY);
    }

    /* END */

    function test_Authorizes() public {
        _authorize(signer.addr, EXPIRY);
        _assertSigner(EXPIRY);
    }

    function test_AuthorizesForever() public {
        _authorize(signer.addr, type(uint64).max);
        _assertSigner(type(uint64).max);
    }

    function test_ExtendsByOneSecond() public {
        _authorize(signer.addr, EXPIRY);
        _authorize(signer.addr, EXPIRY + 1);
        _assertSigner(EXPIRY + 1);
    }

    function test_ChangesNothingWhenTheEndIsTheCurrentOne() public {
        _authorize(signer.addr, EXPIRY);
        vm.recordLogs();
        _authorize(signer.addr, EXPIRY);
        assertEq(vm.getRecordedLogs().length, 0);
        _assertSigner(EXPIRY);
    }

    function test_ChangesNothingWhenTheEndIsOneSecondEarlier() public {
        _authorize(signer.addr, EXPIRY);
        vm.recordLogs();
        _authorize(signer.addr, EXPIRY - 1);
        assertEq(vm.getRecordedLogs().length, 0);
        _assertSigner(EXPIRY);
    }

    function test_ChangesNothingWhenTheEndIsZero() public {
        vm.recordLogs();
        _authorize(signer.addr, 0);
        assertEq(vm.getRecordedLogs().length, 0);
        _assertSigner(0);
    }

    function test_AuthorizesAnEndInThePast() public {
        // Of no use, and of no harm.
        _authorize(signer.addr, NOW - 1);
        _assertSigner(NOW - 1);
        assertFalse(escrow.isVoucherSignatureValid(voucherOf(1), sign(signer, voucherOf(1))));
    }

    function test_AuthorizesAnewASignerWhoseEndHasPassed() public {
        _authorize(signer.addr, NOW + 1);
        vm.warp(NOW + 2);
        _authorize(signer.addr, EXPIRY);
        _assertSigner(EXPIRY);
        assertTrue(escrow.isVoucherSignatureValid(voucherOf(1), sign(signer, voucherOf(1))));
    }

    /* EFFECTS */

    function test_EmitsSignerAuthorized() public {
        expectEvent();
        emit IVoucherEscrow.SignerAuthorized(buyer.addr, signer.addr, EXPIRY);
        _authorize(signer.addr, EXPIRY);
    }

    function test_AuthorizesSeveralSigners() public {
        _authorize(signer.addr, EXPIRY);
        _authorize(stranger.addr, EXPIRY);
        assertTrue(escrow.isVoucherSignatureValid(voucherOf(1), sign(signer, voucherOf(1))));
        assertTrue(escrow.isVoucherSignatureValid(voucherOf(1), sign(stranger, voucherOf(1))));
    }

    function test_LeavesOtherBuyersAlone() public {
        _authorize(signer.addr, EXPIRY);
        (uint64 validUntil, ) = escrow.getSigner(buyer2.addr, signer.addr);
        assertEq(validUntil, 0);
    }

    /* A SIGNER SIGNS VOUCHERS AND NOTHING ELSE */

    function test_RevertWhen_ASignerSignsADeposit() public {
        _authorize(signer.addr, EXPIRY);
        IVoucherEscrow.DepositAuthorization memory message = depositAuthorizationOf(1);
        bytes memory signature = sign(signer, message);
        _expectInvalidAuthorization();
        escrow.depositWithAuthorization(message, signature);
    }

    function test_RevertWhen_ASignerSignsAFlush() public {
        _authorize(signer.addr, EXPIRY);
        deposit(buyer, seller, 1);
        IVoucherEscrow.FlushAuthorization memory message = flushAuthorizationOf(NONCE);
        bytes memory signature = sign(signer, message);
        _expectInvalidAuthorization();
        escrow.flushWithAuthorization(message, signature);
    }

    function test_RevertWhen_ASignerSignsAFlushOfAll() public {
        _authorize(signer.addr, EXPIRY);
        deposit(buyer, seller, 1);
        IVoucherEscrow.FlushAllAuthorization memory message = flushAllAuthorizationOf(NONCE);
        IVoucherEscrow.AccountKey[] memory accounts = new IVoucherEscrow.AccountKey[](1);
        accounts[0] = IVoucherEscrow.AccountKey(seller.addr, asset);
        bytes memory signature = sign(signer, message);
        _expectInvalidAuthorization();
        escrow.flushAllWithAuthorization(message, accounts, signature);
    }

    function test_RevertWhen_ASignerSignsAnAllocation() public {
        _authorize(signer.addr, EXPIRY);
        depositFree(buyer, 1);
        IVoucherEscrow.AllocateAuthorization memory message = allocateAuthorizationOf(1, 0);
        bytes memory signature = sign(signer, message);
        _expectInvalidAuthorization();
        escrow.allocateWithAuthorization(message, signature);
    }

    function test_RevertWhen_ASignerSignsAWithdrawal() public {
        _authorize(signer.addr, EXPIRY);
        depositFree(buyer, 1);
        IVoucherEscrow.WithdrawFreeAuthorization memory message = withdrawFreeAuthorizationOf(1, 0);
        bytes memory signature = sign(signer, message);
        _expectInvalidAuthorization();
        escrow.withdrawFreeWithAuthorization(message, signature);
    }

    function test_RevertWhen_ASignerAuthorizesAnotherSigner() public {
        _authorize(signer.addr, EXPIRY);
        IVoucherEscrow.SignerAuthorization memory message = signerAuthorizationOf(EXPIRY);
        message.signer = stranger.addr;
        bytes memory signature = sign(signer, message);
        _expectInvalidAuthorization();
        escrow.authorizeSignerWithAuthorization(message, signature);
    }

    function test_RevertWhen_ASignerRevokesAnotherSigner() public {
        _authorize(signer.addr, EXPIRY);
        _authorize(stranger.addr, EXPIRY);
        IVoucherEscrow.SignerRevocation memory message = signerRevocationOf();
        message.signer = stranger.addr;
        bytes memory signature = sign(signer, message);
        _expectInvalidAuthorization();
        escrow.revokeSignerWithAuthorization(message, signature);
    }

    /* INTERNAL */

    function _authorize(address key, uint64 validUntil) private {
        vm.prank(buyer.addr);
        escrow.authorizeSigner(key, validUntil);
    }

    function _assertSigner(uint64 validUntil) private view {
        (uint64 actual, bool revoked) = escrow.getSigner(buyer.addr, signer.addr);
        assertEq(actual, validUntil);
        assertFalse(revoked);
    }

    function _expectInvalidAuthorization() private {
        expectRevert(abi.encodeWithSelector(IVoucherEscrow.InvalidAuthorization.selector));
    }
}

contract AuthorizeSignerWithAuthorizationTest is SignedMessageTest, SingleMessageTest {
    using VoucherMessages for *;

    uint64 private constant VALID_UNTIL = NOW + 60 days;

    IVoucherEscrow.SignerAuthorization private authorization;

    function setUp() public override {
        super.setUp();
        authorization = signerAuthorizationOf(VALID_UNTIL);
        start = books();
    }

    /* MESSAGE */

    function owner() internal view override returns (Actor memory) {
        return buyer;
    }

    function structHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function messageType() internal pure override returns (string memory) {
        return VoucherMessages.SIGNER_AUTHORIZATION;
    }

    function encoded() internal view override returns (bytes memory) {
        return abi.encode(authorization);
    }

    function decode(bytes memory message) internal override {
        authorization = abi.decode(message, (IVoucherEscrow.SignerAuthorization));
    }

    function callOf(bytes memory signature) internal view override returns (bytes memory) {
        return abi.encodeCall(IVoucherEscrow.authorizeSignerWithAuthorization, (authorization, signature));
    }

    function replayError() internal pure override returns (bytes memory) {}

    function assertDone() internal view override {
        (uint64 validUntil, bool revoked) = escrow.getSigner(buyer.addr, signer.addr);
        assertEq(validUntil, VALID_UNTIL);
        assertFalse(revoked);
        assertBooks(start);
    }

    /* WHO SIGNED */

    function test_RevertWhen_TheSignerAuthorizesItself() public {
        bytes memory signature = sign(signer, authorization);
        assertReverts(callOf(signature), refusal());
    }

    /* REPLAY */

    function test_ChangesNothingWhenItIsReplayed() public {
        submit();
        vm.recordLogs();
        submit();
        assertEq(vm.getRecordedLogs().length, 0);
        assertDone();
    }

    function test_ChangesNothingWhenItIsReplayedAfterAnExtension() public {
        submit();
        vm.prank(buyer.addr);
        escrow.authorizeSigner(signer.addr, VALID_UNTIL + 1);
        submit();
        (uint64 validUntil, ) = escrow.getSigner(buyer.addr, signer.addr);
        assertEq(validUntil, VALID_UNTIL + 1);
    }

    function test_RevertGiven_TheSignerWasRevoked() public {
        submit();
        vm.prank(buyer.addr);
        escrow.revokeSigner(signer.addr);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.SignerAlreadyRevoked.selector, buyer.addr, signer.addr));
    }

    function test_RevertGiven_TheSignerWasRevokedBeforeItWasEverAuthorized() public {
        vm.prank(buyer.addr);
        escrow.revokeSigner(signer.addr);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.SignerAlreadyRevoked.selector, buyer.addr, signer.addr));
    }

    /* PARTIES */

    function test_RevertWhen_TheSignerIsZero() public {
        authorization.signer = address(0);
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, address(0)));
    }

    function test_RevertWhen_TheSignerIsTheBuyer() public {
        authorization.signer = buyer.addr;
        assertReverts(abi.encodeWithSelector(IVoucherEscrow.InvalidAddress.selector, buyer.addr));
    }

    /* EFFECTS */

    function test_EmitsSignerAuthorized() public {
        expectEvent();
        emit IVoucherEscrow.SignerAuthorized(buyer.addr, signer.addr, VALID_UNTIL);
        submit();
    }
}
