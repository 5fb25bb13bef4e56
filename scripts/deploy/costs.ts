import { encodeFunctionData, hexToBigInt, numberToHex, parseAbi, size, type Address, type Hex } from "viem";
import { CREATEX } from "../../test/base/addresses.ts";
import { getCode, type Provider } from "../../test/base/provider.ts";
import { RpcError } from "../chains/node.ts";
import type { CatalogEntry } from "../deployments/catalog.ts";

/** What a unit of gas costs, in wei. */
export interface Fees {
  /** Expected: the block's base fee and the tip. */
  readonly expected: bigint;
  /** The most that is offered: the base fee may double until the transaction is mined. */
  readonly most: bigint;
  /** What is given to Ignition, so that no more is paid than was said. */
  readonly offer: { gasPrice: bigint } | { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint };
}

/** What deploying one contract will cost. */
export interface Cost {
  readonly name: string;
  readonly gas: bigint;
  /** Wei for the transaction's data on the chain below; zero where there is none, or where the gas includes it. */
  readonly dataFee: bigint;
}

/** What everything will cost, in wei. */
export interface Total {
  readonly expected: bigint;
  readonly most: bigint;
}

/** The contract of OP Stack chains that knows the price of data. */
const GAS_PRICE_ORACLE: Address = "0x420000000000000000000000000000000000000F";

/** Bytes of a transaction around its data, when it is signed, rounded up. */
const ENVELOPE_BYTES = 128;

/** What CreateX adds to a plain creation: it copies and hashes the code and looks at the salt. Rounded up. */
const CREATEX_GAS = 40_000n;

/** Chains on which Ignition pays by `gasPrice`, though their blocks have a base fee: Polygon and its test chain. */
const LEGACY_FEES: readonly number[] = [137, 80002];

const TIP = 1_000_000_000n;

const abi = parseAbi([
  "function deployCreate2(bytes32 salt, bytes initCode) payable returns (address)",
  "function getL1FeeUpperBound(uint256 unsignedTxSize) view returns (uint256)",
]);

/** Reads what gas costs now. */
export async function readFees(provider: Provider, chainId: number): Promise<Fees> {
  const block = (await provider.request({ method: "eth_getBlockByNumber", params: ["latest", false] })) as {
    baseFeePerGas?: Hex;
  };
  if (block.baseFeePerGas === undefined || LEGACY_FEES.includes(chainId)) {
    const gasPrice = hexToBigInt((await provider.request({ method: "eth_gasPrice" })) as Hex);
    return { expected: gasPrice, most: gasPrice, offer: { gasPrice } };
  }
  const baseFee = hexToBigInt(block.baseFeePerGas);
  const tip = await readTip(provider);
  const most = 2n * baseFee + tip;
  return { expected: baseFee + tip, most, offer: { maxFeePerGas: most, maxPriorityFeePerGas: tip } };
}

async function readTip(provider: Provider): Promise<bigint> {
  try {
    return hexToBigInt((await provider.request({ method: "eth_maxPriorityFeePerGas" })) as Hex);
  } catch (error) {
    // Not every node has the method.
    if (error instanceof RpcError) return TIP;
    throw error;
  }
}

/** What CreateX is called with to deploy a contract. */
export function deploymentData(salt: Hex, initcode: Hex): Hex {
  return encodeFunctionData({ abi, functionName: "deployCreate2", args: [salt, initcode] });
}

/**
 * Estimates each deployment by the chain itself.
 *
 * @param hasCreateX - when it is still absent, a plain creation is estimated, and a little more said.
 */
export async function estimateCosts(
  provider: Provider,
  {
    entries,
    salt,
    from,
    hasCreateX,
  }: { entries: readonly CatalogEntry[]; salt: Hex; from: Address; hasCreateX: boolean },
): Promise<readonly Cost[]> {
  const hasOracle = (await getCode(provider, GAS_PRICE_ORACLE)) !== "0x";
  const costs: Cost[] = [];
  for (const { name, initcode } of entries) {
    const data = deploymentData(salt, initcode);
    const gas = hasCreateX
      ? await estimateGas(provider, { from, to: CREATEX, data })
      : (await estimateGas(provider, { from, data: initcode })) + CREATEX_GAS;
    costs.push({ name, gas, dataFee: hasOracle ? await readDataFee(provider, size(data) + ENVELOPE_BYTES) : 0n });
  }
  return costs;
}

async function estimateGas(provider: Provider, call: { from: Address; to?: Address; data: Hex }): Promise<bigint> {
  return hexToBigInt((await provider.request({ method: "eth_estimateGas", params: [call] })) as Hex);
}

async function readDataFee(provider: Provider, bytes: number): Promise<bigint> {
  const data = encodeFunctionData({ abi, functionName: "getL1FeeUpperBound", args: [BigInt(bytes)] });
  try {
    const answer = await provider.request({ method: "eth_call", params: [{ to: GAS_PRICE_ORACLE, data }, "latest"] });
    return answer === "0x" ? 0n : hexToBigInt(answer as Hex);
  } catch (error) {
    // Before Fjord a chain of the OP Stack does not tell it in advance; the receipt does.
    if (error instanceof RpcError) return 0n;
    throw error;
  }
}

/** Adds up. */
export function totalOf(costs: readonly Cost[], fees: Fees): Total {
  const gas = costs.reduce((sum, cost) => sum + cost.gas, 0n);
  const dataFees = costs.reduce((sum, cost) => sum + cost.dataFee, 0n);
  return { expected: gas * fees.expected + dataFees, most: gas * fees.most + dataFees };
}

/** A quantity as JSON-RPC wants it. */
export function quantity(value: bigint): Hex {
  return numberToHex(value);
}
