// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";

/// @title FlashSettlement: the client's wallet pays, a small escrow insures the server
/// @notice A client locks a small escrow for one server and token, and signs payments that the server accepts at once and settles
/// later: from the client's wallet while it pays, from the escrow for the rest. Serves the x402 scheme `flash`; EIP-712 domain
/// "x402 Flash Settlement", version "1".
///
/// @dev Words. An *escrow* belongs to one client, server and token; it is open from an opening to the refund of what is left, and each
/// opening has an *epoch* of its own that every signature names. A *payment* has a nonce and is settled once, by the server or a
/// *settler* it named. A *tab* is a cumulative total on a *lane*; anyone may settle it, any number of requests at once. A *signed
/// transaction* is a raw type-2 transaction of the client that calls {settleNumberedPayment}; it can be settled whether or not it ever
/// lands. *Settled* is everything that this contract ever paid the server in this epoch, from the wallet and from the escrow. A *credit*
/// is what an account may withdraw: income that came from an escrow, and what a token refused to pay out.
///
/// A collection pulls once from the wallet what its balance and its allowance to this contract say is there, and moves the rest from the
/// escrow to the server's credit without asking the token, so a revoked allowance, an empty wallet, a pause or a blacklist cannot stop it.
/// Calls of the token have a fixed gas stipend and too little gas reverts, so whoever submits cannot choose where the money comes from.
///
/// Amounts are token base units below 2^96. Times are unix seconds: a `deadline` is inclusive, `unlockAt` is the first second at which the
/// client can withdraw. Payments, tabs and transactions carry an ECDSA signature of the signer that the opening fixed for its epoch; the
/// other messages one of the client, server or account, 65 bytes `r, s, v`, 64 bytes `r, vs` (EIP-2098) or bytes for an ERC-1271
/// `isValidSignature`. A key's own signature counts even if code sits at its address.
///
/// Assumptions on tokens: a transfer moves exactly the amount (fee-on-transfer is refused when an escrow is funded), balances do not
/// shrink by themselves, and the issuer does not freeze this contract.
///
/// There is no owner, no pause, no upgrade and no fee.
interface IFlashSettlement is IERC5267 {
    /* TYPES */

    /// @notice An escrow as callers see it.
    /// @param balance What is locked for the server, token base units.
    /// @param settled What the server was paid in this epoch, from the wallet and from the escrow, token base units.
    /// @param unlockAt First second at which the client can withdraw, unix seconds; the largest value while it has no end.
    /// @param signer Key that signs payments in this epoch; zero while the escrow is not open.
    /// @param closeDelay Notice that the client gives by closing, seconds.
    /// @param epoch Number of this opening, or of the next one while the escrow is not open.
    /// @param flags Bit 0: open. Bit 1: closed by the client. Bit 2: closed by the server.
    struct Escrow {
        uint96 balance;
        uint96 settled;
        uint40 unlockAt;
        address signer;
        uint32 closeDelay;
        uint32 epoch;
        uint8 flags;
    }

    /// @notice Signed by the escrow's signer: one payment.
    /// @param client Payer.
    /// @param server Receiver.
    /// @param token ERC-20 contract.
    /// @param amount Token base units; not zero.
    /// @param nonce Any number not used in this epoch; dense numbers are the cheapest.
    /// @param deadline Last second at which it can be settled, unix seconds, inclusive; zero for as long as the epoch lasts.
    /// @param epoch Epoch of the escrow.
    struct Payment {
        address client;
        address server;
        address token;
        uint128 amount;
        uint64 nonce;
        uint40 deadline;
        uint32 epoch;
    }

    /// @notice Signed by the escrow's signer: everything this lane has to pay in this epoch, all earlier tabs included.
    /// @param client Payer.
    /// @param server Receiver.
    /// @param token ERC-20 contract.
    /// @param total Cumulative total of the lane, token base units; not zero.
    /// @param lane Any number; lanes are independent.
    /// @param deadline Last second at which it can be settled, unix seconds, inclusive; zero for as long as the epoch lasts.
    /// @param epoch Epoch of the escrow.
    struct Tab {
        address client;
        address server;
        address token;
        uint128 total;
        uint64 lane;
        uint40 deadline;
        uint32 epoch;
    }

