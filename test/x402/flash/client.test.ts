import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import type { Address } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { parseSignedTransaction } from "../../../client/flash/signedTransaction.ts";
import { signTab } from "../../../client/flash/sign.ts";
import { verifyPayment, verifyTab } from "../../../client/flash/verify.ts";
import {
  createFilePayerStorage,
  createMemoryPayerStorage,
  createPayer,
  EscrowNeededError,
  FlashConfigurationError,
  FlashEvmScheme,
  LockLimitError,
  preferExactAbove,
  PriceLimitError,
  toTerms,
  UnreadableOfferError,
  UnreadableStorageError,
  UnservedLimitError,
  UntrustedSettlementError,
  type EscrowFacts,
  type EscrowReader,
  type FlashPayload,
  type Payer,
  type PayerEvent,
  type PayerOptions,
  type PayerRecord,
  type PayerStorage,
  type Settlement,
} from "../../../client/x402/flash/index.ts";
import { corrected, figuresOf, itemOf, server, settled, settlement, terms } from "./helpers/terms.ts";

const account = privateKeyToAccount(generatePrivateKey());
const START = 1_800_000_000n;
const reference = { chainId: 8453n, settlement };

/** A payer whose escrow is taken for granted. */
function makePayer(options: Partial<PayerOptions> = {}): Payer {
  return createPayer({ client: account, settlements: [settlement], opening: false, now: () => START, ...options });
}

/** What a chain shows of an escrow that nobody has opened. */
const CLOSED: EscrowFacts = {
  epoch: 0n,
  isOpen: false,
  balance: 0n,
  unlockAt: START + 2_592_000n,
  timestamp: START,
  blockNumber: 1n,
};

/** A chain that says what it is told. */
function chainOf(facts: Partial<EscrowFacts>, allowance = 0n, permitNonce?: bigint): EscrowReader {
  return {
    readEscrow: async () => ({ ...CLOSED, ...facts }),
    isTopUpUsed: async () => false,
    readAllowance: async () => ({
      assetAllowance: allowance,
      ...(permitNonce !== undefined && { assetPermitNonce: permitNonce }),
    }),
  };
}

/** What a payer threw; fails when it did not. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("nothing was thrown"),
    (error: unknown) => error,
  );
}

/** What a liar says of one payment. */
interface Lie {
  readonly kind: string;
  readonly number: bigint;
  readonly consumed: bigint;
  readonly epoch: bigint;
  readonly nonceBase: bigint;
}

/** Answers a payment as a liar does. */
async function answer(payer: Payer, key: string, { kind, number, consumed, epoch, nonceBase }: Lie): Promise<void> {
  const lanes = [{ lane: number, authorised: consumed, consumed, settled: 0n }];
  const offer = corrected({ epoch, nonceBase, lanes });
  const answers: Readonly<Record<string, () => Promise<unknown>>> = {
    served: () => payer.accepted(key, settled(number, consumed)),
    insufficient: () => payer.refused(key, "flash_amount_insufficient", offer),
    window: () => payer.refused(key, "flash_nonce_out_of_window", offer),
    used: () => payer.refused(key, "flash_nonce_used", offer),
    epoch: () => payer.refused(key, "flash_epoch_mismatch", offer),
    exceeded: () => payer.refused(key, "flash_exposure_exceeded", { ...offer, retryAfterMs: 9_999 }),
    other: () => payer.refused(key, "anything"),
    unanswered: () => payer.unanswered(key),
  };
  await answers[kind]?.();
}

/**
 * Expects that a payload promises at most its price more than what was promised before: the highest total of each lane, and the amount of
 * each nonce, of each epoch.
 */
function expectPromise(promised: Map<string, bigint>, payload: FlashPayload, price: bigint): void {
  const [type, number, amount] = figuresOf(payload);
  const name = `${itemOf(payload).epoch} ${type} ${number}`;
  const before = promised.get(name) ?? 0n;
  expect(amount <= before + price).to.equal(true);
  if (type === "payment" && before > 0n) expect(amount).to.equal(before);
  if (amount > before) promised.set(name, amount);
}

