import type { Hash, Hex } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type {
  BadSignatureError,
  BadTermsError,
  ExpiredError,
  NonceUsedError,
  NotCoveredError,
  SafeERC20FailedOperationError,
  WriteErrorType,
} from "../errors.ts";
import type { WithdrawCredit } from "../types.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link withdrawCreditWithAuthorization} takes. */
export interface WithdrawCreditWithAuthorizationParameters extends FlashTransactionParameters {
  /** What the owner of the credit signed. */
  readonly authorization: WithdrawCredit;
  /** The owner's, from `signWithdrawCredit`. */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type WithdrawCreditWithAuthorizationReturnType = Hash;

/** What {@link withdrawCreditWithAuthorization} throws. */
export type WithdrawCreditWithAuthorizationErrorType =
  | ExpiredError
  | BadSignatureError
  | NonceUsedError
  | BadTermsError
  | NotCoveredError
  | SafeERC20FailedOperationError
  | WriteErrorType;

/**
 * Pays out credit of an account by its signature, once. Calls `FlashSettlement.withdrawCreditWithAuthorization`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link WithdrawCreditWithAuthorizationParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {ExpiredError} the deadline has passed.
 * @throws {BadSignatureError} the signature is not the owner's.
 * @throws {NonceUsedError} the nonce was used or cancelled.
 * @throws {BadTermsError} a term of the call cannot be; `term` says which.
 * @throws {NotCoveredError} there is less than what is needed.
 * @throws {SafeERC20FailedOperationError} the token answered that it did not do the transfer.
 * @throws {ForeignRevertError} the token or Permit2 refused: balance, allowance, signature, nonce, or it is paused.
 *
 * @example
 * const hash = await withdrawCreditWithAuthorization(walletClient, { settlement, authorization, signature });
 */
export async function withdrawCreditWithAuthorization(
  client: WriteClient,
  parameters: WithdrawCreditWithAuthorizationParameters,
): Promise<WithdrawCreditWithAuthorizationReturnType> {
  const { authorization, signature } = parameters;
  return writeFlashSettlement(client, parameters, "withdrawCreditWithAuthorization", [authorization, signature]);
}
