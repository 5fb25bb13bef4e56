import type { Address } from "viem";
import { voucherEscrowAbi } from "../../../client/abi/index.ts";
import type { ChainClient } from "../chain.ts";

/** Reads what each transaction with a deposit used since a block. */
export async function gasOfDeposits(client: ChainClient, address: Address, fromBlock: bigint): Promise<bigint[]> {
  const logs = await client.getContractEvents({ address, abi: voucherEscrowAbi, eventName: "Deposited", fromBlock });
  const receipts = await Promise.all(
    logs.map(({ transactionHash }) => client.getTransactionReceipt({ hash: transactionHash })),
  );
  return receipts.map(({ gasUsed }) => gasUsed);
}
