import { decodeAbiParameters, isAddressEqual, zeroAddress, type Address, type Hex } from "viem";
import type { EscrowDeployment } from "../../auth-capture/addresses.ts";
import { escrowCall, feeArgument, operatorCall, toEncoded, type EncodedCall } from "../../auth-capture/calls.ts";
import { hashPaymentInfo } from "../../auth-capture/hash.ts";
import { predictTokenStore } from "../../auth-capture/predict.ts";
import type { Fee } from "../../auth-capture/typedData.ts";
import type { PaymentReference, PaymentState } from "../../auth-capture/types.ts";
import type { ContractCall } from "../../core/write.ts";
import { makeMovements, type Effects, type ExpectedEvent } from "./effects.ts";
import type { CapturePayload, RefundPayload } from "./types.ts";

/** One transaction, and what it must do. */
export interface Step extends EncodedCall {
  readonly effects: Effects;
}

/** What decides how a payment's transactions look. */
export interface PlanContext extends PaymentReference {
  readonly deployment: EscrowDeployment;
  /** Whom a transaction is sent to: the escrow by a delegated operator, else the operator's contract. */
  readonly isDelegated: boolean;
}

/** How a payment is collected. */
export interface Collection {
  readonly tokenCollector: Address;
  /** The payer's signature, untouched. */
  readonly collectorData: Hex;
  /** Token base units. */
  readonly amount: bigint;
}

const UNCOLLECTED: PaymentState = { collected: false, capturable: 0n, refundable: 0n };
const BASIS_POINTS = 10_000n;

/** Holds a payment. The call is the escrow's own, at whichever address. */
export function planAuthorize(context: PlanContext, { tokenCollector, collectorData, amount }: Collection): Step {
  const { paymentInfo } = context;
  return toStep(context, {
    call: collectCall(context, "authorize", [amount, tokenCollector, collectorData]),
    events: [{ name: "PaymentAuthorized", args: { amount, tokenCollector } }],
    before: UNCOLLECTED,
    after: { collected: true, capturable: amount, refundable: 0n },
    moves: [
      [paymentInfo.payer, -amount],
      [tokenStoreOf(context), amount],
      [tokenCollector, 0n],
    ],
  });
}

/** Charges a payment: the receiver has the tokens at once. */
export function planCharge(
  context: PlanContext,
  { tokenCollector, collectorData, amount }: Collection,
  { fee, feeReceiver }: { readonly fee: Fee; readonly feeReceiver: Address },
): Step {
  const { paymentInfo } = context;
  return toStep(context, {
    call: collectCall(context, "charge", [amount, tokenCollector, collectorData, feeArgument(fee), feeReceiver]),
    events: [{ name: "PaymentCharged", args: { amount, tokenCollector, ...fee, feeReceiver } }],
    before: UNCOLLECTED,
    after: { collected: true, capturable: 0n, refundable: amount },
    moves: [[paymentInfo.payer, -amount], [tokenStoreOf(context), 0n], ...paid(context, { amount, fee, feeReceiver })],
  });
}

/** Captures part of a hold, of a payment that stands as the capture was signed for. */
export function planCapture(context: PlanContext, payload: CapturePayload): Step {
  const { amount, fee, feeReceiver, expected, authorizerSignature: signature = "0x" } = payload;
  const hasVoid = payload.type === "captureAndVoid";
  const rest = hasVoid ? expected.capturable - amount : 0n;
  return toStep(context, {
    call: context.isDelegated
      ? escrowCall("capture", context, [amount, feeArgument(fee), feeReceiver])
      : operatorCall(payload.type, { ...context, amount, signature }),
    events: [
      { name: "PaymentCaptured", args: { amount, ...fee, feeReceiver } },
      ...(rest > 0n ? [{ name: "PaymentVoided", args: { amount: rest } } as const] : []),
    ],
    before: { collected: true, ...expected },
    after: {
      collected: true,
      capturable: hasVoid ? 0n : expected.capturable - amount,
      refundable: expected.refundable + amount,
    },
    moves: [
      [tokenStoreOf(context), -amount - rest],
      ...paid(context, { amount, fee, feeReceiver }),
      [context.paymentInfo.payer, rest],
    ],
  });
}

