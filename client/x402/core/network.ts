const CAIP2_EVM = /^eip155:([1-9][0-9]{0,15})$/;

/** Networks that x402 v1 names by a word, with their chain ids. */
const V1_CHAIN_IDS: ReadonlyMap<string, bigint> = new Map([
  ["base", 8453n],
  ["base-sepolia", 84532n],
  ["avalanche", 43114n],
  ["avalanche-fuji", 43113n],
  ["iotex", 4689n],
  ["sei", 1329n],
  ["sei-testnet", 1328n],
  ["polygon", 137n],
  ["polygon-amoy", 80002n],
  ["peaq", 3338n],
]);

/**
 * Reads the chain id of a CAIP-2 network such as `eip155:8453`.
 *
 * @param network - Any text.
 * @returns The chain id, or undefined for any other text, wildcards included.
 *
 * @example
 * const chainId = chainIdOfNetwork("eip155:8453");
 */
export function chainIdOfNetwork(network: unknown): bigint | undefined {
  if (typeof network !== "string") return undefined;
  const match = CAIP2_EVM.exec(network);
  return match?.[1] === undefined ? undefined : BigInt(match[1]);
}

/**
 * Writes a chain id as a CAIP-2 network.
 *
 * @param chainId - Of an EVM chain.
 * @returns `eip155:<chain id>`.
 *
 * @example
 * const network = networkOfChainId(8453n);
 */
export function networkOfChainId(chainId: bigint | number): `eip155:${string}` {
  return `eip155:${chainId}`;
}

/**
 * Reads the chain id of an x402 v1 network, a word such as `base`; undefined when it is none.
 *
 * @param network - May be anything.
 * @returns The chain id; undefined for a word that x402 v1 does not know.
 *
 * @example
 * const chainId = chainIdOfNetworkV1("base");
 */
export function chainIdOfNetworkV1(network: unknown): bigint | undefined {
  return typeof network === "string" ? V1_CHAIN_IDS.get(network) : undefined;
}
