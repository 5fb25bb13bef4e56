import { setTimeout as sleep } from "node:timers/promises";
import { hexToBigInt, hexToNumber, type Address, type Hash, type Hex } from "viem";
import type { Provider } from "../../test/base/provider.ts";
import { TransactionError } from "./errors.ts";

/** How long and how often the command looks for what it waits for. */
export interface Patience {
  readonly pollMs: number;
  readonly timeoutMs: number;
}

/** What a mined transaction cost. */
export interface Receipt {
  readonly hash: Hash;
  readonly block: number;
  readonly gasUsed: bigint;
  /** Wei, with the fee for the data on the chain below, where there is one. */
  readonly fee: bigint;
}

/** What became of a transaction; `undefined` when it is not mined, or a node does not know it. */
export async function readReceipt(provider: Provider, hash: Hash): Promise<Receipt | undefined> {
  const receipt = (await provider.request({ method: "eth_getTransactionReceipt", params: [hash] })) as {
    status: Hex;
    blockNumber: Hex;
    gasUsed: Hex;
    effectiveGasPrice?: Hex;
    l1Fee?: Hex;
  } | null;
  if (receipt === null) return undefined;
  if (receipt.status !== "0x1") throw new TransactionError(`Transaction ${hash} failed. Look at it, and run again.`);
  const gasUsed = hexToBigInt(receipt.gasUsed);
  const fee = gasUsed * hexToBigInt(receipt.effectiveGasPrice ?? "0x0") + hexToBigInt(receipt.l1Fee ?? "0x0");
  return { hash, block: hexToNumber(receipt.blockNumber), gasUsed, fee };
}

/**
 * Waits until a transaction is mined.
 *
 * @throws {TransactionError} it failed, or is not mined in time.
 */
export async function waitForReceipt(provider: Provider, hash: Hash, patience: Patience): Promise<Receipt> {
  const end = Date.now() + patience.timeoutMs;
  while (Date.now() < end) {
    const receipt = await readReceipt(provider, hash);
    if (receipt !== undefined) return receipt;
    await sleep(patience.pollMs);
  }
  throw new TransactionError(`Transaction ${hash} is not mined yet. Run again when it is: what is done stays done.`);
}

/** How many transactions of an account are in the chain, as a block knows it. */
export async function readNonce(
  provider: Provider,
  account: Address,
  block: "latest" | "pending" | Hex,
): Promise<number> {
  return hexToNumber((await provider.request({ method: "eth_getTransactionCount", params: [account, block] })) as Hex);
}

/** What an account holds, in wei. */
export async function readBalance(provider: Provider, account: Address): Promise<bigint> {
  return hexToBigInt((await provider.request({ method: "eth_getBalance", params: [account, "latest"] })) as Hex);
}
