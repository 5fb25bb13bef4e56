import { numberToHex, recoverAddress, size, slice, type Address, type Hex } from "viem";
import { parseErc6492Signature, isErc6492Signature } from "viem/utils";
import { MalformedSignatureError } from "./errors.ts";

/** The parts of a key's signature. */
export interface KeySignature {
  /** 32 bytes. */
  readonly r: Hex;
  /** 32 bytes, in the lower half of the curve order. */
  readonly s: Hex;
  /** 0 or 1. */
  readonly yParity: number;
}

/** An EIP-2098 signature in two words. */
export interface CompactSignature {
  /** First word of the signature. */
  readonly r: Hex;
  /** `s` with `yParity` in its top bit. */
  readonly vs: Hex;
}

/** How a contract wallet is deployed, from an ERC-6492 signature. */
export interface WalletDeployment {
  /** Contract that deploys the wallet. */
  readonly factory: Address;
  /** Call data for the factory. */
  readonly factoryData: Hex;
}

/** A signature as the contract takes it, and how to deploy its wallet when it was wrapped by ERC-6492. */
export interface UnwrappedSignature {
  /** What the wallet itself checks. */
  readonly signature: Hex;
  /** How the wallet is deployed first; undefined for a plain signature. */
  readonly deployment: WalletDeployment | undefined;
}

/** Half of the order of secp256k1; a larger `s` has a twin and is refused. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const TOP_BIT = 1n << 255n;

/**
 * Takes a key's signature apart, exactly as strictly as the contract does.
 *
 * - Source: contracts/libraries/SignatureVerification.sol
 *
 * @param signature - 65 bytes `r, s, v` or 64 bytes `r, vs` (EIP-2098).
 * @returns Its parts; `undefined` when the contract would not recover a key from it: wrong length, `v` other than 27 and 28, high `s`.
 *
 * @example
 * const yParity = parseKeySignature(signature)?.yParity;
 */
export function parseKeySignature(signature: Hex): KeySignature | undefined {
  const length = size(signature);
  if (length !== 64 && length !== 65) return undefined;
  const r = slice(signature, 0, 32);
  const second = BigInt(slice(signature, 32, 64));
  const v = length === 65 ? Number(slice(signature, 64)) : second >= TOP_BIT ? 28 : 27;
  const s = length === 65 ? second : second % TOP_BIT;
  if ((v !== 27 && v !== 28) || s > HALF_ORDER) return undefined;
  return { r, s: numberToHex(s, { size: 32 }), yParity: v - 27 };
}

/**
 * Turns a key's signature into its two EIP-2098 words, as a compact row holds them.
 *
 * - Source: contracts/libraries/SignatureVerification.sol
 *
 * @param signature - 65 bytes `r, s, v` or 64 bytes `r, vs`.
 * @returns The words.
 * @throws {MalformedSignatureError} the contract would not accept it from a key.
 *
 * @example
 * const { r, vs } = toCompactSignature(signature);
 */
export function toCompactSignature(signature: Hex): CompactSignature {
  const parts = parseKeySignature(signature);
  if (parts === undefined) throw new MalformedSignatureError(signature);
  const { r, s, yParity } = parts;
  return { r, vs: numberToHex(BigInt(s) | (BigInt(yParity) << 255n), { size: 32 }) };
}

/**
 * Recovers the key that signed a digest, exactly as the contract does.
 *
 * - Source: contracts/libraries/SignatureVerification.sol
 *
 * @param digest - 32 bytes, from one of the hash functions.
 * @param signature - 65 bytes `r, s, v` or 64 bytes `r, vs`.
 * @returns Address of the key; `undefined` when the signature is malformed or recovers to nothing.
 *
 * @example
 * const key = await recoverKey(hashVoucher(voucher, domain).digest, signature);
 */
export async function recoverKey(digest: Hex, signature: Hex): Promise<Address | undefined> {
  const parts = parseKeySignature(signature);
  if (parts === undefined) return undefined;
  try {
    return await recoverAddress({ hash: digest, signature: parts });
  } catch {
    // No point of the curve belongs to `r`: the precompile answers nothing, too.
    return undefined;
  }
}

/**
 * Unwraps an ERC-6492 signature. The contract does not know ERC-6492: deploy the wallet first, then pass the inner signature.
 *
 * - Source: ERC-6492
 *
 * @param signature - Any signature.
 * @returns What the contract takes, and how to deploy the wallet when the signature was wrapped.
 *
 * @example
 * const { signature, deployment } = unwrapSignature(wrapped);
 */
export function unwrapSignature(signature: Hex): UnwrappedSignature {
  if (!isErc6492Signature(signature)) return { signature, deployment: undefined };
  const { address, data, signature: inner } = parseErc6492Signature(signature);
  // viem types the parts as optional, for signatures that are not wrapped.
  if (address === undefined || data === undefined) return { signature: inner, deployment: undefined };
  return { signature: inner, deployment: { factory: address, factoryData: data } };
}
