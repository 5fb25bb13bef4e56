import { isAddressEqual, type Address, type Hex } from "viem";
import { recoverKey } from "../core/signature.ts";
import {
  hashDepositEip3009,
  hashDepositPermit2,
  hashPermit,
  type DepositReference,
  type PermitReference,
  type TokenDepositReference,
} from "./funding.ts";
import { hashMessage, hashVoucher } from "./hash.ts";
import { voucherDomain, type EscrowReference, type VoucherMessages, type VoucherPrimaryType } from "./typedData.ts";
import type { SignedVoucher, Voucher } from "./types.ts";

/** A signed voucher, and the escrow at which it must be collectable. */
export interface VerifyVoucherParameters extends SignedVoucher, EscrowReference {
  /** Keys the buyer authorized whose end the caller has checked; the buyer itself need not be named. */
  readonly signers?: readonly Address[];
}

/** A signed message of the escrow. */
export interface VerifyMessageParameters<name extends VoucherPrimaryType> extends EscrowReference {
  /** Name of the message. */
  readonly primaryType: name;
  /** What was signed. */
  readonly message: VoucherMessages[name];
  /** 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
  /** Who must have signed. */
  readonly owner: Address;
}

/**
 * Recovers the key that signed a voucher. Makes no request.
 *
 * - Source: contracts/libraries/SignatureVerification.sol
 *
 * @param parameters - Voucher, signature and the escrow at which the voucher must be collectable.
 * @returns Address of the key; `undefined` when no key signed it, or when it names another escrow or chain.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const key = await recoverVoucherKey({ voucher, signature, chainId: 8453, escrow });
 */
export async function recoverVoucherKey(parameters: SignedVoucher & EscrowReference): Promise<Address | undefined> {
  const { voucher, signature, chainId, escrow } = parameters;
  const { digest } = hashVoucher(voucher, voucherDomain({ chainId, escrow }));
  return isFor(voucher, parameters) ? recoverKey(digest, signature) : undefined;
}

/**
 * Says whether a voucher is signed by its buyer's key or by one of the given keys. Makes no request; a contract wallet needs
 * `verifyVoucherOnChain`.
 *
 * - Source: contracts/libraries/SignatureVerification.sol
 *
 * @param parameters - {@link VerifyVoucherParameters}.
 * @returns True when it is, and it names this escrow and chain. Expiry, amounts and parties are the caller's to check.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const isValid = await verifyVoucher({ voucher, signature, chainId: 8453, escrow });
 */
export async function verifyVoucher(parameters: VerifyVoucherParameters): Promise<boolean> {
  const { voucher, signers = [] } = parameters;
  const key = await recoverVoucherKey(parameters);
  return key !== undefined && [voucher.buyer, ...signers].some((signer) => isAddressEqual(signer, key));
}

/**
 * Says whether a message of the escrow is signed by its owner's key. Makes no request.
 *
 * - Source: contracts/libraries/SignatureVerification.sol
 *
 * @param parameters - {@link VerifyMessageParameters}.
 * @returns True when it is. Expiry and nonce are the caller's to check.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const isValid = await verifyMessage({
 *   ...{ primaryType: "ReleaseAuthorization", message, signature, owner: seller },
 *   ...{ chainId: 8453, escrow },
 * });
 */
export async function verifyMessage<name extends VoucherPrimaryType>(
  parameters: VerifyMessageParameters<name>,
): Promise<boolean> {
  const { primaryType, message, signature, owner, chainId, escrow } = parameters;
  const { digest } = hashMessage(primaryType, message, voucherDomain({ chainId, escrow }));
  return isSignedBy(owner, digest, signature);
}

/**
 * Says whether the buyer's key signed what `depositWithEip3009` takes. Makes no request.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param parameters - Deposit and signature; amounts in token base units.
 * @returns True when it did. Balance, expiry and whether the token's nonce is unused are the caller's to check.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const isValid = await verifyDepositEip3009({
 *   ...{ chainId: 8453, escrow, authorization, signature },
 *   token: { name: "USD Coin", version: "2" },
 * });
 */
export async function verifyDepositEip3009(
  parameters: TokenDepositReference & { readonly signature: Hex },
): Promise<boolean> {
  return isSignedBy(parameters.authorization.buyer, hashDepositEip3009(parameters).digest, parameters.signature);
}

/**
 * Says whether the buyer's key signed what `depositWithPermit2` takes. Makes no request.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param parameters - Deposit and signature; amounts in token base units.
 * @returns True when it did. Balance, approval to Permit2, expiry and nonce are the caller's to check.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const isValid = await verifyDepositPermit2({ chainId: 8453, escrow, authorization, signature });
 */
export async function verifyDepositPermit2(
  parameters: DepositReference & { readonly signature: Hex },
): Promise<boolean> {
  return isSignedBy(parameters.authorization.buyer, hashDepositPermit2(parameters).digest, parameters.signature);
}

/**
 * Says whether the buyer's key signed an ERC-2612 permit to the escrow. Makes no request.
 *
 * - Source: ERC-2612
 *
 * @param parameters - Permit and signature; `value` in token base units.
 * @returns True when it did. Deadline and nonce are the caller's to check.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const isValid = await verifyPermit({ chainId: 8453, escrow, buyer, asset, permit, token, signature });
 */
export async function verifyPermit(parameters: PermitReference & { readonly signature: Hex }): Promise<boolean> {
  return isSignedBy(parameters.buyer, hashPermit(parameters).digest, parameters.signature);
}

/** A voucher counts at the escrow and on the chain it names, and nowhere else. */
export function isFor(voucher: Voucher, { chainId, escrow }: EscrowReference): boolean {
  return voucher.chainId === BigInt(chainId) && isAddressEqual(voucher.escrow, escrow);
}

async function isSignedBy(owner: Address, digest: Hex, signature: Hex): Promise<boolean> {
  const key = await recoverKey(digest, signature);
  return key !== undefined && isAddressEqual(owner, key);
}
