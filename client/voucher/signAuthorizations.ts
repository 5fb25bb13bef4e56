import type { Hex } from "viem";
import { FlushAllTooLongError } from "./errors.ts";
import { signMessage, type SignAuthorizationParameters } from "./sign.ts";
import { type TypedDataSigner } from "../core/signer.ts";
import type { EscrowReference } from "./typedData.ts";
import type {
  AllocateAuthorization,
  FlushAllAuthorization,
  FlushAuthorization,
  PayoutAuthorization,
  ReleaseAuthorization,
  SignerAuthorization,
  SignerRevocation,
  WithdrawFreeAuthorization,
} from "./types.ts";

/** What a buyer signs to revoke a signer, and for which escrow. */
export interface SignSignerRevocationParameters extends EscrowReference {
  readonly revocation: SignerRevocation;
}

/** What a buyer signs to flush all of its accounts, and for which escrow. */
export interface SignFlushAllAuthorizationParameters extends EscrowReference {
  /** What is signed; without an expiry, ten minutes from now. */
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
