import type { Address, Hash, Hex } from "viem";
import type { EscrowDeployment } from "../../auth-capture/addresses.ts";
import type { LifecycleAction, Role } from "../../auth-capture/lifecycle.ts";
import type { Fee } from "../../auth-capture/typedData.ts";
import type { Balances, PaymentInfo, PaymentState } from "../../auth-capture/types.ts";
import type { Parsed as ParsedOf, WireInteger } from "../core/fields.ts";
import type { AuthCaptureCode } from "./codes.ts";
import type { CAPTURE_MODES, LIFECYCLE_TYPES, OPERATOR_TYPES, PAYMENT_FLOWS, TRANSFER_METHODS } from "./constants.ts";

/** A value read from the wire, or the scheme's code for what is wrong with it. */
export type Parsed<T> = ParsedOf<T, AuthCaptureCode>;

/** A member of {@link PAYMENT_FLOWS}. */
export type PaymentFlow = (typeof PAYMENT_FLOWS)[number];

/** A member of {@link CAPTURE_MODES}. */
export type CaptureMode = (typeof CAPTURE_MODES)[number];

/** A member of {@link OPERATOR_TYPES}. */
export type OperatorType = (typeof OPERATOR_TYPES)[number];

/** A member of {@link TRANSFER_METHODS}. */
export type TransferMethod = (typeof TRANSFER_METHODS)[number];

/** A member of {@link LIFECYCLE_TYPES}. */
export type LifecycleType = (typeof LIFECYCLE_TYPES)[number];

/* REQUIREMENTS */

/** Payment requirements of the scheme, read. Amounts in token base units, times in unix seconds, spans in seconds. */
export interface PaymentTerms {
  /** Chain that is paid on. */
  readonly chainId: bigint;
  /** Canonical escrow and its parts; v1.1 when the requirements name none. */
  readonly deployment: EscrowDeployment;
  /** `captureAuthorizer`. */
  readonly operator: Address;
  /** `payTo`. */
  readonly receiver: Address;
  /** `asset`. */
  readonly token: Address;
  /** `amount`. */
  readonly amount: bigint;
  /** Seconds the server may take to answer. */
  readonly maxTimeoutSeconds: bigint;
  /** First second at which nothing can be captured. */
  readonly captureDeadline: bigint;
  /** First second at which nothing can be refunded. */
  readonly refundDeadline: bigint;
  /** `feeRecipient`; zero for none. */
  readonly feeReceiver: Address;
  /** Basis points. */
  readonly minFeeBps: bigint;
  /** Basis points. */
  readonly maxFeeBps: bigint;
  /** EIP-712 name and version of the token. */
  readonly tokenDomain: { readonly name: string; readonly version: string };
  /** `escrow` when the requirements name none. */
  readonly flow: PaymentFlow;
  readonly captureMode: CaptureMode;
  readonly operatorType: OperatorType;
  /** Whose signature charges and lifecycle actions need; zero for none. */
  readonly receiverAuthorizer: Address;
  /** Undefined for one that the scheme does not know. */
  readonly method: TransferMethod | undefined;
}

/* PAYLOADS */

/** What a server adds to a payment in the flow `authorization`: how much of it is charged. */
export interface ChargeCompletion {
  /** Token base units. */
  readonly amount: bigint;
  readonly fee: Fee;
  /** Who gets the fee. */
  readonly feeReceiver: Address;
  /** Of the receiver's authorizer; absent when the server leaves it to the facilitator. */
  readonly authorizerSignature?: Hex;
}

/** What a payer signed, and what the server added to it. */
export interface CollectPayload {
  readonly type: "collect";
  readonly method: TransferMethod;
  /** Who pays. */
  readonly payer: Address;
  /** Collector that may fetch the tokens. */
  readonly tokenCollector: Address;
  /** Token of a Permit2 payment; an ERC-3009 signature is the token's own. */
  readonly token?: Address;
  /** The most that may be fetched, token base units. */
  readonly maxAmount: bigint;
  /** Unix seconds. */
  readonly validAfter: bigint;
  /** First second at which the signature no longer counts, unix seconds. */
  readonly validBefore: bigint;
  /** 32 bytes; Permit2's is the same as a number. */
  readonly nonce: Hex;
  /** The payer's, untouched: 65 bytes of a key, or bytes for ERC-1271, also wrapped by ERC-6492. */
  readonly signature: Hex;
  /** Makes the payment unique. */
  readonly salt: bigint;
  /** Absent where the salt commits to nothing. */
  readonly saltNonce?: bigint;
  readonly completion?: ChargeCompletion;
}

interface LifecycleBase {
  readonly paymentInfo: PaymentInfo;
  /** Absent where the salt commits to nothing. */
  readonly saltNonce?: bigint;
  /** Of the authorizer; absent when the server leaves it to the facilitator. */
  readonly authorizerSignature?: Hex;
}

/** Pay the receiver part of what is held; `captureAndVoid` gives the rest back by the same signature. */
export interface CapturePayload extends LifecycleBase {
  /** Whether the rest is voided, too. */
  readonly type: "capture" | "captureAndVoid";
  /** Token base units, the fee included. */
  readonly amount: bigint;
  readonly fee: Fee;
  /** Who gets the fee. */
  readonly feeReceiver: Address;
  /** Balances that the signature is bound to. */
  readonly expected: Balances;
  /** Of `capture` by a delegated operator only: a second signature, for the void of the rest. */
  readonly voidAuthorizerSignature?: Hex;
}

