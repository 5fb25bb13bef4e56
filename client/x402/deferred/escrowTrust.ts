import { isAddress, type Address } from "viem";
import { DeferredConfigurationError, UntrustedEscrowError } from "./errors.ts";

/**
 * Makes the check that an offer names an escrow the buyer trusts.
 *
 * @param escrows - `escrows` of the options; undefined only where no compiler looked at them.
 * @returns The check. It throws {@link UntrustedEscrowError} for any other escrow.
 * @throws {DeferredConfigurationError} the list is empty, or has an entry that is no address.
 */
export function createEscrowTrust(escrows: readonly Address[] | undefined): (escrow: Address) => void {
  if (escrows === undefined || escrows.length === 0) {
    throw new DeferredConfigurationError(
      "No escrow is trusted, so nothing could ever be paid.",
      "Name in `escrows` the VoucherEscrow to pay through.",
    );
  }
  const wrong = escrows.find((escrow) => !isAddress(escrow, { strict: false }));
  if (wrong !== undefined) {
    throw new DeferredConfigurationError(
      `"${wrong}" in \`escrows\` is no address.`,
      "Write it as `0x` and 40 hex digits.",
    );
  }
  const trusted = new Set(escrows.map((escrow) => escrow.toLowerCase()));
  return (escrow) => {
    if (!trusted.has(escrow.toLowerCase())) throw new UntrustedEscrowError(escrow);
  };
}
