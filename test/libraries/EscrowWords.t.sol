// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowWords} from "../../contracts/flash/EscrowWords.sol";
import {Test} from "../helpers/Test.sol";

contract EscrowWordsTest is Test {
    using EscrowWords for uint256;

    uint256 private constant MAX = type(uint96).max;
    uint256 private constant CLOSED = EscrowWords.CLIENT_CLOSED | EscrowWords.SERVER_CLOSED;

    /* MONEY */

    function test_PacksMoneyFromTheLowestBit() public pure {
        assertEq(EscrowWords.packMoney(1, 0, 0), 1);
        assertEq(EscrowWords.packMoney(0, 1, 0), 1 << 96);
        assertEq(EscrowWords.packMoney(0, 0, 1), 1 << 192);
    }

    function test_PacksTheLargestMoney() public pure {
        _assertMoney(MAX, 0, 0);
        _assertMoney(0, MAX, 0);
        _assertMoney(0, 0, type(uint40).max);
        _assertMoney(MAX, MAX, type(uint40).max);
    }

    function testFuzz_UnpacksTheMoneyThatItPacked(uint96 balance, uint96 settled, uint40 unlockAt) public pure {
        _assertMoney(balance, settled, unlockAt);
        assertEq(EscrowWords.packMoney(balance, settled, unlockAt) >> 232, 0, "spare bits");
    }

    /* TERMS */

    function test_PacksTermsFromTheLowestBit() public pure {
        assertEq(EscrowWords.packTerms(address(1), 0, 0, 0), 1);
        assertEq(EscrowWords.packTerms(address(0), 1, 0, 0), 1 << 160);
        assertEq(EscrowWords.packTerms(address(0), 0, 1, 0), 1 << 192);
        assertEq(EscrowWords.packTerms(address(0), 0, 0, 1), 1 << 224);
    }

    function test_PacksTheLargestTerms() public pure {
        address highest = address(type(uint160).max);
        _assertTerms(highest, 0, 0, 0);
        _assertTerms(address(0), type(uint32).max, 0, 0);
        _assertTerms(address(0), 0, type(uint32).max, 0);
        _assertTerms(highest, type(uint32).max, type(uint32).max, EscrowWords.OPEN | CLOSED);
    }

    function testFuzz_UnpacksTheTermsThatItPacked(
        address signer,
        uint32 closeDelay,
        uint32 epoch,
        uint8 flags
    ) public pure {
        _assertTerms(signer, closeDelay, epoch, flags);
        assertEq(EscrowWords.packTerms(signer, closeDelay, epoch, flags) >> 232, 0, "spare bits");
    }

    function testFuzz_TellsTheEpoch(address signer, uint32 closeDelay, uint32 epoch, uint8 flags) public pure {
        assertEq(EscrowWords.packTerms(signer, closeDelay, epoch, flags).epochOf(), epoch);
    }

    /* FLAGS */

    function test_KeepsTheFlagsApart() public pure {
        assertEq(EscrowWords.OPEN & CLOSED, 0);
        assertEq(EscrowWords.CLIENT_CLOSED & EscrowWords.SERVER_CLOSED, 0);
    }

    function test_FindsOneOfTheFlags() public pure {
        uint256 word = EscrowWords.packTerms(address(type(uint160).max), 7, 8, EscrowWords.OPEN);
        assertTrue(word.hasFlag(EscrowWords.OPEN));
        assertFalse(word.hasFlag(CLOSED));
        word = word.withFlag(EscrowWords.SERVER_CLOSED);
        assertTrue(word.hasFlag(CLOSED));
        assertTrue(word.hasFlag(EscrowWords.SERVER_CLOSED));
        assertFalse(word.hasFlag(EscrowWords.CLIENT_CLOSED));
    }

    function test_FindsNoFlagInAnEmptyWord() public pure {
        assertFalse(uint256(0).hasFlag(EscrowWords.OPEN | CLOSED));
    }

    function testFuzz_SetsAFlagAndNothingElse(
        address signer,
        uint32 closeDelay,
        uint32 epoch,
        uint8 flags
    ) public pure {
        uint256 word = EscrowWords.packTerms(signer, closeDelay, epoch, flags);
        assertEq(
            word.withFlag(EscrowWords.CLIENT_CLOSED),
            EscrowWords.packTerms(signer, closeDelay, epoch, flags | EscrowWords.CLIENT_CLOSED)
        );
    }

    /* INTERNAL */

    function _assertMoney(uint256 balance, uint256 settled, uint256 unlockAt) private pure {
        (uint256 a, uint256 b, uint256 c) = EscrowWords.packMoney(balance, settled, unlockAt).unpackMoney();
        assertEq(a, balance, "balance");
        assertEq(b, settled, "settled");
        assertEq(c, unlockAt, "unlockAt");
    }

    function _assertTerms(address signer, uint256 closeDelay, uint256 epoch, uint256 flags) private pure {
        (address a, uint256 b, uint256 c, uint256 d) = EscrowWords
            .packTerms(signer, closeDelay, epoch, flags)
            .unpackTerms();
        assertEq(a, signer, "signer");
        assertEq(b, closeDelay, "closeDelay");
        assertEq(c, epoch, "epoch");
        assertEq(d, flags, "flags");
    }
}
