import { decodeFunctionResult, erc20Abi, isAddressEqual, type Address, type Hex } from "viem";
import { call, getCode, readContract } from "viem/actions";
import { multicall3Abi } from "../../abi/index.ts";
import { PERMIT2_ADDRESS } from "../../core/funding.ts";
import type { AggregatedCall } from "../../core/permit.ts";
import type { ReadClient } from "../../core/readClient.ts";
import type { WriteClient } from "../../core/write.ts";
import { getRevertData } from "../../errors.ts";
import {
  AmountTooLargeError,
  BadSignatureError,
  BadTermsError,
  decodeFlashError,
  EscrowExistsError,
  ExpiredError,
  TransferMismatchError,
  WrongEpochError,
} from "../../flash/errors.ts";
import type { SettlementId } from "../../seller/flash/types.ts";
import type { AssetAmounts } from "../core/assets.ts";
import { createFailureBudget, type RelayBudget } from "../core/failureBudget.ts";
import { createRations, type RelayRation } from "../core/rations.ts";
import { createShared } from "../core/once.ts";
import { toTransaction } from "../core/relayCalls.ts";
import { createRelayWallet } from "../core/relayWallet.ts";
import type { FlashCode } from "./codes.ts";
import { OPEN_METHODS } from "./constants.ts";
import { FlashConfigurationError } from "./errors.ts";
import { openingCalls } from "./openingCalls.ts";
import type { OpeningRelayer, RelayResult, RelayTrial } from "./relayer.ts";
import { tryRenewal } from "./renewalTrial.ts";
import { createTrials, type TrialRations } from "./trialRations.ts";
import type { OpenMethod, Opening, Renewal } from "./types.ts";

/**
 * Most gas of an opening, a top-up or an extension unless a relayer says otherwise. Keys need 150,000, through a permit 200,000; a contract wallet needs what its
 * signature check takes on top, and can burn all it gets.
 */
const DEFAULT_OPENING_GAS = 350_000n;
/** Forty transactions at once and ten an hour, with the default gas limit. */
const DEFAULT_BUDGET: RelayBudget = { gas: 14_000_000n, gasPerHour: 3_500_000n };
const OUT_OF_GAS = /out of gas|outofgas|gas required exceeds/i;

/** Settings of {@link createWalletRelayer}. */
export interface WalletRelayerOptions {
  readonly settlement: SettlementId;
  /** Pays the gas. Relayers and settlers of this process may share its account; another process may not. */
  readonly wallet: WriteClient;
  /** Any viem client of the chain. */
  readonly client: ReadClient;
  /**
   * Least opening or top-up to relay, token base units by token; in other tokens none is relayed. It is what a stranger locks to have a
   * transaction sent: choose it well above what that costs.
   */
  readonly minimumOpenings: AssetAmounts;
  /** Methods to relay; all by default. */
  readonly methods?: readonly OpenMethod[];
  /** Most gas of one opening, top-up or extension; 350,000 by default. */
  readonly gasLimit?: bigint;
  /** Transactions for one client that are not successful openings or top-ups: 8 at once and 1 an hour by default. */
  readonly ration?: RelayRation;
  /** Gas for transactions that fail, of all clients: 14,000,000 at once and 3,500,000 an hour by default. */
  readonly budget?: RelayBudget;
  /** Trials that find that an opening, top-up or extension would fail. */
  readonly trials?: TrialRations;
}

/**
 * Makes a relayer that sends from a wallet of its own. Each opening is tried first, and nothing that would fail is sent.
 *
 * @param options - {@link WalletRelayerOptions}.
 * @returns The relayer.
 * @throws {FlashConfigurationError} the wallet has no account, or no token has a least opening above zero.
 *
 * @example
 * const relayer = createWalletRelayer({
 *   settlement: { chainId: 8453n, settlement },
 *   wallet: walletClient,
 *   client: publicClient,
 *   minimumOpenings: { [usdc]: 1_000_000n },
 * });
 */
