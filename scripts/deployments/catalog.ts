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
import { runInitcodes, type CodeAt } from "./run.ts";
import type { CanonicalRecord } from "./types.ts";

/** One contract that is deployed, with all its code. */
export interface CatalogEntry extends CanonicalRecord {
  /** Creation code with its arguments, as it is sent to CreateX. */
  readonly initcode: Hex;
  /** What stands at the address, with its immutables. */
  readonly runtimeCode: Hex;
  /** Contracts that the constructor deploys. */
  readonly creates: readonly CreatedContract[];
}

/** A contract that another one deploys when it is deployed itself. */
export interface CreatedContract {
  readonly contract: string;
  readonly address: Address;
  readonly constructorArguments: readonly string[];
  readonly runtimeCode: Hex;
  readonly runtimeCodeHash: Hash;
}

/** An entry before its code has run. */
type Draft = Omit<CatalogEntry, "runtimeCode" | "runtimeCodeHash" | "creates">;

/** What constructors deploy, in their order, each with one argument of its creator, named by its place. */
const CREATED: Readonly<Record<string, readonly { readonly contract: string; readonly argument: number }[]>> = {
  TermsOperatorFactory: [
    { contract: "TermsOperator", argument: 0 },
    { contract: "TermsOperatorV1_0", argument: 1 },
  ],
};

/**
 * What is deployed, in the order of deployment, from the Ignition modules and the artifacts of the build.
 * Build first; {@link buildContracts} does it.
 *
 * @throws {CatalogError} modules and build do not fit together.
 */
export async function readCatalog(): Promise<readonly CatalogEntry[]> {
  const salt = readSalt();
  const drafts: Draft[] = [];
  for (const planned of readPlannedContracts()) drafts.push(await draft(planned, salt, drafts));
  return runInitcodes({ salt, initcodes: drafts.map(({ initcode }) => initcode) }, async (codeAt) =>
    Promise.all(drafts.map((entry) => complete(entry, codeAt))),
  );
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

async function draft(planned: PlannedContract, salt: Hash, before: readonly Draft[]): Promise<Draft> {
  const { name, contract, family } = planned;
  const { abi, bytecode } = await hre.artifacts.readArtifact(contract);
  const constructorArguments = planned.parameters.map((parameter) =>
    "value" in parameter ? getAddress(parameter.value) : addressOf(parameter.addressOf, before),
  );
  const initcode = encodeDeployData({ abi, bytecode: bytecode as Hex, args: constructorArguments });
  // CreateX hashes a salt that carries neither a caller nor a chain.
  const address = getContractAddress({ opcode: "CREATE2", from: CREATEX, salt: keccak256(salt), bytecode: initcode });
  return { name, contract, family, address, initcodeHash: keccak256(initcode), constructorArguments, initcode };
}

function addressOf(name: string, entries: readonly Draft[]): Address {
  const entry = entries.find((other) => other.name === name);
  if (entry === undefined) throw new CatalogError(`${name} is an argument before it is deployed.`);
  return entry.address;
}

async function complete(entry: Draft, codeAt: CodeAt): Promise<CatalogEntry> {
  const created = (CREATED[entry.contract] ?? []).map(async ({ contract, argument }, place) => {
    const address = getContractAddress({ from: entry.address, nonce: BigInt(place + 1) });
    const constructorArguments = entry.constructorArguments.slice(argument, argument + 1);
    return { contract, address, constructorArguments, ...(await codeOf(contract, address, codeAt)) };
  });
  return { ...entry, ...(await codeOf(entry.name, entry.address, codeAt)), creates: await Promise.all(created) };
}

async function codeOf(name: string, address: Address, codeAt: CodeAt) {
  const runtimeCode = await codeAt(address);
  if (runtimeCode === "0x")
    throw new CatalogError(`${name} leaves no code at ${address}, where CreateX should put it.`);
  return { runtimeCode, runtimeCodeHash: keccak256(runtimeCode) };
}
