// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OperatorHashing} from "../../contracts/auth-capture/OperatorHashing.sol";
import {Test} from "../helpers/Test.sol";

/// @notice The type hashes as they are written down for signers, and as the runner makes them from the type strings.
contract TypehashesTest is Test {
    string private constant BALANCES = "uint256 expectedCapturableAmount,uint256 expectedRefundableAmount)";

    function _assertType(bytes32 actual, bytes32 written, string memory definition) private pure {
        assertEq(actual, written, definition);
        assertEq(vm.eip712HashType(definition), written, definition);
    }

    function test_Capture() public pure {
        _assertType(
            OperatorHashing.CAPTURE_TYPEHASH,
            0x7552a0b8573d2e7a1b95911dca3a9ffe4719360b15877a812b891b85ebaf15a8,
            string.concat(
                "Capture(bytes32 paymentInfoHash,uint256 amount,uint256 feeAmount,address feeReceiver,",
                BALANCES
            )
        );
    }

    function test_CaptureOnV10() public pure {
        _assertType(
            OperatorHashing.CAPTURE_V1_0_TYPEHASH,
            0x8cf77ca8dd47396ba74c194a47288b9c07e9a39eb7e1e9e4e2fa4dbf80797840,
            string.concat("Capture(bytes32 paymentInfoHash,uint256 amount,uint16 feeBps,address feeReceiver,", BALANCES)
        );
    }

    function test_CaptureAndVoid() public pure {
        _assertType(
            OperatorHashing.CAPTURE_AND_VOID_TYPEHASH,
            0x29491ce4c474337815098f9c70051aad80490a7989df217afec3ae6c91ceb523,
            string.concat(
                "CaptureAndVoid(bytes32 paymentInfoHash,uint256 amount,uint256 feeAmount,address feeReceiver,",
                BALANCES
            )
        );
    }

    function test_CaptureAndVoidOnV10() public pure {
        _assertType(
            OperatorHashing.CAPTURE_AND_VOID_V1_0_TYPEHASH,
            0xbc9d042d9a33e35eca6087e3db7034f0fabc4e90f4c54bef01b670a8080a75c3,
            string.concat(
                "CaptureAndVoid(bytes32 paymentInfoHash,uint256 amount,uint16 feeBps,address feeReceiver,",
                BALANCES
            )
        );
    }

    function test_Void() public pure {
        _assertType(
            OperatorHashing.VOID_TYPEHASH,
            0x80be0473b8db3dab0f581a2d5047c8427e224f5a2d7c8cf47f33c59138d5d7f6,
            "Void(bytes32 paymentInfoHash)"
        );
    }

    function test_Refund() public pure {
        _assertType(
            OperatorHashing.REFUND_TYPEHASH,
            0x154b6cc065d8b728fdd99c222e8d6aa851df9b8f72ab09a9135939d9a882e172,
            string.concat("Refund(bytes32 paymentInfoHash,uint256 amount,address tokenCollector,", BALANCES)
        );
    }

    function test_Release() public pure {
        _assertType(
            OperatorHashing.RELEASE_TYPEHASH,
            0x8a2f00016dce2a4e7f58b65c5899f9da782c6048010b6324b1b1531055d08a33,
            "Release(bytes32 paymentInfoHash,uint256 expectedCapturableAmount,bool disputed,uint48 deadline)"
        );
    }

    function test_Dispute() public pure {
        _assertType(
            OperatorHashing.DISPUTE_TYPEHASH,
            0x01773b3df52c9368e5526bfb8e8a14f259d7f18c4d62d7fcbcabdbcbdbeeb113,
            "Dispute(bytes32 paymentInfoHash,bytes32 reasonHash,uint48 deadline)"
        );
    }

    function test_Rule() public pure {
        _assertType(
            OperatorHashing.RULE_TYPEHASH,
            0xcd878708d422c2e21f8cf6667ac6b81e4155f005f4b4ff5fb07ac57a7ae17263,
            "Rule(bytes32 paymentInfoHash,uint256 receiverAmount)"
        );
    }

    function test_Settle() public pure {
        _assertType(
            OperatorHashing.SETTLE_TYPEHASH,
            0x4a190acdb44333bf62bbd737dc8ef8ba7a0e8447485c48c20abed3d238bf993b,
            "Settle(bytes32 paymentInfoHash,uint256 receiverAmount,uint256 expectedCapturableAmount,uint256 expectedRefundableAmount,bool disputed,uint48 deadline)"
        );
    }

    function test_SignedRefund() public pure {
        assertEq(
            vm.eip712HashType(
                "SignedRefund(uint256 chainId,address collector,bytes32 paymentInfoHash,address funder,address token,uint256 amount,uint256 salt,uint48 deadline)"
            ),
            0x1e3471b41e509fa0a349d496d1b3d93ca4d456fae5e42a414caa4d21e4c29770
        );
    }
}
