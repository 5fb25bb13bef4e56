import type { RelayBudget } from "../core/failureBudget.ts";

/** Scheme id; x402 v2 only. */
export const AUTH_CAPTURE_SCHEME = "auth-capture";

/** `escrow`: hold, serve, then capture or void. `authorization`: serve, then charge. */
export const PAYMENT_FLOWS = ["escrow", "authorization"] as const;

/** Whether the server captures before it answers. */
export const CAPTURE_MODES = ["sync", "deferred"] as const;

/** Operators that a facilitator can serve: its own account, or a contract. */
export const OPERATOR_TYPES = ["delegated", "custom"] as const;

/** Ways in which a payer signs. */
export const TRANSFER_METHODS = ["eip3009", "permit2"] as const;

/** What a server may ask for after a payment was collected. `captureAndVoid` is this project's; the others are the scheme's. */
export const LIFECYCLE_TYPES = ["capture", "captureAndVoid", "void", "refund"] as const;

/** Most gas of one transaction unless a facilitator says otherwise. */
export const DEFAULT_GAS_LIMIT = 1_000_000n;

/** Gas of transactions that fail unless a facilitator says otherwise: forty at once and ten an hour, with the default gas limit. */
export const DEFAULT_BUDGET: RelayBudget = { gas: 40_000_000n, gasPerHour: 10_000_000n };

/** How long a transaction is waited for before the answer is `settlement_pending`, milliseconds. */
export const DEFAULT_RECEIPT_TIMEOUT = 60_000;

/** Time that a payment must have left, seconds: less could run out before it is mined. */
export const LEAST_TIME_LEFT = 6n;
