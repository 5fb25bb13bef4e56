// The only barrel of this folder: everything a user of FlashSettlement imports.
export {
  BY_ALLOWANCE,
  FUNDING_METHODS,
  MAX_AMOUNT,
  NEVER,
  SKIP_REASONS,
  TERMS,
  TRANSACTION_FAULTS,
  type CloseEscrow,
  type Escrow,
  type ExtendEscrow,
  type Funding,
  type FundingMethod,
  type Group,
  type NumberedPayment,
  type OpenEscrow,
  type PackedItem,
  type Payment,
  type ReleaseEscrow,
  type SettlerAuthorization,
  type SignedPayment,
  type SignedTab,
  type SkipReason,
  type Tab,
  type Term,
  type TopUp,
  type TransactionFault,
  type WithdrawCredit,
} from "./types.ts";
export {
  PERMIT2_ADDRESS,
  eip2612Types,
  eip3009Types,
  type Permit,
  type SignableTypedData,
  type TokenDomain,
} from "../core/funding.ts";
export {
  flashDomain,
  flashTypes,
  permit2Types,
  type FlashDomain,
  type FlashMessages,
  type FlashPrimaryType,
  type FundedPrimaryType,
  type SettlementReference,
} from "./typedData.ts";
export type { MessageHash } from "../core/structHash.ts";
export {
  encodeMessage,
  escrowId,
  flashDomainSeparator,
  flashTypeHash,
  hashCloseEscrow,
  hashExtendEscrow,
  hashMessage,
  hashOpenEscrow,
  hashPayment,
  hashReleaseEscrow,
  hashSettlerAuthorization,
  hashTab,
  hashTopUp,
  hashWithdrawCredit,
  transactionKey,
  type DomainOrSeparator,
  type EscrowParties,
  type TransactionContent,
} from "./hash.ts";
export {
  fundingEip3009TypedData,
  fundingPermit2TypedData,
  hashFundingEip3009,
  hashFundingPermit2,
  hashPermit,
  permitTypedData,
  proposeAllowance,
  type FundingReference,
  type PermitReference,
  type ProposeAllowanceParameters,
  type TokenFundingReference,
} from "./funding.ts";
export {
  InvalidSignedTransactionError,
  parseOriginalTransaction,
  parseSignedTransaction,
  recoverSignedTransaction,
  type OriginalTransactionPayment,
  type SignedTransactionFault,
  type SignedTransactionPayment,
} from "./signedTransaction.ts";
export type { TypedDataSigner } from "../core/signer.ts";
export {
  signCloseEscrow,
  signExtendEscrow,
  signFundingEip3009,
  signFundingPermit2,
  signMessage,
  signNumberedPayment,
  signOpenEscrow,
  signPayment,
  signPermit,
  signReleaseEscrow,
  signSettlerAuthorization,
  signTab,
  signTopUp,
  signWithdrawCredit,
  type FundingChoice,
  type NumberedPaymentTransaction,
  type SignAuthorizationParameters,
  type SignMessageParameters,
  type SignNumberedPaymentParameters,
  type SignOpenEscrowParameters,
  type SignPaymentParameters,
  type SignTabParameters,
  type SignTopUpParameters,
  type SignedOpening,
  type SignedTopUp,
  type TokenFundingChoice,
  type TransactionSigner,
} from "./sign.ts";
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
  verifyFundingEip3009,
  verifyFundingPermit2,
  verifyMessage,
  verifyPayment,
  verifyPermit,
  verifySignedTransaction,
  verifyTab,
  type VerifiedTransaction,
  type VerifyMessageParameters,
  type VerifyPaymentParameters,
  type VerifySignedTransactionParameters,
  type VerifyTabParameters,
} from "./verify.ts";
export {
  verifyMessageOnChain,
  type OwnedPrimaryType,
  type RefusedMessage,
  type VerifiedMessage,
  type VerifyMessageOnChainParameters,
} from "./verifyOnChain.ts";
export {
  buildBatches,
  decodeHead,
  packPayment,
  packTab,
  type Batch,
  type BuildBatchesOptions,
  type PackedHead,
  type SettleableItem,
} from "./pack.ts";
export { noncePosition, randomNonce, type NoncePosition } from "../core/nonces.ts";
export {
  getAccountNonceWord,
  getChainState,
  getCredit,
  getEip712Domain,
  getEscrow,
  getEscrowBalance,
  getNonceWord,
  getPaymentDigest,
  getSettler,
  getTabDigest,
  getTabSettled,
  isTransactionUsed,
  type ChainState,
  type EscrowReadResult,
  type EscrowReading,
  type GetAccountNonceWordParameters,
  type GetChainStateParameters,
  type GetCreditParameters,
  type GetEscrowBalanceParameters,
  type GetEscrowParameters,
  type GetNonceWordParameters,
  type GetPaymentDigestParameters,
  type GetSettlerParameters,
  type GetTabDigestParameters,
  type GetTabSettledParameters,
  type IsTransactionUsedParameters,
  type ReadParameters,
  type SettlerState,
} from "./read.ts";
export type { Eip712Domain } from "../core/read.ts";
export type { ReadClient } from "../core/readClient.ts";
export { quoteBatch, type QuoteBatchParameters, type QuotedGroup, type QuotedItem } from "./quote.ts";
export {
  simulateOpenEscrowWithTerms,
  simulateTopUpWithAuthorization,
  type SimulateOpenEscrowWithTermsParameters,
  type SimulateTopUpWithAuthorizationParameters,
} from "./simulate.ts";
export {
  getFlashEvents,
  parseBatch,
  parseFlashEvents,
  parseSettlements,
  toSkipReason,
  watchFlashEvent,
  type FlashEventFilter,
  type FlashEventName,
  type FlashLogs,
  type GetFlashEventsParameters,
  type GroupOutcome,
  type ItemOutcome,
  type Settlement,
  type SettlementResult,
  type SkippedItem,
  type WatchFlashEventParameters,
} from "./events.ts";
export { ForeignRevertError, type ContractErrorOptions, type ReadErrorType } from "../core/contractErrors.ts";
export { InvalidMessageError, MalformedSignatureError } from "../core/errors.ts";
export {
  AmountTooLargeError,
  BadSignatureError,
  BadTermsError,
  BadTransactionError,
  ClosedError,
  EscrowExistsError,
  ExpiredError,
  FLASH_ERRORS,
  FlashSettlementError,
  InsufficientGasError,
  ItemNotPackableError,
  NoEscrowError,
  NonceUsedError,
  NotClosedError,
  NotCoveredError,
  NotNumberedPaymentError,
  NotServerError,
  ReentrancyGuardReentrantCallError,
  SafeERC20FailedOperationError,
  StillLockedError,
  TransferMismatchError,
  WrongEpochError,
  WrongSequenceError,
  decodeFlashError,
  type FlashErrorArgs,
  type FlashErrorName,
  type WriteErrorType,
} from "./errors.ts";
export type { TransactionParameters, WriteClient } from "../core/write.ts";
export type { FlashTransactionParameters } from "./write.ts";
export { MULTICALL3_ADDRESS } from "../core/multicall.ts";
export {
  clientCloseEscrow,
  type ClientCloseEscrowParameters,
  type ClientCloseEscrowReturnType,
  type ClientCloseEscrowErrorType,
} from "./actions/clientCloseEscrow.ts";
export {
  closeEscrow,
  type CloseEscrowParameters,
  type CloseEscrowReturnType,
  type CloseEscrowErrorType,
} from "./actions/closeEscrow.ts";
export {
  closeEscrowWithAuthorization,
  type CloseEscrowWithAuthorizationParameters,
  type CloseEscrowWithAuthorizationReturnType,
  type CloseEscrowWithAuthorizationErrorType,
} from "./actions/closeEscrowWithAuthorization.ts";
export {
  extendEscrow,
  type ExtendEscrowParameters,
  type ExtendEscrowReturnType,
  type ExtendEscrowErrorType,
} from "./actions/extendEscrow.ts";
export {
  extendEscrowWithAuthorization,
  type ExtendEscrowWithAuthorizationParameters,
  type ExtendEscrowWithAuthorizationReturnType,
  type ExtendEscrowWithAuthorizationErrorType,
} from "./actions/extendEscrowWithAuthorization.ts";
export {
  finalizeClose,
  type FinalizeCloseParameters,
  type FinalizeCloseReturnType,
  type FinalizeCloseErrorType,
} from "./actions/finalizeClose.ts";
export {
  invalidateNonces,
  type InvalidateNoncesParameters,
  type InvalidateNoncesReturnType,
  type InvalidateNoncesErrorType,
} from "./actions/invalidateNonces.ts";
export {
  openEscrow,
  type OpenEscrowParameters,
  type OpenEscrowReturnType,
  type OpenEscrowErrorType,
} from "./actions/openEscrow.ts";
export {
  openEscrowWithPermit,
  type OpenEscrowWithPermitParameters,
  type OpenEscrowWithPermitReturnType,
  type OpenEscrowWithPermitErrorType,
} from "./actions/openEscrowWithPermit.ts";
export {
  openEscrowWithTerms,
  type OpenEscrowWithTermsParameters,
  type OpenEscrowWithTermsReturnType,
  type OpenEscrowWithTermsErrorType,
} from "./actions/openEscrowWithTerms.ts";
export {
  releaseEscrow,
  type ReleaseEscrowParameters,
  type ReleaseEscrowReturnType,
  type ReleaseEscrowErrorType,
} from "./actions/releaseEscrow.ts";
export {
  releaseEscrowWithAuthorization,
  type ReleaseEscrowWithAuthorizationParameters,
  type ReleaseEscrowWithAuthorizationReturnType,
  type ReleaseEscrowWithAuthorizationErrorType,
} from "./actions/releaseEscrowWithAuthorization.ts";
export {
  serverCloseEscrow,
  type ServerCloseEscrowParameters,
  type ServerCloseEscrowReturnType,
  type ServerCloseEscrowErrorType,
} from "./actions/serverCloseEscrow.ts";
export {
  setSettler,
  type SetSettlerParameters,
  type SetSettlerReturnType,
  type SetSettlerErrorType,
} from "./actions/setSettler.ts";
export {
  setSettlerWithAuthorization,
  type SetSettlerWithAuthorizationParameters,
  type SetSettlerWithAuthorizationReturnType,
  type SetSettlerWithAuthorizationErrorType,
} from "./actions/setSettlerWithAuthorization.ts";
export {
  settleBatch,
  type SettleBatchParameters,
  type SettleBatchReturnType,
  type SettleBatchErrorType,
} from "./actions/settleBatch.ts";
export {
  settleNumberedPayment,
  type SettleNumberedPaymentParameters,
  type SettleNumberedPaymentReturnType,
  type SettleNumberedPaymentErrorType,
} from "./actions/settleNumberedPayment.ts";
export {
  settlePayment,
  type SettlePaymentParameters,
  type SettlePaymentReturnType,
  type SettlePaymentErrorType,
} from "./actions/settlePayment.ts";
export {
  settleSignedPayment,
  type SettleSignedPaymentParameters,
  type SettleSignedPaymentReturnType,
  type SettleSignedPaymentErrorType,
} from "./actions/settleSignedPayment.ts";
export {
  settleSignedTransaction,
  type SettleSignedTransactionParameters,
  type SettleSignedTransactionReturnType,
  type SettleSignedTransactionErrorType,
} from "./actions/settleSignedTransaction.ts";
export {
  settleTab,
  type SettleTabParameters,
  type SettleTabReturnType,
  type SettleTabErrorType,
} from "./actions/settleTab.ts";
export { topUp, type TopUpParameters, type TopUpReturnType, type TopUpErrorType } from "./actions/topUp.ts";
export {
  topUpWithAuthorization,
  type TopUpWithAuthorizationParameters,
  type TopUpWithAuthorizationReturnType,
  type TopUpWithAuthorizationErrorType,
} from "./actions/topUpWithAuthorization.ts";
export {
  withdrawCredit,
  type WithdrawCreditParameters,
  type WithdrawCreditReturnType,
  type WithdrawCreditErrorType,
} from "./actions/withdrawCredit.ts";
export {
  withdrawCreditWithAuthorization,
  type WithdrawCreditWithAuthorizationParameters,
  type WithdrawCreditWithAuthorizationReturnType,
  type WithdrawCreditWithAuthorizationErrorType,
} from "./actions/withdrawCreditWithAuthorization.ts";
export {
  withdrawEscrow,
  type WithdrawEscrowParameters,
  type WithdrawEscrowReturnType,
  type WithdrawEscrowErrorType,
} from "./actions/withdrawEscrow.ts";
