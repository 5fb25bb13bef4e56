// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../contracts/interfaces/IFlashSettlement.sol";
import {InvariantTest} from "../helpers/InvariantTest.sol";
import {FlashCampaigns} from "./invariant/FlashCampaigns.sol";
import {FlashHandler} from "./invariant/FlashHandler.sol";
import {FlashWorld} from "./invariant/FlashWorld.sol";

/// @dev The runner knows a handler only by an artifact of the test's own file.
contract FlashCampaign is FlashHandler {
    constructor(
        IFlashSettlement settlement_,
        address twin_,
        address usdc,
        uint256 salt_
    ) FlashWorld(settlement_, twin_, usdc, salt_) {}
}

/// @title One campaign against FlashSettlement; each invariant runs its own
/// @dev The handler predicts every call. What it sees broken is the violation of one invariant: that one fails at once, each other one that
/// meets the same at the end of the run. The functions below add what can be read off the whole state, or tried out, after a step.
/// The runner draws the same numbers for every function, so the number of the invariant goes into the dice.
abstract contract FlashInvariant is FlashCampaigns, InvariantTest {
    uint256 private immutable NUMBER;
    FlashHandler internal campaign;

    constructor(uint256 number) {
        NUMBER = number;
    }

    function setUp() public override {
        super.setUp();
        // From its artifact, or each test would carry a copy of it.
        campaign = begin(vm.getCode("FlashSettlement.invariant.t.sol:FlashCampaign"), NUMBER);
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

contract F1Test is FlashInvariant(1) {
    /// @notice The contract holds what escrows and credits say, and what was donated.
    function invariant_F1_contractHoldsAllBalances() external holds {
        campaign.sweepF1();
    }
}

contract F2Test is FlashInvariant(2) {
    /// @notice A server that follows its rules with old views receives at least what it accepted, whatever its client does.
    function invariant_F2_serversReceiveWhatTheyAccepted() external holds {
        campaign.sweepF2();
    }
}

contract F3Test is FlashInvariant(3) {
    /// @notice A payment, and a transaction's content, moves value at most once.
    function invariant_F3_replayMovesNothing() external holds {
        campaign.sweepF3();
    }
}

contract F4Test is FlashInvariant(4) {
    /// @notice A lane's total never falls, and pays no more than was signed.
    function invariant_F4_tabsOnlyGrowUpToWhatWasSigned() external holds {
        campaign.sweepF4();
    }
}

contract F5Test is FlashInvariant(5) {
    /// @notice A client gets its escrow back alone, by the end of the lock or of its notice, even from a hostile token.
    function invariant_F5_clientsGetOutAlone() external holds {
        campaign.sweepF5();
    }
}

contract F6Test is FlashInvariant(6) {
    /// @notice Before the end of the lock an escrow falls only by what its server is credited or releases.
    function invariant_F6_escrowsFallOnlyForTheirServer() external holds {
        campaign.sweepF6();
    }
}

contract F7Test is FlashInvariant(7) {
    /// @notice Nobody else moves the end of a lock, and nobody after a close.
    function invariant_F7_locksEndWhenTheyMust() external holds {
        campaign.sweepF7();
    }
}

contract F8Test is FlashInvariant(8) {
    /// @notice A client pays no more than it signed and sent, and only to the server it named.
    function invariant_F8_clientsPayOnlyWhatTheySigned() external holds {
        campaign.sweepF8();
    }
}

contract F9Test is FlashInvariant(9) {
    /// @notice Whoever submits does not choose between wallet and escrow.
    function invariant_F9_gasDoesNotChooseTheSplit() external view holds {}
}

contract F10Test is FlashInvariant(10) {
    /// @notice A batch that is covered does what its items do one by one.
    function invariant_F10_batchEqualsItsSingles() external view holds {}
}

contract F11Test is FlashInvariant(11) {
    /// @notice A refund voids every signature of its epoch.
    function invariant_F11_epochsEndAllSignatures() external holds {
        campaign.sweepF11();
    }
}

contract F12Test is FlashInvariant(12) {
    /// @notice A bad row or group changes no other, and the order of covered items changes nothing.
    function invariant_F12_badRowsAndGroupsStayAlone() external view holds {}
}

contract F13Test is FlashInvariant(13) {
    /// @notice Third parties neither redirect nor change amounts, nor consume a payment's nonce.
    function invariant_F13_relayersChooseNothing() external holds {
        campaign.sweepF13();
    }
}
