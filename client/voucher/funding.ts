import type { Address } from "viem";
import {
  erc2612TypedData,
  hashSignable,
  permit2TypedData,
  receiveTypedData,
  type Permit,
  type SignableTypedData,
  type TokenDomain,
  type TokenPull,
} from "../core/funding.ts";
import type { MessageHash } from "../core/structHash.ts";
import { hashDepositAuthorization } from "./hash.ts";
import { permit2Types, voucherDomain, type EscrowReference } from "./typedData.ts";
import type { DepositAuthorization } from "./types.ts";

/** What a deposit by signature is for, and where. */
export interface DepositReference extends EscrowReference {
  readonly authorization: DepositAuthorization;
}

/** The same, for a token that checks the signature itself. */
export interface TokenDepositReference extends DepositReference {
  /** EIP-712 name and version of the asset. */
  readonly token: TokenDomain;
}

/** Which permit, of whom, at which token. */
export interface PermitReference extends EscrowReference {
  /** Holder of the tokens; signs. */
  readonly buyer: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  readonly permit: Permit;
  /** EIP-712 name and version of the asset. */
  readonly token: TokenDomain;
}

/**
 * Builds what a buyer signs for `depositWithEip3009`: the token's `ReceiveWithAuthorization` whose nonce is the struct hash of the
 * deposit authorization.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param reference - {@link TokenDepositReference}; amounts in token base units.
 * @returns Typed data for viem's `signTypedData`. Its times are exclusive, so `validBefore` is one second after the expiry.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const typedData = depositEip3009TypedData({
 *   ...{ chainId: 8453, escrow, authorization },
 *   token: { name: "USD Coin", version: "2" },
 * });
 */
export function depositEip3009TypedData(reference: TokenDepositReference): SignableTypedData {
  return receiveTypedData(pullOf(reference), reference.token);
}

/**
 * Builds what a buyer signs for `depositWithPermit2`: Permit2's `PermitWitnessTransferFrom` with the deposit authorization as witness
 * and its struct hash as nonce.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param reference - {@link DepositReference}; amounts in token base units.
 * @returns Typed data for viem's `signTypedData`.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const typedData = depositPermit2TypedData({ chainId: 8453, escrow, authorization });
 */
export function depositPermit2TypedData(reference: DepositReference): SignableTypedData {
  return permit2TypedData(pullOf(reference), permit2Types, reference.authorization);
}

/**
 * Builds what a buyer signs to give the escrow an allowance by ERC-2612.
 *
 * - Source: ERC-2612
 *
 * @param reference - {@link PermitReference}; amounts in token base units.
 * @returns Typed data for viem's `signTypedData`.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const typedData = permitTypedData({
 *   ...{ chainId: 8453, escrow, buyer, asset },
 *   permit: { value: 1_000_000n, nonce, deadline },
 *   token: { name: "USD Coin", version: "2" },
 * });
 */
export function permitTypedData({ escrow, buyer, token, ...rest }: PermitReference): SignableTypedData {
  return erc2612TypedData({ ...rest, owner: buyer, spender: escrow }, token);
}

/**
 * Hashes what a buyer signs for `depositWithEip3009`. See {@link depositEip3009TypedData}.
 *
 * @param reference - {@link TokenDepositReference}; amounts in token base units, times in unix seconds.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { structHash } = hashDepositEip3009({
 *   ...{ chainId: 8453, escrow, authorization },
 *   token: { name: "USD Coin", version: "2" },
 * });
 */
export function hashDepositEip3009(reference: TokenDepositReference): MessageHash {
  return hashSignable(depositEip3009TypedData(reference));
}

/**
 * Hashes what a buyer signs for `depositWithPermit2`. See {@link depositPermit2TypedData}.
 *
 * @param reference - {@link DepositReference}; amounts in token base units, times in unix seconds.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashDepositPermit2({ chainId: 8453, escrow, authorization });
 */
export function hashDepositPermit2(reference: DepositReference): MessageHash {
  return hashSignable(depositPermit2TypedData(reference));
}

/**
 * Hashes an ERC-2612 permit of the buyer to the escrow. See {@link permitTypedData}.
 *
 * @param reference - {@link PermitReference}; amounts in token base units, times in unix seconds.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashPermit({ chainId: 8453, escrow, buyer, asset, permit, token });
 */
export function hashPermit(reference: PermitReference): MessageHash {
  return hashSignable(permitTypedData(reference));
}

function pullOf({ chainId, escrow, authorization }: DepositReference): TokenPull {
  const { buyer: owner, asset, amount, expiry: deadline } = authorization;
  const { structHash } = hashDepositAuthorization(authorization, voucherDomain({ chainId, escrow }));
  return { chainId, spender: escrow, owner, asset, amount, deadline, structHash };
}
