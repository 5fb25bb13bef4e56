import { hashStruct, hashTypedData, type Address, type Hex } from "viem";
import { withChecksums } from "./checksums.ts";
import { hashDepositAuthorization, type MessageHash } from "./hash.ts";
import {
  PERMIT2_ADDRESS,
  eip2612Types,
  eip3009Types,
  permit2Types,
  voucherDomain,
  type EscrowReference,
  type TokenDomain,
} from "./typedData.ts";
import type { DepositAuthorization } from "./types.ts";
import { encodeWord } from "./word.ts";

/** What a deposit by signature is for, and where. */
export interface DepositReference extends EscrowReference {
  readonly authorization: DepositAuthorization;
}

/** The same, for a token that checks the signature itself. */
export interface TokenDepositReference extends DepositReference {
  /** EIP-712 name and version of the asset. */
  readonly token: TokenDomain;
}

/** An ERC-2612 permit of the buyer to the escrow. */
export interface Permit {
  /** Allowance to set, token base units. */
  readonly value: bigint;
  /** The buyer's nonce at the token. */
  readonly nonce: bigint;
  /** Last second, unix seconds, inclusive. */
  readonly deadline: bigint;
}

/** Which permit, of whom, at which token. */
export interface PermitReference extends EscrowReference {
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
export function depositEip3009TypedData({ chainId, escrow, authorization, token }: TokenDepositReference) {
  const { structHash } = hashDepositAuthorization(authorization, voucherDomain({ chainId, escrow }));
  return withChecksums({
    domain: { ...token, chainId: Number(chainId), verifyingContract: authorization.asset },
    types: eip3009Types,
    primaryType: "ReceiveWithAuthorization",
    message: {
      from: authorization.buyer,
      to: escrow,
      value: authorization.amount,
      validAfter: 0n,
      validBefore: authorization.expiry + 1n,
      nonce: structHash,
    },
  } as const);
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
export function depositPermit2TypedData({ chainId, escrow, authorization }: DepositReference) {
  const { structHash } = hashDepositAuthorization(authorization, voucherDomain({ chainId, escrow }));
  return withChecksums({
    domain: { name: "Permit2", chainId: Number(chainId), verifyingContract: PERMIT2_ADDRESS },
    types: permit2Types,
    primaryType: "PermitWitnessTransferFrom",
    message: {
      permitted: { token: authorization.asset, amount: authorization.amount },
      spender: escrow,
      nonce: BigInt(structHash),
      deadline: authorization.expiry,
      witness: authorization,
    },
  } as const);
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
export function permitTypedData({ chainId, escrow, buyer, asset, permit, token }: PermitReference) {
  const { value, nonce, deadline } = permit;
  const message = { owner: buyer, spender: escrow, value, nonce, deadline };
  for (const member of eip2612Types.Permit) encodeWord("Permit", member, message[member.name]);
  return withChecksums({
    domain: { ...token, chainId: Number(chainId), verifyingContract: asset },
    types: eip2612Types,
    primaryType: "Permit",
    message,
  } as const);
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
  const typedData = depositEip3009TypedData(reference);
  return hashes(hashStruct({ ...typedData, data: typedData.message }), hashTypedData(typedData));
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
  const typedData = depositPermit2TypedData(reference);
  // viem wants the message as a record; an interface is none to the compiler.
  const data = { ...typedData.message, witness: { ...typedData.message.witness } };
  return hashes(hashStruct({ ...typedData, data }), hashTypedData(typedData));
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
  const typedData = permitTypedData(reference);
  return hashes(hashStruct({ ...typedData, data: typedData.message }), hashTypedData(typedData));
}

function hashes(structHash: Hex, digest: Hex): MessageHash {
  return { structHash, digest };
}
