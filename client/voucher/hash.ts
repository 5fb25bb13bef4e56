import { domainSeparator, type Hex } from "viem";
import { withChecksums } from "../core/checksums.ts";
import { createStructHasher, type MessageHash } from "../core/structHash.ts";
import { voucherTypes, type VoucherDomain, type VoucherMessages, type VoucherPrimaryType } from "./typedData.ts";
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

/** A domain, or its separator when many messages of one domain are hashed. */
export type DomainOrSeparator = VoucherDomain | Hex;

const hasher = /* @__PURE__ */ createStructHasher(voucherTypes);

/**
 * Gives the EIP-712 type hash of a message, as the contract's constants have it.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param primaryType - Name in {@link voucherTypes}.
 * @returns 32-byte hash of the type string.
 *
 * @example
 * const typeHash = voucherTypeHash("Voucher");
 */
export function voucherTypeHash(primaryType: VoucherPrimaryType): Hex {
  return hasher.typeHash(primaryType);
}

/**
 * Computes the EIP-712 domain separator, as `VoucherEscrow.DOMAIN_SEPARATOR` answers it.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param domain - Made by `voucherDomain`.
 * @returns 32 bytes; give it to the hash functions instead of the domain to save its computation.
 *
 * @example
 * const separator = voucherDomainSeparator(voucherDomain({ chainId: 8453, escrow }));
 */
export function voucherDomainSeparator(domain: VoucherDomain): Hex {
  return domainSeparator({ domain: withChecksums(domain) });
}

/**
 * Encodes a message as EIP-712 does, ready to be hashed: type hash and members, one 32-byte word each. For callers with a faster
 * keccak of their own; the digest is the hash of `0x1901`, the domain separator and the hash of this.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol, the type strings
 *
 * @param primaryType - Name of the message.
 * @param message - Its members; amounts in token base units, times in unix seconds.
 * @returns The words.
 * @throws {InvalidMessageError} a member is missing or does not fit its type.
 *
 * @example
 * const structHash = keccak256(encodeMessage("Voucher", voucher));
 */
export function encodeMessage<name extends VoucherPrimaryType>(primaryType: name, message: VoucherMessages[name]): Hex {
  return hasher.encode(primaryType, message as object);
}

/**
 * Hashes any message VoucherEscrow checks.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param primaryType - Name of the message.
 * @param message - Its members; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the escrow, or its separator.
 * @returns Struct hash and digest.
 * @throws {InvalidMessageError} a member is missing or does not fit its type.
 *
 * @example
 * const { digest } = hashMessage("Voucher", voucher, voucherDomain({ chainId: 8453, escrow }));
 */
export function hashMessage<name extends VoucherPrimaryType>(
  primaryType: name,
  message: VoucherMessages[name],
  domain: DomainOrSeparator,
): MessageHash {
  const separator = typeof domain === "string" ? domain : voucherDomainSeparator(domain);
  return hasher.hash(primaryType, message as object, separator);
}

/**
 * Hashes a voucher. See {@link hashMessage}.
 *
 * @param voucher - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the escrow, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashVoucher(voucher, voucherDomain({ chainId: 8453, escrow }));
 */
export function hashVoucher(voucher: Voucher, domain: DomainOrSeparator): MessageHash {
  return hashMessage("Voucher", voucher, domain);
}

/**
 * Hashes a deposit authorization. See {@link hashMessage}.
 *
 * @param authorization - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the escrow, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashDepositAuthorization(authorization, voucherDomain({ chainId: 8453, escrow }));
 */
export function hashDepositAuthorization(authorization: DepositAuthorization, domain: DomainOrSeparator): MessageHash {
  return hashMessage("DepositAuthorization", authorization, domain);
}

/**
 * Hashes a flush authorization. See {@link hashMessage}.
 *
 * @param authorization - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the escrow, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashFlushAuthorization(authorization, voucherDomain({ chainId: 8453, escrow }));
 */
export function hashFlushAuthorization(authorization: FlushAuthorization, domain: DomainOrSeparator): MessageHash {
  return hashMessage("FlushAuthorization", authorization, domain);
}

/**
 * Hashes a flush-all authorization. See {@link hashMessage}.
 *
 * @param authorization - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the escrow, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashFlushAllAuthorization(authorization, voucherDomain({ chainId: 8453, escrow }));
 */
export function hashFlushAllAuthorization(
  authorization: FlushAllAuthorization,
  domain: DomainOrSeparator,
): MessageHash {
  return hashMessage("FlushAllAuthorization", authorization, domain);
}

/**
 * Hashes an allocate authorization. See {@link hashMessage}.
 *
 * @param authorization - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the escrow, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashAllocateAuthorization(authorization, voucherDomain({ chainId: 8453, escrow }));
 */
export function hashAllocateAuthorization(
  authorization: AllocateAuthorization,
  domain: DomainOrSeparator,
): MessageHash {
  return hashMessage("AllocateAuthorization", authorization, domain);
}

/**
 * Hashes an authorization to withdraw free balance. See {@link hashMessage}.
 *
 * @param authorization - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the escrow, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashWithdrawFreeAuthorization(authorization, voucherDomain({ chainId: 8453, escrow }));
 */
export function hashWithdrawFreeAuthorization(
  authorization: WithdrawFreeAuthorization,
  domain: DomainOrSeparator,
): MessageHash {
  return hashMessage("WithdrawFreeAuthorization", authorization, domain);
}

/**
 * Hashes a signer authorization. See {@link hashMessage}.
 *
 * @param authorization - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the escrow, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashSignerAuthorization(authorization, voucherDomain({ chainId: 8453, escrow }));
 */
export function hashSignerAuthorization(authorization: SignerAuthorization, domain: DomainOrSeparator): MessageHash {
  return hashMessage("SignerAuthorization", authorization, domain);
}

/**
 * Hashes a signer revocation. See {@link hashMessage}.
 *
 * @param revocation - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the escrow, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashSignerRevocation(revocation, voucherDomain({ chainId: 8453, escrow }));
 */
export function hashSignerRevocation(revocation: SignerRevocation, domain: DomainOrSeparator): MessageHash {
  return hashMessage("SignerRevocation", revocation, domain);
}

/**
 * Hashes a release authorization. See {@link hashMessage}.
 *
 * @param authorization - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the escrow, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashReleaseAuthorization(authorization, voucherDomain({ chainId: 8453, escrow }));
 */
export function hashReleaseAuthorization(authorization: ReleaseAuthorization, domain: DomainOrSeparator): MessageHash {
  return hashMessage("ReleaseAuthorization", authorization, domain);
}

/**
 * Hashes a payout authorization. See {@link hashMessage}.
 *
 * @param authorization - What is signed; amounts in token base units, times in unix seconds.
 * @param domain - Domain of the escrow, or its separator.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashPayoutAuthorization(authorization, voucherDomain({ chainId: 8453, escrow }));
 */
export function hashPayoutAuthorization(authorization: PayoutAuthorization, domain: DomainOrSeparator): MessageHash {
  return hashMessage("PayoutAuthorization", authorization, domain);
}
