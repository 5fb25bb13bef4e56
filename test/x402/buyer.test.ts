import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import type { Address, Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import {
  createBuyer,
  createFileBuyerStorage,
  createMemoryBuyerStorage,
  DEFAULT_LANE,
  DeferredConfigurationError,
  DeferredEvmScheme,
  DepositNeededError,
  PriceLimitError,
  toTerms,
  UnreadableOfferError,
  UnreadableStorageError,
  type Buyer,
  type BuyerAccountRecord,
  type BuyerOptions,
  type BuyerStorage,
  type Offer,
} from "../../client/x402/deferred/index.ts";
import { recoverVoucherKey } from "../../client/voucher/index.ts";
import { USDC } from "../base/addresses.ts";
import { escrow, seller, settled, terms } from "./helpers/terms.ts";

const account = privateKeyToAccount(generatePrivateKey());
const PREFIX = "invalid_deferred_evm_payload_";

/** A buyer whose deposits are taken for granted. */
function makeBuyer(options: Partial<BuyerOptions> = {}): Buyer {
  return createBuyer({ buyer: account, escrows: [escrow], deposit: false, ...options });
}

describe("x402 deferred: buyer", () => {
  describe("lanes", () => {
    it("are the default lane first, then the offered one, then fresh ones", async () => {
      const buyer = makeBuyer();
      const offered = `0x${"0f".repeat(32)}` as Hex;
      const first = await buyer.pay(terms());
      const second = await buyer.pay(terms({ offer: { id: offered } }));
      const third = await buyer.pay(terms({ offer: { id: offered } }));
      const [firstId, secondId, thirdId] = [first, second, third].map(({ voucher }) => voucher.id);
      expect([firstId, secondId]).to.deep.equal([DEFAULT_LANE, offered]);
      expect(thirdId).to.not.be.oneOf([DEFAULT_LANE, offered]);
    });

    it("are used again before new ones are opened", async () => {
      const buyer = makeBuyer();
      const [first, second] = [await buyer.pay(terms()), await buyer.pay(terms())];
      await buyer.accepted(second.signature, settled(second.voucher.id, 1_000n));
      const third = await buyer.pay(terms({ offer: { id: `0x${"0f".repeat(32)}` } }));
      expect(third.voucher.id).to.equal(second.voucher.id);
      expect([third.voucher.nonce, third.voucher.valueAggregate]).to.deep.equal([1n, 2_000n]);
      await buyer.accepted(first.signature, settled(first.voucher.id, 1_000n));
      expect((await buyer.pay(terms())).voucher.id).to.equal(DEFAULT_LANE);
    });

    it("count nonces from zero and never sign a ceiling below an earlier one", async () => {
      const buyer = makeBuyer();
      const ceilings: bigint[] = [];
      const nonces: bigint[] = [];
      for (const [price, charged] of [
        [1_000n, 10n],
        [500n, 20n],
        [2_000n, 30n],
      ] as const) {
        const { signature, voucher } = await buyer.pay(terms({ price }));
        ceilings.push(voucher.valueAggregate);
        nonces.push(voucher.nonce);
        await buyer.accepted(signature, settled(voucher.id, charged));
      }
      expect(nonces).to.deep.equal([0n, 1n, 2n]);
      expect(ceilings).to.deep.equal([1_000n, 1_000n, 2_020n]);
    });

    const answers: Readonly<
      Record<string, (buyer: Buyer, signature: Hex, id: Hex, ceiling: bigint) => Promise<unknown>>
    > = {
      charged: (buyer, signature, id, ceiling) => buyer.accepted(signature, settled(id, ceiling)),
      chargedLess: (buyer, signature, id, ceiling) => buyer.accepted(signature, settled(id, ceiling / 2n)),
      chargedMore: (buyer, signature, id, ceiling) => buyer.accepted(signature, settled(id, ceiling * 1_000n)),
      exposed: (buyer, signature) => buyer.refused(signature, `${PREFIX}exposure_limit`, terms().offer),
      refused: (buyer, signature) => buyer.refused(signature, "anything"),
      unanswered: (buyer, signature) => buyer.unanswered(signature),
    };
    it("never promise more than what was promised before plus the price, whatever the seller answers", async () => {
      const step = fc.tuple(fc.constantFrom(...Object.keys(answers)), fc.bigInt({ min: 1n, max: 5_000n }));
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const buyer = makeBuyer({ maxLanes: 1 });
          let promised = 0n;
          for (const [kind, price] of steps) {
            const { signature, voucher } = await buyer.pay(terms({ price }));
            const ceiling = voucher.valueAggregate;
            expect(ceiling <= promised + price).to.equal(true);
            if (ceiling > promised) promised = ceiling;
            await answers[kind]?.(buyer, signature, voucher.id, ceiling);
          }
        }),
        { numRuns: 25 },
      );
    });

    it("whose answer never came are used again when their time is over", async () => {
      let now = 1_800_000_000n;
      const buyer = makeBuyer({ now: () => now, maxLanes: 1 });
      const lost = await buyer.pay(terms());
      now += 61n;
      const next = await buyer.pay(terms());
      expect([next.voucher.id, next.voucher.nonce]).to.deep.equal([lost.voucher.id, 1n]);
      // Too late: it was given up, and its answer changes nothing.
      await buyer.accepted(lost.signature, settled(lost.voucher.id, 1_000n));
      await buyer.accepted(next.signature, settled(next.voucher.id, 1_000n));
      expect((await buyer.pay(terms())).voucher.valueAggregate).to.equal(2_000n);
    });

    it("are waited for when no more may be opened", async () => {
      const buyer = makeBuyer({ maxLanes: 1 });
      const first = await buyer.pay(terms());
      let isPaid = false;
      const waiting = buyer.pay(terms()).then((payment) => {
        isPaid = true;
        return payment;
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(isPaid).to.equal(false);
      await buyer.accepted(first.signature, settled(first.voucher.id, 1_000n));
      expect((await waiting).voucher.nonce).to.equal(1n);
    });

    for (const code of [5, null, undefined, {}, [`${PREFIX}voucher_value`]]) {
      it(`are free again when the code of a refusal is no text: ${JSON.stringify(code)}`, async () => {
        const buyer = makeBuyer({ maxLanes: 1, deposit: {} });
        const first = await buyer.pay(terms());
        expect(await buyer.refused(first.signature, code as never, terms().offer)).to.equal(false);
        const second = await buyer.pay(terms());
        expect([second.voucher.id, second.voucher.nonce]).to.deep.equal([DEFAULT_LANE, 0n]);
        expect(second.deposit).to.deep.equal(first.deposit);
      });
    }

    it("are free again, and kept, when the application fails over what it is told", async () => {
      const storage = createMemoryBuyerStorage();
      const onEvent = ({ kind }: { kind: string }) => {
        if (kind === "correctionRefused") throw new Error("the log is full");
      };
      const buyer = makeBuyer({ deposit: {}, storage, onEvent });
      const { signature, voucher, deposit } = await buyer.pay(terms());
      const latest = { voucher, signature: `0x${"11".repeat(65)}` as Hex };
      const lie = terms({ offer: { type: "aggregation", latest } }).offer;
      const failure = await buyer.refused(signature, `${PREFIX}voucher_value`, lie).catch((error: Error) => error);
      expect(failure).to.be.instanceOf(Error).with.property("message", "the log is full");
      expect((await storage.load())[0]?.lanes[0]).to.include({ nextNonce: 0n });
      expect((await buyer.pay(terms())).deposit).to.deep.equal(deposit);
    });

    it("are left alone for a while when another client uses them", async () => {
      const buyer = makeBuyer();
      const { signature, voucher } = await buyer.pay(terms());
      const other = `0x${"0f".repeat(32)}` as Hex;
      expect(await buyer.refused(signature, `${PREFIX}lane_busy`, terms({ offer: { id: other } }).offer)).to.equal(
        true,
      );
      expect((await buyer.pay(terms())).voucher.id).to.equal(other);
      expect(voucher.id).to.equal(DEFAULT_LANE);
    });

    it("are left alone for good when the seller claims a total that nothing proves", async () => {
      let now = 1_800_000_000n;
      const buyer = makeBuyer({ now: () => now });
      const { signature } = await buyer.pay(terms());
      const claim = terms({ offer: { type: "aggregation", charged: 5_000n } }).offer;
      expect(await buyer.refused(signature, `${PREFIX}voucher_value`, claim)).to.equal(true);
      now += 1_000n;
      const { voucher } = await buyer.pay(terms());
      expect(voucher.id).to.not.equal(DEFAULT_LANE);
      expect(voucher.valueAggregate).to.equal(1_000n);
    });

    it("are kept apart by seller, asset, escrow and chain", async () => {
      const buyer = makeBuyer({ escrows: [escrow, seller] });
      const others = [
        terms(),
        terms({ seller: escrow }),
        terms({ asset: seller }),
        terms({ chainId: 1n }),
        terms({ offer: { escrow: seller } }),
      ];
      for (const offer of others) {
        const { voucher } = await buyer.pay(offer);
        expect([voucher.id, voucher.nonce, voucher.valueAggregate]).to.deep.equal([DEFAULT_LANE, 0n, 1_000n]);
      }
    });
  });

  describe("vouchers", () => {
    it("name everything, last long enough, and are signed by the buyer", async () => {
      const now = 1_800_000_000n;
      const buyer = makeBuyer({ now: () => now });
      const { voucher, signature } = await buyer.pay(terms({ offer: { minVoucherLifetime: 30n * 86_400n } }));
      expect(voucher).to.include({ seller, escrow, chainId: 8453n, timestamp: now });
      expect(voucher.expiry >= now + 30n * 86_400n).to.equal(true);
      const key = await recoverVoucherKey({ voucher, signature, chainId: 8453, escrow });
      expect(key?.toLowerCase()).to.equal(account.address.toLowerCase());
    });

    it("keep a timestamp and an expiry that do not fall, also when the clock does", async () => {
      let now = 1_800_000_000n;
      const buyer = makeBuyer({ now: () => now });
      const first = await buyer.pay(terms());
      await buyer.accepted(first.signature, settled(DEFAULT_LANE, 1_000n));
      now -= 500n;
      const second = await buyer.pay(terms());
      expect(second.voucher.timestamp).to.equal(first.voucher.timestamp);
      expect(second.voucher.expiry).to.equal(first.voucher.expiry);
    });
  });

  describe("configuration", () => {
    it("needs a key", () => {
      expect(() => createBuyer({ buyer: { address: account.address }, escrows: [escrow] })).to.throw(
        DeferredConfigurationError,
      );
    });

    it("does not take the buyer for its own session signer", () => {
      expect(() => createBuyer({ buyer: account, escrows: [escrow], session: { signer: account } })).to.throw(
        DeferredConfigurationError,
      );
    });

    it("takes limits by asset", async () => {
      const limits = (asset: Address) => (asset === seller ? { maxPrice: 1n } : {});
      const buyer = makeBuyer({ limits });
      expect(await buyer.pay(terms({ asset: seller })).catch((error: unknown) => error)).to.be.instanceOf(
        PriceLimitError,
      );
      expect((await buyer.pay(terms())).voucher.nonce).to.equal(0n);
    });

    it("counts its own assets among those the SDK's dollar limits hold for", () => {
      const assets = [{ network: "eip155:31337", asset: seller, decimals: 6, symbol: "TEST" }] as const;
      const scheme = new DeferredEvmScheme({ buyer: account, escrows: [escrow], assets });
      expect(scheme.findDefaultAsset(seller.toUpperCase().replace("0X", "0x"), "eip155:31337")?.symbol).to.equal(
        "TEST",
      );
      expect(scheme.findDefaultAsset(USDC, "eip155:8453")?.symbol).to.equal("USDC");
      expect(scheme.findDefaultAsset(seller, "eip155:8453")).to.equal(undefined);
    });
  });

  describe("deposits", () => {
    const depositing = (options: Partial<BuyerOptions> = {}) => makeBuyer({ deposit: {}, ...options });

    it("come with one of several payments at once; the others wait for it", async () => {
      const buyer = depositing();
      const first = await buyer.pay(terms());
      const second = buyer.pay(terms());
      await new Promise((resolve) => setTimeout(resolve, 20));
      await buyer.accepted(first.signature, settled(first.voucher.id, 1_000n));
      expect(first.deposit?.authorization.amount).to.equal(100_000n);
      expect(await second).to.not.have.property("deposit");
    });

    it("are sent again unchanged until they are answered", async () => {
      const buyer = depositing();
      const first = await buyer.pay(terms());
      await buyer.unanswered(first.signature);
      const second = await buyer.pay(terms());
      expect(second.deposit).to.deep.equal(first.deposit);
      await buyer.accepted(second.signature, settled(second.voucher.id, 1_000n));
      expect(await buyer.pay(terms())).to.not.have.property("deposit");
    });

    it("go with another payment when the answer takes long, since it may never come", async () => {
      let now = 1_800_000_000n;
      const buyer = depositing({ now: () => now });
      const first = await buyer.pay(terms());
      let isPaid = false;
      const waiting = buyer.pay(terms()).then((payment) => {
        isPaid = true;
        return payment;
      });
      now += 20n;
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      expect(isPaid).to.equal(false);
      now += 1n;
      const second = await waiting;
      expect(second.deposit).to.deep.equal(first.deposit);
      expect(second.voucher.id).to.not.equal(first.voucher.id);
      await buyer.accepted(first.signature, settled(first.voucher.id, 1_000n));
      await buyer.accepted(second.signature, settled(second.voucher.id, 1_000n));
      expect(await buyer.pay(terms({ price: 98_000n }))).to.not.have.property("deposit");
      expect((await buyer.pay(terms({ price: 1_000n }))).deposit?.authorization.amount).to.equal(100_000n);
    }).timeout(5_000);

    it("are confirmed by the answer to a payment that carried them, and by no other", async () => {
      let now = 1_800_000_000n;
      const buyer = depositing({ now: () => now });
      const empty = terms({ offer: { account: { balance: 0n } } });
      const slow = await buyer.pay(empty);
      now += 21n;
      const copy = await buyer.pay(empty);
      await buyer.refused(copy.signature, `${PREFIX}deposit_authorization_nonce_invalid`, empty.offer);
      const next = await buyer.pay(empty);
      expect(next.deposit?.authorization.nonce).to.not.equal(slow.deposit?.authorization.nonce);
      await buyer.accepted(slow.signature, settled(slow.voucher.id, 1_000n));
      await buyer.unanswered(next.signature);
      // Nobody has said that the second one was executed: it goes again once it is needed.
      expect((await buyer.pay(terms({ price: 100_000n }))).deposit).to.deep.equal(next.deposit);
    });

    it("are signed anew when the pending one has expired", async () => {
      let now = 1_800_000_000n;
      const buyer = depositing({ now: () => now, deposit: { lifetime: 100n } });
      const first = await buyer.pay(terms());
      await buyer.unanswered(first.signature);
      now += 101n;
      // Whether it was executed is for the seller to say now.
      const second = await buyer.pay(terms());
      expect(second).to.not.have.property("deposit");
      const empty = terms({ offer: { account: { balance: 0n } } }).offer;
      expect(await buyer.refused(second.signature, "insufficient_funds", empty)).to.equal(true);
      const third = await buyer.pay(terms());
      expect(third.deposit?.authorization.nonce).to.not.equal(first.deposit?.authorization.nonce);
    });

    it("stay within the limit on all sellers, also when they are signed at the same time", async () => {
      const buyer = depositing({ limits: { maxTotalExposure: 150_000n } });
      const sellers = [seller, escrow, account.address.toLowerCase() as Address];
      const payments = await Promise.allSettled(sellers.map((one) => buyer.pay(terms({ seller: one }))));
      const amounts = payments.map((payment) =>
        payment.status === "fulfilled" ? payment.value.deposit?.authorization.amount : undefined,
      );
      expect(amounts).to.deep.equal([100_000n, 50_000n, undefined]);
    });

    it("stay within it also when they had to wait for a lane", async () => {
      const buyer = depositing({ limits: { maxTotalExposure: 150_000n }, maxLanes: 1 });
      const elsewhere = await buyer.pay(terms({ seller: escrow }));
      await buyer.accepted(elsewhere.signature, settled(DEFAULT_LANE, 0n));
      const covered = await buyer.pay(terms({ offer: { account: { balance: 1_000n } } }));
      const waiting = buyer.pay(terms());
      await new Promise((resolve) => setTimeout(resolve, 20));
      await buyer.accepted(covered.signature, settled(DEFAULT_LANE, 1_000n));
      expect((await waiting).deposit?.authorization.amount).to.equal(50_000n);
    });

    it("ask for what the policy says, within the limits", async () => {
      const sizes = async (options: Partial<BuyerOptions>, offer: Partial<Offer> = {}, cap?: bigint) =>
        (await depositing(options).pay(terms({ offer }), cap)).deposit?.authorization.amount;
      expect(await sizes({ deposit: { amount: () => 7_000n } })).to.equal(7_000n);
      expect(await sizes({ deposit: { amount: () => 1n } })).to.equal(1_000n);
      expect(await sizes({ deposit: { amount: ({ price }) => price * 9n } })).to.equal(9_000n);
      expect(await sizes({}, {}, 40_000n)).to.equal(40_000n);
      expect(await sizes({ limits: { maxDeposit: 30_000n } }, {}, 40_000n)).to.equal(30_000n);
      // Without any limit a seller's suggestion is followed up to a hundred requests.
      expect(await sizes({}, { deposit: { minimum: 1n, suggested: 10n ** 12n, methods: ["eip3009"] } })).to.equal(
        100_000n,
      );
    });

    it("are not made by methods that the buyer does not allow or the seller does not relay", async () => {
      const tries: readonly [BuyerOptions["deposit"], Partial<Offer>][] = [
        [{ methods: ["permit2"] }, {}],
        [{ methods: ["eip3009"] }, { account: { balance: 0n }, deposit: { minimum: 1n, suggested: 1n, methods: [] } }],
        [
          { methods: ["allowance"] },
          {
            account: { balance: 0n, assetAllowance: 5n },
            deposit: { minimum: 1n, suggested: 9_000n, methods: ["allowance"] },
          },
        ],
        [
          { methods: ["eip2612"] },
          { account: { balance: 0n }, deposit: { minimum: 1n, suggested: 1n, methods: ["eip2612"] } },
        ],
      ];
      for (const [deposit, offer] of tries) {
        const known = { account: { balance: 0n }, ...offer };
        const failure = await makeBuyer({ deposit: deposit ?? {} })
          .pay(terms({ offer: known }))
          .catch((error: unknown) => error);
        expect(failure).to.be.instanceOf(DepositNeededError);
      }
    });

    it("leave the lane free when nothing could be signed", async () => {
      let isBroken = true;
      const flaky = {
        address: account.address,
        signTypedData: (data: Parameters<typeof account.signTypedData>[0]) =>
          isBroken ? Promise.reject(new Error("the wallet is locked")) : account.signTypedData(data),
      };
      const buyer = createBuyer({ buyer: flaky as never, escrows: [escrow], deposit: {} });
      const failure = await buyer.pay(terms()).catch((error: Error) => error.message);
      expect(failure).to.equal("the wallet is locked");
      isBroken = false;
      const { voucher, deposit } = await buyer.pay(terms());
      expect([voucher.id, voucher.nonce, deposit?.authorization.amount]).to.deep.equal([DEFAULT_LANE, 0n, 100_000n]);
    });
  });

  describe("storage", () => {
    let folder: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "x402-escrow-"));
    });
    after(() => rm(folder, { recursive: true }));

    const kinds: readonly [string, () => { storage: BuyerStorage; reopen: () => BuyerStorage }][] = [
      [
        "memory",
        () => {
          const storage = createMemoryBuyerStorage();
          return { storage, reopen: () => storage };
        },
      ],
      [
        "file",
        () => {
          const path = join(folder, `${Math.random()}.json`);
          return { storage: createFileBuyerStorage(path), reopen: () => createFileBuyerStorage(path) };
        },
      ],
    ];
    for (const [kind, make] of kinds) {
      it(`lets a new process go on: ${kind}`, async () => {
        const { storage, reopen } = make();
        const first = makeBuyer({ storage, deposit: {} });
        const payment = await first.pay(terms());
        await first.accepted(payment.signature, settled(DEFAULT_LANE, 700n));
        const second = makeBuyer({ storage: reopen(), deposit: {} });
        const { voucher, deposit } = await second.pay(terms());
        expect([voucher.nonce, voucher.valueAggregate, deposit]).to.deep.equal([1n, 1_700n, undefined]);
      });

      it(`takes what was under way for uncertain, and sends its deposit again: ${kind}`, async () => {
        const { storage, reopen } = make();
        const lost = await makeBuyer({ storage, deposit: {} }).pay(terms());
        const { voucher, deposit } = await makeBuyer({ storage: reopen(), deposit: {} }).pay(terms());
        expect([voucher.nonce, voucher.valueAggregate]).to.deep.equal([1n, 1_000n]);
        expect(deposit).to.deep.equal(lost.deposit);
      });

      it(`keeps the limits on exposure: ${kind}`, async () => {
        const { storage, reopen } = make();
        const limits = { maxExposure: 100_000n };
        const first = makeBuyer({ storage, deposit: {}, limits });
        const payment = await first.pay(terms());
        await first.accepted(payment.signature, settled(DEFAULT_LANE, 1_000n));
        const second = makeBuyer({ storage: reopen(), deposit: {}, limits });
        const failure = await second.pay(terms({ price: 150_000n })).catch((error: unknown) => error);
        expect(failure).to.be.instanceOf(DepositNeededError);
      });

      it(`leaves other buyers alone: ${kind}`, async () => {
        const { storage, reopen } = make();
        await makeBuyer({ storage }).pay(terms());
        const other = createBuyer({
          buyer: privateKeyToAccount(generatePrivateKey()),
          escrows: [escrow],
          storage: reopen(),
          deposit: false,
        });
        expect((await other.pay(terms())).voucher.nonce).to.equal(0n);
      });
    }

    it("writes a file that only its owner can read, and replaces it whole", async () => {
      const path = join(folder, "private.json");
      const buyer = makeBuyer({ storage: createFileBuyerStorage(path) });
      await Promise.all(Array.from({ length: 10 }, () => buyer.pay(terms())));
      expect((await stat(path)).mode & 0o777).to.equal(0o600);
      const { accounts } = JSON.parse(await readFile(path, "utf8")) as { accounts: { lanes: unknown[] }[] };
      expect(accounts[0]?.lanes).to.have.lengthOf(10);
    });

    it("refuses a file that is not its own", async () => {
      const path = join(folder, "foreign.json");
      for (const text of ["", "{", "[]", "null", '{"version":2,"accounts":[]}', '{"version":1,"accounts":[{}]}']) {
        await writeFile(path, text);
        const failure = await makeBuyer({ storage: createFileBuyerStorage(path) })
          .pay(terms())
          .catch((error: unknown) => error);
        expect(failure, text).to.be.instanceOf(UnreadableStorageError);
      }
    });

    it("sends nothing that it could not keep", async () => {
      const broken: BuyerStorage = { load: async () => [], save: () => Promise.reject(new Error("the disk is full")) };
      const failure = await makeBuyer({ storage: broken })
        .pay(terms())
        .catch((error: Error) => error.message);
      expect(failure).to.equal("the disk is full");
    });

    it("tells when an answer could not be kept, and goes on", async () => {
      const events: string[] = [];
      let isBroken = false;
      const saved: BuyerAccountRecord[] = [];
      const flaky: BuyerStorage = {
        load: async () => [],
        save: async (record) => {
          if (isBroken) throw new Error("the disk is full");
          saved.push(record);
        },
      };
      const buyer = makeBuyer({ storage: flaky, onEvent: ({ kind }) => events.push(kind) });
      const { signature } = await buyer.pay(terms());
      isBroken = true;
      await buyer.accepted(signature, settled(DEFAULT_LANE, 1_000n));
      expect(events).to.deep.equal(["storageFailed"]);
      isBroken = false;
      expect((await buyer.pay(terms())).voucher.valueAggregate).to.equal(2_000n);
      expect(saved).to.have.lengthOf(2);
    });

    it("is read again when reading it failed", async () => {
      let isBroken = true;
      const flaky: BuyerStorage = {
        load: async () => {
          if (isBroken) throw new Error("not mounted");
          return [];
        },
        save: async () => undefined,
      };
      const buyer = makeBuyer({ storage: flaky });
      expect(await buyer.pay(terms()).catch((error: Error) => error.message)).to.equal("not mounted");
      isBroken = false;
      expect((await buyer.pay(terms())).voucher.nonce).to.equal(0n);
    });
  });

  describe("terms of a 402", () => {
    const offer = {
      scheme: "deferred",
      network: "eip155:8453",
      asset: USDC,
      amount: "1000",
      payTo: seller,
      maxTimeoutSeconds: 60,
      extra: { type: "new", voucher: { id: DEFAULT_LANE, escrow } },
    } as const;

    it("are read", () => {
      expect(toTerms(offer)).to.deep.include({ chainId: 8453n, seller, price: 1_000n, timeout: 60n });
    });

    const bad: readonly [string, unknown][] = [
      ["network", "base"],
      ["network", "eip155:*"],
      ["network", "eip155:0"],
      ["network", "solana:1"],
      ["network", 8453],
      ["amount", "0"],
      ["amount", "-1"],
      ["amount", "1.5"],
      ["amount", ""],
      ["payTo", "merchant"],
      ["asset", "USD"],
      ["extra", {}],
      ["extra", undefined],
    ];
    for (const [field, value] of bad) {
      it(`are refused with ${field} ${JSON.stringify(value)}`, () => {
        expect(() => toTerms({ ...offer, [field]: value } as never)).to.throw(UnreadableOfferError);
      });
    }
  });
});
