import type { FacilitatorClient } from "@x402/core/server";
import type { PaymentPayload, PaymentRequirements, SettleResponse, VerifyResponse } from "@x402/core/types";
import { isAddressEqual, type Hash, type Hex } from "viem";
import { hashPaymentInfo } from "../../auth-capture/hash.ts";
import { signCharge } from "../../auth-capture/sign.ts";
import { feeOf } from "../../auth-capture/terms.ts";
import { largest } from "../../core/amounts.ts";
import { getRevertData } from "../../errors.ts";
import { PaymentChangedError } from "../../seller/auth-capture/errors.ts";
import type { PaymentOutcome } from "../../seller/auth-capture/manager.ts";
import { isAmount } from "../core/amounts.ts";
import { messageOf } from "./codes.ts";
import { checkAmount, checkMethod, checkTimes, checkTokens } from "./collect.ts";
import { fitsEscrow, isNonceOf, isSaltBound, toPayment } from "./payment.ts";
import { refuse, RefusalError, take } from "./refusals.ts";
import { makeReport, REPORT_KEY, toWireReport } from "./report.ts";
import { CLOCK_MARGIN, type OpenDesk } from "./serverDesk.ts";
import { isSignedByPayer } from "./signatures.ts";
import type { CollectPayload, PaymentTerms } from "./types.ts";
import { parsePayload, toWireCompletion } from "./wire.ts";
import { parseRequirements } from "./wireRequirements.ts";

/** A payment that one request has. */
export interface Admission {
  readonly desk: OpenDesk;
  readonly terms: PaymentTerms;
  readonly payload: CollectPayload;
  /** 32 bytes. */
  readonly paymentInfoHash: Hex;
}

/** The payments of a server: what happens to each between its requests' hooks. */
export interface ServerPayments {
  /**
   * Checks a payment and takes it for one request.
   *
   * @throws {RefusalError} a check failed, or another request has it.
   */
  admit(payload: PaymentPayload, requirements: PaymentRequirements): Promise<Admission>;
  /** Asks the facilitator whether it would charge a payment; one that is charged already is valid, too. */
  verify(admission: Admission, payload: PaymentPayload, requirements: PaymentRequirements): Promise<VerifyResponse>;
  /** Has the facilitator collect a payment, and looks at the chain whether it did. */
  collect(admission: Admission, payload: PaymentPayload, requirements: PaymentRequirements): Promise<SettleResponse>;
  /** Captures, voids or keeps the hold of a request that was served. */
  finish(admission: Admission, requirements: PaymentRequirements): Promise<SettleResponse>;
  /** Voids the hold of a request that was not served. */
  cancel(admission: Admission, requirements: PaymentRequirements): Promise<SettleResponse>;
  /** Gives a payment back that was not collected. */
  giveBack(admission: Admission): Promise<void>;
}

/** Settings of {@link createServerPayments}. */
export interface ServerPaymentsParameters {
  readonly facilitator: FacilitatorClient;
  readonly findDesk: (requirements: PaymentRequirements) => OpenDesk | undefined;
  readonly clock: () => bigint;
  readonly onError: (error: unknown) => void;
}

