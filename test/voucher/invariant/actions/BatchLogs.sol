// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IVoucherEscrow} from "../../../../contracts/interfaces/IVoucherEscrow.sol";
import {Vm} from "../../../helpers/Vm.sol";
import {Collections} from "./Collections.sol";

/// @title Runs a batch, reads from its events what each group did, and holds that against the ghost
abstract contract BatchLogs is Collections {
    struct RowPlan {
        uint256 account;
        uint256 laneNumber;
        uint256 total;
        uint256 place;
        address buyer;
        bytes32 id;
        /// False when buyer, seller and asset make no account of the campaign.
        bool isKnown;
        /// One bit for each {IVoucherEscrow-Skip} that is true of it whatever the account holds; zero for a good row.
        uint256 faults;
    }

    struct Plan {
        uint256 s;
        uint256 t;
        address seller;
        address asset;
        uint256 gasLimit;
        /// Error that the whole group must fail with whatever its rows are.
        bytes4 broken;
        /// How many rows are compact ones; they come first.
        uint256 compact;
        RowPlan[] rows;
    }

    /// @dev What a row did: the amount, or the reasons for none.
    struct Effect {
        uint256 amount;
        uint256 collected;
        uint256 faults;
    }

    error GroupFails(bytes4 reason);

    /// @dev Enough for any batch of the campaign.
    uint256 internal constant AMPLE_GAS = 12_000_000;

    /* EXECUTION */

    /// @return isWhole True when every group went through.
    function _batch(
        Plan[] memory plans,
        IVoucherEscrow.Group[] memory groups,
        uint256 gasGiven
    ) internal returns (bool isWhole) {
        uint256[] memory wealth = new uint256[](plans.length);
        for (uint256 i; i < plans.length; ++i)
            (, , wealth[i]) = _wealthOfSeller(_account(ALICE, plans[i].s, plans[i].t));

        vm.recordLogs();
        (bool ok, bytes memory answer) = _call(
            party[MALLORY],
            abi.encodeCall(IVoucherEscrow.collectBatch, (groups)),
            gasGiven
        );
        Vm.Log[] memory logs = _logsOfEscrow(vm.getRecordedLogs());
        _count(IVoucherEscrow.collectBatch.selector, ok ? bytes4(0) : bytes4(answer));

        if (plans.length == 0) {
            _must(
                !ok && bytes4(answer) == IVoucherEscrow.NoVouchersProvided.selector,
                9,
                "an empty batch went through"
            );
            return false;
        }
        _must(ok || gasGiven < AMPLE_GAS, 9, "a batch with enough gas failed");
        if (ok) isWhole = _settleGroups(plans, logs, gasGiven < AMPLE_GAS);
        for (uint256 i; i < plans.length; ++i) {
            for (uint256 j; j < plans[i].rows.length; ++j) {
                if (plans[i].rows[j].isKnown) _checkAccount(plans[i].rows[j].account);
            }
            _checkFree(_sellerParty(plans[i].s), plans[i].t);
            _checkToken(plans[i].t);
        }
        _checkWealth(plans, wealth);
    }

    function _settleGroups(Plan[] memory plans, Vm.Log[] memory logs, bool isStarved) private returns (bool isWhole) {
        uint256 next;
        isWhole = true;
        for (uint256 i; i < plans.length && violated == 0; ++i) {
            Plan memory p = plans[i];
            (bool failed, uint256 where) = _findFailure(p, logs, next, isStarved);
            if (failed) {
                isWhole = false;
                // The runner also records what the failed group emitted before.
                next = where + 1;
                _judgeFailure(p, logs[where], isStarved);
                continue;
            }
            try this.settleGroup(p) returns (Effect[] memory effects, uint256 paid) {
                earned[p.s][p.t] += paid;
                next = _readGroup(p, effects, paid, logs, next);
            } catch {
                _must(false, 9, "a group went through that had to fail");
            }
        }
        if (violated == 0) _mustEq(next, logs.length, 9, "number of events of a batch");
    }

    /// @dev With all the gas it wants a group fails exactly when the ghost says so. With less, its event decides: then no two groups of a batch
    /// have both seller and asset in common.
    function _findFailure(
        Plan memory p,
        Vm.Log[] memory logs,
        uint256 next,
        bool isStarved
    ) private returns (bool, uint256 where) {
        if (!isStarved && p.gasLimit == 0 && _rehearse(p) == 0) return (false, 0);
        for (where = next; where < logs.length; ++where) {
            Vm.Log memory log = logs[where];
            if (
                log.topics[0] == IVoucherEscrow.GroupFailed.selector &&
                address(uint160(uint256(log.topics[1]))) == p.seller &&
                address(uint160(uint256(log.topics[2]))) == p.asset
            ) return (true, where);
        }
        return (false, 0);
    }

    /// @dev A group fails for its own reason, or for want of gas; with neither it must not.
    function _judgeFailure(Plan memory p, Vm.Log memory log, bool isStarved) private {
        bytes4 actual = abi.decode(log.data, (bytes4));
        _count(IVoucherEscrow.collectGroup.selector, actual == 0 ? bytes4("gas") : actual);
        if (isStarved || p.gasLimit != 0) return;
        bytes4 expected = _rehearse(p);
        _must(expected != 0, 9, string.concat("a good group failed with ", vm.toString(uint256(uint32(actual)))));
        _must(actual == expected, 17, "a group failed for another reason");
    }

    /* THE GHOST'S BATCH */

    /// @dev All rows and the payment, or nothing at all.
    function settleGroup(Plan calldata p) external returns (Effect[] memory effects, uint256 paid) {
        if (p.broken != 0) revert GroupFails(p.broken);
        effects = new Effect[](p.rows.length);
        for (uint256 i; i < p.rows.length; ++i) {
            RowPlan calldata row = p.rows[i];
            if (row.faults != 0) {
                effects[i].faults = row.faults;
                continue;
            }
            uint256 outstanding = _outstanding(row.account, row.laneNumber, row.total);
            if (outstanding == 0) effects[i].faults |= _bit(IVoucherEscrow.Skip.AlreadyCollected);
            if (accounts[row.account].balance == 0) effects[i].faults |= _bit(IVoucherEscrow.Skip.NoBalance);
            effects[i].amount = _draw(row.account, row.laneNumber, row.total);
            effects[i].collected = accounts[row.account].collected[row.laneNumber];
            paid += effects[i].amount;
        }
        Expect memory e;
        _expectPayout(e, p.s, p.t, paid);
        if (_isFailure(e)) revert GroupFails(e.reasons[0]);
        _paid(p.s, p.t, paid);
    }

    /// @dev Plays the ghost forward and takes it back.
    function rehearseGroup(Plan calldata p) external {
        this.settleGroup(p);
        revert GroupFails(0);
    }

    /// @return reason Error of the group; zero when it goes through.
    function _rehearse(Plan memory p) internal returns (bytes4 reason) {
        try this.rehearseGroup(p) {
            revert("a rehearsal always reverts");
        } catch (bytes memory answer) {
            for (uint256 i; i < 4; ++i) reason |= bytes4(answer[4 + i]) >> (8 * i);
        }
    }

    /* READING EVENTS */

    /// @dev The events of a group that went through, in their order.
    function _readGroup(
        Plan memory p,
        Effect[] memory effects,
        uint256 paid,
        Vm.Log[] memory logs,
        uint256 next
    ) private returns (uint256) {
        uint256[] memory packed = new uint256[](effects.length);
        uint256 count;
        for (uint256 i; i < effects.length; ++i) {
            if (effects[i].amount != 0 && p.rows[i].laneNumber == 0) {
                packed[count++] = (uint256(uint160(p.rows[i].buyer)) << 96) | effects[i].amount;
                continue;
            }
            if (next == logs.length) {
                _must(false, 9, "an event of a row is missing");
                return next;
            }
            _readRow(p, p.rows[i], effects[i], i < p.compact, logs[next++]);
        }
        if (paid == 0) return next;
        if (next == logs.length || logs[next].topics[0] != IVoucherEscrow.BatchCollected.selector) {
            _must(false, 9, "BatchCollected is missing");
            return next;
        }
        (uint256 actual, uint256[] memory rows) = abi.decode(logs[next].data, (uint256, uint256[]));
        _mustEq(actual, paid, 3, "paid of BatchCollected");
        _mustEq(rows.length, count, 9, "number of rows with effect");
        for (uint256 i; i < count && i < rows.length; ++i) _mustEq(rows[i], packed[i], 9, "a row of BatchCollected");
        return next + (paysFree[_sellerParty(p.s)] ? 2 : 1);
    }

    function _readRow(
        Plan memory p,
        RowPlan memory row,
        Effect memory effect,
        bool isCompact,
        Vm.Log memory log
    ) private {
        bytes32 expected =
            effect.amount == 0 ? IVoucherEscrow.VoucherSkipped.selector : IVoucherEscrow.VoucherCollected.selector;
        if (log.topics[0] != expected) {
            _must(false, 9, effect.amount == 0 ? "a bad row was not skipped" : "a good row was not collected");
            return;
        }
        _must(log.topics[1] == (isCompact ? bytes32(0) : row.id), 9, "an event of a row names another lane");
        _must(address(uint160(uint256(log.topics[2]))) == row.buyer, 9, "an event of a row names another buyer");
        _must(address(uint160(uint256(log.topics[3]))) == p.seller, 9, "an event of a row names another seller");
        if (effect.amount == 0) {
            (, IVoucherEscrow.Skip reason) = abi.decode(log.data, (address, IVoucherEscrow.Skip));
            ++outcomes[IVoucherEscrow.collectGroup.selector][bytes4(uint32(reason))];
            if (effect.faults & _bit(reason) == 0)
                _mustEq(uint256(reason), effect.faults, 9, "reason of a skipped row, a bit of");
        } else {
            (, uint256 amount, uint256 collected) = abi.decode(log.data, (address, uint256, uint256));
            _mustEq(amount, effect.amount, 9, "amount of a row");
            _mustEq(collected, effect.collected, 2, "collected total of a row");
        }
    }

    function _logsOfEscrow(Vm.Log[] memory logs) private view returns (Vm.Log[] memory ours) {
        uint256 count;
        for (uint256 i; i < logs.length; ++i) if (logs[i].emitter == address(escrow)) ++count;
        ours = new Vm.Log[](count);
        count = 0;
        for (uint256 i; i < logs.length; ++i) if (logs[i].emitter == address(escrow)) ours[count++] = logs[i];
    }

    /* INTERNAL */

    /// @dev No seller of the batch has received anything but what the ghost says.
    function _checkWealth(Plan[] memory plans, uint256[] memory before) private {
        for (uint256 i; i < plans.length; ++i) {
            (, , uint256 wealth) = _wealthOfSeller(_account(ALICE, plans[i].s, plans[i].t));
            uint256 p = _sellerParty(plans[i].s);
            _mustEq(wealth, wallet[p][plans[i].t] + free[p][plans[i].t].balance, 3, "what a seller has after a batch");
            _must(wealth >= before[i], 6, "a seller lost tokens by a batch");
        }
    }

    function _bit(IVoucherEscrow.Skip reason) internal pure returns (uint256) {
        return 1 << uint256(reason);
    }

    function _balanceOfEscrow(address asset) internal view returns (uint256) {
        return IERC20(asset).balanceOf(address(escrow));
    }
}
