import type { Hash, Hex } from "viem";
import type { ReleaseEscrow } from "../../../flash/types.ts";
import { integer, text, type Row } from "../../core/rows.ts";
import type { EscrowRead, FlashItem, FlashItemStatus, LiveRelease } from "../types.ts";
import type { ItemRecord, LaneRecord } from "./records.ts";

/** How the databases write what a book holds: everything as text, because amounts have more bits than their integers. */

export interface LaneRow {
  readonly lane: string;
  readonly charged: string;
  readonly settled: string;
  readonly accepted_at: string;
  readonly total: string;
  readonly digest: string;
  readonly deadline: string;
  readonly signature: string;
  readonly published: string;
}

export interface ItemRow {
  readonly digest: string;
  readonly kind: string;
  readonly amount: string;
  readonly nonce: string;
  readonly deadline: string;
  /** The signature of a payment, the signed transaction of a transaction; empty for a settled one. */
  readonly evidence: string;
  readonly accepted_at: string;
}

export interface ReleaseRow {
  readonly nonce: string;
  /** JSON. */
  readonly authorization_json: string;
  readonly signature: string;
}

export function toLaneRow({ lane, charged, settled, published, acceptedAt, tab }: LaneRecord): LaneRow {
  return {
    lane: lane.toString(),
    charged: charged.toString(),
    settled: settled.toString(),
    accepted_at: acceptedAt.toString(),
    total: tab.total.toString(),
    digest: tab.digest,
    deadline: tab.deadline.toString(),
    signature: tab.signature,
    published: published.toString(),
  };
}

export function fromLaneRow(row: Row): LaneRecord {
  return {
    lane: integer(row, "lane"),
    charged: integer(row, "charged"),
    settled: integer(row, "settled"),
    published: integer(row, "published"),
    acceptedAt: integer(row, "accepted_at"),
    tab: {
      total: integer(row, "total"),
      digest: text(row, "digest") as Hash,
      deadline: integer(row, "deadline"),
      signature: text(row, "signature") as Hex,
    },
  };
}

export function toItemRow({ item, acceptedAt }: ItemRecord): ItemRow {
  const { digest, kind, amount } = item;
  const row = { digest, kind, amount: amount.toString(), accepted_at: acceptedAt.toString() };
  if (item.kind === "settled") return { ...row, nonce: "0", deadline: "0", evidence: "" };
  const evidence = item.kind === "payment" ? item.signature : item.rawTransaction;
  return { ...row, nonce: item.nonce.toString(), deadline: item.deadline.toString(), evidence };
}

export function fromItemRow(row: Row): ItemRecord {
  return { item: toItem(row), acceptedAt: integer(row, "accepted_at") };
}

function toItem(row: Row): ItemRecord["item"] {
  const digest = text(row, "digest") as Hash;
  const amount = integer(row, "amount");
  const kind = text(row, "kind") as ItemRecord["item"]["kind"];
  if (kind === "settled") return { kind, digest, amount };
  const evidence = text(row, "evidence") as Hex;
  const signed = { digest, amount, nonce: integer(row, "nonce"), deadline: integer(row, "deadline") };
  return kind === "payment" ? { kind, ...signed, signature: evidence } : { kind, ...signed, rawTransaction: evidence };
}

/** Reads what a database knows of one digest: `noted` when it is noted as settled, `kind` and `is_settled` when it is an item. */
export function fromStatusRow(row: Row, digest: Hash): FlashItemStatus | undefined {
  const { noted, transaction_hash: hash, kind, is_settled: isSettled } = row;
  if (kind === "settled") return { status: "settled", transactionHash: digest };
  if (typeof hash === "string") return { status: "settled", transactionHash: hash as Hash };
  if (noted !== null || isSettled === true || isSettled === 1) return { status: "settled" };
  return kind === null ? undefined : { status: "accepted" };
}

export function toReleaseRow({ authorization, signature }: LiveRelease): ReleaseRow {
  return { nonce: authorization.nonce.toString(), authorization_json: stringify(authorization), signature };
}

export function fromReleaseRow(row: Row): LiveRelease {
  const { client, server, token, ...numbers } = JSON.parse(text(row, "authorization_json")) as Record<
    keyof ReleaseEscrow,
    string
  >;
  return {
    authorization: {
      client: client as Hex,
      server: server as Hex,
      token: token as Hex,
      epoch: BigInt(numbers.epoch),
      amount: BigInt(numbers.amount),
      nonce: BigInt(numbers.nonce),
      deadline: BigInt(numbers.deadline),
    },
    signature: text(row, "signature") as Hex,
  };
}

export function parseRead(json: string): EscrowRead {
  const read = JSON.parse(json) as StringsOf<Omit<EscrowRead, "block">> & {
    readonly block: StringsOf<EscrowRead["block"]>;
  };
  return {
    ...read,
    balance: BigInt(read.balance),
    settled: BigInt(read.settled),
    unlockAt: BigInt(read.unlockAt),
    closeDelay: BigInt(read.closeDelay),
    epoch: BigInt(read.epoch),
    block: { ...read.block, number: BigInt(read.block.number), timestamp: BigInt(read.block.timestamp) },
  };
}

export function parseItem(json: string): FlashItem {
  const item = JSON.parse(json) as Readonly<Record<string, string>>;
  const numbers = ["amount", "total", "nonce", "lane", "deadline"].flatMap((name) => {
    const value = item[name];
    return value === undefined ? [] : [[name, BigInt(value)] as const];
  });
  return { ...item, ...Object.fromEntries(numbers) } as unknown as FlashItem;
}

type StringsOf<T> = { readonly [Name in keyof T]: T[Name] extends bigint ? string : T[Name] };

/** Writes numbers as decimal strings. */
export function stringify(value: object): string {
  return JSON.stringify(value, (_name, member: unknown) => (typeof member === "bigint" ? member.toString() : member));
}

/** Which bits of a nonce window are set, as hex digits. */
export function toBits(bits: bigint): string {
  return bits.toString(16);
}

export function fromBits(bits: string): bigint {
  return BigInt(`0x${bits}`);
}
