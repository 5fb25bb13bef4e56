import { createSerial } from "../../seller/core/serial.ts";
import { UnreadableStorageError } from "./errors.ts";
import type { Parsed } from "./fields.ts";

/** Keeps records over a restart. */
export interface RecordStorage<Entry> {
  /** Reads all records, once. */
  load(): Promise<readonly Entry[]>;
  /** Replaces one record. */
  save(record: Entry): Promise<void>;
}

/** What {@link createRecordFile} is made of. */
export interface RecordFileParameters<Entry> {
  /** File to use; its folder exists. */
  readonly path: string;
  /** Of the file's form. */
  readonly version: number;
  readonly keyOf: (record: Entry) => string;
  readonly toJson: (record: Entry) => unknown;
  readonly fromJson: (value: unknown) => Parsed<Entry, string>;
}

/** Keeps records in memory, and nothing over a restart. */
export function createRecordMemory<Entry>(keyOf: (record: Entry) => string): RecordStorage<Entry> {
  const records = new Map<string, Entry>();
  return {
    load: async () => [...records.values()],
    save: async (record) => void records.set(keyOf(record), record),
  };
}

/**
 * Keeps records in one JSON file, replaced as a whole with every change. For one process at a time.
 *
 * @returns The storage. Its `load` throws {@link UnreadableStorageError} when the file is not one of this storage.
 */
export function createRecordFile<Entry>(parameters: RecordFileParameters<Entry>): RecordStorage<Entry> {
  const { path, version, keyOf, toJson } = parameters;
  const records = new Map<string, Entry>();
  const inTurn = createSerial();

  async function write(): Promise<void> {
    const { rename, writeFile } = await import("node:fs/promises");
    const text = JSON.stringify({ version, accounts: [...records.values()].map(toJson) });
    const draft = `${path}.tmp`;
    // Whoever can read the file can watch the payer; a crash between the two steps leaves the old file whole.
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, path);
  }

  return {
    async load() {
      const { readFile } = await import("node:fs/promises");
      let text: string;
      try {
        text = await readFile(path, "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
        throw error;
      }
      for (const record of fromText(text, parameters)) records.set(keyOf(record), record);
      return [...records.values()];
    },
    save(record) {
      records.set(keyOf(record), record);
      return inTurn(write);
    },
  };
}

function fromText<Entry>(text: string, { path, version, fromJson }: RecordFileParameters<Entry>): readonly Entry[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UnreadableStorageError(path, error);
  }
  const file = json as { version?: unknown; accounts?: unknown };
  if (file?.version !== version || !Array.isArray(file.accounts)) throw new UnreadableStorageError(path);
  return file.accounts.map((account) => {
    const record = fromJson(account);
    if (!record.isValid) throw new UnreadableStorageError(path, record.message);
    return record.value;
  });
}
