import { isAddress, zeroAddress, type Address, type Hex } from "viem";
import { withChecksums } from "../core/checksums.ts";
import { ESCROW_DEPLOYMENTS, getEscrowDeployment, type EscrowDeployment } from "./addresses.ts";
import { UnknownEscrowAddressError, OfferRefusedError } from "./refusals.ts";
import { hashTerms, termsMembers } from "./hash.ts";
import { disputeRules, type DisputeRules } from "./terms.ts";
import type { PaymentInfo, Terms } from "./types.ts";

/** The scheme's id. */
export const AUTH_CAPTURE_SCHEME = "auth-capture";

/** What a 402 offers, as x402 writes it. */
export interface OfferedRequirements {
  /** Id of the scheme. */
  readonly scheme: string;
  /** CAIP-2, `eip155:<chain id>`. */
  readonly network: string;
  /** ERC-20 contract. */
  readonly asset: string;
  /** Token base units, a decimal string. */
  readonly amount: string;
  /** Receiver. */
  readonly payTo: string;
  /** How long the payer's signature counts, seconds. */
  readonly maxTimeoutSeconds: number;
  /** What the scheme adds to a 402. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** Terms as a 402 writes them: numbers of at most 32 bits instead of `bigint`. */
export type WireTerms = { readonly [name in keyof Terms]: Terms[name] extends bigint ? number : Terms[name] };

/** `extra.lifecycle` of a 402: what the operator's address is made of. It is unsigned; the address is the commitment. */
export interface WireLifecycle {
  /** Address of TermsOperatorFactory. */
  readonly factory: Address;
  readonly terms: WireTerms;
  /** 32 bytes. */
  readonly termsHash: Hex;
  /** Of terms with an arbiter. It says nothing that the terms do not: it says it so that a person can read it. */
  readonly disputes?: DisputeRules;
}

/** What an offer says, in this package's own types. */
export interface Offer {
  /** Chain that is paid on. */
  readonly chainId: number;
  readonly deployment: EscrowDeployment;
  /** ERC-20 contract. */
  readonly token: Address;
  /** Who is paid. */
  readonly receiver: Address;
  /** Token base units. */
  readonly amount: bigint;
  /** How long the payer's signature counts, seconds. */
  readonly maxTimeoutSeconds: bigint;
  /** The `captureAuthorizer`. */
  readonly operator: Address;
  /** E, unix seconds. */
  readonly captureDeadline: bigint;
  /** Unix seconds. */
  readonly refundDeadline: bigint;
  /** Who gets the fee. */
  readonly feeReceiver: Address;
  /** Basis points. */
  readonly minFeeBps: bigint;
  /** Basis points. */
  readonly maxFeeBps: bigint;
  /** The scheme's `operatorType`. */
  readonly operatorType: string;
  /** The scheme's `paymentFlow`. */
  readonly paymentFlow: string;
  /** The scheme's `captureMode`. */
  readonly captureMode: string;
  /** The scheme's `receiverAuthorizer`; zero for none. */
  readonly receiverAuthorizer: Address;
  /** The scheme's `policy`; zero for none. */
  readonly policy: Address;
  /** The scheme's `assetTransferMethod`. */
  readonly assetTransferMethod: string;
  /** What the operator is made of, where the offer says so. */
  readonly lifecycle: { readonly factory: Address; readonly terms: Terms } | undefined;
}

/** What a payer adds to an offer. */
export interface PayerParts {
  /** Who signs the payment. */
  readonly payer: Address;
  /** First second at which its signature no longer counts, unix seconds. */
  readonly preApprovalExpiry: bigint;
  /** 256 bits; `bindSalt` makes it where the offer names a `receiverAuthorizer`. */
  readonly salt: bigint;
}

/**
 * Writes what an operator is made of into a 402.
 *
 * - Source: contracts/interfaces/ITermsOperatorFactory.sol
 *
 * @param lifecycle - Factory's address and terms.
 * @returns {@link WireLifecycle}, for `extra.lifecycle`.
 * @throws {InvalidMessageError} a member of the terms does not fit its type.
 *
 * @example
 * const extra = { ...common, lifecycle: encodeLifecycle({ factory, terms }) };
 */
export function encodeLifecycle({
  factory,
  terms,
}: {
  readonly factory: Address;
  readonly terms: Terms;
}): WireLifecycle {
  const wire = Object.fromEntries(
    termsMembers.map(({ name }) => {
      const value = terms[name];
      return [name, typeof value === "bigint" ? Number(value) : value];
    }),
  );
  const termsHash = hashTerms(terms);
  const disputes = disputeRules(terms);
  return {
    factory,
    terms: withChecksums(wire) as unknown as WireTerms,
    termsHash,
    ...(disputes !== undefined && { disputes }),
  };
}

/**
 * Reads an offer of the scheme.
 *
 * - Source: specs/schemes/auth-capture/scheme_auth_capture_evm.md of x402
 *
 * @param requirements - {@link OfferedRequirements}.
 * @returns {@link Offer}, with the scheme's defaults; addresses with their checksums.
 * @throws {OfferRefusedError} it is another scheme's, or a member is missing or malformed.
 *
 * @example
 * const { operator, lifecycle } = parseOffer(requirements);
 */
export function parseOffer(requirements: OfferedRequirements): Offer {
  const { scheme, network, extra = {} } = requirements;
  if (scheme !== AUTH_CAPTURE_SCHEME) {
    throw refusal("Scheme", `The offer is of the scheme ${scheme}.`, "Pass an offer of the scheme auth-capture.");
  }
  const chainId = /^eip155:(\d{1,15})$/.exec(network)?.[1];
  if (chainId === undefined) {
    throw refusal(
      "Network",
      `The network ${network} is no EVM chain.`,
      "Pass a network in the form eip155:<chain id>.",
    );
  }
  return {
    chainId: Number(chainId),
    deployment: deploymentOf(extra["authCaptureEscrow"]),
    token: addressOf("Party", "asset", requirements.asset),
    receiver: addressOf("Party", "payTo", requirements.payTo),
    amount: amountOf(requirements.amount),
    maxTimeoutSeconds: wholeOf("Timeout", "maxTimeoutSeconds", requirements.maxTimeoutSeconds),
    operator: addressOf("Operator", "captureAuthorizer", extra["captureAuthorizer"]),
    captureDeadline: wholeOf("Deadline", "captureDeadline", extra["captureDeadline"]),
    refundDeadline: wholeOf("Deadline", "refundDeadline", extra["refundDeadline"]),
    feeReceiver: addressOf("Fee", "feeRecipient", extra["feeRecipient"]),
    minFeeBps: wholeOf("Fee", "minFeeBps", extra["minFeeBps"]),
    maxFeeBps: wholeOf("Fee", "maxFeeBps", extra["maxFeeBps"]),
    operatorType: textOf("OperatorType", "operatorType", extra["operatorType"], "delegated"),
    paymentFlow: textOf("PaymentFlow", "paymentFlow", extra["paymentFlow"], "escrow"),
    captureMode: textOf("PaymentFlow", "captureMode", extra["captureMode"], "sync"),
    receiverAuthorizer: addressOf("Party", "receiverAuthorizer", extra["receiverAuthorizer"] ?? zeroAddress),
    policy: addressOf("Policy", "policy", extra["policy"] ?? zeroAddress),
    assetTransferMethod: textOf("Scheme", "assetTransferMethod", extra["assetTransferMethod"], "eip3009"),
    lifecycle: lifecycleOf(extra["lifecycle"]),
  };
}

/**
 * Makes the payment that a payer of an offer signs.
 *
 * - Source: specs/schemes/auth-capture/scheme_auth_capture_evm.md of x402
 *
 * @param offer - From {@link parseOffer}.
 * @param parts - {@link PayerParts}.
 * @returns {@link PaymentInfo}.
 *
 * @example
 * const parts = { payer, preApprovalExpiry: now + offer.maxTimeoutSeconds, salt };
 * const paymentInfo = toPaymentInfo(offer, parts);
 */
export function toPaymentInfo(
  offer: Omit<Offer, "lifecycle">,
  { payer, preApprovalExpiry, salt }: PayerParts,
): PaymentInfo {
  const { operator, receiver, token, amount, captureDeadline, refundDeadline, minFeeBps, maxFeeBps, feeReceiver } =
    offer;
  return withChecksums({
    operator,
    payer,
    receiver,
    token,
    maxAmount: amount,
    preApprovalExpiry,
    authorizationExpiry: captureDeadline,
    refundExpiry: refundDeadline,
    minFeeBps,
    maxFeeBps,
    feeReceiver,
    salt,
  });
}

const refusal = (...parts: ConstructorParameters<typeof OfferRefusedError>): OfferRefusedError =>
  new OfferRefusedError(...parts);

function deploymentOf(escrow: unknown): EscrowDeployment {
  if (escrow === undefined || escrow === "") return ESCROW_DEPLOYMENTS["v1.1"];
  try {
    return getEscrowDeployment(addressOf("Escrow", "authCaptureEscrow", escrow));
  } catch (error) {
    if (!(error instanceof UnknownEscrowAddressError)) throw error;
    throw refusal("Escrow", error.shortMessage, "Pay only into a canonical escrow.", { cause: error });
  }
}

function lifecycleOf(value: unknown): Offer["lifecycle"] {
  if (value === undefined) return undefined;
  const { factory, terms, disputes } = recordOf("lifecycle", value);
  const members = recordOf("terms", terms);
  const entries = termsMembers.map(({ name, type }) => {
    const member = members[name];
    if (type === "address") return [name, addressOf("NoTerms", name, member)];
    if (type !== "bytes32") return [name, wholeOf("NoTerms", name, member)];
    if (typeof member === "string" && /^0x[0-9a-fA-F]{64}$/.test(member)) return [name, member];
    throw malformed("NoTerms", name);
  });
  const read = { factory: addressOf("Factory", "factory", factory), terms: Object.fromEntries(entries) as Terms };
  if (disputes !== undefined) checkDisputes(recordOf("disputes", disputes), read.terms);
  return read;
}

/** Terms bind, and people read what stands beside them: one that says something else misleads whoever signs. */
function checkDisputes(disputes: Readonly<Record<string, unknown>>, terms: Terms): void {
  const rules: Readonly<Record<string, unknown>> = { ...disputeRules(terms) };
  for (const [name, value] of Object.entries(disputes)) {
    const own = rules[name];
    const isSame = typeof value === "string" && typeof own === "string" && value.toLowerCase() === own.toLowerCase();
    if (isSame) continue;
    throw refusal(
      "Disputes",
      `The offer says \`${name}\` ${String(value)} of disputes, and its terms say ${String(own ?? "nothing")}.`,
      "Tell the seller; pay somewhere else.",
    );
  }
}

function recordOf(name: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  throw malformed("NoTerms", name);
}

function addressOf(fault: OfferRefusedError["fault"], name: string, value: unknown): Address {
  if (typeof value === "string" && isAddress(value, { strict: false })) return withChecksums(value as Address);
  throw malformed(fault, name);
}

function wholeOf(fault: OfferRefusedError["fault"], name: string, value: unknown): bigint {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  throw malformed(fault, name);
}

function amountOf(value: unknown): bigint {
  if (typeof value === "string" && /^\d{1,78}$/.test(value)) return BigInt(value);
  throw malformed("Amount", "amount");
}

function textOf(fault: OfferRefusedError["fault"], name: string, value: unknown, absent: string): string {
  if (value === undefined) return absent;
  if (typeof value === "string") return value;
  throw malformed(fault, name);
}

function malformed(fault: OfferRefusedError["fault"], name: string): OfferRefusedError {
  return refusal(fault, `\`${name}\` of the offer is missing or malformed.`, "Tell the seller; pay somewhere else.");
}
