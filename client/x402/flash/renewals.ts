import type { Address } from "viem";
import { largest, smallest } from "../../core/amounts.ts";
import type { ExpectedRenewal, FlashEscrowState } from "../../seller/flash/types.ts";
import { amountOf } from "../core/assets.ts";
import type { FlashCode } from "./codes.ts";
import { leastEscrowOf, minTtlOf, type ServerDesk } from "./desk.ts";
import type { Renewal, SignedItem } from "./types.ts";
import { toOpenMethod } from "./wire.ts";

/** The payment that a renewal comes with. */
export interface RenewalContext {
  readonly desk: ServerDesk;
  readonly token: Address;
  readonly item: SignedItem;
}

/** Says why nobody sends a renewal with this payment; undefined when somebody would if the payment needs it. */
export function refuseRenewal({ topUp, extension }: Renewal, context: RenewalContext): FlashCode | undefined {
  const { desk, token } = context;
  const { relayer } = desk;
  const least = relayer && amountOf(relayer.minimumOpenings, token);
  if (relayer === undefined || least === undefined) return "flash_renewal_unsupported";
  const parts = [topUp, extension].filter((part) => part !== undefined);
  if (parts.some(({ authorization }) => !isForPayment(authorization, context))) return "flash_renewal_mismatch";
  if (parts.some(({ authorization: { deadline } }) => deadline < desk.acceptor.now())) return "flash_renewal_expired";
  if (topUp === undefined) return undefined;
  if (!relayer.methods.includes(toOpenMethod(topUp.funding.method))) return "flash_renewal_unsupported";
  return topUp.authorization.amount < largest(least, 1n) ? "flash_renewal_too_small" : undefined;
}

interface Parties {
  readonly client: Address;
  readonly server: Address;
  readonly token: Address;
  readonly epoch: bigint;
}

function isForPayment({ client, server, token, epoch }: Parties, { desk, item, ...context }: RenewalContext): boolean {
  const isItsClient = client === item.client && epoch === item.epoch;
  return isItsClient && server === desk.server.toLowerCase() && token === context.token;
}

/** What an escrow gains by a renewal. */
export function gainOf({ topUp, extension }: Renewal): ExpectedRenewal {
  return { topUp: topUp?.authorization.amount ?? 0n, unlockAt: extension?.authorization.newUnlockAt ?? 0n };
}

/**
 * Says why an extension is not worth its gas; undefined when it is. It must last, so that the next one is far away, and the escrow must hold
 * what an opening has to.
 */
export function refuseExtension(
  renewal: Renewal,
  { confirmed, head }: FlashEscrowState,
  { desk, token }: RenewalContext,
): FlashCode | undefined {
  if (renewal.extension === undefined) return undefined;
  const { topUp, unlockAt } = gainOf(renewal);
  if (smallest(confirmed.balance, head.balance) + topUp < leastEscrowOf(desk, token)) return "flash_escrow_too_small";
  const now = largest(desk.acceptor.now(), head.block.timestamp);
  return unlockAt < now + minTtlOf(desk) ? "flash_lock_too_short" : undefined;
}