describe("x402 flash: payer", () => {
  describe("trust", () => {
    it("signs nothing for a contract that was not named", async () => {
      let signatures = 0;
      const signTypedData: typeof account.signTypedData = async (...parameters) => {
        signatures += 1;
        return account.signTypedData(...parameters);
      };
      const payer = makePayer({
        client: { address: account.address, signTypedData: signTypedData as never },
        opening: {},
      });
      const other = `0x${"f2".repeat(20)}` as Address;
      const error = await rejection(payer.pay(terms({ offer: { settlement: other } })));
      expect(error).to.be.instanceOf(UntrustedSettlementError);
      expect((error as UntrustedSettlementError).settlement).to.equal(other);
      expect(signatures).to.equal(0);
      await payer.pay(terms());
      expect(signatures).to.equal(2);
    });

    it("needs a contract to trust, and a key to sign with", () => {
      const make = (options: Partial<PayerOptions>) => () => makePayer(options);
      expect(make({ settlements: [] })).to.throw(FlashConfigurationError, "No contract is trusted");
      expect(make({ settlements: undefined as never })).to.throw(FlashConfigurationError);
      expect(make({ settlements: ["0x12"] })).to.throw(FlashConfigurationError, "is no address");
      expect(make({ client: { address: account.address } })).to.throw(FlashConfigurationError, "No key signs");
      expect(make({ payBy: "transaction", signer: account })).to.throw(FlashConfigurationError, "No key signs");
    });
  });

  describe("a tab", () => {
    it("is the default, in the lane that the server suggests, and grows by the price", async () => {
      const payer = makePayer();
      for (const total of [1_000n, 2_000n, 3_000n]) {
        const { key, payload } = await payer.pay(terms());
        expect(figuresOf(payload)).to.deep.equal(["tab", 17n, total]);
        const item = itemOf(payload);
        if (item.kind !== "tab") throw new Error("no tab");
        const tab = { ...item, server, token: terms().token };
        expect(await verifyTab({ ...reference, tab, signer: account.address, signature: item.signature })).to.equal(
          true,
        );
        await payer.accepted(key, settled(17n, total));
      }
    });

    it("carries requests that run in parallel in one lane, each a total of its own", async () => {
      const payer = makePayer();
      const paid = await Promise.all(Array.from({ length: 20 }, () => payer.pay(terms())));
      const totals = paid.map(({ payload }) => figuresOf(payload)[2]);
      expect(totals).to.deep.equal(Array.from({ length: 20 }, (_, index) => 1_000n * BigInt(index + 1)));
      expect(new Set(paid.map(({ payload }) => figuresOf(payload)[1]))).to.deep.equal(new Set([17n]));
    });

    it("that was refused is paid with again, and promises nothing more", async () => {
      const payer = makePayer();
      const first = await payer.pay(terms());
      expect(payer.isResent(first.key)).to.equal(false);
      await payer.refused(first.key, "flash_signature_invalid", terms().offer);
      const second = await payer.pay(terms());
      expect(figuresOf(second.payload)).to.deep.equal(figuresOf(first.payload));
      expect(payer.isResent(second.key)).to.equal(true);
    });

    it("without an answer counts as spent until the server says that less was used", async () => {
      const payer = makePayer();
      await payer.unanswered((await payer.pay(terms())).key);
      const second = await payer.pay(terms());
      expect(figuresOf(second.payload)[2]).to.equal(2_000n);
      await payer.accepted(second.key, settled(17n, 1_000n));
      expect(figuresOf((await payer.pay(terms())).payload)[2]).to.equal(2_000n);
    });

    it("without an answer is given up when its time is over", async () => {
      let now = START;
      const payer = makePayer({ now: () => now, limits: { maxUnserved: 2_000n } });
      const lost = await payer.pay(terms());
      now += 61n;
      const next = await payer.pay(terms());
      expect(figuresOf(next.payload)[2]).to.equal(2_000n);
      // Too late: it was given up, and its answer changes nothing.
      await payer.accepted(lost.key, settled(17n, 1_000n));
      expect(await rejection(payer.pay(terms()))).to.be.instanceOf(UnservedLimitError);
    });

    it("ends by default when the server has left eight prices unanswered, and a tenth of what it has served", async () => {
      for (const [served, most] of [
        [0, 9],
        [100, 19],
      ] as const) {
        const payer = makePayer();
        for (let count = 1; count <= served; count += 1) {
          const { key } = await payer.pay(terms());
          await payer.accepted(key, settled(17n, BigInt(count) * 1_000n));
        }
        for (let count = 0; count < most; count += 1) await payer.unanswered((await payer.pay(terms())).key);
        expect(await rejection(payer.pay(terms())), `${served} served`).to.be.instanceOf(UnservedLimitError);
      }
    });

    it("does not end by default because many requests run together", async () => {
      const payer = makePayer();
      const keys = await Promise.all(Array.from({ length: 40 }, async () => (await payer.pay(terms())).key));
      expect(new Set(keys).size).to.equal(40);
    });

    it("goes to a fresh lane when the server claims more than was signed", async () => {
      const events: PayerEvent[] = [];
      const payer = makePayer({ onEvent: (event) => events.push(event) });
      const first = await payer.pay(terms());
      const lanes = [{ lane: 17n, authorised: 9_000n, consumed: 9_000n, settled: 0n }];
      expect(await payer.refused(first.key, "flash_amount_insufficient", corrected({ lanes }))).to.equal(true);
      const [, lane, total] = figuresOf((await payer.pay(terms())).payload);
      expect([lane === 17n, total]).to.deep.equal([false, 1_000n]);
      expect(events).to.deep.include({ kind: "correctionRefused", escrow: record(payer), what: "lane", value: 9_000n });
    });

    it("goes on from a total within what was signed", async () => {
      const payer = makePayer();
      const first = await payer.pay(terms());
      await payer.refused(first.key, "flash_signature_invalid", terms().offer);
      const second = await payer.pay(terms());
      const lanes = [{ lane: 17n, authorised: 1_000n, consumed: 1_000n, settled: 0n }];
      expect(await payer.refused(second.key, "flash_amount_insufficient", corrected({ lanes }))).to.equal(true);
      expect(figuresOf((await payer.pay(terms())).payload)).to.deep.equal(["tab", 17n, 2_000n]);
    });

    it("never grows by more than its price, though others are on their way and all of it is said to be used", async () => {
      const payer = makePayer();
      const first = await payer.pay(terms());
      await payer.pay(terms());
      const lanes = [{ lane: 17n, authorised: 2_000n, consumed: 2_000n, settled: 0n }];
      await payer.refused(first.key, "flash_amount_insufficient", corrected({ lanes }));
      expect(figuresOf((await payer.pay(terms())).payload)).to.deep.equal(["tab", 17n, 3_000n]);
    });

    for (const said of [2_000n, 9_000n]) {
      it(`pays with what a refused one has promised, though ${said} are said to be used while it was on its way`, async () => {
        const payer = makePayer();
        const [first, second] = [await payer.pay(terms()), await payer.pay(terms())];
        if (said === 2_000n) await payer.accepted(first.key, settled(17n, said));
        await payer.refused(second.key, "anything");
        if (said === 9_000n) await payer.accepted(first.key, settled(17n, said));
        expect(figuresOf((await payer.pay(terms())).payload)).to.deep.equal(["tab", 17n, 2_000n]);
      });
    }

    it("gives way to payments when the server keeps no more lanes", async () => {
      const payer = makePayer();
      const { key } = await payer.pay(terms());
      expect(await payer.refused(key, "flash_nonce_out_of_window", corrected({}))).to.equal(true);
      expect(figuresOf((await payer.pay(terms())).payload)).to.deep.equal(["payment", 0n, 1_000n]);
    });

    const lie = fc.record({
      kind: fc.constantFrom("served", "insufficient", "window", "used", "epoch", "exceeded", "other", "unanswered"),
      price: fc.bigInt({ min: 1n, max: 5_000n }),
      consumed: fc.bigInt({ min: 0n, max: 20_000n }),
      epoch: fc.bigInt({ min: 0n, max: 3n }),
      nonceBase: fc.bigInt({ min: 0n, max: 9n }),
    });
    for (const payBy of ["tab", "payment"] as const) {
      it(`of any kind promises at most its price more, whatever the server answers (${payBy})`, async function () {
        this.timeout(60_000);
        await fc.assert(
          fc.asyncProperty(fc.array(lie, { maxLength: 10 }), async (lies) => {
            const payer = makePayer({ payBy, maxWait: 0, limits: { maxUnserved: 10n ** 18n } });
            const promised = new Map<string, bigint>();
            for (const { price, ...figures } of lies) {
              const { key, payload } = await payer.pay(terms({ price }));
              expectPromise(promised, payload, price);
              await answer(payer, key, { number: figuresOf(payload)[1], ...figures });
            }
          }),
          { numRuns: 25 },
        );
      });
    }
  });

  describe("a lane that was forgotten", () => {
    const total = 9_000n;
    const tab = { client: account.address, server, token: terms().token, total, lane: 5n, deadline: 0n, epoch: 0n };

    /** Is served a request in one lane, and shown another one. */
    async function shown(consumed: bigint, signer = account) {
      const events: PayerEvent[] = [];
      const payer = makePayer({ onEvent: (event) => events.push(event) });
      const proof = { deadline: 0n, signature: await signTab(signer, { ...reference, tab }) };
      const { key, payload } = await payer.pay(terms());
      const [, lane] = figuresOf(payload);
      const otherLane = { lane: 5n, authorised: total, consumed, settled: 0n, proof };
      // The lane of the payment is of no more use, so that another one is looked for.
      await payer.accepted(key, { ...settled(lane, 1_000n), otherLane });
      const next = await payer.pay(terms());
      await payer.refused(
        next.key,
        "flash_amount_insufficient",
        corrected({ lanes: [{ lane, authorised: 1n, consumed: 99_000n, settled: 0n }] }),
      );
      return { events: events.map(({ kind }) => kind), next: figuresOf((await payer.pay(terms())).payload) };
    }

    it("is used again when an answer shows what this client signed in it", async () => {
      const { events, next } = await shown(8_500n);
      expect(next).to.deep.equal(["tab", 5n, 9_500n]);
      expect(events).to.deep.equal(["corrected", "correctionRefused"]);
    });

    it("is not when another key signed it, or more is claimed than was signed; the answer counts all the same", async () => {
      const stranger = privateKeyToAccount(generatePrivateKey());
      for (const { events, next } of [await shown(8_500n, stranger), await shown(9_001n)]) {
        expect(next[1]).to.not.equal(5n);
        expect(next[2]).to.equal(1_000n);
        expect(events).to.deep.equal(["correctionRefused", "correctionRefused"]);
      }
    });
  });

  describe("a top-up", () => {
    const used = (): Settlement => ({
      ...settled(17n, 1_000n),
      escrow: { ...settled().escrow, available: 0n, unlockAt: 2n ** 40n - 1n },
    });

    it("comes with the payment after the answer that left nothing, and is kept over a restart", async () => {
      const storage = createFilePayerStorage(join(await mkdtemp(join(tmpdir(), "payer-")), "payer.json"));
      const limits = { maxEscrow: 150_000n };
      const first = makePayer({ opening: {}, limits, storage });
      const opened = await first.pay(terms());
      await first.accepted(opened.key, used());
      const { payload, key } = await first.pay(terms());
      if (payload.type !== "tab") throw new Error("no tab");
      const { topUp } = payload.renewal ?? {};
      expect(topUp?.authorization).to.include({ client: first.address, server, amount: 50_000n, epoch: 0n });
      expect([topUp?.funding.method, first.isResent(key)]).to.deep.equal(["Eip3009", false]);
      // After a restart it brings the one that it has signed: there is no room for another.
      const second = makePayer({ opening: {}, limits, storage });
      const later = await second.pay(terms());
      await second.accepted(later.key, used());
      const again = await second.pay(terms());
      expect("renewal" in again.payload && again.payload.renewal?.topUp).to.deep.equal(topUp);
      await second.accepted(again.key, used());
      expect((await second.pay(terms())).payload).to.not.have.property("renewal");
    });

    it("is sent again, and no other is signed, until it is answered", async () => {
      const payer = makePayer({ opening: {} });
      await payer.accepted((await payer.pay(terms())).key, used());
      const first = await payer.pay(terms());
      await payer.refused(first.key, "flash_escrow_pending", { ...terms().offer, retryAfterMs: 0 });
      const second = await payer.pay(terms());
      expect(second.payload).to.deep.equal(first.payload);
      expect(payer.isResent(second.key)).to.equal(true);
    });

    it("that the server denies is left out of the next payment", async () => {
      for (const code of [
        "flash_renewal_unfunded",
        "flash_renewal_failed",
        "flash_relay_limit",
        "flash_relay_budget",
      ]) {
        const payer = makePayer({ opening: {} });
        await payer.accepted((await payer.pay(terms())).key, used());
        const { key } = await payer.pay(terms());
        expect(await payer.refused(key, code, terms().offer), code).to.equal(true);
        const { payload } = await payer.pay(terms());
        expect(payload, code).to.not.have.property("renewal");
      }
    });

    it("is not brought where the client wants none, the server relays none, or no method serves", async () => {
      const cases: readonly [Partial<PayerOptions>, object][] = [
        [{ opening: { renew: false } }, {}],
        [{ opening: false }, {}],
        [{ opening: {} }, { payloadTypes: ["payment", "tab"] }],
        [{ opening: {} }, { openMethods: ["allowance"] }],
        [{ opening: {} }, { tokenDomain: undefined }],
        [{ opening: {}, payBy: "transaction" }, {}],
      ];
      for (const [options, offer] of cases) {
        const payer = makePayer({ chain: chainOf({ isOpen: true }), ...options });
        await payer.accepted((await payer.pay(terms({ offer }))).key, used());
        const { payload } = await payer.pay(terms({ offer }));
        expect(payload).to.not.have.property("renewal");
      }
    });

    it("asked for without end stays within a thousand prices", async () => {
      const payer = makePayer({ opening: {}, maxWait: 0 });
      await payer.accepted((await payer.pay(terms())).key, used());
      let locked = 100_000n;
      for (let attempt = 0; attempt < 20; attempt += 1) {
        const { key, payload } = await payer.pay(terms());
        const topUp = "renewal" in payload ? payload.renewal?.topUp : undefined;
        locked += topUp?.authorization.amount ?? 0n;
        await payer.refused(key, "flash_exposure_exceeded", { ...corrected({ available: 0n }), retryAfterMs: 0 });
        await payer.refused((await payer.pay(terms())).key, "flash_exposure_exceeded", corrected({ available: 0n }));
      }
      expect(locked <= 1_000_000n).to.equal(true);
    });
  });

  describe("a payment", () => {
    const payBy = "payment";

    it("has dense nonces from the server's base, unique in parallel", async () => {
      const payer = makePayer({ payBy });
      const offer = { nonceBase: 5n };
      const paid = await Promise.all(Array.from({ length: 20 }, () => payer.pay(terms({ offer }))));
      const nonces = paid.map(({ payload }) => figuresOf(payload)[1]);
      expect(nonces).to.deep.equal(Array.from({ length: 20 }, (_, index) => 5n + BigInt(index)));
      const item = itemOf(paid[0]?.payload ?? expect.fail());
      if (item.kind !== "payment") throw new Error("no payment");
      const payment = { ...item, server, token: terms().token };
      const { signature } = item;
      expect(await verifyPayment({ ...reference, payment, signer: account.address, signature })).to.equal(true);
    });

    it("that was refused is sent again before another is signed", async () => {
      const payer = makePayer({ payBy, maxWait: 0 });
      const [first, second] = [await payer.pay(terms()), await payer.pay(terms())];
      await payer.refused(first.key, "flash_exposure_exceeded", { ...terms().offer, retryAfterMs: 5_000 });
      const again = await payer.pay(terms());
      expect([again.key, payer.isResent(again.key)]).to.deep.equal([first.key, true]);
      expect(figuresOf((await payer.pay(terms())).payload)[1]).to.equal(2n);
      expect(figuresOf(second.payload)[1]).to.equal(1n);
    });

    it("of another price is never taken for one that was refused", async () => {
      const payer = makePayer({ payBy });
      const { key } = await payer.pay(terms());
      await payer.refused(key, "anything");
      expect(figuresOf((await payer.pay(terms({ price: 2_000n }))).payload)).to.deep.equal(["payment", 1n, 2_000n]);
      expect(figuresOf((await payer.pay(terms())).payload)).to.deep.equal(["payment", 0n, 1_000n]);
    });

    it("without an answer is never sent again", async () => {
      const payer = makePayer({ payBy });
      await payer.unanswered((await payer.pay(terms())).key);
      expect(figuresOf((await payer.pay(terms())).payload)[1]).to.equal(1n);
    });

    it("goes on above the base that the server names", async () => {
      const payer = makePayer({ payBy });
      const { key } = await payer.pay(terms());
      expect(await payer.refused(key, "flash_nonce_used", corrected({ nonceBase: 7n }))).to.equal(true);
      expect(figuresOf((await payer.pay(terms())).payload)[1]).to.equal(7n);
    });

    it("ends for good at a refusal that nothing is to be learned from", async () => {
      const payer = makePayer({ payBy });
      for (const code of ["flash_signature_invalid", "flash_escrow_closing", "", "anything", "constructor"]) {
        const { key } = await payer.pay(terms());
        expect(await payer.refused(key, code, terms().offer), code).to.equal(false);
        // A second answer to one payment says nothing.
        expect(await payer.refused(key, "flash_nonce_used", terms().offer), code).to.equal(false);
      }
    });
  });

  describe("a signed transaction", () => {
    it("pays by its content, and the server brings it home", async () => {
      const payer = makePayer({ payBy: "transaction" });
      const paid = await Promise.all([payer.pay(terms()), payer.pay(terms())]);
      const [first, second] = paid.map(({ payload }) => {
        if (payload.type !== "transaction") throw new Error("no transaction");
        return parseSignedTransaction(payload.item.rawTransaction, reference);
      });
      expect(first).to.include({ server, token: terms().token, amount: 1_000n, deadline: 0n, epoch: 0n });
      expect(first?.nonce).to.not.equal(second?.nonce);
    });

    it("that was refused is sent again with the same content", async () => {
      const payer = makePayer({ payBy: "transaction" });
      const { key } = await payer.pay(terms());
      await payer.refused(key, "flash_stale_state");
      expect((await payer.pay(terms())).key).to.equal(key);
    });

    it("is paid with where the server takes nothing else", async () => {
      const { payload } = await makePayer().pay(terms({ offer: { payloadTypes: ["transaction"] } }));
      expect(payload.type).to.equal("transaction");
      const client = { address: account.address, signTypedData: account.signTypedData as never };
      const error = await rejection(makePayer({ client }).pay(terms({ offer: { payloadTypes: ["transaction"] } })));
      expect(error).to.be.instanceOf(UnreadableOfferError);
    });
  });

  describe("an epoch", () => {
    it("that the server names voids what was signed before", async () => {
      const payer = makePayer();
      const { key } = await payer.pay(terms());
      expect(await payer.refused(key, "flash_epoch_mismatch", corrected({ epoch: 2n }))).to.equal(true);
      const { payload } = await payer.pay(terms());
      expect([itemOf(payload).epoch, ...figuresOf(payload)]).to.deep.equal([2n, "tab", 17n, 1_000n]);
    });

    it("below one that the server accepted in is not believed", async () => {
      const events: PayerEvent[] = [];
      const payer = makePayer({ onEvent: (event) => events.push(event) });
      const first = await payer.pay(terms());
      await payer.refused(first.key, "flash_epoch_mismatch", corrected({ epoch: 2n }));
      const second = await payer.pay(terms());
      await payer.accepted(second.key, settled(17n, 1_000n));
      const third = await payer.pay(terms());
      expect(await payer.refused(third.key, "flash_epoch_mismatch", corrected({ epoch: 1n }))).to.equal(false);
      expect(itemOf((await payer.pay(terms())).payload).epoch).to.equal(2n);
      expect(events.at(-1)).to.deep.include({ kind: "correctionRefused", what: "epoch", value: 1n });
    });

    it("is believed only when the chain shows it, where the chain can be asked", async () => {
      const payer = makePayer({ chain: chainOf({ epoch: 3n, isOpen: true }) });
      const first = await payer.pay(terms());
      expect(itemOf(first.payload).epoch).to.equal(3n);
      expect(await payer.refused(first.key, "flash_epoch_mismatch", corrected({ epoch: 4n }))).to.equal(false);
      expect(itemOf((await payer.pay(terms())).payload).epoch).to.equal(3n);
    });

    it("that nobody can prove leaves what was signed before in the limit on what is not served", async () => {
      for (const [chain, isBounded] of [
        [undefined, true],
        [chainOf({ epoch: 1n }), false],
      ] as const) {
        const facts = { epoch: 0n };
        const readEscrow = async () => ({ ...CLOSED, isOpen: true, ...facts });
        const asked = chain === undefined ? {} : { chain: { ...chain, readEscrow } };
        const payer = makePayer({ limits: { maxUnserved: 1_000n }, ...asked });
        const { key } = await payer.pay(terms());
        facts.epoch = 1n;
        expect(await payer.refused(key, "flash_epoch_mismatch", corrected({ epoch: 1n }))).to.equal(true);
        const next = await payer.pay(terms()).catch((error: unknown) => error);
        expect(next instanceof UnservedLimitError).to.equal(isBounded);
      }
    });

    it("is guessed when the chain does not answer", async () => {
      const events: PayerEvent[] = [];
      const chain: EscrowReader = {
        readEscrow: async () => Promise.reject(new Error("no chain")),
        isTopUpUsed: async () => Promise.reject(new Error("no chain")),
        readAllowance: async () => Promise.reject(new Error("no chain")),
      };
      const payer = makePayer({ chain, opening: {}, onEvent: (event) => events.push(event) });
      const { payload } = await payer.pay(terms());
      expect([payload.type, itemOf(payload).epoch]).to.deep.equal(["open", 0n]);
      expect(events.map(({ kind }) => kind)).to.deep.equal(["chainFailed", "chainFailed", "openingSigned"]);
    });
  });

  describe("an opening", () => {
    it("comes with the first payment, on terms within the client's and the server's", async () => {
      const payer = makePayer({ opening: {} });
      const { payload } = await payer.pay(terms());
      if (payload.type !== "open") throw new Error("no opening");
      const { terms: opened, funding, signature, permit } = payload.opening;
      expect(opened).to.deep.include({ client: payer.address, server, amount: 100_000n, epoch: 0n, closeDelay: 900n });
      expect(opened).to.include({ ttlSeconds: 2_592_000n, deadline: START + 3_600n });
      expect([funding.method, signature, permit]).to.deep.equal(["Eip3009", "0x", undefined]);
      expect(figuresOf(payload)).to.deep.equal(["tab", 17n, 1_000n]);
    });

    it("is brought by one of the requests that come together; the others wait for it", async () => {
      const payer = makePayer({ opening: {} });
      const requests = Array.from({ length: 5 }, () => payer.pay(terms()));
      const first = await Promise.race(requests);
      expect(first.payload.type).to.equal("open");
      await payer.accepted(first.key, settled(17n, 1_000n));
      const types = (await Promise.all(requests)).map(({ payload }) => payload.type);
      expect(types).to.deep.equal(["open", "tab", "tab", "tab", "tab"]);
    });

    it("is sent again unsigned while nobody says what became of it", async () => {
      const opened: unknown[] = [];
      const payer = makePayer({ opening: {}, onEvent: ({ kind }) => opened.push(kind) });
      const first = await payer.pay(terms());
      expect(await payer.refused(first.key, "flash_escrow_pending", { ...terms().offer, retryAfterMs: 100 })).to.equal(
        true,
      );
      const second = await payer.pay(terms());
      expect([second.key, second.payload.type, payer.isResent(second.key)]).to.deep.equal([first.key, "open", true]);
      await payer.unanswered(second.key);
      expect((await payer.pay(terms())).payload.type).to.equal("open");
      expect(opened).to.deep.equal(["openingSigned"]);
    });

    it("that is past its time or denied is signed anew, and takes the other's place in the limits", async () => {
      const opened: unknown[] = [];
      const limits = { maxEscrow: 100_000n };
      const payer = makePayer({ opening: {}, limits, onEvent: ({ kind }) => opened.push(kind) });
      for (const code of ["flash_opening_expired", "flash_opening_unfunded"]) {
        const { key } = await payer.pay(terms());
        expect(await payer.refused(key, code, terms().offer)).to.equal(code === "flash_opening_expired");
      }
      await payer.pay(terms());
      expect(opened).to.deep.equal(["openingSigned", "openingSigned", "openingSigned"]);
    });

    it("gives FlashSettlement an allowance of a multiple of the escrow, never more", async () => {
      const offer = { openMethods: ["allowance", "eip3009"] as const };
      for (const [allowanceMultiple, value] of [
        [undefined, 1_100_000n],
        [2n, 300_000n],
      ] as const) {
        const opening = allowanceMultiple === undefined ? {} : { allowanceMultiple };
        const payer = makePayer({ opening, chain: chainOf({}, 0n, 4n) });
        const { payload } = await payer.pay(terms({ offer }));
        if (payload.type !== "open") throw new Error("no opening");
        expect(payload.opening.funding.method).to.equal("Allowance");
        expect(payload.opening.permit?.value).to.equal(value);
      }
    });

    it("leaves the permit out where the allowance suffices, and falls back where nothing is known", async () => {
      const offer = { openMethods: ["allowance", "eip3009"] as const };
      const opening = async (options: Partial<PayerOptions>) => {
        const { payload } = await makePayer({ opening: {}, ...options }).pay(terms({ offer }));
        if (payload.type !== "open") throw new Error("no opening");
        return [payload.opening.funding.method, payload.opening.permit];
      };
      expect(await opening({ chain: chainOf({}, 2_000_000n, 4n) })).to.deep.equal(["Allowance", undefined]);
      expect(await opening({})).to.deep.equal(["Eip3009", undefined]);
    });

    it("is not made when the limits do not allow what the server demands", async () => {
      const refusals: readonly (readonly [Partial<PayerOptions>, bigint | undefined, object, unknown])[] = [
        [{ limits: { maxEscrow: 9_999n } }, undefined, {}, EscrowNeededError],
        [{ limits: { maxTotalEscrow: 9_999n } }, undefined, {}, EscrowNeededError],
        [{}, 9_999n, {}, EscrowNeededError],
        [{}, undefined, { minEscrow: 1_000_001n }, EscrowNeededError],
        [{}, undefined, { minCloseDelay: 86_401n, minTtlSeconds: 90_000n }, LockLimitError],
        [{}, undefined, { minTtlSeconds: 7_776_001n }, LockLimitError],
        [{}, undefined, { tokenDomain: undefined }, EscrowNeededError],
        [{ limits: { maxPrice: 999n } }, undefined, {}, PriceLimitError],
      ];
      for (const [options, spendCap, offer, ErrorClass] of refusals) {
        const payer = makePayer({ opening: {}, ...options });
        expect(await rejection(payer.pay(terms({ offer }), spendCap))).to.be.instanceOf(ErrorClass as never);
      }
    });

    it("counts against the limit on all servers until a final block says that it is over", async () => {
      const facts = { epoch: 0n, isOpen: false, timestamp: START };
      const chain = chainOf(facts);
      const readEscrow = async () => ({ ...CLOSED, ...facts });
      const limits = { maxTotalEscrow: 150_000n };
      let now = START;
      const payer = makePayer({ opening: {}, limits, chain: { ...chain, readEscrow }, now: () => now });
      const servers = [1, 2, 3].map((index) => `0x${String(index).repeat(40)}` as Address);
      const amountAt = async (index: number) => {
        const { payload } = await payer.pay(terms({ server: servers[index] ?? server }));
        return payload.type === "open" ? payload.opening.terms.amount : undefined;
      };
      expect([await amountAt(0), await amountAt(1)]).to.deep.equal([100_000n, 50_000n]);
      expect(await rejection(amountAt(2))).to.be.instanceOf(EscrowNeededError);
      now = START + 4_000n;
      expect(await rejection(amountAt(2))).to.be.instanceOf(EscrowNeededError);
      facts.timestamp = now;
      expect(await amountAt(2)).to.equal(100_000n);
    });

    it("is not brought where the chain shows an open escrow", async () => {
      const payer = makePayer({ opening: {}, chain: chainOf({ isOpen: true }) });
      expect((await payer.pay(terms())).payload.type).to.equal("tab");
    });

    it("is brought once the server says that there is no escrow", async () => {
      const payer = makePayer({ opening: {}, chain: chainOf({ isOpen: true }) });
      const { key } = await payer.pay(terms());
      expect(await payer.refused(key, "flash_escrow_not_found", terms().offer)).to.equal(true);
      const { key: other, payload } = await payer.pay(terms());
      expect(payload.type).to.equal("open");
      expect(await payer.refused(other, "flash_escrow_not_found", terms().offer)).to.equal(false);
    });

    it("names the signer of the payments", async () => {
      const signer = privateKeyToAccount(generatePrivateKey());
      const { payload } = await makePayer({ opening: {}, signer }).pay(terms());
      if (payload.type !== "open" || payload.item.kind !== "tab") throw new Error("no opening");
      expect(payload.opening.terms.signer).to.equal(signer.address.toLowerCase());
      const tab = { ...payload.item, server, token: terms().token };
      const { signature } = payload.item;
      expect(await verifyTab({ ...reference, tab, signer: signer.address, signature })).to.equal(true);
    });
  });

  describe("what it keeps", () => {
    let folder: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "payer-"));
    });
    after(() => rm(folder, { recursive: true }));

    const storages: Readonly<Record<string, () => () => PayerStorage>> = {
      memory: () => {
        const storage = createMemoryPayerStorage();
        return () => storage;
      },
      file: () => () => createFilePayerStorage(join(folder, "payer.json")),
    };
    for (const [name, openStorage] of Object.entries(storages)) {
      it(`is there after a restart (${name})`, async () => {
        const reopen = openStorage();
        const first = makePayer({ opening: {}, storage: reopen() });
        const paid = await first.pay(terms());
        await first.accepted(paid.key, settled(17n, 1_000n));
        const lost = await first.pay(terms());
        expect(figuresOf(lost.payload)[2]).to.equal(2_000n);
        const second = makePayer({ opening: {}, storage: reopen() });
        const { payload } = await second.pay(terms());
        // What was on its way counts as used.
        expect([payload.type, ...figuresOf(payload)]).to.deep.equal(["tab", "tab", 17n, 3_000n]);
        const byPayment = makePayer({ payBy: "payment", storage: reopen() });
        const spare = await byPayment.pay(terms());
        await byPayment.refused(spare.key, "anything");
        const third = makePayer({ payBy: "payment", storage: reopen() });
        const again = await third.pay(terms());
        expect([again.key, third.isResent(again.key)]).to.deep.equal([spare.key, true]);
        expect(figuresOf((await third.pay(terms())).payload)[1]).to.equal(1n);
      });
    }

    it("goes to the storage before the signature leaves", async () => {
      const saved: PayerRecord[] = [];
      const storage: PayerStorage = { load: async () => [], save: async (record) => void saved.push(record) };
      const { payload } = await makePayer({ opening: {}, storage }).pay(terms());
      expect(saved).to.have.lengthOf(1);
      expect(saved[0]?.lanes).to.deep.equal([{ lane: 17n, promised: 1_000n, charged: 1_000n, isAvoided: false }]);
      expect(saved[0]?.openings).to.deep.equal(payload.type === "open" ? [payload.opening] : []);
    });

    it("stops the payment when it cannot be kept, and not the answer", async () => {
      const events: PayerEvent[] = [];
      let isFull = true;
      const storage: PayerStorage = {
        load: async () => [],
        save: async () => (isFull ? Promise.reject(new Error("disk full")) : undefined),
      };
      const payer = makePayer({ storage, onEvent: (event) => events.push(event) });
      expect(await rejection(payer.pay(terms()))).to.have.property("message", "disk full");
      isFull = false;
      const { key, payload } = await payer.pay(terms());
      expect(figuresOf(payload)[2]).to.equal(1_000n);
      isFull = true;
      await payer.accepted(key, settled(17n, 1_000n));
      expect(events.map(({ kind }) => kind)).to.deep.equal(["storageFailed"]);
    });

    it("is read by its owner alone, and a file of another kind is refused", async () => {
      const path = join(folder, "own.json");
      await makePayer({ storage: createFilePayerStorage(path) }).pay(terms());
      expect((await stat(path)).mode & 0o777).to.equal(0o600);
      const text = await readFile(path, "utf8");
      for (const other of ["", "{}", '{"version":2,"accounts":[]}', text.replace('"epoch":"0"', '"epoch":"-1"')]) {
        await writeFile(path, other);
        const error = await rejection(makePayer({ storage: createFilePayerStorage(path) }).pay(terms()));
        expect(error, other).to.be.instanceOf(UnreadableStorageError);
      }
    });
  });

  describe("a large price", () => {
    const offers = (amount: string) =>
      ["flash", "exact"].map((scheme) => ({ scheme, network: "eip155:8453", asset: "0x1", amount }) as never);
    const firstOf = (amount: string, threshold: Parameters<typeof preferExactAbove>[0]) =>
      preferExactAbove(threshold)(2, offers(amount))[0]?.scheme;

    it("is paid by exact where the server offers both", () => {
      expect([firstOf("10000", 10_000n), firstOf("10001", 10_000n)]).to.deep.equal(["flash", "exact"]);
      expect(firstOf("10001", () => undefined)).to.equal("flash");
    });
  });

  describe("terms", () => {
    const requirements = {
      scheme: "flash",
      network: "eip155:8453",
      asset: terms().token,
      amount: "1000",
      payTo: server,
      maxTimeoutSeconds: 60,
      extra: { settlementContractAddress: settlement },
    } as const;

    it("that cannot be read are refused before anything is signed", async () => {
      const scheme = new FlashEvmScheme({ client: account, settlements: [settlement] });
      expect(toTerms(requirements)).to.deep.include({ price: 1_000n, server, chainId: 8453n });
      const changes = [
        { network: "base" },
        { network: "eip155:*" },
        { payTo: "merchant" },
        { asset: "USD" },
        { amount: "0" },
        { amount: "1e3" },
        { amount: "-1" },
        { extra: {} },
        { extra: { settlementContractAddress: "0x12" } },
      ];
      for (const change of changes) {
        const wrong = { ...requirements, ...change } as never;
        expect(await rejection(scheme.createPaymentPayload(2, wrong)), JSON.stringify(change)).to.be.instanceOf(
          UnreadableOfferError,
        );
      }
    });

    it("are held to the SDK's limit on one payment", async () => {
      const scheme = new FlashEvmScheme({ client: account, settlements: [settlement] });
      const extra = { ...requirements.extra, payloadTypes: ["tab", "open"], openMethods: ["permit2"] };
      const { payload } = await scheme.createPaymentPayload(
        2,
        { ...requirements, extra },
        { maxAmountPerPayment: "40000" },
      );
      expect((payload["open"] as { amount: string }).amount).to.equal("40000");
    });
  });
});

/** The escrow that the tests' payer pays from. */
function record({ address: client }: Payer) {
  return { ...reference, client, server, token: terms().token };
}
