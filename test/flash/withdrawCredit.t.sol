// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {Actor} from "../helpers/Test.sol";
import {CreditTest} from "./CreditTest.sol";
import {FlashMessages} from "./FlashMessages.sol";
import {FlashWalletSignatureTest} from "./FlashWalletSignatureTest.sol";

contract WithdrawCreditTest is CreditTest {
    /* EFFECTS: every case of CreditTest */

    function withdraws(address to, uint256 amount) internal override {
        vm.prank(server.addr);
        settlement.withdrawCredit(token, to, amount);
    }

    /* WHO */

    function test_RevertWhen_TheCallerHasNoCredit() public {
        expectNotCovered(0, CREDIT);
        vm.prank(stranger.addr);
        settlement.withdrawCredit(token, stranger.addr, CREDIT);
    }

    function test_RevertWhen_ASettlerWithdrawsTheServersCredit() public {
        nameSettler(settler.addr, DEADLINE);
        expectNotCovered(0, CREDIT);
        vm.prank(settler.addr);
        settlement.withdrawCredit(token, settler.addr, CREDIT);
    }

    function test_PaysTheClientWhatATokenRefusedToRefund() public {
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(client.addr);
        closeByBoth();
        assertEq(settlement.creditOf(client.addr, token), ESCROW - CREDIT);
        vm.prank(USDC_BLACKLISTER);
        USDC.unBlacklist(client.addr);
        Books memory expected = books();
        vm.prank(client.addr);
        settlement.withdrawCredit(token, client.addr, ESCROW - CREDIT);
        expected.client += ESCROW - CREDIT;
        expected.settlement -= ESCROW - CREDIT;
        expected.creditOfClient = 0;
        assertBooks(expected);
    }
}

contract WithdrawCreditRelayedTest is CreditTest {
    uint256 private nonce;

    /* EFFECTS: every case of CreditTest */

    function withdraws(address to, uint256 amount) internal override {
        IFlashSettlement.WithdrawCredit memory message = creditWithdrawalOf(amount);
        message.to = to;
        message.nonce = nonce++;
        bytes memory signature = sign(server, message);
        vm.prank(relayer);
        settlement.withdrawCreditWithAuthorization(message, signature);
    }
}

contract WithdrawCreditWithAuthorizationTest is FlashWalletSignatureTest {
    using FlashMessages for *;

    uint128 private constant CREDIT = 400;
    uint256 private constant AMOUNT = 100;

    IFlashSettlement.WithdrawCredit private authorization;
    Books private start;

    function setUp() public override {
        super.setUp();
        open();
        allow(0);
        settle(paymentOf(CREDIT, 1));
        authorization = creditWithdrawalOf(AMOUNT);
        authorization.to = stranger.addr;
        start = books();
    }

    /* SIGNATURE: every case of FlashSignature.tree */

    function owner() internal view override returns (Actor memory) {
        return server;
    }

    function structHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function submit(bytes memory signature) internal override {
        vm.prank(relayer);
        settlement.withdrawCreditWithAuthorization(authorization, signature);
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.stranger += AMOUNT;
        expected.settlement -= AMOUNT;
        expected.creditOfServer -= AMOUNT;
        assertBooks(expected);
        assertTrue(_isUsed(NONCE));
    }

    function assertNothingDone() internal view override {
        assertBooks(start);
        assertFalse(_isUsed(NONCE));
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_RevertWhen_TheAccountIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.account = server2.addr;
        expectBadSignature(server2.addr);
        submit(signature);
    }

    function test_RevertWhen_TheTokenIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.token = address(settlement);
        refuses(signature);
    }

    function test_RevertWhen_TheReceiverIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.to = relayer;
        refuses(signature);
    }

    function test_RevertWhen_TheAmountIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.amount = AMOUNT + 1;
        refuses(signature);
    }

    function test_RevertWhen_TheNonceIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.nonce = NONCE + 1;
        refuses(signature);
    }

    function test_RevertWhen_TheDeadlineIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.deadline = DEADLINE + 1;
        refuses(signature);
    }

    /* DEADLINE */

    function test_WithdrawsOneSecondBeforeTheDeadline() public {
        vm.warp(DEADLINE - 1);
        submit(ownersSignature());
        assertDone();
    }

    function test_WithdrawsAtTheDeadline() public {
        vm.warp(DEADLINE);
        submit(ownersSignature());
        assertDone();
    }

    function test_RevertWhen_OneSecondPastTheDeadline() public {
        vm.warp(DEADLINE + 1);
        bytes memory signature = ownersSignature();
        expectExpired(DEADLINE);
        submit(signature);
    }

    function test_RevertWhen_TheDeadlineIsZero() public {
        authorization.deadline = 0;
        bytes memory signature = ownersSignature();
        expectExpired(0);
        submit(signature);
    }

    /* NONCE */

    function test_RevertWhen_Replayed() public {
        bytes memory signature = ownersSignature();
        submit(signature);
        expectNonceUsed(NONCE);
        submit(signature);
    }

    function test_RevertGiven_TheAccountCancelledTheNonce() public {
        bytes memory signature = ownersSignature();
        vm.prank(server.addr);
        settlement.invalidateNonces(NONCE >> 8, 1 << (NONCE & 0xff));
        expectNonceUsed(NONCE);
        submit(signature);
    }

    function test_RevertGiven_TheNonceWasUsedForARelease() public {
        IFlashSettlement.ReleaseEscrow memory release = releaseOf(50);
        settlement.releaseEscrowWithAuthorization(release, sign(server, release));
        bytes memory signature = ownersSignature();
        expectNonceUsed(NONCE);
        submit(signature);
    }

    function test_WithdrawsTwiceWithTwoNonces() public {
        submit(ownersSignature());
        start = books();
        authorization.nonce = NONCE + 1;
        submit(ownersSignature());
        assertDone();
        assertTrue(_isUsed(NONCE + 1));
    }

    function test_LeavesTheNonceUnusedWhenTheCreditIsTooLow() public {
        authorization.amount = CREDIT + 1;
        bytes memory signature = ownersSignature();
        expectNotCovered(CREDIT, CREDIT + 1);
        submit(signature);
        assertNothingDone();
    }

    function test_LeavesTheNonceUnusedWhenTheTokenRefuses() public {
        vm.prank(USDC_PAUSER);
        USDC.pause();
        bytes memory signature = ownersSignature();
        expectRevert("Pausable: paused");
        submit(signature);
        assertNothingDone();
    }

    /* INTERNAL */

    function _isUsed(uint256 nonce) private view returns (bool) {
        return settlement.accountNonceWord(server.addr, nonce >> 8) & (1 << (nonce & 0xff)) != 0;
    }
}
