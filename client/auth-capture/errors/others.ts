import type { ContractErrorOptions } from "../../core/contractErrors.ts";
import { describeTermsRule } from "../refusals.ts";
import { AuthCaptureError, type AuthCaptureErrorArgs } from "./base.ts";

/** An operator called a contract that is not there. */
export class AddressEmptyCodeError extends AuthCaptureError<"AddressEmptyCode"> {
  constructor(args: AuthCaptureErrorArgs<"AddressEmptyCode">, options?: ContractErrorOptions) {
    const what = `There is no code at ${args.target}.`;
    const next = "Use a chain that has the canonical escrow and its collectors, and a token with code.";
    super("AddressEmptyCode", args, { what, next }, options);
  }
}

/** A refund is funded by neither ERC-3009 nor Permit2. */
export class InvalidMethodError extends AuthCaptureError<"InvalidMethod"> {
  constructor(args: AuthCaptureErrorArgs<"InvalidMethod">, options?: ContractErrorOptions) {
    const what = `Method ${args.method} funds no refund.`;
    const next = "Encode the funder's signature with signRefund or encodeSignedRefund.";
    super("InvalidMethod", args, { what, next }, options);
  }
}

/** There can be no operator of these terms. */
export class InvalidTermsError extends AuthCaptureError<"InvalidTerms"> {
  constructor(args: AuthCaptureErrorArgs<"InvalidTerms">, options?: ContractErrorOptions) {
    const what = `The terms break rule ${args.rule}.`;
    const next = `Change them so that ${describeTermsRule(args.rule)}.`;
    super("InvalidTerms", args, { what, next }, options);
  }
}

/** The escrow was called again from within one of its calls. */
export class ReentrancyError extends AuthCaptureError<"Reentrancy"> {
  constructor(args: AuthCaptureErrorArgs<"Reentrancy">, options?: ContractErrorOptions) {
    const what = "The escrow was called again from within one of its own calls.";
    const next = "Do not call the escrow from a token or a collector that it is calling.";
    super("Reentrancy", args, { what, next }, options);
  }
}

/** The operator was called again from within one of its calls. */
export class ReentrancyGuardReentrantCallError extends AuthCaptureError<"ReentrancyGuardReentrantCall"> {
  constructor(args: AuthCaptureErrorArgs<"ReentrancyGuardReentrantCall">, options?: ContractErrorOptions) {
    const what = "The operator was called again from within one of its own calls.";
    const next = "Do not call the operator from a token or a wallet that it is calling.";
    super("ReentrancyGuardReentrantCall", args, { what, next }, options);
  }
}

/** The token did not do the transfer. */
export class SafeERC20FailedOperationError extends AuthCaptureError<"SafeERC20FailedOperation"> {
  constructor(args: AuthCaptureErrorArgs<"SafeERC20FailedOperation">, options?: ContractErrorOptions) {
    const what = `Token ${args.token} did not do the transfer.`;
    const next = "Check balances and allowances, and whether the token is paused or blocks a party.";
    super("SafeERC20FailedOperation", args, { what, next }, options);
  }
}

/** The factory knows no such escrow. */
export class UnknownEscrowError extends AuthCaptureError<"UnknownEscrow"> {
  constructor(args: AuthCaptureErrorArgs<"UnknownEscrow">, options?: ContractErrorOptions) {
    const what = `${args.escrow} is not a canonical AuthCaptureEscrow.`;
    const next = "Pass the `escrow` of a deployment of ESCROW_DEPLOYMENTS, v1.1 or v1.0.";
    super("UnknownEscrow", args, { what, next }, options);
  }
}
