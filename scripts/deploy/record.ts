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
 * The git commit that is checked out.
 *
 * @throws {DeployError} this is no clone.
 */
export function readCommit(): string {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], { cwd: ROOT, encoding: "utf8", stdio: "pipe" }).trim();
  } catch (cause) {
    throw new DeployError("The record names the commit that was deployed: run the command in a git clone.", { cause });
  }
}
