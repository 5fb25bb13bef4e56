// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BoundedCall} from "../../contracts/libraries/BoundedCall.sol";
import {Test} from "../helpers/Test.sol";
import {AnsweringContract} from "../mocks/AnsweringContract.sol";
import {GasBurningWallet} from "../mocks/GasBurningWallet.sol";
import {ReturnBombWallet} from "../mocks/ReturnBombWallet.sol";

contract BoundedCallTest is Test {
    AnsweringContract private callee;

    function setUp() public {
        callee = new AnsweringContract();
    }

    /* AGAINST PLAIN SOLIDITY */

    function testFuzz_EqualsAPlainStaticCall(bytes memory answer, bool reverts, bytes memory data) public {
        callee.set(answer, reverts);
        _assertEqualsPlain(data);
    }

    function testFuzz_EqualsAPlainStaticCallAroundOneWord(bytes32 word, uint8 length, bool reverts) public {
        bytes memory answer = abi.encodePacked(word, word);
        uint256 size = bound(length, 30, 34);
        assembly {
            mstore(answer, size)
        }
        callee.set(answer, reverts);
        _assertEqualsPlain("");
    }

    /* ANSWERS */

    function test_ReadsOneWord() public {
        callee.set(abi.encode(uint256(7)), false);
        _assertCall(true, 7);
    }

    function test_ReadsTheFirstOfManyWords() public {
        callee.set(abi.encode(uint256(7), uint256(8), uint256(9)), false);
        _assertCall(true, 7);
    }

    function test_FailsWhenTheAnswerIsEmpty() public {
        callee.set("", false);
        _assertCall(false, 0);
    }

    function test_FailsWhenTheAnswerHas31Bytes() public {
        callee.set(new bytes(31), false);
        _assertCall(false, 0);
    }

    function test_FailsAndReadsNothingWhenTheCalleeReverts() public {
        callee.set(abi.encode(uint256(7)), true);
        _assertCall(false, 0);
    }

    function test_FailsWhenThereIsNoCode() public {
        (bool ok, uint256 word) = BoundedCall.tryStaticCall(makeAddr("nobody"), gasleft(), "");
        assertFalse(ok);
        assertEq(word, 0);
    }

    function test_FailsWhenTheCalleeWrites() public view {
        (bool ok, uint256 word) = BoundedCall.tryStaticCall(
            address(callee),
            gasleft(),
            abi.encodeCall(AnsweringContract.set, ("", false))
        );
        assertFalse(ok);
        assertEq(word, 0);
    }

    /* BOUNDS */

    function test_CopiesNoneOfAVeryLongAnswer() public {
        // 400 KB cost the callee what its gas limit allows, and the caller nothing more.
        ReturnBombWallet bomb = new ReturnBombWallet(400_000);
        bytes memory data = abi.encodeCall(ReturnBombWallet.isValidSignature, (0, ""));
        uint256 before = gasleft();
        (bool ok, ) = BoundedCall.tryStaticCall(address(bomb), 1_000_000, data);
        uint256 used = before - gasleft();
        assertTrue(ok);
        assertLt(used, 450_000);
    }

    function test_ForwardsTheGasLimitAtMost() public {
        GasBurningWallet wallet = new GasBurningWallet(100_000);
        bytes memory data = abi.encodeCall(GasBurningWallet.isValidSignature, (0, ""));
        uint256 before = gasleft();
        (bool ok, ) = BoundedCall.tryStaticCall(address(wallet), 90_000, data);
        uint256 used = before - gasleft();
        assertFalse(ok);
        assertGe(used, 90_000);
        assertLt(used, 95_000);
        (ok, ) = BoundedCall.tryStaticCall(address(wallet), 110_000, data);
        assertTrue(ok);
    }

    function test_LeavesMemoryAlone() public {
        callee.set(abi.encode(type(uint256).max, type(uint256).max, type(uint256).max), false);
        bytes memory before = "what stood in memory before the call";
        bytes memory data = "calldata";
        uint256 pointer;
        uint256 zeroSlot;
        assembly {
            pointer := mload(0x40)
        }
        BoundedCall.tryStaticCall(address(callee), gasleft(), data);
        assembly {
            pointer := sub(mload(0x40), pointer)
            zeroSlot := mload(0x60)
        }
        assertEq(pointer, 0, "free memory pointer");
        assertEq(zeroSlot, 0, "zero slot");
        assertEq(string(before), "what stood in memory before the call");
        assertEq(string(data), "calldata");
    }

    /* INTERNAL */

    function _assertCall(bool expectedOk, uint256 expectedWord) private view {
        (bool ok, uint256 word) = BoundedCall.tryStaticCall(address(callee), gasleft(), "question");
        assertEq(ok, expectedOk);
        assertEq(word, expectedWord);
    }

    function _assertEqualsPlain(bytes memory data) private view {
        (bool ok, bytes memory answer) = address(callee).staticcall(data);
        ok = ok && answer.length >= 32;
        uint256 word = ok ? uint256(bytes32(answer)) : 0;
        (bool actualOk, uint256 actualWord) = BoundedCall.tryStaticCall(address(callee), gasleft(), data);
        assertEq(actualOk, ok);
        assertEq(actualWord, word);
    }
}

