import type { Hash } from "viem";
import type { PaymentEvent } from "../../../client/auth-capture/index.ts";
import { DemoError } from "../errors.ts";
import type { Sale } from "./settings.ts";

/** What the escrow says of one purchase. Amounts in token base units. */
export interface Purchase extends Sale {
  /** Whose purchase it is. */
  readonly agent: string;
  readonly events: readonly PaymentEvent[];
}

/** Token base units of one party before and after. */
export interface Holding {
  readonly name: string;
  readonly before: bigint;
  readonly after: bigint;
}

/** What was to happen, what the chain says, and what everybody holds. */
export interface Books {
  readonly purchases: readonly Purchase[];
  /** By the names in `purchases`. */
  readonly agents: readonly Holding[];
  readonly seller: Holding;
  /** Everybody and every contract that must keep nothing. */
  readonly others: readonly Holding[];
}

type MoneyEvent = Extract<PaymentEvent, { readonly type: "Authorized" | "Captured" | "Voided" | "Refunded" }>;

/** What the events of one kind moved, token base units. */
export function movedBy({ events }: Pick<Purchase, "events">, type: MoneyEvent["type"]): bigint {
  return sum(events.map((event) => (event.type === type ? (event as MoneyEvent).amount : 0n)));
}

/** The transactions of a purchase after it was authorized, in order. */
export function laterTransactions({ events }: Pick<Purchase, "events">): readonly Hash[] {
  const hashes = events.map(({ transactionHash }) => transactionHash).filter((hash) => hash !== null);
  return [...new Set(hashes)].slice(1);
}

/**
 * Compares the books.
 *
 * @throws {DemoError} they do not agree to the last unit.
 */
export function checkBooks({ purchases, agents, seller, others }: Books): void {
  for (const purchase of purchases) {
    const { agent, title, price, captured, refunded, events } = purchase;
    check(`USDC units held, ${title}`, movedBy(purchase, "Authorized"), price);
    check(`USDC units captured, ${title}`, movedBy(purchase, "Captured"), captured);
    check(`USDC units voided, ${title}`, movedBy(purchase, "Voided"), price - captured);
    check(`USDC units refunded, ${title}`, movedBy(purchase, "Refunded"), refunded);
    // What ends a hold does so at once: nobody waits for a second half.
    const ends = events.filter(({ type }) => type === "Captured" || type === "Voided");
    check(`Transactions that ended it, ${title}`, new Set(ends.map(({ transactionHash }) => transactionHash)).size, 1);
    const { before = 0n, after = 0n } = agents.find(({ name }) => name === agent) ?? {};
    check(`USDC units of ${agent}`, after, before - captured + refunded);
  }
  const earned = sum(purchases.map(({ captured, refunded }) => captured - refunded));
  check(`USDC units of ${seller.name}`, seller.after, seller.before + earned);
  for (const { name, before, after } of others) check(`USDC units of ${name}`, after, before);
  const all = [...agents, seller, ...others];
  check("USDC units of everybody", sum(all.map(({ after }) => after)), sum(all.map(({ before }) => before)));
}

function check(what: string, actual: bigint | number, expected: bigint | number): void {
  if (actual !== expected) throw new DemoError(`${what}: ${actual} instead of ${expected}. This is a bug.`);
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
