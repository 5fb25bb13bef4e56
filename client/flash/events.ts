import type {
  Address,
  ContractEventName,
  GetContractEventsReturnType,
  Hex,
  Log,
  ParseEventLogsReturnType,
  WatchContractEventReturnType,
} from "viem";
import { flashSettlementAbi } from "../abi/index.ts";
import {
  getEvents,
  parseEvents,
  watchEvent,
  type BlockRange,
  type EventFilter,
  type EventWatch,
} from "../core/events.ts";
import type { ReadClient } from "../core/readClient.ts";
import { escrowId } from "./hash.ts";
import { decodeHead, type PackedHead } from "./pack.ts";
import { SKIP_REASONS, type Group, type PackedItem, type SkipReason } from "./types.ts";

type Abi = typeof flashSettlementAbi;

/** Name of an event of FlashSettlement. */
export type FlashEventName = ContractEventName<Abi>;

/** Logs to read, usually those of a receipt, and the contract whose logs count. */
export interface FlashLogs {
  /** Address of FlashSettlement. A log of another contract is left out, whatever it claims. */
  readonly settlement: Address;
  /** Usually those of a receipt. */
  readonly logs: readonly Log[];
}

/** One payment of a server: what a group of a batch, or a single settlement, brought. */
export interface Settlement {
  /** Escrow, 32 bytes, see `escrowId`. */
  readonly id: Hex;
  /** Epoch of the escrow. */
  readonly epoch: bigint;
  /** Pulled from the client's wallet to the server, token base units. */
  readonly fromWallet: bigint;
  /** Moved from the escrow to the server's credit, token base units. */
  readonly fromEscrow: bigint;
}

/** An item of a batch that was not settled. */
export interface SkippedItem extends PackedHead {
  /** Escrow, 32 bytes, see `escrowId`. */
  readonly id: Hex;
  /** First word of the item. */
  readonly head: bigint;
  readonly reason: SkipReason;
}

/** What happened to one item of a batch. */
export interface ItemOutcome {
  readonly item: PackedItem;
  /**
   * `None` when it was settled, whole or, with `allowPartial` and for tabs, in part. `undefined` when the events do not tell: several items
   * of one group, or one of two groups of one escrow, have the same first word, and only some of them were settled.
   */
  readonly reason: SkipReason | undefined;
}

/** What one group of a batch did. */
export interface GroupOutcome {
  readonly group: Group;
  /** Id of the escrow, 32 bytes. */
  readonly id: Hex;
  readonly payments: readonly ItemOutcome[];
  readonly tabs: readonly ItemOutcome[];
}

/** What a transaction's settlements did. */
export interface SettlementResult {
  readonly settlements: readonly Settlement[];
  readonly skipped: readonly SkippedItem[];
}

/**
 * Decodes the events of FlashSettlement.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param parameters - {@link FlashLogs}, and the name of the event for one kind only.
 * @returns Logs with `eventName` and `args`; amounts in token base units, times in unix seconds.
 *
 * @example
 * const openings = parseFlashEvents({ settlement, logs: receipt.logs, eventName: "EscrowOpened" });
 */
export function parseFlashEvents<name extends FlashEventName = FlashEventName>(
  parameters: FlashLogs & { readonly eventName?: name },
): ParseEventLogsReturnType<Abi, name, true> {
  const { settlement, logs, eventName } = parameters;
  return parseEvents({ abi: flashSettlementAbi, address: settlement }, logs, eventName);
}

/**
 * Decodes what a transaction settled and left out, by whichever function.
 *
 * Somebody else may have settled an item first: what was paid is the escrow's settled total, and which items were is `getNonceWord`,
 * `getTabSettled` and `isTransactionUsed` at a final block, never the sum of one's own receipts.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol, `PaymentsSettled` and `RowSkipped`
 *
 * @param parameters - {@link FlashLogs}.
 * @returns {@link SettlementResult}; amounts in token base units.
 *
 * @example
 * const receipt = await publicClient.waitForTransactionReceipt({ hash });
 * const { settlements, skipped } = parseSettlements({ settlement, logs: receipt.logs });
 */
export function parseSettlements(parameters: FlashLogs): SettlementResult {
  const settled = parseFlashEvents({ ...parameters, eventName: "PaymentsSettled" });
  const skipped = parseFlashEvents({ ...parameters, eventName: "RowSkipped" });
  return {
    settlements: settled.map(({ args }) => ({ ...args, epoch: BigInt(args.epoch) })),
    skipped: skipped.map(({ args: { id, item, reason } }) => ({
      id,
      head: item,
      ...decodeHead(item),
      reason: toSkipReason(reason),
    })),
  };
}

/**
 * Says of each item of one's own batch what became of it.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol, `RowSkipped`
 *
 * @param parameters - {@link FlashLogs} of the transaction, and the groups that it settled.
 * @returns One outcome a group, in their order.
 *
 * @example
 * const outcomes = parseBatch({ settlement, logs: receipt.logs, groups });
 */
export function parseBatch(parameters: FlashLogs & { readonly groups: readonly Group[] }): readonly GroupOutcome[] {
  const { skipped } = parseSettlements(parameters);
  const left = [...skipped];
  const shared = findShared(parameters.groups, skipped);
  return parameters.groups.map((group) => {
    const id = escrowId(group);
    const skips = takeSkips(left, id, [...group.payments, ...group.tabs]);
    const inBoth = new Set(group.payments.map(({ head }) => head).filter((head) => includesHead(group.tabs, head)));
    const outcomes = outcomesOf([...group.payments, ...group.tabs], skips, inBoth).map((outcome) =>
      shared.has(nameOf(id, outcome.item)) ? { ...outcome, reason: undefined } : outcome,
    );
    return {
      group,
      id,
      payments: outcomes.slice(0, group.payments.length),
      tabs: outcomes.slice(group.payments.length),
    };
  });
}

