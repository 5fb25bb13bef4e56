import type { Hash } from "viem";
import { ARACHNID_PROXY } from "./addresses.ts";
import { ensureCode, type Placement } from "./place.ts";
import { preinstallCode } from "./preinstalls.ts";
import { setCode, type Provider } from "./provider.ts";

/** Hash of the Arachnid proxy's runtime code, the same on every chain. */
export const ARACHNID_PROXY_CODE_HASH: Hash = "0x2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989";

/** Puts the Arachnid deterministic deployment proxy at its canonical address. */
export async function installArachnidProxy(provider: Provider): Promise<Placement> {
  return ensureCode(provider, {
    name: "Arachnid proxy",
    address: ARACHNID_PROXY,
    codeHash: ARACHNID_PROXY_CODE_HASH,
    place: async () => setCode(provider, ARACHNID_PROXY, preinstallCode("DeterministicDeploymentProxyCode")),
  });
}
