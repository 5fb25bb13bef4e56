import { parseAbi, type Abi, type Address, type Hex } from "viem";
import { multicall } from "viem/actions";
import {
  authCaptureEscrowAbi,
  preApprovalPaymentCollectorAbi,
  signedRefundCollectorAbi,
  termsOperatorAbi,
  termsOperatorFactoryAbi,
} from "../abi/index.ts";
import { withChecksums } from "../core/checksums.ts";
import { MULTICALL3_ADDRESS } from "../core/multicall.ts";
import { blockOf, readView, type BlockParameters } from "../core/read.ts";
import type { ReadClient } from "../core/readClient.ts";
import type { PaymentAt } from "./calls.ts";
import { decodeAuthCaptureError } from "./errors.ts";
import { hashPaymentInfo } from "./hash.ts";
import {
  paymentWindows,
  possibleActions,
  type LifecycleState,
  type PaymentKind,
  type PaymentWindows,
  type PossibleAction,
} from "./lifecycle.ts";
import { getPaymentCollector } from "./payment.ts";
import { termsKind } from "./terms.ts";
import type { PaymentReference, PaymentState, Terms } from "./types.ts";

/** What every read of the escrow takes. */
export interface EscrowReadParameters extends BlockParameters {
  /** Address of the canonical escrow, of either generation. */
  readonly escrow: Address;
}

/** What {@link getPaymentState} and {@link isPreApproved} take. */
export interface GetPaymentStateParameters extends EscrowReadParameters {
  /** Payment, 32 bytes, see `hashPaymentInfo`. */
  readonly paymentInfoHash: Hex;
}

/** What {@link getPaymentHash} takes. */
export interface GetPaymentHashParameters extends BlockParameters, PaymentAt {}

/** What {@link getTokenStore} takes. */
export interface GetTokenStoreParameters extends EscrowReadParameters {
  /** Whose token store it is. */
  readonly operator: Address;
}

/** What {@link getTerms} takes. */
export interface GetTermsParameters extends BlockParameters {
  /** Address of the operator. */
  readonly operator: Address;
}

/** What {@link getPredictedOperator} takes. */
export interface GetPredictedOperatorParameters extends EscrowReadParameters {
  /** Address of TermsOperatorFactory. */
  readonly factory: Address;
  readonly terms: Terms;
}

/** What {@link isOperator} takes. */
export interface IsOperatorParameters extends BlockParameters {
  /** Address of TermsOperatorFactory. */
  readonly factory: Address;
  /** Any address. */
  readonly account: Address;
}

/** What {@link getCollector} takes. */
export interface GetCollectorParameters extends BlockParameters {
  /** Canonical collector that moves the tokens. */
  readonly tokenCollector: Address;
}

/** What a token collector is for. */
export interface Collector {
  /** The one escrow that may use it. */
  readonly escrow: Address;
  /** Tokens of payers, or of whoever funds a refund. */
  readonly collects: "payments" | "refunds";
}

/** A payment's state as its operator shows it, with the windows that the terms give it. */
export interface OperatorStatus extends LifecycleState {
  /** W, unix seconds. */
  readonly releasableFrom: bigint;
  /** Q, unix seconds. */
  readonly rulingDeadline: bigint;
}

/** What {@link getStatus} takes. */
export interface GetStatusParameters extends PaymentReference, BlockParameters {
  /** Terms of the operator; absent when the operator is an account. */
  readonly terms?: Terms | undefined;
  /** Address of Multicall3 where it is not at its usual one. */
  readonly multicall?: Address;
}

/** What the chain shows of a payment at one block, and what is possible. */
export interface PaymentStatus extends LifecycleState {
  /** Payment, 32 bytes. */
  readonly paymentInfoHash: Hex;
  /** Time of the block, unix seconds. */
  readonly timestamp: bigint;
  readonly kind: PaymentKind;
  /** False while the operator of the terms has no code: deploy it before anything else. True for an operator that is an account. */
  readonly isOperatorReady: boolean;
  readonly windows: PaymentWindows;
  /** What may be done now and later; nothing whose time has passed. */
  readonly actions: readonly PossibleAction[];
}

