import type { Address } from "viem";
import { smallest } from "../../core/amounts.ts";
import { ChainBusyError, ChainUnavailableError, ReservationLostError } from "../../seller/core/errors.ts";
import type { FlashLane, PresentedItem } from "../../seller/flash/types.ts";
import { isAmount } from "../core/amounts.ts";
import type { FlashCode } from "./codes.ts";
import { findDesk, type ServerDesk, type ServerDesks } from "./desk.ts";
import { ChargeNotPriceError } from "./errors.ts";
import { bringOpening, takeOpening, type Opened } from "./openingFlow.ts";
import type { OpeningContext } from "./openings.ts";
import { takeOriginal } from "./originals.ts";
import { isRefusal, refuse, toRefusal, type Refusal } from "./refusals.ts";
import { RETRY_MS, type Accepted, type Ask, type ReadPayment } from "./take.ts";
import { takeRenewal } from "./renewalFlow.ts";
import type { FlashPayload, Opening, Parsed, Settlement } from "./types.ts";
import { parsePayload } from "./wire.ts";

/** A payment as a transport brings it. Every field may come from a stranger. */
export interface PaymentRequest {
  /** `PaymentPayload.payload`. */
  readonly payload: unknown;
  /** Chain that the payment names; undefined when it names none of the EVM. */
  readonly chainId: bigint | undefined;
  /** As the payment has it, unchecked. */
  readonly payTo: unknown;
  /** As the payment has it, unchecked. */
  readonly asset: unknown;
  /** Decimal string, token base units. */
  readonly price: unknown;
  /** How the payload is read; as in x402 v2 by default. */
  readonly parse?: (payload: unknown) => Parsed<FlashPayload>;
}

/** A payment that is accepted and holds its part of the escrow. Charge it or release it. */
export interface Admission extends Pick<Accepted, "reservation" | "state" | "safeUntil"> {
  readonly isAdmitted: true;
  /** Who pays. */
  readonly payer: Address;
  readonly desk: ServerDesk;
}

/** A payment that would be accepted. */
export interface Admissible {
  readonly isAdmitted: true;
  /** Who pays. */
  readonly payer?: Address;
}

/** How a charge ended. */
export type Charge =
  | { readonly isCharged: true; readonly amount: bigint; readonly settlement: Settlement }
  | { readonly isCharged: false; readonly code: FlashCode };

/** Takes payments for servers. Nothing here throws for bad input, and nothing that goes wrong counts as paid. */
export interface Payments {
  /** Checks a payment and reserves it. What it brings, an opening or a transaction to be settled first, is sent before. */
  admit(request: PaymentRequest): Promise<Admission | Refusal>;
  /** Does every check of {@link admit} and reserves nothing. What a payment brings is sent all the same: it must be final before a request is served. */
  check(request: PaymentRequest): Promise<Admissible | Refusal>;
  /**
   * Makes the acceptance of a served request durable.
   *
   * @param amount - Decimal string, token base units; when it is not the price nothing is charged.
   */
  charge(admission: Admission, amount: unknown): Promise<Charge>;
  /** Ends an admission without a charge. */
  release(admission: Admission): Promise<void>;
  /** Relays an opening that comes without a payment. */
  open(opening: Opening, context: OpeningContext): Promise<Refusal | Opened>;
  /** The desk of a server and token; undefined when it is not served here. */
  deskFor(chainId: bigint | undefined, payTo: unknown, asset: unknown): ServerDesk | undefined;
  /** Tells the host about an error that became a refusal. */
  onError(error: unknown): void;
}

