import {
  getAddress,
  isAddressEqual,
  numberToHex,
  parseEventLogs,
  type Address,
  type BlockNumber,
  type BlockTag,
  type Chain,
  type Client,
  type ContractEventArgs,
  type ContractEventName,
  type GetContractEventsReturnType,
  type Hex,
  type Log,
  type ParseEventLogsReturnType,
  type Transport,
  type WatchContractEventOnLogsFn,
  type WatchContractEventReturnType,
} from "viem";
import { getContractEvents, watchContractEvent } from "viem/actions";
import { voucherEscrowAbi } from "../abi/index.ts";
import { getVoucherErrorName, type VoucherErrorName } from "./errors.ts";
import { DEFAULT_LANE, SKIP_REASONS, type SkipReason } from "./types.ts";

type Abi = typeof voucherEscrowAbi;

/** Name of an event of VoucherEscrow. */
export type VoucherEventName = ContractEventName<Abi>;

/** Logs to read, usually those of a receipt, and the escrow whose logs count. */
export interface EscrowLogs {
  /** Address of VoucherEscrow. A log of another contract is left out, whatever it claims. */
  readonly escrow: Address;
  readonly logs: readonly Log[];
}

/** What one voucher or compact row of a transaction paid. */
export interface Collection {
  /** Lane, 32 bytes; zero is the default lane. */
  readonly voucherId: Hex;
  readonly buyer: Address;
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Token base units collected by this transaction. */
  readonly amount: bigint;
}

/** A voucher of a batch that had no effect. */
export interface SkippedVoucher {
  /** Lane, 32 bytes; zero is the default lane. */
  readonly voucherId: Hex;
  readonly buyer: Address;
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  readonly reason: SkipReason;
}

/** A group of a batch that had no effect. */
export interface FailedGroup {
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** First four bytes of what it reverted with; zero when the gas ran out. */
  readonly selector: Hex;
  /** Name of the error with that selector when the escrow has it; another contract may use the same one. */
  readonly errorName: VoucherErrorName | undefined;
}

/** A row of {@link BatchCollected}. */
export interface CollectedRow {
  readonly buyer: Address;
  /** Token base units. */
  readonly amount: bigint;
}

/** A group that was collected and paid at once. */
export interface BatchCollected {
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** The group's one payment, token base units: its rows and its vouchers of other lanes. */
  readonly paid: bigint;
  /** Default-lane rows with effect. */
  readonly rows: readonly CollectedRow[];
}

/** Everything a transaction's batches did. */
export interface BatchResult {
  /** Groups that were paid. */
  readonly groups: readonly BatchCollected[];
  /** Every voucher that was collected, compact or wide. */
  readonly collections: readonly Collection[];
  /** Vouchers without effect. */
  readonly skipped: readonly SkippedVoucher[];
  /** Groups without effect. */
  readonly failed: readonly FailedGroup[];
}

/**
 * Decodes the events of an escrow.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param parameters - {@link EscrowLogs}, and the name of the event for one kind only.
 * @returns Logs with `eventName` and `args`; amounts in token base units, times in unix seconds.
 *
 * @example
 * const deposits = parseVoucherEscrowEvents({ escrow, logs: receipt.logs, eventName: "Deposited" });
 */
export function parseVoucherEscrowEvents<name extends VoucherEventName = VoucherEventName>(
  parameters: EscrowLogs & { readonly eventName?: name },
): ParseEventLogsReturnType<Abi, name, true> {
  const { escrow, eventName } = parameters;
  const logs = parameters.logs.filter(({ address }) => isAddressEqual(address, escrow));
  const options = eventName === undefined ? {} : { eventName };
  return parseEventLogs({ abi: voucherEscrowAbi, logs, ...options }) as ParseEventLogsReturnType<Abi, name, true>;
}

/**
 * Decodes what a transaction collected and left out, by `collect`, `collectMany` and `collectBatch` alike.
 *
 * Somebody else may have collected a voucher first: what a lane has paid is `getVoucherCollected`, not the sum of one's own receipts.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param parameters - {@link EscrowLogs}.
 * @returns {@link BatchResult}; amounts in token base units.
 *
 * @example
 * const receipt = await publicClient.waitForTransactionReceipt({ hash });
 * const { collections, skipped, failed } = parseBatch({ escrow, logs: receipt.logs });
 */
export function parseBatch(parameters: EscrowLogs): BatchResult {
  const groups = parseBatchCollected(parameters);
  const rows = groups.flatMap(({ seller, asset, rows: entries }) =>
    entries.map(({ buyer, amount }): Collection => ({ voucherId: DEFAULT_LANE, buyer, seller, asset, amount })),
  );
  const wide = parseVoucherEscrowEvents({ ...parameters, eventName: "VoucherCollected" });
  const skipped = parseVoucherEscrowEvents({ ...parameters, eventName: "VoucherSkipped" });
  const failed = parseVoucherEscrowEvents({ ...parameters, eventName: "GroupFailed" });
  return {
    groups,
    collections: [...rows, ...wide.map(({ args }) => toCollection(args))],
    skipped: skipped.map(({ args }) => ({ ...args, reason: toSkipReason(args.reason) })),
    failed: failed.map(({ args: { seller, asset, reason } }) => ({
      seller,
      asset,
      selector: reason,
      errorName: getVoucherErrorName(reason),
    })),
  };
}

