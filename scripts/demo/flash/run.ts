import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { erc20Abi, formatUnits, parseEther, type Address } from "viem";
import { flashSettlementAbi } from "../../../client/abi/index.ts";
import { largest } from "../../../client/core/amounts.ts";
import { flashModule } from "../../../ignition/modules/flash.ts";
import { USDC } from "../../../test/base/addresses.ts";
import { httpProvider, setBalance } from "../../../test/base/provider.ts";
import { serveBase } from "../../../test/base/serve.ts";
import { mintUsdc } from "../../../test/base/usdc.ts";
import { actors } from "../../../test/helpers/actors.ts";
import { deployInMemory } from "../../deploy-in-memory.ts";
import { balancesOf, renderBalances } from "../balances.ts";
import { connectChain, type ChainClient } from "../chain.ts";
import { type Child, startChild } from "../children.ts";
import { demoAccount } from "../common.ts";
import { DemoError } from "../errors.ts";
import { type PaidRequest, payOnce } from "../payOnce.ts";
import { createStages, type Stages } from "../stages.ts";
import { type Agent, CLIENT, makeAgent } from "./agent.ts";
import { checkBooks, readEscrows, type Holding, type Party } from "./books.ts";
import { renderMeasurements } from "./report.ts";
import {
  PRICE,
  ROUTE,
  SERVERS,
  type ServerBooks,
  type ServerReady,
  type ServerReceipts,
  type ServerSettings,
} from "./settings.ts";

const WALLET = 5_000_000n;
const LEAST_ESCROW = 50_000n;
/** Requests come in two halves, to two servers. */
const SHARES = 4;
/** Requests under way at once. */
const PARALLEL = 4;
/** Who gets the tokens when the client empties its wallet. */
const ACCOMPLICE = demoAccount("flash accomplice").address;

/** How much is done. */
export interface FlashDemoOptions {
  /** Paid requests, a multiple of four. */
  readonly requests: number;
}

/** What every stage of the demo needs. */
interface Demo {
  readonly signal: AbortSignal;
  readonly stages: Stages;
  readonly total: number;
  readonly rpcUrl: string;
  readonly settlement: Address;
  readonly client: ChainClient;
  readonly agent: Agent;
  readonly servers: readonly Server[];
}

interface Server extends Party {
  readonly child: Child<ServerReady>;
}

/** One half of the requests, and how long it took. */
interface Half {
  readonly requests: readonly PaidRequest[];
  /** Milliseconds. */
  readonly duration: number;
}

/**
 * A client pays two APIs from its wallet through FlashSettlement on a local Base; midway it revokes its allowance and empties its wallet.
 *
 * @param signal - Ends everything that was started.
 * @throws {DemoError} the books do not agree, `signal` ended it, or the requests cannot be shared out evenly.
 */
