import { expect } from "chai";
import { createPaymentStatus, parseSettlement, type WirePaymentStatus } from "../../../client/x402/flash/index.ts";
import { USDC } from "../../base/addresses.ts";
import { deployMarket, openMarket, type Market, type Payer } from "../../seller/flash/market.ts";
import { NETWORK, openShop, payloadOf, PRICE, type Answer, type Shop } from "./helpers/shop.ts";

describe("x402 flash: what became of a payment", function () {
  this.timeout(60_000);

  let deployed: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let shop: Shop;
  let payer: Payer;
  before(async () => {
    deployed = await deployMarket();
    market = await openMarket(deployed);
    payer = await market.payer(20_000n);
    await payer.open({ amount: 10_000n });
    shop = await openShop(market, {
      mount: (app, desk) => {
        const findPayment = createPaymentStatus({ desks: [{ ...desk, tokens: [market.server, USDC] }] });
        app.get("/flash/payments/:id", async (request, response) => {
          const payment = await findPayment(request.params["id"], request.query["payer"]);
          response.status(payment === undefined ? 404 : 200).json(payment ?? { error: "unknown payment" });
        });
      },
    });
  });
  after(async () => {
    await shop.close();
    await market.close();
    await deployed.base.close();
  });

  const idOf = ({ settlement }: Answer): string => {
    const parsed = parseSettlement(settlement?.extra);
    if (!parsed.isValid) throw new Error(parsed.message);
    return parsed.value.paymentId;
  };

  async function ask(path: string): Promise<WirePaymentStatus | number> {
    const response = await fetch(`${shop.url}/flash/payments/${path}`);
    return response.ok ? ((await response.json()) as WirePaymentStatus) : response.status;
  }

  it("is accepted, and settled with its transaction once that is final", async () => {
    const answers = [
      await shop.pay(payloadOf(await payer.payment(PRICE, 0n))),
      await shop.pay(payloadOf(await payer.tab(PRICE))),
      await shop.pay(payloadOf(await payer.transaction(PRICE, 9n))),
    ];
    const ids = answers.map(idOf);
    const network = NETWORK;
    const by = payer.account.address;
    for (const paymentId of ids) {
      expect(await ask(`${paymentId}?payer=${by}`)).to.deep.equal({
        paymentId,
        status: "accepted",
        transaction: "",
        network,
      });
    }
    const { transactions } = await market.settler.settleNow();
    for (const paymentId of ids) {
      const payment = await ask(`${paymentId}?payer=${by.toLowerCase()}`);
      if (typeof payment === "number") throw new Error(`answered ${payment}`);
      expect(payment).to.deep.include({ paymentId, status: "settled", network });
      expect(transactions).to.include(payment.transaction);
    }
  });

  it("is unknown to whoever names another payer, none, or no payment at all", async () => {
    const paymentId = idOf(await shop.pay(payloadOf(await payer.payment(PRICE, 1n))));
    const by = payer.account.address;
    for (const path of [
      paymentId,
      `${paymentId}?payer=${market.server}`,
      `${paymentId}?payer=${by}&payer=${by}`,
      `${paymentId}?payer=${by}00`,
      `${paymentId}00?payer=${by}`,
      `0x${"00".repeat(32)}?payer=${by}`,
      `toString?payer=${by}`,
    ]) {
      expect(await ask(path), path).to.equal(404);
    }
    expect(await ask(`${paymentId}?payer=${by}`)).to.deep.include({ status: "accepted" });
  });
});