type RawState = readonly [boolean, bigint, bigint];
interface RawStatus {
  readonly collected: boolean;
  readonly capturable: bigint;
  readonly refundable: bigint;
  readonly disputedAt: number;
  readonly releasableFrom: number;
  readonly rulingDeadline: number;
}
type RawTerms = { readonly [name in keyof Terms]: Terms[name] extends bigint ? number : Terms[name] };

/** Multicall3 tells the time of the block in which it answers. */
const clockAbi = parseAbi(["function getCurrentBlockTimestamp() view returns (uint256)"]);

/**
 * Reads what the escrow keeps of a payment. Calls `AuthCaptureEscrow.paymentState`.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetPaymentStateParameters}.
 * @returns {@link PaymentState}; all zero for a payment that was not collected.
 *
 * @example
 * const { capturable, refundable } = await getPaymentState(publicClient, { escrow, paymentInfoHash });
 */
export async function getPaymentState(
  client: ReadClient,
  parameters: GetPaymentStateParameters,
): Promise<PaymentState> {
  const { escrow, paymentInfoHash } = parameters;
  const call = [escrow, authCaptureEscrowAbi, "paymentState", [paymentInfoHash]] as const;
  return toState(await read<RawState>(client, parameters, ...call));
}

/**
 * Reads the hash of a payment. Calls `AuthCaptureEscrow.getHash`; `hashPaymentInfo` computes it without a request.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetPaymentHashParameters}.
 * @returns 32 bytes.
 *
 * @example
 * const paymentInfoHash = await getPaymentHash(publicClient, { escrow, paymentInfo });
 */
export async function getPaymentHash(client: ReadClient, parameters: GetPaymentHashParameters): Promise<Hex> {
  const { escrow, paymentInfo } = parameters;
  return read(client, parameters, escrow, authCaptureEscrowAbi, "getHash", [paymentInfo]);
}

/**
 * Reads where the tokens of an operator's payments are kept. Calls `AuthCaptureEscrow.getTokenStore`; `predictTokenStore` computes it
 * without a request.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetTokenStoreParameters}.
 * @returns Address.
 *
 * @example
 * const tokenStore = await getTokenStore(publicClient, { escrow, operator });
 */
export async function getTokenStore(client: ReadClient, parameters: GetTokenStoreParameters): Promise<Address> {
  const { escrow, operator } = parameters;
  return read(client, parameters, escrow, authCaptureEscrowAbi, "getTokenStore", [operator]);
}

/**
 * Reads what every token store is a clone of. Calls `AuthCaptureEscrow.tokenStoreImplementation`.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link EscrowReadParameters}.
 * @returns Address.
 *
 * @example
 * const implementation = await getTokenStoreImplementation(publicClient, { escrow });
 */
export async function getTokenStoreImplementation(
  client: ReadClient,
  parameters: EscrowReadParameters,
): Promise<Address> {
  return read(client, parameters, parameters.escrow, authCaptureEscrowAbi, "tokenStoreImplementation", []);
}

/**
 * Reads the type hash of payments. Calls `AuthCaptureEscrow.PAYMENT_INFO_TYPEHASH`.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link EscrowReadParameters}.
 * @returns 32 bytes; equal to `paymentInfoTypeHash()`.
 *
 * @example
 * const typeHash = await getPaymentInfoTypeHash(publicClient, { escrow });
 */
export async function getPaymentInfoTypeHash(client: ReadClient, parameters: EscrowReadParameters): Promise<Hex> {
  return read(client, parameters, parameters.escrow, authCaptureEscrowAbi, "PAYMENT_INFO_TYPEHASH", []);
}

/**
 * Says whether a payer has approved a payment by a transaction. Calls `PreApprovalPaymentCollector.isPreApproved`.
 *
 * - Source: contracts/interfaces/external/IPreApprovalPaymentCollector.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetPaymentStateParameters}.
 * @returns True from `preApprove` on.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 *
 * @example
 * const isApproved = await isPreApproved(publicClient, { escrow, paymentInfoHash });
 */
