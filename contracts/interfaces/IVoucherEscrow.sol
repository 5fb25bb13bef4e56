// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";

/// @title VoucherEscrow: deposits of buyers, collected by sellers against signed cumulative vouchers
/// @notice A buyer deposits for a seller, pays each request with a signed voucher whose `valueAggregate` only grows, and the seller
/// collects on-chain when it is worth the gas. Serves the x402 scheme `deferred`; EIP-712 domain "DeferredPaymentEscrow", version "1".
///
/// @dev Words. An *account* belongs to one seller, asset and buyer. Its balance pays vouchers of the *default lane* (id zero) and of any
/// number of parallel *lanes* (other ids), each with a collected total of its own that never falls. The *free balance* of an owner in
/// an asset is withdrawable at once and funds accounts. Thawing marks a part of an account for withdrawal after `THAWING_PERIOD`;
/// until it is withdrawn the seller can still collect it. *Effective thawing* is the smaller of what was marked and the balance.
///
/// Amounts are token base units. Times are unix seconds: `expiry` and `validUntil` are inclusive, `thawEndTime` is the first second at
/// which a withdrawal succeeds. Signatures are 65 bytes `r, s, v`, 64 bytes `r, vs` (EIP-2098) or, where the signer is a contract, bytes
/// for its ERC-1271 `isValidSignature`. A key's own signature counts even if code sits at its address.
///
/// Assumptions on assets:
/// - a transfer moves exactly the amount: fee-on-transfer is refused at the deposit, a balance that later shrinks by itself hurts all
///   accounts in that asset and no other;
/// - a token may pause, blacklist or re-enter: it then delays or refuses its own payments only.
///
/// There is no owner, no pause, no upgrade and no fee. Anyone may call what cannot harm.
interface IVoucherEscrow is IERC5267 {
    /* TYPES */

    /// @notice A buyer's signed promise: the seller may collect up to `valueAggregate` in this lane, all earlier vouchers included.
    /// @param id Lane; zero is the default lane.
    /// @param buyer Payer; signs, or has a signer sign.
    /// @param seller Receiver.
    /// @param valueAggregate Cumulative ceiling of the lane, token base units; not zero.
    /// @param asset ERC-20 contract.
    /// @param timestamp When it was signed, unix seconds; not checked on-chain.
    /// @param nonce Position in the series of the lane; not checked on-chain.
    /// @param escrow This contract.
    /// @param chainId This chain.
    /// @param expiry Last second at which it can be collected, unix seconds, inclusive.
    struct Voucher {
        bytes32 id;
        address buyer;
        address seller;
        uint256 valueAggregate;
        address asset;
        uint64 timestamp;
        uint256 nonce;
        address escrow;
        uint256 chainId;
        uint64 expiry;
    }

    /// @notice A voucher with its signature.
    /// @param voucher The voucher.
    /// @param signature Signature of the buyer or of one of its signers.
    struct SignedVoucher {
        Voucher voucher;
        bytes signature;
    }

    /// @notice One deposit of {depositMany}.
    /// @param seller Seller of the account.
    /// @param amount Token base units.
    struct DepositInput {
        address seller;
        uint256 amount;
    }

    /// @notice An account as callers see it.
    /// @param balance Everything in the account, thawing part included, token base units.
    /// @param thawingAmount Effective thawing, token base units.
    /// @param thawEndTime First second of a withdrawal, unix seconds; zero while nothing thaws.
    struct EscrowAccount {
        uint256 balance;
        uint256 thawingAmount;
        uint64 thawEndTime;
    }

    /// @notice Signed by the buyer: put `amount` of its tokens into the account of `seller`.
    /// @param buyer Token holder and signer.
    /// @param seller Seller of the account; zero for the buyer's free balance.
    /// @param asset ERC-20 contract.
    /// @param amount Token base units.
    /// @param nonce Any unused 32 bytes but zero.
    /// @param expiry Unix seconds, inclusive.
    struct DepositAuthorization {
        address buyer;
        address seller;
        address asset;
        uint256 amount;
        bytes32 nonce;
        uint64 expiry;
    }

    /// @notice Signed by the buyer: withdraw what is matured in one account and thaw the rest.
    /// @param buyer Signer.
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    /// @param nonce Any unused 32 bytes.
    /// @param expiry Unix seconds, inclusive.
    struct FlushAuthorization {
        address buyer;
        address seller;
        address asset;
        bytes32 nonce;
        uint64 expiry;
    }

    /// @notice Signed by the buyer: flush any of its accounts, each once.
    /// @param buyer Signer.
    /// @param nonce Any 32 bytes that were not cancelled; each account can be flushed once under it.
    /// @param expiry Unix seconds, inclusive.
    struct FlushAllAuthorization {
        address buyer;
        bytes32 nonce;
        uint64 expiry;
    }

    /// @notice Names one account of a known buyer.
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    struct AccountKey {
        address seller;
        address asset;
    }

    /// @notice Signed by the buyer: move `amount` from its free balance into the account of `seller`.
    /// @param buyer Owner of the free balance and signer.
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    /// @param amount Token base units.
    /// @param nonce Nonce in the window of the free balance: unused, and not more than 63 below the highest one used. Sign no nonce more than 63
    /// above the lowest one still open: whoever relays it first would void the older ones.
    /// @param expiry Unix seconds, inclusive.
    struct AllocateAuthorization {
        address buyer;
        address seller;
        address asset;
        uint256 amount;
        uint64 nonce;
        uint64 expiry;
    }

    /// @notice Signed by the owner of a free balance: pay `amount` of it out to the owner.
    /// @param buyer Owner of the free balance and signer.
    /// @param asset ERC-20 contract.
    /// @param amount Token base units.
    /// @param nonce Nonce in the window of the free balance, see {AllocateAuthorization}.
    /// @param expiry Unix seconds, inclusive.
    struct WithdrawFreeAuthorization {
        address buyer;
        address asset;
        uint256 amount;
        uint64 nonce;
        uint64 expiry;
    }

