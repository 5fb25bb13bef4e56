import type { Hash } from "viem";
import { getOperatorStatus, getTerms } from "../../auth-capture/read.ts";
import type { PaymentState, Terms } from "../../auth-capture/types.ts";
import type { Desk } from "./desk.ts";
import { makeReport, REPORT_KEY, toWireReport } from "./report.ts";
import { readState } from "./state.ts";
import type { Work } from "./work.ts";

/** Makes `extra` of answers. */
export interface Reporter {
  /**
   * Reports how a payment stands. A report that cannot be made is left out: the answer does not depend on it.
   *
   * @param known - State after work that is done; read from the chain when absent.
   */
  reportOn(
    desk: Desk,
    work: Work,
    known?: { readonly state?: PaymentState; readonly collectTransaction?: Hash | undefined },
  ): Promise<{ readonly extra?: Record<string, unknown> }>;
}

/** Operators whose terms are remembered; they never change. */
const MAX_OPERATORS = 10_000;

/** Makes a {@link Reporter}. */
export function createReporter(clock: () => bigint, onError: (error: unknown) => void): Reporter {
  const termsOf = new Map<string, Terms>();

  async function findTerms(desk: Desk, work: Work): Promise<Terms | undefined> {
    if (!work.isFactoryMade) return undefined;
    const key = work.payment.paymentInfo.operator.toLowerCase();
    const known = termsOf.get(key);
    if (known !== undefined) return known;
    const terms = await getTerms(desk.client, { operator: work.payment.paymentInfo.operator });
    if (termsOf.size >= MAX_OPERATORS) termsOf.clear();
    termsOf.set(key, terms);
    return terms;
  }

  async function findDisputedAt(desk: Desk, work: Work, { capturable }: PaymentState): Promise<bigint> {
    if (!work.isFactoryMade || capturable === 0n) return 0n;
    return (await getOperatorStatus(desk.client, work.payment)).disputedAt;
  }

  return {
    reportOn: async (desk, work, { state: known, collectTransaction } = {}) => {
      try {
        const state = known ?? (await readState(desk, work));
        // What was done just now could not be done to a disputed hold.
        const disputedAt = known === undefined ? await findDisputedAt(desk, work, state) : 0n;
        const terms = await findTerms(desk, work);
        const report = makeReport({
          ...work.payment,
          state: { ...state, disputedAt },
          terms,
          collectTransaction,
          now: clock(),
        });
        return { extra: { [REPORT_KEY]: toWireReport(report) } };
      } catch (error) {
        onError(error);
        return {};
      }
    },
  };
}
