import { decodeFunctionResult, type Address, type Hex } from "viem";
import { call } from "viem/actions";
import { multicall3Abi } from "../../abi/index.ts";
import type { EscrowId } from "../../seller/voucher/types.ts";
import type { AggregatedCall } from "../../core/permit.ts";
import {
  AuthorizationExpiredError,
  ForeignRevertError,
  decodeVoucherError,
  getSigner,
  verifyPermit,
  type ReadClient,
} from "../../voucher/index.ts";
import { createDepositReasons, isRevert, type DepositReasons } from "./depositReasons.ts";
import { hasCode } from "../core/pulls.ts";
import { toTransaction } from "../core/relayCalls.ts";
import { depositCalls, deploymentCall, readVoucherCheck, signerCall, voucherCheckCall } from "./relayCalls.ts";
import type { PendingDeployment, RelayTrial } from "./relayer.ts";
import type { Deposit, SignedSignerAuthorization } from "./types.ts";

const PREFIX = "invalid_deferred_evm_payload_";

/** Asks the chain about what a payment brings, without sending anything. `gas` is the most that its transaction may use. */
export interface DepositProbe extends DepositReasons {
  tryDeposit(deposit: Deposit, gas: bigint): Promise<RelayTrial>;
  /** Tries a deployment with the deposit behind it, and whether the wallet then answers for the payment's voucher. */
  tryDeployment(deployment: PendingDeployment, deposit: Deposit, gas: bigint): Promise<RelayTrial>;
  trySigner(signed: SignedSignerAuthorization, gas: bigint): Promise<RelayTrial>;
  hasCode(address: Address): Promise<boolean>;
}

/** Makes a probe. `sender` is who would send. */
export function createDepositProbe(client: ReadClient, escrowId: EscrowId, sender: Address): DepositProbe {
  const { escrow } = escrowId;
  const reasons = createDepositReasons(client, escrowId);
  // A wallet could otherwise have this process fetch any URL: what it reverts with reaches us through Permit2.
  const quiet = { ...client, ccipRead: false } as const;

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
    if (!(await isPermitSigned(deposit))) return { code: `${PREFIX}permit_signature` };
    try {
      await attempt(depositCalls(escrow, deposit), gas);
      return {};
    } catch (error) {
      const code = await reasons.explain(deposit, error);
      return code === undefined ? { isDepositDone: true } : { code };
    }
  }

  /** Whether the buyer's key signed the permit, for the token that it names. True without a permit. */
  async function isPermitSigned({ authorization: { buyer, asset }, permit }: Deposit): Promise<boolean> {
    if (permit === undefined) return true;
    const { signature, domain: token } = permit;
    return verifyPermit({ ...escrowId, buyer, asset, permit, token, signature });
  }

  return {
    ...reasons,
    hasCode: (address) => hasCode(client, address),
    tryDeposit,
    async tryDeployment(deployment, deposit, gas) {
      if (!(await isPermitSigned(deposit))) return { code: `${PREFIX}permit_signature` };
      const { voucher, signerAuthorization } = deployment;
      const signer = signerAuthorization === undefined ? [] : [signerCall(escrow, signerAuthorization)];
      const check = voucherCheckCall(escrow, voucher);
      try {
        const calls = [deploymentCall(deployment), ...depositCalls(escrow, deposit), ...signer, check];
        const isSigned = readVoucherCheck((await attempt(calls, gas)).at(-1) ?? "0x");
        return isSigned ? {} : { code: `${PREFIX}signature` };
      } catch (error) {
        return { code: (await reasons.explain(deposit, error)) ?? `${PREFIX}deposit_authorization_nonce_invalid` };
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
        if (error instanceof AuthorizationExpiredError) return { code: `${PREFIX}signer_authorization_continuity` };
        if (isRevert(error)) return { code: `${PREFIX}signer_authorization_failed` };
        throw error;
      }
    },
  };
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
