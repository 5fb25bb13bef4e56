import type { Address, Hex } from "viem";
import { multicall, readContract } from "viem/actions";
import { flashSettlementAbi } from "../../../abi/index.ts";
import type { ReadClient } from "../../../core/readClient.ts";
import { escrowId } from "../../../flash/hash.ts";
import { ask } from "../../core/rpc.ts";
import type { BlockReference } from "../../core/types.ts";
import type { EscrowRead, EscrowUpdate, FlashEscrowId, FlashItem } from "../types.ts";

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
  /** At the depth the server chose. */
  readonly confirmed: BlockReference;
  readonly head: BlockReference;
  readonly readings: readonly EscrowReading[];
  /** Multicall3; without it every value is a request of its own. */
  readonly multicallAddress: Address | undefined;
  /** Most values of one request; an escrow with more is still read at once. */
  readonly batchSize: number;
}

interface Call {
  readonly address: Address;
  readonly abi: typeof flashSettlementAbi;
  readonly functionName: "escrowOf" | "nonceWord" | "tabSettled" | "isTransactionUsed" | "accountNonceWord";
  readonly args: readonly unknown[];
}

interface EscrowTuple {
  readonly balance: bigint;
  readonly settled: bigint;
  readonly unlockAt: number | bigint;
  readonly signer: Address;
  readonly closeDelay: number | bigint;
  readonly epoch: number | bigint;
  readonly flags: number;
}

const OPEN = 1;
const CLIENT_CLOSED = 2;
const SERVER_CLOSED = 4;

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
  { multicallAddress, batchSize }: ReadParameters,
  block: BlockReference,
  readings: readonly EscrowReading[],
): Promise<readonly EscrowUpdate[]> {
  const updates: EscrowUpdate[] = [];
  for (const part of inParts(readings, batchSize)) {
    const contracts = part.flatMap(callsOf);
    const blockNumber = block.number;
    const values = await ask(`${contracts.length} values at block ${blockNumber}`, () =>
      multicallAddress === undefined
        ? Promise.all(contracts.map((call) => readContract(client, { ...call, blockNumber } as never)))
        : multicall(client, { contracts, multicallAddress, blockNumber, allowFailure: false, batchSize: 0 } as never),
    );
    const rest = [...(values as readonly unknown[])];
    updates.push(...part.map((reading) => toUpdate(reading, block, () => rest.shift())));
  }
  return updates;
}

/** Escrows that are read together; none is ever split. */
function inParts(readings: readonly EscrowReading[], batchSize: number): readonly (readonly EscrowReading[])[] {
  const parts: EscrowReading[][] = [];
  let size = 0;
  for (const reading of readings) {
    const calls = callsOf(reading).length;
    const last = parts.at(-1);
    if (last !== undefined && size + calls <= batchSize) {
      last.push(reading);
      size += calls;
    } else {
      parts.push([reading]);
      size = calls;
    }
  }
  return parts;
}

/** Every call in the order in which {@link toUpdate} takes its values. */
function callsOf({ escrow, epoch, words, lanes, transactions, releases }: EscrowReading): readonly Call[] {
  const { client, server, token } = escrow;
  const id = escrowId(escrow);
  const era = Number(epoch);
  const call = (functionName: Call["functionName"], ...args: readonly unknown[]): Call => ({
    address: escrow.settlement,
    abi: flashSettlementAbi,
    functionName,
    args,
  });
  return [
    call("escrowOf", client, server, token),
    ...words.map((word) => call("nonceWord", id, era, word)),
    ...lanes.map((lane) => call("tabSettled", id, era, lane)),
    ...transactions.map(({ amount, nonce, deadline }) =>
      call("isTransactionUsed", id, amount, nonce, Number(deadline), era),
    ),
    ...releases.map((nonce) => call("accountNonceWord", server, nonce >> 8n)),
  ];
}

function toUpdate(
  { escrow, words, lanes, transactions, releases }: EscrowReading,
  block: BlockReference,
  next: () => unknown,
): EscrowUpdate {
  const read = toRead(next() as EscrowTuple, block);
  return {
    escrow,
    confirmed: read,
    head: read,
    nonceWords: words.map((word) => ({ word, bits: next() as bigint })),
    lanes: lanes.map((lane) => ({ lane, settled: next() as bigint })),
    usedTransactions: transactions.flatMap(({ digest }): Hex[] => ((next() as boolean) ? [digest] : [])),
    endedReleases: releases.filter((nonce) => (((next() as bigint) >> (nonce & 0xffn)) & 1n) === 1n),
  };
}

function toRead({ flags, unlockAt, closeDelay, epoch, ...amounts }: EscrowTuple, block: BlockReference): EscrowRead {
  return {
    balance: amounts.balance,
    settled: amounts.settled,
    signer: amounts.signer,
    unlockAt: BigInt(unlockAt),
    closeDelay: BigInt(closeDelay),
    epoch: BigInt(epoch),
    isOpen: (flags & OPEN) !== 0,
    isClosedByClient: (flags & CLIENT_CLOSED) !== 0,
    isClosedByServer: (flags & SERVER_CLOSED) !== 0,
    block,
  };
}
