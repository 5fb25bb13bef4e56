import type { Hash } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type {
  AmountTooLargeError,
  BadTermsError,
  ClosedError,
  ExpiredError,
  NoEscrowError,
  TransferMismatchError,
  WrongEpochError,
  WriteErrorType,
} from "../errors.ts";
import { toFundingArgument } from "../funding.ts";
import type { Funding, TopUp } from "../types.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link topUpWithAuthorization} takes. */
export interface TopUpWithAuthorizationParameters extends FlashTransactionParameters {
  /** What the client signed. */
  readonly authorization: TopUp;
  /** By ERC-3009 or Permit2, from `signTopUp`; an allowance alone would let anyone pull again. */
  readonly funding: Funding;
}

/** Transaction hash; not yet mined. */
export type TopUpWithAuthorizationReturnType = Hash;

/** What {@link topUpWithAuthorization} throws. */
export type TopUpWithAuthorizationErrorType =
  | ExpiredError
  | NoEscrowError
  | WrongEpochError
  | ClosedError
  | BadTermsError
  | AmountTooLargeError
  | TransferMismatchError
  | WriteErrorType;

/**
 * Locks more of a client's tokens in its open escrow, by one signature for ERC-3009 or Permit2. Calls `FlashSettlement.topUpWithAuthorization`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link TopUpWithAuthorizationParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {ExpiredError} the deadline has passed.
 * @throws {NoEscrowError} there is no open escrow of these parties in this token.
 * @throws {WrongEpochError} the epoch is not the escrow's.
 * @throws {ClosedError} a side closed the escrow.
 * @throws {BadTermsError} a term of the call cannot be; `term` says which.
 * @throws {AmountTooLargeError} the amount does not fit into what it is added to.
 * @throws {TransferMismatchError} the token moved another amount than asked for.
 * @throws {ForeignRevertError} the token or Permit2 refused: balance, allowance, signature, nonce, or it is paused.
 *
 * @example
 * const hash = await topUpWithAuthorization(walletClient, { settlement, ...signed });
 */
export async function topUpWithAuthorization(
  client: WriteClient,
  parameters: TopUpWithAuthorizationParameters,
): Promise<TopUpWithAuthorizationReturnType> {
  const { authorization, funding } = parameters;
  return writeFlashSettlement(client, parameters, "topUpWithAuthorization", [
    authorization,
    toFundingArgument(funding),
  ]);
}
