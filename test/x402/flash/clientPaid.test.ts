import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import express from "express";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { erc20Abi, type PrivateKeyAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { PERMIT2_ADDRESS } from "../../../client/core/funding.ts";
import { MULTICALL3_ADDRESS } from "../../../client/core/multicall.ts";
import { getEscrow } from "../../../client/flash/read.ts";
import {
  createEscrowReader,
  createFilePayerStorage,
  createMemoryPayerStorage,
  createV1Handler,
  createWalletRelayer,
  FlashConfigurationError,
  FlashEvmSchemeV1,
  PriceLimitError,
  toExpressHandler,
  UntrustedSettlementError,
  type ServerDesk,
} from "../../../client/x402/flash/index.ts";
import { USDC } from "../../base/addresses.ts";
import { mined } from "../../helpers/mined.ts";
import { deployMarket, openMarket, type Market } from "../../seller/flash/market.ts";
import { makeAgent, type Agent } from "./helpers/agent.ts";
import { deskOf, openShop, PRICE, readAnswer, type Shop } from "./helpers/shop.ts";

const MINIMUM = 50_000n;

describe("x402 flash: a client at a real server", function () {
  this.timeout(120_000);

  let deployed: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let shop: Shop;
  before(async () => {
    deployed = await deployMarket();
    market = await openMarket(deployed);
    shop = await openShop(market, { desk: newDesk() });
  });
  after(async () => {
    await shop.close();
    await market.close();
    await deployed.base.close();
  });

  function newDesk(): Partial<ServerDesk> {
    const { base, settlement } = deployed;
    const minimumOpenings = { [USDC]: MINIMUM };
    return {
      relayer: createWalletRelayer({
        settlement,
        wallet: base.wallets.relayer,
        client: base.publicClient,
        minimumOpenings,
      }),
    };
  }

  /** A client with USDC and nothing else. */
  async function newClient(usdc = 5_000_000n): Promise<PrivateKeyAccount> {
    const client = privateKeyToAccount(generatePrivateKey());
    await deployed.base.fundUsdc(client.address, usdc);
    return client;
  }

  const chain = () => createEscrowReader(deployed.base.publicClient);
  const url = (path = "/fixed") => `${shop.url}${path}`;

  async function escrowOf(client: PrivateKeyAccount) {
    const parties = { client: client.address, server: market.server, token: USDC };
    return getEscrow(deployed.base.publicClient, { settlement: market.settlement.settlement, ...parties });
  }

  async function acceptedOf(client: PrivateKeyAccount): Promise<bigint> {
    const escrow = { client: client.address, server: market.server, token: USDC };
    const state = await market.store.getEscrow({ ...market.settlement, ...escrow });
    return state?.accepted ?? 0n;
  }

  /** Pays `count` requests one after the other. */
  async function payInTurn({ fetch }: Pick<Agent, "fetch">, count: number, path?: string): Promise<readonly number[]> {
    const statuses: number[] = [];
    for (let index = 0; index < count; index += 1) statuses.push((await fetch(url(path))).status);
    return statuses;
  }

  const all = (status: number, count: number) => Array.from({ length: count }, () => status);

  describe("opens its escrow without gas with the first request", () => {
    it("by an allowance and its permit, and pays from the wallet later", async () => {
      const client = await newClient();
      const agent = makeAgent(client, { chain: chain() });
      expect(await payInTurn(agent, 3)).to.deep.equal(all(200, 3));
      // One unpaid request, then one round trip each.
      expect(agent.sent).to.have.lengthOf(4);
      const { settlement } = market.settlement;
      const allowance = { address: USDC, abi: erc20Abi, functionName: "allowance" } as const;
      const args = [client.address, settlement] as const;
      expect(await deployed.base.publicClient.readContract({ ...allowance, args })).to.equal(1_000_000n);
      expect((await escrowOf(client)).balance).to.equal(100n * PRICE);
      await market.settler.settleNow();
      const { balance, settled } = await escrowOf(client);
      expect({ balance, settled }).to.deep.equal({ balance: 100n * PRICE, settled: 3n * PRICE });
    });

    it("by ERC-3009, and pays from the escrow without an allowance", async () => {
      const client = await newClient();
      const agent = makeAgent(client);
      expect(await payInTurn(agent, 2)).to.deep.equal(all(200, 2));
      await market.settler.settleNow();
      const { balance, settled } = await escrowOf(client);
      expect({ balance, settled }).to.deep.equal({ balance: 98n * PRICE, settled: 2n * PRICE });
    });

    it("by Permit2, through the real one, and pays from the escrow without an allowance", async () => {
      const client = await newClient();
      const { base } = deployed;
      await base.testClient.setBalance({ address: client.address, value: 10n ** 18n });
      const approve = { address: USDC, abi: erc20Abi, functionName: "approve" } as const;
      const args = [PERMIT2_ADDRESS, 1_000_000n] as const;
      await mined(base.publicClient, await base.walletOf(client).writeContract({ ...approve, args }));
      for (const options of [{}, { chain: chain() }]) {
        const agent = makeAgent(client, { opening: { methods: ["permit2"] }, ...options });
        expect(await payInTurn(agent, 2)).to.deep.equal(all(200, 2));
        const opened = agent.events.flatMap((event) =>
          event.kind === "openingSigned" ? event.opening.funding.method : [],
        );
        expect(opened.every((method) => method === "Permit2")).to.equal(true);
      }
      const allowance = { address: USDC, abi: erc20Abi, functionName: "allowance" } as const;
      const left = await base.publicClient.readContract({ ...allowance, args: [client.address, PERMIT2_ADDRESS] });
      expect(left).to.equal(1_000_000n - 100n * PRICE);
      await market.settler.settleNow();
      const { balance, settled } = await escrowOf(client);
      expect({ balance, settled }).to.deep.equal({ balance: 96n * PRICE, settled: 4n * PRICE });
    });

    it("by another method where the chain shows no approval to Permit2", async () => {
      const client = await newClient();
      const agent = makeAgent(client, { opening: { methods: ["permit2", "eip3009"] }, chain: chain() });
      expect((await agent.fetch(url())).status).to.equal(200);
      const [opened] = agent.events;
      expect(opened?.kind === "openingSigned" && opened.opening.funding.method).to.equal("Eip3009");
      const blind = makeAgent(await newClient(), { opening: { methods: ["permit2", "eip3009"] } });
      const { status, error } = await readAnswer(await blind.fetch(url()));
      expect([status, error]).to.deep.equal([402, "flash_opening_unfunded"]);
    });

    it("through Multicall3, where a permit goes in front", async () => {
      const client = await newClient();
      const agent = makeAgent(client, { opening: { methods: ["allowance"] }, chain: chain() });
      expect((await agent.fetch(url())).status).to.equal(200);
      const { transactions } = await deployed.base.publicClient.getBlock({ includeTransactions: true });
      expect(transactions.map(({ to }) => to?.toLowerCase())).to.include(MULTICALL3_ADDRESS.toLowerCase());
    });

    it("by an allowance of its own, when code at its account denies what its key signs", async () => {
      const { base } = deployed;
      const denied = async (allowance: bigint) => {
        const client = await newClient();
        await base.testClient.setBalance({ address: client.address, value: 10n ** 18n });
        const approve = { address: USDC, abi: erc20Abi, functionName: "approve" } as const;
        const args = [market.settlement.settlement, allowance] as const;
        await mined(base.publicClient, await base.walletOf(client).writeContract({ ...approve, args }));
        // It reverts, whatever it is asked.
        await base.testClient.setCode({ address: client.address, bytecode: "0x5f5ffd" });
        return client;
      };
      // The token asks the code, so a permit does not help.
      const agent = makeAgent(await denied(0n), { chain: chain() });
      const { status, error } = await readAnswer(await agent.fetch(url()));
      expect([status, error]).to.deep.equal([402, "flash_opening_failed"]);

      const client = await denied(100n * PRICE + 1n);
      expect(await payInTurn(makeAgent(client, { chain: chain() }), 3)).to.deep.equal(all(200, 3));
      await market.settler.settleNow();
      const { balance, settled } = await escrowOf(client);
      // One unit was left of the allowance.
      expect({ balance, settled }).to.deep.equal({ balance: 97n * PRICE + 1n, settled: 3n * PRICE });
    });

    it("through the stock SDK", async () => {
      const client = await newClient();
      const { stockFetch, sent } = makeAgent(client, { payBy: "payment" });
      for (const _ of [1, 2]) expect((await readAnswer(await stockFetch(url()))).body).to.equal("sunny");
      expect(sent).to.have.lengthOf(4);
      expect(await acceptedOf(client)).to.equal(2n * PRICE);
    });

    it("and waits until the opening is final", async () => {
      const slow = await openMarket(deployed, { chain: { confirmations: 2 } });
      const slowShop = await openShop(slow, { desk: newDesk() });
      try {
        const client = await newClient();
        const agent = makeAgent(client, { chain: chain() });
        const paid = agent.fetch(`${slowShop.url}/fixed`);
        while (agent.sent.length < 3 || !(await isOpen(client, slow)))
          await new Promise((done) => setTimeout(done, 50));
        await deployed.base.networkHelpers.mine(3);
        expect((await paid).status).to.equal(200);
        const payments = agent.sent.slice(1).map(({ headers }) => headers.get("PAYMENT-SIGNATURE"));
        expect(payments.length).to.be.above(1);
        expect(agent.events.filter(({ kind }) => kind === "openingSigned")).to.have.lengthOf(1);
      } finally {
        await slowShop.close();
        await slow.close();
      }
    });

    async function isOpen(client: PrivateKeyAccount, { server, settlement }: Market): Promise<boolean> {
      const parties = { client: client.address, server, token: USDC };
      return (await getEscrow(deployed.base.publicClient, { settlement: settlement.settlement, ...parties })).isOpen;
    }
  });

  describe("with an escrow of its own", () => {
    for (const payBy of ["tab", "payment", "transaction"] as const) {
      it(`gets 20 answers for 20 requests at once, and pays for 20 (${payBy})`, async () => {
        const payer = await market.payer(2_000_000n);
        await payer.open({ amount: 1_000_000n });
        const agent = makeAgent(payer.account, { payBy, chain: chain() });
        const answers = await Promise.all(Array.from({ length: 20 }, () => agent.fetch(url())));
        expect(answers.map(({ status }) => status)).to.deep.equal(all(200, 20));
        expect(await acceptedOf(payer.account)).to.equal(20n * PRICE);
        await market.settler.settleNow();
        expect(await market.settledOnChain(payer)).to.equal(20n * PRICE);
      });
    }

    it("gets 20 answers for 20 requests at once that nobody has opened an escrow for", async () => {
      const client = await newClient();
      const agent = makeAgent(client, { chain: chain() });
      const answers = await Promise.all(Array.from({ length: 20 }, () => agent.fetch(url())));
      expect(answers.map(({ status }) => status)).to.deep.equal(all(200, 20));
      expect(agent.events.filter(({ kind }) => kind === "openingSigned")).to.have.lengthOf(1);
      expect(await acceptedOf(client)).to.equal(20n * PRICE);
    });

    it("is signed for by a key that its opening names, and kept in a file", async () => {
      const folder = await mkdtemp(join(tmpdir(), "payer-"));
      try {
        const client = await newClient();
        const signer = privateKeyToAccount(generatePrivateKey());
        for (const _ of [1, 2]) {
          const storage = createFilePayerStorage(join(folder, "payer.json"));
          const agent = makeAgent(client, { signer, storage });
          expect(await payInTurn(agent, 2)).to.deep.equal(all(200, 2));
        }
        expect((await escrowOf(client)).signer).to.equal(signer.address);
        expect(await acceptedOf(client)).to.equal(4n * PRICE);
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    it("reads escrows on their own chain only", async () => {
      const escrow = { ...market.settlement, client: market.server, server: market.server, token: USDC };
      const wrong = createEscrowReader(deployed.base.publicClient).readEscrow({ ...escrow, chainId: 1n }, "latest");
      const error = await wrong.catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(FlashConfigurationError);
    });

    it("is paid from the escrow after its wallet was emptied and its allowance revoked", async () => {
      const payer = await market.payer(2_000_000n);
      await payer.open({ amount: 1_000_000n });
      const agent = makeAgent(payer.account, { chain: chain() });
      await payInTurn(agent, 2);
      await payer.approve(0n);
      await payer.drain();
      expect(await payInTurn(agent, 2)).to.deep.equal(all(200, 2));
      await market.settler.settleNow();
      expect(await market.settledOnChain(payer)).to.equal(4n * PRICE);
      expect((await escrowOf(payer.account)).balance).to.equal(1_000_000n - 4n * PRICE);
    });

    it("waits while the escrow is used up, and sends the same payment once something is settled", async () => {
      const payer = await market.payer(2_000_000n);
      await payer.open({ amount: PRICE });
      const agent = makeAgent(payer.account, { payBy: "payment", opening: { renew: false }, chain: chain() });
      expect((await agent.fetch(url())).status).to.equal(200);
      const waiting = agent.fetch(url());
      while (agent.sent.length < 3) await new Promise((done) => setTimeout(done, 50));
      await market.settler.settleNow();
      expect((await waiting).status).to.equal(200);
      const [first, second] = agent.sent.slice(-2).map(({ headers }) => signatureOf(headers));
      expect(first).to.equal(second);
      expect(await acceptedOf(payer.account)).to.equal(2n * PRICE);
    });

    it("loses nothing by a handler that fails", async () => {
      const payer = await market.payer(2_000_000n);
      await payer.open({ amount: 1_000_000n });
      const agent = makeAgent(payer.account, { chain: chain() });
      await agent.fetch(url());
      expect((await agent.fetch(url("/fails"))).status).to.equal(500);
      expect(await payInTurn(agent, 3)).to.deep.equal(all(200, 3));
      // The failed one was promised, and a later request has used it.
      const used = await acceptedOf(payer.account);
      expect(used <= 5n * PRICE).to.equal(true);
    });

    it("uses what a failed request promised after that was settled, by a total of one unit more", async () => {
      const payer = await market.payer(2_000_000n);
      await payer.open({ amount: 1_000_000n });
      const agent = makeAgent(payer.account, { chain: chain() });
      await agent.fetch(url());
      expect((await agent.fetch(url("/fails"))).status).to.equal(500);
      // The answer to this one says that the failed one was not charged.
      expect(await payInTurn(agent, 1)).to.deep.equal(all(200, 1));
      await market.settler.settleNow();
      const before = agent.sent.length;
      expect(await payInTurn(agent, 1)).to.deep.equal(all(200, 1));
      expect(agent.sent.length - before).to.equal(2);
      expect(await acceptedOf(payer.account)).to.equal(3n * PRICE + 1n);
      expect(await payInTurn(agent, 1)).to.deep.equal(all(200, 1));
      expect(await acceptedOf(payer.account)).to.equal(4n * PRICE);
    });

    it("takes a fresh lane when it lost what it knew and all of that was settled", async () => {
      const payer = await market.payer(2_000_000n);
      await payer.open({ amount: 1_000_000n });
      await payInTurn(makeAgent(payer.account, { chain: chain() }), 3);
      await market.settler.settleNow();
      const agent = makeAgent(payer.account, { opening: false });
      expect(await payInTurn(agent, 2)).to.deep.equal(all(200, 2));
      expect(await acceptedOf(payer.account)).to.equal(5n * PRICE);
    });

    it("goes on after it lost what it knew", async () => {
      const payer = await market.payer(2_000_000n);
      await payer.open({ amount: 1_000_000n });
      for (const payBy of ["tab", "payment"] as const) {
        const storage = createMemoryPayerStorage();
        await payInTurn(makeAgent(payer.account, { payBy, storage, chain: chain() }), 3);
        const before = await acceptedOf(payer.account);
        for (const options of [{ storage }, {}, { chain: chain() }]) {
          const agent = makeAgent(payer.account, { payBy, opening: false, ...options });
          expect(await payInTurn(agent, 2)).to.deep.equal(all(200, 2));
        }
        expect((await acceptedOf(payer.account)) - before).to.equal(6n * PRICE);
      }
    });

    it("goes on in the same lane after it lost what it knew, before and after its tabs were settled", async () => {
      const payer = await market.payer(2_000_000n);
      await payer.open({ amount: 1_000_000n });
      const lanes = () => market.store.listLanes(payer.escrow);
      for (const [way, round] of [
        ["fetch", 1n],
        ["stockFetch", 2n],
        ["fetch", 3n],
      ] as const) {
        const agent = makeAgent(payer.account, { opening: false });
        for (let count = 0; count < 3; count += 1) expect((await agent[way](url())).status).to.equal(200);
        const total = 3n * round * PRICE;
        expect((await lanes()).map(({ authorised, consumed }) => [authorised, consumed])).to.deep.equal([
          [total, total],
        ]);
        const corrections = agent.events.map((event) => ("what" in event ? `${event.kind} ${event.what}` : event.kind));
        expect(corrections).to.deep.equal(round === 1n ? [] : ["corrected lane"]);
        // The third of them starts from what only the chain and the server know.
        if (round === 2n) await market.settler.settleNow();
      }
      expect(await acceptedOf(payer.account)).to.equal(9n * PRICE);
      await market.settler.settleNow();
      expect(await market.settledOnChain(payer)).to.equal(9n * PRICE);
    });

    it("goes on in the same lane, but for one request, after it lost what it knew while some was settled", async () => {
      const payer = await market.payer(2_000_000n);
      await payer.open({ amount: 1_000_000n });
      const first = makeAgent(payer.account, { opening: false });
      await payInTurn(first, 3);
      await market.settler.settleNow();
      await payInTurn(first, 2);
      // What it signs first stands on the chain, and what it signed last does not: nobody is shown that.
      for (const way of ["fetch", "stockFetch"] as const) {
        const before = await market.store.listLanes(payer.escrow);
        const agent = makeAgent(payer.account, { opening: false });
        for (let count = 0; count < 3; count += 1) expect((await agent[way](url())).status).to.equal(200);
        const after = await market.store.listLanes(payer.escrow);
        expect(after.length).to.equal(before.length + 1);
        const growth = after.map(({ lane, consumed }) => {
          const known = before.find((other) => other.lane === lane)?.consumed ?? 0n;
          return (consumed - known) / PRICE;
        });
        expect(growth.filter((count) => count > 0n)).to.have.members([2n, 1n]);
        expect(agent.events.map(({ kind }) => kind)).to.deep.equal(["correctionRefused", "corrected"]);
      }
      expect(await acceptedOf(payer.account)).to.equal(11n * PRICE);
    });

    it("goes on in the next epoch after it closed and opened again", async () => {
      const payer = await market.payer(2_000_000n);
      await payer.open({ amount: 500_000n, ttlSeconds: 3_600n });
      const agent = makeAgent(payer.account, { chain: chain() });
      await payInTurn(agent, 2);
      await market.settler.settleNow();
      await market.advance(3_601n);
      await payer.call("withdrawEscrow", market.server, USDC, payer.account.address);
      await payer.open({ amount: 500_000n, epoch: 1n });
      await market.chain.sync();
      expect(await payInTurn(agent, 2)).to.deep.equal(all(200, 2));
      expect(
        agent.events.map((event) => ("what" in event ? `${event.kind} ${event.what} ${event.value}` : "")),
      ).to.include("corrected epoch 1");
    });
  });

  describe("keeps to its limits", () => {
    it("and pays no contract that it was not told to trust", async () => {
      const agent = makeAgent(await newClient(), { settlements: [USDC] });
      const error = await agent.fetch(url()).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(Error);
      expect(String((error as Error).cause ?? error)).to.match(new RegExp(UntrustedSettlementError.name));
      expect(agent.sent).to.have.lengthOf(1);
    });

    it("and pays no price above them", async () => {
      const agent = makeAgent(await newClient(), { limits: { maxPrice: PRICE - 1n } });
      const error = await agent.fetch(url()).catch((thrown: unknown) => thrown);
      expect(String((error as Error).cause ?? error)).to.match(new RegExp(PriceLimitError.name));
    });
  });

  describe("of version 1", () => {
    it("pays by the bare transaction of the guaranteed form", async () => {
      const payer = await market.payer(2_000_000n);
      await payer.open({ amount: 1_000_000n });
      const handler = createV1Handler({
        desks: [deskOf(market)],
        offers: [{ network: "base", payTo: market.server, price: "$0.001" }],
        respond: async () => ({ status: 200, body: "sunny" }),
      });
      const app = express().get("/v1", toExpressHandler(handler));
      const http = createServer(app);
      http.listen(0, "127.0.0.1");
      await once(http, "listening");
      try {
        const settlements = [market.settlement.settlement];
        const scheme = new FlashEvmSchemeV1({ client: payer.account, settlements, chain: chain() });
        const paidFetch = wrapFetchWithPayment(fetch, new x402Client().registerV1("base", scheme));
        const v1 = `http://127.0.0.1:${(http.address() as AddressInfo).port}/v1`;
        const answers = await Promise.all(Array.from({ length: 5 }, () => paidFetch(v1)));
        expect(answers.map(({ status }) => status)).to.deep.equal(all(200, 5));
        expect(await acceptedOf(payer.account)).to.equal(5n * PRICE);
        await market.settler.settleNow();
        expect(await market.settledOnChain(payer)).to.equal(5n * PRICE);
      } finally {
        http.closeAllConnections();
        http.close();
      }
    });
  });
});

function signatureOf(headers: Headers): unknown {
  const header = headers.get("PAYMENT-SIGNATURE") ?? "";
  const payment = JSON.parse(Buffer.from(header, "base64").toString("utf8")) as { payload: { signature: string } };
  return payment.payload.signature;
}
