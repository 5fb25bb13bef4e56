import type { Hash, Hex } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type {
  AmountTooLargeError,
  BadSignatureError,
  BadTermsError,
  EscrowExistsError,
  ExpiredError,
  SafeERC20FailedOperationError,
  TransferMismatchError,
  WrongEpochError,
  WriteErrorType,
} from "../errors.ts";
import { toFundingArgument } from "../funding.ts";
import type { Funding, OpenEscrow } from "../types.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link openEscrowWithTerms} takes. */
export interface OpenEscrowWithTermsParameters extends FlashTransactionParameters {
  /** The terms, in the epoch that `getEscrow` gives. */
  readonly terms: OpenEscrow;
  /** The client's over the terms, from `signOpenEscrow`; `0x` when the client itself sends or the funding has a signature. */
  readonly signature: Hex;
  /** Where the tokens come from, from `signOpenEscrow`. */
  readonly funding: Funding;
}

/** Transaction hash; not yet mined. */
export type OpenEscrowWithTermsReturnType = Hash;

/** What {@link openEscrowWithTerms} throws. */
export type OpenEscrowWithTermsErrorType =
  | ExpiredError
  | BadSignatureError
  | WrongEpochError
  | BadTermsError
  | AmountTooLargeError
  | EscrowExistsError
  | SafeERC20FailedOperationError
  | TransferMismatchError
  | WriteErrorType;

/**
 * Opens an escrow on a client's terms, funded by its allowance, by ERC-3009 or by Permit2; one signature does it. Calls `FlashSettlement.openEscrowWithTerms`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of the client, or any relayer; it pays gas only.
 * @param parameters - {@link OpenEscrowWithTermsParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {ExpiredError} the deadline has passed.
 * @throws {BadSignatureError} the signature is not the owner's.
 * @throws {WrongEpochError} the epoch is not the escrow's.
 * @throws {BadTermsError} a term of the call cannot be; `term` says which.
 * @throws {AmountTooLargeError} the amount does not fit into what it is added to.
 * @throws {EscrowExistsError} the escrow is open.
 * @throws {SafeERC20FailedOperationError} the token answered that it did not do the transfer.
 * @throws {TransferMismatchError} the token moved another amount than asked for.
 * @throws {ForeignRevertError} the token or Permit2 refused: balance, allowance, signature, nonce, or it is paused.
 *
 * @example
 * const hash = await openEscrowWithTerms(walletClient, { settlement, ...opening });
 */
export async function openEscrowWithTerms(
  client: WriteClient,
  parameters: OpenEscrowWithTermsParameters,
): Promise<OpenEscrowWithTermsReturnType> {
  const { terms, signature, funding } = parameters;
  return writeFlashSettlement(client, parameters, "openEscrowWithTerms", [
    terms,
    signature,
    toFundingArgument(funding),
  ]);
}
