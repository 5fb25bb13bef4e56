import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { status, trackTransaction, wipe, type ArtifactResolver } from "@nomicfoundation/ignition-core";
import { isAddressEqual, numberToHex, pad, slice, toEventSelector, type Address, type Hash, type Hex } from "viem";
import { CREATEX } from "../../test/base/addresses.ts";
import type { Provider } from "../../test/base/provider.ts";
import { isConnectionFailure, RpcError } from "../chains/node.ts";
import type { CatalogEntry } from "../deployments/catalog.ts";
import { futureIdOf } from "./module.ts";
import { readNonce, type Patience } from "./transactions.ts";

/** Ignition's notes of the deployments to one chain, and what they are about. */
export interface Journal {
  readonly directory: string;
  readonly artifacts: ArtifactResolver;
  readonly provider: Provider;
  readonly deployer: Address;
  readonly say: (line: string) => void;
}

const CONTRACT_CREATION = toEventSelector("ContractCreation(address indexed newContract, bytes32 indexed salt)");

/** Blocks in which a lost transaction of an earlier run is looked for: public nodes answer no longer ranges. */
const SEARCHED_BLOCKS = 9_000;

/**
 * Makes the journal of an interrupted run agree with the chain, which knows better: an address commits to its code, so that what
 * stands there is done, and what does not can be sent again without harm.
 *
 * - Done, but interrupted before the journal had the transaction's hash: the hash is found and noted.
 * - Noted as done, but not on the chain, or at another address: forgotten, and sent again.
 * - Failed, or given up: forgotten, and sent again.
 *
 * @param present - Names of what the chain has.
 * @returns Names of what Ignition itself has to bring to an end.
 */
export async function settleJournal(
  journal: Journal,
  entries: readonly CatalogEntry[],
  present: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const unfinished = new Set<string>();
  const notes = await readNotes(journal);
  if (notes === undefined) return unfinished;
  // Backwards, because Ignition forgets nothing that something later depends on.
  for (const entry of [...entries].reverse()) {
    const note = notes.get(futureIdOf(entry));
    if (note === undefined) continue;
    const isPresent = present.has(entry.name);
    const isRight =
      note.state === "started" ? await isUnderWay(journal, entry, isPresent) : isDone(note, entry, isPresent);
    if (!isRight) await forget(journal, entry, isPresent);
    else if (note.state === "started") unfinished.add(entry.name);
  }
  return unfinished;
}

interface Note {
  readonly state: "successful" | "started" | "failed";
  readonly address: string | undefined;
}

async function readNotes(journal: Journal): Promise<ReadonlyMap<string, Note> | undefined> {
  const { directory } = journal;
  if (!existsSync(join(directory, "journal.jsonl"))) return undefined;
  if (!isReadable(directory)) {
    const aside = `${directory}-unreadable-${Date.now()}`;
    renameSync(directory, aside);
    journal.say(`The journal in ${directory} cannot be read; it is ${aside} now, and the chain tells what is done.`);
    return undefined;
  }
  const { successful, started, failed, timedOut, held, contracts } = await status(directory);
  const noted = (state: Note["state"]) => (id: string) => [id, { state, address: contracts[id]?.address }] as const;
  const gaveUp = [...failed, ...timedOut, ...held].map(({ futureId }) => futureId);
  return new Map([
    ...successful.map(noted("successful")),
    ...started.map(noted("started")),
    ...gaveUp.map(noted("failed")),
  ]);
}

