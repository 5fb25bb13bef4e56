// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IFlashSettlement} from "../../../contracts/interfaces/IFlashSettlement.sol";
import {Actor, Test} from "../../helpers/Test.sol";
import {OwnedWallet} from "../../mocks/OwnedWallet.sol";
import {QuirkyToken} from "./QuirkyToken.sol";

/// @title Who and what takes part in the campaign, its dice, and its one verdict
/// @dev Parties, tokens and lanes are numbers; an account is the number {_account} makes of client, server and token.
/// Clients: 0 alice (a key), 1 bob (a key that gets and loses delegated code), 2 carol (a contract wallet), 3 dave (a key, also a server).
/// Servers: parties 3 dave, 4 shop, 5 guild (a contract wallet). Party 6 is the agent, whom servers name as settler; 7 is mallory, who
/// relays and attacks, and keeps what the clients hide from their servers.
abstract contract FlashWorld is Test {
    uint256 internal constant CLIENTS = 4;
    uint256 internal constant SERVERS = 3;
    uint256 internal constant FIRST_SERVER = 3;
    uint256 internal constant PARTIES = 8;
    uint256 internal constant TOKENS = 6;
    uint256 internal constant LANES = 3;
    uint256 internal constant ACCOUNTS = CLIENTS * SERVERS * TOKENS;

    uint256 internal constant BOB = 1;
    uint256 internal constant CAROL = 2;
    uint256 internal constant GUILD = 5;
    uint256 internal constant AGENT = 6;
    uint256 internal constant MALLORY = 7;

    uint256 internal constant USDC_TOKEN = 0;
    uint256 internal constant NO_RETURN = 1;
    uint256 internal constant RETURNS_FALSE = 2;
    uint256 internal constant REENTERS = 3;
    uint256 internal constant BURNS_GAS = 4;
    uint256 internal constant TAKES_FEE = 5;

    uint256 internal constant MAX = type(uint96).max;
    uint256 internal constant NEVER = type(uint40).max;
    uint256 internal constant MIN_CLOSE_DELAY = 60;
    uint256 internal constant MAX_CLOSE_DELAY = 30 days;
    uint256 internal constant HOME_CHAIN = 8453;
    uint256 internal constant OTHER_CHAIN = 10;
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
    IFlashSettlement public immutable settlement;
    /// @notice A second contract with the same code: signatures made for it must be worthless here.
    // solhint-disable-next-line immutable-vars-naming
    address public immutable twin;
    /// @dev Makes two campaigns with the same seeds different ones.
    // solhint-disable-next-line immutable-vars-naming
    uint256 internal immutable salt;

    address[PARTIES] public party;
    address[TOKENS] public token;
    uint64[LANES] public lane;
    mapping(address account => uint256 key) internal keyOf;
    mapping(address account => uint256 numberPlusOne) internal partyNumber;
    mapping(address asset => uint256 numberPlusOne) internal tokenNumber;
    /// @dev Key whose signature the code at a party's address accepts; zero when it accepts none.
    address[PARTIES] public walletOwner;
    /// @dev Keys that clients let sign payments.
    address[2] internal agentKey;
    address internal immutable DELEGATE;

    /// @dev The account most actions are about.
    uint256 internal focus;

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

    constructor(IFlashSettlement settlement_, address twin_, address usdc, uint256 salt_) {
        (settlement, twin, salt) = (settlement_, twin_, salt_);
        DELEGATE = address(new OwnedWallet(address(0)));
        string[6] memory names = ["alice", "bob", "dave", "shop", "agent", "mallory"];
        uint8[6] memory numbers = [0, 1, 3, 4, 6, 7];
        for (uint256 i; i < names.length; ++i) _join(numbers[i], _learn(names[i]));
        _join(CAROL, address(new OwnedWallet(address(0))));
        _join(GUILD, address(new OwnedWallet(address(0))));
        _learn("owner 0");
        _learn("owner 1");
        _rotate(CAROL, "owner 0");
        _rotate(GUILD, "owner 1");
        agentKey = [_learn("session 0"), _learn("session 1")];
        lane = [0, 1, type(uint64).max];

        _list(USDC_TOKEN, usdc);
        for (uint256 t = 1; t < TOKENS; ++t) _list(t, address(new QuirkyToken(QuirkyToken.Quirk(t - 1))));
        _focus(_dice(0));
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

    /// @return Mostly the account in focus.
    function _pickAccount(Dice memory d) internal view returns (uint256) {
        return _chance(d, 85) ? focus : _anyAccount(d);
    }

    /// @return Zero, one, `most`, one more, far too much, or anything in between; mostly the last.
    function _pickAmount(Dice memory d, uint256 most) internal pure returns (uint256) {
        uint256 kind = _roll(d, 30);
        if (kind == 0) return 0;
        if (kind == 1) return most + 1;
        if (kind == 2) return MAX - _roll(d, 2000);
        if (kind == 3) return uint256(1) << (90 + _roll(d, 30));
        if (kind < 9) return most;
        if (kind < 12) return 1;
        return 1 + _roll(d, most == 0 ? 1000 : most);
    }

    /// @return A deadline that a message must have: mostly soon, sometimes past.
    function _pickDeadline(Dice memory d) internal view returns (uint40) {
        uint256 kind = _roll(d, 16);
        if (kind == 0) return uint40(_now() - _roll(d, 3));
        if (kind == 1) return type(uint40).max;
        return uint40(_now() + _roll(d, kind < 5 ? 2 hours : 4 days));
    }

    /// @dev Another account for most actions to be about.
    function _focus(Dice memory d) internal {
        focus = _anyAccount(d);
        if (_chance(d, 20)) focus = focus - (focus % TOKENS) + USDC_TOKEN;
    }

    function _anyAccount(Dice memory d) private pure returns (uint256) {
        (uint256 c, uint256 s) = (_roll(d, CLIENTS), _roll(d, SERVERS));
        if (FIRST_SERVER + s == c) s = 1;
        return _account(c, s, _roll(d, TOKENS));
    }

    function _now() internal view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    /* NUMBERS */

    function _account(uint256 client, uint256 server, uint256 t) internal pure returns (uint256) {
        return (client * SERVERS + server) * TOKENS + t;
    }

    /// @return client Number of a party.
    /// @return server Number of a party too.
    function _parts(uint256 a) internal pure returns (uint256 client, uint256 server, uint256 t) {
        return (a / (SERVERS * TOKENS), FIRST_SERVER + ((a / TOKENS) % SERVERS), a % TOKENS);
    }

    function _parties(uint256 a) internal view returns (address client, address server, address asset) {
        (uint256 c, uint256 s, uint256 t) = _parts(a);
        return (party[c], party[s], token[t]);
    }

    function _id(uint256 a) internal view returns (bytes32) {
        (address client, address server, address asset) = _parties(a);
        return keccak256(abi.encode(client, server, asset));
    }

    /// @return isKnown False when these three do not make an account.
    function _find(address client, address server, address asset) internal view returns (bool isKnown, uint256 a) {
        (uint256 c, uint256 s, uint256 t) = (partyNumber[client], partyNumber[server], tokenNumber[asset]);
        isKnown =
            c != 0 &&
            c <= CLIENTS &&
            s > FIRST_SERVER &&
            s <= FIRST_SERVER + SERVERS &&
            t != 0 &&
            client != server;
        if (isKnown) a = _account(c - 1, s - 1 - FIRST_SERVER, t - 1);
    }

    /* VERDICT */

    /// @dev Holds, or is the first violation of invariant `v`.
    function _must(bool holds, uint256 v, string memory what) internal {
        if (holds || violated != 0) return;
        violated = v;
        violation = string.concat("F", vm.toString(v), " in ", action, ": ", what);
    }

    function _mustEq(uint256 actual, uint256 expected, uint256 v, string memory what) internal {
        if (actual == expected) return;
        _must(false, v, string.concat(what, " is ", vm.toString(actual), " and not ", vm.toString(expected)));
    }

    /* TOKENS AND WALLETS */

    function _balanceAt(uint256 t, address holder) internal view returns (uint256) {
        return t == USDC_TOKEN ? IERC20(token[t]).balanceOf(holder) : QuirkyToken(token[t]).held(holder);
    }

    function _allowanceAt(uint256 t, address holder, address spender) internal view returns (uint256) {
        if (t == USDC_TOKEN) return IERC20(token[t]).allowance(holder, spender);
        return QuirkyToken(token[t]).granted(holder, spender);
    }

    function _isHostile(uint256 t) internal view returns (bool) {
        return t != USDC_TOKEN && QuirkyToken(token[t]).isHostile();
    }

    function _isMute(uint256 t) internal view returns (bool) {
        return t != USDC_TOKEN && QuirkyToken(token[t]).isMute();
    }

    /// @dev Gives a contract wallet another owner; an unknown name none.
    function _rotate(uint256 p, string memory name) internal {
        address owner = bytes(name).length == 0 ? address(0) : makeActor(name).addr;
        OwnedWallet(party[p]).rotate(owner);
        walletOwner[p] = owner;
    }

    /* SETTING UP */

    function _learn(string memory name) private returns (address) {
        Actor memory actor = makeActor(name);
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
