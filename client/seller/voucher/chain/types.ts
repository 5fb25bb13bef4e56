import type { Address, Hex } from "viem";
import type { Voucher } from "../../../voucher/types.ts";
import type { AccountId, EscrowId } from "../types.ts";
import type { BlockReference } from "../../core/types.ts";

/** What the seller sees of the chain. */

/** Asks for an account to be read. */
export interface RefreshParameters {
  readonly account: AccountId;
  /** Lanes whose collected totals are wanted, besides those the store knows and the default lane. */
  readonly lanes?: readonly Hex[];
  /** Session signers that are wanted, besides those the store knows. */
  readonly signers?: readonly Address[];
  /** Least block, for example that of a deposit's receipt: waits until it has the confirmations the seller chose. */
  readonly minBlock?: bigint;
  /** True when whoever asks has proven nothing. Such reads take half of the places at most, and are done after all others. */
  readonly isUnproven?: boolean;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** A thaw that has begun on an account with uncollected vouchers, or a session signer that got an end. */
export type ChainAlert =
  | { readonly kind: "thaw"; readonly account: AccountId; readonly thawEndTime: bigint }
  | { readonly kind: "signer"; readonly buyer: Address; readonly signer: Address; readonly validUntil: bigint };

/**
 * Who vouches for a voucher besides the buyer's own key.
 *
 * - `session`: a key that is or was a session signer of the buyer, whatever the signature is good for by now.
 * - `wallet`: the contract wallet at the buyer's address, and no session signer.
 * - `nobody`: the escrow would not take it.
 */
export type SignedBy = "session" | "wallet" | "nobody";

/** Keeps the store in step with the chain, at the depth the seller chose. */
export interface ChainView {
  readonly escrow: EscrowId;
  /** Who is paid. */
  readonly seller: Address;
  /** Last block up to which every event of the seller is in the store; undefined before the first pass. */
  readonly lastSyncedBlock: BlockReference | undefined;

  /** Begins to poll. Errors are retried with growing pauses and reported to `onError`. */
  start(): void;
  /** Ends polling and waits for the pass that runs. */
  stop(): Promise<void>;
  /** Does one pass now. @throws {ChainUnavailableError} the chain does not answer. */
  sync(): Promise<BlockReference>;
  /**
   * Reads one account at the chosen depth and puts it into the store. Requests that come together are read together, accounts in which
   * something is uncollected before others.
   *
   * @throws {ChainUnavailableError} the chain does not answer.
   * @throws {ChainBusyError} too many accounts wait already.
   */
  refreshAccount(parameters: RefreshParameters): Promise<void>;
  /**
   * Asks the escrow who signed a voucher that the buyer's own key did not sign: one `eth_call` at the latest block.
   *
   * @param key - Key that the signature recovers to; undefined when there is none.
   * @throws {ChainUnavailableError} the chain does not answer.
   */
  whoSigned(voucher: Voucher, signature: Hex, key: Address | undefined): Promise<SignedBy>;
  /** Calls `listener` after each pass with what it found. Returns the function that ends it. */
  onAlert(listener: (alert: ChainAlert) => void): () => void;
}
