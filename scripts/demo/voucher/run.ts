import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatUnits, type Address } from "viem";
import { voucherModule } from "../../../ignition/modules/voucher.ts";
import { httpProvider } from "../../../test/base/provider.ts";
import { serveBase } from "../../../test/base/serve.ts";
import { mintUsdc } from "../../../test/base/usdc.ts";
import { actors } from "../../../test/helpers/actors.ts";
import { deployInMemory } from "../../deploy-in-memory.ts";
import { balancesOf, renderBalances } from "../balances.ts";
import { type Child, startChild } from "../children.ts";
import { DemoError } from "../errors.ts";
import { createStages, type Stages } from "../stages.ts";
import type { PaidRequest } from "../payOnce.ts";
import { type Agent, makeAgents, payAll } from "./agents.ts";
import { checkBooks, paidGroups, type Holding } from "./books.ts";
import { connectChain } from "../chain.ts";
import { measureExact } from "./exact.ts";
import { gasOfDeposits } from "./onChain.ts";
import { renderMeasurements } from "./report.ts";
import {
  ROUTES,
  SELLER,
  type DemoSettings,
  type SellerBooks,
  type SellerReceipts,
  type SellerSettings,
  type ServerReady,
} from "./settings.ts";

const AGENTS = 20;
/** Some agents ask for several things at once, which takes a lane each. */
const PARALLEL = [1, 1, 1, 2];
const WALLET = 5_000_000n;

/** How much is done. */
export interface VoucherDemoOptions {
  /** Paid requests, a multiple of the agents. */
  readonly requests: number;
}

/** What every stage of the demo needs. */
interface Demo extends DemoSettings {
  readonly signal: AbortSignal;
  readonly stages: Stages;
  /** Paid requests. */
  readonly total: number;
  readonly folder: string;
  /** Whatever was started, to be stopped. */
  readonly children: Child<ServerReady>[];
}

/** Everything that was paid, and how long it took. */
interface Traffic {
  readonly requests: readonly PaidRequest[];
  /** Milliseconds. */
  readonly duration: number;
}

/**
 * Agents pay a real API through VoucherEscrow on a local Base.
 *
 * @param signal - Ends everything that was started.
 * @throws {DemoError} the books do not agree, `signal` ended it, or the requests cannot be shared out evenly.
 */
