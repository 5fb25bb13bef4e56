import type { Address } from "viem";
import type { ReadClient } from "../../../core/readClient.ts";
import { getChainState } from "../../../flash/read.ts";
import { ask } from "../../core/rpc.ts";
import type { BlockReference } from "../../core/types.ts";
import type { EscrowUpdate, FlashEscrowId, FlashItem, SettlementId } from "../types.ts";

/** One escrow to read, and what is read with it. */
export interface EscrowReading {
  readonly escrow: FlashEscrowId;
  /** Epoch of the words, lanes and transactions. When the chain is in another one, they are read again for that one. */
  readonly epoch: bigint;
  /** Nonce words, `nonce >> 8`. */
  readonly words: readonly bigint[];
  readonly lanes: readonly bigint[];
  readonly transactions: readonly Extract<FlashItem, { readonly kind: "transaction" }>[];
  /** Nonces of live releases. */
  readonly releases: readonly bigint[];
}

/** What to read, and how. */
export interface ReadParameters {
  readonly settlement: SettlementId;
  /** At the depth the server chose. */
  readonly confirmed: BlockReference;
  readonly head: BlockReference;
  readonly readings: readonly EscrowReading[];
  /** Multicall3. */
  readonly multicallAddress: Address;
  /** Most values of one request; an escrow with more is still read at once. */
  readonly batchSize: number;
}

/**
 * Reads escrows: everything of one in one call at the block of the depth the server chose, so that balance, settled total, nonces and lanes
 * belong together (R7), and the escrow itself at the head.
 *
 * @throws {ChainUnavailableError} the node does not answer.
 */
export async function readEscrows(client: ReadClient, parameters: ReadParameters): Promise<readonly EscrowUpdate[]> {
  const { confirmed, head, readings } = parameters;
  const whole = await readAt(client, parameters, confirmed, readings);
  // Of an epoch that the server did not know, everything is to be read for the first time.
  const moved = whole.flatMap(({ confirmed: { epoch } }, index) => {
    const reading = readings[index];
    return reading === undefined || reading.epoch === epoch ? [] : [{ ...reading, ...EMPTY_EPOCH, epoch }];
  });
  const again = moved.length === 0 ? [] : await readAt(client, parameters, confirmed, moved);
  const byEscrow = new Map([...whole, ...again].map((update) => [update.escrow, update]));
  const updates = readings.flatMap(({ escrow }) => byEscrow.get(escrow) ?? []);
  if (head.number === confirmed.number) return updates;
  const bare = readings.map((reading) => ({ ...reading, words: [], lanes: [], transactions: [], releases: [] }));
  const latest = await readAt(client, parameters, head, bare);
  return updates.map((update, index) => ({ ...update, head: latest[index]?.confirmed ?? update.head }));
}

/** The words that a window which begins at nonce zero lies in. */
const EMPTY_EPOCH = { words: [0n, 1n, 2n, 3n, 4n], lanes: [], transactions: [] } as const;

async function readAt(
  client: ReadClient,
  { settlement: { settlement }, multicallAddress: multicall, batchSize }: ReadParameters,
  block: BlockReference,
  readings: readonly EscrowReading[],
): Promise<readonly EscrowUpdate[]> {
  const updates: EscrowUpdate[] = [];
  for (const part of inParts(readings, batchSize)) {
    const escrows = part.map(({ escrow: { client: payer, server, token }, epoch, words, lanes, transactions }) => ({
      client: payer,
      server,
      token,
      epoch,
      nonceWords: words,
      lanes,
      transactions,
    }));
    const accountNonces = part.flatMap(({ escrow, releases }) =>
      releases.map((nonce) => ({ account: escrow.server, nonce })),
    );
    const { number: blockNumber } = block;
    const state = await ask(`${part.length} escrows at block ${blockNumber}`, () =>
      getChainState(client, { settlement, escrows, accountNonces, multicall, blockNumber }),
    );
    const isUsed = [...state.isAccountNonceUsed];
    part.forEach(({ escrow, transactions, releases }, index) => {
      const result = state.escrows[index];
      if (result === undefined) return;
      const read = { ...result.escrow, block };
      updates.push({
        escrow,
        confirmed: read,
        head: read,
        nonceWords: result.nonceWords,
        lanes: result.lanes,
        usedTransactions: transactions.flatMap(({ digest }, place) =>
          result.isTransactionUsed[place] === true ? [digest] : [],
        ),
        endedReleases: releases.filter(() => isUsed.shift() === true),
      });
    });
  }
  return updates;
}

/** Escrows that are read together; none is ever split. */
function inParts(readings: readonly EscrowReading[], batchSize: number): readonly (readonly EscrowReading[])[] {
  const parts: EscrowReading[][] = [];
  let size = 0;
  for (const reading of readings) {
    const { words, lanes, transactions, releases } = reading;
    const values = 1 + words.length + lanes.length + transactions.length + releases.length;
    const last = parts.at(-1);
    if (last !== undefined && size + values <= batchSize) {
      last.push(reading);
      size += values;
    } else {
      parts.push([reading]);
      size = values;
    }
  }
  return parts;
}
