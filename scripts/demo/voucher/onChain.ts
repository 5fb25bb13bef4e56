import { erc20Abi, type Address } from "viem";
import { voucherEscrowAbi } from "../../../client/abi/index.ts";
import { USDC } from "../../../test/base/addresses.ts";
import type { ChainClient } from "./chain.ts";

/** Reads USDC balances, token base units, in the order of their owners. */
export async function balancesOf(client: ChainClient, owners: readonly Address[]): Promise<bigint[]> {
  const read = (owner: Address) =>
    client.readContract({ address: USDC, abi: erc20Abi, functionName: "balanceOf", args: [owner] });
  return Promise.all(owners.map(read));
}

/** Reads what each transaction with a deposit used since a block. */
export async function gasOfDeposits(client: ChainClient, address: Address, fromBlock: bigint): Promise<bigint[]> {
  const logs = await client.getContractEvents({ address, abi: voucherEscrowAbi, eventName: "Deposited", fromBlock });
  const receipts = await Promise.all(
    logs.map(({ transactionHash }) => client.getTransactionReceipt({ hash: transactionHash })),
  );
  return receipts.map(({ gasUsed }) => gasUsed);
}
