import { zeroAddress } from "viem";
import { bindSalt, payerAgnosticHash } from "../../auth-capture/hash.ts";
import type { PaymentInfo, PaymentReference } from "../../auth-capture/types.ts";
import { MAX_UINT120, MAX_UINT48 } from "../core/fields.ts";
import type { CollectPayload, PaymentTerms } from "./types.ts";

/**
 * Rebuilds the payment that a payload is for: the wire never carries it whole.
 *
 * - Source: docs/x402/auth-capture.md, Payload
 *
 * @param terms - Requirements, from `parseRequirements`.
 * @param payload - What the payer signed, from `parsePayload`; its fields must fit the escrow's: 120 bits of amount, 48 of time.
 * @returns The payment, its escrow and its chain; amounts in token base units, times in unix seconds.
 *
 * @example
 * const paymentInfoHash = hashPaymentInfo(toPayment(terms, payload));
 */
export function toPayment(
  terms: PaymentTerms,
  { payer, validBefore, salt }: Pick<CollectPayload, "payer" | "validBefore" | "salt">,
): PaymentReference {
  const { operator, receiver, token, amount, captureDeadline, refundDeadline, feeReceiver } = terms;
  const paymentInfo: PaymentInfo = {
    operator,
    payer,
    receiver,
    token,
    maxAmount: amount,
    preApprovalExpiry: validBefore,
    authorizationExpiry: captureDeadline,
    refundExpiry: refundDeadline,
    minFeeBps: terms.minFeeBps,
    maxFeeBps: terms.maxFeeBps,
    feeReceiver,
    salt,
  };
  return { chainId: terms.chainId, escrow: terms.deployment.escrow, paymentInfo };
}

/** Whether the numbers of a payment fit the escrow's types; one that does not has no hash. */
export function fitsEscrow({ amount }: PaymentTerms, { validBefore }: Pick<CollectPayload, "validBefore">): boolean {
  return amount <= MAX_UINT120 && validBefore <= MAX_UINT48;
}

/** Whether what was signed is this payment. */
export function isNonceOf(nonce: string, payment: PaymentReference): boolean {
  return payerAgnosticHash(payment) === nonce;
}

/** Whether a salt commits to the authorizer that the requirements name; an authorizer of zero needs no salt. */
export function isSaltBound(
  { receiverAuthorizer }: Pick<PaymentTerms, "receiverAuthorizer">,
  { salt, saltNonce }: { readonly salt: bigint; readonly saltNonce?: bigint | undefined },
): boolean {
  if (BigInt(receiverAuthorizer) === 0n) return true;
  return saltNonce !== undefined && bindSalt({ receiverAuthorizer, policy: zeroAddress, saltNonce }) === salt;
}
