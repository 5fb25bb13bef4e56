import { encodeFunctionData, type Address, type Hex } from "viem";
import {
  authCaptureEscrowAbi,
  authCaptureEscrowV1_0Abi,
  preApprovalPaymentCollectorAbi,
  termsOperatorAbi,
  termsOperatorFactoryAbi,
  termsOperatorV1_0Abi,
} from "../abi/index.ts";
import { withChecksums } from "../core/checksums.ts";
import type { ContractCall } from "../core/write.ts";
import type { Generation } from "./addresses.ts";
import { generationOf } from "./hash.ts";
import { getPaymentCollector, type CollectorCall } from "./payment.ts";
import { feeOf } from "./terms.ts";
import type { Fee } from "./typedData.ts";
import type { FeeTerms, PaymentInfo, Terms } from "./types.ts";

/** A payment and its escrow. */
export interface PaymentAt {
  /** Address of the canonical escrow, of either generation. */
  readonly escrow: Address;
  readonly paymentInfo: PaymentInfo;
}

/** A payment, and its payer's consent. */
export interface AuthorizeCall extends PaymentAt, CollectorCall {}

/** A payment that is charged at once, its payer's consent, and the fee. */
export interface ChargeCall extends AuthorizeCall {
  /** Of the operator; only the fee counts. */
  readonly terms: FeeTerms;
}

/** A capture that the authorizer signed. */
export interface CaptureCall extends PaymentAt {
  /** To capture, the fee included, token base units. */
  readonly amount: bigint;
  /** The authorizer's. */
  readonly signature: Hex;
}

/** A void that the authorizer signed or sends. */
export interface VoidCall extends PaymentAt {
  /** The authorizer's; absent when the authorizer itself sends. */
  readonly signature?: Hex;
}

/** A refund that the authorizer and a funder signed. */
export interface RefundCall extends PaymentAt, CollectorCall {
  /** To refund, token base units. */
  readonly amount: bigint;
  /** The authorizer's, from `signRefundApproval`. */
  readonly signature: Hex;
}

/** A release that the payer signed or sends. */
export interface ReleaseCall extends PaymentAt {
  /** Last second that the payer signed, unix seconds, inclusive; absent when the payer itself sends. */
  readonly deadline?: bigint;
  /** The payer's; absent when the payer itself sends. */
  readonly signature?: Hex;
}

/** A dispute that the payer signed or sends. */
export interface DisputeCall extends ReleaseCall {
  /** Hash of the reason, which stays off-chain, 32 bytes. */
  readonly reasonHash: Hex;
}

/** A ruling that the arbiter signed or sends. */
export interface RuleCall extends PaymentAt {
  /** Receiver's part, the fee included, token base units; the payer gets the rest. */
  readonly receiverAmount: bigint;
  /** The arbiter's; absent when the arbiter itself sends. */
  readonly signature?: Hex;
}

/** A settlement that payer and authorizer signed; one of them may send it instead. */
export interface SettleCall extends PaymentAt {
  /** Receiver's part, the fee included, token base units; the payer gets the rest. */
  readonly receiverAmount: bigint;
  /** Last second that they signed, unix seconds, inclusive. */
  readonly deadline: bigint;
  /** Absent when the payer itself sends. */
  readonly payerSignature?: Hex;
  /** Absent when the authorizer itself sends. */
  readonly authorizerSignature?: Hex;
}

/** Terms that need an operator. */
export interface DeployOperatorCall {
  /** Address of TermsOperatorFactory. */
  readonly factory: Address;
  readonly terms: Terms;
  /** Address of the canonical escrow, of either generation. */
  readonly escrow: Address;
}

/** An authorization by an operator that is an account. */
export interface AuthorizeAsOperatorCall extends AuthorizeCall {
  /** To hold, token base units; `maxAmount` when absent. */
  readonly amount?: bigint;
}

/** A charge by an operator that is an account. */
export interface ChargeAsOperatorCall extends AuthorizeAsOperatorCall {
  readonly fee: Fee;
  /** Who gets the fee. */
  readonly feeReceiver: Address;
}

/** A capture by an operator that is an account. */
export interface CaptureAsOperatorCall extends PaymentAt {
  /** To capture, the fee included, token base units. */
  readonly amount: bigint;
  readonly fee: Fee;
  /** Who gets the fee. */
  readonly feeReceiver: Address;
}

/** A refund by an operator that is an account. */
export interface RefundAsOperatorCall extends PaymentAt {
  /** To refund, token base units. */
  readonly amount: bigint;
  /** Where the tokens come from; the canonical OperatorRefundCollector, which takes them from the sender, when absent. */
  readonly funding?: CollectorCall;
}

/** What each action that anyone may relay takes. */
export interface RelayedCalls {
  readonly authorize: AuthorizeCall;
  readonly charge: ChargeCall;
  readonly capture: CaptureCall;
  readonly captureAndVoid: CaptureCall;
  readonly void: VoidCall;
  readonly refund: RefundCall;
  readonly release: ReleaseCall;
  readonly dispute: DisputeCall;
  readonly rule: RuleCall;
  readonly settle: SettleCall;
  readonly releaseDue: PaymentAt;
  readonly voidExpired: PaymentAt;
}