    /// @notice A {Payment} or a {Tab} whose client, server, token and epoch stand beside it.
    /// @param head `amount or total << 128 | nonce or lane << 64 | deadline << 24`; the low 24 bits are zero.
    /// @param r First word of the EIP-2098 signature.
    /// @param vs Second word of the EIP-2098 signature.
    struct PackedItem {
        uint256 head;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice Items of one escrow for {settleBatch}, settled by at most one pull from the wallet.
    /// @param client Payer.
    /// @param server Receiver.
    /// @param token ERC-20 contract.
    /// @param payments Payments, chosen in this order while wallet and escrow cover them.
    /// @param tabs Tabs, chosen after the payments.
    struct Group {
        address client;
        address server;
        address token;
        PackedItem[] payments;
        PackedItem[] tabs;
    }

    /// @notice Signed by the client: open an escrow on these terms.
    /// @param client Payer of the escrow and of the payments.
    /// @param server Receiver of the payments.
    /// @param token ERC-20 contract.
    /// @param amount What to lock, token base units; not zero.
    /// @param ttlSeconds Seconds until the client can withdraw; zero for no end but a close.
    /// @param closeDelay Notice that the client gives by closing: 60 seconds to 30 days, and no more than `ttlSeconds` unless that is zero.
    /// @param signer Key that signs payments; zero for the client.
    /// @param epoch Current epoch of the escrow.
    /// @param deadline Unix seconds, inclusive.
    struct OpenEscrow {
        address client;
        address server;
        address token;
        uint128 amount;
        uint40 ttlSeconds;
        uint32 closeDelay;
        address signer;
        uint32 epoch;
        uint40 deadline;
    }

    /// @notice Signed by the client: lock more in an open escrow.
    /// @param client Payer.
    /// @param server Receiver of the payments.
    /// @param token ERC-20 contract.
    /// @param amount What to add, token base units; not zero.
    /// @param epoch Epoch of the escrow.
    /// @param salt Any 32 bytes; tells one top-up from another.
    /// @param deadline Unix seconds, inclusive.
    struct TopUp {
        address client;
        address server;
        address token;
        uint128 amount;
        uint32 epoch;
        uint256 salt;
        uint40 deadline;
    }

    /// @notice Signed by the client: lock the escrow for longer.
    /// @param client Payer.
    /// @param server Receiver of the payments.
    /// @param token ERC-20 contract.
    /// @param epoch Epoch of the escrow.
    /// @param newUnlockAt First second at which the client can withdraw, unix seconds.
    /// @param deadline Unix seconds, inclusive.
    struct ExtendEscrow {
        address client;
        address server;
        address token;
        uint32 epoch;
        uint40 newUnlockAt;
        uint40 deadline;
    }

    /// @notice Signed by the client or the server: close the escrow.
    /// @param client Payer.
    /// @param server Receiver of the payments.
    /// @param token ERC-20 contract.
    /// @param epoch Epoch of the escrow.
    /// @param byServer True when the server signs, false when the client does.
    /// @param deadline Unix seconds, inclusive.
    struct CloseEscrow {
        address client;
        address server;
        address token;
        uint32 epoch;
        bool byServer;
        uint40 deadline;
    }

    /// @notice Signed by the server: give part of the escrow back to the client now.
    /// @param client Payer, who receives it.
    /// @param server Signer.
    /// @param token ERC-20 contract.
    /// @param epoch Epoch of the escrow.
    /// @param amount Token base units; not zero.
    /// @param nonce Any number that the server did not use or cancel.
    /// @param deadline Unix seconds, inclusive.
    struct ReleaseEscrow {
        address client;
        address server;
        address token;
        uint32 epoch;
        uint128 amount;
        uint256 nonce;
        uint40 deadline;
    }

    /// @notice Signed by the server: who else may consume its payments. A settler is fully trusted by its server.
    /// @param server Signer.
    /// @param settler Account that may settle payments.
    /// @param validUntil Last second of its right, unix seconds, inclusive; zero ends it at once.
    /// @param sequence How often this settler was set before.
    /// @param deadline Unix seconds, inclusive.
    struct SettlerAuthorization {
        address server;
        address settler;
        uint40 validUntil;
        uint64 sequence;
        uint40 deadline;
    }

    /// @notice Signed by an account: pay out its credit.
    /// @param account Signer.
    /// @param token ERC-20 contract.
    /// @param to Receiver.
    /// @param amount Token base units; not zero.
    /// @param nonce Any number that the account did not use or cancel.
    /// @param deadline Unix seconds, inclusive.
    struct WithdrawCredit {
        address account;
        address token;
        address to;
        uint256 amount;
        uint256 nonce;
        uint40 deadline;
    }

