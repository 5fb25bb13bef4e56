import type { FlashLimits } from "./types.ts";

/** Most nonces above the base that a server may take (R4). */
export const MAX_NONCE_WINDOW = 1_024n;

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