    /// @notice Signed by the buyer: `signer` may sign its vouchers until `validUntil`. Idempotent; only extends.
    /// @param buyer Signer of this message.
    /// @param signer Key that may sign vouchers.
    /// @param validUntil Unix seconds, inclusive.
    /// @param expiry Unix seconds, inclusive.
    struct SignerAuthorization {
        address buyer;
        address signer;
        uint64 validUntil;
        uint64 expiry;
    }

    /// @notice Signed by the buyer: `signer` ends, for good, after `THAWING_PERIOD` at the latest.
    /// @param buyer Signer of this message.
    /// @param signer Key that may no longer sign vouchers.
    /// @param expiry Unix seconds, inclusive.
    struct SignerRevocation {
        address buyer;
        address signer;
        uint64 expiry;
    }

    /// @notice Signed by the seller: return `amount` to the buyer once the lane has paid at least `collectedAtLeast`.
    /// @param buyer Receiver.
    /// @param seller Signer.
    /// @param asset ERC-20 contract.
    /// @param id Lane whose collected total is the condition.
    /// @param collectedAtLeast Least collected total of the lane, token base units.
    /// @param amount Token base units.
    /// @param nonce Any unused 32 bytes.
    /// @param expiry Unix seconds, inclusive.
    struct ReleaseAuthorization {
        address buyer;
        address seller;
        address asset;
        bytes32 id;
        uint256 collectedAtLeast;
        uint256 amount;
        bytes32 nonce;
        uint64 expiry;
    }

    /// @notice Signed by the seller: keep earnings as free balance, or receive them as transfers.
    /// @param seller Signer.
    /// @param toFreeBalance True to keep earnings as free balance.
    /// @param nonce The seller's current payout nonce, see {getPayout}.
    /// @param expiry Unix seconds, inclusive.
    struct PayoutAuthorization {
        address seller;
        bool toFreeBalance;
        uint96 nonce;
        uint64 expiry;
    }

    /// @notice A voucher of the default lane in four words, signed by a key.
    /// @param head `buyer << 96 | total`: whom to collect from and up to which total of the lane, at most the ceiling.
    /// @param terms `ceiling << 160 | timestamp << 120 | expiry << 80 | nonce`: the voucher's `valueAggregate` (96 bits), `timestamp` (40),
    /// `expiry` (40) and `nonce` (80).
    /// @param r First word of the EIP-2098 signature.
    /// @param vs Second word of the EIP-2098 signature.
    struct Row {
        uint256 head;
        uint256 terms;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice A voucher of any lane with any signature.
    /// @param voucher The voucher; its seller and asset are those of the group.
    /// @param signature Signature of the buyer or of one of its signers.
    /// @param total Up to which total of the lane to collect, at most `valueAggregate`; token base units.
    struct WideRow {
        Voucher voucher;
        bytes signature;
        uint256 total;
    }

    /// @notice Vouchers of one seller in one asset, collected with one payment.
    /// @param seller Receiver.
    /// @param asset ERC-20 contract.
    /// @param gasLimit Most gas this group may use; zero for no limit.
    /// @param rows Compact vouchers, collected first.
    /// @param wide Other vouchers.
    struct Group {
        address seller;
        address asset;
        uint256 gasLimit;
        Row[] rows;
        WideRow[] wide;
    }

    /// @notice Why a voucher of a batch was skipped.
    /// @param None It was not skipped.
    /// @param BadSignature Neither the buyer's nor a valid signer's.
    /// @param Expired Past its expiry.
    /// @param AboveCeiling The total asked for is above the signed ceiling.
    /// @param AlreadyCollected The lane has paid that total before.
    /// @param NoBalance The account is empty.
    /// @param BadParties The buyer is zero, the seller or the escrow, or a wide voucher names another seller, asset, escrow or chain; it goes
    /// before every other reason.
    enum Skip {
        None,
        BadSignature,
        Expired,
        AboveCeiling,
        AlreadyCollected,
        NoBalance,
        BadParties
    }

    /// @notice Which nonces a bitmap holds.
    /// @param Deposit Those of {DepositAuthorization}, the buyer's.
    /// @param Flush Those of {FlushAuthorization}, the buyer's.
    /// @param FlushAll Those of {FlushAllAuthorization}, the buyer's.
    /// @param Release Those of {ReleaseAuthorization}, the seller's.
    enum NonceKind {
        Deposit,
        Flush,
        FlushAll,
        Release
    }

    /* EVENTS: DEPOSITS */

    /// @notice Tokens entered an account from outside.
    /// @param buyer Buyer of the account.
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    /// @param amount Token base units.
    /// @param newBalance Balance of the account afterwards, token base units.
    event Deposited(
        address indexed buyer,
        address indexed seller,
        address indexed asset,
        uint256 amount,
        uint256 newBalance
    );

    /// @notice {depositWithAuthorization} consumed a nonce.
    /// @param buyer Signer.
    /// @param seller Seller of the account; zero for the free balance.
    /// @param asset ERC-20 contract.
    /// @param amount Token base units.
    /// @param nonce The consumed nonce.
    event DepositAuthorized(
        address indexed buyer,
        address indexed seller,
        address indexed asset,
        uint256 amount,
        bytes32 nonce
    );

    /* EVENTS: FREE BALANCE */

    /// @notice A free balance grew by a deposit or by earnings that a seller keeps.
    /// @param owner Owner of the free balance.
    /// @param asset ERC-20 contract.
    /// @param amount Token base units.
    /// @param newBalance Free balance afterwards, token base units.
    event FreeCredited(address indexed owner, address indexed asset, uint256 amount, uint256 newBalance);

    /// @notice Free balance became the balance of an account.
    /// @param buyer Owner of the free balance and buyer of the account.
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    /// @param amount Token base units.
    /// @param newBalance Balance of the account afterwards, token base units.
    event Allocated(
        address indexed buyer,
        address indexed seller,
        address indexed asset,
        uint256 amount,
        uint256 newBalance
    );

