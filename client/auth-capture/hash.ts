import { concat, domainSeparator, keccak256, zeroAddress, type Address, type Hex } from "viem";
import { withChecksums } from "../core/checksums.ts";
import { createStructHasher, type MessageHash, type StructHasher } from "../core/structHash.ts";
import { encodeWord, type Member } from "../core/word.ts";
import { getEscrowDeployment, type Generation } from "./addresses.ts";
import { lifecycleTypes, type LifecycleMessages, type LifecyclePrimaryType, type OperatorDomain } from "./typedData.ts";
import type { PaymentReference, Terms } from "./types.ts";

/** A domain, or its separator when many messages of one operator are hashed. */
export type DomainOrSeparator = OperatorDomain | Hex;

/** What a bound salt commits to. */
export interface SaltBinding {
  /** Key of the receiver that consents to captures, voids and refunds; zero for none. */
  readonly receiverAuthorizer: Address;
  /** Zero: policies are not used yet. */
  readonly policy: Address;
  /** Tells payments of the same parties apart, 256 bits. */
  readonly saltNonce: bigint;
}

const paymentInfoMembers = [
  { name: "operator", type: "address" },
  { name: "payer", type: "address" },
  { name: "receiver", type: "address" },
  { name: "token", type: "address" },
  { name: "maxAmount", type: "uint120" },
  { name: "preApprovalExpiry", type: "uint48" },
  { name: "authorizationExpiry", type: "uint48" },
  { name: "refundExpiry", type: "uint48" },
  { name: "minFeeBps", type: "uint16" },
  { name: "maxFeeBps", type: "uint16" },
  { name: "feeReceiver", type: "address" },
  { name: "salt", type: "uint256" },
] as const satisfies readonly Member[];

/** Members of terms, in the order in which they are hashed and packed. */
export const termsMembers = [
  { name: "authorizer", type: "address" },
  { name: "arbiter", type: "address" },
  { name: "feeReceiver", type: "address" },
  { name: "feeBps", type: "uint16" },
  { name: "releaseLead", type: "uint32" },
  { name: "ruleLead", type: "uint32" },
  { name: "disputeWindow", type: "uint32" },
  { name: "maxHold", type: "uint32" },
  { name: "flags", type: "uint8" },
  { name: "salt", type: "bytes32" },
] as const satisfies readonly Member[];

const paymentHasher = /* @__PURE__ */ createStructHasher({
  PaymentInfo: paymentInfoMembers,
  x402AuthCaptureSaltBinding: [
    { name: "receiverAuthorizer", type: "address" },
    { name: "policy", type: "address" },
    { name: "saltNonce", type: "uint256" },
  ],
});

const lifecycleHashers: Readonly<Record<Generation, StructHasher>> = {
  "v1.1": /* @__PURE__ */ createStructHasher(lifecycleTypes["v1.1"]),
  "v1.0": /* @__PURE__ */ createStructHasher(lifecycleTypes["v1.0"]),
};

/**
 * Computes the hash under which the canonical escrow keeps a payment. It is no EIP-712 digest.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol, `getHash`
 *
 * @param reference - {@link PaymentReference}; addresses in any case.
 * @returns 32 bytes.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const paymentInfoHash = hashPaymentInfo({ chainId: 8453, escrow, paymentInfo });
 */
export function hashPaymentInfo({ chainId, escrow, paymentInfo }: PaymentReference): Hex {
  const structHash = keccak256(paymentHasher.encode("PaymentInfo", paymentInfo));
  const words = [
    encodeWord("PaymentInfo", { name: "chainId", type: "uint256" }, BigInt(chainId)),
    encodeWord("PaymentInfo", { name: "escrow", type: "address" }, escrow),
  ];
  return keccak256(concat([...words.map((word): Hex => `0x${word}`), structHash]));
}

/**
 * Computes the hash of a payment whoever pays it: what ERC-3009 takes as its nonce.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol, the collectors' nonce
 *
 * @param reference - {@link PaymentReference}; the payer does not count.
 * @returns 32 bytes.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const nonce = payerAgnosticHash({ chainId: 8453, escrow, paymentInfo });
 */
export function payerAgnosticHash(reference: PaymentReference): Hex {
  return hashPaymentInfo({ ...reference, paymentInfo: { ...reference.paymentInfo, payer: zeroAddress } });
}