/**
 * Names a `Skip` value of the contract. A number that this version does not know is an error: the contract is another one.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param value - Number, as the event gives it.
 * @returns Name.
 * @throws {RangeError} this version does not know the number.
 *
 * @example
 * const reason = toSkipReason(args.reason);
 */
export function toSkipReason(value: number): SkipReason {
  const reason = SKIP_REASONS[value];
  if (reason === undefined) throw new RangeError(`No skip reason has the number ${value}`);
  return reason;
}

/** Which events of a FlashSettlement to read or watch. */
export interface FlashEventFilter<name extends FlashEventName> extends EventFilter<Abi, name> {
  /** Address of FlashSettlement. */
  readonly settlement: Address;
}

/** What {@link getFlashEvents} takes. */
export interface GetFlashEventsParameters<name extends FlashEventName> extends FlashEventFilter<name>, BlockRange {}

/**
 * Reads events of FlashSettlement from a range of blocks.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetFlashEventsParameters}.
 * @returns Logs with `args`, oldest first; amounts in token base units, times in unix seconds.
 *
 * @example
 * const filter = { settlement, eventName: "EscrowClosing", args: { id: escrowId(parties) } } as const;
 * const closes = await getFlashEvents(publicClient, { ...filter, fromBlock: lastSyncedBlock + 1n });
 */
export async function getFlashEvents<name extends FlashEventName>(
  client: ReadClient,
  parameters: GetFlashEventsParameters<name>,
): Promise<GetContractEventsReturnType<Abi, name, true>> {
  const { settlement, ...filter } = parameters;
  return getEvents(client, { abi: flashSettlementAbi, address: settlement }, filter);
}

/** What {@link watchFlashEvent} takes. */
export interface WatchFlashEventParameters<name extends FlashEventName>
  extends FlashEventFilter<name>, EventWatch<Abi, name> {}

/**
 * Watches FlashSettlement for one event. Polls; a log may be missed while the node is away, so sync with {@link getFlashEvents} too where
 * money depends on it.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link WatchFlashEventParameters}.
 * @returns Function that ends the watch.
 *
 * @example
 * const filter = { settlement, eventName: "EscrowClosing", args: { id: escrowId(parties) } } as const;
 * const unwatch = watchFlashEvent(publicClient, { ...filter, onLogs: settleSoon, onError: report });
 */
export function watchFlashEvent<name extends FlashEventName>(
  client: ReadClient,
  parameters: WatchFlashEventParameters<name>,
): WatchContractEventReturnType {
  const { settlement, ...watch } = parameters;
  return watchEvent(client, { abi: flashSettlementAbi, address: settlement }, watch);
}

/** Takes the events of one group off the list: they stand in the order of its items. */
function takeSkips(left: SkippedItem[], id: Hex, items: readonly PackedItem[]): readonly SkippedItem[] {
  return items.flatMap(({ head }) => {
    const [next] = left;
    return next?.id === id && next.head === head ? left.splice(0, 1) : [];
  });
}

/** Of one item given twice, the second is left out because the first used its nonce or its total; other twins cannot be told apart. */
function outcomesOf(
  items: readonly PackedItem[],
  skips: readonly SkippedItem[],
  inBoth: ReadonlySet<bigint>,
): readonly ItemOutcome[] {
  return items.map((item, index): ItemOutcome => {
    const isTwin = (other: { readonly head: bigint }): boolean => other.head === item.head;
    const [same, all] = [skips.filter(isTwin), items.filter(isTwin).length];
    const settled = all - same.length;
    const isClear = settled === 0 || same.every(({ reason }) => reason === "Used" || reason === "NotCovered");
    if (settled !== all && (!isClear || (settled !== 0 && inBoth.has(item.head)))) return { item, reason: undefined };
    const before = items.slice(0, index).filter(isTwin).length;
    return { item, reason: same[before - settled]?.reason ?? "None" };
  });
}

/** Names of items that several groups of one escrow have and of which some were settled: no event says which. */
function findShared(groups: readonly Group[], skipped: readonly SkippedItem[]): ReadonlySet<string> {
  const holders = new Map<string, { groups: number; items: number }>();
  for (const group of groups) {
    const names = [...group.payments, ...group.tabs].map((item) => nameOf(escrowId(group), item));
    for (const name of new Set(names)) {
      const known = holders.get(name) ?? { groups: 0, items: 0 };
      const items = known.items + names.filter((other) => other === name).length;
      holders.set(name, { groups: known.groups + 1, items });
    }
  }
  const isMixed = (name: string, items: number): boolean => {
    const left = skipped.filter(({ id, head }) => nameOf(id, { head }) === name).length;
    return left > 0 && left < items;
  };
  return new Set(
    [...holders].flatMap(([name, { groups: count, items }]) => (count > 1 && isMixed(name, items) ? [name] : [])),
  );
}

function nameOf(id: Hex, { head }: { readonly head: bigint }): string {
  return `${id} ${head}`;
}

function includesHead(items: readonly PackedItem[], head: bigint): boolean {
  return items.some((item) => item.head === head);
}
