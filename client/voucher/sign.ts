import type { TypedDataSigner } from "../core/signer.ts";
import type { Hex } from "viem";
import { withChecksums } from "../core/checksums.ts";
import {
  depositEip3009TypedData,
  depositPermit2TypedData,
  permitTypedData,
  type DepositReference,
  type PermitReference,
  type TokenDepositReference,
} from "./funding.ts";
import { encodeMessage } from "./hash.ts";
import {
  voucherDomain,
  voucherTypes,
  type EscrowReference,
  type VoucherMessages,
  type VoucherPrimaryType,
} from "./typedData.ts";
import type { DepositAuthorization, Voucher } from "./types.ts";

/** A message of the escrow and the escrow it is for. */
export interface SignMessageParameters<name extends VoucherPrimaryType> extends EscrowReference {
  /** What is signed. */
  readonly message: VoucherMessages[name];
}

/** What an authorization's owner signs, and for which escrow. */
export interface SignAuthorizationParameters<authorization> extends EscrowReference {
  /** What is signed. */
  readonly authorization: authorization;
}

/**
 * Signs any message VoucherEscrow checks. The named functions below are the same for one message each.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param signer - {@link TypedDataSigner} of the message's owner.
 * @param primaryType - Name of the message.
 * @param parameters - {@link SignMessageParameters}; amounts in token base units, times in unix seconds.
 * @returns Signature as the signer gives it: 65 bytes from a key.
 * @throws {InvalidMessageError} a member is missing or does not fit its type.
 *
 * @example
 * const signature = await signMessage(account, "Voucher", { message: voucher, chainId: 8453, escrow });
 */
export async function signMessage<name extends VoucherPrimaryType>(
  signer: TypedDataSigner,
  primaryType: name,
  { message, chainId, escrow }: SignMessageParameters<name>,
): Promise<Hex> {
  // Refuses what no contract could check, before a person is asked to sign it.
  encodeMessage(primaryType, message);
  return signer.signTypedData({
    domain: { ...withChecksums(voucherDomain({ chainId, escrow })) },
    types: { [primaryType]: voucherTypes[primaryType] },
    primaryType,
    message: { ...withChecksums<object>(message) },
  });
}

/**
 * Signs a voucher for the escrow and chain it names.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param signer - {@link TypedDataSigner} of the buyer or of a key it authorized.
 * @param voucher - What is promised; `valueAggregate` is cumulative, in token base units.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signVoucher(account, voucher);
 */
export async function signVoucher(signer: TypedDataSigner, voucher: Voucher): Promise<Hex> {
  const { chainId, escrow } = voucher;
  return signMessage(signer, "Voucher", { chainId, escrow, message: voucher });
}

/**
 * Signs what `depositWithAuthorization` takes. The escrow pulls by the buyer's allowance. See {@link signMessage}.
 *
 * @param signer - {@link TypedDataSigner} of the buyer.
 * @param parameters - The authorization and its escrow; amounts in token base units, times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signDepositAuthorization(account, { authorization, chainId: 8453, escrow });
 */
export async function signDepositAuthorization(
  signer: TypedDataSigner,
  { authorization, chainId, escrow }: SignAuthorizationParameters<DepositAuthorization>,
): Promise<Hex> {
  return signMessage(signer, "DepositAuthorization", { message: authorization, chainId, escrow });
}

/**
 * Signs what `depositWithEip3009` takes: the token's `ReceiveWithAuthorization`, which names the account by its nonce.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param signer - {@link TypedDataSigner} of the buyer.
 * @param parameters - {@link TokenDepositReference}; amounts in token base units, times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signDepositEip3009(account, {
 *   chainId: 8453,
 *   escrow,
 *   authorization,
 *   token: { name: "USD Coin", version: "2" },
 * });
 */
export async function signDepositEip3009(signer: TypedDataSigner, parameters: TokenDepositReference): Promise<Hex> {
  return signer.signTypedData(depositEip3009TypedData(parameters));
}

/**
 * Signs what `depositWithPermit2` takes: Permit2's `PermitWitnessTransferFrom` with the deposit authorization as witness.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param signer - {@link TypedDataSigner} of the buyer, whose tokens are approved to Permit2.
 * @param parameters - {@link DepositReference}; amounts in token base units, times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signDepositPermit2(account, { chainId: 8453, escrow, authorization });
 */
export async function signDepositPermit2(signer: TypedDataSigner, parameters: DepositReference): Promise<Hex> {
  return signer.signTypedData(depositPermit2TypedData(parameters));
}

/**
 * Signs an ERC-2612 permit of the buyer to the escrow, for `depositWithPermit`.
 *
 * - Source: ERC-2612
 *
 * @param signer - {@link TypedDataSigner} of the buyer.
 * @param parameters - {@link PermitReference}; `value` in token base units, `deadline` in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const permitSignature = await signPermit(account, {
 *   ...{ chainId: 8453, escrow, buyer, asset },
 *   permit: { value: 1_000_000n, nonce, deadline },
 *   token: { name: "USD Coin", version: "2" },
 * });
 */
export async function signPermit(signer: TypedDataSigner, parameters: PermitReference): Promise<Hex> {
  return signer.signTypedData(permitTypedData(parameters));
}
