import { erc20Abi, type Address, type Hex } from "viem";
import { readContract } from "viem/actions";
import { toErrorCode } from "../../auth-capture/codes.ts";
import { decodeAuthCaptureError } from "../../auth-capture/errors.ts";
import { AuthCaptureError } from "../../auth-capture/errors/base.ts";
import { withChecksums } from "../../core/checksums.ts";
import type { AuthCaptureCode } from "./codes.ts";
import type { Desk } from "./desk.ts";
import { RefusalError } from "./refusals.ts";
import type { TrialResult } from "./trial.ts";

const FAILED = "invalid_auth_capture_evm_simulation_failed";

/** Errors of our own operators that the scheme has a code for. The escrow's are those of `toErrorCode`. */
const OPERATOR_CODES: Readonly<Record<string, AuthCaptureCode>> = {
  AmountExceedsHold: "invalid_auth_capture_evm_insufficient_authorization",
  AmountNotMax: "invalid_auth_capture_evm_amount_mismatch",
  CollectorNotAllowed: "invalid_auth_capture_evm_token_collector_mismatch",
  InvalidSignature: "invalid_auth_capture_evm_authorizer_signature",
  WrongOperator: "invalid_auth_capture_evm_operator_mismatch",
};

/** Whose tokens a transaction needs. */
export interface Funds {
  readonly owner: Address;
  readonly token: Address;
  /** Token base units. */
  readonly amount: bigint;
}

/** Makes the refusal of a transaction that would fail. The errors of an operator whose code nobody knows say nothing. */
export async function explainTrial(
  desk: Desk,
  trial: Exclude<TrialResult, { readonly isFine: true }>,
  { isTrusted, funds }: { readonly isTrusted: boolean; readonly funds: Funds | undefined },
): Promise<RefusalError> {
  const code = isTrusted && trial.revertData !== undefined ? codeOf(trial.revertData) : FAILED;
  if (code === FAILED && funds !== undefined && !(await hasFunds(desk, funds))) {
    return new RefusalError("invalid_auth_capture_evm_insufficient_balance");
  }
  return new RefusalError(code, { detail: detailOf(trial) });
}

function codeOf(revertData: Hex): AuthCaptureCode {
  const error = decodeAuthCaptureError(revertData);
  const own = error instanceof AuthCaptureError ? OPERATOR_CODES[error.errorName] : undefined;
  return own ?? toErrorCode(revertData) ?? FAILED;
}

/** What a contract said is for people, whoever wrote it: it is cut short. */
function detailOf({ revertData, what }: Exclude<TrialResult, { readonly isFine: true }>): string {
  if (revertData === undefined) return what;
  const error = decodeAuthCaptureError(revertData);
  return (error?.shortMessage ?? what).slice(0, 200);
}

async function hasFunds({ client }: Desk, { owner, token, amount }: Funds): Promise<boolean> {
  const args = [withChecksums(owner)] as const;
  const call = { address: withChecksums(token), abi: erc20Abi, functionName: "balanceOf", args } as const;
  return (await readContract(client, call)) >= amount;
}
