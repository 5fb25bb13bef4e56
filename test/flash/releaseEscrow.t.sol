// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {Actor} from "../helpers/Test.sol";
import {FlashMessages} from "./FlashMessages.sol";
import {FlashTest} from "./FlashTest.sol";
import {FlashWalletSignatureTest} from "./FlashWalletSignatureTest.sol";

contract ReleaseEscrowTest is FlashTest {
    function setUp() public override {
        super.setUp();
        open();
        openOthers();
    }

    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        expectBadTerms(IFlashSettlement.Term.Amount);
        _release(0);
    }

    function test_ReleasesOneUnit() public {
        _assertReleases(1);
    }

    function test_ReleasesAllButOneUnit() public {
        _assertReleases(ESCROW - 1);
    }

    function test_ReleasesTheWholeEscrow() public {
        _assertReleases(ESCROW);
        assertEscrow(0, 0, UNLOCK_AT, OPEN);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheEscrow() public {
        expectNotCovered(ESCROW, ESCROW + 1);
        _release(ESCROW + 1);
    }

    function test_RevertWhen_TheAmountHasTheEscrowInItsLower96Bits() public {
        uint256 amount = (1 << 96) | ESCROW;
        expectNotCovered(ESCROW, amount);
        _release(amount);
    }

    function test_RevertWhen_TheAmountIsTheLargestWord() public {
        expectNotCovered(ESCROW, type(uint256).max);
        _release(type(uint256).max);
    }

    /* STATE */

    function test_RevertWhen_TheEpochIsOneAhead() public {
        epoch = 1;
        expectWrongEpoch(1, 0);
        _release(1);
    }

    function test_RevertWhen_TheEpochIsOneBehind() public {
        closeByBoth();
        open();
        epoch = 0;
        expectWrongEpoch(0, 1);
        _release(1);
    }

    function test_RevertGiven_TheEscrowWasRefunded() public {
        closeByBoth();
        expectNoEscrow();
        _release(1);
    }

    function test_ReleasesGivenTheClientClosed() public {
        closeByClient();
        _assertReleases(10);
    }

    function test_ReleasesGivenTheServerClosed() public {
        closeByServer();
        _assertReleases(10);
    }

    function test_ReleasesAfterTheEnd() public {
        vm.warp(UNLOCK_AT);
        _assertReleases(10);
    }

    /* WHO */

    function test_RevertWhen_TheCallerIsNotTheServer() public {
        expectNoEscrow();
        vm.prank(stranger.addr);
        settlement.releaseEscrow(client.addr, token, 0, 1);
    }

    function test_RevertWhen_TheCallerIsASettler() public {
        nameSettler(settler.addr, DEADLINE);
        expectNoEscrow();
        vm.prank(settler.addr);
        settlement.releaseEscrow(client.addr, token, 0, 1);
    }

    function test_RevertWhen_TheCallerIsTheClient() public {
        expectNoEscrow();
        vm.prank(client.addr);
        settlement.releaseEscrow(client.addr, token, 0, 1);
    }

    /* EFFECTS */

    function test_KeepsWhatIsSettled() public {
        settle(paymentOf(5, 1));
        _release(100);
        assertEscrow(ESCROW - 100, 5, UNLOCK_AT, OPEN);
    }

    function test_EmitsEscrowReleased() public {
        expectEvent();
        emit IFlashSettlement.EscrowReleased(escrowId(), 0, 100, client.addr);
        _release(100);
    }

    function test_CreditsTheClientGivenTheTokenRefuses() public {
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(client.addr);
        Books memory expected = books();
        expectEvent();
        emit IFlashSettlement.EscrowReleased(escrowId(), 0, 100, client.addr);
        expectEvent();
        emit IFlashSettlement.Credited(client.addr, token, 100);
        _release(100);
        expected.escrow -= 100;
        expected.creditOfClient += 100;
        assertBooks(expected);
    }

    function testFuzz_ReleasesWhatIsThere(uint256 seed) public {
        _assertReleases(bound(seed, 1, ESCROW));
    }

    /* INTERNAL */

    function _release(uint256 amount) private {
        vm.prank(server.addr);
        settlement.releaseEscrow(client.addr, token, epoch, amount);
    }

    function _assertReleases(uint256 amount) private {
        Books memory expected = books();
        _release(amount);
        expected.client += amount;
        expected.settlement -= amount;
        expected.escrow -= amount;
        assertBooks(expected);
    }
}