/**
 * Decodes the groups a transaction paid, each default-lane row split into buyer and amount.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol, `BatchCollected`
 *
 * @param parameters - {@link EscrowLogs}.
 * @returns {@link BatchCollected}; amounts in token base units.
 *
 * @example
 * const [batch] = parseBatchCollected({ escrow, logs: receipt.logs });
 */
export function parseBatchCollected(parameters: EscrowLogs): readonly BatchCollected[] {
  return parseVoucherEscrowEvents({ ...parameters, eventName: "BatchCollected" }).map(({ args }) => ({
    ...args,
    rows: args.rows.map(decodeCollectedRow),
  }));
}

/**
 * Splits one word of `BatchCollected`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol, `BatchCollected`
 *
 * @param word - `buyer << 96 | amount`.
 * @returns Buyer, and amount in token base units.
 *
 * @example
 * const { buyer, amount } = decodeCollectedRow(word);
 */
export function decodeCollectedRow(word: bigint): CollectedRow {
  return { buyer: getAddress(numberToHex(word >> 96n, { size: 20 })), amount: word % (1n << 96n) };
}

/**
 * Names a `Skip` value of the contract. A number that this version does not know is an error: the escrow is another one.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol, `Skip`
 *
 * @param value - Number as the event has it.
 * @returns Its name.
 * @throws {RangeError} this version knows no such number.
 *
 * @example
 * const reason = toSkipReason(args.reason);
 */
export function toSkipReason(value: number): SkipReason {
  const reason = SKIP_REASONS[value];
  if (reason === undefined) throw new RangeError(`No skip reason has the number ${value}`);
  return reason;
}

/** Which events of an escrow to read or watch. */
export interface EscrowEventFilter<name extends VoucherEventName> {
  /** Address of VoucherEscrow. */
  readonly escrow: Address;
  readonly eventName: name;
  /** Values of indexed members to match, for example `{ seller }`. */
  readonly args?: ContractEventArgs<Abi, name>;
}

/** What {@link getVoucherEscrowEvents} takes. */
export interface GetVoucherEscrowEventsParameters<name extends VoucherEventName> extends EscrowEventFilter<name> {
  /** First block, inclusive. */
  readonly fromBlock: BlockNumber | BlockTag;
  /** Last block, inclusive; the latest when absent. */
  readonly toBlock?: BlockNumber | BlockTag;
}

/**
 * Reads events of an escrow from a range of blocks.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetVoucherEscrowEventsParameters}.
 * @returns Logs with `args`, oldest first; amounts in token base units, times in unix seconds.
 *
 * @example
 * const thaws = await getVoucherEscrowEvents(publicClient, {
 *   escrow,
 *   eventName: "ThawInitiated",
 *   args: { seller },
 *   fromBlock: lastSyncedBlock + 1n,
 * });
 */
export async function getVoucherEscrowEvents<name extends VoucherEventName>(
  client: Client<Transport, Chain | undefined>,
  parameters: GetVoucherEscrowEventsParameters<name>,
): Promise<GetContractEventsReturnType<Abi, name, true>> {
  const { escrow, toBlock = "latest", ...filter } = parameters;
  const request = { ...filter, toBlock, abi: voucherEscrowAbi, address: escrow, strict: true };
  // viem relates the filter to the name by types that stay open here.
  return (await getContractEvents(client, request as never)) as unknown as GetContractEventsReturnType<Abi, name, true>;
}

/** What {@link watchVoucherEscrowEvent} takes. */
export interface WatchVoucherEscrowEventParameters<name extends VoucherEventName> extends EscrowEventFilter<name> {
  /** Called with new logs, oldest first. */
  readonly onLogs: WatchContractEventOnLogsFn<Abi, name, true>;
  /** Called when a request fails; watching goes on. */
  readonly onError: (error: Error) => void;
  /** First block to report, inclusive; the next one when absent. */
  readonly fromBlock?: BlockNumber;
  /** Milliseconds between requests; the client's own when absent. */
  readonly pollingInterval?: number;
}

/**
 * Watches an escrow for one event. Polls; a log may be missed while the node is away, so sync with {@link getVoucherEscrowEvents} too
 * where money depends on it.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link WatchVoucherEscrowEventParameters}.
 * @returns Function that ends the watch.
 *
 * @example
 * const unwatch = watchVoucherEscrowEvent(publicClient, {
 *   escrow,
 *   eventName: "ThawInitiated",
 *   args: { seller },
 *   onLogs: (logs) => logs.forEach(({ args }) => collector.collectSoon(args.buyer)),
 *   onError: report,
 * });
 */
export function watchVoucherEscrowEvent<name extends VoucherEventName>(
  client: Client<Transport, Chain | undefined>,
  parameters: WatchVoucherEscrowEventParameters<name>,
): WatchContractEventReturnType {
  const { escrow, ...rest } = parameters;
  // As in getVoucherEscrowEvents: the filter's types stay open.
  return watchContractEvent(client, {
    ...rest,
    abi: voucherEscrowAbi,
    address: escrow,
    strict: true,
    poll: true,
  } as never);
}

function toCollection({ voucherId, buyer, seller, asset, amount }: Collection): Collection {
  return { voucherId, buyer, seller, asset, amount };
}
