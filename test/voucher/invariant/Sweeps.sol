// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IVoucherEscrow} from "../../../contracts/interfaces/IVoucherEscrow.sol";
import {Digests} from "./Digests.sol";
import {CampaignToken} from "./tokens/CampaignToken.sol";
import {IFiatKeepers} from "./actions/Environment.sol";
import {Reentrance} from "./actions/Reentrance.sol";

/// @title What is true of the whole escrow after any step, and what would happen next
/// @dev The runner forgets what happens here, so that a sweep may also try things out. Each reverts with the first violation it finds.
abstract contract Sweeps is Reentrance {
    using Digests for address;

    /// @dev How many of the newest signatures a sweep looks at.
    uint256 private constant RECENT = 24;

    modifier sweeps() {
        action = "a sweep";
        _;
        require(violated == 0, violation);
    }

    /* SWEEPS */

    function sweepV1() external sweeps {
        for (uint256 t; t < TOKENS; ++t) {
            uint256 sum;
            for (uint256 k = t; k < ACCOUNTS; k += TOKENS) sum += _accountOf(k).balance;
            for (uint256 p; p < PARTIES; ++p) sum += _freeOf(p, t);
            _mustEq(IERC20(token[t]).balanceOf(address(escrow)), sum + donated[t], 1, "token balance of the escrow");
        }
    }

    function sweepV2() external sweeps {
        for (uint256 k; k < ACCOUNTS; ++k) {
            for (uint256 n; n < LANES; ++n) {
                uint256 collected = _collectedOf(k, n);
                _must(collected >= accounts[k].collected[n], 2, "a collected total fell");
                _must(collected <= accounts[k].highestSigned[n], 2, "a lane has paid more than was ever signed");
            }
        }
    }

    function sweepV3() external sweeps {
        for (uint256 s; s < SELLERS; ++s) {
            for (uint256 t; t < TOKENS; ++t) {
                uint256 sum;
                for (uint256 b; b < BUYERS; ++b) {
                    for (uint256 n; n < LANES; ++n) sum += _collectedOf(_account(b, s, t), n);
                }
                _mustEq(earned[s][t], sum, 3, "what a seller has received");
            }
        }
    }

    function sweepV4() external sweeps {
        for (uint256 i = _recent(); i < items.length; ++i) {
            Item storage item = items[i];
            if (item.uses == 0) continue;
            if (item.kind == Kind.Deposit) {
                IVoucherEscrow.DepositAuthorization memory m = abi.decode(
                    item.data,
                    (IVoucherEscrow.DepositAuthorization)
                );
                _must(escrow.isDepositAuthorizationNonceUsed(m.buyer, m.nonce), 4, "a used deposit nonce is fresh");
            } else if (item.kind == Kind.Flush) {
                IVoucherEscrow.FlushAuthorization memory m = abi.decode(item.data, (IVoucherEscrow.FlushAuthorization));
                _must(escrow.isFlushAuthorizationNonceUsed(m.buyer, m.nonce), 4, "a used flush nonce is fresh");
            } else if (item.kind == Kind.Release) {
                IVoucherEscrow.ReleaseAuthorization memory m = abi.decode(
                    item.data,
                    (IVoucherEscrow.ReleaseAuthorization)
                );
                bool used = escrow.isNonceUsed(IVoucherEscrow.NonceKind.Release, m.seller, m.nonce);
                _must(used, 4, "a used release nonce is fresh");
            }
        }
        for (uint256 p; p < PARTIES; ++p) _checkFree(p, focusToken);
    }

    function sweepV5() external sweeps {
        for (uint256 k; k < ACCOUNTS; ++k) {
            _must(_accountOf(k).balance >= accounts[k].balance, 5, "money left an account without its owner");
        }
        for (uint256 p; p < PARTIES; ++p) {
            for (uint256 t; t < TOKENS; ++t) {
                _must(_freeOf(p, t) >= free[p][t].balance, 5, "money left a free balance without its owner");
            }
        }
    }

    function sweepV6() external sweeps {
        for (uint256 t; t < TOKENS; ++t) {
            for (uint256 p; p < PARTIES; ++p) _mustEq(_balance(p, t), wallet[p][t], 6, "token balance of a party");
        }
    }

    /// @dev From here on the buyers take out what they can, and the servers do no more than to collect at the last second.
    function sweepV7() external sweeps {
        for (uint256 i; i < openAccounts.length; ++i) {
            uint256 k = openAccounts[i];
            uint256 covered = _accountOf(k).balance + _unasked(k);
            _must(_owed(k) <= covered, 7, "more is accepted than the account holds");
            _thawAll(k);
        }
        _advance(_dice(uint256(keccak256(abi.encode(_now(), items.length)))), _now() + PERIOD);
        for (uint256 i; i < openAccounts.length; ++i) {
            (uint256 b, uint256 s, uint256 t) = _parts(openAccounts[i]);
            _withdraw(b, s, t);
        }
        _advance(_dice(items.length), _now() + 4 * PERIOD);
        for (uint256 i; i < openAccounts.length; ++i) {
            _mustEq(_owed(openAccounts[i]), 0, 7, "what a server accepted and did not receive");
        }
    }

    function sweepV8() external sweeps {
        for (uint256 i = _recent(); i < items.length; ++i) {
            if (items[i].kind != Kind.Voucher) continue;
            IVoucherEscrow.Voucher memory m = _voucherAt(i);
            Sig memory sig = items[i].sig;
            if (!_isByKey(m.buyer, sig, _digestOf(Kind.Voucher, items[i].data, address(escrow)))) continue;
            _must(
                escrow.isVoucherSignatureValid{gas: CALL_GAS}(m, sig.signature),
                8,
                "a buyer's own signature does not count"
            );
        }
    }

    /// @dev What was made for this escrow is worthless at its twin, and the reverse.
    function sweepV10() external sweeps {
        _must(escrow.DOMAIN_SEPARATOR() == address(escrow).domainOf(), 10, "the domain is another escrow's");
        for (uint256 i = _recent(); i < items.length; ++i) {
            if (items[i].kind != Kind.Voucher) continue;
            IVoucherEscrow.Voucher memory m = _voucherAt(i);
            Sig memory sig = items[i].sig;
            bool isHome = sig.digest == _digestOf(Kind.Voucher, items[i].data, address(escrow));
            IVoucherEscrow elsewhere = isHome ? IVoucherEscrow(twin) : escrow;
            bool counts = elsewhere.isVoucherSignatureValid{gas: CALL_GAS}(m, sig.signature);
            _must(!counts, 10, "a signature counts where it was not made for");
        }
    }

    function sweepV11() external sweeps {
        for (uint256 k; k < ACCOUNTS; ++k) {
            _must(_accountOf(k).balance <= accounts[k].balance, 11, "money landed in another account");
        }
        for (uint256 p; p < PARTIES; ++p) {
            for (uint256 t; t < TOKENS; ++t) {
                _must(_freeOf(p, t) <= free[p][t].balance, 11, "money landed in another free balance");
            }
        }
    }

    function sweepV13() external sweeps {
        for (uint256 b; b < BUYERS; ++b) {
            for (uint256 i; i < SIGNERS; ++i) if (signer[i] != party[b]) _checkSigner(party[b], signer[i]);
        }
    }

    function sweepV14() external sweeps {
        for (uint256 p; p < PARTIES; ++p) {
            (bool toFreeBalance, uint96 nonce) = escrow.getPayout(party[p]);
            _must(toFreeBalance == paysFree[p], 14, "a payout that the seller did not choose");
            _mustEq(nonce, payoutNonce[p], 14, "payout nonce");
        }
    }

    /// @dev Dust does not hold up a matured exit.
    function sweepV15() external sweeps {
        for (uint256 k; k < ACCOUNTS; ++k) {
            _mustEq(_accountOf(k).thawEndTime, accounts[k].end, 15, "end of a thaw");
        }
        uint256 focused = _account(focusBuyer, focusSeller, focusToken);
        _exitBehindDust(focused);
        for (uint256 i; i < openAccounts.length; ++i) _exitBehindDust(openAccounts[i]);
    }

    function sweepV16() external sweeps {
        for (uint256 k; k < ACCOUNTS; ++k) {
            IVoucherEscrow.EscrowAccount memory a = _accountOf(k);
            _must(a.thawingAmount <= a.balance, 16, "more thaws than there is");
            _mustEq(a.thawingAmount, accounts[k].thawing, 16, "thawing amount");
            _must((a.thawEndTime == 0) == (a.thawingAmount == 0), 16, "a thaw of nothing, or one without an end");
        }
    }

    /// @dev What the views say now is what a collection does now.
    function sweepV17() external sweeps {
        uint256[] storage places = vouchersOf[_account(focusBuyer, focusSeller, focusToken)];
        for (uint256 i; i < 3 && i < places.length; ++i) {
            uint256 place = places[places.length - 1 - i];
            _collect(_voucherAt(place), items[place].sig, party[MALLORY], 17);
        }
    }

    /* THE END */

    /// @dev With the tokens calm again everyone gets out what is theirs, and nothing is left but what was given away.
    function drain() external sweeps {
        _calm();
        Dice memory d = _dice(items.length);
        for (uint256 k; k < ACCOUNTS; ++k) _thawAll(k);
        _advance(d, _now() + PERIOD);
        for (uint256 k; k < ACCOUNTS; ++k) {
            if (accounts[k].end == 0) continue;
            (uint256 b, uint256 s, uint256 t) = _parts(k);
            _withdraw(b, s, t);
        }
        for (uint256 p; p < PARTIES; ++p) {
            for (uint256 t; t < TOKENS; ++t) {
                uint256 amount = free[p][t].balance;
                if (amount != 0) _withdrawFree(p, t, amount);
            }
        }
        for (uint256 t; t < TOKENS; ++t) {
            _mustEq(
                IERC20(token[t]).balanceOf(address(escrow)),
                donated[t],
                1,
                "what is left in the escrow at the end"
            );
        }
    }

    /* INTERNAL */

    function _calm() private {
        for (uint256 t = 1; t < TOKENS; ++t) CampaignToken(token[t]).setHostile(false);
        IFiatKeepers usdc = IFiatKeepers(token[USDC_TOKEN]);
        if (usdc.paused()) {
            vm.prank(usdc.pauser());
            usdc.unpause();
        }
        _forgive(usdc, address(escrow));
        for (uint256 p; p < PARTIES; ++p) _forgive(usdc, party[p]);
    }

    function _forgive(IFiatKeepers usdc, address account) private {
        if (!usdc.isBlacklisted(account)) return;
        vm.prank(usdc.blacklister());
        usdc.unBlacklist(account);
    }

    /// @dev Everything the buyer can thaw, thaws.
    function _thawAll(uint256 k) private {
        (uint256 b, uint256 s, uint256 t) = _parts(k);
        uint256 rest = accounts[k].balance - accounts[k].thawing;
        if (rest != 0) _thaw(b, s, t, rest);
    }

    function _exitBehindDust(uint256 k) private {
        (uint256 b, uint256 s, uint256 t) = _parts(k);
        if (accounts[k].end == 0 || _now() < accounts[k].end || !_canPush(t, party[b])) return;
        (address buyer, address seller, address asset) = _parties(k);
        _deposit(MALLORY, buyer, seller, asset, 1, true);
        uint256 before = _balance(b, t);
        uint256 thawed = accounts[k].thawing;
        _withdraw(b, s, t);
        _mustEq(_balance(b, t) - before + _fee(t, thawed), thawed, 15, "what came out behind dust");
    }

    function _accountOf(uint256 k) private view returns (IVoucherEscrow.EscrowAccount memory) {
        (address buyer, address seller, address asset) = _parties(k);
        return escrow.getAccount(buyer, seller, asset);
    }

    function _collectedOf(uint256 k, uint256 n) private view returns (uint256) {
        (address buyer, address seller, address asset) = _parties(k);
        return escrow.getVoucherCollected(buyer, seller, asset, lane[n]);
    }

    function _freeOf(uint256 p, uint256 t) private view returns (uint256 balance) {
        (balance, , ) = escrow.getFreeAccount(party[p], token[t]);
    }

    function _recent() private view returns (uint256) {
        return items.length < RECENT ? 0 : items.length - RECENT;
    }
}
