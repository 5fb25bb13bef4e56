import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Address, erc20Abi, formatUnits, parseAbi, parseSignature } from "viem";
import { voucherModule } from "../../../ignition/modules/voucher.ts";
import { USDC } from "../../../test/base/addresses.ts";
import { httpProvider } from "../../../test/base/provider.ts";
import { serveBase } from "../../../test/base/serve.ts";
import { mintUsdc } from "../../../test/base/usdc.ts";
import { actors, testAccount } from "../../../test/helpers/actors.ts";
import { voucherEscrowAbi } from "../../../client/abi/index.ts";
import { eip3009Types } from "../../../client/voucher/index.ts";
import { deployInMemory } from "../../deploy-in-memory.ts";
import { type Child, startChild } from "../children.ts";
import { DemoError } from "../errors.ts";
import { createStages } from "../stages.ts";
import { type Agent, makeAgents, type PaidRequest, payAll } from "./agents.ts";
import { checkBooks, paidGroups } from "./books.ts";
import { type ChainClient, connectChain } from "./chain.ts";
import { renderBalances, renderMeasurements } from "./report.ts";
import {
  CHAIN_ID,
  ROUTES,
  SELLER,
  type SellerBooks,
  type SellerReceipts,
  type SellerSettings,
  type ServerReady,
} from "./settings.ts";

const AGENTS = 20;
/** Some agents ask for several things at once, which takes a lane each. */
const PARALLEL = [1, 1, 1, 2];
const WALLET = 5_000_000n;

const eip3009Abi = parseAbi([
  "function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)",
]);

/** How much is done. */
export interface VoucherDemoOptions {
  /** Paid requests, a multiple of the agents. */
  readonly requests: number;
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
    const [deployed] = await stages.step("Deploying VoucherEscrow with Ignition", () =>
      deployInMemory(httpProvider(server.url), voucherModule),
    );
    if (deployed === undefined) throw new DemoError("Ignition deployed nothing.");
    signal.throwIfAborted();
    const escrow = deployed.address as Address;
    const settings = { rpcUrl: server.url, escrow };
    const { client } = connectChain(server.url, actors.deployer);

    const agents = makeAgents(AGENTS, escrow);
    await stages.step(`Giving ${AGENTS} agents ${formatUnits(WALLET, 6)} USDC each, and no ETH`, async () => {
      for (const { account } of agents) {
        const minter = actors.usdcMinter.address;
        await mintUsdc(httpProvider(server.url), { minter, account: account.address, amount: WALLET });
      }
    });
    const exactGas = await stages.step("Measuring one plain payment for comparison", () => measureExact(server.url));

    const api = await stages.step("Starting the facilitator and the paid API", async () => {
      const facilitator = await startChild<ServerReady>(new URL("facilitator.ts", import.meta.url), settings, signal);
      children.push(facilitator);
      const sellerSettings: SellerSettings = {
        ...settings,
        facilitatorUrl: facilitator.ready.url,
        storePath: join(folder, "vouchers.sqlite"),
      };
      const seller = await startChild<ServerReady>(new URL("seller.ts", import.meta.url), sellerSettings, signal);
      children.push(seller);
      return seller;
    });
    for (const { process: child, ready } of children) console.log(`  ${ready.url}, process ${child.pid}`);

    const owners = [...agents.map(({ account }) => account.address), SELLER.address, escrow];
    const before = await balancesOf(client, owners);
    const firstBlock = await client.getBlockNumber();
    const requests: PaidRequest[] = [];
    const started = performance.now();
    await stages.many(`${total} paid requests`, total, (done) =>
      payEverything(agents, api.ready.url, total, (request) => {
        signal.throwIfAborted();
        requests.push(request);
        done();
      }),
    );
    const duration = performance.now() - started;

    const books = await api.ask<SellerBooks>("books");
    const depositGas = await gasOfDeposits(client, escrow, firstBlock);
    const collected = await stages.step("Collecting everything", () => api.ask<SellerReceipts>("collect"));
    const groups = await paidGroups(client, escrow, firstBlock);
    const released = await stages.step("Returning what was not used", () => api.ask<SellerReceipts>("release"));
    const after = await balancesOf(client, owners);

