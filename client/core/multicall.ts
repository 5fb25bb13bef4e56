import type { Address } from "viem";

/** Multicall3's address, the same on every chain that has it. */
export const MULTICALL3_ADDRESS: Address = "0xcA11bde05977b3631167028862bE2a173976CA11";
