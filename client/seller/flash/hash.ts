import { hexToBytes, keccak256, type Address, type Hex } from "viem";
import { flashDomainSeparator, flashTypeHash } from "../../flash/hash.ts";
import { flashDomain, type SettlementReference } from "../../flash/typedData.ts";
import { WORD, writeHex, writeNumber } from "../core/words.ts";

/** What {@link FlashHasher} hashes: a payment, or a tab with its total as the amount and its lane as the nonce. */
export interface HashedItem {
  readonly client: Address;
  readonly token: Address;
  readonly amount: bigint;
  readonly nonce: bigint;
  readonly deadline: bigint;
  readonly epoch: bigint;
}

/** Hashes what clients sign for one server. Gives undefined when a field is not of its type. */
export type FlashHasher = (primaryType: "Payment" | "Tab", item: HashedItem) => Uint8Array | undefined;

const WORDS = 8;
const END = { amount: 1n << 128n, nonce: 1n << 64n, deadline: 1n << 40n, epoch: 1n << 32n } as const;

/**
 * Prepares the EIP-712 hash of payments and tabs for one server: type hashes, domain separator and server are written once, and every
 * item into the same 256 bytes. Same digest as viem's `hashTypedData`.
 *
 * @param reference - Chain id and address of the contract; they make the domain.
 * @param server - Who is paid.
 * @returns The hasher. Its digest is 32 bytes of its own.
 *
 * @example
 * const hash = createFlashHasher({ chainId: 8453, settlement }, server);
 * const digest = hash("Payment", { client, token, amount: 1_000n, nonce: 0n, deadline: 0n, epoch: 0n });
 */
export function createFlashHasher(reference: SettlementReference, server: Address): FlashHasher {
  const structs = { Payment: openStruct("Payment", server), Tab: openStruct("Tab", server) };
  const digest = Buffer.alloc(2 + 2 * WORD);
  digest.set([0x19, 0x01], 0);
  digest.set(hexToBytes(flashDomainSeparator(flashDomain(reference))), 2);

  return (primaryType, { client, token, amount, nonce, deadline, epoch }) => {
    const { struct, view } = structs[primaryType];
    const isWritten =
      writeHex(struct, 1, client, 20) &&
      writeHex(struct, 3, token, 20) &&
      writeNumber(view, 4, amount, END.amount) &&
      writeNumber(view, 5, nonce, END.nonce) &&
      writeNumber(view, 6, deadline, END.deadline) &&
      writeNumber(view, 7, epoch, END.epoch);
    if (!isWritten) return undefined;
    digest.set(keccak256(struct, "bytes"), 2 + WORD);
    return keccak256(digest, "bytes");
  };
}

function openStruct(primaryType: "Payment" | "Tab", server: Hex) {
  const struct = Buffer.alloc(WORD * WORDS);
  struct.set(hexToBytes(flashTypeHash(primaryType)), 0);
  writeHex(struct, 2, server, 20);
  return { struct, view: new DataView(struct.buffer, struct.byteOffset, struct.byteLength) };
}