    /// @notice How an escrow is funded; the payer is always the client.
    /// @param Allowance By the client's allowance to this contract.
    /// @param Eip3009 By `receiveWithAuthorization`; the authorization's nonce is the struct hash of the message, `validAfter` is 0 and
    /// `validBefore` is `deadline + 1`.
    /// @param Permit2 By Permit2 with the message as witness; the permit's nonce is the struct hash, its deadline is `deadline`.
    enum FundingMethod {
        Allowance,
        Eip3009,
        Permit2
    }

    /// @notice Where the tokens of an opening or a top-up come from.
    /// @param method See {FundingMethod}.
    /// @param signature The client's signature for the method; empty for the allowance.
    struct Funding {
        FundingMethod method;
        bytes signature;
    }

    /// @notice Why an item of a batch was not settled.
    /// @param None It was settled.
    /// @param Malformed Its low 24 bits are not zero, or its amount or total is.
    /// @param Expired Its deadline has passed.
    /// @param BadSignature It was not signed by the escrow's signer for this epoch.
    /// @param Used Its nonce was used, or the lane's settled total has reached its total.
    /// @param NotCovered Wallet and escrow do not hold enough, or 2^96-1 token base units were settled in this epoch.
    /// @param NotServer The caller is neither the server nor one of its settlers, and may settle tabs only.
    /// @param NoEscrow There is no open escrow.
    enum Skip {
        None,
        Malformed,
        Expired,
        BadSignature,
        Used,
        NotCovered,
        NotServer,
        NoEscrow
    }

    /// @notice Which term of a call cannot be.
    /// @param Parties Client or server is zero or this contract, or both are the same.
    /// @param Token There is no code at the token's address.
    /// @param Amount The amount is zero.
    /// @param Ttl The end lies beyond what 40 bits can hold, or before the close delay.
    /// @param CloseDelay The close delay is not within 60 seconds and 30 days.
    /// @param Signer The server cannot be the signer.
    /// @param Receiver The receiver is zero or this contract.
    /// @param Funding The message has a signature of its own beside that of ERC-3009 or Permit2, or a top-up by signature names the
    /// allowance.
    enum Term {
        Parties,
        Token,
        Amount,
        Ttl,
        CloseDelay,
        Signer,
        Receiver,
        Funding
    }

    /* EVENTS: THE ESCROW */

    /// @notice An escrow was opened.
    /// @param id keccak256(abi.encode(client, server, token)).
    /// @param client Payer.
    /// @param server Receiver of the payments.
    /// @param token ERC-20 contract.
    /// @param amount What was locked, token base units.
    /// @param unlockAt First second at which the client can withdraw, unix seconds.
    /// @param closeDelay Notice that the client gives by closing, seconds.
    /// @param epoch Epoch of this opening.
    /// @param signer Key that signs payments.
    event EscrowOpened(
        bytes32 indexed id,
        address indexed client,
        address indexed server,
        address token,
        uint256 amount,
        uint40 unlockAt,
        uint32 closeDelay,
        uint32 epoch,
        address signer
    );

    /// @notice More was locked.
    /// @param id Escrow.
    /// @param epoch Epoch of the escrow.
    /// @param amount What was added, token base units.
    /// @param balance Balance afterwards, token base units.
    event EscrowToppedUp(bytes32 indexed id, uint32 epoch, uint256 amount, uint256 balance);

    /// @notice The escrow is locked for longer.
    /// @param id Escrow.
    /// @param epoch Epoch of the escrow.
    /// @param unlockAt First second at which the client can withdraw, unix seconds.
    event EscrowExtended(bytes32 indexed id, uint32 epoch, uint40 unlockAt);

    /// @notice The client or the server closed.
    /// @param id Escrow.
    /// @param epoch Epoch of the escrow.
    /// @param by Client or server.
    /// @param unlockAt First second at which the client can withdraw, unix seconds.
    event EscrowClosing(bytes32 indexed id, uint32 epoch, address indexed by, uint40 unlockAt);

    /// @notice The server gave part of the escrow back.
    /// @param id Escrow.
    /// @param epoch Epoch of the escrow.
    /// @param amount Token base units.
    /// @param to The client.
    event EscrowReleased(bytes32 indexed id, uint32 epoch, uint256 amount, address to);

    /// @notice The epoch ended and the rest of the escrow was refunded.
    /// @param id Escrow.
    /// @param epoch The epoch that ended; its signatures are void.
    /// @param amount What was left, token base units.
    /// @param to Who received it; if the token refused, the client was {Credited} instead.
    event EscrowRefunded(bytes32 indexed id, uint32 epoch, uint256 amount, address to);

