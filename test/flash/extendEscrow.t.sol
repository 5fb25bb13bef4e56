// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {Actor, Vm} from "../helpers/Test.sol";
import {FlashMessages} from "./FlashMessages.sol";
import {FlashTest} from "./FlashTest.sol";
import {FlashWalletSignatureTest} from "./FlashWalletSignatureTest.sol";

contract ExtendEscrowTest is FlashTest {
    function setUp() public override {
        super.setUp();
        open();
    }

    /* THE NEW END */

    function test_MovesTheEndByOneSecond() public {
        _extend(UNLOCK_AT + 1);
        assertEscrow(ESCROW, 0, UNLOCK_AT + 1, OPEN);
    }

    function test_DoesNothingWhenTheEndIsTheSame() public {
        _assertDoesNothing(UNLOCK_AT);
    }

    function test_DoesNothingWhenTheEndIsOneSecondEarlier() public {
        _assertDoesNothing(UNLOCK_AT - 1);
    }

    function test_DoesNothingWhenTheEndIsZero() public {
        _assertDoesNothing(0);
    }

    function test_MovesTheEndToOneBelowTheLargest() public {
        _extend(NEVER - 1);
        assertEscrow(ESCROW, 0, NEVER - 1, OPEN);
    }

    function test_MovesTheEndToTheLargestWhichIsNone() public {
        _extend(NEVER);
        assertEscrow(ESCROW, 0, NEVER, OPEN);
    }

    function test_DoesNothingGivenNoEnd() public {
        _extend(NEVER);
        _assertDoesNothing(UNLOCK_AT + 1);
    }

    function test_LocksAgainAfterTheEndHasPassed() public {
        vm.warp(UNLOCK_AT + 5);
        _extend(UNLOCK_AT + 10);
        assertEscrow(ESCROW, 0, UNLOCK_AT + 10, OPEN);
        expectStillLocked(UNLOCK_AT + 10);
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, client.addr);
    }

    /* STATE */

    function test_RevertGiven_NoEscrowWasEverOpen() public {
        expectNoEscrow();
        vm.prank(client.addr);
        settlement.extendEscrow(server2.addr, token, 0, UNLOCK_AT + 1);
    }

    function test_RevertGiven_TheEscrowWasRefunded() public {
        closeByBoth();
        expectNoEscrow();
        _extend(UNLOCK_AT + 1);
    }

    function test_RevertWhen_TheCallerIsNotTheClient() public {
        // The caller names its own escrow, and has none.
        expectNoEscrow();
        vm.prank(stranger.addr);
        settlement.extendEscrow(server.addr, token, 0, UNLOCK_AT + 1);
    }

    function test_RevertWhen_TheCallerIsTheServer() public {
        expectNoEscrow();
        vm.prank(server.addr);
        settlement.extendEscrow(server.addr, token, 0, UNLOCK_AT + 1);
    }

    function test_RevertWhen_TheEpochIsOneAhead() public {
        epoch = 1;
        expectWrongEpoch(1, 0);
        _extend(UNLOCK_AT + 1);
    }

    function test_RevertWhen_TheEpochIsOneBehind() public {
        closeByBoth();
        open();
        epoch = 0;
        expectWrongEpoch(0, 1);
        _extend(UNLOCK_AT + 1);
    }

    function test_RevertGiven_TheClientClosed() public {
        closeByClient();
        expectClosed();
        _extend(UNLOCK_AT + 1);
    }

    function test_RevertGiven_TheServerClosed() public {
        closeByServer();
        expectClosed();
        _extend(UNLOCK_AT + 1);
    }

    function test_RevertGiven_ACloseEvenToNoLaterThanItIs() public {
        closeByClient();
        expectClosed();
        _extend(0);
    }

    /* EFFECTS */

    function test_ChangesTheEndAlone() public {
        openOthers();
        settle(paymentOf(5, 1));
        Books memory expected = books();
        IFlashSettlement.Escrow memory before = escrowNow();
        _extend(UNLOCK_AT + 1);
        IFlashSettlement.Escrow memory escrow = escrowNow();
        assertBooks(expected);
        assertEq(escrow.signer, before.signer);
        assertEq(escrow.closeDelay, before.closeDelay);
        assertEq(escrow.epoch, before.epoch);
        assertEq(settlement.escrowOf(client.addr, server2.addr, token).unlockAt, UNLOCK_AT);
        assertEq(settlement.escrowOf(client2.addr, server.addr, token).unlockAt, UNLOCK_AT);
    }

    function test_EmitsEscrowExtended() public {
        expectEvent();
        emit IFlashSettlement.EscrowExtended(escrowId(), 0, UNLOCK_AT + 1);
        _extend(UNLOCK_AT + 1);
    }

    function testFuzz_NeverMovesTheEndDown(uint40 newUnlockAt) public {
        _extend(newUnlockAt);
        assertEscrow(ESCROW, 0, newUnlockAt > UNLOCK_AT ? newUnlockAt : UNLOCK_AT, OPEN);
    }

    /* INTERNAL */

    function _extend(uint40 newUnlockAt) private {
        vm.prank(client.addr);
        settlement.extendEscrow(server.addr, token, epoch, newUnlockAt);
    }

    function _assertDoesNothing(uint40 newUnlockAt) private {
        IFlashSettlement.Escrow memory before = escrowNow();
        vm.recordLogs();
        _extend(newUnlockAt);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 0, "no event");
        assertEscrow(before.balance, before.settled, before.unlockAt, before.flags);
    }
}

