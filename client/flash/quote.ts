import {
  concat,
  encodeFunctionData,
  erc20Abi,
  hexToBytes,
  isAddressEqual,
  size,
  slice,
  type Address,
  type Hex,
} from "viem";
import { call, getBlock } from "viem/actions";
import { smallest } from "../core/amounts.ts";
import { withChecksums } from "../core/checksums.ts";
import { blockOf, type BlockParameters } from "../core/read.ts";
import type { ReadClient } from "../core/readClient.ts";
import { recoverKey } from "../core/signature.ts";
import { getRevertData } from "../errors.ts";
import { escrowId, flashDomainSeparator, hashPayment, hashTab } from "./hash.ts";
import { decodeHead } from "./pack.ts";
import { getChainState, getEscrow, getSettler } from "./read.ts";
import { flashDomain, type SettlementReference } from "./typedData.ts";
import { MAX_AMOUNT, type Escrow, type Group, type PackedItem, type SkipReason } from "./types.ts";

/** What {@link quoteBatch} takes. */
export interface QuoteBatchParameters extends SettlementReference, BlockParameters {
  /** What `settleBatch` would be given. */
  readonly groups: readonly Group[];
  /** Whether an item may be paid in part. */
  readonly allowPartial: boolean;
  /** Who would send it. */
  readonly account: Address;
  /** Time of the block it would be mined in, unix seconds; the time of the block that is read when absent. */
  readonly timestamp?: bigint;
  /** Address of Multicall3 where it is not at its usual one. */
  readonly multicall?: Address;
}

/** What one item would be paid. */
export interface QuotedItem {
  readonly item: PackedItem;
  /** Token base units; zero when it would be skipped. */
  readonly paid: bigint;
  /** `None` when it would be settled. */
  readonly reason: SkipReason;
}

/** What one group would collect. */
export interface QuotedGroup {
  readonly group: Group;
  /** Escrow, 32 bytes. */
  readonly id: Hex;
  /** From the client's wallet, token base units. */
  readonly fromWallet: bigint;
  /** From the escrow, as credit of the server, token base units. */
  readonly fromEscrow: bigint;
  readonly payments: readonly QuotedItem[];
  readonly tabs: readonly QuotedItem[];
}

/** Gas the contract gives a token for one read, and for one transfer. */
const READ_GAS = 60_000n;
const TRANSFER_GAS = 200_000n;

/**
 * Says what a batch would collect, group by group and item by item, as the contract would: what wallet and escrow pay, and why an item
 * would be skipped. It asks the token whether it would pay, with the contract's own stipends, so a pause, a blacklist or a false answer
 * shows.
 *
 * It holds for the state of the block that is read. Of a batch in which a group's client is the server of an earlier group in the same
 * token, the later pull is asked for without what the earlier group brings, and counts as refused where it needs that.
 *
 * - Source: contracts/flash/FlashBatches.sol
 *
 * @param client - any viem client of a chain with Multicall3.
 * @param parameters - {@link QuoteBatchParameters}; times in unix seconds.
 * @returns One {@link QuotedGroup} a group, in their order; amounts in token base units.
 *
 * @example
 * const [quote] = await quoteBatch(publicClient, { chainId: 8453, settlement, groups, allowPartial: true, account });
 * if (quote.fromEscrow > 0n) warn(quote.id);
 */
export async function quoteBatch(
  client: ReadClient,
  parameters: QuoteBatchParameters,
): Promise<readonly QuotedGroup[]> {
  const block = await getBlock(client, blockOf(parameters) as { readonly blockNumber: bigint });
  const at: At = { ...parameters, blockNumber: block.number, timestamp: parameters.timestamp ?? block.timestamp };
  const ledger = await readLedger(client, at);
  const quotes: QuotedGroup[] = [];
  // One after the other: a group sees what the groups before it took.
  for (const group of parameters.groups) quotes.push(await quoteGroup(client, at, ledger, group));
  return quotes;
}

