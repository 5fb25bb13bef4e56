// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {FlashCollectionTest} from "./FlashCollectionTest.sol";

contract SettlePaymentTest is FlashCollectionTest {
    /* COLLECTION: every case of FlashCollection.tree */

    function entry(uint128 amount) internal view override returns (address, bytes memory) {
        return (client.addr, abi.encodeCall(IFlashSettlement.settlePayment, (server.addr, token, amount)));
    }

    /* AMOUNT */

    function test_RevertWhen_TheAmountIsZero() public {
        expectBadTerms(IFlashSettlement.Term.Amount);
        pays(0);
    }

    function test_RevertWhen_TheAmountIsOneAboveTheLargest() public {
        expectAmountTooLarge(MAX_AMOUNT + 1, MAX_AMOUNT);
        pays(uint128(MAX_AMOUNT) + 1);
    }

    function test_RevertWhen_TheAmountIsTheLargestWord() public {
        expectAmountTooLarge(type(uint256).max, MAX_AMOUNT);
        vm.prank(client.addr);
        settlement.settlePayment(server.addr, token, type(uint256).max);
    }

    function test_SettlesUpToOneBelowTheLargestTotal() public {
        _settleAllBut(10);
        assertPays(9, 0);
        assertEscrow(ESCROW, MAX_AMOUNT - 1, UNLOCK_AT, OPEN);
    }

    function test_SettlesUpToTheLargestTotal() public {
        _settleAllBut(10);
        assertPays(10, 0);
        assertEscrow(ESCROW, MAX_AMOUNT, UNLOCK_AT, OPEN);
    }

    function test_RevertWhen_TheTotalWouldBeOneAboveTheLargest() public {
        _settleAllBut(10);
        expectAmountTooLarge(11, 10);
        pays(11);
    }

    function test_SettlesTheLargestTotalAnewInTheNextEpoch() public {
        _settleAllBut(0);
        closeByBoth();
        open();
        assertPays(MAX_AMOUNT, 0);
    }

    /* COVER */

    function test_RevertGiven_WalletAndEscrowAreOneUnitShort() public {
        drainTo(100);
        Books memory expected = books();
        expectNotCovered(ESCROW + 100, ESCROW + 101);
        pays(ESCROW + 101);
        assertBooks(expected);
    }

    function test_RevertGiven_TheWalletRefusesAndTheEscrowIsOneUnitShort() public {
        vm.prank(USDC_PAUSER);
        USDC.pause();
        Books memory expected = books();
        expectNotCovered(ESCROW, ESCROW + 1);
        pays(ESCROW + 1);
        assertBooks(expected);
    }

    function test_RevertGiven_NothingIsThere() public {
        drainTo(0);
        pays(ESCROW);
        expectNotCovered(0, 1);
        pays(1);
    }

    /* STATE */

    function test_RevertGiven_NoEscrowWasEverOpen() public {
        expectNoEscrow();
        vm.prank(client.addr);
        settlement.settlePayment(stranger.addr, token, 1);
    }

    function test_RevertGiven_TheEscrowWasRefunded() public {
        closeByBoth();
        expectNoEscrow();
        pays(1);
    }

    /* WHO */

    function test_RevertWhen_TheCallerIsNotTheClient() public {
        expectNoEscrow();
        vm.prank(stranger.addr);
        settlement.settlePayment(server.addr, token, 1);
    }

    function test_RevertWhen_TheCallerIsTheServer() public {
        expectNoEscrow();
        vm.prank(server.addr);
        settlement.settlePayment(server.addr, token, 1);
    }

    function test_RevertWhen_TheCallerIsTheSignerOfTheTerms() public {
        closeByBoth();
        openWithSigner();
        expectNoEscrow();
        vm.prank(signer.addr);
        settlement.settlePayment(server.addr, token, 1);
    }

    function test_PaysByTheClientGivenAnotherSignerOfTheTerms() public {
        closeByBoth();
        openWithSigner();
        assertPays(400, 0);
    }

    /* EFFECTS */

    function test_UsesNoNonceAndNoLane() public {
        pays(400);
        assertEq(settlement.nonceWord(escrowId(), 0, 0), 0);
        assertEq(settlement.tabSettled(escrowId(), 0, 0), 0);
    }

    function test_PaysTwiceWhenCalledTwice() public {
        assertPays(400, 0);
        assertPays(400, 0);
    }

    /* INTERNAL */

    /// @dev All but `rest` of what can be settled in an epoch is settled, in a token with such a supply.
    function _settleAllBut(uint256 rest) private {
        useMintableToken();
        open();
        pays(uint128(MAX_AMOUNT - rest));
    }
}
