import type { Hex } from "viem";
import { smallest } from "../../../core/amounts.ts";
import type { EscrowParties } from "../../../flash/hash.ts";
import { packPayment, packTab } from "../../../flash/pack.ts";
import type { Group, PackedItem } from "../../../flash/types.ts";
import { escrowKey } from "../keys.ts";
import type { FlashItem, SettleReason, UnsettledItem } from "../types.ts";
import { endOf, type PlannedEscrow } from "./plan.ts";

/** An item of a run, and why it is settled. */
export interface PlannedItem {
  readonly item: UnsettledItem;
  readonly reason: SettleReason;
  /** First moment at which it could be lost, unix seconds. */
  readonly end: bigint;
}

/** A signed transaction of a run. */
export interface PlannedTransaction extends PlannedItem {
  readonly item: UnsettledItem & { readonly item: Extract<FlashItem, { readonly kind: "transaction" }> };
}

/** Payments and tabs in one transaction. */
export interface Batch {
  readonly kind: "batch";
  readonly groups: readonly Group[];
  readonly gas: bigint;
  readonly items: readonly PlannedItem[];
}

/** Signed transactions in one transaction, each of them settled whole or not at all. */
export interface Bundle {
  readonly kind: "bundle";
  readonly gas: bigint;
  readonly items: readonly PlannedTransaction[];
}

/** A signed transaction alone, of which what is there is taken. */
export interface Single {
  readonly kind: "transaction";
  readonly rawTransaction: Hex;
  readonly gas: bigint;
  readonly items: readonly [PlannedTransaction];
}

/** One transaction. */
export type Shipment = Batch | Bundle | Single;

/**
 * Gas of a transaction, part by part. Limits are what a part may use, not what it does: gas that is not used costs nothing, and too little
 * of it reverts the whole transaction.
 */
export interface SettleGasModel {
  /** Most gas of one transaction, all included. */
  readonly transactionLimit: bigint;
  /** What the contract demands to be left for the token's stipends, and what a transaction begins with. */
  readonly reserve: bigint;
  /** One escrow without its items: its words, two reads and one pull of a token that may be a proxy, its event. */
  readonly groupLimit: bigint;
  /** A payment whose nonce word is not in use yet. */
  readonly paymentLimit: bigint;
  /** The first tab of a lane. */
  readonly tabLimit: bigint;
  /** A signed transaction that goes alone, all included. */
  readonly signedTransactionLimit: bigint;
}

/** What the settler counts with unless told otherwise: room for a token behind a proxy that reads a block list. */
export const DEFAULT_SETTLE_GAS: SettleGasModel = {
  transactionLimit: 12_000_000n,
  reserve: 450_000n,
  groupLimit: 160_000n,
  paymentLimit: 38_000n,
  tabLimit: 45_000n,
  signedTransactionLimit: 650_000n,
};

/** Every inner call leaves a 64th of the gas behind; some more, since what Multicall3 itself needs is in it too. */
const CALL_SHARE = 16n;

/** EIP-7825: no transaction above it is mined. */
const MAX_TRANSACTION_GAS = 16_777_216n;

/** Doubles the parts of a model, as often as transactions reverted with too little gas. */
export function scaleGas(model: SettleGasModel, doublings: number): SettleGasModel {
  const scale = 2n ** BigInt(doublings);
  const limit = model.transactionLimit < MAX_TRANSACTION_GAS ? model.transactionLimit : MAX_TRANSACTION_GAS;
  return {
    transactionLimit: limit,
    reserve: model.reserve * scale,
    groupLimit: model.groupLimit * scale,
    paymentLimit: model.paymentLimit * scale,
    tabLimit: model.tabLimit * scale,
    signedTransactionLimit: model.signedTransactionLimit * scale,
  };
}

interface Draft {
  readonly items: PlannedItem[];
  gas: bigint;
  /** Key of the escrow of the last item. */
  lastEscrow: string | undefined;
}

/**
 * Splits a plan into transactions below the gas limit, those in front that hold what could be lost first.
 *
 * @param isAlone - Whether a signed transaction goes alone.
 */
export function splitIntoShipments(
  planned: readonly PlannedEscrow[],
  model: SettleGasModel,
  isAlone: (item: UnsettledItem) => boolean,
): readonly Shipment[] {
  const entries = planned.flatMap(({ state, items, reason }) =>
    items.map((item): PlannedItem => ({ item, reason, end: endOf({ state, items: [item] }) })),
  );
  const signed = entries.filter(isSigned).toSorted((one, other) => compare(one.end, other.end));
  const shipments = [
    ...toBatches(entries, model),
    ...toBundles(
      signed.filter(({ item }) => !isAlone(item)),
      model,
    ),
    ...signed.filter(({ item }) => isAlone(item)).map((entry) => toSingle(entry, model)),
  ];
  return shipments.toSorted((one, other) => compare(endOfShipment(one), endOfShipment(other)));
}

function isSigned(entry: PlannedItem): entry is PlannedTransaction {
  return entry.item.item.kind === "transaction";
}

