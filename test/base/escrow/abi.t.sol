// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuthCaptureEscrow} from "../../../contracts/interfaces/external/IAuthCaptureEscrow.sol";
import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {IAuthCaptureEscrowV1_0} from "../../../contracts/interfaces/external/IAuthCaptureEscrowV1_0.sol";
import {IPreApprovalPaymentCollector} from "../../../contracts/interfaces/external/IPreApprovalPaymentCollector.sol";
import {ITokenCollector} from "../../../contracts/interfaces/external/ITokenCollector.sol";
import {Test} from "../../helpers/Test.sol";

/// @notice The interfaces against the published selectors and topics.
contract EscrowAbiTest is Test {
    function test_Functions() external pure {
        _same(IAuthCaptureEscrowCommon.authorize.selector, 0x41d66202, "authorize");
        _same(IAuthCaptureEscrowCommon.void.selector, 0xfa1cad17, "void");
        _same(IAuthCaptureEscrowCommon.reclaim.selector, 0xe1a2a66d, "reclaim");
        _same(IAuthCaptureEscrowCommon.refund.selector, 0xd458db5a, "refund");
        _same(IAuthCaptureEscrowCommon.getHash.selector, 0x063a70ff, "getHash");
        _same(IAuthCaptureEscrowCommon.getTokenStore.selector, 0x9d3facde, "getTokenStore");
        _same(IAuthCaptureEscrowCommon.paymentState.selector, 0x34b778ed, "paymentState");
    }

    function test_Errors() external pure {
        _same(IAuthCaptureEscrowCommon.InvalidSender.selector, 0xe1130dba, "InvalidSender");
        _same(IAuthCaptureEscrowCommon.ZeroAmount.selector, 0x1f2a2005, "ZeroAmount");
        _same(IAuthCaptureEscrowCommon.AmountOverflow.selector, 0x6c0442a2, "AmountOverflow");
        _same(IAuthCaptureEscrowCommon.ExceedsMaxAmount.selector, 0x092af19e, "ExceedsMaxAmount");
        _same(IAuthCaptureEscrowCommon.AfterPreApprovalExpiry.selector, 0xc46cf60f, "AfterPreApprovalExpiry");
        _same(IAuthCaptureEscrowCommon.InvalidExpiries.selector, 0x88ef0760, "InvalidExpiries");
        _same(IAuthCaptureEscrowCommon.FeeBpsOverflow.selector, 0xbf47e3f7, "FeeBpsOverflow");
        _same(IAuthCaptureEscrowCommon.InvalidFeeBpsRange.selector, 0x0950d5d0, "InvalidFeeBpsRange");
        _same(IAuthCaptureEscrowCommon.ZeroFeeReceiver.selector, 0xb6802b7f, "ZeroFeeReceiver");
        _same(IAuthCaptureEscrowCommon.InvalidFeeReceiver.selector, 0x4caf6a34, "InvalidFeeReceiver");
        _same(IAuthCaptureEscrowCommon.InvalidCollectorForOperation.selector, 0x5313287d, "InvalidCollector");
        _same(IAuthCaptureEscrowCommon.PaymentAlreadyCollected.selector, 0xad7c145a, "PaymentAlreadyCollected");
        _same(IAuthCaptureEscrowCommon.AfterAuthorizationExpiry.selector, 0x36f2d211, "AfterAuthorizationExpiry");
        _same(IAuthCaptureEscrowCommon.InsufficientAuthorization.selector, 0x604b0947, "InsufficientAuthorization");
        _same(IAuthCaptureEscrowCommon.ZeroAuthorization.selector, 0x93bb7a12, "ZeroAuthorization");
        _same(IAuthCaptureEscrowCommon.BeforeAuthorizationExpiry.selector, 0xaa5674ad, "BeforeAuthorizationExpiry");
        _same(IAuthCaptureEscrowCommon.AfterRefundExpiry.selector, 0x94271bde, "AfterRefundExpiry");
        _same(IAuthCaptureEscrowCommon.RefundExceedsCapture.selector, 0x6295d604, "RefundExceedsCapture");
        _same(ITokenCollector.OnlyAuthCaptureEscrow.selector, 0xbde034f9, "OnlyAuthCaptureEscrow");
        _same(IPreApprovalPaymentCollector.PaymentNotPreApproved.selector, 0xa8334d15, "PaymentNotPreApproved");
    }

    function test_Events() external pure {
        assertEq(
            IAuthCaptureEscrowCommon.PaymentAuthorized.selector,
            0x1c81fb2e3bab27f6bb09bee9a0dddf61600b7cbaf2c12683e4864e0cbdb9d284
        );
        assertEq(
            IAuthCaptureEscrow.PaymentCharged.selector,
            0x137b0e73e4453f43c2e1ad2552980a0e0c7e988764619974ca26d37a7159940c
        );
        assertEq(
            IAuthCaptureEscrowV1_0.PaymentCharged.selector,
            0x943ae4341dd799d7aeedc501f616cd26b134639e0bc2ec059581ba3ebbf1e7d0
        );
        assertEq(
            IAuthCaptureEscrow.PaymentCaptured.selector,
            0xac1e0db1957daedbc6944bcb4c8dc947ff8101d710671ac2ec26309f7f38d58e
        );
        assertEq(
            IAuthCaptureEscrowV1_0.PaymentCaptured.selector,
            0xe749f7bbd01b49bb05abf26ca492cb4dfdea6bedeada8a40fdccd478c73a74e2
        );
        assertEq(
            IAuthCaptureEscrowCommon.PaymentVoided.selector,
            0xcadce8c3acb008e3e1c64ca7f60d22a3c87069183182b7dbb9e4d8cfb3a15842
        );
        assertEq(
            IAuthCaptureEscrowCommon.PaymentReclaimed.selector,
            0x78e1d723d17e13b7f40eeab9bf6dd9148a630bafde4203ab7bb5fca983516d17
        );
        assertEq(
            IAuthCaptureEscrowCommon.PaymentRefunded.selector,
            0x1bf415371b303ca6b8bbb4ce479b177cba5ad15dbe0c9a7750a588aa6bcd25b2
        );
        assertEq(
            IAuthCaptureEscrowCommon.TokenStoreCreated.selector,
            0xd8699a107a4fe8ea740423e52159bafb235249dce5c2df55fa265db06964d136
        );
    }

    function _same(bytes4 actual, bytes4 expected, string memory name) private pure {
        assertEq(bytes32(actual), bytes32(expected), name);
    }
}
