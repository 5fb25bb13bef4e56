// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {MintableToken} from "../mocks/MintableToken.sol";
import {FlashTest} from "./FlashTest.sol";

/// @notice The whole life of an escrow in one token, wallet leg and escrow leg.
abstract contract TokenLifeTest is FlashTest {
    uint256 internal constant WALLET = 10_000;

    function setUp() public virtual override {
        super.setUp();
        useToken(MintableToken(makeToken()), WALLET);
        open();
    }

    /// @dev Deploys the token.
    function makeToken() internal virtual returns (address);

    function test_IsLocked() public view {
        assertEq(IERC20(token).balanceOf(client.addr), WALLET - ESCROW);
        assertEq(IERC20(token).balanceOf(address(settlement)), ESCROW);
        assertEscrow(ESCROW, 0, UNLOCK_AT, OPEN);
    }

    function test_IsToppedUp() public {
        Books memory expected = books();
        vm.prank(client.addr);
        settlement.topUp(server.addr, token, 100, 0);
        expected.client -= 100;
        expected.settlement += 100;
        expected.escrow += 100;
        assertBooks(expected);
    }

    function test_PaysFromTheWallet() public {
        _pays(400, 0);
    }

    function test_PaysFromTheEscrow() public {
        drainTo(0);
        _pays(0, 400);
    }

    function test_PaysFromBoth() public {
        drainTo(100);
        _pays(100, 300);
    }

    function test_PaysABatch() public {
        IFlashSettlement.Group memory group = groupOf(1, 1);
        group.payments[0] = itemOf(client, paymentOf(30, 1));
        group.tabs[0] = itemOf(client, tabOf(40, 1));
        expectSettled(70, 0);
        settleBatch(group, false);
        assertEq(IERC20(token).balanceOf(server.addr), 70);
    }

    function test_IsReleased() public {
        Books memory expected = books();
        vm.prank(server.addr);
        settlement.releaseEscrow(client.addr, token, 0, 100);
        expected.client += 100;
        expected.settlement -= 100;
        expected.escrow -= 100;
        assertBooks(expected);
    }

    function test_IsRefunded() public {
        Books memory expected = books();
        closeByBoth();
        expected.client += ESCROW;
        expected.settlement -= ESCROW;
        expected.escrow = 0;
        assertBooks(expected);
    }

    function test_IsPaidOutAsCredit() public {
        allow(0);
        settle(paymentOf(400, 1));
        Books memory expected = books();
        vm.prank(server.addr);
        settlement.withdrawCredit(token, server2.addr, 400);
        expected.server2 += 400;
        expected.settlement -= 400;
        expected.creditOfServer = 0;
        assertBooks(expected);
    }

    function _pays(uint256 fromWallet, uint256 fromEscrow) internal {
        Books memory expected = books();
        expectSettled(fromWallet, fromEscrow);
        settle(paymentOf(uint128(fromWallet + fromEscrow), 1));
        expected.client -= fromWallet;
        expected.server += fromWallet;
        expected.escrow -= fromEscrow;
        expected.creditOfServer += fromEscrow;
        expected.settled += fromWallet + fromEscrow;
        assertBooks(expected);
    }
}
