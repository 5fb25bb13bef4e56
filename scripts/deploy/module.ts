import { buildModule, type IgnitionModule, type IgnitionModuleResult } from "@nomicfoundation/ignition-core";
import { authCaptureModule } from "../../ignition/modules/auth-capture.ts";
import { flashModule } from "../../ignition/modules/flash.ts";
import { voucherModule } from "../../ignition/modules/voucher.ts";
import type { CatalogEntry } from "../deployments/catalog.ts";
import { FAMILIES, type Family } from "../deployments/types.ts";

/** What the journal calls the module of a family. */
const MODULE_IDS: Readonly<Record<Family, string>> = {
  voucher: voucherModule.id,
  flash: flashModule.id,
  "auth-capture": authCaptureModule.id,
};

/** What the journal calls a contract, whether this command or Ignition's own has deployed it. */
export function futureIdOf({ family, name }: Pick<CatalogEntry, "family" | "name">): string {
  return `${MODULE_IDS[family]}#${name}`;
}

/**
 * An Ignition module of some contracts only, under the names of the families' modules. Addresses are arguments as they are known
 * in advance: so a contract can be deployed also when somebody else has deployed what it refers to.
 */
export function moduleOf(
  entries: readonly CatalogEntry[],
): IgnitionModule<string, string, IgnitionModuleResult<string>> {
  return buildModule("All", (all) => {
    for (const family of FAMILIES) {
      const own = entries.filter((entry) => entry.family === family);
      if (own.length === 0) continue;
      const part = buildModule(MODULE_IDS[family], (m) => {
        for (const { name, contract, constructorArguments } of own)
          m.contract(contract, [...constructorArguments], { id: name });
        return {};
      });
      all.useModule(part);
    }
    return {};
  });
}
