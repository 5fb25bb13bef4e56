import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatUnits, keccak256, parseEther, toHex, type Address, type Hash } from "viem";
import {
  dispute,
  ESCROW_DEPLOYMENTS,
  getPaymentEvents,
  getPaymentState,
  predictOperator,
  predictTokenStore,
  rule,
  signDispute,
  signRule,
  voidExpired,
} from "../../../client/auth-capture/index.ts";
import type { MadePayment } from "../../../client/x402/auth-capture/index.ts";
import { authCaptureModule } from "../../../ignition/modules/auth-capture.ts";
import { httpProvider, setBalance } from "../../../test/base/provider.ts";
import { serveBase } from "../../../test/base/serve.ts";
import { mintUsdc } from "../../../test/base/usdc.ts";
import { actors } from "../../../test/helpers/actors.ts";
import { deployInMemory } from "../../deploy-in-memory.ts";
import { balancesOf, renderBalances } from "../balances.ts";
import { connectChain, type ChainClient } from "../chain.ts";
import { type Child, startChild } from "../children.ts";
import { DemoError } from "../errors.ts";
import { createStages, type Stages } from "../stages.ts";
import { type Agent, buy, makeAgents } from "./agents.ts";
import { checkBooks, laterTransactions, type Holding, type Purchase } from "./books.ts";
import { renderPurchases } from "./report.ts";
import {
  ARBITER,
  SALES,
  SELLER,
  SERVER_GAS,
  TERMS,
  THIRD_PARTY,
  type SaleName,
  type ServerReady,
  type ServerSettings,
} from "./settings.ts";

const WALLET = 10_000_000n;
const NAMES = Object.keys(SALES) as readonly SaleName[];
const { escrow: ESCROW, ...COLLECTORS } = ESCROW_DEPLOYMENTS["v1.1"];

/** What every stage of the demo needs. */
interface Demo {
  readonly signal: AbortSignal;
  readonly stages: Stages;
  readonly rpcUrl: string;
  readonly client: ChainClient;
  readonly factory: Address;
  readonly refundCollector: Address;
  readonly agents: readonly Agent[];
  readonly server: Child<ServerReady>;
}

/**
 * Agents buy from an API whose payments the canonical escrow holds on a local Base; each purchase ends in another way.
 *
 * @param signal - Ends everything that was started.
 * @throws {DemoError} the books do not agree, or `signal` ended it.
 */
