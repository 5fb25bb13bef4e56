import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { x402Client } from "@x402/core/client";
import { decodePaymentResponseHeader, wrapFetchWithPayment } from "@x402/fetch";
import { expect } from "chai";
import { createPublicClient, erc20Abi, http, type Address } from "viem";
import { DeferredEvmScheme, parseSettlement, withBuyerHeader } from "../../client/x402/deferred/index.ts";
import { startChild, type Child } from "../../scripts/demo/children.ts";
import {
  demoAccount,
  ROUTES,
  SELLER,
  type SellerBooks,
  type SellerReceipts,
  type SellerSettings,
  type ServerReady,
} from "../../scripts/demo/voucher/settings.ts";
import { USDC } from "../base/addresses.ts";
import { mintUsdc } from "../base/usdc.ts";
import { actors } from "../helpers/actors.ts";
import { serveBaseWithEscrow, type ServedBase } from "../helpers/servedBase.ts";

const AGENTS = 8;
const EACH = 60;
/** Answers after which the seller is killed. */
const KILL_AFTER = [100, 250];
/** Requests in flight at a kill, and a few that met the closed port. */
const MOST_CUT = 200;
/** Dearest request of the API, token base units. */
const DEAREST = 2_000n;

interface Paid {
  readonly lane: string;
  readonly charged: bigint;
  readonly amount: bigint;
}

interface PayingAgent {
  readonly address: Address;
  readonly fetch: typeof fetch;
}

const script = (name: string) => new URL(`../../scripts/demo/voucher/${name}.ts`, import.meta.url);

describe("a seller that is killed under load", function () {
  this.timeout(120_000);
  let chain: ServedBase;
  let folder: string;
  const stop = new AbortController();
  const children: Child<ServerReady>[] = [];

  before(async () => {
    chain = await serveBaseWithEscrow();
    folder = await mkdtemp(join(tmpdir(), "x402-escrow-kill-"));
  });
  after(async () => {
    for (const child of children) await child.stop();
    stop.abort();
    await chain.close();
    await rm(folder, { recursive: true });
  });

  async function fundedAgent(name: string): Promise<PayingAgent> {
    const { address } = demoAccount(name);
    await mintUsdc(chain.provider, { minter: actors.usdcMinter.address, account: address, amount: 5_000_000n });
    const scheme = new DeferredEvmScheme({ buyer: demoAccount(name), escrows: [chain.escrow] });
    const client = new x402Client().register("eip155:*", scheme);
    return { address, fetch: wrapFetchWithPayment(withBuyerHeader(fetch, address), client) };
  }

  /** One paid request; undefined when the connection broke, which is what a killed server looks like. */
  async function pay({ address, fetch: paidFetch }: PayingAgent, url: string): Promise<Paid | undefined> {
    let response: Response;
    try {
      response = await paidFetch(url);
    } catch (error) {
      if (error instanceof TypeError && error.message === "fetch failed") return undefined;
      throw error;
    }
    expect(response.status).to.equal(200);
    const settlement = decodePaymentResponseHeader(response.headers.get("PAYMENT-RESPONSE") ?? "");
    const extra = parseSettlement(settlement.extra);
    if (!extra.isValid) throw new Error(extra.message);
    const { id, charged } = extra.value;
    return { lane: `${address} ${id}`, charged, amount: BigInt(settlement.amount ?? "") };
  }

  it("loses no accepted voucher and charges no request twice", async () => {
    const settings = { rpcUrl: chain.rpcUrl, escrow: chain.escrow };
    const facilitator = await startChild<ServerReady>(script("facilitator"), settings, stop.signal);
    children.push(facilitator);
    const sellerSettings: SellerSettings = {
      ...settings,
      facilitatorUrl: facilitator.ready.url,
      storePath: join(folder, "vouchers.sqlite"),
    };
    let seller = await startChild<ServerReady>(script("seller"), sellerSettings, stop.signal);
    children.push(seller);
    const { url } = seller.ready;
    const port = Number(new URL(url).port);

    let cut = 0;
    let restarts = 0;
    let restarting: Promise<void> = Promise.resolve();
    const restart = async () => {
      seller.process.kill("SIGKILL");
      await seller.stop();
      seller = await startChild<ServerReady>(script("seller"), { ...sellerSettings, port }, stop.signal);
      children.push(seller);
      restarts += 1;
    };

    const paid: Paid[] = [];
    const run = async (name: string) => {
      const agent = await fundedAgent(name);
      for (let done = 0; done < EACH;) {
        const answer = await pay(agent, `${url}${done % 2 === 0 ? ROUTES.fixed : ROUTES.metered}`);
        if (answer === undefined) {
          cut += 1;
          expect(cut, "requests cut off").to.be.at.most(MOST_CUT);
          await restarting;
          continue;
        }
        paid.push(answer);
        done += 1;
        if (KILL_AFTER.includes(paid.length)) restarting = restart();
      }
    };
    await Promise.all(Array.from({ length: AGENTS }, (_, index) => run(`killed ${index}`)));
    await restarting;

    expect(restarts).to.equal(KILL_AFTER.length);
    expect(cut, "requests that the kill cut off").to.be.greaterThan(0);
    expect(paid).to.have.length(AGENTS * EACH);
    const told = paid.reduce((sum, { amount }) => sum + amount, 0n);
    const { charged } = await seller.ask<SellerBooks>("books");

    // A lane's total grows from answer to answer by at least what the answer says was charged, so no charge is counted twice.
    const lanes = Map.groupBy(paid, ({ lane }) => lane);
    let gaps = 0;
    let unexplained = 0n;
    for (const answers of lanes.values()) {
      let total = 0n;
      for (const { charged: next, amount } of answers) {
        expect(next - total >= amount, `${total} + ${amount} <= ${next}`).to.equal(true);
        if (next - total > amount) gaps += 1;
        unexplained += next - total - amount;
        total = next;
      }
    }
    // What the books hold beyond the answers was charged just before a kill: its answer never left.
    expect(gaps).to.be.at.most(cut);
    const beyond = charged - told;
    expect(beyond >= unexplained && beyond <= BigInt(cut) * DEAREST, `${beyond} beyond the answers`).to.equal(true);

    await seller.ask<SellerReceipts>("collect");
    const client = createPublicClient({ transport: http(chain.rpcUrl) });
    const balance = { address: USDC, abi: erc20Abi, functionName: "balanceOf", args: [SELLER.address] } as const;
    expect(await client.readContract(balance)).to.equal(charged);
  });
});
