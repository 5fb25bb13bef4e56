import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Address } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import {
  createBuyer,
  createDepositCheck,
  createFileBuyerStorage,
  createMemoryBuyerStorage,
  DeferredConfigurationError,
  DepositNeededError,
  type Buyer,
  type BuyerEvent,
  type BuyerOptions,
  type Deposit,
  type PaymentTerms,
} from "../../client/x402/deferred/index.ts";
import { depositWithEip3009 } from "../../client/voucher/index.ts";
import { mined } from "../helpers/mined.ts";
import { openMarket, type Market } from "./helpers/shop.ts";
import { escrow, seller, terms } from "./helpers/terms.ts";

const FAILED = "invalid_deferred_evm_payload_deposit_authorization_failed";
const LIFETIME = 1_000n;
const START = 1_800_000_000n;

/** Terms of a seller that says the account is empty. */
const empty = (changes: Partial<Omit<PaymentTerms, "offer">> = {}): PaymentTerms =>
  terms({ ...changes, offer: { account: { balance: 0n } } });

describe("x402 deferred: limits on exposure", () => {
  const account = privateKeyToAccount(generatePrivateKey());
  let now = START;
  beforeEach(() => {
    now = START;
  });

  function makeBuyer(options: Partial<BuyerOptions> = {}): Buyer {
    const deposit = { lifetime: LIFETIME };
    return createBuyer({ buyer: account, escrows: [escrow], deposit, now: () => now, ...options });
  }

  /** Pays a seller that denies whatever deposit comes, `hours` long. Returns the deposits it got. */
  async function payLiar(buyer: Buyer, hours: number): Promise<readonly Deposit[]> {
    const deposits: Deposit[] = [];
    for (let hour = 0; hour < hours; hour += 1) {
      const paid = await buyer.pay(empty()).catch(keepDepositNeeded);
      if (paid?.deposit !== undefined) deposits.push(paid.deposit);
      if (paid !== undefined) await buyer.refused(paid.signature, FAILED, empty().offer);
      now += LIFETIME + 1n;
    }
    return deposits;
  }

  it("count deposits that a seller says were refused, for good", async () => {
    const deposits = await payLiar(makeBuyer({ limits: { maxExposure: 150_000n } }), 5);
    expect(deposits.map(({ authorization }) => authorization.amount)).to.deep.equal([100_000n, 50_000n]);
  });

  it("count deposits that were never answered, for good", async () => {
    const buyer = makeBuyer({ limits: { maxExposure: 100_000n } });
    const { signature } = await buyer.pay(empty());
    await buyer.unanswered(signature);
    now += 100n * LIFETIME;
    const next = await buyer.pay(empty()).catch((error: unknown) => error);
    expect(next).to.be.instanceOf(DepositNeededError);
  });

  it("count denied deposits of all sellers in the limit on them all", async () => {
    const buyer = makeBuyer({ limits: { maxTotalExposure: 100_000n } });
    await payLiar(buyer, 1);
    const next = await buyer.pay(empty({ seller: escrow })).catch((error: unknown) => error);
    expect(next).to.be.instanceOf(DepositNeededError);
  });

  for (const kind of ["memory", "file"] as const) {
    it(`count denied deposits in the next process too: ${kind}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "x402-escrow-exposure-"));
      const memory = createMemoryBuyerStorage();
      const open = () => (kind === "memory" ? memory : createFileBuyerStorage(join(folder, "buyer.json")));
      const limits = { maxExposure: 100_000n };
      const [denied] = await payLiar(makeBuyer({ storage: open(), limits }), 1);
      const asked: Deposit[] = [];
      const wasDepositUsed = async (deposit: Deposit) => {
        asked.push(deposit);
        return true;
      };
      const next = await makeBuyer({ storage: open(), limits, wasDepositUsed })
        .pay(empty())
        .catch((error: unknown) => error);
      expect(next).to.be.instanceOf(DepositNeededError);
      expect(asked).to.deep.equal([denied]);
      await rm(folder, { recursive: true });
    });
  }

  describe("with a check", () => {
    it("forget a deposit that was never executed", async () => {
      const wasDepositUsed = async () => false;
      const deposits = await payLiar(makeBuyer({ limits: { maxExposure: 100_000n }, wasDepositUsed }), 3);
      expect(deposits.map(({ authorization }) => authorization.amount)).to.deep.equal([100_000n, 100_000n, 100_000n]);
    });

    it("forget one of another seller for the limit on them all", async () => {
      const buyer = makeBuyer({ limits: { maxTotalExposure: 100_000n }, wasDepositUsed: async () => false });
      const { signature } = await buyer.pay(empty());
      await buyer.unanswered(signature);
      now += LIFETIME + 1n;
      const { deposit } = await buyer.pay(empty({ seller: escrow }));
      expect(deposit?.authorization.amount).to.equal(100_000n);
    });

    it("ask when there is no room left, and only about what nobody can execute any more", async () => {
      const asked: [Deposit, { seller: Address }][] = [];
      const wasDepositUsed: BuyerOptions["wasDepositUsed"] = async (deposit, id) => {
        asked.push([deposit, id]);
        return true;
      };
      const buyer = makeBuyer({ limits: { maxExposure: 200_000n }, wasDepositUsed });
      const [first] = await payLiar(buyer, 1);
      const second = await buyer.pay(empty());
      await buyer.refused(second.signature, FAILED, empty().offer);
      expect(asked).to.deep.equal([]);
      // The second one expires now, and can still be executed.
      now = second.deposit?.authorization.expiry ?? 0n;
      for (let count = 0; count < 3; count += 1) {
        const refused = await buyer.pay(empty()).catch((error: unknown) => error);
        expect(refused).to.be.instanceOf(DepositNeededError);
      }
      // An answer that is final is asked for once.
      expect(asked.map(([deposit]) => deposit)).to.deep.equal([first]);
      expect(asked[0]?.[1]).to.deep.include({ seller, escrow, chainId: 8453n });
    });

    it("go on counting what was executed, what nobody can tell yet, and what cannot be asked about", async () => {
      const answers = [async () => true, async () => undefined, () => Promise.reject(new Error("the node is down"))];
      for (const wasDepositUsed of answers) {
        const events: BuyerEvent[] = [];
        const onEvent = (event: BuyerEvent) => void events.push(event);
        const deposits = await payLiar(makeBuyer({ limits: { maxExposure: 100_000n }, wasDepositUsed, onEvent }), 3);
        expect(deposits).to.have.lengthOf(1);
        const failures = events.filter(({ kind }) => kind === "depositCheckFailed");
        expect(failures).to.have.lengthOf(wasDepositUsed === answers[2] ? 2 : 0);
      }
    });

    it("ask about every deposit when asking about one fails", async () => {
      let count = 0;
      const wasDepositUsed = async () => {
        count += 1;
        if (count === 1) throw new Error("the node is down");
        return false;
      };
      const buyer = makeBuyer({ limits: { maxExposure: 200_000n }, wasDepositUsed });
      expect(await payLiar(buyer, 3)).to.have.lengthOf(3);
      expect(count).to.equal(2);
    });
  });

  describe("with the chain's own answer", function () {
    this.timeout(60_000);
    let market: Market;
    before(async () => {
      market = await openMarket();
    });
    after(() => market.close());

    /** A buyer's first deposit, which its seller denies. */
    async function denyDeposit(clients = [market.base.publicClient]) {
      const { timestamp } = await market.base.publicClient.getBlock();
      now = timestamp;
      const events: BuyerEvent[] = [];
      const buyer = makeBuyer({
        buyer: await market.newBuyer(),
        escrows: [market.escrow],
        limits: { maxExposure: 100_000n },
        wasDepositUsed: createDepositCheck(...clients),
        onEvent: (event) => events.push(event),
      });
      const asking = terms({ offer: { account: { balance: 0n }, escrow: market.escrow.toLowerCase() as Address } });
      const { deposit, signature } = await buyer.pay(asking);
      if (deposit === undefined) throw new Error("A first payment brings a deposit.");
      await buyer.refused(signature, FAILED, asking.offer);
      return { deposit, events, payAgain: () => buyer.pay(asking).catch((error: unknown) => error) };
    }

    /** Lets the last block have a time. */
    async function mineAt(timestamp: bigint): Promise<void> {
      await market.base.testClient.setNextBlockTimestamp({ timestamp });
      await market.base.testClient.mine({ blocks: 1 });
    }

    it("forget a deposit only when a final block is past its expiry", async () => {
      const { deposit, payAgain } = await denyDeposit();
      const { expiry } = deposit.authorization;
      now = expiry + 100n;
      await mineAt(expiry);
      expect(await payAgain()).to.be.instanceOf(DepositNeededError);
      await mineAt(expiry + 1n);
      expect(await payAgain()).to.have.nested.property("deposit.authorization.amount", 100_000n);
    });

    it("never forget one that the seller executed", async () => {
      const { deposit, payAgain } = await denyDeposit();
      const { publicClient, wallets } = market.base;
      const parameters = { escrow: market.escrow, ...deposit };
      await mined(publicClient, await depositWithEip3009(wallets.stranger, parameters));
      now = deposit.authorization.expiry + 100n;
      await mineAt(now);
      expect(await payAgain()).to.be.instanceOf(DepositNeededError);
      expect(await payAgain()).to.be.instanceOf(DepositNeededError);
    });

    it("believe no node of another chain", async () => {
      const { publicClient } = market.base;
      const other = publicClient.extend(() => ({}));
      const request = async ({ method, params }: { method: string; params?: unknown }) =>
        method === "eth_chainId" ? "0x1" : publicClient.request({ method, params } as never);
      const { deposit, events, payAgain } = await denyDeposit([Object.assign(other, { request }) as never]);
      now = deposit.authorization.expiry + 100n;
      await mineAt(now);
      expect(await payAgain()).to.be.instanceOf(DepositNeededError);
      const failure = events.find((event) => event.kind === "depositCheckFailed");
      expect(failure?.error).to.be.instanceOf(DeferredConfigurationError);
    });
  });
});

function keepDepositNeeded(error: unknown): undefined {
  if (!(error instanceof DepositNeededError)) throw error;
}