export async function runAuthCaptureDemo(signal: AbortSignal): Promise<void> {
  const stages = createStages();
  const folder = await mkdtemp(join(tmpdir(), "x402-escrow-demo-"));
  let server: Child<ServerReady> | undefined;
  console.log("\nAuth-capture: Base's escrow holds each payment; operators with terms decide who gets it, and when.\n");
  const base = await stages.step("Starting a local Base", () => serveBase({ port: 0 }));
  console.log(`  ${base.url}`);
  try {
    const contracts = await stages.step("Deploying the factory of operators with Ignition", () => deploy(base.url));
    signal.throwIfAborted();
    const { client } = connectChain(base.url, actors.deployer);
    const agents = makeAgents(NAMES, contracts.factory);
    const common = { rpcUrl: base.url, ...contracts };
    await stages.step(`Giving ${agents.length} agents ${formatUnits(WALLET, 6)} USDC each, and no ETH`, () =>
      fund(base.url, agents),
    );
    const settings: ServerSettings = { ...common, storePath: join(folder, "payments.sqlite") };
    server = await stages.step("Deploying two operators and starting the paid API", () =>
      startChild<ServerReady>(new URL("server.ts", import.meta.url), settings, signal),
    );
    console.log(`  ${server.ready.url}, process ${server.process.pid}`);
    await buyEverything({ ...common, signal, stages, client, agents, server });
  } catch (error) {
    // What was interrupted fails in any way it likes.
    throw signal.aborted ? signal.reason : error;
  } finally {
    await server?.stop();
    await base.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function deploy(rpcUrl: string): Promise<{ readonly factory: Address; readonly refundCollector: Address }> {
  const deployed = await deployInMemory(httpProvider(rpcUrl), authCaptureModule);
  // The first of its name is the one of v1.1.
  const addressOf = (wanted: string): Address => {
    const found = deployed.find(({ name }) => name === wanted);
    if (found === undefined) throw new DemoError(`Ignition deployed no ${wanted}.`);
    return found.address as Address;
  };
  return { factory: addressOf("TermsOperatorFactory"), refundCollector: addressOf("SignedRefundCollector") };
}

async function fund(rpcUrl: string, agents: readonly Agent[]): Promise<void> {
  const provider = httpProvider(rpcUrl);
  const minter = actors.usdcMinter.address;
  for (const { account } of agents) await mintUsdc(provider, { minter, account: account.address, amount: WALLET });
  for (const { address } of [SERVER_GAS, THIRD_PARTY]) await setBalance(provider, address, parseEther("1"));
}

async function buyEverything(demo: Demo): Promise<void> {
  const { stages, client, agents, server, signal } = demo;
  const keepers = keepersOf(demo);
  const owners = [...agents.map(({ account }) => account.address), SELLER.address, ...Object.values(keepers)];
  const before = await balancesOf(client, owners);
  const fromBlock = await client.getBlockNumber();
  const of = (sale: SaleName): Agent => agents[NAMES.indexOf(sale)] as Agent;
  const urlOf = (sale: SaleName) => `${server.ready.url}${SALES[sale].path}`;

  await stages.step(`${of("metered").name} buys what costs less than is held`, () =>
    buy(of("metered"), urlOf("metered"), signal),
  );
  await stages.step(`${of("refunded").name} buys, and the seller signs a refund`, async () => {
    await buy(of("refunded"), urlOf("refunded"), signal);
    await server.ask("refund");
  });
  await stages.step(`${of("disputed").name} buys and disputes, the arbiter rules`, async () =>
    disputeAndRule(demo, of("disputed"), await buy(of("disputed"), urlOf("disputed"), signal)),
  );
  await stages.step(`${of("abandoned").name} buys, the server dies, a third party returns the hold`, () =>
    abandon(demo, of("abandoned"), urlOf("abandoned")),
  );

  const purchases = await Promise.all(agents.map((agent) => readPurchase(client, agent, fromBlock)));
  console.log(`\n${renderPurchases(purchases, await gasOf(client, purchases))}\n`);
  const after = await balancesOf(client, owners);
  const names = [...agents.map(({ name }) => name), "seller", ...Object.keys(keepers)];
  const holdings = names.map((name, at): Holding => ({ name, before: before[at] ?? 0n, after: after[at] ?? 0n }));
  console.log(renderBalances(holdings.map(({ name: owner, ...amounts }) => ({ owner, ...amounts }))));
  checkBooks({
    purchases,
    agents: holdings.slice(0, agents.length),
    seller: holdings[agents.length] as Holding,
    others: holdings.slice(agents.length + 1),
  });
  console.log("Every payment has ended, and every balance adds up to the last unit.\n");
}

/** Everybody else who touches a payment, and keeps nothing of it. */
function keepersOf({ factory, refundCollector }: Demo): Readonly<Record<string, Address>> {
  const operators = Object.entries(TERMS).flatMap(([kind, terms]) => {
    const operator = predictOperator({ factory, terms, escrow: ESCROW });
    const tokenStore = predictTokenStore({ escrow: ESCROW, operator });
    return [
      [`operator, ${kind}`, operator],
      [`token store, ${kind}`, tokenStore],
    ] as const;
  });
  return {
    ...Object.fromEntries(operators),
    escrow: ESCROW,
    "payment collector": COLLECTORS.eip3009Collector,
    "refund collector": refundCollector,
    arbiter: ARBITER.address,
    "third party": THIRD_PARTY.address,
    "server's gas account": SERVER_GAS.address,
  };
}

/** Payer and arbiter only sign; the third party brings both signatures to the chain. */
async function disputeAndRule({ rpcUrl, client }: Demo, { account }: Agent, payment: MadePayment): Promise<void> {
  const { wallet } = connectChain(rpcUrl, THIRD_PARTY);
  const { chainId, escrow, paymentInfo } = payment;
  const here = { chainId, escrow, paymentInfo };
  const reasonHash = keccak256(toHex("The report is about another city."));
  const deadline = paymentInfo.authorizationExpiry;
  const objection = await signDispute(account, { ...here, reasonHash, deadline });
  const disputed = await dispute(wallet, { escrow, paymentInfo, reasonHash, deadline, signature: objection });
  await client.waitForTransactionReceipt({ hash: disputed });
  const receiverAmount = SALES.disputed.captured;
  const ruling = await signRule(ARBITER, { ...here, receiverAmount });
  const ruled = await rule(wallet, { escrow, paymentInfo, receiverAmount, signature: ruling });
  await client.waitForTransactionReceipt({ hash: ruled });
}

/** The server is killed while it works on a paid request; what is held goes home at the capture deadline, by anybody's call. */
async function abandon({ rpcUrl, client, server, signal }: Demo, agent: Agent, url: string): Promise<void> {
  const request = buy(agent, url, signal).then(
    () => Promise.reject(new DemoError("The server answered what it should not have.")),
    () => undefined,
  );
  const payment = await untilHeld(client, agent, signal);
  server.process.kill("SIGKILL");
  await request;
  const { escrow, paymentInfo } = payment;
  const provider = httpProvider(rpcUrl);
  await provider.request({
    method: "evm_setNextBlockTimestamp",
    params: [Number(paymentInfo.authorizationExpiry)],
  });
  await provider.request({ method: "evm_mine" });
  const { wallet } = connectChain(rpcUrl, THIRD_PARTY);
  const hash = await voidExpired(wallet, { escrow, paymentInfo });
  await client.waitForTransactionReceipt({ hash });
}

/** Waits until the payment that an agent has just signed is held. */
async function untilHeld(client: ChainClient, { payments }: Agent, signal: AbortSignal): Promise<MadePayment> {
  for (;;) {
    signal.throwIfAborted();
    const payment = payments().at(-1);
    if (payment !== undefined && (await getPaymentState(client, payment)).capturable > 0n) return payment;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function readPurchase(
  client: ChainClient,
  { name, sale, payments }: Agent,
  fromBlock: bigint,
): Promise<Purchase> {
  const payment = payments().at(-1);
  if (payment === undefined) throw new DemoError(`${name} has bought nothing.`);
  const { escrow, paymentInfo, paymentInfoHash } = payment;
  const query = { escrow, operator: paymentInfo.operator, paymentInfoHash, fromBlock };
  return { ...SALES[sale], agent: name, events: await getPaymentEvents(client, query) };
}

/** What each transaction did to a purchase, and its gas. */
async function gasOf(client: ChainClient, purchases: readonly Purchase[]) {
  const rows = purchases.flatMap((purchase) =>
    [purchase.events[0]?.transactionHash, ...laterTransactions(purchase)].map((hash) => ({
      purchase,
      hash: hash as Hash,
    })),
  );
  return Promise.all(
    rows.map(async ({ purchase, hash }) => {
      const { gasUsed } = await client.getTransactionReceipt({ hash });
      const types = purchase.events.filter(({ transactionHash }) => transactionHash === hash).map(({ type }) => type);
      return { what: `${purchase.agent}: ${types.join(", ")}`, gas: gasUsed };
    }),
  );
}
