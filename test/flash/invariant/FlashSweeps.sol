// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../../contracts/interfaces/IFlashSettlement.sol";
import {FlashEdges} from "./actions/FlashEdges.sol";

/// @title What is true of the whole contract after any step, and what would happen next
/// @dev The runner forgets what happens here, so that a sweep may also try things out. Each reverts with the first violation it finds.
abstract contract FlashSweeps is FlashEdges {
    /// @dev How many of the newest signatures a sweep looks at.
    uint256 private constant RECENT = 20;

    /// @dev Where something is broken already, the ghost knows nothing any more: that is told at the end of the run.
    modifier sweeps() {
        if (violated != 0) return;
        action = "a sweep";
        _;
        require(violated == 0, violation);
    }

    /* SWEEPS */

    function sweepF1() external sweeps {
        for (uint256 t; t < TOKENS; ++t) {
            uint256 sum = donated[t];
            for (uint256 a = t; a < ACCOUNTS; a += TOKENS) sum += _escrowOf(a).balance;
            for (uint256 p; p < PARTIES; ++p) sum += settlement.creditOf(party[p], token[t]);
            _mustEq(_balanceAt(t, address(settlement)), sum, 1, "token balance of the contract");
        }
    }

    /// @dev From here on the clients take out what they can, and the servers do no more than to settle at the last second.
    function sweepF2() external sweeps {
        Dice memory d = _dice(items.length + _now());
        for (uint256 i; i < served.length; ++i) {
            uint256 a = served[i];
            _must(_owed(a) <= _escrowOf(a).balance, 2, "more is accepted than the escrow insures");
            (uint256 c, , uint256 t) = _parts(a);
            if (escrows[a].isOpen && _chance(d, 70)) _closeNow(a, party[c], escrows[a].epoch);
            if (t != USDC_TOKEN && _chance(d, 30)) _hide(c, t);
        }
        for (uint256 i; i < served.length; ++i) {
            uint256 a = served[i];
            if (!escrows[a].isOpen || escrows[a].unlockAt == NEVER) continue;
            _advance(d, escrows[a].unlockAt);
            if (escrows[a].isOpen && _now() >= escrows[a].unlockAt) _withdraw(a, _client(a));
        }
        for (uint256 i; i < served.length; ++i) {
            _settleAccepted(d, served[i]);
            _mustEq(_owed(served[i]), 0, 2, "what a server accepted and did not receive");
        }
    }

    /// @dev What was used once is marked, and moves nothing again.
    function sweepF3() external sweeps {
        Dice memory d = _dice(items.length);
        for (uint256 i = _recent(); i < items.length; ++i) {
            Item memory item = items[i];
            if (item.uses == 0 || item.kind == Kind.Tab || item.kind == Kind.Close || item.kind == Kind.Extend)
                continue;
            _must(!_execute(d, item.kind, item.data, item.sig, 3), 3, "a signature had an effect twice");
        }
    }

    function sweepF4() external sweeps {
        for (uint256 a; a < ACCOUNTS; ++a) {
            uint256 epoch = escrows[a].epoch;
            for (uint256 i; i < LANES; ++i) {
                uint256 paid = settlement.tabSettled(_id(a), uint32(epoch), lane[i]);
                bytes32 key = _laneKey(a, epoch, lane[i]);
                _must(paid >= tabPaid[key], 4, "the settled total of a lane fell");
                _must(paid <= highestTotal[key], 4, "a lane has paid more than was ever signed");
            }
        }
    }

    /// @dev Whatever the tokens and the servers do, clients get out alone.
    function sweepF5() external sweeps {
        Dice memory d = _dice(items.length);
        _exit(d, focus);
        for (uint256 i; i < served.length && i < 4; ++i) _exit(d, served[served.length - 1 - i]);
    }

    function sweepF6() external sweeps {
        for (uint256 a; a < ACCOUNTS; ++a) {
            _must(_escrowOf(a).balance >= escrows[a].balance, 6, "money left an escrow without its owner");
        }
    }

    function sweepF7() external sweeps {
        for (uint256 a; a < ACCOUNTS; ++a) {
            _mustEq(_escrowOf(a).unlockAt, escrows[a].unlockAt, 7, "end of an escrow");
        }
        // Neither an extension nor a top-up brings a closed escrow back.
        for (uint256 i = _recent(); i < items.length; ++i) {
            if (items[i].kind != Kind.Extend) continue;
            IFlashSettlement.ExtendEscrow memory m = abi.decode(items[i].data, (IFlashSettlement.ExtendEscrow));
            _extendSigned(m, items[i].sig, party[MALLORY], 7);
        }
    }

    function sweepF8() external sweeps {
        for (uint256 a; a < ACCOUNTS; ++a) {
            uint256 settled = _escrowOf(a).settled;
            _must(settled <= promised[_epochKey(a, escrows[a].epoch)], 8, "more was paid than signed and sent");
        }
        for (uint256 t; t < TOKENS; ++t) {
            for (uint256 c; c < CLIENTS; ++c) {
                _must(_balanceAt(t, party[c]) >= wallet[c][t], 8, "a wallet paid what its client did not order");
            }
        }
    }

    /// @dev Every signature of an epoch that has ended is void.
    function sweepF11() external sweeps {
        Dice memory d = _dice(items.length);
        for (uint256 i = _recent(); i < items.length; ++i) {
            Item memory item = items[i];
            (bool isBound, uint256 a, uint256 epoch) = _epochOf(item);
            if (!isBound || epoch >= escrows[a].epoch) continue;
            _must(!_execute(d, item.kind, item.data, item.sig, 11), 11, "a signature outlived its epoch");
        }
    }

    function sweepF13() external sweeps {
        for (uint256 t; t < TOKENS; ++t) _checkMoney(t);
        for (uint256 s = FIRST_SERVER; s < FIRST_SERVER + SERVERS; ++s) {
            for (uint256 p; p < PARTIES; ++p) _checkSettler(s, p);
        }
        // A stranger consumes no payment, however good.
        for (uint256 i = _recent(); i < items.length; ++i) {
            if (items[i].kind != Kind.Payment) continue;
            IFlashSettlement.Payment memory m = abi.decode(items[i].data, (IFlashSettlement.Payment));
            bool ok = _paymentSigned(m, items[i].sig, party[MALLORY], true, 13);
            _must(!ok, 13, "a stranger consumed a payment");
        }
    }

    /* THE END */

    /// @dev With the tokens calm again everyone gets out what is theirs, and nothing is left but what was given away.
    function drain() external sweeps {
        _calm();
        Dice memory d = _dice(items.length);
        for (uint256 a; a < ACCOUNTS; ++a) {
            if (escrows[a].isOpen) _exit(d, a);
        }
        for (uint256 t; t < TOKENS; ++t) {
            for (uint256 p; p < PARTIES; ++p) {
                if (credit[p][t] != 0) _takeCredit(p, t);
            }
            _mustEq(_balanceAt(t, address(settlement)), donated[t], 1, "what is left in the contract at the end");
        }
    }

    /* INTERNAL */

    /// @dev The client closes, waits for no longer than its notice, and withdraws: to its wallet, or as credit.
    function _exit(Dice memory d, uint256 a) private {
        if (!escrows[a].isOpen) return;
        uint256 latest = _now() + escrows[a].closeDelay;
        (uint256 c, , uint256 t) = _parts(a);
        _closeNow(a, party[c], escrows[a].epoch);
        if (!escrows[a].isOpen) return;
        _must(escrows[a].unlockAt <= latest, 5, "an exit takes longer than the notice");
        _advance(d, escrows[a].unlockAt);
        uint256 rest = escrows[a].balance;
        uint256 before = wallet[c][t] + credit[c][t];
        _withdraw(a, c);
        _mustEq(wallet[c][t] + credit[c][t] + (rest == 0 ? 0 : _feeIf(a)), before + rest, 5, "what came out");
    }

    function _feeIf(uint256 a) private view returns (uint256) {
        return _fee(a % TOKENS);
    }

    function _takeCredit(uint256 p, uint256 t) private {
        uint256 amount = credit[p][t];
        Expect memory none;
        bytes memory data = abi.encodeCall(IFlashSettlement.withdrawCredit, (token[t], party[p], amount));
        if (!_try(party[p], data, none, 1)) return;
        credit[p][t] = 0;
        held[t] -= amount;
        wallet[p][t] += amount;
    }

    /// @return isBound True when the signature belongs to an epoch of an account.
    function _epochOf(Item memory item) private view returns (bool isBound, uint256 a, uint256 epoch) {
        if (item.kind == Kind.Settler || item.kind == Kind.Credit) return (false, 0, 0);
        (address client, address server, address asset) = abi.decode(item.data, (address, address, address));
        (isBound, a) = _find(client, server, asset);
        if (item.kind <= Kind.Tab) epoch = abi.decode(item.data, (IFlashSettlement.Payment)).epoch;
        else if (item.kind == Kind.Transaction) epoch = abi.decode(item.data, (Numbered)).epoch;
        else if (item.kind <= Kind.OpenPermit2) epoch = abi.decode(item.data, (IFlashSettlement.OpenEscrow)).epoch;
        else if (item.kind <= Kind.TopUpPermit2) epoch = abi.decode(item.data, (IFlashSettlement.TopUp)).epoch;
        else if (item.kind == Kind.Extend) epoch = abi.decode(item.data, (IFlashSettlement.ExtendEscrow)).epoch;
        else if (item.kind == Kind.Close) epoch = abi.decode(item.data, (IFlashSettlement.CloseEscrow)).epoch;
        else epoch = abi.decode(item.data, (IFlashSettlement.ReleaseEscrow)).epoch;
    }

    function _escrowOf(uint256 a) private view returns (IFlashSettlement.Escrow memory) {
        (address client, address server, address asset) = _parties(a);
        return settlement.escrowOf(client, server, asset);
    }

    function _recent() private view returns (uint256) {
        return items.length < RECENT ? 0 : items.length - RECENT;
    }
}
