import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { RequestHandler } from "express";
import {
  authorize,
  ESCROW_DEPLOYMENTS,
  getPaymentCollector,
  makeTerms,
  signDispute,
} from "../../../client/auth-capture/index.ts";
import { dispute } from "../../../client/auth-capture/actions/dispute.ts";
import { LiveSignatureError, type ActionSender, type SignedAction } from "../../../client/seller/auth-capture/index.ts";
import { ChainUnavailableError } from "../../../client/seller/core/errors.ts";
import { mined } from "../../helpers/mined.ts";
import { rejectedWith } from "../../helpers/rejectedWith.ts";
import { until } from "../../seller/until.ts";
import { charge, openBench, paymentOf, plainHold, PRICE, type Bench, type Payer } from "./helpers/bench.ts";
import { openShop, type Answer, type Sent, type Shop, type ShopOptions } from "./helpers/shop.ts";

const DAY = 86_400n;
const FULL = 10n * PRICE;
const OTHER_COLLECTOR = getPaymentCollector(ESCROW_DEPLOYMENTS["v1.0"].escrow, "Eip3009");

describe("x402 auth-capture server: trouble", function () {
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
  afterEach(async () => {
    for (const shop of shops.splice(0)) await shop.close();
    await snapshot.restore();
  });
  after(() => bench.close());

  /** A sender whose transactions fail until it is told otherwise. */
  function failing(): { make: (sender: ActionSender) => ActionSender; sent: SignedAction[]; heal: () => void } {
    const sent: SignedAction[] = [];
    let isDown = true;
    return {
      sent,
      heal: () => {
        isDown = false;
      },
      make: (sender) => ({
        ...sender,
        send: async (record, action, signal) => {
          sent.push(action);
          if (isDown) throw new ChainUnavailableError("nobody answers", undefined);
          return sender.send(record, action, signal);
        },
      }),
    };
  }

  /** A payment collected by a stranger, as anyone can who sees it. */
  async function collectAsStranger({ payload, accepted }: Sent): Promise<void> {
    const { escrow, paymentInfo } = paymentOf({ x402Version: 2, payload, accepted }, accepted);
    const call = {
      tokenCollector: getPaymentCollector(escrow, "Eip3009"),
      collectorData: payload["signature"] as "0x",
    };
    await mined(
      bench.base.publicClient,
      await authorize(bench.base.wallets.stranger, { escrow, paymentInfo, ...call }),
    );
  }

  const paidTo = async (shop: Shop, payer: Payer) =>
    [await bench.usdcOf(shop.seller.address), await bench.usdcOf(payer.address)] as const;

  it("serves one of many copies of a payment", async () => {
    const shop = await open();
    const payer = await bench.payer();
    const payment = await shop.sign(payer);
    const answers = await Promise.all(Array.from({ length: 8 }, () => shop.send(payment)));
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.map(({ status, error }) => `${status} ${error}`)).to.deep.equal(
      Array.from({ length: 7 }, () => "402 invalid_auth_capture_evm_payment_already_collected"),
    );
    expect(shop.served).to.have.lengthOf(1);
    expect((await shop.send(payment)).error).to.equal("invalid_auth_capture_evm_payment_already_collected");
    expect(await paidTo(shop, payer)).to.deep.equal([PRICE, 9n * PRICE]);
  });

  it("serves a payment that a stranger collected first, once", async () => {
    const shop = await open();
    const payer = await bench.payer();
    const payment = await shop.sign(payer);
    await collectAsStranger(payment);
    const answers = await Promise.all([shop.send(payment), shop.send(payment)]);
    expect(answers.map(({ status }) => status).toSorted()).to.deep.equal([200, 402]);
    expect(await paidTo(shop, payer)).to.deep.equal([PRICE, 9n * PRICE]);
  });

  it("gives back what is collected after its request was given up", async () => {
    let ahead = 0n;
    const shop = await open({ ahead: () => ahead, facilitator: (local) => ({ ...local, settle: async () => DOWN }) });
    const payer = await bench.payer();
    const payment = await shop.sign(payer);
    expect((await shop.send(payment)).status).to.equal(402);
    await shop.manager.sweep();
    expect(await shop.store.list("open")).to.have.lengthOf(1);
    await collectAsStranger(payment);
    ahead = 130n;
    await shop.manager.sweep();
    expect(await paidTo(shop, payer)).to.deep.equal([0n, FULL]);
    expect(await shop.store.list("closed")).to.have.lengthOf(1);
    expect((await shop.send(payment)).status).to.equal(402);
  });

  it("forgets what nobody collected in time", async () => {
    let ahead = 0n;
    const shop = await open({ ahead: () => ahead, facilitator: (local) => ({ ...local, settle: async () => DOWN }) });
    await shop.send(await shop.sign(await bench.payer()));
    // This machine's clock says so, the chain's does not.
    ahead = 150n;
    await shop.manager.sweep();
    expect(await shop.store.list("open")).to.have.lengthOf(1);
    await bench.base.networkHelpers.time.increase(200);
    ahead = 200n;
    await shop.manager.sweep();
    expect(await shop.store.list("open")).to.deep.equal([]);
  });

  it("serves nothing when a facilitator only says that it collected", async () => {
    const lie = { success: true, transaction: `0x${"11".repeat(32)}`, network: "eip155:8453" } as const;
    const desk = { confirmTimeout: 50 };
    const shop = await open({ desk, facilitator: (local) => ({ ...local, settle: async () => lie }) });
    const answer = await shop.send(await shop.sign(await bench.payer()));
    expect([answer.status, shop.served]).to.deep.equal([402, []]);
  });

  it("waits for a node that is behind the facilitator's", async () => {
    const early = { success: true, transaction: "", network: "eip155:8453" } as const;
    let collected: Promise<unknown> = Promise.resolve();
    const shop = await open({
      facilitator: (local) => ({
        ...local,
        settle: async (payload, requirements) => {
          collected = sleep(150).then(() => local.settle(payload, requirements));
          return early;
        },
      }),
    });
    const answer = await shop.send(await shop.sign(await bench.payer()));
    await collected;
    expect([answer.status, answer.body, shop.served]).to.deep.equal([200, "sunny", ["/report"]]);
  });

  it("serves when the facilitator's answer was lost and the payment collected", async () => {
    const shop = await open({
      facilitator: (local) => ({
        ...local,
        settle: async (payload, requirements) => {
          await local.settle(payload, requirements);
          throw new Error("socket hang up");
        },
      }),
    });
    expect((await shop.send(await shop.sign(await bench.payer()))).status).to.equal(200);
  });

  it("voids again, by the same bytes, when a void fails", async () => {
    let ahead = 0n;
    const { make, sent, heal } = failing();
    const shop = await open({ ahead: () => ahead, sender: make });
    const payer = await bench.payer();
    const answer = await shop.pay(payer, "/fails");
    expect([answer.status, answer.settlement?.success]).to.deep.equal([500, false]);
    expect(await bench.usdcOf(payer.address)).to.equal(9n * PRICE);
    heal();
    ahead = 31n;
    await shop.manager.sweep();
    expect(await paidTo(shop, payer)).to.deep.equal([0n, FULL]);
    expect(new Set(sent.map(({ signature }) => signature)).size).to.equal(1);
    expect(sent.map(({ type, isReleased }) => `${type} ${isReleased}`)).to.deep.equal(["void true", "void true"]);
  });

  it("serves and captures later, by the same bytes, when a capture fails", async () => {
    let ahead = 0n;
    const { make, sent, heal } = failing();
    const shop = await open({ ahead: () => ahead, sender: make });
    const payer = await bench.payer();
    const answer = await shop.pay(payer);
    expect([answer.status, answer.report?.capturable]).to.deep.equal([200, PRICE]);
    const hash = answer.report?.paymentInfoHash ?? "0x";
    // Whoever has two signatures can choose between them.
    await rejectedWith(shop.manager.void(hash), LiveSignatureError);
    heal();
    ahead = 31n;
    await shop.manager.sweep();
    expect(await paidTo(shop, payer)).to.deep.equal([PRICE, 9n * PRICE]);
    expect(new Set(sent.map(({ signature }) => signature)).size).to.equal(1);
    expect((await shop.manager.status(hash)).record.stage).to.equal("closed");
  });

  it("answers 402 and voids when a capture would revert and the desk says so", async () => {
    const shop = await open({
      desk: { whenCaptureFails: "void" },
      sender: (sender) => ({
        ...sender,
        check: async (record, action) => {
          const amount = action.type === "void" ? action.amount : action.amount + 1n;
          return sender.check(record, { ...action, amount });
        },
      }),
    });
    const payer = await bench.payer();
    const answer = await shop.pay(payer);
    expect([answer.status, answer.error]).to.deep.equal([402, "invalid_auth_capture_evm_simulation_failed"]);
    expect(await paidTo(shop, payer)).to.deep.equal([0n, FULL]);
  });

  it("gives the hold of a handler without an end back, and refuses its late answer", async () => {
    let ahead = 0n;
    let answerNow = (): void => undefined;
    const handler: RequestHandler = (_request, response) => {
      answerNow = () => void response.send("late");
    };
    const shop = await open({ ahead: () => ahead, handler });
    const payer = await bench.payer();
    let answer: Answer | undefined;
    const request = shop.pay(payer, "/slow").then((late) => {
      answer = late;
    });
    await until(() => shop.served.length === 1);
    await shop.manager.sweep();
    expect(await bench.usdcOf(payer.address)).to.equal(9n * PRICE);
    ahead = 200n;
    await shop.manager.sweep();
    expect(await paidTo(shop, payer)).to.deep.equal([0n, FULL]);
    answerNow();
    await request;
    expect([answer?.status, answer?.body.includes("late")]).to.deep.equal([402, false]);
  });

  it("voids what a client left behind that went away while the handler ran", async () => {
    let ahead = 0n;
    const shop = await open({ ahead: () => ahead, handler: () => undefined });
    const payer = await bench.payer();
    const gone = new AbortController();
    const header = Buffer.from(JSON.stringify(await shop.sign(payer, "/slow"))).toString("base64");
    const request = fetch(`${shop.url}/slow`, { headers: { "PAYMENT-SIGNATURE": header }, signal: gone.signal });
    const ended = request.catch((error: unknown) => error);
    await until(() => shop.served.length === 1);
    gone.abort();
    await ended;
    ahead = 200n;
    await shop.manager.sweep();
    expect(await paidTo(shop, payer)).to.deep.equal([0n, FULL]);
  });

  describe("arbitrated holds", () => {
    const arbiter = () => bench.base.actors.stranger.address;
    const arbitrated = async (ahead: () => bigint) => {
      const seller = bench.base.actors.otherSeller;
      const spans = { releaseLead: DAY, disputeWindow: DAY, maxHold: 7n * DAY };
      return open({ seller, ahead, terms: makeTerms({ authorizer: seller.address, arbiter: arbiter(), ...spans }) });
    };
    const kept = async (shop: Shop, payer: Payer) => {
      const answer = await shop.pay(payer);
      expect([answer.status, answer.report?.capturable]).to.deep.equal([200, PRICE]);
      return answer.report ?? expect.fail("no report");
    };
    const passUntil = async (time: bigint) => bench.base.networkHelpers.time.increaseTo(time);

    it("are released when they are due", async () => {
      let ahead = 0n;
      const shop = await arbitrated(() => ahead);
      const payer = await bench.payer();
      const before = await bench.usdcOf(shop.seller.address);
      const { deadlines } = await kept(shop, payer);
      await shop.manager.sweep();
      expect(await bench.usdcOf(shop.seller.address)).to.equal(before);
      await passUntil(deadlines.releasableFrom ?? 0n);
      ahead = 6n * DAY;
      await shop.manager.sweep();
      expect((await bench.usdcOf(shop.seller.address)) - before).to.equal(PRICE);
    });

    it("go back when they are disputed and nobody rules", async () => {
      let ahead = 0n;
      const shop = await arbitrated(() => ahead);
      const payer = await bench.payer();
      const { deadlines, paymentInfo } = await kept(shop, payer);
      const reasonHash = `0x${"22".repeat(32)}` as const;
      const parts = { escrow: shop.escrow, paymentInfo, reasonHash, deadline: deadlines.capture };
      const signature = await signDispute(payer.account, { chainId: 8453n, ...parts });
      await mined(bench.base.publicClient, await dispute(bench.base.wallets.relayer, { ...parts, signature }));
      await passUntil(deadlines.capture);
      ahead = 8n * DAY;
      await shop.manager.sweep();
      expect(await bench.usdcOf(payer.address)).to.equal(FULL);
    });
  });

  describe("input", () => {
    const refused = async (change: (payment: Sent) => unknown, code: string): Promise<void> => {
      const shop = await open();
      const answer = await shop.send(change(await shop.sign(await bench.payer())));
      expect([answer.status, answer.error, shop.served]).to.deep.equal([402, code, []]);
      // Nobody could collect it, so nobody need watch it.
      expect(await shop.store.list("open")).to.deep.equal([]);
    };
    const NONE = "No matching payment requirements";
    const withExtra = ({ accepted, ...payment }: Sent, extra: Record<string, unknown>) => ({
      ...payment,
      accepted: { ...accepted, extra: { ...accepted.extra, ...extra } },
    });
    const withPayload = ({ payload, ...payment }: Sent, part: Record<string, unknown>) => ({
      ...payment,
      payload: { ...payload, ...part },
    });

    it("refuses a moved deadline", () =>
      refused(
        (payment) => withExtra(payment, { captureDeadline: Number(payment.accepted.extra["captureDeadline"]) + 3_600 }),
        NONE,
      ));

    it("refuses a foreign offer", async () => {
      const other = await open();
      await refused(
        (payment) => ({ ...payment, accepted: { ...payment.accepted, payTo: other.seller.address } }),
        NONE,
      );
    });

    it("refuses a payment that was signed for a foreign offer", async () => {
      const other = await open();
      const foreign = await other.sign(await bench.payer());
      await refused((payment) => ({ ...payment, payload: foreign.payload }), "invalid_auth_capture_evm_nonce_mismatch");
    });

    for (const [what, payload] of Object.entries({
      nothing: {},
      "a number": { authorization: 7 },
      "a list": { authorization: [], signature: [], salt: [] },
      "a lifecycle payload": { type: "capture" },
    })) {
      it(`refuses ${what} for a payload`, () =>
        refused((payment) => ({ ...payment, payload }), "invalid_auth_capture_evm_payload_format"));
    }

    it("refuses a payload that is none", () =>
      refused((payment) => ({ ...payment, payload: null }), "invalid_auth_capture_evm_payload_format"));

    it("refuses a completed payload", () =>
      refused(
        (payment) => withPayload(payment, { amount: "1", feeAmount: "0", feeReceiver: bench.seller.address }),
        "invalid_auth_capture_evm_payload_format",
      ));

    it("refuses a signature by another key", () =>
      refused(
        (payment) => withPayload(payment, { signature: `0x${"12".repeat(65)}` }),
        "invalid_auth_capture_evm_signature",
      ));

    it("refuses a payment that counts for long", async () => {
      const shop = await open();
      const payer = await bench.payer();
      const { maxTimeoutSeconds, ...offer } = await shop.offer();
      const { payload } = await bench.sign(payer, { ...offer, maxTimeoutSeconds: maxTimeoutSeconds + 3_600 });
      const answer = await shop.send({ x402Version: 2, accepted: { ...offer, maxTimeoutSeconds }, payload });
      expect([answer.status, answer.error]).to.deep.equal([402, "invalid_auth_capture_evm_deadline_ordering"]);
    });

    for (const [what, code, part] of [
      ["an expired signature", "authorization_expired", { validBefore: "1" }],
      ["the other escrow's collector", "token_collector_mismatch", { to: OTHER_COLLECTOR }],
      ["another amount", "amount_mismatch", { value: "1" }],
    ] as const) {
      it(`refuses a payment with ${what}`, () =>
        refused((payment) => {
          const authorization = { ...(payment.payload["authorization"] as object), ...part };
          return withPayload(payment, { authorization });
        }, `invalid_auth_capture_evm_${code}`));
    }

    it("refuses a payment by another method", async () => {
      const other = await open();
      const { payload } = await other.sign(await bench.payer(), "/permit2");
      await refused((payment) => ({ ...payment, payload }), "invalid_auth_capture_evm_payload_method_mismatch");
    });

    it("refuses a charge whose salt commits to another authorizer", async () => {
      const { seller } = bench;
      const shop = await open({ seller, terms: charge(seller.address) });
      const payment = await shop.sign(await bench.payer());
      const answer = await shop.send(withPayload(payment, { saltNonce: `0x${"00".repeat(32)}` }));
      const code = "invalid_auth_capture_evm_salt_binding_mismatch";
      expect([answer.status, answer.error, shop.served]).to.deep.equal([402, code, []]);
      expect(await shop.store.list("open")).to.deep.equal([]);
    });

    it("refuses a payment that could be collected when too little of its hold is left", async () => {
      const shop = await open({ desk: { holdSeconds: 1_000n, gridSeconds: 20n }, maxTimeoutSeconds: 970 });
      const answer = await shop.send(await shop.sign(await bench.payer()));
      const code = "invalid_auth_capture_evm_capture_deadline_expired";
      expect([answer.status, answer.error, shop.served]).to.deep.equal([402, code, []]);
    });

    it("refuses version 1", () => refused((payment) => ({ ...payment, x402Version: 1 }), "invalid_x402_version"));

    it("refuses what is no payment at all", async () => {
      const shop = await open();
      for (const text of ["", "null", "[]", "{", "7"]) expect((await shop.send(text)).status).to.equal(402);
      expect(shop.served).to.deep.equal([]);
    });

    it("refuses a payer who is another party", async () => {
      const payer = await bench.payer();
      const shop = await open({ seller: payer.account, terms: plainHold(payer.address) });
      const answer = await shop.send(await shop.sign(payer));
      expect([answer.status, answer.error]).to.deep.equal([402, "invalid_auth_capture_evm_payload_format"]);
    });
  });

  for (const moment of ["before", "after"] as const) {
    it(`serves what it has signed a capture for when the store fails ${moment} it is sent`, async () => {
      let ahead = 0n;
      let isDown = false;
      const fail = (): void => {
        isDown = ahead === 0n;
      };
      const shop = await open({
        ahead: () => ahead,
        sender: (sender) => ({
          ...sender,
          check: async (record, action) => {
            await sender.check(record, action);
            if (moment === "before") fail();
          },
          send: async (record, action, signal) => {
            const sent = await sender.send(record, action, signal);
            if (moment === "after") fail();
            return sent;
          },
        }),
      });
      const { replace } = shop.store;
      shop.store.replace = async (record) => {
        if (isDown) throw new Error("disk full");
        return replace(record);
      };
      const payer = await bench.payer();
      const answer = await shop.pay(payer);
      expect([answer.status, answer.body]).to.deep.equal([200, "sunny"]);
      expect(shop.errors.map(String)).to.deep.equal(["Error: disk full"]);
      isDown = false;
      ahead = 61n;
      await shop.manager.sweep();
      expect(await shop.store.list("closed")).to.have.lengthOf(1);
      expect(await paidTo(shop, payer)).to.deep.equal([PRICE, 9n * PRICE]);
    });
  }

  it("answers 402 when the store fails, and never throws out of a hook", async () => {
    const shop = await open();
    const payment = await shop.sign(await bench.payer());
    shop.store.insert = async () => {
      await sleep(1);
      throw new Error("disk full");
    };
    const answer = await shop.send(payment);
    expect([answer.status, answer.error, shop.served]).to.deep.equal([402, "unexpected_verify_error", []]);
    expect(shop.errors.map(String)).to.deep.equal(["Error: disk full"]);
  });
});

const DOWN = {
  success: false,
  errorReason: "unexpected_settle_error",
  transaction: "",
  network: "eip155:8453",
} as const;