/** Name of an action that anyone may relay. */
export type RelayedAction = keyof RelayedCalls;

/** One action with what it takes, for {@link encodeCall} and for several in one transaction. */
export type RelayedCall = {
  readonly [name in RelayedAction]: { readonly action: name } & RelayedCalls[name];
}[RelayedAction];

/** A call as a transaction or a simulation takes it. */
export interface EncodedCall {
  /** Contract to call. */
  readonly to: Address;
  /** Calldata. */
  readonly data: Hex;
}

/** Latest second that a deadline can name. */
const LAST_SECOND = (1n << 48n) - 1n;

const OPERATOR_ABIS = { "v1.1": termsOperatorAbi, "v1.0": termsOperatorV1_0Abi } as const;
const ESCROW_ABIS = { "v1.1": authCaptureEscrowAbi, "v1.0": authCaptureEscrowV1_0Abi } as const;

/** Arguments of each function of an operator, after the payment. */
const ARGUMENTS: {
  readonly [name in RelayedAction]: (call: RelayedCalls[name], generation: Generation) => readonly unknown[];
} = {
  authorize: collectArguments,
  charge: (call, generation) => {
    const { maxAmount } = call.paymentInfo;
    const fee = feeOf(call.terms, maxAmount, generation);
    return [...collectArguments(call), feeArgument(fee), call.terms.feeReceiver];
  },
  capture: ({ amount, signature }) => [amount, signature],
  captureAndVoid: ({ amount, signature }) => [amount, signature],
  void: ({ signature = "0x" }) => [signature],
  refund: ({ amount, tokenCollector, collectorData, signature }) => [amount, tokenCollector, collectorData, signature],
  release: ({ deadline = LAST_SECOND, signature = "0x" }) => [deadline, signature],
  dispute: ({ reasonHash, deadline = LAST_SECOND, signature = "0x" }) => [reasonHash, deadline, signature],
  rule: ({ receiverAmount, signature = "0x" }) => [receiverAmount, signature],
  settle: ({ receiverAmount, deadline, payerSignature = "0x", authorizerSignature = "0x" }) => [
    receiverAmount,
    deadline,
    payerSignature,
    authorizerSignature,
  ],
  releaseDue: () => [],
  voidExpired: () => [],
};

/** Makes the call of an operator's function. */
export function operatorCall<name extends RelayedAction>(action: name, call: RelayedCalls[name]): ContractCall {
  const generation = generationOf(call.escrow);
  const args = [call.paymentInfo, ...ARGUMENTS[action](call, generation)];
  return { abi: OPERATOR_ABIS[generation], address: call.paymentInfo.operator, functionName: action, args };
}

/** Makes the call of an escrow's function, for a payment's operator or payer to send. */
export function escrowCall(
  functionName: "authorize" | "charge" | "capture" | "void" | "refund" | "reclaim",
  { escrow, paymentInfo }: PaymentAt,
  args: readonly unknown[] = [],
): ContractCall {
  return { abi: ESCROW_ABIS[generationOf(escrow)], address: escrow, functionName, args: [paymentInfo, ...args] };
}

/** Makes the call by which a payer approves a payment. */
export function preApproveCall({ escrow, paymentInfo }: PaymentAt): ContractCall {
  const address = getPaymentCollector(escrow, "PreApproval");
  return { abi: preApprovalPaymentCollectorAbi, address, functionName: "preApprove", args: [paymentInfo] };
}

/** Makes the call that deploys an operator. */
export function deployCall({ factory, terms, escrow }: DeployOperatorCall): ContractCall {
  return { abi: termsOperatorFactoryAbi, address: factory, functionName: "deploy", args: [terms, escrow] };
}

/**
 * Encodes an action of an operator as target and data: for a transaction of one's own making, `eth_simulateV1` or a batch.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param call - Name of the action and what it takes; amounts in token base units, times in unix seconds.
 * @returns {@link EncodedCall}.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 *
 * @example
 * const { to, data } = encodeCall({ action: "voidExpired", escrow, paymentInfo });
 */
export function encodeCall(call: RelayedCall): EncodedCall {
  // Name and parameters belong together by the union, which the compiler does not see through.
  return toEncoded(operatorCall(call.action, call as never));
}

/** Encodes any call. */
export function toEncoded({ abi, address, functionName, args }: ContractCall): EncodedCall {
  const data = encodeFunctionData({ abi, functionName, args: withChecksums(args) });
  return { to: withChecksums(address), data };
}

/** A fee as its generation's functions take it. */
export function feeArgument({ feeAmount, feeBps }: Fee): bigint {
  return feeAmount ?? feeBps ?? 0n;
}

function collectArguments({ paymentInfo, tokenCollector, collectorData }: AuthorizeCall): readonly unknown[] {
  return [paymentInfo.maxAmount, tokenCollector, collectorData];
}
