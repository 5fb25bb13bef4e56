import type { Hex } from "viem";
import { readEscrow, type ReadParameters } from "../read.ts";
import { type ReadClient } from "../../core/readClient.ts";
import type { DepositAuthorization, FlushAllAuthorization, FlushAuthorization } from "../types.ts";

/** What {@link isDepositAuthorizationValid} takes. */
export interface IsDepositAuthorizationValidParameters extends ReadParameters {
  readonly authorization: DepositAuthorization;
  /** 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/**
 * Asks whether signature, expiry and nonce of an authorization for `depositWithAuthorization` are good now. Calls `VoucherEscrow.isDepositAuthorizationValid`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsDepositAuthorizationValidParameters}.
 * @returns True when they are.
 *
 * @example
 * const isValid = await isDepositAuthorizationValid(publicClient, { escrow, authorization, signature });
 */
export async function isDepositAuthorizationValid(
  client: ReadClient,
  parameters: IsDepositAuthorizationValidParameters,
): Promise<boolean> {
  const { authorization, signature } = parameters;
  return readEscrow(client, parameters, "isDepositAuthorizationValid", [authorization, signature]);
}

/** What {@link isFlushAuthorizationValid} takes. */
export interface IsFlushAuthorizationValidParameters extends ReadParameters {
  readonly authorization: FlushAuthorization;
  /** 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/**
 * Asks whether signature, expiry and nonce of a flush authorization are good now. Calls `VoucherEscrow.isFlushAuthorizationValid`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsFlushAuthorizationValidParameters}.
 * @returns True when they are.
 *
 * @example
 * const isValid = await isFlushAuthorizationValid(publicClient, { escrow, authorization, signature });
 */
export async function isFlushAuthorizationValid(
  client: ReadClient,
  parameters: IsFlushAuthorizationValidParameters,
): Promise<boolean> {
  const { authorization, signature } = parameters;
  return readEscrow(client, parameters, "isFlushAuthorizationValid", [authorization, signature]);
}

/** What {@link isFlushAllAuthorizationValid} takes. */
export interface IsFlushAllAuthorizationValidParameters extends ReadParameters {
  readonly authorization: FlushAllAuthorization;
  /** 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/**
 * Asks whether signature and expiry of a flush-all authorization are good now and its nonce was not cancelled. Calls `VoucherEscrow.isFlushAllAuthorizationValid`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link IsFlushAllAuthorizationValidParameters}.
 * @returns True when they are.
 *
 * @example
 * const isValid = await isFlushAllAuthorizationValid(publicClient, { escrow, authorization, signature });
 */
export async function isFlushAllAuthorizationValid(
  client: ReadClient,
  parameters: IsFlushAllAuthorizationValidParameters,
): Promise<boolean> {
  const { authorization, signature } = parameters;
  return readEscrow(client, parameters, "isFlushAllAuthorizationValid", [authorization, signature]);
}
