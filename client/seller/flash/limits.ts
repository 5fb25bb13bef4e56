import type { FlashLimits } from "./types.ts";

/** Most nonces above the base that a server may take (R4). */
export const MAX_NONCE_WINDOW = 1_024n;

/** Anybody can sign for a client that the store does not know, which costs a read of the chain, so such reads are rationed. */
export const ESCROW_READS = { burst: 4, perSecond: 1, maxNames: 10_000 } as const;

/** What a server allows unless it says otherwise. */
export const DEFAULT_FLASH_LIMITS: FlashLimits = {
  settleSeconds: 600n,
  minCloseDelay: 900n,
  minEscrow: 0n,
  nonceWindow: MAX_NONCE_WINDOW,
  maxLanes: 32,
  // What they cost depends on chain and token, so whoever wants them says from which amount on.
  maxTransactions: 0,
  minTransaction: 0n,
  reservationSeconds: 300n,
};
