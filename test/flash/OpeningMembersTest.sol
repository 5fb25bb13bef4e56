// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {FlashTest} from "./FlashTest.sol";

/// @notice A relayed opening whose members are not those that the client signed, by whichever method.
abstract contract OpeningMembersTest is FlashTest {
    IFlashSettlement.OpenEscrow internal terms;

    /// @dev The client's signature over `terms` as they are, by the method that is tested.
    function signTerms() internal view virtual returns (bytes memory);

    /// @dev The relayer submits `terms` as they are.
    function submitTerms(bytes memory signature) internal virtual;

    /// @dev The next call refuses a signature that is not the one of `expected` over what was submitted.
    function expectNotSigned(address expected) internal virtual;

    function test_RevertWhen_TheClientIsNotTheOneSigned() public {
        bytes memory signature = signTerms();
        terms.client = client2.addr;
        expectNotSigned(client2.addr);
        submitTerms(signature);
    }

    function test_RevertWhen_TheServerIsNotTheOneSigned() public {
        bytes memory signature = signTerms();
        terms.server = server2.addr;
        expectNotSigned(client.addr);
        submitTerms(signature);
    }

    function test_RevertWhen_TheAmountIsNotTheOneSigned() public {
        bytes memory signature = signTerms();
        terms.amount = ESCROW - 1;
        expectNotSigned(client.addr);
        submitTerms(signature);
    }

    function test_RevertWhen_TheTtlIsNotTheOneSigned() public {
        bytes memory signature = signTerms();
        terms.ttlSeconds = TTL + 1;
        expectNotSigned(client.addr);
        submitTerms(signature);
    }

    function test_RevertWhen_TheCloseDelayIsNotTheOneSigned() public {
        bytes memory signature = signTerms();
        terms.closeDelay = CLOSE_DELAY + 1;
        expectNotSigned(client.addr);
        submitTerms(signature);
    }

    function test_RevertWhen_TheSignerIsNotTheOneSigned() public {
        bytes memory signature = signTerms();
        terms.signer = stranger.addr;
        expectNotSigned(client.addr);
        submitTerms(signature);
    }

    function test_RevertWhen_TheSignerIsSpelledOut() public {
        // Zero means the client, but it was zero that was signed.
        bytes memory signature = signTerms();
        terms.signer = client.addr;
        expectNotSigned(client.addr);
        submitTerms(signature);
    }

    function test_RevertWhen_TheEpochIsNotTheOneSigned() public {
        terms.epoch = 1;
        bytes memory signature = signTerms();
        terms.epoch = 0;
        expectNotSigned(client.addr);
        submitTerms(signature);
    }

    function test_RevertWhen_TheDeadlineIsNotTheOneSigned() public {
        bytes memory signature = signTerms();
        terms.deadline = DEADLINE + 1;
        expectNotSigned(client.addr);
        submitTerms(signature);
    }

    function test_OpensOneSecondBeforeTheDeadline() public {
        bytes memory signature = signTerms();
        vm.warp(DEADLINE - 1);
        submitTerms(signature);
        assertEscrow(ESCROW, 0, DEADLINE - 1 + TTL, OPEN);
    }

    function test_OpensAtTheDeadline() public {
        bytes memory signature = signTerms();
        vm.warp(DEADLINE);
        submitTerms(signature);
        assertEscrow(ESCROW, 0, DEADLINE + TTL, OPEN);
    }

    function test_RevertWhen_OneSecondPastTheDeadline() public {
        bytes memory signature = signTerms();
        vm.warp(DEADLINE + 1);
        expectExpired(DEADLINE);
        submitTerms(signature);
    }

    function test_RevertWhen_Replayed() public {
        bytes memory signature = signTerms();
        submitTerms(signature);
        expectRevert(abi.encodeWithSelector(IFlashSettlement.EscrowExists.selector, escrowId()));
        submitTerms(signature);
    }

    function test_RevertWhen_ReplayedAfterTheRefund() public {
        bytes memory signature = signTerms();
        submitTerms(signature);
        closeByBoth();
        expectWrongEpoch(0, 1);
        submitTerms(signature);
    }

    function test_TakesFromTheClientAndNobodyElse() public {
        Books memory expected = books();
        submitTerms(signTerms());
        expected.client -= ESCROW;
        expected.settlement += ESCROW;
        expected.escrow += ESCROW;
        assertBooks(expected);
    }

    function test_EmitsEscrowOpened() public {
        bytes memory signature = signTerms();
        expectEvent();
        emit IFlashSettlement.EscrowOpened(
            escrowId(),
            client.addr,
            server.addr,
            token,
            ESCROW,
            UNLOCK_AT,
            CLOSE_DELAY,
            0,
            client.addr
        );
        submitTerms(signature);
    }

    function test_NamesNoToken() public {
        submitTerms(signTerms());
        assertEq(settlement.escrowBalance(client.addr, server.addr), 0);
    }
}