interface At extends QuoteBatchParameters {
  readonly blockNumber: bigint;
  readonly timestamp: bigint;
}

/** What the groups read and change. */
interface Ledger {
  readonly escrows: Map<Hex, Escrow>;
  /** By escrow and word. */
  readonly words: Map<string, bigint>;
  /** By escrow and lane. */
  readonly lanes: Map<string, bigint>;
  /** Servers whose payments the sender may consume. */
  readonly servers: ReadonlySet<string>;
  /** By token and owner; what was not asked yet is absent. */
  readonly balances: Map<string, bigint>;
  readonly allowances: Map<string, bigint>;
}

async function readLedger(client: ReadClient, at: At): Promise<Ledger> {
  const { groups, settlement, blockNumber, multicall } = at;
  const where = { settlement, blockNumber, ...(multicall === undefined ? {} : { multicall }) };
  const readings = groups.map(({ client: payer, server, token, payments, tabs }) => ({
    client: payer,
    server,
    token,
    nonceWords: [...new Set(payments.map(({ head }) => decodeHead(head).index >> 8n))],
    lanes: [...new Set(tabs.map(({ head }) => decodeHead(head).index))],
  }));
  const escrows = await Promise.all(readings.map((parties) => getEscrow(client, { ...parties, ...where })));
  const epochs = escrows.map(({ epoch }) => epoch);
  const inEpoch = readings.map((reading, index) => ({ ...reading, epoch: epochs[index] ?? 0n }));
  const state = await getChainState(client, { ...where, escrows: inEpoch });
  const [known, words, lanes] = [new Map<Hex, Escrow>(), new Map<string, bigint>(), new Map<string, bigint>()];
  for (const [index, result] of state.escrows.entries()) {
    const group = groups[index];
    if (group === undefined) continue;
    const id = escrowId(group);
    known.set(id, result.escrow);
    for (const { word, bits } of result.nonceWords) words.set(keyOf(id, word), bits);
    for (const { lane, settled } of result.lanes) lanes.set(keyOf(id, lane), settled);
  }
  const servers = await findServers(client, at);
  return { escrows: known, words, lanes, servers, balances: new Map(), allowances: new Map() };
}

async function findServers(client: ReadClient, at: At): Promise<ReadonlySet<string>> {
  const { groups, settlement, account, blockNumber, timestamp } = at;
  const servers = [...new Set(groups.map(({ server }) => server.toLowerCase() as Address))];
  const rights = await Promise.all(
    servers.map(async (server) => {
      if (isAddressEqual(server, account)) return true;
      const { validUntil } = await getSettler(client, { settlement, server, settler: account, blockNumber });
      return timestamp <= validUntil;
    }),
  );
  return new Set(servers.filter((_, index) => rights[index]));
}

async function quoteGroup(client: ReadClient, at: At, ledger: Ledger, group: Group): Promise<QuotedGroup> {
  const id = escrowId(group);
  const escrow = ledger.escrows.get(id);
  if (escrow === undefined || !escrow.isOpen) {
    const none = (item: PackedItem): QuotedItem => ({ item, paid: 0n, reason: "NoEscrow" });
    return {
      group,
      id,
      fromWallet: 0n,
      fromEscrow: 0n,
      payments: group.payments.map(none),
      tabs: group.tabs.map(none),
    };
  }
  const faults = await findFaults(at, ledger, group, escrow);
  const choose = (available: bigint): Chosen => chooseItems(ledger, group, faults, escrow, { available, ...at });
  const wallet = await pullableOf(client, at, ledger, group);
  let chosen = choose(wallet + escrow.balance);
  let fromWallet = smallest(wallet, chosen.due);
  if (fromWallet !== 0n && !(await wouldPull(client, at, group, fromWallet))) {
    fromWallet = 0n;
    chosen = choose(escrow.balance);
  }
  book(ledger, group, escrow, chosen, fromWallet);
  const { payments, tabs, due } = chosen;
  return { group, id, fromWallet, fromEscrow: due - fromWallet, payments, tabs };
}

