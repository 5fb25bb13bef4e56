import { isAddressEqual, type Address, type Hex } from "viem";
import type { ReadClient } from "../core/readClient.ts";
import { recoverKey } from "../core/signature.ts";
import { verifyDigestOnChain, type DigestVerdict } from "../core/verifyOnChain.ts";
import { hashLifecycleMessage, type LifecycleMessageReference } from "./hash.ts";
import { hashPaymentAuthorization, type PaymentAuthorizationReference } from "./payment.ts";
import { hashRefundAuthorization, type RefundAuthorizationReference } from "./refund.ts";
import type { LifecyclePrimaryType } from "./typedData.ts";

/** A payment and its payer's signature. */
export interface VerifyPaymentParameters extends PaymentAuthorizationReference {
  /** The payer's. */
  readonly signature: Hex;
}

/** A refund and its funder's signature. */
export interface VerifyRefundParameters extends RefundAuthorizationReference {
  /** The funder's. */
  readonly signature: Hex;
}

/** A signed lifecycle message. */
export interface VerifyLifecycleMessageParameters<
  name extends LifecyclePrimaryType,
> extends LifecycleMessageReference<name> {
  /** 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
  /** Who must have signed. */
  readonly owner: Address;
}

/** Where to ask about wallets that are not deployed yet. */
export interface WalletCheck {
  /** Address of Multicall3 where it is not at its usual one. */
  readonly multicall?: Address;
}

/**
 * Says whether the payer's key signed a payment. Makes no request; a contract wallet needs `verifyPaymentOnChain`.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol
 *
 * @param parameters - {@link VerifyPaymentParameters}.
 * @returns True when it did. Balance, deadlines and whether the payment was collected are the caller's to check.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const isValid = await verifyPayment({ chainId: 8453, escrow, paymentInfo, payment, signature });
 */
export async function verifyPayment(parameters: VerifyPaymentParameters): Promise<boolean> {
  const { digest } = hashPaymentAuthorization(parameters);
  return isSignedBy(parameters.paymentInfo.payer, digest, parameters.signature);
}

/**
 * Checks a payment's signature, whoever signed: the payer's key, its contract wallet (ERC-1271), or a wallet that is yet to be deployed
 * (ERC-6492). The collector takes the signature as it came, wrapped or not.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol
 *
 * @param client - any viem client of the payment's chain.
 * @param parameters - {@link VerifyPaymentParameters}.
 * @returns {@link DigestVerdict}; `deployment` names the factory of a wallet that is not there yet, to be looked up on a list.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const result = await verifyPaymentOnChain(publicClient, { chainId: 8453, escrow, paymentInfo, payment, signature });
 */
export async function verifyPaymentOnChain(
  client: ReadClient,
  parameters: VerifyPaymentParameters & WalletCheck,
): Promise<DigestVerdict> {
  const { digest } = hashPaymentAuthorization(parameters);
  return verifyDigestOnChain(client, { ...parameters, owner: parameters.paymentInfo.payer, digest });
}

/**
 * Says whether the funder's key signed a refund. Makes no request.
 *
 * - Source: contracts/interfaces/ISignedRefundCollector.sol
 *
 * @param parameters - {@link VerifyRefundParameters}.
 * @returns True when it did. Balance, deadline and what can be refunded are the caller's to check.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const isValid = await verifyRefund({ ...refund, funding: { method: "Permit2" }, signature });
 */
export async function verifyRefund(parameters: VerifyRefundParameters): Promise<boolean> {
  return isSignedBy(parameters.funder, hashRefundAuthorization(parameters).digest, parameters.signature);
}

/**
 * Says whether a lifecycle message is signed by its owner's key. Makes no request; a contract wallet needs
 * `verifyLifecycleMessageOnChain`.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param parameters - {@link VerifyLifecycleMessageParameters}.
 * @returns True when it is. State and deadline are the caller's to check.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const isValid = await verifyLifecycleMessage({ primaryType: "Void", message, domain, owner: authorizer, signature });
 */
export async function verifyLifecycleMessage<name extends LifecyclePrimaryType>(
  parameters: VerifyLifecycleMessageParameters<name>,
): Promise<boolean> {
  return isSignedBy(parameters.owner, hashLifecycleMessage(parameters).digest, parameters.signature);
}

/**
 * Checks a lifecycle message's signature, whoever signed: its owner's key, its contract wallet (ERC-1271), or a wallet that is yet to be
 * deployed (ERC-6492); the operator takes the inner signature, once the wallet is deployed.
 *
 * - Source: contracts/libraries/SignatureVerification.sol
 *
 * @param client - any viem client of the message's chain.
 * @param parameters - {@link VerifyLifecycleMessageParameters}.
 * @returns {@link DigestVerdict}. State and deadline are the caller's to check.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const message = { primaryType: "Void", message: { paymentInfoHash }, domain, owner: authorizer, signature } as const;
 * const result = await verifyLifecycleMessageOnChain(publicClient, message);
 */
export async function verifyLifecycleMessageOnChain<name extends LifecyclePrimaryType>(
  client: ReadClient,
  parameters: VerifyLifecycleMessageParameters<name> & WalletCheck,
): Promise<DigestVerdict> {
  return verifyDigestOnChain(client, { ...parameters, digest: hashLifecycleMessage(parameters).digest });
}

async function isSignedBy(owner: Address, digest: Hex, signature: Hex): Promise<boolean> {
  const key = await recoverKey(digest, signature);
  return key !== undefined && isAddressEqual(owner, key);
}
