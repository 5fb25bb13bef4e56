import { bytesToHex, type Hex } from "viem";

/** Where a nonce stands in a bitmap. */
export interface NoncePosition {
  /** Upper 248 bits of the nonce. */
  readonly word: bigint;
  /** One bit for the lower eight. */
  readonly mask: bigint;
}

/**
 * Finds a nonce in its bitmap, for `invalidateNonces`. Masks of nonces of the same word can be joined by `|`.
 *
 * - Source: contracts/libraries/NonceBitmap.sol
 *
 * @param nonce - 32 bytes, or their number.
 * @returns Word and mask.
 *
 * @example
 * const { word, mask } = noncePosition(authorization.nonce);
 */
export function noncePosition(nonce: Hex | bigint): NoncePosition {
  const value = BigInt(nonce);
  return { word: value >> 8n, mask: 1n << (value % 256n) };
}

/**
 * Draws a nonce for an authorization.
 *
 * @returns 32 random bytes, never all zero.
 *
 * @example
 * const authorization = { buyer, seller, asset, amount, nonce: randomNonce(), expiry };
 */
export function randomNonce(): Hex {
  const nonce = bytesToHex(crypto.getRandomValues(new Uint8Array(32)));
  return BigInt(nonce) === 0n ? randomNonce() : nonce;
}
