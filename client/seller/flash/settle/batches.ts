import type { Hex } from "viem";
import type { EscrowParties } from "../../../flash/hash.ts";
import { packPayment, packTab } from "../../../flash/pack.ts";
import type { Group, PackedItem } from "../../../flash/types.ts";
import { escrowKey } from "../keys.ts";
import type { SettleReason, UnsettledItem } from "../types.ts";
import type { PlannedEscrow } from "./plan.ts";

/** An item of a run, and why it is settled. */
export interface PlannedItem {
  readonly item: UnsettledItem;
  readonly reason: SettleReason;
}

/** One transaction: a batch of payments and tabs, or one signed transaction. */
export type Shipment =
  | {
      readonly kind: "batch";
      readonly groups: readonly Group[];
      readonly gas: bigint;
      readonly items: readonly PlannedItem[];
    }
  | {
      readonly kind: "transaction";
      readonly rawTransaction: Hex;
      readonly gas: bigint;
      readonly items: readonly [PlannedItem];
    };

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
  /** A signed transaction, all included. */
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

/** Splits a plan into transactions below the gas limit, in its order. */
export function splitIntoShipments(planned: readonly PlannedEscrow[], model: SettleGasModel): readonly Shipment[] {
  const items = planned.flatMap((escrow) => escrow.items.map((item) => ({ item, reason: escrow.reason })));
  const drafts: Draft[] = [];
  const signed: Shipment[] = [];
  for (const entry of items) {
    const { item } = entry.item;
    const escrow = escrowKey(entry.item.escrow);
    if (item.kind === "transaction") {
      signed.push({
        kind: "transaction",
        rawTransaction: item.rawTransaction,
        gas: model.signedTransactionLimit,
        items: [entry],
      });
      continue;
    }
    const own = item.kind === "payment" ? model.paymentLimit : model.tabLimit;
    const last = drafts.at(-1);
    const added = own + (last?.lastEscrow === escrow ? 0n : model.groupLimit);
    const draft =
      last !== undefined && last.gas + added <= model.transactionLimit ? last : openDraft(drafts, model.reserve);
    draft.gas += own + (draft.lastEscrow === escrow ? 0n : model.groupLimit);
    draft.lastEscrow = escrow;
    draft.items.push(entry);
  }
  return [
    ...drafts.map(({ items: own, gas }) => ({ kind: "batch" as const, groups: toGroups(own), gas, items: own })),
    ...signed,
  ];
}

function openDraft(drafts: Draft[], reserve: bigint): Draft {
  const draft: Draft = { items: [], gas: reserve, lastEscrow: undefined };
  drafts.push(draft);
  return draft;
}

/** As many transactions as most nodes keep of one account before they are mined. */
const MAX_WAVE = 16;

/** What is sent at once: a batch alone, for it may fill a block, and signed transactions together. */
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
export function withoutItems(
  batch: Extract<Shipment, { readonly kind: "batch" }>,
  digests: ReadonlySet<Hex>,
): Shipment | undefined {
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
