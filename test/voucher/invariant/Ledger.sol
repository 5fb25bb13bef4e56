// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../../contracts/interfaces/IVoucherEscrow.sol";
import {TokenFunding} from "../../../contracts/libraries/TokenFunding.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReenteringToken} from "./tokens/ReenteringToken.sol";
import {World} from "./World.sol";

interface IFiatState {
    function paused() external view returns (bool);

    function isBlacklisted(address account) external view returns (bool);
}

/// @title The ghost: what the escrow ought to hold, in plain numbers, and what it ought to refuse
/// @dev Unlike the contract it caps a thaw at the balance at once, keeps a list of used nonces instead of bitmaps and windows, and packs nothing.
abstract contract Ledger is World {
    struct Account {
        uint256 balance;
        uint256 thawing;
        uint256 end;
        uint256[LANES] collected;
        /// Highest `valueAggregate` ever signed, by whomever, for whichever chain or escrow.
        uint256[LANES] highestSigned;
    }

    struct Free {
        uint256 balance;
        uint256 next;
        /// Everything below was cancelled.
        uint256 floor;
    }

    /// @dev What must go wrong: at least one of these, and nothing when there is none.
    struct Expect {
        bytes4[12] reasons;
        uint256 count;
        /// Somebody else's error, of whatever kind.
        bool foreign;
    }

    Account[ACCOUNTS] internal accounts;
    Free[TOKENS][PARTIES] internal free;
    mapping(bytes32 key => bool used) internal isUsed;

    mapping(address buyer => mapping(address key => uint256 end)) internal signerEnd;
    mapping(address buyer => mapping(address key => bool revoked)) internal signerRevoked;

    bool[PARTIES] internal paysFree;
    uint256[PARTIES] internal payoutNonce;

    /// @dev Token balances of the parties, and of the escrow.
    uint256[TOKENS][PARTIES] internal wallet;
    uint256[TOKENS] internal held;
    uint256[TOKENS] internal donated;
    /// @dev What sellers were seen to receive for vouchers, in their wallets or as free balance.
    uint256[TOKENS][SELLERS] internal earned;

    /* EXPECTATIONS */

    function _unless(Expect memory e, bool holds, bytes4 reason) internal pure {
        if (!holds) e.reasons[e.count++] = reason;
    }

    function _foreignUnless(Expect memory e, bool holds) internal pure {
        if (!holds) e.foreign = true;
    }

    function _isFailure(Expect memory e) internal pure returns (bool) {
        return e.count != 0 || e.foreign;
    }

    function _names(Expect memory e, bytes4 reason) internal pure returns (bool) {
        for (uint256 i; i < e.count; ++i) if (e.reasons[i] == reason) return true;
        return false;
    }

    /// @dev Buyer, seller and asset make an account.
    function _expectParties(Expect memory e, address buyer, address seller, address asset) internal view {
        bool isFine = buyer != address(0) && buyer != address(escrow) && seller != address(0);
        _unless(e, isFine && seller != address(escrow) && seller != buyer, IVoucherEscrow.InvalidAddress.selector);
        _unless(e, asset != address(0) && asset != address(escrow), IVoucherEscrow.InvalidAsset.selector);
    }

    /// @dev `amount` more fits into an account.
    function _expectCredit(
        Expect memory e,
        address buyer,
        address seller,
        address asset,
        uint256 amount
    ) internal view {
        _expectParties(e, buyer, seller, asset);
        _unless(e, amount != 0, IVoucherEscrow.InvalidAmount.selector);
        (bool isKnown, uint256 account) = _find(buyer, seller, asset);
        uint256 room = isKnown ? MAX - accounts[account].balance - accounts[account].collected[0] : MAX;
        _unless(e, amount <= room, IVoucherEscrow.AmountTooLarge.selector);
    }

    /// @dev `amount` more fits into a free balance.
    function _expectFreeCredit(Expect memory e, address owner, address asset, uint256 amount) internal view {
        _unless(e, asset != address(escrow), IVoucherEscrow.InvalidAsset.selector);
        _unless(e, amount != 0, IVoucherEscrow.InvalidAmount.selector);
        uint256 t = tokenNumber[asset];
        uint256 room = t == 0 ? MAX : MAX - free[partyNumber[owner] - 1][t - 1].balance;
        _unless(e, amount <= room, IVoucherEscrow.AmountTooLarge.selector);
    }

    /// @dev The token moves exactly `amount` from `from` into the escrow, on behalf of `spender`.
    function _expectPull(Expect memory e, address asset, address from, uint256 amount, address spender) internal view {
        _unless(e, asset.code.length != 0, IVoucherEscrow.InvalidAsset.selector);
        uint256 t = tokenNumber[asset];
        if (t == 0) return;
        --t;
        _foreignUnless(e, IERC20(asset).balanceOf(from) >= amount);
        _foreignUnless(e, spender == address(0) || IERC20(asset).allowance(from, spender) >= amount);
        if (t == USDC_TOKEN) {
            _foreignUnless(e, !IFiatState(asset).paused() && !_isBlacklisted(from) && !_isBlacklisted(address(escrow)));
        } else if (_isHostile(t)) {
            if (t == TAKES_FEE) _unless(e, false, TokenFunding.TransferMismatch.selector);
            else _foreignUnless(e, t == REENTERS && !ReenteringToken(asset).bubbles());
        }
    }

    /// @dev The token pays `to` out of the escrow.
    function _expectPush(Expect memory e, uint256 t, address to) internal view {
        _unless(e, _canPush(t, to), IVoucherEscrow.TransferFailed.selector);
    }

    function _canPush(uint256 t, address to) internal view returns (bool) {
        if (t == USDC_TOKEN) {
            return !IFiatState(token[t]).paused() && !_isBlacklisted(to) && !_isBlacklisted(address(escrow));
        }
        if (!_isHostile(t)) return true;
        return t == TAKES_FEE || (t == REENTERS && !ReenteringToken(token[t]).bubbles());
    }

    /// @dev A seller is paid `amount` where it wants it.
    function _expectPayout(Expect memory e, uint256 seller, uint256 t, uint256 amount) internal view {
        if (amount == 0) return;
        uint256 p = _sellerParty(seller);
        if (paysFree[p]) _unless(e, free[p][t].balance + amount <= MAX, IVoucherEscrow.AmountTooLarge.selector);
        else _expectPush(e, t, party[p]);
    }

    function _expectFresh(Expect memory e, bytes32 key) internal view {
        _unless(e, !isUsed[key], IVoucherEscrow.NonceAlreadyUsed.selector);
    }

    /// @dev A nonce of a free balance counts while it is neither used, cancelled, nor 64 behind the newest.
    function _expectFreeNonce(Expect memory e, uint256 owner, uint256 t, uint64 nonce) internal view {
        _unless(e, _isFreeNonceFresh(owner, t, nonce), IVoucherEscrow.NonceAlreadyUsed.selector);
    }

    function _isFreeNonceFresh(uint256 owner, uint256 t, uint256 nonce) internal view returns (bool) {
        Free storage f = free[owner][t];
        return
            nonce < type(uint64).max &&
            nonce >= f.floor &&
            nonce + 64 >= f.next &&
            !isUsed[_freeNonceKey(owner, t, nonce)];
    }

    /* WHAT HAPPENS */

    function _credit(uint256 account, uint256 amount) internal {
        accounts[account].balance += amount;
    }

    function _debit(uint256 account, uint256 amount) internal {
        Account storage a = accounts[account];
        a.balance -= amount;
        if (a.thawing > a.balance) a.thawing = a.balance;
        if (a.balance == 0) a.end = 0;
    }

    /// @return amount What a voucher up to `total` moves now.
    function _draw(uint256 account, uint256 laneNumber, uint256 total) internal returns (uint256 amount) {
        Account storage a = accounts[account];
        uint256 collected = a.collected[laneNumber];
        if (total <= collected) return 0;
        amount = total - collected;
        if (amount > a.balance) amount = a.balance;
        a.collected[laneNumber] = collected + amount;
        _debit(account, amount);
    }

    function _pulled(uint256 from, uint256 t, uint256 amount) internal {
        wallet[from][t] -= amount;
        held[t] += amount;
    }

    function _pushed(uint256 t, uint256 to, uint256 amount) internal {
        held[t] -= amount;
        wallet[to][t] += amount - _fee(t, amount);
    }

    function _fee(uint256 t, uint256 amount) internal view returns (uint256) {
        return t == TAKES_FEE && amount != 0 && _isHostile(t) ? 1 : 0;
    }

    function _paid(uint256 seller, uint256 t, uint256 amount) internal {
        uint256 p = _sellerParty(seller);
        if (paysFree[p]) free[p][t].balance += amount;
        else _pushed(t, p, amount);
    }

    function _useFreeNonce(uint256 owner, uint256 t, uint64 nonce) internal {
        isUsed[_freeNonceKey(owner, t, nonce)] = true;
        Free storage f = free[owner][t];
        if (nonce >= f.next) f.next = uint256(nonce) + 1;
    }

    /* KEYS OF WHAT CAN BE USED ONCE */

    function _nonceKey(IVoucherEscrow.NonceKind kind, address owner, bytes32 nonce) internal pure returns (bytes32) {
        return keccak256(abi.encode("nonce", kind, owner, nonce));
    }

    function _freeNonceKey(uint256 owner, uint256 t, uint256 nonce) internal pure returns (bytes32) {
        return keccak256(abi.encode("free", owner, t, nonce));
    }

    function _flushAllKey(address owner, bytes32 nonce, uint256 account) internal pure returns (bytes32) {
        return keccak256(abi.encode("flush all", owner, nonce, account));
    }

    function _tokenNonceKey(uint256 method, address owner, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(abi.encode("token", method, owner, structHash));
    }

    /* COMPARING */

    function _checkAccount(uint256 account) internal {
        (address buyer, address seller, address asset) = _parties(account);
        IVoucherEscrow.EscrowAccount memory actual = escrow.getAccount(buyer, seller, asset);
        Account storage a = accounts[account];
        _must(actual.balance >= a.balance, 5, "money left an account");
        _mustEq(actual.balance, a.balance, 11, "balance of an account");
        _mustEq(actual.thawingAmount, a.thawing, 16, "thawing amount");
        _mustEq(actual.thawEndTime, a.end, 15, "end of a thaw");
        for (uint256 i; i < LANES; ++i) {
            uint256 collected = escrow.getVoucherCollected(buyer, seller, asset, lane[i]);
            _mustEq(collected, a.collected[i], 2, "collected total of a lane");
        }
    }

    function _checkFree(uint256 owner, uint256 t) internal {
        (uint256 balance, uint64 next, uint64 seen) = escrow.getFreeAccount(party[owner], token[t]);
        Free storage f = free[owner][t];
        _must(balance >= f.balance, 5, "money left a free balance");
        _mustEq(balance, f.balance, 11, "free balance");
        _mustEq(next, f.next, 4, "next nonce of a free balance");
        for (uint256 i; i < 64 && i < f.next; ++i) {
            bool isFresh = _isFreeNonceFresh(owner, t, f.next - 1 - i);
            _must(((seen >> i) & 1 == 0) == isFresh, 4, "a nonce of a free balance came back or got lost");
        }
    }

    /// @dev Who holds how much of a token, mallory and the escrow included.
    function _checkToken(uint256 t) internal {
        _mustEq(IERC20(token[t]).balanceOf(address(escrow)), held[t] + donated[t], 1, "token balance of the escrow");
        for (uint256 p; p < PARTIES; ++p) _mustEq(_balance(p, t), wallet[p][t], 6, "token balance of a party");
    }

    function _isBlacklisted(address account) private view returns (bool) {
        return IFiatState(token[USDC_TOKEN]).isBlacklisted(account);
    }
}