    /// @notice Free balance was paid to its owner.
    /// @param owner Owner and receiver.
    /// @param asset ERC-20 contract.
    /// @param amount Token base units.
    /// @param remainingBalance Free balance afterwards, token base units.
    event FreeWithdrawn(address indexed owner, address indexed asset, uint256 amount, uint256 remainingBalance);

    /// @notice Every nonce of a free balance below `next` was cancelled.
    /// @param owner Owner of the free balance.
    /// @param asset ERC-20 contract.
    /// @param next Lowest nonce that can still be used.
    event FreeNonceAdvanced(address indexed owner, address indexed asset, uint64 next);

    /* EVENTS: WITHDRAWALS */

    /// @notice More of an account thaws, and the timer starts anew.
    /// @param buyer Buyer of the account.
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    /// @param newThawingAmount Effective thawing afterwards, token base units.
    /// @param previousThawingAmount Effective thawing before, token base units.
    /// @param newThawEndTime First second of a withdrawal, unix seconds.
    /// @param previousThawEndTime The same before; zero when nothing thawed.
    event ThawInitiated(
        address indexed buyer,
        address indexed seller,
        address indexed asset,
        uint256 newThawingAmount,
        uint256 previousThawingAmount,
        uint256 newThawEndTime,
        uint256 previousThawEndTime
    );

    /// @notice Thawing ended without a withdrawal.
    /// @param buyer Buyer of the account.
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    /// @param amount Effective thawing that was cancelled, token base units.
    event ThawCancelled(address indexed buyer, address indexed seller, address indexed asset, uint256 amount);

    /// @notice Thawed tokens were paid to the buyer.
    /// @param buyer Buyer and receiver.
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    /// @param amount Token base units.
    /// @param remainingBalance Balance of the account afterwards, token base units.
    event Withdrawn(
        address indexed buyer,
        address indexed seller,
        address indexed asset,
        uint256 amount,
        uint256 remainingBalance
    );

    /// @notice {flushWithAuthorization} consumed a nonce.
    /// @param buyer Signer.
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    /// @param nonce The consumed nonce.
    /// @param thawing True when a thaw of the rest was started.
    event FlushAuthorized(
        address indexed buyer,
        address indexed seller,
        address indexed asset,
        bytes32 nonce,
        bool thawing
    );

    /// @notice {flushAllWithAuthorization} flushed accounts.
    /// @param buyer Signer.
    /// @param nonce Nonce of the authorization.
    /// @param accountsFlushed How many accounts were flushed by this call.
    event FlushAllAuthorized(address indexed buyer, bytes32 nonce, uint256 accountsFlushed);

    /// @notice One account of {flushAllWithAuthorization} was left as it was.
    /// @param buyer Buyer of the account.
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    /// @param reason Selector of the error; zero when the gas ran out, {TransferFailed} when it ran out inside the asset.
    event FlushSkipped(address indexed buyer, address indexed seller, address indexed asset, bytes4 reason);

    /* EVENTS: COLLECTION */

    /// @notice A voucher was collected, in whole or in part. Compact rows and default-lane rows of a batch are in {BatchCollected}.
    /// @param voucherId Lane.
    /// @param buyer Payer.
    /// @param seller Receiver.
    /// @param asset ERC-20 contract.
    /// @param amount Token base units collected by this call.
    /// @param totalCollected Collected total of the lane afterwards, token base units.
    event VoucherCollected(
        bytes32 indexed voucherId,
        address indexed buyer,
        address indexed seller,
        address asset,
        uint256 amount,
        uint256 totalCollected
    );

    /// @notice A voucher had nothing left to collect.
    /// @param voucherId Lane.
    /// @param buyer Payer.
    /// @param seller Receiver.
    /// @param asset ERC-20 contract.
    /// @param totalCollected Collected total of the lane, token base units.
    event VoucherAlreadyCollected(
        bytes32 indexed voucherId,
        address indexed buyer,
        address indexed seller,
        address asset,
        uint256 totalCollected
    );

    /// @notice The account of a voucher was empty.
    /// @param voucherId Lane.
    /// @param buyer Payer.
    /// @param seller Receiver.
    /// @param asset ERC-20 contract.
    /// @param outstanding What the voucher is still worth, token base units.
    /// @param alreadyCollected Collected total of the lane, token base units.
    event VoucherNoCollectableBalance(
        bytes32 indexed voucherId,
        address indexed buyer,
        address indexed seller,
        address asset,
        uint256 outstanding,
        uint256 alreadyCollected
    );

    /// @notice A group was collected and paid at once.
    /// @param seller Receiver.
    /// @param asset ERC-20 contract.
    /// @param paid The group's one payment, token base units: `rows` and the {VoucherCollected} events of the group together.
    /// @param rows Default-lane rows with effect, each `buyer << 96 | amount`.
    event BatchCollected(address indexed seller, address indexed asset, uint256 paid, uint256[] rows);

    /// @notice A voucher of a batch had no effect.
    /// @param voucherId Lane.
    /// @param buyer Payer named by the voucher.
    /// @param seller Seller of the group.
    /// @param asset Asset of the group.
    /// @param reason Why.
    event VoucherSkipped(
        bytes32 indexed voucherId,
        address indexed buyer,
        address indexed seller,
        address asset,
        Skip reason
    );

    /// @notice A whole group had no effect.
    /// @param seller Seller of the group.
    /// @param asset Asset of the group.
    /// @param reason Selector of the error; zero when the gas ran out, {TransferFailed} when it ran out inside the asset.
    event GroupFailed(address indexed seller, address indexed asset, bytes4 reason);

    /* EVENTS: SELLERS, SIGNERS, NONCES */

    /// @notice A seller returned tokens to a buyer.
    /// @param buyer Receiver.
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    /// @param id Lane whose collected total was the condition.
    /// @param amount Token base units.
    /// @param remainingBalance Balance of the account afterwards, token base units.
    event Released(
        address indexed buyer,
        address indexed seller,
        address indexed asset,
        bytes32 id,
        uint256 amount,
        uint256 remainingBalance
    );

