// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NonceBitmap} from "../../contracts/libraries/NonceBitmap.sol";
import {Test} from "../helpers/Test.sol";

contract NonceBitmapTest is Test {
    using NonceBitmap for mapping(uint256 word => uint256 bits);

    mapping(uint256 word => uint256 bits) private _words;
    /// @dev The naive model: a set.
    mapping(bytes32 nonce => bool isUsed) private _model;

    function test_StartsUnused() public view {
        assertFalse(_words.isUsed(0));
        assertFalse(_words.isUsed(bytes32(type(uint256).max)));
    }

    function test_ConsumesANonceOnce() public {
        assertTrue(_words.consume(bytes32(uint256(7))));
        assertFalse(_words.consume(bytes32(uint256(7))));
        assertTrue(_words.isUsed(bytes32(uint256(7))));
    }

    function test_KeepsNeighboursApart() public {
        assertTrue(_words.consume(bytes32(uint256(255))));
        assertFalse(_words.isUsed(bytes32(uint256(254))));
        assertFalse(_words.isUsed(bytes32(uint256(256))));
        assertTrue(_words.consume(bytes32(uint256(256))));
        assertTrue(_words.isUsed(bytes32(uint256(255))));
        assertFalse(_words.isUsed(bytes32(uint256(257))));
    }

    function test_ConsumesTheFirstAndTheLastNonce() public {
        assertTrue(_words.consume(0));
        assertTrue(_words.consume(bytes32(type(uint256).max)));
        assertEq(_words[0], 1);
        assertEq(_words[type(uint248).max], 1 << 255);
    }

    function test_LeavesTheWordAloneWhenTheNonceWasConsumed() public {
        _words[3] = type(uint256).max;
        assertFalse(_words.consume(bytes32(uint256(3 * 256 + 9))));
        assertEq(_words[3], type(uint256).max);
    }

    function test_TakesBackOneNonceAlone() public {
        _words[3] = type(uint256).max;
        _words.restore(bytes32(uint256(3 * 256 + 9)));
        assertEq(_words[3], type(uint256).max ^ (1 << 9));
        assertTrue(_words.consume(bytes32(uint256(3 * 256 + 9))));
        assertEq(_words[3], type(uint256).max);
    }

    function test_TakesBackTheFirstAndTheLastNonce() public {
        _words.consume(0);
        _words.consume(bytes32(type(uint256).max));
        _words.restore(0);
        _words.restore(bytes32(type(uint256).max));
        assertEq(_words[0], 0);
        assertEq(_words[type(uint248).max], 0);
    }

    function test_TakesBackNothingOfANonceThatIsUnused() public {
        _words.consume(bytes32(uint256(8)));
        _words.restore(bytes32(uint256(7)));
        assertEq(_words[0], 1 << 8);
    }

    function testFuzz_EqualsASet(uint256[24] memory seeds, bool isDense) public {
        for (uint256 i = 0; i < seeds.length; ++i) {
            // Dense: few words and many collisions. Sparse: any nonce.
            bytes32 nonce = bytes32(isDense ? seeds[i] % 600 : seeds[i]);
            assertEq(_words.isUsed(nonce), _model[nonce]);
            assertEq(_words.consume(nonce), !_model[nonce]);
            _model[nonce] = true;
            assertTrue(_words.isUsed(nonce));
            if (i % 3 == 0) {
                _words.restore(nonce);
                _model[nonce] = false;
            }
        }
        if (!isDense) return;
        for (uint256 nonce = 0; nonce < 600; ++nonce) {
            assertEq(_words.isUsed(bytes32(nonce)), _model[bytes32(nonce)]);
        }
    }
}
