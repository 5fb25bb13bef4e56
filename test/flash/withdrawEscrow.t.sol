// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {FlashTest} from "./FlashTest.sol";

contract WithdrawEscrowTest is FlashTest {
    function setUp() public override {
        super.setUp();
        open();
        openOthers();
    }

    /* TIME */

    function test_RevertWhen_OneSecondBeforeTheEnd() public {
        vm.warp(UNLOCK_AT - 1);
        expectStillLocked(UNLOCK_AT);
        _withdraw(client.addr);
    }

    function test_WithdrawsAtTheEnd() public {
        vm.warp(UNLOCK_AT);
        _assertWithdraws();
    }

    function test_WithdrawsOneSecondPastTheEnd() public {
        vm.warp(UNLOCK_AT + 1);
        _assertWithdraws();
    }

    function test_RevertWhen_OneSecondBeforeTheNoticeEnds() public {
        closeByClient();
        vm.warp(NOW + CLOSE_DELAY - 1);
        expectStillLocked(NOW + CLOSE_DELAY);
        _withdraw(client.addr);
    }

    function test_WithdrawsWhenTheNoticeEnds() public {
        closeByClient();
        vm.warp(NOW + CLOSE_DELAY);
        _assertWithdraws();
    }

    function test_WithdrawsInTheSecondOfTheServersClose() public {
        closeByServer();
        _assertWithdraws();
    }

    function test_RevertGiven_AnEvergreenEscrowAThousandYearsLater() public {
        vm.prank(client.addr);
        settlement.extendEscrow(server.addr, token, 0, NEVER);
        vm.warp(NOW + 365_000 days);
        expectStillLocked(NEVER);
        _withdraw(client.addr);
    }

    /* RECEIVER */

    function test_PaysAnotherAddress() public {
        vm.warp(UNLOCK_AT);
        Books memory expected = books();
        _withdraw(stranger.addr);
        expected.stranger += ESCROW;
        expected.settlement -= ESCROW;
        expected.escrow = 0;
        assertBooks(expected);
    }

    function test_RevertWhen_TheReceiverIsZero() public {
        vm.warp(UNLOCK_AT);
        expectBadTerms(IFlashSettlement.Term.Receiver);
        _withdraw(address(0));
    }

    function test_RevertWhen_TheReceiverIsTheContract() public {
        vm.warp(UNLOCK_AT);
        expectBadTerms(IFlashSettlement.Term.Receiver);
        _withdraw(address(settlement));
    }

    function test_CreditsTheClientGivenTheReceiverIsBlacklisted() public {
        vm.warp(UNLOCK_AT);
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(stranger.addr);
        Books memory expected = books();
        expectEvent();
        emit IFlashSettlement.Credited(client.addr, token, ESCROW);
        _withdraw(stranger.addr);
        expected.escrow = 0;
        expected.creditOfClient = ESCROW;
        assertBooks(expected);
    }

    /* STATE */

    function test_RevertWhen_TheCallerIsNotTheClient() public {
        vm.warp(UNLOCK_AT);
        expectNoEscrow();
        vm.prank(stranger.addr);
        settlement.withdrawEscrow(server.addr, token, stranger.addr);
    }

    function test_RevertWhen_TheCallerIsTheServer() public {
        vm.warp(UNLOCK_AT);
        expectNoEscrow();
        vm.prank(server.addr);
        settlement.withdrawEscrow(server.addr, token, server.addr);
    }

    function test_RevertGiven_TheEscrowWasWithdrawn() public {
        vm.warp(UNLOCK_AT);
        _withdraw(client.addr);
        expectNoEscrow();
        _withdraw(client.addr);
    }

    /* EFFECTS */

    function test_EmitsEscrowRefunded() public {
        vm.warp(UNLOCK_AT);
        expectEvent();
        emit IFlashSettlement.EscrowRefunded(escrowId(), 0, ESCROW, stranger.addr);
        _withdraw(stranger.addr);
    }

    function test_EndsAnEmptyEscrow() public {
        drainTo(0);
        settle(paymentOf(ESCROW, 1));
        vm.warp(UNLOCK_AT);
        Books memory expected = books();
        expectEvent();
        emit IFlashSettlement.EscrowRefunded(escrowId(), 0, 0, client.addr);
        _withdraw(client.addr);
        expected.settled = 0;
        assertBooks(expected);
        assertNotOpen(1);
    }

    function test_LeavesTheServersCreditAlone() public {
        drainTo(0);
        settle(paymentOf(400, 1));
        vm.warp(UNLOCK_AT);
        _withdraw(client.addr);
        assertEq(settlement.creditOf(server.addr, token), 400);
        assertEq(USDC.balanceOf(client.addr), 600);
    }

    function test_VoidsEverySignatureOfTheEpoch() public {
        IFlashSettlement.Payment memory payment = paymentOf(5, 1);
        IFlashSettlement.Tab memory tab = tabOf(5, 1);
        bytes memory raw = signTransaction(client, transactionOf(5, 1));
        vm.warp(UNLOCK_AT);
        _withdraw(client.addr);
        epoch = 1;
        open();
        bytes memory signature = sign(client, payment);
        expectWrongEpoch(0, 1);
        vm.prank(server.addr);
        settlement.settleSignedPayment(payment, signature, true);
        signature = sign(client, tab);
        expectWrongEpoch(0, 1);
        settlement.settleTab(tab, signature);
        expectWrongEpoch(0, 1);
        settlement.settleSignedTransaction(raw, false);
        assertEscrow(ESCROW, 0, UNLOCK_AT + TTL, OPEN);
    }

    /* INTERNAL */

    function _withdraw(address to) private {
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, to);
    }

    function _assertWithdraws() private {
        Books memory expected = books();
        _withdraw(client.addr);
        expected.client += ESCROW;
        expected.settlement -= ESCROW;
        expected.escrow = 0;
        assertBooks(expected);
        assertNotOpen(1);
    }
}
