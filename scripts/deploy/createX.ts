import { formatEther, parseTransaction, type Address, type Hash } from "viem";
import { CREATEX } from "../../test/base/addresses.ts";
import { CREATEX_DEPLOYER, presignedTransaction } from "../../test/base/createX.ts";
import { getCode, type Provider } from "../../test/base/provider.ts";
import type { ChainLabel } from "../chains/chains.ts";
import { RpcError } from "../chains/node.ts";
import { quantity } from "./costs.ts";
import { NoCreateXError } from "./errors.ts";
import { readBalance, readNonce, waitForReceipt, type Patience, type Receipt } from "./transactions.ts";

/** What it takes to place CreateX by its presigned transaction. */
export interface CreateXOffer {
  /** Wei that its signer still needs: gas limit times gas price, both part of what was signed. */
  readonly funding: bigint;
  /** What to tell the user. */
  readonly words: string;
}

/**
 * Says what placing CreateX costs.
 *
 * @param feePerGas - what the chain takes now, in wei.
 * @throws {NoCreateXError} the presigned transaction cannot be mined, now or ever.
 */
export async function offerCreateX(provider: Provider, chain: ChainLabel, feePerGas: bigint): Promise<CreateXOffer> {
  const { gas = 0n, gasPrice = 0n } = parseTransaction(await presignedTransaction());
  if ((await readNonce(provider, CREATEX_DEPLOYER, "latest")) > 0) {
    throw new NoCreateXError(chain.name, "Its presigned transaction is used up there: it can never be placed.");
  }
  if (feePerGas > gasPrice) {
    const offered = `${formatEther(gasPrice, "gwei")} gwei`;
    throw new NoCreateXError(
      chain.name,
      `Its presigned transaction offers ${offered} a gas, and the chain takes more now. Try again later.`,
    );
  }
  const balance = await readBalance(provider, CREATEX_DEPLOYER);
  const needed = gas * gasPrice;
  const funding = balance < needed ? needed - balance : 0n;
  const words =
    `Placing it takes ${formatEther(funding)} ${chain.coin} sent to ${CREATEX_DEPLOYER}, whose presigned transaction spends it; ` +
    "what that does not use stays there for ever.";
  return { funding, words };
}

/**
 * Funds the signer of CreateX's presigned transaction, sends that, and waits. What an earlier run has done of it is not done again.
 *
 * @param wallet - sends in the name of `from`; `provider` only reads.
 * @throws {NoCreateXError} the node refuses the presigned transaction, or it leaves no code.
 * @throws {TransactionError} a transaction is not mined in time.
 */
export async function placeCreateX(
  { provider, wallet, chain, from }: { provider: Provider; wallet: Provider; chain: ChainLabel; from: Address },
  { funding }: CreateXOffer,
  patience: Patience,
): Promise<readonly Receipt[]> {
  const receipts: Receipt[] = [];
  if (funding > 0n) {
    const transfer = { from, to: CREATEX_DEPLOYER, value: quantity(funding) };
    const hash = (await wallet.request({ method: "eth_sendTransaction", params: [transfer] })) as Hash;
    receipts.push(await waitForReceipt(provider, hash, patience));
  }
  receipts.push(await waitForReceipt(provider, await sendPresigned(provider, chain), patience));
  if ((await getCode(provider, CREATEX)) !== "0x") return receipts;
  throw new NoCreateXError(chain.name, `Its presigned transaction has left no code at ${CREATEX}.`);
}

async function sendPresigned(provider: Provider, chain: ChainLabel): Promise<Hash> {
  try {
    const params = [await presignedTransaction()];
    return (await provider.request({ method: "eth_sendRawTransaction", params })) as Hash;
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const howTo =
      `Its node refuses the presigned transaction: ${error.message}. Nodes can be set up to take none without a chain id: ` +
      "ask another one, and run again.";
    throw new NoCreateXError(chain.name, howTo);
  }
}