    /* EVENTS: COLLECTION */

    /// @notice The server was paid. Which items were paid is read from {nonceWord}, {tabSettled} and {isTransactionUsed}.
    /// @param id Escrow.
    /// @param epoch Epoch of the escrow.
    /// @param fromWallet Pulled from the client's wallet to the server, token base units.
    /// @param fromEscrow Moved from the escrow to the server's credit, token base units.
    event PaymentsSettled(bytes32 indexed id, uint32 epoch, uint256 fromWallet, uint256 fromEscrow);

    /// @notice An item of a batch was not settled.
    /// @param id Escrow.
    /// @param item The item's `head`.
    /// @param reason Why.
    event RowSkipped(bytes32 indexed id, uint256 item, Skip reason);

    /* EVENTS: CREDITS AND RIGHTS */

    /// @notice A token refused to pay an account, which can now withdraw the amount. What a collection moves from an escrow to the
    /// server's credit is in {PaymentsSettled}.
    /// @param account Owner of the credit.
    /// @param token ERC-20 contract.
    /// @param amount Token base units.
    event Credited(address indexed account, address indexed token, uint256 amount);

    /// @notice Credit was paid out.
    /// @param account Owner of the credit.
    /// @param token ERC-20 contract.
    /// @param amount Token base units.
    /// @param to Receiver.
    event CreditWithdrawn(address indexed account, address indexed token, uint256 amount, address to);

    /// @notice A server named a settler, or ended its right.
    /// @param server Server.
    /// @param settler Account that may settle payments.
    /// @param validUntil Last second of its right, unix seconds, inclusive.
    /// @param sequence How often this settler was set, this time included.
    event SettlerSet(address indexed server, address indexed settler, uint40 validUntil, uint64 sequence);

    /// @notice Unused nonces of an account's releases and withdrawals were cancelled.
    /// @param account Owner of the nonces.
    /// @param word Upper 248 bits of the nonces.
    /// @param mask One bit for each cancelled nonce.
    event NoncesInvalidated(address indexed account, uint256 word, uint256 mask);

    /* ERRORS */

    /// @notice The pair has an open escrow in this token; close it first, or top it up.
    /// @param id Escrow.
    error EscrowExists(bytes32 id);

    /// @notice There is no open escrow of these parties in this token.
    error NoEscrow();

    /// @notice The call cannot be carried out on these terms.
    /// @param term The term at fault.
    error BadTerms(Term term);

    /// @notice An amount does not fit.
    /// @param amount Token base units.
    /// @param limit Largest amount that fits now, token base units.
    error AmountTooLarge(uint256 amount, uint256 limit);

    /// @notice The client cannot withdraw yet.
    /// @param unlockAt First second at which it can, unix seconds.
    /// @param currentTime Time of this block, unix seconds.
    error StillLocked(uint256 unlockAt, uint256 currentTime);

    /// @notice The client has not closed; it can withdraw to any address by {withdrawEscrow}.
    error NotClosed();

    /// @notice The signature is not that of `expected`.
    /// @param expected Who must sign.
    error BadSignature(address expected);

    /// @notice The deadline has passed.
    /// @param deadline Last second, unix seconds.
    /// @param currentTime Time of this block, unix seconds.
    error Expired(uint256 deadline, uint256 currentTime);

    /// @notice The nonce, or the content of the signed transaction, was used before.
    /// @param nonce The nonce.
    error NonceUsed(uint256 nonce);

    /// @notice There is not enough.
    /// @param have What wallet and escrow, or a balance, hold, token base units.
    /// @param need What is due, token base units.
    error NotCovered(uint256 have, uint256 need);

    /// @notice The message names another epoch than the escrow's.
    /// @param epoch Epoch of the message.
    /// @param current Epoch of the escrow.
    error WrongEpoch(uint256 epoch, uint256 current);

    /// @notice The sequence is not the settler's current one.
    /// @param sequence Sequence of the message.
    /// @param current Sequence that is valid.
    error WrongSequence(uint256 sequence, uint256 current);

    /// @notice A side closed: no top-up, no extension in this epoch.
    error Closed();

    /// @notice Only the server or one of its settlers may do this.
    /// @param caller Who called.
    error NotServer(address caller);

    /// @notice The signed transaction carries other than a call of {settleNumberedPayment}.
    error NotNumberedPayment();

    /* OPENING AND TERMS */

