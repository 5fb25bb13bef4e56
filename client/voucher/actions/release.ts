import type { Address, Hash, Hex } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  InsufficientBalanceError,
  InvalidAmountError,
  NotCollectedYetError,
  TransferFailedError,
  WriteErrorType,
} from "../errors.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link release} takes. */
export interface ReleaseParameters extends EscrowTransactionParameters {
  /** Buyer of the account. */
  readonly buyer: Address;
  /** ERC-20 contract. */
  readonly asset: Address;
  /** Lane whose collected total is the condition, 32 bytes; zero is the default lane. */
  readonly id: Hex;
  /** Least collected total of the lane, token base units. */
  readonly collectedAtLeast: bigint;
  /** Token base units. */
  readonly amount: bigint;
}

/** Transaction hash; not yet mined. */
export type ReleaseReturnType = Hash;

/** What {@link release} throws. */
export type ReleaseErrorType =
  InvalidAmountError | InsufficientBalanceError | NotCollectedYetError | TransferFailedError | WriteErrorType;

/**
 * Returns tokens from an account of the sending seller to the buyer's wallet, at once. Calls `VoucherEscrow.release`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of the seller.
 * @param parameters - {@link ReleaseParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {InvalidAmountError} the amount is zero.
 * @throws {InsufficientBalanceError} there is less than was asked for.
 * @throws {NotCollectedYetError} the lane has not paid as much as the release demands.
 * @throws {TransferFailedError} the asset refused the payment.
 *
 * @example
 * const hash = await release(walletClient, { escrow, buyer, asset, id, collectedAtLeast: 500_000n, amount: 1_000_000n });
 */
export async function release(client: WriteClient, parameters: ReleaseParameters): Promise<ReleaseReturnType> {
  const { buyer, asset, id, collectedAtLeast, amount } = parameters;
  return writeVoucherEscrow(client, parameters, "release", [buyer, asset, id, collectedAtLeast, amount]);
}