/** Makes the payments of a server. */
export function createServerPayments(parameters: ServerPaymentsParameters): ServerPayments {
  const { facilitator, findDesk, clock, onError } = parameters;

  function toResult(
    { desk, payload }: Admission,
    { network }: PaymentRequirements,
    { record, status }: PaymentOutcome,
    parts: Pick<SettleResponse, "success" | "transaction"> & Partial<SettleResponse>,
  ): SettleResponse {
    const { collectTransaction } = record;
    const report = makeReport({
      ...record,
      terms: desk.terms,
      state: status,
      collectTransaction,
      now: status.timestamp,
    });
    return { payer: payload.payer, network, ...parts, extra: { [REPORT_KEY]: toWireReport(report) } };
  }

  /** The SDK asks once more about a transaction that is not mined yet; so does this. */
  async function askToSettle(payload: PaymentPayload, requirements: PaymentRequirements): Promise<SettleResponse> {
    const first = await facilitator.settle(payload, requirements);
    const isPending = !first.success && first.errorReason === "settlement_pending" && first.transaction !== "";
    return isPending ? facilitator.settle(payload, requirements) : first;
  }

  async function complete(admission: Admission, payment: PaymentPayload): Promise<PaymentPayload> {
    const { desk, terms, payload } = admission;
    if (desk.kind !== "charge") return payment;
    const { amount, deployment } = terms;
    const { tokenCollector, signature: collectorData } = payload;
    const collection = { tokenCollector, collectorData, amount, terms: desk.terms };
    const authorizerSignature = await signCharge(desk.authorizer, { ...toPayment(terms, payload), ...collection });
    const completion = toWireCompletion({
      amount,
      fee: feeOf(desk.terms, amount, deployment.generation),
      feeReceiver: desk.terms.feeReceiver,
      authorizerSignature,
    });
    return { ...payment, payload: { ...payment.payload, ...completion } };
  }

  /** Has the facilitator collect; undefined when its answer was lost. */
  async function askOrRefuse(
    admission: Admission,
    payment: PaymentPayload,
    requirements: PaymentRequirements,
  ): Promise<SettleResponse | undefined> {
    try {
      const { amount } = admission.terms;
      if (amountOf(requirements, admission.terms) !== amount) {
        refuse("amount_mismatch", { detail: `Only ${amount} can be charged.` });
      }
      return await askToSettle(await complete(admission, payment), requirements);
    } catch (error) {
      if (error instanceof RefusalError) return fail(admission, requirements, error);
      onError(error);
      return undefined;
    }
  }

  async function finishHold(admission: Admission, requirements: PaymentRequirements): Promise<SettleResponse> {
    const { desk, terms, paymentInfoHash } = admission;
    const { manager } = desk;
    const amount = amountOf(requirements, terms);
    const { paymentInfo } = toPayment(terms, admission.payload);
    const closing = await desk.close({ amount, paymentInfo, paymentInfoHash });
    const outcome = await manager.finish(paymentInfoHash, closing);
    const { failure } = outcome;
    if (failure !== undefined) {
      onError(failure);
      // What was never sent can be given up; what was sent may still be carried out.
      const isHopeless = getRevertData(failure) !== undefined && outcome.record.action?.isReleased === false;
      if (isHopeless && desk.whenCaptureFails === "void") {
        const voided = await manager.void(paymentInfoHash);
        return fail(admission, requirements, new RefusalError(SIMULATION_FAILED), voided);
      }
    }
    const isKept = closing.amount === 0n && closing.rest === "keep";
    const transaction = outcome.record.action?.transaction ?? outcome.record.collectTransaction ?? "";
    const settled = isKept ? terms.amount : closing.amount;
    return toResult(admission, requirements, outcome, { success: true, transaction, amount: settled.toString() });
  }

  function fail(
    admission: Admission,
    requirements: PaymentRequirements,
    { code, message, details }: RefusalError,
    outcome?: PaymentOutcome,
  ): SettleResponse {
    const transaction = details.transaction ?? "";
    const failure = { success: false, errorReason: code, errorMessage: message, transaction } as const;
    if (outcome !== undefined) return toResult(admission, requirements, outcome, failure);
    return { ...failure, payer: admission.payload.payer, network: requirements.network };
  }

  /** Reads how a payment stands; an answer does without when the chain does not say it. */
  async function lookAt({ desk, paymentInfoHash }: Admission): Promise<PaymentOutcome | undefined> {
    try {
      return await desk.manager.status(paymentInfoHash);
    } catch (error) {
      onError(error);
      return undefined;
    }
  }

  async function giveBack({ desk, paymentInfoHash }: Admission): Promise<void> {
    try {
      await desk.manager.giveBack(paymentInfoHash);
    } catch (error) {
      // Its time runs out all the same, and the sweeper takes it.
      onError(error);
    }
  }

  return {
    giveBack,
    async admit(payment, requirements) {
      if (payment.x402Version !== 2) throw new RefusalError("invalid_x402_version");
      const desk = findDesk(requirements);
      if (desk === undefined) return refuse("network_mismatch");
      const terms = take(parseRequirements(requirements));
      const payload = take(parsePayload(payment.payload));
      if (payload.type !== "collect") return refuse("payload_type");
      const isOwed = await findOwed(desk, terms, payload);
      const paymentInfoHash = await checkPayment(desk, terms, payload, { now: clock(), isOwed });
      const { escrow, paymentInfo } = toPayment(terms, payload);
      // No shorter than the longest signature that is taken: until that has ended, the payment must not be served again.
      const until = clock() + terms.maxTimeoutSeconds + largest(desk.servingSeconds, CLOCK_MARGIN);
      const isTaken = await desk.manager.begin(
        { chainId: terms.chainId, escrow, paymentInfo, terms: desk.terms },
        until,
      );
      if (!isTaken) refuse("payment_already_collected");
      return { desk, terms, payload, paymentInfoHash };
    },
    async verify(admission, payment, requirements) {
      const answer = await facilitator.verify(payment, requirements);
      // Whoever was charged by a stranger, or by a request whose answer was lost, is served like everybody else.
      if (answer.isValid || !isCharged(await lookAt(admission))) return answer;
      return { isValid: true, payer: admission.payload.payer };
    },
    async collect(admission, payment, requirements) {
      const answer = await askOrRefuse(admission, payment, requirements);
      try {
        // What counts is the chain: a facilitator may be wrong, and a stranger may have been faster with the same signature.
        const { desk, paymentInfoHash } = admission;
        const patience = answer?.success === true ? desk.confirmTimeout : 0;
        const outcome = await desk.manager.confirm(paymentInfoHash, hashOf(answer?.transaction), patience);
        const transaction = outcome.record.collectTransaction ?? "";
        const amount = admission.terms.amount.toString();
        return toResult(admission, requirements, outcome, { success: true, transaction, amount });
      } catch (error) {
        const isRefused = answer?.success === false;
        // A refused payment is not on the chain: nothing went wrong.
        if (!isRefused || !(error instanceof PaymentChangedError)) onError(error);
        await giveBack(admission);
        if (isRefused) return answer;
        return fail(admission, requirements, new RefusalError("unexpected_settle_error"), await lookAt(admission));
      }
    },
    async finish(admission, requirements) {
      try {
        return await finishHold(admission, requirements);
      } catch (error) {
        onError(error);
        const refusal = error instanceof RefusalError ? error : new RefusalError("unexpected_settle_error");
        const outcome = await cancelHold(admission, onError);
        return fail(admission, requirements, refusal, outcome ?? (await lookAt(admission)));
      }
    },
    async cancel(admission, requirements) {
      const outcome = await cancelHold(admission, onError);
      const known = outcome ?? (await lookAt(admission));
      const isGone = known?.failure === undefined && known?.status.capturable === 0n;
      if (known === undefined || !isGone) {
        if (known?.failure !== undefined) onError(known.failure);
        return fail(admission, requirements, new RefusalError("unexpected_settle_error"), known);
      }
      const transaction = known.record.action?.transaction ?? "";
      return toResult(admission, requirements, known, { success: true, transaction, amount: "0" });
    },
  };
}

