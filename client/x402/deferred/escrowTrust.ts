import type { Address } from "viem";
import { createTrust } from "../core/trust.ts";
import { DeferredConfigurationError, UntrustedEscrowError } from "./errors.ts";

/**
 * Makes the check that an offer names an escrow the buyer trusts.
 *
 * @param escrows - `escrows` of the options; undefined only where no compiler looked at them.
 * @returns The check. It throws {@link UntrustedEscrowError} for any other escrow.
 * @throws {DeferredConfigurationError} the list is empty, or has an entry that is no address.
 */
export function createEscrowTrust(escrows: readonly Address[] | undefined): (escrow: Address) => void {
  return createTrust({
    contracts: escrows,
    option: "escrows",
    contract: "VoucherEscrow",
    misconfigured: (what, next) => new DeferredConfigurationError(what, next),
    untrusted: (escrow) => new UntrustedEscrowError(escrow),
  });
}
