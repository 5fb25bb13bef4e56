import type {
  Network,
  PaymentPayload,
  PaymentRequirements,
  SchemeNetworkFacilitator,
  SettleResponse,
  VerifyResponse,
} from "@x402/core/types";
import type { Hash, Hex } from "viem";
import { hashPaymentInfo } from "../../auth-capture/hash.ts";
import { systemClock } from "../../seller/core/clock.ts";
import { chainIdOfNetwork } from "../core/network.ts";
import { createReporter, type Reporter } from "./answers.ts";
import type { AuthCaptureCode } from "./codes.ts";
import { checkCollect } from "./collect.ts";
import { AUTH_CAPTURE_SCHEME } from "./constants.ts";
import { createDesk, type Desk, type FacilitatedChain } from "./desk.ts";
import { checkLifecycle, type LifecycleWork } from "./lifecycle.ts";
import { listOperators } from "./operators.ts";
import { fitsEscrow, toPayment } from "./payment.ts";
import { refuse, RefusalError, take } from "./refusals.ts";
import { settleWork, tryWork, verifyAgain } from "./settle.ts";
import type { SettlementRecord } from "./settlements.ts";
import { readState } from "./state.ts";
import type { CollectPayload, LifecyclePayload, PaymentTerms } from "./types.ts";
import { parsePayload } from "./wire.ts";
import { parseRequirements } from "./wireRequirements.ts";
import type { Work } from "./work.ts";

/** Settings of {@link AuthCaptureEvmFacilitator}. */
export interface AuthCaptureEvmFacilitatorOptions {
  readonly chains: readonly FacilitatedChain[];
  /** Told about errors that became refusals: a chain or a store that failed. */
  readonly onError?: (error: unknown) => void;
  /** Time, unix seconds; this machine's by default. */
  readonly clock?: () => bigint;
}

/** A payment and its requirements, read. */
interface RequestOf<payload> {
  readonly desk: Desk;
  readonly terms: PaymentTerms;
  readonly payload: payload;
  readonly network: Network;
  /** What it turned out to be, for the report of a refusal. */
  work?: Work;
}

type CollectRequest = RequestOf<CollectPayload>;
type LifecycleRequest = RequestOf<LifecyclePayload>;
type Request = CollectRequest | LifecycleRequest;

/** Refusals whose reader wants to know how the payment stands. */
const REPORTED: readonly AuthCaptureCode[] = [
  "invalid_auth_capture_evm_payment_already_collected",
  "invalid_auth_capture_evm_unexpected_payment_state",
  "invalid_auth_capture_evm_transaction_reverted",
  "invalid_auth_capture_evm_zero_authorization",
];

/**
 * Scheme `auth-capture` for `x402Facilitator`: verifies payments, collects them into the canonical escrow, and relays captures, voids and
 * refunds, of its own account as operator and of operators that one of the named factories deployed.
 *
 * Each payment is said to be settled once. A second request for it, or one that comes after somebody else collected it, is refused with
 * `payment_already_collected` and the payment's state: a server that never served it may do so, once.
 *
 * x402 v2 only.
 *
 * @example
 * const facilitator = new x402Facilitator().register(["eip155:8453"], new AuthCaptureEvmFacilitator({ chains: [base] }));
 */
export class AuthCaptureEvmFacilitator implements SchemeNetworkFacilitator {
  /** Id of the scheme, for the SDK. */
  readonly scheme = AUTH_CAPTURE_SCHEME;
  readonly caipFamily = "eip155:*";
  readonly #desks: readonly Desk[];
  readonly #onError: (error: unknown) => void;
  readonly #clock: () => bigint;
  readonly #reporter: Reporter;
  /** Captures, voids and refunds that are being settled: copies that come together get one answer. */
  readonly #underWay = new Map<Hex, Promise<SettleResponse>>();

