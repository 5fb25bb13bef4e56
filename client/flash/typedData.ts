import type { Address } from "viem";
import { permit2WitnessTypes } from "../core/funding.ts";
import type {
  CloseEscrow,
  ExtendEscrow,
  OpenEscrow,
  Payment,
  ReleaseEscrow,
  SettlerAuthorization,
  Tab,
  TopUp,
  WithdrawCredit,
} from "./types.ts";

/**
 * EIP-712 types of every message FlashSettlement checks.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 * - Members stand in the order in which they are hashed.
 */
export const flashTypes = {
  Payment: [
    { name: "client", type: "address" },
    { name: "server", type: "address" },
    { name: "token", type: "address" },
    { name: "amount", type: "uint128" },
    { name: "nonce", type: "uint64" },
    { name: "deadline", type: "uint40" },
    { name: "epoch", type: "uint32" },
  ],
  Tab: [
    { name: "client", type: "address" },
    { name: "server", type: "address" },
    { name: "token", type: "address" },
    { name: "total", type: "uint128" },
    { name: "lane", type: "uint64" },
    { name: "deadline", type: "uint40" },
    { name: "epoch", type: "uint32" },
  ],
  OpenEscrow: [
    { name: "client", type: "address" },
    { name: "server", type: "address" },
    { name: "token", type: "address" },
    { name: "amount", type: "uint128" },
    { name: "ttlSeconds", type: "uint40" },
    { name: "closeDelay", type: "uint32" },
    { name: "signer", type: "address" },
    { name: "epoch", type: "uint32" },
    { name: "deadline", type: "uint40" },
  ],
  TopUp: [
    { name: "client", type: "address" },
    { name: "server", type: "address" },
    { name: "token", type: "address" },
    { name: "amount", type: "uint128" },
    { name: "epoch", type: "uint32" },
    { name: "salt", type: "uint256" },
    { name: "deadline", type: "uint40" },
  ],
  ExtendEscrow: [
    { name: "client", type: "address" },
    { name: "server", type: "address" },
    { name: "token", type: "address" },
    { name: "epoch", type: "uint32" },
    { name: "newUnlockAt", type: "uint40" },
    { name: "deadline", type: "uint40" },
  ],
  CloseEscrow: [
    { name: "client", type: "address" },
    { name: "server", type: "address" },
    { name: "token", type: "address" },
    { name: "epoch", type: "uint32" },
    { name: "byServer", type: "bool" },
    { name: "deadline", type: "uint40" },
  ],
  ReleaseEscrow: [
    { name: "client", type: "address" },
    { name: "server", type: "address" },
    { name: "token", type: "address" },
    { name: "epoch", type: "uint32" },
    { name: "amount", type: "uint128" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint40" },
  ],
  SettlerAuthorization: [
    { name: "server", type: "address" },
    { name: "settler", type: "address" },
    { name: "validUntil", type: "uint40" },
    { name: "sequence", type: "uint64" },
    { name: "deadline", type: "uint40" },
  ],
  WithdrawCredit: [
    { name: "account", type: "address" },
    { name: "token", type: "address" },
    { name: "to", type: "address" },
    { name: "amount", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint40" },
  ],
} as const;

/** Name of a message FlashSettlement checks. */
export type FlashPrimaryType = keyof typeof flashTypes;

/** Name of a message that brings tokens. */
export type FundedPrimaryType = "OpenEscrow" | "TopUp";

/** EIP-712 types of Permit2's `PermitWitnessTransferFrom` with an opening or a top-up as witness, signed under Permit2's domain. */
export const permit2Types = {
  OpenEscrow: permit2WitnessTypes("OpenEscrow", flashTypes.OpenEscrow),
  TopUp: permit2WitnessTypes("TopUp", flashTypes.TopUp),
} as const;

/** The message of each name in {@link flashTypes}. */
export interface FlashMessages {
  readonly Payment: Payment;
  readonly Tab: Tab;
  readonly OpenEscrow: OpenEscrow;
  readonly TopUp: TopUp;
  readonly ExtendEscrow: ExtendEscrow;
  readonly CloseEscrow: CloseEscrow;
  readonly ReleaseEscrow: ReleaseEscrow;
  readonly SettlerAuthorization: SettlerAuthorization;
  readonly WithdrawCredit: WithdrawCredit;
}

/** Which contract on which chain a message is for. */
export interface SettlementReference {
  /** Chain of the contract. */
  readonly chainId: number | bigint;
  /** Address of FlashSettlement. */
  readonly settlement: Address;
}

/** EIP-712 domain of one FlashSettlement. */
export interface FlashDomain {
  readonly name: "x402 Flash Settlement";
  readonly version: "1";
  /** A number, because browser wallets compare it with their own chain id as one. */
  readonly chainId: number;
  /** Address of FlashSettlement. */
  readonly verifyingContract: Address;
}

/**
 * Builds the EIP-712 domain of a FlashSettlement.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param reference - Chain id and address of the contract.
 * @returns Domain for viem's `signTypedData` and for the hash functions of this module.
 *
 * @example
 * const domain = flashDomain({ chainId: 8453, settlement: "0x…" });
 */
export function flashDomain({ chainId, settlement }: SettlementReference): FlashDomain {
  return { name: "x402 Flash Settlement", version: "1", chainId: Number(chainId), verifyingContract: settlement };
}
