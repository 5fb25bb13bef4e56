import type { Address } from "viem";
import { permit2WitnessTypes } from "../core/funding.ts";
import type {
  AllocateAuthorization,
  DepositAuthorization,
  FlushAllAuthorization,
  FlushAuthorization,
  PayoutAuthorization,
  ReleaseAuthorization,
  SignerAuthorization,
  SignerRevocation,
  Voucher,
  WithdrawFreeAuthorization,
} from "./types.ts";

/**
 * EIP-712 types of every message VoucherEscrow checks.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 * - Members stand in the order in which they are hashed.
 */
export const voucherTypes = {
  Voucher: [
    { name: "id", type: "bytes32" },
    { name: "buyer", type: "address" },
    { name: "seller", type: "address" },
    { name: "valueAggregate", type: "uint256" },
    { name: "asset", type: "address" },
    { name: "timestamp", type: "uint64" },
    { name: "nonce", type: "uint256" },
    { name: "escrow", type: "address" },
    { name: "chainId", type: "uint256" },
    { name: "expiry", type: "uint64" },
  ],
  DepositAuthorization: [
    { name: "buyer", type: "address" },
    { name: "seller", type: "address" },
    { name: "asset", type: "address" },
    { name: "amount", type: "uint256" },
    { name: "nonce", type: "bytes32" },
    { name: "expiry", type: "uint64" },
  ],
  FlushAuthorization: [
    { name: "buyer", type: "address" },
    { name: "seller", type: "address" },
    { name: "asset", type: "address" },
    { name: "nonce", type: "bytes32" },
    { name: "expiry", type: "uint64" },
  ],
  FlushAllAuthorization: [
    { name: "buyer", type: "address" },
    { name: "nonce", type: "bytes32" },
    { name: "expiry", type: "uint64" },
  ],
  AllocateAuthorization: [
    { name: "buyer", type: "address" },
    { name: "seller", type: "address" },
    { name: "asset", type: "address" },
    { name: "amount", type: "uint256" },
    { name: "nonce", type: "uint64" },
    { name: "expiry", type: "uint64" },
  ],
  WithdrawFreeAuthorization: [
    { name: "buyer", type: "address" },
    { name: "asset", type: "address" },
    { name: "amount", type: "uint256" },
    { name: "nonce", type: "uint64" },
    { name: "expiry", type: "uint64" },
  ],
  SignerAuthorization: [
    { name: "buyer", type: "address" },
    { name: "signer", type: "address" },
    { name: "validUntil", type: "uint64" },
    { name: "expiry", type: "uint64" },
  ],
  SignerRevocation: [
    { name: "buyer", type: "address" },
    { name: "signer", type: "address" },
    { name: "expiry", type: "uint64" },
  ],
  ReleaseAuthorization: [
    { name: "buyer", type: "address" },
    { name: "seller", type: "address" },
    { name: "asset", type: "address" },
    { name: "id", type: "bytes32" },
    { name: "collectedAtLeast", type: "uint256" },
    { name: "amount", type: "uint256" },
    { name: "nonce", type: "bytes32" },
    { name: "expiry", type: "uint64" },
  ],
  PayoutAuthorization: [
    { name: "seller", type: "address" },
    { name: "toFreeBalance", type: "bool" },
    { name: "nonce", type: "uint96" },
    { name: "expiry", type: "uint64" },
  ],
} as const;

/** Name of a message VoucherEscrow checks. */
export type VoucherPrimaryType = keyof typeof voucherTypes;

/** The message of each name in {@link voucherTypes}. */
export interface VoucherMessages {
  readonly Voucher: Voucher;
  readonly DepositAuthorization: DepositAuthorization;
  readonly FlushAuthorization: FlushAuthorization;
  readonly FlushAllAuthorization: FlushAllAuthorization;
  readonly AllocateAuthorization: AllocateAuthorization;
  readonly WithdrawFreeAuthorization: WithdrawFreeAuthorization;
  readonly SignerAuthorization: SignerAuthorization;
  readonly SignerRevocation: SignerRevocation;
  readonly ReleaseAuthorization: ReleaseAuthorization;
  readonly PayoutAuthorization: PayoutAuthorization;
}

/** EIP-712 type of Permit2's `PermitWitnessTransferFrom` with a deposit authorization as witness, signed under Permit2's domain. */
export const permit2Types = permit2WitnessTypes("DepositAuthorization", voucherTypes.DepositAuthorization);

/** Which escrow on which chain a message is for. */
export interface EscrowReference {
  /** Chain of the escrow. */
  readonly chainId: number | bigint;
  /** Address of VoucherEscrow. */
  readonly escrow: Address;
}

/** EIP-712 domain of one escrow. */
export interface VoucherDomain {
  readonly name: "DeferredPaymentEscrow";
  readonly version: "1";
  /** A number, because browser wallets compare it with their own chain id as one. */
  readonly chainId: number;
  /** Address of VoucherEscrow. */
  readonly verifyingContract: Address;
}

/**
 * Builds the EIP-712 domain of an escrow.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param reference - Chain id and address of the escrow.
 * @returns Domain for viem's `signTypedData` and for the hash functions of this module.
 *
 * @example
 * const domain = voucherDomain({ chainId: 8453, escrow: "0x…" });
 */
export function voucherDomain({ chainId, escrow }: EscrowReference): VoucherDomain {
  return { name: "DeferredPaymentEscrow", version: "1", chainId: Number(chainId), verifyingContract: escrow };
}
