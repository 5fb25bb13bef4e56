import { isAddressEqual, size, type Address } from "viem";
import { parseKeySignature, toCompactSignature } from "../core/signature.ts";
import { MixedEscrowsError, VoucherNotPackableError } from "./errors.ts";
import type { Group, Row, SignedVoucher, Voucher, WideRow } from "./types.ts";

/** A voucher to collect. */
export interface CollectableVoucher extends SignedVoucher {
  /** Up to which total of the lane to collect, token base units; the voucher's `valueAggregate` when absent. */
  readonly total?: bigint;
  /**
   * Whether a key or a contract wallet signed. A contract wallet's signature can look like a key's, but a compact row never asks a
   * wallet. A key when absent.
   */
  readonly signedBy?: "key" | "contract";
}

/** How {@link buildGroups} builds. */
export interface BuildGroupsOptions {
  /** Most gas each group may use; zero, the default, for no limit. */
  readonly gasLimit?: bigint;
}

/** Width in bits of each part of a compact row. */
const WIDTHS = { valueAggregate: 96n, timestamp: 40n, expiry: 40n, nonce: 80n } as const;

/**
 * Packs a voucher of the default lane into a compact row.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol, `Row`
 *
 * @param collectable - {@link CollectableVoucher}; amounts in token base units.
 * @returns Four words.
 * @throws {VoucherNotPackableError} another lane, a contract wallet, or a member too wide.
 * @throws {MalformedSignatureError} the signature is not one of a key.
 *
 * @example
 * const row = packRow({ voucher, signature, total: charged });
 */
export function packRow(collectable: CollectableVoucher): Row {
  const { voucher, signature } = collectable;
  const total = collectable.total ?? voucher.valueAggregate;
  const misfit = findMisfit(collectable);
  if (misfit !== undefined) throw new VoucherNotPackableError(misfit.member, misfit.limit);
  const { valueAggregate, timestamp, expiry, nonce } = voucher;
  return {
    head: (BigInt(voucher.buyer) << 96n) | total,
    terms: (valueAggregate << 160n) | (timestamp << 120n) | (expiry << 80n) | nonce,
    ...toCompactSignature(signature),
  };
}

/**
 * Makes a wide row, which takes any voucher.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol, `WideRow`
 *
 * @param collectable - {@link CollectableVoucher}; amounts in token base units.
 * @returns The row.
 *
 * @example
 * const row = toWideRow({ voucher, signature });
 */
export function toWideRow({ voucher, signature, total = voucher.valueAggregate }: CollectableVoucher): WideRow {
  return { voucher, signature, total };
}

/**
 * Groups vouchers by seller and asset for `collectBatch`, each in the cheapest form that fits it. Keeps their order within each form.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol, `Group`
 *
 * @param collectables - Vouchers of one escrow on one chain; amounts in token base units.
 * @param options - {@link BuildGroupsOptions}.
 * @returns One group for each seller and asset.
 * @throws {MixedEscrowsError} the vouchers are for different escrows or chains.
 *
 * @example
 * const groups = buildGroups([{ voucher, signature }]);
 * await collectBatch(walletClient, { escrow, groups });
 */
export function buildGroups(
  collectables: readonly CollectableVoucher[],
  { gasLimit = 0n }: BuildGroupsOptions = {},
): readonly Group[] {
  const groups = new Map<string, { seller: Address; asset: Address; gasLimit: bigint; rows: Row[]; wide: WideRow[] }>();
  const first = collectables[0]?.voucher;
  for (const collectable of collectables) {
    const { voucher } = collectable;
    if (first !== undefined && !isSameEscrow(first, voucher)) throw new MixedEscrowsError();
    const { seller, asset } = voucher;
    const key = `${seller}${asset}`.toLowerCase();
    const group = groups.get(key) ?? { seller, asset, gasLimit, rows: [], wide: [] };
    groups.set(key, group);
    if (fitsRow(collectable)) group.rows.push(packRow(collectable));
    else group.wide.push(toWideRow(collectable));
  }
  return [...groups.values()];
}

/**
 * Says whether a voucher can be a compact row.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol, `Row`
 *
 * @param collectable - {@link CollectableVoucher}; amounts in token base units.
 * @returns True for the default lane, a signature of 64 or 65 bytes, and numbers within the widths of a row.
 *
 * @example
 * const row = fitsRow(collectable) ? packRow(collectable) : toWideRow(collectable);
 */
export function fitsRow(collectable: CollectableVoucher): boolean {
  return findMisfit(collectable) === undefined && parseKeySignature(collectable.signature) !== undefined;
}

function findMisfit({ voucher, signature, total, signedBy }: CollectableVoucher) {
  if (BigInt(voucher.id) !== 0n) return { member: "id", limit: "it holds the default lane only" };
  if (signedBy === "contract" || (size(signature) !== 64 && size(signature) !== 65)) {
    return { member: "signature", limit: "it holds signatures of keys only" };
  }
  for (const member of ["valueAggregate", "timestamp", "expiry", "nonce"] as const) {
    const width = WIDTHS[member];
    if (voucher[member] >> width !== 0n) return { member, limit: `it has ${width} bits` };
  }
  if (total !== undefined && total >> WIDTHS.valueAggregate !== 0n) {
    return { member: "total", limit: `it has ${WIDTHS.valueAggregate} bits` };
  }
  return undefined;
}

function isSameEscrow(one: Voucher, other: Voucher): boolean {
  return one.chainId === other.chainId && isAddressEqual(one.escrow, other.escrow);
}
