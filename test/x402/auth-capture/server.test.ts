import { expect } from "chai";
import { x402Client } from "@x402/core/client";
import { wrapFetchWithPayment } from "@x402/fetch";
import { ESCROW_DEPLOYMENTS, GENERATIONS, hashTerms, makeTerms } from "../../../client/auth-capture/index.ts";
import { AuthCaptureEvmScheme, type WireOfferedLifecycle } from "../../../client/x402/auth-capture/index.ts";
import { charge, openBench, plainHold, PRICE, type Bench } from "./helpers/bench.ts";
import { openShop, type Shop, type ShopOptions } from "./helpers/shop.ts";

const DAY = 86_400n;
const HASH = /^0x[0-9a-f]{64}$/;

describe("x402 auth-capture server: paid", function () {
  this.timeout(240_000);

  let bench: Bench;
  let snapshot: Awaited<ReturnType<Bench["base"]["networkHelpers"]["takeSnapshot"]>>;
  const shops: Shop[] = [];
  const open = async (options?: ShopOptions): Promise<Shop> => {
    const shop = await openShop(bench, options);
    shops.push(shop);
    return shop;
  };
  before(async () => {
    bench = await openBench();
    snapshot = await bench.base.networkHelpers.takeSnapshot();
  });
  // Every block is a second on the chain: many of them would overtake the clock that signs.
  afterEach(async () => {
    for (const shop of shops.splice(0)) await shop.close();
    await snapshot.restore();
  });
  after(() => bench.close());

  for (const generation of GENERATIONS) {
    for (const path of ["/report", "/permit2"]) {
      it(`holds, serves and captures a payment of the stock client to ${path} on ${generation}`, async () => {
        const shop = await open({ generation });
        const payer = await bench.payer();
        if (path === "/permit2") await bench.approvePermit2(payer);
        const answer = await shop.pay(payer, path);
        expect([answer.status, answer.body]).to.deep.equal([200, "sunny"]);
        expect(shop.errors).to.deep.equal([]);
        const { settlement, report } = answer;
        expect([settlement?.success, settlement?.amount]).to.deep.equal([true, PRICE.toString()]);
        expect(report?.escrow).to.equal(ESCROW_DEPLOYMENTS[generation].escrow.toLowerCase());
        expect(report?.collectTransaction).to.match(HASH).and.not.equal(settlement?.transaction);
        expect(await bench.usdcOf(shop.seller.address)).to.equal(PRICE);
        expect(await bench.usdcOf(payer.address)).to.equal(9n * PRICE);
        const { capturable, refundable } = await shop.statusOf(answer);
        expect([capturable, refundable]).to.deep.equal([0n, PRICE]);
        expect(report?.next.map(({ action, by }) => `${action} ${by}`)).to.deep.equal(["refund authorizer"]);
      });
    }

    it(`captures what a metered request costs and voids the rest in one transaction on ${generation}`, async () => {
      const shop = await open({ generation });
      const payer = await bench.payer();
      let answer: Awaited<ReturnType<Shop["pay"]>> | undefined;
      const transactions = await bench.sent(async () => {
        answer = await shop.pay(payer, "/metered?amount=250000");
      });
      expect([answer?.status, answer?.settlement?.amount, transactions]).to.deep.equal([200, "250000", 2]);
      expect(await bench.usdcOf(shop.seller.address)).to.equal(250_000n);
      expect(await bench.usdcOf(payer.address)).to.equal(9_750_000n);
    });

    it(`charges after it has served where the terms charge, on ${generation}`, async () => {
      const terms = { feeBps: 100n, feeReceiver: bench.base.actors.stranger.address };
      const seller = bench.base.actors.otherSeller;
      const shop = await open({ generation, seller, terms: charge(seller.address, terms) });
      const before = await bench.usdcOf(seller.address);
      const answer = await shop.pay(await bench.payer());
      expect([answer.status, answer.body, shop.errors]).to.deep.equal([200, "sunny", []]);
      expect((await bench.usdcOf(seller.address)) - before).to.equal((PRICE * 99n) / 100n);
      const { capturable, refundable } = await shop.statusOf(answer);
      expect([capturable, refundable]).to.deep.equal([0n, PRICE]);
    });
  }

  it("takes payments of contract wallets, deployed and not", async () => {
    const shop = await open();
    for (const isDeployed of [true, false]) {
      const answer = await shop.pay(await bench.wallet(isDeployed));
      expect([answer.status, answer.body, shop.errors]).to.deep.equal([200, "sunny", []]);
    }
    expect(await bench.usdcOf(shop.seller.address)).to.equal(2n * PRICE);
  });

  for (const generation of GENERATIONS) {
    for (const path of ["/report", "/permit2"]) {
      it(`is paid by the client of this package, which finds the terms behind the operator, at ${path} on ${generation}`, async () => {
        const shop = await open({ generation });
        const payer = await bench.payer();
        if (path === "/permit2") await bench.approvePermit2(payer);
        const limits = { factories: [bench.contracts.termsOperatorFactory] };
        const scheme = new AuthCaptureEvmScheme({ payer: payer.account, limits });
        const paidFetch = wrapFetchWithPayment(fetch, new x402Client().register("eip155:*", scheme));
        const response = await paidFetch(`${shop.url}${path}`);
        expect(response.status).to.equal(200);
        const payment = scheme.paymentOf(response);
        expect([payment?.status, payment?.report?.refundable]).to.deep.equal(["settled", PRICE]);
        expect(payment?.offer.terms).to.deep.equal(shop.terms);
      });
    }
  }

  it("takes nothing for a metered request that costs nothing", async () => {
    const shop = await open();
    const payer = await bench.payer();
    const answer = await shop.pay(payer, "/metered?amount=0");
    expect([answer.status, answer.settlement?.amount]).to.deep.equal([200, "0"]);
    expect(await bench.usdcOf(payer.address)).to.equal(10n * PRICE);
  });

  it("answers 402 and voids when a handler asks for more than was signed", async () => {
    const shop = await open();
    const payer = await bench.payer();
    const answer = await shop.pay(payer, "/metered?amount=1000001");
    expect([answer.status, answer.error]).to.deep.equal([402, "invalid_auth_capture_evm_amount_mismatch"]);
    expect(await bench.usdcOf(payer.address)).to.equal(10n * PRICE);
  });

  it("charges a part of nothing: a charge is the whole price or none", async () => {
    const seller = bench.base.actors.otherSeller;
    const shop = await open({ seller, terms: charge(seller.address) });
    const payer = await bench.payer();
    const answer = await shop.pay(payer, "/metered?amount=999999");
    expect([answer.status, answer.error]).to.deep.equal([402, "invalid_auth_capture_evm_amount_mismatch"]);
    expect((await shop.pay(payer, "/fails")).status).to.equal(500);
    expect(await bench.usdcOf(payer.address)).to.equal(10n * PRICE);
    expect(await shop.store.list("open")).to.have.lengthOf(2);
  });

  it("keeps a hold for captures later", async () => {
    const shop = await open({ desk: { close: ({ amount }) => ({ amount, rest: "keep" }) } });
    const payer = await bench.payer();
    const answer = await shop.pay(payer, "/metered?amount=300000");
    expect([answer.status, answer.report?.capturable]).to.deep.equal([200, 700_000n]);
    const hash = answer.report?.paymentInfoHash ?? "0x";
    const { record } = await shop.manager.capture(hash, { amount: 200_000n, rest: "keep" });
    expect([record.stage, record.isServed]).to.deep.equal(["held", true]);
    await shop.manager.capture(hash, { amount: 100_000n, rest: "void" });
    expect(await bench.usdcOf(shop.seller.address)).to.equal(600_000n);
    expect(await bench.usdcOf(payer.address)).to.equal(9_400_000n);
  });

  for (const path of ["/fails", "/throws"]) {
    it(`voids the hold when the handler of ${path} fails`, async () => {
      const shop = await open();
      const payer = await bench.payer();
      const answer = await shop.pay(payer, path);
      expect([answer.status, answer.settlement?.success, answer.settlement?.amount]).to.deep.equal([500, true, "0"]);
      expect(answer.report?.capturable).to.equal(0n);
      expect(answer.settlement?.transaction).to.match(HASH);
      expect(await bench.usdcOf(payer.address)).to.equal(10n * PRICE);
      expect(await shop.store.list("closed")).to.have.lengthOf(1);
    });
  }

  describe("offer", () => {
    it("says what the operator is made of and who may do what", async () => {
      const shop = await open();
      const { extra, maxTimeoutSeconds } = await shop.offer();
      expect(maxTimeoutSeconds).to.equal(60);
      expect(extra).to.include({ paymentFlow: "escrow", captureMode: "deferred", operatorType: "custom" });
      const lifecycle = extra["lifecycle"] as WireOfferedLifecycle;
      expect(lifecycle.termsHash).to.equal(hashTerms(shop.terms));
      expect(lifecycle.who).to.deep.equal({
        anyone: ["authorize", "voidExpired"],
        authorizer: ["capture", "captureAndVoid", "void", "refund"],
        payer: ["release", "reclaim"],
        both: ["settle"],
      });
      // It travels in two headers.
      expect(JSON.stringify(extra).length).to.be.lessThan(1_800);
    });

    it("has the windows of disputes and what silence does where there is an arbiter", async () => {
      const seller = bench.base.actors.otherSeller;
      const arbiter = bench.base.actors.stranger.address;
      const spans = { releaseLead: DAY, disputeWindow: DAY, maxHold: 7n * DAY };
      const shop = await open({ seller, terms: makeTerms({ authorizer: seller.address, arbiter, ...spans }) });
      const { extra } = await shop.offer();
      const deadline = Number(extra["captureDeadline"]);
      const { windows, disputes } = extra["lifecycle"] as WireOfferedLifecycle;
      expect(windows).to.deep.equal({
        collectableUntil: deadline - 2 * 86_400 + 1,
        releasableFrom: deadline - 86_400,
        rulingDeadline: deadline,
      });
      const defaults = { disputeDefault: "payer", silenceDefault: "receiver", expiryDefault: "payer" };
      expect(disputes).to.deep.equal({ arbiter, ...defaults });
    });

    it("stays the same in its step of time, and is taken a step later", async () => {
      let ahead = 0n;
      const shop = await open({ ahead: () => ahead, desk: { gridSeconds: 20n } });
      const payer = await bench.payer();
      const payment = await shop.sign(payer);
      const first = Number(payment.accepted.extra["captureDeadline"]);
      expect(first % 20).to.equal(0);
      ahead = 20n;
      expect((await shop.offer()).extra["captureDeadline"]).to.equal(first + 20);
      expect((await shop.send(payment)).status).to.equal(200);
      const late = await shop.sign(await bench.payer());
      ahead = 60n;
      expect((await shop.send(late)).error).to.equal("No matching payment requirements");
    });

    it("is not made before the operator is deployed", async () => {
      const shop = await open({ isDeployed: false, terms: plainHold(bench.seller.address), seller: bench.seller });
      expect((await fetch(`${shop.url}/report`)).status).to.equal(500);
    });
  });
});
