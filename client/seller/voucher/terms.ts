import { zeroAddress, type Address, type Hex } from "viem";
import type { Voucher } from "../../voucher/types.ts";
import { THAWING_PERIOD } from "./limits.ts";
import type { RejectionCode } from "./rejections.ts";
import type { EscrowId, SellerLimits } from "./types.ts";

/** What a voucher must agree with. Addresses in lower case. */
export interface Terms {
  readonly escrow: EscrowId;
  readonly seller: Address;
  readonly asset: Address;
  readonly limits: SellerLimits;
  /** Unix seconds. */
  readonly now: bigint;
}

/** Widths of a compact row, so that a buyer cannot make its vouchers dear to collect. No balance and no clock needs more. */
const ROW_BITS = { valueAggregate: 96n, timestamp: 40n, expiry: 40n, nonce: 80n } as const;

/** Copies a voucher with its addresses and lane in lower case: the signature does not change. */
export function withLowerCase(voucher: Voucher): Voucher {
  return {
    ...voucher,
    id: voucher.id.toLowerCase() as Hex,
    buyer: voucher.buyer.toLowerCase() as Address,
    seller: voucher.seller.toLowerCase() as Address,
    asset: voucher.asset.toLowerCase() as Address,
    escrow: voucher.escrow.toLowerCase() as Address,
  };
}

/** Says what is wrong with a voucher whatever its lane and its signature; undefined when nothing is. */
export function refuseTerms(voucher: Voucher, terms: Terms): RejectionCode | undefined {
  return refuseParties(voucher, terms) ?? refuseNumbers(voucher) ?? refuseTimes(voucher, terms);
}

function refuseParties(voucher: Voucher, { escrow, seller, asset }: Terms): RejectionCode | undefined {
  if (voucher.chainId !== escrow.chainId) return "invalid_deferred_evm_payload_chain_id";
  if (voucher.escrow !== escrow.escrow) return "invalid_deferred_evm_payload_voucher_escrow_mismatch";
  if (voucher.seller !== seller) return "invalid_deferred_evm_payload_recipient_mismatch";
  if (voucher.asset !== asset) return "invalid_deferred_evm_payload_asset_mismatch";
  const others: readonly Address[] = [zeroAddress, seller, asset, escrow.escrow];
  return others.includes(voucher.buyer) ? "invalid_deferred_evm_payload_voucher_buyer_mismatch" : undefined;
}

function refuseNumbers(voucher: Voucher): RejectionCode | undefined {
  if (voucher.valueAggregate === 0n) return "invalid_deferred_evm_payload_voucher_zero_value_aggregate";
  const isTooWide =
    voucher.valueAggregate >> ROW_BITS.valueAggregate !== 0n ||
    voucher.timestamp >> ROW_BITS.timestamp !== 0n ||
    voucher.expiry >> ROW_BITS.expiry !== 0n ||
    voucher.nonce >> ROW_BITS.nonce !== 0n;
  return isTooWide ? "invalid_deferred_evm_payload_voucher_malformed" : undefined;
}

function refuseTimes(voucher: Voucher, { limits, now }: Terms): RejectionCode | undefined {
  if (voucher.expiry < now + THAWING_PERIOD + limits.collectionMargin) {
    return "invalid_deferred_evm_payload_voucher_expired";
  }
  if (voucher.timestamp > now + limits.clockSkew) return "invalid_deferred_evm_payload_timestamp_too_early";
  return undefined;
}
