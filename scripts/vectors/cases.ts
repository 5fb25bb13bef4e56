import { hashStruct, hashTypedData, keccak256, maxUint256, stringToHex, type Address, type Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

/** Member of a message, as JSON and viem both can hold it. */
export type Value = string | bigint | boolean;
export type Message = Readonly<Record<string, Value>>;

/** EIP-712 types by name. */
export type Types = Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;

export interface Case {
  readonly name: string;
  readonly message: Message;
}

export interface TypedData {
  readonly domain: Record<string, unknown>;
  readonly types: Record<string, readonly { readonly name: string; readonly type: string }[]>;
  readonly primaryType: string;
  readonly message: Record<string, unknown>;
}

/** A key of no worth, so that signatures are the same on every run. */
export const owner = privateKeyToAccount(keccak256(stringToHex("x402-escrow vectors: owner")));

/** A deadline that no test reaches. */
export const FAR = 4_102_444_800n;

/**
 * All members at their least, all at their largest, each different from the others, and one that its owner signs.
 *
 * @param signed - What the message of the last case needs for a signature of `owner` to count.
 */
export function casesOf(types: Types, primaryType: string, signed: Message): readonly Case[] {
  const build = (value: (type: string, name: string) => Value): Message =>
    Object.fromEntries((types[primaryType] ?? []).map(({ name, type }) => [name, value(type, name)]));
  const distinct = build((type, name) => distinctValue(type, `${primaryType}.${name}`));
  return [
    { name: "least", message: build(leastValue) },
    { name: "largest", message: build(largestValue) },
    { name: "distinct", message: distinct },
    { name: "signed", message: { ...distinct, ...signed } },
  ];
}

/** Hashes each case under each domain, and signs the last under the first. */
export function vectorsOf(
  types: Types,
  primaryType: string,
  cases: readonly Case[],
  domains: readonly Record<string, unknown>[],
) {
  const own = { [primaryType]: types[primaryType] ?? [] };
  return Promise.all(
    cases.map(async ({ name, message }) => ({
      name,
      message,
      structHash: hashStruct({ types: own, primaryType, data: message }),
      digests: domains.map((domain) => hashTypedData({ domain, types: own, primaryType, message })),
      ...(name === "signed" && {
        signature: await owner.signTypedData({ domain: domains[0] ?? {}, types: own, primaryType, message }),
      }),
    })),
  );
}

/** Hash of a type's string, from its members. */
export function typeHashOf(types: Types, primaryType: string): Hex {
  const members = (types[primaryType] ?? []).map(({ name, type }) => `${type} ${name}`);
  return keccak256(stringToHex(`${primaryType}(${members.join(",")})`));
}

export function hashesOf(typedData: TypedData): { readonly structHash: Hex; readonly digest: Hex } {
  const { types, primaryType, message } = typedData;
  return { structHash: hashStruct({ types, primaryType, data: message }), digest: hashTypedData(typedData) };
}

/** An address of one hexadecimal digit. */
export function filled(digit: string, bytes: number): Hex {
  return `0x${digit.repeat(2 * bytes)}`;
}

/** An address that follows from a name. */
export function hashedAddress(seed: string): Address {
  return `0x${keccak256(stringToHex(seed)).slice(-40)}`;
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
