import type { Address } from "viem";
import { USDC } from "../../../test/base/addresses.ts";
import { demoAccount } from "../common.ts";

export { CHAIN_ID, demoAccount, NETWORK } from "../common.ts";

/** What every process of the demo knows. */
export interface DemoSettings {
  readonly rpcUrl: string;
  readonly escrow: Address;
}

/** What the seller's process is given. */
export interface SellerSettings extends DemoSettings {
  readonly facilitatorUrl: string;
  /** SQLite file of the accepted vouchers. */
  readonly storePath: string;
  /** Any free one when absent. */
  readonly port?: number;
}

/** What a process with a server tells when it listens. */
export interface ServerReady {
  readonly url: string;
}

/** What the seller's process did on-chain. */
export interface SellerReceipts {
  /** `gasUsed` of each transaction. */
  readonly gas: readonly bigint[];
}

/** What the seller's books say. */
export interface SellerBooks {
  /** Charged in all lanes of all buyers, token base units. */
  readonly charged: bigint;
}

/** What the facilitator sends at the least: 0.05 USDC. */
export const MINIMUM_DEPOSITS = { [USDC]: 50_000n };

/** Priced routes of the API. The metered one charges what was used, at most its price. */
export const ROUTES = { fixed: "/weather", metered: "/answer" } as const;

/** Receives the payments. It holds nothing at first, and never any ETH. */
export const SELLER = demoAccount("seller");
