import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Deploys `VoucherEscrow`; it takes no argument, so that its address is the same on every chain. */
export const voucherModule = buildModule("Voucher", (m) => ({
  voucherEscrow: m.contract("VoucherEscrow"),
}));

// Ignition loads a module by its default export.
export default voucherModule;
