import type { FlashEscrowId } from "../../seller/flash/types.ts";
import { createRecordMemory, type RecordStorage } from "../core/recordFile.ts";
import type { LockRecord } from "./payerLocks.ts";

/** One lane as its payer knows it. */
export interface PayerLaneRecord {
  /** Lane of tabs. */
  readonly lane: bigint;
  /** Highest total ever signed: what the server may collect. Token base units. */
  readonly promised: bigint;
  /** What requests have used of it, never above {@link PayerLaneRecord.promised}. Token base units. */
  readonly charged: bigint;
  /** True when the server says more about it than this payer has signed; it is not used any more. */
  readonly isAvoided: boolean;
}

/** A payment or transaction that was signed and refused, and that may be sent again. */
export interface SparePayment {
  /** How it was signed. */
  readonly kind: "payment" | "transaction";
  /** Nonce of the payment. */
  readonly nonce: bigint;
  /** Token base units. */
  readonly amount: bigint;
}

/** One escrow as its payer knows it. Amounts are token base units, those of payments in this epoch. */
export interface PayerRecord extends LockRecord {
  readonly escrow: FlashEscrowId;
  /** Epoch of the escrow that it is about. */
  readonly epoch: bigint;
  /** Whether the server accepted in this epoch, or the chain shows it. */
  readonly isOpen: boolean;
  /** Lowest nonce that was never signed. */
  readonly nextNonce: bigint;
  readonly lanes: readonly PayerLaneRecord[];
  readonly spares: readonly SparePayment[];
  /** Everything signed. */
  readonly signed: bigint;
  /** What was served of it. */
  readonly served: bigint;
  /** What was not served in earlier epochs that the chain has not shown to be over. */
  readonly carried: bigint;
}

/**
 * Keeps what a payer knows over a restart. What is lost is told again by corrective 402s, as far as the payer's own signatures reach;
 * only the limits then start anew.
 */
export interface PayerStorage extends RecordStorage<PayerRecord> {}

/**
 * Keeps nothing over a restart.
 *
 * @returns The storage.
 *
 * @example
 * const scheme = new FlashEvmScheme({ client, settlements, storage: createMemoryPayerStorage() });
 */
export function createMemoryPayerStorage(): PayerStorage {
  return createRecordMemory(({ escrow }) => payerKey(escrow));
}

/** Writes the name of an escrow as one text. */
export function payerKey({ chainId, settlement, client, server, token }: FlashEscrowId): string {
  return `${chainId}:${settlement}:${server}:${token}:${client}`;
}
