import type { Address } from "viem";
import { smallest } from "../../../core/amounts.ts";
import { DEFAULT_GAS_MODEL, MAX_TRANSACTION_GAS, type GasModel } from "./gas.ts";

/** Gas limits of each asset: a token that needs more than others gets more, and no other's groups pay for it. */
export interface GasLimits {
  modelOf(asset: Address): GasModel;
  /** Notes whether a group of the asset failed as it does with too little gas. */
  note(asset: Address, isShort: boolean): void;
}

/** How often limits double while groups fail. */
const MAX_DOUBLINGS = 3;

/** Makes the gas limits of one collector. */
export function createGasLimits(options: Partial<GasModel> = {}): GasLimits {
  const base = { ...DEFAULT_GAS_MODEL, ...options };
  /** The seller names its assets, so there are few. */
  const doublings = new Map<Address, number>();
  return {
    modelOf: (asset) => {
      const scale = 2n ** BigInt(doublings.get(asset) ?? 0);
      return {
        ...base,
        groupLimit: base.groupLimit * scale,
        rowLimit: base.rowLimit * scale,
        wideRowLimit: base.wideRowLimit * scale,
        transactionLimit: smallest(base.transactionLimit, MAX_TRANSACTION_GAS),
      };
    },
    note: (asset, isShort) => {
      doublings.set(asset, isShort ? Math.min((doublings.get(asset) ?? 0) + 1, MAX_DOUBLINGS) : 0);
    },
  };
}