export async function isPreApproved(client: ReadClient, parameters: GetPaymentStateParameters): Promise<boolean> {
  const collector = getPaymentCollector(parameters.escrow, "PreApproval");
  const args = [parameters.paymentInfoHash];
  return read(client, parameters, collector, preApprovalPaymentCollectorAbi, "isPreApproved", args);
}

/**
 * Reads what a token collector is for. Calls `collectorType` and `authCaptureEscrow` of any collector.
 *
 * - Source: contracts/interfaces/external/ITokenCollector.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetCollectorParameters}.
 * @returns {@link Collector}.
 *
 * @example
 * const { escrow, collects } = await getCollector(publicClient, { tokenCollector: refundCollector });
 */
export async function getCollector(client: ReadClient, parameters: GetCollectorParameters): Promise<Collector> {
  const { tokenCollector } = parameters;
  const [escrow, type] = await Promise.all([
    read<Address>(client, parameters, tokenCollector, signedRefundCollectorAbi, "authCaptureEscrow", []),
    read<number>(client, parameters, tokenCollector, signedRefundCollectorAbi, "collectorType", []),
  ]);
  return { escrow, collects: type === 0 ? "payments" : "refunds" };
}

/**
 * Reads the terms of an operator. Calls `TermsOperator.terms`. A stranger's contract can answer anything: {@link isOperator} tells whether
 * it is an operator of a factory.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetTermsParameters}.
 * @returns {@link Terms}.
 *
 * @example
 * const terms = await getTerms(publicClient, { operator });
 */
export async function getTerms(client: ReadClient, parameters: GetTermsParameters): Promise<Terms> {
  return toTerms(await read<RawTerms>(client, parameters, parameters.operator, termsOperatorAbi, "terms", []));
}

/**
 * Reads a payment from its operator. Calls `TermsOperator.statusOf`; {@link getStatus} tells more, and works before the operator is
 * deployed.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetPaymentHashParameters}.
 * @returns {@link OperatorStatus}; amounts in token base units, times in unix seconds.
 *
 * @example
 * const { disputedAt } = await getOperatorStatus(publicClient, { escrow, paymentInfo });
 */
export async function getOperatorStatus(
  client: ReadClient,
  parameters: GetPaymentHashParameters,
): Promise<OperatorStatus> {
  const { paymentInfo } = parameters;
  const call = [paymentInfo.operator, termsOperatorAbi, "statusOf", [paymentInfo]] as const;
  return toStatus(await read<RawStatus>(client, parameters, ...call));
}

/**
 * Asks the factory where the operator of terms is or will be. Calls `TermsOperatorFactory.predict`; `predictOperator` computes it without
 * a request.
 *
 * - Source: contracts/interfaces/ITermsOperatorFactory.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetPredictedOperatorParameters}.
 * @returns Address.
 * @throws {UnknownEscrowError} the factory knows no such escrow.
 * @throws {InvalidTermsError} the terms break a rule.
 *
 * @example
 * const operator = await getPredictedOperator(publicClient, { factory, terms, escrow });
 */
export async function getPredictedOperator(
  client: ReadClient,
  parameters: GetPredictedOperatorParameters,
): Promise<Address> {
  const { factory, terms, escrow } = parameters;
  return read(client, parameters, factory, termsOperatorFactoryAbi, "predict", [terms, escrow]);
}

/**
 * Says whether an account is an operator that a factory deployed. Calls `TermsOperatorFactory.isOperator`.
 *
 * - Source: contracts/interfaces/ITermsOperatorFactory.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsOperatorParameters}.
 * @returns True for an operator of either generation that has code.
 *
 * @example
 * const isOurs = await isOperator(publicClient, { factory, account: paymentInfo.operator });
 */
export async function isOperator(client: ReadClient, parameters: IsOperatorParameters): Promise<boolean> {
  const { factory, account } = parameters;
  return read(client, parameters, factory, termsOperatorFactoryAbi, "isOperator", [account]);
}

