// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IFlashSettlement} from "../../../../contracts/interfaces/IFlashSettlement.sol";
import {QuirkyToken} from "../QuirkyToken.sol";
import {FlashRelays} from "./FlashRelays.sol";

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

/// @title What happens around the contract: time, wallets that empty, allowances, tokens that turn, code that comes and goes
abstract contract FlashEnvironment is FlashRelays {
    /* ACTIONS */

    /// @dev Turns the campaign's attention to another account.
    function turnAround(uint256 seed) external acts("turnAround") {
        _focus(_dice(seed));
    }

    /// @dev Around the end of a lock, a deadline, the time a view is good for; or just on.
    function passTime(uint256 seed) external acts("passTime") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        uint256 kind = _roll(d, 12);
        uint256 target = _now() + _roll(d, 2 hours);
        Server storage server = servers[a];
        if (kind < 5 && escrows[a].isOpen) target = escrows[a].unlockAt + _roll(d, 3) - 1;
        else if (kind < 7 && server.time != 0) target = server.time + server.view_.closeDelay - MARGIN - _roll(d, 3);
        else if (kind < 8 && server.view_.unlockAt > MARGIN) target = server.view_.unlockAt - MARGIN - _roll(d, 3);
        else if (kind == 8) target = _now() + 1;
        // Not every far end: the campaign shall not run out of time.
        if (target > _now() + 8 days) target = _now() + 1;
        _advance(d, target);
    }

    /// @dev An exit in its first second, whatever the server had to do before.
    function exitOnTime(uint256 seed) external acts("exitOnTime") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        if (!escrows[a].isOpen) return;
        if (!escrows[a].clientClosed && _chance(d, 70)) _closeNow(a, party[_client(a)], escrows[a].epoch);
        if (!escrows[a].isOpen || escrows[a].unlockAt > _now() + 8 days) return;
        _advance(d, escrows[a].unlockAt);
        uint256 t = a % TOKENS;
        if (t != USDC_TOKEN && _chance(d, 30)) QuirkyToken(token[t]).setHostile(true, false);
        _withdraw(a, _chance(d, 50) ? _client(a) : _roll(d, PARTIES));
    }

    /// @dev The client hides its tokens, brings some back, revokes, or allows anew.
    function moveWallet(uint256 seed) external acts("moveWallet") {
        Dice memory d = _dice(seed);
        uint256 a = _pickAccount(d);
        (uint256 c, , uint256 t) = _parts(a);
        uint256 kind = _roll(d, 8);
        if (kind < 3) _shift(c, MALLORY, t, _chance(d, 50) ? wallet[c][t] : _roll(d, wallet[c][t] + 1));
        else if (kind < 5) _shift(MALLORY, c, t, _roll(d, 300));
        else
            _allow(
                c,
                t,
                kind == 5
                    ? 0
                    : kind == 6
                        ? _roll(d, 300)
                        : type(uint256).max
            );
    }

    /// @dev A token turns hostile, or well-behaved again.
    function turnToken(uint256 seed) external acts("turnToken") {
        Dice memory d = _dice(seed);
        uint256 t = _chance(d, 60) ? focus % TOKENS : _roll(d, TOKENS);
        if (t == USDC_TOKEN) {
            _turnUsdc(d);
            return;
        }
        bool hostile = !_isHostile(t) && _chance(d, 60);
        QuirkyToken(token[t]).setHostile(hostile, _chance(d, 12));
        if (t == REENTERS) QuirkyToken(token[t]).arm(address(0), "", _chance(d, 30));
    }

    /// @dev Code at the address of a key: none, code that denies, code that obeys another key.
    function delegate(uint256 seed) external acts("delegate") {
        Dice memory d = _dice(seed);
        uint256 kind = _roll(d, 4);
        walletOwner[BOB] = address(0);
        vm.etch(party[BOB], kind == 0 ? bytes("") : abi.encodePacked(hex"ef0100", DELEGATE));
        if (kind != 0) _rotate(BOB, kind == 1 ? "" : "owner 1");
    }

    /// @dev The owners of the contract wallets change, and with them whose old signatures still count.
    function rotateWallet(uint256 seed) external acts("rotateWallet") {
        Dice memory d = _dice(seed);
        _rotate(_chance(d, 60) ? CAROL : GUILD, _chance(d, 50) ? "owner 0" : "owner 1");
    }

    /// @dev Tokens sent to the contract past all its functions belong to nobody.
    function donate(uint256 seed) external acts("donate") {
        Dice memory d = _dice(seed);
        uint256 t = _pickAccount(d) % TOKENS;
        uint256 amount = 1 + _roll(d, 20);
        if (wallet[MALLORY][t] < amount || !_moveTokens(MALLORY, address(settlement), t, amount)) return;
        wallet[MALLORY][t] -= amount;
        donated[t] += amount;
        _checkMoney(t);
    }

    /// @dev Each way in which the contract moves tokens, repeated by the token before it moves any, or with a payment slipped in.
    function repeatInside(uint256 seed) external acts("repeatInside") {
        Dice memory d = _dice(seed);
        QuirkyToken hostile = QuirkyToken(token[REENTERS]);
        hostile.setHostile(false, false);
        uint256 a = _account(CAROL, GUILD - FIRST_SERVER, REENTERS);
        if (wallet[CAROL][REENTERS] < 1000) _restock(CAROL, REENTERS);
        _allow(CAROL, REENTERS, type(uint256).max);
        _open(d, a);
        _look(a);
        hostile.setHostile(true, false);
        hostile.arm(address(0), "", false);
        repeats = true;
        if (keyOf[escrows[a].signer] != 0 && _chance(d, 60)) slipped = 1 + _slip(d, a);
        uint256 way = _roll(d, 4);
        if (way == 0) _relay(d, _pickRow(d, a));
        else if (way == 1) _batch(party[GUILD], _planOfLate(d, a), true);
        else if (way == 2 && _owed(a) == 0 && escrows[a].isOpen) _releaseOne(a);
        else if (way == 3) _topUpOne(a);
        (repeats, slipped) = (false, 0);
        hostile.setHostile(_chance(d, 20), false);
    }

    /* INTERNAL */

    function _planOfLate(Dice memory d, uint256 a) private returns (Plan[] memory plans) {
        uint256[] memory places = new uint256[](1);
        places[0] = _pickRow(d, a);
        plans = new Plan[](1);
        plans[0] = _planOf(a, places);
    }

    function _slip(Dice memory d, uint256 a) private returns (uint256 place) {
        address key = escrows[a].signer;
        if (_chance(d, 50)) return _fileClean(Kind.Tab, _freshTab(a, 0, 1), key, Form.Full);
        return _fileClean(Kind.Payment, _freshPayment(a, 1, 0), key, Form.Full);
    }

    /// @dev The one call that a token gets all gas in, and could settle in.
    function _topUpOne(uint256 a) private {
        IFlashSettlement.TopUp memory m;
        (m.client, m.server, m.token) = _parties(a);
        (m.amount, m.epoch) = (1, uint32(escrows[a].epoch));
        _topUpNow(m);
    }

    function _releaseOne(uint256 a) private {
        if (_spendable(a) == 0) return;
        if (_releaseNow(a, escrows[a].epoch, 1)) servers[a].releases.push(Release(1, 0, 0, true));
    }

    function _restock(uint256 c, uint256 t) internal override {
        uint256 have = wallet[MALLORY][t];
        _shift(MALLORY, c, t, have < 3000 ? have : 3000);
    }

    /// @dev All that a client has of a token goes out of its server's reach.
    function _hide(uint256 c, uint256 t) internal {
        _shift(c, MALLORY, t, wallet[c][t]);
    }

    /// @dev Past the quirks of a token, but not past USDC's.
    function _shift(uint256 from, uint256 to, uint256 t, uint256 amount) internal {
        if (amount > wallet[from][t] || !_moveTokens(from, party[to], t, amount)) return;
        wallet[from][t] -= amount;
        wallet[to][t] += amount;
    }

    function _moveTokens(uint256 from, address to, uint256 t, uint256 amount) private returns (bool ok) {
        if (t != USDC_TOKEN) {
            QuirkyToken(token[t]).shift(party[from], to, amount);
            return true;
        }
        vm.prank(party[from]);
        (ok, ) = token[t].call(abi.encodeCall(IERC20.transfer, (to, amount)));
    }

    function _allow(uint256 c, uint256 t, uint256 amount) internal {
        vm.prank(party[c]);
        // USDC refuses while it is paused or the client blacklisted.
        (bool ok, ) = token[t].call(abi.encodeCall(IERC20.approve, (address(settlement), amount)));
        assert(ok || t == USDC_TOKEN);
    }

    function _turnUsdc(Dice memory d) private {
        IFiatKeepers usdc = IFiatKeepers(token[USDC_TOKEN]);
        if (usdc.paused() || _chance(d, 25)) {
            bool paused = usdc.paused();
            vm.prank(usdc.pauser());
            if (paused) usdc.unpause();
            else usdc.pause();
            return;
        }
        // The contract itself seldom, and not for long.
        uint256 p = _chance(d, 50) ? _client(focus) : _serverOf(focus);
        bool isSelf = _chance(d, 8) || usdc.isBlacklisted(address(settlement));
        _list(usdc, isSelf ? address(settlement) : party[p]);
    }

    function _list(IFiatKeepers usdc, address account) private {
        bool listed = usdc.isBlacklisted(account);
        vm.prank(usdc.blacklister());
        if (listed) usdc.unBlacklist(account);
        else usdc.blacklist(account);
    }

    /// @dev All tokens behave, and everyone may hold USDC.
    function _calm() internal {
        for (uint256 t = 1; t < TOKENS; ++t) QuirkyToken(token[t]).setHostile(false, false);
        IFiatKeepers usdc = IFiatKeepers(token[USDC_TOKEN]);
        if (usdc.paused()) {
            vm.prank(usdc.pauser());
            usdc.unpause();
        }
        if (usdc.isBlacklisted(address(settlement))) _list(usdc, address(settlement));
        for (uint256 p; p < PARTIES; ++p) if (usdc.isBlacklisted(party[p])) _list(usdc, party[p]);
    }
}
