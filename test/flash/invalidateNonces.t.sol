// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {FlashTest} from "./FlashTest.sol";

contract FlashInvalidateNoncesTest is FlashTest {
    function setUp() public override {
        super.setUp();
        open();
    }

    /* WHAT IS CANCELLED */

    function test_CancelsOneNonceOfAWord() public {
        _cancel(5, 1 << 9);
        assertEq(settlement.accountNonceWord(server.addr, 5), 1 << 9);
        _isCancelled(5 * 256 + 9);
        _isValid(5 * 256 + 8);
        _isValid(5 * 256 + 10);
    }

    function test_CancelsAWholeWord() public {
        _cancel(5, type(uint256).max);
        _isCancelled(5 * 256);
        _isCancelled(5 * 256 + 255);
        _isValid(5 * 256 - 1);
        _isValid(6 * 256);
    }

    function test_CancelsTheFirstNonce() public {
        _cancel(0, 1);
        _isCancelled(0);
        _isValid(1);
    }

    function test_CancelsTheLastNonce() public {
        _cancel(type(uint248).max, 1 << 255);
        _isCancelled(type(uint256).max);
        _isValid(type(uint256).max - 1);
    }

    function test_AddsToWhatWasCancelled() public {
        _cancel(5, 3);
        _cancel(5, 6);
        assertEq(settlement.accountNonceWord(server.addr, 5), 7);
    }

    function test_NeverMakesAUsedNonceValidAgain() public {
        _isValid(5 * 256 + 1);
        _cancel(5, 0);
        _isCancelled(5 * 256 + 1);
    }

    function test_CancelsNothingWhenTheMaskIsZero() public {
        _cancel(5, 0);
        assertEq(settlement.accountNonceWord(server.addr, 5), 0);
    }

    /* WHAT IS NOT */

    function test_CancelsNonceOfTheCallerAlone() public {
        vm.prank(client.addr);
        settlement.invalidateNonces(5, type(uint256).max);
        _isValid(5 * 256 + 1);
    }

    function test_CancelsNoPayment() public {
        // A payer has no way to take an accepted payment back.
        IFlashSettlement.Payment memory payment = paymentOf(5, 5 * 256 + 1);
        vm.startPrank(client.addr);
        settlement.invalidateNonces(5, type(uint256).max);
        settlement.invalidateNonces(uint256(escrowId()), type(uint256).max);
        settlement.invalidateNonces(0, type(uint256).max);
        vm.stopPrank();
        settle(payment);
        assertEscrow(ESCROW, 5, UNLOCK_AT, OPEN);
    }

    function test_CancelsNoPaymentOfTheServersEither() public {
        _cancel(0, type(uint256).max);
        settle(paymentOf(5, 1));
        assertEscrow(ESCROW, 5, UNLOCK_AT, OPEN);
    }

    /* EFFECTS */

    function test_EmitsNoncesInvalidated() public {
        expectEvent();
        emit IFlashSettlement.NoncesInvalidated(server.addr, 5, 6);
        _cancel(5, 6);
    }

    function testFuzz_CancelsExactlyTheMask(uint256 word, uint256 first, uint256 second) public {
        _cancel(word, first);
        _cancel(word, second);
        assertEq(settlement.accountNonceWord(server.addr, word), first | second);
    }

    /* INTERNAL */

    function _cancel(uint256 word, uint256 mask) private {
        vm.prank(server.addr);
        settlement.invalidateNonces(word, mask);
    }

    function _isValid(uint256 nonce) private {
        IFlashSettlement.ReleaseEscrow memory message = releaseOf(1);
        message.nonce = nonce;
        uint256 before = escrowNow().balance;
        settlement.releaseEscrowWithAuthorization(message, sign(server, message));
        assertEq(escrowNow().balance, before - 1, "released");
    }

    function _isCancelled(uint256 nonce) private {
        IFlashSettlement.ReleaseEscrow memory message = releaseOf(1);
        message.nonce = nonce;
        bytes memory signature = sign(server, message);
        expectNonceUsed(nonce);
        settlement.releaseEscrowWithAuthorization(message, signature);
    }
}
