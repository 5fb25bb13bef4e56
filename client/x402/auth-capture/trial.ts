import { decodeFunctionResult, encodeFunctionData, erc20Abi, type Address, type Hex, type Log } from "viem";
import { call, getCode, simulateBlocks } from "viem/actions";
import { authCaptureEscrowAbi, multicall3Abi } from "../../abi/index.ts";
import type { PaymentState } from "../../auth-capture/types.ts";
import { withChecksums } from "../../core/checksums.ts";
import { MULTICALL3_ADDRESS } from "../../core/multicall.ts";
import type { ReadClient } from "../../core/readClient.ts";
import { getRevertData } from "../../errors.ts";
import { findMissingEvent, findWrongMovement, isSameState, type Effects } from "./effects.ts";
import { AuthCaptureConfigurationError } from "./errors.ts";
import type { Step } from "./plan.ts";

/** What a transaction would do. */
export type TrialResult =
  | { readonly isFine: true }
  | {
      readonly isFine: false;
      /** What it reverted with; absent when it would go through and not do what it must. */
      readonly revertData?: Hex;
      /** What is wrong, as half a sentence. */
      readonly what: string;
    };

/** Tries transactions without sending them. */
export interface Trials {
  /**
   * Tries transactions one after the other, as one sender.
   *
   * @throws viem's errors when the chain does not answer.
   */
  run(steps: readonly Step[]): Promise<TrialResult>;
}

/** Settings of {@link createTrials}. */
export interface TrialsParameters {
  readonly client: ReadClient;
  readonly sender: Address;
  /** Most gas of one transaction. */
  readonly gasLimit: bigint;
}

/** One call of a trial and what came of it. */
interface Outcome {
  readonly isSuccess: boolean;
  readonly data: Hex;
  readonly gasUsed?: bigint;
  readonly logs?: readonly Log[];
}

interface TriedCall {
  readonly to: Address;
  readonly data: Hex;
}

const NO_SUCH_METHOD = /method not (?:found|supported)|not available|does not exist|unsupported method|unknown method/i;
const OUT_OF_GAS = /out of gas|outofgas|gas required exceeds/i;

/**
 * Makes what tries transactions: by `eth_simulateV1` where the node has it, which shows events and gas as well, else by one `eth_call`
 * in which the sender's account runs Multicall3's code, so that the calls come from it and the state is read before and after them.
 */
export function createTrials({ client, sender, gasLimit }: TrialsParameters): Trials {
  let hasSimulate: boolean | undefined;
  let multicallCode: Promise<Hex> | undefined;

  async function runCalls(calls: readonly TriedCall[], steps: readonly Step[]): Promise<readonly Outcome[]> {
    if (hasSimulate !== false) {
      try {
        const outcomes = await simulate(calls);
        hasSimulate = true;
        return outcomes;
      } catch (error) {
        if (hasSimulate === true || !isUnknownMethod(error)) throw error;
        hasSimulate = false;
      }
    }
    const limited = await tryAlone(steps[0]);
    const outcomes = await aggregate(calls);
    // An aggregate cannot hold one call to its gas; alone it can.
    return limited === undefined ? outcomes : replaceFirstStep(outcomes, steps, limited);
  }

  async function simulate(calls: readonly TriedCall[]): Promise<readonly Outcome[]> {
    const request = calls.map(({ to, data }) => ({ account: sender, to, data, gas: gasLimit }));
    const [block] = await simulateBlocks(client, { blocks: [{ calls: request }] });
    if (block === undefined) throw new Error("The node simulated no block");
    return block.calls.map(({ status, data, gasUsed, logs }) => ({
      isSuccess: status === "success",
      data,
      gasUsed,
      logs: logs ?? [],
    }));
  }

  async function tryAlone(step: Step | undefined): Promise<Outcome | undefined> {
    if (step === undefined) return undefined;
    try {
      await call(client, { account: sender, to: step.to, data: step.data, gas: gasLimit });
      return undefined;
    } catch (error) {
      const data = getRevertData(error) ?? (isOutOfGas(error) ? "0x" : undefined);
      if (data === undefined) throw error;
      return { isSuccess: false, data };
    }
  }

  async function aggregate(calls: readonly TriedCall[]): Promise<readonly Outcome[]> {
    multicallCode ??= readMulticallCode(client);
    const args = [calls.map(({ to, data }) => ({ target: to, allowFailure: true, callData: data }))] as const;
    const { data = "0x" } = await call(client, {
      account: sender,
      to: sender,
      data: encodeFunctionData({ abi: multicall3Abi, functionName: "aggregate3", args }),
      stateOverride: [{ address: sender, code: await multicallCode }],
    });
    const results = decodeFunctionResult({ abi: multicall3Abi, functionName: "aggregate3", data });
    return results.map(({ success, returnData }) => ({ isSuccess: success, data: returnData }));
  }

  return {
    async run(steps) {
      const [first] = steps;
      if (first === undefined) return { isFine: true };
      const reads = readsOf(first.effects);
      const calls = [...reads, ...steps.flatMap((step) => [step, ...readsOf(step.effects)])];
      const outcomes = await runCalls(calls, steps);
      return judge(steps, outcomes);
    },
  };
}

