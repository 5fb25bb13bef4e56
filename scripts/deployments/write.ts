import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Ajv, type ValidateFunction } from "ajv";
import { format, resolveConfig } from "prettier";
import { ROOT } from "../check/command.ts";
import { InvalidDeploymentError } from "./errors.ts";
import { FAMILIES, type Canonical, type ContractRecord, type Deployment } from "./types.ts";

/** Where the files of deployments and their schema are. */
export const DEPLOYMENTS = join(ROOT, "deployments");

/** Files of the folder that are about no single chain. */
const NOT_OF_A_CHAIN = ["schema.json", "canonical.json"];

let validate: ValidateFunction | undefined;

/**
 * Writes `<chain>.json`. What an earlier run has written of a contract at the same address stays: a run that finds it there knows
 * nothing of its transaction. A run that adds nothing leaves the file as it is, also when it is of another commit.
 *
 * @param folder - Another one than the project's, in tests.
 * @returns Path of the file.
 * @throws {InvalidDeploymentError} the deployment is not what the schema asks for, or contradicts a file that is there.
 */
export async function writeDeployment(deployment: Deployment, folder = DEPLOYMENTS): Promise<string> {
  await assertValid("The deployment", deployment);
  const others = await readDeployments(folder);
  const sameId = others.find(({ chainId, chain }) => chainId === deployment.chainId && chain !== deployment.chain);
  if (sameId !== undefined) {
    throw new InvalidDeploymentError(
      `Chain ${deployment.chainId} is ${sameId.chain}.json already. Use that network's name, or rename the file.`,
    );
  }
  const before = others.find(({ chain }) => chain === deployment.chain);
  if (before !== undefined && before.chainId !== deployment.chainId) {
    throw new InvalidDeploymentError(
      `${deployment.chain}.json is of chain ${before.chainId}, not of ${deployment.chainId}. Use another network's name.`,
    );
  }
  const path = join(folder, `${deployment.chain}.json`);
  const after = merge(before, deployment);
  if (isDeepStrictEqual(after, { ...before, commit: after.commit })) return path;
  await mkdir(folder, { recursive: true });
  await writeJson(path, after);
  return path;
}

/**
 * Reads the deployment of every chain, in the order of chain ids.
 *
 * @throws {InvalidDeploymentError} a file is not what the schema asks for, or two are about one chain.
 */
export async function readDeployments(folder = DEPLOYMENTS): Promise<readonly Deployment[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  });
  const files = names.filter((name) => name.endsWith(".json") && !NOT_OF_A_CHAIN.includes(name)).sort();
  const deployments = await Promise.all(files.map((file) => readFileOfChain(folder, file)));
  deployments.sort((a, b) => a.chainId - b.chainId);
  for (const [place, { chainId, chain }] of deployments.entries()) {
    const next = deployments[place + 1];
    if (next?.chainId !== chainId) continue;
    throw new InvalidDeploymentError(`${chain}.json and ${next.chain}.json are both about chain ${chainId}. Keep one.`);
  }
  return deployments;
}

/**
 * Reads `canonical.json`.
 *
 * @throws {InvalidDeploymentError} it is not what the schema asks for.
 */
export async function readCanonical(folder = DEPLOYMENTS): Promise<Canonical> {
  const canonical = await readJson(join(folder, "canonical.json"));
  await assertValid("canonical.json", canonical);
  return canonical as Canonical;
}

/** Writes `canonical.json`, after a look whether it is valid. */
export async function writeCanonical(canonical: Canonical, folder = DEPLOYMENTS): Promise<void> {
  await assertValid("The canonical addresses", canonical);
  await writeJson(join(folder, "canonical.json"), canonical);
}

async function readFileOfChain(folder: string, file: string): Promise<Deployment> {
  const deployment = (await readJson(join(folder, file))) as Deployment;
  await assertValid(file, deployment);
  if (`${deployment.chain}.json` === file) return deployment;
  throw new InvalidDeploymentError(`${file} is about ${deployment.chain}. Name it ${deployment.chain}.json.`);
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new InvalidDeploymentError(`${path} is no JSON. Restore it from git.`, { cause });
  }
}

async function writeJson(path: string, content: unknown): Promise<void> {
  const options = await resolveConfig(join(DEPLOYMENTS, "canonical.json"));
  await writeFile(path, await format(JSON.stringify(content), { ...options, parser: "json" }));
}

async function assertValid(subject: string, content: unknown): Promise<void> {
  validate ??= new Ajv({ allErrors: true, strict: false }).compile(
    (await readJson(join(DEPLOYMENTS, "schema.json"))) as object,
  );
  if (validate(content)) return;
  const lines = (validate.errors ?? []).map(({ instancePath, message }) => `- ${instancePath || "/"} ${message}`);
  throw new InvalidDeploymentError(`${subject} breaks deployments/schema.json:\n${lines.join("\n")}`);
}

function merge(before: Deployment | undefined, deployment: Deployment): Deployment {
  // A file names one compiler: what another one has built is in git's history.
  const kept = isDeepStrictEqual(before?.compiler, deployment.compiler) ? (before?.contracts ?? []) : [];
  const earlier = kept.filter(({ name }) => !deployment.contracts.some((contract) => contract.name === name));
  const contracts = [...earlier, ...deployment.contracts.map((contract) => withTransaction(contract, kept))];
  const { $schema, chainId, chain, factory, salt, compiler, commit } = deployment;
  return {
    $schema,
    chainId,
    chain,
    factory,
    salt,
    compiler,
    commit,
    contracts: contracts.sort(byFamily).map(toRecord),
  };
}

function withTransaction(contract: ContractRecord, kept: readonly ContractRecord[]): ContractRecord {
  const same = kept.find(({ name, address }) => name === contract.name && address === contract.address);
  if (same === undefined || contract.transaction !== null) return contract;
  return { ...contract, transaction: same.transaction, block: same.block };
}

function byFamily(a: ContractRecord, b: ContractRecord): number {
  const order = FAMILIES.indexOf(a.family) - FAMILIES.indexOf(b.family);
  return order === 0 ? (a.name < b.name ? -1 : 1) : order;
}

/** In one order of fields, whoever has put it together. */
function toRecord(contract: ContractRecord): ContractRecord {
  const { name, family, address, initcodeHash, runtimeCodeHash, constructorArguments, transaction, block } = contract;
  return {
    name,
    contract: contract.contract,
    family,
    address,
    initcodeHash,
    runtimeCodeHash,
    constructorArguments,
    transaction,
    block,
  };
}
