import type { Address, Hash } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type {
  BadTermsError,
  InsufficientGasError,
  NoEscrowError,
  StillLockedError,
  WriteErrorType,
} from "../errors.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link withdrawEscrow} takes. */
export interface WithdrawEscrowParameters extends FlashTransactionParameters {
  /** Receiver of the payments. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** Receiver of the tokens. */
  readonly to: Address;
}

/** Transaction hash; not yet mined. */
export type WithdrawEscrowReturnType = Hash;

/** What {@link withdrawEscrow} throws. */
export type WithdrawEscrowErrorType =
  BadTermsError | NoEscrowError | StillLockedError | InsufficientGasError | WriteErrorType;

/**
 * Takes the rest of the sender's escrow, once the lock has ended. Where the token refuses `to`, the client is credited. Calls `FlashSettlement.withdrawEscrow`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of the client.
 * @param parameters - {@link WithdrawEscrowParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {BadTermsError} a term of the call cannot be; `term` says which.
 * @throws {NoEscrowError} there is no open escrow of these parties in this token.
 * @throws {StillLockedError} the lock has not ended.
 * @throws {InsufficientGasError} the gas given does not cover what the token may need.
 *
 * @example
 * const hash = await withdrawEscrow(walletClient, { settlement, server, token, to });
 */
export async function withdrawEscrow(
  client: WriteClient,
  parameters: WithdrawEscrowParameters,
): Promise<WithdrawEscrowReturnType> {
  const { server, token, to } = parameters;
  return writeFlashSettlement(client, parameters, "withdrawEscrow", [server, token, to]);
}