    /// @notice A seller chose how it is paid.
    /// @param seller The seller.
    /// @param toFreeBalance True when earnings are kept as free balance.
    /// @param nonce The seller's next payout nonce.
    event PayoutSet(address indexed seller, bool toFreeBalance, uint96 nonce);

    /// @notice A key may sign vouchers for a buyer.
    /// @param buyer The buyer.
    /// @param signer The key.
    /// @param validUntil Last second at which its vouchers count, unix seconds.
    event SignerAuthorized(address indexed buyer, address indexed signer, uint64 validUntil);

    /// @notice A key was revoked for good.
    /// @param buyer The buyer.
    /// @param signer The key.
    /// @param validUntil Last second at which its vouchers count, unix seconds.
    event SignerRevoked(address indexed buyer, address indexed signer, uint64 validUntil);

    /// @notice An owner cancelled authorizations that were not used yet.
    /// @param kind Bitmap.
    /// @param owner Owner of the nonces.
    /// @param word Upper 248 bits of the nonces.
    /// @param mask One bit for each cancelled nonce of that word.
    event NoncesInvalidated(NonceKind indexed kind, address indexed owner, uint256 word, uint256 mask);

    /* ERRORS */

    /// @notice The address is zero, the escrow itself, or plays two parts.
    /// @param account The refused address.
    error InvalidAddress(address account);

    /// @notice The amount is zero.
    /// @param amount The refused amount, token base units.
    error InvalidAmount(uint256 amount);

    /// @notice The asset is zero, the escrow itself, or has no code.
    /// @param asset The refused asset.
    error InvalidAsset(address asset);

    /// @notice The amount does not fit into the balance it is added to.
    /// @param amount Amount or total that was asked for, token base units.
    /// @param limit Largest amount or total that fits.
    error AmountTooLarge(uint256 amount, uint256 limit);

    /// @notice There is less than was asked for.
    /// @param available What there is, token base units.
    /// @param requested What was asked for, token base units.
    error InsufficientBalance(uint256 available, uint256 requested);

    /// @notice Nothing thaws in the account.
    /// @param buyer Buyer of the account.
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    error NoThawingInProgress(address buyer, address seller, address asset);

    /// @notice The thaw has not ended.
    /// @param currentTime Unix seconds.
    /// @param thawEndTime First second of a withdrawal, unix seconds.
    error ThawingPeriodNotCompleted(uint256 currentTime, uint256 thawEndTime);

    /// @notice The flush would neither withdraw nor start a thaw.
    error NothingToFlush();

    /// @notice The voucher is for another contract.
    /// @param escrow Escrow named by the voucher.
    /// @param expected This contract.
    error InvalidEscrow(address escrow, address expected);

    /// @notice The voucher is for another chain.
    /// @param chainId Chain named by the voucher.
    /// @param expected This chain.
    error InvalidChainId(uint256 chainId, uint256 expected);

    /// @notice The voucher is past its expiry.
    /// @param voucherId Lane.
    /// @param currentTime Unix seconds.
    /// @param expiry Last second at which it could be collected, unix seconds.
    error VoucherExpired(bytes32 voucherId, uint256 currentTime, uint256 expiry);

    /// @notice The voucher is signed neither by its buyer nor by a valid signer of its buyer.
    /// @param voucherId Lane.
    /// @param buyer Payer named by the voucher.
    error InvalidSignature(bytes32 voucherId, address buyer);

    /// @notice {depositMany} got no deposits.
    error NoDepositsProvided();

    /// @notice {collectMany} or {collectBatch} got no vouchers.
    error NoVouchersProvided();

    /// @notice The authorization is past its expiry.
    /// @param expiry Last second at which it could be used, unix seconds.
    /// @param currentTime Unix seconds.
    error AuthorizationExpired(uint64 expiry, uint256 currentTime);

    /// @notice The authorization's signature is not its owner's.
    error InvalidAuthorization();

    /// @notice The nonce was used or cancelled, or fell out of its window.
    /// @param nonce The refused nonce.
    error NonceAlreadyUsed(bytes32 nonce);

    /// @notice The nonce is not the one that comes next, or would go back.
    /// @param nonce The refused nonce.
    /// @param expected The current nonce.
    error InvalidNonce(uint256 nonce, uint256 expected);

    /// @notice A deposit authorization must have a nonce other than zero.
    error ZeroNonce();

    /// @notice The lane has not paid as much as the release demands.
    /// @param collected Collected total of the lane, token base units.
    /// @param collectedAtLeast Least collected total, token base units.
    error NotCollectedYet(uint256 collected, uint256 collectedAtLeast);

    /// @notice The key was revoked for good; authorize another one.
    /// @param buyer The buyer.
    /// @param signer The key.
    error SignerAlreadyRevoked(address buyer, address signer);

    /// @notice The asset refused a payment.
    /// @param asset ERC-20 contract.
    /// @param to Receiver.
    /// @param amount Token base units.
    error TransferFailed(address asset, address to, uint256 amount);

    /// @notice Too little gas is left to ask a contract wallet; send more gas or fewer rows.
    /// @param available Gas left.
    /// @param required Least gas.
    error InsufficientGas(uint256 available, uint256 required);

    /// @notice Only the escrow calls this function, to isolate one part of a batch.
    /// @param caller The refused caller.
    error NotSelf(address caller);

    /// @notice Two lists must be of one length.
    /// @param first Length of the first.
    /// @param second Length of the second.
    error LengthMismatch(uint256 first, uint256 second);

    /* DEPOSITS */

    /// @notice Deposits the caller's tokens into its account with a seller.
    ///
    /// @dev Emits {Deposited}. Pulls by the caller's allowance.
    ///
    /// Requirements:
    /// - `amount` is not zero, else {InvalidAmount}, and fits 96 bits with the account's balance and default-lane total, else {AmountTooLarge};
    /// - caller and `seller` differ, and none of caller, `seller` and `asset` is zero or the escrow, else {InvalidAddress} or {InvalidAsset};
    /// - `asset` has code, else {InvalidAsset}, and moves exactly `amount`, else `TransferMismatch`.
    ///
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    /// @param amount Token base units.
    function deposit(address seller, address asset, uint256 amount) external;

