import { network } from "hardhat";
import { encodeFunctionData, parseAbi, type Address, type Hash, type Hex } from "viem";
import { CREATEX } from "../../test/base/addresses.ts";
import { installCreateX } from "../../test/base/createX.ts";
import { getCode, type Provider } from "../../test/base/provider.ts";

const abi = parseAbi(["function deployCreate2(bytes32 salt, bytes initCode) payable returns (address)"]);

/** The runtime code that creation codes leave behind, asked for by address; `0x` where there is none. */
export type CodeAt = (address: Address) => Promise<Hex>;

/**
 * Deploys creation codes through CreateX to a fresh chain in this process, in their order, and lets `read` look at what
 * they leave behind. So immutables are filled in by the constructors themselves, at the addresses of every other chain.
 */
export async function runInitcodes<T>(
  { salt, initcodes }: { readonly salt: Hash; readonly initcodes: readonly Hex[] },
  read: (codeAt: CodeAt) => Promise<T>,
): Promise<T> {
  const { provider, close } = await network.create({ network: "default" });
  try {
    await installCreateX(provider);
    const [from] = (await provider.request({ method: "eth_accounts" })) as [Address];
    for (const initcode of initcodes) await deploy(provider, from, salt, initcode);
    return await read((address) => getCode(provider, address));
  } finally {
    await close();
  }
}

async function deploy(provider: Provider, from: Address, salt: Hash, initcode: Hex): Promise<void> {
  const data = encodeFunctionData({ abi, functionName: "deployCreate2", args: [salt, initcode] });
  // A chain in this process mines at once, and throws what the constructor reverts with.
  await provider.request({ method: "eth_sendTransaction", params: [{ from, to: CREATEX, data, gas: "0xe4e1c0" }] });
}
