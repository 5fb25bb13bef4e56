// The only barrel of this folder: everything a server, a client or a facilitator of the scheme imports.
export type {
  Corrective,
  FlashPayload,
  Offer,
  OpenMethod,
  Opening,
  Parsed,
  PayloadType,
  Permit,
  Renewal,
  ServerTerms,
  Settlement,
  SignedExtension,
  SignedItem,
  TopUpMethod,
  TransactionItem,
  WireExtension,
  WireInteger,
  WireLane,
  WireNumberedPayment,
  WireOffer,
  WireOpenEscrow,
  WireOpenPayload,
  WirePayload,
  WirePaymentPayload,
  WirePermit,
  WireRenewal,
  WireSettlement,
  WireTab,
  WireTabPayload,
  WireTopUp,
  WireTransactionPayload,
} from "./types.ts";
export {
  parseOffer,
  parseOpening,
  parsePayload,
  parsePayloadV1,
  parseSettlement,
  toWireDynamic,
  toWirePayload,
  toWireSettlement,
  toWireTerms,
  type OfferState,
} from "./wire.ts";
export { messageOf, toCode, type FlashCode } from "./codes.ts";
export { DYNAMIC_KEYS, FLASH_DOMAIN, FLASH_SCHEME, OPEN_METHODS, PAYLOAD_TYPES, TOP_UP_METHODS } from "./constants.ts";
export { chainIdOfNetwork, chainIdOfNetworkV1, networkOfChainId } from "../core/network.ts";
export { ChargeNotPriceError, FlashConfigurationError, UnknownServerError } from "./errors.ts";

// Servers.
export { FlashEvmServer, type FlashEvmServerOptions } from "./server.ts";
export { RemoteFlashEvmServer, type RemoteFlashEvmServerOptions } from "./remoteServer.ts";
export type { ServerDesk, ServerDesks } from "./desk.ts";
export {
  createPayments,
  type Admissible,
  type Admission,
  type Charge,
  type PaymentRequest,
  type Payments,
  type PaymentsOptions,
} from "./payments.ts";
export type { Opened } from "./openingFlow.ts";
export {
  createPaymentStatus,
  type PaymentStatus,
  type PaymentStatusOptions,
  type WirePaymentStatus,
} from "./paymentStatus.ts";
export type { Refusal } from "./refusals.ts";
export type { PricedAsset } from "../core/price.ts";
export { createInProcessFacilitatorClient } from "../core/localFacilitator.ts";
export { createLocalFacilitatorClient } from "./localFacilitator.ts";
export type { OfferV1 } from "../core/v1Offers.ts";
export { createV1Handler, type PaymentV1, type V1HandlerOptions } from "./v1Handler.ts";
export { toExpressHandler, type ExpressLike, type RequestV1, type ResponseV1, type V1Handler } from "../core/v1.ts";

// Whoever pays the gas.
export type { AssetAmounts } from "../core/assets.ts";
export type { RelayRation } from "../core/rations.ts";
export type { OpeningRelayer, RelayResult, RelayTrial } from "./relayer.ts";
export type { RelayBudget } from "../core/failureBudget.ts";
export type { TrialRation, TrialRations } from "./trialRations.ts";
export { createWalletRelayer, type WalletRelayerOptions } from "./walletRelayer.ts";
export {
  FlashEvmFacilitator,
  type FacilitatedSettlement,
  type FlashEvmFacilitatorOptions,
  type OpenAnswer,
} from "./facilitator.ts";

// Payers.
export { FlashEvmScheme, keyOfPayload, toTerms, type FlashEvmSchemeOptions } from "./client.ts";
export { createPayer } from "./payer.ts";
export type {
  Payer,
  PayerEvent,
  PayerLimits,
  PayerOptions,
  PaymentKey,
  PaymentTerms,
  SignedRequest,
  TransactionTerms,
} from "./payerTypes.ts";
export type { OpeningPolicy, OpeningRequest } from "./payerOpenings.ts";
export {
  createMemoryPayerStorage,
  type PayerLaneRecord,
  type PayerRecord,
  type PayerStorage,
  type SparePayment,
} from "./payerStorage.ts";
export { createFilePayerStorage } from "./filePayerStorage.ts";
export { createEscrowReader, type EscrowFacts, type EscrowReader } from "./escrowReader.ts";
export type { AssetFacts } from "../core/assets.ts";
export {
  EscrowNeededError,
  FalseLaneError,
  LockLimitError,
  PriceLimitError,
  UnreadableOfferError,
  UnreadableStorageError,
  UnservedLimitError,
  UntrustedSettlementError,
} from "./payerErrors.ts";
export { wrapFetchWithFlash, type WrapFetchWithFlashOptions } from "./preauthorized.ts";
export type { ExactThreshold } from "../core/exactPolicy.ts";
export { preferExactAbove } from "./policies.ts";
export { FlashEvmSchemeV1, type FlashEvmSchemeV1Options } from "./v1Client.ts";
