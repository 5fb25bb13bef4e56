import { isAddressEqual, type Address, type Hex } from "viem";
import { recoverKey } from "../core/signature.ts";
import {
  hashFundingEip3009,
  hashFundingPermit2,
  hashPermit,
  type FundingReference,
  type PermitReference,
  type TokenFundingReference,
} from "./funding.ts";
import { hashMessage, hashPayment, hashTab } from "./hash.ts";
import {
  InvalidSignedTransactionError,
  parseSignedTransaction,
  recoverSignedTransaction,
  type SignedTransactionPayment,
} from "./signedTransaction.ts";
import { flashDomain, type FlashMessages, type FlashPrimaryType, type SettlementReference } from "./typedData.ts";
import type { SignedPayment, SignedTab } from "./types.ts";

/** A signed payment, the contract at which it counts, and who must have signed. */
export interface VerifyPaymentParameters extends SignedPayment, SettlementReference {
  /** The escrow's signer, from `getEscrow`. */
  readonly signer: Address;
}

/** A signed tab, the contract at which it counts, and who must have signed. */
export interface VerifyTabParameters extends SignedTab, SettlementReference {
  /** The escrow's signer, from `getEscrow`. */
  readonly signer: Address;
}

/** A signed message of FlashSettlement. */
export interface VerifyMessageParameters<name extends FlashPrimaryType> extends SettlementReference {
  /** Name of the message. */
  readonly primaryType: name;
  /** What was signed. */
  readonly message: FlashMessages[name];
  /** 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
  /** Who must have signed. */
  readonly owner: Address;
}

/** A signed transaction, the contract it must call, and what it must pay. */
export interface VerifySignedTransactionParameters extends SettlementReference {
  /** From the type byte on. */
  readonly rawTransaction: Hex;
  /** Who must be paid. */
  readonly server: Address;
  /** ERC-20 contract in which it must be paid. */
  readonly token: Address;
  /** Least amount, token base units; one when absent. */
  readonly price?: bigint;
  /** The escrow's signer where it is known; it must be the client itself. */
  readonly signer?: Address;
}

/** What a verified transaction pays, and who pays it. */
export interface VerifiedTransaction extends SignedTransactionPayment {
  /** Who signed it, lower case. */
  readonly client: Address;
}

/**
 * Says whether the escrow's signer signed a payment. Makes no request. A contract wallet cannot sign payments: it names a key when it
 * opens.
 *
 * - Source: contracts/libraries/SignatureVerification.sol
 *
 * @param parameters - {@link VerifyPaymentParameters}.
 * @returns True when it did. Amount, nonce, deadline and epoch are the caller's to check.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const isValid = await verifyPayment({ payment, signature, signer: escrow.signer, chainId: 8453, settlement });
 */
export async function verifyPayment(parameters: VerifyPaymentParameters): Promise<boolean> {
  const { payment, signature, signer } = parameters;
  return isSignedBy(signer, hashPayment(payment, flashDomain(parameters)).digest, signature);
}

/**
 * Says whether the escrow's signer signed a tab. Makes no request.
 *
 * - Source: contracts/libraries/SignatureVerification.sol
 *
 * @param parameters - {@link VerifyTabParameters}.
 * @returns True when it did. Total, lane, deadline and epoch are the caller's to check.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const isValid = await verifyTab({ tab, signature, signer: escrow.signer, chainId: 8453, settlement });
 */
export async function verifyTab(parameters: VerifyTabParameters): Promise<boolean> {
  const { tab, signature, signer } = parameters;
  return isSignedBy(signer, hashTab(tab, flashDomain(parameters)).digest, signature);
}

/**
 * Says whether a message of FlashSettlement is signed by its owner's key. Makes no request; a contract wallet needs
 * `verifyMessageOnChain`.
 *
 * - Source: contracts/libraries/SignatureVerification.sol
 *
 * @param parameters - {@link VerifyMessageParameters}.
 * @returns True when it is. Deadline, epoch and nonce are the caller's to check.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const close = { primaryType: "CloseEscrow", message: authorization, owner: client, signature } as const;
 * const isValid = await verifyMessage({ ...close, chainId: 8453, settlement });
 */
