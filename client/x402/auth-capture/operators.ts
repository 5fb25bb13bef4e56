import { isAddressEqual } from "viem";
import { includesAddress, type Desk } from "./desk.ts";
import { refuse } from "./refusals.ts";
import type { PaymentTerms } from "./types.ts";

/** What is known of an operator that is admitted. */
export interface AdmittedOperator {
  /** The facilitator's own account. */
  readonly isDelegated: boolean;
  /** One of our factories deployed it, so its code is known: lifecycle is relayed, and its errors are believed. */
  readonly isFactoryMade: boolean;
}

/** An operator as `/supported` names it. */
export interface OperatorEntry {
  /** An address, or `*` for any. */
  readonly address: string;
  /** `custom` for a contract with terms, `delegated` for an account. */
  readonly operatorType: "delegated" | "custom";
}

/** Lists the operators for `/supported`. Those that a factory deploys are announced by the factory. */
export function listOperators({ chain, sender }: Desk): readonly OperatorEntry[] {
  const { isOperator = true, customOperators = [] } = chain;
  const custom = customOperators === "*" ? ["*"] : customOperators;
  return [
    ...(isOperator ? [{ address: sender, operatorType: "delegated" } as const] : []),
    ...custom.map((address) => ({ address, operatorType: "custom" }) as const),
  ];
}

/** Refuses operators that the facilitator does not serve, and contracts that are not there: a call to those succeeds and does nothing. */
export async function admitOperator(desk: Desk, { operator, operatorType }: PaymentTerms): Promise<AdmittedOperator> {
  const { chain, sender } = desk;
  if (operatorType === "delegated") {
    const isOwn = isAddressEqual(operator, sender) && (chain.isOperator ?? true);
    if (!isOwn) refuse("operator_not_admitted", { detail: `Delegated payments are for ${sender}.` });
    return { isDelegated: true, isFactoryMade: false };
  }
  const { customOperators = [] } = chain;
  const isListed = customOperators === "*" || includesAddress(customOperators, operator);
  const isFactoryMade = await desk.isFactoryMade(operator);
  if (!isListed && !isFactoryMade) {
    // Nobody can tell who would deploy what, so an address without code is no operator of a factory.
    refuse((await desk.hasCode(operator)) ? "operator_not_admitted" : "operator_type_mismatch");
  }
  if (!isFactoryMade && !(await desk.hasCode(operator))) refuse("operator_type_mismatch");
  return { isDelegated: false, isFactoryMade };
}