    /// @notice Deposits the caller's tokens into the account of any buyer.
    ///
    /// @dev Emits {Deposited}. Only ever pulls from the caller. Requirements as for {deposit}, for `buyer`.
    ///
    /// @param buyer Buyer of the account.
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    /// @param amount Token base units.
    function depositTo(address buyer, address seller, address asset, uint256 amount) external;

    /// @notice Deposits the caller's tokens into its accounts with many sellers, by one transfer.
    ///
    /// @dev Emits {Deposited} for each. Requirements as for {deposit}, and at least one deposit, else {NoDepositsProvided}.
    ///
    /// @param asset ERC-20 contract.
    /// @param deposits Sellers and amounts in token base units.
    function depositMany(address asset, DepositInput[] calldata deposits) external;

    /// @notice Deposits a buyer's tokens by its signature and its allowance to the escrow. Anyone may relay.
    ///
    /// @dev Emits {Deposited}, or {FreeCredited} when `seller` is zero, and {DepositAuthorized}. An ERC-2612 permit goes in front of this
    /// call, for example through Multicall3.
    ///
    /// Requirements as for {deposit}, and:
    /// - not past `expiry`, else {AuthorizationExpired};
    /// - `nonce` is not zero, else {ZeroNonce}, and unused, else {NonceAlreadyUsed};
    /// - `signature` is the buyer's over the authorization, else {InvalidAuthorization}.
    ///
    /// @param authorization What the buyer signed.
    /// @param signature Signature of the buyer.
    function depositWithAuthorization(DepositAuthorization calldata authorization, bytes calldata signature) external;

    /// @notice Deposits a buyer's tokens by one ERC-3009 signature. Anyone may relay.
    ///
    /// @dev Emits {Deposited}, or {FreeCredited} when `seller` is zero. The buyer signs the token's `ReceiveWithAuthorization` with
    /// `from` = buyer, `to` = escrow, `value` = amount, `validAfter` = 0, `validBefore` = expiry + 1 and `nonce` = EIP-712 struct hash of the
    /// authorization, which so decides where the tokens go. The token keeps the nonce; to cancel, use its `cancelAuthorization`.
    ///
    /// Requirements as for {deposit}, not past `expiry`, else {AuthorizationExpired}, `nonce` not zero, else {ZeroNonce}, and whatever the
    /// token checks, with its own errors.
    ///
    /// @param authorization What the tokens are for.
    /// @param signature The buyer's signature over the token's `ReceiveWithAuthorization`; compact ones are expanded for the token.
    function depositWithEip3009(DepositAuthorization calldata authorization, bytes calldata signature) external;

    /// @notice Deposits a buyer's tokens by one Permit2 signature. Anyone may relay.
    ///
    /// @dev Emits {Deposited}, or {FreeCredited} when `seller` is zero. The buyer signs Permit2's `PermitWitnessTransferFrom` with `permitted` =
    /// (asset, amount), `spender` = escrow, `nonce` = uint256 of the authorization's EIP-712 struct hash, `deadline` = expiry and the
    /// authorization as witness. Permit2 keeps the nonce; to cancel, use its `invalidateUnorderedNonces`.
    ///
    /// Requirements as for {deposit}, not past `expiry`, else {AuthorizationExpired}, `nonce` not zero, else {ZeroNonce}, and whatever
    /// Permit2 checks, with its own errors.
    ///
    /// @param authorization What the tokens are for.
    /// @param signature The buyer's signature over Permit2's message.
    function depositWithPermit2(DepositAuthorization calldata authorization, bytes calldata signature) external;

    /* FREE BALANCE */

    /// @notice Deposits the caller's tokens as its free balance.
    ///
    /// @dev Emits {FreeCredited}. Requirements on `asset` and `amount` as for {deposit}.
    ///
    /// @param asset ERC-20 contract.
    /// @param amount Token base units.
    function depositFree(address asset, uint256 amount) external;

    /// @notice Moves the caller's free balance into its account with a seller. No token moves.
    ///
    /// @dev Emits {Allocated}.
    ///
    /// Requirements:
    /// - the free balance covers `amount`, else {InsufficientBalance};
    /// - `amount`, `seller` and `asset` as for {deposit}.
    ///
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    /// @param amount Token base units.
    function allocate(address seller, address asset, uint256 amount) external;

    /// @notice Does {allocate} by the buyer's signature. Anyone may relay.
    ///
    /// @dev Emits {Allocated}.
    ///
    /// Requirements as for {allocate}, and:
    /// - not past `expiry`, else {AuthorizationExpired};
    /// - `signature` is the buyer's, else {InvalidAuthorization};
    /// - `nonce` is unused and in the window of the free balance, else {NonceAlreadyUsed}.
    ///
    /// @param authorization What the buyer signed.
    /// @param signature Signature of the buyer.
    function allocateWithAuthorization(AllocateAuthorization calldata authorization, bytes calldata signature) external;

    /// @notice Pays free balance of the caller to the caller, at once.
    ///
    /// @dev Emits {FreeWithdrawn}. The free balance must cover `amount`, else {InsufficientBalance}; zero is {InvalidAmount}.
    ///
    /// @param asset ERC-20 contract.
    /// @param amount Token base units.
    function withdrawFree(address asset, uint256 amount) external;

    /// @notice Does {withdrawFree} by the owner's signature; pays the owner. Anyone may relay.
    ///
    /// @dev Emits {FreeWithdrawn}. Requirements as for {withdrawFree}, and on expiry, signature and nonce as for {allocateWithAuthorization}.
    ///
    /// @param authorization What the owner signed.
    /// @param signature Signature of the owner.
    function withdrawFreeWithAuthorization(
        WithdrawFreeAuthorization calldata authorization,
        bytes calldata signature
    ) external;

