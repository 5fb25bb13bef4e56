import { configVariable } from "hardhat/config";
import type { ChainDescriptorsUserConfig, HttpNetworkUserConfig } from "hardhat/types/config";
import { CHAINS, DEPLOYER_VARIABLE, GENERIC_NETWORK } from "./chains.ts";

/**
 * Hardhat's entry for each known chain, and `generic` for any other. A key and a URL come from the environment or the
 * keystore, and never stand in a file or in an argument.
 *
 * @param environment - `CHAIN_ID` of the generic network; an id is no secret, and Hardhat wants it as a number.
 */
export function chainNetworks(environment: { readonly [name: string]: string | undefined }): {
  [network: string]: HttpNetworkUserConfig;
} {
  const accounts = [configVariable(DEPLOYER_VARIABLE)];
  const known = CHAINS.map(({ network, chainId, chainType, rpcVariable, publicRpc }) => {
    const url = configVariable(rpcVariable, { default: publicRpc });
    return [network, { type: "http" as const, chainId, chainType, url, accounts }] as const;
  });
  const generic = { type: "http" as const, chainType: "generic" as const, url: configVariable("RPC_URL"), accounts };
  const chainId = environment["CHAIN_ID"];
  const identified = chainId === undefined || chainId === "" ? generic : { ...generic, chainId: Number(chainId) };
  return { ...Object.fromEntries(known), [GENERIC_NETWORK]: identified };
}

/** What Hardhat has to know of a chain to run a fork of it: the rules of chains that are not Ethereum, from the start. */
export const chainDescriptors: ChainDescriptorsUserConfig = Object.fromEntries(
  CHAINS.filter(({ chainType }) => chainType === "op").map(({ chainId, name }) => [
    chainId,
    { name, chainType: "op" as const, hardforkHistory: { isthmus: { blockNumber: 0 } } },
  ]),
);
