import { getAbiItem, toFunctionSelector, type ContractErrorName, type Hex } from "viem";
import { formatAbiItem } from "viem/utils";
import { voucherEscrowAbi } from "../abi/index.ts";
import {
  ContractError,
  decodeContractError,
  type ConstructorErrorName,
  type ContractErrorArgs,
  type ContractErrorOptions,
  type ContractWriteErrorType,
  type ForeignRevertError,
} from "../core/contractErrors.ts";
import { BaseError } from "../errors.ts";

type Abi = typeof voucherEscrowAbi;

/** Name of an error a call to VoucherEscrow can revert with. */
export type VoucherErrorName = Exclude<ContractErrorName<Abi>, ConstructorErrorName>;

/** The members of a contract error, by name: amounts in token base units, times in unix seconds. */
export type VoucherErrorArgs<name extends VoucherErrorName> = ContractErrorArgs<Abi, name>;

/** Base of the errors VoucherEscrow reverts with. `args` are the members of the contract's error. */
export class VoucherEscrowError<name extends VoucherErrorName = VoucherErrorName> extends ContractError<
  name,
  VoucherErrorArgs<name>
> {}

/** The amount does not fit into the balance it is added to. */
export class AmountTooLargeError extends VoucherEscrowError<"AmountTooLarge"> {
  constructor(args: VoucherErrorArgs<"AmountTooLarge">, options?: ContractErrorOptions) {
    const what = `Amount ${args.amount} is above the ${args.limit} that still fit.`;
    const next = `Use at most ${args.limit} token base units.`;
    super("AmountTooLarge", args, { what, next }, options);
  }
}

/** The authorization is past its expiry. */
export class AuthorizationExpiredError extends VoucherEscrowError<"AuthorizationExpired"> {
  constructor(args: VoucherErrorArgs<"AuthorizationExpired">, options?: ContractErrorOptions) {
    const what = `The authorization expired at ${args.expiry}; it is ${args.currentTime} now.`;
    const next = "Have its owner sign a new one with a later expiry.";
    super("AuthorizationExpired", args, { what, next }, options);
  }
}

/** There is less than was asked for. */
export class InsufficientBalanceError extends VoucherEscrowError<"InsufficientBalance"> {
  constructor(args: VoucherErrorArgs<"InsufficientBalance">, options?: ContractErrorOptions) {
    const what = `${args.requested} token base units were asked for; ${args.available} are there.`;
    const next = "Ask for less, or deposit more first.";
    super("InsufficientBalance", args, { what, next }, options);
  }
}

/** Too little gas is left to ask a contract wallet. */
export class InsufficientGasError extends VoucherEscrowError<"InsufficientGas"> {
  constructor(args: VoucherErrorArgs<"InsufficientGas">, options?: ContractErrorOptions) {
    const what = `${args.available} gas is left; asking a contract wallet needs ${args.required}.`;
    const next =
      "Send the transaction with more gas, raise the gas limit of the group, or put fewer wide rows into it.";
    super("InsufficientGas", args, { what, next }, options);
  }
}

/** The address is zero, the escrow itself, or plays two parts. */
export class InvalidAddressError extends VoucherEscrowError<"InvalidAddress"> {
  constructor(args: VoucherErrorArgs<"InvalidAddress">, options?: ContractErrorOptions) {
    const what = `Address ${args.account} is zero, the escrow itself, or plays two parts.`;
    const next = "Pass different addresses for buyer, seller, signer and asset, none of them zero or the escrow.";
    super("InvalidAddress", args, { what, next }, options);
  }
}

/** The amount is zero. */
export class InvalidAmountError extends VoucherEscrowError<"InvalidAmount"> {
  constructor(args: VoucherErrorArgs<"InvalidAmount">, options?: ContractErrorOptions) {
    const what = `Amount ${args.amount} is refused.`;
    const next = "Pass at least one token base unit.";
    super("InvalidAmount", args, { what, next }, options);
  }
}

