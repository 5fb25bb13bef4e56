// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../contracts/interfaces/IVoucherEscrow.sol";
import {InvariantTest} from "../helpers/InvariantTest.sol";
import {CampaignTest} from "./invariant/CampaignTest.sol";
import {VoucherHandler} from "./invariant/VoucherHandler.sol";
import {World} from "./invariant/World.sol";

/// @dev The runner knows a handler only by an artifact of the test's own file.
contract VoucherCampaign is VoucherHandler {
    constructor(
        IVoucherEscrow escrow_,
        address twin_,
        address usdc,
        uint256 salt_
    ) World(escrow_, twin_, usdc, salt_) {}
}

/// @title One campaign against VoucherEscrow; each invariant runs its own
/// @dev The handler predicts every call. What it sees broken is the violation of one invariant: that one fails at once, each other one that
/// meets the same at the end of the run. The functions below add what can be read off the whole state, or tried out, after a step.
/// The runner draws the same numbers for every function, so the number of the invariant goes into the dice.
abstract contract VoucherInvariant is CampaignTest, InvariantTest {
    uint256 private immutable NUMBER;
    VoucherHandler internal campaign;

    constructor(uint256 number) {
        NUMBER = number;
    }

    function setUp() public override {
        super.setUp();
        // From its artifact, or each test would carry a copy of it.
        campaign = begin(vm.getCode("VoucherEscrow.invariant.t.sol:VoucherCampaign"), NUMBER);
        target(address(campaign), campaign.actions());
    }

    /// @dev The violation of this invariant, if any was seen on the way or is seen now. The runner undoes what an invariant changes, so what its
    /// sweep finds is asked for before it ends.
    modifier holds() {
        _;
        require(campaign.violated() != NUMBER, campaign.violation());
    }

    /// @dev At the end of a run: nothing at all was violated, and everyone gets out what is theirs.
    function afterInvariant() external {
        require(campaign.violated() == 0, campaign.violation());
        campaign.drain();
        require(campaign.violated() == 0, campaign.violation());
    }
}

contract V1Test is VoucherInvariant(1) {
    /// @notice The escrow holds what accounts and free balances say, and what was donated.
    function invariant_V1_escrowHoldsAllBalances() external holds {
        campaign.sweepV1();
    }
}

contract V2Test is VoucherInvariant(2) {
    /// @notice Collected totals never fall, and no lane pays more than was signed.
    function invariant_V2_collectedOnlyGrowsUpToTheCeiling() external holds {
        campaign.sweepV2();
    }
}

contract V3Test is VoucherInvariant(3) {
    /// @notice What sellers receive is the sum of what was collected.
    function invariant_V3_sellersReceiveWhatIsCollected() external holds {
        campaign.sweepV3();
    }
}

contract V4Test is VoucherInvariant(4) {
    /// @notice A replay moves nothing that was not underfunded or below its ceiling.
    function invariant_V4_replayMovesNothing() external holds {
        campaign.sweepV4();
    }
}

contract V5Test is VoucherInvariant(5) {
    /// @notice Buyer money leaves only by the buyer, its signers' vouchers, a matured withdrawal, or a release.
    function invariant_V5_buyerMoneyLeavesOnlyByItsOwner() external holds {
        campaign.sweepV5();
    }
}

contract V6Test is VoucherInvariant(6) {
    /// @notice Nobody but the seller and the buyer of an account is paid from it.
    function invariant_V6_onlyThePartiesArePaid() external holds {
        campaign.sweepV6();
    }
}

contract V7Test is VoucherInvariant(7) {
    /// @notice A server that follows its rules and collects in time receives at least what it accepted.
    function invariant_V7_sellersReceiveWhatTheyAccepted() external holds {
        campaign.sweepV7();
    }
}

contract V8Test is VoucherInvariant(8) {
    /// @notice Code at the buyer's address takes no signature of its key back.
    function invariant_V8_codeNeverInvalidatesAKeysVoucher() external holds {
        campaign.sweepV8();
    }
}

contract V9Test is VoucherInvariant(9) {
    /// @notice A bad row changes no other row, a failing group no other group.
    function invariant_V9_badRowsAndGroupsStayAlone() external view holds {}
}

contract V10Test is VoucherInvariant(10) {
    /// @notice A signature counts on one chain, for one contract, type and nonce.
    function invariant_V10_signaturesDoNotCross() external holds {
        campaign.sweepV10();
    }
}

contract V11Test is VoucherInvariant(11) {
    /// @notice Deposits land in exactly the account the owner named.
    function invariant_V11_depositsLandWhereSigned() external holds {
        campaign.sweepV11();
    }
}

contract V12Test is VoucherInvariant(12) {
    /// @notice A batch does what its vouchers do one by one.
    function invariant_V12_batchEqualsItsSingles() external view holds {}
}

contract V13Test is VoucherInvariant(13) {
    /// @notice A signer's end never moves below now + THAWING_PERIOD.
    function invariant_V13_signersEndLateEnough() external holds {
        campaign.sweepV13();
    }
}

contract V14Test is VoucherInvariant(14) {
    /// @notice A relayer chooses neither source, nor destination, nor amount.
    function invariant_V14_relayersChooseNothing() external holds {
        campaign.sweepV14();
    }
}

contract V15Test is VoucherInvariant(15) {
    /// @notice Nobody else moves the end of a thaw or blocks an exit.
    function invariant_V15_exitsStayOpen() external holds {
        campaign.sweepV15();
    }
}

contract V16Test is VoucherInvariant(16) {
    /// @notice No more thaws than there is, and deposits do not add to it.
    function invariant_V16_thawingStaysWithinTheBalance() external holds {
        campaign.sweepV16();
    }
}

contract V17Test is VoucherInvariant(17) {
    /// @notice What the views say is what execution does.
    function invariant_V17_viewsEqualExecution() external holds {
        campaign.sweepV17();
    }
}
