import type { Address } from "viem";
import { flashModule } from "../../ignition/modules/flash.ts";
import type { Base } from "./base.ts";
import { predictAddress, requirePredicted } from "./predict.ts";

/** Where the production module puts FlashSettlement on every chain that has CreateX. */
export async function predictFlashSettlement(): Promise<Address> {
  return predictAddress("FlashSettlement");
}

/** Deploys FlashSettlement through the production module. */
export async function deployFlashSettlement(base: Base): Promise<Address> {
  const { flashSettlement } = await base.ignition.deploy(flashModule, { strategy: "create2" });
  return requirePredicted("FlashSettlement", (flashSettlement as { address: Address }).address);
}
