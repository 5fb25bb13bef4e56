import type { Address } from "viem";
import { voucherModule } from "../../ignition/modules/voucher.ts";
import type { Base } from "./base.ts";
import { requireCanonical } from "./canonical.ts";

/** Deploys VoucherEscrow through the production module. */
export async function deployVoucherEscrow(base: Base): Promise<Address> {
  const { voucherEscrow } = await base.ignition.deploy(voucherModule, { strategy: "create2" });
  return requireCanonical("VoucherEscrow", (voucherEscrow as { address: Address }).address);
}