/** The asset is zero, the escrow itself, or has no code. */
export class InvalidAssetError extends VoucherEscrowError<"InvalidAsset"> {
  constructor(args: VoucherErrorArgs<"InvalidAsset">, options?: ContractErrorOptions) {
    const what = `Asset ${args.asset} is zero, the escrow itself, or has no code on this chain.`;
    const next = "Pass the address of an ERC-20 contract on the chain of the client.";
    super("InvalidAsset", args, { what, next }, options);
  }
}

/** The authorization's signature is not its owner's. */
export class InvalidAuthorizationError extends VoucherEscrowError<"InvalidAuthorization"> {
  constructor(args: VoucherErrorArgs<"InvalidAuthorization">, options?: ContractErrorOptions) {
    const what = "The signature is not that of the owner of the authorization.";
    const next = "Have the owner sign exactly these values, under the domain of this escrow and this chain.";
    super("InvalidAuthorization", args, { what, next }, options);
  }
}

/** The voucher is for another chain. */
export class InvalidChainIdError extends VoucherEscrowError<"InvalidChainId"> {
  constructor(args: VoucherErrorArgs<"InvalidChainId">, options?: ContractErrorOptions) {
    const what = `The voucher is for chain ${args.chainId}; this is chain ${args.expected}.`;
    const next = "Collect it through a client of its own chain.";
    super("InvalidChainId", args, { what, next }, options);
  }
}

/** The voucher is for another contract. */
export class InvalidEscrowError extends VoucherEscrowError<"InvalidEscrow"> {
  constructor(args: VoucherErrorArgs<"InvalidEscrow">, options?: ContractErrorOptions) {
    const what = `The voucher is for escrow ${args.escrow}; this is ${args.expected}.`;
    const next = "Collect it at the escrow it names.";
    super("InvalidEscrow", args, { what, next }, options);
  }
}

/** The nonce is not the one that comes next, or would go back. */
export class InvalidNonceError extends VoucherEscrowError<"InvalidNonce"> {
  constructor(args: VoucherErrorArgs<"InvalidNonce">, options?: ContractErrorOptions) {
    const what = `Nonce ${args.nonce} does not fit; the current one is ${args.expected}.`;
    const next = "Read the current nonce with getPayout or getFreeAccount and sign or send again.";
    super("InvalidNonce", args, { what, next }, options);
  }
}

/** The voucher is signed neither by its buyer nor by a valid signer of its buyer. */
export class InvalidSignatureError extends VoucherEscrowError<"InvalidSignature"> {
  constructor(args: VoucherErrorArgs<"InvalidSignature">, options?: ContractErrorOptions) {
    const what = `The signature is neither that of buyer ${args.buyer} nor of one of its valid signers.`;
    const next = "Check with getSigner whether a signer expired or was revoked, and ask the buyer for a new voucher.";
    super("InvalidSignature", args, { what, next }, options);
  }
}

/** Two lists must be of one length. */
export class LengthMismatchError extends VoucherEscrowError<"LengthMismatch"> {
  constructor(args: VoucherErrorArgs<"LengthMismatch">, options?: ContractErrorOptions) {
    const what = `The lists have ${args.first} and ${args.second} entries.`;
    const next = "Pass one value for each lane.";
    super("LengthMismatch", args, { what, next }, options);
  }
}

/** `depositMany` got no deposits. */
export class NoDepositsProvidedError extends VoucherEscrowError<"NoDepositsProvided"> {
  constructor(args: VoucherErrorArgs<"NoDepositsProvided">, options?: ContractErrorOptions) {
    const what = "There are no deposits.";
    const next = "Pass at least one deposit.";
    super("NoDepositsProvided", args, { what, next }, options);
  }
}

