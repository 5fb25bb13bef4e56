// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {TokenFunding} from "../../contracts/libraries/TokenFunding.sol";
import {CampaignTest} from "./invariant/CampaignTest.sol";
import {VoucherHandler} from "./invariant/VoucherHandler.sol";
import {VoucherCampaign} from "./VoucherEscrow.invariant.t.sol";

/// @title What keeps the campaign honest: it proves nothing about what it never reaches
/// @dev `npm run check` compares the functions and errors that are named here with the escrow's ABI.
contract VoucherCampaignTest is CampaignTest {
    uint256 private constant CAMPAIGNS = 16;
    /// @dev How often each action has its turn in a campaign.
    uint256 private constant ROUNDS = 5;

    VoucherHandler[] private _campaigns;

    /// @notice Every function goes through, every view is asked, every error is met; servers serve, and collect at the last second.
    function test_ReachesEveryFunctionAndError() external {
        for (uint256 i; i < CAMPAIGNS; ++i) {
            VoucherHandler one = begin(type(VoucherCampaign).creationCode, i);
            _campaigns.push(one);
            if (i == 0) _expectViews(address(one.escrow()));
            _play(one, i);
        }
        _assertVerbs();
        _assertErrors();
        _assertSkips();
        _assertService();
    }

    /// @notice A campaign that has seen a violation says so and names the invariant.
    function test_RevertWhen_SomethingHappensBehindItsBack() external {
        VoucherHandler one = begin(type(VoucherCampaign).creationCode, 0);
        IVoucherEscrow escrow = one.escrow();
        vm.prank(one.party(0));
        escrow.depositFree(address(USDC), 1);
        vm.expectRevert(bytes("V11 in a sweep: money landed in another free balance"));
        one.sweepV11();
    }

    /// @dev Each action in its turn, so that none is left to luck; the number of the campaign decides about the order.
    function _play(VoucherHandler one, uint256 number) private {
        bytes4[] memory actions = one.actions();
        for (uint256 i; i < ROUNDS * actions.length; ++i) {
            bytes4 action = actions[(i * (number + 1)) % actions.length];
            (bool ok, bytes memory answer) = address(one).call(
                abi.encodeWithSelector(action, keccak256(abi.encode(number, i)))
            );
            require(ok, string(answer));
        }
        require(one.violated() == 0, one.violation());
        one.sweepV10();
        one.drain();
    }

    /* VIEWS */

    /// @dev The runner fails the test when one of these calls was not made by its end.
    function _expectViews(address escrow) private {
        _expectView(escrow, IVoucherEscrow.DOMAIN_SEPARATOR.selector);
        _expectView(escrow, IVoucherEscrow.getAccount.selector);
        _expectView(escrow, IVoucherEscrow.getAccountData.selector);
        _expectView(escrow, IVoucherEscrow.getFreeAccount.selector);
        _expectView(escrow, IVoucherEscrow.getOutstandingAndCollectableAmount.selector);
        _expectView(escrow, IVoucherEscrow.getPayout.selector);
        _expectView(escrow, IVoucherEscrow.getSigner.selector);
        _expectView(escrow, IVoucherEscrow.getVerificationData.selector);
        _expectView(escrow, IVoucherEscrow.getVoucherCollected.selector);
        _expectView(escrow, IVoucherEscrow.isDepositAuthorizationNonceUsed.selector);
        _expectView(escrow, IVoucherEscrow.isDepositAuthorizationValid.selector);
        _expectView(escrow, IVoucherEscrow.isFlushAllAuthorizationNonceUsed.selector);
        _expectView(escrow, IVoucherEscrow.isFlushAllAuthorizationValid.selector);
        _expectView(escrow, IVoucherEscrow.isFlushAuthorizationNonceUsed.selector);
        _expectView(escrow, IVoucherEscrow.isFlushAuthorizationValid.selector);
        _expectView(escrow, IVoucherEscrow.isNonceUsed.selector);
        _expectView(escrow, IVoucherEscrow.isVoucherSignatureValid.selector);
    }

    function _expectView(address escrow, bytes4 selector) private {
        vm.expectCall(escrow, abi.encodePacked(selector));
    }

    /* VERBS */

    function _assertVerbs() private view {
        _assertSucceeded(IVoucherEscrow.deposit.selector);
        _assertSucceeded(IVoucherEscrow.depositTo.selector);
        _assertSucceeded(IVoucherEscrow.depositMany.selector);
        _assertSucceeded(IVoucherEscrow.depositFree.selector);
        _assertSucceeded(IVoucherEscrow.depositWithAuthorization.selector);
        _assertSucceeded(IVoucherEscrow.depositWithEip3009.selector);
        _assertSucceeded(IVoucherEscrow.depositWithPermit2.selector);
        _assertSucceeded(IVoucherEscrow.allocate.selector);
        _assertSucceeded(IVoucherEscrow.allocateWithAuthorization.selector);
        _assertSucceeded(IVoucherEscrow.withdrawFree.selector);
        _assertSucceeded(IVoucherEscrow.withdrawFreeWithAuthorization.selector);
        _assertSucceeded(IVoucherEscrow.advanceFreeNonce.selector);
        _assertSucceeded(IVoucherEscrow.thaw.selector);
        _assertSucceeded(IVoucherEscrow.cancelThaw.selector);
        _assertSucceeded(IVoucherEscrow.withdraw.selector);
        _assertSucceeded(IVoucherEscrow.flushWithAuthorization.selector);
        _assertSucceeded(IVoucherEscrow.flushAllWithAuthorization.selector);
        _assertSucceeded(IVoucherEscrow.collect.selector);
        _assertSucceeded(IVoucherEscrow.collectMany.selector);
        _assertSucceeded(IVoucherEscrow.collectBatch.selector);
        _assertSucceeded(IVoucherEscrow.setPayout.selector);
        _assertSucceeded(IVoucherEscrow.setPayoutWithAuthorization.selector);
        _assertSucceeded(IVoucherEscrow.release.selector);
        _assertSucceeded(IVoucherEscrow.releaseWithAuthorization.selector);
        _assertSucceeded(IVoucherEscrow.authorizeSigner.selector);
        _assertSucceeded(IVoucherEscrow.authorizeSignerWithAuthorization.selector);
        _assertSucceeded(IVoucherEscrow.revokeSigner.selector);
        _assertSucceeded(IVoucherEscrow.revokeSignerWithAuthorization.selector);
        _assertSucceeded(IVoucherEscrow.invalidateNonces.selector);
        // Others than the escrow itself are turned away.
        _assertEnded(IVoucherEscrow.flushAccount.selector, IVoucherEscrow.NotSelf.selector);
        _assertEnded(IVoucherEscrow.collectGroup.selector, IVoucherEscrow.NotSelf.selector);
    }

    /* ERRORS */

    function _assertErrors() private view {
        _assertMet(IVoucherEscrow.AmountTooLarge.selector);
        _assertMet(IVoucherEscrow.AuthorizationExpired.selector);
        _assertMet(IVoucherEscrow.InsufficientBalance.selector);
        _assertMet(IVoucherEscrow.InsufficientGas.selector);
        _assertMet(IVoucherEscrow.InvalidAddress.selector);
        _assertMet(IVoucherEscrow.InvalidAmount.selector);
        _assertMet(IVoucherEscrow.InvalidAsset.selector);
        _assertMet(IVoucherEscrow.InvalidAuthorization.selector);
        _assertMet(IVoucherEscrow.InvalidChainId.selector);
        _assertMet(IVoucherEscrow.InvalidEscrow.selector);
        _assertMet(IVoucherEscrow.InvalidNonce.selector);
        _assertMet(IVoucherEscrow.InvalidSignature.selector);
        _assertMet(IVoucherEscrow.LengthMismatch.selector);
        _assertMet(IVoucherEscrow.NoDepositsProvided.selector);
        _assertMet(IVoucherEscrow.NoThawingInProgress.selector);
        _assertMet(IVoucherEscrow.NoVouchersProvided.selector);
        _assertMet(IVoucherEscrow.NonceAlreadyUsed.selector);
        _assertMet(IVoucherEscrow.NotCollectedYet.selector);
        _assertMet(IVoucherEscrow.NothingToFlush.selector);
        _assertMet(IVoucherEscrow.SignerAlreadyRevoked.selector);
        _assertMet(IVoucherEscrow.ThawingPeriodNotCompleted.selector);
        _assertMet(IVoucherEscrow.TransferFailed.selector);
        _assertMet(IVoucherEscrow.VoucherExpired.selector);
        _assertMet(IVoucherEscrow.ZeroNonce.selector);
        _assertMet(TokenFunding.TransferMismatch.selector);
        _assertMet(SafeERC20.SafeERC20FailedOperation.selector);
        _assertMet(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
    }

    /// @dev Each reason for which a row of a batch is skipped.
    function _assertSkips() private view {
        for (uint32 skip = 1; skip <= uint32(type(IVoucherEscrow.Skip).max); ++skip) {
            _assertEnded(IVoucherEscrow.collectGroup.selector, bytes4(skip));
        }
    }

    function _assertService() private view {
        (uint256 served, uint256 inTime) = (0, 0);
        for (uint256 i; i < CAMPAIGNS; ++i) {
            served += _campaigns[i].served();
            inTime += _campaigns[i].collectedInTime();
        }
        assertGt(served, 2 * CAMPAIGNS, "requests served");
        assertGt(inTime, CAMPAIGNS / 2, "collections at the last second");
    }

    function _assertSucceeded(bytes4 verb) private view {
        _assertEnded(verb, 0);
    }

    function _assertEnded(bytes4 verb, bytes4 outcome) private view {
        uint256 times;
        for (uint256 i; i < CAMPAIGNS; ++i) times += _campaigns[i].outcomes(verb, outcome);
        string memory what = string.concat(_number(verb), " with ", _number(outcome));
        assertGt(times, 0, string.concat("the campaign never sees function ", what));
    }

    function _assertMet(bytes4 reason) private view {
        uint256 times;
        for (uint256 i; i < CAMPAIGNS; ++i) times += _campaigns[i].refusals(reason);
        assertGt(times, 0, string.concat("the campaign never meets error ", _number(reason)));
    }

    function _number(bytes4 selector) private pure returns (string memory) {
        return vm.toString(uint256(uint32(selector)));
    }
}
