import type { Address } from "viem";
import { flashModule } from "../../ignition/modules/flash.ts";
import type { Base } from "./base.ts";
import { requireCanonical } from "./canonical.ts";

/** Deploys FlashSettlement through the production module. */
export async function deployFlashSettlement(base: Base): Promise<Address> {
  const { flashSettlement } = await base.ignition.deploy(flashModule, { strategy: "create2" });
  return requireCanonical("FlashSettlement", (flashSettlement as { address: Address }).address);
}
