import type { Address, Hex } from "viem";
import { readEscrow, type ReadParameters } from "../read.ts";
import { type ReadClient } from "../../core/readClient.ts";
import { NONCE_KINDS, type NonceKind } from "../types.ts";

/** What {@link isDepositAuthorizationNonceUsed} takes. */
export interface IsDepositAuthorizationNonceUsedParameters extends ReadParameters {
  /** Whose nonce it is. */
  readonly buyer: Address;
  /** 32 bytes. */
  readonly nonce: Hex;
}

/**
 * Asks whether a deposit nonce was used or cancelled. Calls `VoucherEscrow.isDepositAuthorizationNonceUsed`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsDepositAuthorizationNonceUsedParameters}.
 * @returns True when it was.
 *
 * @example
 * const isUsed = await isDepositAuthorizationNonceUsed(publicClient, { escrow, buyer, nonce });
 */
export async function isDepositAuthorizationNonceUsed(
  client: ReadClient,
  parameters: IsDepositAuthorizationNonceUsedParameters,
): Promise<boolean> {
  const { buyer, nonce } = parameters;
  return readEscrow(client, parameters, "isDepositAuthorizationNonceUsed", [buyer, nonce]);
}

/** What {@link isFlushAuthorizationNonceUsed} takes. */
export interface IsFlushAuthorizationNonceUsedParameters extends ReadParameters {
  /** Whose nonce it is. */
  readonly buyer: Address;
  /** 32 bytes. */
  readonly nonce: Hex;
}

/**
 * Asks whether a flush nonce was used or cancelled. Calls `VoucherEscrow.isFlushAuthorizationNonceUsed`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsFlushAuthorizationNonceUsedParameters}.
 * @returns True when it was.
 *
 * @example
 * const isUsed = await isFlushAuthorizationNonceUsed(publicClient, { escrow, buyer, nonce });
 */
export async function isFlushAuthorizationNonceUsed(
  client: ReadClient,
  parameters: IsFlushAuthorizationNonceUsedParameters,
): Promise<boolean> {
  const { buyer, nonce } = parameters;
  return readEscrow(client, parameters, "isFlushAuthorizationNonceUsed", [buyer, nonce]);
}

/** What {@link isFlushAllAuthorizationNonceUsed} takes. */
export interface IsFlushAllAuthorizationNonceUsedParameters extends ReadParameters {
  /** Whose nonce it is. */
  readonly buyer: Address;
  /** 32 bytes. */
  readonly nonce: Hex;
}

/**
 * Asks whether a flush-all nonce was cancelled; use never sets it. Calls `VoucherEscrow.isFlushAllAuthorizationNonceUsed`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsFlushAllAuthorizationNonceUsedParameters}.
 * @returns True when it was.
 *
 * @example
 * const isCancelled = await isFlushAllAuthorizationNonceUsed(publicClient, { escrow, buyer, nonce });
 */
export async function isFlushAllAuthorizationNonceUsed(
  client: ReadClient,
  parameters: IsFlushAllAuthorizationNonceUsedParameters,
): Promise<boolean> {
  const { buyer, nonce } = parameters;
  return readEscrow(client, parameters, "isFlushAllAuthorizationNonceUsed", [buyer, nonce]);
}

/** What {@link isNonceUsed} takes. */
export interface IsNonceUsedParameters extends ReadParameters {
  /** Bitmap. */
  readonly kind: NonceKind;
  /** Whose nonce it is. */
  readonly owner: Address;
  /** 32 bytes. */
  readonly nonce: Hex;
}

/**
 * Asks whether a nonce of any bitmap was used or cancelled; for `FlushAll`, whether it was cancelled. Calls `VoucherEscrow.isNonceUsed`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsNonceUsedParameters}.
 * @returns True when it was.
 *
 * @example
 * const isUsed = await isNonceUsed(publicClient, { escrow, kind: "Release", owner: seller, nonce });
 */
export async function isNonceUsed(client: ReadClient, parameters: IsNonceUsedParameters): Promise<boolean> {
  const { kind, owner, nonce } = parameters;
  return readEscrow(client, parameters, "isNonceUsed", [NONCE_KINDS.indexOf(kind), owner, nonce]);
}
