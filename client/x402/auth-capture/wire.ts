import { numberToHex, type Hex } from "viem";
import type { Fee } from "../../auth-capture/typedData.ts";
import type { Balances, PaymentInfo } from "../../auth-capture/types.ts";
import { MAX_UINT120, MAX_UINT16, MAX_UINT256, MAX_UINT48, toWireInteger } from "../core/fields.ts";
import { LIFECYCLE_TYPES } from "./constants.ts";
import { parse, type Fields } from "./fields.ts";
import type {
  AuthCapturePayload,
  CapturePayload,
  ChargeCompletion,
  CollectPayload,
  LifecyclePayload,
  LifecycleType,
  Parsed,
  RefundPayload,
  VoidPayload,
  WireChargeCompletion,
  WireFee,
  WireLifecyclePayload,
  WirePaymentInfo,
} from "./types.ts";

const FORMAT = "invalid_auth_capture_evm_payload_format";
const TYPE = "invalid_auth_capture_evm_payload_type";

/** A signature of a contract wallet for a refund, in its envelope. */
const MAX_COLLECTOR_DATA_BYTES = 8_192;

/* PAYLOAD */

/**
 * Reads what a payment of the scheme carries. Says nothing about what the fields mean.
 *
 * - Source: docs/x402/auth-capture.md, Payload
 *
 * @param payload - `PaymentPayload.payload` as decoded; may be anything.
 * @returns The payload, addresses and hex in lower case, or the scheme's code for what is wrong. Never throws.
 *
 * @example
 * const parsed = parsePayload(paymentPayload.payload);
 * if (parsed.isValid && parsed.value.type === "collect") console.log(parsed.value.payer);
 */
export function parsePayload(payload: unknown): Parsed<AuthCapturePayload> {
  const isLifecycle = parse(payload, FORMAT, (fields) => fields.has("type"));
  if (!isLifecycle.isValid) return isLifecycle;
  return isLifecycle.value ? parseLifecycle(payload) : parse(payload, FORMAT, readCollect);
}

function parseLifecycle(payload: unknown): Parsed<LifecyclePayload> {
  const type = parse(payload, TYPE, (fields) => fields.oneOf("type", LIFECYCLE_TYPES));
  return type.isValid ? parse(payload, FORMAT, (fields) => readLifecycle(type.value, fields)) : type;
}

function readCollect(fields: Fields): CollectPayload {
  return {
    type: "collect",
    ...(fields.has("permit2Authorization")
      ? readPermit2(fields.object("permit2Authorization"))
      : readEip3009(fields.object("authorization"))),
    signature: fields.signature("signature"),
    salt: BigInt(fields.bytes32("salt")),
    ...readSaltNonce(fields),
    ...(hasCompletion(fields) && { completion: readCompletion(fields) }),
  };
}

type Authorization = Omit<CollectPayload, "type" | "signature" | "salt">;

function readEip3009(fields: Fields): Authorization {
  return {
    method: "eip3009",
    payer: fields.address("from"),
    tokenCollector: fields.address("to"),
    maxAmount: fields.amount("value"),
    validAfter: fields.amount("validAfter"),
    validBefore: fields.amount("validBefore"),
    nonce: fields.bytes32("nonce"),
  };
}

function readPermit2(fields: Fields): Authorization {
  const permitted = fields.object("permitted");
  return {
    method: "permit2",
    payer: fields.address("from"),
    tokenCollector: fields.address("spender"),
    token: permitted.address("token"),
    maxAmount: permitted.amount("amount"),
    validAfter: 0n,
    validBefore: fields.amount("deadline"),
    nonce: numberToHex(fields.amount("nonce"), { size: 32 }),
  };
}

function readSaltNonce(fields: Fields): { readonly saltNonce?: bigint } {
  return fields.has("saltNonce") ? { saltNonce: BigInt(fields.bytes32("saltNonce")) } : {};
}

const COMPLETION_KEYS = ["amount", "feeAmount", "feeBps", "feeReceiver", "authorizerSignature"];

function hasCompletion(fields: Fields): boolean {
  return COMPLETION_KEYS.some((key) => fields.has(key));
}

function readCompletion(fields: Fields): ChargeCompletion {
  return {
    amount: fields.amount("amount"),
    fee: readFee(fields),
    feeReceiver: fields.address("feeReceiver"),
    ...readAuthorizerSignature(fields),
  };
}

/** A fee is written in one way, which the generation of the escrow decides. */
function readFee(fields: Fields): Fee {
  return fields.has("feeBps")
    ? { feeBps: fields.integer("feeBps", MAX_UINT16) }
    : { feeAmount: fields.amount("feeAmount", MAX_UINT256) };
}

function readAuthorizerSignature(fields: Fields): { readonly authorizerSignature?: Hex } {
  return fields.has("authorizerSignature") ? { authorizerSignature: fields.signature("authorizerSignature") } : {};
}

