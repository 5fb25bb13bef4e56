import type { PaymentRequirements } from "@x402/core/types";
import { decodePaymentSignatureHeader } from "@x402/core/http";
import type { Address } from "viem";
import { LIFECYCLE_RULES, paymentWindows, type LifecycleAction, type Role } from "../../auth-capture/lifecycle.ts";
import { encodeLifecycle, type WireLifecycle } from "../../auth-capture/offer.ts";
import type { PaymentInfo } from "../../auth-capture/types.ts";
import { withChecksums } from "../../core/checksums.ts";
import { MAX_UINT48, toWireInteger, type WireInteger } from "../core/fields.ts";
import { AuthCaptureConfigurationError } from "./errors.ts";
import type { OpenDesk } from "./serverDesk.ts";

/** `extra.lifecycle` of an offer: what the operator is made of, when what happens, and who may do what. */
export interface WireOfferedLifecycle extends WireLifecycle {
  /** Unix seconds, each the first second of what it begins; of terms with an arbiter. */
  readonly windows?: {
    /** The payment can no longer be collected: the payer would have too little time to dispute. */
    readonly collectableUntil: WireInteger;
    /** W: disputes end, and an undisputed hold is due to the receiver. */
    readonly releasableFrom: WireInteger;
    /** Q: the arbiter can no longer rule. */
    readonly rulingDeadline: WireInteger;
  };
  /** What each party may do. */
  readonly who: Readonly<Partial<Record<Role, readonly LifecycleAction[]>>>;
}

/** The SDK's own value where a route sets none. */
const SDK_TIMEOUT = 300;

/**
 * Makes the part of an offer that is the same at any time.
 *
 * @throws {AuthCaptureConfigurationError} the token's domain is not known.
 */
export function toStaticOffer(desk: OpenDesk, requirements: PaymentRequirements): PaymentRequirements {
  const { terms, kind } = desk;
  const { extra, maxTimeoutSeconds } = requirements;
  const { name, version } = extra;
  if (typeof name !== "string" || typeof version !== "string") {
    throw new AuthCaptureConfigurationError(
      `The EIP-712 name and version of ${requirements.asset} are not known.`,
      "Name the token in `assets`, or give `name` and `version` in the price's `extra`.",
    );
  }
  const isCharge = kind === "charge";
  const offered = {
    name,
    version,
    captureAuthorizer: desk.operator,
    feeRecipient: terms.feeReceiver,
    minFeeBps: Number(terms.feeBps),
    maxFeeBps: Number(terms.feeBps),
    authCaptureEscrow: desk.escrow,
    // Clients of the SDK take an offer without a flow for a charge, the scheme for a hold.
    paymentFlow: isCharge ? "authorization" : "escrow",
    operatorType: "custom",
    ...(isCharge ? { receiverAuthorizer: desk.authorizer.address } : { captureMode: "deferred" }),
  };
  return {
    ...requirements,
    asset: withChecksums(requirements.asset as Address),
    payTo: withChecksums(requirements.payTo as Address),
    maxTimeoutSeconds: maxTimeoutSeconds === SDK_TIMEOUT ? desk.maxTimeoutSeconds : maxTimeoutSeconds,
    extra: { ...extra, ...withChecksums(offered) },
  };
}

/**
 * Makes the part of an offer that moves with time, in steps. A paid request that was offered the step before is offered it again; a payer
 * cannot name any other deadline.
 *
 * @param header - PAYMENT-SIGNATURE of the request.
 */
export function toTimedExtra(desk: OpenDesk, now: bigint, header: unknown): Record<string, unknown> {
  const { gridSeconds, holdSeconds, refundSeconds, leastHold } = desk;
  const latest = ((now + holdSeconds + gridSeconds - 1n) / gridSeconds) * gridSeconds;
  const previous = latest - gridSeconds;
  const isPrevious = previous >= now + leastHold && deadlineOf(header) === Number(previous);
  const captureDeadline = isPrevious ? previous : latest;
  const refundDeadline = captureDeadline + refundSeconds;
  return {
    captureDeadline: Number(captureDeadline),
    refundDeadline: Number(refundDeadline),
    lifecycle: toLifecycle(desk, captureDeadline, refundDeadline),
  };
}

/** A header that cannot be read names no deadline; the SDK refuses it later. */
function deadlineOf(header: unknown): unknown {
  if (typeof header !== "string") return undefined;
  try {
    return decodePaymentSignatureHeader(header).accepted?.extra?.["captureDeadline"];
  } catch {
    return undefined;
  }
}

function toLifecycle(
  { factory, terms, kind }: OpenDesk,
  authorizationExpiry: bigint,
  refundExpiry: bigint,
): WireOfferedLifecycle {
  const windows = paymentWindows(
    { preApprovalExpiry: MAX_UINT48, authorizationExpiry, refundExpiry } as PaymentInfo,
    terms,
  );
  const rules = LIFECYCLE_RULES.filter(({ kinds }) => kinds.includes(kind));
  const who: Partial<Record<Role, readonly LifecycleAction[]>> = {};
  for (const { by } of rules) {
    who[by] = [...new Set(rules.filter((rule) => rule.by === by).map(({ action }) => action))];
  }
  return {
    ...encodeLifecycle(withChecksums({ factory, terms })),
    ...(kind === "arbitrated" && {
      windows: {
        collectableUntil: toWireInteger(windows.collectableUntil),
        releasableFrom: toWireInteger(windows.releasableFrom),
        rulingDeadline: toWireInteger(windows.rulingDeadline),
      },
    }),
    who,
  };
}
