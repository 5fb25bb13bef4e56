import { hexToBytes, size, type Hex } from "viem";
import { fitsRow, type CollectableVoucher } from "../../../voucher/pack.ts";
import type { CollectableLane } from "../store/types.ts";

/**
 * Gas of a batch, part by part. Limits are what a part may use, not what it does: gas that is not used costs nothing, and a group with
 * too little of it has no effect.
 */
export interface GasModel {
  /** Most gas of one transaction, all included. */
  readonly transactionLimit: bigint;
  /** Limit of a group without its rows: its payment, by a token that may be a proxy, and its event. */
  readonly groupLimit: bigint;
  /** Limit of a compact row. */
  readonly rowLimit: bigint;
  /** Limit of a wide row: 100,000 for a contract wallet, and what the escrow needs around it. */
  readonly wideRowLimit: bigint;
  /** What a transaction with one group uses without its rows. */
  readonly expectedTransaction: bigint;
  /** What a compact row uses, call data included. */
  readonly expectedRow: bigint;
  /** What a wide row signed by a key uses, call data included. */
  readonly expectedWideRow: bigint;
}

/** EIP-7825: no transaction above it is mined. */
export const MAX_TRANSACTION_GAS = 16_777_216n;

/** What a collector reckons with unless it says otherwise: USDC behind its proxy, keys as signers. */
export const DEFAULT_GAS_MODEL: GasModel = {
  transactionLimit: 12_000_000n,
  groupLimit: 200_000n,
  rowLimit: 20_000n,
  wideRowLimit: 145_000n,
  expectedTransaction: 60_000n,
  expectedRow: 13_000n,
  expectedWideRow: 45_000n,
};

/** Words around a wide row's signature: voucher, total, offsets and lengths. */
const WIDE_ROW_BYTES = 17n * 32n;
const ROW_BYTES = 4n * 32n;

/** EIP-7623: a byte that is not zero, at the floor price of data-heavy transactions. */
const GAS_PER_BYTE = 40n;

/** What a lane adds to its transaction. */
export interface LaneGas {
  readonly isWide: boolean;
  /** Inside its group. */
  readonly limit: bigint;
  /** Inside its group and as call data. */
  readonly total: bigint;
  /** What it uses, as a rule. */
  readonly expected: bigint;
}

/** Gives what the collector asks the escrow for: what was charged, and never the ceiling by itself. */
export function toCollectable({ latest, charged }: CollectableLane): CollectableVoucher {
  const signedBy = latest.signer.kind === "contract" ? "contract" : "key";
  return { voucher: latest.voucher, signature: latest.signature, total: charged, signedBy };
}

export function laneGas(lane: CollectableLane, model: GasModel): LaneGas {
  const { signature } = lane.latest;
  if (fitsRow(toCollectable(lane))) {
    const limit = model.rowLimit;
    return { isWide: false, limit, total: limit + ROW_BYTES * GAS_PER_BYTE, expected: model.expectedRow };
  }
  const bytes = WIDE_ROW_BYTES + BigInt(size(signature));
  const limit = model.wideRowLimit;
  return { isWide: true, limit, total: limit + bytes * GAS_PER_BYTE, expected: model.expectedWideRow };
}

/** What a transaction is charged before it runs: EIP-7623, whichever of its two prices is higher. */
export function intrinsicGas(data: Hex, execution: bigint): bigint {
  const bytes = hexToBytes(data);
  const zeros = BigInt(bytes.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0));
  const others = BigInt(bytes.length) - zeros;
  const standard = 4n * zeros + 16n * others + execution;
  const floor = 10n * zeros + 40n * others;
  return 21_000n + (standard > floor ? standard : floor);
}
