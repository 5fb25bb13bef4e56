/** A chain that the commands know by name. */
export interface Chain {
  /** What `--network` calls it, and `deployments/<network>.json`. */
  readonly network: string;
  readonly chainId: number;
  /** What people call it. */
  readonly name: string;
  /** Symbol of the native coin, which pays the gas. */
  readonly coin: string;
  /** How Hardhat runs a fork of it. */
  readonly chainType: "l1" | "op" | "generic";
  /** Block explorer without a closing slash; `undefined` when none is known. */
  readonly explorer: string | undefined;
  /** Configuration variable that holds the URL of its node. */
  readonly rpcVariable: string;
  /** Public node that is asked when the variable is not set. */
  readonly publicRpc: string;
}

/** The chains that are ready in the configuration; any other one is `generic`. */
export const CHAINS: readonly Chain[] = [
  {
    network: "base",
    chainId: 8453,
    name: "Base",
    coin: "ETH",
    chainType: "op",
    explorer: "https://basescan.org",
    rpcVariable: "BASE_RPC_URL",
    publicRpc: "https://mainnet.base.org",
  },
  {
    network: "baseSepolia",
    chainId: 84532,
    name: "Base Sepolia",
    coin: "ETH",
    chainType: "op",
    explorer: "https://sepolia.basescan.org",
    rpcVariable: "BASE_SEPOLIA_RPC_URL",
    publicRpc: "https://sepolia.base.org",
  },
  {
    network: "optimism",
    chainId: 10,
    name: "OP Mainnet",
    coin: "ETH",
    chainType: "op",
    explorer: "https://optimistic.etherscan.io",
    rpcVariable: "OPTIMISM_RPC_URL",
    publicRpc: "https://mainnet.optimism.io",
  },
  {
    network: "arbitrum",
    chainId: 42161,
    name: "Arbitrum One",
    coin: "ETH",
    chainType: "generic",
    explorer: "https://arbiscan.io",
    rpcVariable: "ARBITRUM_RPC_URL",
    publicRpc: "https://arb1.arbitrum.io/rpc",
  },
  {
    network: "polygon",
    chainId: 137,
    name: "Polygon",
    coin: "POL",
    chainType: "generic",
    explorer: "https://polygonscan.com",
    rpcVariable: "POLYGON_RPC_URL",
    publicRpc: "https://polygon.drpc.org",
  },
  {
    network: "ethereum",
    chainId: 1,
    name: "Ethereum",
    coin: "ETH",
    chainType: "l1",
    explorer: "https://etherscan.io",
    rpcVariable: "ETHEREUM_RPC_URL",
    publicRpc: "https://ethereum.reth.rs/rpc",
  },
  {
    network: "avalanche",
    chainId: 43114,
    name: "Avalanche",
    coin: "AVAX",
    chainType: "generic",
    explorer: "https://snowtrace.io",
    rpcVariable: "AVALANCHE_RPC_URL",
    publicRpc: "https://api.avax.network/ext/bc/C/rpc",
  },
];

/** Name of the network for any other chain, by `RPC_URL` and `CHAIN_ID`. */
export const GENERIC_NETWORK = "generic";

/** Configuration variable with the private key that deploys. */
export const DEPLOYER_VARIABLE = "DEPLOYER_PRIVATE_KEY";

/** What the commands say about a chain. */
export type ChainLabel = Pick<Chain, "network" | "chainId" | "name" | "coin" | "explorer">;

/**
 * Finds what a chain is called. One that is not in {@link CHAINS} is called by its id.
 *
 * @param chainId - as the node answers it, not as somebody configured it.
 */
export function labelChain(chainId: number): ChainLabel {
  const known = CHAINS.find((chain) => chain.chainId === chainId);
  if (known !== undefined) return known;
  return { network: `chain-${chainId}`, chainId, name: `Chain ${chainId}`, coin: "ETH", explorer: undefined };
}

/** Page of a transaction; `undefined` when no explorer of the chain is known. */
export function transactionLink(chain: ChainLabel, hash: string): string | undefined {
  return chain.explorer === undefined ? undefined : `${chain.explorer}/tx/${hash}`;
}

/** Page of an address; `undefined` when no explorer of the chain is known. */
export function addressLink(chain: ChainLabel, address: string): string | undefined {
  return chain.explorer === undefined ? undefined : `${chain.explorer}/address/${address}`;
}
