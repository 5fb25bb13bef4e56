import { createPostgresFlashStore } from "../../client/seller/flash/store/postgres.ts";
import { openPostgresPool } from "../../client/seller/core/postgresPool.ts";
import type { FlashStore } from "../../client/seller/flash/types.ts";

let databases = 0;

/** Makes an empty database on the server that `npm run test:postgres` started, and gives its URL. */
export async function newDatabase(): Promise<string> {
  const url = process.env["X402_POSTGRES_URL"];
  if (url === undefined) throw new Error("Run these tests with `npm run test:postgres`.");
  databases += 1;
  const name = `test_${process.pid}_${databases}`;
  const pool = await openPostgresPool({ connectionString: url, maxConnections: 1, isSynchronous: true });
  try {
    await pool.query({ text: `CREATE DATABASE ${name}` });
  } finally {
    await pool.end();
  }
  return url.replace("/postgres?", `/${name}?`);
}

/** Opens a store in a database of its own. */
export async function newStore(): Promise<FlashStore> {
  return createPostgresFlashStore({ connectionString: await newDatabase(), maxConnections: 4 });
}
