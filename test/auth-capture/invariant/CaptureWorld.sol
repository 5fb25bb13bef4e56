// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IAuthCaptureEscrowCommon} from "../../../contracts/interfaces/external/IAuthCaptureEscrowCommon.sol";
import {ITermsOperatorCommon} from "../../../contracts/interfaces/ITermsOperatorCommon.sol";
import {ITermsOperatorFactory} from "../../../contracts/interfaces/ITermsOperatorFactory.sol";
import {Test} from "../../helpers/Test.sol";
import {AllowanceRefundCollector} from "../../mocks/auth-capture/AllowanceRefundCollector.sol";
import {ForeignCollector} from "../../mocks/auth-capture/ForeignCollector.sol";
import {OwnedWallet} from "../../mocks/OwnedWallet.sol";
import {MoodyToken} from "./MoodyToken.sol";

/// @title Who and what takes part in the campaign, what must be true of it, its dice, and its one verdict
/// @dev Everybody is hostile: payers, receivers, authorizer and arbiter sign whatever the dice say, and mallory relays it.
abstract contract CaptureWorld is Test {
    /// @notice What a campaign is given.
    struct Place {
        ITermsOperatorFactory factory;
        address usdc;
        address blacklister;
        // By generation: 0 is v1.1, 1 is v1.0.
        address[2] escrow;
        address[2] refundCollector;
        address[2] implementation;
        address[2] erc3009Collector;
        address[2] permit2Collector;
        address[2] preApprovalCollector;
    }

    struct Operator {
        ITermsOperatorCommon clone;
        ITermsOperatorCommon.Terms terms;
        uint256 generation;
        address store;
    }

    /// @dev A payment, and what must be true of it.
    struct Payment {
        IAuthCaptureEscrowCommon.PaymentInfo info;
        uint256 operator;
        bytes32 hash;
        // How the payer signed it: 0 ERC-3009, 1 pre-approval.
        uint256 method;
        bytes signature;
        // The key that signed it.
        address signer;
        bool collected;
        uint256 capturable;
        uint256 refundable;
        uint256 disputedAt;
    }

    /// @dev Code of an account, and whose key it answers to; zero for nobody's.
    struct Mind {
        bool hasCode;
        address owner;
    }

    /// @dev Random numbers that follow from the one number the fuzzer gave.
    struct Dice {
        uint256 state;
    }

    uint256 internal constant OPERATORS = 9;
    /// @dev The first so many accounts.
    uint256 internal constant PARTIES = 12;
    uint256 internal constant CHAIN = 8453;
    uint256 internal constant BPS = 10_000;
    uint8 internal constant CHARGE_FLOW = 1;
    uint8 internal constant DISPUTE_DEFAULT_RECEIVER = 2;
    address internal constant CANONICAL_PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;

    /// @dev Makes two campaigns with the same seeds different ones.
    uint256 private immutable SALT;

    Place internal place;
    MoodyToken internal moody;
    /// @dev Collectors that nobody should name, by generation; both work.
    address[2] internal foreignCollector;
    address[2] internal allowanceCollector;
    Operator[] internal operators;
    Payment[] internal payments;

    /// @dev The last one is a wallet.
    address[3] internal payers;
    address[2] internal receivers;
    address internal authorizer;
    address internal arbiter;
    address internal walletAuthorizer;
    address internal walletArbiter;
    address internal sponsor;
    address internal mallory;
    address internal feeReceiver;
    mapping(address account => uint256 key) internal keyOf;

    /// @dev The next owner of every wallet.
    address internal heir;
    /// @dev Whose code keys are given.
    address internal delegate;
    mapping(address account => Mind mind) internal minds;
    mapping(address account => address owner) internal firstOwnerOf;
    /// @dev USDC's blacklist.
    mapping(address account => bool isBlocked) internal blocked;

    /// @dev Whose tokens are counted.
    address[] internal accounts;
    /// @dev What everyone must hold.
    mapping(address token => mapping(address account => uint256 amount)) internal purse;

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

    constructor(Place memory place_, uint256 salt) {
        SALT = salt;
        place = place_;
        moody = new MoodyToken();
        heir = _learnKey("heir");
        delegate = address(new OwnedWallet(address(0)));
        payers = [_learn("payer 0"), _learn("payer 1"), _learnWallet("payer 2")];
        receivers = [_learn("receiver 0"), _learn("receiver 1")];
        (authorizer, arbiter, sponsor) = (_learn("authorizer"), _learn("arbiter"), _learn("sponsor"));
        (mallory, feeReceiver) = (_learn("mallory"), _learn("fee receiver"));
        (walletAuthorizer, walletArbiter) = (_learnWallet("wallet authorizer"), _learnWallet("wallet arbiter"));
        assert(accounts.length == PARTIES);
        for (uint256 i; i < OPERATORS; ++i) _deploy(_termsOf(i), i < 6 ? 0 : 1);
        for (uint256 g; g < 2; ++g) {
            foreignCollector[g] = address(new ForeignCollector(place.escrow[g]));
            allowanceCollector[g] = address(new AllowanceRefundCollector(place.escrow[g]));
            moody.mint(foreignCollector[g], type(uint120).max);
            accounts.push(place.refundCollector[g]);
            accounts.push(place.erc3009Collector[g]);
            accounts.push(place.permit2Collector[g]);
            accounts.push(place.preApprovalCollector[g]);
            accounts.push(place.escrow[g]);
        }
    }

    function _learn(string memory name) private returns (address account) {
        account = _learnKey(name);
        firstOwnerOf[account] = _learnKey(string.concat("session of ", name));
        accounts.push(account);
    }

    function _learnWallet(string memory name) private returns (address account) {
        address owner = _learnKey(string.concat("owner of ", name));
        account = address(new OwnedWallet(owner));
        (firstOwnerOf[account], minds[account]) = (owner, Mind(true, owner));
        accounts.push(account);
    }

    function _learnKey(string memory name) private returns (address account) {
        account = makeActor(name).addr;
        keyOf[account] = makeActor(name).key;
    }

    /// @dev Plain, plain with fee and the receiver's consent, both defaults, charge; then the same on v1.0, in part.
    function _termsOf(uint256 i) private view returns (ITermsOperatorCommon.Terms memory terms) {
        terms.authorizer = i == 3 || i == 6 || i == 8 ? walletAuthorizer : authorizer;
        if (i == 1) terms.authorizer = address(0);
        terms.salt = bytes32(i);
        if (i != 0 && i != 3 && i != 8) (terms.feeReceiver, terms.feeBps) = (feeReceiver, i == 5 ? 9_999 : 333);
        if (i == 4 || i == 8) {
            terms.flags = CHARGE_FLOW;
            return terms;
        }
        terms.maxHold = 1 days;
        if (i < 2 || i == 6) return terms;
        (terms.arbiter, terms.disputeWindow, terms.releaseLead) = (i == 5 ? walletArbiter : arbiter, 1 hours, 3 hours);
        if (i != 2) (terms.flags, terms.ruleLead) = (DISPUTE_DEFAULT_RECEIVER, 1 hours);
    }

    function _deploy(ITermsOperatorCommon.Terms memory terms, uint256 generation) private {
        address escrow = place.escrow[generation];
        address clone = place.factory.deploy(terms, escrow);
        address store = IAuthCaptureEscrowCommon(escrow).getTokenStore(clone);
        operators.push(Operator(ITermsOperatorCommon(clone), terms, generation, store));
        accounts.push(clone);
        accounts.push(store);
    }

    /// @notice Remembers who holds what, hands out allowances: the campaign begins.
    function begin() external {
        address[2] memory tokens = [place.usdc, address(moody)];
        for (uint256 i; i < accounts.length; ++i) {
            if (i < PARTIES) moody.mint(accounts[i], 1e12);
            for (uint256 t; t < 2; ++t) {
                purse[tokens[t]][accounts[i]] = IERC20(tokens[t]).balanceOf(accounts[i]);
                if (i >= PARTIES) continue;
                _approve(tokens[t], accounts[i], CANONICAL_PERMIT2);
                for (uint256 g; g < 2; ++g) {
                    _approve(tokens[t], accounts[i], place.preApprovalCollector[g]);
                    // As if the receivers trusted them: neither may ever be used so.
                    _approve(tokens[t], accounts[i], place.refundCollector[g]);
                    _approve(tokens[t], accounts[i], allowanceCollector[g]);
                }
            }
        }
    }

    function _approve(address token, address from, address spender) private {
        vm.prank(from);
        IERC20(token).approve(spender, type(uint256).max);
    }

    /// @notice Whom the campaign gives USDC.
    function parties() external view returns (address[PARTIES] memory list) {
        for (uint256 i; i < PARTIES; ++i) list[i] = accounts[i];
    }

    /* DICE */

    function _dice(uint256 seed) internal view returns (Dice memory) {
        return Dice(uint256(keccak256(abi.encode(seed, SALT))));
    }

    /// @return A number below `sides`.
    function _roll(Dice memory dice, uint256 sides) internal pure returns (uint256) {
        dice.state = uint256(keccak256(abi.encode(dice.state)));
        return dice.state % sides;
    }

    function _chance(Dice memory dice, uint256 percent) internal pure returns (bool) {
        return _roll(dice, 100) < percent;
    }

    /* TIME */

    /// @dev Asked of the cheat code: the compiler takes `block.timestamp` for the same after a warp.
    function _now() internal view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    /* VERDICT */

    function _violate(uint256 number, string memory what) internal {
        if (violated != 0) return;
        violated = number;
        violation = string.concat("A", vm.toString(number), " in ", action, ": ", what);
    }

    function _check(bool holds, uint256 number, string memory what) internal {
        if (!holds) _violate(number, what);
    }
}
