import { erc20Abi } from "viem";
import { getBlock, readContract } from "viem/actions";
import type { EscrowId } from "../../seller/voucher/types.ts";
import {
  AuthorizationExpiredError,
  ForeignRevertError,
  InvalidAuthorizationError,
  PERMIT2_ADDRESS,
  VoucherEscrowError,
  ZeroNonceError,
  hashDepositAuthorization,
  hashDepositEip3009,
  hashPermit,
  isDepositAuthorizationNonceUsed,
  verifyDepositPermit2,
  voucherDomain,
  type ReadClient,
} from "../../voucher/index.ts";
import type { DeferredCode } from "./codes.ts";
import { readAssetFacts } from "../core/assets.ts";
import { hasCode, isPullUsed, isSignedForToken } from "../core/pulls.ts";
import type { Deposit } from "./types.ts";

const PREFIX = "invalid_deferred_evm_payload_";
/** Whatever an offer said of a token's name and version may be wrong; its own separator is not. */
const ANY_TOKEN = { name: "", version: "" };

/** Refusals of the escrow that say everything. */
const CODES = [
  [AuthorizationExpiredError, `${PREFIX}deposit_authorization_continuity`],
  [ZeroNonceError, `${PREFIX}deposit_authorization_nonce_invalid`],
  [InvalidAuthorizationError, `${PREFIX}deposit_authorization_signature`],
] as const;

/** Asks the chain what became of a deposit, and why it was refused. */
export interface DepositReasons {
  /** Whether a deposit was executed or cancelled before. */
  isUsed(deposit: Deposit): Promise<boolean>;
  /**
   * Says why the chain refused a deposit; undefined when that is because it was executed before.
   *
   * @throws the error itself when no contract refused anything.
   */
  explain(deposit: Deposit, error: unknown): Promise<DeferredCode | undefined>;
}

/** Makes what asks. Nothing is asked about a deposit that goes through. */
export function createDepositReasons(client: ReadClient, escrowId: EscrowId): DepositReasons {
  const isUsed = (deposit: Deposit) => isDepositUsed(client, escrowId, deposit);
  return {
    isUsed,
    async explain(deposit, error) {
      if (!isRevert(error)) throw error;
      const code = CODES.find(([ErrorClass]) => error instanceof ErrorClass)?.[1];
      if (code !== undefined) return code;
      if (await isUsed(deposit)) return undefined;
      if (!(await hasFunds(client, escrowId, deposit))) {
        return `${PREFIX}deposit_authorization_insufficient_allowance`;
      }
      const { method } = deposit;
      if (method === "eip2612") return refusedPermit(client, escrowId, deposit);
      if (method !== "allowance" && (await isForged(client, escrowId, deposit))) {
        return `${PREFIX}deposit_authorization_signature`;
      }
      return `${PREFIX}deposit_authorization_failed`;
    },
  };
}

/** Whether a contract refused, as `toRevert` says it. */
export function isRevert(error: unknown): boolean {
  return error instanceof VoucherEscrowError || error instanceof ForeignRevertError;
}

async function isDepositUsed(
  client: ReadClient,
  { chainId, escrow }: EscrowId,
  { method, authorization }: Deposit,
): Promise<boolean> {
  const { buyer, asset, nonce } = authorization;
  if (method === "eip2612" || method === "allowance") {
    return isDepositAuthorizationNonceUsed(client, { escrow, buyer, nonce });
  }
  const { structHash } = hashDepositAuthorization(authorization, voucherDomain({ chainId, escrow }));
  return isPullUsed(client, { method, owner: buyer, asset, nonce: structHash });
}

async function hasFunds(
  client: ReadClient,
  { escrow }: EscrowId,
  { method, authorization: { buyer, asset, amount } }: Deposit,
): Promise<boolean> {
  const token = { address: asset, abi: erc20Abi } as const;
  if ((await readContract(client, { ...token, functionName: "balanceOf", args: [buyer] })) < amount) return false;
  if (method === "eip3009" || method === "eip2612") return true;
  const spender = method === "permit2" ? PERMIT2_ADDRESS : escrow;
  return (await readContract(client, { ...token, functionName: "allowance", args: [buyer, spender] })) >= amount;
}

/** Whether no key of the buyer signed what its token or Permit2 checks. What a contract wallet says is its own affair. */
async function isForged(client: ReadClient, escrowId: EscrowId, deposit: Deposit): Promise<boolean> {
  const { method, authorization, signature } = deposit;
  const { buyer, asset } = authorization;
  const reference = { ...escrowId, authorization };
  const isSigned =
    method === "permit2"
      ? await verifyDepositPermit2({ ...reference, signature })
      : await isSignedForToken(client, {
          asset,
          owner: buyer,
          signature,
          ...hashDepositEip3009({ ...reference, token: ANY_TOKEN }),
        });
  return !(isSigned || (await hasCode(client, buyer)));
}

/** A permit need not go through: somebody may have submitted it before. So it is looked at only when no allowance is there. */
async function refusedPermit(client: ReadClient, escrowId: EscrowId, deposit: Deposit): Promise<DeferredCode> {
  const { authorization, permit } = deposit;
  const { buyer, asset, amount } = authorization;
  const { escrow } = escrowId;
  const [facts, { timestamp }] = await Promise.all([
    readAssetFacts(client, { escrow, buyer, asset }),
    getBlock(client, { blockTag: "latest" }),
  ]);
  const { assetAllowance, assetPermitNonce } = facts;
  if (permit === undefined || assetPermitNonce === undefined || assetAllowance >= amount) {
    return `${PREFIX}deposit_authorization_failed`;
  }
  // The next block is a later one, so the last second counts as past.
  if (permit.deadline <= timestamp) return `${PREFIX}permit_continuity`;
  if (permit.nonce !== assetPermitNonce) return `${PREFIX}permit_nonce_invalid`;
  const { structHash } = hashPermit({ ...escrowId, buyer, asset, permit, token: ANY_TOKEN });
  const isSigned = await isSignedForToken(client, { asset, owner: buyer, signature: permit.signature, structHash });
  return isSigned ? `${PREFIX}deposit_authorization_failed` : `${PREFIX}permit_signature`;
}