    /// @notice Opens an escrow by allowance; the caller is client and signer, and closing gives `ttlSeconds` of notice, 30 days at most.
    ///
    /// @dev Emits {EscrowOpened}. Unless another token's escrow of this pair is open, this token becomes the one that {escrowBalance},
    /// {clientCloseEscrow} and {serverCloseEscrow} mean.
    ///
    /// Requirements:
    /// - the parties, the token, the amount and the ttl are possible, else {BadTerms} or {AmountTooLarge};
    /// - no escrow of the pair is open in this token, else {EscrowExists};
    /// - exactly `amount` arrives, else `TransferMismatch`.
    ///
    /// @param server Receiver of the payments.
    /// @param token ERC-20 contract.
    /// @param amount What to lock, token base units.
    /// @param ttlSeconds Seconds until the client can withdraw, 60 at least; zero for no end but a close.
    function openEscrow(address server, address token, uint256 amount, uint64 ttlSeconds) external;

    /// @notice Opens an escrow on the client's terms, sent by the client or relayed by anyone.
    ///
    /// @dev Emits {EscrowOpened}. With ERC-3009 or Permit2 the signature of the funding binds the terms too.
    ///
    /// Requirements:
    /// - the terms are possible, else {BadTerms} or {AmountTooLarge};
    /// - `block.timestamp <= terms.deadline`, else {Expired};
    /// - no escrow of the pair is open in this token, else {EscrowExists}, and `terms.epoch` is the next epoch, else {WrongEpoch};
    /// - by allowance: the caller is the client, or `signature` is the client's over the terms, else {BadSignature};
    /// - by another method: `signature` is empty, else {BadTerms};
    /// - exactly the amount arrives, else `TransferMismatch`.
    ///
    /// @param terms The client's terms.
    /// @param signature The client's signature over the terms, for the allowance only.
    /// @param funding Where the tokens come from.
    function openEscrowWithTerms(
        OpenEscrow calldata terms,
        bytes calldata signature,
        Funding calldata funding
    ) external;

    /// @notice Locks more of the caller's tokens in its open escrow, by allowance.
    ///
    /// @dev Emits {EscrowToppedUp}.
    ///
    /// Requirements:
    /// - the escrow is open, else {NoEscrow}, its epoch is `epoch`, else {WrongEpoch}, and neither side closed, else {Closed};
    /// - the amount is not zero and fits, else {BadTerms} or {AmountTooLarge};
    /// - exactly `amount` arrives, else `TransferMismatch`.
    ///
    /// @param server Receiver of the payments.
    /// @param token ERC-20 contract.
    /// @param amount What to add, token base units.
    /// @param epoch Epoch of the escrow.
    function topUp(address server, address token, uint256 amount, uint32 epoch) external;

    /// @notice {topUp} by signature, relayed by anyone. The nonce of ERC-3009 or Permit2 is what lets it act once.
    ///
    /// @dev Emits {EscrowToppedUp}. Requirements: as {topUp}; `block.timestamp <= authorization.deadline`, else {Expired}; the method is not
    /// the allowance, else {BadTerms}.
    ///
    /// @param authorization The client's message, bound by the signature of the funding.
    /// @param funding Where the tokens come from.
    function topUpWithAuthorization(TopUp calldata authorization, Funding calldata funding) external;

    /// @notice Locks the caller's escrow for longer; to no later than it is, nothing happens.
    ///
    /// @dev Emits {EscrowExtended}. Requirements: the escrow is open, else {NoEscrow}; its epoch is `epoch`, else {WrongEpoch}; neither side
    /// closed, else {Closed}.
    ///
    /// @param server Receiver of the payments.
    /// @param token ERC-20 contract.
    /// @param epoch Epoch of the escrow.
    /// @param newUnlockAt First second at which the client can withdraw, unix seconds.
    function extendEscrow(address server, address token, uint32 epoch, uint40 newUnlockAt) external;

    /// @notice {extendEscrow} by signature, relayed by anyone; replaying it changes nothing.
    ///
    /// @dev Requirements: as {extendEscrow}; `block.timestamp <= authorization.deadline`, else {Expired}; signed by the client, else
    /// {BadSignature}.
    ///
    /// @param authorization The client's message.
    /// @param signature The client's signature.
    function extendEscrowWithAuthorization(ExtendEscrow calldata authorization, bytes calldata signature) external;

    /* LEAVING */

    /// @notice The client closes the escrow of the pair's token, in whatever epoch it is. Not for automation: use {closeEscrow}.
    ///
    /// @dev As {closeEscrow}.
    ///
    /// @param server Receiver of the payments.
    function clientCloseEscrow(address server) external;

