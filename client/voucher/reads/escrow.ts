import type { Hex } from "viem";
import { readEscrow, type ReadParameters } from "../read.ts";
import { toEip712Domain, type Eip712Domain } from "../../core/read.ts";
import type { ReadClient } from "../../core/readClient.ts";

/**
 * Reads the EIP-712 domain of the escrow. Calls `VoucherEscrow.eip712Domain` (ERC-5267).
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link ReadParameters}.
 * @returns {@link Eip712Domain}.
 *
 * @example
 * const { name, version } = await getEip712Domain(publicClient, { escrow });
 */
export async function getEip712Domain(client: ReadClient, parameters: ReadParameters): Promise<Eip712Domain> {
  return toEip712Domain(await readEscrow(client, parameters, "eip712Domain", []));
}

/** What {@link getTypeHash} takes. */
export interface GetTypeHashParameters extends ReadParameters {
  /** Name of the message. */
  readonly primaryType: keyof typeof TYPE_HASH_VIEWS;
}

const TYPE_HASH_VIEWS = {
  Voucher: "VOUCHER_TYPEHASH",
  DepositAuthorization: "DEPOSIT_AUTHORIZATION_TYPEHASH",
  FlushAuthorization: "FLUSH_AUTHORIZATION_TYPEHASH",
  FlushAllAuthorization: "FLUSH_ALL_AUTHORIZATION_TYPEHASH",
} as const;

/**
 * Reads the EIP-712 type hash of a message. Calls `VoucherEscrow.VOUCHER_TYPEHASH` and its like.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetTypeHashParameters}.
 * @returns 32 bytes; equal to `voucherTypeHash` of the same message.
 *
 * @example
 * const typeHash = await getTypeHash(publicClient, { escrow, primaryType: "Voucher" });
 */
export async function getTypeHash(client: ReadClient, parameters: GetTypeHashParameters): Promise<Hex> {
  return readEscrow(client, parameters, TYPE_HASH_VIEWS[parameters.primaryType], []);
}

/**
 * Reads how long a thaw takes and how long a revoked signer's vouchers count. Calls `VoucherEscrow.THAWING_PERIOD`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link ReadParameters}.
 * @returns Seconds.
 *
 * @example
 * const seconds = await getThawingPeriod(publicClient, { escrow });
 */
export async function getThawingPeriod(client: ReadClient, parameters: ReadParameters): Promise<bigint> {
  return readEscrow(client, parameters, "THAWING_PERIOD", []);
}

/**
 * Reads the EIP-712 domain separator of the escrow on its chain. Calls `VoucherEscrow.DOMAIN_SEPARATOR`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link ReadParameters}.
 * @returns 32 bytes; equal to `voucherDomainSeparator` of the same escrow and chain.
 *
 * @example
 * const separator = await getDomainSeparator(publicClient, { escrow });
 */
export async function getDomainSeparator(client: ReadClient, parameters: ReadParameters): Promise<Hex> {
  return readEscrow(client, parameters, "DOMAIN_SEPARATOR", []);
}
