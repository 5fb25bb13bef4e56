// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashSettlement} from "../../../contracts/interfaces/IFlashSettlement.sol";
import {TokenFunding} from "../../../contracts/libraries/TokenFunding.sol";
import {FlashWorld} from "./FlashWorld.sol";
import {QuirkyToken} from "./QuirkyToken.sol";

interface IFiatState {
    function paused() external view returns (bool);

    function isBlacklisted(address account) external view returns (bool);
}

/// @title The ghost: what the contract ought to hold, in plain numbers, and what it ought to refuse
/// @dev It packs nothing, keeps a list of used keys instead of bitmaps, and undoes nothing.
abstract contract FlashLedger is FlashWorld {
    struct Ghost {
        uint256 balance;
        uint256 settled;
        uint256 unlockAt;
        uint256 closeDelay;
        uint256 epoch;
        address signer;
        bool isOpen;
        bool clientClosed;
        bool serverClosed;
    }

    /// @dev What must go wrong: at least one of these, and nothing when there is none.
    struct Expect {
        bytes4[12] reasons;
        uint256 count;
        /// Somebody else's error, of whatever kind.
        bool foreign;
    }

    /// @dev What a settlement takes from where.
    struct Split {
        uint256 fromWallet;
        uint256 fromEscrow;
    }

    Ghost[ACCOUNTS] internal escrows;
    /// @dev Nonces of payments, accounts and tokens, and contents of transactions.
    mapping(bytes32 key => bool used) internal isUsed;
    mapping(bytes32 laneKey => uint256 amount) internal tabPaid;
    /// @dev Highest total ever signed for a lane, by whomever.
    mapping(bytes32 laneKey => uint256 total) internal highestTotal;
    /// @dev All that was ever signed or sent by the client's side for an account and epoch, each payment once and each lane's highest total.
    mapping(bytes32 epochKey => uint256 amount) internal promised;

    uint256[TOKENS][PARTIES] internal wallet;
    uint256[TOKENS][PARTIES] internal credit;
    uint256[TOKENS] internal held;
    uint256[TOKENS] internal donated;
    /// @dev By server and settler.
    uint256[PARTIES][PARTIES] internal settlerEnd;
    uint256[PARTIES][PARTIES] internal settlerSequence;
    /// @dev Token that the original entries mean, plus one; by client and server.
    uint256[PARTIES][CLIENTS] internal pairToken;

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

    function _expectInTime(Expect memory e, uint256 deadline) internal view {
        _unless(e, _now() <= deadline, IFlashSettlement.Expired.selector);
    }

    /// @dev The three make an account that is open in `epoch`. Behind a failure there is nothing to look at.
    function _expectOpenIn(
        Expect memory e,
        address client,
        address server,
        address asset,
        uint256 epoch
    ) internal view returns (bool isOpen, uint256 a) {
        (isOpen, a) = _find(client, server, asset);
        isOpen = isOpen && escrows[a].isOpen;
        _unless(e, isOpen, IFlashSettlement.NoEscrow.selector);
        if (isOpen) _unless(e, escrows[a].epoch == epoch, IFlashSettlement.WrongEpoch.selector);
    }

    /// @dev The token moves exactly `amount` from a client into the contract, on behalf of `spender`; zero for nobody's.
    function _expectPull(Expect memory e, address asset, address from, uint256 amount, address spender) internal view {
        uint256 t = tokenNumber[asset];
        if (t == 0) return;
        --t;
        _foreignUnless(e, _balanceAt(t, from) >= amount);
        _foreignUnless(e, spender == address(0) || _allowanceAt(t, from, spender) >= amount);
        _foreignUnless(e, !_isMute(t));
        if (t == USDC_TOKEN) {
            _foreignUnless(e, !_isPaused() && !_isBlacklisted(from) && !_isBlacklisted(address(settlement)));
        } else if (_isHostile(t)) {
            if (t == TAKES_FEE) _unless(e, amount == 0, TokenFunding.TransferMismatch.selector);
            else _foreignUnless(e, t == REENTERS && !QuirkyToken(asset).bubbles());
        }
    }

    /// @dev A transfer of the contract, or on its behalf, goes through, if the means are there.
    function _canMove(uint256 t, address from, address to) internal view returns (bool) {
        if (t == USDC_TOKEN) {
            bool isListed = _isBlacklisted(from) || _isBlacklisted(to) || _isBlacklisted(address(settlement));
            return !_isPaused() && !isListed;
        }
        if (!_isHostile(t)) return true;
        return t == TAKES_FEE || (t == REENTERS && !QuirkyToken(token[t]).bubbles());
    }

    function _canPush(uint256 t, address to) internal view returns (bool) {
        return _canMove(t, address(settlement), to);
    }

    /* THE COLLECTION */

    /// @return What the wallet has and lets the contract have.
    function _pullable(uint256 a) internal view returns (uint256) {
        return _pullableOf(a, _granted(a));
    }

    function _pullableOf(uint256 a, uint256 granted) internal view returns (uint256 least) {
        (uint256 c, , uint256 t) = _parts(a);
        if (_isMute(t)) return 0;
        least = wallet[c][t] < granted ? wallet[c][t] : granted;
        if (least > MAX) least = MAX;
    }

    function _granted(uint256 a) internal view returns (uint256) {
        (address client, , ) = _parties(a);
        return _allowanceAt(a % TOKENS, client, address(settlement));
    }

    function _canPull(uint256 a) internal view returns (bool) {
        (address client, address server, ) = _parties(a);
        return _canMove(a % TOKENS, client, server);
    }

    /// @dev Wallet first, escrow for the rest; if the wallet fails, escrow alone.
    function _expectCollect(
        Expect memory e,
        uint256 a,
        uint256 amount,
        bool allowPartial
    ) internal view returns (Split memory) {
        uint256 balance = escrows[a].balance;
        _unless(e, amount + escrows[a].settled <= MAX, IFlashSettlement.AmountTooLarge.selector);
        uint256 fromWallet = _pullable(a);
        if (amount < fromWallet) fromWallet = amount;
        bool isCovered = _covers(fromWallet + balance, amount, allowPartial);
        if (fromWallet != 0 && !_canPull(a)) {
            fromWallet = 0;
            isCovered = isCovered && _covers(balance, amount, allowPartial);
        }
        _unless(e, isCovered, IFlashSettlement.NotCovered.selector);
        return Split(fromWallet, amount - fromWallet < balance ? amount - fromWallet : balance);
    }

    function _covers(uint256 available, uint256 amount, bool allowPartial) private pure returns (bool) {
        return available >= amount || (allowPartial && available != 0);
    }

    /* WHAT HAPPENS */

    function _pulled(uint256 from, uint256 t, uint256 amount) internal {
        wallet[from][t] -= amount;
        held[t] += amount;
    }

    /// @dev Pays out of the contract; what the token refuses is a credit.
    function _pushed(uint256 owner, uint256 t, uint256 to, uint256 amount) internal {
        if (amount == 0) return;
        if (!_canPush(t, party[to])) {
            credit[owner][t] += amount;
            return;
        }
        held[t] -= amount;
        wallet[to][t] += amount - _fee(t);
    }

    function _fee(uint256 t) internal view returns (uint256) {
        return t == TAKES_FEE && _isHostile(t) ? 1 : 0;
    }

    function _booked(uint256 a, uint256 fromWallet, uint256 fromEscrow) internal {
        (uint256 c, uint256 s, uint256 t) = _parts(a);
        if (fromWallet != 0) {
            wallet[c][t] -= fromWallet;
            wallet[s][t] += fromWallet - _fee(t);
        }
        escrows[a].balance -= fromEscrow;
        escrows[a].settled += fromWallet + fromEscrow;
        credit[s][t] += fromEscrow;
    }

    /// @dev The epoch ends; what is left goes to a party.
    function _refunded(uint256 a, uint256 to) internal {
        _beforeRefund(a);
        (uint256 c, , uint256 t) = _parts(a);
        Ghost storage g = escrows[a];
        (uint256 rest, uint256 epoch) = (g.balance, g.epoch);
        delete escrows[a];
        g.epoch = epoch + 1;
        _pushed(c, t, to, rest);
    }

    /// @dev What the server accepted must have been paid by now.
    function _beforeRefund(uint256 a) internal virtual;

    /* KEYS OF WHAT CAN BE USED ONCE */

    function _paymentKey(uint256 a, uint256 epoch, uint256 nonce) internal pure returns (bytes32) {
        return keccak256(abi.encode("payment", a, epoch, nonce));
    }

    function _laneKey(uint256 a, uint256 epoch, uint256 id) internal pure returns (bytes32) {
        return keccak256(abi.encode("lane", a, epoch, id));
    }

    function _epochKey(uint256 a, uint256 epoch) internal pure returns (bytes32) {
        return keccak256(abi.encode("epoch", a, epoch));
    }

    function _accountNonceKey(address account, uint256 nonce) internal pure returns (bytes32) {
        return keccak256(abi.encode("account", account, nonce));
    }

    function _tokenNonceKey(uint256 method, address owner, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(abi.encode("token", method, owner, structHash));
    }

    /* COMPARING */

    function _checkEscrow(uint256 a) internal {
        (address client, address server, address asset) = _parties(a);
        IFlashSettlement.Escrow memory actual = settlement.escrowOf(client, server, asset);
        Ghost storage g = escrows[a];
        _must(actual.balance >= g.balance, 6, "money left an escrow");
        _mustEq(actual.balance, g.balance, 13, "balance of an escrow");
        _mustEq(actual.settled, g.settled, 3, "settled total of an escrow");
        _mustEq(actual.unlockAt, g.unlockAt, 7, "end of an escrow");
        _mustEq(actual.closeDelay, g.closeDelay, 7, "close delay of an escrow");
        _mustEq(actual.epoch, g.epoch, 11, "epoch of an escrow");
        _must(actual.signer == g.signer, 11, "another signer of an escrow");
        uint256 flags = (g.isOpen ? 1 : 0) + (g.clientClosed ? 2 : 0) + (g.serverClosed ? 4 : 0);
        _mustEq(actual.flags, flags, 5, "flags of an escrow");
        for (uint256 i; i < LANES; ++i) {
            uint256 paid = settlement.tabSettled(_id(a), uint32(g.epoch), lane[i]);
            _mustEq(paid, tabPaid[_laneKey(a, g.epoch, lane[i])], 4, "settled total of a lane");
        }
        _checkPairToken(a);
    }

    function _checkPairToken(uint256 a) private {
        (uint256 c, uint256 s, uint256 t) = _parts(a);
        uint256 named = pairToken[c][s];
        uint256 expected = named == 0 ? 0 : escrows[a - t + named - 1].balance;
        _mustEq(settlement.escrowBalance(party[c], party[s]), expected, 13, "balance of a pair");
    }

    /// @dev Who holds how much of a token, and has how much credit.
    function _checkMoney(uint256 t) internal {
        _mustEq(_balanceAt(t, address(settlement)), held[t] + donated[t], 1, "token balance of the contract");
        for (uint256 p; p < PARTIES; ++p) {
            _mustEq(_balanceAt(t, party[p]), wallet[p][t], 13, "token balance of a party");
            _mustEq(settlement.creditOf(party[p], token[t]), credit[p][t], 13, "credit of a party");
        }
    }

    function _check(uint256 a) internal {
        _checkEscrow(a);
        _checkMoney(a % TOKENS);
    }

    function _isPaused() internal view returns (bool) {
        return IFiatState(token[USDC_TOKEN]).paused();
    }

    function _isBlacklisted(address account) internal view returns (bool) {
        return IFiatState(token[USDC_TOKEN]).isBlacklisted(account);
    }
}