  /** @throws {AuthCaptureConfigurationError} a wallet has no account, or a chain has no least payment. */
  constructor({ chains, onError = () => undefined, clock = systemClock }: AuthCaptureEvmFacilitatorOptions) {
    this.#desks = chains.map(createDesk);
    this.#onError = onError;
    this.#clock = clock;
    this.#reporter = createReporter(clock, onError);
  }

  /** What `/supported` says: whom it collects for, and whose captures, voids and refunds it relays. */
  getExtra(network: Network): Record<string, unknown> | undefined {
    const desk = this.#deskOn(chainIdOfNetwork(network));
    if (desk === undefined) return undefined;
    const { lifecycleFactories = [], minimumAmounts } = desk.chain;
    const minimums = Object.entries(minimumAmounts).map(([token, amount]) => [token, amount.toString()]);
    return {
      operators: listOperators(desk),
      ...(lifecycleFactories.length > 0 && { lifecycleFactories }),
      minimumAmounts: Object.fromEntries(minimums),
    };
  }

  getSigners(network: string): string[] {
    const desk = this.#deskOn(chainIdOfNetwork(network));
    return desk === undefined ? [] : [desk.sender];
  }

  /** Says whether a payment, a capture, a void or a refund would be settled now. Sends nothing, and never throws for bad input. */
  async verify(payload: PaymentPayload, requirements: PaymentRequirements): Promise<VerifyResponse> {
    let request: Request | undefined;
    try {
      request = this.#read(payload, requirements);
      request.work = await this.#check(request);
      await tryWork(request.desk, request.work);
      return { isValid: true, payer: payerOf(request) };
    } catch (error) {
      const { code, message } = this.#toRefusal(error, "unexpected_verify_error");
      return {
        isValid: false,
        invalidReason: code,
        invalidMessage: message,
        ...(request !== undefined && { payer: payerOf(request) }),
        ...(await this.#reportRefusal(request, code)),
      };
    }
  }

  /** Settles a payment, a capture, a void or a refund. Never throws for bad input. */
  async settle(payload: PaymentPayload, requirements: PaymentRequirements): Promise<SettleResponse> {
    let request: Request | undefined;
    try {
      request = this.#read(payload, requirements);
      return isCollectRequest(request) ? await this.#settleCollect(request) : await this.#settleLifecycle(request);
    } catch (error) {
      const { code, message, details } = this.#toRefusal(error, "unexpected_settle_error");
      return {
        success: false,
        errorReason: code,
        errorMessage: message,
        transaction: details.transaction ?? "",
        network: requirements.network,
        ...(request !== undefined && { payer: payerOf(request) }),
        ...(await this.#reportRefusal(request, code)),
      };
    }
  }

  /** Reads what both sides say, in the order of the scheme: shape, scheme, network, requirements. */
  #read({ x402Version, payload, accepted }: PaymentPayload, requirements: PaymentRequirements): Request {
    if (x402Version !== 2) throw new RefusalError("invalid_x402_version");
    const read = take(parsePayload(payload));
    if (accepted?.scheme !== AUTH_CAPTURE_SCHEME) refuse("scheme");
    if (accepted.network !== requirements.network) refuse("network_mismatch");
    const terms = take(parseRequirements(requirements));
    const desk = this.#deskOn(terms.chainId);
    if (desk === undefined) return refuse("network_mismatch");
    const { network } = requirements;
    // Written apart, so that each is one of the two.
    return read.type === "collect" ? { desk, terms, network, payload: read } : { desk, terms, network, payload: read };
  }

  async #check(request: Request): Promise<Work> {
    const { desk, terms } = request;
    if (!isCollectRequest(request)) return this.#planFor(request, await checkLifecycle(desk, request), false);
    const { payload } = request;
    return checkCollect(desk, { terms, payload, now: this.#clock(), isFinal: false, isBegun: false });
  }

  async #planFor(request: LifecycleRequest, { planFor, ...checked }: LifecycleWork, isBegun: boolean): Promise<Work> {
    request.work = { ...checked, steps: [] };
    return { ...checked, steps: planFor(await readState(request.desk, checked), isBegun) };
  }

  async #settleCollect(request: CollectRequest): Promise<SettleResponse> {
    const { desk, terms, payload } = request;
    const now = this.#clock();
    const isBegun = fitsEscrow(terms, payload) && (await isSent(desk, hashPaymentInfo(toPayment(terms, payload))));
    const work = await verifyAgain(() => checkCollect(desk, { terms, payload, now, isFinal: true, isBegun }));
    request.work = work;
    const { isTaken, record } = await desk.settlements.take(work.key);
    // Whoever asks again may be a copy: only one of them is told that the payment is settled.
    if (!isTaken) refuse("payment_already_collected", lastOf(record));
    const transaction = await settleWork(desk, work, record?.transactions ?? []);
    return this.#toAnswer(request, work, { transaction, collectTransaction: transaction });
  }

