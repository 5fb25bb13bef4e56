import { largest, smallest } from "../../core/amounts.ts";
import type { TypedDataSigner } from "../../core/signer.ts";
import { signExtendEscrow, signTopUp, type SignedTopUp, type TokenFundingChoice } from "../../flash/sign.ts";
import type { FlashEscrowId } from "../../seller/flash/types.ts";
import type { PayerContext } from "./payerContext.ts";
import { lifetimeOf, lockOf, maxTtlOf, methodsOf, type OpeningPolicy } from "./payerOpenings.ts";
import type { Offer, SignedExtension } from "./types.ts";

/** What the server, or the chain, last said of an escrow. */
export interface Standing {
  /** What the server accepts before something is settled, token base units; negative when it holds too little for any payment. */
  readonly available?: bigint;
  /** First second at which the client can withdraw, unix seconds. */
  readonly unlockAt?: bigint;
  /** When it was said, unix seconds. */
  readonly at: bigint;
}

/** Seconds for which what was said of the available amount is gone by: the server settles in between. */
const KNOWN_FOR = 60n;
const MAX_UINT40 = 2n ** 40n - 1n;

/** How this offer's server relays a top-up that this payer may sign; undefined when it does not. */
export function topUpFunding({ openings }: PayerContext, offer: Offer): TokenFundingChoice | undefined {
  if (openings === undefined || !mayRenew(openings.policy, offer)) return undefined;
  const { openMethods, tokenDomain } = offer;
  for (const method of methodsOf(openings.policy)) {
    if (!openMethods.includes(method)) continue;
    if (method === "eip3009" && tokenDomain !== undefined) return { method: "Eip3009", tokenDomain };
    if (method === "permit2") return { method: "Permit2" };
  }
  return undefined;
}

/** Whether this payer extends locks, and the server relays extensions. */
export function mayExtend({ openings }: PayerContext, offer: Offer): boolean {
  return openings !== undefined && mayRenew(openings.policy, offer);
}

function mayRenew({ renew = true }: OpeningPolicy, { payloadTypes, openMethods }: Offer): boolean {
  return renew && payloadTypes.includes("open") && openMethods.length > 0;
}

/** Whether the escrow lacks the price of a request, as far as the payer knows. What was signed before may never have reached the server. */
export function isShort({ available, at }: Standing, price: bigint, now: bigint): boolean {
  return available !== undefined && available < price && now <= at + KNOWN_FOR;
}

/** Whether the lock ends so soon that the server takes nothing any more, or is about to. */
export function isEnding({ unlockAt }: Standing, { minCloseDelay }: Offer, now: bigint): boolean {
  return unlockAt !== undefined && unlockAt <= now + minCloseDelay;
}

/** What is signed for an escrow. */
interface RenewalParameters {
  /** The client's key. */
  readonly owner: TypedDataSigner;
  readonly escrow: FlashEscrowId;
  readonly epoch: bigint;
  readonly policy: OpeningPolicy;
  /** Unix seconds. */
  readonly now: bigint;
}

/** Signs one top-up. */
export async function signRenewingTopUp(
  { owner, escrow, epoch, policy, now }: RenewalParameters,
  { amount, funding }: { readonly amount: bigint; readonly funding: TokenFundingChoice },
): Promise<SignedTopUp> {
  const { chainId, settlement, client, server, token } = escrow;
  const salt = [...crypto.getRandomValues(new BigUint64Array(4))].reduce((all, word) => (all << 64n) + word, 0n);
  const authorization = { client, server, token, amount, epoch, salt, deadline: now + lifetimeOf(policy) };
  return signTopUp(owner, { chainId, settlement, authorization, funding });
}

/**
 * The time to which a lock is extended: as far away as that of an opening, and later than the server demands by the time the signature may
 * be used, where the payer allows that.
 *
 * @throws {LockLimitError} the server demands more than the payer allows.
 */
export function newUnlockAt({ minTtlSeconds }: Offer, policy: OpeningPolicy, now: bigint): bigint {
  const wanted = lockOf("ttlSeconds", minTtlSeconds, policy);
  const seconds = smallest(largest(wanted, minTtlSeconds + lifetimeOf(policy)), maxTtlOf(policy));
  return smallest(now + seconds, MAX_UINT40);
}

/** Whether an extension that was signed before still serves. */
export function isUsable(
  { authorization }: SignedExtension,
  { epoch, now }: Pick<RenewalParameters, "epoch" | "now">,
  { minTtlSeconds }: Offer,
): boolean {
  const { deadline, newUnlockAt: end } = authorization;
  return authorization.epoch === epoch && deadline > now && end >= now + minTtlSeconds;
}

/** Signs one extension. */
export async function signExtension(
  { owner, escrow, epoch, policy, now }: RenewalParameters,
  unlockAt: bigint,
): Promise<SignedExtension> {
  const { chainId, settlement, client, server, token } = escrow;
  const authorization = { client, server, token, epoch, newUnlockAt: unlockAt, deadline: now + lifetimeOf(policy) };
  const signature = await signExtendEscrow(owner, { chainId, settlement, authorization });
  return { authorization, signature };
}
