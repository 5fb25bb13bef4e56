import { encodeFunctionData, type Address } from "viem";
import { flashSettlementAbi } from "../../abi/index.ts";
import { withChecksums } from "../../core/checksums.ts";
import { permitCall, type AggregatedCall } from "../../core/permit.ts";
import { parseKeySignature } from "../../core/signature.ts";
import { toFundingArgument } from "../../flash/funding.ts";
import type { Opening } from "./types.ts";

/**
 * Calls of an opening, the permit of its allowance in front; the last one is the opening itself.
 *
 * @returns Undefined when the permit is not signed by a key: the token takes no other.
 */
export function openingCalls(settlement: Address, opening: Opening): readonly AggregatedCall[] | undefined {
  const { terms, signature, funding, permit } = opening;
  const { ttlSeconds, closeDelay, epoch, deadline } = terms;
  const numbers = {
    ttlSeconds: Number(ttlSeconds),
    closeDelay: Number(closeDelay),
    epoch: Number(epoch),
    deadline: Number(deadline),
  };
  const args = [withChecksums({ ...terms, ...numbers }), signature, toFundingArgument(funding)] as const;
  const callData = encodeFunctionData({ abi: flashSettlementAbi, functionName: "openEscrowWithTerms", args });
  const open: AggregatedCall = { target: withChecksums(settlement), callData, allowFailure: false };
  if (permit === undefined) return [open];
  if (parseKeySignature(permit.signature) === undefined) return undefined;
  const { client: owner, token: asset } = terms;
  return [permitCall({ asset, owner, spender: settlement, permit, permitSignature: permit.signature }), open];
}