/** Nothing thaws in the account. */
export class NoThawingInProgressError extends VoucherEscrowError<"NoThawingInProgress"> {
  constructor(args: VoucherErrorArgs<"NoThawingInProgress">, options?: ContractErrorOptions) {
    const what = `Nothing thaws in the account of buyer ${args.buyer} with seller ${args.seller}.`;
    const next = "Start with thaw; a collection that empties the account ends a thaw too.";
    super("NoThawingInProgress", args, { what, next }, options);
  }
}

/** `collectMany` or `collectBatch` got no vouchers. */
export class NoVouchersProvidedError extends VoucherEscrowError<"NoVouchersProvided"> {
  constructor(args: VoucherErrorArgs<"NoVouchersProvided">, options?: ContractErrorOptions) {
    const what = "There are no vouchers.";
    const next = "Pass at least one voucher.";
    super("NoVouchersProvided", args, { what, next }, options);
  }
}

/** The nonce was used or cancelled, or fell out of its window. */
export class NonceAlreadyUsedError extends VoucherEscrowError<"NonceAlreadyUsed"> {
  constructor(args: VoucherErrorArgs<"NonceAlreadyUsed">, options?: ContractErrorOptions) {
    const what = `Nonce ${args.nonce} was used or cancelled, or fell out of its window.`;
    const next =
      "Look whether the authorization was already executed; if not, have it signed again with an unused nonce.";
    super("NonceAlreadyUsed", args, { what, next }, options);
  }
}

/** The lane has not paid as much as the release demands. */
export class NotCollectedYetError extends VoucherEscrowError<"NotCollectedYet"> {
  constructor(args: VoucherErrorArgs<"NotCollectedYet">, options?: ContractErrorOptions) {
    const what = `The lane has paid ${args.collected} token base units; the release demands ${args.collectedAtLeast}.`;
    const next = "Collect the vouchers of the lane first.";
    super("NotCollectedYet", args, { what, next }, options);
  }
}

/** Only the escrow calls this function, to isolate one part of a batch. */
export class NotSelfError extends VoucherEscrowError<"NotSelf"> {
  constructor(args: VoucherErrorArgs<"NotSelf">, options?: ContractErrorOptions) {
    const what = `Caller ${args.caller} is not the escrow.`;
    const next = "Call collectBatch or flushAllWithAuthorization instead.";
    super("NotSelf", args, { what, next }, options);
  }
}

/** The flush would neither withdraw nor start a thaw. */
export class NothingToFlushError extends VoucherEscrowError<"NothingToFlush"> {
  constructor(args: VoucherErrorArgs<"NothingToFlush">, options?: ContractErrorOptions) {
    const what = "The flush would neither withdraw nor start a thaw.";
    const next = "Read the account: it is empty, or its thaw has not ended yet.";
    super("NothingToFlush", args, { what, next }, options);
  }
}

/** The escrow was called again from within one of its calls. */
export class ReentrancyGuardReentrantCallError extends VoucherEscrowError<"ReentrancyGuardReentrantCall"> {
  constructor(args: VoucherErrorArgs<"ReentrancyGuardReentrantCall">, options?: ContractErrorOptions) {
    const what = "The escrow was called again from within one of its own calls.";
    const next = "Do not call the escrow from a token or a wallet that it is calling.";
    super("ReentrancyGuardReentrantCall", args, { what, next }, options);
  }
}

/** The asset did not do the transfer. */
export class SafeERC20FailedOperationError extends VoucherEscrowError<"SafeERC20FailedOperation"> {
  constructor(args: VoucherErrorArgs<"SafeERC20FailedOperation">, options?: ContractErrorOptions) {
    const what = `Asset ${args.token} did not do the transfer.`;
    const next =
      "Check the balance and the allowance to the escrow, and whether the asset is paused or blocks a party.";
    super("SafeERC20FailedOperation", args, { what, next }, options);
  }
}

/** The key was revoked for good. */
export class SignerAlreadyRevokedError extends VoucherEscrowError<"SignerAlreadyRevoked"> {
  constructor(args: VoucherErrorArgs<"SignerAlreadyRevoked">, options?: ContractErrorOptions) {
    const what = `Signer ${args.signer} of buyer ${args.buyer} was revoked for good.`;
    const next = "Authorize another key.";
    super("SignerAlreadyRevoked", args, { what, next }, options);
  }
}

