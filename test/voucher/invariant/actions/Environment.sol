// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IVoucherEscrow} from "../../../../contracts/interfaces/IVoucherEscrow.sol";
import {CampaignToken} from "../tokens/CampaignToken.sol";
import {ReenteringToken} from "../tokens/ReenteringToken.sol";
import {Relays} from "./Relays.sol";

interface IFiatKeepers {
    function pauser() external view returns (address);

    function blacklister() external view returns (address);

    function paused() external view returns (bool);

    function pause() external;

    function unpause() external;

    function isBlacklisted(address account) external view returns (bool);

    function blacklist(address account) external;

    function unBlacklist(address account) external;
}

/// @title What happens around the escrow: time, tokens that turn, code that comes and goes, gifts
abstract contract Environment is Relays {
    /* ACTIONS */

    /// @dev Turns the campaign's attention to another account.
    function focus(uint256 seed) external acts("focus") {
        _focus(_dice(seed));
    }

    /// @dev Around the end of a thaw and of a voucher, or just on.
    function passTime(uint256 seed) external acts("passTime") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        uint256 account = _account(b, s, t);
        uint256 kind = _roll(d, 12);
        uint256 target = _now() + _roll(d, 2 hours);
        if (kind < 5 && accounts[account].end != 0) target = accounts[account].end + _roll(d, 3) - 1;
        else if (kind < 7 && vouchersOf[account].length != 0) target = _expiryOf(d, account) + _roll(d, 3) - 1;
        else if (kind < 8) target = _signerEndOf(d, b) + _roll(d, 3);
        else if (kind < 9) target = _now() + PERIOD - _roll(d, 2 * MARGIN);
        if (kind == 7 && target != 0) --target;
        // Not every far expiry: the campaign shall not run out of time.
        if (target > _now() + 8 * PERIOD) target = _now() + 1;
        _advance(d, target);
    }

    /// @dev An exit in its first second, whatever the seller had to do before, and not in the second before that.
    function exitOnTime(uint256 seed) external acts("exitOnTime") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        uint256 end = accounts[_account(b, s, t)].end;
        if (_now() < end && _chance(d, 60)) {
            _advance(d, end - 1);
            _withdraw(b, s, t);
        }
        _advance(d, end);
        if (_chance(d, 60)) _withdraw(b, s, t);
    }

    /// @dev A flush of all accounts comes again when the first one has matured and new money is there: it acts on an account once, and not at
    /// all when its nonce was cancelled.
    function flushAgain(uint256 seed) external acts("flushAgain") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        uint256 account = _account(b, s, t);
        _fund(d, account);
        _advance(d, accounts[account].end);
        IVoucherEscrow.FlushAllAuthorization memory m = IVoucherEscrow.FlushAllAuthorization({
            buyer: party[b],
            nonce: keccak256(abi.encode("again", seed)),
            expiry: uint64(_now() + 2 * PERIOD)
        });
        address by = keyOf[party[b]] != 0 ? party[b] : walletOwner[b];
        Sig memory sig = items[_fileClean(Kind.FlushAll, abi.encode(m), by, Form.Full)].sig;
        IVoucherEscrow.AccountKey[] memory list = new IVoucherEscrow.AccountKey[](1);
        list[0] = IVoucherEscrow.AccountKey(party[_sellerParty(s)], token[t]);
        if (_chance(d, 30)) _cancelNonce(b, IVoucherEscrow.NonceKind.FlushAll, m.nonce);
        if (!_flushAllSigned(m, list, sig, party[MALLORY], 15)) return;
        _advance(d, accounts[account].end);
        _fund(d, account);
        _flushAllSigned(m, list, sig, party[MALLORY], 4);
    }

    /// @dev A token that has just turned hostile is tried out at once.
    function turnToken(uint256 seed) external acts("turnToken") {
        Dice memory d = _dice(seed);
        uint256 t = _chance(d, 60) ? focusToken : _roll(d, TOKENS);
        if (t == USDC_TOKEN) {
            _turnUsdc(d);
            return;
        }
        bool hostile = !_isHostile(t) && _chance(d, 60);
        CampaignToken(token[t]).setHostile(hostile);
        if (t == REENTERS) ReenteringToken(token[t]).arm(address(0), "", _chance(d, 25));
        if (!hostile) return;
        address buyer = party[focusBuyer];
        _deposit(focusBuyer, buyer, party[_sellerParty(focusSeller)], token[t], 1 + _roll(d, 50), false);
    }

    /// @dev Code at the address of a key: none, code that denies, burns gas, answers a flood, or obeys another key.
    function delegate(uint256 seed) external acts("delegate") {
        Dice memory d = _dice(seed);
        uint256 kind = _roll(d, 6);
        address[4] memory codes = [DENYING, GAS_BURNING, RETURN_BOMB, OWNED];
        walletOwner[BOB] = address(0);
        if (kind < 2) {
            vm.etch(party[BOB], "");
            return;
        }
        vm.etch(party[BOB], abi.encodePacked(hex"ef0100", codes[kind - 2]));
        if (codes[kind - 2] == OWNED) _rotate(BOB, "owner 1", 0);
    }

    /// @dev The owners of the contract wallets change, and with them whose old signatures still count.
    function rotateWallet(uint256 seed) external acts("rotateWallet") {
        Dice memory d = _dice(seed);
        uint256 p = _chance(d, 70) ? CAROL : GUILD;
        uint256[4] memory needs = [uint256(0), 0, WALLET_GAS_MOST, WALLET_GAS_TOO_MUCH];
        _rotate(p, _chance(d, 50) ? "owner 0" : "owner 1", needs[_roll(d, 4)]);
    }

    /// @dev Tokens sent to the escrow past all its functions belong to nobody.
    function donate(uint256 seed) external acts("donate") {
        Dice memory d = _dice(seed);
        (, , uint256 t) = _pickAccount(d);
        uint256 amount = 1 + _roll(d, 50);
        if (t == REENTERS) ReenteringToken(token[t]).arm(address(0), "", false);
        vm.prank(party[MALLORY]);
        (bool ok, ) = token[t].call{gas: CALL_GAS}(abi.encodeCall(IERC20.transfer, (address(escrow), amount)));
        // A hostile token may also refuse by its answer, and a gift of one unit may be all fee.
        if (!ok || _balance(MALLORY, t) == wallet[MALLORY][t]) return;
        wallet[MALLORY][t] -= amount;
        donated[t] += amount - _fee(t, amount);
        _checkToken(t);
    }

    /// @dev Only the escrow calls these two.
    function knockAtSelfCalls(uint256 seed) external acts("knockAtSelfCalls") {
        Dice memory d = _dice(seed);
        (uint256 b, uint256 s, uint256 t) = _pickAccount(d);
        Expect memory e;
        _unless(e, false, IVoucherEscrow.NotSelf.selector);
        address from = party[_roll(d, PARTIES)];
        IVoucherEscrow.AccountKey memory key = IVoucherEscrow.AccountKey(party[_sellerParty(s)], token[t]);
        if (_chance(d, 50)) {
            _try(from, abi.encodeCall(IVoucherEscrow.flushAccount, (party[b], _pickNonce(d), key)), e, 5);
        } else {
            IVoucherEscrow.Group memory g;
            (g.seller, g.asset) = (key.seller, key.asset);
            _try(from, abi.encodeCall(IVoucherEscrow.collectGroup, (g)), e, 9);
        }
        _checkAccount(_account(b, s, t));
    }

    /* INTERNAL */

    function _turnUsdc(Dice memory d) private {
        IFiatKeepers usdc = IFiatKeepers(token[USDC_TOKEN]);
        if (usdc.paused() || _chance(d, 25)) {
            bool paused = usdc.paused();
            vm.prank(usdc.pauser());
            if (paused) usdc.unpause();
            else usdc.pause();
            return;
        }
        // The escrow itself seldom, and not for long.
        address account =
            _chance(d, 8) || usdc.isBlacklisted(address(escrow))
                ? address(escrow)
                : party[_chance(d, 50) ? focusBuyer : _sellerParty(focusSeller)];
        bool listed = usdc.isBlacklisted(account);
        if (!listed && _chance(d, 60)) return;
        vm.prank(usdc.blacklister());
        if (listed) usdc.unBlacklist(account);
        else usdc.blacklist(account);
    }

    function _expiryOf(Dice memory d, uint256 account) private view returns (uint256) {
        uint256[] storage places = vouchersOf[account];
        return _voucherAt(places[places.length - 1 - _roll(d, places.length < 4 ? places.length : 4)]).expiry;
    }

    function _signerEndOf(Dice memory d, uint256 b) private view returns (uint256) {
        return signerEnd[party[b]][signer[_roll(d, SIGNERS)]];
    }
}
