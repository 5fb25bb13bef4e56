import { join } from "node:path";
import hre from "hardhat";
import type { CompilerInput } from "hardhat/types/solidity";
import { encodeDeployData, type Abi, type Address } from "viem";
import { readCompiler } from "../deployments/compiler.ts";
import type { DeployedEntry } from "../deployments/run.ts";
import { VerifyError } from "./errors.ts";

/** What an explorer needs to verify the source of one contract. */
export interface Submission {
  readonly name: string;
  readonly address: Address;
  /** As the standard-JSON input names it: source, colon, contract. */
  readonly contractName: string;
  /** With its commit and a leading `v`. */
  readonly compilerVersion: string;
  /** ABI-encoded, hexadecimal without `0x`; empty when there are none. */
  readonly constructorArguments: string;
  /** Standard-JSON input with the sources that the contract needs, and no others. */
  readonly input: CompilerInput;
}

/** Puts together what explorers need of every contract and of what its constructor deploys. */
export async function readSubmissions(entries: readonly DeployedEntry[]): Promise<readonly Submission[]> {
  const contracts = entries.flatMap(({ name, contract, address, constructorArguments, creates }) => [
    { name, contract, address, constructorArguments },
    ...creates.map((created) => ({ ...created, name: created.contract })),
  ]);
  const { version } = await readCompiler(contracts.map(({ contract }) => contract));
  const submissions: Submission[] = [];
  for (const { name, contract, address, constructorArguments } of contracts) {
    const { abi, inputSourceName = "", sourceName } = await hre.artifacts.readArtifact(contract);
    submissions.push({
      name,
      address,
      contractName: `${inputSourceName}:${contract}`,
      compilerVersion: `v${version}`,
      constructorArguments: encodeArguments(abi, constructorArguments),
      input: await readInput(sourceName),
    });
  }
  return submissions;
}

function encodeArguments(abi: Abi, args: readonly string[]): string {
  return encodeDeployData({ abi, bytecode: "0x", args }).slice(2);
}

/** Compiles nothing: only finds out what would be given to the compiler for this file alone. */
async function readInput(sourceName: string): Promise<CompilerInput> {
  const file = join(hre.config.paths.root, sourceName);
  const options = { buildProfile: "production", quiet: true, force: true };
  const jobs = await hre.solidity.getCompilationJobs([file], options);
  const job = jobs.success ? jobs.compilationJobsPerFile.get(file) : undefined;
  if (job === undefined) throw new VerifyError(`${sourceName} cannot be compiled. Run \`npx --no -- hardhat build\`.`);
  return job.getSolcInput();
}