function endOfShipment({ items }: Shipment): bigint {
  return smallest(...(items.map(({ end }) => end) as [bigint, ...bigint[]]));
}

function toBatches(entries: readonly PlannedItem[], model: SettleGasModel): readonly Batch[] {
  const drafts: Draft[] = [];
  for (const entry of entries) {
    if (isSigned(entry)) continue;
    const escrow = escrowKey(entry.item.escrow);
    const own = entry.item.item.kind === "payment" ? model.paymentLimit : model.tabLimit;
    const last = drafts.at(-1);
    const added = own + (last?.lastEscrow === escrow ? 0n : model.groupLimit);
    const draft =
      last !== undefined && last.gas + added <= model.transactionLimit ? last : openDraft(drafts, model.reserve);
    draft.gas += own + (draft.lastEscrow === escrow ? 0n : model.groupLimit);
    draft.lastEscrow = escrow;
    draft.items.push(entry);
  }
  return drafts.map(({ items, gas }) => ({ kind: "batch", groups: toGroups(items), gas, items }));
}

/** One signed transaction by itself needs no bundle, and takes what is there. */
function toBundles(entries: readonly PlannedTransaction[], model: SettleGasModel): readonly (Bundle | Single)[] {
  const base = model.reserve + model.reserve / CALL_SHARE;
  const own = ownGasOf(model);
  const room = model.transactionLimit > base ? (model.transactionLimit - base) / own : 0n;
  const size = Math.max(1, Number(room));
  const bundles: (Bundle | Single)[] = [];
  for (let start = 0; start < entries.length; start += size) {
    const [first, ...others] = entries.slice(start, start + size);
    if (first === undefined) continue;
    const items = [first, ...others];
    const gas = base + own * BigInt(items.length);
    bundles.push(others.length === 0 ? toSingle(first, model) : { kind: "bundle", gas, items });
  }
  return bundles;
}

/** What one signed transaction needs beside the reserve, which is there once. */
function ownGasOf({ signedTransactionLimit, reserve }: SettleGasModel): bigint {
  return signedTransactionLimit > reserve ? signedTransactionLimit - reserve : signedTransactionLimit;
}

/** A signed transaction alone. */
export function toSingle(entry: PlannedTransaction, { signedTransactionLimit: gas }: SettleGasModel): Single {
  const { rawTransaction } = entry.item.item;
  return { kind: "transaction", rawTransaction, gas, items: [entry] };
}

function compare(one: bigint, other: bigint): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function openDraft(drafts: Draft[], reserve: bigint): Draft {
  const draft: Draft = { items: [], gas: reserve, lastEscrow: undefined };
  drafts.push(draft);
  return draft;
}

/** As many transactions as most nodes keep of one account before they are mined. */
const MAX_WAVE = 16;

/** What is sent at once: batches and bundles alone, for each may fill a block, and single signed transactions together. */
export function toWaves(shipments: readonly Shipment[]): readonly (readonly Shipment[])[] {
  const waves: Shipment[][] = [];
  for (const shipment of shipments) {
    const last = waves.at(-1);
    const isJoined = shipment.kind === "transaction" && last?.[0]?.kind === "transaction" && last.length < MAX_WAVE;
    if (isJoined) last.push(shipment);
    else waves.push([shipment]);
  }
  return waves;
}

/** Leaves items out of a batch; undefined when none is left. Gas that is not used costs nothing. */
export function withoutItems(batch: Batch, digests: ReadonlySet<Hex>): Batch | undefined {
  const items = batch.items.filter(({ item }) => !digests.has(item.item.digest));
  return items.length === 0 ? undefined : { ...batch, items, groups: toGroups(items) };
}

/** One group an escrow, its items in the order of the plan. */
function toGroups(planned: readonly PlannedItem[]): readonly Group[] {
  const groups = new Map<
    string,
    { readonly parties: EscrowParties; readonly payments: PackedItem[]; readonly tabs: PackedItem[] }
  >();
  for (const { item } of planned) {
    const { client, server, token } = item.escrow;
    const key = escrowKey(item.escrow);
    const group = groups.get(key) ?? { parties: { client, server, token }, payments: [], tabs: [] };
    groups.set(key, group);
    if (item.item.kind === "payment") group.payments.push(packItem(item));
    else if (item.item.kind === "tab") group.tabs.push(packItem(item));
  }
  return [...groups.values()].map(({ parties, ...items }) => ({ ...parties, ...items }));
}

/** Packs an item; its head names it in the events of a batch. */
export function packItem({ escrow, epoch, item }: UnsettledItem): PackedItem {
  const { client, server, token } = escrow;
  const parties = { client, server, token, epoch };
  switch (item.kind) {
    case "payment": {
      const { amount, nonce, deadline, signature } = item;
      return packPayment({ payment: { ...parties, amount, nonce, deadline }, signature });
    }
    case "tab": {
      const { total, lane, deadline, signature } = item;
      return packTab({ tab: { ...parties, total, lane, deadline }, signature });
    }
    case "transaction":
      throw new TypeError("a signed transaction is no item of a batch");
  }
}
