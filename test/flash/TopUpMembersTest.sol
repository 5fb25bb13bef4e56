// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {FlashTest} from "./FlashTest.sol";

/// @notice A top-up by signature whose members are not those that the client signed, by whichever method.
abstract contract TopUpMembersTest is FlashTest {
    uint128 internal constant ADDED = 100;

    IFlashSettlement.TopUp internal authorization;
    Books internal start;

    function setUp() public virtual override {
        super.setUp();
        open();
        openOthers();
        authorization = topUpOf(ADDED);
        start = books();
    }

    /// @dev The client's signature over the message as it is, by the method that is tested.
    function signMessage() internal view virtual returns (bytes memory);

    /// @dev The relayer submits the message as it is.
    function submitMessage(bytes memory signature) internal virtual;

    /// @dev The next call refuses a signature of something else.
    function expectNotSigned() internal virtual;

    /// @dev The next call refuses a signature that was used.
    function expectUsedBefore() internal virtual;

    function assertAdded() internal view {
        Books memory expected = start;
        expected.client -= ADDED;
        expected.settlement += ADDED;
        expected.escrow += ADDED;
        assertBooks(expected);
    }

    /* EACH MEMBER OTHER THAN SIGNED */

    function test_RevertWhen_TheClientIsNotTheOneSigned() public {
        bytes memory signature = signMessage();
        authorization.client = client2.addr;
        expectNotSigned();
        submitMessage(signature);
    }

    function test_RevertWhen_TheServerIsNotTheOneSigned() public {
        bytes memory signature = signMessage();
        authorization.server = server2.addr;
        expectNotSigned();
        submitMessage(signature);
    }

    function test_RevertWhen_TheAmountIsNotTheOneSigned() public {
        bytes memory signature = signMessage();
        authorization.amount = ADDED - 1;
        expectNotSigned();
        submitMessage(signature);
    }

    function test_RevertWhen_TheEpochIsNotTheOneSigned() public {
        authorization.epoch = 1;
        bytes memory signature = signMessage();
        authorization.epoch = 0;
        expectNotSigned();
        submitMessage(signature);
    }

    function test_RevertWhen_TheSaltIsNotTheOneSigned() public {
        bytes memory signature = signMessage();
        authorization.salt = NONCE + 1;
        expectNotSigned();
        submitMessage(signature);
    }

    function test_RevertWhen_TheDeadlineIsNotTheOneSigned() public {
        bytes memory signature = signMessage();
        authorization.deadline = DEADLINE + 1;
        expectNotSigned();
        submitMessage(signature);
    }

    /* DEADLINE */

    function test_AddsOneSecondBeforeTheDeadline() public {
        bytes memory signature = signMessage();
        vm.warp(DEADLINE - 1);
        submitMessage(signature);
        assertAdded();
    }

    function test_AddsAtTheDeadline() public {
        bytes memory signature = signMessage();
        vm.warp(DEADLINE);
        submitMessage(signature);
        assertAdded();
    }

    function test_RevertWhen_OneSecondPastTheDeadline() public {
        bytes memory signature = signMessage();
        vm.warp(DEADLINE + 1);
        expectExpired(DEADLINE);
        submitMessage(signature);
    }

    function test_RevertWhen_TheDeadlineIsZero() public {
        authorization.deadline = 0;
        bytes memory signature = signMessage();
        expectExpired(0);
        submitMessage(signature);
    }

    /* REPLAY */

    function test_RevertWhen_Replayed() public {
        bytes memory signature = signMessage();
        submitMessage(signature);
        expectUsedBefore();
        submitMessage(signature);
    }

    function test_AddsTwiceWithTwoSalts() public {
        submitMessage(signMessage());
        start = books();
        authorization.salt = NONCE + 1;
        submitMessage(signMessage());
        assertAdded();
    }

    /* STATE */

    function test_RevertGiven_TheEscrowWasRefunded() public {
        bytes memory signature = signMessage();
        closeByBoth();
        expectNoEscrow();
        submitMessage(signature);
    }

    function test_RevertGiven_AnotherEpoch() public {
        bytes memory signature = signMessage();
        closeByBoth();
        open();
        expectWrongEpoch(0, 1);
        submitMessage(signature);
    }

    function test_RevertGiven_TheClientClosed() public {
        bytes memory signature = signMessage();
        closeByClient();
        expectClosed();
        submitMessage(signature);
    }

    function test_RevertGiven_TheServerClosed() public {
        bytes memory signature = signMessage();
        closeByServer();
        expectClosed();
        submitMessage(signature);
    }

    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        authorization.amount = 0;
        bytes memory signature = signMessage();
        expectBadTerms(IFlashSettlement.Term.Amount);
        submitMessage(signature);
    }

    function test_RevertWhen_TheEscrowHasOneUnitTooLittleRoom() public {
        authorization.amount = uint128(MAX_AMOUNT) - ESCROW + 1;
        bytes memory signature = signMessage();
        expectAmountTooLarge(MAX_AMOUNT - ESCROW + 1, MAX_AMOUNT - ESCROW);
        submitMessage(signature);
    }

    function test_RevertWhen_TheAmountIsTheLargestOfItsType() public {
        authorization.amount = type(uint128).max;
        bytes memory signature = signMessage();
        expectAmountTooLarge(type(uint128).max, MAX_AMOUNT - ESCROW);
        submitMessage(signature);
    }

    /* METHOD */

    function test_RevertWhen_TheMethodIsTheAllowance() public {
        // An allowance is no nonce: whoever saw this message could take it again and again.
        expectBadTerms(IFlashSettlement.Term.Funding);
        vm.prank(relayer);
        settlement.topUpWithAuthorization(authorization, allowance());
    }

    function test_RevertWhen_TheClientItselfNamesTheAllowance() public {
        expectBadTerms(IFlashSettlement.Term.Funding);
        vm.prank(client.addr);
        settlement.topUpWithAuthorization(authorization, allowance());
    }

    /* EFFECTS */

    function test_EmitsEscrowToppedUp() public {
        bytes memory signature = signMessage();
        expectEvent();
        emit IFlashSettlement.EscrowToppedUp(escrowId(), 0, ADDED, ESCROW + ADDED);
        submitMessage(signature);
    }
}
