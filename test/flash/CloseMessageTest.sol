// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {Actor} from "../helpers/Test.sol";
import {FlashMessages} from "./FlashMessages.sol";
import {FlashWalletSignatureTest} from "./FlashWalletSignatureTest.sol";

/// @notice The members of a close by signature, and its deadline, whoever signs.
abstract contract CloseMessageTest is FlashWalletSignatureTest {
    using FlashMessages for *;

    IFlashSettlement.CloseEscrow internal authorization;

    function setUp() public virtual override {
        super.setUp();
        open();
        openOthers();
    }

    function structHash() internal view override returns (bytes32) {
        return authorization.hash();
    }

    function submit(bytes memory signature) internal override {
        vm.prank(relayer);
        settlement.closeEscrowWithAuthorization(authorization, signature);
    }

    function assertNothingDone() internal view override {
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_RevertWhen_TheClientIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.client = client2.addr;
        expectBadSignature(authorization.byServer ? server.addr : client2.addr);
        submit(signature);
    }

    function test_RevertWhen_TheServerIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.server = server2.addr;
        expectBadSignature(authorization.byServer ? server2.addr : client.addr);
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

    function test_RevertWhen_TheSideIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.byServer = !authorization.byServer;
        expectBadSignature(authorization.byServer ? server.addr : client.addr);
        submit(signature);
    }

    function test_RevertWhen_TheOtherSideSignedTheWholeMessage() public {
        Actor memory other = authorization.byServer ? client : server;
        refuses(sign(other, authorization));
    }

    function test_RevertWhen_TheDeadlineIsNotTheOneSigned() public {
        bytes memory signature = ownersSignature();
        authorization.deadline = DEADLINE + 1;
        refuses(signature);
    }

    /* DEADLINE */

    function test_ClosesOneSecondBeforeTheDeadline() public {
        authorization.deadline = NOW + 10;
        bytes memory signature = ownersSignature();
        vm.warp(NOW + 9);
        submit(signature);
        assertNotEq(escrowNow().flags, OPEN);
    }

    function test_ClosesAtTheDeadline() public {
        authorization.deadline = NOW + 10;
        bytes memory signature = ownersSignature();
        vm.warp(NOW + 10);
        submit(signature);
        assertNotEq(escrowNow().flags, OPEN);
    }

    function test_RevertWhen_OneSecondPastTheDeadline() public {
        authorization.deadline = NOW + 10;
        bytes memory signature = ownersSignature();
        vm.warp(NOW + 11);
        expectExpired(NOW + 10);
        submit(signature);
    }

    function test_RevertWhen_TheDeadlineIsZero() public {
        authorization.deadline = 0;
        bytes memory signature = ownersSignature();
        expectExpired(0);
        submit(signature);
    }

    /* EPOCH */

    function test_RevertWhen_TheEpochIsOneAhead() public {
        authorization.epoch = 1;
        bytes memory signature = ownersSignature();
        expectWrongEpoch(1, 0);
        submit(signature);
    }

    function test_RevertGiven_TheEscrowWasRefunded() public {
        bytes memory signature = ownersSignature();
        closeByBoth();
        expectNoEscrow();
        submit(signature);
    }
}