/** Gives everything that is held back to the payer; how much that is need not be known when it was sent before. */
export function planVoid(context: PlanContext, before: PaymentState, signature: Hex): Step {
  const { capturable: amount } = before;
  const isKnown = amount > 0n;
  return toStep(context, {
    call: context.isDelegated ? escrowCall("void", context) : operatorCall("void", { ...context, signature }),
    events: [{ name: "PaymentVoided", args: isKnown ? { amount } : {} }],
    before,
    after: { ...before, capturable: 0n },
    moves: isKnown
      ? [
          [tokenStoreOf(context), -amount],
          [context.paymentInfo.payer, amount],
        ]
      : [],
  });
}

/** Gives captured money back to the payer. A delegated operator pays for it. */
export function planRefund(context: PlanContext, payload: RefundPayload): Step {
  const { amount, expected, authorizerSignature: signature = "0x" } = payload;
  const { isDelegated, deployment } = context;
  const tokenCollector = payload.tokenCollector ?? deployment.operatorRefundCollector;
  const collectorData = payload.collectorData ?? "0x";
  const funder = isDelegated ? context.paymentInfo.operator : funderOf(collectorData);
  return toStep(context, {
    call: isDelegated
      ? escrowCall("refund", context, [amount, tokenCollector, collectorData])
      : operatorCall("refund", { ...context, amount, tokenCollector, collectorData, signature }),
    events: [{ name: "PaymentRefunded", args: { amount, tokenCollector } }],
    before: { collected: true, ...expected },
    after: { collected: true, capturable: expected.capturable, refundable: expected.refundable - amount },
    moves: [
      [tokenStoreOf(context), 0n],
      [context.paymentInfo.payer, amount],
      ...(funder === undefined ? [] : [[funder, -amount] as const]),
    ],
  });
}

/** Whose tokens a refund takes; undefined for data that no collector of ours reads. */
export function funderOf(collectorData: Hex): Address | undefined {
  const types = [{ type: "uint8" }, { type: "address" }, { type: "uint256" }, { type: "uint48" }, { type: "bytes" }];
  try {
    return decodeAbiParameters(types, collectorData)[1] as Address;
  } catch {
    // The contract will not read it either, and says so.
    return undefined;
  }
}

interface StepParts {
  readonly call: ContractCall;
  readonly events: readonly ExpectedEvent[];
  readonly before: PaymentState;
  readonly after: PaymentState;
  readonly moves: readonly (readonly [Address, bigint])[];
}

function toStep(context: PlanContext, { call, events, before, after, moves }: StepParts): Step {
  const { deployment, paymentInfo } = context;
  return {
    ...toEncoded(call),
    effects: {
      deployment,
      paymentInfoHash: hashPaymentInfo(context),
      token: paymentInfo.token,
      events,
      before,
      after,
      movements: makeMovements(moves),
    },
  };
}

/** The escrow's own call; operators that are contracts take the very same. */
function collectCall(context: PlanContext, name: "authorize" | "charge", args: readonly unknown[]): ContractCall {
  const call = escrowCall(name, context, args);
  return context.isDelegated ? call : { ...call, address: context.paymentInfo.operator };
}

/** What the receiver and the taker of the fee get. */
function paid(
  { paymentInfo }: PlanContext,
  { amount, fee, feeReceiver }: { readonly amount: bigint; readonly fee: Fee; readonly feeReceiver: Address },
): (readonly [Address, bigint])[] {
  const taken = fee.feeAmount ?? (amount * fee.feeBps) / BASIS_POINTS;
  return [
    [paymentInfo.receiver, amount - taken],
    // Zero stands for nobody.
    ...(isAddressEqual(feeReceiver, zeroAddress) ? [] : [[feeReceiver, taken] as const]),
  ];
}

function tokenStoreOf({ deployment: { escrow }, paymentInfo: { operator } }: PlanContext): Address {
  return predictTokenStore({ escrow, operator });
}
