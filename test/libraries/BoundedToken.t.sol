// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {BoundedToken} from "../../contracts/libraries/BoundedToken.sol";
import {Test} from "../helpers/Test.sol";
import {AnsweringContract} from "../mocks/AnsweringContract.sol";
import {ExpensiveToken} from "../mocks/ExpensiveToken.sol";

contract BoundedTokenTest is Test {
    uint256 private constant READ_GAS = 60_000;
    uint256 private constant TRANSFER_GAS = 200_000;

    /// @dev What must be left for the stipends, with the 64th that the EVM keeps back.
    uint256 private constant READS_RESERVE = (2 * READ_GAS * 64) / 63 + 10_000;
    uint256 private constant TRANSFER_RESERVE = (TRANSFER_GAS * 64) / 63 + 10_000;

    ExpensiveToken private token;
    address private owner;
    address private receiver;

    function setUp() public {
        token = new ExpensiveToken();
        owner = makeAddr("owner");
        receiver = makeAddr("receiver");
        token.mint(owner, 1000);
        token.mint(address(this), 1000);
    }

    /* WHAT CAN BE PULLED */

    function testFuzz_PullsTheSmallerOfBalanceAndAllowance(uint256 balance, uint256 allowed) public {
        address holder = makeAddr("holder");
        balance = bound(balance, 0, 1 << 128);
        token.mint(holder, balance);
        _allow(holder, allowed);
        assertEq(BoundedToken.pullable(address(token), holder, address(this)), balance < allowed ? balance : allowed);
    }

    function test_PullsNothingOfATokenWithoutCode() public {
        assertEq(BoundedToken.pullable(makeAddr("no code"), owner, address(this)), 0);
    }

    function test_PullsNothingGivenTheBalanceTakesMoreThanItsGas() public {
        _allow(owner, 1000);
        token.setPrice(IERC20.balanceOf.selector, READ_GAS - 5_000);
        assertEq(BoundedToken.pullable(address(token), owner, address(this)), 1000);
        token.setPrice(IERC20.balanceOf.selector, READ_GAS + 1);
        assertEq(BoundedToken.pullable(address(token), owner, address(this)), 0);
    }

    function test_PullsNothingGivenTheAllowanceTakesMoreThanItsGas() public {
        _allow(owner, 1000);
        token.setPrice(IERC20.allowance.selector, READ_GAS - 5_000);
        assertEq(BoundedToken.pullable(address(token), owner, address(this)), 1000);
        token.setPrice(IERC20.allowance.selector, READ_GAS + 1);
        assertEq(BoundedToken.pullable(address(token), owner, address(this)), 0);
    }

    function test_AsksForNoAllowanceGivenTheBalanceIsZero() public {
        vm.expectCall(address(token), abi.encodeWithSelector(IERC20.allowance.selector), 0);
        assertEq(BoundedToken.pullable(address(token), receiver, address(this)), 0);
    }

    /* ANSWERS */

    function test_MovesWhenTheTokenSaysTrue() public {
        assertTrue(_answers(abi.encode(uint256(1))));
    }

    function test_MovesWhenATokenWithCodeSaysNothing() public {
        assertTrue(_answers(""));
    }

    function test_MovesWhenTheTokenSaysTrueAndMore() public {
        assertTrue(_answers(abi.encode(uint256(1), uint256(0))));
    }

    function test_FailsWhenTheTokenSaysFalse() public {
        assertFalse(_answers(abi.encode(uint256(0))));
    }

    function test_FailsWhenTheTokenSaysTwo() public {
        assertFalse(_answers(abi.encode(uint256(2))));
    }

    function test_FailsWhenTheTokenSaysTrueInItsHighestBit() public {
        assertFalse(_answers(abi.encode(uint256(1) << 255)));
    }

    function test_FailsWhenTheAnswerHas31Bytes() public {
        assertFalse(_answers(new bytes(31)));
    }

    function test_FailsWhenTheAnswerHasOneByte() public {
        assertFalse(_answers(hex"01"));
    }

    function test_FailsWhenTheTokenReverts() public {
        AnsweringContract answering = new AnsweringContract();
        answering.set(abi.encode(uint256(1)), true);
        assertFalse(BoundedToken.tryTransfer(address(answering), receiver, 1));
        assertFalse(BoundedToken.tryTransferFrom(address(answering), owner, receiver, 1));
    }

    function test_FailsWhenTheTokenHasNoCode() public {
        assertFalse(BoundedToken.tryTransfer(makeAddr("no code"), receiver, 1));
        assertFalse(BoundedToken.tryTransferFrom(makeAddr("no code"), owner, receiver, 1));
    }

    /* MOVES */

    function test_PaysFromTheCaller() public {
        assertTrue(BoundedToken.tryTransfer(address(token), receiver, 400));
        assertEq(token.balanceOf(receiver), 400);
        assertEq(token.balanceOf(address(this)), 600);
    }

    function test_PullsFromTheOwner() public {
        _allow(owner, 400);
        assertTrue(BoundedToken.tryTransferFrom(address(token), owner, receiver, 400));
        assertEq(token.balanceOf(receiver), 400);
        assertEq(token.balanceOf(owner), 600);
    }

    function test_FailsWhenOneUnitIsMissing() public {
        assertFalse(BoundedToken.tryTransfer(address(token), receiver, 1001));
        _allow(owner, 399);
        assertFalse(BoundedToken.tryTransferFrom(address(token), owner, receiver, 400));
        assertEq(token.balanceOf(receiver), 0);
    }

    /* GAS */

    function test_GivesATransferItsWholeStipendOrReverts() public {
        // A token that needs nearly all of it: there is no limit at which the call goes through and the transfer fails.
        token.setPrice(IERC20.transfer.selector, TRANSFER_GAS - 40_000);
        uint256 moved = 0;
        uint256 refused = 0;
        for (uint256 limit = 200_000; limit < 260_000; limit += 250) {
            uint256 snapshot = vm.snapshotState();
            try this.transfer{gas: limit}(receiver, 1) returns (bool ok) {
                assertTrue(ok, "moved");
                ++moved;
            } catch (bytes memory reason) {
                if (reason.length != 0) _assertInsufficientGas(reason, TRANSFER_RESERVE);
                ++refused;
            }
            vm.revertToState(snapshot);
        }
        assertGt(moved, 0);
        assertGt(refused, 0);
    }

    function test_GivesTheReadsTheirWholeStipendsOrReverts() public {
        _allow(owner, 700);
        token.setPrice(IERC20.balanceOf.selector, READ_GAS - 6_000);
        token.setPrice(IERC20.allowance.selector, READ_GAS - 6_000);
        uint256 read = 0;
        uint256 refused = 0;
        for (uint256 limit = 110_000; limit < 170_000; limit += 250) {
            try this.pullable{gas: limit}() returns (uint256 amount) {
                assertEq(amount, 700, "read");
                ++read;
            } catch (bytes memory reason) {
                if (reason.length != 0) _assertInsufficientGas(reason, READS_RESERVE);
                ++refused;
            }
        }
        assertGt(read, 0);
        assertGt(refused, 0);
    }

    /* CALLED BY THE TESTS: with a gas limit */

    function transfer(address to, uint256 amount) external returns (bool) {
        return BoundedToken.tryTransfer(address(token), to, amount);
    }

    function pullable() external view returns (uint256) {
        return BoundedToken.pullable(address(token), owner, address(this));
    }

    /* INTERNAL */

    function _allow(address holder, uint256 amount) private {
        vm.prank(holder);
        token.approve(address(this), amount);
    }

    /// @dev Both moves judge an answer alike.
    function _answers(bytes memory answer) private returns (bool ok) {
        AnsweringContract answering = new AnsweringContract();
        answering.set(answer, false);
        ok = BoundedToken.tryTransfer(address(answering), receiver, 1);
        assertEq(BoundedToken.tryTransferFrom(address(answering), owner, receiver, 1), ok);
    }

    function _assertInsufficientGas(bytes memory reason, uint256 required) private pure {
        assertEq(bytes32(bytes4(reason)), bytes32(BoundedToken.InsufficientGas.selector));
        uint256 available;
        uint256 named;
        assembly {
            available := mload(add(reason, 0x24))
            named := mload(add(reason, 0x44))
        }
        assertEq(named, required, "required");
        assertLt(available, required, "available");
    }
}
