import type { Address } from "viem";
import { flashSettlementAbi } from "../../../client/abi/index.ts";
import { escrowId } from "../../../client/flash/index.ts";
import { USDC } from "../../../test/base/addresses.ts";
import type { ChainClient } from "../chain.ts";
import { DemoError } from "../errors.ts";
import type { PaidRequest } from "../payOnce.ts";
import type { ServerBooks } from "./settings.ts";

/** What the chain says of the client at one server, token base units. */
export interface EscrowBooks {
  readonly server: string;
  readonly opened: bigint;
  readonly fromWallet: bigint;
  readonly fromEscrow: bigint;
}

/** Token base units of one party before and after. */
export interface Holding {
  readonly name: string;
  readonly before: bigint;
  readonly after: bigint;
}

/** What the client was told, what the servers wrote down, and what the chain says. */
export interface Books {
  /** How many requests were made. */
  readonly made: number;
  readonly requests: readonly PaidRequest[];
  /** By the names in `escrows`. */
  readonly servers: readonly (ServerBooks & { readonly name: string; readonly url: string })[];
  readonly escrows: readonly EscrowBooks[];
  /** What the client sent away when it emptied its wallet, and what it paid afterwards, token base units. */
  readonly taken: bigint;
  readonly paidAfter: bigint;
  readonly client: Holding;
  readonly serverHoldings: readonly Holding[];
  readonly contract: Holding;
  readonly accomplice: Holding;
}

/** Somebody with a name. */
export interface Party {
  readonly name: string;
  readonly address: Address;
}

/** Reads what the contract has moved since a block, from the client to each server. */
export async function readEscrows(
  client: ChainClient,
  address: Address,
  fromBlock: bigint,
  parties: { readonly payer: Address; readonly servers: readonly Party[] },
): Promise<readonly EscrowBooks[]> {
  const query = { address, abi: flashSettlementAbi, fromBlock, strict: true } as const;
  const opened = await client.getContractEvents({ ...query, eventName: "EscrowOpened" });
  const settled = await client.getContractEvents({ ...query, eventName: "PaymentsSettled" });
  return parties.servers.map((server) => {
    const id = escrowId({ client: parties.payer, server: server.address, token: USDC });
    const own = settled.filter(({ args }) => args.id === id).map(({ args }) => args);
    return {
      server: server.name,
      opened: sum(opened.filter(({ args }) => args.id === id).map(({ args }) => args.amount)),
      fromWallet: sum(own.map(({ fromWallet }) => fromWallet)),
      fromEscrow: sum(own.map(({ fromEscrow }) => fromEscrow)),
    };
  });
}

/**
 * Compares the books.
 *
 * @throws {DemoError} they do not agree to the last unit.
 */
export function checkBooks(books: Books): void {
  const { made, requests, servers, escrows, taken, paidAfter, client, serverHoldings, contract, accomplice } = books;
  check("Requests answered", requests.length, made);
  for (const { name, url, accepted, unsettled } of servers) {
    const told = sum(requests.filter((request) => request.url.startsWith(url)).map(({ amount }) => amount));
    const paid = escrows.filter(({ server }) => server === name);
    check(`USDC units in the books of ${name}`, accepted, told);
    check(`USDC units that ${name} is still owed`, unsettled, 0n);
    check(`USDC units paid to ${name}`, sum(paid.map(({ fromWallet, fromEscrow }) => fromWallet + fromEscrow)), told);
    const { before = 0n, after = 0n } = serverHoldings.find((holding) => holding.name === name) ?? {};
    check(`USDC units of ${name}`, after, before + told);
  }
  const spent = sum(escrows.map(({ opened, fromWallet }) => opened + fromWallet));
  check(`USDC units of the ${client.name}`, client.after, client.before - spent - taken);
  check("USDC units from the escrows", sum(escrows.map(({ fromEscrow }) => fromEscrow)), paidAfter);
  const locked = sum(escrows.map(({ opened, fromEscrow }) => opened - fromEscrow));
  check("USDC units of the contract", contract.after, contract.before + locked);
  const all = [client, ...serverHoldings, contract, accomplice];
  check("USDC units of everybody", sum(all.map(({ after }) => after)), sum(all.map(({ before }) => before)));
}

function check(what: string, actual: bigint | number, expected: bigint | number): void {
  if (actual !== expected) throw new DemoError(`${what}: ${actual} instead of ${expected}. This is a bug.`);
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
