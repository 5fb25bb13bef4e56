import type { SQLInputValue } from "node:sqlite";
import type { Address, Hash, Hex } from "viem";
import type { Voucher } from "../../../voucher/types.ts";
import { integer, text, type Row } from "../../core/rows.ts";
import type { AcceptedVoucher, AccountId, LiveRelease, VoucherSigner } from "../types.ts";
import { uncollectedOf, type LaneFacts } from "./records.ts";

/** Names an account in the columns of `accounts`. */
export function accountValues({ chainId, escrow, seller, asset, buyer }: AccountId): SQLInputValue[] {
  return [chainId.toString(), escrow, seller, asset, buyer];
}

/** Writes what a lane holds, in the columns of `lanes` behind its key. */
export function laneValues(facts: LaneFacts): SQLInputValue[] {
  const { charged, collected, latest, promised, voucherHash, oldestChargeTime } = facts;
  const isUncollected = uncollectedOf(facts) > 0n ? 1 : 0;
  const head = [
    charged.toString(),
    collected.toString(),
    isUncollected,
    oldestChargeTime.toString(),
    promised.toString(),
  ];
  if (latest === undefined) return [...head, null, null, null, null, null, null, null, null];
  const { voucher, signature, signer } = latest;
  return [
    ...head,
    voucher.valueAggregate.toString(),
    voucher.timestamp.toString(),
    voucher.nonce.toString(),
    voucher.expiry.toString(),
    signature,
    signer.address,
    signer.kind,
    voucherHash ?? null,
  ];
}

/** Reads the names of an account. */
export function toAccountId(row: Row): AccountId {
  return {
    chainId: integer(row, "chain_id"),
    escrow: text(row, "escrow") as Address,
    seller: text(row, "seller") as Address,
    asset: text(row, "asset") as Address,
    buyer: text(row, "buyer") as Address,
  };
}

/** Reads what a lane holds. */
export function toLaneFacts(account: AccountId, id: Hex, row: Row): LaneFacts {
  return {
    charged: integer(row, "charged"),
    collected: integer(row, "collected"),
    oldestChargeTime: integer(row, "oldest_charge_time"),
    promised: integer(row, "promised"),
    ...(row["voucher_hash"] === null
      ? { latest: undefined, voucherHash: undefined }
      : { latest: toAcceptedVoucher(account, id, row), voucherHash: text(row, "voucher_hash") as Hash }),
  };
}

function toAcceptedVoucher(account: AccountId, id: Hex, row: Row): AcceptedVoucher {
  const voucher: Voucher = {
    id,
    buyer: account.buyer,
    seller: account.seller,
    valueAggregate: integer(row, "value_aggregate"),
    asset: account.asset,
    timestamp: integer(row, "voucher_timestamp"),
    nonce: integer(row, "nonce"),
    escrow: account.escrow,
    chainId: account.chainId,
    expiry: integer(row, "expiry"),
  };
  const signer: VoucherSigner = {
    address: text(row, "signer") as Address,
    kind: text(row, "signer_kind") as VoucherSigner["kind"],
  };
  return { voucher, signature: text(row, "signature") as Hex, signer };
}

/** Reads a release. */
export function toLiveRelease({ buyer, seller, asset }: AccountId, row: Row): LiveRelease {
  return {
    authorization: {
      buyer,
      seller,
      asset,
      id: text(row, "lane_id") as Hex,
      collectedAtLeast: integer(row, "collected_at_least"),
      amount: integer(row, "amount"),
      nonce: text(row, "nonce") as Hex,
      expiry: integer(row, "expiry"),
    },
    signature: text(row, "signature") as Hex,
  };
}
