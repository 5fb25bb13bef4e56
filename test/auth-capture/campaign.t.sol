// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IAuthCaptureEscrowCommon} from "../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITokenCollector} from "../../contracts/interfaces/external/ITokenCollector.sol";
import {ITermsOperator} from "../../contracts/interfaces/ITermsOperator.sol";
import {ITermsOperatorCommon} from "../../contracts/interfaces/ITermsOperatorCommon.sol";
import {CaptureCampaign} from "./TermsOperator.invariant.t.sol";
import {CaptureCampaigns} from "./invariant/CaptureCampaigns.sol";
import {CaptureHandler} from "./invariant/CaptureHandler.sol";
import {CaptureMinds} from "./invariant/CaptureMinds.sol";
import {CaptureRules} from "./invariant/CaptureRules.sol";

/// @title What keeps the campaign honest: it proves nothing about what it never reaches
contract CaptureCampaignTest is CaptureCampaigns {
    uint256 private constant CAMPAIGNS = 6;
    /// @dev How often each action has its turn in a campaign.
    uint256 private constant ROUNDS = 10;
    /// @dev Among the parties.
    uint256 private constant MALLORY = 8;

    CaptureHandler[] private _campaigns;
    /// @dev What no campaign reached.
    string private _missing;

    /// @notice Every function goes through, every view is asked, every error is met, wallets sign and USDC blocks.
    function test_ReachesEveryFunctionAndError() external {
        for (uint256 i; i < CAMPAIGNS; ++i) {
            CaptureHandler one = begin(type(CaptureCampaign).creationCode, i);
            _campaigns.push(one);
            if (i == 0) _expectViews(one.operatorAt(0));
            _play(one, i);
        }
        _lookForVerbs();
        _lookForErrors();
        _lookForSights();
        assertTrue(bytes(_missing).length == 0, string.concat("the campaign never sees ", _missing));
    }

    /// @notice A campaign that has seen a violation says so and names the invariant.
    function test_RevertWhen_SomethingHappensBehindItsBack() external {
        CaptureHandler one = begin(type(CaptureCampaign).creationCode, 0);
        address mallory = one.parties()[MALLORY];
        address to = one.operatorAt(0);
        vm.prank(mallory);
        USDC.transfer(to, 1);
        one.sweepA2();
        assertEq(one.violated(), 2);
        assertEq(one.violation(), "A2 in a sweep: a balance of USDC");
    }

    /// @dev Each action in its turn, so that none is left to luck; the number of the campaign decides about the order.
    function _play(CaptureHandler one, uint256 number) private {
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
        one.sweepA2();
        one.sweepA8();
        one.sweepA11();
        one.drain();
        require(one.violated() == 0, one.violation());
    }

    /// @dev The runner fails the test when one of these calls was not made by its end.
    function _expectViews(address operator) private {
        vm.expectCall(operator, abi.encodePacked(ITermsOperatorCommon.terms.selector));
        vm.expectCall(operator, abi.encodePacked(ITermsOperatorCommon.statusOf.selector));
    }

    /* VERBS */

    function _lookForVerbs() private {
        _lookForCollection(ITermsOperatorCommon.authorize.selector, 0);
        _lookForCollection(ITermsOperator.charge.selector, 1);
        _lookForSuccess(ITermsOperatorCommon.capture.selector, CaptureRules.Verb.Capture);
        _lookForSuccess(ITermsOperatorCommon.captureAndVoid.selector, CaptureRules.Verb.CaptureAndVoid);
        _lookForSuccess(ITermsOperatorCommon.void.selector, CaptureRules.Verb.Void);
        _lookForSuccess(ITermsOperatorCommon.refund.selector, CaptureRules.Verb.Refund);
        _lookForSuccess(ITermsOperatorCommon.release.selector, CaptureRules.Verb.Release);
        _lookForSuccess(ITermsOperatorCommon.dispute.selector, CaptureRules.Verb.Dispute);
        _lookForSuccess(ITermsOperatorCommon.rule.selector, CaptureRules.Verb.Rule);
        _lookForSuccess(ITermsOperatorCommon.settle.selector, CaptureRules.Verb.Settle);
        _lookForSuccess(ITermsOperatorCommon.releaseDue.selector, CaptureRules.Verb.ReleaseDue);
        _lookForSuccess(ITermsOperatorCommon.voidExpired.selector, CaptureRules.Verb.VoidExpired);
        _lookForSuccess(IAuthCaptureEscrowCommon.reclaim.selector, CaptureRules.Verb.Reclaim);
    }

    function _lookForCollection(bytes4 selector, uint256 flow) private {
        uint256 times;
        for (uint256 i; i < CAMPAIGNS; ++i) times += _campaigns[i].collections(flow);
        // More than now and then.
        if (times < CAMPAIGNS) _miss("function", selector);
    }

    function _lookForSuccess(bytes4 selector, CaptureRules.Verb verb) private {
        uint256 times;
        for (uint256 i; i < CAMPAIGNS; ++i) times += _campaigns[i].successes(verb);
        if (times < CAMPAIGNS) _miss("function", selector);
    }

    /* ERRORS */

    function _lookForErrors() private {
        _lookForError(ITermsOperatorCommon.NotClone.selector);
        _lookForError(ITermsOperatorCommon.WrongOperator.selector);
        _lookForError(ITermsOperatorCommon.InvalidSignature.selector);
        _lookForError(ITermsOperatorCommon.SignatureExpired.selector);
        _lookForError(ITermsOperatorCommon.WrongFlow.selector);
        _lookForError(ITermsOperatorCommon.AmountNotMax.selector);
        _lookForError(ITermsOperatorCommon.CollectorNotAllowed.selector);
        _lookForError(ITermsOperatorCommon.InvalidParty.selector);
        _lookForError(ITermsOperatorCommon.FeeTermsMismatch.selector);
        _lookForError(ITermsOperatorCommon.HoldTooShort.selector);
        _lookForError(ITermsOperatorCommon.HoldTooLong.selector);
        _lookForError(ITermsOperatorCommon.AmountExceedsHold.selector);
        _lookForError(ITermsOperatorCommon.NothingHeld.selector);
        _lookForError(ITermsOperatorCommon.UnderDispute.selector);
        _lookForError(ITermsOperatorCommon.CaptureTooEarly.selector);
        _lookForError(ITermsOperatorCommon.NoArbiter.selector);
        _lookForError(ITermsOperatorCommon.AlreadyDisputed.selector);
        _lookForError(ITermsOperatorCommon.DisputeWindowClosed.selector);
        _lookForError(ITermsOperatorCommon.NotDisputed.selector);
        _lookForError(ITermsOperatorCommon.RuleWindowClosed.selector);
        _lookForError(ITermsOperatorCommon.NotReleasable.selector);
        _lookForError(ITermsOperatorCommon.NotExpired.selector);
        _lookForError(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        _lookForError(ITokenCollector.OnlyAuthCaptureEscrow.selector);
        _lookForError(IAuthCaptureEscrowCommon.ZeroAmount.selector);
        _lookForError(IAuthCaptureEscrowCommon.ZeroAuthorization.selector);
        _lookForError(IAuthCaptureEscrowCommon.AfterAuthorizationExpiry.selector);
        _lookForError(IAuthCaptureEscrowCommon.PaymentAlreadyCollected.selector);
        _lookForError(IAuthCaptureEscrowCommon.TokenCollectionFailed.selector);
    }

    function _lookForError(bytes4 reason) private {
        uint256 times;
        for (uint256 i; i < CAMPAIGNS; ++i) times += _campaigns[i].refusals(reason);
        if (times == 0) _miss("error", reason);
    }

    /* WALLETS AND THE BLACKLIST */

    function _lookForSights() private {
        for (uint256 i = 1; i <= uint256(type(CaptureMinds.Sight).max); ++i) {
            uint256 times;
            for (uint256 j; j < CAMPAIGNS; ++j) times += _campaigns[j].sights(CaptureMinds.Sight(i));
            if (times == 0) _missing = string.concat(_missing, "sight ", vm.toString(i), "; ");
        }
    }

    function _miss(string memory kind, bytes4 selector) private {
        _missing = string.concat(_missing, kind, " ", vm.toString(uint256(uint32(selector))), "; ");
    }
}
