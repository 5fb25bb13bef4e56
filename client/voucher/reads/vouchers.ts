import type { Hex } from "viem";
import { readEscrow, type ReadParameters } from "../read.ts";
import { type ReadClient } from "../../core/readClient.ts";
import type { Voucher } from "../types.ts";

/** What a voucher is worth. */
export interface OutstandingAndCollectable {
  /** Uncollected part, token base units. */
  readonly outstanding: bigint;
  /** The smaller of `outstanding` and the balance, token base units. */
  readonly collectable: bigint;
}

/** What is needed to accept a voucher. */
export interface VerificationData {
  /** Uncollected part of the voucher, token base units. */
  readonly voucherOutstanding: bigint;
  /** What a collection would pay now, token base units. */
  readonly voucherCollectable: bigint;
  /** Balance of the account, token base units. */
  readonly balance: bigint;
  /** Balance less effective thawing, token base units. */
  readonly availableBalance: bigint;
  /** Allowance of the buyer to the escrow, token base units; zero when the token has none. */
  readonly assetAllowance: bigint;
  /** ERC-2612 nonce of the buyer; zero when the token has none. */
  readonly assetPermitNonce: bigint;
  /** True when the deposit nonce was used or cancelled. */
  readonly isDepositNonceUsed: boolean;
}

/** What {@link getOutstandingAndCollectableAmount} takes. */
export interface GetOutstandingAndCollectableAmountParameters extends ReadParameters {
  readonly voucher: Voucher;
}

/**
 * Reads what a voucher is still worth and what a collection would pay now. Ignores expiry and signature. Calls `VoucherEscrow.getOutstandingAndCollectableAmount`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetOutstandingAndCollectableAmountParameters}.
 * @returns Token base units.
 *
 * @example
 * const { collectable } = await getOutstandingAndCollectableAmount(publicClient, { escrow, voucher });
 */
export async function getOutstandingAndCollectableAmount(
  client: ReadClient,
  parameters: GetOutstandingAndCollectableAmountParameters,
): Promise<OutstandingAndCollectable> {
  const { voucher } = parameters;
  const [outstanding, collectable] = await readEscrow(client, parameters, "getOutstandingAndCollectableAmount", [
    voucher,
  ]);
  return { outstanding, collectable };
}

/** What {@link getVerificationData} takes. */
export interface GetVerificationDataParameters extends ReadParameters {
  readonly voucher: Voucher;
  /** Nonce of a deposit authorization, 32 bytes; zero when there is none. */
  readonly depositNonce: Hex;
}

/**
 * Reads what is needed to accept a voucher, in one request. Calls `VoucherEscrow.getVerificationData`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetVerificationDataParameters}.
 * @returns {@link VerificationData}.
 *
 * @example
 * const { availableBalance } = await getVerificationData(publicClient, { escrow, voucher, depositNonce: zeroHash });
 */
export async function getVerificationData(
  client: ReadClient,
  parameters: GetVerificationDataParameters,
): Promise<VerificationData> {
  const { voucher, depositNonce } = parameters;
  const data = await readEscrow(client, parameters, "getVerificationData", [voucher, depositNonce]);
  const [voucherOutstanding, voucherCollectable, balance, availableBalance, ...rest] = data;
  const [assetAllowance, assetPermitNonce, isDepositNonceUsed] = rest;
  return {
    voucherOutstanding,
    voucherCollectable,
    balance,
    availableBalance,
    assetAllowance,
    assetPermitNonce,
    isDepositNonceUsed,
  };
}

/** What {@link isVoucherSignatureValid} takes. */
export interface IsVoucherSignatureValidParameters extends ReadParameters {
  readonly voucher: Voucher;
  /** 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/**
 * Asks whether a voucher's signature is the buyer's or a valid signer's. Ignores everything else. Calls `VoucherEscrow.isVoucherSignatureValid`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsVoucherSignatureValidParameters}.
 * @returns True when it is.
 *
 * @example
 * const isValid = await isVoucherSignatureValid(publicClient, { escrow, voucher, signature });
 */
export async function isVoucherSignatureValid(
  client: ReadClient,
  parameters: IsVoucherSignatureValidParameters,
): Promise<boolean> {
  const { voucher, signature } = parameters;
  return readEscrow(client, parameters, "isVoucherSignatureValid", [voucher, signature]);
}
