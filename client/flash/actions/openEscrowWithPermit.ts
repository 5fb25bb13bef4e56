import { encodeFunctionData, type Address, type Hash, type Hex } from "viem";
import { flashSettlementAbi } from "../../abi/index.ts";
import { withChecksums } from "../../core/checksums.ts";
import type { MalformedSignatureError } from "../../core/errors.ts";
import type { Permit } from "../../core/funding.ts";
import { permitCall, sendAggregated, type AggregatedCall } from "../../core/permit.ts";
import type { WriteClient } from "../../core/write.ts";
import {
  decodeFlashError,
  type AmountTooLargeError,
  type BadSignatureError,
  type BadTermsError,
  type EscrowExistsError,
  type ExpiredError,
  type SafeERC20FailedOperationError,
  type TransferMismatchError,
  type WriteErrorType,
  type WrongEpochError,
} from "../errors.ts";
import { toFundingArgument } from "../funding.ts";
import { BY_ALLOWANCE, type OpenEscrow } from "../types.ts";
import type { FlashTransactionParameters } from "../write.ts";

/** What {@link openEscrowWithPermit} takes. */
export interface OpenEscrowWithPermitParameters extends FlashTransactionParameters {
  /** The terms, in the epoch that `getEscrow` gives. */
  readonly terms: OpenEscrow;
  /** The client's over the terms, from `signOpenEscrow` with the allowance as funding. */
  readonly signature: Hex;
  /** What the client signed for the token: the allowance for the opening and for payments. */
  readonly permit: Omit<Permit, "nonce">;
  /** The client's signature of the permit, from `signPermit`: 65 or 64 bytes of a key. */
  readonly permitSignature: Hex;
  /** Address of Multicall3 where it is not at its usual one. */
  readonly multicall?: Address;
}

/** Transaction hash; not yet mined. */
export type OpenEscrowWithPermitReturnType = Hash;

/** What {@link openEscrowWithPermit} throws. */
export type OpenEscrowWithPermitErrorType =
  | MalformedSignatureError
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
 * Opens an escrow by two signatures of the client in one transaction: an ERC-2612 permit for the allowance, then
 * `FlashSettlement.openEscrowWithTerms`, both through Multicall3. The permit's value is the working allowance as well, so the client needs no
 * native token for as long as it lasts; a top-up has no such form, because Multicall3 would be its client.
 *
 * A permit that somebody else submitted first does no harm: it may fail, the opening may not.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link OpenEscrowWithPermitParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {MalformedSignatureError} the permit's signature is not one of a key.
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
 * const hash = await openEscrowWithPermit(walletClient, { settlement, terms, signature, permit, permitSignature });
 */
export async function openEscrowWithPermit(
  client: WriteClient,
  parameters: OpenEscrowWithPermitParameters,
): Promise<OpenEscrowWithPermitReturnType> {
  return sendAggregated(client, parameters, openEscrowWithPermitCalls(parameters), decodeFlashError);
}

/** The permit, which may fail, and the opening. */
function openEscrowWithPermitCalls(
  parameters: Pick<OpenEscrowWithPermitParameters, "settlement" | "terms" | "signature" | "permit" | "permitSignature">,
): readonly AggregatedCall[] {
  const { terms, signature, settlement } = withChecksums(parameters);
  const { client: owner, token: asset } = terms;
  const callData = encodeFunctionData({
    abi: flashSettlementAbi,
    functionName: "openEscrowWithTerms",
    // viem types 32- and 40-bit numbers as `number`, and encodes any.
    args: [terms, signature, toFundingArgument(BY_ALLOWANCE)] as never,
  });
  return [
    permitCall({ ...parameters, owner, asset, spender: settlement }),
    { target: settlement, allowFailure: false, callData },
  ];
}