    /// @notice Cancels every unused nonce below `next` of the caller's free balance in an asset.
    ///
    /// @dev Emits {FreeNonceAdvanced}. `next` must not lie below the current next nonce, else {InvalidNonce}.
    ///
    /// @param asset ERC-20 contract.
    /// @param next Lowest nonce that can still be used.
    function advanceFreeNonce(address asset, uint64 next) external;

    /* WITHDRAWALS */

    /// @notice Marks more of the caller's account for withdrawal and starts the timer anew.
    ///
    /// @dev Emits {ThawInitiated}. `amount` is not zero, else {InvalidAmount}, and at most the balance that does not thaw yet, else
    /// {InsufficientBalance}.
    ///
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    /// @param amount Token base units.
    function thaw(address seller, address asset, uint256 amount) external;

    /// @notice Ends the thaw of the caller's account without a withdrawal.
    ///
    /// @dev Emits {ThawCancelled}. Something must thaw, else {NoThawingInProgress}.
    ///
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    function cancelThaw(address seller, address asset) external;

    /// @notice Pays the thawed part of the caller's account to the caller.
    ///
    /// @dev Emits {Withdrawn}. Something must thaw, else {NoThawingInProgress}, and `block.timestamp >= thawEndTime`, else
    /// {ThawingPeriodNotCompleted}.
    ///
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    function withdraw(address seller, address asset) external;

    /// @notice Withdraws what is matured in one account of a buyer and thaws the rest, by its signature. Anyone may relay.
    ///
    /// @dev Emits {Withdrawn}, {ThawInitiated} or both, and {FlushAuthorized}. A thaw that has not ended is never restarted nor enlarged.
    ///
    /// Requirements:
    /// - not past `expiry`, else {AuthorizationExpired};
    /// - `signature` is the buyer's, else {InvalidAuthorization};
    /// - `nonce` is unused, else {NonceAlreadyUsed};
    /// - something is withdrawn or starts to thaw, else {NothingToFlush}, and nothing is consumed.
    ///
    /// @param authorization What the buyer signed.
    /// @param signature Signature of the buyer.
    function flushWithAuthorization(FlushAuthorization calldata authorization, bytes calldata signature) external;

    /// @notice Flushes any of a buyer's accounts by one signature. Anyone may relay.
    ///
    /// @dev Emits the events of each flush, {FlushSkipped} for an account that fails, and {FlushAllAuthorized}. One authorization acts on an
    /// account once. It fits accounts opened after it was signed as well: give it minutes, not days.
    ///
    /// Requirements:
    /// - not past `expiry`, else {AuthorizationExpired};
    /// - `signature` is the buyer's, else {InvalidAuthorization};
    /// - `nonce` was not cancelled, else {NonceAlreadyUsed};
    /// - at least one account was flushed, else {NothingToFlush}.
    ///
    /// @param authorization What the buyer signed.
    /// @param accounts Accounts to flush.
    /// @param signature Signature of the buyer.
    function flushAllWithAuthorization(
        FlushAllAuthorization calldata authorization,
        AccountKey[] calldata accounts,
        bytes calldata signature
    ) external;

    /// @notice Flushes one account of {flushAllWithAuthorization}; {NotSelf} for anyone but the escrow.
    /// @param buyer Buyer of the account.
    /// @param nonce Nonce of the authorization; {NonceAlreadyUsed} when it acted on this account before.
    /// @param account Seller and asset.
    function flushAccount(address buyer, bytes32 nonce, AccountKey calldata account) external;

    /* COLLECTION */

    /// @notice Collects the uncollected part of a voucher for its seller. Anyone may call.
    ///
    /// @dev Emits {VoucherCollected}; when the account holds less, collects what there is. Emits {VoucherAlreadyCollected} or
    /// {VoucherNoCollectableBalance} and returns when there is nothing to do.
    ///
    /// Requirements:
    /// - buyer and seller differ, and none of buyer, seller and asset is zero or the escrow, else {InvalidAddress} or {InvalidAsset};
    /// - `escrow` and `chainId` are ours, else {InvalidEscrow} or {InvalidChainId};
    /// - `valueAggregate` is not zero, else {InvalidAmount};
    /// - not past `expiry`, else {VoucherExpired};
    /// - `signature` is the buyer's or a valid signer's, else {InvalidSignature};
    /// - the asset pays the seller, else {TransferFailed}.
    ///
    /// @param voucher What the buyer signed.
    /// @param signature Signature of the buyer or of one of its signers.
    function collect(Voucher calldata voucher, bytes calldata signature) external;

    /// @notice Does {collect} for each voucher, all or nothing.
    ///
    /// @dev At least one voucher, else {NoVouchersProvided}.
    ///
    /// @param vouchers Vouchers with their signatures.
    function collectMany(SignedVoucher[] calldata vouchers) external;

    /// @notice Collects groups of vouchers, each group with one payment. Anyone may call.
    ///
    /// @dev A voucher that cannot be collected is skipped ({VoucherSkipped}) and changes no other; a group whose payment or gas fails has
    /// no effect ({GroupFailed}) and changes no other group. Emits {BatchCollected} for each group with effect, and {VoucherCollected} for each
    /// voucher of another lane than the default one. A `total` below the signed ceiling collects less now and forfeits nothing.
    /// A contract wallet is asked with 100,000 gas at most. At least one group, else {NoVouchersProvided}. A group whose seller or asset is zero
    /// or the escrow fails as a whole. Calldata that does not decode reverts the whole call, and a group's encoding is paid outside its
    /// `gasLimit`.
    ///
    /// @param groups Vouchers by seller and asset.
    function collectBatch(Group[] calldata groups) external;

    /// @notice Collects one group of {collectBatch}; {NotSelf} for anyone but the escrow.
    /// @param group Vouchers of one seller in one asset.
    function collectGroup(Group calldata group) external;

    /* SELLERS */

