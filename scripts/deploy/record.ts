import { execFileSync } from "node:child_process";
import type { Hash } from "viem";
import { ROOT } from "../check/command.ts";
import type { ChainLabel } from "../chains/chains.ts";
import { computeCanonical, toRecord } from "../deployments/canonical.ts";
import type { DeployedEntry } from "../deployments/run.ts";
import type { Deployment } from "../deployments/types.ts";
import { DeployError } from "./errors.ts";

/** The transaction that has deployed a contract. */
export interface Mined {
  readonly hash: Hash;
  readonly block: number;
}

/**
 * Puts together what `deployments/<chain>.json` says.
 *
 * @param mined - by the contracts' names; what it lacks was there before.
 */
export async function describeDeployment(
  chain: ChainLabel,
  entries: readonly DeployedEntry[],
  { mined, commit }: { mined: ReadonlyMap<string, Mined>; commit: string },
): Promise<Deployment> {
  const common = await computeCanonical(entries);
  return {
    ...common,
    chainId: chain.chainId,
    chain: chain.network,
    commit,
    contracts: entries.map((entry) => {
      const transaction = mined.get(entry.name);
      const { runtimeCodeHash } = entry;
      return {
        ...toRecord(entry),
        runtimeCodeHash,
        transaction: transaction?.hash ?? null,
        block: transaction?.block ?? null,
      };
    }),
  };
}

/**
 * The git commit that is checked out, whose build is the one that is deployed: the build was found to be that of canonical.json, so only
 * this file has to be the commit's.
 *
 * @param clone - folder of the repository.
 * @throws {DeployError} this is no clone, or its canonical.json is not the commit's.
 */
export function readCommit(clone = ROOT): string {
  try {
    const commit = git(clone, "rev-parse", "HEAD");
    if (git(clone, "status", "--porcelain", "--", "deployments/canonical.json") === "") return commit;
  } catch (cause) {
    throw new DeployError("The record names the commit that was deployed: run the command in a git clone.", { cause });
  }
  throw new DeployError(
    "deployments/canonical.json differs from the commit that the record would name. Commit what you deploy, and run again.",
  );
}

function git(clone: string, ...parameters: readonly string[]): string {
  return execFileSync("git", parameters, { cwd: clone, encoding: "utf8", stdio: "pipe" }).trim();
}
