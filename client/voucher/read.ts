import type {
  Address,
  BlockNumber,
  BlockTag,
  Chain,
  Client,
  ContractFunctionArgs,
  ContractFunctionName,
  ContractFunctionReturnType,
  Transport,
} from "viem";
import { readContract } from "viem/actions";
import { voucherEscrowAbi } from "../abi/index.ts";
import { withChecksums } from "./checksums.ts";
import { decodeVoucherError } from "./errors.ts";

type Abi = typeof voucherEscrowAbi;

/** A viem client that reads: any client will do. */
export type ReadClient = Client<Transport, Chain | undefined>;

/** What every read takes. */
export interface ReadParameters {
  /** Address of VoucherEscrow. */
  readonly escrow: Address;
  /** Block whose state is read; the latest when both this and `blockTag` are absent. */
  readonly blockNumber?: BlockNumber;
  /** Instead of `blockNumber`, for example `"finalized"`. */
  readonly blockTag?: BlockTag;
}

type ViewName = ContractFunctionName<Abi, "view">;

/** Calls a view of the escrow; the functions in `reads/` give it its name and its shapes. */
export async function readEscrow<name extends ViewName>(
  client: ReadClient,
  { escrow, blockNumber, blockTag }: ReadParameters,
  functionName: name,
  args: ContractFunctionArgs<Abi, "view", name>,
): Promise<ContractFunctionReturnType<Abi, "view", name>> {
  const block = blockNumber === undefined ? { blockTag: blockTag ?? "latest" } : { blockNumber };
  const call = { address: withChecksums(escrow), functionName, args: withChecksums(args) };
  const request = { abi: voucherEscrowAbi, ...call, ...block };
  try {
    // viem derives the result from the name, which stays open here.
    return (await readContract(client, request as never)) as ContractFunctionReturnType<Abi, "view", name>;
  } catch (error) {
    throw decodeVoucherError(error) ?? error;
  }
}