/** State of the payment, then balances, in the order of the movements. */
function readsOf({ deployment, paymentInfoHash, token, movements }: Effects): readonly TriedCall[] {
  const state = encodeFunctionData({
    abi: authCaptureEscrowAbi,
    functionName: "paymentState",
    args: [paymentInfoHash],
  });
  const balances = [...movements.keys()].map((account) => ({
    to: withChecksums(token),
    data: encodeFunctionData({ abi: erc20Abi, functionName: "balanceOf", args: [withChecksums(account)] }),
  }));
  return [{ to: deployment.escrow, data: state }, ...balances];
}

function judge(steps: readonly Step[], outcomes: readonly Outcome[]): TrialResult {
  const rest = [...outcomes];
  const takeReads = (effects: Effects) => toSnapshot(effects, rest.splice(0, effects.movements.size + 1));
  let before: Snapshot | undefined;
  for (const { effects } of steps) {
    before ??= takeReads(effects);
    const [outcome] = rest.splice(0, 1);
    if (outcome === undefined) return { isFine: false, what: "The node did not try every call." };
    if (!outcome.isSuccess) return { isFine: false, revertData: outcome.data, what: "It reverts." };
    const after = takeReads(effects);
    const fault = findFault(effects, { before, after, logs: outcome.logs });
    if (fault !== undefined) return { isFine: false, what: fault };
    before = after;
  }
  return { isFine: true };
}

interface Snapshot {
  readonly state: PaymentState;
  readonly balances: ReadonlyMap<Address, bigint>;
}

function findFault(
  effects: Effects,
  { before, after, logs }: { before: Snapshot; after: Snapshot; logs: readonly Log[] | undefined },
): string | undefined {
  if (!isSameState(after.state, effects.after)) return "It leaves the payment in another state than it should.";
  const moved = [...after.balances].map(([account, balance]) => {
    return [account, balance - (before.balances.get(account) ?? 0n)] as const;
  });
  const account = findWrongMovement(effects, new Map(moved));
  if (account !== undefined) return `It changes the balance of ${account} by another amount than it should.`;
  const missing = logs === undefined ? undefined : findMissingEvent(effects, logs);
  return missing === undefined ? undefined : `The escrow does not emit ${missing} as it should.`;
}

function toSnapshot({ movements }: Effects, [state, ...balances]: readonly Outcome[]): Snapshot {
  const [collected, capturable, refundable] = decodeFunctionResult({
    abi: authCaptureEscrowAbi,
    functionName: "paymentState",
    data: state?.data ?? "0x",
  });
  const read = [...movements.keys()].map((account, index) => {
    const outcome = balances[index];
    // A token without balances has none to move.
    const isRead = outcome?.isSuccess === true && outcome.data.length === 66;
    return [account, isRead ? BigInt(outcome.data) : 0n] as const;
  });
  return { state: { collected, capturable, refundable }, balances: new Map(read) };
}

function replaceFirstStep(outcomes: readonly Outcome[], steps: readonly Step[], outcome: Outcome): readonly Outcome[] {
  const index = (steps[0]?.effects.movements.size ?? 0) + 1;
  return outcomes.map((tried, place) => (place === index ? outcome : tried));
}

async function readMulticallCode(client: ReadClient): Promise<Hex> {
  const code = await getCode(client, { address: MULTICALL3_ADDRESS });
  if (code !== undefined && code !== "0x") return code;
  throw new AuthCaptureConfigurationError(
    "The chain has no Multicall3, and its node has no `eth_simulateV1`: payments cannot be tried.",
    "Use a node with `eth_simulateV1`.",
  );
}

function isUnknownMethod(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    const code = (current as { readonly code?: unknown }).code;
    if (code === -32601 || code === -32004 || NO_SUCH_METHOD.test(current.message)) return true;
  }
  return false;
}

function isOutOfGas(error: unknown): boolean {
  return error instanceof Error && OUT_OF_GAS.test(error.message);
}
