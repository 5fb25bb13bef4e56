import type { Address } from "viem";
import { canonical } from "../../deployments/index.ts";
import { getCode } from "../base/provider.ts";
import type { Base } from "../helpers/base.ts";
import { deployFlashSettlement } from "../helpers/flashSettlement.ts";
import { deployVoucherEscrow } from "../helpers/voucherEscrow.ts";

/**
 * Gives the address of this build's VoucherEscrow, and deploys it when the upstream does not have it yet.
 * The address commits to the code, so what stands there needs no further check.
 */
export async function ensureVoucherEscrow(base: Base): Promise<Address> {
  return ensure(base, canonical.VoucherEscrow, deployVoucherEscrow);
}

/** Gives the address of this build's FlashSettlement, and deploys it when the upstream does not have it yet. */
export async function ensureFlashSettlement(base: Base): Promise<Address> {
  return ensure(base, canonical.FlashSettlement, deployFlashSettlement);
}

async function ensure(base: Base, address: Address, deploy: (base: Base) => Promise<Address>): Promise<Address> {
  return (await getCode(base.connection.provider, address)) === "0x" ? deploy(base) : address;
}
