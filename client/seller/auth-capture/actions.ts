import { isAddressEqual, type Address, type Hex } from "viem";
import type { PaymentStatus } from "../../auth-capture/read.ts";
import { signCapture, signCaptureAndVoid, signRefundApproval, signVoid } from "../../auth-capture/sign.ts";
import { authorizerOf } from "../../auth-capture/terms.ts";
import type { TypedDataSigner } from "../../core/signer.ts";
import { LiveSignatureError, PaymentChangedError, UnsafeOfferError } from "./errors.ts";
import { findLive, withAction } from "./history.ts";
import type { PaymentRecord, SignedAction } from "./types.ts";

/** A key that signs captures, voids and refunds. */
export type Authorizer = TypedDataSigner & { readonly address: Address };

/** What shall be signed. */
export type WantedAction =
  | { readonly type: "capture" | "captureAndVoid"; readonly amount: bigint }
  | { readonly type: "void" }
  | {
      readonly type: "refund";
      readonly amount: bigint;
      readonly tokenCollector: Address;
      readonly collectorData: Hex;
    };

/**
 * Signs an action, or takes the same bytes again.
 *
 * @returns What the record then has signed.
 * @throws {LiveSignatureError} another action is signed and can still be carried out.
 * @throws {PaymentChangedError} it cannot be done to the payment now.
 * @throws {UnsafeOfferError} none of the authorizers is the payment's.
 */
export async function signAction(
  authorizers: readonly Authorizer[],
  record: PaymentRecord,
  status: PaymentStatus,
  wanted: WantedAction,
): Promise<Pick<PaymentRecord, "action" | "earlier">> {
  const { paymentInfoHash } = record;
  const live = findLive(record, status);
  if (live !== undefined) {
    if (isSame(live, wanted)) return withAction(record, { ...live, ...collectorOf(wanted) }, live);
    // What nobody else has seen can be torn up, but for a void: it is final.
    if (live.isReleased || live.type === "void") throw new LiveSignatureError(paymentInfoHash, live);
  }
  if (!status.actions.some((possible) => possible.action === wanted.type && possible.isOpen)) {
    throw new PaymentChangedError(paymentInfoHash, `allows no ${wanted.type} now`);
  }
  const signer = findAuthorizer(authorizers, record);
  const { capturable, refundable } = status;
  const balances = { capturable, refundable };
  const signature = await sign(signer, record, balances, wanted);
  const amount = wanted.type === "void" ? 0n : wanted.amount;
  const action = { ...balances, type: wanted.type, amount, signature, isReleased: false, ...collectorOf(wanted) };
  return withAction(record, action, live);
}

/** Finds the key that signs for a payment's receiver. */
export function findAuthorizer(
  authorizers: readonly Authorizer[],
  { terms, paymentInfo }: Pick<PaymentRecord, "terms" | "paymentInfo">,
): Authorizer {
  const address = authorizerOf(terms, paymentInfo);
  const signer = authorizers.find((authorizer) => isAddressEqual(authorizer.address, address));
  if (signer !== undefined) return signer;
  throw new UnsafeOfferError(`Nobody here signs for the authorizer ${address}.`, "Add its key to `authorizers`.");
}

function sign(
  signer: Authorizer,
  { chainId, escrow, paymentInfo, terms }: PaymentRecord,
  balances: { readonly capturable: bigint; readonly refundable: bigint },
  wanted: WantedAction,
): Promise<Hex> {
  const payment = { chainId, escrow, paymentInfo };
  if (wanted.type === "void") return signVoid(signer, payment);
  const { amount } = wanted;
  if (wanted.type === "refund") {
    return signRefundApproval(signer, { ...payment, ...balances, amount, tokenCollector: wanted.tokenCollector });
  }
  const signCall = wanted.type === "capture" ? signCapture : signCaptureAndVoid;
  return signCall(signer, { ...payment, ...balances, terms, amount });
}

/** What an authorizer signs of a refund names its collector and not who funds it, so another funder takes the same signature. */
function isSame(action: SignedAction, wanted: WantedAction): boolean {
  if (action.type !== wanted.type) return false;
  if (wanted.type === "void") return true;
  return action.amount === wanted.amount && action.tokenCollector === collectorOf(wanted).tokenCollector;
}

function collectorOf(wanted: WantedAction): Pick<SignedAction, "tokenCollector" | "collectorData"> {
  if (wanted.type !== "refund") return {};
  return { tokenCollector: wanted.tokenCollector, collectorData: wanted.collectorData };
}