/** The thaw has not ended. */
export class ThawingPeriodNotCompletedError extends VoucherEscrowError<"ThawingPeriodNotCompleted"> {
  constructor(args: VoucherErrorArgs<"ThawingPeriodNotCompleted">, options?: ContractErrorOptions) {
    const what = `The thaw ends at ${args.thawEndTime}; it is ${args.currentTime} now.`;
    const next = "Withdraw at that second or later.";
    super("ThawingPeriodNotCompleted", args, { what, next }, options);
  }
}

/** The asset refused a payment. */
export class TransferFailedError extends VoucherEscrowError<"TransferFailed"> {
  constructor(args: VoucherErrorArgs<"TransferFailed">, options?: ContractErrorOptions) {
    const what = `Asset ${args.asset} refused to pay ${args.amount} token base units to ${args.to}.`;
    const next =
      "Check whether the asset is paused or blocks the receiver; a seller can take its earnings as free balance with setPayout.";
    super("TransferFailed", args, { what, next }, options);
  }
}

/** The token moved another amount than asked for. */
export class TransferMismatchError extends VoucherEscrowError<"TransferMismatch"> {
  constructor(args: VoucherErrorArgs<"TransferMismatch">, options?: ContractErrorOptions) {
    const what = `The asset moved ${args.received} token base units instead of ${args.expected}.`;
    const next = "Use another asset: tokens that take a fee or change balances by themselves cannot be held in escrow.";
    super("TransferMismatch", args, { what, next }, options);
  }
}

/** The voucher is past its expiry. */
export class VoucherExpiredError extends VoucherEscrowError<"VoucherExpired"> {
  constructor(args: VoucherErrorArgs<"VoucherExpired">, options?: ContractErrorOptions) {
    const what = `The voucher expired at ${args.expiry}; it is ${args.currentTime} now.`;
    const next = "Ask the buyer for a voucher with a later expiry, and collect before it ends.";
    super("VoucherExpired", args, { what, next }, options);
  }
}

/** A deposit authorization must have a nonce other than zero. */
export class ZeroNonceError extends VoucherEscrowError<"ZeroNonce"> {
  constructor(args: VoucherErrorArgs<"ZeroNonce">, options?: ContractErrorOptions) {
    const what = "The nonce of the deposit authorization is zero.";
    const next = "Sign it with 32 random bytes.";
    super("ZeroNonce", args, { what, next }, options);
  }
}

type VoucherErrorClass<name extends VoucherErrorName> = new (
  args: VoucherErrorArgs<name>,
  options?: ContractErrorOptions,
) => VoucherEscrowError<name>;

/** The class of each error VoucherEscrow can revert with, by the contract's name of it. */
export const VOUCHER_ERRORS = {
  AmountTooLarge: AmountTooLargeError,
  AuthorizationExpired: AuthorizationExpiredError,
  InsufficientBalance: InsufficientBalanceError,
  InsufficientGas: InsufficientGasError,
  InvalidAddress: InvalidAddressError,
  InvalidAmount: InvalidAmountError,
  InvalidAsset: InvalidAssetError,
  InvalidAuthorization: InvalidAuthorizationError,
  InvalidChainId: InvalidChainIdError,
  InvalidEscrow: InvalidEscrowError,
  InvalidNonce: InvalidNonceError,
  InvalidSignature: InvalidSignatureError,
  LengthMismatch: LengthMismatchError,
  NoDepositsProvided: NoDepositsProvidedError,
  NoThawingInProgress: NoThawingInProgressError,
  NoVouchersProvided: NoVouchersProvidedError,
  NonceAlreadyUsed: NonceAlreadyUsedError,
  NotCollectedYet: NotCollectedYetError,
  NotSelf: NotSelfError,
  NothingToFlush: NothingToFlushError,
  ReentrancyGuardReentrantCall: ReentrancyGuardReentrantCallError,
  SafeERC20FailedOperation: SafeERC20FailedOperationError,
  SignerAlreadyRevoked: SignerAlreadyRevokedError,
  ThawingPeriodNotCompleted: ThawingPeriodNotCompletedError,
  TransferFailed: TransferFailedError,
  TransferMismatch: TransferMismatchError,
  VoucherExpired: VoucherExpiredError,
  ZeroNonce: ZeroNonceError,
} as const satisfies { readonly [name in VoucherErrorName]: VoucherErrorClass<name> };

