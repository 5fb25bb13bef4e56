import type { Hex } from "viem";
import { withChecksums } from "./checksums.ts";
import { FlushAllTooLongError } from "./errors.ts";
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

/** Whatever signs EIP-712 typed data: a viem account, a viem wallet client with an account, or a signer of the x402 SDK. */
export interface TypedDataSigner {
  signTypedData(typedData: {
    readonly domain: Record<string, unknown>;
    readonly types: Record<string, unknown>;
    readonly primaryType: string;
    readonly message: Record<string, unknown>;
  }): Promise<Hex>;
}

/** A message of the escrow and the escrow it is for. */
export interface SignMessageParameters<name extends VoucherPrimaryType> extends EscrowReference {
  readonly message: VoucherMessages[name];
}

/** What an authorization's owner signs, and for which escrow. */
export interface SignAuthorizationParameters<authorization> extends EscrowReference {
  readonly authorization: authorization;
}

/** What a buyer signs to revoke a signer, and for which escrow. */
export interface SignSignerRevocationParameters extends EscrowReference {
  readonly revocation: SignerRevocation;
}

/** What a buyer signs to flush all of its accounts, and for which escrow. */
export interface SignFlushAllAuthorizationParameters extends EscrowReference {
  readonly authorization: Omit<FlushAllAuthorization, "expiry"> & {
    /** Last second of use, unix seconds, inclusive; ten minutes from `now` when absent. */
    readonly expiry?: bigint;
  };
  /** Most seconds that `expiry` may lie ahead of `now`; an hour when absent. */
  readonly maxValidSeconds?: bigint;
  /** Unix seconds; this machine's time when absent. */
  readonly now?: bigint;
}

/** A flush-all authorization with its expiry, and its signature. */
export interface SignedFlushAllAuthorization {
  readonly authorization: FlushAllAuthorization;
  /** 65 bytes from a key. */
  readonly signature: Hex;
}

const FLUSH_ALL_SECONDS = 600n;
const MAX_FLUSH_ALL_SECONDS = 3_600n;

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
 * Signs what `flushWithAuthorization` takes. See {@link signMessage}.
 *
 * @param signer - {@link TypedDataSigner} of the buyer.
 * @param parameters - The authorization and its escrow; amounts in token base units, times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signFlushAuthorization(account, { authorization, chainId: 8453, escrow });
 */
export async function signFlushAuthorization(
  signer: TypedDataSigner,
  { authorization, chainId, escrow }: SignAuthorizationParameters<FlushAuthorization>,
): Promise<Hex> {
  return signMessage(signer, "FlushAuthorization", { message: authorization, chainId, escrow });
}

/**
 * Signs what `flushAllWithAuthorization` takes.
 *
 * The signature is public after its first use and fits accounts opened later too, so it is given minutes, not days: ten by
 * default, an hour at most unless `maxValidSeconds` says otherwise. {@link signMessage} signs any expiry.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param signer - {@link TypedDataSigner} of the buyer.
 * @param parameters - {@link SignFlushAllAuthorizationParameters}; times in unix seconds.
 * @returns {@link SignedFlushAllAuthorization}: what was signed, with its expiry, and the signature of 65 bytes from a key.
 * @throws {FlushAllTooLongError} the expiry lies too far ahead.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signed = await signFlushAllAuthorization(account, {
 *   chainId: 8453,
 *   escrow,
 *   authorization: { buyer: account.address, nonce: randomNonce() },
 * });
 * const hash = await flushAllWithAuthorization(walletClient, { escrow, accounts: [{ seller, asset }], ...signed });
 */
export async function signFlushAllAuthorization(
  signer: TypedDataSigner,
  parameters: SignFlushAllAuthorizationParameters,
): Promise<SignedFlushAllAuthorization> {
  const { chainId, escrow, maxValidSeconds = MAX_FLUSH_ALL_SECONDS } = parameters;
  const { now = BigInt(Math.floor(Date.now() / 1000)) } = parameters;
  const { expiry = now + FLUSH_ALL_SECONDS } = parameters.authorization;
  if (expiry > now + maxValidSeconds) throw new FlushAllTooLongError(expiry, now + maxValidSeconds);
  const authorization = { ...parameters.authorization, expiry };
  const message = { message: authorization, chainId, escrow };
  return { authorization, signature: await signMessage(signer, "FlushAllAuthorization", message) };
}

