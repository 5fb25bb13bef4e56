import type { Address } from "viem";
import { getBlockNumber } from "viem/actions";
import type { EscrowId } from "../../seller/voucher/types.ts";
import type { AggregatedCall } from "../../core/permit.ts";
import { type ReadClient, type WriteClient } from "../../voucher/index.ts";
import { createDepositProbe, toRevert } from "./depositProbe.ts";
import { isRevert } from "./depositReasons.ts";
import { DeferredConfigurationError } from "./errors.ts";
import { createShared } from "../core/once.ts";
import { createRelayWallet } from "../core/relayWallet.ts";
import { depositCalls, deploymentCall, signerCall } from "./relayCalls.ts";
import { DEFAULT_RELAY_GAS, type RelayGasLimits } from "./relayLimits.ts";
import { readAssetFacts, type AssetAmounts } from "../core/assets.ts";
import { createRations, type RelayRation } from "../core/rations.ts";
import type { PendingDeployment, Relayer, RelayRequest, RelayResult, RelayTrial } from "./relayer.ts";
import type { Deposit, DepositMethod, SignedSignerAuthorization } from "./types.ts";
import { DEPOSIT_METHODS } from "./wire.ts";

const PREFIX = "invalid_deferred_evm_payload_";
const REFUSED_DEPOSIT = {
  isRelayed: false,
  code: `${PREFIX}deposit_authorization_failed`,
} as const satisfies RelayResult;
const REFUSED_SIGNER = {
  isRelayed: false,
  code: `${PREFIX}signer_authorization_failed`,
} as const satisfies RelayResult;
const REFUSED_WALLET = { isRelayed: false, code: `${PREFIX}contract_wallet` } as const satisfies RelayResult;
const ENOUGH = { isRelayed: false, code: `${PREFIX}relay_limit` } as const satisfies RelayResult;

/** Settings of {@link createWalletRelayer}. */
export interface WalletRelayerOptions {
  readonly escrow: EscrowId;
  /** Pays the gas. Relayers and collectors of this process may share its account; another process may not. */
  readonly wallet: WriteClient;
  /** Any viem client of the chain. */
  readonly client: ReadClient;
  /**
   * Least deposit to relay, token base units by asset; deposits in other assets are not relayed. A buyer can take its deposit home after
   * the thawing period, so this is what a stranger ties up for a day to have a transaction sent: choose it well above what that costs. A
   * session signer is authorized only for an account that holds as much.
   */
  readonly minimumDeposits: AssetAmounts;
  /** Deposits to relay; all by default. */
  readonly methods?: readonly DepositMethod[];
  /** What differs from {@link DEFAULT_RELAY_GAS}. */
  readonly gasLimits?: Partial<RelayGasLimits>;
  /** Transactions for one buyer that are not successful deposits: 8 at once and 1 an hour by default. */
  readonly ration?: RelayRation;
  /** Factories that may deploy buyers' wallets (ERC-6492); none by default. */
  readonly factories?: readonly Address[];
}

/**
 * Makes a relayer that sends from its own wallet. Everything is tried first, by one `eth_call`, and sent only when it succeeds.
 *
 * @param options - {@link WalletRelayerOptions}; amounts in token base units.
 * @returns The relayer, for a {@link SellerDesk} or a facilitator.
 * @throws {DeferredConfigurationError} the wallet has no account, or no asset has a least deposit above zero.
 *
 * @example
 * const relayer = createWalletRelayer({
 *   escrow: { chainId: 8453n, escrow },
 *   wallet: walletClient,
 *   client: publicClient,
 *   minimumDeposits: { [usdc]: 100_000n },
 * });
 */
