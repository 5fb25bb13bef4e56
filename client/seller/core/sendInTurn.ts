import type { Hash } from "viem";
import { getChainId, getTransactionCount } from "viem/actions";
import type { WriteClient } from "../../core/write.ts";
import { createSerial, type Serial } from "./serial.ts";

/** How one transaction is sent and waited for. */
export interface SendInTurnParameters<T> {
  /**
   * Sends the transaction with this nonce; undefined when the wallet picks its own.
   *
   * @param isReplacement - Whether it takes the place of a transaction that {@link isStuck} gave up.
   */
  readonly send: (nonce: number | undefined, isReplacement: boolean) => Promise<Hash>;
  /**
   * Asked about the first nonce of a transaction that is not mined and that nothing here waits for, such as one of a process that was
   * killed: everything after it waits for it. True to send in its place; false once it is mined. Absent: it is waited for.
   */
  readonly isStuck?: (nonce: number) => Promise<boolean>;
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
export async function sendInTurn<T>(wallet: WriteClient, { send, wait, isStuck }: SendInTurnParameters<T>): Promise<T> {
  const { account } = wallet;
  if (account === undefined) return wait(await send(undefined, false));
  const { address } = account;
  const chainId = wallet.chain?.id ?? (await getChainId(wallet));
  const { inTurn, underWay } = lineOf(`${chainId}:${address.toLowerCase()}`);
  const picksNonce = account.type === "local" && account.nonceManager === undefined;

  /** First nonce from the node's count on that nothing under way has. */
  async function firstFree(blockTag: "latest" | "pending"): Promise<number> {
    let nonce = await getTransactionCount(wallet, { address, blockTag });
    while (underWay.has(nonce)) nonce += 1;
    return nonce;
  }

  async function pickNonce(): Promise<{ readonly nonce: number; readonly isReplacement: boolean }> {
    const next = await firstFree("pending");
    if (isStuck === undefined) return { nonce: next, isReplacement: false };
    const first = await firstFree("latest");
    if (first >= next) return { nonce: next, isReplacement: false };
    return (await isStuck(first)) ? { nonce: first, isReplacement: true } : pickNonce();
  }

  const { hash, nonce } = await inTurn(async () => {
    const picked = picksNonce ? await pickNonce() : undefined;
    const nonce = picked?.nonce;
    const hash = await send(nonce, picked?.isReplacement ?? false);
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
