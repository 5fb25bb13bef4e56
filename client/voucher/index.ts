// The only barrel of this folder: everything a user of VoucherEscrow imports.
export {
  DEFAULT_LANE,
  NONCE_KINDS,
  SKIP_REASONS,
  type AccountKey,
  type AllocateAuthorization,
  type DepositAuthorization,
  type DepositInput,
  type EscrowAccount,
  type FlushAllAuthorization,
  type FlushAuthorization,
  type Group,
  type NonceKind,
  type PayoutAuthorization,
  type ReleaseAuthorization,
  type Row,
  type SignedVoucher,
  type SignerAuthorization,
  type SignerRevocation,
  type SkipReason,
  type Voucher,
  type WideRow,
  type WithdrawFreeAuthorization,
} from "./types.ts";
export { PERMIT2_ADDRESS, eip2612Types, eip3009Types, type TokenDomain } from "../core/funding.ts";
export {
  permit2Types,
  voucherDomain,
  voucherTypes,
  type EscrowReference,
  type VoucherDomain,
  type VoucherMessages,
  type VoucherPrimaryType,
} from "./typedData.ts";
export {
  encodeMessage,
  hashAllocateAuthorization,
  hashDepositAuthorization,
  hashFlushAllAuthorization,
  hashFlushAuthorization,
  hashMessage,
  hashPayoutAuthorization,
  hashReleaseAuthorization,
  hashSignerAuthorization,
  hashSignerRevocation,
  hashVoucher,
  hashWithdrawFreeAuthorization,
  voucherDomainSeparator,
  voucherTypeHash,
  type DomainOrSeparator,
} from "./hash.ts";
export type { MessageHash } from "../core/structHash.ts";
export type { Permit } from "../core/funding.ts";
export {
  depositEip3009TypedData,
  depositPermit2TypedData,
  hashDepositEip3009,
  hashDepositPermit2,
  hashPermit,
  permitTypedData,
  type DepositReference,
  type PermitReference,
  type TokenDepositReference,
} from "./funding.ts";
export type { TypedDataSigner } from "../core/signer.ts";
export {
  signDepositAuthorization,
  signDepositEip3009,
  signDepositPermit2,
  signMessage,
  signPermit,
  signVoucher,
  type SignAuthorizationParameters,
  type SignMessageParameters,
} from "./sign.ts";
export {
  signAllocateAuthorization,
  signFlushAllAuthorization,
  signFlushAuthorization,
  signPayoutAuthorization,
  signReleaseAuthorization,
  signSignerAuthorization,
  signSignerRevocation,
  signWithdrawFreeAuthorization,
  type SignedFlushAllAuthorization,
  type SignFlushAllAuthorizationParameters,
  type SignSignerRevocationParameters,
} from "./signAuthorizations.ts";
export {
  parseKeySignature,
  recoverKey,
  toCompactSignature,
  unwrapSignature,
  type CompactSignature,
  type KeySignature,
  type UnwrappedSignature,
  type WalletDeployment,
} from "../core/signature.ts";
export {
  recoverVoucherKey,
  verifyDepositEip3009,
  verifyDepositPermit2,
  verifyMessage,
  verifyPermit,
  verifyVoucher,
  type VerifyMessageParameters,
  type VerifyVoucherParameters,
} from "./verify.ts";
export {
  verifyVoucherOnChain,
  type RefusedVoucher,
  type VerifiedVoucher,
  type VerifyVoucherOnChainParameters,
} from "./verifyOnChain.ts";
export { buildGroups, fitsRow, packRow, toWideRow, type BuildGroupsOptions, type CollectableVoucher } from "./pack.ts";
export { noncePosition, randomNonce, type NoncePosition } from "../core/nonces.ts";
export {
  getAccount,
  getAccountData,
  getFreeAccount,
  getVoucherCollected,
  type AccountData,
  type FreeAccount,
  type GetAccountDataParameters,
  type GetAccountParameters,
  type GetFreeAccountParameters,
  type GetVoucherCollectedParameters,
} from "./reads/accounts.ts";
export {
  getDomainSeparator,
  getEip712Domain,
  getThawingPeriod,
  getTypeHash,
  type GetTypeHashParameters,
} from "./reads/escrow.ts";
export {
  getOutstandingAndCollectableAmount,
  getVerificationData,
  isVoucherSignatureValid,
  type GetOutstandingAndCollectableAmountParameters,
  type GetVerificationDataParameters,
  type IsVoucherSignatureValidParameters,
  type OutstandingAndCollectable,
  type VerificationData,
} from "./reads/vouchers.ts";
export {
  getPayout,
  getSigner,
  type GetPayoutParameters,
  type GetSignerParameters,
  type PayoutState,
  type SignerState,
} from "./reads/parties.ts";
export {
  isDepositAuthorizationNonceUsed,
  isFlushAllAuthorizationNonceUsed,
  isFlushAuthorizationNonceUsed,
  isNonceUsed,
  type IsDepositAuthorizationNonceUsedParameters,
  type IsFlushAllAuthorizationNonceUsedParameters,
  type IsFlushAuthorizationNonceUsedParameters,
  type IsNonceUsedParameters,
} from "./reads/nonces.ts";
export {
  isDepositAuthorizationValid,
  isFlushAllAuthorizationValid,
  isFlushAuthorizationValid,
  type IsDepositAuthorizationValidParameters,
  type IsFlushAllAuthorizationValidParameters,
  type IsFlushAuthorizationValidParameters,
} from "./reads/authorizations.ts";
export type { ReadParameters } from "./read.ts";
export type { ReadClient } from "../core/readClient.ts";
export {
  simulateCollect,
  simulateGroup,
  type SimulateCollectParameters,
  type SimulateGroupParameters,
} from "./simulate.ts";
export {
  decodeCollectedRow,
  getVoucherEscrowEvents,
  parseBatch,
  parseBatchCollected,
  parseVoucherEscrowEvents,
  toSkipReason,
  watchVoucherEscrowEvent,
  type BatchCollected,
  type BatchResult,
  type CollectedRow,
  type Collection,
  type EscrowEventFilter,
  type EscrowLogs,
  type FailedGroup,
  type GetVoucherEscrowEventsParameters,
  type SkippedVoucher,
  type VoucherEventName,
  type WatchVoucherEscrowEventParameters,
} from "./events.ts";
export { ForeignRevertError, type ContractErrorOptions, type ReadErrorType } from "../core/contractErrors.ts";
export { InvalidMessageError, MalformedSignatureError } from "../core/errors.ts";
export {
  AmountTooLargeError,
  AuthorizationExpiredError,
  InsufficientBalanceError,
  InsufficientGasError,
  InvalidAddressError,
  InvalidAmountError,
  InvalidAssetError,
  InvalidAuthorizationError,
  InvalidChainIdError,
  InvalidEscrowError,
  InvalidNonceError,
  InvalidSignatureError,
  LengthMismatchError,
  FlushAllTooLongError,
  MixedEscrowsError,
  NoDepositsProvidedError,
  NoThawingInProgressError,
  NoVouchersProvidedError,
  NonceAlreadyUsedError,
  NotCollectedYetError,
  NotSelfError,
  NothingToFlushError,
  ReentrancyGuardReentrantCallError,
  SafeERC20FailedOperationError,
  SignerAlreadyRevokedError,
  ThawingPeriodNotCompletedError,
  TransferFailedError,
  TransferMismatchError,
  VOUCHER_ERRORS,
  VoucherEscrowError,
  VoucherExpiredError,
  VoucherNotPackableError,
  ZeroNonceError,
  decodeVoucherError,
  getVoucherErrorName,
  type VoucherErrorArgs,
  type VoucherErrorName,
  type WriteErrorType,
} from "./errors.ts";
export type { TransactionParameters, WriteClient } from "../core/write.ts";
export type { EscrowTransactionParameters } from "./write.ts";
export { MULTICALL3_ADDRESS } from "../core/multicall.ts";
export {
  advanceFreeNonce,
  type AdvanceFreeNonceParameters,
  type AdvanceFreeNonceReturnType,
  type AdvanceFreeNonceErrorType,
} from "./actions/advanceFreeNonce.ts";
export {
  allocate,
  type AllocateParameters,
  type AllocateReturnType,
  type AllocateErrorType,
} from "./actions/allocate.ts";
export {
  allocateWithAuthorization,
  type AllocateWithAuthorizationParameters,
  type AllocateWithAuthorizationReturnType,
  type AllocateWithAuthorizationErrorType,
} from "./actions/allocateWithAuthorization.ts";
export {
  authorizeSigner,
  type AuthorizeSignerParameters,
  type AuthorizeSignerReturnType,
  type AuthorizeSignerErrorType,
} from "./actions/authorizeSigner.ts";
export {
  authorizeSignerWithAuthorization,
  type AuthorizeSignerWithAuthorizationParameters,
  type AuthorizeSignerWithAuthorizationReturnType,
  type AuthorizeSignerWithAuthorizationErrorType,
} from "./actions/authorizeSignerWithAuthorization.ts";
export {
  cancelThaw,
  type CancelThawParameters,
  type CancelThawReturnType,
  type CancelThawErrorType,
} from "./actions/cancelThaw.ts";
export { collect, type CollectParameters, type CollectReturnType, type CollectErrorType } from "./actions/collect.ts";
export {
  collectBatch,
  type CollectBatchParameters,
  type CollectBatchReturnType,
  type CollectBatchErrorType,
} from "./actions/collectBatch.ts";
export {
  collectMany,
  type CollectManyParameters,
  type CollectManyReturnType,
  type CollectManyErrorType,
} from "./actions/collectMany.ts";
export { deposit, type DepositParameters, type DepositReturnType, type DepositErrorType } from "./actions/deposit.ts";
export {
  depositFree,
  type DepositFreeParameters,
  type DepositFreeReturnType,
  type DepositFreeErrorType,
} from "./actions/depositFree.ts";
export {
  depositMany,
  type DepositManyParameters,
  type DepositManyReturnType,
  type DepositManyErrorType,
} from "./actions/depositMany.ts";
export {
  depositTo,
  type DepositToParameters,
  type DepositToReturnType,
  type DepositToErrorType,
} from "./actions/depositTo.ts";
export {
  depositWithAuthorization,
  type DepositWithAuthorizationParameters,
  type DepositWithAuthorizationReturnType,
  type DepositWithAuthorizationErrorType,
} from "./actions/depositWithAuthorization.ts";
export {
  depositWithEip3009,
  type DepositWithEip3009Parameters,
  type DepositWithEip3009ReturnType,
  type DepositWithEip3009ErrorType,
} from "./actions/depositWithEip3009.ts";
export {
  depositWithPermit,
  type DepositWithPermitParameters,
  type DepositWithPermitReturnType,
  type DepositWithPermitErrorType,
} from "./actions/depositWithPermit.ts";
export {
  depositWithPermit2,
  type DepositWithPermit2Parameters,
  type DepositWithPermit2ReturnType,
  type DepositWithPermit2ErrorType,
} from "./actions/depositWithPermit2.ts";
export {
  flushAllWithAuthorization,
  type FlushAllWithAuthorizationParameters,
  type FlushAllWithAuthorizationReturnType,
  type FlushAllWithAuthorizationErrorType,
} from "./actions/flushAllWithAuthorization.ts";
export {
  flushWithAuthorization,
  type FlushWithAuthorizationParameters,
  type FlushWithAuthorizationReturnType,
  type FlushWithAuthorizationErrorType,
} from "./actions/flushWithAuthorization.ts";
export {
  invalidateNonces,
  type InvalidateNoncesParameters,
  type InvalidateNoncesReturnType,
  type InvalidateNoncesErrorType,
} from "./actions/invalidateNonces.ts";
export { release, type ReleaseParameters, type ReleaseReturnType, type ReleaseErrorType } from "./actions/release.ts";
export {
  releaseWithAuthorization,
  type ReleaseWithAuthorizationParameters,
  type ReleaseWithAuthorizationReturnType,
  type ReleaseWithAuthorizationErrorType,
} from "./actions/releaseWithAuthorization.ts";
export {
  revokeSigner,
  type RevokeSignerParameters,
  type RevokeSignerReturnType,
  type RevokeSignerErrorType,
} from "./actions/revokeSigner.ts";
export {
  revokeSignerWithAuthorization,
  type RevokeSignerWithAuthorizationParameters,
  type RevokeSignerWithAuthorizationReturnType,
  type RevokeSignerWithAuthorizationErrorType,
} from "./actions/revokeSignerWithAuthorization.ts";
export {
  setPayout,
  type SetPayoutParameters,
  type SetPayoutReturnType,
  type SetPayoutErrorType,
} from "./actions/setPayout.ts";
export {
  setPayoutWithAuthorization,
  type SetPayoutWithAuthorizationParameters,
  type SetPayoutWithAuthorizationReturnType,
  type SetPayoutWithAuthorizationErrorType,
} from "./actions/setPayoutWithAuthorization.ts";
export { thaw, type ThawParameters, type ThawReturnType, type ThawErrorType } from "./actions/thaw.ts";
export {
  withdraw,
  type WithdrawParameters,
  type WithdrawReturnType,
  type WithdrawErrorType,
} from "./actions/withdraw.ts";
export {
  withdrawFree,
  type WithdrawFreeParameters,
  type WithdrawFreeReturnType,
  type WithdrawFreeErrorType,
} from "./actions/withdrawFree.ts";
export {
  withdrawFreeWithAuthorization,
  type WithdrawFreeWithAuthorizationParameters,
  type WithdrawFreeWithAuthorizationReturnType,
  type WithdrawFreeWithAuthorizationErrorType,
} from "./actions/withdrawFreeWithAuthorization.ts";
export type { Eip712Domain } from "../core/read.ts";
