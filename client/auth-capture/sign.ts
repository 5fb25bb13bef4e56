import { keccak256, type Address, type Hex } from "viem";
import { withChecksums } from "../core/checksums.ts";
import { signSignable } from "../core/funding.ts";
import type { TypedDataSigner } from "../core/signer.ts";
import type { Generation } from "./addresses.ts";
import { generationOf, hashLifecycleMessage, hashPaymentInfo, payerAgnosticHash } from "./hash.ts";
import {
  getPaymentCollector,
  paymentTypedData,
  type CollectorCall,
  type PaymentAuthorizationReference,
} from "./payment.ts";
import { feeOf } from "./terms.ts";
import {
  lifecycleTypes,
  operatorDomain,
  type LifecycleMessages,
  type LifecyclePrimaryType,
  type OperatorReference,
} from "./typedData.ts";
import type { Balances, FeeTerms, PaymentReference } from "./types.ts";

/** A lifecycle message and the operator it is for. */
export interface SignLifecycleMessageParameters<name extends LifecyclePrimaryType> extends OperatorReference {
  /** What is signed. */
  readonly message: LifecycleMessages[name];
  /** Generation of the escrow; v1.1 when absent. It decides how a fee is written. */
  readonly generation?: Generation;
}

/** A capture, and the balances at which it counts. */
export interface SignCaptureParameters extends PaymentReference, Balances {
  /** Of the operator; only the fee counts. */
  readonly terms: FeeTerms;
  /** To capture, the fee included, token base units. */
  readonly amount: bigint;
}

/** A charge, and what the collector is given. */
export interface SignChargeParameters extends PaymentReference, CollectorCall {
  /** Of the operator; only the fee counts. */
  readonly terms: FeeTerms;
  /** Token base units; `maxAmount` when absent. */
  readonly amount?: bigint;
}

/** A refund that the authorizer agrees to, and the balances at which it counts. */
export interface SignRefundApprovalParameters extends PaymentReference, Balances {
  /** To refund, token base units. */
  readonly amount: bigint;
  /** The SignedRefundCollector of the escrow; the escrow's own for a delegated operator. */
  readonly tokenCollector: Address;
}

/** A release, and the hold at which it counts. */
export interface SignReleaseParameters extends PaymentReference {
  /** Held, token base units. */
  readonly capturable: bigint;
  /** Whether the payment is disputed. */
  readonly disputed: boolean;
  /** Last second, unix seconds, inclusive. */
  readonly deadline: bigint;
}

/** A dispute. */
export interface SignDisputeParameters extends PaymentReference {
  /** Hash of the reason, 32 bytes. */
  readonly reasonHash: Hex;
  /** Last second, unix seconds, inclusive. */
  readonly deadline: bigint;
}

/** A ruling. */
export interface SignRuleParameters extends PaymentReference {
  /** Receiver's part, the fee included, token base units; the payer gets the rest. */
  readonly receiverAmount: bigint;
}

/** A settlement, and the balances at which it counts. */
export interface SignSettleParameters extends SignRuleParameters, Balances {
  /** Whether the payment is disputed. */
  readonly disputed: boolean;
  /** Last second, unix seconds, inclusive. */
  readonly deadline: bigint;
}

/** EIP-712 type of an ERC-3009 token's `CancelAuthorization`. */
const cancelAuthorizationTypes = {
  CancelAuthorization: [
    { name: "authorizer", type: "address" },
    { name: "nonce", type: "bytes32" },
  ],
} as const;

/**
 * Signs any lifecycle message. The named functions below make the message, too.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param signer - {@link TypedDataSigner} of the message's owner.
 * @param primaryType - Name of the message.
 * @param parameters - {@link SignLifecycleMessageParameters}; amounts in token base units, times in unix seconds.
 * @returns Signature as the signer gives it: 65 bytes from a key.
 * @throws {InvalidMessageError} a member is missing or does not fit its type.
 *
 * @example
 * const signature = await signLifecycleMessage(account, "Void", { message: { paymentInfoHash }, chainId: 8453, operator });
 */
export async function signLifecycleMessage<name extends LifecyclePrimaryType>(
  signer: TypedDataSigner,
  primaryType: name,
  { message, generation = "v1.1", ...operator }: SignLifecycleMessageParameters<name>,
): Promise<Hex> {
  const domain = operatorDomain(operator);
  // Refuses what no contract could check, before a person is asked to sign it.
  hashLifecycleMessage({ primaryType, message, generation, domain });
  return signer.signTypedData({
    domain: { ...withChecksums(domain) },
    types: { [primaryType]: lifecycleTypes[generation][primaryType] },
    primaryType,
    message: { ...withChecksums<object>(message) },
  });
}

