import { erc20Abi, parseAbi, type Address, type Hash, type Hex, type PublicClient } from "viem";
import { getCode, readContract, sendTransaction, simulateContract } from "viem/actions";
import { voucherEscrowAbi } from "../../abi/index.ts";
import { createSerial } from "../../seller/serial.ts";
import type { EscrowId } from "../../seller/types.ts";
import {
  AuthorizationExpiredError,
  ForeignRevertError,
  InvalidAuthorizationError,
  NonceAlreadyUsedError,
  PERMIT2_ADDRESS,
  VoucherEscrowError,
  ZeroNonceError,
  authorizeSignerWithAuthorization,
  decodeVoucherError,
  depositWithAuthorization,
  depositWithEip3009,
  depositWithPermit,
  depositWithPermit2,
  hashDepositAuthorization,
  isDepositAuthorizationNonceUsed,
  isDepositAuthorizationValid,
  noncePosition,
  verifyPermit,
  voucherDomain,
  type WalletDeployment,
  type WriteClient,
} from "../../voucher/index.ts";
import type { DeferredCode } from "./codes.ts";
import { DeferredConfigurationError } from "./errors.ts";
import { readAssetFacts, type Relayer, type RelayRequest, type RelayResult, type RelayTrial } from "./relayer.ts";
import type { Deposit, DepositMethod, SignedSignerAuthorization } from "./types.ts";

const PREFIX = "invalid_deferred_evm_payload_";
const ALL_METHODS: readonly DepositMethod[] = ["eip3009", "permit2", "eip2612", "allowance"];

const eip3009StateAbi = parseAbi([
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
]);
const permit2StateAbi = parseAbi(["function nonceBitmap(address owner, uint256 word) view returns (uint256)"]);

/** Settings of {@link createWalletRelayer}. */
export interface WalletRelayerOptions {
  readonly escrow: EscrowId;
  /** Pays the gas. Its account is used by nobody else at the same time, or has viem's `nonceManager`. */
  readonly wallet: WriteClient;
  readonly client: PublicClient;
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
  const { chainId, escrow } = escrowId;
  const account = wallet.account;
  if (account === undefined) {
    throw new DeferredConfigurationError(
      "The relayer's wallet has no account.",
      "Create the wallet client with `account`.",
    );
  }
  const factories = (options.factories ?? []).map((factory) => factory.toLowerCase());
  const inTurn = createSerial();
  const underWay = new Map<string, Promise<RelayResult>>();

  async function mine(send: () => Promise<Hash>): Promise<{ hash: Hash; block: bigint; isSuccess: boolean }> {
    // One after the other, so that two transactions never get one nonce; they are mined together.
    const hash = await inTurn(send);
    const { blockNumber, status } = await client.waitForTransactionReceipt({ hash });
    return { hash, block: blockNumber, isSuccess: status === "success" };
  }

