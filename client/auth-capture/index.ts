// The only barrel of this folder: everything a user of the auth-capture operators imports.
export {
  ESCROW_DEPLOYMENTS,
  GENERATIONS,
  getEscrowDeployment,
  type EscrowDeployment,
  type Generation,
} from "./addresses.ts";
export {
  RELEASED_BY,
  TERMS_FLAGS,
  type Balances,
  type FeeTerms,
  type PaymentInfo,
  type PaymentReference,
  type PaymentState,
  type ReleasedBy,
  type Terms,
  type TermsKind,
} from "./types.ts";
export {
  lifecycleTypes,
  operatorDomain,
  type Capture,
  type Charge,
  type Dispute,
  type Fee,
  type LifecycleMessages,
  type LifecyclePrimaryType,
  type OperatorDomain,
  type OperatorReference,
  type Refund,
  type Release,
  type Rule,
  type Settle,
  type Void,
} from "./typedData.ts";
export type { MessageHash } from "../core/structHash.ts";
export {
  bindSalt,
  hashLifecycleMessage,
  hashPaymentInfo,
  hashTerms,
  lifecycleTypeHash,
  operatorDomainSeparator,
  payerAgnosticHash,
  payerAgnosticNonce,
  paymentInfoTypeHash,
  saltBindingTypeHash,
  type DomainOrSeparator,
  type LifecycleMessageReference,
  type SaltBinding,
} from "./hash.ts";
export { assertTermsPossible, authorizerOf, feeOf, findBrokenTermsRule, makeTerms, termsKind } from "./terms.ts";
export {
  packTerms,
  predictOperator,
  predictTokenStore,
  type PredictOperatorParameters,
  type PredictTokenStoreParameters,
} from "./predict.ts";
export {
  ImpossibleTermsError,
  OfferRefusedError,
  RefundRefusedError,
  UnknownEscrowAddressError,
  type OfferFault,
  type RefundFault,
} from "./refusals.ts";
