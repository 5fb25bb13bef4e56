import type { ContractErrorName } from "viem";
import { flashSettlementAbi } from "../abi/index.ts";
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
import { TERMS, TRANSACTION_FAULTS, type Term, type TransactionFault } from "./types.ts";

type Abi = typeof flashSettlementAbi;

/** Name of an error a call to FlashSettlement can revert with. */
export type FlashErrorName = Exclude<ContractErrorName<Abi>, ConstructorErrorName>;

/** The members of a contract error, by name: amounts in token base units, times in unix seconds. */
export type FlashErrorArgs<name extends FlashErrorName> = ContractErrorArgs<Abi, name>;

/** Base of the errors FlashSettlement reverts with. `args` are the members of the contract's error. */
export class FlashSettlementError<name extends FlashErrorName = FlashErrorName> extends ContractError<
  name,
  FlashErrorArgs<name>
> {}

/** An amount does not fit into the balance or the settled total it is added to. */
export class AmountTooLargeError extends FlashSettlementError<"AmountTooLarge"> {
  constructor(args: FlashErrorArgs<"AmountTooLarge">, options?: ContractErrorOptions) {
    const what = `Amount ${args.amount} is above the ${args.limit} that still fit.`;
    const next = `Use at most ${args.limit} token base units, or close and open anew where the epoch's settled total is full.`;
    super("AmountTooLarge", args, { what, next }, options);
  }
}

/** The signature is not the expected one's. */
export class BadSignatureError extends FlashSettlementError<"BadSignature"> {
  constructor(args: FlashErrorArgs<"BadSignature">, options?: ContractErrorOptions) {
    const what = `The signature is not that of ${args.expected}.`;
    const next = "Have that account sign exactly these values, under the domain of this contract and this chain.";
    super("BadSignature", args, { what, next }, options);
  }
}

const TERM_SENTENCES: Readonly<Record<Term, { readonly what: string; readonly next: string }>> = {
  Parties: {
    what: "Client or server is zero or the contract itself, or both are the same.",
    next: "Pass two different addresses, neither of them zero nor the contract.",
  },
  Token: {
    what: "The token has no code on this chain.",
    next: "Pass the address of an ERC-20 contract on the chain of the client.",
  },
  Amount: { what: "The amount is zero.", next: "Pass at least one token base unit." },
  Ttl: {
    what: "The escrow would end beyond what a time can be, or before its close delay.",
    next: "Pass zero for no end, or at least as many seconds as the close delay has.",
  },
  CloseDelay: {
    what: "The close delay is not within 60 seconds and 30 days.",
    next: "Pass 60 to 2,592,000 seconds; the original entry takes it from its ttl.",
  },
  Signer: {
    what: "The server cannot be the signer.",
    next: "Name a key of the client, or zero for the client itself.",
  },
  Receiver: {
    what: "The receiver is zero or the contract itself.",
    next: "Pass the address of a wallet that the token can pay.",
  },
  Funding: {
    what: "The funding does not fit the call.",
    next: "Leave the message's own signature empty with ERC-3009 and Permit2, and top up by signature with one of those two only.",
  },
};

/** A call cannot be carried out on its terms. `term` names the one at fault. */
export class BadTermsError extends FlashSettlementError<"BadTerms"> {
  /** The term at fault; `undefined` for one that this version does not know. */
  readonly term: Term | undefined;

  constructor(args: FlashErrorArgs<"BadTerms">, options?: ContractErrorOptions) {
    const term = TERMS[args.term];
    const unknown = {
      what: `Term ${args.term} of the call cannot be.`,
      next: "Use a client of the contract's version.",
    };
    super("BadTerms", args, term === undefined ? unknown : TERM_SENTENCES[term], options);
    this.term = term;
  }
}

/** The bytes are not a signed transaction that can be settled. `fault` says what is wrong. */
export class BadTransactionError extends FlashSettlementError<"BadTransaction"> {
  /** What is wrong; `undefined` for a fault that this version does not know. */
  readonly fault: TransactionFault | undefined;

  constructor(args: FlashErrorArgs<"BadTransaction">, options?: ContractErrorOptions) {
    const fault = TRANSACTION_FAULTS[args.fault];
    const what = `The signed transaction cannot be settled: ${fault ?? `fault ${args.fault}`}.`;
    const next = "Pass the bytes from the type byte on, as verifySignedTransaction accepts them.";
    super("BadTransaction", args, { what, next }, options);
    this.fault = fault;
  }
}

/** A side closed: no top-up and no extension in this epoch. */
export class ClosedError extends FlashSettlementError<"Closed"> {
  constructor(args: FlashErrorArgs<"Closed">, options?: ContractErrorOptions) {
    const what = "The escrow is closing.";
    const next = "Wait for the refund and open a new escrow; a close is final for its epoch.";
    super("Closed", args, { what, next }, options);
  }
}

