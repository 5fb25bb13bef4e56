import type { Address, Hash } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type {
  BadTermsError,
  InsufficientGasError,
  NoEscrowError,
  NotCoveredError,
  WrongEpochError,
  WriteErrorType,
} from "../errors.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link releaseEscrow} takes. */
export interface ReleaseEscrowParameters extends FlashTransactionParameters {
  /** Payer. */
  readonly client: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** Epoch of the escrow, from `getEscrow`. */
  readonly epoch: bigint;
  /** Token base units. */
  readonly amount: bigint;
}

/** Transaction hash; not yet mined. */
export type ReleaseEscrowReturnType = Hash;

/** What {@link releaseEscrow} throws. */
export type ReleaseEscrowErrorType =
  NoEscrowError | WrongEpochError | BadTermsError | NotCoveredError | InsufficientGasError | WriteErrorType;

/**
 * Gives part of an escrow of the sending server back to the client now. A server that has accepted payments keeps what they need. Calls `FlashSettlement.releaseEscrow`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of the server.
 * @param parameters - {@link ReleaseEscrowParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {NoEscrowError} there is no open escrow of these parties in this token.
 * @throws {WrongEpochError} the epoch is not the escrow's.
 * @throws {BadTermsError} a term of the call cannot be; `term` says which.
 * @throws {NotCoveredError} there is less than what is needed.
 * @throws {InsufficientGasError} the gas given does not cover what the token may need.
 *
 * @example
 * const hash = await releaseEscrow(walletClient, { settlement, client, token, epoch, amount: 1_000_000n });
 */
export async function releaseEscrow(
  client: WriteClient,
  parameters: ReleaseEscrowParameters,
): Promise<ReleaseEscrowReturnType> {
  const { client: payer, token, epoch, amount } = parameters;
  return writeFlashSettlement(client, parameters, "releaseEscrow", [payer, token, epoch, amount]);
}
