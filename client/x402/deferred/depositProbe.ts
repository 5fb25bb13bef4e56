import {
  concat,
  decodeFunctionResult,
  erc20Abi,
  isAddressEqual,
  keccak256,
  parseAbi,
  type Address,
  type Hex,
} from "viem";
import { call, getCode, readContract } from "viem/actions";
import { multicall3Abi } from "../../abi/index.ts";
import type { EscrowId } from "../../seller/voucher/types.ts";
import type { AggregatedCall } from "../../core/permit.ts";
import {
  AuthorizationExpiredError,
  ForeignRevertError,
  InvalidAuthorizationError,
  PERMIT2_ADDRESS,
  VoucherEscrowError,
  ZeroNonceError,
  decodeVoucherError,
  getSigner,
  hashDepositAuthorization,
  hashDepositEip3009,
  isDepositAuthorizationNonceUsed,
  noncePosition,
  recoverKey,
  verifyDepositPermit2,
  verifyPermit,
  voucherDomain,
  type ReadClient,
} from "../../voucher/index.ts";
import { toTransaction } from "../core/relayCalls.ts";
import type { DeferredCode } from "./codes.ts";
import { depositCalls, deploymentCall, readVoucherCheck, signerCall, voucherCheckCall } from "./relayCalls.ts";
import type { PendingDeployment, RelayTrial } from "./relayer.ts";
import type { Deposit, SignedSignerAuthorization } from "./types.ts";

const PREFIX = "invalid_deferred_evm_payload_";

const eip3009StateAbi = parseAbi([
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
  "function DOMAIN_SEPARATOR() view returns (bytes32)",
]);
const permit2StateAbi = parseAbi(["function nonceBitmap(address owner, uint256 word) view returns (uint256)"]);

/** Asks the chain about what a payment brings, without sending anything. `gas` is the most that its transaction may use. */
export interface DepositProbe {
  /** Whether a deposit was executed or cancelled before. */
  isUsed(deposit: Deposit): Promise<boolean>;
  /**
   * Says why the chain refused a deposit; undefined when that is because it was executed before.
   *
   * @throws the error itself when no contract refused anything.
   */
  explain(deposit: Deposit, error: unknown): Promise<DeferredCode | undefined>;
  tryDeposit(deposit: Deposit, gas: bigint): Promise<RelayTrial>;
  /** Tries a deployment with the deposit behind it, and whether the wallet then answers for the payment's voucher. */
  tryDeployment(deployment: PendingDeployment, deposit: Deposit, gas: bigint): Promise<RelayTrial>;
  trySigner(signed: SignedSignerAuthorization, gas: bigint): Promise<RelayTrial>;
  hasCode(address: Address): Promise<boolean>;
}