    /// @notice The server closes the escrow of the pair's token, in whatever epoch it is. Not for automation: a transaction that lands late
    /// would close an epoch it was not meant for. Use {closeEscrow}.
    ///
    /// @dev As {closeEscrow}.
    ///
    /// @param client Payer.
    function serverCloseEscrow(address client) external;

    /// @notice The client or the server closes an escrow, for good in this epoch.
    ///
    /// @dev Emits {EscrowClosing}, and {EscrowRefunded} when both sides closed or the lock has ended. A client's close lets it withdraw after
    /// `closeDelay`, or at `unlockAt` if that is sooner; a server's close lets it withdraw now. What was accepted stays collectable until
    /// the refund. Closing again does not move `unlockAt` up.
    ///
    /// Requirements: the escrow is open, else {NoEscrow}; its epoch is `epoch`, else {WrongEpoch}; the caller is one of the two, else
    /// {NotServer}.
    ///
    /// @param client Payer.
    /// @param server Receiver of the payments.
    /// @param token ERC-20 contract.
    /// @param epoch Epoch of the escrow.
    function closeEscrow(address client, address server, address token, uint32 epoch) external;

    /// @notice {closeEscrow} by signature, relayed by anyone. Relayed again once the lock has ended it refunds.
    ///
    /// @dev Requirements: as {closeEscrow}; `block.timestamp <= authorization.deadline`, else {Expired}; signed by the server if `byServer`, else
    /// by the client, else {BadSignature}.
    ///
    /// @param authorization The message.
    /// @param signature Signature of the client or the server.
    function closeEscrowWithAuthorization(CloseEscrow calldata authorization, bytes calldata signature) external;

    /// @notice Refunds the client of an escrow that it closed, once the lock has ended. Anyone may call.
    ///
    /// @dev Emits {EscrowRefunded}. Requirements: the escrow is open, else {NoEscrow}; the client closed, else {NotClosed};
    /// `block.timestamp >= unlockAt`, else {StillLocked}.
    ///
    /// @param client Payer, who receives the rest.
    /// @param server Receiver of the payments.
    /// @param token ERC-20 contract.
    function finalizeClose(address client, address server, address token) external;

    /// @notice The client takes the rest of its escrow, once the lock has ended.
    ///
    /// @dev Emits {EscrowRefunded}. Requirements: `to` is possible, else {BadTerms}; the escrow is open, else {NoEscrow};
    /// `block.timestamp >= unlockAt`, else {StillLocked}.
    ///
    /// @param server Receiver of the payments.
    /// @param token ERC-20 contract.
    /// @param to Receiver of the rest.
    function withdrawEscrow(address server, address token, address to) external;

    /// @notice The server gives part of the escrow back to the client now.
    ///
    /// @dev Emits {EscrowReleased}. A server that has accepted payments keeps what they need. Requirements: the escrow is open, else {NoEscrow};
    /// its epoch is `epoch`, else {WrongEpoch}; the amount is not zero, else {BadTerms}, and at most the balance, else {NotCovered}.
    ///
    /// @param client Payer, who receives it.
    /// @param token ERC-20 contract.
    /// @param epoch Epoch of the escrow.
    /// @param amount Token base units.
    function releaseEscrow(address client, address token, uint32 epoch, uint256 amount) external;

    /// @notice {releaseEscrow} by signature, relayed by anyone, once.
    ///
    /// @dev Requirements: as {releaseEscrow}; `block.timestamp <= authorization.deadline`, else {Expired}; signed by the server, else {BadSignature};
    /// the server's nonce was not used or cancelled, else {NonceUsed}.
    ///
    /// @param authorization The server's message.
    /// @param signature The server's signature.
    function releaseEscrowWithAuthorization(ReleaseEscrow calldata authorization, bytes calldata signature) external;

    /// @notice Pays out credit of the caller.
    ///
    /// @dev Emits {CreditWithdrawn}. A token that refuses reverts. Requirements: the amount is not zero and `to` is possible, else {BadTerms};
    /// the credit covers it, else {NotCovered}.
    ///
    /// @param token ERC-20 contract.
    /// @param to Receiver.
    /// @param amount Token base units.
    function withdrawCredit(address token, address to, uint256 amount) external;

    /// @notice {withdrawCredit} by signature, relayed by anyone, once.
    ///
    /// @dev Requirements: as {withdrawCredit}; `block.timestamp <= authorization.deadline`, else {Expired}; signed by the account, else
    /// {BadSignature}; its nonce was not used or cancelled, else {NonceUsed}.
    ///
    /// @param authorization The account's message.
    /// @param signature The account's signature.
    function withdrawCreditWithAuthorization(WithdrawCredit calldata authorization, bytes calldata signature) external;