/** What an item lacks by itself, in the contract's order. */
interface Faults {
  readonly payments: readonly SkipReason[];
  readonly tabs: readonly SkipReason[];
}

async function findFaults(at: At, { servers }: Ledger, group: Group, escrow: Escrow): Promise<Faults> {
  const { client, server, token } = group;
  const separator = flashDomainSeparator(flashDomain(at));
  const of = { client, server, token, epoch: escrow.epoch };
  const mayConsume = servers.has(server.toLowerCase());
  const findFault = async (item: PackedItem, isPayment: boolean): Promise<SkipReason> => {
    const { value, index, deadline } = decodeHead(item.head);
    if (value === 0n || item.head % (1n << 24n) !== 0n) return "Malformed";
    if (deadline !== 0n && at.timestamp > deadline) return "Expired";
    if (isPayment && !mayConsume) return "NotServer";
    const { digest } = isPayment
      ? hashPayment({ ...of, deadline, amount: value, nonce: index }, separator)
      : hashTab({ ...of, deadline, total: value, lane: index }, separator);
    const key = await recoverKey(digest, concat([item.r, item.vs]));
    return key !== undefined && isAddressEqual(key, escrow.signer) ? "None" : "BadSignature";
  };
  return {
    payments: await Promise.all(group.payments.map((item) => findFault(item, true))),
    tabs: await Promise.all(group.tabs.map((item) => findFault(item, false))),
  };
}

interface Chosen {
  readonly due: bigint;
  readonly payments: readonly QuotedItem[];
  readonly tabs: readonly QuotedItem[];
  /** Words and lanes afterwards. */
  readonly words: ReadonlyMap<string, bigint>;
  readonly lanes: ReadonlyMap<string, bigint>;
}

/** Chooses items in their order while `available` covers them, payments before tabs. */
function chooseItems(
  ledger: Ledger,
  group: Group,
  faults: Faults,
  escrow: Escrow,
  { available, allowPartial }: { readonly available: bigint; readonly allowPartial: boolean },
): Chosen {
  const id = escrowId(group);
  const words = new Map(ledger.words);
  const lanes = new Map(ledger.lanes);
  const start = smallest(available, MAX_AMOUNT - escrow.settled);
  let left = start;

  const payments = group.payments.map((item, place): QuotedItem => {
    const fault = faults.payments[place] ?? "None";
    if (fault !== "None") return { item, paid: 0n, reason: fault };
    const { value, index } = decodeHead(item.head);
    const key = keyOf(id, index >> 8n);
    const bits = words.get(key) ?? 0n;
    const mask = 1n << (index % 256n);
    const partial = allowPartial ? left : 0n;
    const paid = value > left ? partial : value;
    if ((bits & mask) !== 0n) return { item, paid: 0n, reason: "Used" };
    if (paid === 0n) return { item, paid, reason: "NotCovered" };
    words.set(key, bits | mask);
    left -= paid;
    return { item, paid, reason: "None" };
  });

  const tabs = group.tabs.map((item, place): QuotedItem => {
    const fault = faults.tabs[place] ?? "None";
    if (fault !== "None") return { item, paid: 0n, reason: fault };
    const { value, index } = decodeHead(item.head);
    const key = keyOf(id, index);
    const settled = lanes.get(key) ?? 0n;
    if (value <= settled) return { item, paid: 0n, reason: "Used" };
    if (left === 0n) return { item, paid: 0n, reason: "NotCovered" };
    const paid = smallest(value - settled, left);
    lanes.set(key, settled + paid);
    left -= paid;
    return { item, paid, reason: "None" };
  });

  return { due: start - left, payments, tabs, words, lanes };
}