/**
 * Signs a payment: the only signature a payer needs to give. It commits to the operator and so to its terms; look at them with
 * `assertTerms` first.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol
 *
 * @param signer - {@link TypedDataSigner} of the payer.
 * @param reference - {@link PaymentAuthorizationReference}; amounts in token base units, times in unix seconds.
 * @returns {@link CollectorCall}: what `authorize` and `charge` take beside the payment.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const payment = { method: "Eip3009", tokenDomain: { name: "USD Coin", version: "2" } } as const;
 * const signed = await signPayment(account, { chainId: 8453, escrow, paymentInfo, payment });
 * const hash = await authorize(relayer, { escrow, paymentInfo, ...signed });
 */
export async function signPayment(
  signer: TypedDataSigner,
  reference: PaymentAuthorizationReference,
): Promise<CollectorCall> {
  const collectorData = await signSignable(signer, paymentTypedData(reference));
  return { tokenCollector: getPaymentCollector(reference.escrow, reference.payment.method), collectorData };
}

/**
 * Signs a charge, for operators that want the receiver's consent to it: the scheme's `Charge`.
 *
 * - Source: specs/schemes/auth-capture/scheme_auth_capture_evm.md of x402
 *
 * @param signer - {@link TypedDataSigner} of the receiver's authorizer.
 * @param parameters - {@link SignChargeParameters}; amounts in token base units.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signCharge(account, { chainId: 8453, escrow, paymentInfo, terms, ...signedPayment });
 */
export async function signCharge(signer: TypedDataSigner, parameters: SignChargeParameters): Promise<Hex> {
  const { paymentInfo, terms, amount = paymentInfo.maxAmount, tokenCollector, collectorData } = parameters;
  const fee = feeOf(terms, amount, generationOf(parameters.escrow));
  const charge = { amount, tokenCollector, collectorDataHash: keccak256(collectorData), ...fee };
  return signFor(signer, "Charge", parameters, { ...charge, feeReceiver: terms.feeReceiver });
}

/**
 * Signs a capture. It counts only while the payment's balances are the named ones, so it is executed once.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param signer - {@link TypedDataSigner} of the authorizer.
 * @param parameters - {@link SignCaptureParameters}; amounts in token base units.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { capturable, refundable } = await getPaymentState(publicClient, { escrow, paymentInfoHash });
 * const signature = await signCapture(account, { chainId: 8453, escrow, paymentInfo, terms, amount, capturable, refundable });
 */
export async function signCapture(signer: TypedDataSigner, parameters: SignCaptureParameters): Promise<Hex> {
  return signFor(signer, "Capture", parameters, captureOf(parameters));
}

/**
 * Signs a capture whose rest goes back to the payer in the same call. A capture and a void signed apart could be played one alone.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param signer - {@link TypedDataSigner} of the authorizer.
 * @param parameters - {@link SignCaptureParameters}; amounts in token base units.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signCaptureAndVoid(account, { ...payment, terms, amount, capturable, refundable });
 */
export async function signCaptureAndVoid(signer: TypedDataSigner, parameters: SignCaptureParameters): Promise<Hex> {
  return signFor(signer, "CaptureAndVoid", parameters, captureOf(parameters));
}

/**
 * Signs a void. It has no deadline and cannot be taken back: sign it only when everything held shall go to the payer now.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param signer - {@link TypedDataSigner} of the authorizer.
 * @param reference - The payment.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signVoid(account, { chainId: 8453, escrow, paymentInfo });
 */
export async function signVoid(signer: TypedDataSigner, reference: PaymentReference): Promise<Hex> {
  return signFor(signer, "Void", reference, {});
}

/**
 * Signs that a payment may be refunded: the authorizer's half of a refund. The other half is the funder's, from `signRefund`; this one
 * names no funder.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol, `Refund`
 *
 * @param signer - {@link TypedDataSigner} of the authorizer.
 * @param parameters - {@link SignRefundApprovalParameters}; amounts in token base units.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const approval = { ...payment, amount, tokenCollector: refundCollector, capturable, refundable };
 * const signature = await signRefundApproval(account, approval);
 */
export async function signRefundApproval(
  signer: TypedDataSigner,
  parameters: SignRefundApprovalParameters,
): Promise<Hex> {
  const { amount, tokenCollector } = parameters;
  return signFor(signer, "Refund", parameters, { amount, tokenCollector, ...expected(parameters) });
}

