import {
  decodeErrorResult,
  isHex,
  parseAbi,
  type Abi,
  type AbiParameterToPrimitiveType,
  type Hex,
  type ReadContractErrorType,
  type WriteContractErrorType,
} from "viem";
import { BaseError, getRevertData } from "../errors.ts";

/** OpenZeppelin's EIP712 raises these for a too long domain name, in a constructor: no call ever reverts with them. */
export type ConstructorErrorName = "InvalidShortString" | "StringTooLong";

/** The members of an error of a contract, by name. */
export type ContractErrorArgs<abi extends Abi, name extends string> = {
  readonly [
    input in Extract<abi[number], { type: "error"; name: name }>["inputs"][number] as input["name"] & string
  ]: AbiParameterToPrimitiveType<input>;
};

/** What a contract error may carry besides its members. */
export interface ContractErrorOptions {
  /** The error of viem or of the provider it was decoded from. */
  readonly cause?: unknown;
}

/** Base of the errors that this project's contracts revert with. `args` are the members of the contract's error. */
export class ContractError<name extends string, args> extends BaseError {
  override readonly name: string;
  /** Name of the contract's error. */
  readonly errorName: name;
  readonly args: args;

  constructor(
    errorName: name,
    args: args,
    text: { readonly what: string; readonly next: string },
    options: ContractErrorOptions = {},
  ) {
    super(text.what, { ...options, metaMessages: [text.next] });
    this.name = `${errorName}Error`;
    this.errorName = errorName;
    this.args = args;
  }
}

/**
 * A call reverted with an error of another contract: the token, Permit2 or a wallet.
 *
 * `reason` is its text when it gave one, as in `revert("...")`.
 */
export class ForeignRevertError extends BaseError {
  override readonly name = "ForeignRevertError";
  /** Revert data, undecoded. */
  readonly data: Hex;
  /** Text that it reverted with; undefined where there was none. */
  readonly reason: string | undefined;

  constructor(
    { data, reason }: { readonly data: Hex; readonly reason?: string | undefined },
    options: ContractErrorOptions = {},
  ) {
    super(reason === undefined ? "Another contract reverted the call." : `Another contract reverted: ${reason}`, {
      ...options,
      metaMessages: [
        "Check balance, allowance, signature and nonce at the asset or at Permit2, and whether the asset is paused.",
        `Revert data: ${data}`,
      ],
    });
    this.data = data;
    this.reason = reason;
  }
}

/** What any state-changing action can throw, whatever it does. */
export type ContractWriteErrorType = ForeignRevertError | WriteContractErrorType;

/** What any read can throw. */
export type ReadErrorType = ForeignRevertError | ReadContractErrorType;

/** Errors of Permit2 and of OpenZeppelin's ERC-20, so that their reverts can be read. */
const foreignErrors = parseAbi([
  "error SignatureExpired(uint256 signatureDeadline)",
  "error InvalidNonce()",
  "error InvalidSigner()",
  "error InvalidSignature()",
  "error InvalidSignatureLength()",
  "error InvalidContractSignature()",
  "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
  "error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)",
]);

/** The class of each error of one contract, by the contract's name of it. */
type ErrorClasses = Readonly<Record<string, new (args: never, options?: ContractErrorOptions) => Error>>;

interface Decoded {
  readonly errorName: string;
  readonly args?: readonly unknown[];
  readonly abiItem: { readonly inputs: readonly { readonly name?: string | undefined }[] };
}

/**
 * Turns revert data, or an error that carries it, into the typed error of a contract.
 *
 * @param contract - Its ABI and its classes.
 * @param error - Revert data, or anything that was thrown by viem or a JSON-RPC provider.
 * @param options - Cause to give the typed error; `error` itself unless it is data.
 * @returns The typed error, of whatever classes were given; {@link ForeignRevertError} when another contract reverted; `undefined` when nothing reverted.
 */
export function decodeContractError<error extends Error>(
  { abi, classes }: { readonly abi: Abi; readonly classes: ErrorClasses },
  error: unknown,
  options: ContractErrorOptions = isHex(error) ? {} : { cause: error },
): error | ForeignRevertError | undefined {
  const data = isHex(error) ? error : getRevertData(error);
  if (data === undefined) return undefined;
  const decoded = tryDecode(abi, data);
  if (decoded === undefined) return new ForeignRevertError({ data }, options);

  const { errorName, args = [], abiItem } = decoded;
  const ErrorClass = classes[errorName];
  // Permit2 has errors of the same names with other members: only the very entry of the contract's own ABI is its own.
  if (ErrorClass === undefined || !(abi as readonly object[]).includes(abiItem)) {
    const reason = errorName === "Error" ? String(args[0]) : `${errorName}(${args.join(", ")})`;
    return new ForeignRevertError({ data, reason }, options);
  }
  const members = Object.fromEntries(abiItem.inputs.map((input, index) => [input.name, args[index]]));
  // Class, name and members come from one entry of the ABI, which the compiler cannot follow through the lookup.
  return new ErrorClass(members as never, options) as error;
}

/** `undefined` for data of an error nobody declared here, malformed data included. */
function tryDecode(abi: Abi, data: Hex): Decoded | undefined {
  try {
    return decodeErrorResult({ abi: [...abi, ...foreignErrors], data }) as Decoded;
  } catch {
    return undefined;
  }
}
