import {
  decodeEventLog,
  isAddressEqual,
  numberToHex,
  toEventSelector,
  type Address,
  type BlockNumber,
  type BlockTag,
  type Hex,
  type Log,
  type RpcLog,
} from "viem";
import { getBlockNumber } from "viem/actions";
import { formatLog } from "viem/utils";
import { authCaptureEscrowAbi, authCaptureEscrowV1_0Abi, termsOperatorAbi } from "../abi/index.ts";
import { withChecksums } from "../core/checksums.ts";
import type { BlockRange } from "../core/events.ts";
import { getEvents } from "../core/events.ts";
import type { ReadClient } from "../core/readClient.ts";
import type { Generation } from "./addresses.ts";
import { generationOf } from "./hash.ts";
import { RELEASED_BY, type PaymentInfo, type ReleasedBy } from "./types.ts";

/** Where an event stands. */
export interface EventPosition {
  /** Payment, 32 bytes, see `hashPaymentInfo`. */
  readonly paymentInfoHash: Hex;
  /** Contract that emitted it: the escrow, or the operator. */
  readonly address: Address;
  /** Its block; null while it is pending. */
  readonly blockNumber: bigint | null;
  /** Its transaction; null while it is pending. */
  readonly transactionHash: Hex | null;
  /** Its place in the block; null while it is pending. */
  readonly logIndex: number | null;
}

/**
 * What happened to a payment, in one form whatever generation its escrow is of. A fee is always an amount, in token base units.
 *
 * The first six are the escrow's, and the record of the money; the others are our operators'.
 */
export type PaymentEvent = EventPosition &
  (
    | {
        readonly type: "Authorized";
        readonly paymentInfo: PaymentInfo;
        /** Token base units. */
        readonly amount: bigint;
        /** Canonical collector that moves the tokens. */
        readonly tokenCollector: Address;
      }
    | {
        readonly type: "Charged";
        readonly paymentInfo: PaymentInfo;
        /** Token base units. */
        readonly amount: bigint;
        /** Canonical collector that moves the tokens. */
        readonly tokenCollector: Address;
        /** Token base units. */
        readonly feeAmount: bigint;
        /** Who gets the fee. */
        readonly feeReceiver: Address;
      }
    | {
        readonly type: "Captured";
        /** Token base units. */
        readonly amount: bigint;
        /** Token base units. */
        readonly feeAmount: bigint;
        /** Who gets the fee. */
        readonly feeReceiver: Address;
      }
    | { readonly type: "Voided"; readonly amount: bigint }
    | { readonly type: "Reclaimed"; readonly amount: bigint }
    | { readonly type: "Refunded"; readonly amount: bigint; readonly tokenCollector: Address }
    | { readonly type: "Opened"; readonly payer: Address; readonly receiver: Address }
    | { readonly type: "Disputed"; readonly reasonHash: Hex; readonly rulingDeadline: bigint }
    | { readonly type: "Ruled"; readonly receiverAmount: bigint; readonly payerAmount: bigint }
    | { readonly type: "Settled"; readonly receiverAmount: bigint; readonly payerAmount: bigint }
    | { readonly type: "Released"; readonly by: ReleasedBy; readonly amount: bigint }
  );

/** Contracts whose events count. A log of another contract is left out, whatever it claims. */
export interface PaymentEventSource {
  /** Address of the canonical escrow, of either generation. */
  readonly escrow: Address;
  /** Operator whose events count, too; absent for the escrow's alone. */
  readonly operator?: Address;
}

/** Logs to read, usually those of a receipt. */
export interface PaymentLogs extends PaymentEventSource {
  /** Usually those of a receipt. */
  readonly logs: readonly Log[];
}

/** What {@link getPaymentEvents} takes. */
export interface GetPaymentEventsParameters extends PaymentEventSource, BlockRange {
  /** Payment whose events to read, 32 bytes; of all payments when absent. */
  readonly paymentInfoHash?: Hex;
}

/** What {@link getOpenedPayments} takes. */
export interface GetOpenedPaymentsParameters extends BlockRange {
  /** Only payments of this operator. */
  readonly operator: Address;
  /** Only payments of this payer. */
  readonly payer?: Address;
  /** Only payments to this receiver. */
  readonly receiver?: Address;
}

/** A payment that an operator collected. */
export interface OpenedPayment extends EventPosition {
  /** Who pays. */
  readonly payer: Address;
  /** Who is paid. */
  readonly receiver: Address;
}

