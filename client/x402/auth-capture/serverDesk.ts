import { isAddressEqual, type Address, type Hex } from "viem";
import { ESCROW_DEPLOYMENTS } from "../../auth-capture/addresses.ts";
import { predictOperator } from "../../auth-capture/predict.ts";
import { authorizerOf, termsKind } from "../../auth-capture/terms.ts";
import type { PaymentInfo, Terms, TermsKind } from "../../auth-capture/types.ts";
import { smallest } from "../../core/amounts.ts";
import type { ReadClient } from "../../core/readClient.ts";
import { checkOffer } from "../../seller/auth-capture/offerCheck.ts";
import type { Authorizer } from "../../seller/auth-capture/actions.ts";
import type { Closing, PaymentManager } from "../../seller/auth-capture/manager.ts";
import { untilDone } from "../core/once.ts";
import { AuthCaptureConfigurationError } from "./errors.ts";

/** A request that was served, for {@link AuthCaptureDesk.close}. */
export interface ServedPayment {
  /** What the request costs: the price, or what `setSettlementOverrides` made of it. Token base units. */
  readonly amount: bigint;
  readonly paymentInfo: PaymentInfo;
  /** 32 bytes. */
  readonly paymentInfoHash: Hex;
}

/** One receiver with one kind of terms on one chain. */
export interface AuthCaptureDesk {
  /** Chain of the escrow. */
  readonly chainId: bigint;
  /** Any viem client of the chain. */
  readonly client: ReadClient;
  /** Address of TermsOperatorFactory. */
  readonly factory: Address;
  /** Of the operator, which must be deployed. */
  readonly terms: Terms;
  /** Address of the canonical escrow; that of v1.1 by default. */
  readonly escrow?: Address;
  /** `payTo` of the routes. */
  readonly receiver: Address;
  /** Signs captures, voids, refunds and charges for the receiver. */
  readonly authorizer: Authorizer;
  /** Keeps the payments. Desks of one chain may share one. */
  readonly manager: PaymentManager;
  /** How long a payer's signature counts, seconds; 60 by default. A route may set another, but for 300, which the SDK takes as not set. */
  readonly maxTimeoutSeconds?: number;
  /** How long a request may take after its payment is collected, seconds; 120 by default. Then its hold is given back. */
  readonly servingSeconds?: bigint;
  /** How long the chain may take to show what a facilitator says that it collected, milliseconds; 5,000 by default. */
  readonly confirmTimeout?: number;
  /** Least time from an offer to the capture deadline, seconds; nearly as long as the terms allow by default. */
  readonly holdSeconds?: bigint;
  /** Deadlines are multiples of this, seconds, so that a paid request is offered what it has paid for; at most an hour by default. */
  readonly gridSeconds?: bigint;
  /** Time for refunds after the capture deadline, seconds; 30 days by default. */
  readonly refundSeconds?: bigint;
  /** What becomes of a hold once its request is served. By default the price is captured and the rest voided; an arbitrated hold is kept. */
  readonly close?: (served: ServedPayment) => Closing | Promise<Closing>;
  /** What to do when a capture would revert: serve and try again until the hold ends (default), or refuse the answer and void. */
  readonly whenCaptureFails?: "retry" | "void";
  /** True to take terms whose disputes have less than a day. */
  readonly allowsShortWindows?: boolean;
}

/** A desk at work. */
export interface OpenDesk extends Required<Omit<AuthCaptureDesk, "close" | "allowsShortWindows">> {
  readonly kind: TermsKind;
  readonly operator: Address;
  readonly close: (served: ServedPayment) => Closing | Promise<Closing>;
  /** Least time from collection to the capture deadline, seconds. */
  readonly leastHold: bigint;
  /** Looks at the chain once: nothing is offered that must not be. */
  readonly check: () => Promise<void>;
}

const HOUR = 3_600n;
const DAY = 86_400n;

/** Time for clocks that differ, and for the block that collects, seconds. */
export const CLOCK_MARGIN = 60n;

/**
 * Sets a desk up.
 *
 * @throws {AuthCaptureConfigurationError} its spans do not fit its terms, or its authorizer is not theirs.
 */
export function openDesk(desk: AuthCaptureDesk): OpenDesk {
  const { client, factory, terms, escrow = ESCROW_DEPLOYMENTS["v1.1"].escrow, receiver, authorizer } = desk;
  const { maxHold, disputeWindow, releaseLead } = terms;
  const kind = termsKind(terms);
  const maxTimeoutSeconds = desk.maxTimeoutSeconds ?? 60;
  const gridSeconds = desk.gridSeconds ?? (kind === "charge" ? HOUR : smallest(HOUR, maxHold / 10n + 1n));
  const holdSeconds = desk.holdSeconds ?? (kind === "charge" ? DAY : maxHold - gridSeconds - CLOCK_MARGIN);
  const leastHold = BigInt(maxTimeoutSeconds) + disputeWindow + releaseLead + CLOCK_MARGIN;
  const isTooLong = kind !== "charge" && holdSeconds + gridSeconds + CLOCK_MARGIN > maxHold;
  if (gridSeconds < 1n || isTooLong || holdSeconds - gridSeconds < leastHold) {
    throw new AuthCaptureConfigurationError(
      `A hold of ${holdSeconds} seconds, in steps of ${gridSeconds}, does not fit terms that take ${leastHold} to ${maxHold}.`,
      "Change `holdSeconds` and `gridSeconds`, or give the terms a longer `maxHold`.",
    );
  }
  if (!isAddressEqual(authorizer.address, authorizerOf(terms, { receiver }))) {
    throw new AuthCaptureConfigurationError(
      `${authorizer.address} is not the authorizer of the terms.`,
      "Pass the key that the terms name, or the receiver's where they name none.",
    );
  }
  const { allowsShortWindows = false } = desk;
  return {
    ...desk,
    kind,
    escrow,
    operator: predictOperator({ factory, terms, escrow }),
    maxTimeoutSeconds,
    servingSeconds: desk.servingSeconds ?? 120n,
    confirmTimeout: desk.confirmTimeout ?? 5_000,
    gridSeconds,
    holdSeconds,
    leastHold,
    refundSeconds: desk.refundSeconds ?? 30n * DAY,
    close: desk.close ?? closeByKind(kind),
    whenCaptureFails: desk.whenCaptureFails ?? "retry",
    check: untilDone(async () => {
      await checkOffer(client, { factory, terms, escrow, receiver, authorizers: [authorizer], allowsShortWindows });
    }),
  };
}

function closeByKind(kind: TermsKind): OpenDesk["close"] {
  // Nothing of an arbitrated hold is the receiver's before the payer's time for disputes is over.
  return kind === "arbitrated" ? () => ({ amount: 0n, rest: "keep" }) : ({ amount }) => ({ amount, rest: "void" });
}
