import type { ChainDescriptorsConfig, VerificationProvidersConfig } from "hardhat/types/config";
import type { CompilerInput } from "hardhat/types/solidity";
import type { Provider } from "../../test/base/provider.ts";
import { UnknownExplorerError, VerifyError } from "./errors.ts";

/** Where sources can be verified, as the Hardhat verify plugin calls them. */
export const EXPLORERS = ["etherscan", "blockscout", "sourcify"] as const;

export type ExplorerName = (typeof EXPLORERS)[number];

/** One place that verifies sources, with its addresses for one chain. */
export interface Explorer {
  readonly name: string;
  /** Where it is asked. */
  readonly apiUrl: string;
  /** Page of a contract. */
  getContractUrl(address: string): string;
  isVerified(address: string): Promise<boolean>;
  /** Sends a source. Gives the number under which to ask how it went. */
  verify(submission: {
    readonly contractAddress: string;
    readonly compilerInput: CompilerInput;
    readonly contractName: string;
    readonly compilerVersion: string;
    readonly constructorArguments: string;
  }): Promise<string>;
  /** Waits until it has decided. */
  pollVerificationStatus(
    guid: string,
    address: string,
    contractName: string,
  ): Promise<{ readonly success: boolean; readonly message: string }>;
}

/** What of Hardhat's configuration says where explorers are, and holds the variable of the API key. */
export interface ExplorerConfig {
  readonly chainDescriptors: ChainDescriptorsConfig;
  readonly verify: VerificationProvidersConfig;
}

/** The chain whose contracts an explorer shows. */
export interface ExplorerChain {
  readonly provider: Provider;
  readonly networkName: string;
  readonly chainId: number;
}

/** What the plugin throws where it finds no explorer: neither the chain nor the explorer of a chain is known. */
const NOT_SERVED: readonly string[] = ["HHE80000", "HHE80027"];

/** The plugin's own function; it makes the same objects for its task. */
interface Plugin {
  createVerificationProviderInstance(options: {
    readonly provider: Provider;
    readonly networkName: string;
    readonly chainDescriptors: ChainDescriptorsConfig;
    readonly verificationProviderName: ExplorerName;
    readonly verificationProvidersConfig: VerificationProvidersConfig;
  }): Promise<Explorer>;
}

/**
 * Opens an explorer through the Hardhat verify plugin. The plugin's task reads the compiler's version from metadata behind the code,
 * which this project's code does not carry, and gives up; the part of it that talks to explorers does not need that.
 *
 * @throws {UnknownExplorerError} the explorer does not serve the chain.
 * @throws {HardhatError} there is no API key.
 */
export async function openExplorer(
  name: ExplorerName,
  { chainDescriptors, verify }: ExplorerConfig,
  { provider, networkName, chainId }: ExplorerChain,
): Promise<Explorer> {
  const known = chainDescriptors.get(BigInt(chainId));
  // Of a chain that it does not know itself the plugin asks the explorers, over the network.
  if (known !== undefined && name !== "sourcify" && known.blockExplorers[name] === undefined) {
    throw new UnknownExplorerError(name, chainId);
  }
  const entry = import.meta.resolve("@nomicfoundation/hardhat-verify");
  const plugin = (await import(new URL("./internal/verification.js", entry).href)) as Plugin;
  try {
    return await plugin.createVerificationProviderInstance({
      provider,
      networkName,
      chainDescriptors,
      verificationProviderName: name,
      verificationProvidersConfig: verify,
    });
  } catch (error) {
    if (!(error instanceof Error && "errorCode" in error && NOT_SERVED.includes(String(error.errorCode)))) throw error;
    throw new UnknownExplorerError(name, chainId, error);
  }
}

/** A configuration that opens explorers to read their addresses: no key is asked for, and none can be sent. */
export function withoutKeys({ chainDescriptors, verify }: ExplorerConfig): ExplorerConfig {
  const apiKey = { ...verify.etherscan.apiKey, get: async () => "none" };
  const { apiKey: _secret, ...blockscout } = verify.blockscout;
  return { chainDescriptors, verify: { ...verify, etherscan: { ...verify.etherscan, apiKey }, blockscout } };
}

/**
 * Reads `--explorers`: names with commas between; all of them when it says nothing.
 *
 * @throws {VerifyError} a name is none of an explorer.
 */
export function parseExplorers(text: string | undefined): readonly ExplorerName[] {
  if (text === undefined) return EXPLORERS;
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !EXPLORERS.some((explorer) => explorer === name));
  if (unknown.length === 0) return EXPLORERS.filter((explorer) => names.includes(explorer));
  throw new VerifyError(`There is no explorer ${unknown.join(", ")}. The explorers are ${EXPLORERS.join(", ")}.`);
}
