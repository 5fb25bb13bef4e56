import {
  getAddress,
  numberToHex,
  type Address,
  type ContractEventName,
  type GetContractEventsReturnType,
  type Hex,
  type Log,
  type ParseEventLogsReturnType,
  type WatchContractEventReturnType,
} from "viem";
import { voucherEscrowAbi } from "../abi/index.ts";
import {
  getEvents,
  parseEvents,
  watchEvent,
  type BlockRange,
  type EventFilter,
  type EventWatch,
} from "../core/events.ts";
import type { ReadClient } from "../core/readClient.ts";
import { getVoucherErrorName, type VoucherErrorName } from "./errors.ts";
import { DEFAULT_LANE, SKIP_REASONS, type SkipReason } from "./types.ts";

type Abi = typeof voucherEscrowAbi;

/** Name of an event of VoucherEscrow. */
export type VoucherEventName = ContractEventName<Abi>;

/** Logs to read, usually those of a receipt, and the escrow whose logs count. */
export interface EscrowLogs {
  /** Address of VoucherEscrow. A log of another contract is left out, whatever it claims. */
  readonly escrow: Address;
  /** Usually those of a receipt. */
  readonly logs: readonly Log[];
}

/** What one voucher or compact row of a transaction paid. */
export interface Collection {
  /** Lane, 32 bytes; zero is the default lane. */
  readonly voucherId: Hex;
  /** Who paid. */
  readonly buyer: Address;
  /** Who was paid. */
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
  /** Buyer that the voucher names. */
  readonly buyer: Address;
  /** Seller that the voucher names. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  readonly reason: SkipReason;
}

/** A group of a batch that had no effect. */
export interface FailedGroup {
  /** Seller of the group. */
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
  /** Who paid. */
  readonly buyer: Address;
  /** Token base units. */
  readonly amount: bigint;
}

/** A group that was collected and paid at once. */
export interface BatchCollected {
  /** Who was paid. */
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
  const { escrow, logs, eventName } = parameters;
  return parseEvents({ abi: voucherEscrowAbi, address: escrow }, logs, eventName);
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
export interface EscrowEventFilter<name extends VoucherEventName> extends EventFilter<Abi, name> {
  /** Address of VoucherEscrow. */
  readonly escrow: Address;
}

/** What {@link getVoucherEscrowEvents} takes. */
export interface GetVoucherEscrowEventsParameters<name extends VoucherEventName>
  extends EscrowEventFilter<name>, BlockRange {}

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
  client: ReadClient,
  parameters: GetVoucherEscrowEventsParameters<name>,
): Promise<GetContractEventsReturnType<Abi, name, true>> {
  const { escrow, ...filter } = parameters;
  return getEvents(client, { abi: voucherEscrowAbi, address: escrow }, filter);
}

/** What {@link watchVoucherEscrowEvent} takes. */
export interface WatchVoucherEscrowEventParameters<name extends VoucherEventName>
  extends EscrowEventFilter<name>, EventWatch<Abi, name> {}

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
  client: ReadClient,
  parameters: WatchVoucherEscrowEventParameters<name>,
): WatchContractEventReturnType {
  const { escrow, ...watch } = parameters;
  return watchEvent(client, { abi: voucherEscrowAbi, address: escrow }, watch);
}

function toCollection({ voucherId, buyer, seller, asset, amount }: Collection): Collection {
  return { voucherId, buyer, seller, asset, amount };
}
