import { zeroAddress, type Address } from "viem";
import { largest, smallest } from "../../core/amounts.ts";
import type { TypedDataSigner } from "../../core/signer.ts";
import { proposeAllowance } from "../../flash/funding.ts";
import { signOpenEscrow, signPermit, type FundingChoice } from "../../flash/sign.ts";
import type { OpenEscrow } from "../../flash/types.ts";
import type { FlashEscrowId } from "../../seller/flash/types.ts";
import type { AssetFacts } from "../core/assets.ts";
import { EscrowNeededError, LockLimitError } from "./payerErrors.ts";
import type { Offer, OpenMethod, Opening, Permit } from "./types.ts";

const DAY = 86_400n;
/** Requests that an escrow covers before something is settled, unless the payer says otherwise. */
const DEFAULT_REQUESTS = 100n;
/** Most requests an escrow covers when the payer has set no limit at all. */
const UNLIMITED_REQUESTS = 1_000n;
const DEFAULT_LIFETIME = 3_600n;
const DEFAULT_TTL = 30n * DAY;
const DEFAULT_MAX_TTL = 90n * DAY;
const DEFAULT_CLOSE_DELAY = 900n;
const DEFAULT_MAX_CLOSE_DELAY = DAY;
const DEFAULT_METHODS: readonly OpenMethod[] = ["allowance", "eip3009", "permit2"];

/** An opening or a top-up that is about to be signed. Amounts are token base units. */
export interface OpeningRequest {
  /** ERC-20 contract. */
  readonly token: Address;
  /** Server of the escrow. */
  readonly server: Address;
  /** Price of the request, token base units. */
  readonly price: bigint;
  /** Least escrow that the server takes and that covers the price. */
  readonly least: bigint;
  /** What the escrow locks already, when it is topped up; absent for an opening. */
  readonly locked?: bigint;
}

/** How a payer opens escrows. Seconds and token base units. */
export interface OpeningPolicy {
  /** How much to lock or to add; a hundred prices by default. Raised to what is needed, lowered to the limits. */
  readonly amount?: (request: OpeningRequest) => bigint;
  /** After which the escrow is the client's again without notice; 30 days by default, more when the server demands it. */
  readonly ttlSeconds?: bigint;
  /** Most that a server may demand, 90 days by default. */
  readonly maxTtlSeconds?: bigint;
  /** Notice to get the escrow back sooner; what the server demands, and 900 at least, by default. */
  readonly closeDelay?: bigint;
  /** Most that a server may demand, a day by default. */
  readonly maxCloseDelay?: bigint;
  /**
   * Methods the payer allows, the preferred one first. `allowance` needs one to FlashSettlement, or a token with ERC-2612 and `chain`, and
   * is the only one that leaves an allowance for payments; `permit2` needs an approval to Permit2.
   */
  readonly methods?: readonly OpenMethod[];
  /** How many escrows' worth payments may pull from the wallet before the client approves again; ten by default. Never unlimited. */
  readonly allowanceMultiple?: bigint;
  /** Seconds an opening, a top-up or an extension can be executed; an hour by default. */
  readonly lifetime?: bigint;
  /**
   * Whether payments bring top-ups when the escrow is used up and extensions when its term ends, of the same amount, within the same limits
   * and for as long as openings; true by default. Without it the client waits until something is settled.
   */
  readonly renew?: boolean;
}

/** Decides how much to lock. */
export interface SizeOpeningParameters {
  readonly policy: OpeningPolicy;
  readonly request: OpeningRequest;
  /** Most the limits allow, token base units; undefined when the payer has set none. */
  readonly cap: bigint | undefined;
}

/**
 * Decides how much to lock: what the policy says, at least what is needed, at most what the limits allow.
 *
 * @returns Token base units.
 * @throws {EscrowNeededError} the limits do not allow what is needed.
 */
export function sizeOpening({ policy, request, cap }: SizeOpeningParameters): bigint {
  const { least, locked = 0n } = request;
  const limit = cap ?? request.price * UNLIMITED_REQUESTS - locked;
  if (least > limit) {
    throw new EscrowNeededError(least, `the limits allow ${limit > 0n ? limit : 0n}`);
  }
  const wanted = policy.amount?.(request) ?? request.price * DEFAULT_REQUESTS;
  return smallest(largest(wanted, least), limit);
}

/** Signs one opening. */
export interface SignOpeningParameters {
  /** The client's key. */
  readonly owner: TypedDataSigner;
  readonly escrow: FlashEscrowId;
  readonly epoch: bigint;
  /** Key of the payments. */
  readonly signer: Address;
  readonly offer: Offer;
  readonly policy: OpeningPolicy;
  /** Token base units. */
  readonly amount: bigint;
  /** What the chain says of the client's allowance; undefined when nobody asked. */
  readonly facts: AssetFacts | undefined;
  /** Unix seconds. */
  readonly now: bigint;
}