export function createWalletRelayer(options: WalletRelayerOptions): OpeningRelayer {
  const { wallet, client, settlement, minimumOpenings, gasLimit: gas = DEFAULT_OPENING_GAS } = options;
  const { sender, send } = createRelayWallet({
    wallet,
    client,
    misconfigured: (what, next) => new FlashConfigurationError(what, next),
  });
  requireMinimums(minimumOpenings);
  const rations = createRations(options.ration);
  const budget = createFailureBudget(options.budget ?? DEFAULT_BUDGET);
  const trials = createTrials(options.trials);
  // A wallet could otherwise have this process fetch any URL.
  const quiet = { ...client, ccipRead: false } as const;
  const once = createShared<RelayResult>();

  async function simulate(opening: Opening): Promise<RelayTrial> {
    if (isAddressEqual(opening.terms.client, sender)) return { code: "flash_opening_unsupported" };
    const calls = openingCalls(settlement.settlement, opening);
    if (calls === undefined) return { code: "flash_opening_signature_invalid" };
    const revert = await attempt(calls);
    return revert === undefined ? {} : explain(opening, revert);
  }

  /** Tries calls as one transaction; gives what the last one reverted with, undefined when it did not. */
  async function attempt(calls: readonly AggregatedCall[]): Promise<Hex | undefined> {
    // Multicall3 keeps for itself why a call failed, unless every one may.
    const isMany = calls.length > 1;
    const { to, data } = toTransaction(isMany ? calls.map((entry) => ({ ...entry, allowFailure: true })) : calls);
    try {
      const answer = await call(quiet, { account: sender, to, data, gas });
      return isMany ? readLast(answer.data ?? "0x") : undefined;
    } catch (error) {
      const revert = toRevertData(error);
      if (revert === undefined) throw error;
      return revert;
    }
  }

  async function explain(opening: Opening, revert: Hex): Promise<RelayTrial> {
    const error = decodeFlashError(revert);
    if (error instanceof EscrowExistsError) return { isOpen: true };
    if (error instanceof WrongEpochError) return { code: "flash_epoch_mismatch", epoch: error.args.current };
    const code = CODES.find(([ErrorClass]) => error instanceof ErrorClass)?.[1];
    if (code !== undefined) return { code };
    return { code: (await isFunded(opening)) ? "flash_opening_failed" : "flash_opening_unfunded" };
  }

  async function isFunded({ terms: { client: owner, token, amount }, funding, permit }: Opening): Promise<boolean> {
    const asset = { address: token, abi: erc20Abi } as const;
    if ((await readContract(client, { ...asset, functionName: "balanceOf", args: [owner] })) < amount) return false;
    if (funding.method === "Eip3009" || permit !== undefined) return true;
    const spender = funding.method === "Permit2" ? PERMIT2_ADDRESS : settlement.settlement;
    return (await readContract(client, { ...asset, functionName: "allowance", args: [owner, spender] })) >= amount;
  }

  /** Takes what a transaction may cost from the client's ration and from the budget of all. */
  async function refuseSpending(owner: Address, most: bigint): Promise<FlashCode | undefined> {
    if (!rations.take(owner)) return "flash_relay_limit";
    const isOfContract = !budget.isAmple(most) && (await hasCode(owner));
    if (budget.take(most, isOfContract)) return undefined;
    rations.giveBack(owner);
    return "flash_relay_budget";
  }

  /** A key that lets a contract act for it (EIP-7702) has code too. */
  async function hasCode(address: Address): Promise<boolean> {
    return (await getCode(client, { address })) !== undefined;
  }

  async function relay(opening: Opening): Promise<RelayResult> {
    const { client: owner } = opening.terms;
    if (!trials.take(owner)) return { isRelayed: false, code: "flash_relay_busy" };
    const { code, epoch, isOpen } = await simulate(opening);
    if (code !== undefined) return { isRelayed: false, code, ...(epoch !== undefined && { epoch }) };
    if (isOpen === true) return { isRelayed: true };
    const calls = openingCalls(settlement.settlement, opening);
    if (calls === undefined) return { isRelayed: false, code: "flash_opening_signature_invalid" };
    trials.giveBack(owner);
    const refusal = await refuseSpending(owner, gas);
    if (refusal !== undefined) return { isRelayed: false, code: refusal };
    const { hash, isSuccess } = await send(calls, gas);
    if (isSuccess) {
      budget.giveBack(gas);
      rations.giveBack(owner);
      return { isRelayed: true, transaction: hash };
    }
    return judgeAgain(opening);
  }

  /** What a failed opening comes to: somebody was faster, or the client spent the tokens in between. */
  async function judgeAgain(opening: Opening): Promise<RelayResult> {
    const { isOpen, code = "flash_opening_failed" } = await simulate(opening);
    return isOpen === true ? { isRelayed: true } : { isRelayed: false, code };
  }

  const tryAgain = (renewal: Renewal) => tryRenewal({ client, settlement, attempt }, renewal);

  async function renew(renewal: Renewal): Promise<RelayResult> {
    const owner = (renewal.topUp ?? renewal.extension)?.authorization.client;
    if (owner === undefined) return { isRelayed: true };
    if (!trials.take(owner)) return { isRelayed: false, code: "flash_relay_busy" };
    const calls = await tryAgain(renewal);
    if (typeof calls === "string") return { isRelayed: false, code: calls };
    if (calls.length === 0) return { isRelayed: true };
    trials.giveBack(owner);
    const most = gas * BigInt(calls.length);
    const refusal = await refuseSpending(owner, most);
    if (refusal !== undefined) return { isRelayed: false, code: refusal };
    const { hash, isSuccess } = await send(calls, most);
    if (!isSuccess) return toResult(await tryAgain(renewal));
    budget.giveBack(most);
    // An extension ties up no tokens that were not there before.
    if (renewal.topUp !== undefined) rations.giveBack(owner);
    return { isRelayed: true, transaction: hash };
  }

  return {
    settlement,
    methods: options.methods ?? OPEN_METHODS,
    minimumOpenings,
    name: sender,
    simulate,
    relay: (opening) => once(nameOf(opening), () => relay(opening)),
    renew: (renewal) => once(nameOfRenewal(renewal), () => renew(renewal)),
  };
}