/** The pair has an open escrow in this token. */
export class EscrowExistsError extends FlashSettlementError<"EscrowExists"> {
  constructor(args: FlashErrorArgs<"EscrowExists">, options?: ContractErrorOptions) {
    const what = `Escrow ${args.id} is open.`;
    const next = "Use it, top it up with topUp, or close it first.";
    super("EscrowExists", args, { what, next }, options);
  }
}

/** The deadline has passed. */
export class ExpiredError extends FlashSettlementError<"Expired"> {
  constructor(args: FlashErrorArgs<"Expired">, options?: ContractErrorOptions) {
    const what = `The deadline was ${args.deadline}; it is ${args.currentTime} now.`;
    const next = "Have it signed again with a later deadline.";
    super("Expired", args, { what, next }, options);
  }
}

/** Too little gas is left to give the token its stipend. */
export class InsufficientGasError extends FlashSettlementError<"InsufficientGas"> {
  constructor(args: FlashErrorArgs<"InsufficientGas">, options?: ContractErrorOptions) {
    const what = `${args.available} gas is left; calling the token needs ${args.required}.`;
    const next = "Send the transaction with more gas, or put fewer groups into it.";
    super("InsufficientGas", args, { what, next }, options);
  }
}

/** There is no open escrow of these parties in this token. */
export class NoEscrowError extends FlashSettlementError<"NoEscrow"> {
  constructor(args: FlashErrorArgs<"NoEscrow">, options?: ContractErrorOptions) {
    const what = "There is no open escrow of these parties in this token.";
    const next = "Read it with getEscrow; the client opens one with openEscrow or openEscrowWithTerms.";
    super("NoEscrow", args, { what, next }, options);
  }
}

/** The nonce, or the content of the signed transaction, was used or cancelled. */
export class NonceUsedError extends FlashSettlementError<"NonceUsed"> {
  constructor(args: FlashErrorArgs<"NonceUsed">, options?: ContractErrorOptions) {
    const what = `Nonce ${args.nonce} was used or cancelled.`;
    const next = "Look whether the message was already executed; if not, have it signed again with an unused nonce.";
    super("NonceUsed", args, { what, next }, options);
  }
}

/** The client has not closed. */
export class NotClosedError extends FlashSettlementError<"NotClosed"> {
  constructor(args: FlashErrorArgs<"NotClosed">, options?: ContractErrorOptions) {
    const what = "The client has not closed this escrow.";
    const next = "The client closes it with closeEscrow, or withdraws with withdrawEscrow once the lock has ended.";
    super("NotClosed", args, { what, next }, options);
  }
}

/** There is not enough. */
export class NotCoveredError extends FlashSettlementError<"NotCovered"> {
  constructor(args: FlashErrorArgs<"NotCovered">, options?: ContractErrorOptions) {
    const what = `${args.need} token base units are needed; ${args.have} are there.`;
    const next = "Ask for less, or let the server settle what is there with `allowPartial`.";
    super("NotCovered", args, { what, next }, options);
  }
}

/** The signed transaction does something other than paying. */
export class NotNumberedPaymentError extends FlashSettlementError<"NotNumberedPayment"> {
  constructor(args: FlashErrorArgs<"NotNumberedPayment">, options?: ContractErrorOptions) {
    const what = "The signed transaction is no call of `settleNumberedPayment` with six clean arguments.";
    const next = "Check it with verifySignedTransaction before it is accepted.";
    super("NotNumberedPayment", args, { what, next }, options);
  }
}

/** Only a party of the escrow, or a settler of its server, may do this. */
export class NotServerError extends FlashSettlementError<"NotServer"> {
  constructor(args: FlashErrorArgs<"NotServer">, options?: ContractErrorOptions) {
    const what = `${args.caller} is not the server, nor may it act for the server.`;
    const next = "Send it from the server or from a settler that setSettler named; tabs anyone may settle.";
    super("NotServer", args, { what, next }, options);
  }
}

/** The contract was called again from within one of its calls. */
export class ReentrancyGuardReentrantCallError extends FlashSettlementError<"ReentrancyGuardReentrantCall"> {
  constructor(args: FlashErrorArgs<"ReentrancyGuardReentrantCall">, options?: ContractErrorOptions) {
    const what = "The contract was called again from within one of its own calls.";
    const next = "Do not call the contract from a token or a wallet that it is calling.";
    super("ReentrancyGuardReentrantCall", args, { what, next }, options);
  }
}

