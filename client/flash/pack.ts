import { toCompactSignature } from "../core/signature.ts";
import { ItemNotPackableError } from "./errors.ts";
import { escrowId, type EscrowParties } from "./hash.ts";
import type { Group, PackedItem, SignedPayment, SignedTab } from "./types.ts";

/** A payment or a tab to settle. */
export type SettleableItem = ({ readonly kind: "payment" } & SignedPayment) | ({ readonly kind: "tab" } & SignedTab);

/** How {@link buildBatches} builds. */
export interface BuildBatchesOptions {
  /** Most gas that one transaction is expected to use; ten million when absent. */
  readonly gasLimit?: bigint;
}

/** Groups for one `settleBatch`. */
export interface Batch {
  readonly groups: readonly Group[];
  /** What the transaction is expected to use at most, of a token like USDC. */
  readonly gas: bigint;
}

/** What a packed item says, without its signature. */
export interface PackedHead {
  /** Amount of a payment or total of a tab, token base units. */
  readonly value: bigint;
  /** Nonce of a payment or lane of a tab. */
  readonly index: bigint;
  /** Unix seconds, inclusive; zero for as long as the epoch lasts. */
  readonly deadline: bigint;
}

/** Width in bits of each part of a head. */
const WIDTHS = { value: 128n, index: 64n, deadline: 40n } as const;
const SPARE_BITS = 24n;

const GAS_LIMIT = 10_000_000n;
/** What a batch uses at most, from its parts: the snapshots of gas lie below. */
const GAS = { transaction: 40_000n, group: 130_000n, word: 23_000n, payment: 9_000n, tab: 36_000n } as const;

/**
 * Packs a payment.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol, `PackedItem`
 *
 * @param signed - {@link SignedPayment}; amounts in token base units.
 * @returns Three words.
 * @throws {ItemNotPackableError} a member is too wide.
 * @throws {MalformedSignatureError} the signature is not one of a key.
 *
 * @example
 * const item = packPayment({ payment, signature });
 */
export function packPayment({ payment, signature }: SignedPayment): PackedItem {
  const { amount, nonce, deadline } = payment;
  return { head: packHead({ amount, nonce, deadline }), ...toCompactSignature(signature) };
}

/**
 * Packs a tab.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol, `PackedItem`
 *
 * @param signed - {@link SignedTab}; amounts in token base units.
 * @returns Three words.
 * @throws {ItemNotPackableError} a member is too wide.
 * @throws {MalformedSignatureError} the signature is not one of a key.
 *
 * @example
 * const item = packTab({ tab, signature });
 */
export function packTab({ tab, signature }: SignedTab): PackedItem {
  const { total, lane, deadline } = tab;
  return { head: packHead({ total, lane, deadline }), ...toCompactSignature(signature) };
}

/**
 * Takes the first word of a packed item apart, as `RowSkipped` gives it.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol, `PackedItem`
 *
 * @param head - `amount or total << 128 | nonce or lane << 64 | deadline << 24`.
 * @returns {@link PackedHead}.
 *
 * @example
 * const { value, index } = decodeHead(item.head);
 */
export function decodeHead(head: bigint): PackedHead {
  return {
    value: head >> WIDTHS.value,
    index: (head >> WIDTHS.index) % (1n << WIDTHS.index),
    deadline: (head >> SPARE_BITS) % (1n << WIDTHS.deadline),
  };
}

/**
 * Groups items by escrow for `settleBatch`, each group one pull from the wallet, and splits them where one transaction would use too
 * much gas. Items go into batches in the order given, so give the oldest deadline first; inside of a group, payments are sorted by nonce,
 * so that dense nonces share a word of storage.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol, `Group`
 *
 * @param items - Payments and tabs of one FlashSettlement, each of its escrow's current epoch; amounts in token base units.
 * @param options - {@link BuildBatchesOptions}.
 * @returns Batches, one transaction each, in the order in which to send them.
 * @throws {ItemNotPackableError} a member is too wide.
 * @throws {MalformedSignatureError} a signature is not one of a key.
 *
 * @example
 * for (const { groups } of buildBatches(items)) await settleBatch(walletClient, { settlement, groups, allowPartial: true });
 */
export function buildBatches(
  items: readonly SettleableItem[],
  { gasLimit = GAS_LIMIT }: BuildBatchesOptions = {},
): readonly Batch[] {
  const batches: OpenBatch[] = [];
  for (const item of items) {
    const current = batches.at(-1);
    const cost = current === undefined ? 0n : costOf(current, item);
    const fits = current !== undefined && current.gas + cost <= gasLimit;
    const batch = fits ? current : openBatch();
    if (!fits) batches.push(batch);
    add(batch, item, fits ? cost : costOf(batch, item));
  }
  return batches.map(({ groups, gas }) => ({ groups: [...groups.values()].map(closeGroup), gas }));
}

interface OpenGroup extends EscrowParties {
  readonly payments: PackedItem[];
  readonly tabs: PackedItem[];
  /** Words of nonces that the payments use. */
  readonly words: Set<bigint>;
}

interface OpenBatch {
  readonly groups: Map<string, OpenGroup>;
  gas: bigint;
}

function openBatch(): OpenBatch {
  return { groups: new Map(), gas: GAS.transaction };
}

function partiesOf(item: SettleableItem): EscrowParties {
  const { client, server, token } = item.kind === "payment" ? item.payment : item.tab;
  return { client, server, token };
}

function costOf({ groups }: OpenBatch, item: SettleableItem): bigint {
  const group = groups.get(escrowId(partiesOf(item)));
  const opening = group === undefined ? GAS.group : 0n;
  if (item.kind === "tab") return opening + GAS.tab;
  const isNewWord = group?.words.has(item.payment.nonce >> 8n) !== true;
  return opening + GAS.payment + (isNewWord ? GAS.word : 0n);
}

function add(batch: OpenBatch, item: SettleableItem, cost: bigint): void {
  const parties = partiesOf(item);
  const key = escrowId(parties);
  const group = batch.groups.get(key) ?? { ...parties, payments: [], tabs: [], words: new Set<bigint>() };
  if (item.kind === "payment") {
    group.payments.push(packPayment(item));
    group.words.add(item.payment.nonce >> 8n);
  } else {
    group.tabs.push(packTab(item));
  }
  batch.groups.set(key, group);
  batch.gas += cost;
}

function closeGroup({ words: _, payments, ...group }: OpenGroup): Group {
  return { ...group, payments: payments.toSorted((one, other) => compare(nonceOf(one), nonceOf(other))) };
}

function nonceOf({ head }: PackedItem): bigint {
  return decodeHead(head).index;
}

function compare(one: bigint, other: bigint): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** Three members, from the widest to the narrowest, each within its bits. */
function packHead(members: Readonly<Record<string, bigint>>): bigint {
  const widths = [WIDTHS.value, WIDTHS.index, WIDTHS.deadline];
  const head = Object.entries(members).reduce((packed, [member, value], index) => {
    const width = widths[index] ?? 0n;
    if (value < 0n || value >> width !== 0n) throw new ItemNotPackableError(member, `it has ${width} bits`);
    return (packed << width) | value;
  }, 0n);
  return head << SPARE_BITS;
}