/** What the last call of a multicall reverted with; undefined when it did not. */
function readLast(data: Hex): Hex | undefined {
  const results = decodeFunctionResult({ abi: multicall3Abi, functionName: "aggregate3", data });
  const last = results.at(-1);
  return last === undefined || last.success ? undefined : last.returnData;
}

/** Undefined when no contract refused anything. */
function toRevertData(error: unknown): Hex | undefined {
  const data = getRevertData(error);
  if (data !== undefined) return data;
  // No contract refuses for want of gas, and nodes have only words to say so.
  return error instanceof Error && OUT_OF_GAS.test(error.message) ? "0x" : undefined;
}

/** Refusals of the contract that say everything. */
const CODES = [
  [ExpiredError, "flash_opening_expired"],
  [BadSignatureError, "flash_opening_signature_invalid"],
  [BadTermsError, "flash_opening_mismatch"],
  [AmountTooLargeError, "flash_opening_mismatch"],
  [TransferMismatchError, "flash_opening_failed"],
] as const satisfies readonly (readonly [unknown, FlashCode])[];

function requireMinimums(minimums: AssetAmounts): void {
  const amounts = Object.values(minimums);
  if (amounts.length > 0 && amounts.every((amount) => amount > 0n)) return;
  throw new FlashConfigurationError(
    "The relayer has no least opening.",
    "Name every token in `minimumOpenings` with an amount above zero, well above the gas of an opening.",
  );
}

/** What is left of a renewal that was sent and failed: somebody was faster, or the client spent the tokens in between. */
function toResult(left: readonly AggregatedCall[] | FlashCode): RelayResult {
  if (typeof left === "string") return { isRelayed: false, code: left };
  return left.length === 0 ? { isRelayed: true } : { isRelayed: false, code: "flash_renewal_failed" };
}

/** Two openings of one name are one. */
function nameOf({ terms, signature, funding, permit }: Opening): string {
  const parties: readonly Address[] = [terms.client, terms.server, terms.token];
  return [...parties, terms.epoch, signature, funding.signature, permit?.signature ?? ""].join(":");
}

/** Two renewals of one name are one. */
function nameOfRenewal({ topUp, extension }: Renewal): string {
  const text = (_name: string, member: unknown) => (typeof member === "bigint" ? member.toString() : member);
  return JSON.stringify([topUp, extension], text);
}