    /* COLLECTING */

    /// @notice The client pays its server now, all of it or nothing; it raises what is settled, so it counts toward later requests.
    ///
    /// @dev Emits {PaymentsSettled}. Requirements: the escrow is open, else {NoEscrow}; the amount is not zero, else {BadTerms}, fits, else
    /// {AmountTooLarge}, and wallet and escrow cover it, else {NotCovered}; enough gas, else `InsufficientGas`.
    ///
    /// @param server Receiver.
    /// @param token ERC-20 contract.
    /// @param amount Token base units.
    function settlePayment(address server, address token, uint256 amount) external;

    /// @notice {settlePayment} of one content, once: what a signed transaction of the scheme calls. A content that was used before returns
    /// silently, before anything else is looked at.
    ///
    /// @dev Emits {PaymentsSettled}. Requirements: as {settlePayment}; its epoch is `epoch`, else {WrongEpoch}; `deadline` is zero or has not passed,
    /// else {Expired}.
    ///
    /// @param server Receiver.
    /// @param token ERC-20 contract.
    /// @param amount Token base units.
    /// @param nonce Tells one payment from another; it has nothing to do with the nonce of a {Payment} or of the account.
    /// @param deadline Unix seconds, inclusive; zero for as long as the epoch lasts.
    /// @param epoch Epoch of the escrow.
    function settleNumberedPayment(
        address server,
        address token,
        uint256 amount,
        uint64 nonce,
        uint40 deadline,
        uint32 epoch
    ) external;

    /// @notice Settles what a client signed as a raw type-2 transaction, whether or not that transaction ever lands.
    ///
    /// @dev Emits {PaymentsSettled}. The transaction must be canonical RLP, for this chain and this contract, without value and access list,
    /// and call {settleNumberedPayment}.
    ///
    /// Requirements:
    /// - the bytes are such a transaction, else `BadTransaction` or {NotNumberedPayment};
    /// - the escrow is open, else {NoEscrow}, its epoch is the call's, else {WrongEpoch}, and its signer is the client, else {BadSignature};
    /// - the deadline is zero or has not passed, else {Expired}; the content was not used, else {NonceUsed};
    /// - wallet and escrow cover it, or `allowPartial` and they hold something, else {NotCovered};
    /// - with `allowPartial` the caller is the server or a settler, else {NotServer};
    /// - enough gas, else `InsufficientGas`.
    ///
    /// @param rawTransaction The signed transaction, from the type byte on.
    /// @param allowPartial True to take what is there; the rest of the payment is given up.
    function settleSignedTransaction(bytes calldata rawTransaction, bool allowPartial) external;

    /// @notice Settles one payment; the caller is the server or one of its settlers.
    ///
    /// @dev Emits {PaymentsSettled}.
    ///
    /// Requirements:
    /// - the caller is the server or a settler, else {NotServer};
    /// - the amount is not zero, else {BadTerms}, and fits, else {AmountTooLarge};
    /// - the deadline is zero or has not passed, else {Expired};
    /// - the escrow is open, else {NoEscrow}, and its epoch is the payment's, else {WrongEpoch};
    /// - signed by the escrow's signer, else {BadSignature};
    /// - the nonce was not used in this epoch, else {NonceUsed};
    /// - wallet and escrow cover it, or `allowPartial` and they hold something, else {NotCovered};
    /// - enough gas, else `InsufficientGas`.
    ///
    /// @param payment The payment.
    /// @param signature ECDSA signature of the escrow's signer.
    /// @param allowPartial True to take what is there; the rest of the payment is given up.
    function settleSignedPayment(Payment calldata payment, bytes calldata signature, bool allowPartial) external;

    /// @notice Settles what a lane owes, as far as wallet and escrow go. Anyone may call; with nothing due, nothing happens.
    ///
    /// @dev Emits {PaymentsSettled}. Requirements: as {settleSignedPayment}, but for the caller and the nonce; wallet and escrow hold something, else
    /// {NotCovered}.
    ///
    /// @param tab The tab.
    /// @param signature ECDSA signature of the escrow's signer.
    function settleTab(Tab calldata tab, bytes calldata signature) external;

