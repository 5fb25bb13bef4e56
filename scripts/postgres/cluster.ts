import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openPostgresPool } from "../../client/seller/core/postgresPool.ts";
import type { PostgresPrograms } from "./programs.ts";

/** A PostgreSQL server of this process alone. */
export interface Cluster {
  /** URL of its first database, through a socket in a folder of its own: nothing listens on a network. */
  readonly url: string;
  /** Ends the server and removes everything it wrote. */
  stop(): Promise<void>;
}

/** The server could not be started. */
export class ClusterError extends Error {
  override readonly name = "ClusterError";
}

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 20_000;

/** Starts a server in a folder of its own, as a user without rights where this process is root, which PostgreSQL refuses. */
export async function startCluster({ initdb, postgres }: PostgresPrograms): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "x402-postgres-"));
  const data = join(folder, "data");
  try {
    const identity = ownIdentity();
    if (identity !== undefined) chownSync(folder, identity.uid, identity.gid);
    const made = spawnSync(initdb, ["-D", data, "-U", "seller", "--auth=trust", "--encoding=UTF8", "--no-sync"], {
      ...identity,
      cwd: folder,
      encoding: "utf8",
    });
    if (made.status !== 0) throw new ClusterError(`initdb failed: ${made.stdout}${made.stderr}`);
    const server = spawn(
      postgres,
      // What a loss of power does is not tested here, so nothing waits for the disk.
      ["-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"],
      { ...identity, cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
    );
    let log = "";
    server.stderr.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
    const exited = once(server, "exit");
    const stop = async (): Promise<void> => {
      const limit = setTimeout(() => server.kill("SIGKILL"), STOP_LIMIT_MS);
      // Ends connections at once, and the server when they have.
      if (server.exitCode === null) server.kill("SIGINT");
      await exited;
      clearTimeout(limit);
      rmSync(folder, { recursive: true, force: true });
    };
    const url = `postgres://seller@localhost/postgres?host=${encodeURIComponent(folder)}`;
    try {
      await waitUntilReady(url, () => server.exitCode === null);
    } catch (error) {
      await stop();
      throw new ClusterError(`PostgreSQL did not start: ${log}`, { cause: error });
    }
    return { url, stop };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function waitUntilReady(url: string, isAlive: () => boolean): Promise<void> {
  const started = performance.now();
  for (;;) {
    const pool = await openPostgresPool({ connectionString: url, maxConnections: 1, isSynchronous: true });
    try {
      await pool.query({ text: "SELECT 1" });
      return;
    } catch (error) {
      if (!isAlive() || performance.now() - started > START_LIMIT_MS) throw error;
    } finally {
      await pool.end();
    }
    await sleep(100);
  }
}

/** Who the server runs as; nobody else than now unless now is root. */
function ownIdentity(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  for (const wanted of ["postgres", "nobody"]) {
    const account = accounts.find(([name]) => name === wanted);
    if (account !== undefined) return { uid: Number(account[2]), gid: Number(account[3]) };
  }
  throw new ClusterError("PostgreSQL does not run as root, and there is no user `postgres` or `nobody`.");
}
