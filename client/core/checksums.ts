import { getAddress } from "viem";

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/**
 * Writes every address inside a value with its checksum.
 *
 * Addresses come off the wire in any case and hash alike, but viem refuses to encode one whose capitals are not its checksum: an
 * accepted voucher could not be collected, and would take its whole batch along.
 *
 * @param value - Anything; bytes that happen to be 20 long keep their value.
 * @returns The same value with other capitals.
 */
export function withChecksums<value>(value: value): value {
  return rewrite(value) as value;
}

function rewrite(value: unknown): unknown {
  if (typeof value === "string") return ADDRESS.test(value) ? getAddress(value) : value;
  if (Array.isArray(value)) return value.map(rewrite);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, rewrite(member)]));
}
