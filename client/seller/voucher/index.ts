// The only barrel of this folder: everything a seller runs.
export { createAcceptor, type AcceptorOptions } from "./accept.ts";
export { createChainView, type ChainViewOptions } from "./chainView.ts";
export { createCollector, type CollectorOptions } from "./collector.ts";
export type { CollectPolicy } from "./collect/plan.ts";
export { DEFAULT_GAS_MODEL, MAX_TRANSACTION_GAS, type GasModel } from "./collect/gas.ts";
export { createVoucherSeller, type VoucherSeller, type VoucherSellerOptions } from "./seller.ts";
export { createReleases, type ReleasesOptions } from "./releases.ts";
export { createMemoryStore, type MemoryStoreOptions } from "./store/memory.ts";
export { createSqliteStore, type SqliteStoreOptions } from "./store/sqlite.ts";
export { createVoucherHasher, type VoucherHasher } from "./hash.ts";
export {
  loadNativeBackend,
  loadSignatureBackend,
  viemBackend,
  type RecoverSigner,
  type SignatureBackend,
} from "../core/signature.ts";
export { DEFAULT_LIMITS, MAX_RELEASE_SECONDS, systemClock, THAWING_PERIOD } from "./limits.ts";
export { DEFAULT_LANE } from "./keys.ts";
export { REJECTIONS, type RejectionCode } from "./rejections.ts";
export {
  ChargeAboveReservationError,
  CollectionFailedError,
  ReleaseTooLongError,
  ReleaseUncoveredError,
  UnknownAssetError,
} from "./errors.ts";
export {
  ChainBusyError,
  ChainUnavailableError,
  MalformedKeyError,
  ReservationLostError,
  StoreClosedError,
  StoreLockedError,
  StoreUnavailableError,
  StoreVersionError,
  WrongChainError,
} from "../core/errors.ts";
export type { BlockReference } from "../core/types.ts";
export type {
  AcceptedVoucher,
  AcceptParameters,
  Acceptor,
  AcceptResult,
  AccountId,
  AccountState,
  EscrowId,
  LaneId,
  LaneState,
  LiveRelease,
  Rejection,
  ReleaseParameters,
  Releases,
  Reservation,
  SellerLimits,
  SessionSigner,
  VoucherSigner,
} from "./types.ts";
export type { ChainAlert, ChainView, RefreshParameters, SignedBy } from "./chain/types.ts";
export type {
  ChainUpdate,
  CollectableLane,
  Commitment,
  LaneOffer,
  LeaseParameters,
  ListLanesParameters,
  ReserveParameters,
  ReserveRefusal,
  ReserveResult,
  SignerUpdate,
  VoucherStore,
} from "./store/types.ts";
export type { CollectedLane, Collector, CollectProgress, CollectReason, CollectReport } from "./collect/types.ts";
export { MULTICALL3_ADDRESS } from "../../core/multicall.ts";
