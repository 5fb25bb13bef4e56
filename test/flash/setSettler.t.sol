// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {Actor} from "../helpers/Test.sol";
import {FlashMessages} from "./FlashMessages.sol";
import {FlashTest} from "./FlashTest.sol";
import {FlashWalletSignatureTest} from "./FlashWalletSignatureTest.sol";

contract SetSettlerTest is FlashTest {
    function setUp() public override {
        super.setUp();
        open();
    }

    /* TIME */

    function test_TheSettlerSettlesOneSecondBeforeItsEnd() public {
        nameSettler(settler.addr, NOW + 10);
        vm.warp(NOW + 9);
        _settles();
    }

    function test_TheSettlerSettlesAtItsEnd() public {
        nameSettler(settler.addr, NOW + 10);
        vm.warp(NOW + 10);
        _settles();
    }

    function test_RevertWhen_OneSecondPastTheSettlersEnd() public {
        nameSettler(settler.addr, NOW + 10);
        vm.warp(NOW + 11);
        _isRefused(settler);
    }

    function test_TheSettlerSettlesWhenItsEndIsTheLargest() public {
        nameSettler(settler.addr, NEVER);
        vm.warp(NEVER - 1);
        _settles();
    }

    function test_ZeroEndsTheRightAtOnce() public {
        nameSettler(settler.addr, DEADLINE);
        nameSettler(settler.addr, 0);
        _isRefused(settler);
    }

    function test_AnEndThatHasPassedIsNoRight() public {
        nameSettler(settler.addr, NOW - 1);
        _isRefused(settler);
    }

    function test_TheRightIsShortened() public {
        nameSettler(settler.addr, DEADLINE);
        nameSettler(settler.addr, NOW + 1);
        vm.warp(NOW + 2);
        _isRefused(settler);
    }

    function test_TheRightIsProlonged() public {
        nameSettler(settler.addr, NOW + 1);
        nameSettler(settler.addr, NOW + 2);
        vm.warp(NOW + 2);
        _settles();
    }

    /* WHO */

    function test_RevertGiven_NobodyNamedTheSettler() public {
        _isRefused(settler);
    }

    function test_RevertGiven_AnotherServerNamedTheSettler() public {
        vm.prank(server2.addr);
        settlement.setSettler(settler.addr, DEADLINE);
        _isRefused(settler);
    }

    function test_RevertGiven_TheClientNamedTheSettler() public {
        vm.prank(client.addr);
        settlement.setSettler(settler.addr, DEADLINE);
        _isRefused(settler);
    }

    function test_ASettlerNamesNoOthers() public {
        nameSettler(settler.addr, DEADLINE);
        vm.prank(settler.addr);
        settlement.setSettler(stranger.addr, DEADLINE);
        _isRefused(stranger);
    }

    function test_TwoSettlersHaveTheirOwnRights() public {
        nameSettler(settler.addr, DEADLINE);
        nameSettler(stranger.addr, DEADLINE);
        nameSettler(stranger.addr, 0);
        _isRefused(stranger);
        _settles();
    }

    /* EFFECTS */

    function test_CountsHowOftenItWasSet() public {
        for (uint40 sequence = 1; sequence <= 3; ++sequence) {
            nameSettler(settler.addr, DEADLINE + sequence);
            (uint40 validUntil, uint64 stored) = settlement.settlerOf(server.addr, settler.addr);
            assertEq(validUntil, DEADLINE + sequence);
            assertEq(stored, sequence);
        }
    }

    function test_EmitsSettlerSet() public {
        expectEvent();
        emit IFlashSettlement.SettlerSet(server.addr, settler.addr, DEADLINE, 1);
        nameSettler(settler.addr, DEADLINE);
        expectEvent();
        emit IFlashSettlement.SettlerSet(server.addr, settler.addr, 0, 2);
        nameSettler(settler.addr, 0);
    }

    function test_MovesNoTokens() public {
        Books memory expected = books();
        nameSettler(settler.addr, DEADLINE);
        assertBooks(expected);
    }

    /* INTERNAL */

    function _settles() private {
        IFlashSettlement.Payment memory payment = paymentOf(5, 1);
        bytes memory signature = sign(client, payment);
        Books memory expected = books();
        vm.prank(settler.addr);
        settlement.settleSignedPayment(payment, signature, false);
        expected.client -= 5;
        expected.server += 5;
        expected.settled += 5;
        assertBooks(expected);
    }

    function _isRefused(Actor memory who) private {
        IFlashSettlement.Payment memory payment = paymentOf(5, 1);
        bytes memory signature = sign(client, payment);
        expectNotServer(who.addr);
        vm.prank(who.addr);
        settlement.settleSignedPayment(payment, signature, false);
    }
}

