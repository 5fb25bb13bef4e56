import type { Address } from "viem";
import { ChainBusyError, ChainUnavailableError } from "../../seller/core/errors.ts";
import type { FlashAcceptResult, FlashEscrowId, PresentedItem } from "../../seller/flash/types.ts";
import type { ServerDesk } from "./desk.ts";
import type { Refusal } from "./refusals.ts";
import type { FlashPayload } from "./types.ts";

/** What the ways to take a payment have in common. */

/** When to ask again about what waits for blocks, milliseconds. */
export const RETRY_MS = 2_000;

/** A payment whose form is right, and the desk it is for. */
export interface ReadPayment {
  readonly payload: FlashPayload;
  readonly desk: ServerDesk;
  /** Lower case. */
  readonly token: Address;
  /** Token base units. */
  readonly price: bigint;
}

/** An acceptance. */
export type Accepted = Extract<FlashAcceptResult, { readonly isAccepted: true }>;

/** Asks about an item: the acceptor, or its check, which gives undefined for what would be accepted. */
export type Ask = (item: PresentedItem) => Promise<Accepted | Refusal | undefined>;

/** Names the escrow of a client at a desk. */
export function escrowOf({ settlement, server }: ServerDesk, client: Address, token: Address): FlashEscrowId {
  return { ...settlement, client, server, token };
}

/** Reads an escrow again; the view of the chain finds by itself what cannot be read now. */
export async function refreshEscrow(desk: ServerDesk, escrow: FlashEscrowId): Promise<void> {
  try {
    await desk.chain.refreshEscrow(escrow);
  } catch (error) {
    if (!(error instanceof ChainUnavailableError || error instanceof ChainBusyError)) throw error;
  }
}
