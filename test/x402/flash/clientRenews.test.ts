import { expect } from "chai";
import { erc20Abi, maxUint256, type PrivateKeyAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { PERMIT2_ADDRESS } from "../../../client/core/funding.ts";
import { getEscrow } from "../../../client/flash/read.ts";
import {
  createEscrowReader,
  createWalletRelayer,
  wrapFetchWithFlash,
  LockLimitError,
  type ServerDesk,
} from "../../../client/x402/flash/index.ts";
import { USDC } from "../../base/addresses.ts";
import { mined } from "../../helpers/mined.ts";
import { deployMarket, openMarket, type Market, type Payer } from "../../seller/flash/market.ts";
import { makeAgent, type Agent } from "./helpers/agent.ts";
import { openShop, PRICE, type Shop } from "./helpers/shop.ts";

/** Least opening, least escrow and least top-up. */
const MINIMUM = 2n * PRICE;

describe("x402 flash: a client that keeps its escrow alive", function () {
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
    const client = base.publicClient;
    return { relayer: createWalletRelayer({ settlement, wallet: base.wallets.relayer, client, minimumOpenings }) };
  }

  /** A client with USDC and nothing else: no ether, no allowance. */
  async function newClient(usdc = 1_000n * PRICE): Promise<PrivateKeyAccount> {
    const client = privateKeyToAccount(generatePrivateKey());
    await deployed.base.fundUsdc(client.address, usdc);
    return client;
  }

  const chain = () => createEscrowReader(deployed.base.publicClient);
  const url = () => `${shop.url}/fixed`;
  const blockNumber = () => deployed.base.publicClient.getBlockNumber({ cacheTime: 0 });
  const all = (status: number, count: number) => Array.from({ length: count }, () => status);
  const small = { amount: () => 3n * PRICE } as const;

  const escrowOf = (client: { readonly address: PrivateKeyAccount["address"] }) => {
    const parties = { client: client.address, server: market.server, token: USDC };
    return getEscrow(deployed.base.publicClient, { settlement: market.settlement.settlement, ...parties });
  };

  async function payInTurn(fetch: typeof globalThis.fetch, count: number): Promise<readonly number[]> {
    const statuses: number[] = [];
    for (let index = 0; index < count; index += 1) statuses.push((await fetch(url())).status);
    return statuses;
  }

  const countOf = ({ events }: Agent, kind: string) => events.filter((event) => event.kind === kind).length;

  async function approvePermit2(account: PrivateKeyAccount): Promise<void> {
    await deployed.base.testClient.setBalance({ address: account.address, value: 10n ** 18n });
    const approve = { address: USDC, abi: erc20Abi, functionName: "approve" } as const;
    const wallet = deployed.base.walletOf(account);
    await mined(
      deployed.base.publicClient,
      await wallet.writeContract({ ...approve, args: [PERMIT2_ADDRESS, maxUint256] }),
    );
  }

  describe("tops it up when it is used up", () => {
    for (const [name, method, payBy] of [
      ["ERC-3009, by tabs", "eip3009", "tab"],
      ["Permit2, by tabs", "permit2", "tab"],
      ["ERC-3009, by payments", "eip3009", "payment"],
    ] as const) {
      it(`and keeps paying through a small one (${name})`, async () => {
        const client = await newClient();
        if (method === "permit2") await approvePermit2(client);
        const agent = makeAgent(client, { opening: { ...small, methods: [method] }, payBy });
        expect(await payInTurn(agent.fetch, 10)).to.deep.equal(all(200, 10));
        // An opening of three prices, and three top-ups of three.
        expect([countOf(agent, "openingSigned"), countOf(agent, "topUpSigned")]).to.deep.equal([1, 3]);
        expect((await escrowOf(client)).balance).to.equal(12n * PRICE);
        // It knew from the answers that the escrow was used up: one 402 for the price, and no other.
        expect(agent.sent).to.have.lengthOf(11);
        await market.settler.settleNow();
        expect(await escrowOf(client)).to.include({ balance: 2n * PRICE, settled: 10n * PRICE });
      });
    }

    it("through the stock SDK", async () => {
      const agent = makeAgent(await newClient(), { opening: { ...small, methods: ["eip3009"] } });
      expect(await payInTurn(agent.stockFetch, 7)).to.deep.equal(all(200, 7));
      expect(countOf(agent, "topUpSigned")).to.equal(2);
    });

    it("once the server says so, when it had not known", async () => {
      const payer = await market.payer(1_000n * PRICE);
      await payer.open({ amount: PRICE });
      expect(await market.answer(await payer.payment(PRICE, 0n), PRICE)).to.equal("accepted");
      const agent = makeAgent(payer.account, { opening: small, chain: chain() });
      expect((await agent.fetch(url())).status).to.equal(200);
      expect([countOf(agent, "topUpSigned"), agent.sent.length]).to.deep.equal([1, 3]);
      expect((await escrowOf(payer.account)).balance).to.equal(4n * PRICE);
    });

    it("once for 20 requests that come together, and gets 20 answers", async () => {
      const client = await newClient();
      const agent = makeAgent(client, { opening: { amount: () => 19n * PRICE, methods: ["eip3009"] } });
      const first = await agent.fetch(url());
      expect(first.status).to.equal(200);
      const before = await blockNumber();
      const answers = await Promise.all(Array.from({ length: 20 }, () => agent.fetch(url())));
      expect(answers.map(({ status }) => status)).to.deep.equal(all(200, 20));
      expect([countOf(agent, "topUpSigned"), (await blockNumber()) - before]).to.deep.equal([1, 1n]);
      const escrow = { client: client.address, server: market.server, token: USDC };
      expect((await market.store.getEscrow({ ...market.settlement, ...escrow }))?.accepted).to.equal(21n * PRICE);
    });

    it("and waits until the top-up is final, sending the same payment", async () => {
      const deep = await openMarket(deployed, { chain: { confirmations: 2 } });
      const slow = await openShop(deep, { desk: newDesk() });
      try {
        const payer = await deep.payer(1_000n * PRICE);
        await payer.open({ amount: PRICE });
        await deployed.base.networkHelpers.mine(3);
        await deep.chain.sync();
        expect(await deep.answer(await payer.payment(PRICE, 0n), PRICE)).to.equal("accepted");
        const agent = makeAgent(payer.account, { opening: small, chain: chain() });
        const waiting = agent.fetch(`${slow.url}/fixed`);
        while (agent.sent.length < 4) await new Promise((done) => setTimeout(done, 50));
        await deployed.base.networkHelpers.mine(3);
        await deep.chain.sync();
        expect((await waiting).status).to.equal(200);
        expect(countOf(agent, "topUpSigned")).to.equal(1);
        expect(slow.served).to.have.lengthOf(1);
      } finally {
        await slow.close();
        await deep.close();
      }
    });

    it("within its limits, and waits for a settlement beyond them", async () => {
      const client = await newClient();
      const limits = { maxEscrow: 6n * PRICE };
      const agent = makeAgent(client, { opening: { ...small, methods: ["eip3009"] }, limits });
      const impatient = wrapFetchWithFlash(fetch, agent.client, agent.scheme, { patience: 500 });
      expect(await payInTurn(impatient, 7)).to.deep.equal([...all(200, 6), 402]);
      expect((await escrowOf(client)).balance).to.equal(6n * PRICE);
      // What was settled has left the escrow, which the chain shows: there is room again.
      await market.settler.settleNow();
      const other = makeAgent(client, {
        opening: { ...small, methods: ["eip3009"] },
        limits,
        chain: chain(),
      });
      expect(await payInTurn(other.fetch, 6)).to.deep.equal(all(200, 6));
    });

    it("by what the chain shows to be locked, not by what was ever signed", async () => {
      const client = await newClient();
      const limits = { maxEscrow: 6n * PRICE };
      const opening = { ...small, methods: ["eip3009"] } as const;
      const agent = makeAgent(client, { opening, limits, chain: chain(), maxWait: 100 });
      for (let round = 0; round < 4; round += 1) {
        expect(await payInTurn(agent.fetch, 6), String(round)).to.deep.equal(all(200, 6));
        await market.settler.settleNow();
      }
      const { settled, balance } = await escrowOf(client);
      expect(settled).to.equal(24n * PRICE);
      expect(balance <= limits.maxEscrow).to.equal(true);
    });

    it("and asks without one when the wallet is empty", async () => {
      const client = await newClient(3n * PRICE);
      const agent = makeAgent(client, { opening: { ...small, methods: ["eip3009"] }, maxWait: 100 });
      expect(await payInTurn(agent.fetch, 4)).to.deep.equal([...all(200, 3), 402]);
      expect(countOf(agent, "topUpSigned")).to.equal(1);
      await deployed.base.fundUsdc(client.address, 100n * PRICE);
    });
  });

  describe("extends it when its term ends", () => {
    async function endingSoon(): Promise<Payer> {
      const payer = await market.payer(1_000n * PRICE);
      await payer.open({ amount: 100n * PRICE, ttlSeconds: 3_600n, closeDelay: 3_600n });
      await market.advance(3_100n);
      await market.chain.sync();
      return payer;
    }

    it("and goes on", async () => {
      const payer = await endingSoon();
      const now = () => market.now();
      const agent = makeAgent(payer.account, { chain: chain(), now });
      expect(await payInTurn(agent.fetch, 3)).to.deep.equal(all(200, 3));
      expect(countOf(agent, "extensionSigned")).to.equal(1);
      // The chain showed it: the first payment brought the extension.
      expect(agent.sent).to.have.lengthOf(4);
      expect((await escrowOf(payer.account)).unlockAt > market.now() + 29n * 86_400n).to.equal(true);
    });

    it("once the server says so, when it had not known", async () => {
      const payer = await endingSoon();
      // Its clock is slow: it takes the end of the lock for far away.
      const now = () => market.now() - 3_000n;
      const agent = makeAgent(payer.account, { opening: { ttlSeconds: 7_200n }, chain: chain(), now });
      expect(await payInTurn(agent.fetch, 2)).to.deep.equal(all(200, 2));
      expect([countOf(agent, "extensionSigned"), agent.sent.length]).to.deep.equal([1, 4]);
    });

    it("for no longer than its owner allows", async () => {
      const payer = await endingSoon();
      const agent = makeAgent(payer.account, {
        opening: { maxTtlSeconds: 3_599n },
        chain: chain(),
        now: () => market.now(),
      });
      const error = await agent.fetch(url()).catch((thrown: unknown) => thrown);
      expect(String((error as Error).cause ?? error)).to.match(new RegExp(LockLimitError.name));
    });

    it("not at all when its owner wants none", async () => {
      const payer = await endingSoon();
      const agent = makeAgent(payer.account, { opening: { renew: false }, chain: chain(), now: () => market.now() });
      expect((await agent.fetch(url())).status).to.equal(402);
      expect(agent.events).to.deep.equal([]);
    });
  });
});
