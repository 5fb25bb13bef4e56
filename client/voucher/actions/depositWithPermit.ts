import { encodeFunctionData, type Address, type Hash, type Hex } from "viem";
import { voucherEscrowAbi } from "../../abi/index.ts";
import { withChecksums } from "../../core/checksums.ts";
import type { MalformedSignatureError } from "../../core/errors.ts";
import type { Permit } from "../../core/funding.ts";
import { permitCall, sendAggregated, type AggregatedCall } from "../../core/permit.ts";
import type { WriteClient } from "../../core/write.ts";
import {
  decodeVoucherError,
  type AmountTooLargeError,
  type AuthorizationExpiredError,
  type InvalidAddressError,
  type InvalidAmountError,
  type InvalidAssetError,
  type InvalidAuthorizationError,
  type NonceAlreadyUsedError,
  type SafeERC20FailedOperationError,
  type TransferMismatchError,
  type WriteErrorType,
  type ZeroNonceError,
} from "../errors.ts";
import type { DepositAuthorization } from "../types.ts";
import { type EscrowTransactionParameters } from "../write.ts";

/** What {@link depositWithPermit} takes. */
export interface DepositWithPermitParameters extends EscrowTransactionParameters {
  /** What the buyer signed for the escrow. */
  readonly authorization: DepositAuthorization;
  /** The buyer's signature of `authorization`. */
  readonly signature: Hex;
  /** What the buyer signed for the token. */
  readonly permit: Omit<Permit, "nonce">;
  /** The buyer's signature of the permit, from `signPermit`: 65 or 64 bytes of a key. */
  readonly permitSignature: Hex;
  /** Address of Multicall3 where it is not at its usual one. */
  readonly multicall?: Address;
}

/** Transaction hash; not yet mined. */
export type DepositWithPermitReturnType = Hash;

/** What {@link depositWithPermit} throws. */
export type DepositWithPermitErrorType =
  | MalformedSignatureError
  | AuthorizationExpiredError
  | InvalidAuthorizationError
  | ZeroNonceError
  | NonceAlreadyUsedError
  | InvalidAmountError
  | AmountTooLargeError
  | InvalidAddressError
  | InvalidAssetError
  | SafeERC20FailedOperationError
  | TransferMismatchError
  | WriteErrorType;

/**
 * Deposits a buyer's tokens by two signatures in one transaction: an ERC-2612 permit for the allowance, then
 * `VoucherEscrow.depositWithAuthorization`, both through Multicall3.
 *
 * A permit that somebody else submitted first does no harm: it may fail, the deposit may not.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param client - wallet client of any relayer; pays gas only.
 * @param parameters - {@link DepositWithPermitParameters}; amounts in token base units, times in unix seconds.
 * @returns Transaction hash (32-byte hex). Not yet mined.
 * @throws {MalformedSignatureError} the permit's signature is not one of a key.
 * @throws {AuthorizationExpiredError} the authorization is past its expiry.
 * @throws {InvalidAuthorizationError} the signature is not the buyer's.
 * @throws {ZeroNonceError} the nonce of the authorization is zero.
 * @throws {NonceAlreadyUsedError} the nonce was used or cancelled.
 * @throws {InvalidAmountError} the amount is zero.
 * @throws {AmountTooLargeError} the amount does not fit into the balance it is added to.
 * @throws {InvalidAddressError} an address is zero, the escrow, or plays two parts.
 * @throws {InvalidAssetError} the asset is zero, the escrow, or has no code.
 * @throws {SafeERC20FailedOperationError} the asset answered that it did not do the transfer.
 * @throws {TransferMismatchError} the asset moved another amount than asked for.
 * @throws {ForeignRevertError} the token refused: the permit is not good and there is no allowance, the balance, or it is paused.
 *
 * @example
 * const hash = await depositWithPermit(walletClient, { escrow, authorization, signature, permit, permitSignature });
 */
export async function depositWithPermit(
  client: WriteClient,
  parameters: DepositWithPermitParameters,
): Promise<DepositWithPermitReturnType> {
  return sendAggregated(client, parameters, depositWithPermitCalls(parameters), decodeVoucherError);
}

/** The calls of {@link depositWithPermit}, for whoever sends them together with others: the permit, which may fail, and the deposit. */
export function depositWithPermitCalls(
  parameters: Pick<
    DepositWithPermitParameters,
    "escrow" | "authorization" | "signature" | "permit" | "permitSignature"
  >,
): readonly AggregatedCall[] {
  const { authorization, signature, escrow } = withChecksums(parameters);
  const { buyer: owner, asset } = authorization;
  const args = [authorization, signature] as const;
  const callData = encodeFunctionData({ abi: voucherEscrowAbi, functionName: "depositWithAuthorization", args });
  return [
    permitCall({ ...parameters, owner, asset, spender: escrow }),
    { target: escrow, allowFailure: false, callData },
  ];
}