/**
 * Reads a payment at one block and says what may be done with it now and later. Voided, reclaimed and fully refunded payments look the
 * same on-chain, and so they do here.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol, contracts/interfaces/external/IAuthCaptureEscrow.sol
 *
 * @param client - any viem client of a chain with Multicall3.
 * @param parameters - {@link GetStatusParameters}.
 * @returns {@link PaymentStatus}; amounts in token base units, times in unix seconds.
 * @throws {InvalidMessageError} a member of the payment does not fit its type.
 *
 * @example
 * const { capturable, actions } = await getStatus(publicClient, { chainId: 8453, escrow, paymentInfo, terms });
 * const now = actions.filter(({ isOpen }) => isOpen);
 */
export async function getStatus(client: ReadClient, parameters: GetStatusParameters): Promise<PaymentStatus> {
  const { escrow, paymentInfo, terms, multicall: address = MULTICALL3_ADDRESS } = parameters;
  const paymentInfoHash = hashPaymentInfo(parameters);
  const contracts = [
    { abi: clockAbi, address, functionName: "getCurrentBlockTimestamp", args: [] },
    { abi: authCaptureEscrowAbi, address: escrow, functionName: "paymentState", args: [paymentInfoHash] },
    ...(terms === undefined
      ? []
      : [{ abi: termsOperatorAbi, address: paymentInfo.operator, functionName: "statusOf", args: [paymentInfo] }]),
  ].map((call) => ({ ...call, address: withChecksums(call.address), args: withChecksums(call.args) }));
  const request = { contracts, multicallAddress: address, allowFailure: true, batchSize: 0, ...blockOf(parameters) };
  // viem relates each result to its call, whose names stay open here.
  const results = await multicall(client, request as never);
  const [clock, state, status] = results as readonly { readonly result?: unknown; readonly error?: Error }[];
  for (const needed of [clock, state]) {
    if (needed?.error !== undefined) throw decodeAuthCaptureError(needed.error) ?? needed.error;
  }
  const timestamp = clock?.result as bigint;
  // An operator without code answers nothing, and nothing can have been disputed at it.
  const disputedAt = status?.result === undefined ? 0n : toStatus(status.result as RawStatus).disputedAt;
  const lifecycle = { ...toState(state?.result as RawState), disputedAt };
  return {
    ...lifecycle,
    paymentInfoHash,
    timestamp,
    kind: terms === undefined ? "delegated" : termsKind(terms),
    isOperatorReady: terms === undefined || status?.result !== undefined,
    windows: paymentWindows(paymentInfo, terms),
    actions: possibleActions({ paymentInfo, terms, state: lifecycle, now: timestamp }),
  };
}

function toState([collected, capturable, refundable]: RawState): PaymentState {
  return { collected, capturable, refundable };
}

function toStatus(status: RawStatus): OperatorStatus {
  const { collected, capturable, refundable, disputedAt, releasableFrom, rulingDeadline } = status;
  return {
    collected,
    capturable,
    refundable,
    disputedAt: BigInt(disputedAt),
    releasableFrom: BigInt(releasableFrom),
    rulingDeadline: BigInt(rulingDeadline),
  };
}

/** Numbers of up to 48 bits come from the ABI as JavaScript numbers. */
function toTerms(terms: RawTerms): Terms {
  return {
    ...terms,
    feeBps: BigInt(terms.feeBps),
    releaseLead: BigInt(terms.releaseLead),
    ruleLead: BigInt(terms.ruleLead),
    disputeWindow: BigInt(terms.disputeWindow),
    maxHold: BigInt(terms.maxHold),
    flags: BigInt(terms.flags),
  };
}

async function read<value>(
  client: ReadClient,
  block: BlockParameters,
  address: Address,
  abi: Abi,
  functionName: string,
  args: readonly unknown[],
): Promise<value> {
  return (await readView(client, { abi, address, functionName, args }, block, decodeAuthCaptureError)) as value;
}