/** What {@link watchPayment} takes. */
export interface WatchPaymentParameters extends PaymentEventSource {
  /** Payment to watch, 32 bytes. */
  readonly paymentInfoHash: Hex;
  /** Called with each event, oldest first. */
  readonly onEvent: (event: PaymentEvent) => void;
  /** Called when a request fails; watching goes on. */
  readonly onError: (error: unknown) => void;
  /** First block to report, inclusive; the next one when absent. */
  readonly fromBlock?: bigint;
  /** Milliseconds between requests; the client's own when absent. */
  readonly pollingInterval?: number;
}

const ESCROW_ABIS = { "v1.1": authCaptureEscrowAbi, "v1.0": authCaptureEscrowV1_0Abi } as const;
const BASIS_POINTS = 10_000n;

/** Hashes of every event of a payment, of both generations; `TokenStoreCreated` is about no payment. */
const TOPICS: readonly Hex[] = [
  ...new Set(
    [...authCaptureEscrowAbi, ...authCaptureEscrowV1_0Abi, ...termsOperatorAbi]
      .filter((item) => item.type === "event")
      .filter(({ name }) => name !== "TokenStoreCreated")
      .map((item) => toEventSelector(item)),
  ),
];

/**
 * Decodes the events of payments, of whichever generation, into one form.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol, contracts/interfaces/ITermsOperator.sol
 *
 * @param parameters - {@link PaymentLogs}.
 * @returns {@link PaymentEvent} each, in the order of the logs; amounts in token base units, times in unix seconds.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 *
 * @example
 * const events = parsePaymentEvents({ escrow, operator: paymentInfo.operator, logs: receipt.logs });
 * const captured = events.find(({ type }) => type === "Captured");
 */
export function parsePaymentEvents({ escrow, operator, logs }: PaymentLogs): readonly PaymentEvent[] {
  const generation = generationOf(escrow);
  return logs.flatMap((log) => {
    const isEscrow = isAddressEqual(log.address, escrow);
    if (!isEscrow && (operator === undefined || !isAddressEqual(log.address, operator))) return [];
    if (!TOPICS.includes(log.topics[0] as Hex)) return [];
    const { data, topics } = log;
    const abi = isEscrow ? ESCROW_ABIS[generation] : termsOperatorAbi;
    // viem relates names to members, which stay open here.
    const decoded = decodeEventLog({ abi, data, topics } as never) as unknown as DecodedEvent;
    return [toPaymentEvent(decoded, log, generation)];
  });
}

/**
 * Reads the events of one payment, or of all, from a range of blocks.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol, contracts/interfaces/ITermsOperator.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetPaymentEventsParameters}.
 * @returns {@link PaymentEvent} each, oldest first; amounts in token base units, times in unix seconds.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 *
 * @example
 * const source = { escrow, operator: paymentInfo.operator, paymentInfoHash };
 * const events = await getPaymentEvents(publicClient, { ...source, fromBlock });
 */
export async function getPaymentEvents(
  client: ReadClient,
  parameters: GetPaymentEventsParameters,
): Promise<readonly PaymentEvent[]> {
  const { escrow, operator, paymentInfoHash, fromBlock, toBlock = "latest" } = parameters;
  const filter = {
    address: withChecksums(operator === undefined ? [escrow] : [escrow, operator]),
    topics: paymentInfoHash === undefined ? [[...TOPICS]] : [[...TOPICS], paymentInfoHash],
    fromBlock: toBlockParameter(fromBlock),
    toBlock: toBlockParameter(toBlock),
  };
  // viem's own filter knows either many events or values of their members.
  const raw = (await client.request({ method: "eth_getLogs", params: [filter] } as never)) as unknown as RpcLog[];
  const logs = raw.map((log) => formatLog(log) as Log);
  return parsePaymentEvents({ ...parameters, logs });
}

/**
 * Finds payments by their parties: those that one operator collected. Anybody can open payments of worthless tokens with anybody as
 * receiver, so look at the token of each, in the escrow's `Authorized` or `Charged`.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol, `PaymentOpened`
 *
 * @param client - any viem client.
 * @param parameters - {@link GetOpenedPaymentsParameters}.
 * @returns {@link OpenedPayment} each, oldest first.
 *
 * @example
 * const mine = await getOpenedPayments(publicClient, { operator, receiver, fromBlock });
 */
export async function getOpenedPayments(
  client: ReadClient,
  parameters: GetOpenedPaymentsParameters,
): Promise<readonly OpenedPayment[]> {
  const { operator, payer, receiver, ...range } = parameters;
  const args = withChecksums({
    ...(payer === undefined ? {} : { payer }),
    ...(receiver === undefined ? {} : { receiver }),
  });
  const source = { abi: termsOperatorAbi, address: withChecksums(operator) };
  const logs = await getEvents(client, source, { eventName: "PaymentOpened", args, ...range });
  return logs.map((log) => ({ ...positionOf(log, log.args.paymentInfoHash), ...parties(log.args) }));
}

