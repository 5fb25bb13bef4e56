import type { Address } from "viem";
import { readEscrow, type ReadParameters } from "../read.ts";
import { type ReadClient } from "../../core/readClient.ts";

/** A signer of a buyer. */
export interface SignerState {
  /** Last second at which its vouchers can be collected, unix seconds; zero when it never could sign. */
  readonly validUntil: bigint;
  /** True when it was revoked for good. */
  readonly isRevoked: boolean;
}

/** How a seller is paid. */
export interface PayoutState {
  /** True when earnings are kept as free balance. */
  readonly toFreeBalance: boolean;
  /** Nonce of the next payout authorization. */
  readonly nonce: bigint;
}

/** What {@link getSigner} takes. */
export interface GetSignerParameters extends ReadParameters {
  /** Whose vouchers the key may sign. */
  readonly buyer: Address;
  /** The key. */
  readonly signer: Address;
}

/**
 * Reads a signer of a buyer. Calls `VoucherEscrow.getSigner`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetSignerParameters}.
 * @returns {@link SignerState}.
 *
 * @example
 * const { validUntil, isRevoked } = await getSigner(publicClient, { escrow, buyer, signer });
 */
export async function getSigner(client: ReadClient, parameters: GetSignerParameters): Promise<SignerState> {
  const { buyer, signer } = parameters;
  const [validUntil, revoked] = await readEscrow(client, parameters, "getSigner", [buyer, signer]);
  return { validUntil, isRevoked: revoked };
}

/** What {@link getPayout} takes. */
export interface GetPayoutParameters extends ReadParameters {
  /** Whose earnings it is about. */
  readonly seller: Address;
}

/**
 * Reads how a seller is paid. Calls `VoucherEscrow.getPayout`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - any viem client.
 * @param parameters - {@link GetPayoutParameters}.
 * @returns {@link PayoutState}.
 *
 * @example
 * const { toFreeBalance } = await getPayout(publicClient, { escrow, seller });
 */
export async function getPayout(client: ReadClient, parameters: GetPayoutParameters): Promise<PayoutState> {
  const { seller } = parameters;
  const [toFreeBalance, nonce] = await readEscrow(client, parameters, "getPayout", [seller]);
  return { toFreeBalance, nonce };
}
