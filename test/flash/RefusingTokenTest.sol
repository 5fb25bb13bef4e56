// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {TokenLifeTest} from "./TokenLifeTest.sol";

/// @notice Beside {TokenLifeTest}: what happens once the token refuses to move, and once it moves again.
abstract contract RefusingTokenTest is TokenLifeTest {
    /// @dev The token refuses every move from here on, or does no longer.
    function refuse(bool refuses) internal virtual;

    function test_Refusing_PaysFromTheEscrow() public {
        refuse(true);
        _pays(0, 400);
    }

    function test_Refusing_PaysABatchFromTheEscrow() public {
        refuse(true);
        IFlashSettlement.Group memory group = groupOf(1, 1);
        group.payments[0] = itemOf(client, paymentOf(30, 1));
        group.tabs[0] = itemOf(client, tabOf(40, 1));
        expectSettled(0, 70);
        settleBatch(group, false);
        assertEq(settlement.creditOf(server.addr, token), 70);
    }

    function test_Refusing_PaysTheWholeEscrow() public {
        refuse(true);
        _pays(0, ESCROW);
    }

    function test_Refusing_CreditsTheClientWithARelease() public {
        refuse(true);
        expectEvent();
        emit IFlashSettlement.Credited(client.addr, token, 100);
        vm.prank(server.addr);
        settlement.releaseEscrow(client.addr, token, 0, 100);
        assertEscrow(ESCROW - 100, 0, UNLOCK_AT, OPEN);
        _assertComesHome(100, WALLET - ESCROW);
    }

    function test_Refusing_CreditsTheClientWithARefund() public {
        refuse(true);
        closeByServer();
        expectEvent();
        emit IFlashSettlement.Credited(client.addr, token, ESCROW);
        closeByClient();
        assertNotOpen(1);
        _assertComesHome(ESCROW, WALLET - ESCROW);
    }

    function test_Refusing_CreditsTheClientWithAWithdrawal() public {
        refuse(true);
        vm.warp(UNLOCK_AT);
        expectEvent();
        emit IFlashSettlement.Credited(client.addr, token, ESCROW);
        vm.prank(client.addr);
        settlement.withdrawEscrow(server.addr, token, server2.addr);
        _assertComesHome(ESCROW, WALLET - ESCROW);
    }

    function test_Refusing_KeepsCreditsThatCannotBePaidOut() public {
        allow(0);
        settle(paymentOf(400, 1));
        refuse(true);
        vm.prank(server.addr);
        (bool ok, ) = address(settlement).call{gas: 5_000_000}(
            abi.encodeCall(IFlashSettlement.withdrawCredit, (token, server.addr, 400))
        );
        assertFalse(ok);
        assertEq(settlement.creditOf(server.addr, token), 400);
        refuse(false);
        vm.prank(server.addr);
        settlement.withdrawCredit(token, server.addr, 400);
        assertEq(IERC20(token).balanceOf(server.addr), 400);
    }

    function test_Refusing_LetsThePairOpenAgain() public {
        refuse(true);
        closeByBoth();
        refuse(false);
        open(7);
        assertEscrow(7, 0, UNLOCK_AT, OPEN);
        _pays(400, 0);
    }

    function test_Refusing_NoGasLimitChangesTheFallback() public {
        refuse(true);
        IFlashSettlement.Payment memory payment = paymentOf(400, 1);
        bytes memory callData = abi.encodeCall(
            IFlashSettlement.settleSignedPayment,
            (payment, sign(client, payment), false)
        );
        uint256 succeeded = 0;
        for (uint256 limit = 40_000; limit < 900_000; limit += 10_000) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(server.addr);
            (bool ok, ) = address(settlement).call{gas: limit}(callData);
            if (ok) ++succeeded;
            assertEscrow(ok ? ESCROW - 400 : ESCROW, ok ? 400 : 0, UNLOCK_AT, OPEN);
            vm.revertToState(snapshot);
        }
        assertGt(succeeded, 0);
    }

    /// @dev The client withdraws its credit once the token moves again.
    function _assertComesHome(uint256 amount, uint256 wallet) private {
        assertEq(settlement.creditOf(client.addr, token), amount);
        refuse(false);
        vm.prank(client.addr);
        settlement.withdrawCredit(token, client.addr, amount);
        assertEq(IERC20(token).balanceOf(client.addr), wallet + amount);
    }
}
