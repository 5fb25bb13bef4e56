import { erc20Abi, isAddressEqual, type Hex } from "viem";
import { readContract } from "viem/actions";
import { PERMIT2_ADDRESS } from "../../core/funding.ts";
import type { ReadClient } from "../../core/readClient.ts";
import { recoverKey } from "../../core/signature.ts";
import {
  AmountTooLargeError,
  BadSignatureError,
  BadTermsError,
  ClosedError,
  decodeFlashError,
  ExpiredError,
  NoEscrowError,
  TransferMismatchError,
  WrongEpochError,
} from "../../flash/errors.ts";
import { hashFundingEip3009, hashFundingPermit2 } from "../../flash/funding.ts";
import { hashTopUp } from "../../flash/hash.ts";
import type { SignedTopUp } from "../../flash/sign.ts";
import { flashDomain } from "../../flash/typedData.ts";
import type { SettlementId } from "../../seller/flash/types.ts";
import { hasCode, isPullUsed, isSignedForToken, type PullId } from "../core/pulls.ts";
import type { FlashCode } from "./codes.ts";

/** Whatever an offer said of a token's name and version may be wrong; its own separator is not. */
const ANY_TOKEN = { name: "", version: "" };

/** Refusals of the contract that say everything. */
const CODES = [
  [ExpiredError, "flash_renewal_expired"],
  [BadSignatureError, "flash_renewal_signature_invalid"],
  [BadTermsError, "flash_renewal_mismatch"],
  [AmountTooLargeError, "flash_renewal_mismatch"],
  [NoEscrowError, "flash_escrow_not_found"],
  [ClosedError, "flash_escrow_closing"],
  [WrongEpochError, "flash_epoch_mismatch"],
  [TransferMismatchError, "flash_renewal_failed"],
] as const satisfies readonly (readonly [unknown, FlashCode])[];

/** Says why FlashSettlement refuses a renewal; undefined when what was reverted with is another contract's. */
export function explainRenewal(revert: Hex): FlashCode | undefined {
  const error = decodeFlashError(revert);
  return CODES.find(([ErrorClass]) => error instanceof ErrorClass)?.[1];
}

/** Names the pull of a top-up at its token or at Permit2. */
export function pullOfTopUp({ authorization, funding }: SignedTopUp, settlement: SettlementId): PullId {
  const { client: owner, token: asset } = authorization;
  const { structHash: nonce } = hashTopUp(authorization, flashDomain(settlement));
  return { method: funding.method === "Permit2" ? "permit2" : "eip3009", owner, asset, nonce };
}

/** Says why a token or Permit2 refuses a top-up; undefined when that is because it was executed or cancelled before. */
export async function explainTopUp(
  client: ReadClient,
  settlement: SettlementId,
  topUp: SignedTopUp,
): Promise<FlashCode | undefined> {
  const pull = pullOfTopUp(topUp, settlement);
  if (await isPullUsed(client, pull)) return undefined;
  if (!(await isSigned(client, settlement, topUp))) return "flash_renewal_signature_invalid";
  return (await isFunded(client, topUp)) ? "flash_renewal_failed" : "flash_renewal_unfunded";
}

async function isFunded(
  client: ReadClient,
  { authorization: { client: owner, token, amount }, funding }: SignedTopUp,
): Promise<boolean> {
  const asset = { address: token, abi: erc20Abi } as const;
  if ((await readContract(client, { ...asset, functionName: "balanceOf", args: [owner] })) < amount) return false;
  if (funding.method !== "Permit2") return true;
  const args = [owner, PERMIT2_ADDRESS] as const;
  return (await readContract(client, { ...asset, functionName: "allowance", args })) >= amount;
}

/** Whether a key of the client signed. What a contract wallet says is its own affair. */
async function isSigned(
  client: ReadClient,
  settlement: SettlementId,
  { authorization, funding: { method, signature } }: SignedTopUp,
): Promise<boolean> {
  const { client: owner, token: asset } = authorization;
  const reference = { primaryType: "TopUp", message: authorization, ...settlement } as const;
  const isByKey =
    method === "Permit2"
      ? await isKeyOf(owner, hashFundingPermit2(reference).digest, signature)
      : await isSignedForToken(client, {
          asset,
          owner,
          signature,
          structHash: hashFundingEip3009({ ...reference, tokenDomain: ANY_TOKEN }).structHash,
        });
  return isByKey || (await hasCode(client, owner));
}

async function isKeyOf(owner: PullId["owner"], digest: Hex, signature: Hex): Promise<boolean> {
  const key = await recoverKey(digest, signature);
  return key !== undefined && isAddressEqual(key, owner);
}