/** A process that is killed while it writes can leave half a line. */
function isReadable(directory: string): boolean {
  const lines = readFileSync(join(directory, "journal.jsonl"), "utf8").split("\n");
  try {
    for (const line of lines) if (line.trim() !== "") JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function isDone({ state, address }: Note, entry: CatalogEntry, isPresent: boolean): boolean {
  return (
    state === "successful" && isPresent && address !== undefined && isAddressEqual(address as Address, entry.address)
  );
}

/** Whether Ignition can bring to an end what it has begun: it must know the transaction, and the node too. */
async function isUnderWay(journal: Journal, entry: CatalogEntry, isPresent: boolean): Promise<boolean> {
  const sent = readSent(journal.directory, futureIdOf(entry));
  for (const hash of sent) {
    if ((await journal.provider.request({ method: "eth_getTransactionByHash", params: [hash] })) !== null) return true;
  }
  if (sent.length > 0 || !isPresent) return false;
  const hash = await findCreation(journal.provider, entry.address);
  if (hash === undefined) return false;
  try {
    const problem = await trackTransaction(journal.directory, hash, journal.provider, 1);
    return problem === undefined;
  } catch (error) {
    if (isConnectionFailure(error)) throw error;
    // Somebody else has deployed it in the meantime: that transaction is not one that the journal waits for.
    return false;
  }
}

/** Hashes of the transactions that the journal knows of a contract. */
function readSent(directory: string, futureId: string): readonly Hash[] {
  let sent: Hash[] = [];
  for (const { type, futureId: id, transaction } of readMessages(directory)) {
    if (id !== futureId) continue;
    if (type === "WIPE_APPLY") sent = [];
    if (type === "TRANSACTION_SEND" && transaction !== undefined) sent.push(transaction.hash);
  }
  return sent;
}

/** What is read of a message of Ignition's journal; which fields it has depends on its type. */
interface Message {
  readonly type: string;
  readonly futureId?: string;
  readonly transaction?: { readonly hash: Hash };
  readonly hash?: Hash;
  readonly receipt?: {
    readonly status: string;
    readonly logs: readonly { readonly address: Address; readonly topics: readonly Hex[] }[];
  };
}

function readMessages(directory: string): readonly Message[] {
  const lines = readFileSync(join(directory, "journal.jsonl"), "utf8").split("\n");
  return lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line) as Message);
}

/** The transaction in which CreateX has created a contract, if that is not long ago. */
async function findCreation(provider: Provider, address: Address): Promise<Hash | undefined> {
  const head = BigInt((await provider.request({ method: "eth_blockNumber" })) as Hex);
  const first = head > BigInt(SEARCHED_BLOCKS) ? head - BigInt(SEARCHED_BLOCKS) : 0n;
  const filter = { address: CREATEX, topics: [CONTRACT_CREATION, pad(address)], fromBlock: numberToHex(first) };
  try {
    const logs = (await provider.request({ method: "eth_getLogs", params: [filter] })) as { transactionHash: Hash }[];
    return logs[0]?.transactionHash;
  } catch (error) {
    // A node that answers no such question leaves the transaction unknown, which is no harm.
    if (error instanceof RpcError) return undefined;
    throw error;
  }
}

async function forget({ directory, artifacts, say }: Journal, entry: CatalogEntry, isPresent: boolean): Promise<void> {
  say(
    isPresent
      ? `${entry.name} is on the chain, though the journal does not know how: it stays as it is.`
      : `${entry.name} is not on the chain, whatever the journal says: it is sent again.`,
  );
  await wipe(directory, artifacts, futureIdOf(entry));
}

/**
 * Hashes of the transactions that have deployed something, by its address in lower case, as the journal knows them. Ignition's own
 * list breaks off at what was forgotten.
 */
export function readJournalTransactions({ directory }: Journal): ReadonlyMap<string, Hash> {
  if (!existsSync(join(directory, "journal.jsonl"))) return new Map();
  const done = readMessages(directory).flatMap(({ type, hash, receipt }) => {
    if (type !== "TRANSACTION_CONFIRM" || hash === undefined || receipt?.status !== "SUCCESS") return [];
    const creations = receipt.logs.filter(({ address, topics: [kind] }) => {
      return kind === CONTRACT_CREATION && isAddressEqual(address, CREATEX);
    });
    return creations.map(({ topics: [, created = "0x"] }) => [slice(created, 12).toLowerCase(), hash] as const);
  });
  return new Map(done);
}

/**
 * Waits until the deployer's earlier transactions are mined, and confirmed as Ignition wants it: it refuses to begin before.
 * Gives up quietly when that takes too long, because Ignition then says what is wrong.
 */
export async function waitForEarlier(
  { provider, deployer, say }: Journal,
  confirmations: number,
  patience: Patience,
): Promise<void> {
  const end = Date.now() + patience.timeoutMs;
  for (let hasSaid = false; Date.now() < end; await sleep(patience.pollMs)) {
    const head = BigInt((await provider.request({ method: "eth_blockNumber" })) as Hex);
    const settled = head - BigInt(confirmations) + 1n;
    const pending = await readNonce(provider, deployer, "pending");
    const confirmed = settled < 0n ? 0 : await readNonce(provider, deployer, numberToHex(settled));
    if (confirmed >= pending) return;
    if (!hasSaid) say(`Waiting until earlier transactions of ${deployer} are confirmed ...`);
    hasSaid = true;
  }
}
