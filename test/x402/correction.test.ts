import { expect } from "chai";
import { wrapFetchWithPayment } from "@x402/fetch";
import type { Address, Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import {
  DEFAULT_LANE,
  toWireVoucher,
  withBuyerHeader,
  type WireOffer,
  type WirePayload,
} from "../../client/x402/deferred/index.ts";
import { collect, signVoucher, type Voucher } from "../../client/voucher/index.ts";
import { USDC } from "../base/addresses.ts";
import { mined } from "../helpers/mined.ts";
import { makeAgent, offersOf, settlementOf } from "./helpers/agent.ts";
import { startLiar, type Liar, type Lie } from "./helpers/liar.ts";
import { NETWORK, openMarket, PRICE, type Market, type Shop } from "./helpers/shop.ts";

const PREFIX = "invalid_deferred_evm_payload_";

describe("x402 deferred: corrections", function () {
  this.timeout(60_000);

  describe("of an honest seller", () => {
    let market: Market;
    before(async () => {
      market = await openMarket();
    });
    after(() => market.close());

    it("let a client that lost its memory go on in the same lane", async () => {
      const [shop, account] = [await market.openShop(), await market.newBuyer()];
      const first = makeAgent(account);
      for (let count = 0; count < 3; count += 1) await first.fetch(`${shop.url}/fixed`);
      const second = makeAgent(account, { deposit: false });
      const response = await second.fetch(`${shop.url}/fixed`);
      expect(response.status).to.equal(200);
      expect(settlementOf(response).extra).to.deep.include({ charged: (4n * PRICE).toString() });
      expect(second.events).to.have.lengthOf(1);
      expect(second.events[0]).to.deep.include({ kind: "corrected", id: DEFAULT_LANE, charged: 3n * PRICE });
      // Unpaid, stale, corrected.
      expect(second.sent).to.have.lengthOf(3);
      await second.fetch(`${shop.url}/fixed`);
      expect(second.sent).to.have.lengthOf(5);
    });

    it("build on what was charged, not on what was promised", async () => {
      const [shop, account] = [await market.openShop(), await market.newBuyer()];
      await makeAgent(account).fetch(`${shop.url}/metered?charge=10`);
      const second = makeAgent(account, { deposit: false });
      await second.fetch(`${shop.url}/metered?charge=5`);
      expect(second.events[0]).to.deep.include({ kind: "corrected", charged: 10n });
      expect(await shop.charged(account.address)).to.equal(15n);
    });

    it("are not needed when the answer to a payment was lost and it was not charged", async () => {
      const [shop, account] = [await market.openShop(), await market.newBuyer()];
      const agent = makeAgent(account);
      await agent.fetch(`${shop.url}/fixed`);
      await agent.client
        .createPaymentPayload(offersOf(await fetch(`${shop.url}/fixed`)))
        .then(({ payload }) => agent.scheme.buyer.unanswered(payload["signature"] as Hex));
      expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
      expect(agent.events.filter(({ kind }) => kind === "corrected")).to.deep.equal([]);
      expect(await shop.charged(account.address)).to.equal(2n * PRICE);
    });

    it("settle what happened when the answer was lost and it was charged", async () => {
      const [shop, account] = [await market.openShop(), await market.newBuyer()];
      const agent = makeAgent(account);
      await agent.fetch(`${shop.url}/fixed`);
      const payload = await agent.client.createPaymentPayload(offersOf(await fetch(`${shop.url}/fixed`)));
      const header = Buffer.from(JSON.stringify(payload)).toString("base64");
      await fetch(`${shop.url}/fixed`, { headers: { "PAYMENT-SIGNATURE": header } });
      await agent.scheme.buyer.unanswered(payload.payload["signature"] as Hex);
      expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
      expect(agent.events.filter(({ kind }) => kind === "corrected")).to.have.lengthOf(1);
      expect(await shop.charged(account.address)).to.equal(3n * PRICE);
    });

    describe("that lost its store after collecting", () => {
      async function loseStore(): Promise<{
        shop: Shop;
        agent: ReturnType<typeof makeAgent>;
        account: Parameters<typeof makeAgent>[0];
      }> {
        const account = await market.newBuyer();
        const old = await market.openShop();
        const agent = makeAgent(account);
        await agent.fetch(`${old.url}/fixed`);
        await agent.fetch(`${old.url}/fixed`);
        const lane = {
          chainId: 8453n,
          escrow: market.escrow,
          seller: old.seller.address,
          asset: USDC,
          buyer: account.address,
          id: DEFAULT_LANE,
        };
        const { latest } = (await old.store.getLane(lane)) ?? {};
        if (latest === undefined) throw new Error("Nothing was accepted");
        const { voucher, signature } = latest;
        const hash = await collect(market.base.wallets.stranger, { escrow: market.escrow, voucher, signature });
        await mined(market.base.publicClient, hash);
        return { shop: await market.openShop({ seller: old.seller }), agent, account };
      }

      it("are believed as far as the buyer remembers to have signed", async () => {
        const { shop, agent, account } = await loseStore();
        const before = agent.sent.length;
        expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
        expect(agent.sent.length - before).to.equal(2);
        expect(await shop.charged(account.address)).to.equal(PRICE);
      });

      it("are avoided by a client without memory, which opens a fresh lane", async () => {
        const { shop, account } = await loseStore();
        const forgetful = makeAgent(account, { deposit: false });
        const response = await forgetful.fetch(`${shop.url}/fixed`);
        expect(response.status).to.equal(200);
        const { voucher } = settlementOf(response).extra as { voucher: { id: string } };
        expect(voucher.id).to.not.equal(DEFAULT_LANE);
        expect(await shop.charged(account.address)).to.equal(PRICE);
      });
    });

    it("are not needed in open mode when the request names its buyer", async () => {
      const [shop, account] = [await market.openShop({ server: { isOpen: true } }), await market.newBuyer()];
      await makeAgent(account).fetch(`${shop.url}/fixed`);
      const forgetful = makeAgent(account, { deposit: false });
      let trips = 0;
      const counting: typeof fetch = (input, init) => {
        trips += 1;
        return fetch(input, init);
      };
      const paidFetch = wrapFetchWithPayment(withBuyerHeader(counting, account.address), forgetful.client);
      expect((await paidFetch(`${shop.url}/fixed`)).status).to.equal(200);
      expect(trips).to.equal(2);
      expect(await shop.charged(account.address)).to.equal(2n * PRICE);
    });
  });

  describe("of a lying seller", () => {
    const buyer = privateKeyToAccount(generatePrivateKey());
    const seller = privateKeyToAccount(generatePrivateKey()).address;
    const escrow = privateKeyToAccount(generatePrivateKey()).address;
    const terms = {
      scheme: "deferred",
      network: NETWORK,
      amount: "1000",
      asset: USDC,
      payTo: seller,
      maxTimeoutSeconds: 60,
    } as const;
    const fresh: WireOffer = { type: "new", voucher: { id: DEFAULT_LANE, escrow } };
    const liars: Liar[] = [];
    afterEach(async () => {
      for (const liar of liars.splice(0)) await liar.close();
    });

    async function start(lieTo: (index: number, payment: WirePayload | undefined) => Lie): Promise<Liar> {
      const liar = await startLiar(terms, lieTo);
      liars.push(liar);
      return liar;
    }

    /** A voucher of the buyer for the seller, with changes. */
    function makeVoucher(changes: Partial<Voucher> = {}): Voucher {
      return {
        id: DEFAULT_LANE,
        buyer: buyer.address.toLowerCase() as Address,
        seller: seller.toLowerCase() as Address,
        valueAggregate: 5_000n,
        asset: USDC.toLowerCase() as Address,
        timestamp: 1_700_000_000n,
        nonce: 4n,
        escrow: escrow.toLowerCase() as Address,
        chainId: 8453n,
        expiry: 1_900_000_000n,
        ...changes,
      };
    }

    async function show(voucher: Voucher, charged?: bigint, signer = buyer): Promise<WireOffer> {
      const signature = await signVoucher(signer, voucher);
      const offer = { type: "aggregation", voucher: toWireVoucher(voucher), signature } as const;
      return charged === undefined ? offer : { ...offer, charged: charged.toString() };
    }

    const agentOf = () => makeAgent(buyer, { escrows: [escrow], deposit: false });
    const stale = `${PREFIX}voucher_nonce_mismatch`;

    it("are adopted when they are true", async () => {
      const correction = await show(makeVoucher(), 4_000n);
      const liar = await start((index) =>
        index === 0 ? { offer: correction, error: stale } : index === 1 ? { status: 200 } : { offer: fresh },
      );
      const agent = agentOf();
      expect((await agent.fetch(liar.url)).status).to.equal(200);
      expect(liar.payments[1]?.voucher).to.include({ nonce: 5, valueAggregate: "5000" });
      expect(agent.events).to.deep.include.members([
        {
          kind: "corrected",
          account: (agent.events[0] as { account: unknown }).account,
          id: DEFAULT_LANE,
          charged: 4_000n,
        },
      ] as never);
    });

    const stranger = privateKeyToAccount(generatePrivateKey());
    const lies: readonly [string, () => Promise<WireOffer>, string][] = [
      ["a voucher somebody else signed", () => show(makeVoucher(), undefined, stranger), "notOurs"],
      [
        "a voucher of another buyer",
        () => show(makeVoucher({ buyer: stranger.address.toLowerCase() as Address }), undefined, stranger),
        "notOurs",
      ],
      [
        "a voucher for another seller",
        () => show(makeVoucher({ seller: stranger.address.toLowerCase() as Address })),
        "notOurs",
      ],
      [
        "a voucher in another asset",
        () => show(makeVoucher({ asset: stranger.address.toLowerCase() as Address })),
        "notOurs",
      ],
      ["a voucher of another chain", () => show(makeVoucher({ chainId: 1n })), "notOurs"],
      [
        "a voucher with a raised ceiling",
        async () => ({
          ...(await show(makeVoucher())),
          voucher: toWireVoucher(makeVoucher({ valueAggregate: 9_000_000n })),
        }),
        "notOurs",
      ],
      ["a total above what was signed", () => show(makeVoucher(), 5_001n), "aboveSigned"],
      ["a huge total", () => show(makeVoucher(), 2n ** 200n), "aboveSigned"],
    ];
    for (const [what, tell, reason] of lies) {
      it(`are refused: ${what}`, async () => {
        const lie = await tell();
        const liar = await start((index) => ({ offer: index < 0 ? fresh : lie, error: stale }));
        const agent = agentOf();
        const response = await agent.fetch(liar.url);
        expect(response.status).to.equal(402);
        expect(liar.payments).to.have.lengthOf(1);
        expect(agent.events).to.have.lengthOf(1);
        expect(agent.events[0]).to.include({ kind: "correctionRefused", reason });
      });
    }

    it("are refused: a voucher of another escrow", async () => {
      const other = stranger.address.toLowerCase() as Address;
      const lie = await show(makeVoucher({ escrow: other }));
      const liar = await start((index) => ({ offer: index < 0 ? fresh : lie, error: stale }));
      expect((await agentOf().fetch(liar.url)).status).to.equal(402);
      expect(liar.payments).to.have.lengthOf(1);
    });

    it("do not make the buyer sign more than its price a request", async () => {
      const lie = await show(makeVoucher(), 1_000_000n);
      const liar = await start((index) => ({ offer: index < 0 ? fresh : lie, error: stale }));
      const agent = agentOf();
      for (let count = 0; count < 5; count += 1) await agent.fetch(liar.url);
      for (const { voucher } of liar.payments) expect(BigInt(voucher.valueAggregate) <= 1_000n).to.equal(true);
    });

    it("do not make the buyer sign more by a settlement that claims more than was signed", async () => {
      const settlement = {
        amount: "1000",
        extra: { commitment: `0x${"11".repeat(32)}`, voucher: { id: DEFAULT_LANE, nonce: 0 }, charged: "999999999" },
      };
      const liar = await start((_index, payment) =>
        payment === undefined ? { offer: fresh } : { status: 200, settlement },
      );
      const agent = agentOf();
      for (let count = 0; count < 3; count += 1) await agent.fetch(liar.url);
      expect(liar.payments.map(({ voucher }) => voucher.valueAggregate)).to.deep.equal(["1000", "2000", "3000"]);
    });

    it("do not make the buyer sign more by answers without a settlement", async () => {
      const liar = await start((_index, payment) => (payment === undefined ? { offer: fresh } : { status: 500 }));
      const agent = agentOf();
      for (let count = 0; count < 4; count += 1) await agent.fetch(liar.url);
      const ceilings = liar.payments.map(({ voucher }) => voucher.valueAggregate);
      expect(ceilings).to.deep.equal(["1000", "1000", "1000", "1000"]);
    });

    it("cannot drain a wallet by saying again and again that nothing is there", async () => {
      const deposit = { minimum: "1000", suggested: "20000", methods: ["eip3009" as const] };
      const empty: WireOffer = { ...fresh, name: "USD Coin", version: "2", deposit, account: { balance: "0" } };
      const liar = await start(() => ({ offer: empty, error: "insufficient_funds" }));
      const agent = makeAgent(buyer, { escrows: [escrow], limits: { maxExposure: 50_000n, maxDeposit: 20_000n } });
      for (let count = 0; count < 12; count += 1) await agent.fetch(liar.url).catch((error: Error) => error);
      const deposits = new Map(
        liar.payments.flatMap(({ depositAuthorization: sent }) =>
          sent === undefined
            ? []
            : [[sent.depositAuthorization.nonce, BigInt(sent.depositAuthorization.amount)] as const],
        ),
      );
      const total = [...deposits.values()].reduce((sum, amount) => sum + amount, 0n);
      expect(total <= 50_000n, `${total}`).to.equal(true);
    });

    it("get nothing for an escrow of the seller's own, not even a signature", async () => {
      const own: WireOffer = { ...fresh, voucher: { id: DEFAULT_LANE, escrow: seller } };
      const liar = await start(() => ({ offer: own }));
      const agent = makeAgent(buyer, { escrows: [escrow] });
      const failure = await agent.fetch(liar.url).catch((error: Error) => error);
      expect(failure)
        .to.be.instanceOf(Error)
        .with.property("message")
        .that.matches(/names the escrow/);
      expect([liar.payments, agent.events]).to.deep.equal([[], []]);
    });

    it("are not followed for ever: one retry", async () => {
      const correction = await show(makeVoucher());
      const liar = await start((index) => ({ offer: index < 0 ? fresh : correction, error: stale }));
      await agentOf().fetch(liar.url);
      expect(liar.payments).to.have.lengthOf(2);
    });

    const nonsense: readonly Lie[] = [
      { offer: fresh, error: 5 },
      { offer: fresh, error: null },
      { offer: fresh, error: {} },
      { offer: fresh, error: [stale] },
      { offer: fresh, required: { accepts: 5 } },
      { offer: fresh, required: { accepts: null } },
      { offer: fresh, required: { accepts: [null, 5, []] } },
      { status: 200, settlement: { success: false, errorReason: 5 } },
      { status: 200, settlement: { success: true, extra: [] } },
    ];
    for (const lie of nonsense) {
      const { offer: _, ...told } = lie;
      it(`hold up nothing when the answer is nonsense: ${JSON.stringify(told)}`, async function () {
        this.timeout(5_000);
        const answers = [lie, { status: 200 }];
        const liar = await start((index, payment) => (payment && answers[index]) ?? { offer: fresh });
        const agent = makeAgent(buyer, { escrows: [escrow], deposit: false, maxLanes: 1 });
        await agent.fetch(liar.url);
        expect((await agent.fetch(liar.url)).status).to.equal(200);
        expect(liar.payments.at(-1)?.voucher.id).to.equal(DEFAULT_LANE);
      });
    }

    for (const offer of [
      {},
      { voucher: 1 },
      { type: "new", voucher: { id: "0x", escrow } },
      { ...fresh, charged: "-1" },
    ]) {
      it(`are refused when the offer cannot be read: ${JSON.stringify(offer)}`, async () => {
        const liar = await start(() => ({ offer: offer as unknown as WireOffer }));
        const failure = await agentOf()
          .fetch(liar.url)
          .catch((error: Error) => error);
        expect(failure)
          .to.be.instanceOf(Error)
          .with.property("message")
          .that.matches(/cannot be paid/);
        expect(liar.payments).to.deep.equal([]);
      });
    }
  });
});
