import type { Address } from "viem";
import { USDC } from "../../../test/base/addresses.ts";

/** What a server's process is given. */
export interface ServerSettings {
  readonly rpcUrl: string;
  readonly settlement: Address;
  /** Name of its account. */
  readonly name: string;
  /** SQLite file of what it accepts. */
  readonly storePath: string;
}

/** What a server's process tells when it listens. */
export interface ServerReady {
  readonly url: string;
}

/** What a server's process did on-chain: `gasUsed` of each transaction. */
export interface ServerReceipts {
  readonly gas: readonly bigint[];
}

/** What a server's books say. */
export interface ServerBooks {
  /** Accepted in all escrows, token base units. */
  readonly accepted: bigint;
  /** Accepted and not settled, token base units. */
  readonly unsettled: bigint;
}

/** Names of the servers: their accounts follow from them. */
export const SERVERS = ["flash server 1", "flash server 2"] as const;

/** The paid route, and its price in token base units. */
export const ROUTE = "/weather";
export const PRICE = 1_000n;

/** The least escrow that the servers relay an opening of: 0.05 USDC. */
export const MINIMUM_OPENINGS = { [USDC]: 50_000n };
