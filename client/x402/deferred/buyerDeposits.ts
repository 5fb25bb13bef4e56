import type { Address, Hex } from "viem";
import { largest, smallest } from "../../core/amounts.ts";
import { randomNonce } from "../../core/nonces.ts";
import { type TypedDataSigner } from "../../core/signer.ts";
import type { DepositAuthorization } from "../../voucher/index.ts";
import { signDepositAuthorization, signDepositEip3009, signDepositPermit2, signPermit } from "../../voucher/sign.ts";
import type { BuyerAccountId } from "./buyerStorage.ts";
import { DepositNeededError } from "./errors.ts";
import type { Deposit, DepositMethod, DepositTerms, Offer } from "./types.ts";

/** Requests that a first deposit pays for when the seller suggests nothing. */
const DEFAULT_REQUESTS = 20n;
/** Most requests a deposit pays for when the buyer has set no limit at all. */
const UNLIMITED_REQUESTS = 100n;
const DEFAULT_LIFETIME = 3600n;
const DEFAULT_METHODS: readonly DepositMethod[] = ["eip3009", "permit2", "eip2612", "allowance"];

/** A deposit that is about to be signed. Amounts are token base units. */
export interface DepositRequest {
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Seller of the account. */
  readonly seller: Address;
  /** Price of the request, token base units. */
  readonly price: bigint;
  /** What the account lacks. */
  readonly shortfall: bigint;
  /** Least deposit the seller relays. */
  readonly minimum: bigint;
  /** What the seller suggests. */
  readonly suggested: bigint;
}

/** How a buyer deposits. */
export interface DepositPolicy {
  /** How much, token base units; what the seller suggests by default. Raised to what is needed, lowered to the limits. */
  readonly amount?: (request: DepositRequest) => bigint;
  /** Methods the buyer allows, the preferred one first. `permit2` needs an approval to Permit2, `allowance` one to the escrow. */
  readonly methods?: readonly DepositMethod[];
  /** Seconds an authorization can be executed; an hour by default. */
  readonly lifetime?: bigint;
}

/** Decides how much to deposit. */
export interface SizeDepositParameters {
  readonly policy: DepositPolicy;
  readonly request: DepositRequest;
  /** Most the limits allow, token base units; undefined when the buyer has set none. */
  readonly cap: bigint | undefined;
}

/**
 * Decides how much to deposit: what the policy says, at least what is needed, at most what the limits allow.
 *
 * @returns Token base units.
 * @throws {DepositNeededError} the limits do not allow what is needed.
 */
export function sizeDeposit({ policy, request, cap }: SizeDepositParameters): bigint {
  const limit = cap ?? request.price * UNLIMITED_REQUESTS;
  const least = largest(request.shortfall, request.minimum);
  if (least > limit) {
    throw new DepositNeededError(
      request.shortfall,
      `the least deposit is ${least}, the limits allow ${limit > 0n ? limit : 0n}`,
    );
  }
  const wanted = policy.amount?.(request) ?? request.suggested;
  return smallest(largest(wanted, least), limit);
}

/** The request for a deposit, with what stands in for terms the offer does not name. */
export function toDepositRequest(
  { seller, asset }: BuyerAccountId,
  {
    price,
    shortfall,
    terms,
  }: { readonly price: bigint; readonly shortfall: bigint; readonly terms: DepositTerms | undefined },
): DepositRequest {
  const suggested = terms?.suggested ?? price * DEFAULT_REQUESTS;
  return { seller, asset, price, shortfall, minimum: terms?.minimum ?? 0n, suggested };
}

/** Signs one deposit. */
export interface SignDepositParameters {
  readonly signer: TypedDataSigner;
  readonly account: BuyerAccountId;
  readonly offer: Offer;
  readonly policy: DepositPolicy;
  /** Token base units. */
  readonly amount: bigint;
  /** Unix seconds. */
  readonly now: bigint;
}

/**
 * Signs a deposit by the first method that the buyer allows, the seller relays and the offer gives the facts for.
 *
 * @throws {DepositNeededError} there is no such method.
 */
export async function signDeposit({
  signer,
  account,
  offer,
  policy,
  amount,
  now,
}: SignDepositParameters): Promise<Deposit> {
  const { chainId, escrow, buyer, seller, asset } = account;
  const expiry = now + (policy.lifetime ?? DEFAULT_LIFETIME);
  const authorization: DepositAuthorization = { buyer, seller, asset, amount, nonce: randomNonce(), expiry };
  const method = chooseMethod(offer, policy, amount);
  const reference = { chainId, escrow, authorization };
  const token = offer.tokenDomain;
  if (method === "permit2") return { method, authorization, signature: await signDepositPermit2(signer, reference) };
  if (method === "eip3009" && token !== undefined) {
    return { method, authorization, signature: await signDepositEip3009(signer, { ...reference, token }) };
  }
  const nonce = offer.account?.assetPermitNonce;
  if (method === "eip2612" && token !== undefined && nonce !== undefined) {
    const permit = { value: amount, nonce, deadline: expiry };
    const permitSignature: Hex = await signPermit(signer, { chainId, escrow, buyer, asset, token, permit });
    const signature = await signDepositAuthorization(signer, reference);
    const signed = { owner: buyer, spender: escrow, ...permit, domain: token, signature: permitSignature };
    return { method, authorization, signature, permit: signed };
  }
  if (method === "allowance") {
    return { method, authorization, signature: await signDepositAuthorization(signer, reference) };
  }
  throw new DepositNeededError(amount, "the seller relays no deposit by a method that is allowed and possible here");
}

/** Chooses the first method that the buyer allows, the seller relays and the offer gives the facts for; undefined when there is none. */
export function chooseMethod(offer: Offer, policy: DepositPolicy, amount: bigint): DepositMethod | undefined {
  // An offer in the scheme's own form names no methods: it pulls an allowance, after a permit when it tells the nonce.
  const relayed: readonly DepositMethod[] = offer.deposit?.methods ?? ["eip2612", "allowance"];
  const { tokenDomain, account } = offer;
  const isPossible: Readonly<Record<DepositMethod, boolean>> = {
    eip3009: tokenDomain !== undefined,
    permit2: true,
    eip2612: tokenDomain !== undefined && account?.assetPermitNonce !== undefined,
    allowance: (account?.assetAllowance ?? 0n) >= amount,
  };
  return (policy.methods ?? DEFAULT_METHODS).find((method) => relayed.includes(method) && isPossible[method]);
}
