import { hexToBytes, keccak256 } from "viem";
import { voucherDomainSeparator, voucherTypeHash } from "../../voucher/hash.ts";
import { voucherDomain, type EscrowReference } from "../../voucher/typedData.ts";
import type { Voucher } from "../../voucher/types.ts";
import { WORD, writeHex, writeNumber } from "../core/words.ts";

const WORDS = 11;
const UINT64_END = 1n << 64n;
const UINT256_END = 1n << 256n;

/** Hashes vouchers of one escrow. Gives undefined when a field is not of its type. */
export type VoucherHasher = (voucher: Voucher) => Uint8Array | undefined;

/**
 * Prepares the EIP-712 hash of vouchers of one escrow: type hash and domain separator are computed once, and every voucher is written
 * into the same 352 bytes. Same digest as viem's `hashTypedData`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol, `VOUCHER_TYPEHASH`
 *
 * @param reference - Chain id and address of the escrow; they make the domain.
 * @returns The hasher. Its digest is 32 bytes of its own.
 *
 * @example
 * const hash = createVoucherHasher({ chainId: 8453n, escrow });
 * const digest = hash(voucher);
 */
export function createVoucherHasher(reference: EscrowReference): VoucherHasher {
  const struct = Buffer.alloc(WORD * WORDS);
  const view = new DataView(struct.buffer, struct.byteOffset, struct.byteLength);
  struct.set(hexToBytes(voucherTypeHash("Voucher")), 0);
  const digest = Buffer.alloc(2 + 2 * WORD);
  digest.set([0x19, 0x01], 0);
  digest.set(hexToBytes(voucherDomainSeparator(voucherDomain(reference))), 2);

  return (voucher) => {
    const isWritten =
      writeHex(struct, 1, voucher.id, 32) &&
      writeHex(struct, 2, voucher.buyer, 20) &&
      writeHex(struct, 3, voucher.seller, 20) &&
      writeNumber(view, 4, voucher.valueAggregate, UINT256_END) &&
      writeHex(struct, 5, voucher.asset, 20) &&
      writeNumber(view, 6, voucher.timestamp, UINT64_END) &&
      writeNumber(view, 7, voucher.nonce, UINT256_END) &&
      writeHex(struct, 8, voucher.escrow, 20) &&
      writeNumber(view, 9, voucher.chainId, UINT256_END) &&
      writeNumber(view, 10, voucher.expiry, UINT64_END);
    if (!isWritten) return undefined;
    digest.set(keccak256(struct, "bytes"), 2 + WORD);
    return keccak256(digest, "bytes");
  };
}
