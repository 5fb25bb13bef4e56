import type { Address } from "viem";
import { toAddress } from "../../core/keys.ts";
import type { EscrowId } from "../types.ts";
import type { Persistence } from "./persistence.ts";
import type { SignerRecord } from "./records.ts";
import type { SignerUpdate } from "./types.ts";

/** The session signers of the escrows, in memory, as a persistence has them. */
export interface SignerBook {
  find(escrow: EscrowId, buyer: Address, signer: Address): SignerRecord | undefined;
  list(escrow: EscrowId): readonly SignerRecord[];
  /** What is to be kept after an update; undefined when nothing changes. The caller writes it, then calls {@link put}. */
  merge(update: SignerUpdate): SignerRecord | undefined;
  put(records: readonly SignerRecord[]): void;
  /** What was read above `block` gives way to whatever is read next, at whatever height. */
  rewind(escrow: EscrowId, block: bigint): void;
}

/** Makes the book. An escrow's signers are read when they are first asked for. */
export function createSignerBook(persistence: Persistence): SignerBook {
  const signersByEscrow = new Map<string, Map<string, SignerRecord>>();

  function signersOf(escrow: EscrowId): Map<string, SignerRecord> {
    const key = `${escrow.chainId}:${escrow.escrow.toLowerCase()}`;
    const known = signersByEscrow.get(key);
    if (known !== undefined) return known;
    const loaded = persistence.loadSigners({ ...escrow, escrow: toAddress(escrow.escrow) });
    const signers = new Map(loaded.map((record) => [signerKey(record.buyer, record.signer), record]));
    signersByEscrow.set(key, signers);
    return signers;
  }

  function put(records: readonly SignerRecord[]): void {
    for (const record of records) signersOf(record).set(signerKey(record.buyer, record.signer), record);
  }

  return {
    put,
    find: (escrow, buyer, signer) => signersOf(escrow).get(signerKey(buyer, signer)),
    list: (escrow) => [...signersOf(escrow).values()],
    merge(update) {
      const { chainId, signer, buyer, validUntil, isRevoked, block } = update;
      // Keys that never could sign are not kept: anybody can name any number of them.
      const known = signersOf(update).get(signerKey(buyer, signer));
      if (known === undefined && validUntil === 0n && !isRevoked) return undefined;
      if (known !== undefined && known.blockNumber > block.number) return undefined;
      return {
        chainId,
        escrow: toAddress(update.escrow),
        buyer: toAddress(buyer),
        signer: toAddress(signer),
        validUntil,
        isRevoked,
        blockNumber: block.number,
      };
    },
    rewind(escrow, block) {
      const rewound = [...signersOf(escrow).values()]
        .filter(({ blockNumber }) => blockNumber > block)
        .map((record) => ({ ...record, blockNumber: 0n }));
      persistence.saveAll([], rewound);
      put(rewound);
    },
  };
}

function signerKey(buyer: Address, signer: Address): string {
  return `${buyer.toLowerCase()}:${signer.toLowerCase()}`;
}
