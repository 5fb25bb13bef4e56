import { network } from "hardhat";
import { encodeFunctionData, parseAbi, type Address, type Hex } from "viem";
import { installArachnidProxy } from "../base/arachnidProxy.ts";
import { CREATEX, PERMIT2 } from "../base/addresses.ts";
import { installCommerce } from "../base/commerce.ts";
import { installCreateX } from "../base/createX.ts";
import { installMulticall3 } from "../base/multicall3.ts";
import { permit2Code } from "../base/permit2.ts";
import { getCode, httpProvider, setCode, type Provider } from "../base/provider.ts";
import type { Connection } from "../../scripts/deploy/target.ts";
import { readCatalog, readSalt } from "../../scripts/deployments/catalog.ts";
import { actors } from "../helpers/actors.ts";

/** A chain that answers over HTTP, with the canonical contracts. */
export interface ServedChain {
  readonly url: string;
  readonly provider: Provider;
  /** Hardhat's connection to it. */
  readonly connection: Connection;
  close(): Promise<void>;
}

const abi = parseAbi(["function deployCreate2(bytes32 salt, bytes initCode) payable returns (address)"]);

/**
 * Starts a chain that a network of the configuration leads to.
 *
 * @param chainId - Of the chain, not of the network.
 */
export async function serveChain(networkName: string, chainId: number): Promise<ServedChain> {
  const server = await network.createServer(
    { network: "default", chainType: "generic", override: { chainId } },
    "127.0.0.1",
    0,
  );
  const { port } = await server.listen();
  const url = `http://127.0.0.1:${port}`;
  const provider = httpProvider(url);
  const { networkConfig } = await network.create({ network: networkName, override: { url } });
  await installCreateX(provider);
  await installMulticall3(provider);
  await installArachnidProxy(provider);
  await setCode(provider, PERMIT2, permit2Code(chainId));
  await installCommerce(provider);
  return { url, provider, connection: { networkName, networkConfig, provider }, close: () => server.close() };
}

/** Deploys everything of this project, through CreateX. */
export async function deployEverything(provider: Provider): Promise<void> {
  for (const { initcode } of await readCatalog()) {
    const data = encodeFunctionData({ abi, functionName: "deployCreate2", args: [readSalt(), initcode] });
    const transaction = { from: actors.deployer.address, to: CREATEX, data, gas: "0xe4e1c0" };
    await provider.request({ method: "eth_sendTransaction", params: [transaction] });
  }
}

/** Changes one byte of the code at an address. */
export async function flipByte(provider: Provider, address: Address, place: number): Promise<void> {
  const code = await getCode(provider, address);
  const byte = Number.parseInt(code.slice(2 + 2 * place, 4 + 2 * place), 16) ^ 1;
  const digits = byte.toString(16).padStart(2, "0");
  await setCode(provider, address, `${code.slice(0, 2 + 2 * place)}${digits}${code.slice(4 + 2 * place)}` as Hex);
}
