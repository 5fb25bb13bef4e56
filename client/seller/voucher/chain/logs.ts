import { decodeEventLog, numberToHex, pad, toEventSelector, type Address, type Hex } from "viem";
import { voucherEscrowAbi } from "../../../abi/index.ts";
import type { ReadClient } from "../../../core/readClient.ts";
import { toAddress } from "../../core/keys.ts";
import { accountKey } from "../keys.ts";
import type { AccountId, EscrowId } from "../types.ts";
import { ask } from "../../core/rpc.ts";

/** Where to look for events. */
export interface LogFilter {
  readonly escrow: EscrowId;
  readonly seller: Address;
  readonly fromBlock: bigint;
  readonly toBlock: bigint;
  /** Most blocks of one request. */
  readonly maxRange: bigint;
}

/** What events touched. Which way and in which order does not matter: it is read again. */
export interface Touched {
  /** By account key. */
  readonly accounts: ReadonlyMap<string, AccountId>;
  /** Buyer and signer of each changed session. */
  readonly signers: readonly { readonly buyer: Address; readonly signer: Address }[];
}

type Topics = readonly (Hex | readonly Hex[] | null)[];

interface RawLog {
  readonly data: Hex;
  readonly topics: [Hex, ...Hex[]];
}

const eventSelectors = (...names: readonly string[]): readonly Hex[] =>
  voucherEscrowAbi.flatMap((item) => (item.type === "event" && names.includes(item.name) ? toEventSelector(item) : []));

const ACCOUNT_EVENTS = eventSelectors(
  "Deposited",
  "Allocated",
  "ThawInitiated",
  "ThawCancelled",
  "Withdrawn",
  "Released",
);
const COLLECTED = eventSelectors("VoucherCollected");
const BATCH_COLLECTED = eventSelectors("BatchCollected");
const SIGNER_EVENTS = eventSelectors("SignerAuthorized", "SignerRevoked");

/** Finds which accounts of a seller and which session signers events touched, in ranges the node answers. */
export async function findTouched(client: ReadClient, filter: LogFilter): Promise<Touched> {
  const accounts = new Map<string, AccountId>();
  const signers: { buyer: Address; signer: Address }[] = [];
  for (let from = filter.fromBlock; from <= filter.toBlock; from += filter.maxRange) {
    const last = from + filter.maxRange - 1n;
    const range = { fromBlock: from, toBlock: last < filter.toBlock ? last : filter.toBlock };
    const logs = await Promise.all(topicsOf(filter.seller).map((topics) => readLogs(client, filter, topics, range)));
    for (const log of logs.flat()) {
      const touched = decode(log, filter);
      for (const account of touched.accounts) accounts.set(accountKey(account), account);
      signers.push(...touched.signers);
    }
  }
  return { accounts, signers };
}

function decode(
  { data, topics }: RawLog,
  filter: LogFilter,
): { readonly accounts: readonly AccountId[]; readonly signers: Touched["signers"] } {
  const { eventName, args } = decodeEventLog({ abi: voucherEscrowAbi, data, topics });
  switch (eventName) {
    case "SignerAuthorized":
    case "SignerRevoked":
      return { accounts: [], signers: [{ buyer: toAddress(args.buyer), signer: toAddress(args.signer) }] };
    case "BatchCollected":
      return { accounts: args.rows.map((row) => toAccount(filter, args.asset, buyerOfRow(row))), signers: [] };
    case "Deposited":
    case "Allocated":
    case "ThawInitiated":
    case "ThawCancelled":
    case "Withdrawn":
    case "Released":
    case "VoucherCollected":
      return { accounts: [toAccount(filter, args.asset, args.buyer)], signers: [] };
    default:
      // Not asked for: a node that answers more than the topics is not wrong about the rest.
      return { accounts: [], signers: [] };
  }
}

/** The seller stands at another place in each event, so each place needs a request of its own. */
function topicsOf(seller: Address): readonly Topics[] {
  const topic = pad(seller);
  return [[ACCOUNT_EVENTS, null, topic], [BATCH_COLLECTED, topic], [COLLECTED, null, null, topic], [SIGNER_EVENTS]];
}

function readLogs(
  client: ReadClient,
  { escrow }: LogFilter,
  topics: Topics,
  { fromBlock, toBlock }: { readonly fromBlock: bigint; readonly toBlock: bigint },
): Promise<readonly RawLog[]> {
  const request = {
    method: "eth_getLogs",
    params: [
      {
        address: escrow.escrow,
        topics: topics as (Hex | Hex[] | null)[],
        fromBlock: numberToHex(fromBlock),
        toBlock: numberToHex(toBlock),
      },
    ],
  } as const;
  return ask(
    `events of blocks ${fromBlock} to ${toBlock}`,
    async () => (await client.request(request as never)) as unknown as readonly RawLog[],
  );
}

function buyerOfRow(row: bigint): Address {
  return numberToHex(row >> 96n, { size: 20 });
}

function toAccount({ escrow, seller }: LogFilter, asset: Address, buyer: Address): AccountId {
  return { ...escrow, seller, asset: toAddress(asset), buyer: toAddress(buyer) };
}
