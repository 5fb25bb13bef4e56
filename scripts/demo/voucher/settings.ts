import { type Address, keccak256, type PrivateKeyAccount, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { USDC } from "../../../test/base/addresses.ts";

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

/** Chain id of Base, and its CAIP-2 name. */
export const CHAIN_ID = 8453;
export const NETWORK = "eip155:8453";

/** What the facilitator sends at the least: 0.05 USDC. */
export const MINIMUM_DEPOSITS = { [USDC]: 50_000n };

/** Priced routes of the API. The metered one charges what was used, at most its price. */
export const ROUTES = { fixed: "/weather", metered: "/answer" } as const;

/** An account of the demo. Its key follows from its name and is as public as every development key. */
export function demoAccount(name: string): PrivateKeyAccount {
  return privateKeyToAccount(keccak256(toHex(`x402-escrow demo ${name}`)));
}

/** Receives the payments. It holds nothing at first, and never any ETH. */
export const SELLER = demoAccount("seller");