function readLifecycle(type: LifecycleType, fields: Fields): LifecyclePayload {
  const base = {
    paymentInfo: readPaymentInfo(fields.object("paymentInfo")),
    ...readSaltNonce(fields),
    ...readAuthorizerSignature(fields),
    ...(fields.has("voidAuthorizerSignature") && {
      voidAuthorizerSignature: fields.signature("voidAuthorizerSignature"),
    }),
  };
  if (type === "void") return { type, ...base } satisfies VoidPayload;
  const change = { ...base, amount: fields.amount("amount"), expected: readBalances(fields) };
  if (type === "refund") {
    return {
      type,
      ...change,
      ...(fields.has("tokenCollector") && { tokenCollector: fields.address("tokenCollector") }),
      ...(fields.has("collectorData") && { collectorData: fields.bytes("collectorData", MAX_COLLECTOR_DATA_BYTES) }),
    } satisfies RefundPayload;
  }
  return { type, ...change, fee: readFee(fields), feeReceiver: fields.address("feeReceiver") } satisfies CapturePayload;
}

function readBalances(fields: Fields): Balances {
  return {
    capturable: fields.amount("expectedCapturableAmount"),
    refundable: fields.amount("expectedRefundableAmount"),
  };
}

/** Reads a payment; for {@link parse}. */
export function readPaymentInfo(fields: Fields): PaymentInfo {
  return {
    operator: fields.address("operator"),
    payer: fields.address("payer"),
    receiver: fields.address("receiver"),
    token: fields.address("token"),
    maxAmount: fields.amount("maxAmount", MAX_UINT120),
    preApprovalExpiry: fields.integer("preApprovalExpiry", MAX_UINT48),
    authorizationExpiry: fields.integer("authorizationExpiry", MAX_UINT48),
    refundExpiry: fields.integer("refundExpiry", MAX_UINT48),
    minFeeBps: fields.integer("minFeeBps", MAX_UINT16),
    maxFeeBps: fields.integer("maxFeeBps", MAX_UINT16),
    feeReceiver: fields.address("feeReceiver"),
    salt: BigInt(fields.bytes32("salt")),
  };
}

/**
 * Writes a payment as JSON.
 *
 * - Source: docs/x402/auth-capture.md, Payload
 *
 * @param paymentInfo - The payment.
 * @returns {@link WirePaymentInfo}.
 *
 * @example
 * const wire = toWirePaymentInfo(paymentInfo);
 */
export function toWirePaymentInfo(paymentInfo: PaymentInfo): WirePaymentInfo {
  const { operator, payer, receiver, token, maxAmount, preApprovalExpiry, authorizationExpiry } = paymentInfo;
  const { refundExpiry, minFeeBps, maxFeeBps, feeReceiver, salt } = paymentInfo;
  return {
    operator,
    payer,
    receiver,
    token,
    maxAmount: maxAmount.toString(),
    preApprovalExpiry: toWireInteger(preApprovalExpiry),
    authorizationExpiry: toWireInteger(authorizationExpiry),
    refundExpiry: toWireInteger(refundExpiry),
    minFeeBps: toWireInteger(minFeeBps),
    maxFeeBps: toWireInteger(maxFeeBps),
    feeReceiver,
    salt: numberToHex(salt, { size: 32 }),
  };
}

/**
 * Writes what a server adds to a payment in the flow `authorization`.
 *
 * - Source: docs/x402/auth-capture.md, Payload
 *
 * @param completion - {@link ChargeCompletion}; amounts in token base units.
 * @returns Keys to add to `payload`.
 *
 * @example
 * const payload = { ...paymentPayload.payload, ...toWireCompletion(completion) };
 */
export function toWireCompletion(completion: ChargeCompletion): WireChargeCompletion {
  const { amount, fee, feeReceiver, authorizerSignature } = completion;
  return {
    amount: amount.toString(),
    ...toWireFee(fee),
    feeReceiver,
    ...(authorizerSignature !== undefined && { authorizerSignature }),
  };
}

function toWireFee(fee: Fee): WireFee {
  return fee.feeAmount === undefined ? { feeBps: toWireInteger(fee.feeBps) } : { feeAmount: fee.feeAmount.toString() };
}

/**
 * Writes a capture, a void or a refund for `/settle`.
 *
 * - Source: docs/x402/auth-capture.md, Payload
 *
 * @param payload - {@link LifecyclePayload}; amounts in token base units.
 * @returns `payload` of a payment.
 *
 * @example
 * const payload = toWireLifecycle({ type: "void", paymentInfo, authorizerSignature });
 */
export function toWireLifecycle(payload: LifecyclePayload): WireLifecyclePayload {
  const { type, paymentInfo, saltNonce, authorizerSignature, voidAuthorizerSignature } = payload;
  return {
    type,
    paymentInfo: toWirePaymentInfo(paymentInfo),
    ...(saltNonce !== undefined && { saltNonce: numberToHex(saltNonce, { size: 32 }) }),
    ...toWireChange(payload),
    ...(authorizerSignature !== undefined && { authorizerSignature }),
    ...(voidAuthorizerSignature !== undefined && { voidAuthorizerSignature }),
  };
}

function toWireChange(payload: LifecyclePayload): Record<string, unknown> {
  if (payload.type === "void") return {};
  const { amount, expected } = payload;
  const change = {
    amount: amount.toString(),
    expectedCapturableAmount: expected.capturable.toString(),
    expectedRefundableAmount: expected.refundable.toString(),
  };
  if (payload.type !== "refund") return { ...change, ...toWireFee(payload.fee), feeReceiver: payload.feeReceiver };
  const { tokenCollector, collectorData } = payload;
  return {
    ...change,
    ...(tokenCollector !== undefined && { tokenCollector }),
    ...(collectorData !== undefined && { collectorData }),
  };
}
