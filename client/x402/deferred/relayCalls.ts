import { decodeFunctionResult, encodeFunctionData, type Address, type Hex } from "viem";
import { voucherEscrowAbi } from "../../abi/index.ts";
import { withChecksums } from "../../core/checksums.ts";
import type { AggregatedCall } from "../../core/permit.ts";
import { depositWithPermitCalls } from "../../voucher/actions/depositWithPermit.ts";
import type { SignedVoucher, WalletDeployment } from "../../voucher/index.ts";
import type { Deposit, SignedSignerAuthorization } from "./types.ts";

/** What a relayer puts into one transaction. */

/** Calls of a deposit; the last one is the deposit itself. */
export function depositCalls(escrow: Address, deposit: Deposit): readonly AggregatedCall[] {
  const { method, authorization, signature, permit } = deposit;
  if (method === "eip2612") {
    if (permit === undefined) throw new TypeError("A deposit by permit has a permit.");
    const permitSignature = permit.signature;
    return depositWithPermitCalls({ escrow, authorization, signature, permit, permitSignature });
  }
  const args = [withChecksums(authorization), signature] as const;
  const functionName = DEPOSIT_FUNCTIONS[method];
  return [toCall(escrow, encodeFunctionData({ abi: voucherEscrowAbi, functionName, args }))];
}

/** Deploys a wallet. May fail: somebody may have deployed it meanwhile, and whether it is there shows in what follows. */
export function deploymentCall({ factory, factoryData }: WalletDeployment): AggregatedCall {
  return { target: withChecksums(factory), callData: factoryData, allowFailure: true };
}

/** Authorizes a session signer. */
export function signerCall(escrow: Address, { authorization, signature }: SignedSignerAuthorization): AggregatedCall {
  const args = [withChecksums(authorization), signature] as const;
  const functionName = "authorizeSignerWithAuthorization";
  return toCall(escrow, encodeFunctionData({ abi: voucherEscrowAbi, functionName, args }));
}

/** Asks whether a voucher is signed by its buyer's wallet or session signer. */
export function voucherCheckCall(escrow: Address, { voucher, signature }: SignedVoucher): AggregatedCall {
  const args = [withChecksums(voucher), signature] as const;
  const functionName = "isVoucherSignatureValid";
  return toCall(escrow, encodeFunctionData({ abi: voucherEscrowAbi, functionName, args }));
}

/** Reads the answer to {@link voucherCheckCall}. */
export function readVoucherCheck(data: Hex): boolean {
  return decodeFunctionResult({ abi: voucherEscrowAbi, functionName: "isVoucherSignatureValid", data });
}

const DEPOSIT_FUNCTIONS = {
  eip3009: "depositWithEip3009",
  permit2: "depositWithPermit2",
  allowance: "depositWithAuthorization",
} as const;

function toCall(target: Address, callData: Hex): AggregatedCall {
  return { target: withChecksums(target), callData, allowFailure: false };
}
