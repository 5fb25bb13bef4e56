// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {FalseReturningToken} from "../mocks/FalseReturningToken.sol";
import {FlashTest} from "./FlashTest.sol";

/// @notice What holds for a withdrawal of credit, by the account's call or by its signature: the server has a credit of 400.
abstract contract CreditTest is FlashTest {
    uint128 internal constant CREDIT = 400;

    function setUp() public virtual override {
        super.setUp();
        giveCredit();
    }

    /// @dev Opens the three escrows and makes `client` pay the server {CREDIT} from its escrow.
    function giveCredit() internal {
        open();
        openOthers();
        allow(0);
        settle(paymentOf(CREDIT, 1));
        allow(FUNDS);
    }

    /// @dev The server withdraws `amount` to `to`.
    function withdraws(address to, uint256 amount) internal virtual;

    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        expectBadTerms(IFlashSettlement.Term.Amount);
        withdraws(server.addr, 0);
    }

    function test_WithdrawsOneUnit() public {
        _assertWithdraws(1);
    }

    function test_WithdrawsAllButOneUnit() public {
        _assertWithdraws(CREDIT - 1);
    }

    function test_WithdrawsAll() public {
        _assertWithdraws(CREDIT);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheCredit() public {
        expectNotCovered(CREDIT, CREDIT + 1);
        withdraws(server.addr, CREDIT + 1);
    }

    function test_RevertWhen_TheAmountIsTheLargestWord() public {
        expectNotCovered(CREDIT, type(uint256).max);
        withdraws(server.addr, type(uint256).max);
    }

    function test_RevertGiven_TheCreditIsInAnotherToken() public {
        token = address(useMintableToken());
        expectNotCovered(0, 1);
        withdraws(server.addr, 1);
    }

    /* RECEIVER */

    function test_PaysAnotherAddress() public {
        Books memory expected = books();
        withdraws(stranger.addr, CREDIT);
        expected.stranger += CREDIT;
        expected.settlement -= CREDIT;
        expected.creditOfServer = 0;
        assertBooks(expected);
    }

    function test_RevertWhen_TheReceiverIsZero() public {
        expectBadTerms(IFlashSettlement.Term.Receiver);
        withdraws(address(0), CREDIT);
    }

    function test_RevertWhen_TheReceiverIsTheContract() public {
        expectBadTerms(IFlashSettlement.Term.Receiver);
        withdraws(address(settlement), CREDIT);
    }

    /* TOKENS THAT REFUSE */

    function test_RevertGiven_TheReceiverIsBlacklisted() public {
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(server.addr);
        expectRevert("Blacklistable: account is blacklisted");
        withdraws(server.addr, CREDIT);
        assertEq(settlement.creditOf(server.addr, token), CREDIT);
    }

    function test_ABlacklistedAccountIsPaidAtAnotherAddress() public {
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(server.addr);
        withdraws(stranger.addr, CREDIT);
        assertEq(USDC.balanceOf(stranger.addr), FUNDS + CREDIT);
    }

    function test_RevertGiven_ThePausedToken() public {
        vm.prank(USDC_PAUSER);
        USDC.pause();
        expectRevert("Pausable: paused");
        withdraws(server.addr, CREDIT);
        assertEq(settlement.creditOf(server.addr, token), CREDIT);
    }

    function test_RevertGiven_TheTokenSaysFalse() public {
        FalseReturningToken liar = new FalseReturningToken();
        useToken(liar, FUNDS);
        giveCredit();
        liar.setFails(true);
        expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, token));
        withdraws(server.addr, CREDIT);
        liar.setFails(false);
        _assertWithdraws(CREDIT);
    }

    /* EFFECTS */

    function test_EmitsCreditWithdrawn() public {
        expectEvent();
        emit IFlashSettlement.CreditWithdrawn(server.addr, token, 100, stranger.addr);
        withdraws(stranger.addr, 100);
    }

    function test_LeavesOpenEscrowsAlone() public {
        withdraws(server.addr, CREDIT);
        assertEscrow(ESCROW - CREDIT, CREDIT, UNLOCK_AT, OPEN);
    }

    function test_WithdrawsGivenTheEscrowWasRefunded() public {
        closeByBoth();
        _assertWithdraws(CREDIT);
    }

    function testFuzz_WithdrawsWhatIsThere(uint256 seed) public {
        _assertWithdraws(bound(seed, 1, CREDIT));
    }

    /* INTERNAL */

    function _assertWithdraws(uint256 amount) private {
        Books memory expected = books();
        withdraws(server.addr, amount);
        expected.server += amount;
        expected.settlement -= amount;
        expected.creditOfServer -= amount;
        assertBooks(expected);
    }
}
