// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IVoucherEscrow} from "../interfaces/IVoucherEscrow.sol";
import {NonceBitmap} from "../libraries/NonceBitmap.sol";
import {SignatureVerification} from "../libraries/SignatureVerification.sol";
import {AccountWord} from "./AccountWord.sol";
import {FreeAccountWord} from "./FreeAccountWord.sol";

/// @title State of {VoucherEscrow} and the few steps that its parts share
/// @notice Accounts, free balances, signers, payouts and nonces, and how tokens are credited and paid.
abstract contract VoucherStorage is IVoucherEscrow, EIP712, ReentrancyGuardTransient {
    using AccountWord for uint256;
    using NonceBitmap for mapping(uint256 word => uint256 bits);
    using SafeERC20 for IERC20;

    /// @dev One account. `word` is all that a default-lane collection touches.
    struct Account {
        // slot 0, see {AccountWord}
        uint256 word;
        // slot 1: what was marked for withdrawal; means something only while the word's `thawEndTime` is not zero, and never more than
        // the balance, which a collection or a release may have lowered since
        uint256 marked;
        // slot 2: collected totals of the lanes other than the default one
        mapping(bytes32 id => uint256 collected) lanes;
    }

    /// @dev A key that signs vouchers for a buyer.
    struct Signer {
        // slot 0
        uint64 validUntil;
        bool revoked;
    }

    /// @dev How a seller is paid.
    struct Payout {
        // slot 0
        bool toFreeBalance;
        uint96 nonce;
    }

    /* CONSTANTS */

    /// @inheritdoc IVoucherEscrow
    uint256 public constant THAWING_PERIOD = 1 days;

    /* STORAGE */

    /// @dev Seller and asset come first, so that a batch group computes their prefix once.
    mapping(address seller => mapping(address asset => mapping(address buyer => Account account))) internal _accounts;

    /// @dev See {FreeAccountWord}.
    mapping(address owner => mapping(address asset => uint256 word)) internal _freeAccounts;

    mapping(address buyer => mapping(address key => Signer signer)) internal _signers;

    mapping(address seller => Payout payout) internal _payouts;

    mapping(NonceKind kind => mapping(address owner => mapping(uint256 word => uint256 bits))) internal _nonces;

    /// @dev Keyed by (buyer, nonce, seller, asset): one {FlushAllAuthorization} acts on an account once.
    mapping(bytes32 key => bool isUsed) internal _flushAllUses;

    constructor() EIP712("DeferredPaymentEscrow", "1") {}

    /* INTERNAL: CHECKS */

    function _checkParties(address buyer, address seller, address asset) internal view {
        if (buyer == address(0) || buyer == address(this)) revert InvalidAddress(buyer);
        if (seller == address(0) || seller == address(this) || seller == buyer) revert InvalidAddress(seller);
        if (asset == address(0) || asset == address(this)) revert InvalidAsset(asset);
    }

    function _checkExpiry(uint64 expiry) internal view {
        if (block.timestamp > expiry) revert AuthorizationExpired(expiry, block.timestamp);
    }

    function _checkAuthorization(
        address owner,
        uint64 expiry,
        bytes32 structHash,
        bytes calldata signature
    ) internal view {
        _checkExpiry(expiry);
        if (!SignatureVerification.isValid(owner, _hashTypedDataV4(structHash), signature)) {
            revert InvalidAuthorization();
        }
    }

    /// @dev The buyer's own key costs no read.
    function _isSigner(address buyer, address key) internal view returns (bool) {
        if (key == address(0)) return false;
        return key == buyer || block.timestamp <= _signers[buyer][key].validUntil;
    }

    /* INTERNAL: EFFECTS */

    function _consumeNonce(NonceKind kind, address owner, bytes32 nonce) internal {
        if (!_nonces[kind][owner].consume(nonce)) revert NonceAlreadyUsed(nonce);
    }

    /// @dev Effective thawing of an account whose word says `balance` and `thawEndTime`.
    function _thawing(Account storage account, uint256 balance, uint256 thawEndTime) internal view returns (uint256) {
        if (thawEndTime == 0) return 0;
        uint256 marked = account.marked;
        return marked < balance ? marked : balance;
    }

    /// @dev Adds `amount` to an account. What a thaw had marked beyond the balance must not come to life with it.
    function _credit(
        address buyer,
        address seller,
        address asset,
        uint256 amount
    ) internal returns (uint256 newBalance) {
        if (amount == 0) revert InvalidAmount(amount);
        Account storage account = _accounts[seller][asset][buyer];
        (uint256 balance, uint256 collected, uint256 thawEndTime) = account.word.unpack();

        // Both parts are below 2^96, so the subtraction cannot underflow.
        uint256 limit = AccountWord.MAX_AMOUNT - collected - balance;
        if (amount > limit) revert AmountTooLarge(amount, limit);

        if (thawEndTime != 0 && account.marked > balance) account.marked = balance;
        newBalance = balance + amount;
        account.word = AccountWord.pack(newBalance, collected, thawEndTime);
    }

    function _creditFree(address owner, address asset, uint256 amount) internal {
        if (amount == 0) revert InvalidAmount(amount);
        (uint256 balance, uint64 next, uint64 seen) = FreeAccountWord.unpack(_freeAccounts[owner][asset]);
        uint256 limit = FreeAccountWord.MAX_AMOUNT - balance;
        if (amount > limit) revert AmountTooLarge(amount, limit);
        uint256 newBalance = balance + amount;
        _freeAccounts[owner][asset] = FreeAccountWord.pack(newBalance, next, seen);
        emit FreeCredited(owner, asset, amount, newBalance);
    }

    /* INTERNAL: INTERACTIONS */

    /// @dev Never passes on what the token answers, so no token can imitate an error of ours.
    function _push(address asset, address to, uint256 amount) internal {
        if (!IERC20(asset).trySafeTransfer(to, amount)) revert TransferFailed(asset, to, amount);
    }

    /// @dev Pays a seller's earnings where it wants them.
    function _payout(address seller, address asset, uint256 amount) internal {
        if (_payouts[seller].toFreeBalance) {
            _creditFree(seller, asset, amount);
        } else {
            _push(asset, seller, amount);
        }
    }
}
