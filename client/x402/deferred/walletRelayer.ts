import type { Address, Hash } from "viem";
import { getBlockNumber, sendTransaction, waitForTransactionReceipt } from "viem/actions";
import { createSerial } from "../../seller/serial.ts";
import type { EscrowId } from "../../seller/types.ts";
import {
  VoucherEscrowError,
  authorizeSignerWithAuthorization,
  depositWithAuthorization,
  depositWithEip3009,
  depositWithPermit,
  depositWithPermit2,
  type ReadClient,
  type WalletDeployment,
  type WriteClient,
} from "../../voucher/index.ts";
import { createDepositProbe } from "./depositProbe.ts";
import { DeferredConfigurationError } from "./errors.ts";
import { readAssetFacts, type Relayer, type RelayRequest, type RelayResult } from "./relayer.ts";
import type { Deposit, DepositMethod, SignedSignerAuthorization } from "./types.ts";
import { DEPOSIT_METHODS } from "./wire.ts";

const REFUSED_DEPOSIT = {
  isRelayed: false,
  code: "invalid_deferred_evm_payload_deposit_authorization_failed",
} as const satisfies RelayResult;
const REFUSED_SIGNER = {
  isRelayed: false,
  code: "invalid_deferred_evm_payload_signer_authorization_failed",
} as const satisfies RelayResult;
const REFUSED_WALLET = {
  isRelayed: false,
  code: "invalid_deferred_evm_payload_contract_wallet",
} as const satisfies RelayResult;

/** Settings of {@link createWalletRelayer}. */
export interface WalletRelayerOptions {
  readonly escrow: EscrowId;
  /** Pays the gas. Its account is used by nobody else at the same time, or has viem's `nonceManager`. */
  readonly wallet: WriteClient;
  /** Any viem client of the chain. */
  readonly client: ReadClient;
  /** Deposits to relay; all by default. */
  readonly methods?: readonly DepositMethod[];
  /** Factories that may deploy buyers' wallets (ERC-6492); none by default. */
  readonly factories?: readonly Address[];
}

/**
 * Makes a relayer that sends from its own wallet.
 *
 * @throws {DeferredConfigurationError} the wallet has no account.
 *
 * @example
 * const relayer = createWalletRelayer({ escrow: { chainId: 8453n, escrow }, wallet: walletClient, client: publicClient });
 */
