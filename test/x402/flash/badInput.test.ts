import { expect } from "chai";
import {
  concatHex,
  encodeFunctionData,
  keccak256,
  numberToHex,
  parseTransaction,
  serializeTransaction,
  toRlp,
  zeroAddress,
  type Hex,
  type TransactionSerializedEIP1559,
} from "viem";
import { flashSettlementAbi } from "../../../client/abi/index.ts";
import { signPayment, signTab } from "../../../client/flash/sign.ts";
import type { FlashLimits, PresentedItem } from "../../../client/seller/flash/types.ts";
import { toWirePayload, type WirePaymentPayload, type WireTabPayload } from "../../../client/x402/flash/index.ts";
import { USDC } from "../../base/addresses.ts";
import { deployMarket, openMarket, type Market, type Payer } from "../../seller/flash/market.ts";
import { encode, openShop, payloadOf, PRICE, type Answer, type Shop } from "./helpers/shop.ts";

const ESCROW = 10_000_000n;
const ADDRESS = `0x${"ab".repeat(20)}`;
const LOCKED = ["flash_escrow_not_found", "flash_signature_invalid"];

const BAD_ADDRESSES = [undefined, null, "", 7, "0x", ADDRESS.slice(2), `${ADDRESS}0`, `0x${"g".repeat(40)}`, [ADDRESS]];
const BAD_AMOUNTS = [
  undefined,
  null,
  1000,
  "",
  "-1",
  "1.5",
  "1e3",
  "0x10",
  "01",
  " 1",
  "NaN",
  {},
  ["1"],
  "9".repeat(79),
];
const BAD_INTEGERS = [undefined, null, "", -1, 1.5, "-1", "0x1", "1e3", {}, [1], true, "9".repeat(79)];
const BAD_SIGNATURES = [undefined, null, "", 7, "0x", "0x0", `0x${"zz".repeat(65)}`, `0x${"00".repeat(4097)}`, {}];

