import type { Hash, Hex } from "viem";
import { type WriteClient } from "../../core/write.ts";
import type {
  AmountTooLargeError,
  AuthorizationExpiredError,
  InvalidAddressError,
  InvalidAmountError,
  InvalidAssetError,
  TransferMismatchError,
  ZeroNonceError,
  WriteErrorType,
} from "../errors.ts";
import type { DepositAuthorization } from "../types.ts";
import { writeVoucherEscrow, type EscrowTransactionParameters } from "../write.ts";

/** What {@link depositWithPermit2} takes. */
export interface DepositWithPermit2Parameters extends EscrowTransactionParameters {
  /** What the tokens are for. */
  readonly authorization: DepositAuthorization;
  /** The buyer's, from `signDepositPermit2`. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type DepositWithPermit2ReturnType = Hash;

/** What {@link depositWithPermit2} throws. */
export type DepositWithPermit2ErrorType =
  | AuthorizationExpiredError
  | ZeroNonceError
  | InvalidAmountError
  | AmountTooLargeError
  | InvalidAddressError
  | InvalidAssetError
  | TransferMismatchError
  | WriteErrorType;

/**
 * Deposits a buyer's tokens by one Permit2 signature. Calls `VoucherEscrow.depositWithPermit2`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link DepositWithPermit2Parameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {AuthorizationExpiredError} the authorization is past its expiry.
 * @throws {ZeroNonceError} the nonce of the authorization is zero.
 * @throws {InvalidAmountError} the amount is zero.
 * @throws {AmountTooLargeError} the amount does not fit into the balance it is added to.
 * @throws {InvalidAddressError} an address is zero, the escrow, or plays two parts.
 * @throws {InvalidAssetError} the asset is zero, the escrow, or has no code.
 * @throws {TransferMismatchError} the asset moved another amount than asked for.
 * @throws {ForeignRevertError} Permit2 or the token refused: approval to Permit2, balance, signature or nonce.
 *
 * @example
 * const hash = await depositWithPermit2(walletClient, { escrow, authorization, signature });
 */
export async function depositWithPermit2(
  client: WriteClient,
  parameters: DepositWithPermit2Parameters,
): Promise<DepositWithPermit2ReturnType> {
  const { authorization, signature } = parameters;
  return writeVoucherEscrow(client, parameters, "depositWithPermit2", [authorization, signature]);
}
