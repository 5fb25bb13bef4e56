import type { Address, Hex } from "viem";
import { smallest } from "../core/amounts.ts";
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
import { hashMessage } from "./hash.ts";
import {
  flashDomain,
  permit2Types,
  type FlashMessages,
  type FundedPrimaryType,
  type SettlementReference,
} from "./typedData.ts";
import { FUNDING_METHODS, MAX_AMOUNT, type Funding } from "./types.ts";

/** An opening or a top-up, and where it counts. */
export interface FundingReference<name extends FundedPrimaryType = FundedPrimaryType> extends SettlementReference {
  /** Name of the message. */
  readonly primaryType: name;
  /** What the tokens are for; its struct hash is the nonce of the funding. */
  readonly message: FlashMessages[name];
}

/** The same, for a token that checks the signature itself. */
export interface TokenFundingReference<
  name extends FundedPrimaryType = FundedPrimaryType,
> extends FundingReference<name> {
  /** EIP-712 name and version of the token. */
  readonly tokenDomain: TokenDomain;
}

/** Which permit, of whom, at which token. */
export interface PermitReference extends SettlementReference {
  /** Holder of the tokens; signs. */
  readonly client: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  readonly permit: Permit;
  /** EIP-712 name and version of the token. */
  readonly tokenDomain: TokenDomain;
}

/** How large a working allowance to propose. */
export interface ProposeAllowanceParameters {
  /** What the escrow locks, token base units. */
  readonly amount: bigint;
  /** How many times that payments may pull from the wallet before the client approves again; ten when absent. */
  readonly multiple?: bigint;
}

const DEFAULT_MULTIPLE = 10n;

/**
 * Proposes the allowance that a client gives FlashSettlement: what the opening pulls, and a multiple of it for payments. Never unlimited: a
 * stolen signer can spend no more than the allowance and the escrow, and only toward their server.
 *
 * - Source: ERC-20
 *
 * @param parameters - {@link ProposeAllowanceParameters}; token base units.
 * @returns Allowance, token base units; `2^96 - 1` at most.
 *
 * @example
 * const value = proposeAllowance({ amount: terms.amount });
 */
export function proposeAllowance({ amount, multiple = DEFAULT_MULTIPLE }: ProposeAllowanceParameters): bigint {
  return smallest(amount * (1n + multiple), MAX_AMOUNT);
}

/**
 * Builds what a client signs to fund by ERC-3009: the token's `ReceiveWithAuthorization` whose nonce is the struct hash of the message.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param reference - {@link TokenFundingReference}; amounts in token base units.
 * @returns Typed data for viem's `signTypedData`. Its times are exclusive, so `validBefore` is one second after the deadline.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const reference = { primaryType: "OpenEscrow", message: terms, chainId: 8453, settlement } as const;
 * const typedData = fundingEip3009TypedData({ ...reference, tokenDomain: { name: "USD Coin", version: "2" } });
 */
export function fundingEip3009TypedData(reference: TokenFundingReference): SignableTypedData {
  return receiveTypedData(pullOf(reference), reference.tokenDomain);
}

/**
 * Builds what a client signs to fund by Permit2: `PermitWitnessTransferFrom` with the message as witness and its struct hash as nonce.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param reference - {@link FundingReference}; amounts in token base units.
 * @returns Typed data for viem's `signTypedData`.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const typedData = fundingPermit2TypedData({ primaryType: "OpenEscrow", message: terms, chainId: 8453, settlement });
 */
export function fundingPermit2TypedData(reference: FundingReference): SignableTypedData {
  return permit2TypedData(pullOf(reference), permit2Types[reference.primaryType], reference.message);
}

/**
 * Builds what a client signs to give FlashSettlement an allowance by ERC-2612.
 *
 * - Source: ERC-2612
 *
 * @param reference - {@link PermitReference}; amounts in token base units.
 * @returns Typed data for viem's `signTypedData`.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const typedData = permitTypedData({ chainId: 8453, settlement, client, token, permit, tokenDomain });
 */
export function permitTypedData({ chainId, settlement, client, token, permit, tokenDomain }: PermitReference) {
  return erc2612TypedData({ chainId, owner: client, spender: settlement, asset: token, permit }, tokenDomain);
}

/**
 * Hashes what a client signs to fund by ERC-3009. See {@link fundingEip3009TypedData}.
 *
 * @param reference - {@link TokenFundingReference}; amounts in token base units.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashFundingEip3009({ ...reference, tokenDomain: { name: "USD Coin", version: "2" } });
 */
export function hashFundingEip3009(reference: TokenFundingReference): MessageHash {
  return hashSignable(fundingEip3009TypedData(reference));
}

/**
 * Hashes what a client signs to fund by Permit2. See {@link fundingPermit2TypedData}.
 *
 * @param reference - {@link FundingReference}; amounts in token base units.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashFundingPermit2({ primaryType: "OpenEscrow", message: terms, chainId: 8453, settlement });
 */
export function hashFundingPermit2(reference: FundingReference): MessageHash {
  return hashSignable(fundingPermit2TypedData(reference));
}

/**
 * Hashes an ERC-2612 permit of the client to FlashSettlement. See {@link permitTypedData}.
 *
 * @param reference - {@link PermitReference}; amounts in token base units.
 * @returns Struct hash and digest, 32 bytes each.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const { digest } = hashPermit({ chainId: 8453, settlement, client, token, permit, tokenDomain });
 */
export function hashPermit(reference: PermitReference): MessageHash {
  return hashSignable(permitTypedData(reference));
}

/** A {@link Funding} as the contract takes it. */
export function toFundingArgument({ method, signature }: Funding): {
  readonly method: number;
  readonly signature: Hex;
} {
  return { method: FUNDING_METHODS.indexOf(method), signature };
}

function pullOf({ primaryType, message, chainId, settlement }: FundingReference): TokenPull {
  const { client: owner, token: asset, amount, deadline } = message;
  const { structHash } = hashMessage(primaryType, message, flashDomain({ chainId, settlement }));
  return { chainId, spender: settlement, owner, asset, amount, deadline, structHash };
}
