import type { GasRow } from "../gasRows.ts";
import { START, type Call, type VoucherBench } from "./bench.ts";

/** One row to measure. */
export interface Operation {
  readonly id: string;
  /** Items of the transaction; one when absent. */
  readonly n?: number;
  /** Whose figure it stands beside, and that figure. */
  readonly peer?: string;
  readonly peerGas?: number;
  readonly floor?: number;
  readonly goal?: number;
  /** Brings the chain to where the operation is measured, and says what is sent then. */
  readonly prepare: (bench: VoucherBench) => Call | Promise<Call>;
}

/** Time of every operation, unix seconds. */
const TIME = START + 10_000n;

/** Lets time pass before the transaction that is measured. */
export async function passTime({ base }: VoucherBench, seconds: bigint): Promise<void> {
  await base.networkHelpers.time.setNextBlockTimestamp(TIME + seconds);
}

/** Measures one operation. The caller puts the chain back to where it was. */
export async function measureOperation(bench: VoucherBench, operation: Operation): Promise<GasRow> {
  const { id, n = 1, peer = null, peerGas = null, floor = null, goal = null, prepare } = operation;
  await passTime(bench, 0n);
  const { gasUsed } = await bench.transact(await prepare(bench));
  const gas = Number(gasUsed);
  return { id, n, gas, perItem: Math.round(gas / n), peer, peerGas, floor, goal };
}

/** Whose figures were recorded. */
export const BATCH_SETTLEMENT = "x402BatchSettlement";
export const EDGE_AND_NODE = "Edge & Node escrow";
