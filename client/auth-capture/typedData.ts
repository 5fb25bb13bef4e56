import type { Address, Hex } from "viem";
import type { Member } from "../core/word.ts";
import type { Generation } from "./addresses.ts";

const FEE_MEMBER = {
  "v1.1": { name: "feeAmount", type: "uint256" },
  "v1.0": { name: "feeBps", type: "uint16" },
} as const satisfies Record<Generation, Member>;

/** Members of a capture, with or without a void of the rest. */
function captureMembers(generation: Generation): readonly Member[] {
  return [
    { name: "paymentInfoHash", type: "bytes32" },
    { name: "amount", type: "uint256" },
    FEE_MEMBER[generation],
    { name: "feeReceiver", type: "address" },
    { name: "expectedCapturableAmount", type: "uint256" },
    { name: "expectedRefundableAmount", type: "uint256" },
  ];
}

function typesOf(generation: Generation) {
  return {
    Charge: [
      { name: "paymentInfoHash", type: "bytes32" },
      { name: "amount", type: "uint256" },
      { name: "tokenCollector", type: "address" },
      { name: "collectorDataHash", type: "bytes32" },
      FEE_MEMBER[generation],
      { name: "feeReceiver", type: "address" },
    ],
    Capture: captureMembers(generation),
    CaptureAndVoid: captureMembers(generation),
    Void: [{ name: "paymentInfoHash", type: "bytes32" }],
    Refund: [
      { name: "paymentInfoHash", type: "bytes32" },
      { name: "amount", type: "uint256" },
      { name: "tokenCollector", type: "address" },
      { name: "expectedCapturableAmount", type: "uint256" },
      { name: "expectedRefundableAmount", type: "uint256" },
    ],
    Release: [
      { name: "paymentInfoHash", type: "bytes32" },
      { name: "expectedCapturableAmount", type: "uint256" },
      { name: "disputed", type: "bool" },
      { name: "deadline", type: "uint48" },
    ],
    Dispute: [
      { name: "paymentInfoHash", type: "bytes32" },
      { name: "reasonHash", type: "bytes32" },
      { name: "deadline", type: "uint48" },
    ],
    Rule: [
      { name: "paymentInfoHash", type: "bytes32" },
      { name: "receiverAmount", type: "uint256" },
    ],
    Settle: [
      { name: "paymentInfoHash", type: "bytes32" },
      { name: "receiverAmount", type: "uint256" },
      { name: "expectedCapturableAmount", type: "uint256" },
      { name: "expectedRefundableAmount", type: "uint256" },
      { name: "disputed", type: "bool" },
      { name: "deadline", type: "uint48" },
    ],
  } as const satisfies Record<string, readonly Member[]>;
}

/**
 * EIP-712 types of every lifecycle message, a set for each generation: they differ in the member of the fee.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol; `Charge`, `Capture`, `Void` and `Refund` are the scheme's own.
 * - Members stand in the order in which they are hashed.
 */
export const lifecycleTypes = /* @__PURE__ */ {
  "v1.1": /* @__PURE__ */ typesOf("v1.1"),
  "v1.0": /* @__PURE__ */ typesOf("v1.0"),
} as const;

/** Name of a lifecycle message. */
export type LifecyclePrimaryType = keyof (typeof lifecycleTypes)["v1.1"];

/**
 * A fee as a message carries it: `feeAmount` in token base units for v1.1, `feeBps` in basis points for v1.0.
 *
 * `feeOf` makes it from terms.
 */
export type Fee =
  | { readonly feeAmount: bigint; readonly feeBps?: undefined }
  | { readonly feeBps: bigint; readonly feeAmount?: undefined };

/** Signed by the authorizer: capture this much while the payment's balances are these. */
export type Capture = Fee & {
  /** Payment, 32 bytes, see `hashPaymentInfo`. */
  readonly paymentInfoHash: Hex;
  /** To capture, the fee included, token base units. */
  readonly amount: bigint;
  /** Who gets the fee. */
  readonly feeReceiver: Address;
  /** Held when it is executed, token base units. */
  readonly expectedCapturableAmount: bigint;
  /** Captured and not refunded when it is executed, token base units. */
  readonly expectedRefundableAmount: bigint;
};

