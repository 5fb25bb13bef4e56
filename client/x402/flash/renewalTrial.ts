import type { Hex } from "viem";
import type { AggregatedCall } from "../../core/permit.ts";
import type { ReadClient } from "../../core/readClient.ts";
import { getEscrow } from "../../flash/read.ts";
import type { SettlementId } from "../../seller/flash/types.ts";
import type { FlashCode } from "./codes.ts";
import { extensionCall, topUpCall } from "./renewalCalls.ts";
import { explainRenewal, explainTopUp } from "./renewalReasons.ts";
import type { Renewal } from "./types.ts";

/** What a renewal is tried with. */
export interface RenewalTrialParameters {
  readonly client: ReadClient;
  readonly settlement: SettlementId;
  /** Does calls without sending them; gives what they reverted with, undefined when they did not. */
  readonly attempt: (calls: readonly AggregatedCall[]) => Promise<Hex | undefined>;
}

/** Gives the calls of what is left to be done of a renewal, or why it would be refused. */
export async function tryRenewal(
  parameters: RenewalTrialParameters,
  { topUp, extension }: Renewal,
): Promise<readonly AggregatedCall[] | FlashCode> {
  const first = topUp === undefined ? [] : await tryTopUp(parameters, topUp);
  if (typeof first === "string" || extension === undefined) return first;
  const second = await tryExtension(parameters, extension);
  return typeof second === "string" ? second : [...first, ...second];
}

async function tryTopUp(
  { client, settlement, attempt }: RenewalTrialParameters,
  topUp: NonNullable<Renewal["topUp"]>,
): Promise<readonly AggregatedCall[] | FlashCode> {
  const call = topUpCall(settlement.settlement, topUp);
  const revert = await attempt([call]);
  if (revert === undefined) return [call];
  return explainRenewal(revert) ?? (await explainTopUp(client, settlement, topUp)) ?? [];
}

async function tryExtension(
  { client, settlement: { settlement }, attempt }: RenewalTrialParameters,
  extension: NonNullable<Renewal["extension"]>,
): Promise<readonly AggregatedCall[] | FlashCode> {
  const { newUnlockAt, ...parties } = extension.authorization;
  const { epoch, isOpen, unlockAt } = await getEscrow(client, { settlement, ...parties });
  // The contract does nothing for an extension that is there, which would cost gas all the same.
  if (isOpen && epoch === parties.epoch && unlockAt >= newUnlockAt) return [];
  const call = extensionCall(settlement, extension);
  const revert = await attempt([call]);
  return revert === undefined ? [call] : (explainRenewal(revert) ?? "flash_renewal_failed");
}
