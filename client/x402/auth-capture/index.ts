// The only barrel of this folder: everything a user of the scheme imports.
export { AUTH_CAPTURE_SCHEME } from "./constants.ts";
export { messageOf, toCode, type AuthCaptureCode } from "./codes.ts";
export type {
  AuthCapturePayload,
  CaptureMode,
  CapturePayload,
  ChargeCompletion,
  CollectPayload,
  LifecyclePayload,
  LifecycleType,
  NextAction,
  OperatorType,
  Parsed,
  PaymentDeadlines,
  PaymentFlow,
  PaymentReport,
  PaymentTerms,
  RefundPayload,
  TransferMethod,
  VoidPayload,
  WireChargeCompletion,
  WireFee,
  WireLifecyclePayload,
  WirePaymentInfo,
  WirePaymentReport,
} from "./types.ts";
export { parsePayload, toWireCompletion, toWireLifecycle, toWirePaymentInfo } from "./wire.ts";
export { parseRequirements } from "./wireRequirements.ts";
export { toPayment } from "./payment.ts";
export { makeReport, parseReport, REPORT_KEY, toWireReport, type ReportParameters } from "./report.ts";
export { AuthCaptureEvmFacilitator, type AuthCaptureEvmFacilitatorOptions } from "./facilitator.ts";
export type { FacilitatedChain, RefundRequest } from "./desk.ts";
export type { OperatorEntry } from "./operators.ts";
export {
  createMemorySettlements,
  type SettlementClaim,
  type SettlementRecord,
  type SettlementStore,
} from "./settlements.ts";
export { createLocalFacilitatorClient } from "./localFacilitator.ts";
export { createInProcessFacilitatorClient } from "../core/localFacilitator.ts";
export { AuthCaptureEvmScheme, type AuthCaptureEvmSchemeOptions, type MadePayment } from "./client.ts";
export { AuthCaptureConfigurationError, ForeignPayloadError } from "./errors.ts";
export type { AssetAmounts } from "../core/assets.ts";
export type { RelayBudget } from "../core/failureBudget.ts";
export type { RelayRation } from "../core/rations.ts";
export { AuthCaptureEvmServer, type AuthCaptureEvmServerOptions } from "./server.ts";
export type { AuthCaptureDesk, ServedPayment } from "./serverDesk.ts";
export type { WireOfferedLifecycle } from "./serverOffers.ts";
export { createFacilitatorSender, type FacilitatorSenderOptions } from "./facilitatorSender.ts";
