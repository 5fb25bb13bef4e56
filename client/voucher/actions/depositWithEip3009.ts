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

/** What {@link depositWithEip3009} takes. */
export interface DepositWithEip3009Parameters extends EscrowTransactionParameters {
  /** What the tokens are for. */
  readonly authorization: DepositAuthorization;
  /** The buyer's, from `signDepositEip3009`. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type DepositWithEip3009ReturnType = Hash;

/** What {@link depositWithEip3009} throws. */
export type DepositWithEip3009ErrorType =
  | AuthorizationExpiredError
  | ZeroNonceError
  | InvalidAmountError
  | AmountTooLargeError
  | InvalidAddressError
  | InvalidAssetError
  | TransferMismatchError
  | WriteErrorType;

/**
 * Deposits a buyer's tokens by one ERC-3009 signature. Calls `VoucherEscrow.depositWithEip3009`.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link DepositWithEip3009Parameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {AuthorizationExpiredError} the authorization is past its expiry.
 * @throws {ZeroNonceError} the nonce of the authorization is zero.
 * @throws {InvalidAmountError} the amount is zero.
 * @throws {AmountTooLargeError} the amount does not fit into the balance it is added to.
 * @throws {InvalidAddressError} an address is zero, the escrow, or plays two parts.
 * @throws {InvalidAssetError} the asset is zero, the escrow, or has no code.
 * @throws {TransferMismatchError} the asset moved another amount than asked for.
 * @throws {ForeignRevertError} the token refused: balance, signature, nonce, or it is paused.
 *
 * @example
 * const hash = await depositWithEip3009(walletClient, { escrow, authorization, signature });
 */
export async function depositWithEip3009(
  client: WriteClient,
  parameters: DepositWithEip3009Parameters,
): Promise<DepositWithEip3009ReturnType> {
  const { authorization, signature } = parameters;
  return writeVoucherEscrow(client, parameters, "depositWithEip3009", [authorization, signature]);
}
