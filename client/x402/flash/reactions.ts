/**
 * What a payer does about a refusal.
 *
 * - `wait`: sends the same payment again when the server says so.
 * - `open`: opens an escrow.
 * - `topUp`, `extend`: brings more for the escrow, where that may help; else as `wait`, or as `none`.
 * - `unaided`: pays without what it brought.
 * - `reopen`: signs the opening anew.
 * - `epoch`, `nonce`, `window`, `amount`: goes on from what the corrective 402 says, as far as it may be believed.
 * - `higher`: signs a higher total, one unit at least above what was signed in the lane.
 * - `none`: tells the application.
 */
export type Reaction =
  | "wait"
  | "topUp"
  | "extend"
  | "unaided"
  | "open"
  | "reopen"
  | "epoch"
  | "nonce"
  | "window"
  | "amount"
  | "higher"
  | "none";

const REACTIONS: ReadonlyMap<string, Reaction> = new Map<string, Reaction>([
  ["flash_escrow_pending", "wait"],
  ["flash_exposure_exceeded", "topUp"],
  ["flash_escrow_too_small", "topUp"],
  ["flash_lock_too_short", "extend"],
  ["flash_renewal_malformed", "unaided"],
  ["flash_renewal_unsupported", "unaided"],
  ["flash_renewal_mismatch", "unaided"],
  ["flash_renewal_too_small", "unaided"],
  ["flash_renewal_expired", "unaided"],
  ["flash_renewal_signature_invalid", "unaided"],
  ["flash_renewal_unfunded", "unaided"],
  ["flash_renewal_failed", "unaided"],
  ["flash_relay_limit", "unaided"],
  ["flash_relay_budget", "unaided"],
  ["flash_stale_state", "wait"],
  ["flash_transaction_pending", "wait"],
  ["flash_relay_busy", "wait"],
  ["flash_transaction_limit", "wait"],
  ["flash_escrow_not_found", "open"],
  ["flash_opening_expired", "reopen"],
  ["flash_epoch_mismatch", "epoch"],
  ["flash_nonce_used", "nonce"],
  ["flash_nonce_out_of_window", "window"],
  ["flash_amount_insufficient", "amount"],
  ["flash_tab_settled", "higher"],
]);

/**
 * Says what to do about a refusal code. Codes that are not known here are told to the application.
 *
 * @param code - What came over the wire; may be anything.
 */
export function reactionTo(code: unknown): Reaction {
  return (typeof code === "string" ? REACTIONS.get(code) : undefined) ?? "none";
}
