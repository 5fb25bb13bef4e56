import type { PaymentStatus } from "../../auth-capture/read.ts";
import type { PaymentRecord, SignedAction } from "./types.ts";

/** What the chain says of a payment, as far as it decides whether a signature counts. */
export type LiveState = Pick<PaymentStatus, "collected" | "capturable" | "refundable" | "timestamp">;

/**
 * Whether a signature can still be carried out: the balances it is bound to come back only when the chain undoes what was done, and captures
 * and refunds have their ends. A void counts while anything is held.
 */
export function isLive(
  { paymentInfo }: Pick<PaymentRecord, "paymentInfo">,
  action: SignedAction,
  state: LiveState,
): boolean {
  const { collected, capturable, refundable, timestamp } = state;
  if (!collected) return false;
  if (action.type === "void") return capturable > 0n;
  const end = action.type === "refund" ? paymentInfo.refundExpiry : paymentInfo.authorizationExpiry;
  return capturable === action.capturable && refundable === action.refundable && timestamp < end;
}

/**
 * Finds the signature that can be carried out. Of several that the chain has brought back to life it is the first: a void would otherwise
 * overtake the capture that came before it.
 */
export function findLive(record: PaymentRecord, state: LiveState): SignedAction | undefined {
  return signedActions(record).find((action) => isLive(record, action, state));
}

/** Puts an action in the place of another one, or behind all others. */
export function withAction(
  record: PaymentRecord,
  action: SignedAction,
  replaced: SignedAction | undefined,
): Pick<PaymentRecord, "action" | "earlier"> {
  const known = signedActions(record);
  const place = replaced === undefined ? -1 : known.findIndex(({ signature }) => signature === replaced.signature);
  const all = place === -1 ? [...known, action] : known.with(place, action);
  const last = all.at(-1) ?? action;
  return { action: last, earlier: all.slice(0, -1) };
}

/** All that was signed for a payment and is not final, in its order. */
function signedActions({ earlier = [], action }: PaymentRecord): readonly SignedAction[] {
  return action === undefined ? earlier : [...earlier, action];
}
