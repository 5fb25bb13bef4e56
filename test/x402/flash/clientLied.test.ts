import { expect } from "chai";
import { decodePaymentSignatureHeader } from "@x402/core/http";
import { wrapFetchWithPayment } from "@x402/fetch";
import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { signTab } from "../../../client/flash/sign.ts";
import { FalseLaneError, wrapFetchWithFlash, type WireOffer } from "../../../client/x402/flash/index.ts";
import { startLiar, type Lie } from "../helpers/liar.ts";
import { makeAgent, type Agent } from "./helpers/agent.ts";
import { figuresOf, server, settlement, terms } from "./helpers/terms.ts";

const account = privateKeyToAccount(generatePrivateKey());
const requirements = {
  scheme: "flash",
  network: "eip155:8453",
  asset: terms().token,
  amount: "1000",
  payTo: server,
  maxTimeoutSeconds: 60,
} as const;

const offer: WireOffer = {
  settlementContractAddress: settlement,
  name: "x402 Flash Settlement",
  version: "1",
  payloadTypes: ["payment", "tab"],
  minEscrow: "0",
  minTtlSeconds: 3_600,
  minCloseDelay: 900,
  nonceBase: "0",
  lane: "17",
};

const corrective = { epoch: 0, available: "100000", lanes: [] as WireOffer["lanes"] & object };