contract ExtendEscrowWithAuthorizationTest is FlashWalletSignatureTest {
    using FlashMessages for *;

    IFlashSettlement.ExtendEscrow private authorization;
    Books private start;

    function setUp() public override {
        super.setUp();
        open();
        openOthers();
        authorization = extendOf(UNLOCK_AT + 1);
        start = books();
    }

    /* SIGNATURE: every case of FlashSignature.tree */

    function owner() internal view override returns (Actor memory) {
        return client;
    }

    function structHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function submit(bytes memory signature) internal override {
        vm.prank(relayer);
        settlement.extendEscrowWithAuthorization(authorization, signature);
    }

    function assertDone() internal view override {
        assertEscrow(ESCROW, 0, UNLOCK_AT + 1, OPEN);
        assertBooks(start);
    }

    function assertNothingDone() internal view override {
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
        assertBooks(start);
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_RevertWhen_TheClientIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.client = client2.addr;
        expectBadSignature(client2.addr);
        submit(signature);
    }

    function test_RevertWhen_TheServerIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.server = server2.addr;
        refuses(signature);
    }

    function test_RevertWhen_TheTokenIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.token = address(useMintableToken());
        expectBadSignature(client.addr);
        submit(signature);
    }

    function test_RevertWhen_TheEpochIsNotTheOneSigned() public {
        authorization.epoch = 1;
        bytes memory signature = ownersSignature();
        authorization.epoch = 0;
        refuses(signature);
    }

    function test_RevertWhen_TheNewEndIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.newUnlockAt = UNLOCK_AT + 2;
        refuses(signature);
    }

    function test_RevertWhen_TheDeadlineIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.deadline = DEADLINE + 1;
        refuses(signature);
    }

    /* DEADLINE */

    function test_ExtendsOneSecondBeforeTheDeadline() public {
        vm.warp(DEADLINE - 1);
        submit(ownersSignature());
        assertDone();
    }

    function test_ExtendsAtTheDeadline() public {
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

    /* REPLAY */

    function test_ChangesNothingWhenReplayed() public {
        submit(ownersSignature());
        submit(ownersSignature());
        assertDone();
    }

    function test_RevertGiven_TheClientClosedSinceItSigned() public {
        bytes memory signature = ownersSignature();
        closeByClient();
        expectClosed();
        submit(signature);
    }

    function test_RevertGiven_TheServerClosedSinceItSigned() public {
        bytes memory signature = ownersSignature();
        closeByServer();
        expectClosed();
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
    }

    /* EFFECTS */

    function test_EmitsEscrowExtended() public {
        expectEvent();
        emit IFlashSettlement.EscrowExtended(escrowId(), 0, UNLOCK_AT + 1);
        submit(ownersSignature());
    }
}
