// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NonceWindow} from "../../contracts/libraries/NonceWindow.sol";
import {Test} from "../helpers/Test.sol";

contract NonceWindowTest is Test {
    uint64 private _next;
    uint64 private _seen;

    /// @dev The naive model: a set, and the highest nonce that it holds plus one.
    mapping(uint64 nonce => bool isUsed) private _model;
    uint256 private _modelNext;

    function test_StartsWithNonceZero() public {
        assertTrue(_consume(0));
        assertEq(_next, 1);
        assertEq(_seen, 1);
    }

    function test_StartsWithAnyNonce() public {
        assertTrue(_consume(1000));
        assertEq(_next, 1001);
        assertEq(_seen, 1);
    }

    function test_TakesANonceOnce() public {
        assertTrue(_consume(5));
        assertFalse(_consume(5));
    }

    function test_TakesEarlierNoncesInAnyOrder() public {
        assertTrue(_consume(3));
        assertTrue(_consume(1));
        assertTrue(_consume(2));
        assertTrue(_consume(0));
        assertEq(_seen, 15);
        assertFalse(_consume(1));
    }

    function test_TakesTheOldestOfTheWindow() public {
        _consume(64);
        assertTrue(_consume(1));
        assertEq(_seen, (1 << 63) | 1);
    }

    function test_RefusesOneOlderThanTheWindow() public {
        _consume(64);
        assertFalse(_consume(0));
    }

    function test_RefusesTwoOlderThanTheWindow() public {
        _consume(65);
        assertFalse(_consume(0));
    }

    function test_KeepsWhatWasSeenWhenItMovesBy63() public {
        _consume(0);
        _consume(63);
        assertEq(_seen, (1 << 63) | 1);
        assertFalse(_consume(0));
    }

    function test_ForgetsWhatWasSeenWhenItMovesBy64() public {
        _consume(0);
        _consume(64);
        assertEq(_seen, 1);
        assertFalse(_consume(0));
    }

    function test_ForgetsWhatWasSeenWhenItMovesBy65() public {
        _consume(0);
        _consume(65);
        assertEq(_seen, 1);
        assertFalse(_consume(0));
    }

    function test_ForgetsWhatWasSeenWhenItMovesByAWord() public {
        // A shift by 256 and more must not come back around.
        _consume(0);
        _consume(256);
        assertEq(_seen, 1);
        _consume(256 + 257);
        assertEq(_seen, 1);
    }

    function test_TakesOneBelowTheLargestNonce() public {
        assertTrue(_consume(type(uint64).max - 1));
        assertEq(_next, type(uint64).max);
    }

    function test_RefusesTheLargestNonce() public {
        assertFalse(_consume(type(uint64).max));
        _consume(type(uint64).max - 1);
        assertFalse(_consume(type(uint64).max));
    }

    function testFuzz_EqualsASetWithAnEdge(uint64[24] memory seeds, uint64 start, uint8 spread) public {
        uint256 span = bound(spread, 1, 200);
        uint256 base = bound(start, 0, type(uint64).max - 200);
        for (uint256 i = 0; i < seeds.length; ++i) {
            uint64 nonce = uint64(base + (seeds[i] % span));
            bool isFresh = nonce != type(uint64).max && !_model[nonce] && uint256(nonce) + 64 >= _modelNext;
            assertEq(_consume(nonce), isFresh);
            if (!isFresh) continue;
            _model[nonce] = true;
            if (nonce >= _modelNext) _modelNext = uint256(nonce) + 1;
            assertEq(_next, _modelNext);
        }
    }

    function testFuzz_TakesAnyHigherNonce(uint64 first, uint64 second) public {
        uint64 low = uint64(bound(first, 0, type(uint64).max - 2));
        uint64 high = uint64(bound(second, uint256(low) + 1, type(uint64).max - 1));
        assertTrue(_consume(low));
        assertTrue(_consume(high));
        assertFalse(_consume(low));
        assertFalse(_consume(high));
        assertEq(_next, uint256(high) + 1);
    }

    function _consume(uint64 nonce) private returns (bool isFresh) {
        (uint64 next, uint64 seen) = (_next, _seen);
        (isFresh, _next, _seen) = NonceWindow.consume(next, seen, nonce);
        if (isFresh) return true;
        assertEq(_next, next, "a refused nonce moves the window");
        assertEq(_seen, seen, "a refused nonce changes the window");
    }
}