describe("x402 flash: a client at a server that lies", function () {
  this.timeout(30_000);

  /** Asks a liar once, by each way to pay; gives the status and what was signed. */
  async function ask(
    way: "fetch" | "stockFetch",
    lieTo: (index: number, payment: object | undefined) => Lie,
    options: Parameters<typeof makeAgent>[1] = {},
  ): Promise<{ readonly status: number; readonly payments: readonly string[]; readonly agent: Agent }> {
    const liar = await startLiar(requirements, lieTo);
    try {
      const agent = makeAgent(account, { settlements: [settlement], payBy: "payment", ...options });
      const { status } = await agent[way](liar.url);
      return { status, payments: liar.payments.map((payment) => JSON.stringify(payment)), agent };
    } finally {
      await liar.close();
    }
  }

  const refusals: Readonly<Record<string, Lie>> = {
    "a code that is not known": { offer, error: "flash_anything" },
    "a code of another scheme": { offer, error: "insufficient_funds" },
    "no code": { offer },
    "a code that is no text": { offer, error: 7 },
    "a code like a property": { offer, error: "__proto__" },
    "another contract": {
      offer: { ...offer, settlementContractAddress: server },
      error: "flash_nonce_used",
    },
    "offers that are no list": { offer, error: "flash_nonce_used", required: { accepts: 7 } },
    "no offers": { offer, error: "flash_nonce_used", required: { accepts: [] } },
    "offers of nothing": { offer, error: "flash_nonce_used", required: { accepts: [null] } },
    "an offer of another price": {
      offer,
      error: "flash_nonce_used",
      required: { accepts: [{ ...requirements, amount: "2000", extra: offer }] },
    },
    "no 402 at all": { status: 500 },
    "a 402 without offers": {},
    "a wait that never ends": { offer: { ...offer, retryAfterMs: 80_000_000 }, error: "flash_escrow_pending" },
    "a settlement that failed": { status: 402, settlement: { success: false, errorReason: "flash_reservation_lost" } },
    "a settlement of nothing": { status: 402, settlement: { success: false, errorReason: 7 } },
  };
  for (const way of ["fetch", "stockFetch"] as const) {
    for (const [name, lie] of Object.entries(refusals)) {
      it(`ends a payment that was refused with ${name} (${way})`, async () => {
        const { status, payments } = await ask(way, (index) => (index < 0 ? { offer } : lie));
        expect([status, payments.length]).to.deep.equal([lie.status ?? 402, 1]);
      });
    }
  }

  for (const [code, most] of [
    ["flash_nonce_used", 3],
    ["flash_epoch_mismatch", 3],
  ] as const) {
    it(`signs a few payments for a request that is refused for ever (${code})`, async () => {
      const forever = (index: number): Lie => {
        if (index < 0) return { offer };
        const next = { ...offer, ...corrective, epoch: code === "flash_epoch_mismatch" ? index + 1 : 0 };
        return { offer: { ...next, nonceBase: String(10 * (index + 1)) }, error: code };
      };
      const inAdvance = await ask("fetch", forever);
      expect([inAdvance.status, new Set(inAdvance.payments).size]).to.deep.equal([402, most]);
      const stock = await ask("stockFetch", forever);
      expect([stock.status, new Set(stock.payments).size]).to.deep.equal([402, 2]);
    });
  }

  it("sends one payment again, and signs no other, while it is asked to wait", async () => {
    const pending = { offer: { ...offer, retryAfterMs: 100 }, error: "flash_escrow_pending" };
    const { status, payments } = await ask("fetch", (index) =>
      index < 0 ? { offer } : index < 4 ? pending : { status: 200 },
    );
    expect([status, payments.length, new Set(payments).size]).to.deep.equal([200, 5, 1]);
  });

  it("gives up a wait when its patience is over", async () => {
    const pending = { offer: { ...offer, retryAfterMs: 0 }, error: "flash_exposure_exceeded" };
    const liar = await startLiar(requirements, (index) => (index < 0 ? { offer } : pending));
    try {
      const { client, scheme } = makeAgent(account, { settlements: [settlement] });
      const paidFetch = wrapFetchWithFlash(fetch, client, scheme, { patience: 300 });
      expect((await paidFetch(liar.url)).status).to.equal(402);
      expect(liar.payments.length).to.be.within(2, 5);
    } finally {
      await liar.close();
    }
  });

  it("pays no more for what it did not sign, whatever total of its lane is claimed", async () => {
    const lanes = [{ lane: "17", authorised: "999999", consumed: "999999", settled: "0" }];
    const lie = (index: number): Lie =>
      index < 0 ? { offer } : { offer: { ...offer, ...corrective, lanes }, error: "flash_amount_insufficient" };
    const { payments, agent } = await ask("fetch", lie, { payBy: "tab" });
    const totals = payments.map((payment) => (JSON.parse(payment) as { tab: { total: string } }).tab.total);
    expect(totals).to.deep.equal(["1000", "1000"]);
    expect(agent.events.map(({ kind }) => kind)).to.deep.equal(["correctionRefused"]);
  });

  describe("that shows a tab for a lane", () => {
    const stranger = privateKeyToAccount(generatePrivateKey());
    const { token } = terms();
    const own = { client: account.address, server, token, total: 9_000n, lane: 17n, deadline: 0n, epoch: 0n };
    const reference = { chainId: 8453n, settlement };

    /** A server that takes a payment only when the lane goes on from what it claims. */
    async function claim(
      way: "fetch" | "stockFetch",
      signature: Hex,
      claimed: { consumed?: bigint; total?: bigint } = {},
    ) {
      const { consumed = 8_000n, total = own.total } = claimed;
      const lane = { lane: "17", authorised: String(total), consumed: String(consumed), settled: "0" };
      const lanes = [{ ...lane, tab: { deadline: 0, signature } }];
      const liar = await startLiar(requirements, (index) => {
        if (index < 0) return { offer };
        return index === 0
          ? { offer: { ...offer, ...corrective, lanes }, error: "flash_amount_insufficient" }
          : { status: 200 };
      });
      const agent = makeAgent(account, { settlements: [settlement] });
      try {
        const answer = await agent[way](liar.url).catch((error: unknown) => error);
        const tabs = liar.payments.map(
          (payment) => (payment as unknown as { tab: { lane: string; total: string } }).tab,
        );
        return { answer, agent, figures: tabs.map((tab) => [tab.lane, tab.total]) };
      } finally {
        await liar.close();
      }
    }

    for (const way of ["fetch", "stockFetch"] as const) {
      it(`is believed when this client signed it (${way})`, async () => {
        const { answer, agent, figures } = await claim(way, await signTab(account, { ...reference, tab: own }));
        expect((answer as Response).status).to.equal(200);
        // What was promised and not charged pays: nothing more is promised.
        expect(figures).to.deep.equal([
          ["17", "1000"],
          ["17", "9000"],
        ]);
        expect(agent.events.map(({ kind }) => kind)).to.deep.equal(["corrected"]);
      });
    }

    const forgeries: readonly [
      string,
      () => Promise<Hex>,
      { readonly consumed?: bigint; readonly total?: bigint },
      string,
    ][] = [
      ["another key signed", () => signTab(stranger, { ...reference, tab: own }), {}, "notOurs"],
      [
        "another client signed for itself",
        () => signTab(stranger, { ...reference, tab: { ...own, client: stranger.address } }),
        {},
        "notOurs",
      ],
      [
        "this client signed for another server",
        () => signTab(account, { ...reference, tab: { ...own, server: stranger.address } }),
        {},
        "notOurs",
      ],
      [
        "this client signed in another token",
        () => signTab(account, { ...reference, tab: { ...own, token: stranger.address } }),
        {},
        "notOurs",
      ],
      [
        "this client signed in another epoch",
        () => signTab(account, { ...reference, tab: { ...own, epoch: 1n } }),
        {},
        "notOurs",
      ],
      [
        "this client signed for another lane",
        () => signTab(account, { ...reference, tab: { ...own, lane: 18n } }),
        {},
        "notOurs",
      ],
      [
        "this client signed on another chain",
        () => signTab(account, { ...reference, chainId: 1n, tab: own }),
        {},
        "notOurs",
      ],
      [
        "this client signed for another contract",
        () => signTab(account, { ...reference, settlement: server, tab: own }),
        {},
        "notOurs",
      ],
      ["this client signed for less", () => signTab(account, { ...reference, tab: own }), { total: 9_001n }, "notOurs"],
      ["is no signature", async () => "0x1234", {}, "notOurs"],
      [
        "promises less than is claimed",
        () => signTab(account, { ...reference, tab: own }),
        { consumed: 9_001n },
        "aboveSigned",
      ],
    ];
    for (const [what, sign, claimed, reason] of forgeries) {
      it(`is refused with a typed error when ${what}, and the lane is left alone`, async () => {
        for (const way of ["fetch", "stockFetch"] as const) {
          const { answer, agent, figures } = await claim(way, await sign(), claimed);
          const cause = answer instanceof FalseLaneError ? answer : (answer as Error).cause;
          expect(cause).to.be.instanceOf(FalseLaneError);
          expect(cause).to.include({ lane: 17n, reason });
          expect(figures).to.deep.equal([["17", "1000"]]);
          expect(agent.events.map(({ kind }) => kind)).to.deep.equal(["correctionRefused"]);
          const { payload } = await agent.scheme.payer.pay(terms({ offer: { openMethods: [] } }));
          const [, lane, total] = figuresOf(payload);
          expect(lane).to.not.equal(17n);
          expect(total).to.equal(1_000n);
        }
      });
    }
  });

  it("frees what a request held that got no answer, and counts it as spent", async () => {
    let isDown = true;
    const liar = await startLiar(requirements, (index) => (index < 0 ? { offer } : { status: 200 }));
    try {
      const { client, scheme } = makeAgent(account, { settlements: [settlement], payBy: "payment" });
      const flaky: typeof fetch = async (input, init) => {
        const request = new Request(input, init);
        if (isDown && request.headers.has("PAYMENT-SIGNATURE")) throw new TypeError("fetch failed");
        return fetch(request);
      };
      const paidFetch = wrapFetchWithFlash(flaky, client, scheme);
      const error = await paidFetch(liar.url).catch((thrown: unknown) => thrown);
      expect(error).to.have.property("message", "fetch failed");
      isDown = false;
      expect((await paidFetch(liar.url)).status).to.equal(200);
      const [payment] = liar.payments as unknown as readonly { payment: { nonce: string } }[];
      expect(payment?.payment.nonce).to.equal("1");
    } finally {
      await liar.close();
    }
  });

  it("is paid again when the price has changed, and remembers the new one", async () => {
    let price = "1000";
    const liar = await startLiar(requirements, (_index, payment) => {
      const accepts = [{ ...requirements, amount: price, extra: offer }];
      const item = (payment as { payment?: { amount: string } } | undefined)?.payment;
      return item?.amount === price
        ? { status: 200 }
        : { offer, error: "flash_amount_insufficient", required: { accepts } };
    });
    try {
      const agent = makeAgent(account, { settlements: [settlement], payBy: "payment" });
      expect((await agent.fetch(liar.url)).status).to.equal(200);
      price = "2000";
      expect((await agent.fetch(liar.url)).status).to.equal(200);
      expect((await agent.fetch(liar.url)).status).to.equal(200);
      expect(agent.sent).to.have.lengthOf(5);
    } finally {
      await liar.close();
    }
  });

  it("builds on a correction once, and echoes nothing of it in a later request", async () => {
    const correction = { ...offer, ...corrective, nonceBase: "7", retryAfterMs: 100 };
    const liar = await startLiar(requirements, (index) => {
      if (index < 0) return { offer };
      return index === 0 ? { offer: correction, error: "flash_nonce_used" } : { status: 200 };
    });
    try {
      const agent = makeAgent(account, { settlements: [settlement], payBy: "payment" });
      expect((await agent.fetch(liar.url)).status).to.equal(200);
      expect((await agent.fetch(liar.url)).status).to.equal(200);
      const nonces = liar.payments.map(
        (payload) => (payload as unknown as { payment: { nonce: string } }).payment.nonce,
      );
      expect(nonces).to.deep.equal(["0", "7", "8"]);
      const { nonceBase: _begin, ...lasting } = offer;
      const echoes = agent.sent.flatMap(({ headers }) => headers.get("PAYMENT-SIGNATURE") ?? []).map(echoOf);
      expect(echoes).to.deep.equal([offer, correction, lasting]);
    } finally {
      await liar.close();
    }
  });

  it("tells the stock wrapper's caller of the server's refusal", async () => {
    const liar = await startLiar(requirements, () => ({ offer, error: "flash_escrow_closing" }));
    try {
      const { client } = makeAgent(account, { settlements: [settlement] });
      const response = await wrapFetchWithPayment(fetch, client)(liar.url);
      expect([response.status, response.headers.has("PAYMENT-REQUIRED")]).to.deep.equal([402, true]);
    } finally {
      await liar.close();
    }
  });
});

/** `extra` of the offer that a payment says it accepts. */
function echoOf(header: string): unknown {
  return decodePaymentSignatureHeader(header).accepted.extra;
}
