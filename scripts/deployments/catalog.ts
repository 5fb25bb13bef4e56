import hre from "hardhat";
import {
  encodeDeployData,
  getAddress,
  getContractAddress,
  isHash,
  keccak256,
  type Address,
  type Hash,
  type Hex,
} from "viem";
import { CREATEX } from "../../test/base/addresses.ts";
import { CatalogError } from "./errors.ts";
import { readPlannedContracts, type PlannedContract } from "./futures.ts";
import type { CanonicalRecord } from "./types.ts";

/** One contract that is deployed. */
export interface CatalogEntry extends CanonicalRecord {
  /** Creation code with its arguments, as it is sent to CreateX. */
  readonly initcode: Hex;
}

/**
 * What is deployed, in the order of deployment, from the Ignition modules and the artifacts of the build.
 * Build first; {@link buildContracts} does it.
 *
 * @throws {CatalogError} modules and build do not fit together.
 */
export async function readCatalog(): Promise<readonly CatalogEntry[]> {
  const entries: CatalogEntry[] = [];
  for (const planned of readPlannedContracts()) entries.push(await toEntry(planned, entries));
  return entries;
}

/** Builds what is deployed. What is built already and has not changed is left as it is. */
export async function buildContracts(): Promise<void> {
  await hre.tasks.getTask("build").run({ noTests: true, quiet: true });
  // What was looked for before the build is remembered.
  await hre.artifacts.clearCache();
}

/**
 * The salt that Ignition gives to CreateX, 32 bytes.
 *
 * @throws {CatalogError} the configuration names none.
 */
export function readSalt(): Hash {
  const salt = hre.config.ignition.strategyConfig?.create2?.salt;
  if (salt === undefined || !isHash(salt))
    throw new CatalogError("hardhat.config.ts names no salt of 32 bytes for CREATE2.");
  return salt;
}

async function toEntry(planned: PlannedContract, before: readonly CatalogEntry[]): Promise<CatalogEntry> {
  const { name, contract, family } = planned;
  const { abi, bytecode } = await hre.artifacts.readArtifact(contract);
  const constructorArguments = planned.parameters.map((parameter) =>
    "value" in parameter ? getAddress(parameter.value) : addressOf(parameter.addressOf, before),
  );
  const initcode = encodeDeployData({ abi, bytecode: bytecode as Hex, args: constructorArguments });
  // CreateX hashes a salt that carries neither a caller nor a chain.
  const address = getContractAddress({
    opcode: "CREATE2",
    from: CREATEX,
    salt: keccak256(readSalt()),
    bytecode: initcode,
  });
  return { name, contract, family, address, initcodeHash: keccak256(initcode), constructorArguments, initcode };
}

function addressOf(name: string, entries: readonly CatalogEntry[]): Address {
  const entry = entries.find((other) => other.name === name);
  if (entry === undefined) throw new CatalogError(`${name} is an argument before it is deployed.`);
  return entry.address;
}
