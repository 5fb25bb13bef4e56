import { isAddressEqual, zeroAddress, type Address } from "viem";
import { getCode } from "viem/actions";
import { isOperator } from "../../auth-capture/read.ts";
import { predictOperator, predictTokenStore } from "../../auth-capture/predict.ts";
import { authorizerOf, termsKind } from "../../auth-capture/terms.ts";
import type { Terms } from "../../auth-capture/types.ts";
import { withChecksums } from "../../core/checksums.ts";
import { MULTICALL3_ADDRESS } from "../../core/multicall.ts";
import type { ReadClient } from "../../core/readClient.ts";
import { findAuthorizer, type Authorizer } from "./actions.ts";
import { UnsafeOfferError } from "./errors.ts";

/** What a seller wants to offer. */
export interface OfferCheckParameters {
  /** Address of TermsOperatorFactory. */
  readonly factory: Address;
  readonly terms: Terms;
  /** Address of the canonical escrow, of either generation. */
  readonly escrow: Address;
  /** Who is paid. */
  readonly receiver: Address;
  readonly authorizers: readonly Authorizer[];
  /** True to take terms whose disputes have less than a day; a chain that stands still for hours swallows them. */
  readonly allowsShortWindows?: boolean;
}

const DAY = 86_400n;

/**
 * Refuses what no contract refuses and no seller wants: parties that hand their rights to strangers or strand their own tokens, windows that
 * a standing chain swallows, and an operator that is not deployed. A call to the latter succeeds and does nothing.
 *
 * - Source: contracts/interfaces/ITermsOperator.sol
 *
 * @param client - any viem client of the chain.
 * @param parameters - {@link OfferCheckParameters}.
 * @returns Address of the operator.
 * @throws {UnsafeOfferError} something is odd; its message says what to change.
 * @throws {ImpossibleTermsError} the terms break a rule.
 *
 * @example
 * const operator = await checkOffer(publicClient, { factory, terms, escrow, receiver, authorizers: [authorizer] });
 */
export async function checkOffer(client: ReadClient, parameters: OfferCheckParameters): Promise<Address> {
  const { factory, terms, escrow, receiver, authorizers } = parameters;
  const operator = predictOperator({ factory, terms, escrow });
  checkParties(parameters, operator);
  checkWindows(parameters);
  findAuthorizer(authorizers, { terms, paymentInfo: { receiver } as never });
  if (isAddressEqual(terms.authorizer, zeroAddress)) await checkReceiverCode(client, receiver);
  if (!(await isOperator(client, { factory, account: operator }))) {
    throw new UnsafeOfferError(
      `The operator ${operator} of these terms is not deployed by ${factory}.`,
      "Deploy it with `deployOperator` before the first request; it costs its gas once.",
    );
  }
  return operator;
}

function checkParties({ terms, escrow, receiver }: OfferCheckParameters, operator: Address): void {
  const { arbiter, feeReceiver } = terms;
  const tokenStore = predictTokenStore({ escrow, operator });
  const authorizer = authorizerOf(terms, { receiver });
  refuseAny("The receiver", receiver, { zero: zeroAddress, operator, tokenStore, escrow, arbiter });
  refuseAny("The authorizer", authorizer, { operator, tokenStore, escrow, Multicall3: MULTICALL3_ADDRESS });
  // Without a fee or an arbiter both are zero.
  if (isAddressEqual(feeReceiver, zeroAddress)) return;
  refuseAny("The fee's receiver", feeReceiver, { operator, tokenStore, escrow, arbiter });
}

function refuseAny(what: string, party: Address, others: Readonly<Record<string, Address>>): void {
  const found = Object.entries(others).find(([, other]) => isAddressEqual(withChecksums(party), withChecksums(other)));
  if (found === undefined) return;
  throw new UnsafeOfferError(
    `${what} ${party} is the ${found[0]}.`,
    "Name an account that only its owner can act for.",
  );
}

function checkWindows({ terms, allowsShortWindows = false }: OfferCheckParameters): void {
  if (termsKind(terms) !== "arbitrated" || allowsShortWindows) return;
  const { disputeWindow, releaseLead } = terms;
  if (disputeWindow >= DAY && releaseLead >= DAY) return;
  throw new UnsafeOfferError(
    `The terms leave ${disputeWindow} seconds for disputes and ${releaseLead} before the end.`,
    "Give both a day, or pass `allowsShortWindows` if the chain never stands still for long.",
  );
}

/** A contract that forwards calls for anybody would make anybody the authorizer. */
async function checkReceiverCode(client: ReadClient, receiver: Address): Promise<void> {
  const code = await getCode(client, { address: withChecksums(receiver) });
  if (code === undefined || code === "0x") return;
  throw new UnsafeOfferError(
    `The terms name no authorizer, so that it is the receiver ${receiver}, which is a contract.`,
    "Name an authorizer in the terms: whoever can call through the contract could capture.",
  );
}