/** The token did not do the transfer. */
export class SafeERC20FailedOperationError extends FlashSettlementError<"SafeERC20FailedOperation"> {
  constructor(args: FlashErrorArgs<"SafeERC20FailedOperation">, options?: ContractErrorOptions) {
    const what = `Token ${args.token} did not do the transfer.`;
    const next =
      "Check the balance and the allowance to the contract, and whether the token is paused or blocks a party.";
    super("SafeERC20FailedOperation", args, { what, next }, options);
  }
}

/** The client cannot withdraw yet. */
export class StillLockedError extends FlashSettlementError<"StillLocked"> {
  constructor(args: FlashErrorArgs<"StillLocked">, options?: ContractErrorOptions) {
    const what = `The escrow is locked until ${args.unlockAt}; it is ${args.currentTime} now.`;
    const next = "Withdraw at that second or later; closing shortens the lock to the close delay.";
    super("StillLocked", args, { what, next }, options);
  }
}

/** The token moved another amount than asked for. */
export class TransferMismatchError extends FlashSettlementError<"TransferMismatch"> {
  constructor(args: FlashErrorArgs<"TransferMismatch">, options?: ContractErrorOptions) {
    const what = `The token moved ${args.received} token base units instead of ${args.expected}.`;
    const next = "Use another token: those that take a fee or change balances by themselves cannot be held in escrow.";
    super("TransferMismatch", args, { what, next }, options);
  }
}

/** The message names another epoch than the escrow's. */
export class WrongEpochError extends FlashSettlementError<"WrongEpoch"> {
  constructor(args: FlashErrorArgs<"WrongEpoch">, options?: ContractErrorOptions) {
    const what = `The message is for epoch ${args.epoch}; the escrow's is ${args.current}.`;
    const next = "Read the epoch with getEscrow and sign or send again; what an ended epoch left unsettled is void.";
    super("WrongEpoch", args, { what, next }, options);
  }
}

/** The sequence is not the settler's current one. */
export class WrongSequenceError extends FlashSettlementError<"WrongSequence"> {
  constructor(args: FlashErrorArgs<"WrongSequence">, options?: ContractErrorOptions) {
    const what = `The authorization has sequence ${args.sequence}; the current one is ${args.current}.`;
    const next = "Read the sequence with getSettler and sign again.";
    super("WrongSequence", args, { what, next }, options);
  }
}

type FlashErrorClass<name extends FlashErrorName> = new (
  args: FlashErrorArgs<name>,
  options?: ContractErrorOptions,
) => FlashSettlementError<name>;

/** The class of each error FlashSettlement can revert with, by the contract's name of it. */
export const FLASH_ERRORS = {
  AmountTooLarge: AmountTooLargeError,
  BadSignature: BadSignatureError,
  BadTerms: BadTermsError,
  BadTransaction: BadTransactionError,
  Closed: ClosedError,
  EscrowExists: EscrowExistsError,
  Expired: ExpiredError,
  InsufficientGas: InsufficientGasError,
  NoEscrow: NoEscrowError,
  NonceUsed: NonceUsedError,
  NotClosed: NotClosedError,
  NotCovered: NotCoveredError,
  NotNumberedPayment: NotNumberedPaymentError,
  NotServer: NotServerError,
  ReentrancyGuardReentrantCall: ReentrancyGuardReentrantCallError,
  SafeERC20FailedOperation: SafeERC20FailedOperationError,
  StillLocked: StillLockedError,
  TransferMismatch: TransferMismatchError,
  WrongEpoch: WrongEpochError,
  WrongSequence: WrongSequenceError,
} as const satisfies { readonly [name in FlashErrorName]: FlashErrorClass<name> };

/** An item does not fit the packed form of a batch. */
export class ItemNotPackableError extends BaseError {
  override readonly name = "ItemNotPackableError";
  /** Member that does not fit. */
  readonly member: string;

  constructor(member: string, limit: string) {
    super(`\`${member}\` does not fit a packed item: ${limit}.`, {
      metaMessages: ["The contract would skip such an item; do not accept it."],
    });
    this.member = member;
  }
}

/** What any state-changing action can throw, whatever it does. */
export type WriteErrorType = ContractWriteErrorType | ReentrancyGuardReentrantCallError;

/**
 * Turns revert data, or an error that carries it, into the typed error of FlashSettlement.
 *
 * - Source: contracts/interfaces/IFlashSettlement.sol
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
 *   throw decodeFlashError(error) ?? error;
 * }
 */
export function decodeFlashError(
  error: unknown,
  options?: ContractErrorOptions,
): FlashSettlementError | ForeignRevertError | undefined {
  return decodeContractError<FlashSettlementError>({ abi: flashSettlementAbi, classes: FLASH_ERRORS }, error, options);
}
