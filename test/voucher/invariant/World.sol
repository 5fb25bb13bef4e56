// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVoucherEscrow} from "../../../contracts/interfaces/IVoucherEscrow.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Actor, Test} from "../../helpers/Test.sol";
import {FeeToken} from "./tokens/FeeToken.sol";
import {CampaignGasBurningToken} from "./tokens/CampaignGasBurningToken.sol";
import {CampaignNoReturnToken} from "./tokens/CampaignNoReturnToken.sol";
import {ReenteringToken} from "./tokens/ReenteringToken.sol";
import {ReturnsFalseToken} from "./tokens/ReturnsFalseToken.sol";
import {CampaignToken} from "./tokens/CampaignToken.sol";
import {DenyingWallet} from "./wallets/DenyingWallet.sol";
import {CampaignGasBurningWallet} from "./wallets/CampaignGasBurningWallet.sol";
import {CampaignOwnedWallet} from "./wallets/CampaignOwnedWallet.sol";
import {CampaignReturnBombWallet} from "./wallets/CampaignReturnBombWallet.sol";

/// @title Who and what takes part in the campaign, its dice, and its one verdict
/// @dev Parties, tokens and lanes are numbers; an account is the number {_account} makes of buyer, seller and token.
/// Buyers: 0 alice (a key), 1 bob (a key that gets and loses delegated code), 2 carol (a contract wallet), 3 dave (a key, also a seller).
/// Sellers: parties 3 dave, 4 shop, 5 keeper (earns free balance from the start), 6 guild (a contract wallet). Party 7 is mallory: she relays and attacks.
abstract contract World is Test {
    uint256 internal constant BUYERS = 4;
    uint256 internal constant SELLERS = 4;
    uint256 internal constant FIRST_SELLER = 3;
    uint256 internal constant PARTIES = 8;
    uint256 internal constant TOKENS = 6;
    uint256 internal constant LANES = 4;
    uint256 internal constant SIGNERS = 4;
    uint256 internal constant ACCOUNTS = BUYERS * SELLERS * TOKENS;

    uint256 internal constant ALICE = 0;
    uint256 internal constant BOB = 1;
    uint256 internal constant CAROL = 2;
    uint256 internal constant KEEPER = 5;
    uint256 internal constant GUILD = 6;
    uint256 internal constant MALLORY = 7;

    uint256 internal constant USDC_TOKEN = 0;
    uint256 internal constant NO_RETURN = 1;
    uint256 internal constant RETURNS_FALSE = 2;
    uint256 internal constant REENTERS = 3;
    uint256 internal constant BURNS_GAS = 4;
    uint256 internal constant TAKES_FEE = 5;

    uint256 internal constant PERIOD = 1 days;
    uint256 internal constant MAX = type(uint96).max;
    uint256 internal constant HOME_CHAIN = 8453;
    uint256 internal constant OTHER_CHAIN = 10;
    /// @dev What the wallets of both sides ask for: none, all that a batch gives, more than a batch gives.
    uint256 internal constant WALLET_GAS_MOST = 98_500;
    uint256 internal constant WALLET_GAS_TOO_MUCH = 200_000;
    address internal constant CANONICAL_PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;

    /// @dev How the bytes of a signature look.
    enum Form {
        Full,
        Compact,
        HighS,
        Broken
    }

    /// @dev A signature and the truth about it: which key signed which digest.
    struct Sig {
        bytes signature;
        address signedBy;
        bytes32 digest;
        Form form;
    }

    /// @dev Random numbers that follow from the one number the fuzzer gave.
    struct Dice {
        uint256 state;
    }

    // solhint-disable-next-line immutable-vars-naming
    IVoucherEscrow public immutable escrow;
    /// @notice A second escrow with the same code: signatures made for it must be worthless here.
    // solhint-disable-next-line immutable-vars-naming
    address public immutable twin;

    /// @dev Makes two campaigns with the same seeds different ones.
    // solhint-disable-next-line immutable-vars-naming
    uint256 internal immutable salt;

    address[PARTIES] public party;
    address[TOKENS] public token;
    address[SIGNERS] public signer;
    bytes32[LANES] public lane;
    mapping(address account => uint256 key) internal keyOf;
    mapping(address account => uint256 numberPlusOne) internal partyNumber;
    mapping(address asset => uint256 numberPlusOne) internal tokenNumber;

    /// @dev Key whose signature the code at a party's address accepts; zero when it accepts none.
    address[PARTIES] public walletOwner;
    /// @dev Gas that this code wants.
    uint256[PARTIES] internal walletGas;

    /// @dev The account most actions are about.
    uint256 internal focusBuyer;
    uint256 internal focusSeller;
    uint256 internal focusToken;

    address internal immutable DENYING;
    address internal immutable GAS_BURNING;
    address internal immutable RETURN_BOMB;
    address internal immutable OWNED;

    /// @notice Number of the first invariant that was seen broken; zero while all hold. Nothing happens any more after that.
    uint256 public violated;
    /// @notice What broke it.
    string public violation;
    /// @notice The action that is running.
    string public action;

    /// @dev Every action: nothing after the first violation, so that the report is about its cause.
    modifier acts(string memory name) {
        if (violated != 0) return;
        action = name;
        _;
    }

    constructor(IVoucherEscrow escrow_, address twin_, address usdc, uint256 salt_) {
        salt = salt_;
        escrow = escrow_;
        twin = twin_;
        DENYING = address(new DenyingWallet());
        GAS_BURNING = address(new CampaignGasBurningWallet());
        RETURN_BOMB = address(new CampaignReturnBombWallet());
        OWNED = address(new CampaignOwnedWallet());

        _join(ALICE, makeActor("alice").addr);
        _join(BOB, makeActor("bob").addr);
        _join(CAROL, address(new CampaignOwnedWallet()));
        _join(3, makeActor("dave").addr);
        _join(4, makeActor("shop").addr);
        _join(KEEPER, makeActor("keeper").addr);
        _join(GUILD, address(new CampaignOwnedWallet()));
        _join(MALLORY, makeActor("mallory").addr);
        string[8] memory keys = ["alice", "bob", "dave", "shop", "keeper", "mallory", "owner 0", "owner 1"];
        for (uint256 i; i < keys.length; ++i) _learn(makeActor(keys[i]));
        _rotate(CAROL, "owner 0", 0);
        _rotate(GUILD, "owner 1", 0);

        signer[0] = _learn(makeActor("session 0"));
        signer[1] = _learn(makeActor("session 1"));
        signer[2] = party[BOB];
        signer[3] = party[3];
        _focus(_dice(0));
        lane[1] = bytes32(uint256(1));
        lane[2] = keccak256("lane");
        lane[3] = bytes32(type(uint256).max);

        _list(USDC_TOKEN, usdc);
        _list(NO_RETURN, address(new CampaignNoReturnToken()));
        _list(RETURNS_FALSE, address(new ReturnsFalseToken()));
        _list(REENTERS, address(new ReenteringToken()));
        _list(BURNS_GAS, address(new CampaignGasBurningToken()));
        _list(TAKES_FEE, address(new FeeToken()));
    }

    /* DICE */

    function _dice(uint256 seed) internal view returns (Dice memory) {
        return Dice(uint256(keccak256(abi.encode(salt, seed))));
    }

    /// @return A number below `n`.
    function _roll(Dice memory d, uint256 n) internal pure returns (uint256) {
        d.state = uint256(keccak256(abi.encode(d.state)));
        return d.state % n;
    }

    function _chance(Dice memory d, uint256 percent) internal pure returns (bool) {
        return _roll(d, 100) < percent;
    }

    /// @return A buyer, a seller and a token that make an account; mostly the one in focus.
    function _pickAccount(Dice memory d) internal view returns (uint256, uint256, uint256) {
        if (_chance(d, 85)) return (focusBuyer, focusSeller, focusToken);
        uint256 buyer = _roll(d, BUYERS);
        uint256 seller = _roll(d, SELLERS);
        if (_sellerParty(seller) == buyer) seller = 1;
        return (buyer, seller, _roll(d, TOKENS));
    }

    /// @return Zero, one, `most`, one more, far too much, or anything in between; mostly the last.
    function _pickAmount(Dice memory d, uint256 most) internal pure returns (uint256) {
        uint256 kind = _roll(d, 30);
        if (kind == 0) return 0;
        if (kind == 1) return most + 1;
        if (kind == 2) return MAX - _roll(d, 2000);
        if (kind == 3) return uint256(1) << (90 + _roll(d, 160));
        if (kind < 9) return most;
        if (kind < 12) return 1;
        return 1 + _roll(d, most == 0 ? 1000 : most);
    }

    /// @return A time from which on an authorization is worthless: mostly soon, sometimes past.
    function _pickExpiry(Dice memory d) internal view returns (uint64) {
        uint256 kind = _roll(d, 16);
        if (kind == 0) return uint64(_now() - _roll(d, 3));
        if (kind == 1) return type(uint64).max;
        if (kind < 5) return uint64(_now() + _roll(d, 7200));
        return uint64(_now() + _roll(d, 4 * PERIOD));
    }

    /// @dev Another account for most actions to be about.
    function _focus(Dice memory d) internal {
        focusBuyer = _roll(d, BUYERS);
        focusSeller = _roll(d, SELLERS);
        if (_sellerParty(focusSeller) == focusBuyer) focusSeller = 1;
        focusToken = _chance(d, 25) ? USDC_TOKEN : _roll(d, TOKENS);
    }

    function _now() internal view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    /* NUMBERS */

    function _sellerParty(uint256 seller) internal pure returns (uint256) {
        return FIRST_SELLER + seller;
    }

    function _account(uint256 buyer, uint256 seller, uint256 t) internal pure returns (uint256) {
        return (buyer * SELLERS + seller) * TOKENS + t;
    }

    function _parts(uint256 account) internal pure returns (uint256 buyer, uint256 seller, uint256 t) {
        return (account / (SELLERS * TOKENS), (account / TOKENS) % SELLERS, account % TOKENS);
    }

    function _parties(uint256 account) internal view returns (address buyer, address seller, address asset) {
        (uint256 b, uint256 s, uint256 t) = _parts(account);
        return (party[b], party[_sellerParty(s)], token[t]);
    }

    /// @return isKnown False when these three do not make an account.
    function _find(address buyer, address seller, address asset) internal view returns (bool isKnown, uint256 account) {
        (uint256 b, uint256 s, uint256 t) = (partyNumber[buyer], partyNumber[seller], tokenNumber[asset]);
        isKnown = b != 0 && b <= BUYERS && s > FIRST_SELLER && s <= FIRST_SELLER + SELLERS && t != 0 && buyer != seller;
        if (isKnown) account = _account(b - 1, s - 1 - FIRST_SELLER, t - 1);
    }

    function _laneNumber(bytes32 id) internal view returns (uint256) {
        for (uint256 i; i < LANES; ++i) if (lane[i] == id) return i;
        revert("unknown lane");
    }

    /* VERDICT */

    /// @dev Holds, or is the first violation of invariant `v`.
    function _must(bool holds, uint256 v, string memory what) internal {
        if (holds || violated != 0) return;
        violated = v;
        violation = string.concat("V", vm.toString(v), " in ", action, ": ", what);
    }

    function _mustEq(uint256 actual, uint256 expected, uint256 v, string memory what) internal {
        if (actual == expected) return;
        _must(false, v, string.concat(what, " is ", vm.toString(actual), " and not ", vm.toString(expected)));
    }

    /* TOKENS */

    function _balance(uint256 p, uint256 t) internal view returns (uint256) {
        return IERC20(token[t]).balanceOf(party[p]);
    }

    function _isHostile(uint256 t) internal view returns (bool) {
        return t != USDC_TOKEN && CampaignToken(token[t]).isHostile();
    }

    /* WALLETS */

    /// @dev Gives a contract wallet another owner.
    function _rotate(uint256 p, string memory name, uint256 gasNeeded) internal {
        address owner = makeActor(name).addr;
        CampaignOwnedWallet(party[p]).rotate(owner);
        CampaignOwnedWallet(party[p]).setGasNeeded(gasNeeded);
        (walletOwner[p], walletGas[p]) = (owner, gasNeeded);
    }

    /* SETTING UP */

    function _learn(Actor memory actor) internal returns (address) {
        keyOf[actor.addr] = actor.key;
        return actor.addr;
    }

    function _join(uint256 p, address account) private {
        party[p] = account;
        partyNumber[account] = p + 1;
    }

    function _list(uint256 t, address asset) private {
        token[t] = asset;
        tokenNumber[asset] = t + 1;
    }
}
