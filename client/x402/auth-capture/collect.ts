import { keccak256 } from "viem";
import { hashLifecycleMessage, hashPaymentInfo } from "../../auth-capture/hash.ts";
import { getPaymentCollector } from "../../auth-capture/payment.ts";
import { operatorDomain } from "../../auth-capture/typedData.ts";
import type { PaymentInfo, PaymentReference } from "../../auth-capture/types.ts";
import { unwrapSignature } from "../../core/signature.ts";
import { isSame } from "../core/requirements.ts";
import { amountOf } from "../core/assets.ts";
import { LEAST_TIME_LEFT } from "./constants.ts";
import { checkFee } from "./fees.ts";
import type { Desk } from "./desk.ts";
import { admitOperator } from "./operators.ts";
import { fitsEscrow, isNonceOf, isSaltBound, toPayment } from "./payment.ts";
import { planAuthorize, planCharge } from "./plan.ts";
import { refuse } from "./refusals.ts";
import { checkPayerSignature, isSignedBy } from "./signatures.ts";
import type { ChargeCompletion, CollectPayload, PaymentTerms } from "./types.ts";
import type { Work } from "./work.ts";

const BASIS_POINTS = 10_000n;

/** What {@link checkCollect} looks at. */
export interface CollectRequest {
  readonly terms: PaymentTerms;
  readonly payload: CollectPayload;
  /** Unix seconds. */
  readonly now: bigint;
  /** A charge must be completed: it is about to be sent. */
  readonly isFinal: boolean;
  /** It was sent before, in time. */
  readonly isBegun: boolean;
}

/**
 * Checks a payment in the order of the scheme, up to its simulation.
 *
 * @returns What is to be sent.
 * @throws {RefusalError} the first check that fails.
 */
export async function checkCollect(desk: Desk, request: CollectRequest): Promise<Work> {
  const { terms, payload, now } = request;
  const { isDelegated, isFactoryMade } = await admitOperator(desk, terms);
  checkMethod(terms, payload);
  if (!request.isBegun) checkTimes(terms, payload, now);
  checkTokens(terms, payload);
  await checkPayerSignature(desk, terms, payload);
  checkAmount(terms, payload);
  const payment = toPayment(terms, payload);
  if (!isNonceOf(payload.nonce, payment)) refuse("nonce_mismatch");
  if (!isSaltBound(terms, payload)) refuse("salt_binding_mismatch");
  const completion = await checkCompletion(desk, payment, request);
  await checkLimits(desk, payment);
  const paymentInfoHash = hashPaymentInfo(payment);
  const context = { ...payment, deployment: terms.deployment, isDelegated };
  const { tokenCollector, signature: collectorData, payer, maxAmount } = payload;
  const amount = completion?.amount ?? maxAmount;
  const collection = { tokenCollector, collectorData, amount };
  return {
    action: completion === undefined ? "authorize" : "charge",
    payment,
    paymentInfoHash,
    key: paymentInfoHash,
    steps: [
      completion === undefined ? planAuthorize(context, collection) : planCharge(context, collection, completion),
    ],
    isFactoryMade,
    isTrusted: isDelegated || isFactoryMade,
    isDeploying: unwrapSignature(payload.signature).deployment !== undefined,
    // The collector fetches all that was signed, and gives back what is too much.
    funds: { owner: payer, token: terms.token, amount: maxAmount },
    amount,
  };
}

/** Refuses a payment by a transfer method that nobody knows, or by another one than was asked for. */
export function checkMethod({ method }: PaymentTerms, payload: CollectPayload): void {
  if (method === undefined) refuse("unsupported_asset_transfer_method");
  if (payload.method !== method) refuse("payload_method_mismatch");
}

/** Refuses a payment whose times do not follow one another, or have run out. */
export function checkTimes(terms: PaymentTerms, { validAfter, validBefore }: CollectPayload, now: bigint): void {
  const { captureDeadline, refundDeadline, maxTimeoutSeconds } = terms;
  if (refundDeadline < captureDeadline) refuse("deadline_ordering", { detail: "Refunds end before captures." });
  if (now + maxTimeoutSeconds > captureDeadline) {
    refuse("deadline_ordering", { detail: "Captures could end before the payment." });
  }
  if (captureDeadline <= now + LEAST_TIME_LEFT) refuse("capture_deadline_expired");
  if (validBefore > captureDeadline) refuse("deadline_ordering", { detail: "The signature outlives captures." });
  if (validBefore <= now + LEAST_TIME_LEFT) refuse("authorization_expired");
  if (validAfter > now) refuse("authorization_not_yet_valid");
}