describe("x402 flash: bad input", function () {
  this.timeout(120_000);

  let deployed: Awaited<ReturnType<typeof deployMarket>>;
  let market: Market;
  let shop: Shop;
  let payer: Payer;
  before(async () => {
    deployed = await deployMarket();
    market = await openMarket(deployed);
    shop = await openShop(market);
    payer = await market.payer(2n * ESCROW);
    await payer.open({ amount: ESCROW });
    // The escrow is known, with a payment and a lane.
    await shop.pay(payloadOf(await payer.payment(PRICE, 0n)));
    await shop.pay(payloadOf(await payer.tab(PRICE)));
  });
  after(async () => {
    await shop.close();
    await market.close();
    await deployed.base.close();
  });

  /** Nothing was accepted, served or reported but what stood there before. */
  let accepted: bigint;
  let served: number;
  beforeEach(async () => {
    accepted = (await payer.state()).accepted;
    served = shop.served.length;
  });
  afterEach(async () => {
    expect((await payer.state()).accepted).to.equal(accepted);
    expect(shop.served).to.have.lengthOf(served);
    expect(shop.errors).to.deep.equal([]);
  });

  function refused(answer: Answer, codes: string | readonly string[], what: unknown = ""): void {
    const text = JSON.stringify(what, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value))?.slice(
      0,
      200,
    );
    expect([answer.status, answer.body], text).to.deep.equal([402, "{}"]);
    expect(answer.settlement, text).to.equal(undefined);
    expect(answer.error, text).to.be.oneOf([...(typeof codes === "string" ? [codes] : codes)]);
  }

  const wirePayment = async (): Promise<WirePaymentPayload> =>
    toWirePayload(payloadOf(await payer.payment(PRICE, 900n))) as WirePaymentPayload;
  const wireTab = async (): Promise<WireTabPayload> =>
    toWirePayload(payloadOf(await payer.tab(2n * PRICE))) as WireTabPayload;

  describe("headers", () => {
    for (const header of [
      "",
      "x",
      "!!!!",
      "e30",
      "e30=",
      encode(null),
      encode([]),
      encode("text"),
      encode(7),
      "a".repeat(8_000),
    ]) {
      it(`that are no payment are no payment: ${header.slice(0, 12)}`, async () => {
        const answer = await shop.send(header);
        expect([answer.status, answer.body]).to.deep.equal([402, "{}"]);
      });
    }

    it("of another version are refused", async () => {
      const payload = await wirePayment();
      for (const x402Version of [1, 3, "2", null]) {
        expect((await shop.pay(payload, "/fixed", { x402Version })).status, String(x402Version)).to.equal(402);
      }
    });

    it("that accept other terms are refused", async () => {
      const payload = await wirePayment();
      const offer = await shop.offer();
      const others: readonly object[] = [
        { ...offer, amount: "1" },
        { ...offer, payTo: ADDRESS },
        { ...offer, asset: ADDRESS },
        { ...offer, network: "eip155:1" },
        { ...offer, scheme: "exact" },
        { ...offer, extra: { ...offer.extra, settlementContractAddress: ADDRESS } },
        { ...offer, extra: { ...offer.extra, minEscrow: "1" } },
        {},
      ];
      for (const accepted of others) {
        const answer = await shop.pay(payload, "/fixed", { accepted });
        expect([answer.status, answer.body], JSON.stringify(accepted)).to.deep.equal([402, "{}"]);
      }
    });
  });

  describe("payloads", () => {
    for (const payload of [
      undefined,
      null,
      1,
      "text",
      [],
      {},
      { type: "" },
      { type: "payments" },
      { type: ["payment"] },
      { type: 1 },
    ]) {
      it(`that are none of the scheme are refused: ${JSON.stringify(payload)}`, async () => {
        refused(await shop.pay({}, "/fixed", { payload }), ["flash_payload_malformed", "Payment required"]);
      });
    }

    it("refuse a payment with any field of another type", async () => {
      const payload = await wirePayment();
      const cases: readonly [keyof WirePaymentPayload["payment"], readonly unknown[]][] = [
        ["client", BAD_ADDRESSES],
        ["amount", [...BAD_AMOUNTS, (2n ** 128n).toString()]],
        ["nonce", [...BAD_INTEGERS, (2n ** 64n).toString()]],
        ["deadline", [...BAD_INTEGERS, 2 ** 40]],
        ["epoch", [...BAD_INTEGERS, 2 ** 32]],
      ];
      for (const [field, values] of cases) {
        for (const value of values) {
          const payment = { ...payload.payment, [field]: value };
          refused(await shop.pay({ ...payload, payment }), "flash_payment_malformed", { field, value });
        }
      }
      for (const payment of [undefined, null, [], "text"]) {
        refused(await shop.pay({ ...payload, payment }), "flash_payment_malformed", payment);
      }
      for (const signature of BAD_SIGNATURES) {
        refused(await shop.pay({ ...payload, signature }), "flash_payment_malformed", signature);
      }
    });

    it("refuse a tab with any field of another type", async () => {
      const payload = await wireTab();
      const cases: readonly [keyof WireTabPayload["tab"], readonly unknown[]][] = [
        ["client", BAD_ADDRESSES],
        ["total", [...BAD_AMOUNTS, (2n ** 128n).toString()]],
        ["lane", [...BAD_INTEGERS, (2n ** 64n).toString()]],
        ["deadline", [...BAD_INTEGERS, 2 ** 40]],
        ["epoch", [...BAD_INTEGERS, 2 ** 32]],
      ];
      for (const [field, values] of cases) {
        for (const value of values) {
          refused(await shop.pay({ ...payload, tab: { ...payload.tab, [field]: value } }), "flash_tab_malformed", {
            field,
            value,
          });
        }
      }
      for (const signature of BAD_SIGNATURES) {
        refused(await shop.pay({ ...payload, signature }), "flash_tab_malformed", signature);
      }
    });
  });

  describe("what was signed", () => {
    it("is refused with any field changed after it was signed", async () => {
      const payment = await wirePayment();
      const changes = {
        client: ADDRESS,
        amount: "1001",
        nonce: "901",
        deadline: Number(market.now()) + 86_400,
        epoch: 1,
      };
      for (const [field, value] of Object.entries(changes)) {
        const answer = await shop.pay({ ...payment, payment: { ...payment.payment, [field]: value } });
        refused(answer, LOCKED, field);
        expect(answer.extra, field).to.not.have.any.keys("epoch", "available", "lanes");
      }
      const tab = await wireTab();
      for (const [field, value] of Object.entries({ client: ADDRESS, total: "2001", lane: "18", epoch: 1 })) {
        const answer = await shop.pay({ ...tab, tab: { ...tab.tab, [field]: value } });
        refused(answer, LOCKED, field);
        expect(answer.extra, field).to.not.have.any.keys("epoch", "available", "lanes");
      }
    });

    it("is refused as another type", async () => {
      const { signature } = await wirePayment();
      const tab = (await wireTab()).tab;
      refused(await shop.pay({ type: "tab", tab, signature }), LOCKED);
    });

    it("is refused from another key, and such a stranger learns nothing", async () => {
      const stranger = await market.payer(1n);
      const { signature } = toWirePayload(payloadOf(await stranger.payment(PRICE, 900n))) as WirePaymentPayload;
      const answer = await shop.pay({ ...(await wirePayment()), signature });
      refused(answer, LOCKED);
      expect(answer.extra).to.not.have.any.keys("epoch", "available", "lanes");
      expect(answer.extra?.nonceBase).to.equal("0");
    });

    it("is refused with the other s of the same signature", async () => {
      const payload = await wirePayment();
      const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
      const s = order - BigInt(`0x${payload.signature.slice(66, 130)}`);
      const v = payload.signature.endsWith("1b") ? "1c" : "1b";
      const signature = `${payload.signature.slice(0, 66)}${s.toString(16).padStart(64, "0")}${v}`;
      refused(await shop.pay({ ...payload, signature }), LOCKED);
    });

    it("is refused when it was signed for another server", async () => {
      const other = await openMarket(deployed);
      try {
        const elsewhere = await other.payer(ESCROW);
        await elsewhere.open({ amount: ESCROW });
        refused(await shop.pay(payloadOf(await elsewhere.payment(PRICE, 0n))), LOCKED);
        refused(await shop.pay(payloadOf(await elsewhere.transaction(PRICE, 0n))), "flash_transaction_invalid");
      } finally {
        await other.close();
      }
    });

    it("is refused when it was signed for another token, chain or contract", async () => {
      const { settlement, chainId } = deployed.settlement;
      const parties = { client: payer.account.address, server: market.server, token: USDC };
      const others = [
        [
          { ...parties, token: zeroAddress },
          { settlement, chainId },
        ],
        [parties, { settlement, chainId: 1n }],
        [parties, { settlement: market.server, chainId }],
      ] as const;
      for (const [index, [named, domain]] of others.entries()) {
        const common = { ...named, deadline: 0n, epoch: 0n };
        const payment = await signPayment(payer.account, {
          ...domain,
          payment: { ...common, amount: PRICE, nonce: 900n },
        });
        const tab = await signTab(payer.account, { ...domain, tab: { ...common, total: 2n * PRICE, lane: 17n } });
        const code = "flash_signature_invalid";
        refused(await shop.pay({ ...(await wirePayment()), signature: payment }), code, `payment ${index}`);
        refused(await shop.pay({ ...(await wireTab()), signature: tab }), code, `tab ${index}`);
      }
    });

    it("is refused without an escrow", async () => {
      const poor = await market.payer(ESCROW);
      refused(await shop.pay(payloadOf(await poor.payment(PRICE, 0n))), "flash_escrow_not_found");
    });

    it("is refused when it is too little, nothing or more than there is", async () => {
      refused(await shop.pay(payloadOf(await payer.payment(PRICE - 1n, 900n))), "flash_amount_insufficient");
      refused(await shop.pay(payloadOf(await payer.payment(0n, 900n))), "flash_amount_insufficient");
      refused(await shop.pay(payloadOf(await payer.tab(0n))), "flash_amount_insufficient");
      refused(await shop.pay(payloadOf(await payer.payment(ESCROW + 1n, 900n))), "flash_exposure_exceeded");
      refused(await shop.pay(payloadOf(await payer.payment(2n ** 128n - 1n, 900n))), "flash_exposure_exceeded");
      refused(await shop.pay(payloadOf(await payer.tab(2n ** 128n - 1n, 19n))), "flash_exposure_exceeded");
    });

    it("is refused past its deadline, or too near to it", async () => {
      for (const deadline of [1n, market.now() - 1n, market.now() + 1n, market.now() + 600n]) {
        refused(
          await shop.pay(payloadOf(await payer.payment(PRICE, 900n, { deadline }))),
          "flash_deadline_too_soon",
          deadline,
        );
        refused(
          await shop.pay(payloadOf(await payer.tab(2n * PRICE, 17n, { deadline }))),
          "flash_deadline_too_soon",
          deadline,
        );
      }
    });

    it("is refused for another epoch", async () => {
      for (const epoch of [1n, 2n ** 32n - 1n]) {
        refused(await shop.pay(payloadOf(await payer.payment(PRICE, 900n, { epoch }))), "flash_epoch_mismatch");
        refused(await shop.pay(payloadOf(await payer.tab(2n * PRICE, 17n, { epoch }))), "flash_epoch_mismatch");
      }
    });

    it("is refused when it was paid with before", async () => {
      refused(await shop.pay(payloadOf(await payer.payment(PRICE, 0n))), "flash_nonce_used");
      refused(await shop.pay(payloadOf(await payer.payment(2n * PRICE, 0n))), "flash_nonce_used");
      refused(await shop.pay(payloadOf(await payer.tab(PRICE))), "flash_amount_insufficient");
    });

    it("is refused in more lanes than the server keeps", async () => {
      const wide = await market.payer(2n * ESCROW);
      await wide.open({ amount: ESCROW });
      for (let lane = 0n; lane < 32n; lane += 1n) {
        expect((await shop.pay(payloadOf(await wide.tab(PRICE, lane)))).status).to.equal(200);
      }
      served = shop.served.length;
      expect((await shop.pay(payloadOf(await wide.tab(PRICE, 32n)))).status).to.equal(402);
    });
  });

  describe("transactions", () => {
    const send = async (transaction: unknown) => shop.pay({ type: "transaction", transaction });

    it("that are garbage are refused, whatever it is", async () => {
      const garbage: readonly unknown[] = [
        undefined,
        null,
        7,
        {},
        [],
        "",
        "0x",
        "0x0",
        "02f8",
        "0x00",
        "0x02",
        "0x02c0",
        "0x02f800",
        "0xf86c",
        "0x03c0",
        "0x04c0",
        `0x02${"ff".repeat(300)}`,
        `0x02${"00".repeat(300)}`,
        `0x${"ab".repeat(5_000)}`,
        "not hex at all",
      ];
      for (const transaction of garbage) refused(await send(transaction), "flash_transaction_invalid", transaction);
    });

    it("that are cut, padded or spoilt are refused", async () => {
      const item = await payer.transaction(PRICE, 901n);
      if (item.kind !== "transaction") throw new Error("no transaction");
      const raw = item.rawTransaction;
      for (const cut of [2, 4, 66, 130, raw.length - 6]) {
        refused(await send(raw.slice(0, -cut)), "flash_transaction_invalid", cut);
      }
      refused(await send(`${raw}00`), "flash_transaction_invalid");
      refused(await send(`${raw}${raw.slice(2)}`), "flash_transaction_invalid");
      for (const at of [2, 4, 8, 40, 120, 200]) {
        const spoilt = `${raw.slice(0, at)}${raw[at] === "0" ? "1" : "0"}${raw.slice(at + 1)}`;
        const answer = await send(spoilt);
        expect(answer.status, `digit ${at}`).to.equal(402);
        expect(answer.error, `digit ${at}`).to.be.oneOf(["flash_transaction_invalid", ...LOCKED]);
      }
    });

    it("that are of another type, chain, target, value or call are refused", async () => {
      const item = await payer.transaction(PRICE, 902n);
      if (item.kind !== "transaction") throw new Error("no transaction");
      const parsed = parseTransaction(item.rawTransaction as TransactionSerializedEIP1559);
      const { r: _r, s: _s, v: _v, yParity: _y, ...unsigned } = parsed;
      const sign = (changes: object): Promise<Hex> =>
        payer.account.signTransaction({ ...unsigned, ...changes } as never, {
          serializer: serializeTransaction as never,
        });
      const data = unsigned.data ?? "0x";
      const changes: readonly object[] = [
        { chainId: 1 },
        { to: ADDRESS },
        { value: 1n },
        { data: "0x" },
        { data: `${data}00` },
        { data: data.slice(0, -2) },
        { data: `0x00000000${data.slice(10)}` },
        { accessList: [{ address: ADDRESS, storageKeys: [] }] },
      ];
      for (const change of changes)
        refused(await send(await sign(change)), "flash_transaction_invalid", Object.keys(change));
      const typed = { to: unsigned.to, data, nonce: 9, gas: 300_000n, chainId: 8453 };
      const fees = { maxFeePerGas: 1n, maxPriorityFeePerGas: 1n };
      for (const other of [
        { ...typed, type: "eip2930", gasPrice: 1n },
        { ...typed, type: "eip4844", ...fees, maxFeePerBlobGas: 1n, blobVersionedHashes: [`0x01${"00".repeat(31)}`] },
        { ...typed, type: "eip7702", ...fees, authorizationList: [] },
      ]) {
        refused(
          await send(await payer.account.signTransaction(other as never)),
          "flash_transaction_invalid",
          other.type,
        );
      }
      const legacy = { to: unsigned.to, data, nonce: 9, gas: 300_000n, gasPrice: 1n, chainId: 8453, type: "legacy" };
      refused(await send(await payer.account.signTransaction(legacy as never)), "flash_transaction_invalid");
    });

    it("that pay another server or token, nothing, too much, too late or in another epoch are refused", async () => {
      const call = async (changes: {
        readonly server?: Hex;
        readonly token?: Hex;
        readonly amount?: bigint;
        readonly deadline?: number;
        readonly epoch?: number;
      }): Promise<Hex> => {
        const { server = market.server, token = USDC, amount = PRICE, deadline = 0, epoch = 0 } = changes;
        const args = [server, token, amount, 905n, deadline, epoch] as const;
        return payer.account.signTransaction({
          type: "eip1559",
          chainId: 8453,
          to: deployed.settlement.settlement,
          data: encodeFunctionData({ abi: flashSettlementAbi, functionName: "settleNumberedPayment", args }),
          nonce: 999,
          gas: 300_000n,
          maxFeePerGas: 1n,
          maxPriorityFeePerGas: 1n,
        });
      };
      refused(await send(await call({ server: ADDRESS as Hex })), "flash_transaction_invalid");
      refused(await send(await call({ token: ADDRESS as Hex })), "flash_transaction_invalid");
      refused(await send(await call({ amount: 0n })), "flash_amount_insufficient");
      for (const amount of [ESCROW + 1n, 2n ** 96n, 2n ** 256n - 1n]) {
        refused(await send(await call({ amount })), "flash_exposure_exceeded", amount);
      }
      refused(await send(await call({ deadline: Number(market.now()) - 1 })), "flash_deadline_too_soon");
      refused(await send(await call({ epoch: 1 })), "flash_epoch_mismatch");
      // What stands beside them is taken.
      expect((await send(await call({}))).status).to.equal(200);
      [accepted, served] = [accepted + PRICE, served + 1];
    });

    it("that have another encoding, or the other s, are refused though the client signed them", async () => {
      const item = await payer.transaction(PRICE, 906n);
      if (item.kind !== "transaction") throw new Error("no transaction");
      const parsed = parseTransaction(item.rawTransaction as TransactionSerializedEIP1559);
      const { to, data = "0x", nonce = 0 } = parsed;
      const number = numberToHex(1);
      const signed: readonly Hex[] = [numberToHex(8453), numberToHex(nonce), number, number, "0x0493e0", to ?? "0x"];
      const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
      const encoded = async (front: readonly Hex[], isHigh = false): Promise<Hex> => {
        const fields: readonly (Hex | readonly Hex[])[] = [...front, "0x", data, []];
        const hash = keccak256(concatHex(["0x02", toRlp(fields as Hex[])]));
        const signature = await payer.account.sign({ hash });
        const [r, s] = [signature.slice(2, 66), BigInt(`0x${signature.slice(66, 130)}`)];
        const isOdd = signature.endsWith("1c") !== isHigh;
        const end = [isOdd ? "0x01" : "0x", `0x${r.replace(/^(00)+/, "")}`, numberToHex(isHigh ? order - s : s)];
        return concatHex(["0x02", toRlp([...fields, ...end] as Hex[])]);
      };
      const replace = (at: number, value: Hex) => signed.map((field, index) => (index === at ? value : field));
      refused(await send(await encoded(signed, true)), "flash_transaction_invalid", "the other s");
      for (const [what, front] of [
        ["a leading zero", replace(1, "0x0003e7")],
        ["a zero byte", replace(2, "0x00")],
        ["an integer of 33 bytes", replace(4, `0x${"11".repeat(33)}`)],
      ] as const) {
        refused(await send(await encoded(front)), "flash_transaction_invalid", what);
      }
      // The same fields in the shortest form are a payment.
      expect((await send(await encoded(signed))).status).to.equal(200);
      [accepted, served] = [accepted + PRICE, served + 1];
    });

    it("of the original form are refused where nothing is settled first, and nothing is broadcast", async () => {
      const before = await deployed.base.publicClient.getBlockNumber({ cacheTime: 0 });
      refused(await send(await payer.originalTransaction(PRICE)), "flash_transaction_invalid");
      expect(await deployed.base.publicClient.getBlockNumber({ cacheTime: 0 })).to.equal(before);
    });

    it("are refused when they pay too little, or were paid with before, even under another account nonce", async () => {
      refused(await shop.pay(payloadOf(await payer.transaction(PRICE - 1n, 903n))), "flash_amount_insufficient");
      const payload = payloadOf(await payer.transaction(PRICE, 904n));
      expect((await shop.pay(payload)).status).to.equal(200);
      [accepted, served] = [accepted + PRICE, served + 1];
      refused(await shop.pay(payload), "flash_nonce_used");
      if (payload.type !== "transaction") throw new Error("no transaction");
      const {
        r: _r,
        s: _s,
        v: _v,
        yParity: _y,
        ...unsigned
      } = parseTransaction(payload.item.rawTransaction as TransactionSerializedEIP1559);
      const again = await payer.account.signTransaction({ ...unsigned, nonce: 7 } as never);
      refused(await send(again), "flash_nonce_used");
    });
  });

  it("A11: one transaction is served once, by the server it pays, and only from an escrow that covers it", async () => {
    const other = await openMarket(deployed);
    const otherShop = await openShop(other);
    try {
      const [careless, poor] = [await market.payer(ESCROW), await market.payer(ESCROW)];
      await careless.open({ amount: 2n * PRICE });
      const [first, second, third] = [0n, 1n, 2n].map((nonce) => careless.transaction(PRICE, nonce));
      const pay = async (item: Promise<PresentedItem> | undefined, at = shop) => {
        if (item === undefined) throw new Error("no transaction");
        return at.pay(payloadOf(await item));
      };
      expect([(await pay(first)).status, (await pay(second)).status]).to.deep.equal([200, 200]);
      served += 2;
      refused(await pay(first), "flash_nonce_used");
      refused(await pay(first, otherShop), "flash_transaction_invalid");
      // Nothing of it landed, and all of it counts.
      refused(await pay(third), "flash_exposure_exceeded");
      refused(await pay(poor.transaction(PRICE, 0n)), "flash_escrow_not_found");
      expect(otherShop.served).to.deep.equal([]);
      expect((await careless.state()).accepted).to.equal(2n * PRICE);
    } finally {
      await otherShop.close();
      await other.close();
    }
  });

  describe("the limits of a server", () => {
    /** A server of its own, on terms of its own, with an escrow at it. */
    async function visit(
      limits: Partial<FlashLimits>,
      step: (pay: (item: PresentedItem) => Promise<Answer>, guest: Payer, own: Market) => Promise<void>,
    ): Promise<void> {
      const own = await openMarket(deployed, { acceptor: { limits } });
      const strict = await openShop(own);
      try {
        const guest = await own.payer(2n * ESCROW);
        await guest.open({ amount: ESCROW });
        await step((item) => strict.pay(payloadOf(item)), guest, own);
        expect(strict.errors).to.deep.equal([]);
      } finally {
        await strict.close();
        await own.close();
      }
    }

    it("may take no transactions", () =>
      visit({ maxTransactions: 0 }, async (pay, guest) => {
        refused(await pay(await guest.transaction(PRICE, 0n)), "flash_payload_unsupported");
      }));

    it("may take no small transactions", () =>
      visit({ minTransaction: 2n * PRICE }, async (pay, guest) => {
        refused(await pay(await guest.transaction(PRICE, 0n)), "flash_transaction_too_small");
        expect((await pay(await guest.transaction(2n * PRICE, 0n))).status).to.equal(200);
      }));

    it("may hold few transactions, and say when to try again", () =>
      visit({ maxTransactions: 1 }, async (pay, guest) => {
        expect((await pay(await guest.transaction(PRICE, 0n))).status).to.equal(200);
        const answer = await pay(await guest.transaction(PRICE, 1n));
        refused(answer, "flash_transaction_limit");
        expect(answer.extra?.retryAfterMs).to.be.above(0);
      }));

    it("may demand more than an escrow holds", () =>
      visit({ minEscrow: ESCROW + 1n }, async (pay, guest) => {
        refused(await pay(await guest.payment(PRICE, 0n)), "flash_escrow_too_small");
      }));

    it("leave a tab that was sent to the chain without use, for any request", () =>
      visit({}, async (pay, guest, own) => {
        const tab = await guest.tab(2n * PRICE);
        expect((await pay(tab)).status).to.equal(200);
        await own.store.notePublished(guest.escrow, 0n, [{ lane: 17n, total: 2n * PRICE }]);
        refused(await pay(tab), "flash_tab_settled");
        expect((await pay(await guest.tab(2n * PRICE + 1n))).status).to.equal(200);
      }));
  });

  describe("an escrow that is leaving", () => {
    it("pays nothing more", async () => {
      const leaver = await market.payer(2n * ESCROW);
      await leaver.open({ amount: ESCROW });
      expect((await shop.pay(payloadOf(await leaver.payment(PRICE, 0n)))).status).to.equal(200);
      served = shop.served.length;
      await leaver.call("closeEscrow", leaver.account.address, market.server, leaver.escrow.token, 0);
      await market.chain.sync();
      refused(await shop.pay(payloadOf(await leaver.payment(PRICE, 1n))), "flash_escrow_closing");
    });

    it("that unlocks too soon, or gives too little notice, pays nothing", async () => {
      for (const terms of [{ ttlSeconds: 500n, closeDelay: 500n }, { closeDelay: 60n }]) {
        const hasty = await market.payer(2n * ESCROW);
        await hasty.open({ amount: ESCROW, ...terms });
        refused(await shop.pay(payloadOf(await hasty.payment(PRICE, 0n))), "flash_lock_too_short", terms);
      }
    });
  });
});
