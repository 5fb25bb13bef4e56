import { InvalidMessageError } from "./errors.ts";

/** One member of an EIP-712 type. */
export interface Member {
  readonly name: string;
  readonly type: string;
}

const HEX_DIGITS = 64;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const BYTES32 = /^0x[0-9a-fA-F]{64}$/;

/** Exclusive limits of the unsigned types that signed messages use. */
const LIMITS: Readonly<Record<string, bigint>> = {
  uint8: 1n << 8n,
  uint16: 1n << 16n,
  uint32: 1n << 32n,
  uint40: 1n << 40n,
  uint48: 1n << 48n,
  uint64: 1n << 64n,
  uint96: 1n << 96n,
  uint120: 1n << 120n,
  uint128: 1n << 128n,
  uint256: 1n << 256n,
};

/**
 * Encodes one member as EIP-712 does: 32 bytes, as 64 hex digits without prefix.
 *
 * @throws {InvalidMessageError} the value does not fit the type: it would be cut, or hash to something no contract can reproduce.
 */
export function encodeWord(primaryType: string, { name, type }: Member, value: unknown): string {
  if (type === "address" && typeof value === "string" && ADDRESS.test(value)) return digits(value.slice(2));
  if (type === "bytes32" && typeof value === "string" && BYTES32.test(value)) return value.slice(2);
  if (type === "bool" && typeof value === "boolean") return digits(value ? "1" : "0");
  const limit = LIMITS[type];
  if (limit !== undefined && typeof value === "bigint" && value >= 0n && value < limit) {
    return digits(value.toString(16));
  }
  throw new InvalidMessageError({ primaryType, member: name, type, value });
}

function digits(hex: string): string {
  return hex.padStart(HEX_DIGITS, "0");
}
