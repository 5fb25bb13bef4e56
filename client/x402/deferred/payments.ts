import type { Address, Hash } from "viem";
import { ChainBusyError, ChainUnavailableError, ReservationLostError } from "../../seller/core/errors.ts";
import { ChargeAboveReservationError } from "../../seller/voucher/errors.ts";
import type { Acceptor, Reservation } from "../../seller/voucher/types.ts";
import { isAmount } from "../core/amounts.ts";
import { bring, bringsSomething, checkBrought, needsRelay, unwrapPayload, type ReadPayment } from "./brought.ts";
import type { DeferredCode } from "./codes.ts";
import { isRefusal, refuse, toRefusal, type Refusal } from "./refusals.ts";
import { isFunded } from "./relayInOrder.ts";
import type { RelayRequest } from "./relayer.ts";
import { findDesk, type SellerDesk, type SellerDesks } from "./sellerDesk.ts";
import type { Settlement } from "./types.ts";
import { parsePayload } from "./wire.ts";

const PREFIX = "invalid_deferred_evm_payload_";

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
  /** Most the request may be charged; decimal string, token base units. */
  readonly price: unknown;
  /** Seconds the request may take. */
  readonly timeout: unknown;
}

/** A payment that is accepted and holds its lane. Charge it or release it. */
export interface Admission {
  readonly isAdmitted: true;
  /** Who pays. */
  readonly payer: Address;
  readonly acceptor: Acceptor;
  readonly reservation: Reservation;
  /** Nonce of the accepted voucher. */
  readonly nonce: bigint;
  /** Transaction that carried the payment's deposit. */
  readonly depositTransaction?: Hash;
  /** Whether the payment brought a deposit that it did not need, and that was not sent. */
  readonly isDepositUnused: boolean;
}

/** A payment that would be accepted. */
export interface Admissible {
  readonly isAdmitted: true;
  /** Who pays. */
  readonly payer: Address;
  /** Whether something that the payment brings has to be on-chain first. */
  readonly needsRelay: boolean;
}

/** How a charge ended. */
export type Charge =
  | { readonly isCharged: true; readonly amount: bigint; readonly settlement: Settlement }
  | { readonly isCharged: false; readonly code: DeferredCode };

/** Takes payments for sellers. Nothing here throws for bad input, and nothing that goes wrong counts as paid. */
export interface Payments {
  /** Checks a payment, brings what it carries on-chain, and claims its lane. */
  admit(request: PaymentRequest): Promise<Admission | Refusal>;
  /** Does every check of {@link admit}, sends nothing and claims nothing. */
  check(request: PaymentRequest): Promise<Admissible | Refusal>;
  /**
   * Charges a served request. Durable when the promise resolves.
   *
   * @param amount - Decimal string, token base units; when it is above what was authorized nothing is charged.
   */
  charge(admission: Admission, amount: unknown): Promise<Charge>;
  /** Ends an admission without a charge. */
  release(admission: Admission): Promise<void>;
  /** The desk of a seller and asset; undefined when it is not served here. */
  deskFor(chainId: bigint | undefined, payTo: unknown, asset: unknown): SellerDesk | undefined;
  /** Tells the host about an error that became a refusal. */
  onError(error: unknown): void;
}

