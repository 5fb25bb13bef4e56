import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { createPublicClient, http } from "viem";
import { voucherEscrowAbi } from "../../client/abi/index.ts";
import type { PaymentEvent } from "../../client/auth-capture/index.ts";
import { checkBooks as checkHoldBooks, type Books as HoldBooks } from "../../scripts/demo/auth-capture/books.ts";
import { DemoError } from "../../scripts/demo/errors.ts";
import { checkBooks as checkFlashBooks, type Books as FlashBooks } from "../../scripts/demo/flash/books.ts";
import { checkBooks, type Books } from "../../scripts/demo/voucher/books.ts";

const MAIN = fileURLToPath(new URL("../../scripts/demo/main.ts", import.meta.url));
/** Far more than a machine under load needs. */
const MOST = 120_000;

describe("the demo", function () {
  this.timeout(MOST);
  let folder: string;
  const runs: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "x402-escrow-demo-test-"));
  });
  afterEach(async () => {
    // Whatever a failed test left: the demo's own processes end with it.
    for (const child of runs.splice(0)) child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  function start(...parameters: string[]): { readonly child: ChildProcess; readonly output: () => string } {
    const child = spawn(process.execPath, [MAIN, ...parameters], { env: { ...process.env, TMPDIR: folder } });
    runs.push(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (output += data.toString()));
    return { child, output: () => output };
  }

  it("pays, collects everything in one transaction, and balances its books", async () => {
    const { child, output } = start("voucher", "--requests", "60");
    const [code] = await once(child, "close");
    expect(code, output()).to.equal(0);
    expect(output()).to.match(/paid requests, all answered\s+│\s+60 │/);
    expect(output()).to.include("Every balance adds up to the last unit.");
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it("pays servers in full though a client revokes its allowance and empties its wallet", async () => {
    const { child, output } = start("flash", "--requests", "40");
    const [code] = await once(child, "close");
    expect(code, output()).to.equal(0);
    expect(output()).to.match(/paid requests, all answered\s+│\s+40 │/);
    expect(output()).to.match(/to flash server 1\s+│\s+0\.01 │\s+0\.01 │/);
    expect(output()).to.match(/sum\s+│\s+0\.02 │\s+0\.02 │/);
    expect(output()).to.include("Every served request is paid, and every balance adds up to the last unit.");
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it("ends a hold in four ways, and every party has what it should", async () => {
    const { child, output } = start("auth-capture");
    const [code] = await once(child, "close");
    expect(code, output()).to.equal(0);
    expect(output()).to.match(/captured in part, the rest voided\s+│\s+5 │\s+3\.141593 │\s+1\.858407 │\s+0 │/);
    expect(output()).to.match(/agent 1: Captured, Voided\s+│/);
    expect(output()).to.match(/captured, a part refunded\s+│\s+6 │\s+6 │\s+0 │\s+2\.718282 │/);
    expect(output()).to.match(/disputed, split by the arbiter\s+│\s+8 │\s+2\.666667 │\s+5\.333333 │\s+0 │/);
    expect(output()).to.match(/abandoned, returned by a third party\s+│\s+4 │\s+0 │\s+4 │\s+0 │/);
    expect(output()).to.match(/ seller\s+│\s+0 │\s+9\.089978 │/);
    expect(output()).to.include("Every payment has ended, and every balance adds up to the last unit.");
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it("leaves no process, no port and no file when it is interrupted under load", async () => {
    const requests = 20_000;
    const { child, output } = start("voucher", "--requests", requests.toString());
    const running = /process (\d+)\n.*process (\d+)\n/;
    await until(() => running.test(output()) || hasEnded(child));
    const urls = [...output().matchAll(/^ {2}(http:\S+?)(?:,|$)/gm)].map(([, url = ""]) => url);
    const pids = [...output().matchAll(/process (\d+)$/gm)].map(([, pid]) => Number(pid));
    expect([urls.length, pids.length], output()).to.deep.equal([3, 2]);
    expect(pids.map(isAlive)).to.deep.equal([true, true]);
    expect(await Promise.all(urls.map(isOpen))).to.deep.equal([true, true, true]);

    // Agents that pay have deposited.
    const chain = createPublicClient({ transport: http(urls[0]) });
    const deposits = { abi: voucherEscrowAbi, eventName: "Deposited", fromBlock: 0n } as const;
    await until(async () => hasEnded(child) || (await chain.getContractEvents(deposits)).length > 0);
    expect(child.exitCode, output()).to.equal(null);
    child.kill("SIGINT");
    const [code] = await once(child, "close");

    expect(code, output()).to.equal(1);
    expect(output()).to.include("Interrupted; everything that was started is stopped.");
    expect(output()).not.to.include("Error");
    expect(output()).not.to.include("Collecting everything");
    expect(pids.map(isAlive)).to.deep.equal([false, false]);
    expect(await Promise.all(urls.map(isOpen))).to.deep.equal([false, false, false]);
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it("refuses requests that its agents cannot share", async () => {
    const { child, output } = start("--requests", "50");
    const [code] = await once(child, "close");
    expect(code).to.equal(1);
    expect(output()).to.include("name a multiple of 20");
    const flash = start("flash", "--requests", "50");
    const [flashCode] = await once(flash.child, "close");
    expect(flashCode).to.equal(1);
    expect(flash.output()).to.include("name a multiple of 4");
  });
});

describe("books of the demo", () => {
  const paid = (agent: string, amount: bigint) => ({ agent, url: "http://a/weather", latency: 1, amount });
  const one = { name: "one", before: 100n, after: 70n };
  const two = { ...one, name: "two" };
  const books: Books = {
    made: 3,
    requests: [paid("one", 10n), paid("one", 20n), paid("two", 30n)],
    charged: 60n,
    groups: [{ transaction: "0x01", paid: 60n }],
    agents: [one, two],
    seller: { name: "seller", before: 5n, after: 65n },
    escrow: { name: "escrow", before: 0n, after: 0n },
  };

  it("agree when every party and the chain say the same", () => {
    expect(() => checkBooks(books)).not.to.throw();
  });

  const first = { transaction: "0x01", paid: 40n } as const;
  for (const [what, change] of Object.entries<Partial<Books>>({
    "a request that was not answered": { made: 4 },
    "a store that has charged more": { charged: 61n },
    "a second transaction that collected": { groups: [first, { transaction: "0x02", paid: 20n }] },
    "no transaction that collected": { groups: [] },
    "a batch that paid less": { groups: [first] },
    "an agent that has paid for another": {
      agents: [
        { ...one, after: 71n },
        { ...two, after: 69n },
      ],
    },
    "a seller that has got less": { seller: { ...books.seller, after: 64n } },
    "an escrow that kept a unit": { escrow: { ...books.escrow, after: 1n } },
    "a unit from nowhere": { escrow: { ...books.escrow, before: 1n } },
  })) {
    it(`refuse ${what}`, () => {
      expect(() => checkBooks({ ...books, ...change })).to.throw(DemoError, /instead of/);
    });
  }
});

describe("books of the flash demo", () => {
  const paid = (url: string, amount: bigint) => ({ agent: "client", url: `${url}/weather`, latency: 1, amount });
  const escrow = { server: "a", opened: 50n, fromWallet: 10n, fromEscrow: 20n };
  const server = { name: "a", url: "http://a", accepted: 30n, unsettled: 0n };
  const books: FlashBooks = {
    made: 2,
    requests: [paid("http://a", 10n), paid("http://a", 20n)],
    servers: [server],
    escrows: [escrow],
    taken: 40n,
    paidAfter: 20n,
    client: { name: "client", before: 100n, after: 0n },
    serverHoldings: [{ name: "a", before: 5n, after: 35n }],
    contract: { name: "contract", before: 0n, after: 30n },
    accomplice: { name: "accomplice", before: 0n, after: 40n },
  };

  it("agree when every party and the chain say the same", () => {
    expect(() => checkFlashBooks(books)).not.to.throw();
  });

  for (const [what, change] of Object.entries<Partial<FlashBooks>>({
    "a request that was not answered": { made: 3 },
    "a store that has accepted more": { servers: [{ ...server, accepted: 31n }] },
    "a server that is still owed": { servers: [{ ...server, unsettled: 1n }] },
    "a chain that has paid less": { escrows: [{ ...escrow, fromEscrow: 19n }] },
    "a server that has got less": { serverHoldings: [{ name: "a", before: 5n, after: 34n }] },
    "a client that has paid less": { client: { name: "client", before: 100n, after: 1n } },
    "an escrow that paid for a full wallet": { paidAfter: 0n },
    "a contract that kept a unit": { contract: { name: "contract", before: 0n, after: 31n } },
    "a unit from nowhere": { accomplice: { name: "accomplice", before: 0n, after: 41n } },
  })) {
    it(`refuse ${what}`, () => {
      expect(() => checkFlashBooks({ ...books, ...change })).to.throw(DemoError, /instead of/);
    });
  }
});

describe("books of the auth-capture demo", () => {
  const at = (transactionHash: string, type: string, amount: bigint) =>
    ({ type, amount, transactionHash }) as unknown as PaymentEvent;
  const purchase = {
    title: "split",
    path: "/split",
    terms: "hold",
    price: 50n,
    captured: 30n,
    refunded: 10n,
    agent: "one",
    events: [
      at("0x1", "Authorized", 50n),
      at("0x2", "Captured", 30n),
      at("0x2", "Voided", 20n),
      at("0x3", "Refunded", 10n),
    ],
  } as const;
  const books: HoldBooks = {
    purchases: [purchase],
    agents: [{ name: "one", before: 100n, after: 80n }],
    seller: { name: "seller", before: 5n, after: 25n },
    others: [{ name: "escrow", before: 7n, after: 7n }],
  };
  const withEvents = (...events: PaymentEvent[]): Partial<HoldBooks> => ({ purchases: [{ ...purchase, events }] });
  const [authorized, captured, voided, refunded] = purchase.events;

  it("agree when every party and the chain say the same", () => {
    expect(() => checkHoldBooks(books)).not.to.throw();
  });

  for (const [what, change] of Object.entries<Partial<HoldBooks>>({
    "a hold of another amount": withEvents(at("0x1", "Authorized", 49n), captured, voided, refunded),
    "a capture of another amount": withEvents(authorized, at("0x2", "Captured", 29n), voided, refunded),
    "a hold that has not ended": withEvents(authorized, captured, refunded),
    "a void in a transaction of its own": withEvents(authorized, captured, at("0x4", "Voided", 20n), refunded),
    "a refund that did not happen": withEvents(authorized, captured, voided),
    "an agent that got less back": { agents: [{ name: "one", before: 100n, after: 79n }] },
    "a seller that has got less": { seller: { name: "seller", before: 5n, after: 24n } },
    "an escrow that kept a unit": { others: [{ name: "escrow", before: 7n, after: 8n }] },
  })) {
    it(`refuse ${what}`, () => {
      expect(() => checkHoldBooks({ ...books, ...change })).to.throw(DemoError, /instead of/);
    });
  }
});

/** Waits for a condition; the test's own limit bounds it. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** Whether something listens at the port of a URL. */
async function isOpen(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, "connect");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ECONNREFUSED") return false;
    throw error;
  } finally {
    socket.destroy();
  }
}