/** Makes a probe. `sender` is who would send. */
export function createDepositProbe(client: ReadClient, { chainId, escrow }: EscrowId, sender: Address): DepositProbe {
  // A wallet could otherwise have this process fetch any URL: what it reverts with reaches us through Permit2.
  const quiet = { ...client, ccipRead: false } as const;

  async function hasCode(address: Address): Promise<boolean> {
    const code = await getCode(client, { address });
    return code !== undefined && code !== "0x";
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
    const call = { address: PERMIT2_ADDRESS, abi: permit2StateAbi, functionName: "nonceBitmap" } as const;
    return ((await readContract(client, { ...call, args: [buyer, word] })) & mask) !== 0n;
  }

  async function hasFunds({ method, authorization: { buyer, asset, amount } }: Deposit): Promise<boolean> {
    const token = { address: asset, abi: erc20Abi } as const;
    if ((await readContract(client, { ...token, functionName: "balanceOf", args: [buyer] })) < amount) return false;
    if (method === "eip3009" || method === "eip2612") return true;
    const spender = method === "permit2" ? PERMIT2_ADDRESS : escrow;
    return (await readContract(client, { ...token, functionName: "allowance", args: [buyer, spender] })) >= amount;
  }

  async function explain(deposit: Deposit, error: unknown): Promise<DeferredCode | undefined> {
    if (!isRevert(error)) throw error;
    const code = CODES.find(([ErrorClass]) => error instanceof ErrorClass)?.[1];
    if (code !== undefined) return code;
    if (await isUsed(deposit)) return undefined;
    if (!(await hasFunds(deposit))) return `${PREFIX}deposit_authorization_insufficient_allowance`;
    return (await isForged(deposit))
      ? `${PREFIX}deposit_authorization_signature`
      : `${PREFIX}deposit_authorization_failed`;
  }

  /** Whether no key of the buyer signed what its token or Permit2 checks. What a contract wallet says is its own affair. */
  async function isForged(deposit: Deposit): Promise<boolean> {
    const { method, authorization, signature } = deposit;
    if (method === "eip2612" || method === "allowance") return false;
    const reference = { chainId, escrow, authorization, signature };
    const isSigned = method === "permit2" ? await verifyDepositPermit2(reference) : await isSignedForToken(deposit);
    return !(isSigned || (await hasCode(authorization.buyer)));
  }

  /** Uses the token's own separator: whatever an offer said of its name and version may be wrong. */
  async function isSignedForToken({ authorization, signature }: Deposit): Promise<boolean> {
    const { asset, buyer } = authorization;
    const call = { address: asset, abi: eip3009StateAbi, functionName: "DOMAIN_SEPARATOR" } as const;
    const separator = await readContract(client, call);
    const { structHash } = hashDepositEip3009({ chainId, escrow, authorization, token: { name: "", version: "" } });
    const key = await recoverKey(keccak256(concat(["0x1901", separator, structHash])), signature);
    return key !== undefined && isAddressEqual(key, buyer);
  }

  /**
   * Does calls as one transaction that is not sent.
   *
   * @returns The answer of each.
   * @throws why the first one failed that may not.
   */
  async function attempt(calls: readonly AggregatedCall[], gas: bigint): Promise<readonly Hex[]> {
    // Multicall3 keeps for itself why a call failed, unless every one may.
    const isMany = calls.length > 1;
    const { to, data } = toTransaction(isMany ? calls.map((entry) => ({ ...entry, allowFailure: true })) : calls);
    const answer = await dryRun(to, data, gas);
    if (!isMany) return [answer];
    const results = decodeFunctionResult({ abi: multicall3Abi, functionName: "aggregate3", data: answer });
    const failed = results.find(({ success }, index) => !success && calls[index]?.allowFailure === false);
    if (failed !== undefined) throw decodeVoucherError(failed.returnData) ?? new ForeignRevertError({ data: "0x" });
    return results.map(({ returnData }) => returnData);
  }

  async function dryRun(to: Address, data: Hex, gas: bigint): Promise<Hex> {
    try {
      return (await call(quiet, { account: sender, to, data, gas })).data ?? "0x";
    } catch (error) {
      throw toRevert(error);
    }
  }

  async function tryDeposit(deposit: Deposit, gas: bigint): Promise<RelayTrial> {
    const isPermit = deposit.method === "eip2612";
    if (isPermit && !(await isPermitSigned(deposit))) return { code: `${PREFIX}permit_signature` };
    try {
      await attempt(depositCalls(escrow, deposit), gas);
      return {};
    } catch (error) {
      const code = await explain(deposit, error);
      return code === undefined ? { isDepositDone: true } : { code };
    }
  }

  async function isPermitSigned({ authorization: { buyer, asset }, permit }: Deposit): Promise<boolean> {
    if (permit === undefined) throw new TypeError("A deposit by permit has a permit.");
    const { signature, domain: token } = permit;
    return verifyPermit({ chainId, escrow, buyer, asset, permit, token, signature });
  }

  return {
    isUsed,
    explain,
    hasCode,
    tryDeposit,
    async tryDeployment(deployment, deposit, gas) {
      const { voucher, signerAuthorization } = deployment;
      const signer = signerAuthorization === undefined ? [] : [signerCall(escrow, signerAuthorization)];
      const check = voucherCheckCall(escrow, voucher);
      try {
        const calls = [deploymentCall(deployment), ...depositCalls(escrow, deposit), ...signer, check];
        const isSigned = readVoucherCheck((await attempt(calls, gas)).at(-1) ?? "0x");
        return isSigned ? {} : { code: `${PREFIX}signature` };
      } catch (error) {
        return { code: (await explain(deposit, error)) ?? `${PREFIX}deposit_authorization_nonce_invalid` };
      }
    },
    async trySigner({ authorization, signature }, gas) {
      const { buyer, signer, validUntil } = authorization;
      const known = await getSigner(client, { escrow, buyer, signer });
      if (known.isRevoked) return { code: `${PREFIX}signer_authorization_failed` };
      if (known.validUntil >= validUntil) return { isSignerDone: true };
      try {
        await attempt([signerCall(escrow, { authorization, signature })], gas);
        return {};
      } catch (error) {
        if (isRevert(error)) return { code: `${PREFIX}signer_authorization_failed` };
        throw error;
      }
    },
  };
}

/** Whether a contract refused, as {@link toRevert} says it. */
export function isRevert(error: unknown): boolean {
  return error instanceof VoucherEscrowError || error instanceof ForeignRevertError;
}

/** Turns what a node says of a call that failed into a typed error; anything else stays what it is. */
export function toRevert(error: unknown): unknown {
  const decoded = decodeVoucherError(error);
  if (decoded !== undefined) return decoded;
  // No contract refuses for want of gas, and nodes have only words to say so.
  const isShort = error instanceof Error && OUT_OF_GAS.test(error.message);
  return isShort ? new ForeignRevertError({ data: "0x", reason: "out of gas" }, { cause: error }) : error;
}

const OUT_OF_GAS = /out of gas|outofgas|gas required exceeds/i;

/** Refusals of the escrow that say everything. */
const CODES = [
  [AuthorizationExpiredError, `${PREFIX}deposit_authorization_continuity`],
  [ZeroNonceError, `${PREFIX}deposit_authorization_nonce_invalid`],
  [InvalidAuthorizationError, `${PREFIX}deposit_authorization_signature`],
] as const;