/** Settings of {@link createPayments}. */
export interface PaymentsOptions {
  readonly desks: SellerDesks;
  /** Told about errors that became refusals: a store or a chain that failed. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Makes the part of a server or facilitator that takes payments, whatever the transport.
 *
 * @param options - {@link PaymentsOptions}.
 * @returns {@link Payments}; amounts are decimal strings in token base units.
 *
 * @example
 * const payments = createPayments({ desks: [desk] });
 * const admission = await payments.admit({ payload, chainId: 8453n, payTo, asset, price: "1000", timeout: 60 });
 * if (admission.isAdmitted) await payments.charge(admission, "1000");
 */
export function createPayments({ desks, onError = () => undefined }: PaymentsOptions): Payments {
  function read({ payload, chainId, payTo, asset, price, timeout }: PaymentRequest): ReadPayment | Refusal {
    const parsed = parsePayload(payload);
    if (!parsed.isValid) return { isAdmitted: false, code: parsed.code, message: parsed.message };
    const { buyer } = parsed.value.voucher;
    const desk = findDesk(desks, chainId, payTo, asset);
    const isPriced = isAmount(price) && price !== "0";
    if (desk === undefined || !isPriced) return refuse("invalid_deferred_evm_requirements", buyer);
    const unwrapped = unwrapPayload(parsed.value);
    const { voucher, signature } = unwrapped.payload;
    const request = {
      voucher,
      signature,
      price: BigInt(price),
      asset: (asset as string).toLowerCase() as Address,
      ...(isSeconds(timeout) && { reservationSeconds: BigInt(Math.ceil(timeout)) }),
    };
    return { ...unwrapped, desk, request };
  }

  async function admit(request: PaymentRequest): Promise<Admission | Refusal> {
    const payment = read(request);
    if (isRefusal(payment)) return payment;
    const brought = bringsSomething(payment) ? await bring(payment, onError) : { isDepositUnused: false };
    if (isRefusal(brought)) return brought;
    const { desk, request: parameters } = payment;
    const { acceptor } = desk;
    const result = await acceptor.accept(parameters);
    if (!result.isAccepted) return toRefusal(result, desk, parameters, onError);
    const { buyer: payer, nonce } = parameters.voucher;
    const { reservation } = result;
    const { transaction, isDepositUnused } = brought;
    const admission: Admission = { isAdmitted: true, payer, acceptor, reservation, nonce, isDepositUnused };
    return transaction === undefined ? admission : { ...admission, depositTransaction: transaction };
  }

  async function check(request: PaymentRequest): Promise<Admissible | Refusal> {
    const payment = read(request);
    if (isRefusal(payment)) return payment;
    if (!bringsSomething(payment)) return checkVoucher(payment);
    const brought = await checkBrought(payment, onError);
    if (isRefusal(brought)) return brought;
    return needsRelay(brought) ? checkRelay(payment, brought) : toAdmissible(payment, false);
  }

  async function checkRelay(payment: ReadPayment, brought: RelayRequest): Promise<Admissible | Refusal> {
    const { desk, request } = payment;
    const trial = await desk.relayer?.simulate(brought);
    if (trial?.code !== undefined) return refuse(trial.code, request.voucher.buyer);
    if (trial?.isDepositDone !== true) return toAdmissible(payment, true);
    // A deposit that was executed before is in the account, or spent: it brings nothing more.
    if (brought.signerAuthorization === undefined) return checkVoucher(payment);
    return (await isFunded(desk, brought.account, { price: request.price }))
      ? toAdmissible(payment, true)
      : refuse("insufficient_funds", request.voucher.buyer);
  }

  async function checkVoucher(payment: ReadPayment): Promise<Admissible | Refusal> {
    const { desk, request } = payment;
    const result = await desk.acceptor.check(request);
    return result.isAccepted ? toAdmissible(payment, false) : toRefusal(result, desk, request, onError);
  }

  /** Turns whatever goes wrong into a refusal: a payment is good only when it was found to be. */
  async function closed<T>(step: Promise<T | Refusal>): Promise<T | Refusal> {
    try {
      return await step;
    } catch (error) {
      if (error instanceof ChainUnavailableError || error instanceof ChainBusyError) {
        return refuse(`${PREFIX}chain_unavailable`);
      }
      onError(error);
      return refuse("unexpected_verify_error");
    }
  }

  async function commit({ acceptor, reservation, ...admission }: Admission, amount: bigint): Promise<Charge> {
    const commitment = await acceptor.commit(reservation, amount);
    const { voucherHash, lane, charged } = commitment;
    const { nonce, depositTransaction, isDepositUnused } = admission;
    const settlement: Settlement = {
      commitment: voucherHash,
      id: lane.id,
      nonce,
      charged,
      ...(depositTransaction !== undefined && { depositTransaction }),
      ...(isDepositUnused && { isDepositUnused }),
    };
    return { isCharged: true, amount: commitment.amount, settlement };
  }

  async function release({ acceptor, reservation }: Admission): Promise<void> {
    try {
      await acceptor.cancel(reservation);
    } catch (error) {
      // The claim ends by itself when its time is over.
      onError(error);
    }
  }

  return {
    onError,
    release,
    deskFor: (chainId, payTo, asset) => findDesk(desks, chainId, payTo, asset),
    admit: (request) => closed(admit(request)),
    check: (request) => closed(check(request)),

    async charge(admission, amount) {
      if (!isAmount(amount) || BigInt(amount) > admission.reservation.price) {
        await release(admission);
        return { isCharged: false, code: `${PREFIX}charge_above_authorized` };
      }
      try {
        return await commit(admission, BigInt(amount));
      } catch (error) {
        if (error instanceof ReservationLostError) return { isCharged: false, code: `${PREFIX}reservation_lost` };
        if (error instanceof ChargeAboveReservationError) {
          return { isCharged: false, code: `${PREFIX}charge_above_authorized` };
        }
        onError(error);
        return { isCharged: false, code: "unexpected_settle_error" };
      }
    },
  };
}

function toAdmissible({ request }: ReadPayment, isRelayNeeded: boolean): Admissible {
  return { isAdmitted: true, payer: request.voucher.buyer, needsRelay: isRelayNeeded };
}

function isSeconds(timeout: unknown): timeout is number {
  return typeof timeout === "number" && Number.isFinite(timeout) && timeout > 0;
}
