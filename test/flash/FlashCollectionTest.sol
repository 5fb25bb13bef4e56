// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {BoundedToken} from "../../contracts/libraries/BoundedToken.sol";
import {FalseReturningToken} from "../mocks/FalseReturningToken.sol";
import {SelectorForgingToken} from "../mocks/SelectorForgingToken.sol";
import {FlashTest} from "./FlashTest.sol";

/// @notice What holds for every entry that pays the server, whichever instrument it settles: the wallet pays first, the escrow the rest,
/// and no token, no close and no gas limit changes that (`FlashCollection.tree`).
abstract contract FlashCollectionTest is FlashTest {
    /// @dev Steps of the gas limits that a call is tried with.
    uint256 private constant GAS_STEP = 4000;
    uint256 private constant GAS_ENOUGH = 800_000;

    function setUp() public virtual override {
        super.setUp();
        open();
        openOthers();
    }

    /* WHAT A VERB SAYS */

    /// @dev A call that settles a fresh item of `amount`, and who makes it.
    function entry(uint128 amount) internal virtual returns (address caller, bytes memory callData);

    /// @dev Settles a fresh item of `amount`.
    function pays(uint128 amount) internal {
        (address caller, bytes memory callData) = entry(amount);
        vm.prank(caller);
        (bool ok, bytes memory answer) = address(settlement).call(callData);
        if (!ok) {
            assembly {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }

    /// @dev Settles a fresh item of `fromWallet + fromEscrow` and compares every party's books.
    function assertPays(uint256 fromWallet, uint256 fromEscrow) internal {
        Books memory expected = books();
        expectSettled(fromWallet, fromEscrow);
        pays(uint128(fromWallet + fromEscrow));
        expected.client -= fromWallet;
        expected.server += fromWallet;
        expected.escrow -= fromEscrow;
        expected.creditOfServer += fromEscrow;
        expected.settled += fromWallet + fromEscrow;
        assertBooks(expected);
    }

    /* THE WALLET FIRST */

    function test_TakesAllFromTheWallet() public {
        assertPays(400, 0);
    }

    function test_TakesOneUnit() public {
        assertPays(1, 0);
    }

    function test_TakesAllFromTheWalletGivenItHoldsOneUnitMore() public {
        drainTo(401);
        assertPays(400, 0);
    }

    function test_TakesTheLastUnitOfTheWallet() public {
        drainTo(400);
        assertPays(400, 0);
    }

    function test_TakesOneUnitFromTheEscrowGivenTheWalletIsOneShort() public {
        drainTo(399);
        assertPays(399, 1);
    }

    function test_TakesAllFromTheWalletGivenTheAllowanceIsOneAbove() public {
        allow(401);
        assertPays(400, 0);
        assertEq(USDC.allowance(client.addr, address(settlement)), 1);
    }

    function test_TakesTheLastUnitOfTheAllowance() public {
        allow(400);
        assertPays(400, 0);
        assertEq(USDC.allowance(client.addr, address(settlement)), 0);
    }

    function test_TakesOneUnitFromTheEscrowGivenTheAllowanceIsOneShort() public {
        allow(399);
        assertPays(399, 1);
    }

    function test_TakesTheSmallerOfWalletAndAllowance() public {
        drainTo(300);
        allow(200);
        assertPays(200, 300);
    }

    function test_TakesTheSmallerOfAllowanceAndWallet() public {
        drainTo(200);
        allow(300);
        assertPays(200, 300);
    }

    function test_TakesAllFromTheEscrowGivenTheWalletIsEmpty() public {
        drainTo(0);
        assertPays(0, 400);
    }

    function test_TakesAllFromTheEscrowGivenTheAllowanceIsRevoked() public {
        allow(0);
        assertPays(0, 400);
    }

    function test_EmptiesTheEscrow() public {
        allow(0);
        assertPays(0, ESCROW);
    }

    function test_EmptiesWalletAndEscrow() public {
        drainTo(100);
        assertPays(100, ESCROW);
    }

    function test_TakesFromTheWalletGivenTheEscrowIsEmpty() public {
        allow(0);
        assertPays(0, ESCROW);
        allow(FUNDS);
        assertPays(400, 0);
    }

    function test_TakesTheLargestAmountFromAWalletThatHoldsMore() public {
        useMintableToken();
        open();
        assertPays(MAX_AMOUNT, 0);
    }

    function test_TakesTheLargestAmountFromWalletAndEscrow() public {
        useMintableToken();
        open();
        drainTo(MAX_AMOUNT - ESCROW);
        assertPays(MAX_AMOUNT - ESCROW, ESCROW);
    }

    /* TOKENS THAT REFUSE */

    function test_TakesAllFromTheEscrowGivenThePausedToken() public {
        vm.prank(USDC_PAUSER);
        USDC.pause();
        assertPays(0, 400);
    }

    function test_TakesAllFromTheEscrowGivenTheClientIsBlacklisted() public {
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(client.addr);
        assertPays(0, 400);
    }

    function test_TakesAllFromTheEscrowGivenTheServerIsBlacklisted() public {
        vm.prank(USDC_BLACKLISTER);
        USDC.blacklist(server.addr);
        assertPays(0, 400);
    }

    function test_TakesAllFromTheEscrowGivenTheTokenSaysFalse() public {
        FalseReturningToken liar = new FalseReturningToken();
        useToken(liar, FUNDS);
        open();
        liar.setFails(true);
        assertPays(0, 400);
    }

    function test_TakesAllFromTheEscrowGivenTheTokenRevertsWithAnErrorOfTheContract() public {
        SelectorForgingToken forger = new SelectorForgingToken();
        useToken(forger, FUNDS);
        open();
        forger.forge(abi.encodeWithSelector(IFlashSettlement.NoEscrow.selector));
        assertPays(0, 400);
    }

    /* STATE */

    function test_PaysAfterTheEnd() public {
        vm.warp(UNLOCK_AT + 1);
        assertPays(400, 0);
        allow(0);
        assertPays(0, 400);
    }

    function test_PaysGivenTheClientClosed() public {
        closeByClient();
        assertPays(400, 0);
        allow(0);
        assertPays(0, 400);
    }

    function test_PaysGivenTheServerClosed() public {
        closeByServer();
        assertPays(400, 0);
        allow(0);
        assertPays(0, 400);
    }

    function test_PaysInTheNextEpoch() public {
        closeByBoth();
        open();
        assertPays(400, 0);
        allow(0);
        assertPays(0, 400);
    }

    /* EFFECTS */

    function test_AddsUpWhatIsSettledFromWalletAndEscrow() public {
        pays(10);
        allow(3);
        pays(5);
        allow(0);
        pays(20);
        assertEscrow(ESCROW - 22, 35, UNLOCK_AT, OPEN);
        assertEq(settlement.creditOf(server.addr, token), 22);
    }

    function test_KeepsTheTerms() public {
        IFlashSettlement.Escrow memory before = escrowNow();
        allow(3);
        pays(5);
        IFlashSettlement.Escrow memory escrow = escrowNow();
        assertEq(escrow.unlockAt, before.unlockAt);
        assertEq(escrow.signer, before.signer);
        assertEq(escrow.closeDelay, before.closeDelay);
        assertEq(escrow.epoch, before.epoch);
        assertEq(escrow.flags, before.flags);
    }

    function test_PullsOnce() public {
        (address caller, bytes memory callData) = entry(400);
        vm.expectCall(
            token,
            abi.encodeWithSignature("transferFrom(address,address,uint256)", client.addr, server.addr, 400),
            1
        );
        vm.expectCall(token, abi.encodeWithSignature("transferFrom(address,address,uint256)"), 1);
        vm.prank(caller);
        (bool ok, ) = address(settlement).call(callData);
        assertTrue(ok);
    }

    function test_AsksTheTokenForNothingGivenTheWalletIsEmpty() public {
        drainTo(0);
        (address caller, bytes memory callData) = entry(400);
        vm.expectCall(token, abi.encodeWithSignature("transferFrom(address,address,uint256)"), 0);
        vm.prank(caller);
        (bool ok, ) = address(settlement).call(callData);
        assertTrue(ok);
    }

    function testFuzz_SplitsBetweenWalletAndEscrow(uint256 wallet, uint256 allowed, uint256 amount) public {
        wallet = bound(wallet, 0, 2 * ESCROW);
        allowed = bound(allowed, 0, 2 * ESCROW);
        drainTo(wallet);
        allow(allowed);
        uint256 there = wallet < allowed ? wallet : allowed;
        amount = bound(amount, 1, there + ESCROW);
        uint256 fromWallet = amount < there ? amount : there;
        assertPays(fromWallet, amount - fromWallet);
    }

    /* GAS */

    function test_NoGasLimitMakesTheEscrowPayForASolventWallet() public {
        _assertSameForEveryGasLimit(400, 0);
    }

    function test_NoGasLimitChangesASplit() public {
        drainTo(100);
        _assertSameForEveryGasLimit(100, 300);
    }

    function test_NoGasLimitChangesTheFallback() public {
        vm.prank(USDC_PAUSER);
        USDC.pause();
        _assertSameForEveryGasLimit(0, 400);
    }

    function test_RevertWhen_TheGasDoesNotCoverTheStipends() public {
        (address caller, bytes memory callData) = entry(400);
        bool isSeen;
        for (uint256 limit = 40_000; limit <= GAS_ENOUGH; limit += GAS_STEP) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(caller);
            (bool ok, bytes memory answer) = address(settlement).call{gas: limit}(callData);
            // Less runs out before it can say so.
            isSeen = isSeen || (!ok && bytes4(answer) == BoundedToken.InsufficientGas.selector);
            vm.revertToState(snapshot);
        }
        assertTrue(isSeen);
    }

    /// @dev The call reverts as a whole, or does what it does with plenty of gas.
    function _assertSameForEveryGasLimit(uint256 fromWallet, uint256 fromEscrow) private {
        (address caller, bytes memory callData) = entry(uint128(fromWallet + fromEscrow));
        Books memory before = books();
        Books memory done = books();
        done.client -= fromWallet;
        done.server += fromWallet;
        done.escrow -= fromEscrow;
        done.creditOfServer += fromEscrow;
        done.settled += fromWallet + fromEscrow;
        uint256 succeeded = 0;
        uint256 reverted = 0;
        for (uint256 limit = 20_000; limit <= GAS_ENOUGH; limit += GAS_STEP) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(caller);
            (bool ok, ) = address(settlement).call{gas: limit}(callData);
            if (ok) ++succeeded;
            else ++reverted;
            assertBooks(ok ? done : before);
            vm.revertToState(snapshot);
        }
        assertGt(succeeded, 0, "some limit is enough");
        assertGt(reverted, 0, "some limit is too little");
    }
}
