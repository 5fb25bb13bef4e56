/**
 * Writes `test/vectors/voucher.json`: EIP-712 hashes of every message VoucherEscrow checks, which TypeScript and Solidity must both
 * reproduce. The hashes come from viem's general implementation, not from this project's own, and do not change from run to run.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import {
  domainSeparator,
  hashStruct,
  hashTypedData,
  keccak256,
  maxUint256,
  stringToHex,
  type Address,
  type Hex,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { type Permit } from "../client/core/funding.ts";
import { depositEip3009TypedData, depositPermit2TypedData, permitTypedData } from "../client/voucher/funding.ts";
import { voucherDomain, voucherTypes, type VoucherPrimaryType } from "../client/voucher/typedData.ts";
import type { DepositAuthorization } from "../client/voucher/types.ts";

type Value = string | bigint | boolean;
type Message = Readonly<Record<string, Value>>;

interface Case {
  readonly name: string;
  readonly message: Message;
}

interface TypedData {
  readonly domain: Record<string, unknown>;
  readonly types: Record<string, readonly { readonly name: string; readonly type: string }[]>;
  readonly primaryType: string;
  readonly message: Record<string, unknown>;
}

const OUTPUT = fileURLToPath(new URL("../test/vectors/voucher.json", import.meta.url));
const PRIMARY_TYPES = Object.keys(voucherTypes) as VoucherPrimaryType[];
const USDC: Address = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";
const TOKEN = { name: "USD Coin", version: "2" } as const;

/** A key of no worth, so that signatures are the same on every run. */
const owner = privateKeyToAccount(keccak256(stringToHex("x402-escrow vectors: owner")));

/** The first is the one messages are signed for; the others show that chain and contract are bound. */
const ESCROWS = [
  { chainId: 8453, escrow: hashedAddress("x402-escrow vectors: escrow") },
  { chainId: 1, escrow: hashedAddress("x402-escrow vectors: other escrow") },
  { chainId: Number.MAX_SAFE_INTEGER, escrow: filled("f", 20) },
] as const;

const PERMITS: readonly Permit[] = [
  { value: 0n, nonce: 0n, deadline: 0n },
  { value: 1_000_000n, nonce: 7n, deadline: 4_102_444_800n },
  { value: maxUint256, nonce: maxUint256, deadline: maxUint256 },
];

const deposits = casesOf("DepositAuthorization").map(({ name, message }) => ({
  name,
  // The cases have exactly the members of their type.
  authorization: message as unknown as DepositAuthorization,
}));

const vectors = {
  owner: owner.address,
  domains: ESCROWS.map((reference) => ({
    ...reference,
    separator: domainSeparator({ domain: voucherDomain(reference) }),
  })),
  typeHashes: Object.fromEntries(PRIMARY_TYPES.map((name) => [name, typeHashOf(name)])),
  messages: Object.fromEntries(await Promise.all(PRIMARY_TYPES.map(async (name) => [name, await vectorsOf(name)]))),
  token: { address: USDC, ...TOKEN },
  eip3009: deposits.map((deposit) => ({
    ...deposit,
    ...hashesOf(depositEip3009TypedData({ ...ESCROWS[0], authorization: deposit.authorization, token: TOKEN })),
  })),
  permit2: deposits.map((deposit) => ({
    ...deposit,
    ...hashesOf(depositPermit2TypedData({ ...ESCROWS[0], authorization: deposit.authorization })),
  })),
  permit: PERMITS.map((permit) => ({
    permit,
    ...hashesOf(permitTypedData({ ...ESCROWS[0], buyer: owner.address, asset: USDC, permit, token: TOKEN })),
  })),
};

const json = JSON.stringify(vectors, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
await writeFile(OUTPUT, await format(json, { ...(await resolveConfig(OUTPUT)), filepath: OUTPUT }));

/** All members at their least, all at their largest, each different from the others, and one that its owner signs. */
function casesOf(primaryType: VoucherPrimaryType): readonly Case[] {
  const build = (value: (type: string, name: string) => Value): Message =>
    Object.fromEntries(voucherTypes[primaryType].map(({ name, type }) => [name, value(type, name)]));
  const distinct = build((type, name) => distinctValue(type, `${primaryType}.${name}`));
  return [
    { name: "least", message: build(leastValue) },
    { name: "largest", message: build(largestValue) },
    { name: "distinct", message: distinct },
    { name: "signed", message: { ...distinct, expiry: 4_102_444_800n, ...boundMembers(primaryType) } },
  ];
}

/** What a message needs besides its expiry for a signature of `owner` to count. */
function boundMembers(primaryType: VoucherPrimaryType): Message {
  if (primaryType === "Voucher") return { buyer: owner.address, escrow: ESCROWS[0].escrow, chainId: 8453n };
  const isSellers = primaryType === "ReleaseAuthorization" || primaryType === "PayoutAuthorization";
  return { [isSellers ? "seller" : "buyer"]: owner.address };
}

function leastValue(type: string): Value {
  if (type === "bool") return false;
  if (type === "address") return filled("0", 20);
  return type === "bytes32" ? filled("0", 32) : 0n;
}

function largestValue(type: string): Value {
  if (type === "bool") return true;
  if (type === "address") return filled("f", 20);
  return type === "bytes32" ? filled("f", 32) : largestNumber(type);
}

function distinctValue(type: string, seed: string): Value {
  const hash = keccak256(stringToHex(seed));
  if (type === "bool") return true;
  if (type === "address") return hashedAddress(seed);
  return type === "bytes32" ? hash : BigInt(hash) & largestNumber(type);
}

function largestNumber(type: string): bigint {
  return maxUint256 >> (256n - BigInt(type.slice("uint".length)));
}

function filled(digit: string, bytes: number): Hex {
  return `0x${digit.repeat(2 * bytes)}`;
}

function hashedAddress(seed: string): Address {
  return `0x${keccak256(stringToHex(seed)).slice(-40)}`;
}

async function vectorsOf(primaryType: VoucherPrimaryType) {
  const types = { [primaryType]: voucherTypes[primaryType] };
  const [domain] = ESCROWS.map(voucherDomain);
  return Promise.all(
    casesOf(primaryType).map(async ({ name, message }) => ({
      name,
      message,
      structHash: hashStruct({ types, primaryType, data: message }),
      digests: ESCROWS.map((escrow) => hashTypedData({ domain: voucherDomain(escrow), types, primaryType, message })),
      ...(name === "signed" && { signature: await owner.signTypedData({ domain, types, primaryType, message }) }),
    })),
  );
}

function typeHashOf(primaryType: VoucherPrimaryType): Hex {
  const members = voucherTypes[primaryType].map(({ name, type }) => `${type} ${name}`);
  return keccak256(stringToHex(`${primaryType}(${members.join(",")})`));
}

function hashesOf(typedData: TypedData): { readonly structHash: Hex; readonly digest: Hex } {
  const { types, primaryType, message } = typedData;
  return { structHash: hashStruct({ types, primaryType, data: message }), digest: hashTypedData(typedData) };
}