    console.log(
      `\n${renderMeasurements({
        requests,
        duration,
        agents: agents.length,
        depositGas,
        collectGas: collected.gas,
        releaseGas: released.gas,
        exactGas,
      })}\n`,
    );
    const line = (owner: string, from: number, to: number) => ({
      owner,
      before: sum(before.slice(from, to)),
      after: sum(after.slice(from, to)),
    });
    const lines = [
      line(`${AGENTS} agents`, 0, AGENTS),
      line("seller", AGENTS, AGENTS + 1),
      line("escrow", AGENTS + 1, AGENTS + 2),
    ];
    console.log(renderBalances(lines));
    const holding = (name: string, at: number) => ({ name, before: before[at] ?? 0n, after: after[at] ?? 0n });
    checkBooks({
      made: total,
      requests,
      charged: books.charged,
      groups,
      agents: agents.map(({ name }, index) => holding(name, index)),
      seller: holding("seller", AGENTS),
      escrow: holding("escrow", AGENTS + 1),
    });
    console.log("Every balance adds up to the last unit.\n");
  } catch (error) {
    // What was interrupted fails in any way it likes.
    throw signal.aborted ? signal.reason : error;
  } finally {
    for (const child of children.reverse()) await child.stop();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function payEverything(
  agents: readonly Agent[],
  api: string,
  total: number,
  onPaid: (request: PaidRequest) => void,
): Promise<void> {
  const each = total / agents.length;
  const paths = Array.from({ length: each }, (_, index) => (index % 2 === 0 ? ROUTES.fixed : ROUTES.metered));
  await Promise.all(
    agents.map((agent, index) => payAll(agent, api, paths, PARALLEL[index % PARALLEL.length] ?? 1, onPaid)),
  );
}

/** Gas of one USDC payment by signature between two accounts that hold some, as the scheme `exact` settles a request. */
async function measureExact(rpcUrl: string): Promise<bigint> {
  const { client, wallet } = connectChain(rpcUrl, testAccount(9));
  const payer = testAccount(10);
  const message = {
    from: payer.address,
    to: testAccount(11).address,
    value: 1_000n,
    validAfter: 0n,
    validBefore: 2n ** 40n,
    nonce: `0x${"01".repeat(32)}`,
  } as const;
  const domain = { name: "USD Coin", version: "2", chainId: CHAIN_ID, verifyingContract: USDC } as const;
  const primaryType = "TransferWithAuthorization";
  const types = { [primaryType]: eip3009Types.ReceiveWithAuthorization };
  const { r, s, yParity } = parseSignature(await payer.signTypedData({ domain, types, primaryType, message }));
  const { from, to, value, validAfter, validBefore, nonce } = message;
  const hash = await wallet.writeContract({
    address: USDC,
    abi: eip3009Abi,
    functionName: "transferWithAuthorization",
    args: [from, to, value, validAfter, validBefore, nonce, 27 + yParity, r, s],
  });
  const { gasUsed } = await client.waitForTransactionReceipt({ hash });
  return gasUsed;
}

async function balancesOf(client: ChainClient, owners: readonly Address[]): Promise<bigint[]> {
  const read = (owner: Address) =>
    client.readContract({ address: USDC, abi: erc20Abi, functionName: "balanceOf", args: [owner] });
  return Promise.all(owners.map(read));
}

async function gasOfDeposits(client: ChainClient, address: Address, fromBlock: bigint): Promise<bigint[]> {
  const logs = await client.getContractEvents({ address, abi: voucherEscrowAbi, eventName: "Deposited", fromBlock });
  const receipts = await Promise.all(
    logs.map(({ transactionHash }) => client.getTransactionReceipt({ hash: transactionHash })),
  );
  return receipts.map(({ gasUsed }) => gasUsed);
}

const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
