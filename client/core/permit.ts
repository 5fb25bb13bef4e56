import { encodeFunctionData, type Address, type Hash, type Hex } from "viem";
import { readContract } from "viem/actions";
import { eip2612Abi, multicall3Abi } from "../abi/index.ts";
import { getRevertData } from "../errors.ts";
import { withChecksums } from "./checksums.ts";
import { MalformedSignatureError } from "./errors.ts";
import type { Permit } from "./funding.ts";
import { MULTICALL3_ADDRESS } from "./multicall.ts";
import { parseKeySignature } from "./signature.ts";
import { sendCall, type TransactionParameters, type WriteClient } from "./write.ts";

/** A call as Multicall3's `aggregate3` takes it. */
export interface AggregatedCall {
  readonly target: Address;
  readonly allowFailure: boolean;
  readonly callData: Hex;
}

/** An ERC-2612 permit and who signed it. */
export interface SignedPermit {
  /** ERC-20 contract. */
  readonly asset: Address;
  readonly owner: Address;
  readonly spender: Address;
  readonly permit: Omit<Permit, "nonce">;
  /** 65 or 64 bytes of a key. */
  readonly permitSignature: Hex;
}

/**
 * Makes the call that submits a permit. It may fail: somebody else may have submitted it first.
 *
 * @throws {MalformedSignatureError} the signature is not one of a key.
 */
export function permitCall({ asset, owner, spender, permit, permitSignature }: SignedPermit): AggregatedCall {
  const parts = parseKeySignature(permitSignature);
  if (parts === undefined) throw new MalformedSignatureError(permitSignature);
  const { r, s, yParity } = parts;
  const parties = withChecksums([owner, spender] as const);
  const args = [...parties, permit.value, permit.deadline, yParity + 27, r, s] as const;
  const callData = encodeFunctionData({ abi: eip2612Abi, functionName: "permit", args });
  return { target: withChecksums(asset), allowFailure: true, callData };
}

/**
 * Sends calls in one transaction through Multicall3.
 *
 * @param decode - Turns what was thrown, or the revert data of the first call that must not fail, into a typed error.
 * @throws the typed error when estimating says that a call reverts that must not, viem's error otherwise.
 */
export async function sendAggregated(
  client: WriteClient,
  parameters: TransactionParameters & { readonly multicall?: Address },
  calls: readonly AggregatedCall[],
  decode: (error: unknown, options?: { readonly cause?: unknown }) => Error | undefined,
): Promise<Hash> {
  const { multicall = MULTICALL3_ADDRESS } = parameters;
  const call = { abi: multicall3Abi, address: multicall, functionName: "aggregate3", args: [calls] };
  try {
    return await sendCall(client, parameters, call, () => undefined);
  } catch (error) {
    const reason = await findReason(client, multicall, calls, error);
    throw (reason === undefined ? undefined : decode(reason, { cause: error })) ?? decode(error) ?? error;
  }
}

/** Multicall3 hides why a call failed, so the same calls are simulated with all failures allowed, which gives the first one's own. */
async function findReason(
  client: WriteClient,
  multicall: Address,
  calls: readonly AggregatedCall[],
  error: unknown,
): Promise<Hex | undefined> {
  if (getRevertData(error) === undefined) return undefined;
  const results = await readContract(client, {
    abi: multicall3Abi,
    address: multicall,
    functionName: "aggregate3",
    args: [calls.map((call) => ({ ...call, allowFailure: true }))],
  });
  return results.find(({ success }, index) => !success && calls[index]?.allowFailure === false)?.returnData;
}
