// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {InvariantTest} from "../helpers/InvariantTest.sol";
import {CaptureCampaigns} from "./invariant/CaptureCampaigns.sol";
import {CaptureHandler} from "./invariant/CaptureHandler.sol";
import {CaptureWorld} from "./invariant/CaptureWorld.sol";

/// @dev The runner knows a handler only by an artifact of the test's own file.
contract CaptureCampaign is CaptureHandler {
    constructor(Place memory place_, uint256 salt) CaptureWorld(place_, salt) {}
}

/// @title One campaign against operators of each kind; each invariant runs its own
/// @dev The handler predicts every call. What it sees broken is the violation of one invariant: that one fails at once, each other one that
/// meets the same at the end of the run. The functions below add what can be read off the whole state after a step.
/// The runner draws the same numbers for every function, so the number of the invariant goes into the dice.
abstract contract CaptureInvariant is CaptureCampaigns, InvariantTest {
    uint256 private immutable NUMBER;
    CaptureHandler internal campaign;

    constructor(uint256 number) {
        NUMBER = number;
    }

    function setUp() public override {
        super.setUp();
        // From its artifact, or each test would carry a copy of it.
        campaign = begin(vm.getCode("TermsOperator.invariant.t.sol:CaptureCampaign"), NUMBER);
        target(address(campaign), campaign.actions());
    }

    /// @dev The violation of this invariant, if any was seen on the way or is seen now. The runner undoes what an invariant changes, so what its
    /// sweep finds is asked for before it ends.
    modifier holds() {
        _;
        require(campaign.violated() != NUMBER, campaign.violation());
    }

    /// @dev At the end of a run: nothing at all was violated, and every hold ends.
    function afterInvariant() external {
        require(campaign.violated() == 0, campaign.violation());
        campaign.drain();
        require(campaign.violated() == 0, campaign.violation());
    }
}

contract A1Test is CaptureInvariant(1) {
    /// @notice A payer pays what it signed at most, once, to a canonical collector.
    function invariant_A1_payersPayOnceWhatTheySigned() external view holds {}
}

contract A2Test is CaptureInvariant(2) {
    /// @notice What was collected ends at receiver, fee receiver and payer; operators and collectors keep nothing.
    function invariant_A2_everyUnitReachesAParty() external holds {
        campaign.sweepA2();
    }
}

contract A3Test is CaptureInvariant(3) {
    /// @notice Anybody pushes a due hold to the receiver, whole, and nobody another one.
    function invariant_A3_dueHoldsCanBePushed() external view holds {}
}

contract A4Test is CaptureInvariant(4) {
    /// @notice From its expiry on anybody returns a hold to the payer, and no hold is longer than its terms.
    function invariant_A4_expiredHoldsCanBeReturned() external view holds {}
}

contract A5Test is CaptureInvariant(5) {
    /// @notice A relayer's key moves nothing, and the authorizer's only what the terms let it.
    function invariant_A5_keysMoveOnlyWhatTheTermsAllow() external view holds {}
}

contract A6Test is CaptureInvariant(6) {
    /// @notice A disputed hold is the receiver's only by release, settlement, ruling or default.
    function invariant_A6_disputesStopThePayout() external view holds {}
}

contract A7Test is CaptureInvariant(7) {
    /// @notice The arbiter splits disputed holds before its deadline, and does nothing else.
    function invariant_A7_arbitersOnlySplitDisputedHolds() external view holds {}
}

contract A8Test is CaptureInvariant(8) {
    /// @notice Operator and escrow mean the same payment, and an operator only its own.
    function invariant_A8_operatorAndEscrowAgree() external holds {
        campaign.sweepA8();
    }
}

contract A9Test is CaptureInvariant(9) {
    /// @notice A signature acts once at most, and only the authorizer outdates what it signed, but for an end or a dispute in time.
    function invariant_A9_signaturesActOnce() external view holds {}
}

contract A10Test is CaptureInvariant(10) {
    /// @notice The fee is the terms', rounded down, of each capture.
    function invariant_A10_feesAreExact() external view holds {}
}

contract A11Test is CaptureInvariant(11) {
    /// @notice Terms never change, and an operator's address follows from them.
    function invariant_A11_addressesAreTerms() external holds {
        campaign.sweepA11();
    }
}

contract A12Test is CaptureInvariant(12) {
    /// @notice Whoever is absent, what the terms allow goes through, and every hold ends at its expiry.
    function invariant_A12_everyHoldEnds() external view holds {}
}