/** A flush-all authorization would be valid for too long. It is public after its first use and fits accounts opened later. */
export class FlushAllTooLongError extends BaseError {
  override readonly name = "FlushAllTooLongError";
  /** Expiry that was asked for, unix seconds. */
  readonly expiry: bigint;
  /** Latest expiry that is signed, unix seconds. */
  readonly limit: bigint;

  constructor(expiry: bigint, limit: bigint) {
    super(`The flush-all authorization would be valid until ${expiry}; at most until ${limit} is signed.`, {
      metaMessages: ["Leave `expiry` out for ten minutes, or name the seconds you accept in `maxValidSeconds`."],
    });
    this.expiry = expiry;
    this.limit = limit;
  }
}

/** A voucher does not fit the compact form of a batch. */
export class VoucherNotPackableError extends BaseError {
  override readonly name = "VoucherNotPackableError";
  /** Member that does not fit. */
  readonly member: string;

  constructor(member: string, limit: string) {
    super(`\`${member}\` does not fit a compact row: ${limit}.`, {
      metaMessages: ["Collect it as a wide row; buildGroups chooses the form by itself."],
    });
    this.member = member;
  }
}

/** Vouchers of different escrows or chains were put into one batch. */
export class MixedEscrowsError extends BaseError {
  override readonly name = "MixedEscrowsError";

  constructor() {
    super("The vouchers are for different escrows or chains.", {
      metaMessages: ["Build one batch for each escrow and chain."],
    });
  }
}

/** What any state-changing action can throw, whatever it does. */
export type WriteErrorType = ContractWriteErrorType | ReentrancyGuardReentrantCallError;

/**
 * Turns revert data, or an error that carries it, into the typed error of VoucherEscrow.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param error - Revert data, or anything that was thrown by viem or a JSON-RPC provider.
 * @param options - Cause to give the typed error; `error` itself unless it is data.
 * @returns The error of the same name plus `Error`; {@link ForeignRevertError} when another contract
 * reverted; `undefined` when nothing reverted.
 *
 * @example
 * try {
 *   await walletClient.writeContract(request);
 * } catch (error) {
 *   throw decodeVoucherError(error) ?? error;
 * }
 */
export function decodeVoucherError(
  error: unknown,
  options?: ContractErrorOptions,
): VoucherEscrowError | ForeignRevertError | undefined {
  return decodeContractError<VoucherEscrowError>({ abi: voucherEscrowAbi, classes: VOUCHER_ERRORS }, error, options);
}

/**
 * Names the error of VoucherEscrow that begins with a selector, as `GroupFailed` and `FlushSkipped` give it.
 *
 * - Source: contracts/interfaces/IVoucherEscrow.sol
 *
 * @param selector - First four bytes of revert data.
 * @returns Name of the error; `undefined` for none of the escrow's. A token may revert with the same four bytes.
 *
 * @example
 * const name = getVoucherErrorName(failed.selector);
 */
export function getVoucherErrorName(selector: Hex): VoucherErrorName | undefined {
  const names = Object.keys(VOUCHER_ERRORS) as VoucherErrorName[];
  return names.find((name) => selectorOf(name) === selector);
}

function selectorOf(name: VoucherErrorName): Hex {
  return toFunctionSelector(formatAbiItem(getAbiItem({ abi: voucherEscrowAbi, name })));
}
