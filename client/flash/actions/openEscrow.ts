import type { Address, Hash } from "viem";
import type { WriteClient } from "../../core/write.ts";
import type {
  AmountTooLargeError,
  BadTermsError,
  EscrowExistsError,
  SafeERC20FailedOperationError,
  TransferMismatchError,
  WriteErrorType,
} from "../errors.ts";
import { writeFlashSettlement, type FlashTransactionParameters } from "../write.ts";

/** What {@link openEscrow} takes. */
export interface OpenEscrowParameters extends FlashTransactionParameters {
  /** Receiver of the payments. */
  readonly server: Address;
  /** ERC-20 contract. */
  readonly token: Address;
  /** What to lock, token base units. */
  readonly amount: bigint;
  /** Seconds until the client can withdraw, 60 at least; zero for no end but a close. */
  readonly ttlSeconds: bigint;
}

/** Transaction hash; not yet mined. */
export type OpenEscrowReturnType = Hash;

/** What {@link openEscrow} throws. */
export type OpenEscrowErrorType =
  | BadTermsError
  | AmountTooLargeError
  | EscrowExistsError
  | SafeERC20FailedOperationError
  | TransferMismatchError
  | WriteErrorType;

/**
 * Opens an escrow of the sender by its allowance; the sender signs the payments too, and closing gives `ttlSeconds` of notice, 30 days
 * at most. The allowance to approve before is what `proposeAllowance` gives. Calls `FlashSettlement.openEscrow`.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of the client.
 * @param parameters - {@link OpenEscrowParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {BadTermsError} a term of the call cannot be; `term` says which.
 * @throws {AmountTooLargeError} the amount does not fit into what it is added to.
 * @throws {EscrowExistsError} the escrow is open.
 * @throws {SafeERC20FailedOperationError} the token answered that it did not do the transfer.
 * @throws {TransferMismatchError} the token moved another amount than asked for.
 * @throws {ForeignRevertError} the token or Permit2 refused: balance, allowance, signature, nonce, or it is paused.
 *
 * @example
 * const hash = await openEscrow(walletClient, { settlement, server, token, amount: 5_000_000n, ttlSeconds: 86_400n });
 */
export async function openEscrow(client: WriteClient, parameters: OpenEscrowParameters): Promise<OpenEscrowReturnType> {
  const { server, token, amount, ttlSeconds } = parameters;
  return writeFlashSettlement(client, parameters, "openEscrow", [server, token, amount, ttlSeconds]);
}