export async function verifyMessage<name extends FlashPrimaryType>(
  parameters: VerifyMessageParameters<name>,
): Promise<boolean> {
  const { primaryType, message, signature, owner } = parameters;
  return isSignedBy(owner, hashMessage(primaryType, message, flashDomain(parameters)).digest, signature);
}

/**
 * Says whether the client's key signed what funds an opening or a top-up by ERC-3009. Makes no request.
 *
 * - Source: ERC-3009
 *
 * @param parameters - Message, token and signature; amounts in token base units.
 * @returns True when it did. Balance, deadline and whether the token's nonce is unused are the caller's to check.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const isValid = await verifyFundingEip3009({ ...reference, tokenDomain, signature });
 */
export async function verifyFundingEip3009(
  parameters: TokenFundingReference & { readonly signature: Hex },
): Promise<boolean> {
  return isSignedBy(parameters.message.client, hashFundingEip3009(parameters).digest, parameters.signature);
}

/**
 * Says whether the client's key signed what funds an opening or a top-up by Permit2. Makes no request.
 *
 * - Source: Permit2
 *
 * @param parameters - Message and signature; amounts in token base units.
 * @returns True when it did. Balance, approval to Permit2, deadline and nonce are the caller's to check.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const isValid = await verifyFundingPermit2({ ...reference, signature });
 */
export async function verifyFundingPermit2(
  parameters: FundingReference & { readonly signature: Hex },
): Promise<boolean> {
  return isSignedBy(parameters.message.client, hashFundingPermit2(parameters).digest, parameters.signature);
}

/**
 * Says whether the client's key signed an ERC-2612 permit to FlashSettlement. Makes no request.
 *
 * - Source: ERC-2612
 *
 * @param parameters - Permit and signature; `value` in token base units.
 * @returns True when it did. Deadline and nonce are the caller's to check.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const isValid = await verifyPermit({ chainId: 8453, settlement, client, token, permit, tokenDomain, signature });
 */
export async function verifyPermit(parameters: PermitReference & { readonly signature: Hex }): Promise<boolean> {
  return isSignedBy(parameters.client, hashPermit(parameters).digest, parameters.signature);
}

/**
 * Reads a signed transaction and checks what it pays and who signed it. Makes no request.
 *
 * - Source: contracts/flash/FlashTransactions.sol
 *
 * @param parameters - {@link VerifySignedTransactionParameters}; amounts in token base units.
 * @returns {@link VerifiedTransaction}. Deadline, epoch and whether its content was used are the caller's to check.
 * @throws {InvalidSignedTransactionError} it is something else, or pays somebody else, in another token or too little.
 *
 * @example
 * const { client, amount } = await verifySignedTransaction({ rawTransaction, chainId: 8453, settlement, server, token, price });
 */
export async function verifySignedTransaction(
  parameters: VerifySignedTransactionParameters,
): Promise<VerifiedTransaction> {
  const { rawTransaction, server, token, price = 1n, signer } = parameters;
  const payment = parseSignedTransaction(rawTransaction, parameters);
  if (!isAddressEqual(payment.server, server)) throw new InvalidSignedTransactionError("server");
  if (!isAddressEqual(payment.token, token)) throw new InvalidSignedTransactionError("token");
  if (payment.amount === 0n || payment.amount < price) throw new InvalidSignedTransactionError("amount");
  const client = await recoverSignedTransaction(payment);
  if (signer !== undefined && !isAddressEqual(client, signer)) throw new InvalidSignedTransactionError("signer");
  return { ...payment, client };
}

async function isSignedBy(owner: Address, digest: Hex, signature: Hex): Promise<boolean> {
  const key = await recoverKey(digest, signature);
  return key !== undefined && isAddressEqual(owner, key);
}
