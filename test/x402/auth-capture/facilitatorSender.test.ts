import { expect } from "chai";
import { HTTPFacilitatorClient, x402ResourceServer, type FacilitatorClient } from "@x402/core/server";
import { FacilitatorCapabilityError } from "@x402/core/types";
import { GENERATIONS, signRefund } from "../../../client/auth-capture/index.ts";
import {
  AuthCaptureConfigurationError,
  createFacilitatorSender,
  createLocalFacilitatorClient,
} from "../../../client/x402/auth-capture/index.ts";
import { rejectedWith } from "../../helpers/rejectedWith.ts";
import { NETWORK, openBench, PRICE, type Bench } from "./helpers/bench.ts";
import { openShop, type Shop, type ShopOptions } from "./helpers/shop.ts";

describe("x402 auth-capture server: without gas, by a facilitator over HTTP", function () {
  this.timeout(240_000);

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

  const senderOf = (facilitator: FacilitatorClient) =>
    createFacilitatorSender({
      facilitator,
      client: bench.base.publicClient,
      factory: bench.contracts.termsOperatorFactory,
    });

  async function open(options: ShopOptions = {}): Promise<Shop> {
    const remote = new HTTPFacilitatorClient({ url: bench.facilitator.url });
    const shop = await openShop(bench, {
      facilitator: () => remote,
      sender: (_, facilitator) => senderOf(facilitator),
      ...options,
    });
    shops.push(shop);
    return shop;
  }

  for (const generation of GENERATIONS) {
    it(`captures, gives the rest back, voids and refunds on ${generation}`, async () => {
      const shop = await open({ generation });
      const payer = await bench.payer();
      const answer = await shop.pay(payer, "/metered?amount=400000");
      expect([answer.status, shop.errors]).to.deep.equal([200, []]);
      expect(await bench.usdcOf(shop.seller.address)).to.equal(400_000n);
      const failed = await shop.pay(payer, "/fails");
      expect([failed.status, failed.settlement?.success]).to.deep.equal([500, true]);
      expect(await bench.usdcOf(payer.address)).to.equal(9_600_000n);

      const { contracts } = bench;
      const tokenCollector =
        generation === "v1.1" ? contracts.signedRefundCollector : contracts.signedRefundCollectorV1_0;
      const { paymentInfo, paymentInfoHash } = answer.report ?? expect.fail("no report");
      const { collectorData } = await signRefund(bench.base.publicClient, {
        chainId: 8453,
        escrow: shop.escrow,
        paymentInfo,
        funder: shop.seller.address,
        amount: 100_000n,
        refundCollector: tokenCollector,
        funding: { method: "Eip3009", tokenDomain: { name: "USD Coin", version: "2" } },
        signer: shop.seller,
        factory: contracts.termsOperatorFactory,
        terms: shop.terms,
      });
      const { failure } = await shop.manager.refund(paymentInfoHash, {
        amount: 100_000n,
        tokenCollector,
        collectorData,
      });
      expect(failure).to.equal(undefined);
      expect(await bench.usdcOf(payer.address)).to.equal(9_700_000n);
    });
  }

  it("captures the whole price", async () => {
    const shop = await open();
    const answer = await shop.pay(await bench.payer());
    expect([answer.status, await bench.usdcOf(shop.seller.address)]).to.deep.equal([200, PRICE]);
  });

  it("gives no signature to a facilitator that does not relay for the factory", async () => {
    const { lifecycleFactories: _none, ...chain } = bench.chain;
    const foreign = createLocalFacilitatorClient({ chains: [{ ...chain, customOperators: "*" }] });
    const seen: unknown[] = [];
    const shop = await open({
      facilitator: () => ({
        ...foreign,
        settle: async (payload, requirements) => {
          seen.push(payload.payload["type"]);
          return foreign.settle(payload, requirements);
        },
      }),
    });
    const answer = await shop.pay(await bench.payer());
    // Served; the capture waits for another sender.
    expect([answer.status, answer.report?.capturable]).to.deep.equal([200, PRICE]);
    expect(seen).to.deep.equal([undefined]);
    expect(shop.errors[0]).to.be.instanceOf(AuthCaptureConfigurationError);
  });

  it("is not set up with a facilitator that does not serve the operator", async () => {
    const { scheme } = await open();
    const { lifecycleFactories: _none, ...chain } = bench.chain;
    const setUp = (changes: Partial<typeof bench.chain>) =>
      new x402ResourceServer(createLocalFacilitatorClient({ chains: [{ ...chain, ...changes }] }))
        .register(NETWORK, scheme)
        .initialize();
    await rejectedWith(setUp({}), FacilitatorCapabilityError);
    await setUp({ customOperators: "*" });
    await setUp({ lifecycleFactories: [bench.contracts.termsOperatorFactory] });
  });
});