/**
 * Watches a payment, whichever generation its escrow is of. Polls block by block, and reports each event once. A reorganised chain is not
 * reported again: look with `getStatus` at a final block where money depends on it.
 *
 * - Source: contracts/interfaces/external/IAuthCaptureEscrow.sol, contracts/interfaces/ITermsOperator.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link WatchPaymentParameters}.
 * @returns Function that ends the watch.
 * @throws {UnknownEscrowAddressError} the escrow is not canonical.
 *
 * @example
 * const payment = { escrow, operator: paymentInfo.operator, paymentInfoHash };
 * const unwatch = watchPayment(publicClient, { ...payment, onEvent: report, onError: complain });
 */
export function watchPayment(client: ReadClient, parameters: WatchPaymentParameters): () => void {
  const { onEvent, onError, pollingInterval = client.pollingInterval, ...source } = parameters;
  generationOf(source.escrow);
  let next = parameters.fromBlock;
  let isEnded = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const poll = async (): Promise<void> => {
    const latest = await getBlockNumber(client, { cacheTime: 0 });
    if (next === undefined) {
      next = latest + 1n;
      return;
    }
    if (latest < next) return;
    const events = await getPaymentEvents(client, { ...source, fromBlock: next, toBlock: latest });
    next = latest + 1n;
    for (const event of events) if (!isEnded) onEvent(event);
  };
  const run = async (): Promise<void> => {
    try {
      await poll();
    } catch (error) {
      if (!isEnded) onError(error);
    }
    if (!isEnded) timer = setTimeout(() => void run(), pollingInterval);
  };
  void run();

  return () => {
    isEnded = true;
    clearTimeout(timer);
  };
}

interface DecodedEvent {
  readonly eventName: string;
  readonly args: Readonly<Record<string, never>> & { readonly paymentInfoHash: Hex };
}

/** A payment as the ABI decodes it: numbers of up to 48 bits are JavaScript numbers. */
type RawPaymentInfo = {
  readonly [name in keyof PaymentInfo]: PaymentInfo[name] extends bigint ? number | bigint : PaymentInfo[name];
};

function toPaymentEvent({ eventName, args }: DecodedEvent, log: Log, generation: Generation): PaymentEvent {
  const position = positionOf(log, args.paymentInfoHash);
  const type = eventName.replace(/^Payment/, "");
  const { paymentInfo, amount, rulingDeadline, by, feeBps, feeAmount } = args as unknown as RawMembers;
  // Only what is decoded by the very ABI of the event is passed on.
  const { paymentInfoHash: _, feeBps: __, ...members } = args as unknown as Record<string, unknown>;
  return {
    ...position,
    ...members,
    type,
    ...(paymentInfo === undefined ? {} : { paymentInfo: toPaymentInfo(paymentInfo) }),
    ...(rulingDeadline === undefined ? {} : { rulingDeadline: BigInt(rulingDeadline) }),
    ...(by === undefined ? {} : { by: RELEASED_BY[by - 1] }),
    ...(type === "Charged" || type === "Captured"
      ? { feeAmount: generation === "v1.0" ? (amount * BigInt(feeBps)) / BASIS_POINTS : feeAmount }
      : {}),
  } as unknown as PaymentEvent;
}

interface RawMembers {
  readonly paymentInfo?: RawPaymentInfo;
  readonly amount: bigint;
  readonly rulingDeadline?: number;
  readonly by?: number;
  readonly feeBps: number;
  readonly feeAmount: bigint;
}

function toPaymentInfo(raw: RawPaymentInfo): PaymentInfo {
  return {
    ...raw,
    maxAmount: BigInt(raw.maxAmount),
    preApprovalExpiry: BigInt(raw.preApprovalExpiry),
    authorizationExpiry: BigInt(raw.authorizationExpiry),
    refundExpiry: BigInt(raw.refundExpiry),
    minFeeBps: BigInt(raw.minFeeBps),
    maxFeeBps: BigInt(raw.maxFeeBps),
    salt: BigInt(raw.salt),
  };
}

function positionOf(
  log: Pick<Log<bigint, number, boolean>, "address" | "blockNumber" | "transactionHash" | "logIndex">,
  paymentInfoHash: Hex,
): EventPosition {
  const { address, blockNumber, transactionHash, logIndex } = log;
  return { paymentInfoHash, address, blockNumber, transactionHash, logIndex };
}

function parties({ payer, receiver }: { readonly payer: Address; readonly receiver: Address }) {
  return { payer, receiver };
}

function toBlockParameter(block: BlockNumber | BlockTag): Hex | BlockTag {
  return typeof block === "bigint" ? numberToHex(block) : block;
}