/** Signed by the receiver's authorizer: charge this payment by these bytes. */
export type Charge = Fee & {
  /** Payment, 32 bytes, see `hashPaymentInfo`. */
  readonly paymentInfoHash: Hex;
  /** Token base units. */
  readonly amount: bigint;
  /** Canonical collector that moves the tokens. */
  readonly tokenCollector: Address;
  /** Hash of the bytes for the collector, 32 bytes. */
  readonly collectorDataHash: Hex;
  /** Who gets the fee. */
  readonly feeReceiver: Address;
};

/** Signed by the authorizer: give everything held back to the payer, now or at any time. */
export interface Void {
  /** Payment, 32 bytes, see `hashPaymentInfo`. */
  readonly paymentInfoHash: Hex;
}

/** Signed by the authorizer: refund this much while the payment's balances are these. It names no funder. */
export interface Refund {
  /** Payment, 32 bytes, see `hashPaymentInfo`. */
  readonly paymentInfoHash: Hex;
  /** Token base units. */
  readonly amount: bigint;
  /** Canonical collector that moves the tokens. */
  readonly tokenCollector: Address;
  /** Held when it is executed, token base units. */
  readonly expectedCapturableAmount: bigint;
  /** Captured and not refunded when it is executed, token base units. */
  readonly expectedRefundableAmount: bigint;
}

/** Signed by the payer: pay the receiver everything held. */
export interface Release {
  /** Payment, 32 bytes, see `hashPaymentInfo`. */
  readonly paymentInfoHash: Hex;
  /** Held when it is executed, token base units. */
  readonly expectedCapturableAmount: bigint;
  /** Whether the payment is disputed when it is executed. */
  readonly disputed: boolean;
  /** Last second, unix seconds, inclusive. */
  readonly deadline: bigint;
}

/** Signed by the payer: let the arbiter decide. */
export interface Dispute {
  /** Payment, 32 bytes, see `hashPaymentInfo`. */
  readonly paymentInfoHash: Hex;
  /** Hash of the reason, which stays off-chain, 32 bytes. */
  readonly reasonHash: Hex;
  /** Last second, unix seconds, inclusive. */
  readonly deadline: bigint;
}

/** Signed by the arbiter: split what is held. */
export interface Rule {
  /** Payment, 32 bytes, see `hashPaymentInfo`. */
  readonly paymentInfoHash: Hex;
  /** Receiver's part, the fee included, token base units; the rest is the payer's. */
  readonly receiverAmount: bigint;
}

/** Signed by the payer and the authorizer: split what is held. */
export interface Settle {
  /** Payment, 32 bytes, see `hashPaymentInfo`. */
  readonly paymentInfoHash: Hex;
  /** Receiver's part, the fee included, token base units; the rest is the payer's. */
  readonly receiverAmount: bigint;
  /** Held when it is executed, token base units. */
  readonly expectedCapturableAmount: bigint;
  /** Captured and not refunded when it is executed, token base units. */
  readonly expectedRefundableAmount: bigint;
  /** Whether the payment is disputed when it is executed. */
  readonly disputed: boolean;
  /** Last second, unix seconds, inclusive. */
  readonly deadline: bigint;
}

/** The message of each name in {@link lifecycleTypes}. */
export interface LifecycleMessages {
  readonly Charge: Charge;
  readonly Capture: Capture;
  readonly CaptureAndVoid: Capture;
  readonly Void: Void;
  readonly Refund: Refund;
  readonly Release: Release;
  readonly Dispute: Dispute;
  readonly Rule: Rule;
  readonly Settle: Settle;
}

/** Which operator on which chain a lifecycle message is for. */
export interface OperatorReference {
  /** Chain of the operator. */
  readonly chainId: number | bigint;
  /** The payment's operator, the `captureAuthorizer` of the scheme. */
  readonly operator: Address;
}

/** EIP-712 domain of one operator. */
export interface OperatorDomain {
  readonly name: "x402 Auth Capture Operator";
  readonly version: "1";
  /** A number, because browser wallets compare it with their own chain id as one. */
  readonly chainId: number;
  /** Address of the operator. */
  readonly verifyingContract: Address;
}

/**
 * Builds the EIP-712 domain of an operator: the scheme's, whatever kind of operator it is.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param reference - Chain id and address of the operator.
 * @returns Domain for viem's `signTypedData` and for the hash functions of this module.
 *
 * @example
 * const domain = operatorDomain({ chainId: 8453, operator: paymentInfo.operator });
 */
export function operatorDomain({ chainId, operator }: OperatorReference): OperatorDomain {
  return {
    name: "x402 Auth Capture Operator",
    version: "1",
    chainId: Number(chainId),
    verifyingContract: operator,
  };
}