    /// @notice Chooses how the caller's earnings are paid.
    ///
    /// @dev Emits {PayoutSet} and bumps the payout nonce.
    ///
    /// @param toFreeBalance True to keep earnings as free balance, false to receive transfers.
    function setPayout(bool toFreeBalance) external;

    /// @notice Does {setPayout} by the seller's signature. Anyone may relay.
    ///
    /// @dev Emits {PayoutSet}. Not past `expiry`, else {AuthorizationExpired}; `signature` is the seller's, else {InvalidAuthorization};
    /// `nonce` is the current payout nonce, else {InvalidNonce}.
    ///
    /// @param authorization What the seller signed.
    /// @param signature Signature of the seller.
    function setPayoutWithAuthorization(PayoutAuthorization calldata authorization, bytes calldata signature) external;

    /// @notice Returns tokens from an account of the calling seller to the buyer's wallet, at once.
    ///
    /// @dev Emits {Released}.
    ///
    /// Requirements:
    /// - `amount` is not zero, else {InvalidAmount}, and at most the balance, else {InsufficientBalance};
    /// - the lane has paid at least `collectedAtLeast`, else {NotCollectedYet}.
    ///
    /// @param buyer Buyer of the account and receiver.
    /// @param asset ERC-20 contract.
    /// @param id Lane whose collected total is the condition.
    /// @param collectedAtLeast Least collected total of the lane, token base units.
    /// @param amount Token base units.
    function release(address buyer, address asset, bytes32 id, uint256 collectedAtLeast, uint256 amount) external;

    /// @notice Does {release} by the seller's signature. Anyone may relay.
    ///
    /// @dev Emits {Released}. Requirements as for {release}; not past `expiry`, else {AuthorizationExpired}; `signature` is the seller's, else
    /// {InvalidAuthorization}; `nonce` is unused, else {NonceAlreadyUsed}.
    ///
    /// @param authorization What the seller signed.
    /// @param signature Signature of the seller.
    function releaseWithAuthorization(ReleaseAuthorization calldata authorization, bytes calldata signature) external;

    /* SIGNERS AND NONCES */

    /// @notice Lets a key sign vouchers for the caller, and nothing else.
    ///
    /// @dev Emits {SignerAuthorized}. Only extends: a `validUntil` at or below the current one changes nothing and emits nothing. The signer
    /// is neither zero nor the buyer, else {InvalidAddress}, and was not revoked, else {SignerAlreadyRevoked}.
    ///
    /// @param signer The key.
    /// @param validUntil Last second at which its vouchers can be collected, unix seconds, inclusive.
    function authorizeSigner(address signer, uint64 validUntil) external;

    /// @notice Does {authorizeSigner} by the buyer's signature. Anyone may relay.
    ///
    /// @dev Not past `expiry`, else {AuthorizationExpired}; `signature` is the buyer's, else {InvalidAuthorization}.
    ///
    /// @param authorization What the buyer signed.
    /// @param signature Signature of the buyer.
    function authorizeSignerWithAuthorization(
        SignerAuthorization calldata authorization,
        bytes calldata signature
    ) external;

    /// @notice Ends a signer of the caller for good, `THAWING_PERIOD` from now at the latest.
    ///
    /// @dev Emits {SignerRevoked}; changes nothing and emits nothing when it was revoked before. The signer is neither zero nor the buyer, else
    /// {InvalidAddress}. Works for a key that was never authorized.
    ///
    /// @param signer The key.
    function revokeSigner(address signer) external;

    /// @notice Does {revokeSigner} by the buyer's signature. Anyone may relay.
    ///
    /// @dev Not past `expiry`, else {AuthorizationExpired}; `signature` is the buyer's, else {InvalidAuthorization}.
    ///
    /// @param revocation What the buyer signed.
    /// @param signature Signature of the buyer.
    function revokeSignerWithAuthorization(SignerRevocation calldata revocation, bytes calldata signature) external;

    /// @notice Cancels authorizations of the caller that were not used yet.
    ///
    /// @dev Emits {NoncesInvalidated}.
    ///
    /// @param kind Bitmap.
    /// @param word Upper 248 bits of the nonces.
    /// @param mask One bit for each nonce of that word to cancel.
    function invalidateNonces(NonceKind kind, uint256 word, uint256 mask) external;

    /* VIEWS */

    /// @notice How long a thaw takes and how long a revoked signer's vouchers count, seconds.
    /// @return Seconds, the same for every account and for good.
    function THAWING_PERIOD() external view returns (uint256);

    /// @notice EIP-712 domain separator on this chain.
    /// @return 32 bytes, computed anew where the chain's id has changed since the deployment.
    function DOMAIN_SEPARATOR() external view returns (bytes32);

    /// @notice EIP-712 type hash of {Voucher}.
    /// @return `keccak256` of the type string.
    function VOUCHER_TYPEHASH() external view returns (bytes32);

    /// @notice EIP-712 type hash of {DepositAuthorization}.
    /// @return `keccak256` of the type string.
    function DEPOSIT_AUTHORIZATION_TYPEHASH() external view returns (bytes32);

    /// @notice EIP-712 type hash of {FlushAuthorization}.
    /// @return `keccak256` of the type string.
    function FLUSH_AUTHORIZATION_TYPEHASH() external view returns (bytes32);

    /// @notice EIP-712 type hash of {FlushAllAuthorization}.
    /// @return `keccak256` of the type string.
    function FLUSH_ALL_AUTHORIZATION_TYPEHASH() external view returns (bytes32);

    /// @notice Reads an account.
    /// @param buyer Buyer of the account.
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    /// @return The account; amounts in token base units, time in unix seconds.
    function getAccount(address buyer, address seller, address asset) external view returns (EscrowAccount memory);

    /// @notice Reads the collected total of a lane.
    /// @param buyer Buyer of the account.
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    /// @param id Lane.
    /// @return Token base units.
    function getVoucherCollected(
        address buyer,
        address seller,
        address asset,
        bytes32 id
    ) external view returns (uint256);

