/**
 * What a buyer does about a refusal.
 *
 * - `lane`: goes on from what the corrective 402 says about a lane, or uses another lane.
 * - `fewerLanes`: the same, and opens no more lanes.
 * - `deposit`: deposits.
 * - `newDeposit`: the deposit it sent cannot be executed any more; makes another one if it is still needed.
 * - `noDeposit`: the deposit it sent is no good; tells the application.
 * - `signer`: authorizes its session signer again.
 * - `none`: tells the application.
 */
export type Reaction = "lane" | "fewerLanes" | "deposit" | "newDeposit" | "noDeposit" | "signer" | "none";

const PREFIX = "invalid_deferred_evm_payload_";
const REACTIONS: ReadonlyMap<string, Reaction> = new Map<string, Reaction>([
  ["insufficient_funds", "deposit"],
  [`${PREFIX}voucher_value`, "lane"],
  [`${PREFIX}voucher_value_aggregate_decreasing`, "lane"],
  [`${PREFIX}voucher_nonce_mismatch`, "lane"],
  [`${PREFIX}voucher_non_zero_nonce`, "lane"],
  [`${PREFIX}voucher_timestamp_decreasing`, "lane"],
  [`${PREFIX}voucher_expiry_decreasing`, "lane"],
  [`${PREFIX}voucher_already_accepted`, "lane"],
  [`${PREFIX}lane_busy`, "lane"],
  [`${PREFIX}lane_signed_by_key`, "lane"],
  [`${PREFIX}lane_limit`, "fewerLanes"],
  [`${PREFIX}signature`, "signer"],
  [`${PREFIX}signer_expired`, "signer"],
  [`${PREFIX}deposit_authorization_nonce_invalid`, "newDeposit"],
  [`${PREFIX}permit_nonce_invalid`, "newDeposit"],
]);

/**
 * Says what to do about a refusal code. Codes of other sellers that are not known here are told to the application.
 *
 * @param code - What came over the wire; may be anything.
 */
export function reactionTo(code: unknown): Reaction {
  if (typeof code !== "string") return "none";
  const reaction = REACTIONS.get(code);
  if (reaction !== undefined) return reaction;
  const isAboutDeposit = code.startsWith(`${PREFIX}deposit_authorization`) || code.startsWith(`${PREFIX}permit`);
  return isAboutDeposit ? "noDeposit" : "none";
}
