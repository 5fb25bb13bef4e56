import { bytesToHex, keccak256, recoverAddress, type Address, type Hex } from "viem";

/**
 * Recovers the key that signed a digest exactly as the escrow does: 65 bytes `r, s, v` with `v` 27 or 28, or 64 bytes `r, vs`
 * (EIP-2098), `s` in the lower half.
 *
 * @param digest - 32 bytes.
 * @param signature - Anything; what is no such signature has no signer.
 * @returns The signer's address in lower case; undefined when there is none.
 */
export type RecoverSigner = (digest: Uint8Array, signature: Hex) => Promise<Address | undefined> | Address | undefined;

/** Which implementation recovers: the native library, or viem's. */
export interface SignatureBackend {
  /** Which one it is. */
  readonly name: "native" | "viem";
  readonly recoverSigner: RecoverSigner;
}

interface NativeSecp256k1 {
  ecdsaRecover(signature: Uint8Array, recoveryId: number, digest: Uint8Array, compressed: false): Uint8Array;
}

interface ParsedSignature {
  /** `r, s`, 64 bytes. */
  readonly compact: Uint8Array;
  readonly recoveryId: 0 | 1;
}

/** Half the order of the curve, rounded down: the largest `s` that is not malleable. */
const HALF_ORDER = Buffer.from("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0", "hex");
const ORDER = Buffer.from("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", "hex");
const ZERO = Buffer.alloc(32);

/** Addresses of keys seen last; a seller meets the same buyers again, and a hash of a key costs as much as the rest of the check. */
const MAX_KNOWN_KEYS = 10_000;

let loading: Promise<SignatureBackend> | undefined;

/**
 * Loads the fastest implementation there is: native libsecp256k1 when the optional package `secp256k1` and its binary load, else viem's.
 *
 * @returns The backend; the same one for every caller.
 *
 * @example
 * const signatures = await loadSignatureBackend();
 */
export function loadSignatureBackend(): Promise<SignatureBackend> {
  loading ??= loadNative().then((native) => (native === undefined ? viemBackend : nativeBackend(native)));
  return loading;
}

/** The implementation that is always there. */
export const viemBackend: SignatureBackend = { name: "viem", recoverSigner: recoverWithViem };

/**
 * Loads native libsecp256k1.
 *
 * @returns The backend, or undefined when the package or its binary is not installed.
 *
 * @example
 * const signatures = (await loadNativeBackend()) ?? viemBackend;
 */
export async function loadNativeBackend(): Promise<SignatureBackend | undefined> {
  const native = await loadNative();
  return native === undefined ? undefined : nativeBackend(native);
}

async function loadNative(): Promise<NativeSecp256k1 | undefined> {
  try {
    // The package's main file would answer with a slow JavaScript curve where the binary is missing.
    const name = "secp256k1/bindings.js";
    const module: { readonly default: NativeSecp256k1 } = await import(name);
    return module.default;
  } catch {
    // Optional: every reason for which it does not load has the same answer, viem.
    return undefined;
  }
}

function nativeBackend(native: NativeSecp256k1): SignatureBackend {
  const known = new Map<string, Address>();
  return {
    name: "native",
    recoverSigner: (digest, signature) => {
      const parsed = parseSignature(signature);
      if (parsed === undefined) return undefined;
      let key: Uint8Array;
      try {
        // Verifying with a known key would save little and accept the wrong `v`, with which the escrow finds another signer.
        key = native.ecdsaRecover(parsed.compact, parsed.recoveryId, digest, false);
      } catch {
        // The library throws where no key could have made the signature.
        return undefined;
      }
      return addressOf(key, known);
    },
  };
}

function addressOf(key: Uint8Array, known: Map<string, Address>): Address {
  const text = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
  const cached = known.get(text);
  if (cached !== undefined) return cached;
  const address = bytesToHex(keccak256(key.subarray(1), "bytes").subarray(12));
  const oldest = known.size < MAX_KNOWN_KEYS ? undefined : known.keys().next().value;
  if (oldest !== undefined) known.delete(oldest);
  known.set(text, address);
  return address;
}

async function recoverWithViem(digest: Uint8Array, signature: Hex): Promise<Address | undefined> {
  const parsed = parseSignature(signature);
  if (parsed === undefined) return undefined;
  const r = bytesToHex(parsed.compact.subarray(0, 32));
  const s = bytesToHex(parsed.compact.subarray(32));
  try {
    const address = await recoverAddress({ hash: digest, signature: { r, s, yParity: parsed.recoveryId } });
    return address.toLowerCase() as Address;
  } catch {
    // noble throws where no key could have made the signature.
    return undefined;
  }
}

function parseSignature(signature: Hex): ParsedSignature | undefined {
  if (typeof signature !== "string" || !signature.startsWith("0x")) return undefined;
  const bytes = Buffer.from(signature.slice(2), "hex");
  const isWhole = signature.length === 2 + 2 * bytes.length;
  if (!isWhole || (bytes.length !== 65 && bytes.length !== 64)) return undefined;
  const recoveryId = bytes.length === 65 ? fromV(bytes[64]) : takeParity(bytes);
  if (recoveryId === undefined) return undefined;
  const r = bytes.subarray(0, 32);
  const s = bytes.subarray(32, 64);
  if (r.equals(ZERO) || r.compare(ORDER) >= 0 || s.equals(ZERO) || s.compare(HALF_ORDER) > 0) return undefined;
  return { compact: bytes.subarray(0, 64), recoveryId };
}

function fromV(v: number | undefined): 0 | 1 | undefined {
  if (v === 27) return 0;
  return v === 28 ? 1 : undefined;
}

/** EIP-2098 keeps the parity in the top bit of `s`; clears it there. */
function takeParity(bytes: Buffer): 0 | 1 {
  const top = bytes[32] ?? 0;
  bytes[32] = top & 0x7f;
  return top >= 0x80 ? 1 : 0;
}
