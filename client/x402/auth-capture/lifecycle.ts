import { concat, isAddressEqual, keccak256, zeroAddress, type Hex } from "viem";
import { hashLifecycleMessage, hashPaymentInfo } from "../../auth-capture/hash.ts";
import { operatorDomain, type LifecycleMessages, type LifecyclePrimaryType } from "../../auth-capture/typedData.ts";
import type { PaymentInfo, PaymentReference, PaymentState } from "../../auth-capture/types.ts";
import { isSame } from "../core/requirements.ts";
import { checkWorth } from "./collect.ts";
import type { Desk } from "./desk.ts";
import { checkFee } from "./fees.ts";
import { admitOperator, type AdmittedOperator } from "./operators.ts";
import { isSaltBound } from "./payment.ts";
import { funderOf, planCapture, planRefund, planVoid, type PlanContext, type Step } from "./plan.ts";
import { refuse } from "./refusals.ts";
import type { Funds } from "./reverts.ts";
import { isSignedBy } from "./signatures.ts";
import type { CapturePayload, LifecyclePayload, PaymentTerms, RefundPayload } from "./types.ts";
import type { Work } from "./work.ts";

/** What {@link checkLifecycle} looks at. */
export interface LifecycleRequest {
  readonly terms: PaymentTerms;
  readonly payload: LifecyclePayload;
}

/**
 * Checks a capture, a void or a refund in the order of the scheme, up to the state of the payment.
 *
 * @returns What is to be sent; its steps depend on the state, which is the caller's to compare.
 * @throws {RefusalError} the first check that fails.
 */
export async function checkLifecycle(desk: Desk, request: LifecycleRequest): Promise<LifecycleWork> {
  const { terms, payload } = request;
  const admitted = await admitOperator(desk, terms);
  checkRelayed(terms, payload, admitted);
  const { paymentInfo } = payload;
  if (!isSame(paymentInfo.operator, terms.operator)) refuse("operator_mismatch");
  const { salt } = paymentInfo;
  if (!isSaltBound(terms, { salt, saltNonce: payload.saltNonce })) refuse("salt_binding_mismatch");
  checkPaymentInfo(terms, paymentInfo);
  checkFields(terms, payload, admitted);
  const payment: PaymentReference = { chainId: terms.chainId, escrow: terms.deployment.escrow, paymentInfo };
  const key = await checkSignatures(desk, payment, { terms, payload, admitted });
  // Anybody can make an operator and hold a worthless token with it. What was admitted once may end, so `admits` is not asked again.
  if (!admitted.isDelegated) checkWorth(desk, paymentInfo);
  if (payload.type === "refund" && admitted.isDelegated) await checkFunding(desk, payload);
  const context = { ...payment, deployment: terms.deployment, isDelegated: admitted.isDelegated };
  return {
    action: payload.type,
    payment,
    paymentInfoHash: hashPaymentInfo(payment),
    key,
    isFactoryMade: admitted.isFactoryMade,
    isTrusted: true,
    funds: payload.type === "refund" ? fundsOf(context, payload) : undefined,
    // A void pays nobody anything that was not theirs.
    amount: payload.type === "void" ? 0n : payload.amount,
    planFor: (state, isBegun) => {
      if (!isBegun) checkState(payload, state);
      return planSteps(context, payload, state);
    },
  };
}

/** Work whose steps follow from the state of the payment. */
export interface LifecycleWork extends Omit<Work, "steps"> {
  /**
   * Makes the steps of a payment in this state.
   *
   * @param isBegun - Some of it was sent before, so the state may be a later one.
   * @throws {RefusalError} the state is not the one that was signed for.
   */
  readonly planFor: (state: PaymentState, isBegun: boolean) => readonly Step[];
}

function checkRelayed(terms: PaymentTerms, { type }: LifecyclePayload, admitted: AdmittedOperator): void {
  const { isDelegated, isFactoryMade } = admitted;
  const hasAuthorizer = !isAddressEqual(terms.receiverAuthorizer, zeroAddress);
  if (isDelegated ? !hasAuthorizer : !isFactoryMade) refuse("lifecycle_not_relayed");
  const isCharged = terms.flow === "authorization" && type !== "refund";
  if (isCharged || (isDelegated && type === "captureAndVoid")) refuse("payload_type");
}

/** Every field must be the one that the requirements would give it; only the end of the payer's signature is the payment's own. */
function checkPaymentInfo(terms: PaymentTerms, paymentInfo: PaymentInfo): void {
  if (!isSame(paymentInfo.token, terms.token)) refuse("token_mismatch");
  if (paymentInfo.maxAmount !== terms.amount) refuse("amount_mismatch");
  const isPayment =
    isSame(paymentInfo.receiver, terms.receiver) &&
    isSame(paymentInfo.feeReceiver, terms.feeReceiver) &&
    paymentInfo.minFeeBps === terms.minFeeBps &&
    paymentInfo.maxFeeBps === terms.maxFeeBps &&
    paymentInfo.authorizationExpiry === terms.captureDeadline &&
    paymentInfo.refundExpiry === terms.refundDeadline;
  if (!isPayment) refuse("nonce_mismatch");
}

function checkFields({ deployment }: PaymentTerms, payload: LifecyclePayload, { isDelegated }: AdmittedOperator): void {
  if (payload.type === "capture" || payload.type === "captureAndVoid") checkFee(payload.fee, deployment.generation);
  if (payload.type !== "refund") return;
  const { tokenCollector, collectorData } = payload;
  if (!isDelegated && (tokenCollector === undefined || collectorData === undefined)) {
    refuse("payload_format", { detail: "The refund lacks `tokenCollector` or `collectorData`." });
  }
  const isForeign = tokenCollector !== undefined && !isSame(tokenCollector, deployment.operatorRefundCollector);
  if (isDelegated && isForeign) refuse("token_collector_mismatch");
}

