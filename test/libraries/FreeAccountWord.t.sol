// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FreeAccountWord} from "../../contracts/voucher/FreeAccountWord.sol";
import {Test} from "../helpers/Test.sol";

contract FreeAccountWordTest is Test {
    using FreeAccountWord for uint256;

    function test_PacksFromTheLowestBit() public pure {
        assertEq(FreeAccountWord.pack(1, 0, 0), 1);
        assertEq(FreeAccountWord.pack(0, 1, 0), 1 << 96);
        assertEq(FreeAccountWord.pack(0, 0, 1), 1 << 160);
    }

    function test_KeepsTheLargestPartsApart() public pure {
        _assertParts(FreeAccountWord.pack(type(uint96).max, 0, 0), type(uint96).max, 0, 0);
        _assertParts(FreeAccountWord.pack(0, type(uint64).max, 0), 0, type(uint64).max, 0);
        _assertParts(FreeAccountWord.pack(0, 0, type(uint64).max), 0, 0, type(uint64).max);
    }

    function testFuzz_UnpacksWhatItPacked(uint96 balance, uint64 next, uint64 seen) public pure {
        _assertParts(FreeAccountWord.pack(balance, next, seen), balance, next, seen);
    }

    function testFuzz_KeepsTheSpareBitsZero(uint96 balance, uint64 next, uint64 seen) public pure {
        assertEq(FreeAccountWord.pack(balance, next, seen) >> 224, 0);
    }

    function _assertParts(uint256 word, uint256 balance, uint64 next, uint64 seen) private pure {
        (uint256 actualBalance, uint64 actualNext, uint64 actualSeen) = word.unpack();
        assertEq(actualBalance, balance, "balance");
        assertEq(actualNext, next, "next");
        assertEq(actualSeen, seen, "seen");
    }
}
