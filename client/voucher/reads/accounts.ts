import type { Address, Hex } from "viem";
import { readEscrow, type ReadParameters } from "../read.ts";
import { type ReadClient } from "../../core/readClient.ts";
import type { EscrowAccount } from "../types.ts";

/** A free balance. */
export interface FreeAccount {
  /** Token base units. */
  readonly balance: bigint;
  /** One above the highest nonce used or cancelled. */
  readonly nextNonce: bigint;
  /** Bit `i` is set when nonce `nextNonce - 1 - i` was used or cancelled; older ones are unusable. */
  readonly seen: bigint;
}

/** What a buyer needs to know before it pays. */
export interface AccountData {
  /** Balance less the outstanding vouchers, token base units. */
  readonly balance: bigint;
  /** Allowance of the buyer to the escrow, token base units; zero when the token has none. */
  readonly assetAllowance: bigint;
  /** ERC-2612 nonce of the buyer; zero when the token has none. */
  readonly assetPermitNonce: bigint;
}

/** What {@link getAccount} takes. */
export interface GetAccountParameters extends ReadParameters {
  /** Buyer of the account. */
  readonly buyer: Address;
  /** Seller of the account. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
}

/**
 * Reads an account. Calls `VoucherEscrow.getAccount`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetAccountParameters}.
 * @returns Amounts in token base units, time in unix seconds.
 *
 * @example
 * const { balance, thawingAmount } = await getAccount(publicClient, { escrow, buyer, seller, asset });
 */
export async function getAccount(client: ReadClient, parameters: GetAccountParameters): Promise<EscrowAccount> {
  const { buyer, seller, asset } = parameters;
  return readEscrow(client, parameters, "getAccount", [buyer, seller, asset]);
}

/** What {@link getAccountData} takes. */
export interface GetAccountDataParameters extends ReadParameters {
  /** Buyer of the account. */
  readonly buyer: Address;
  /** Seller of the account. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Lanes with uncollected vouchers, 32 bytes each. */
  readonly voucherIds: readonly Hex[];
  /** Their latest ceilings, token base units, one a lane. */
  readonly valueAggregates: readonly bigint[];
}

/**
 * Reads what a buyer needs to know before it pays. Calls `VoucherEscrow.getAccountData`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetAccountDataParameters}.
 * @returns {@link AccountData}.
 * @throws {LengthMismatchError} the lists have different lengths.
 *
 * @example
 * const { balance, assetPermitNonce } = await getAccountData(publicClient, {
 *   ...{ escrow, buyer, seller, asset },
 *   voucherIds: [DEFAULT_LANE],
 *   valueAggregates: [latest.valueAggregate],
 * });
 */
export async function getAccountData(client: ReadClient, parameters: GetAccountDataParameters): Promise<AccountData> {
  const { buyer, seller, asset, voucherIds, valueAggregates } = parameters;
  const [balance, assetAllowance, assetPermitNonce] = await readEscrow(client, parameters, "getAccountData", [
    buyer,
    seller,
    asset,
    voucherIds,
    valueAggregates,
  ]);
  return { balance, assetAllowance, assetPermitNonce };
}

/** What {@link getVoucherCollected} takes. */
export interface GetVoucherCollectedParameters extends ReadParameters {
  /** Buyer of the account. */
  readonly buyer: Address;
  /** Seller of the account. */
  readonly seller: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Lane, 32 bytes; zero is the default lane. */
  readonly id: Hex;
}

/**
 * Reads the collected total of a lane. Calls `VoucherEscrow.getVoucherCollected`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetVoucherCollectedParameters}.
 * @returns Token base units.
 *
 * @example
 * const total = await getVoucherCollected(publicClient, { escrow, buyer, seller, asset, id: DEFAULT_LANE });
 */
export async function getVoucherCollected(
  client: ReadClient,
  parameters: GetVoucherCollectedParameters,
): Promise<bigint> {
  const { buyer, seller, asset, id } = parameters;
  return readEscrow(client, parameters, "getVoucherCollected", [buyer, seller, asset, id]);
}

/** What {@link getFreeAccount} takes. */
export interface GetFreeAccountParameters extends ReadParameters {
  /** Owner of the free balance. */
  readonly owner: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
}

/**
 * Reads a free balance and the window of its nonces. Calls `VoucherEscrow.getFreeAccount`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetFreeAccountParameters}.
 * @returns {@link FreeAccount}.
 *
 * @example
 * const { balance, nextNonce } = await getFreeAccount(publicClient, { escrow, owner: buyer, asset });
 */
export async function getFreeAccount(client: ReadClient, parameters: GetFreeAccountParameters): Promise<FreeAccount> {
  const { owner, asset } = parameters;
  const [balance, nextNonce, seen] = await readEscrow(client, parameters, "getFreeAccount", [owner, asset]);
  return { balance, nextNonce, seen };
}