const SIMULATION_FAILED = "invalid_auth_capture_evm_simulation_failed";

/** Voids a hold; undefined when that has to wait for the sweeper, or was done by it. */
async function cancelHold(
  { desk, paymentInfoHash }: Admission,
  onError: (error: unknown) => void,
): Promise<PaymentOutcome | undefined> {
  try {
    return await desk.manager.abandon(paymentInfoHash);
  } catch (error) {
    onError(error);
    return undefined;
  }
}

/** What a request costs; never more than was signed. */
function amountOf({ amount }: PaymentRequirements, terms: PaymentTerms): bigint {
  if (!isAmount(amount) || BigInt(amount) > terms.amount) {
    return refuse("amount_mismatch", { detail: `No more than ${terms.amount} can be taken.` });
  }
  return BigInt(amount);
}

/** Checks what the escrow would not, and what makes the payment the one that was offered. The facilitator checks the rest on the chain. */
async function checkPayment(
  desk: OpenDesk,
  terms: PaymentTerms,
  payload: CollectPayload,
  { now, isOwed }: { readonly now: bigint; readonly isOwed: boolean },
): Promise<Hex> {
  const { captureDeadline, maxTimeoutSeconds } = terms;
  if (payload.completion !== undefined) refuse("payload_format", { detail: "Only a server completes a charge." });
  checkMethod(terms, payload);
  // What it has paid for already does not expire.
  if (!isOwed) checkTimes(terms, payload, now);
  const { disputeWindow, releaseLead } = desk.terms;
  if (now + maxTimeoutSeconds + disputeWindow + releaseLead + CLOCK_MARGIN > captureDeadline) {
    refuse("capture_deadline_expired", { detail: "Ask for a new offer." });
  }
  // Whatever is signed is watched until its end: a late stranger could collect it.
  if (payload.validBefore > now + maxTimeoutSeconds + CLOCK_MARGIN) {
    refuse("deadline_ordering", { detail: `Sign for ${maxTimeoutSeconds} seconds, no longer.` });
  }
  checkTokens(terms, payload);
  checkAmount(terms, payload);
  checkPayer(desk, payload);
  const payment = toPayment(terms, payload);
  if (!isNonceOf(payload.nonce, payment)) refuse("nonce_mismatch");
  if (!isSaltBound(terms, payload)) refuse("salt_binding_mismatch");
  if (!(await isSignedByPayer(desk.client, terms, payload))) refuse("signature");
  return hashPaymentInfo(payment);
}

