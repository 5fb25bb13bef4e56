import type { Account, Address } from "viem";
import { simulateContract } from "viem/actions";
import { flashSettlementAbi } from "../abi/index.ts";
import { withChecksums } from "../core/checksums.ts";
import { blockOf } from "../core/read.ts";
import type { ReadClient } from "../core/readClient.ts";
import { decodeFlashError } from "./errors.ts";
import { toFundingArgument } from "./funding.ts";
import type { ReadParameters } from "./read.ts";
import type { SignedOpening, SignedTopUp } from "./sign.ts";

/** Sender of a simulated call. */
interface Sender {
  /** Sender of the simulated call; anybody when absent. */
  readonly account?: Account | Address;
}

/** What {@link simulateOpenEscrowWithTerms} takes. */
export interface SimulateOpenEscrowWithTermsParameters extends ReadParameters, SignedOpening, Sender {}

/** What {@link simulateTopUpWithAuthorization} takes. */
export interface SimulateTopUpWithAuthorizationParameters extends ReadParameters, SignedTopUp, Sender {}

/**
 * Tries `openEscrowWithTerms` without a transaction: terms, signature, funds and all. A relayer does this before it pays for the gas.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link SimulateOpenEscrowWithTermsParameters}; amounts in token base units, times in unix seconds.
 * @throws the errors of `openEscrowWithTerms`.
 *
 * @example
 * await simulateOpenEscrowWithTerms(publicClient, { settlement, ...opening });
 */
export async function simulateOpenEscrowWithTerms(
  client: ReadClient,
  parameters: SimulateOpenEscrowWithTermsParameters,
): Promise<void> {
  const { terms, signature, funding } = parameters;
  await simulate(client, parameters, "openEscrowWithTerms", [terms, signature, toFundingArgument(funding)]);
}

/**
 * Tries `topUpWithAuthorization` without a transaction: signature, funds and all.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link SimulateTopUpWithAuthorizationParameters}; amounts in token base units, times in unix seconds.
 * @throws the errors of `topUpWithAuthorization`.
 *
 * @example
 * await simulateTopUpWithAuthorization(publicClient, { settlement, ...signed });
 */
export async function simulateTopUpWithAuthorization(
  client: ReadClient,
  parameters: SimulateTopUpWithAuthorizationParameters,
): Promise<void> {
  const { authorization, funding } = parameters;
  await simulate(client, parameters, "topUpWithAuthorization", [authorization, toFundingArgument(funding)]);
}

async function simulate(
  client: ReadClient,
  parameters: ReadParameters & Sender,
  functionName: "openEscrowWithTerms" | "topUpWithAuthorization",
  args: readonly unknown[],
): Promise<void> {
  const { settlement, account } = parameters;
  const request = { address: withChecksums(settlement), functionName, args: withChecksums(args), account };
  try {
    // viem relates the arguments to the name, which is one of two here.
    await simulateContract(client, { abi: flashSettlementAbi, ...request, ...blockOf(parameters) } as never);
  } catch (error) {
    throw decodeFlashError(error) ?? error;
  }
}
