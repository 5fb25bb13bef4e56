import type { Actors } from "../helpers/actors.ts";
import { installArachnidProxy } from "./arachnidProxy.ts";
import { installCommerce } from "./commerce.ts";
import { installCreateX } from "./createX.ts";
import { installMulticall3 } from "./multicall3.ts";
import { installPermit2 } from "./permit2.ts";
import type { Placement } from "./place.ts";
import type { Provider } from "./provider.ts";
import { installUsdc } from "./usdc.ts";

/**
 * Puts the canonical contracts of Base at their addresses on a development chain. What is there already is checked
 * and left as it is.
 *
 * @param provider - in process or over HTTP; needs the `hardhat_` methods, and chain id 8453.
 * @param keepers - whose accounts keep USDC.
 * @throws {LocalBaseError} what stands at an address is not the canonical contract.
 */
export async function installBase(
  provider: Provider,
  keepers: Pick<Actors, "usdcOwner" | "usdcMasterMinter" | "usdcMinter" | "usdcPauser" | "usdcBlacklister">,
): Promise<Placement[]> {
  return [
    await installPermit2(provider),
    await installMulticall3(provider),
    await installArachnidProxy(provider),
    await installCreateX(provider),
    await installUsdc(provider, {
      owner: keepers.usdcOwner.address,
      masterMinter: keepers.usdcMasterMinter.address,
      minter: keepers.usdcMinter.address,
      pauser: keepers.usdcPauser.address,
      blacklister: keepers.usdcBlacklister.address,
    }),
    ...(await installCommerce(provider)),
  ];
}
