import type { Hash, PublicClient, TransactionReceipt } from "viem";

/** Waits until a transaction is mined. Throws when it reverted, so that no test goes on after a failed step. */
export async function mined(
  client: Pick<PublicClient, "waitForTransactionReceipt">,
  hash: Hash,
): Promise<TransactionReceipt> {
  const receipt = await client.waitForTransactionReceipt({ hash });
  if (receipt.status !== "success") throw new Error(`Transaction ${hash} reverted`);
  return receipt;
}