/**
 * Signs what `allocateWithAuthorization` takes. See {@link signMessage}.
 *
 * @param signer - {@link TypedDataSigner} of the buyer.
 * @param parameters - The authorization and its escrow; amounts in token base units, times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signAllocateAuthorization(account, { authorization, chainId: 8453, escrow });
 */
export async function signAllocateAuthorization(
  signer: TypedDataSigner,
  { authorization, chainId, escrow }: SignAuthorizationParameters<AllocateAuthorization>,
): Promise<Hex> {
  return signMessage(signer, "AllocateAuthorization", { message: authorization, chainId, escrow });
}

/**
 * Signs what `withdrawFreeWithAuthorization` takes. See {@link signMessage}.
 *
 * @param signer - {@link TypedDataSigner} of the owner of the free balance.
 * @param parameters - The authorization and its escrow; amounts in token base units, times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signWithdrawFreeAuthorization(account, { authorization, chainId: 8453, escrow });
 */
export async function signWithdrawFreeAuthorization(
  signer: TypedDataSigner,
  { authorization, chainId, escrow }: SignAuthorizationParameters<WithdrawFreeAuthorization>,
): Promise<Hex> {
  return signMessage(signer, "WithdrawFreeAuthorization", { message: authorization, chainId, escrow });
}

/**
 * Signs what `authorizeSignerWithAuthorization` takes. See {@link signMessage}.
 *
 * @param signer - {@link TypedDataSigner} of the buyer.
 * @param parameters - The authorization and its escrow; amounts in token base units, times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signSignerAuthorization(account, { authorization, chainId: 8453, escrow });
 */
export async function signSignerAuthorization(
  signer: TypedDataSigner,
  { authorization, chainId, escrow }: SignAuthorizationParameters<SignerAuthorization>,
): Promise<Hex> {
  return signMessage(signer, "SignerAuthorization", { message: authorization, chainId, escrow });
}

/**
 * Signs what `revokeSignerWithAuthorization` takes. It is final. See {@link signMessage}.
 *
 * @param signer - {@link TypedDataSigner} of the buyer.
 * @param parameters - The authorization and its escrow; amounts in token base units, times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signSignerRevocation(account, { revocation, chainId: 8453, escrow });
 */
export async function signSignerRevocation(
  signer: TypedDataSigner,
  { revocation, chainId, escrow }: SignSignerRevocationParameters,
): Promise<Hex> {
  return signMessage(signer, "SignerRevocation", { message: revocation, chainId, escrow });
}

/**
 * Signs what `releaseWithAuthorization` takes. See {@link signMessage}.
 *
 * @param signer - {@link TypedDataSigner} of the seller.
 * @param parameters - The authorization and its escrow; amounts in token base units, times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signReleaseAuthorization(account, { authorization, chainId: 8453, escrow });
 */
export async function signReleaseAuthorization(
  signer: TypedDataSigner,
  { authorization, chainId, escrow }: SignAuthorizationParameters<ReleaseAuthorization>,
): Promise<Hex> {
  return signMessage(signer, "ReleaseAuthorization", { message: authorization, chainId, escrow });
}

/**
 * Signs what `setPayoutWithAuthorization` takes. See {@link signMessage}.
 *
 * @param signer - {@link TypedDataSigner} of the seller.
 * @param parameters - The authorization and its escrow; amounts in token base units, times in unix seconds.
 * @returns Signature of 65 bytes from a key.
 * @throws {InvalidMessageError} a member does not fit its type.
 *
 * @example
 * const signature = await signPayoutAuthorization(account, { authorization, chainId: 8453, escrow });
 */
export async function signPayoutAuthorization(
  signer: TypedDataSigner,
  { authorization, chainId, escrow }: SignAuthorizationParameters<PayoutAuthorization>,
): Promise<Hex> {
  return signMessage(signer, "PayoutAuthorization", { message: authorization, chainId, escrow });
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
