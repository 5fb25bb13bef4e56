/** Scheme id, the same in x402 v1 and v2. */
export const FLASH_SCHEME = "flash";

/** EIP-712 name and version of every FlashSettlement, as an offer names them. */
export const FLASH_DOMAIN = { name: "x402 Flash Settlement", version: "1" } as const;

/** What a payment may be, as an offer lists it. */
export const PAYLOAD_TYPES = ["payment", "tab", "open", "transaction"] as const;

/** Ways to fund an opening, as an offer lists them, in the order of the contract's. A permit of ERC-2612 goes with the allowance. */
export const OPEN_METHODS = ["allowance", "eip3009", "permit2"] as const;

/** Those of {@link OPEN_METHODS} that fund a top-up. */
export const TOP_UP_METHODS = ["eip3009", "permit2"] as const;

/** Keys of an offer's `extra` that change from one 402 to the next, and that a payment need not echo. */
export const DYNAMIC_KEYS = [
  "nonceBase",
  "lane",
  "epoch",
  "available",
  "lanes",
  "retryAfterMs",
  "openTransaction",
] as const;

/** Those of {@link DYNAMIC_KEYS} that correct one payment. */
export const CORRECTIVE_KEYS = [
  "nonceBase",
  "epoch",
  "available",
  "lanes",
  "retryAfterMs",
  "openTransaction",
] as const satisfies readonly (typeof DYNAMIC_KEYS)[number][];
