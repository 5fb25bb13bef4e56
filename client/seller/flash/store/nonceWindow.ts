/** Which nonces of an epoch were used (R4). Everything below the base counts as used. */
export interface NonceWindow {
  /** Lowest nonce that may be used. */
  readonly base: bigint;
  /** Bit `i` stands for nonce `base + i`; bit 0 is never set. */
  readonly bits: bigint;
}

const WORD_BITS = 256n;
/** Words of the chain further above the base than this are not kept: nothing is accepted there before they are read again. */
const REACH = 2_048n;

/** Whether a nonce was used, or can no longer be. */
export function isNonceUsed({ base, bits }: NonceWindow, nonce: bigint): boolean {
  if (nonce < base) return true;
  const offset = nonce - base;
  return offset < REACH && ((bits >> offset) & 1n) === 1n;
}

/**
 * Marks a nonce as used. The base moves over every used one. Where a client left holes, it follows the highest nonce at half the window,
 * so that a hole that is never filled does not stop the client for good.
 */
export function useNonce({ base, bits }: NonceWindow, nonce: bigint, size: bigint): NonceWindow {
  const offset = nonce - base;
  const skipped = offset - size / 2n + 1n;
  return settle(skip({ base, bits: bits | (1n << offset) }, skipped > 0n ? skipped : 0n));
}

/** Marks what a word of the chain shows as used. */
export function useWord({ base, bits }: NonceWindow, word: bigint, wordBits: bigint): NonceWindow {
  const offset = word * WORD_BITS - base;
  if (offset > REACH - WORD_BITS) return { base, bits };
  return settle({ base, bits: bits | (offset >= 0n ? wordBits << offset : wordBits >> -offset) });
}

/** Whether the chain shows a nonce as used. */
export function isInWords(words: readonly { readonly word: bigint; readonly bits: bigint }[], nonce: bigint): boolean {
  return words.some(({ word, bits }) => word === nonce / WORD_BITS && ((bits >> (nonce % WORD_BITS)) & 1n) === 1n);
}

function settle(window: NonceWindow): NonceWindow {
  let used = 0n;
  while (((window.bits >> used) & 1n) === 1n) used += 1n;
  return skip(window, used);
}

function skip({ base, bits }: NonceWindow, count: bigint): NonceWindow {
  return { base: base + count, bits: bits >> count };
}