/** Give everything held back to the payer. */
export interface VoidPayload extends LifecycleBase {
  readonly type: "void";
  /** Never accepted here. */
  readonly voidAuthorizerSignature?: Hex;
}

/** Give captured money back to the payer. */
export interface RefundPayload extends LifecycleBase {
  readonly type: "refund";
  /** Token base units. */
  readonly amount: bigint;
  /** Balances that the signature is bound to. */
  readonly expected: Balances;
  /** SignedRefundCollector; absent for a delegated operator, which has one collector only. */
  readonly tokenCollector?: Address;
  /** What the collector needs, see `signRefund`; absent for a delegated operator. */
  readonly collectorData?: Hex;
  /** Never accepted here. */
  readonly voidAuthorizerSignature?: Hex;
}

/** What a server asks for after a payment was collected. */
export type LifecyclePayload = CapturePayload | VoidPayload | RefundPayload;

/** `payload` of a payment, read. */
export type AuthCapturePayload = CollectPayload | LifecyclePayload;

/* WIRE */

/** A payment as JSON: amount as a decimal string, times and fees as numbers, salt as 32 bytes. */
export interface WirePaymentInfo {
  /** Address of the operator. */
  readonly operator: Address;
  /** Who pays. */
  readonly payer: Address;
  /** Who is paid. */
  readonly receiver: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** Most that is collected, token base units. */
  readonly maxAmount: string;
  readonly preApprovalExpiry: WireInteger;
  readonly authorizationExpiry: WireInteger;
  readonly refundExpiry: WireInteger;
  readonly minFeeBps: WireInteger;
  readonly maxFeeBps: WireInteger;
  /** Who gets the fee. */
  readonly feeReceiver: Address;
  /** Makes the payment unique. */
  readonly salt: Hex;
}

/** A fee as JSON. */
export type WireFee = { readonly feeAmount: string } | { readonly feeBps: WireInteger };

/** Keys that a server adds to a payment in the flow `authorization`. */
export type WireChargeCompletion = WireFee & {
  /** Token base units. */
  readonly amount: string;
  /** Who gets the fee. */
  readonly feeReceiver: Address;
  /** The authorizer's consent to the charge. */
  readonly authorizerSignature?: Hex;
};

/** A lifecycle payload as JSON. */
export type WireLifecyclePayload = Record<string, unknown> & {
  readonly type: LifecycleType;
  readonly paymentInfo: WirePaymentInfo;
};

/* ANSWER */

/** One thing that can be done to a payment next. */
export interface NextAction {
  readonly action: LifecycleAction;
  readonly by: Role;
  /** First second, unix seconds. */
  readonly from: bigint;
  /** First second at which it is too late, unix seconds; absent for no end. */
  readonly until?: bigint;
}

/** A payment as `extra.authCapture` of an answer shows it. Nothing of it is proven: look at the chain. */
export interface PaymentReport extends PaymentState {
  /** Canonical AuthCaptureEscrow of the payment. */
  readonly escrow: Address;
  readonly paymentInfo: PaymentInfo;
  /** 32 bytes. */
  readonly paymentInfoHash: Hex;
  /** Transaction that collected the payment, where it is known. */
  readonly collectTransaction?: Hash;
  /** When the payer disputed, unix seconds; zero if it did not. */
  readonly disputedAt: bigint;
  /** Unix seconds, each the first second of what it begins. */
  readonly deadlines: PaymentDeadlines;
  /** Empty where the operator's terms are not known. */
  readonly next: readonly NextAction[];
}

/** A payment's deadlines, unix seconds, each the first second of what it begins. */
export interface PaymentDeadlines {
  /** W: an undisputed arbitrated hold is due; absent where the operator's terms are not known. */
  readonly releasableFrom?: bigint;
  /** Q: the arbiter can no longer rule; absent where the operator's terms are not known. */
  readonly rulingDeadline?: bigint;
  /** E: nothing can be captured, and the rest is the payer's. */
  readonly capture: bigint;
  /** Nothing can be refunded. */
  readonly refund: bigint;
}

/** {@link PaymentReport} as JSON. */
export interface WirePaymentReport {
  /** Canonical AuthCaptureEscrow of the payment. */
  readonly escrow: Address;
  readonly paymentInfo: WirePaymentInfo;
  /** The escrow's identity of the payment. */
  readonly paymentInfoHash: Hex;
  /** Transaction of the authorize or charge. */
  readonly authorizeTransaction?: Hash;
  /** Whether the payment was collected. */
  readonly collected: boolean;
  /** Held, token base units. */
  readonly capturable: string;
  /** Captured and not refunded, token base units. */
  readonly refundable: string;
  readonly disputedAt?: WireInteger;
  /** Ends of what can be done, unix seconds, as {@link PaymentDeadlines} has them. */
  readonly deadlines: Readonly<Partial<Record<keyof PaymentDeadlines, WireInteger>>>;
  /** What can be done, by whom, and from when. */
  readonly next: readonly {
    readonly action: LifecycleAction;
    readonly by: Role;
    readonly from: WireInteger;
    readonly until?: WireInteger;
  }[];
}
