import type { Hash } from "viem";
import { getChainId, getTransactionCount } from "viem/actions";
import type { WriteClient } from "../../core/write.ts";
import { createSerial, type Serial } from "./serial.ts";

/** How one transaction is sent and waited for. */
export interface SendInTurnParameters<T> {
  /** Sends the transaction with this nonce; undefined when the wallet picks its own. */
  readonly send: (nonce: number | undefined) => Promise<Hash>;
  /** Waits for what became of it. */
  readonly wait: (hash: Hash) => Promise<T>;
}

/** What is sent from one account on one chain. */
interface Line {
  readonly inTurn: Serial;
  /** Nonces of transactions that nobody has seen mined yet. */
  readonly underWay: Set<number>;
}

/**
 * By chain id and address, for the whole process: an account has one line of nonces, however many parts of a program send from it. It
 * grows by the program's own accounts only.
 */
const lines = new Map<string, Line>();

/**
 * Sends a transaction after the one before it has left, so that no two from one account get one nonce, whoever sends them here. They
 * wait to be mined together.
 *
 * The nonce is the first that the node counts as unused and that no transaction under way has: a node that is behind another one of its
 * cluster is put right, and a transaction that was lost leaves no gap once nobody waits for it any more. An account with viem's
 * `nonceManager`, and one that the node keeps, gets its nonces from there.
 *
 * @throws whatever `send` and `wait` throw; a transaction that did not leave has used no nonce.
 */
export async function sendInTurn<T>(wallet: WriteClient, { send, wait }: SendInTurnParameters<T>): Promise<T> {
  const { account } = wallet;
  if (account === undefined) return wait(await send(undefined));
  const { address } = account;
  const chainId = wallet.chain?.id ?? (await getChainId(wallet));
  const { inTurn, underWay } = lineOf(`${chainId}:${address.toLowerCase()}`);
  const picksNonce = account.type === "local" && account.nonceManager === undefined;

  async function pickNonce(): Promise<number> {
    let nonce = await getTransactionCount(wallet, { address, blockTag: "pending" });
    while (underWay.has(nonce)) nonce += 1;
    return nonce;
  }

  const { hash, nonce } = await inTurn(async () => {
    const nonce = picksNonce ? await pickNonce() : undefined;
    const hash = await send(nonce);
    if (nonce !== undefined) underWay.add(nonce);
    return { hash, nonce };
  });
  try {
    return await wait(hash);
  } finally {
    if (nonce !== undefined) underWay.delete(nonce);
  }
}

function lineOf(key: string): Line {
  const known = lines.get(key);
  if (known !== undefined) return known;
  const line: Line = { inTurn: createSerial(), underWay: new Set() };
  lines.set(key, line);
  return line;
}
