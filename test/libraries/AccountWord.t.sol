// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountWord} from "../../contracts/voucher/AccountWord.sol";
import {Test} from "../helpers/Test.sol";

contract AccountWordTest is Test {
    using AccountWord for uint256;

    uint256 private constant MAX = type(uint96).max;

    /* PACK AND UNPACK */

    function test_PacksFromTheLowestBit() public pure {
        assertEq(AccountWord.pack(1, 0, 0), 1);
        assertEq(AccountWord.pack(0, 1, 0), 1 << 96);
        assertEq(AccountWord.pack(1, 0, 1), (1 << 192) | 1);
    }

    function test_PacksTheLargestParts() public pure {
        _assertParts(AccountWord.pack(MAX, 0, type(uint40).max), MAX, 0, type(uint40).max);
        _assertParts(AccountWord.pack(1, MAX - 1, type(uint40).max), 1, MAX - 1, type(uint40).max);
    }

    function test_AnEmptyAccountNeverThaws() public pure {
        _assertParts(AccountWord.pack(0, 5, NOW), 0, 5, 0);
    }

    function test_AnAccountOfOneUnitThaws() public pure {
        _assertParts(AccountWord.pack(1, 5, NOW), 1, 5, NOW);
    }

    function testFuzz_UnpacksWhatItPacked(uint96 balance, uint96 collected, uint40 thawEndTime) public pure {
        _assertParts(
            AccountWord.pack(balance, collected, thawEndTime),
            balance,
            collected,
            balance == 0 ? 0 : thawEndTime
        );
    }

    function testFuzz_KeepsTheSpareBitsZero(uint96 balance, uint96 collected, uint40 thawEndTime) public pure {
        assertEq(AccountWord.pack(balance, collected, thawEndTime) >> 232, 0);
    }

    /* COLLECT */

    function test_CollectsUpToTheTotal() public pure {
        _assertCollects(100, 10, NOW, 70, 60);
    }

    function test_CollectsNothingAtOrBelowTheCollectedTotal() public pure {
        _assertCollects(100, 10, NOW, 9, 0);
        _assertCollects(100, 10, NOW, 10, 0);
        _assertCollects(100, 10, NOW, 11, 1);
    }

    function test_CollectsTheBalanceAtMost() public pure {
        _assertCollects(100, 10, NOW, 109, 99);
        _assertCollects(100, 10, NOW, 110, 100);
        _assertCollects(100, 10, NOW, 111, 100);
        _assertCollects(100, 10, NOW, type(uint256).max, 100);
    }

    function test_CollectsNothingFromAnEmptyAccount() public pure {
        _assertCollects(0, 10, 0, 11, 0);
    }

    function test_CollectsTheLargestAccount() public pure {
        _assertCollects(MAX, 0, NOW, MAX, MAX);
        _assertCollects(MAX, 0, NOW, MAX - 1, MAX - 1);
        _assertCollects(1, MAX - 1, NOW, MAX, 1);
    }

    function testFuzz_CollectsAsCheckedArithmeticWould(
        uint96 balanceSeed,
        uint96 collectedSeed,
        uint40 thawEndTime,
        uint256 total,
        uint8 nearness
    ) public pure {
        uint256 balance = balanceSeed;
        uint256 collected = bound(collectedSeed, 0, MAX - balance);
        // Totals around the two edges as often as any others.
        if (nearness % 3 == 1) total = collected + (total % 4);
        if (nearness % 3 == 2) total = collected + balance + (total % 4);
        uint256 amount = 0;
        if (total > collected) amount = total - collected < balance ? total - collected : balance;
        _assertCollects(balance, collected, balance == 0 ? 0 : thawEndTime, total, amount);
    }

    function testFuzz_SaysWhetherATotalWasCollected(uint96 balance, uint96 collected, uint256 total) public pure {
        uint256 word = AccountWord.pack(balance, collected, NOW);
        assertEq(word.isCollected(total), total <= collected);
        assertTrue(word.isCollected(collected));
        assertFalse(word.isCollected(uint256(collected) + 1));
    }

    /* INTERNAL */

    uint256 private constant NOW = 1_800_000_000;

    function _assertCollects(
        uint256 balance,
        uint256 collected,
        uint256 thawEndTime,
        uint256 total,
        uint256 expected
    ) private pure {
        (uint256 word, uint256 amount) = AccountWord.pack(balance, collected, thawEndTime).collect(total);
        assertEq(amount, expected, "amount");
        _assertParts(word, balance - amount, collected + amount, balance == amount ? 0 : thawEndTime);
        assertEq(word >> 232, 0, "spare bits");
    }

    function _assertParts(uint256 word, uint256 balance, uint256 collected, uint256 thawEndTime) private pure {
        (uint256 actualBalance, uint256 actualCollected, uint256 actualEnd) = word.unpack();
        assertEq(actualBalance, balance, "balance");
        assertEq(actualCollected, collected, "collected");
        assertEq(actualEnd, thawEndTime, "end of the thaw");
    }
}
