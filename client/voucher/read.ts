import type { Address, ContractFunctionArgs, ContractFunctionName, ContractFunctionReturnType } from "viem";
import { voucherEscrowAbi } from "../abi/index.ts";
import { readView, type BlockParameters } from "../core/read.ts";
import type { ReadClient } from "../core/readClient.ts";
import { decodeVoucherError } from "./errors.ts";

type Abi = typeof voucherEscrowAbi;

/** What every read takes. */
export interface ReadParameters extends BlockParameters {
  /** Address of VoucherEscrow. */
  readonly escrow: Address;
}

type ViewName = ContractFunctionName<Abi, "view">;

/** Calls a view of the escrow; the functions in `reads/` give it its name and its shapes. */
export async function readEscrow<name extends ViewName>(
  client: ReadClient,
  { escrow, ...block }: ReadParameters,
  functionName: name,
  args: ContractFunctionArgs<Abi, "view", name>,
): Promise<ContractFunctionReturnType<Abi, "view", name>> {
  const call = { abi: voucherEscrowAbi, address: escrow, functionName, args: args as readonly unknown[] };
  const answer = await readView(client, call, block, decodeVoucherError);
  return answer as ContractFunctionReturnType<Abi, "view", name>;
}