  async #settleLifecycle(request: LifecycleRequest): Promise<SettleResponse> {
    const checked = await verifyAgain(() => checkLifecycle(request.desk, request));
    const running = this.#underWay.get(checked.key);
    if (running !== undefined) return running;
    const answer = this.#settleChecked(request, checked).finally(() => this.#underWay.delete(checked.key));
    this.#underWay.set(checked.key, answer);
    return answer;
  }

  async #settleChecked(request: LifecycleRequest, checked: LifecycleWork): Promise<SettleResponse> {
    const { settlements } = request.desk;
    const { isTaken, record } = await settlements.take(checked.key);
    if (!isTaken) {
      if (record?.status !== "settled") throw new RefusalError("settlement_pending", lastOf(record));
      // It does no harm to say so twice: nothing is served for it.
      return this.#toAnswer(request, { ...checked, steps: [] }, lastOf(record));
    }
    const sent = record?.transactions ?? [];
    let work: Work;
    try {
      work = await verifyAgain(() => this.#planFor(request, checked, sent.length > 0));
    } catch (error) {
      await settlements.put(checked.key, record);
      throw error;
    }
    return this.#toAnswer(request, work, { transaction: await settleWork(request.desk, work, sent) });
  }

  async #toAnswer(request: Request, work: Work, known: Known): Promise<SettleResponse> {
    const { transaction = "", collectTransaction } = known;
    const state = work.steps.at(-1)?.effects.after;
    return {
      success: true,
      payer: payerOf(request),
      transaction,
      network: request.network,
      amount: work.amount.toString(),
      ...(await this.#reporter.reportOn(request.desk, work, { ...(state && { state }), collectTransaction })),
    };
  }

  async #reportRefusal(request: Request | undefined, code: AuthCaptureCode) {
    if (request?.work === undefined || !REPORTED.includes(code)) return {};
    return this.#reporter.reportOn(request.desk, request.work);
  }

  #toRefusal(error: unknown, fallback: AuthCaptureCode): RefusalError {
    if (!(error instanceof RefusalError)) {
      this.#onError(error);
      return new RefusalError(fallback);
    }
    if (error.details.cause !== undefined) this.#onError(error.details.cause);
    return error;
  }

  #deskOn(chainId: bigint | undefined): Desk | undefined {
    return this.#desks.find(({ chain }) => chain.chainId === chainId);
  }
}

interface Known {
  readonly transaction?: Hash | undefined;
  readonly collectTransaction?: Hash | undefined;
}

function isCollectRequest(request: Request): request is CollectRequest {
  return request.payload.type === "collect";
}

function payerOf({ payload }: Request): string {
  return payload.type === "collect" ? payload.payer : payload.paymentInfo.payer;
}

/** Whether a payment was sent in time and waits for its transaction: then its own time counts no more. */
async function isSent({ settlements }: Desk, key: Hex): Promise<boolean> {
  return (await settlements.find(key))?.status === "sent";
}

function lastOf(record: SettlementRecord | undefined): { readonly transaction?: Hash } {
  const transaction = record?.transactions.at(-1);
  return transaction === undefined ? {} : { transaction };
}
