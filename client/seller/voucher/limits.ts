import type { ChainView } from "./chain/types.ts";
import type { SellerLimits } from "./types.ts";

export { systemClock } from "../core/clock.ts";

/** `VoucherEscrow.THAWING_PERIOD`, seconds: how long a thaw takes and how long a revoked signer still counts. */
export const THAWING_PERIOD = 86_400n;

/**
 * How long before the last synced block an account may have been read when a voucher is accepted, seconds. A thaw that a node hid began
 * after that read, and what is accepted is read again long before that thaw ends.
 */
export const MAX_ACCOUNT_AGE = THAWING_PERIOD / 2n;

/** Longest life of a release, seconds. */
export const MAX_RELEASE_SECONDS = 3_600n;

/** What a seller allows unless it says otherwise. */
export const DEFAULT_LIMITS: SellerLimits = {
  collectionMargin: 3_600n,
  maxLanes: 32,
  reservationSeconds: 300n,
  leaseSeconds: 60n,
  clockSkew: 60n,
  allowsContractWallets: false,
};

/**
 * Makes a clock that is never behind the chain, for whatever the escrow measures by block time: a machine whose clock is slow would take
 * vouchers, session signers and thaws to last longer than they do. What passes within the machine, such as reservations, is measured by
 * the machine's clock alone.
 */
export function notBehindChain(
  clock: () => bigint,
  chainView: Pick<ChainView, "lastSyncedBlock">,
): (now?: bigint) => bigint {
  return (now = clock()) => {
    const chainTime = chainView.lastSyncedBlock?.timestamp ?? 0n;
    return now > chainTime ? now : chainTime;
  };
}