/// @notice The same block as a call: it may write, and a target without code succeeds.
contract BoundedCallThatWritesTest is Test {
    AnsweringContract private callee;

    function setUp() public {
        callee = new AnsweringContract();
    }

    /* AGAINST PLAIN SOLIDITY */

    function testFuzz_EqualsAPlainCall(bytes memory answer, bool reverts, bytes memory data) public {
        callee.set(answer, reverts);
        _assertEqualsPlain(address(callee), data);
    }

    function testFuzz_EqualsAPlainCallAroundOneWord(bytes32 word, uint8 length, bool reverts) public {
        bytes memory answer = abi.encodePacked(word, word);
        uint256 size = bound(length, 30, 34);
        assembly {
            mstore(answer, size)
        }
        callee.set(answer, reverts);
        _assertEqualsPlain(address(callee), "");
    }

    /* TARGETS */

    function test_LetsTheCalleeWrite() public {
        bytes memory data = abi.encodeCall(AnsweringContract.set, (abi.encode(uint256(7)), false));
        (bool ok, uint256 size, uint256 word) = BoundedCall.tryCall(address(callee), gasleft(), data);
        assertTrue(ok);
        assertEq(size, 0);
        assertEq(word, 0);
        (, , word) = BoundedCall.tryCall(address(callee), gasleft(), "");
        assertEq(word, 7);
    }

    function test_SucceedsWithoutAnAnswerWhenThereIsNoCode() public {
        _assertEqualsPlain(makeAddr("no code"), "question");
        (bool ok, uint256 size, uint256 word) = BoundedCall.tryCall(makeAddr("no code"), gasleft(), "question");
        assertTrue(ok);
        assertEq(size, 0);
        assertEq(word, 0);
    }

    function test_SendsNoValue() public {
        vm.deal(address(this), 1 ether);
        BoundedCall.tryCall(address(callee), gasleft(), "");
        assertEq(address(callee).balance, 0);
    }

    function test_ReadsNothingOfAnEarlierAnswer() public {
        callee.set(abi.encode(uint256(7)), false);
        BoundedCall.tryCall(address(callee), gasleft(), "");
        callee.set("", false);
        (, , uint256 word) = BoundedCall.tryCall(address(callee), gasleft(), "");
        assertEq(word, 0);
    }

    /* BOUNDS */

    function test_CopiesNoneOfAVeryLongAnswer() public {
        ReturnBombWallet bomb = new ReturnBombWallet(400_000);
        bytes memory data = abi.encodeCall(ReturnBombWallet.isValidSignature, (0, ""));
        uint256 before = gasleft();
        (bool ok, uint256 size, ) = BoundedCall.tryCall(address(bomb), 1_000_000, data);
        uint256 used = before - gasleft();
        assertTrue(ok);
        assertEq(size, 400_000);
        assertLt(used, 450_000);
    }

    function test_ForwardsTheGasLimitAtMost() public {
        GasBurningWallet wallet = new GasBurningWallet(100_000);
        bytes memory data = abi.encodeCall(GasBurningWallet.isValidSignature, (0, ""));
        uint256 before = gasleft();
        (bool ok, , ) = BoundedCall.tryCall(address(wallet), 90_000, data);
        uint256 used = before - gasleft();
        assertFalse(ok);
        assertGe(used, 90_000);
        assertLt(used, 95_000);
        (ok, , ) = BoundedCall.tryCall(address(wallet), 110_000, data);
        assertTrue(ok);
    }

    function test_LeavesMemoryAlone() public {
        callee.set(abi.encode(type(uint256).max, type(uint256).max, type(uint256).max), false);
        bytes memory before = "what stood in memory before the call";
        bytes memory data = "calldata";
        uint256 pointer;
        uint256 zeroSlot;
        assembly {
            pointer := mload(0x40)
        }
        BoundedCall.tryCall(address(callee), gasleft(), data);
        assembly {
            pointer := sub(mload(0x40), pointer)
            zeroSlot := mload(0x60)
        }
        assertEq(pointer, 0, "free memory pointer");
        assertEq(zeroSlot, 0, "zero slot");
        assertEq(string(before), "what stood in memory before the call");
        assertEq(string(data), "calldata");
    }

    /* INTERNAL */

    function _assertEqualsPlain(address target, bytes memory data) private {
        (bool ok, bytes memory answer) = target.call(data);
        // What is shorter than a word is filled up with zeros.
        bytes memory padded = bytes.concat(answer, bytes32(0));
        (bool actualOk, uint256 size, uint256 word) = BoundedCall.tryCall(target, gasleft(), data);
        assertEq(actualOk, ok);
        assertEq(size, answer.length);
        assertEq(word, uint256(bytes32(padded)));
    }
}