  async function isUsed({ method, authorization }: Deposit): Promise<boolean> {
    const { buyer, asset, nonce } = authorization;
    if (method === "eip2612" || method === "allowance") {
      return isDepositAuthorizationNonceUsed(client, { escrow, buyer, nonce });
    }
    const { structHash } = hashDepositAuthorization(authorization, voucherDomain({ chainId, escrow }));
    if (method === "eip3009") {
      const args = [buyer, structHash] as const;
      return readContract(client, { address: asset, abi: eip3009StateAbi, functionName: "authorizationState", args });
    }
    const { word, mask } = noncePosition(structHash);
    const bitmap = await readContract(client, {
      address: PERMIT2_ADDRESS,
      abi: permit2StateAbi,
      functionName: "nonceBitmap",
      args: [buyer, word],
    });
    return (bitmap & mask) !== 0n;
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

  /** Says why a deposit was refused; undefined when it was executed before. Throws on when no contract refused it. */
  async function explain(deposit: Deposit, error: unknown): Promise<DeferredCode | undefined> {
    if (error instanceof AuthorizationExpiredError) return `${PREFIX}deposit_authorization_continuity`;
    if (error instanceof ZeroNonceError) return `${PREFIX}deposit_authorization_nonce_invalid`;
    if (error instanceof InvalidAuthorizationError) return `${PREFIX}deposit_authorization_signature`;
    if (!(error instanceof VoucherEscrowError || error instanceof ForeignRevertError)) throw error;
    if (await isUsed(deposit)) return undefined;
    if (error instanceof NonceAlreadyUsedError) return `${PREFIX}deposit_authorization_nonce_invalid`;
    const isFunded = await hasFunds(deposit);
    return isFunded ? `${PREFIX}deposit_authorization_failed` : `${PREFIX}deposit_authorization_insufficient_allowance`;
  }

  async function hasFunds({ method, authorization: { buyer, asset, amount } }: Deposit): Promise<boolean> {
    const token = { address: asset, abi: erc20Abi } as const;
    if ((await readContract(client, { ...token, functionName: "balanceOf", args: [buyer] })) < amount) return false;
    if (method === "eip3009" || method === "eip2612") return true;
    const spender = method === "permit2" ? PERMIT2_ADDRESS : escrow;
    return (await readContract(client, { ...token, functionName: "allowance", args: [buyer, spender] })) >= amount;
  }

  async function relayDeposit(deposit: Deposit): Promise<RelayResult> {
    try {
      const { hash, block, isSuccess } = await mine(() => sendDeposit(deposit));
      if (isSuccess) return { isRelayed: true, transaction: hash, block };
      // Somebody was faster, or the buyer spent the tokens in between.
      const isDone = await isUsed(deposit);
      return isDone ? { isRelayed: true, block } : { isRelayed: false, code: `${PREFIX}deposit_authorization_failed` };
    } catch (error) {
      const code = await explain(deposit, error);
      return code === undefined ? { isRelayed: true } : { isRelayed: false, code };
    }
  }

  async function relaySigner(signed: SignedSignerAuthorization): Promise<RelayResult> {
    try {
      const { block, isSuccess } = await mine(() => authorizeSignerWithAuthorization(wallet, { escrow, ...signed }));
      return isSuccess ? { isRelayed: true, block } : refusedSigner;
    } catch (error) {
      if (error instanceof VoucherEscrowError) return refusedSigner;
      throw error;
    }
  }

  async function deploy({ factory, factoryData }: WalletDeployment): Promise<RelayResult> {
    if (!factories.includes(factory.toLowerCase())) return refusedWallet;
    const transaction = { account, chain: wallet.chain, to: factory, data: factoryData } as const;
    const { block, isSuccess } = await mine(() => sendTransaction(wallet, transaction as never));
    return isSuccess ? { isRelayed: true, block } : refusedWallet;
  }

  async function relayOnce({ deposit, signerAuthorization, deployment }: RelayRequest): Promise<RelayResult> {
    const buyer = deposit?.authorization.buyer ?? signerAuthorization?.authorization.buyer;
    const steps: (() => Promise<RelayResult>)[] = [];
    if (deployment !== undefined && buyer !== undefined && !(await hasCode(buyer)))
      steps.push(() => deploy(deployment));
    if (deposit !== undefined) steps.push(() => relayDeposit(deposit));
    if (signerAuthorization !== undefined) steps.push(() => relaySigner(signerAuthorization));
    let result: RelayResult = { isRelayed: true };
    for (const step of steps) {
      const next = await step();
      if (!next.isRelayed) return next;
      result = { ...result, ...next };
    }
    return result;
  }

  async function hasCode(address: Address): Promise<boolean> {
    const code: Hex | undefined = await getCode(client, { address });
    return code !== undefined && code !== "0x";
  }

  async function tryCall(functionName: SimulatedName, args: readonly unknown[]): Promise<void> {
    try {
      // viem relates the arguments to the name, which is one of several here.
      await simulateContract(client, { account, address: escrow, abi: voucherEscrowAbi, functionName, args } as never);
    } catch (error) {
      throw decodeVoucherError(error) ?? error;
    }
  }

  async function tryDeposit(deposit: Deposit): Promise<RelayTrial> {
    const { method, authorization, signature } = deposit;
    if (method === "eip2612") return tryPermit(deposit);
    try {
      await tryCall(DEPOSIT_FUNCTIONS[method], [authorization, signature]);
      return {};
    } catch (error) {
      const code = await explain(deposit, error);
      return code === undefined ? { isDepositDone: true } : { code };
    }
  }

  async function tryPermit(deposit: Deposit): Promise<RelayTrial> {
    const { authorization, signature, permit } = deposit;
    const { buyer, asset } = authorization;
    if (await isUsed(deposit)) return { isDepositDone: true };
    if (!(await isDepositAuthorizationValid(client, { escrow, authorization, signature }))) {
      return { code: `${PREFIX}deposit_authorization_signature` };
    }
    if (permit === undefined) throw new TypeError("A deposit by permit has a permit.");
    const reference = { chainId, escrow, buyer, asset, permit, token: permit.domain };
    if (!(await verifyPermit({ ...reference, signature: permit.signature }))) {
      return { code: `${PREFIX}permit_signature` };
    }
    return (await hasFunds(deposit)) ? {} : { code: `${PREFIX}deposit_authorization_insufficient_allowance` };
  }

  async function trySigner({ authorization, signature }: SignedSignerAuthorization): Promise<RelayTrial> {
    try {
      await tryCall("authorizeSignerWithAuthorization", [authorization, signature]);
      return {};
    } catch (error) {
      if (error instanceof VoucherEscrowError) return { code: refusedSigner.code };
      throw error;
    }
  }

  return {
    escrow: escrowId,
    methods: options.methods ?? ALL_METHODS,
    name: account.address,
    relay(request) {
      const key = nameOf(request);
      const running = underWay.get(key);
      if (running !== undefined) return running;
      const result = relayOnce(request).finally(() => underWay.delete(key));
      underWay.set(key, result);
      return result;
    },
    async simulate({ deposit, signerAuthorization, deployment }) {
      if (deployment !== undefined && !factories.includes(deployment.factory.toLowerCase())) {
        return { code: refusedWallet.code };
      }
      // What a wallet that is not there yet would answer shows only once it is there.
      if (deployment !== undefined) return {};
      const trial = deposit === undefined ? {} : await tryDeposit(deposit);
      if (trial.code !== undefined || signerAuthorization === undefined) return trial;
      return { ...trial, ...(await trySigner(signerAuthorization)) };
    },
    readAsset: (buyer, asset) => readAssetFacts(client, { escrow, buyer, asset }),
  };
}

type SimulatedName = (typeof DEPOSIT_FUNCTIONS)[keyof typeof DEPOSIT_FUNCTIONS] | "authorizeSignerWithAuthorization";

const DEPOSIT_FUNCTIONS = {
  eip3009: "depositWithEip3009",
  permit2: "depositWithPermit2",
  allowance: "depositWithAuthorization",
} as const;

const refusedSigner = { isRelayed: false, code: `${PREFIX}signer_authorization_failed` } as const;
const refusedWallet = { isRelayed: false, code: `${PREFIX}contract_wallet` } as const;

/** Two requests of one name are one. */
function nameOf({ deposit, signerAuthorization }: RelayRequest): string {
  return `${deposit?.signature ?? ""}:${deposit?.authorization.nonce ?? ""}:${signerAuthorization?.signature ?? ""}`;
}
