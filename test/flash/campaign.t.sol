// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {BoundedToken} from "../../contracts/libraries/BoundedToken.sol";
import {SignedTransaction} from "../../contracts/libraries/SignedTransaction.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {FlashCampaign} from "./FlashSettlement.invariant.t.sol";
import {FlashCampaigns} from "./invariant/FlashCampaigns.sol";
import {FlashHandler} from "./invariant/FlashHandler.sol";

/// @title What keeps the campaign honest: it proves nothing about what it never reaches
contract FlashCampaignTest is FlashCampaigns {
    uint256 private constant CAMPAIGNS = 12;
    /// @dev How often each action has its turn in a campaign.
    uint256 private constant ROUNDS = 6;

    FlashHandler[] private _campaigns;
    /// @dev What no campaign reached.
    string private _missing;

    /// @notice Every function goes through, every view is asked, every error is met; servers serve, and settle at the last second.
    function test_ReachesEveryFunctionAndError() external {
        for (uint256 i; i < CAMPAIGNS; ++i) {
            FlashHandler one = begin(type(FlashCampaign).creationCode, i);
            _campaigns.push(one);
            if (i == 0) _expectViews(address(one.settlement()));
            _play(one, i);
        }
        _lookForVerbs();
        _lookForErrors();
        _lookForTermsAndFaults();
        _lookForSkips();
        assertTrue(bytes(_missing).length == 0, string.concat("the campaign never sees ", _missing));
        _assertService();
    }

    /// @notice A campaign that has seen a violation says so and names the invariant.
    function test_RevertWhen_SomethingHappensBehindItsBack() external {
        FlashHandler one = begin(type(FlashCampaign).creationCode, 0);
        address settlement = address(one.settlement());
        address mallory = one.party(7);
        vm.prank(mallory);
        USDC.transfer(settlement, 1);
        vm.expectRevert(bytes("F1 in a sweep: token balance of the contract is 1 and not 0"));
        one.sweepF1();
    }

    /// @dev Each action in its turn, so that none is left to luck; the number of the campaign decides about the order.
    function _play(FlashHandler one, uint256 number) private {
        bytes4[] memory actions = one.actions();
        // No number of rounds in which a step of this size meets the same actions only.
        uint256 step = 2 * number + 1;
        while (actions.length % step == 0 && step != 1) step += 2;
        for (uint256 i; i < ROUNDS * actions.length; ++i) {
            bytes4 action = actions[(i * step) % actions.length];
            (bool ok, bytes memory answer) = address(one).call(
                abi.encodeWithSelector(action, keccak256(abi.encode(number, i)))
            );
            require(ok, string(answer));
            require(one.violated() == 0, one.violation());
        }
        one.drain();
    }

    /* VIEWS */

    /// @dev The runner fails the test when one of these calls was not made by its end.
    function _expectViews(address settlement) private {
        _expectView(settlement, IFlashSettlement.escrowOf.selector);
        _expectView(settlement, IFlashSettlement.escrowBalance.selector);
        _expectView(settlement, IFlashSettlement.creditOf.selector);
        _expectView(settlement, IFlashSettlement.nonceWord.selector);
        _expectView(settlement, IFlashSettlement.accountNonceWord.selector);
        _expectView(settlement, IFlashSettlement.tabSettled.selector);
        _expectView(settlement, IFlashSettlement.isTransactionUsed.selector);
        _expectView(settlement, IFlashSettlement.settlerOf.selector);
        _expectView(settlement, IFlashSettlement.paymentDigest.selector);
        _expectView(settlement, IFlashSettlement.tabDigest.selector);
    }

    function _expectView(address settlement, bytes4 selector) private {
        vm.expectCall(settlement, abi.encodePacked(selector));
    }

    /* VERBS */

    function _lookForVerbs() private {
        _lookForSuccess(IFlashSettlement.openEscrow.selector);
        _lookForSuccess(IFlashSettlement.openEscrowWithTerms.selector);
        _lookForSuccess(IFlashSettlement.topUp.selector);
        _lookForSuccess(IFlashSettlement.topUpWithAuthorization.selector);
        _lookForSuccess(IFlashSettlement.extendEscrow.selector);
        _lookForSuccess(IFlashSettlement.extendEscrowWithAuthorization.selector);
        _lookForSuccess(IFlashSettlement.clientCloseEscrow.selector);
        _lookForSuccess(IFlashSettlement.serverCloseEscrow.selector);
        _lookForSuccess(IFlashSettlement.closeEscrow.selector);
        _lookForSuccess(IFlashSettlement.closeEscrowWithAuthorization.selector);
        _lookForSuccess(IFlashSettlement.finalizeClose.selector);
        _lookForSuccess(IFlashSettlement.withdrawEscrow.selector);
        _lookForSuccess(IFlashSettlement.releaseEscrow.selector);
        _lookForSuccess(IFlashSettlement.releaseEscrowWithAuthorization.selector);
        _lookForSuccess(IFlashSettlement.withdrawCredit.selector);
        _lookForSuccess(IFlashSettlement.withdrawCreditWithAuthorization.selector);
        _lookForSuccess(IFlashSettlement.settlePayment.selector);
        _lookForSuccess(IFlashSettlement.settleNumberedPayment.selector);
        _lookForSuccess(IFlashSettlement.settleSignedTransaction.selector);
        _lookForSuccess(IFlashSettlement.settleSignedPayment.selector);
        _lookForSuccess(IFlashSettlement.settleTab.selector);
        _lookForSuccess(IFlashSettlement.settleBatch.selector);
        _lookForSuccess(IFlashSettlement.setSettler.selector);
        _lookForSuccess(IFlashSettlement.setSettlerWithAuthorization.selector);
        _lookForSuccess(IFlashSettlement.invalidateNonces.selector);
    }

    /* ERRORS */

    function _lookForErrors() private {
        _lookForError(IFlashSettlement.EscrowExists.selector);
        _lookForError(IFlashSettlement.NoEscrow.selector);
        _lookForError(IFlashSettlement.BadTerms.selector);
        _lookForError(IFlashSettlement.AmountTooLarge.selector);
        _lookForError(IFlashSettlement.StillLocked.selector);
        _lookForError(IFlashSettlement.NotClosed.selector);
        _lookForError(IFlashSettlement.BadSignature.selector);
        _lookForError(IFlashSettlement.Expired.selector);
        _lookForError(IFlashSettlement.NonceUsed.selector);
        _lookForError(IFlashSettlement.NotCovered.selector);
        _lookForError(IFlashSettlement.WrongEpoch.selector);
        _lookForError(IFlashSettlement.WrongSequence.selector);
        _lookForError(IFlashSettlement.Closed.selector);
        _lookForError(IFlashSettlement.NotServer.selector);
        _lookForError(IFlashSettlement.NotNumberedPayment.selector);
        _lookForError(BoundedToken.InsufficientGas.selector);
        _lookForError(SignedTransaction.BadTransaction.selector);
        _lookForError(TokenFunding.TransferMismatch.selector);
        _lookForError(SafeERC20.SafeERC20FailedOperation.selector);
        _lookForError(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
    }

    function _lookForTermsAndFaults() private {
        for (uint256 i; i <= uint256(type(IFlashSettlement.Term).max); ++i) {
            _lookForArgument(IFlashSettlement.BadTerms.selector, i);
        }
        for (uint256 i; i <= uint256(type(SignedTransaction.Fault).max); ++i) {
            _lookForArgument(SignedTransaction.BadTransaction.selector, i);
        }
    }

    /// @dev Each reason for which a row of a batch is skipped.
    function _lookForSkips() private {
        for (uint32 skip = 1; skip <= uint32(type(IFlashSettlement.Skip).max); ++skip) {
            _lookForEnd(IFlashSettlement.settleBatch.selector, bytes4(skip));
        }
    }

    function _assertService() private view {
        (uint256 accepted, uint256 inTime, uint256 refused, uint256 enough) = (0, 0, 0, 0);
        for (uint256 i; i < CAMPAIGNS; ++i) {
            accepted += _campaigns[i].service(0);
            inTime += _campaigns[i].service(1);
            refused += _campaigns[i].thrifty(0);
            enough += _campaigns[i].thrifty(1);
        }
        assertGt(accepted, 2 * CAMPAIGNS, "requests served");
        assertGt(inTime, CAMPAIGNS / 2, "settlements at the last second");
        assertGt(refused, 0, "calls with too little gas");
        assertGt(enough, 0, "calls with little gas that go through");
    }

    function _lookForSuccess(bytes4 verb) private {
        _lookForEnd(verb, 0);
    }

    function _lookForEnd(bytes4 verb, bytes4 outcome) private {
        uint256 times;
        for (uint256 i; i < CAMPAIGNS; ++i) times += _campaigns[i].outcomes(verb, outcome);
        if (times == 0) _miss(string.concat("function ", _number(verb), " ending with ", _number(outcome)));
    }

    function _lookForError(bytes4 reason) private {
        uint256 times;
        for (uint256 i; i < CAMPAIGNS; ++i) times += _campaigns[i].refusals(reason);
        if (times == 0) _miss(string.concat("error ", _number(reason)));
    }

    function _lookForArgument(bytes4 reason, uint256 argument) private {
        uint256 times;
        for (uint256 i; i < CAMPAIGNS; ++i) times += _campaigns[i].arguments(reason, argument);
        if (times == 0) _miss(string.concat("error ", _number(reason), " of ", vm.toString(argument)));
    }

    function _miss(string memory what) private {
        _missing = string.concat(_missing, what, "; ");
    }

    function _number(bytes4 selector) private pure returns (string memory) {
        return vm.toString(uint256(uint32(selector)));
    }
}
