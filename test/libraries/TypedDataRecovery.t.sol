// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {TypedDataRecovery} from "../../contracts/libraries/TypedDataRecovery.sol";
import {Actor, Test} from "../helpers/Test.sol";

contract TypedDataRecoveryTest is Test {
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 private constant HALF_ORDER = ORDER / 2;

    /* AGAINST PLAIN SOLIDITY */

    function testFuzz_EqualsPlainSolidity(
        bytes32 domainSeparator,
        uint256[11] memory words,
        uint8 countSeed,
        bytes32 r,
        bytes32 vs
    ) public view {
        uint256 count = bound(countSeed, 1, 11);
        assertEq(
            TypedDataRecovery.recover(domainSeparator, words, count, r, vs),
            _recoverPlainly(domainSeparator, words, count, r, vs)
        );
    }

    function testFuzz_RecoversTheKeyThatSigned(
        bytes32 domainSeparator,
        uint256[11] memory words,
        uint8 countSeed,
        uint256 keySeed
    ) public view {
        uint256 count = bound(countSeed, 1, 11);
        Actor memory actor = _actor(keySeed);
        (bytes32 r, bytes32 vs) = signCompact(actor, _digest(domainSeparator, words, count));
        assertEq(TypedDataRecovery.recover(domainSeparator, words, count, r, vs), actor.addr);
        assertEq(_recoverPlainly(domainSeparator, words, count, r, vs), actor.addr);
    }

    function testFuzz_EqualsPlainSolidityOneBitOff(
        bytes32 domainSeparator,
        uint256[11] memory words,
        uint256 keySeed,
        uint8 bit
    ) public view {
        Actor memory actor = _actor(keySeed);
        (bytes32 r, bytes32 vs) = signCompact(actor, _digest(domainSeparator, words, 11));
        bytes32 flip = bytes32(uint256(1) << bit);
        _assertEqualsPlain(domainSeparator, words, r ^ flip, vs);
        _assertEqualsPlain(domainSeparator, words, r, vs ^ flip);
        _assertEqualsPlain(domainSeparator ^ flip, words, r, vs);
        words[bit % 11] ^= uint256(flip);
        address recovered = TypedDataRecovery.recover(domainSeparator, words, 11, r, vs);
        assertEq(recovered, _recoverPlainly(domainSeparator, words, 11, r, vs));
        assertNotEq(recovered, actor.addr);
    }

    /* EDGES OF S */

    function testFuzz_EqualsPlainSolidityAroundTheHalfOrder(
        uint256[11] memory words,
        bytes32 r,
        bool parity
    ) public view {
        for (uint256 i = 0; i < 3; ++i) {
            uint256 s = HALF_ORDER - 1 + i;
            _assertEqualsPlain(0, words, r, bytes32(s | (parity ? 1 << 255 : 0)));
        }
    }

    function test_RefusesSOneAboveTheHalfOrder() public view {
        // r = x of the generator: a point on the curve, so every low s recovers to some key.
        bytes32 r = 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798;
        uint256[11] memory words;
        assertNotEq(TypedDataRecovery.recover(0, words, 11, r, bytes32(HALF_ORDER - 1)), address(0));
        assertNotEq(TypedDataRecovery.recover(0, words, 11, r, bytes32(HALF_ORDER)), address(0));
        assertEq(TypedDataRecovery.recover(0, words, 11, r, bytes32(HALF_ORDER + 1)), address(0));
    }

    function test_RecoversZeroWhenAllIsZero() public view {
        uint256[11] memory words;
        assertEq(TypedDataRecovery.recover(0, words, 11, 0, 0), address(0));
    }

    function test_RecoversZeroAfterAGoodRecovery() public {
        // What an earlier call left in memory must not pass for an answer.
        Actor memory actor = makeActor("signer");
        uint256[11] memory words;
        (bytes32 r, bytes32 vs) = signCompact(actor, _digest(0, words, 11));
        assertEq(TypedDataRecovery.recover(0, words, 11, r, vs), actor.addr);
        assertEq(TypedDataRecovery.recover(0, words, 11, bytes32(ORDER), vs), address(0));
        assertEq(TypedDataRecovery.recover(0, words, 11, r, bytes32(HALF_ORDER + 1)), address(0));
    }

    /* WHAT COUNTS */

    function test_IgnoresWordsBehindTheCount() public {
        Actor memory actor = makeActor("signer");
        uint256[11] memory words;
        (bytes32 r, bytes32 vs) = signCompact(actor, _digest(0, words, 5));
        words[5] = 1;
        assertEq(TypedDataRecovery.recover(0, words, 5, r, vs), actor.addr);
        words[4] = 1;
        assertNotEq(TypedDataRecovery.recover(0, words, 5, r, vs), actor.addr);
    }

    function testFuzz_LeavesMemoryAlone(uint256[11] memory words, bytes32 r, bytes32 vs) public view {
        bytes32 before = keccak256(abi.encode(words));
        bytes memory neighbour = "what stood in memory before the call";
        uint256 pointer;
        uint256 zeroSlot;
        assembly {
            pointer := mload(0x40)
        }
        TypedDataRecovery.recover(0, words, 11, r, vs);
        assembly {
            pointer := sub(mload(0x40), pointer)
            zeroSlot := mload(0x60)
        }
        assertEq(pointer, 0, "free memory pointer");
        assertEq(zeroSlot, 0, "zero slot");
        assertEq(keccak256(abi.encode(words)), before);
        assertEq(string(neighbour), "what stood in memory before the call");
    }

    /* INTERNAL */

    function _assertEqualsPlain(bytes32 domainSeparator, uint256[11] memory words, bytes32 r, bytes32 vs) private view {
        assertEq(
            TypedDataRecovery.recover(domainSeparator, words, 11, r, vs),
            _recoverPlainly(domainSeparator, words, 11, r, vs)
        );
    }

    function _recoverPlainly(
        bytes32 domainSeparator,
        uint256[11] memory words,
        uint256 count,
        bytes32 r,
        bytes32 vs
    ) private pure returns (address recovered) {
        (recovered, , ) = ECDSA.tryRecover(_digest(domainSeparator, words, count), r, vs);
    }

    function _digest(bytes32 domainSeparator, uint256[11] memory words, uint256 count) private pure returns (bytes32) {
        bytes memory encoded;
        for (uint256 i = 0; i < count; ++i) encoded = bytes.concat(encoded, abi.encode(words[i]));
        return keccak256(abi.encodePacked(hex"1901", domainSeparator, keccak256(encoded)));
    }

    function _actor(uint256 seed) private pure returns (Actor memory actor) {
        actor.key = bound(seed, 1, ORDER - 1);
        actor.addr = vm.addr(actor.key);
    }
}