/** Whether a payment was checked here before, and charged or about to be, and served to nobody. */
async function findOwed({ kind, manager }: OpenDesk, terms: PaymentTerms, payload: CollectPayload): Promise<boolean> {
  if (kind !== "charge" || !fitsEscrow(terms, payload)) return false;
  return manager.isOwed(hashPaymentInfo(toPayment(terms, payload)));
}

/** Whether the receiver has all of a payment. */
function isCharged(outcome: PaymentOutcome | undefined): boolean {
  if (outcome === undefined) return false;
  const { isOperatorReady, collected, refundable } = outcome.status;
  return isOperatorReady && collected && refundable === outcome.record.paymentInfo.maxAmount;
}

/** A payer that is another party would pay itself, judge itself or sign its own captures. */
function checkPayer({ terms, operator, receiver, authorizer }: OpenDesk, { payer }: CollectPayload): void {
  const others = [operator, receiver, authorizer.address, terms.arbiter, terms.feeReceiver];
  if (others.some((other) => isAddressEqual(other, payer))) {
    refuse("payload_format", { detail: "The payer is another party of the payment." });
  }
}

function hashOf(transaction: string | undefined): Hash | undefined {
  return transaction !== undefined && /^0x[0-9a-f]{64}$/i.test(transaction) ? (transaction as Hash) : undefined;
}

/** What a refusal says to the SDK. */
export function toRefusal(error: unknown, onError: (error: unknown) => void): { reason: string; message: string } {
  if (error instanceof RefusalError) return { reason: error.code, message: error.shortMessage };
  onError(error);
  return { reason: "unexpected_verify_error", message: messageOf("unexpected_verify_error") };
}