    /// @notice Settles items of many escrows, each escrow by one pull. An item that cannot be settled is skipped, and changes no other.
    ///
    /// @dev Emits {PaymentsSettled} for each group that pays, {RowSkipped} for each item that is skipped. Items of a group are chosen in their order,
    /// payments before tabs. If the pull fails they are chosen anew, from the escrow alone.
    ///
    /// Requirements: enough gas for the token's stipends, else `InsufficientGas`.
    ///
    /// @param groups The escrows and their items.
    /// @param allowPartial True to take what is there for a payment that is not covered; the rest of that payment is given up.
    function settleBatch(Group[] calldata groups, bool allowPartial) external;

    /* RIGHTS */

    /// @notice The caller, a server, names who else may consume its payments.
    ///
    /// @dev Emits {SettlerSet}.
    ///
    /// @param settler Account.
    /// @param validUntil Last second of its right, unix seconds, inclusive; zero ends it at once.
    function setSettler(address settler, uint40 validUntil) external;

    /// @notice {setSettler} by signature, relayed by anyone, once.
    ///
    /// @dev Requirements: `block.timestamp <= authorization.deadline`, else {Expired}; signed by the server, else {BadSignature}; the sequence is
    /// the current one, else {WrongSequence}.
    ///
    /// @param authorization The server's message.
    /// @param signature The server's signature.
    function setSettlerWithAuthorization(
        SettlerAuthorization calldata authorization,
        bytes calldata signature
    ) external;

    /// @notice Cancels nonces of the caller's signed releases and credit withdrawals.
    ///
    /// @dev Emits {NoncesInvalidated}.
    ///
    /// @param word Upper 248 bits of the nonces.
    /// @param mask One bit for each nonce to cancel.
    function invalidateNonces(uint256 word, uint256 mask) external;

    /* VIEWS */

    /// @notice Everything a server needs to know of an escrow, in one read.
    /// @param client Payer.
    /// @param server Receiver of the payments.
    /// @param token ERC-20 contract.
    /// @return The escrow.
    function escrowOf(address client, address server, address token) external view returns (Escrow memory);

    /// @notice Balance of the escrow in the pair's token, the one that {openEscrow} named last.
    /// @param client Payer.
    /// @param server Receiver of the payments.
    /// @return Token base units.
    function escrowBalance(address client, address server) external view returns (uint256);

    /// @notice What an account can withdraw.
    /// @param account Owner of the credit.
    /// @param token ERC-20 contract.
    /// @return Token base units.
    function creditOf(address account, address token) external view returns (uint256);

    /// @notice Which payments of an epoch were used.
    /// @param id Escrow.
    /// @param epoch Epoch of the escrow.
    /// @param word Upper 56 bits of the nonces.
    /// @return One bit for each of 256 nonces.
    function nonceWord(bytes32 id, uint32 epoch, uint56 word) external view returns (uint256);

    /// @notice Which nonces of an account's signed releases and withdrawals were used or cancelled.
    /// @param account Owner of the nonces.
    /// @param word Upper 248 bits of the nonces.
    /// @return One bit for each of 256 nonces.
    function accountNonceWord(address account, uint256 word) external view returns (uint256);

    /// @notice What a lane has paid.
    /// @param id Escrow.
    /// @param epoch Epoch of the escrow.
    /// @param lane Lane.
    /// @return Token base units.
    function tabSettled(bytes32 id, uint32 epoch, uint64 lane) external view returns (uint256);

    /// @notice Whether the content of a signed transaction was used, by whichever way.
    /// @param id Escrow.
    /// @param amount Token base units.
    /// @param nonce Nonce of {settleNumberedPayment}.
    /// @param deadline Unix seconds.
    /// @param epoch Epoch of the escrow.
    /// @return True when it was.
    function isTransactionUsed(
        bytes32 id,
        uint256 amount,
        uint64 nonce,
        uint40 deadline,
        uint32 epoch
    ) external view returns (bool);

    /// @notice Right of a settler.
    /// @param server Server.
    /// @param settler Account.
    /// @return validUntil Last second of its right, unix seconds, inclusive.
    /// @return sequence How often it was set.
    function settlerOf(address server, address settler) external view returns (uint40 validUntil, uint64 sequence);

    /// @notice EIP-712 digest of a payment.
    /// @param payment The payment.
    /// @return Digest that the escrow's signer signs.
    function paymentDigest(Payment calldata payment) external view returns (bytes32);

    /// @notice EIP-712 digest of a tab.
    /// @param tab The tab.
    /// @return Digest that the escrow's signer signs.
    function tabDigest(Tab calldata tab) external view returns (bytes32);
}
