import type { Address, Hex } from "viem";

/** A JSON number or a decimal string; the value is an integer. */
export type WireInteger = number | string;

/** A value read from the wire, or why it could not be read. */
export type Parsed<T, Code extends string> =
  | { readonly isValid: true; readonly value: T }
  | { readonly isValid: false; readonly code: Code; readonly message: string };

/** Longest signature that is read, in bytes; ERC-1271 wallets with ERC-6492 set-up need kilobytes. */
const MAX_SIGNATURE_BYTES = 4096;

/** Longest name or version of a token's domain that is read, in characters. */
export const MAX_NAME_LENGTH = 128;
export const MAX_UINT16 = 2n ** 16n - 1n;
export const MAX_UINT32 = 2n ** 32n - 1n;
export const MAX_UINT40 = 2n ** 40n - 1n;
export const MAX_UINT48 = 2n ** 48n - 1n;
export const MAX_UINT64 = 2n ** 64n - 1n;
export const MAX_UINT120 = 2n ** 120n - 1n;
export const MAX_UINT128 = 2n ** 128n - 1n;
export const MAX_UINT256 = 2n ** 256n - 1n;

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const BYTES32 = /^0x[0-9a-fA-F]{64}$/;
const BYTES = /^0x(?:[0-9a-fA-F]{2})+$/;
const ANY_BYTES = /^0x(?:[0-9a-fA-F]{2})*$/;
const DECIMAL = /^(?:0|[1-9][0-9]{0,77})$/;

/** A field that is not what it must be. Never leaves a {@link Parse}. */
class FieldError extends Error {
  readonly code: string;
  readonly what: string;
  constructor(code: string, field: string, expected: string) {
    const what = `\`${field}\` is not ${expected}.`;
    super(what);
    this.code = code;
    this.what = what;
  }
}

/** Reads the fields of one JSON object; each method throws what only a {@link Parse} catches. */
export interface Fields<Code extends string> {
  /** Whether the field is there and not null. */
  has(name: string): boolean;
  address(name: string): Address;
  bytes32(name: string): Hex;
  signature(name: string): Hex;
  /** `0x` hex of at most `maxBytes`; may be empty. */
  bytes(name: string, maxBytes: number): Hex;
  /** A decimal string of at most `max`, 256 bits by default. */
  amount(name: string, max?: bigint): bigint;
  /** A JSON number or a decimal string, not above `max`. */
  integer(name: string, max: bigint): bigint;
  text(name: string, maxLength: number): string;
  flag(name: string): boolean;
  oneOf<T extends string>(name: string, values: readonly T[]): T;
  listOf<T extends string>(name: string, values: readonly T[]): readonly T[];
  /** Amounts in an object whose names are addresses. */
  amountsByAddress(name: string): Readonly<Record<Address, bigint>>;
  object(name: string, code?: Code): Fields<Code>;
  objects(name: string): readonly Fields<Code>[];
}

/** Runs a reader over something a stranger sent. Never throws. */
export type Parse<Code extends string> = <T>(
  value: unknown,
  code: Code,
  read: (fields: Fields<Code>) => T,
) => Parsed<T, Code>;

/** Makes the parser of a scheme, from the sentences of its codes. */
export function createParse<Code extends string>(messageOf: (code: Code) => string): Parse<Code> {
  return (value, code, read) => {
    try {
      return { isValid: true, value: read(fieldsOf(value, code, "payload")) };
    } catch (error) {
      // A value that is not plain JSON (a getter, a proxy) may throw anything; it is just as malformed.
      if (!(error instanceof FieldError)) return { isValid: false, code, message: messageOf(code) };
      // The reader below throws codes of this scheme only.
      const ownCode = error.code as Code;
      return { isValid: false, code: ownCode, message: `${messageOf(ownCode)} ${error.what}` };
    }
  };
}

function fieldsOf<Code extends string>(value: unknown, code: Code, path: string): Fields<Code> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new FieldError(code, path, "an object");
  const record = value as Record<string, unknown>;
  const fail = (name: string, expected: string): never => {
    throw new FieldError(code, `${path}.${name}`, expected);
  };
  const matching = (name: string, pattern: RegExp, maxLength: number, expected: string): string => {
    const field = record[name];
    return typeof field === "string" && field.length <= maxLength && pattern.test(field) ? field : fail(name, expected);
  };
  return {
    has: (name) => record[name] !== undefined && record[name] !== null,
    address: (name) => matching(name, ADDRESS, 42, "an address").toLowerCase() as Address,
    bytes32: (name) => matching(name, BYTES32, 66, "32 bytes of hex").toLowerCase() as Hex,
    signature: (name) => matching(name, BYTES, 2 + 2 * MAX_SIGNATURE_BYTES, "a signature").toLowerCase() as Hex,
    bytes: (name, maxBytes) =>
      matching(name, ANY_BYTES, 2 + 2 * maxBytes, `hex of at most ${maxBytes} bytes`).toLowerCase() as Hex,
    amount(name, max = MAX_UINT256) {
      const amount = BigInt(matching(name, DECIMAL, 78, "a decimal string"));
      return amount <= max ? amount : fail(name, `an amount of at most ${max}`);
    },
    integer(name, max) {
      const integer = integerOf(record[name]);
      return integer !== undefined && integer <= max ? integer : fail(name, `an integer from 0 to ${max}`);
    },
    text(name, maxLength) {
      const text = record[name];
      return typeof text === "string" && text.length <= maxLength ? text : fail(name, `a text of at most ${maxLength}`);
    },
    flag(name) {
      const flag = record[name];
      return typeof flag === "boolean" ? flag : fail(name, "true or false");
    },
    oneOf(name, values) {
      const found = values.find((value) => value === record[name]);
      return found ?? fail(name, values.join(" or "));
    },
    listOf(name, values) {
      const list = record[name];
      if (!Array.isArray(list)) return fail(name, "a list");
      // Names this version does not know are left out, so that a later one can add some.
      return values.filter((value) => list.includes(value));
    },
    amountsByAddress(name) {
      const amounts = fieldsOf(record[name], code, `${path}.${name}`);
      const addresses = Object.keys(record[name] as object).filter((key): key is Address => ADDRESS.test(key));
      return Object.fromEntries(addresses.map((address) => [address.toLowerCase(), amounts.amount(address)]));
    },
    object: (name, ownCode = code) => fieldsOf(record[name], ownCode, `${path}.${name}`),
    objects(name) {
      const list = record[name];
      if (!Array.isArray(list)) return fail(name, "a list");
      return list.map((entry, index) => fieldsOf(entry, code, `${path}.${name}[${index}]`));
    },
  };
}

function integerOf(value: unknown): bigint | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined;
  return typeof value === "string" && value.length <= 78 && DECIMAL.test(value) ? BigInt(value) : undefined;
}

/** Writes an integer as a JSON number, or as a decimal string where a number would lose digits. */
export function toWireInteger(value: bigint): WireInteger {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
}
