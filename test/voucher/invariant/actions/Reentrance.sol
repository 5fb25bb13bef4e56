// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CampaignToken} from "../tokens/CampaignToken.sol";
import {ReenteringToken} from "../tokens/ReenteringToken.sol";
import {Environment} from "./Environment.sol";

/// @title A hostile token and its friend, a contract wallet that calls what the token wants, in the middle of every payment
abstract contract Reentrance is Environment {
    /// @dev Each way in which the escrow moves tokens, repeated by the token before it moves any.
    function repeatInside(uint256 seed) external acts("repeatInside") {
        Dice memory d = _dice(seed);
        uint256 account = _account(CAROL, GUILD - FIRST_SELLER, REENTERS);
        uint256 way = _roll(d, 6);
        CampaignToken(token[REENTERS]).setHostile(false);
        _fund(d, account);
        if (way == 0) _ripen(d, account);
        if (way == 1) _fundFree(d, CAROL, REENTERS);
        if (way == 2) _look(account);

        CampaignToken(token[REENTERS]).setHostile(true);
        ReenteringToken(token[REENTERS]).arm(address(0), "", false);
        repeats = true;
        _move(d, account, way);
        repeats = false;
        CampaignToken(token[REENTERS]).setHostile(_chance(d, 20));
    }

    /// @dev Something thaws and its time has come, while some of the account stays.
    function _ripen(Dice memory d, uint256 account) private {
        (uint256 b, uint256 s, uint256 t) = _parts(account);
        Account storage a = accounts[account];
        if (a.end == 0 && a.balance > 1) _thaw(b, s, t, a.balance / 2);
        _advance(d, a.end);
    }

    function _move(Dice memory d, uint256 account, uint256 way) private {
        (uint256 b, uint256 s, uint256 t) = _parts(account);
        (address buyer, address seller, address asset) = _parties(account);
        if (way == 0) _withdraw(b, s, t);
        else if (way == 1) _withdrawFree(b, t, free[b][t].balance / 2 + 1);
        else if (way == 2) _releaseNow(account, 0, 0, _spendable(account) / 2);
        else if (way == 3) _deposit(b, buyer, seller, asset, 1 + _roll(d, 100), false);
        else if (way == 4) _collectOne(d, account);
        else _collectSome(d, account);
    }

    function _collectOne(Dice memory d, uint256 account) private {
        uint256 place = _freshVoucher(d, account);
        _collect(_voucherAt(place), items[place].sig, party[MALLORY], 4);
    }

    function _collectSome(Dice memory d, uint256 account) private {
        (, uint256 s, uint256 t) = _parts(account);
        uint256[] memory places = new uint256[](2);
        (places[0], places[1]) = (_freshVoucher(d, account), _freshVoucher(d, account));
        _collectAsGroup(d, s, t, places);
    }

    /// @dev Worth a part of the account, on any lane.
    function _freshVoucher(Dice memory d, uint256 account) private returns (uint256) {
        uint256 n = _roll(d, LANES);
        uint256 value = accounts[account].collected[n] + 1 + _roll(d, 100);
        bytes memory data = abi.encode(_voucher(d, account, n, value, uint64(_now() + PERIOD)));
        return _fileClean(Kind.Voucher, data, walletOwner[CAROL], Form.Full);
    }
}
