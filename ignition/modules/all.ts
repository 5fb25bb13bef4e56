import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { authCaptureModule } from "./auth-capture.ts";
import { flashModule } from "./flash.ts";
import { voucherModule } from "./voucher.ts";

/** Every contract of every family, at the addresses that the families' own modules give them. */
export const allModule = buildModule("All", (m) => ({
  ...m.useModule(voucherModule),
  ...m.useModule(flashModule),
  ...m.useModule(authCaptureModule),
}));

// Ignition loads a module by its default export.
export default allModule;
