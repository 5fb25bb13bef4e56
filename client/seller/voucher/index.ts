// The only barrel of this folder: everything a seller runs.
export { createAcceptor, type AcceptorOptions } from "./accept.ts";
export { createChainView, MULTICALL3_ADDRESS, type ChainViewOptions } from "./chainView.ts";
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
  ChainAlert,
  ChainUpdate,
  ChainView,
  CollectableLane,
  CollectedLane,
  Collector,
  CollectProgress,
  CollectReason,
  CollectReport,
  Commitment,
  EscrowId,
  LaneId,
  LaneOffer,
  LaneState,
  LeaseParameters,
  ListLanesParameters,
  LiveRelease,
  RefreshParameters,
  Rejection,
  ReleaseParameters,
  Releases,
  Reservation,
  ReserveParameters,
  ReserveRefusal,
  ReserveResult,
  SellerLimits,
  SessionSigner,
  SignedBy,
  SignerUpdate,
  VoucherSigner,
  VoucherStore,
} from "./types.ts";
