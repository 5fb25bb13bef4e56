import type { Address } from "viem";
import { getCode } from "../base/provider.ts";
import type { Base } from "../helpers/base.ts";
import { deployVoucherEscrow, predictVoucherEscrow } from "../helpers/voucherEscrow.ts";

/**
 * Gives the address of this build's VoucherEscrow, and deploys it when the upstream does not have it yet.
 * The address commits to the code, so what stands there needs no further check.
 */
export async function ensureVoucherEscrow(base: Base): Promise<Address> {
  const address = await predictVoucherEscrow();
  if ((await getCode(base.connection.provider, address)) !== "0x") return address;
  return deployVoucherEscrow(base);
}
