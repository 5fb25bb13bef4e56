import type { Hash } from "viem";
import { MULTICALL3 } from "./addresses.ts";
import { ensureCode, type Placement } from "./place.ts";
import { preinstallCode } from "./preinstalls.ts";
import { setCode, type Provider } from "./provider.ts";

/** Hash of Multicall3's runtime code, the same on every chain. */
export const MULTICALL3_CODE_HASH: Hash = "0xd5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891";

/** Puts Multicall3 at its canonical address. */
export async function installMulticall3(provider: Provider): Promise<Placement> {
  return ensureCode(provider, {
    name: "Multicall3",
    address: MULTICALL3,
    codeHash: MULTICALL3_CODE_HASH,
    place: async () => setCode(provider, MULTICALL3, preinstallCode("MultiCall3Code")),
  });
}
