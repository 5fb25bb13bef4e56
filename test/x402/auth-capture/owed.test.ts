import { expect } from "chai";
import type { FacilitatorClient } from "@x402/core/server";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { charge as chargePayment, getPaymentCollector, signRefund } from "../../../client/auth-capture/index.ts";
import { mined } from "../../helpers/mined.ts";
import { charge, openBench, paymentOf, PRICE, type Bench, type Payer } from "./helpers/bench.ts";
import { openShop, type Sent, type Shop, type ShopOptions } from "./helpers/shop.ts";

const COLLECTED = "402 invalid_auth_capture_evm_payment_already_collected";
const DAY = 86_400n;

describe("x402 auth-capture server: charges that nobody was served for", function () {
  this.timeout(120_000);

  let bench: Bench;
  let snapshot: Awaited<ReturnType<Bench["base"]["networkHelpers"]["takeSnapshot"]>>;
  const shops: Shop[] = [];
  before(async () => {
    bench = await openBench();
    snapshot = await bench.base.networkHelpers.takeSnapshot();
  });
  afterEach(async () => {
    for (const shop of shops.splice(0)) await shop.close();
    await snapshot.restore();
  });
  after(() => bench.close());

  async function open(options: ShopOptions = {}): Promise<Shop> {
    const seller = privateKeyToAccount(generatePrivateKey());
    const shop = await openShop(bench, { seller, terms: charge(seller.address), ...options });
    shops.push(shop);
    return shop;
  }

  /** A payment charged by a stranger, as anyone can who sees it. */
  async function chargeAsStranger(shop: Shop, { payload, accepted }: Sent): Promise<void> {
    const { escrow, paymentInfo } = paymentOf({ x402Version: 2, payload, accepted }, accepted);
    const call = {
      tokenCollector: getPaymentCollector(escrow, "Eip3009"),
      collectorData: payload["signature"] as "0x",
    };
    const { wallets, publicClient } = bench.base;
    await mined(
      publicClient,
      await chargePayment(wallets.stranger, { escrow, paymentInfo, terms: shop.terms, ...call }),
    );
  }

  const hashOf = async (shop: Shop): Promise<`0x${string}`> => {
    const [record] = [...(await shop.store.list("closed")), ...(await shop.store.list("open"))];
    return record?.paymentInfoHash ?? expect.fail("nothing is stored");
  };
  const paidTo = async (shop: Shop, payer: Payer) => [
    await bench.usdcOf(shop.seller.address),
    await bench.usdcOf(payer.address),
  ];
  const told = ({ status, error }: { readonly status: number; readonly error?: string }) =>
    status === 200 ? "200" : `${status} ${error}`;

  it("serves a payment that a stranger charged first, once", async () => {
    const shop = await open();
    const payer = await bench.payer();
    const payment = await shop.sign(payer);
    await chargeAsStranger(shop, payment);
    const answers = await Promise.all([1, 2, 3].map(() => shop.send(payment)));
    expect(answers.map(told).toSorted()).to.deep.equal(["200", COLLECTED, COLLECTED]);
    expect(told(await shop.send(payment))).to.equal(COLLECTED);
    expect(shop.served).to.deep.equal(["/report"]);
    expect(await paidTo(shop, payer)).to.deep.equal([PRICE, 9n * PRICE]);
  });

  it("serves a payment that a stranger charged while the handler ran", async () => {
    let meanwhile = async (): Promise<void> => undefined;
    const handler: ShopOptions["handler"] = (_request, response) =>
      void meanwhile().then(() => response.send("charged"));
    const shop = await open({ handler });
    const payment = await shop.sign(await bench.payer(), "/slow");
    meanwhile = () => chargeAsStranger(shop, payment);
    const { status, body } = await shop.send(payment, "/slow");
    expect([status, body]).to.deep.equal([200, "charged"]);
  });

  /** A facilitator whose answers are lost until it is healed, and which then charges late. */
  function losing() {
    const late: (() => Promise<unknown>)[] = [];
    let isDown = true;
    const facilitator = (local: FacilitatorClient): FacilitatorClient => ({
      ...local,
      verify: local.verify.bind(local),
      settle: async (payload, requirements) => {
        if (!isDown) return local.settle(payload, requirements);
        late.push(() => local.settle(payload, requirements));
        throw new Error("socket hang up");
      },
    });
    const land = async (): Promise<void> => {
      isDown = false;
      for (const settle of late) await settle();
    };
    return { facilitator, land };
  }

  it("serves a payment whose charge was lost and landed later, once it is brought again", async () => {
    const { facilitator, land } = losing();
    const shop = await open({ facilitator });
    const payer = await bench.payer();
    const payment = await shop.sign(payer);
    expect(told(await shop.send(payment))).to.equal("402 unexpected_settle_error");
    await land();
    expect(await paidTo(shop, payer)).to.deep.equal([PRICE, 9n * PRICE]);
    const again = await Promise.all([shop.send(payment), shop.send(payment)]);
    expect(again.map(told).toSorted()).to.deep.equal(["200", COLLECTED]);
    expect(told(await shop.send(payment))).to.equal(COLLECTED);
    expect(await paidTo(shop, payer)).to.deep.equal([PRICE, 9n * PRICE]);
  });

  it("serves it also when its signature has expired and the sweeper has told of it, once", async () => {
    const { facilitator, land } = losing();
    let ahead = 0n;
    const unserved: string[] = [];
    const onUnserved = ({ paymentInfoHash }: { readonly paymentInfoHash: string }) => unserved.push(paymentInfoHash);
    const shop = await open({ facilitator, ahead: () => ahead, onUnserved });
    const payment = await shop.sign(await bench.payer());
    await shop.send(payment);
    await land();
    ahead = 600n;
    await shop.manager.sweep();
    expect(unserved).to.deep.equal([await hashOf(shop)]);
    const again = await Promise.all([shop.send(payment), shop.send(payment)]);
    expect(again.map(({ status }) => status).toSorted()).to.deep.equal([200, 402]);
    expect((await shop.send(payment)).status).to.equal(402);
    expect((await shop.manager.status(await hashOf(shop))).record.isServed).to.equal(true);
  });

  it("serves nothing for a payment that expired and was never charged", async () => {
    let ahead = 0n;
    const shop = await open({ facilitator: losing().facilitator, ahead: () => ahead });
    const payment = await shop.sign(await bench.payer());
    await shop.send(payment);
    ahead = 100n;
    const [before] = [shop.served.length];
    expect((await shop.send(payment)).status).to.equal(402);
    expect(shop.served.length).to.equal(before);
  });

  it("serves nothing for a payment that was refunded instead", async () => {
    const { facilitator, land } = losing();
    let ahead = 0n;
    const shop = await open({ facilitator, ahead: () => ahead });
    const payer = await bench.payer();
    const payment = await shop.sign(payer);
    await shop.send(payment);
    await land();
    ahead = 600n;
    await shop.manager.sweep();
    const { record } = await shop.manager.status(await hashOf(shop));
    const refundCollector = bench.contracts.signedRefundCollector;
    const { collectorData } = await signRefund(bench.base.publicClient, {
      ...record,
      chainId: 8453,
      funder: shop.seller.address,
      amount: PRICE,
      refundCollector,
      funding: { method: "Eip3009", tokenDomain: { name: "USD Coin", version: "2" } },
      signer: shop.seller,
      factory: bench.contracts.termsOperatorFactory,
      terms: shop.terms,
      deadline: (await bench.now()) + DAY,
    });
    const refund = { amount: PRICE, tokenCollector: refundCollector, collectorData };
    const { failure } = await shop.manager.refund(record.paymentInfoHash, refund);
    expect(failure).to.equal(undefined);
    const served = shop.served.length;
    expect((await shop.send(payment)).status).to.equal(402);
    expect(shop.served.length).to.equal(served);
    expect(await paidTo(shop, payer)).to.deep.equal([0n, 10n * PRICE]);
  });
});
