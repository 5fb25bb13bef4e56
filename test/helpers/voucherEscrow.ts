import type { Address } from "viem";
import { voucherModule } from "../../ignition/modules/voucher.ts";
import type { Base } from "./base.ts";
import { predictAddress, requirePredicted } from "./predict.ts";

/** Where the production module puts VoucherEscrow on every chain that has CreateX. */
export async function predictVoucherEscrow(): Promise<Address> {
  return predictAddress("VoucherEscrow");
}

/** Deploys VoucherEscrow through the production module. */
export async function deployVoucherEscrow(base: Base): Promise<Address> {
  const { voucherEscrow } = await base.ignition.deploy(voucherModule, { strategy: "create2" });
  return requirePredicted("VoucherEscrow", (voucherEscrow as { address: Address }).address);
}
