// The only barrel of this folder: everything a seller of the scheme `auth-capture` runs.
export type { Authorizer } from "./actions.ts";
export { LiveSignatureError, PaymentChangedError, UnknownPaymentError, UnsafeOfferError } from "./errors.ts";
export {
  createPaymentManager,
  type Closing,
  type NewPayment,
  type PaymentManager,
  type PaymentManagerOptions,
  type PaymentOutcome,
  type RefundParameters,
} from "./manager.ts";
export { checkOffer, type OfferCheckParameters } from "./offerCheck.ts";
export { createWalletSender, type WalletSenderOptions } from "./sender.ts";
export { createMemoryPaymentStore } from "./store/memory.ts";
export { createPostgresPaymentStore, type PostgresPaymentStoreOptions } from "./store/postgres.ts";
export { createSqlitePaymentStore, type SqlitePaymentStoreOptions } from "./store/sqlite.ts";
export { createPaymentSweeper, type PaymentSweeperOptions } from "./sweeper.ts";
export type {
  ActionSender,
  ListDueParameters,
  PaymentRecord,
  PaymentStage,
  PaymentStore,
  SentAction,
  SignedAction,
} from "./types.ts";
export { systemClock } from "../core/clock.ts";
export type { Background } from "../core/background.ts";
export {
  ChainUnavailableError,
  PostgresUnavailableError,
  StoreClosedError,
  StoreLockedError,
  StoreUnavailableError,
  StoreVersionError,
} from "../core/errors.ts";
