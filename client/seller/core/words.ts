/** Words of an EIP-712 struct, written straight into its bytes: a server hashes one on every request. */

/** Bytes of a word. */
export const WORD = 32;

const UINT64_END = 1n << 64n;

/**
 * Writes hex digits right-aligned into a word. Node stops at the first character that is no hex digit, so the count says whether all
 * were.
 *
 * @returns False when it is not exactly `bytes` of hex.
 */
export function writeHex(struct: Buffer, word: number, value: unknown, bytes: number): boolean {
  if (typeof value !== "string" || value.length !== 2 + 2 * bytes || !value.startsWith("0x")) return false;
  return struct.write(value.slice(2), (word + 1) * WORD - bytes, bytes, "hex") === bytes;
}

/**
 * Writes a number into a word.
 *
 * @returns False when it is no `bigint` from zero to below `end`.
 */
export function writeNumber(view: DataView, word: number, value: unknown, end: bigint): boolean {
  if (typeof value !== "bigint" || value < 0n || value >= end) return false;
  const start = word * WORD;
  const isSmall = value < UINT64_END;
  view.setBigUint64(start, isSmall ? 0n : value >> 192n);
  view.setBigUint64(start + 8, isSmall ? 0n : value >> 128n);
  view.setBigUint64(start + 16, isSmall ? 0n : value >> 64n);
  view.setBigUint64(start + 24, value);
  return true;
}