/** Leaves the ledger as the group leaves the chain. */
function book(ledger: Ledger, group: Group, escrow: Escrow, { due, words, lanes }: Chosen, fromWallet: bigint): void {
  const { client, server, token } = group;
  const [balance, settled] = [escrow.balance - (due - fromWallet), escrow.settled + due];
  ledger.escrows.set(escrowId(group), { ...escrow, balance, settled });
  for (const [key, bits] of words) ledger.words.set(key, bits);
  for (const [key, total] of lanes) ledger.lanes.set(key, total);
  move(ledger.balances, keyOf(token, client), -fromWallet);
  move(ledger.balances, keyOf(token, server), fromWallet);
  move(ledger.allowances, keyOf(token, client), -fromWallet);
}

function move(amounts: Map<string, bigint>, key: string, by: bigint): void {
  const amount = amounts.get(key);
  if (amount !== undefined) amounts.set(key, amount + by);
}

/** The smaller of balance and allowance, zero where the token does not tell. */
async function pullableOf(client: ReadClient, at: At, ledger: Ledger, { client: owner, server, token }: Group) {
  const { settlement } = at;
  const balanceOf = async (account: Address): Promise<bigint> => {
    const args = [withChecksums(account)] as const;
    return askOnce(ledger.balances, keyOf(token, account), async () =>
      tokenRead(client, at, token, encodeFunctionData({ abi: erc20Abi, functionName: "balanceOf", args })),
    );
  };
  const balance = await balanceOf(owner);
  // Asked before it changes: this server may be a client of a later group.
  await balanceOf(server);
  if (balance === 0n) return 0n;
  const args = withChecksums([owner, settlement] as const);
  const allowance = await askOnce(ledger.allowances, keyOf(token, owner), async () =>
    tokenRead(client, at, token, encodeFunctionData({ abi: erc20Abi, functionName: "allowance", args })),
  );
  return smallest(balance, allowance, MAX_AMOUNT);
}

async function askOnce(known: Map<string, bigint>, key: string, ask: () => Promise<bigint>): Promise<bigint> {
  const amount = known.get(key) ?? (await ask());
  known.set(key, amount);
  return amount;
}

async function tokenRead(client: ReadClient, at: At, token: Address, data: Hex): Promise<bigint> {
  const answer = await askToken(client, at, token, data, READ_GAS);
  return answer === undefined || size(answer) < 32 ? 0n : BigInt(slice(answer, 0, 32));
}

/** Whether the token would move `amount` to the server: it says so, or says nothing. */
async function wouldPull(client: ReadClient, at: At, group: Group, amount: bigint): Promise<boolean> {
  const args = [...withChecksums([group.client, group.server] as const), amount] as const;
  const data = encodeFunctionData({ abi: erc20Abi, functionName: "transferFrom", args });
  const answer = await askToken(client, at, group.token, data, TRANSFER_GAS);
  if (answer === undefined) return false;
  return answer === "0x" || (size(answer) >= 32 && BigInt(slice(answer, 0, 32)) === 1n);
}

/** Calls a token in the contract's name with the contract's stipend. */
async function askToken(client: ReadClient, at: At, token: Address, data: Hex, stipend: bigint) {
  const { settlement, blockNumber } = at;
  const [account, to] = withChecksums([settlement, token] as const);
  try {
    const answer = await call(client, { account, to, data, gas: stipend + intrinsicGas(data), blockNumber });
    return answer.data ?? "0x";
  } catch (error) {
    if (getRevertData(error) === undefined) throw error;
    return undefined;
  }
}

/** What a transaction costs before its first instruction. */
function intrinsicGas(data: Hex): bigint {
  const costs = Array.from(hexToBytes(data), (byte) => (byte === 0 ? 4 : 16));
  return 21_000n + BigInt(costs.reduce((sum, cost) => sum + cost, 0));
}

function keyOf(scope: string, name: string | bigint): string {
  return `${scope}:${name}`.toLowerCase();
}