    /// @notice Says what a voucher is still worth and what a collection would pay now. Ignores expiry and signature.
    /// @param voucher The voucher.
    /// @return outstanding Uncollected part, token base units.
    /// @return collectable The smaller of `outstanding` and the balance, token base units.
    function getOutstandingAndCollectableAmount(
        Voucher calldata voucher
    ) external view returns (uint256 outstanding, uint256 collectable);

    /// @notice Reads what a buyer needs to know before it pays. Never reverts on tokens without `allowance` or `nonces`.
    /// @param buyer Buyer of the account.
    /// @param seller Seller of the account.
    /// @param asset ERC-20 contract.
    /// @param voucherIds Lanes with uncollected vouchers.
    /// @param valueAggregates Their latest ceilings, token base units; {LengthMismatch} unless one a lane.
    /// @return balance Balance less the outstanding vouchers, token base units.
    /// @return assetAllowance Allowance of the buyer to the escrow, token base units; zero when the token has none.
    /// @return assetPermitNonce ERC-2612 nonce of the buyer; zero when the token has none.
    function getAccountData(
        address buyer,
        address seller,
        address asset,
        bytes32[] calldata voucherIds,
        uint256[] calldata valueAggregates
    ) external view returns (uint256 balance, uint256 assetAllowance, uint256 assetPermitNonce);

    /// @notice Reads what is needed to accept a voucher. Never reverts on tokens without `allowance` or `nonces`.
    /// @param voucher The voucher.
    /// @param depositNonce Nonce of a deposit authorization; zero when there is none.
    /// @return voucherOutstanding Uncollected part of the voucher, token base units.
    /// @return voucherCollectable What a collection would pay now, token base units.
    /// @return balance Balance of the account, token base units.
    /// @return availableBalance Balance less effective thawing, token base units.
    /// @return assetAllowance Allowance of the buyer to the escrow, token base units; zero when the token has none.
    /// @return assetPermitNonce ERC-2612 nonce of the buyer; zero when the token has none.
    /// @return isDepositNonceUsed True when the deposit nonce was used or cancelled.
    function getVerificationData(
        Voucher calldata voucher,
        bytes32 depositNonce
    )
        external
        view
        returns (
            uint256 voucherOutstanding,
            uint256 voucherCollectable,
            uint256 balance,
            uint256 availableBalance,
            uint256 assetAllowance,
            uint256 assetPermitNonce,
            bool isDepositNonceUsed
        );

    /// @notice Says whether a voucher's signature is the buyer's or a valid signer's. Ignores everything else.
    /// @param voucher The voucher.
    /// @param signature The signature.
    /// @return True when it is.
    function isVoucherSignatureValid(Voucher calldata voucher, bytes calldata signature) external view returns (bool);

    /// @notice Says whether signature, expiry and nonce of an authorization for {depositWithAuthorization} are good now.
    /// @param authorization The authorization.
    /// @param signature The signature.
    /// @return True when they are.
    function isDepositAuthorizationValid(
        DepositAuthorization calldata authorization,
        bytes calldata signature
    ) external view returns (bool);

    /// @notice Says whether signature, expiry and nonce of an authorization are good now.
    /// @param authorization The authorization.
    /// @param signature The signature.
    /// @return True when they are.
    function isFlushAuthorizationValid(
        FlushAuthorization calldata authorization,
        bytes calldata signature
    ) external view returns (bool);

    /// @notice Says whether signature and expiry of an authorization are good now and its nonce was not cancelled.
    /// @param authorization The authorization.
    /// @param signature The signature.
    /// @return True when they are.
    function isFlushAllAuthorizationValid(
        FlushAllAuthorization calldata authorization,
        bytes calldata signature
    ) external view returns (bool);

    /// @notice Says whether a deposit nonce was used or cancelled.
    /// @param buyer Owner of the nonce.
    /// @param nonce The nonce.
    /// @return True when it was.
    function isDepositAuthorizationNonceUsed(address buyer, bytes32 nonce) external view returns (bool);

    /// @notice Says whether a flush nonce was used or cancelled.
    /// @param buyer Owner of the nonce.
    /// @param nonce The nonce.
    /// @return True when it was.
    function isFlushAuthorizationNonceUsed(address buyer, bytes32 nonce) external view returns (bool);

    /// @notice Says whether a flush-all nonce was cancelled; use never sets it, see {FlushAllAuthorization}.
    /// @param buyer Owner of the nonce.
    /// @param nonce The nonce.
    /// @return True when it was.
    function isFlushAllAuthorizationNonceUsed(address buyer, bytes32 nonce) external view returns (bool);

    /// @notice Says whether a nonce of any bitmap was used or cancelled.
    /// @param kind Bitmap; for `FlushAll` true means cancelled.
    /// @param owner Owner of the nonce.
    /// @param nonce The nonce.
    /// @return True when it was.
    function isNonceUsed(NonceKind kind, address owner, bytes32 nonce) external view returns (bool);

    /// @notice Reads a free balance and the window of its nonces.
    /// @param owner Owner of the free balance.
    /// @param asset ERC-20 contract.
    /// @return balance Token base units.
    /// @return nextNonce One above the highest nonce used or cancelled.
    /// @return seen Bit `i` is set when nonce `nextNonce - 1 - i` was used or cancelled; older ones are unusable.
    function getFreeAccount(
        address owner,
        address asset
    ) external view returns (uint256 balance, uint64 nextNonce, uint64 seen);

    /// @notice Reads a signer of a buyer.
    /// @param buyer The buyer.
    /// @param signer The key.
    /// @return validUntil Last second at which its vouchers can be collected, unix seconds; zero when it never could sign.
    /// @return revoked True when it was revoked for good.
    function getSigner(address buyer, address signer) external view returns (uint64 validUntil, bool revoked);

    /// @notice Reads how a seller is paid.
    /// @param seller The seller.
    /// @return toFreeBalance True when earnings are kept as free balance.
    /// @return nonce Nonce of the next {PayoutAuthorization}.
    function getPayout(address seller) external view returns (bool toFreeBalance, uint96 nonce);
}
