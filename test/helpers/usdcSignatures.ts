import type { Address, Hex, LocalAccount } from "viem";
import { eip2612Types, eip3009Types } from "../../client/core/funding.ts";
import { USDC_DOMAIN } from "../base/usdc.ts";

const TYPES = {
  ...eip3009Types,
  ...eip2612Types,
  TransferWithAuthorization: eip3009Types.ReceiveWithAuthorization,
} as const;

/** An EIP-3009 authorization. `value` is in token base units; times are unix seconds, both exclusive. */
export interface UsdcAuthorization {
  readonly from: Address;
  readonly to: Address;
  readonly value: bigint;
  readonly validAfter: bigint;
  readonly validBefore: bigint;
  readonly nonce: Hex;
}

/** An EIP-2612 permit. `value` is in token base units; `deadline` is unix seconds, inclusive. */
export interface UsdcPermit {
  readonly owner: Address;
  readonly spender: Address;
  readonly value: bigint;
  readonly nonce: bigint;
  readonly deadline: bigint;
}

/** Signs an authorization that anybody may submit. */
export async function signTransferAuthorization(account: LocalAccount, message: UsdcAuthorization): Promise<Hex> {
  const primaryType = "TransferWithAuthorization";
  return account.signTypedData({ domain: USDC_DOMAIN, types: TYPES, primaryType, message });
}

/** Signs an authorization that only `to` may submit. */
export async function signReceiveAuthorization(account: LocalAccount, message: UsdcAuthorization): Promise<Hex> {
  const primaryType = "ReceiveWithAuthorization";
  return account.signTypedData({ domain: USDC_DOMAIN, types: TYPES, primaryType, message });
}

/** Signs an allowance for `spender`. */
export async function signPermit(account: LocalAccount, message: UsdcPermit): Promise<Hex> {
  return account.signTypedData({ domain: USDC_DOMAIN, types: TYPES, primaryType: "Permit", message });
}