/**
 * Signs an opening by the first method that the payer allows, the server relays and enough is known for.
 *
 * @throws {EscrowNeededError} there is no such method.
 * @throws {LockLimitError} the server demands a longer lock than the payer allows.
 */
export async function signOpening(parameters: SignOpeningParameters): Promise<Opening> {
  const { owner, escrow, offer, policy, amount, facts } = parameters;
  const { chainId, settlement, client, token } = escrow;
  const terms = termsOf(parameters);
  const { tokenDomain } = offer;
  const method = chooseMethod(offer, policy, amount, facts);
  if (method === undefined) {
    throw new EscrowNeededError(amount, "the server relays no opening by a method that is allowed and possible here");
  }
  const funding: FundingChoice =
    method === "eip3009" && tokenDomain !== undefined
      ? { method: "Eip3009", tokenDomain }
      : { method: method === "permit2" ? "Permit2" : "Allowance" };
  const signed = await signOpenEscrow(owner, { chainId, settlement, terms, funding });
  const value = proposeAllowance({ amount, ...multipleOf(policy) });
  const nonce = facts?.assetPermitNonce;
  const isAllowed = method !== "allowance" || (facts?.assetAllowance ?? 0n) >= value;
  if (isAllowed || nonce === undefined || tokenDomain === undefined) return signed;
  const permit = { value, nonce, deadline: terms.deadline };
  const signature = await signPermit(owner, { chainId, settlement, client, token, permit, tokenDomain });
  const brought: Permit = { value, deadline: permit.deadline, signature };
  return { ...signed, permit: brought };
}

function termsOf({ escrow, epoch, signer, offer, policy, amount, now }: SignOpeningParameters): OpenEscrow {
  const { client, server, token } = escrow;
  const closeDelay = lockOf("closeDelay", offer.minCloseDelay, policy);
  const ttlSeconds = lockOf("ttlSeconds", largest(offer.minTtlSeconds, closeDelay), policy);
  const deadline = now + lifetimeOf(policy);
  const key = signer === client ? zeroAddress : signer;
  return { client, server, token, amount, ttlSeconds, closeDelay, signer: key, epoch, deadline };
}

/**
 * Seconds to lock for: what the policy says, at least what the server demands.
 *
 * @throws {LockLimitError} that is more than the policy allows.
 */
export function lockOf(what: "ttlSeconds" | "closeDelay", demanded: bigint, policy: OpeningPolicy): bigint {
  const { wanted, limit } =
    what === "ttlSeconds"
      ? { wanted: policy.ttlSeconds ?? DEFAULT_TTL, limit: maxTtlOf(policy) }
      : { wanted: policy.closeDelay ?? DEFAULT_CLOSE_DELAY, limit: policy.maxCloseDelay ?? DEFAULT_MAX_CLOSE_DELAY };
  if (demanded > limit) throw new LockLimitError(what, demanded, limit);
  return largest(demanded, smallest(wanted, limit));
}

/** Seconds for which what is signed can be executed. */
export function lifetimeOf({ lifetime = DEFAULT_LIFETIME }: OpeningPolicy): bigint {
  return lifetime;
}

/** Most seconds to lock for. */
export function maxTtlOf({ maxTtlSeconds = DEFAULT_MAX_TTL }: OpeningPolicy): bigint {
  return maxTtlSeconds;
}

/** Methods the payer allows, the preferred one first. */
export function methodsOf({ methods = DEFAULT_METHODS }: OpeningPolicy): readonly OpenMethod[] {
  return methods;
}

function chooseMethod(
  { openMethods, tokenDomain }: Offer,
  policy: OpeningPolicy,
  amount: bigint,
  facts: AssetFacts | undefined,
): OpenMethod | undefined {
  const hasPermit = tokenDomain !== undefined && facts?.assetPermitNonce !== undefined;
  const isPossible: Readonly<Record<OpenMethod, boolean>> = {
    allowance: hasPermit || (facts?.assetAllowance ?? 0n) >= amount,
    eip3009: tokenDomain !== undefined,
    permit2: (facts?.permit2Allowance ?? amount) >= amount,
  };
  return methodsOf(policy).find((method) => openMethods.includes(method) && isPossible[method]);
}

function multipleOf({ allowanceMultiple }: OpeningPolicy): { readonly multiple?: bigint } {
  return allowanceMultiple === undefined ? {} : { multiple: allowanceMultiple };
}