contract ReleaseEscrowWithAuthorizationTest is FlashWalletSignatureTest {
    using FlashMessages for *;

    uint128 private constant AMOUNT = 100;

    IFlashSettlement.ReleaseEscrow private authorization;
    Books private start;

    function setUp() public override {
        super.setUp();
        open();
        openOthers();
        authorization = releaseOf(AMOUNT);
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
        settlement.releaseEscrowWithAuthorization(authorization, signature);
    }

    function assertDone() internal view override {
        Books memory expected = start;
        expected.client += AMOUNT;
        expected.settlement -= AMOUNT;
        expected.escrow -= AMOUNT;
        assertBooks(expected);
        assertTrue(_isUsed(NONCE));
    }

    function assertNothingDone() internal view override {
        assertBooks(start);
        assertFalse(_isUsed(NONCE));
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_RevertWhen_TheClientIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.client = client2.addr;
        refuses(signature);
    }

    function test_RevertWhen_TheServerIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.server = server2.addr;
        expectBadSignature(server2.addr);
        submit(signature);
    }

    function test_RevertWhen_TheTokenIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.token = address(settlement);
        refuses(signature);
    }

    function test_RevertWhen_TheEpochIsNotTheOneSigned() public {
        authorization.epoch = 1;
        bytes memory signature = ownersSignature();
        authorization.epoch = 0;
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

    function test_ReleasesOneSecondBeforeTheDeadline() public {
        vm.warp(DEADLINE - 1);
        submit(ownersSignature());
        assertDone();
    }

    function test_ReleasesAtTheDeadline() public {
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

    function test_RevertGiven_TheServerCancelledTheNonce() public {
        bytes memory signature = ownersSignature();
        vm.prank(server.addr);
        settlement.invalidateNonces(NONCE >> 8, 1 << (NONCE & 0xff));
        expectNonceUsed(NONCE);
        submit(signature);
    }

    function test_ReleasesGivenTheClientCancelledThatNonceOfItsOwn() public {
        bytes memory signature = ownersSignature();
        vm.prank(client.addr);
        settlement.invalidateNonces(NONCE >> 8, type(uint256).max);
        submit(signature);
        assertDone();
    }

    function test_RevertGiven_TheNonceWasUsedForACreditWithdrawal() public {
        _giveCredit(50);
        IFlashSettlement.WithdrawCredit memory withdrawal = creditWithdrawalOf(50);
        settlement.withdrawCreditWithAuthorization(withdrawal, sign(server, withdrawal));
        bytes memory signature = ownersSignature();
        expectNonceUsed(NONCE);
        submit(signature);
    }

    function test_ReleasesTwiceWithTwoNonces() public {
        submit(ownersSignature());
        start = books();
        authorization.nonce = type(uint256).max;
        submit(ownersSignature());
        assertDone();
        assertTrue(_isUsed(type(uint256).max));
    }

    function test_TakesTheNonceZero() public {
        authorization.nonce = 0;
        submit(ownersSignature());
        assertEq(settlement.accountNonceWord(server.addr, 0), 1);
    }

    /* AMOUNT AND STATE */

    function test_RevertWhen_TheAmountIsZero() public {
        authorization.amount = 0;
        bytes memory signature = ownersSignature();
        expectBadTerms(IFlashSettlement.Term.Amount);
        submit(signature);
    }

    function test_LeavesTheNonceUnusedWhenTheAmountIsOneAboveTheEscrow() public {
        authorization.amount = ESCROW + 1;
        bytes memory signature = ownersSignature();
        expectNotCovered(ESCROW, ESCROW + 1);
        submit(signature);
        assertNothingDone();
    }

    function test_RevertWhen_TheAmountIsTheLargestOfItsType() public {
        authorization.amount = type(uint128).max;
        bytes memory signature = ownersSignature();
        expectNotCovered(ESCROW, type(uint128).max);
        submit(signature);
    }

    function test_RevertGiven_TheEscrowWasRefunded() public {
        bytes memory signature = ownersSignature();
        closeByBoth();
        expectNoEscrow();
        submit(signature);
    }

    function test_RevertGiven_AnotherEpoch() public {
        bytes memory signature = ownersSignature();
        closeByBoth();
        open();
        expectWrongEpoch(0, 1);
        submit(signature);
        assertFalse(_isUsed(NONCE));
    }

    /* EFFECTS */

    function test_EmitsEscrowReleased() public {
        bytes memory signature = ownersSignature();
        expectEvent();
        emit IFlashSettlement.EscrowReleased(escrowId(), 0, AMOUNT, client.addr);
        submit(signature);
    }

    /* INTERNAL */

    function _isUsed(uint256 nonce) private view returns (bool) {
        return settlement.accountNonceWord(server.addr, nonce >> 8) & (1 << (nonce & 0xff)) != 0;
    }

    function _giveCredit(uint128 amount) private {
        allow(0);
        settle(paymentOf(amount, 1));
    }
}
