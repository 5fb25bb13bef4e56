import type { Address, Hash } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type { BadTermsError, NotCoveredError, SafeERC20FailedOperationError, WriteErrorType } from "../errors.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link withdrawCredit} takes. */
export interface WithdrawCreditParameters extends FlashTransactionParameters {
  /** ERC-20 contract. */
  readonly token: Address;
  /** Receiver of the tokens. */
  readonly to: Address;
  /** Token base units. */
  readonly amount: bigint;
}

/** Transaction hash; not yet mined. */
export type WithdrawCreditReturnType = Hash;

/** What {@link withdrawCredit} throws. */
export type WithdrawCreditErrorType = BadTermsError | NotCoveredError | SafeERC20FailedOperationError | WriteErrorType;

/**
 * Pays out credit of the sender: income that came from escrows, and what a token refused to pay. Calls `FlashSettlement.withdrawCredit`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of the owner of the credit.
 * @param parameters - {@link WithdrawCreditParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {BadTermsError} a term of the call cannot be; `term` says which.
 * @throws {NotCoveredError} there is less than what is needed.
 * @throws {SafeERC20FailedOperationError} the token answered that it did not do the transfer.
 * @throws {ForeignRevertError} the token or Permit2 refused: balance, allowance, signature, nonce, or it is paused.
 *
 * @example
 * const hash = await withdrawCredit(walletClient, { settlement, token, to, amount });
 */
export async function withdrawCredit(
  client: WriteClient,
  parameters: WithdrawCreditParameters,
): Promise<WithdrawCreditReturnType> {
  const { token, to, amount } = parameters;
  return writeFlashSettlement(client, parameters, "withdrawCredit", [token, to, amount]);
}
