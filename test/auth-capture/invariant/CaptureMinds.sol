// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUsdc} from "../../base/IUsdc.sol";
import {OwnedWallet} from "../../mocks/OwnedWallet.sol";
import {CaptureWorld} from "./CaptureWorld.sol";

/// @title Whose signature counts, whom a token refuses, and what of it the campaign has met
abstract contract CaptureMinds is CaptureWorld {
    /// @notice What the campaign must meet of wallets and of USDC's blacklist.
    enum Sight {
        None,
        // A wallet signs, and its signature counts.
        WalletPays,
        WalletAuthorizes,
        WalletConsents,
        WalletRules,
        // A wallet signed, and does not stand by it any more.
        PaymentTakenBack,
        ConsentTakenBack,
        // A key with code: the key counts although its code denies it, or its code signs for it.
        KeyBesideItsCode,
        CodeForItsKey,
        // Nothing but USDC's blacklist is in the way.
        PayerBlocked,
        ReceiverBlocked,
        FeeReceiverBlocked,
        StoreBlocked,
        // A payment of which something was refused so goes on.
        GoesOn
    }

    /// @notice How often each was met.
    mapping(Sight sight => uint256 times) public sights;

    mapping(uint256 payment => bool blocked) private _wasBlocked;

    /* SIGNATURES */

    /// @dev The key that signs for an account; one that counts no more for a wallet that listens to nobody.
    /// @param asksCode Whether the code of a key is heard, as a token hears it.
    function _keyFor(address account, bool asksCode) internal view returns (address) {
        Mind memory mind = minds[account];
        if (keyOf[account] != 0 && !(asksCode && mind.owner != address(0))) return account;
        return mind.owner == address(0) ? firstOwnerOf[account] : mind.owner;
    }

    /// @dev Whether an operator takes a key's signature for the account's: its own, or what its code answers to.
    function _counts(address account, address key) internal view returns (bool) {
        return key != address(0) && (key == account || key == minds[account].owner);
    }

    /// @dev The same of USDC and Permit2: where there is code, they ask nobody else.
    function _countsAtToken(address account, address key) internal view returns (bool) {
        return key != address(0) && key == (minds[account].hasCode ? minds[account].owner : account);
    }

    /// @dev A wallet gets another owner, or none; a key gets such a wallet's code.
    function _turn(Dice memory dice, address account) internal {
        address[3] memory owners = [firstOwnerOf[account], heir, address(0)];
        _setMind(account, true, owners[_roll(dice, 3)]);
    }

    function _setMind(address account, bool hasCode, address owner) internal {
        // The designator of an EIP-7702 delegation.
        if (keyOf[account] != 0) vm.etch(account, hasCode ? abi.encodePacked(hex"ef0100", delegate) : bytes(""));
        if (hasCode) OwnedWallet(account).rotate(owner);
        minds[account] = Mind(hasCode, owner);
    }

    /// @dev Wallets listen to their first owners again, and keys have no code.
    function _calmMinds() internal {
        for (uint256 i; i < PARTIES; ++i) {
            address account = accounts[i];
            if (keyOf[account] == 0) _setMind(account, true, firstOwnerOf[account]);
            else if (minds[account].hasCode) _setMind(account, false, address(0));
        }
    }

    /* TOKENS */

    function _isRefused(address token, address account) internal view returns (bool) {
        return token == address(moody) ? moody.refuses(account) : blocked[account];
    }

    /// @dev Puts an account on USDC's blacklist, or takes it off.
    function _setBlocked(address account, bool isBlocked) internal {
        vm.prank(place.blacklister);
        if (isBlocked) IUsdc(place.usdc).blacklist(account);
        else IUsdc(place.usdc).unBlacklist(account);
        blocked[account] = isBlocked;
    }

    /// @dev Tokens refuse nobody any more.
    function _calm() internal {
        for (uint256 i; i < accounts.length; ++i) {
            if (moody.refuses(accounts[i])) moody.setRefused(accounts[i], false);
            if (blocked[accounts[i]]) _setBlocked(accounts[i], false);
        }
    }

    /// @dev What of the shares of a captured amount the token refuses.
    function _refusalOfShares(Payment memory payment, uint256 captured, uint256 fee) internal view returns (Sight) {
        address token = payment.info.token;
        if (fee != 0 && _isRefused(token, operators[payment.operator].terms.feeReceiver)) {
            return Sight.FeeReceiverBlocked;
        }
        return captured > fee && _isRefused(token, payment.info.receiver) ? Sight.ReceiverBlocked : Sight.None;
    }

    /* SIGHTS */

    /// @dev A call was refused for this reason alone.
    function _noteRefusal(Sight why, uint256 payment) internal {
        // The other token's moods are not the blacklist.
        if (why == Sight.None || (why >= Sight.PayerBlocked && payments[payment].info.token != place.usdc)) return;
        ++sights[why];
        if (why >= Sight.PayerBlocked) _wasBlocked[payment] = true;
    }

    /// @dev A call about a payment went through.
    function _noteSuccess(uint256 payment) internal {
        if (_wasBlocked[payment]) ++sights[Sight.GoesOn];
    }

    /// @dev A signature of `key` counted for `account`; `byWallet` is what it means if that is a wallet.
    function _noteSignature(address account, address key, Sight byWallet) internal {
        if (!minds[account].hasCode) return;
        if (keyOf[account] == 0) ++sights[byWallet];
        else ++sights[key == account ? Sight.KeyBesideItsCode : Sight.CodeForItsKey];
    }
}
