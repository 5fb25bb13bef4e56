import { expect } from "chai";
import { ChainUnavailableError, ReservationLostError } from "../../../client/seller/core/errors.ts";
import type { FlashAcceptor } from "../../../client/seller/flash/types.ts";
import type { OpeningRelayer, WireOpenPayload } from "../../../client/x402/flash/index.ts";
import { USDC } from "../../base/addresses.ts";
import { deployMarket, openMarket, type Market, type Payer } from "../../seller/flash/market.ts";
import { openShop, payloadOf, PRICE, type Answer, type Shop, type ShopOptions } from "./helpers/shop.ts";

const ESCROW = 10_000_000n;
const broken = () => Promise.reject(new Error("the store is out of order"));

describe("x402 flash: when something fails", function () {
  this.timeout(60_000);

  let deployed: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let payer: Payer;
  let nonce = 0n;
  before(async () => {
    deployed = await deployMarket();
    market = await openMarket(deployed);
    payer = await market.payer(2n * ESCROW);
    await payer.open({ amount: ESCROW });
  });
  after(async () => {
    await market.close();
    await deployed.base.close();
  });

  async function visit<T>(options: ShopOptions, step: (shop: Shop) => Promise<T>): Promise<T> {
    const shop = await openShop(market, options);
    try {
      return await step(shop);
    } finally {
      await shop.close();
    }
  }

  const withAcceptor = (changes: Partial<FlashAcceptor>): ShopOptions => ({
    desk: { acceptor: { ...market.acceptor, ...changes } },
  });

  async function pay(shop: Shop): Promise<Answer> {
    const item = await payer.payment(PRICE, nonce);
    nonce += 1n;
    return shop.pay(payloadOf(item));
  }

  it("a correction reaches the client as the acceptor made it", () => {
    const corrective = {
      epoch: 3n,
      nonceBase: 512n,
      available: 7n,
      lanes: [{ lane: 5n, authorised: 9n, consumed: 8n, settled: 1n }],
    };
    const rejection = {
      isAccepted: false,
      code: "flash_nonce_used",
      message: "Used.",
      corrective,
      retryAfterMs: 9,
    } as const;
    return visit(withAcceptor({ accept: async () => rejection }), async (shop) => {
      const { extra } = await pay(shop);
      expect(extra).to.deep.include({ epoch: 3, nonceBase: "512", available: "7", retryAfterMs: 9 });
      expect(extra?.lanes).to.deep.equal([{ lane: "5", authorised: "9", consumed: "8", settled: "1" }]);
    });
  });

  it("a store that cannot reserve serves nothing, and the host is told", () =>
    visit(withAcceptor({ accept: broken }), async (shop) => {
      const answer = await pay(shop);
      expect([answer.status, answer.error, answer.body]).to.deep.equal([402, "unexpected_verify_error", "{}"]);
      expect([shop.served, shop.errors.length]).to.deep.equal([[], 1]);
    }));

  it("a store that cannot commit serves nothing, and the host is told", () =>
    visit(withAcceptor({ commit: broken }), async (shop) => {
      const answer = await pay(shop);
      expect([answer.status, answer.body]).to.deep.equal([402, "{}"]);
      expect(answer.settlement).to.include({ success: false, errorReason: "unexpected_settle_error" });
      expect(shop.errors).to.have.lengthOf(1);
    }));

  it("a reservation that is lost serves nothing", () =>
    visit(withAcceptor({ commit: () => Promise.reject(new ReservationLostError("1", "ended")) }), async (shop) => {
      const answer = await pay(shop);
      expect([answer.status, answer.body]).to.deep.equal([402, "{}"]);
      expect(answer.settlement).to.include({ success: false, errorReason: "flash_reservation_lost" });
      expect(shop.errors).to.deep.equal([]);
    }));

  it("a chain that does not answer asks to try again", () =>
    visit(
      withAcceptor({ accept: () => Promise.reject(new ChainUnavailableError("a block", undefined)) }),
      async (shop) => {
        const answer = await pay(shop);
        expect([answer.status, answer.error]).to.deep.equal([402, "flash_stale_state"]);
        expect(answer.extra?.retryAfterMs).to.be.above(0);
        expect(shop.errors).to.deep.equal([]);
      },
    ));

  it("a store that cannot cancel does not turn a failed request into a paid one", () =>
    visit(withAcceptor({ cancel: broken }), async (shop) => {
      const item = await payer.payment(PRICE, nonce);
      nonce += 1n;
      const answer = await shop.pay(payloadOf(item), "/fails");
      expect([answer.status, answer.settlement]).to.deep.equal([500, undefined]);
      expect(shop.errors).to.have.lengthOf(1);
    }));

  it("a lane that cannot be read costs the client no answer it has paid for", () => {
    const getEscrow = market.store.getEscrow.bind(market.store);
    const store = { getEscrow, getLane: broken, listLanes: broken, getItem: broken };
    return visit({ desk: { store } }, async (shop) => {
      const answer = await shop.pay(payloadOf(await payer.tab(PRICE)));
      expect([answer.status, answer.body]).to.deep.equal([200, "sunny"]);
      expect(answer.settlement?.extra).to.not.have.property("lane");
      expect(shop.errors).to.have.lengthOf(1);
    });
  });

  it("a relayer that fails serves nothing, and the host is told", async () => {
    const poor = await market.payer(ESCROW);
    const relayer: OpeningRelayer = {
      settlement: market.settlement,
      methods: ["allowance"],
      minimumOpenings: { [USDC]: 1n },
      name: "https://relayer.example",
      relay: broken,
      renew: broken,
      simulate: broken,
    };
    await visit({ desk: { relayer } }, async (shop) => {
      const item = await poor.payment(PRICE, 0n);
      if (item.kind !== "payment") throw new Error("no payment");
      const open: WireOpenPayload = {
        type: "open",
        open: {
          client: poor.account.address,
          server: market.server,
          token: USDC,
          amount: ESCROW.toString(),
          ttlSeconds: 86_400,
          closeDelay: 3_600,
          signer: poor.account.address,
          epoch: 0,
          deadline: 2 ** 40 - 1,
        },
        openSignature: "0x00",
        funding: { method: "allowance", signature: "0x" },
        payment: { client: item.client, amount: item.amount.toString(), nonce: 0, deadline: 0, epoch: 0 },
        signature: item.signature,
      };
      const answer = await shop.pay(open);
      expect([answer.status, answer.error, answer.body]).to.deep.equal([402, "unexpected_verify_error", "{}"]);
      expect([shop.served, shop.errors.length]).to.deep.equal([[], 1]);
    });
  });

  it("a route that no desk serves does not start", async () => {
    const stranger = { ...market, server: deployed.base.actors.stranger.address };
    const shop = await openShop(stranger, { desk: { server: market.server } });
    try {
      expect((await fetch(`${shop.url}/fixed`)).status).to.be.above(499);
    } finally {
      await shop.close();
    }
  });
});
