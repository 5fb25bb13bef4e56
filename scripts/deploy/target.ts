import type { HttpNetworkConfig, NetworkConfig } from "hardhat/types/config";
import { hexToNumber, type Address, type Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { Provider } from "../../test/base/provider.ts";
import { CHAINS, GENERIC_NETWORK, labelChain, type ChainLabel } from "../chains/chains.ts";
import { connectNode } from "../chains/node.ts";
import { InvalidKeyError, NoChainIdError, NoDeployerError, NoNetworkError, WrongChainError } from "./errors.ts";

/** A network as Hardhat has connected to it. */
export interface Connection {
  readonly networkName: string;
  readonly networkConfig: NetworkConfig;
  /** Sends what Hardhat signs. */
  readonly provider: Provider;
}

/** The chain that is deployed to. */
export interface Target {
  readonly chain: ChainLabel;
  /** Asks the node, with no account. */
  readonly node: Provider;
  readonly url: string;
  readonly config: HttpNetworkConfig;
}

/**
 * Finds out which chain a network is.
 *
 * @throws {NoNetworkError} it is a chain in this process, or none.
 * @throws {NoChainIdError} its id is not configured.
 * @throws {WrongChainError} its node is of another chain.
 * @throws {NodeError} its node does not answer.
 */
export async function readTarget({ networkName, networkConfig }: Connection): Promise<Target> {
  if (networkConfig.type !== "http") {
    throw new NoNetworkError(networkName, [...CHAINS.map(({ network }) => network), GENERIC_NETWORK]);
  }
  if (networkConfig.chainId === undefined) throw new NoChainIdError(networkName);
  const url = await networkConfig.url.getUrl();
  const node = connectNode(networkName, url);
  const chainId = hexToNumber((await node.request({ method: "eth_chainId" })) as Hex);
  if (chainId !== networkConfig.chainId) {
    throw new WrongChainError(networkName, { configured: networkConfig.chainId, actual: chainId });
  }
  return { chain: labelChain(chainId), node, url, config: networkConfig };
}

/**
 * Finds the account that deploys, by the key in Hardhat's keystore or in the environment.
 *
 * @throws {NoDeployerError} there is none.
 * @throws {InvalidKeyError} it is no private key.
 */
export async function readDeployer({ accounts }: HttpNetworkConfig): Promise<Address> {
  const [key] = Array.isArray(accounts) ? accounts : [];
  if (key === undefined) throw new NoDeployerError(undefined);
  let digits: string;
  try {
    digits = await key.getHexString();
  } catch (error) {
    if (isVariableMissing(error)) throw new NoDeployerError(error);
    // A wrong password, for one, is said as it is.
    throw error;
  }
  try {
    return privateKeyToAccount(digits as Hex).address;
  } catch {
    // What viem says of it can hold the digits.
    throw new InvalidKeyError();
  }
}

/** HHE7: neither the environment nor the keystore has it. HHE50002: the keystore of development, which tests use, neither. */
function isVariableMissing(error: unknown): boolean {
  return error instanceof Error && "errorCode" in error && ["HHE7", "HHE50002"].includes(String(error.errorCode));
}