export async function runVoucherDemo(signal: AbortSignal, { requests: total }: VoucherDemoOptions): Promise<void> {
  if (!Number.isInteger(total) || total <= 0 || total % AGENTS !== 0) {
    throw new DemoError(`${AGENTS} agents cannot share ${total} requests evenly; name a multiple of ${AGENTS}.`);
  }
  const stages = createStages();
  const folder = await mkdtemp(join(tmpdir(), "x402-escrow-demo-"));
  const children: Child<ServerReady>[] = [];
  console.log(
    "\nVoucher escrow: agents pay an API with signed vouchers; the seller collects them in one transaction.\n",
  );
  const server = await stages.step("Starting a local Base", () => serveBase({ port: 0 }));
  console.log(`  ${server.url}`);
  try {
    const escrow = await deploy(stages, server.url);
    signal.throwIfAborted();
    await payAndSettle({ signal, stages, total, folder, children, rpcUrl: server.url, escrow });
  } catch (error) {
    // What was interrupted fails in any way it likes.
    throw signal.aborted ? signal.reason : error;
  } finally {
    for (const child of children.reverse()) await child.stop();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function deploy(stages: Stages, rpcUrl: string): Promise<Address> {
  const [deployed] = await stages.step("Deploying VoucherEscrow with Ignition", () =>
    deployInMemory(httpProvider(rpcUrl), voucherModule),
  );
  if (deployed === undefined) throw new DemoError("Ignition deployed nothing.");
  return deployed.address as Address;
}

async function payAndSettle(demo: Demo): Promise<void> {
  const { stages, rpcUrl, escrow, total } = demo;
  const { client } = connectChain(rpcUrl, actors.deployer);
  const agents = makeAgents(AGENTS, escrow);
  await giveTokens(demo, agents);
  const exactGas = await stages.step("Measuring one plain payment for comparison", () => measureExact(rpcUrl));
  const api = await startServers(demo);

  const owners = [...agents.map(({ account }) => account.address), SELLER.address, escrow];
  const before = await balancesOf(client, owners);
  const firstBlock = await client.getBlockNumber();
  const { requests, duration } = await payEverything(demo, agents, api.ready.url);

  const { charged } = await api.ask<SellerBooks>("books");
  const depositGas = await gasOfDeposits(client, escrow, firstBlock);
  const { gas: collectGas } = await stages.step("Collecting everything", () => api.ask<SellerReceipts>("collect"));
  const groups = await paidGroups(client, escrow, firstBlock);
  const { gas: releaseGas } = await stages.step("Returning what was not used", () =>
    api.ask<SellerReceipts>("release"),
  );
  const after = await balancesOf(client, owners);

  const measured = { requests, duration, agents: agents.length, depositGas, collectGas, releaseGas, exactGas };
  console.log(`\n${renderMeasurements(measured)}\n`);
  const names = [...agents.map(({ name }) => name), "seller", "escrow"];
  const holdings = names.map((name, at): Holding => ({ name, before: before[at] ?? 0n, after: after[at] ?? 0n }));
  const [seller, escrowed] = holdings.slice(AGENTS) as [Holding, Holding];
  console.log(renderBalances([sumOf(`${AGENTS} agents`, holdings.slice(0, AGENTS)), lineOf(seller), lineOf(escrowed)]));
  checkBooks({
    ...{ made: total, requests, charged, groups },
    ...{ agents: holdings.slice(0, AGENTS), seller, escrow: escrowed },
  });
  console.log("Every balance adds up to the last unit.\n");
}

async function giveTokens({ stages, rpcUrl }: Demo, agents: readonly Agent[]): Promise<void> {
  const minter = actors.usdcMinter.address;
  await stages.step(`Giving ${AGENTS} agents ${formatUnits(WALLET, 6)} USDC each, and no ETH`, async () => {
    for (const { account } of agents) {
      await mintUsdc(httpProvider(rpcUrl), { minter, account: account.address, amount: WALLET });
    }
  });
}

/** Starts the facilitator, and the API that uses it. */
async function startServers({ stages, signal, folder, children, rpcUrl, escrow }: Demo): Promise<Child<ServerReady>> {
  const start = async (script: string, settings: DemoSettings | SellerSettings) => {
    const child = await startChild<ServerReady>(new URL(script, import.meta.url), settings, signal);
    children.push(child);
    return child;
  };
  const api = await stages.step("Starting the facilitator and the paid API", async () => {
    const { ready } = await start("facilitator.ts", { rpcUrl, escrow });
    const storePath = join(folder, "vouchers.sqlite");
    return start("seller.ts", { rpcUrl, escrow, facilitatorUrl: ready.url, storePath });
  });
  for (const { process: child, ready } of children) console.log(`  ${ready.url}, process ${child.pid}`);
  return api;
}

async function payEverything({ stages, signal, total }: Demo, agents: readonly Agent[], api: string): Promise<Traffic> {
  const each = total / agents.length;
  const paths = Array.from({ length: each }, (_, index) => (index % 2 === 0 ? ROUTES.fixed : ROUTES.metered));
  const requests: PaidRequest[] = [];
  const started = performance.now();
  await stages.many(`${total} paid requests`, total, async (done) => {
    const onPaid = (request: PaidRequest) => {
      signal.throwIfAborted();
      requests.push(request);
      done();
    };
    const pay = (agent: Agent, index: number) =>
      payAll(agent, api, paths, PARALLEL[index % PARALLEL.length] ?? 1, onPaid);
    await Promise.all(agents.map(pay));
  });
  return { requests, duration: performance.now() - started };
}

function lineOf({ name: owner, before, after }: Holding) {
  return { owner, before, after };
}

function sumOf(owner: string, holdings: readonly Holding[]) {
  const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
  return { owner, before: sum(holdings.map(({ before }) => before)), after: sum(holdings.map(({ after }) => after)) };
}
