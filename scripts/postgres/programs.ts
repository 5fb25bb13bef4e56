import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The programs of one PostgreSQL. */
export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

/** PostgreSQL is missing and cannot be installed from here. */
export class PostgresMissingError extends Error {
  override readonly name = "PostgresMissingError";

  constructor(why: string) {
    super(
      [
        `PostgreSQL is not installed, and ${why}.`,
        "Install it yourself, then run this command again:",
        "  Debian and Ubuntu: apt-get update && apt-get install -y postgresql (as root)",
        "  macOS: brew install postgresql",
      ].join("\n"),
    );
  }
}

/** Finds PostgreSQL, and installs Debian's package where it is missing. @throws {PostgresMissingError} neither works. */
export function requirePostgres(): PostgresPrograms {
  const found = findPostgres();
  if (found !== undefined) return found;
  install();
  const installed = findPostgres();
  if (installed === undefined) throw new PostgresMissingError("its package brought no `initdb` and `postgres`");
  return installed;
}

/** Debian keeps each version in a folder of its own, out of the path. */
function findPostgres(): PostgresPrograms | undefined {
  const versions = globSync("/usr/lib/postgresql/*/bin").toSorted(byVersion).toReversed();
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...versions];
  const folder = folders.find((candidate) => ["initdb", "postgres"].every((name) => existsSync(join(candidate, name))));
  return folder === undefined ? undefined : { initdb: join(folder, "initdb"), postgres: join(folder, "postgres") };
}

function byVersion(one: string, other: string): number {
  return one.localeCompare(other, "en", { numeric: true });
}

function install(): void {
  if (spawnSync("apt-get", ["--version"]).status !== 0) throw new PostgresMissingError("this system has no `apt-get`");
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && spawnSync("sudo", ["-n", "true"]).status !== 0) {
    throw new PostgresMissingError("only root may install packages here: this user is not root and has no `sudo`");
  }
  const run = (...parameters: readonly string[]): void => {
    // At this run level Debian starts no server of its own for the package.
    const command = ["env", "RUNLEVEL=1", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...parameters];
    const [program = "env", ...rest] = isRoot ? command : ["sudo", "-n", ...command];
    const { status } = spawnSync(program, rest, { stdio: "inherit" });
    if (status !== 0) throw new PostgresMissingError(`\`apt-get ${parameters.join(" ")}\` failed`);
  };
  console.log("Installing Debian's PostgreSQL ...");
  run("update");
  run("install", "-y", "--no-install-recommends", "postgresql");
}