/** Settings of {@link createPayments}. */
export interface PaymentsOptions {
  readonly desks: ServerDesks;
  /** Told about errors that became refusals: a store or a chain that failed. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Makes the part of a server or facilitator that takes payments, whatever the transport.
 *
 * @param options - {@link PaymentsOptions}.
 * @returns The payments of its desks.
 *
 * @example
 * const payments = createPayments({ desks: [desk] });
 * const admission = await payments.admit({ payload, chainId: 8453n, payTo, asset: usdc, price: "1000" });
 * if (admission.isAdmitted) await payments.charge(admission, "1000");
 */
export function createPayments({ desks, onError = () => undefined }: PaymentsOptions): Payments {
  function read({
    payload,
    chainId,
    payTo,
    asset,
    price,
    parse = parsePayload,
  }: PaymentRequest): ReadPayment | Refusal {
    const parsed = parse(payload);
    if (!parsed.isValid) return { isAdmitted: false, code: parsed.code, message: parsed.message };
    const desk = findDesk(desks, chainId, payTo, asset);
    const isPriced = isAmount(price) && price !== "0";
    if (desk === undefined || !isPriced) return refuse("flash_requirements_mismatch");
    const token = (asset as string).toLowerCase() as Address;
    return { payload: parsed.value, desk, token, price: BigInt(price) };
  }

  async function admit(request: PaymentRequest): Promise<Admission | Refusal> {
    const payment = read(request);
    if (isRefusal(payment)) return payment;
    const { desk, token, price } = payment;
    const result = await take(payment, async (item) => {
      const answer = await desk.acceptor.accept({ item, token, price });
      return answer.isAccepted ? answer : toRefusal(answer, payerOf(item));
    });
    if (result === undefined) return refuse("unexpected_verify_error");
    return isRefusal(result) ? result : toAdmission(result, desk);
  }

  async function check(request: PaymentRequest): Promise<Admissible | Refusal> {
    const payment = read(request);
    if (isRefusal(payment)) return payment;
    const { desk, token, price, payload } = payment;
    const result = await take(payment, async (item) => {
      const answer = await desk.acceptor.check({ item, token, price });
      return answer && toRefusal(answer, payerOf(item));
    });
    const payer = payerOf(payload.item);
    if (result === undefined) return { isAdmitted: true, ...(payer !== undefined && { payer }) };
    if (isRefusal(result)) return result;
    // What was settled first can only be asked by accepting it.
    await desk.acceptor.cancel(result.reservation);
    return { isAdmitted: true, payer: result.reservation.escrow.client };
  }

  /** Asks about a payment, once what it brings is on-chain. */
  async function take(payment: ReadPayment, ask: Ask): Promise<Accepted | Refusal | undefined> {
    const { payload } = payment;
    switch (payload.type) {
      case "open":
        return takeOpening(payment, payload, ask);
      case "transaction": {
        const answer = await ask(payload.item);
        return isOfOtherForm(answer) ? ((await takeOriginal(payment, payload.item.rawTransaction)) ?? answer) : answer;
      }
      default: {
        const { item, renewal } = payload;
        return renewal === undefined ? ask(item) : takeRenewal(payment, { item, renewal }, ask);
      }
    }
  }

  /** Turns whatever goes wrong into a refusal: a payment is good only when it was found to be. */
  async function closed<T>(step: Promise<T | Refusal>): Promise<T | Refusal> {
    try {
      return await step;
    } catch (error) {
      if (error instanceof ChainUnavailableError || error instanceof ChainBusyError) {
        return refuse("flash_stale_state", { retryAfterMs: RETRY_MS });
      }
      onError(error);
      return refuse("unexpected_verify_error");
    }
  }

  async function readLanes({ desk, reservation: { item, escrow, price } }: Admission): Promise<ServedLanes> {
    if (item.kind !== "tab") return {};
    try {
      const lane = await desk.store.getLane(escrow, item.lane);
      if (lane === undefined) return {};
      // Whoever begins a lane beside others may have lost them.
      const others = lane.consumed === price ? await desk.store.listLanes(escrow) : [];
      const otherLane = highestOf(others.filter((other) => other.lane !== item.lane));
      return { lane, ...(otherLane !== undefined && { otherLane }) };
    } catch (error) {
      // What was accepted is served, whether or not the client learns more.
      onError(error);
      return {};
    }
  }

  async function release({ desk, reservation }: Admission): Promise<void> {
    try {
      await desk.acceptor.cancel(reservation);
    } catch (error) {
      // The reservation ends by itself when its time is over.
      onError(error);
    }
  }

  return {
    onError,
    release,
    deskFor: (chainId, payTo, asset) => findDesk(desks, chainId, payTo, asset),
    admit: (request) => closed(admit(request)),
    check: (request) => closed(check(request)),
    open: (opening, context) => closed(bringOpening(opening, context)),

    async charge(admission, amount) {
      const { reservation, desk } = admission;
      const { price } = reservation;
      if (amount !== price.toString()) {
        onError(new ChargeNotPriceError(amount, price));
        await release(admission);
        return { isCharged: false, code: "flash_price_fixed" };
      }
      try {
        await desk.acceptor.commit(reservation);
      } catch (error) {
        if (error instanceof ReservationLostError) return { isCharged: false, code: "flash_reservation_lost" };
        onError(error);
        return { isCharged: false, code: "unexpected_settle_error" };
      }
      return { isCharged: true, amount: price, settlement: toSettlement(admission, await readLanes(admission)) };
    },
  };
}

function toAdmission({ reservation, state, safeUntil }: Accepted, desk: ServerDesk): Admission {
  return { isAdmitted: true, payer: reservation.escrow.client, desk, reservation, state, safeUntil };
}

/** The lanes that a settlement shows. */
type ServedLanes = Pick<Settlement, "lane" | "otherLane">;

function highestOf(lanes: readonly FlashLane[]): FlashLane | undefined {
  return lanes.reduce<FlashLane | undefined>(
    (highest, lane) => (highest === undefined || lane.authorised > highest.authorised ? lane : highest),
    undefined,
  );
}

/** What the client learns of its escrow: it has paid, so it holds the key. */
function toSettlement({ reservation, state, safeUntil }: Admission, lanes: ServedLanes): Settlement {
  const { item } = reservation;
  return {
    paymentId: item.digest,
    status: item.kind === "settled" ? "settled" : "accepted",
    escrow: {
      balance: state.confirmed.balance,
      pending: state.unsettled,
      available: state.available,
      safeUntil,
      epoch: state.confirmed.epoch,
      unlockAt: smallest(state.confirmed.unlockAt, state.head.unlockAt),
    },
    ...(item.kind === "payment" && { nextNonceBase: state.nonceBase }),
    ...lanes,
  };
}

/** Whether a transaction may still be the original one of three arguments. */
function isOfOtherForm(answer: Accepted | Refusal | undefined): boolean {
  if (answer === undefined || !isRefusal(answer)) return false;
  return answer.code === "flash_transaction_invalid" || answer.code === "flash_payload_unsupported";
}

/** The payer that an item names; a transaction names none. */
function payerOf(item: PresentedItem): Address | undefined {
  return item.kind === "transaction" ? undefined : item.client;
}
