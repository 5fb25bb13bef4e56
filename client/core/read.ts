import type { Abi, Address, BlockNumber, BlockTag, Hex } from "viem";
import { readContract } from "viem/actions";
import { withChecksums } from "./checksums.ts";
import type { ReadClient } from "./readClient.ts";

/** At which block a read is made. */
export interface BlockParameters {
  /** Block whose state is read; the latest when both this and `blockTag` are absent. */
  readonly blockNumber?: BlockNumber;
  /** Instead of `blockNumber`, for example `"finalized"`. */
  readonly blockTag?: BlockTag;
}

/** A call of a contract that changes nothing. */
export interface ViewCall {
  readonly abi: Abi;
  readonly address: Address;
  readonly functionName: string;
  readonly args: readonly unknown[];
}

/** An EIP-712 domain as ERC-5267 describes it. */
export interface Eip712Domain {
  /** One byte; its bits say which members the domain has. */
  readonly fields: Hex;
  /** Name of the domain. */
  readonly name: string;
  /** Version of the domain. */
  readonly version: string;
  /** Chain of the contract. */
  readonly chainId: bigint;
  /** Address of the contract. */
  readonly verifyingContract: Address;
  /** 32 bytes. */
  readonly salt: Hex;
  /** Numbers of the ERCs that extend the domain; none here. */
  readonly extensions: readonly bigint[];
}

/** What `eip712Domain()` answers, in its order. */
export type Eip712DomainTuple = readonly [Hex, string, string, bigint, Address, Hex, readonly bigint[]];

/** Names the parts of what `eip712Domain()` answers. */
export function toEip712Domain(domain: Eip712DomainTuple): Eip712Domain {
  const [fields, name, version, chainId, verifyingContract, salt, extensions] = domain;
  return { fields, name, version, chainId, verifyingContract, salt, extensions };
}

/** The block of a read, as viem takes it. */
export function blockOf({ blockNumber, blockTag }: BlockParameters): BlockParameters {
  return blockNumber === undefined ? { blockTag: blockTag ?? "latest" } : { blockNumber };
}

/**
 * Calls a view.
 *
 * @param decode - Turns what was thrown into a typed error, if it knows it.
 * @returns Whatever the view answers; its type is the caller's to know.
 */
export async function readView(
  client: ReadClient,
  call: ViewCall,
  block: BlockParameters,
  decode: (error: unknown) => Error | undefined,
): Promise<unknown> {
  const { abi, address, functionName, args } = call;
  const request = { abi, address: withChecksums(address), functionName, args: withChecksums(args) };
  try {
    // viem derives the result from the name, which stays open here.
    return await readContract(client, { ...request, ...blockOf(block) } as never);
  } catch (error) {
    throw decode(error) ?? error;
  }
}
