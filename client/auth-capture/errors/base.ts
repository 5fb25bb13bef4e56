import { parseAbi, type Abi, type ContractErrorName } from "viem";
import {
  authCaptureEscrowAbi,
  authCaptureEscrowV1_0Abi,
  preApprovalPaymentCollectorAbi,
  signedRefundCollectorAbi,
  termsOperatorAbi,
  termsOperatorFactoryAbi,
  termsOperatorV1_0Abi,
} from "../../abi/index.ts";
import { ContractError, type ConstructorErrorName, type ContractErrorArgs } from "../../core/contractErrors.ts";

/** The escrow's guard, which its interface does not show. */
const libraryAbi = parseAbi(["error Reentrancy()"]);

type ErrorItem<abi extends Abi> = Extract<abi[number], { type: "error" }>;

function errorsOf<const abi extends Abi>(abi: abi): readonly ErrorItem<abi>[] {
  return abi.filter((item): item is ErrorItem<abi> => item.type === "error");
}

/** Every error that a call about a payment can revert with, of both generations. */
export const authCaptureErrorsAbi = [
  ...errorsOf(termsOperatorAbi),
  ...errorsOf(termsOperatorV1_0Abi),
  ...errorsOf(termsOperatorFactoryAbi),
  ...errorsOf(signedRefundCollectorAbi),
  ...errorsOf(authCaptureEscrowAbi),
  ...errorsOf(authCaptureEscrowV1_0Abi),
  ...errorsOf(preApprovalPaymentCollectorAbi),
  ...libraryAbi,
] as const;

/** Name of an error of the escrow, its collectors, an operator, the factory or the SignedRefundCollector. */
export type AuthCaptureErrorName = Exclude<ContractErrorName<typeof authCaptureErrorsAbi>, ConstructorErrorName>;

/** The members of a contract error, by name: amounts in token base units, times in unix seconds. */
export type AuthCaptureErrorArgs<name extends AuthCaptureErrorName> = ContractErrorArgs<
  typeof authCaptureErrorsAbi,
  name
>;

/** Base of the errors that a call about a payment reverts with. `args` are the members of the contract's error. */
export class AuthCaptureError<name extends AuthCaptureErrorName = AuthCaptureErrorName> extends ContractError<
  name,
  AuthCaptureErrorArgs<name>
> {}
