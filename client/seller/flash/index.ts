// The only barrel of this folder: everything a server of the scheme `flash` runs.
export { createFlashAcceptor } from "./accept.ts";
export { createFlashChainView, type FlashChainViewOptions } from "./chainView.ts";
export { createFlashLeaving, MAX_FLASH_RELEASE_SECONDS, type FlashLeavingOptions } from "./leaving.ts";
export { createFlashServer, type FlashServer, type FlashServerOptions } from "./server.ts";
export {
  createSettleFirst,
  type SettleFirst,
  type SettleFirstOptions,
  type SettleFirstParameters,
} from "./settleFirst.ts";
export { createFlashSettler, type FlashSettlerOptions } from "./settler.ts";
export { DEFAULT_SETTLE_GAS, type SettleGasModel } from "./settle/batches.ts";
export { createMemoryFlashStore } from "./store/memory.ts";
export { createPostgresFlashStore, type PostgresFlashStoreOptions } from "./store/postgres.ts";
export { createSqliteFlashStore, type SqliteFlashStoreOptions } from "./store/sqlite.ts";
export { createFlashHasher, type FlashHasher } from "./hash.ts";
export { DEFAULT_FLASH_LIMITS, MAX_NONCE_WINDOW } from "./limits.ts";
export { FLASH_REJECTIONS, type FlashRejectionCode } from "./rejections.ts";
export {
  EscrowNotOpenError,
  InvalidPriceError,
  NotSettledError,
  ReleaseTooLongError,
  ReleaseUncoveredError,
  SettlementFailedError,
  UnknownTokenError,
} from "./errors.ts";
export {
  loadNativeBackend,
  loadSignatureBackend,
  viemBackend,
  type RecoverSigner,
  type SignatureBackend,
} from "../core/signature.ts";
export { systemClock } from "../core/clock.ts";
export {
  ChainBusyError,
  ChainUnavailableError,
  InvalidLimitError,
  MalformedKeyError,
  PostgresUnavailableError,
  ReservationLostError,
  StoreClosedError,
  StoreContentionError,
  StoreLockedError,
  StoreUnavailableError,
  StoreVersionError,
  WrongChainError,
} from "../core/errors.ts";
export type { BlockReference } from "../core/types.ts";
export type * from "./types.ts";
