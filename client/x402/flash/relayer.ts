import type { Hash } from "viem";
import type { SettlementId } from "../../seller/flash/types.ts";
import type { AssetAmounts } from "../core/assets.ts";
import type { FlashCode } from "./codes.ts";
import type { OpenMethod, Opening, Renewal } from "./types.ts";

/** How relaying an opening ended. */
export type RelayResult =
  | {
      readonly isRelayed: true;
      /** Absent when it was executed before. */
      readonly transaction?: Hash;
    }
  | {
      readonly isRelayed: false;
      readonly code: FlashCode;
      /** Epoch that an opening must name, when this one names another. */
      readonly epoch?: bigint;
    };

/** What relaying an opening would do. */
export interface RelayTrial {
  /** Why it would be refused; absent when it would not. */
  readonly code?: FlashCode;
  /** Epoch that an opening must name, when this one names another. */
  readonly epoch?: bigint;
  /** Whether the escrow was opened before. */
  readonly isOpen?: boolean;
}

/** Sends openings, top-ups and extensions that clients have signed, and pays the gas. */
export interface OpeningRelayer {
  readonly settlement: SettlementId;
  readonly methods: readonly OpenMethod[];
  /** Least opening or top-up that is sent, by token. In other tokens nothing is sent. */
  readonly minimumOpenings: AssetAmounts;
  /** Who sends: an address or a URL, for clients to know. */
  readonly name: string;
  /**
   * Sends an opening and waits until it is mined. Copies that come together are sent once. Whether the opening belongs to a payment, and is
   * worth its gas, is the caller's to check.
   *
   * @throws viem's errors when the chain does not answer: then nobody knows whether it was sent.
   */
  relay(opening: Opening): Promise<RelayResult>;
  /**
   * Sends the parts of a renewal that were not executed before, in one transaction, and waits until it is mined. Copies that come together
   * are sent once. Whether a payment needs them is the caller's to check.
   *
   * @throws viem's errors when the chain does not answer: then nobody knows whether it was sent.
   */
  renew(renewal: Renewal): Promise<RelayResult>;
  /** Says what {@link relay} would do, and sends nothing. */
  simulate(opening: Opening): Promise<RelayTrial>;
}