/**
 * Signs a release: the payer is satisfied, and the receiver is paid everything held.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param signer - {@link TypedDataSigner} of the payer.
 * @param parameters - {@link SignReleaseParameters}; amounts in token base units, times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signRelease(account, { ...payment, capturable, disputed: false, deadline });
 */
export async function signRelease(signer: TypedDataSigner, parameters: SignReleaseParameters): Promise<Hex> {
  const { capturable, disputed, deadline } = parameters;
  return signFor(signer, "Release", parameters, { expectedCapturableAmount: capturable, disputed, deadline });
}

/**
 * Signs a dispute: the arbiter shall decide.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param signer - {@link TypedDataSigner} of the payer.
 * @param parameters - {@link SignDisputeParameters}; times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const reasonHash = keccak256(stringToBytes("nothing was delivered"));
 * const signature = await signDispute(account, { ...payment, reasonHash, deadline });
 */
export async function signDispute(signer: TypedDataSigner, parameters: SignDisputeParameters): Promise<Hex> {
  const { reasonHash, deadline } = parameters;
  return signFor(signer, "Dispute", parameters, { reasonHash, deadline });
}

/**
 * Signs a ruling: how a disputed hold is split.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param signer - {@link TypedDataSigner} of the arbiter.
 * @param parameters - {@link SignRuleParameters}; amounts in token base units.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signRule(account, { ...payment, receiverAmount: 600_000n });
 */
export async function signRule(signer: TypedDataSigner, parameters: SignRuleParameters): Promise<Hex> {
  return signFor(signer, "Rule", parameters, { receiverAmount: parameters.receiverAmount });
}

/**
 * Signs a settlement: how payer and authorizer have agreed to split a hold. Both sign the same.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param signer - {@link TypedDataSigner} of the payer or of the authorizer.
 * @param parameters - {@link SignSettleParameters}; amounts in token base units, times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const split = { ...payment, receiverAmount, capturable, refundable, disputed: false, deadline };
 * const [payerSignature, authorizerSignature] = [await signSettle(payer, split), await signSettle(authorizer, split)];
 */
export async function signSettle(signer: TypedDataSigner, parameters: SignSettleParameters): Promise<Hex> {
  const { receiverAmount, disputed, deadline } = parameters;
  return signFor(signer, "Settle", parameters, { receiverAmount, ...expected(parameters), disputed, deadline });
}

/**
 * Signs that a payment authorized by ERC-3009 shall not be collected any more. It counts at the token, and only until the payment is
 * collected.
 *
 * - Source: ERC-3009, `cancelAuthorization`
 *
 * @param signer - {@link TypedDataSigner} of the payer.
 * @param reference - {@link PaymentAuthorizationReference} by ERC-3009.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signCancelAuthorization(account, { chainId: 8453, escrow, paymentInfo, payment });
 */
export async function signCancelAuthorization(
  signer: TypedDataSigner,
  reference: PaymentAuthorizationReference & { readonly payment: { readonly method: "Eip3009" } },
): Promise<Hex> {
  const { chainId, paymentInfo, payment } = reference;
  const typedData = {
    domain: { ...payment.tokenDomain, chainId: Number(chainId), verifyingContract: paymentInfo.token },
    types: cancelAuthorizationTypes,
    primaryType: "CancelAuthorization",
    message: { authorizer: paymentInfo.payer, nonce: payerAgnosticHash(reference) },
  };
  return signSignable(signer, withChecksums(typedData));
}

function captureOf(parameters: SignCaptureParameters) {
  const { terms, amount, escrow } = parameters;
  const fee = feeOf(terms, amount, generationOf(escrow));
  return { amount, ...fee, feeReceiver: terms.feeReceiver, ...expected(parameters) };
}

function expected({ capturable, refundable }: Balances) {
  return { expectedCapturableAmount: capturable, expectedRefundableAmount: refundable };
}

function signFor<name extends LifecyclePrimaryType>(
  signer: TypedDataSigner,
  primaryType: name,
  reference: PaymentReference,
  members: Omit<LifecycleMessages[name], "paymentInfoHash">,
): Promise<Hex> {
  const { chainId, escrow, paymentInfo } = reference;
  // What the payment's hash completes; the compiler cannot follow it through the name.
  const message = { paymentInfoHash: hashPaymentInfo({ chainId, escrow, paymentInfo }), ...members } as never;
  const operator = { chainId, operator: paymentInfo.operator };
  return signLifecycleMessage(signer, primaryType, { message, ...operator, generation: generationOf(escrow) });
}
