import type { Address, Hex } from "viem";
import { MalformedKeyError } from "./errors.ts";

const ADDRESS = /^0x[0-9a-f]{40}$/;
const BYTES32 = /^0x[0-9a-f]{64}$/;

/**
 * Writes an address the one way the seller side compares it. Checksums are left to the edges: they cost a hash each.
 *
 * @throws {MalformedKeyError} not 20 bytes of hex.
 */
export function toAddress(value: string): Address {
  const lower = value.toLowerCase();
  if (!ADDRESS.test(lower)) throw new MalformedKeyError("The address", value);
  return lower as Address;
}

/**
 * Writes 32 bytes the one way the seller side compares them.
 *
 * @throws {MalformedKeyError} not 32 bytes of hex.
 */
export function toBytes32(value: string): Hex {
  const lower = value.toLowerCase();
  if (!BYTES32.test(lower)) throw new MalformedKeyError("The 32-byte value", value);
  return lower as Hex;
}
