import type { Hash } from "viem";
import { hashPaymentInfo } from "../../auth-capture/hash.ts";
import { LIFECYCLE_RULES, paymentWindows, possibleActions, type LifecycleState } from "../../auth-capture/lifecycle.ts";
import type { PaymentReference, Terms } from "../../auth-capture/types.ts";
import { MAX_UINT120, MAX_UINT64, toWireInteger } from "../core/fields.ts";
import { parse, type Fields } from "./fields.ts";
import type { NextAction, Parsed, PaymentDeadlines, PaymentReport, WirePaymentReport } from "./types.ts";
import { readPaymentInfo, toWirePaymentInfo } from "./wire.ts";

const ACTIONS = [...new Set(LIFECYCLE_RULES.map(({ action }) => action))];
const ROLES = [...new Set(LIFECYCLE_RULES.map(({ by }) => by))];

/** Key of `extra` of an answer. */
export const REPORT_KEY = "authCapture";

/** What a report is made of. */
export interface ReportParameters extends PaymentReference {
  readonly state: LifecycleState;
  /** Terms of the operator, where they are known. */
  readonly terms?: Terms | undefined;
  /** Transaction that collected the payment; undefined when it is not known. */
  readonly collectTransaction?: Hash | undefined;
  /** Time of the chain, unix seconds. */
  readonly now: bigint;
}

/**
 * Says how a payment stands and what can be done to it next.
 *
 * - Source: docs/x402/auth-capture.md, Answer
 *
 * @param parameters - {@link ReportParameters}; amounts in token base units, times in unix seconds.
 * @returns {@link PaymentReport}.
 *
 * @example
 * const extra = { authCapture: toWireReport(makeReport({ chainId: 8453, escrow, paymentInfo, terms, state, now })) };
 */
export function makeReport(parameters: ReportParameters): PaymentReport {
  const { chainId, escrow, paymentInfo, state, terms, collectTransaction, now } = parameters;
  return {
    ...state,
    escrow,
    paymentInfo,
    paymentInfoHash: hashPaymentInfo({ chainId, escrow, paymentInfo }),
    ...(collectTransaction !== undefined && { collectTransaction }),
    deadlines: {
      ...(terms !== undefined && toWindows(parameters, terms)),
      capture: paymentInfo.authorizationExpiry,
      refund: paymentInfo.refundExpiry,
    },
    next: terms === undefined ? [] : possibleActions({ paymentInfo, terms, state, now }).map(toNext),
  };
}

function toWindows({ paymentInfo }: PaymentReference, terms: Terms): Partial<PaymentDeadlines> {
  const { releasableFrom, rulingDeadline } = paymentWindows(paymentInfo, terms);
  return { releasableFrom, rulingDeadline };
}

function toNext({ action, by, from, until }: ReturnType<typeof possibleActions>[number]): NextAction {
  return { action, by, from, ...(until !== undefined && { until }) };
}

/**
 * Writes a report as JSON.
 *
 * - Source: docs/x402/auth-capture.md, Answer
 *
 * @param report - {@link PaymentReport}.
 * @returns `extra.authCapture` of an answer.
 *
 * @example
 * const extra = { authCapture: toWireReport(report) };
 */
export function toWireReport(report: PaymentReport): WirePaymentReport {
  const { escrow, paymentInfo, paymentInfoHash, collectTransaction, collected, capturable, refundable } = report;
  const deadlines = Object.entries(report.deadlines).map(([name, time]) => [name, toWireInteger(time)]);
  return {
    escrow,
    paymentInfo: toWirePaymentInfo(paymentInfo),
    paymentInfoHash,
    ...(collectTransaction !== undefined && { authorizeTransaction: collectTransaction }),
    collected,
    capturable: capturable.toString(),
    refundable: refundable.toString(),
    ...(report.disputedAt > 0n && { disputedAt: toWireInteger(report.disputedAt) }),
    deadlines: Object.fromEntries(deadlines),
    next: report.next.map(({ action, by, from, until }) => ({
      action,
      by,
      from: toWireInteger(from),
      ...(until !== undefined && { until: toWireInteger(until) }),
    })),
  };
}

/**
 * Reads the report of an answer. Nothing of it is proven.
 *
 * - Source: docs/x402/auth-capture.md, Answer
 *
 * @param extra - `SettleResponse.extra`; may be anything.
 * @returns {@link PaymentReport}, addresses and hex in lower case, or why it cannot be read. Never throws.
 *
 * @example
 * const report = parseReport(decodePaymentResponseHeader(header).extra);
 * if (report.isValid) console.log(report.value.capturable);
 */
export function parseReport(extra: unknown): Parsed<PaymentReport> {
  return parse(extra, "invalid_auth_capture_evm_payload_format", (fields) => readReport(fields.object(REPORT_KEY)));
}

function readReport(fields: Fields): PaymentReport {
  const deadlines = fields.object("deadlines");
  const optional = (name: "releasableFrom" | "rulingDeadline") =>
    deadlines.has(name) ? { [name]: deadlines.integer(name, MAX_UINT64) } : {};
  return {
    escrow: fields.address("escrow"),
    paymentInfo: readPaymentInfo(fields.object("paymentInfo")),
    paymentInfoHash: fields.bytes32("paymentInfoHash"),
    ...(fields.has("authorizeTransaction") && { collectTransaction: fields.bytes32("authorizeTransaction") }),
    collected: fields.flag("collected"),
    capturable: fields.amount("capturable", MAX_UINT120),
    refundable: fields.amount("refundable", MAX_UINT120),
    disputedAt: fields.has("disputedAt") ? fields.integer("disputedAt", MAX_UINT64) : 0n,
    deadlines: {
      ...optional("releasableFrom"),
      ...optional("rulingDeadline"),
      capture: deadlines.integer("capture", MAX_UINT64),
      refund: deadlines.integer("refund", MAX_UINT64),
    },
    next: fields.objects("next").map(readNext),
  };
}

function readNext(fields: Fields): NextAction {
  return {
    action: fields.oneOf("action", ACTIONS),
    by: fields.oneOf("by", ROLES),
    from: fields.integer("from", MAX_UINT64),
    ...(fields.has("until") && { until: fields.integer("until", MAX_UINT64) }),
  };
}