/** Refuses a payment that another collector could fetch, or that is in another token. */
export function checkTokens({ deployment, token }: PaymentTerms, payload: CollectPayload): void {
  const collector = getPaymentCollector(deployment.escrow, payload.method === "eip3009" ? "Eip3009" : "Permit2");
  if (!isSame(payload.tokenCollector, collector)) refuse("token_collector_mismatch", { detail: `Name ${collector}.` });
  if (payload.token !== undefined && !isSame(payload.token, token)) refuse("token_mismatch");
}

/** Refuses a payment of another amount, or of one that the escrow cannot hold. */
export function checkAmount(terms: PaymentTerms, payload: CollectPayload): void {
  if (payload.maxAmount !== terms.amount || terms.amount === 0n) refuse("amount_mismatch");
  if (!fitsEscrow(terms, payload)) refuse("amount_overflow");
}

/** Reads how a payment is charged; undefined where it is held. What is not completed yet is tried with the least fee. */
async function checkCompletion(
  desk: Desk,
  payment: PaymentReference,
  { terms, payload, isFinal }: CollectRequest,
): Promise<ChargeCompletion | undefined> {
  const { completion } = payload;
  if (terms.flow === "escrow") {
    if (completion !== undefined) refuse("payload_format", { detail: "A hold has no amount, fee or authorizer." });
    return undefined;
  }
  if (completion === undefined) {
    if (isFinal) refuse("unauthenticated_authorizer_request");
    return leastCharge(terms);
  }
  checkFee(completion.fee, terms.deployment.generation);
  if (completion.amount === 0n || completion.amount > terms.amount) refuse("amount_mismatch");
  await checkChargeSignature(desk, payment, { terms, payload, completion });
  return completion;
}

function leastCharge({ amount, minFeeBps, feeReceiver, deployment }: PaymentTerms): ChargeCompletion {
  const isV10 = deployment.generation === "v1.0";
  const fee = isV10 ? { feeBps: minFeeBps } : { feeAmount: (amount * minFeeBps) / BASIS_POINTS };
  return { amount, fee, feeReceiver };
}

async function checkChargeSignature(
  desk: Desk,
  payment: PaymentReference,
  request: {
    readonly terms: PaymentTerms;
    readonly payload: CollectPayload;
    readonly completion: ChargeCompletion;
  },
): Promise<void> {
  const { terms, payload, completion } = request;
  const { amount, fee, feeReceiver, authorizerSignature: signature } = completion;
  if (signature === undefined) return refuse("unauthenticated_authorizer_request");
  const { digest } = hashLifecycleMessage({
    primaryType: "Charge",
    message: {
      paymentInfoHash: hashPaymentInfo(payment),
      amount,
      tokenCollector: payload.tokenCollector,
      collectorDataHash: keccak256(payload.signature),
      ...fee,
      feeReceiver,
    },
    generation: terms.deployment.generation,
    domain: operatorDomain({ chainId: terms.chainId, operator: terms.operator }),
  });
  const signer = terms.receiverAuthorizer;
  if (!(await isSignedBy(desk.client, { signer, digest, signature }))) refuse("authorizer_signature");
}

/** Refuses tokens that could burn any gas, and what is not worth its gas. */
export function checkWorth({ chain }: Desk, { token, maxAmount }: PaymentInfo): void {
  const least = amountOf(chain.minimumAmounts, token);
  if (least === undefined) refuse("relay_limit", { detail: "The token is not served." });
  if (maxAmount < least) refuse("relay_limit", { detail: `The least payment is ${least}.` });
}

async function checkLimits(desk: Desk, { paymentInfo }: PaymentReference): Promise<void> {
  checkWorth(desk, paymentInfo);
  const { chain } = desk;
  if (chain.admits !== undefined && !(await chain.admits(paymentInfo))) refuse("relay_limit");
}
