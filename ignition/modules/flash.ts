import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Deploys `FlashSettlement`; it takes no argument, so that its address is the same on every chain. */
export const flashModule = buildModule("Flash", (m) => ({
  flashSettlement: m.contract("FlashSettlement"),
}));

// Ignition loads a module by its default export.
export default flashModule;
