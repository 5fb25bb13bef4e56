import { TransactionReceiptNotFoundError, type Address, type Hash, type Hex, type TransactionReceipt } from "viem";
import { getTransactionReceipt } from "viem/actions";
import { getTerms } from "../../auth-capture/read.ts";
import { authorizerOf } from "../../auth-capture/terms.ts";
import type { Desk } from "./desk.ts";
import { refuse } from "./refusals.ts";
import { isCollect, type Work } from "./work.ts";

/** What a transaction has taken of what strangers can burn. */
export interface Spending {
  /** It was mined: what it did not burn is given back. */
  mined(receipt: TransactionReceipt): void;
  /** It did not leave. */
  unsent(): void;
}

/** Transactions without an end that are remembered. What a forgotten one has taken comes back with time. */
const MAX_SPENDINGS = 1_000;

/**
 * Takes what one transaction may burn: from the rations of its payment or payer, and from the gas that failures of all may cost.
 *
 * @param isGood - Says whether a mined transaction did what it must.
 * @returns {@link Spending}, for `spendings` of the desk once it is sent.
 * @throws {RefusalError} `relay_limit` when too little is left.
 */
export async function spend(
  desk: Desk,
  work: Work,
  isGood: (receipt: TransactionReceipt) => boolean,
): Promise<Spending> {
  const { rations, budget, gasLimit } = desk;
  const names = takeRations(desk, work);
  const giveBackRations = (): void => {
    for (const name of names) rations.giveBack(name);
  };
  try {
    if (!(await takeGas(desk, work))) refuse("relay_limit", { detail: "Failures have cost enough gas for now." });
  } catch (error) {
    giveBackRations();
    throw error;
  }
  return {
    mined(receipt) {
      const isFine = isGood(receipt);
      budget.giveBack(isFine ? gasLimit : gasLimit - receipt.gasUsed);
      // A payment that is collected has cost the payer its tokens; a capture or a refund costs nobody anything.
      if (isFine && isCollect(work)) giveBackRations();
    },
    unsent() {
      budget.giveBack(gasLimit);
    },
  };
}

/** Notes what became of a transaction, once. */
export function conclude({ spendings }: Desk, hash: Hash, receipt: TransactionReceipt): void {
  spendings.get(hash)?.mined(receipt);
  spendings.delete(hash);
}

/** Gives the names whose rations were taken. */
function takeRations({ rations }: Desk, work: Work): readonly Hex[] {
  const { payer, operator } = work.payment.paymentInfo;
  const isOfPayer = isCollect(work);
  const payers = work.isTrusted ? [payer] : [payer, operator];
  const taken: Hex[] = [];
  for (const name of isOfPayer ? payers : [work.paymentInfoHash]) {
    if (!rations.take(name)) {
      for (const other of taken) rations.giveBack(other);
      refuse("relay_limit", { detail: `Enough was sent for ${isOfPayer ? name : "this payment"} without success.` });
    }
    taken.push(name);
  }
  return taken;
}

async function takeGas(desk: Desk, work: Work): Promise<boolean> {
  const { budget, gasLimit, spendings } = desk;
  const oldest = spendings.size < MAX_SPENDINGS ? undefined : spendings.keys().next().value;
  if (oldest !== undefined) spendings.delete(oldest);
  if (budget.isAmple(gasLimit)) return budget.take(gasLimit, false);
  await review(desk);
  return budget.take(gasLimit, !budget.isAmple(gasLimit) && (await runsForeignCode(desk, work)));
}

/** Looks at what was sent and not seen mined in time: it may have succeeded since, and nobody asked again. */
async function review(desk: Desk): Promise<void> {
  for (const hash of [...desk.spendings.keys()]) {
    try {
      conclude(desk, hash, await getTransactionReceipt(desk.client, { hash }));
    } catch (error) {
      if (!(error instanceof TransactionReceiptNotFoundError)) throw error;
    }
  }
}

/** Whether code that a stranger has chosen decides what a transaction burns once it is mined. */
async function runsForeignCode(desk: Desk, work: Work): Promise<boolean> {
  if (!work.isTrusted || work.isDeploying === true) return true;
  const accounts: Address[] = work.funds === undefined ? [] : [work.funds.owner];
  const { paymentInfo } = work.payment;
  if (!isCollect(work) && work.isFactoryMade) {
    accounts.push(authorizerOf(await getTerms(desk.client, { operator: paymentInfo.operator }), paymentInfo));
  }
  // A key that lets a contract act for it (EIP-7702) has code too.
  return (await Promise.all(accounts.map((account) => desk.hasCode(account)))).includes(true);
}