export function createWalletRelayer(options: WalletRelayerOptions): Relayer {
  const { wallet, client, escrow: escrowId } = options;
  const { escrow } = escrowId;
  const { account } = wallet;
  if (account === undefined) {
    const next = "Create the wallet client with `account`.";
    throw new DeferredConfigurationError("The relayer's wallet has no account.", next);
  }
  const probe = createDepositProbe(client, escrowId, account.address);
  const factories = (options.factories ?? []).map((factory) => factory.toLowerCase());
  const inTurn = createSerial();
  const underWay = new Map<string, Promise<RelayResult>>();

  async function mine(send: () => Promise<Hash>): Promise<{ hash: Hash; block: bigint; isSuccess: boolean }> {
    // One after the other, so that two transactions never get one nonce; they are mined together.
    const hash = await inTurn(send);
    const { blockNumber, status } = await waitForTransactionReceipt(client, { hash });
    return { hash, block: blockNumber, isSuccess: status === "success" };
  }

  function sendDeposit({ method, authorization, signature, permit }: Deposit): Promise<Hash> {
    const parameters = { escrow, authorization, signature };
    switch (method) {
      case "eip3009":
        return depositWithEip3009(wallet, parameters);
      case "permit2":
        return depositWithPermit2(wallet, parameters);
      case "allowance":
        return depositWithAuthorization(wallet, parameters);
      case "eip2612":
        if (permit === undefined) throw new TypeError("A deposit by permit has a permit.");
        return depositWithPermit(wallet, { ...parameters, permit, permitSignature: permit.signature });
    }
  }

  async function relayDeposit(deposit: Deposit): Promise<RelayResult> {
    try {
      const { hash, block, isSuccess } = await mine(() => sendDeposit(deposit));
      if (isSuccess) return { isRelayed: true, transaction: hash, block };
      // Somebody was faster, or the buyer spent the tokens in between.
      return (await probe.isUsed(deposit)) ? { isRelayed: true, block } : REFUSED_DEPOSIT;
    } catch (error) {
      const code = await probe.explain(deposit, error);
      // Executed before, perhaps in the newest block: the account is to be read no earlier than that.
      if (code === undefined) return { isRelayed: true, block: await getBlockNumber(client, { cacheTime: 0 }) };
      return { isRelayed: false, code };
    }
  }

  async function relaySigner(signed: SignedSignerAuthorization): Promise<RelayResult> {
    try {
      const { block, isSuccess } = await mine(() => authorizeSignerWithAuthorization(wallet, { escrow, ...signed }));
      return isSuccess ? { isRelayed: true, block } : REFUSED_SIGNER;
    } catch (error) {
      if (error instanceof VoucherEscrowError) return REFUSED_SIGNER;
      throw error;
    }
  }

  async function deployWallet({ factory, factoryData }: WalletDeployment, buyer: Address): Promise<RelayResult> {
    if (await probe.hasCode(buyer)) return { isRelayed: true };
    if (!isAllowed(factory)) return REFUSED_WALLET;
    const transaction = { account, chain: wallet.chain, to: factory, data: factoryData };
    // viem relates these types through the client's own, which a function for any client does not know.
    const { block, isSuccess } = await mine(() => sendTransaction(wallet, transaction as never));
    return isSuccess ? { isRelayed: true, block } : REFUSED_WALLET;
  }

  function isAllowed(factory: Address): boolean {
    return factories.includes(factory.toLowerCase());
  }

  async function relayAll({ account: { buyer }, ...request }: RelayRequest): Promise<RelayResult> {
    const { deposit, signerAuthorization, deployment } = request;
    const steps = [
      ...(deployment === undefined ? [] : [() => deployWallet(deployment, buyer)]),
      ...(deposit === undefined ? [] : [() => relayDeposit(deposit)]),
      ...(signerAuthorization === undefined ? [] : [() => relaySigner(signerAuthorization)]),
    ];
    let result: RelayResult = { isRelayed: true };
    for (const step of steps) {
      const next = await step();
      if (!next.isRelayed) return next;
      result = { ...result, ...next };
    }
    return result;
  }

  return {
    escrow: escrowId,
    methods: options.methods ?? DEPOSIT_METHODS,
    name: account.address,
    relay(request) {
      const key = nameOf(request);
      const running = underWay.get(key);
      if (running !== undefined) return running;
      const result = relayAll(request).finally(() => underWay.delete(key));
      underWay.set(key, result);
      return result;
    },
    async simulate({ deposit, signerAuthorization, deployment }) {
      if (deployment !== undefined && !isAllowed(deployment.factory)) return { code: REFUSED_WALLET.code };
      // What a wallet that is not there yet would answer shows only once it is there.
      if (deployment !== undefined) return {};
      const trial = deposit === undefined ? {} : await probe.tryDeposit(deposit);
      if (trial.code !== undefined || signerAuthorization === undefined) return trial;
      return { ...trial, ...(await probe.trySigner(signerAuthorization)) };
    },
    readAsset: (buyer, asset) => readAssetFacts(client, { escrow, buyer, asset }),
  };
}

/** Two requests of one name are one. */
function nameOf({ account, deposit, signerAuthorization }: RelayRequest): string {
  const { nonce = "" } = deposit?.authorization ?? {};
  return `${account.buyer}:${deposit?.signature ?? ""}:${nonce}:${signerAuthorization?.signature ?? ""}`;
}