/**
 * Computes the number that Permit2 takes as nonce of a payment: {@link payerAgnosticHash} as a number.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol, the collectors' nonce
 *
 * @param reference - {@link PaymentReference}; the payer does not count.
 * @returns 256-bit number.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const nonce = payerAgnosticNonce({ chainId: 8453, escrow, paymentInfo });
 */
export function payerAgnosticNonce(reference: PaymentReference): bigint {
  return BigInt(payerAgnosticHash(reference));
}

/**
 * Makes the salt of a payment that commits to the receiver's authorizer, as the scheme binds it.
 *
 * - Source: specs/schemes/auth-capture/scheme_auth_capture_evm.md of x402
 *
 * @param binding - {@link SaltBinding}; addresses in any case.
 * @returns `salt` of the payment, 256-bit number.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const salt = bindSalt({ receiverAuthorizer, policy: zeroAddress, saltNonce: BigInt(randomNonce()) });
 */
export function bindSalt(binding: SaltBinding): bigint {
  return BigInt(keccak256(paymentHasher.encode("x402AuthCaptureSaltBinding", binding)));
}

/**
 * Hashes terms, as the factory's `OperatorDeployed` names them.
 *
 * - Source: contracts/interfaces/ITermsOperatorFactory.sol
 *
 * @param terms - {@link Terms}; addresses in any case.
 * @returns 32 bytes.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const termsHash = hashTerms(terms);
 */
export function hashTerms(terms: Terms): Hex {
  return keccak256(`0x${termsMembers.map((member) => encodeWord("Terms", member, terms[member.name])).join("")}`);
}

/**
 * Computes the EIP-712 type hash of a lifecycle message.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param primaryType - Name of the message.
 * @param generation - Generation of the escrow; v1.1 when absent.
 * @returns 32 bytes.
 *
 * @example
 * const typeHash = lifecycleTypeHash("Capture", "v1.0");
 */
export function lifecycleTypeHash(primaryType: LifecyclePrimaryType, generation: Generation = "v1.1"): Hex {
  return lifecycleHashers[generation].typeHash(primaryType);
}

/**
 * Computes the EIP-712 domain separator of an operator.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param domain - Made by `operatorDomain`.
 * @returns 32 bytes.
 *
 * @example
 * const separator = operatorDomainSeparator(operatorDomain({ chainId: 8453, operator }));
 */
export function operatorDomainSeparator(domain: OperatorDomain): Hex {
  return domainSeparator({ domain: withChecksums(domain) });
}

/** Which message of which generation, and for which operator. */
export interface LifecycleMessageReference<name extends LifecyclePrimaryType = LifecyclePrimaryType> {
  /** Name of the message. */
  readonly primaryType: name;
  /** Its members. */
  readonly message: LifecycleMessages[name];
  /** Generation of the escrow; v1.1 when absent. It decides how a fee is written. */
  readonly generation?: Generation;
  /** Domain of the operator, or its separator. */
  readonly domain: DomainOrSeparator;
}

/**
 * Hashes a lifecycle message: what a key signs.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param reference - {@link LifecycleMessageReference}; addresses in any case.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member is missing or does not fit its type.
 *
 * @example
 * const domain = operatorDomain({ chainId: 8453, operator });
 * const { digest } = hashLifecycleMessage({ primaryType: "Void", message: { paymentInfoHash }, domain });
 */
export function hashLifecycleMessage<name extends LifecyclePrimaryType>(
  reference: LifecycleMessageReference<name>,
): MessageHash {
  const { primaryType, message, generation = "v1.1", domain } = reference;
  const separator = typeof domain === "string" ? domain : operatorDomainSeparator(domain);
  return lifecycleHashers[generation].hash(primaryType, message, separator);
}

/**
 * Computes the type hash of the payment, as a check against the contract.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol, `PAYMENT_INFO_TYPEHASH`
 *
 * @returns 32 bytes.
 *
 * @example
 * const typeHash = paymentInfoTypeHash();
 */
export function paymentInfoTypeHash(): Hex {
  return paymentHasher.typeHash("PaymentInfo");
}

/**
 * Computes the type hash of a salt binding. See {@link bindSalt}.
 *
 * - Source: specs/schemes/auth-capture/scheme_auth_capture_evm.md of x402
 *
 * @returns 32 bytes.
 *
 * @example
 * const typeHash = saltBindingTypeHash();
 */
export function saltBindingTypeHash(): Hex {
  return paymentHasher.typeHash("x402AuthCaptureSaltBinding");
}

/** Fails unless the escrow is canonical, and tells its generation. */
export function generationOf(escrow: Address): Generation {
  return getEscrowDeployment(escrow).generation;
}