export function createWalletRelayer(options: WalletRelayerOptions): Relayer {
  const { wallet, client, escrow: escrowId, minimumDeposits } = options;
  const { escrow } = escrowId;
  const { sender, send } = createRelayWallet({
    wallet,
    client,
    misconfigured: (what, next) => new DeferredConfigurationError(what, next),
  });
  requireMinimums(minimumDeposits);
  const limits: RelayGasLimits = { ...DEFAULT_RELAY_GAS, ...options.gasLimits };
  const probe = createDepositProbe(client, escrowId, sender);
  const rations = createRations(options.ration);
  const factories = (options.factories ?? []).map((factory) => factory.toLowerCase());
  const once = createShared<RelayResult>();

  /** Sends within the buyer's ration; undefined when it is used up. */
  async function sendFor(buyer: Address, calls: readonly AggregatedCall[], gas: bigint) {
    return rations.take(buyer) ? send(calls, gas) : undefined;
  }

  /** Done before, perhaps in the newest block: the account is to be read no earlier than that. */
  async function doneBefore(): Promise<RelayResult> {
    return { isRelayed: true, block: await getBlockNumber(client, { cacheTime: 0 }) };
  }

  async function relayDeposit(deposit: Deposit, deployment: PendingDeployment | undefined): Promise<RelayResult> {
    const { buyer } = deposit.authorization;
    const gas = deployment === undefined ? limits.deposit : limits.deployment;
    const deploy = deployment === undefined ? [] : [deploymentCall(deployment)];
    try {
      const sent = await sendFor(buyer, [...deploy, ...depositCalls(escrow, deposit)], gas);
      if (sent === undefined) return ENOUGH;
      const { hash, block, isSuccess } = sent;
      if (isSuccess) {
        rations.giveBack(buyer);
        return { isRelayed: true, transaction: hash, block };
      }
      // Somebody was faster, or the buyer spent the tokens in between.
      return (await probe.isUsed(deposit)) ? { isRelayed: true, block } : REFUSED_DEPOSIT;
    } catch (error) {
      const code = await probe.explain(deposit, toRevert(error));
      return code === undefined ? doneBefore() : { isRelayed: false, code };
    }
  }

  async function relaySigner(signed: SignedSignerAuthorization): Promise<RelayResult> {
    try {
      const { buyer } = signed.authorization;
      const sent = await sendFor(buyer, [signerCall(escrow, signed)], limits.signer);
      if (sent === undefined) return ENOUGH;
      return sent.isSuccess ? { isRelayed: true, block: sent.block } : REFUSED_SIGNER;
    } catch (error) {
      if (isRevert(toRevert(error))) return REFUSED_SIGNER;
      throw error;
    }
  }

  /** The deployment that a deposit waits for; undefined when the wallet is there, or the deposit needs none. */
  async function findNeeded(
    deployment: PendingDeployment | undefined,
    deposit: Deposit,
  ): Promise<PendingDeployment | undefined> {
    if (deployment === undefined || (await probe.hasCode(deposit.authorization.buyer))) return undefined;
    const { code } = await probe.tryDeposit(deposit, limits.deposit);
    return code === undefined ? undefined : deployment;
  }

  async function tryDeposit(deposit: Deposit, deployment: PendingDeployment | undefined): Promise<RelayTrial> {
    if (deployment === undefined) return probe.tryDeposit(deposit, limits.deposit);
    if (!factories.includes(deployment.factory.toLowerCase())) return { code: REFUSED_WALLET.code };
    return probe.tryDeployment(deployment, deposit, limits.deployment);
  }

  async function bringDeposit(deposit: Deposit, request: RelayRequest): Promise<RelayResult> {
    const deployment = await findNeeded(request.deployment, deposit);
    const { code, isDepositDone } = await tryDeposit(deposit, deployment);
    if (code !== undefined) return { isRelayed: false, code };
    return isDepositDone === true ? doneBefore() : relayDeposit(deposit, deployment);
  }

  async function bringSigner(signed: SignedSignerAuthorization): Promise<RelayResult> {
    const { code, isSignerDone } = await probe.trySigner(signed, limits.signer);
    if (code !== undefined) return { isRelayed: false, code };
    return isSignerDone === true ? doneBefore() : relaySigner(signed);
  }

  async function relayAll(request: RelayRequest): Promise<RelayResult> {
    const { deposit, signerAuthorization } = request;
    const result: RelayResult = deposit === undefined ? { isRelayed: true } : await bringDeposit(deposit, request);
    if (!result.isRelayed || signerAuthorization === undefined) return result;
    const next = await bringSigner(signerAuthorization);
    return next.isRelayed ? { ...result, ...next } : next;
  }

  return {
    escrow: escrowId,
    methods: options.methods ?? DEPOSIT_METHODS,
    minimumDeposits,
    name: sender,
    relay: (request) => once(nameOf(request), () => relayAll(request)),
    async simulate(request) {
      const { deposit, signerAuthorization } = request;
      let deployment: PendingDeployment | undefined;
      let trial: RelayTrial = {};
      if (deposit !== undefined) {
        deployment = await findNeeded(request.deployment, deposit);
        trial = await tryDeposit(deposit, deployment);
      }
      // A wallet that is not there yet was asked together with its deposit.
      const isTried = deployment !== undefined || trial.code !== undefined;
      if (isTried || signerAuthorization === undefined) return trial;
      return { ...trial, ...(await probe.trySigner(signerAuthorization, limits.signer)) };
    },
    readAsset: (buyer, asset) => readAssetFacts(client, { escrow, buyer, asset }),
  };
}

function requireMinimums(minimums: AssetAmounts): void {
  const amounts = Object.values(minimums);
  if (amounts.length > 0 && amounts.every((amount) => amount > 0n)) return;
  throw new DeferredConfigurationError(
    "The relayer has no least deposit.",
    "Name every asset in `minimumDeposits` with an amount above zero, well above the gas of a deposit.",
  );
}

/** Two requests of one name are one. */
function nameOf({ account, deposit, signerAuthorization }: RelayRequest): string {
  const { nonce = "" } = deposit?.authorization ?? {};
  return `${account.buyer}:${deposit?.signature ?? ""}:${nonce}:${signerAuthorization?.signature ?? ""}`;
}