export async function runFlashDemo(signal: AbortSignal, { requests: total }: FlashDemoOptions): Promise<void> {
  if (!Number.isInteger(total) || total <= 0 || total % SHARES !== 0) {
    throw new DemoError(
      `${total} requests cannot be shared out evenly to two servers in two halves; name a multiple of ${SHARES}.`,
    );
  }
  const stages = createStages();
  const folder = await mkdtemp(join(tmpdir(), "x402-escrow-demo-"));
  const children: Child<ServerReady>[] = [];
  console.log(
    "\nFlash settlement: a client pays from its wallet, small escrows insure the servers, which answer first.\n",
  );
  const base = await stages.step("Starting a local Base", () => serveBase({ port: 0 }));
  console.log(`  ${base.url}`);
  try {
    const [deployed] = await stages.step("Deploying FlashSettlement with Ignition", () =>
      deployInMemory(httpProvider(base.url), flashModule),
    );
    if (deployed === undefined) throw new DemoError("Ignition deployed nothing.");
    signal.throwIfAborted();
    const settlement = deployed.address as Address;
    const { client } = connectChain(base.url, actors.deployer);
    const escrow = largest(LEAST_ESCROW, PRICE * BigInt(total / 4));
    const agent = makeAgent({ settlement, client, escrow });
    await stages.step(`Giving the client ${formatUnits(WALLET, 6)} USDC`, () => fund(base.url, agent));
    const common = { rpcUrl: base.url, settlement };
    const servers = await stages.step("Starting two paid APIs", () =>
      startServers({ ...common, folder, signal, children }),
    );
    for (const { name, child } of servers) console.log(`  ${name}: ${child.ready.url}, process ${child.process.pid}`);
    await payAndSettle({ ...common, signal, stages, total, client, agent, servers });
  } catch (error) {
    // What was interrupted fails in any way it likes.
    throw signal.aborted ? signal.reason : error;
  } finally {
    for (const child of children.reverse()) await child.stop();
    await base.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function fund(rpcUrl: string, { account }: Agent): Promise<void> {
  const provider = httpProvider(rpcUrl);
  await mintUsdc(provider, { minter: actors.usdcMinter.address, account: account.address, amount: WALLET });
  // The servers pay all gas, but for what the client does against them.
  const senders = [...SERVERS.map((name) => demoAccount(name)), account];
  for (const { address } of senders) await setBalance(provider, address, parseEther("1"));
}

interface StartServersParameters {
  readonly rpcUrl: string;
  readonly settlement: Address;
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Whatever was started, to be stopped. */
  readonly children: Child<ServerReady>[];
}

async function startServers({ folder, signal, children, ...common }: StartServersParameters): Promise<Server[]> {
  const servers: Server[] = [];
  for (const name of SERVERS) {
    const settings: ServerSettings = { ...common, name, storePath: join(folder, `${name}.sqlite`) };
    const child = await startChild<ServerReady>(new URL("server.ts", import.meta.url), settings, signal);
    children.push(child);
    servers.push({ name, address: demoAccount(name).address, child });
  }
  return servers;
}

async function payAndSettle(demo: Demo): Promise<void> {
  const { stages, client, agent, servers, settlement, total } = demo;
  const payer = agent.account.address;
  const owners = [{ name: CLIENT, address: payer }, ...servers, { name: "the contract", address: settlement }];
  const parties: readonly Party[] = [...owners, { name: "the accomplice", address: ACCOMPLICE }];
  const addresses = parties.map(({ address }) => address);
  const before = await balancesOf(client, addresses);
  const firstBlock = await client.getBlockNumber();

  const first = await payHalf(demo, "first");
  const early = await stages.step("Settling: the wallet pays", () => settleAll(servers));
  const taken = await stages.step("The client revokes its allowance and empties its wallet", () => runAway(demo));
  const second = await payHalf(demo, "second");
  const late = await stages.step("Settling: the escrows pay", () => settleAll(servers));
  const books = await askAll<ServerBooks>(servers, "books");
  await stages.step("The servers withdraw their credit", () => askAll<ServerReceipts>(servers, "withdraw"));

  const requests = [...first.requests, ...second.requests];
  const escrows = await readEscrows(client, settlement, firstBlock, { payer, servers });
  const openGas = await gasOfOpenings(client, settlement, firstBlock);
  const duration = first.duration + second.duration;
  console.log(`\n${renderMeasurements({ requests, duration, openGas, settleGas: [...early, ...late], escrows })}\n`);

  const after = await balancesOf(client, addresses);
  const holdings = parties.map(({ name }, at): Holding => ({ name, before: before[at] ?? 0n, after: after[at] ?? 0n }));
  console.log(renderBalances(holdings.map(({ name: owner, ...amounts }) => ({ owner, ...amounts }))));
  const [holding, ...others] = holdings as [Holding, ...Holding[]];
  const [contract, accomplice] = others.slice(-2) as [Holding, Holding];
  checkBooks({
    made: total,
    requests,
    servers: servers.map(({ name, child }, at) => ({ name, url: child.ready.url, ...(books[at] as ServerBooks) })),
    escrows,
    taken,
    paidAfter: second.requests.reduce((sum, { amount }) => sum + amount, 0n),
    client: holding,
    serverHoldings: others.slice(0, servers.length),
    contract,
    accomplice,
  });
  console.log("Every served request is paid, and every balance adds up to the last unit.\n");
}

async function payHalf({ stages, signal, total, agent, servers }: Demo, name: string): Promise<Half> {
  const requests: PaidRequest[] = [];
  const started = performance.now();
  const half = total / 2;
  const queue = Array.from({ length: half }, (_, at) => `${servers[at % servers.length]?.child.ready.url}${ROUTE}`);
  await stages.many(`The ${name} ${half} paid requests`, half, async (done) => {
    const worker = async () => {
      for (let url = queue.shift(); url !== undefined; url = queue.shift()) {
        requests.push(await payOnce(agent, url));
        signal.throwIfAborted();
        done();
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
  });
  return { requests, duration: performance.now() - started };
}

/** What a client can do against its servers; gives what it sent away, token base units. */
async function runAway({ rpcUrl, settlement, agent, client }: Demo): Promise<bigint> {
  const { wallet } = connectChain(rpcUrl, agent.account);
  const token = { address: USDC, abi: erc20Abi } as const;
  const [amount = 0n] = await balancesOf(client, [agent.account.address]);
  const revoked = await wallet.writeContract({ ...token, functionName: "approve", args: [settlement, 0n] });
  await client.waitForTransactionReceipt({ hash: revoked });
  const sent = await wallet.writeContract({ ...token, functionName: "transfer", args: [ACCOMPLICE, amount] });
  await client.waitForTransactionReceipt({ hash: sent });
  return amount;
}

async function settleAll(servers: readonly Server[]): Promise<readonly bigint[]> {
  return (await askAll<ServerReceipts>(servers, "settle")).flatMap(({ gas }) => gas);
}

function askAll<Answer>(servers: readonly Server[], request: string): Promise<readonly Answer[]> {
  return Promise.all(servers.map(({ child }) => child.ask<Answer>(request)));
}

/** What each transaction that opened an escrow used since a block. */
async function gasOfOpenings(client: ChainClient, address: Address, fromBlock: bigint): Promise<readonly bigint[]> {
  const query = { address, abi: flashSettlementAbi, eventName: "EscrowOpened", fromBlock } as const;
  const logs = await client.getContractEvents(query);
  const receipts = await Promise.all(
    logs.map(({ transactionHash }) => client.getTransactionReceipt({ hash: transactionHash })),
  );
  return receipts.map(({ gasUsed }) => gasUsed);
}
