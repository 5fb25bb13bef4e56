import { encodeFunctionData, type Address } from "viem";
import { flashSettlementAbi } from "../../abi/index.ts";
import { withChecksums } from "../../core/checksums.ts";
import type { AggregatedCall } from "../../core/permit.ts";
import { toFundingArgument } from "../../flash/funding.ts";
import type { Renewal } from "./types.ts";

/** The call that executes a top-up. */
export function topUpCall(
  settlement: Address,
  { authorization, funding }: NonNullable<Renewal["topUp"]>,
): AggregatedCall {
  const { epoch, deadline } = authorization;
  const callData = encodeFunctionData({
    abi: flashSettlementAbi,
    functionName: "topUpWithAuthorization",
    args: [
      withChecksums({ ...authorization, epoch: Number(epoch), deadline: Number(deadline) }),
      toFundingArgument(funding),
    ],
  });
  return { target: withChecksums(settlement), callData, allowFailure: false };
}

/** The call that executes an extension. */
export function extensionCall(
  settlement: Address,
  { authorization, signature }: NonNullable<Renewal["extension"]>,
): AggregatedCall {
  const { epoch, newUnlockAt, deadline } = authorization;
  const numbers = { epoch: Number(epoch), newUnlockAt: Number(newUnlockAt), deadline: Number(deadline) };
  const callData = encodeFunctionData({
    abi: flashSettlementAbi,
    functionName: "extendEscrowWithAuthorization",
    args: [withChecksums({ ...authorization, ...numbers }), signature],
  });
  return { target: withChecksums(settlement), callData, allowFailure: false };
}
