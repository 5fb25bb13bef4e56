/** Scheme id, the same in x402 v1 and v2. */
export const DEFERRED_SCHEME = "deferred";

/**
 * Header with which an unpaid request says who will pay, so that the first 402 can already offer a lane. Unauthenticated: whoever sends it
 * learns what the chain shows anyone. The name of x402 v2, which drops the `X-`.
 */
export const BUYER_HEADER = "PAYMENT-BUYER";

/** {@link BUYER_HEADER} under the scheme's own name, that of x402 v1. Both are read; both are sent. */
export const BUYER_HEADER_V1 = "X-PAYMENT-BUYER";