interface SignatureRequest extends LifecycleRequest {
  readonly admitted: AdmittedOperator;
}

/** Checks what is checked off-chain; our own operators check the rest themselves. Gives the name of what is asked for. */
async function checkSignatures(desk: Desk, payment: PaymentReference, request: SignatureRequest): Promise<Hex> {
  const { terms, payload, admitted } = request;
  const { authorizerSignature, voidAuthorizerSignature } = payload;
  const digest = digestOf(payment, request, primaryTypeOf(payload));
  if (authorizerSignature === undefined) return refuse("unauthenticated_authorizer_request");
  const signer = terms.receiverAuthorizer;
  if (admitted.isDelegated) {
    const signed = { signer, digest, signature: authorizerSignature };
    if (!(await isSignedBy(desk.client, signed))) refuse("authorizer_signature");
  }
  if (voidAuthorizerSignature !== undefined) {
    // Played alone, the void of a capture and void would give the payer everything: one signature must stand for both.
    if (payload.type !== "capture" || !admitted.isDelegated) return refuse("void_authorizer_signature");
    if (payload.amount === payload.expected.capturable) refuse("void_remainder_full_capture");
    const signed = { signer, digest: digestOf(payment, request, "Void"), signature: voidAuthorizerSignature };
    if (!(await isSignedBy(desk.client, signed))) refuse("void_authorizer_signature");
  }
  return admitted.isDelegated ? digest : nameOf(digest, payload);
}

/**
 * Nobody has looked at these signatures yet, so copies are the same to the last byte: anybody can ask for what the authorizer signed with
 * bytes of his own, and whoever has the true ones must neither wait for that nor get its answer. The operator lets one of several act. An
 * account would do each, but what it is asked was found to be signed, in whatever form: there what was signed is the name.
 */
function nameOf(digest: Hex, payload: LifecyclePayload): Hex {
  const { authorizerSignature = "0x", voidAuthorizerSignature = "0x" } = payload;
  const { collectorData = "0x" } = payload.type === "refund" ? payload : {};
  const parts = [authorizerSignature, voidAuthorizerSignature, collectorData];
  return keccak256(concat([digest, ...parts.map((part) => keccak256(part))]));
}

function primaryTypeOf({ type }: LifecyclePayload): LifecyclePrimaryType {
  return ({ capture: "Capture", captureAndVoid: "CaptureAndVoid", void: "Void", refund: "Refund" } as const)[type];
}

function digestOf(
  payment: PaymentReference,
  { terms, payload }: LifecycleRequest,
  primaryType: LifecyclePrimaryType,
): Hex {
  const domain = operatorDomain({ chainId: terms.chainId, operator: terms.operator });
  const message = messageFor(hashPaymentInfo(payment), terms, payload);
  // A message with more members than its type hashes like one without them.
  const reference = { primaryType, message: message as LifecycleMessages[typeof primaryType], domain };
  return hashLifecycleMessage({ ...reference, generation: terms.deployment.generation }).digest;
}

function messageFor(paymentInfoHash: Hex, { deployment }: PaymentTerms, payload: LifecyclePayload): object {
  if (payload.type === "void") return { paymentInfoHash };
  const { amount, expected } = payload;
  const change = {
    paymentInfoHash,
    amount,
    expectedCapturableAmount: expected.capturable,
    expectedRefundableAmount: expected.refundable,
  };
  return payload.type === "refund"
    ? { ...change, tokenCollector: payload.tokenCollector ?? deployment.operatorRefundCollector }
    : { ...change, ...payload.fee, feeReceiver: payload.feeReceiver };
}

async function checkFunding({ chain }: Desk, { paymentInfo, amount }: RefundPayload): Promise<void> {
  const isFunded = chain.fundsRefund !== undefined && (await chain.fundsRefund({ paymentInfo, amount }));
  if (!isFunded) refuse("refund_funding_unavailable");
}

function fundsOf({ isDelegated, paymentInfo }: PlanContext, payload: RefundPayload): Funds | undefined {
  const owner = isDelegated ? paymentInfo.operator : funderOf(payload.collectorData ?? "0x");
  return owner === undefined ? undefined : { owner, token: paymentInfo.token, amount: payload.amount };
}

function checkState(payload: LifecyclePayload, { collected, capturable, refundable }: PaymentState): void {
  if (payload.type === "void") return;
  const { expected } = payload;
  if (collected && expected.capturable === capturable && expected.refundable === refundable) return;
  refuse("unexpected_payment_state", { detail: `${capturable} is held, ${refundable} was captured.` });
}

function planSteps(context: PlanContext, payload: LifecyclePayload, state: PaymentState): readonly Step[] {
  if (payload.type === "void") return [planVoid(context, state, payload.authorizerSignature ?? "0x")];
  return payload.type === "refund" ? [planRefund(context, payload)] : planCaptures(context, payload);
}

/** A capture, and where a second signature allows it the void of the rest in a transaction of its own: an account sends one call at a time. */
function planCaptures(context: PlanContext, payload: CapturePayload): readonly Step[] {
  const capture = planCapture(context, payload);
  const { voidAuthorizerSignature } = payload;
  if (voidAuthorizerSignature === undefined) return [capture];
  return [capture, planVoid(context, capture.effects.after, voidAuthorizerSignature)];
}
