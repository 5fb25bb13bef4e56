// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {FlashTest} from "./FlashTest.sol";

contract FinalizeCloseTest is FlashTest {
    uint40 private constant END = NOW + CLOSE_DELAY;

    function setUp() public override {
        super.setUp();
        open();
        openOthers();
    }

    /* TIME */

    function test_RevertWhen_OneSecondBeforeTheEnd() public {
        closeByClient();
        vm.warp(END - 1);
        expectStillLocked(END);
        _finalize(relayer);
    }

    function test_RefundsAtTheEnd() public {
        closeByClient();
        vm.warp(END);
        _assertRefunds(relayer);
    }

    function test_RefundsOneSecondPastTheEnd() public {
        closeByClient();
        vm.warp(END + 1);
        _assertRefunds(relayer);
    }

    function test_RefundsAtTheTtlGivenItIsSooner() public {
        vm.warp(UNLOCK_AT - 1);
        closeByClient();
        expectStillLocked(UNLOCK_AT);
        _finalize(relayer);
        vm.warp(UNLOCK_AT);
        _assertRefunds(relayer);
    }

    /* STATE */

    function test_RevertGiven_NobodyClosed() public {
        vm.warp(UNLOCK_AT);
        _expectNotClosed();
        _finalize(relayer);
    }

    function test_RevertGiven_OnlyTheServerClosed() public {
        // The client may still want its rest at another address.
        closeByServer();
        _expectNotClosed();
        _finalize(relayer);
    }

    function test_RevertGiven_NoEscrowWasEverOpen() public {
        expectNoEscrow();
        settlement.finalizeClose(client.addr, stranger.addr, token);
    }

    function test_RevertGiven_TheEscrowWasRefunded() public {
        closeByClient();
        vm.warp(END);
        _finalize(relayer);
        expectNoEscrow();
        _finalize(relayer);
    }

    function test_RevertGiven_ANewEpochThatNobodyClosed() public {
        closeByBoth();
        open();
        vm.warp(UNLOCK_AT);
        _expectNotClosed();
        _finalize(relayer);
    }

    /* WHO */

    function test_RefundsWhenTheServerCalls() public {
        closeByClient();
        vm.warp(END);
        _assertRefunds(server.addr);
    }

    function test_RefundsWhenTheClientCalls() public {
        closeByClient();
        vm.warp(END);
        _assertRefunds(client.addr);
    }

    function test_RefundsWhenAStrangerCalls() public {
        closeByClient();
        vm.warp(END);
        _assertRefunds(stranger.addr);
    }

    /* EFFECTS */

    function test_EmitsEscrowRefunded() public {
        closeByClient();
        vm.warp(END);
        expectEvent();
        emit IFlashSettlement.EscrowRefunded(escrowId(), 0, ESCROW, client.addr);
        _finalize(relayer);
    }

    function test_RefundsWhatSettlementsLeft() public {
        settle(paymentOf(5, 1));
        drainTo(0);
        settle(tabOf(400, 1));
        closeByClient();
        vm.warp(END);
        Books memory expected = books();
        _finalize(relayer);
        expected.client += 600;
        expected.settlement -= 600;
        (expected.escrow, expected.settled) = (0, 0);
        assertBooks(expected);
        assertNotOpen(1);
    }

    function test_CreditsTheClientGivenTheTokenRefuses() public {
        closeByClient();
        vm.warp(END);
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(client.addr);
        Books memory expected = books();
        expectEvent();
        emit IFlashSettlement.EscrowRefunded(escrowId(), 0, ESCROW, client.addr);
        expectEvent();
        emit IFlashSettlement.Credited(client.addr, token, ESCROW);
        _finalize(relayer);
        expected.escrow = 0;
        expected.creditOfClient = ESCROW;
        assertBooks(expected);
        assertNotOpen(1);
    }

    function test_LetsThePairOpenAgain() public {
        closeByClient();
        vm.warp(END);
        _finalize(relayer);
        epoch = 1;
        open(7);
        assertEscrow(7, 0, END + TTL, OPEN);
    }

    /* INTERNAL */

    function _finalize(address caller) private {
        vm.prank(caller);
        settlement.finalizeClose(client.addr, server.addr, token);
    }

    function _expectNotClosed() private {
        expectRevert(abi.encodeWithSelector(IFlashSettlement.NotClosed.selector));
    }

    function _assertRefunds(address caller) private {
        Books memory expected = books();
        _finalize(caller);
        expected.client += ESCROW;
        expected.settlement -= ESCROW;
        expected.escrow = 0;
        assertBooks(expected);
        assertNotOpen(1);
    }
}
