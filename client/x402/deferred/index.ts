// The only barrel of this folder: everything a seller, a buyer or a facilitator of the scheme imports.
export type {
  AccountDetails,
  DeferredPayload,
  Deposit,
  DepositMethod,
  DepositTerms,
  Offer,
  Parsed,
  Permit,
  Settlement,
  SignedSignerAuthorization,
  WireAccountDetails,
  WireDeposit,
  WireDepositAuthorization,
  WireDepositTerms,
  WireInteger,
  WireOffer,
  WirePayload,
  WirePermit,
  WireSettlement,
  WireSignerAuthorization,
  WireVoucher,
} from "./types.ts";
export { parsePayload, toWireDeposit, toWirePayload, toWireVoucher } from "./wire.ts";
export { parseOffer, parseSettlement, toWireLane, toWireSettlement } from "./wireOffer.ts";
export { messageOf, type DeferredCode } from "./codes.ts";
export { BUYER_HEADER, BUYER_HEADER_V1, DEFERRED_SCHEME } from "./constants.ts";
export { DEFAULT_LANE } from "../../voucher/types.ts";
export { chainIdOfNetwork, chainIdOfNetworkV1, networkOfChainId } from "../core/network.ts";
export {
  DeferredConfigurationError,
  DepositNeededError,
  PriceLimitError,
  UnknownSellerError,
  UnreadableOfferError,
  UnreadableStorageError,
  UntrustedEscrowError,
  VoucherLifetimeError,
} from "./errors.ts";

// Buyers.
export { DeferredEvmScheme, toTerms, type DeferredEvmSchemeOptions } from "./client.ts";
export { createBuyer } from "./buyer.ts";
export type { Buyer, BuyerEvent, BuyerLimits, BuyerOptions, PaymentTerms } from "./buyerTypes.ts";
export type { DepositPolicy, DepositRequest } from "./buyerDeposits.ts";
export {
  createMemoryBuyerStorage,
  type BuyerAccountId,
  type BuyerAccountRecord,
  type BuyerStorage,
  type LaneRecord,
} from "./buyerStorage.ts";
export { createFileBuyerStorage } from "./fileBuyerStorage.ts";
export { createDepositCheck } from "./depositCheck.ts";
export { withBuyerHeader } from "./buyerHeader.ts";
export { wrapFetchWithVouchers, type WrapFetchWithVouchersOptions } from "./preauthorized.ts";
export type { ExactThreshold } from "../core/exactPolicy.ts";
export { preferExactAbove } from "./policies.ts";
export { DeferredEvmSchemeV1, type DeferredEvmSchemeV1Options } from "./v1Client.ts";

// Sellers.
export { DeferredEvmServer, type DeferredEvmServerOptions } from "./server.ts";
export { RemoteDeferredEvmServer, type RemoteDeferredEvmServerOptions } from "./remoteServer.ts";
export {
  createPayments,
  type Admission,
  type Admissible,
  type Charge,
  type PaymentRequest,
  type Payments,
  type PaymentsOptions,
} from "./payments.ts";
export type { Corrective, Refusal } from "./refusals.ts";
export type { SellerDesk, SellerDesks } from "./sellerDesk.ts";
export type { DepositTermsPolicy } from "./depositTerms.ts";
export type { PricedAsset } from "../core/price.ts";
export { createLocalFacilitatorClient } from "./localFacilitator.ts";
export { createInProcessFacilitatorClient } from "../core/localFacilitator.ts";
export { createV1Handler, type OfferV1, type PaymentV1, type V1HandlerOptions } from "./v1Handler.ts";
export { toExpressHandler, type ExpressLike, type RequestV1, type ResponseV1, type V1Handler } from "../core/v1.ts";

// Whoever pays the gas.
export type { AssetAmounts, AssetFacts } from "../core/assets.ts";
export type { RelayRation } from "../core/rations.ts";
export type { PendingDeployment, Relayer, RelayRequest, RelayResult, RelayTrial } from "./relayer.ts";
export { DEFAULT_RELAY_GAS, type RelayGasLimits } from "./relayLimits.ts";
export { createWalletRelayer, type WalletRelayerOptions } from "./walletRelayer.ts";
export { createFacilitatorRelayer, type FacilitatorRelayerOptions } from "./remoteRelay.ts";
export { DeferredEvmFacilitator, type DeferredEvmFacilitatorOptions, type FacilitatedEscrow } from "./facilitator.ts";
