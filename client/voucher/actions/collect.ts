import type { Hash, Hex } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  InvalidAddressError,
  InvalidAmountError,
  InvalidAssetError,
  InvalidChainIdError,
  InvalidEscrowError,
  InvalidSignatureError,
  TransferFailedError,
  VoucherExpiredError,
  WriteErrorType,
} from "../errors.ts";
import type { Voucher } from "../types.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link collect} takes. */
export interface CollectParameters extends EscrowTransactionParameters {
  /** What the buyer signed. */
  readonly voucher: Voucher;
  /** Signature of the buyer or of one of its signers: 65 bytes, 64 bytes (EIP-2098), or bytes for ERC-1271. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type CollectReturnType = Hash;

/** What {@link collect} throws. */
export type CollectErrorType =
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
 * Collects the uncollected part of a voucher for its seller. Calls `VoucherEscrow.collect`.
 *
 * Success is the event `VoucherCollected`, never the receipt's status: with nothing to collect, the call only says so.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link CollectParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
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
 * const hash = await collect(walletClient, { escrow, voucher, signature });
 */
export async function collect(client: WriteClient, parameters: CollectParameters): Promise<CollectReturnType> {
  const { voucher, signature } = parameters;
  return writeVoucherEscrow(client, parameters, "collect", [voucher, signature]);
}
