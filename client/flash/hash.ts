import { domainSeparator, encodeAbiParameters, keccak256, type Address, type Hex } from "viem";
import { withChecksums } from "../core/checksums.ts";
import { createStructHasher, type MessageHash } from "../core/structHash.ts";
import { flashTypes, type FlashDomain, type FlashMessages, type FlashPrimaryType } from "./typedData.ts";
import type {
  CloseEscrow,
  ExtendEscrow,
  OpenEscrow,
  Payment,
  ReleaseEscrow,
  SettlerAuthorization,
  Tab,
  TopUp,
  WithdrawCredit,
} from "./types.ts";

/** What names an escrow inside of its contract. */
export interface EscrowParties {
  /** Who has opened it. */
  readonly client: Address;
  /** Who is paid. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
}

/** What a signed transaction pays: the arguments of `settleNumberedPayment` beside server and token. */
export interface TransactionContent {
  /** Token base units. */
  readonly amount: bigint;
  /** Nonce of the payment, not of the transaction. */
  readonly nonce: bigint;
  /** Unix seconds, inclusive; zero for as long as the epoch lasts. */
  readonly deadline: bigint;
  /** Epoch of the escrow. */
  readonly epoch: bigint;
}

/** A domain, or its separator when many messages of one domain are hashed. */
export type DomainOrSeparator = FlashDomain | Hex;

const hasher = /* @__PURE__ */ createStructHasher(flashTypes);

/**
 * Computes the EIP-712 domain separator of a FlashSettlement.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param domain - Made by `flashDomain`.
 * @returns 32 bytes.
 *
 * @example
 * const separator = flashDomainSeparator(flashDomain({ chainId: 8453, settlement }));
 */
export function flashDomainSeparator(domain: FlashDomain): Hex {
  return domainSeparator({ domain: withChecksums(domain) });
}

/**
 * Computes the EIP-712 type hash of a message.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param primaryType - Name of the message.
 * @returns 32 bytes.
 *
 * @example
 * const typeHash = flashTypeHash("Payment");
 */
export function flashTypeHash(primaryType: FlashPrimaryType): Hex {
  return hasher.typeHash(primaryType);
}

/**
 * Encodes a message as EIP-712 does, ready to be hashed: type hash and members, one 32-byte word each. For callers with a faster
 * keccak of their own; the digest is the hash of `0x1901`, the domain separator and the hash of this.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param primaryType - Name of the message.
 * @param message - Its members; amounts in token base units, times in unix seconds. Addresses in any case.
 * @returns The words.
 * @throws {InvalidMessageError} a member is missing or does not fit its type.
 *
 * @example
 * const words = encodeMessage("Payment", payment);
 */
export function encodeMessage<name extends FlashPrimaryType>(primaryType: name, message: FlashMessages[name]): Hex {
  return hasher.encode(primaryType, message as object);
}

/**
 * Hashes a message FlashSettlement checks: what a key signs.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param primaryType - Name of the message.
 * @param message - Its members; amounts in token base units, times in unix seconds. Addresses in any case.
 * @param domain - Domain of the contract, or its separator.
 * @returns Struct hash and digest.
 * @throws {InvalidMessageError} a member is missing or does not fit its type.
 *
 * @example
 * const { digest } = hashMessage("Payment", payment, flashDomain({ chainId: 8453, settlement }));
 */
export function hashMessage<name extends FlashPrimaryType>(
  primaryType: name,
  message: FlashMessages[name],
  domain: DomainOrSeparator,
): MessageHash {
  const separator = typeof domain === "string" ? domain : flashDomainSeparator(domain);
  return hasher.hash(primaryType, message as object, separator);
}

/**
 * Hashes a payment. See {@link hashMessage}.
 *
 * @param payment - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the contract, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashPayment(payment, flashDomain({ chainId: 8453, settlement }));
 */
export function hashPayment(payment: Payment, domain: DomainOrSeparator): MessageHash {
  return hashMessage("Payment", payment, domain);
}

/**
 * Hashes a tab. See {@link hashMessage}.
 *
 * @param tab - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the contract, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashTab(tab, flashDomain({ chainId: 8453, settlement }));
 */
export function hashTab(tab: Tab, domain: DomainOrSeparator): MessageHash {
  return hashMessage("Tab", tab, domain);
}

/**
 * Hashes the terms of an opening. See {@link hashMessage}.
 *
 * @param terms - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the contract, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashOpenEscrow(terms, flashDomain({ chainId: 8453, settlement }));
 */
export function hashOpenEscrow(terms: OpenEscrow, domain: DomainOrSeparator): MessageHash {
  return hashMessage("OpenEscrow", terms, domain);
}

/**
 * Hashes a top-up. See {@link hashMessage}.
 *
 * @param authorization - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the contract, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashTopUp(authorization, flashDomain({ chainId: 8453, settlement }));
 */
export function hashTopUp(authorization: TopUp, domain: DomainOrSeparator): MessageHash {
  return hashMessage("TopUp", authorization, domain);
}

/**
 * Hashes an extension. See {@link hashMessage}.
 *
 * @param authorization - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the contract, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashExtendEscrow(authorization, flashDomain({ chainId: 8453, settlement }));
 */
export function hashExtendEscrow(authorization: ExtendEscrow, domain: DomainOrSeparator): MessageHash {
  return hashMessage("ExtendEscrow", authorization, domain);
}

/**
 * Hashes a close. See {@link hashMessage}.
 *
 * @param authorization - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the contract, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashCloseEscrow(authorization, flashDomain({ chainId: 8453, settlement }));
 */
export function hashCloseEscrow(authorization: CloseEscrow, domain: DomainOrSeparator): MessageHash {
  return hashMessage("CloseEscrow", authorization, domain);
}

/**
 * Hashes a release. See {@link hashMessage}.
 *
 * @param authorization - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the contract, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashReleaseEscrow(authorization, flashDomain({ chainId: 8453, settlement }));
 */
export function hashReleaseEscrow(authorization: ReleaseEscrow, domain: DomainOrSeparator): MessageHash {
  return hashMessage("ReleaseEscrow", authorization, domain);
}

/**
 * Hashes a settler authorization. See {@link hashMessage}.
 *
 * @param authorization - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the contract, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashSettlerAuthorization(authorization, flashDomain({ chainId: 8453, settlement }));
 */
export function hashSettlerAuthorization(authorization: SettlerAuthorization, domain: DomainOrSeparator): MessageHash {
  return hashMessage("SettlerAuthorization", authorization, domain);
}

/**
 * Hashes a withdrawal of credit. See {@link hashMessage}.
 *
 * @param authorization - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the contract, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashWithdrawCredit(authorization, flashDomain({ chainId: 8453, settlement }));
 */
export function hashWithdrawCredit(authorization: WithdrawCredit, domain: DomainOrSeparator): MessageHash {
  return hashMessage("WithdrawCredit", authorization, domain);
}

/**
 * Computes the id of an escrow, as FlashSettlement keys and logs it.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param parties - Client, server and token, in any case.
 * @returns 32 bytes.
 *
 * @example
 * const id = escrowId({ client, server, token });
 */
export function escrowId({ client, server, token }: EscrowParties): Hex {
  const address = { type: "address" } as const;
  return keccak256(encodeAbiParameters([address, address, address], withChecksums([client, server, token])));
}

/**
 * Computes the key under which FlashSettlement remembers that a signed transaction was settled. It names the whole content, so two
 * transactions with one nonce are two payments.
 *
 * - Source: contracts/flash/FlashTransactions.sol
 *
 * @param parties - Client, server and token.
 * @param content - What is paid.
 * @returns 32 bytes: what `isTransactionUsed` is asked with.
 *
 * @example
 * const key = transactionKey({ client, server, token }, { amount: 1_000n, nonce: 42n, deadline: 0n, epoch: 0n });
 */
export function transactionKey(parties: EscrowParties, { amount, nonce, deadline, epoch }: TransactionContent): Hex {
  const types = [{ type: "bytes32" }, { type: "uint256" }, { type: "uint64" }, { type: "uint40" }, { type: "uint32" }];
  return keccak256(encodeAbiParameters(types, [escrowId(parties), amount, nonce, Number(deadline), Number(epoch)]));
}
