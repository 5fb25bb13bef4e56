import { network } from "hardhat";
import { encodeFunctionData, getContractAddress, keccak256, parseAbi, type Address, type Hash, type Hex } from "viem";
import { CREATEX } from "../../test/base/addresses.ts";
import { installCreateX } from "../../test/base/createX.ts";
import { getCode, type Provider } from "../../test/base/provider.ts";
import { readSalt, type CatalogEntry } from "./catalog.ts";
import { CatalogError } from "./errors.ts";

/** What stands at an address after the deployment. */
export interface RuntimeCode {
  readonly runtimeCode: Hex;
  readonly runtimeCodeHash: Hash;
}

/** A contract that another one deploys when it is deployed itself. */
export interface CreatedContract extends RuntimeCode {
  readonly contract: string;
  readonly address: Address;
  readonly constructorArguments: readonly string[];
}

/** An entry with the code that it leaves behind on one chain, immutables filled in. */
export interface DeployedEntry extends CatalogEntry, RuntimeCode {
  /** In the order in which the constructor deploys them. */
  readonly creates: readonly CreatedContract[];
}

/** What constructors deploy, in their order, each with one argument of its creator, named by its place. */
const CREATED: Readonly<Record<string, readonly { readonly contract: string; readonly argument: number }[]>> = {
  TermsOperatorFactory: [
    { contract: "TermsOperator", argument: 0 },
    { contract: "TermsOperatorV1_0", argument: 1 },
  ],
};

const abi = parseAbi(["function deployCreate2(bytes32 salt, bytes initCode) payable returns (address)"]);

/**
 * Finds the code that the catalog leaves behind on a chain: deploys it through CreateX to a fresh chain of that id in this process.
 * So the constructors themselves fill in the immutables, at the addresses of the real chain.
 *
 * @param chainId - Of the chain to compare with: domain separators and chain ids stand in the code.
 * @throws {CatalogError} a constructor leaves no code.
 */
export async function runCatalog(catalog: readonly CatalogEntry[], chainId: number): Promise<readonly DeployedEntry[]> {
  const override = { chainId };
  const { provider, close } = await network.create({ network: "default", chainType: "generic", override });
  try {
    await installCreateX(provider);
    const [from] = (await provider.request({ method: "eth_accounts" })) as [Address];
    for (const { initcode } of catalog) await deploy(provider, from, initcode);
    return await Promise.all(catalog.map((entry) => complete(provider, entry)));
  } finally {
    await close();
  }
}

async function deploy(provider: Provider, from: Address, initcode: Hex): Promise<void> {
  const data = encodeFunctionData({ abi, functionName: "deployCreate2", args: [readSalt(), initcode] });
  // A chain in this process mines at once, and throws what the constructor reverts with.
  await provider.request({ method: "eth_sendTransaction", params: [{ from, to: CREATEX, data, gas: "0xe4e1c0" }] });
}

async function complete(provider: Provider, entry: CatalogEntry): Promise<DeployedEntry> {
  const created = (CREATED[entry.contract] ?? []).map(async ({ contract, argument }, place) => {
    const address = getContractAddress({ from: entry.address, nonce: BigInt(place + 1) });
    const constructorArguments = entry.constructorArguments.slice(argument, argument + 1);
    return { contract, address, constructorArguments, ...(await codeOf(provider, contract, address)) };
  });
  return { ...entry, ...(await codeOf(provider, entry.name, entry.address)), creates: await Promise.all(created) };
}

async function codeOf(provider: Provider, name: string, address: Address): Promise<RuntimeCode> {
  const runtimeCode = await getCode(provider, address);
  if (runtimeCode === "0x")
    throw new CatalogError(`${name} leaves no code at ${address}, where CreateX should put it.`);
  return { runtimeCode, runtimeCodeHash: keccak256(runtimeCode) };
}
