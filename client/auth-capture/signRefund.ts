import { isAddressEqual, type Address, type Hex } from "viem";
import { getBlock } from "viem/actions";
import { signSignable } from "../core/funding.ts";
import { randomNonce } from "../core/nonces.ts";
import type { ReadClient } from "../core/readClient.ts";
import type { TypedDataSigner } from "../core/signer.ts";
import { hashPaymentInfo } from "./hash.ts";
import { predictOperator } from "./predict.ts";
import { getPaymentState } from "./read.ts";
import {
  encodeSignedRefund,
  isOwnRefund,
  refundTypedData,
  type RefundAuthorizationReference,
  type SignedRefund,
} from "./refund.ts";
import { RefundRefusedError } from "./refusals.ts";
import type { Terms } from "./types.ts";

/** How long a funder's signature counts unless it is told otherwise: ten minutes. It names no authorizer, so it is kept short. */
export const REFUND_SIGNATURE_SECONDS = 600n;

/** What {@link signRefund} takes. */
export interface SignRefundParameters extends Omit<RefundAuthorizationReference, "salt" | "deadline"> {
  readonly signer: TypedDataSigner;
  /** Address of the TermsOperatorFactory that the funder trusts. */
  readonly factory: Address;
  /** Terms that the funder knows the operator to have. */
  readonly terms: Terms;
  /** True when the funder knowingly pays a refund for somebody else. */
  readonly isSponsor?: boolean;
  /** Tells refunds of one payment apart; drawn when absent. */
  readonly salt?: bigint;
  /** Last second, unix seconds, inclusive; ten minutes after the latest block when absent. */
  readonly deadline?: bigint;
}

/** A funder's signature as `refund` takes it, and what it is about. */
export interface SignedRefundFunding extends SignedRefund {
  /** The funder's signature of the ERC-3009 authorization or the Permit2 permit. */
  readonly signature: Hex;
  /** Tells refunds of one amount and deadline apart. */
  readonly salt: bigint;
  /** Last second, unix seconds, inclusive. */
  readonly deadline: bigint;
}

/**
 * Signs that the funder pays for one refund of one payment. It is the funder's half; the authorizer's is `signRefundApproval`.
 *
 * A signature over a hash alone is dangerous: what the chain calls refundable does not prove that the receiver was ever paid, because an
 * operator of a stranger can take the whole as its fee. So it refuses unless the operator is the one of known terms, the funder is the
 * payment's receiver or says that it is a sponsor, and the chain shows that as much can be refunded.
 *
 * - Source: contracts/interfaces/ISignedRefundCollector.sol
 *
 * @param client - any viem client of the payment's chain.
 * @param parameters - {@link SignRefundParameters}; amounts in token base units, times in unix seconds.
 * @returns {@link SignedRefundFunding}.
 * @throws {RefundRefusedError} it could pay for a stranger's operator, a payment of somebody else, or more than can be refunded.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {ImpossibleTermsError} there can be no operator of these terms.
 *
 * @example
 * const payment = { chainId: 8453, escrow, paymentInfo };
 * const refund = { ...payment, funder: receiver.address, amount, refundCollector, funding: { method: "Permit2" } } as const;
 * const funded = await signRefund(publicClient, { ...refund, signer: receiver, factory, terms });
 */
export async function signRefund(client: ReadClient, parameters: SignRefundParameters): Promise<SignedRefundFunding> {
  const { signer, factory, terms, paymentInfo, escrow, chainId, isSponsor = false, funder, amount } = parameters;
  const operator = predictOperator({ factory, terms, escrow });
  if (!isAddressEqual(operator, paymentInfo.operator)) {
    throw new RefundRefusedError(
      "Operator",
      `The payment's operator ${paymentInfo.operator} is not the ${operator} of these terms.`,
      "Refund only payments whose operator has terms that you know, by a factory that you trust.",
    );
  }
  if (!isSponsor && !isOwnRefund(parameters)) {
    throw new RefundRefusedError(
      "Funder",
      `${funder} is not the payment's receiver ${paymentInfo.receiver}.`,
      "Pass `isSponsor: true` if this account shall pay for somebody else's refund.",
    );
  }
  const paymentInfoHash = hashPaymentInfo({ chainId, escrow, paymentInfo });
  const [{ refundable }, { timestamp }] = await Promise.all([
    getPaymentState(client, { escrow, paymentInfoHash }),
    getBlock(client),
  ]);
  if (amount === 0n || amount > refundable) {
    throw new RefundRefusedError(
      "Amount",
      `${amount} token base units were asked for; ${refundable} can be refunded.`,
      "Refund at least one and at most what the payment shows as refundable.",
    );
  }
  const { deadline = timestamp + REFUND_SIGNATURE_SECONDS, salt = BigInt(randomNonce()) } = parameters;
  if (deadline < timestamp || timestamp >= paymentInfo.refundExpiry) {
    throw new RefundRefusedError(
      "Expired",
      `The signature would count until ${deadline}, refunds end at ${paymentInfo.refundExpiry}; it is ${timestamp} now.`,
      "Pass a later deadline; once refunds have ended, pay back by an ordinary transfer.",
    );
  }
  const refund = { ...parameters, deadline, salt };
  const signature = await signSignable(signer, refundTypedData(refund));
  return { ...encodeSignedRefund({ ...refund, signature }), signature, salt, deadline };
}
