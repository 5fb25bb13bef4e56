import { expect } from "chai";
import { wrapFetchWithPayment } from "@x402/fetch";
import { erc20Abi, maxUint256, parseEther, type Address, type Hex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import {
  withBuyerHeader,
  type DepositMethod,
  type DeferredPayload,
  type WirePayload,
} from "../../client/x402/deferred/index.ts";
import { toWirePayload } from "../../client/x402/deferred/index.ts";
import {
  PERMIT2_ADDRESS,
  getAccount,
  randomNonce,
  signDepositEip3009,
  signVoucher,
} from "../../client/voucher/index.ts";
import { PERMIT2, USDC } from "../base/addresses.ts";
import { USDC_DOMAIN } from "../base/usdc.ts";
import { mined } from "../helpers/mined.ts";
import { makeAgent, offersOf, type Agent } from "./helpers/agent.ts";
import { openMarket, PRICE, type Market, type Shop } from "./helpers/shop.ts";
import { mutate } from "./helpers/wireCases.ts";

const PREFIX = "invalid_deferred_evm_payload_";

describe("x402 deferred: deposits", function () {
  this.timeout(60_000);

  let market: Market;
  before(async () => {
    market = await openMarket();
  });
  after(() => market.close());

  async function approve(buyer: PrivateKeyAccount, spender: Address): Promise<void> {
    const { testClient, publicClient } = market.base;
    await testClient.setBalance({ address: buyer.address, value: parseEther("1") });
    const wallet = market.base.walletOf(buyer);
    const call = { address: USDC, abi: erc20Abi, functionName: "approve", args: [spender, maxUint256] } as const;
    await mined(publicClient, await wallet.writeContract(call));
  }

  async function balanceOf(buyer: Address, shop: Shop): Promise<bigint> {
    const parameters = { escrow: market.escrow, buyer, seller: shop.seller.address, asset: USDC };
    return (await getAccount(market.base.publicClient, parameters)).balance;
  }

  describe("by each method", () => {
    const prepare: Readonly<Record<DepositMethod, (buyer: PrivateKeyAccount) => Promise<void>>> = {
      eip3009: async () => undefined,
      permit2: (buyer) => approve(buyer, PERMIT2_ADDRESS),
      eip2612: async () => undefined,
      allowance: (buyer) => approve(buyer, market.escrow),
    };
    for (const method of ["eip3009", "permit2", "eip2612", "allowance"] as const) {
      it(`${method} with the first request, and a top-up`, async () => {
        const [shop, buyer] = [await market.openShop(), await market.newBuyer()];
        await prepare[method](buyer);
        const agent = makeAgent(buyer, { deposit: { methods: [method], amount: () => 2n * PRICE } });
        for (let count = 0; count < 4; count += 1) {
          expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
        }
        expect(await balanceOf(buyer.address, shop)).to.equal(4n * PRICE);
        expect(await shop.charged(buyer.address)).to.equal(4n * PRICE);
        const methods = agent.events.flatMap((event) => (event.kind === "depositSigned" ? [event.deposit.method] : []));
        expect(methods).to.deep.equal([method, method]);
      });
    }

    it("knows a permit's nonce from the first 402 when the request names its buyer", async () => {
      const [shop, buyer] = [await market.openShop(), await market.newBuyer()];
      const agent = makeAgent(buyer, { deposit: { methods: ["eip2612"] } });
      let trips = 0;
      const counting: typeof fetch = (input, init) => {
        trips += 1;
        return fetch(input, init);
      };
      const paidFetch = wrapFetchWithPayment(withBuyerHeader(counting, buyer.address), agent.client);
      expect((await paidFetch(`${shop.url}/fixed`)).status).to.equal(200);
      expect(trips).to.equal(2);
    });

    it("takes a permit that somebody submitted before", async () => {
      const [shop, buyer] = [await market.openShop(), await market.newBuyer()];
      const agent = makeAgent(buyer, { deposit: { methods: ["eip2612"] } });
      const fetchAs = withBuyerHeader(fetch, buyer.address);
      const payload = await agent.client.createPaymentPayload(offersOf(await fetchAs(`${shop.url}/fixed`)));
      const { permit } = (payload.payload as unknown as WirePayload).depositAuthorization as {
        permit: { signature: `0x${string}`; deadline: number; value: string };
      };
      const { relayer } = market.base.wallets;
      const { eip2612Abi } = await import("../../client/abi/index.ts");
      const { r, s, v } = await import("viem").then(({ parseSignature }) => parseSignature(permit.signature));
      const args = [
        buyer.address,
        market.escrow,
        BigInt(permit.value),
        BigInt(permit.deadline),
        Number(v),
        r,
        s,
      ] as const;
      await mined(
        market.base.publicClient,
        await relayer.writeContract({ address: USDC, abi: eip2612Abi, functionName: "permit", args }),
      );
      expect((await send(shop, payload)).status).to.equal(200);
    });
  });

  describe("limits", () => {
    const expectDepositNeeded = async (agent: Agent, shop: Shop, path = "/fixed") => {
      const failure = await agent.fetch(`${shop.url}${path}`).catch((error: Error) => error);
      expect(failure).to.be.instanceOf(Error).with.property("message").that.matches(/lacks/);
    };

    it("deposits what the seller suggests, but no more than the SDK's dollar limit", async () => {
      const [shop, buyer] = [await market.openShop(), await market.newBuyer(100_000_000n)];
      await makeAgent(buyer).fetch(`${shop.url}/dear`);
      expect(await balanceOf(buyer.address, shop)).to.equal(1_000_000n);
    });

    it("deposits at most maxDeposit", async () => {
      const [shop, buyer] = [await market.openShop(), await market.newBuyer()];
      await makeAgent(buyer, { limits: { maxDeposit: 3n * PRICE } }).fetch(`${shop.url}/fixed`);
      expect(await balanceOf(buyer.address, shop)).to.equal(3n * PRICE);
    });

    it("deposits nothing above the limits", async () => {
      const [shop, buyer] = [await market.openShop(), await market.newBuyer()];
      await expectDepositNeeded(makeAgent(buyer, { limits: { maxDeposit: PRICE - 1n } }), shop);
      await expectDepositNeeded(makeAgent(buyer, { limits: { maxExposure: PRICE - 1n } }), shop);
      expect(shop.served).to.deep.equal([]);
    });

    it("leaves no more than maxExposure with one seller", async () => {
      const [shop, buyer] = [await market.openShop(), await market.newBuyer()];
      const agent = makeAgent(buyer, { limits: { maxExposure: 5n * PRICE } });
      for (let count = 0; count < 12; count += 1) {
        expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
        const uncharged = (await balanceOf(buyer.address, shop)) - (await shop.charged(buyer.address));
        expect(uncharged <= 5n * PRICE).to.equal(true);
      }
    });

    it("leaves no more than maxTotalExposure with all sellers, even at once", async () => {
      const buyer = await market.newBuyer();
      const shops = [await market.openShop(), await market.openShop(), await market.openShop()];
      const agent = makeAgent(buyer, { limits: { maxTotalExposure: 5n * PRICE, maxDeposit: 4n * PRICE } });
      const answers = await Promise.all(
        shops.map(({ url }) =>
          agent.fetch(`${url}/fixed`).then(
            ({ status }) => status,
            (error: Error) => error.message,
          ),
        ),
      );
      const balances = await Promise.all(shops.map((shop) => balanceOf(buyer.address, shop)));
      expect(balances.reduce((sum, balance) => sum + balance, 0n) <= 5n * PRICE).to.equal(true);
      expect(answers.filter((answer) => answer === 200).length).to.be.within(1, 2);
      expect(answers.filter((answer) => typeof answer === "string" && answer.includes("lacks"))).to.not.have.lengthOf(
        0,
      );
    });

    it("never deposits when told not to, and says what is missing", async () => {
      const [shop, buyer] = [await market.openShop(), await market.newBuyer()];
      const agent = makeAgent(buyer, { deposit: false });
      const response = await agent.fetch(`${shop.url}/fixed`);
      expect([response.status, offersOf(response).error]).to.deep.equal([402, "insufficient_funds"]);
      await expectDepositNeeded(agent, shop);
    });

    it("pays from a deposit that was made elsewhere", async () => {
      const [shop, buyer] = [await market.openShop(), await market.newBuyer()];
      await makeAgent(buyer).fetch(`${shop.url}/fixed`);
      const agent = makeAgent(buyer, { deposit: false });
      expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
    });

    it("makes no second deposit for a balance that the first 402 tells", async () => {
      const [shop, buyer] = [await market.openShop(), await market.newBuyer()];
      await makeAgent(buyer).fetch(`${shop.url}/fixed`);
      const forgetful = makeAgent(buyer);
      const paidFetch = wrapFetchWithPayment(withBuyerHeader(fetch, buyer.address), forgetful.client);
      expect((await paidFetch(`${shop.url}/fixed`)).status).to.equal(200);
      expect(forgetful.events.filter(({ kind }) => kind === "depositSigned")).to.deep.equal([]);
    });

    it("pays no price above maxPrice", async () => {
      const [shop, buyer] = [await market.openShop(), await market.newBuyer()];
      const agent = makeAgent(buyer, { limits: { maxPrice: PRICE } });
      const failure = await agent.fetch(`${shop.url}/dear`).catch((error: Error) => error);
      expect(failure)
        .to.be.instanceOf(Error)
        .with.property("message")
        .that.matches(/limit of 1000/);
      expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
    });

    it("refuses sellers that demand vouchers of years", async () => {
      const shop = await market.openShop({ limits: { collectionMargin: 100n * 86_400n } });
      const failure = await makeAgent(await market.newBuyer())
        .fetch(`${shop.url}/fixed`)
        .catch((error: Error) => error);
      expect(failure)
        .to.be.instanceOf(Error)
        .with.property("message")
        .that.matches(/vouchers that last/);
    });
  });

  describe("an answer that never came", () => {
    it("leads to the same deposit once more, which is executed once", async () => {
      const [shop, buyer] = [await market.openShop(), await market.newBuyer()];
      const agent = makeAgent(buyer);
      const required = offersOf(await fetch(`${shop.url}/fixed`));
      const lost = await agent.client.createPaymentPayload(required);
      expect((await send(shop, lost)).status).to.equal(200);
      await agent.scheme.buyer.unanswered(signatureOf(lost));
      const next = await agent.client.createPaymentPayload(required);
      const depositOf = ({ payload }: { payload: Record<string, unknown> }) => payload["depositAuthorization"];
      expect(depositOf(next)).to.deep.equal(depositOf(lost));
      await agent.scheme.buyer.unanswered(signatureOf(next));
      // The lane went on, so this is corrected, with the deposit in place.
      expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
      expect(await balanceOf(buyer.address, shop)).to.equal(100n * PRICE);
    });

    it("is found out when the deposit is used up", async () => {
      const [shop, buyer] = [await market.openShop(), await market.newBuyer()];
      const options = { deposit: { amount: () => 2n * PRICE } };
      const agent = makeAgent(buyer, options);
      const required = offersOf(await fetch(`${shop.url}/fixed`));
      const lost = await agent.client.createPaymentPayload(required);
      expect((await send(shop, lost)).status).to.equal(200);
      await agent.scheme.buyer.unanswered(signatureOf(lost));
      for (let count = 0; count < 4; count += 1) {
        expect((await agent.fetch(`${shop.url}/fixed`)).status).to.equal(200);
      }
      expect(await shop.charged(buyer.address)).to.equal(5n * PRICE);
    });
  });

  describe("that are no good", () => {
    /** A payment with a deposit by ERC-3009, changed before or after it is signed. */
    async function makePayment(shop: Shop, buyer: PrivateKeyAccount, changes: Readonly<Record<string, unknown>> = {}) {
      const required = offersOf(await fetch(`${shop.url}/fixed`));
      const [accepted] = required.accepts;
      const now = BigInt(Math.floor(Date.now() / 1000));
      const authorization = {
        buyer: buyer.address,
        seller: shop.seller.address,
        asset: USDC as Address,
        amount: 10n * PRICE,
        nonce: randomNonce(),
        expiry: now + 600n,
        ...changes,
      };
      const reference = { chainId: 8453, escrow: market.escrow, authorization };
      const token = { name: USDC_DOMAIN.name, version: USDC_DOMAIN.version };
      const voucher = {
        id: `0x${"00".repeat(32)}` as const,
        buyer: buyer.address,
        seller: shop.seller.address,
        valueAggregate: PRICE,
        asset: USDC as Address,
        timestamp: now,
        nonce: 0n,
        escrow: market.escrow,
        chainId: 8453n,
        expiry: now + 200_000n,
      };
      const payload: DeferredPayload = {
        voucher,
        signature: await signVoucher(buyer, voucher),
        deposit: {
          method: "eip3009",
          authorization,
          signature: await signDepositEip3009(buyer, { ...reference, token }),
        },
      };
      return { x402Version: 2, accepted, payload: toWirePayload(payload) as unknown as Record<string, unknown> };
    }

    const signed: readonly [string, Readonly<Record<string, unknown>>, string][] = [
      ["below the minimum", { amount: PRICE - 1n }, "deposit_authorization_below_minimum"],
      ["of zero", { amount: 0n }, "deposit_authorization_below_minimum"],
      ["too large for the wallet", { amount: 10n ** 20n }, "deposit_authorization_insufficient_allowance"],
      ["for another seller", { seller: PERMIT2 }, "deposit_authorization_continuity"],
      ["in another asset", { asset: PERMIT2 }, "deposit_authorization_continuity"],
      ["of another buyer", { buyer: PERMIT2 }, "deposit_authorization_buyer_mismatch"],
      ["with nonce zero", { nonce: `0x${"00".repeat(32)}` }, "deposit_authorization_nonce_invalid"],
      ["past its expiry", { expiry: 1_000n }, "deposit_authorization_continuity"],
      ["above 128 bits", { amount: 2n ** 200n }, "deposit_authorization_insufficient_allowance"],
    ];
    for (const [what, changes, code] of signed) {
      it(`are refused ${what}`, async () => {
        const [shop, buyer] = [await market.openShop(), await market.newBuyer()];
        const response = await send(shop, await makePayment(shop, buyer, changes));
        expect([response.status, offersOf(response).error]).to.deep.equal([402, `${PREFIX}${code}`]);
        expect(shop.served).to.deep.equal([]);
        expect(await balanceOf(buyer.address, shop)).to.equal(0n);
      });
    }

    it("are refused with a signature over something else", async () => {
      const [shop, buyer] = [await market.openShop(), await market.newBuyer()];
      const payment = await makePayment(shop, buyer);
      const changed = mutate(
        payment,
        "payload.depositAuthorization.depositAuthorization.amount",
        (11n * PRICE).toString(),
      );
      const response = await send(shop, changed);
      expect(response.status).to.equal(402);
      expect(offersOf(response).error).to.equal(`${PREFIX}deposit_authorization_signature`);
      expect(await balanceOf(buyer.address, shop)).to.equal(0n);
    });

    it("are refused by a method that the seller does not relay", async () => {
      const shop = await market.openShop({ desk: { deposits: { methods: ["permit2"] } } });
      const buyer = await market.newBuyer();
      const response = await send(shop, await makePayment(shop, buyer));
      expect(offersOf(response).error).to.equal(`${PREFIX}deposit_authorization_unsupported`);
    });

    it("are not sent for a voucher that would be refused", async () => {
      const [shop, buyer] = [await market.openShop(), await market.newBuyer()];
      const payment = await makePayment(shop, buyer);
      for (const [field, value] of [
        ["valueAggregate", "999"],
        ["expiry", 1_000],
        ["nonce", 7],
      ] as const) {
        const response = await send(shop, mutate(payment, `payload.voucher.${field}`, value));
        expect(response.status).to.equal(402);
      }
      expect(await balanceOf(buyer.address, shop)).to.equal(0n);
      expect((await send(shop, payment)).status).to.equal(200);
    });

    it("are refused a second time for a second voucher, once the balance is used", async () => {
      const [shop, buyer] = [await market.openShop(), await market.newBuyer()];
      const payment = await makePayment(shop, buyer, { amount: PRICE });
      expect((await send(shop, payment)).status).to.equal(200);
      const second = await makePayment(shop, buyer, { amount: PRICE });
      const [first, other] = [payment.payload["depositAuthorization"], second.payload];
      // The second voucher needs its own lane state; its deposit is the first one's.
      const response = await send(shop, { ...second, payload: { ...other, depositAuthorization: first } });
      expect(response.status).to.equal(402);
      expect(await balanceOf(buyer.address, shop)).to.equal(PRICE);
    });

    it("are not retried by the buyer without end", async () => {
      const [shop, buyer] = [await market.openShop(), await market.newBuyer(0n)];
      const agent = makeAgent(buyer);
      const response = await agent.fetch(`${shop.url}/fixed`);
      expect([response.status, offersOf(response).error]).to.deep.equal([
        402,
        `${PREFIX}deposit_authorization_insufficient_allowance`,
      ]);
      expect(agent.sent).to.have.lengthOf(2);
    });
  });
});

function signatureOf({ payload }: { readonly payload: Record<string, unknown> }): Hex {
  return payload["signature"] as Hex;
}

/** Sends a payment. */
function send(shop: Shop, payment: unknown): Promise<Response> {
  const header = Buffer.from(JSON.stringify(payment)).toString("base64");
  return fetch(`${shop.url}/fixed`, { headers: { "PAYMENT-SIGNATURE": header } });
}
