import type { Hash, Hex } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type {
  AmountTooLargeError,
  BadSignatureError,
  BadTermsError,
  ExpiredError,
  InsufficientGasError,
  NoEscrowError,
  NotCoveredError,
  WrongEpochError,
  WriteErrorType,
} from "../errors.ts";
import type { Tab } from "../types.ts";
import { writeCollecting, type FlashTransactionParameters } from "../write.ts";

/** What {@link settleTab} takes. */
export interface SettleTabParameters extends FlashTransactionParameters {
  /** What the escrow's signer signed. */
  readonly tab: Tab;
  /** The signer's: 65 bytes or 64 bytes (EIP-2098). */
  readonly signature: Hex;
}

/** Transaction hash; not yet mined. */
export type SettleTabReturnType = Hash;

/** What {@link settleTab} throws. */
export type SettleTabErrorType =
  | BadTermsError
  | ExpiredError
  | NoEscrowError
  | WrongEpochError
  | BadSignatureError
  | AmountTooLargeError
  | NotCoveredError
  | InsufficientGasError
  | WriteErrorType;

/**
 * Settles what a lane owes, as far as wallet and escrow go. Success is the event `PaymentsSettled`, never the receipt's status: with nothing
 * due, nothing happens. Calls `FlashSettlement.settleTab`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link SettleTabParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {BadTermsError} a term of the call cannot be; `term` says which.
 * @throws {ExpiredError} the deadline has passed.
 * @throws {NoEscrowError} there is no open escrow of these parties in this token.
 * @throws {WrongEpochError} the epoch is not the escrow's.
 * @throws {BadSignatureError} the signature is not the owner's.
 * @throws {AmountTooLargeError} the amount does not fit into what it is added to.
 * @throws {NotCoveredError} there is less than what is needed.
 * @throws {InsufficientGasError} the gas given does not cover what the token may need.
 *
 * @example
 * const hash = await settleTab(walletClient, { settlement, tab, signature });
 */
export async function settleTab(client: WriteClient, parameters: SettleTabParameters): Promise<SettleTabReturnType> {
  const { tab, signature } = parameters;
  return writeCollecting(client, parameters, "settleTab", [tab, signature]);
}
