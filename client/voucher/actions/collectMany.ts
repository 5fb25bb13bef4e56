import type { Hash } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  InvalidAddressError,
  InvalidAmountError,
  InvalidAssetError,
  InvalidChainIdError,
  InvalidEscrowError,
  InvalidSignatureError,
  NoVouchersProvidedError,
  TransferFailedError,
  VoucherExpiredError,
  WriteErrorType,
} from "../errors.ts";
import type { SignedVoucher } from "../types.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link collectMany} takes. */
export interface CollectManyParameters extends EscrowTransactionParameters {
  /** Vouchers with their signatures. */
  readonly vouchers: readonly SignedVoucher[];
}

/** Transaction hash; not yet mined. */
export type CollectManyReturnType = Hash;

/** What {@link collectMany} throws. */
export type CollectManyErrorType =
  | NoVouchersProvidedError
  | InvalidAddressError
  | InvalidAssetError
  | InvalidEscrowError
  | InvalidChainIdError
  | InvalidAmountError
  | VoucherExpiredError
  | InvalidSignatureError
  | TransferFailedError
  | WriteErrorType;

/**
 * Collects vouchers one by one, all or nothing. Calls `VoucherEscrow.collectMany`.
 *
 * Success is the event `VoucherCollected`, never the receipt's status.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link CollectManyParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {NoVouchersProvidedError} there are no vouchers.
 * @throws {InvalidAddressError} an address is zero, the escrow, or plays two parts.
 * @throws {InvalidAssetError} the asset is zero, the escrow, or has no code.
 * @throws {InvalidEscrowError} a voucher is for another escrow.
 * @throws {InvalidChainIdError} a voucher is for another chain.
 * @throws {InvalidAmountError} the amount is zero.
 * @throws {VoucherExpiredError} a voucher is past its expiry.
 * @throws {InvalidSignatureError} a voucher is signed neither by its buyer nor by a valid signer.
 * @throws {TransferFailedError} the asset refused the payment.
 *
 * @example
 * const hash = await collectMany(walletClient, { escrow, vouchers: [{ voucher, signature }] });
 */
export async function collectMany(
  client: WriteClient,
  parameters: CollectManyParameters,
): Promise<CollectManyReturnType> {
  const { vouchers } = parameters;
  return writeVoucherEscrow(client, parameters, "collectMany", [vouchers]);
}