contract SetSettlerWithAuthorizationTest is FlashWalletSignatureTest {
    using FlashMessages for *;

    IFlashSettlement.SettlerAuthorization private authorization;

    function setUp() public override {
        super.setUp();
        authorization = settlerAuthorizationOf(NOW + 100, 0);
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
        settlement.setSettlerWithAuthorization(authorization, signature);
    }

    function assertDone() internal view override {
        _assertRight(NOW + 100, 1);
    }

    function assertNothingDone() internal view override {
        _assertRight(0, 0);
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_RevertWhen_TheServerIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.server = server2.addr;
        expectBadSignature(server2.addr);
        submit(signature);
    }

    function test_RevertWhen_TheSettlerIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.settler = stranger.addr;
        refuses(signature);
    }

    function test_RevertWhen_TheEndIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.validUntil = NOW + 101;
        refuses(signature);
    }

    function test_RevertWhen_TheSequenceIsNotTheOneSigned() public {
        authorization.sequence = 1;
        bytes memory signature = ownersSignature();
        authorization.sequence = 0;
        refuses(signature);
    }

    function test_RevertWhen_TheDeadlineIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.deadline = DEADLINE + 1;
        refuses(signature);
    }

    function test_RevertWhen_TheSettlerItselfSigned() public {
        refuses(sign(settler, authorization));
    }

    /* DEADLINE */

    function test_SetsOneSecondBeforeTheDeadline() public {
        vm.warp(DEADLINE - 1);
        submit(ownersSignature());
        assertDone();
    }

    function test_SetsAtTheDeadline() public {
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

    /* SEQUENCE */

    function test_RevertWhen_Replayed() public {
        bytes memory signature = ownersSignature();
        submit(signature);
        _expectWrongSequence(0, 1);
        submit(signature);
    }

    function test_RevertWhen_ReplayedAfterTheRightWasEnded() public {
        bytes memory signature = ownersSignature();
        submit(signature);
        nameSettler(settler.addr, 0);
        _expectWrongSequence(0, 2);
        submit(signature);
        _assertRight(0, 2);
    }

    function test_RevertGiven_TheServerSetItSinceItSigned() public {
        bytes memory signature = ownersSignature();
        nameSettler(settler.addr, 0);
        _expectWrongSequence(0, 1);
        submit(signature);
    }

    function test_RevertWhen_TheSequenceIsOneAhead() public {
        authorization.sequence = 1;
        bytes memory signature = ownersSignature();
        _expectWrongSequence(1, 0);
        submit(signature);
    }

    function test_SetsAgainWithTheNextSequence() public {
        submit(ownersSignature());
        authorization = settlerAuthorizationOf(0, 1);
        submit(ownersSignature());
        _assertRight(0, 2);
    }

    function test_EachSettlerHasASequenceOfItsOwn() public {
        nameSettler(stranger.addr, DEADLINE);
        submit(ownersSignature());
        assertDone();
    }

    /* EFFECTS */

    function test_EmitsSettlerSet() public {
        bytes memory signature = ownersSignature();
        expectEvent();
        emit IFlashSettlement.SettlerSet(server.addr, settler.addr, NOW + 100, 1);
        submit(signature);
    }

    /* INTERNAL */

    function _assertRight(uint256 validUntil, uint256 sequence) private view {
        (uint40 actualEnd, uint64 actualSequence) = settlement.settlerOf(server.addr, settler.addr);
        assertEq(actualEnd, validUntil, "validUntil");
        assertEq(actualSequence, sequence, "sequence");
    }

    function _expectWrongSequence(uint256 sequence, uint256 current) private {
        expectRevert(abi.encodeWithSelector(IFlashSettlement.WrongSequence.selector, sequence, current));
    }
}
