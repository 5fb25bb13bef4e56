// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {BonusToken} from "../mocks/BonusToken.sol";
import {FeeOnTransferToken} from "../mocks/FeeOnTransferToken.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {ReentrantToken} from "../mocks/ReentrantToken.sol";
import {ThievingToken} from "../mocks/ThievingToken.sol";
import {FlashTest} from "./FlashTest.sol";

contract OpenEscrowTest is FlashTest {
    uint64 private constant MONTH = 30 days;

    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        expectBadTerms(IFlashSettlement.Term.Amount);
        _open(0, TTL);
    }

    function test_OpensWithOneUnit() public {
        _open(1, TTL);
        assertEscrow(1, 0, UNLOCK_AT, OPEN);
    }

    function test_OpensWithOneBelowTheLargestAmount() public {
        useMintableToken();
        _open(MAX_AMOUNT - 1, TTL);
        assertEscrow(MAX_AMOUNT - 1, 0, UNLOCK_AT, OPEN);
    }

    function test_OpensWithTheLargestAmount() public {
        useMintableToken();
        _open(MAX_AMOUNT, TTL);
        assertEscrow(MAX_AMOUNT, 0, UNLOCK_AT, OPEN);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheLargest() public {
        useMintableToken();
        expectAmountTooLarge(MAX_AMOUNT + 1, MAX_AMOUNT);
        _open(MAX_AMOUNT + 1, TTL);
    }

    function test_RevertWhen_TheAmountIsTheLargestWord() public {
        expectAmountTooLarge(type(uint256).max, MAX_AMOUNT);
        _open(type(uint256).max, TTL);
    }

    /* TTL */

    function test_OpensWithoutAnEndWhenTheTtlIsZero() public {
        _open(ESCROW, 0);
        _assertEnd(NEVER, uint32(MONTH));
    }

    function test_RevertWhen_TheTtlIsOneSecond() public {
        expectBadTerms(IFlashSettlement.Term.CloseDelay);
        _open(ESCROW, 1);
    }

    function test_RevertWhen_TheTtlIs59Seconds() public {
        expectBadTerms(IFlashSettlement.Term.CloseDelay);
        _open(ESCROW, 59);
    }

    function test_OpensFor60Seconds() public {
        _open(ESCROW, 60);
        _assertEnd(NOW + 60, 60);
    }

    function test_OpensFor61Seconds() public {
        _open(ESCROW, 61);
        _assertEnd(NOW + 61, 61);
    }

    function test_OpensForOneSecondBelowAMonth() public {
        _open(ESCROW, MONTH - 1);
        _assertEnd(NOW + MONTH - 1, uint32(MONTH) - 1);
    }

    function test_OpensForAMonth() public {
        _open(ESCROW, MONTH);
        _assertEnd(NOW + MONTH, uint32(MONTH));
    }

    function test_OpensForOneSecondAboveAMonthWithANoticeOfAMonth() public {
        _open(ESCROW, MONTH + 1);
        _assertEnd(NOW + MONTH + 1, uint32(MONTH));
    }

    function test_OpensUntilOneSecondBeforeTheLargestEnd() public {
        _open(ESCROW, NEVER - NOW - 1);
        _assertEnd(NEVER - 1, uint32(MONTH));
    }

    function test_OpensUntilTheLargestEnd() public {
        _open(ESCROW, NEVER - NOW);
        _assertEnd(NEVER, uint32(MONTH));
    }

    function test_RevertWhen_TheEndIsOneAboveTheLargest() public {
        expectBadTerms(IFlashSettlement.Term.Ttl);
        _open(ESCROW, NEVER - NOW + 1);
    }

    function test_RevertWhen_TheTtlIsTheLargest() public {
        expectBadTerms(IFlashSettlement.Term.Ttl);
        _open(ESCROW, type(uint64).max);
    }

    /* PARTIES AND TOKEN */

    function test_RevertWhen_TheServerIsZero() public {
        expectBadTerms(IFlashSettlement.Term.Parties);
        _openWith(address(0));
    }

    function test_RevertWhen_TheServerIsTheContract() public {
        expectBadTerms(IFlashSettlement.Term.Parties);
        _openWith(address(settlement));
    }

    function test_RevertWhen_TheServerIsTheCaller() public {
        expectBadTerms(IFlashSettlement.Term.Parties);
        _openWith(client.addr);
    }

    function test_RevertWhen_TheTokenIsZero() public {
        token = address(0);
        expectBadTerms(IFlashSettlement.Term.Token);
        _open(ESCROW, TTL);
    }

    function test_RevertWhen_TheTokenHasNoCode() public {
        token = stranger.addr;
        expectBadTerms(IFlashSettlement.Term.Token);
        _open(ESCROW, TTL);
    }

    function test_RevertWhen_TheTokenIsTheContract() public {
        // It has code, but no balances.
        token = address(settlement);
        expectRevert("");
        _open(ESCROW, TTL);
    }

    /* STATE */

    function test_RevertGiven_TheEscrowIsOpen() public {
        _open(ESCROW, TTL);
        _expectExists();
        _open(ESCROW, TTL);
    }

    function test_RevertGiven_TheClientClosed() public {
        _open(ESCROW, TTL);
        closeByClient();
        _expectExists();
        _open(ESCROW, TTL);
    }

    function test_RevertGiven_TheServerClosed() public {
        _open(ESCROW, TTL);
        closeByServer();
        _expectExists();
        _open(ESCROW, TTL);
    }

    function test_RevertGiven_TheEndHasPassed() public {
        _open(ESCROW, TTL);
        vm.warp(UNLOCK_AT);
        _expectExists();
        _open(ESCROW, TTL);
    }

    function test_RevertGiven_TheEscrowWasEmptied() public {
        _open(ESCROW, TTL);
        drainTo(0);
        settle(paymentOf(ESCROW, 1));
        fund(client.addr, ESCROW);
        _expectExists();
        _open(ESCROW, TTL);
    }

    function test_OpensTheNextEpochAfterARefund() public {
        _open(ESCROW, TTL);
        settle(paymentOf(5, 1));
        closeByBoth();
        _open(7, TTL);
        assertEscrow(7, 0, UNLOCK_AT, OPEN);
        assertEq(escrowNow().epoch, 1);
    }

    function test_OpensInAnotherTokenBeside() public {
        _open(ESCROW, TTL);
        useMintableToken();
        _open(7, 60);
        assertEscrow(7, 0, NOW + 60, OPEN);
        token = address(USDC);
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
    }

    function test_OpensWithAnotherServerBeside() public {
        _open(ESCROW, TTL);
        _openWith(server2.addr);
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
        assertEq(settlement.escrowOf(client.addr, server2.addr, token).balance, ESCROW);
    }

    function test_OpensForTheOtherSideOfAPair() public {
        // The server as a client of its client: another escrow.
        _open(ESCROW, TTL);
        vm.prank(server.addr);
        settlement.openEscrow(client.addr, token, 7, TTL);
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
        assertEq(settlement.escrowOf(server.addr, client.addr, token).balance, 7);
    }

    /* FUNDING */

    function test_RevertGiven_TheAllowanceIsOneUnitShort() public {
        allow(ESCROW - 1);
        expectRevert("ERC20: transfer amount exceeds allowance");
        _open(ESCROW, TTL);
    }

    function test_RevertGiven_TheWalletIsOneUnitShort() public {
        drainTo(ESCROW - 1);
        expectRevert("ERC20: transfer amount exceeds balance");
        _open(ESCROW, TTL);
    }

    function test_OpensWithTheLastUnitOfWalletAndAllowance() public {
        allow(ESCROW);
        drainTo(ESCROW);
        _open(ESCROW, TTL);
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
        assertEq(USDC.balanceOf(client.addr), 0);
    }

    function test_RevertGiven_ThePausedToken() public {
        vm.prank(USDC_PAUSER);
        USDC.pause();
        expectRevert("Pausable: paused");
        _open(ESCROW, TTL);
    }

    function test_RevertGiven_ATokenThatTakesAFee() public {
        useToken(new FeeOnTransferToken(), FUNDS);
        _expectMismatch(ESCROW, ESCROW - 10);
        _open(ESCROW, TTL);
    }

    function test_RevertGiven_ATokenThatAddsABonus() public {
        useToken(new BonusToken(), FUNDS);
        _expectMismatch(ESCROW, ESCROW + 1);
        _open(ESCROW, TTL);
    }

    function test_RevertGiven_ATokenThatTakesFromTheReceiver() public {
        ThievingToken thief = new ThievingToken();
        thief.mint(address(settlement), ESCROW);
        useToken(thief, FUNDS);
        _expectMismatch(ESCROW, 0);
        _open(ESCROW, TTL);
    }

    function test_RevertWhen_TheTokenOpensAgainOnTheWay() public {
        ReentrantToken reentrant = new ReentrantToken();
        useToken(reentrant, FUNDS);
        reentrant.arm(
            address(settlement),
            abi.encodeCall(IFlashSettlement.openEscrow, (server.addr, token, ESCROW, TTL))
        );
        _open(ESCROW, TTL);
        assertEq(reentrant.calls(), 1);
        assertEq(
            reentrant.answer(),
            abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
    }

    /* THE TOKEN THAT THE ORIGINAL ENTRIES MEAN */

    function test_NamesTheToken() public {
        _open(ESCROW, TTL);
        assertEq(settlement.escrowBalance(client.addr, server.addr), ESCROW);
    }

    function test_KeepsTheNamedTokenWhileItsEscrowIsOpen() public {
        _open(ESCROW, TTL);
        useMintableToken();
        _open(7, TTL);
        assertEq(settlement.escrowBalance(client.addr, server.addr), ESCROW);
    }

    function test_KeepsTheNamedTokenGivenItsEscrowIsClosing() public {
        _open(ESCROW, TTL);
        closeByClient();
        useMintableToken();
        _open(7, TTL);
        assertEq(settlement.escrowBalance(client.addr, server.addr), ESCROW);
    }

    function test_NamesAnotherTokenOnceTheNamedOneIsRefunded() public {
        _open(ESCROW, TTL);
        closeByBoth();
        useMintableToken();
        epoch = 0;
        _open(7, TTL);
        assertEq(settlement.escrowBalance(client.addr, server.addr), 7);
    }

    function test_NamesTheTokenOfEachPairOnItsOwn() public {
        _open(ESCROW, TTL);
        useMintableToken();
        _openWith(server2.addr);
        assertEq(settlement.escrowBalance(client.addr, server.addr), ESCROW);
        assertEq(settlement.escrowBalance(client.addr, server2.addr), ESCROW);
        vm.prank(client.addr);
        settlement.clientCloseEscrow(server2.addr);
        assertEscrow(0, 0, 0, 0);
        assertEq(settlement.escrowOf(client.addr, server2.addr, token).flags, OPEN | CLIENT_CLOSED);
    }

    function test_DoesNotChangeTheNamedTokenWhenItReverts() public {
        MintableToken plain = useMintableToken();
        plain.mint(client.addr, 1 << 128);
        expectBadTerms(IFlashSettlement.Term.Ttl);
        _open(ESCROW, type(uint64).max);
        token = address(USDC);
        _open(ESCROW, TTL);
        assertEq(settlement.escrowBalance(client.addr, server.addr), ESCROW);
    }

    /* EFFECTS */

    function test_MovesTheTokensIntoTheEscrow() public {
        Books memory expected = books();
        _open(ESCROW, TTL);
        expected.client -= ESCROW;
        expected.settlement += ESCROW;
        expected.escrow += ESCROW;
        assertBooks(expected);
    }

    function test_RecordsTheTerms() public {
        _open(ESCROW, TTL);
        IFlashSettlement.Escrow memory escrow = escrowNow();
        assertEq(escrow.balance, ESCROW);
        assertEq(escrow.settled, 0);
        assertEq(escrow.unlockAt, UNLOCK_AT);
        assertEq(escrow.signer, client.addr);
        assertEq(escrow.closeDelay, TTL);
        assertEq(escrow.epoch, 0);
        assertEq(escrow.flags, OPEN);
    }

    function test_EmitsEscrowOpened() public {
        expectEvent();
        emit IFlashSettlement.EscrowOpened(
            escrowId(),
            client.addr,
            server.addr,
            token,
            ESCROW,
            UNLOCK_AT,
            uint32(TTL),
            0,
            client.addr
        );
        _open(ESCROW, TTL);
    }

    function testFuzz_OpensForAnyPossibleTtl(uint256 seed) public {
        uint64 ttl = uint64(bound(seed, 60, NEVER - NOW));
        _open(ESCROW, ttl);
        _assertEnd(NOW + ttl, uint32(ttl < MONTH ? ttl : MONTH));
    }

    /* INTERNAL */

    function _open(uint256 amount, uint64 ttlSeconds) private {
        vm.prank(client.addr);
        settlement.openEscrow(server.addr, token, amount, ttlSeconds);
    }

    function _openWith(address other) private {
        vm.prank(client.addr);
        settlement.openEscrow(other, token, ESCROW, TTL);
    }

    function _assertEnd(uint256 unlockAt, uint32 closeDelay) private view {
        assertEscrow(ESCROW, 0, unlockAt, OPEN);
        assertEq(escrowNow().closeDelay, closeDelay, "closeDelay");
    }

    function _expectExists() private {
        expectRevert(abi.encodeWithSelector(IFlashSettlement.EscrowExists.selector, escrowId()));
    }

    function _expectMismatch(uint256 expected, uint256 received) private {
        expectRevert(abi.encodeWithSelector(TokenFunding.TransferMismatch.selector, expected, received));
    }
}
