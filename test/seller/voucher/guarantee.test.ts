import { expect } from "chai";
import fc from "fast-check";
import type { Hex, PrivateKeyAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { ReleaseUncoveredError } from "../../../client/seller/voucher/errors.ts";
import { DEFAULT_LANE } from "../../../client/seller/voucher/keys.ts";
import { authorizeSigner } from "../../../client/voucher/actions/authorizeSigner.ts";
import { cancelThaw } from "../../../client/voucher/actions/cancelThaw.ts";
import { collect } from "../../../client/voucher/actions/collect.ts";
import { releaseWithAuthorization } from "../../../client/voucher/actions/releaseWithAuthorization.ts";
import { revokeSigner } from "../../../client/voucher/actions/revokeSigner.ts";
import { thaw } from "../../../client/voucher/actions/thaw.ts";
import { withdraw } from "../../../client/voucher/actions/withdraw.ts";
import { VoucherEscrowError } from "../../../client/voucher/errors.ts";
import { USDC } from "../../base/addresses.ts";
import { mined } from "../../helpers/mined.ts";
import { laneId } from "./fixtures.ts";
import { deployMarket, openMarket, type Market } from "./market.ts";

const DEPOSIT = 1_000n;
const HOUR = 3_600n;

/** The seller looks at the chain at least this often: within the thawing period less its margin, as the server rules ask. */
const LONGEST_ABSENCE = 22n * HOUR;

/** What the buyer, third parties and time may do in any order. */
type Step =
  | {
      readonly kind: "pay";
      readonly lane: number;
      readonly price: number;
      readonly charge: number;
      readonly bySession: boolean;
    }
  | { readonly kind: "thaw"; readonly amount: number }
  | { readonly kind: "cancelThaw" | "withdraw" | "revoke" | "look" | "collectCeiling" }
  | { readonly kind: "release"; readonly amount: number; readonly isRelayed: boolean }
  | { readonly kind: "deposit"; readonly amount: number }
  | { readonly kind: "wait"; readonly hours: number };

const amount = fc.integer({ min: 1, max: 600 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("pay" as const),
      lane: fc.nat(2),
      price: amount,
      charge: amount,
      bySession: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("thaw" as const), amount: fc.integer({ min: 1, max: 1_000 }) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("wait" as const), hours: fc.integer({ min: 1, max: 14 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom("cancelThaw", "withdraw", "revoke", "look", "collectCeiling") }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("release" as const), amount, isRelayed: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("deposit" as const), amount }) },
) as fc.Arbitrary<Step>;

describe("what a seller that follows the server rules is paid", () => {
  let place: Awaited<ReturnType<typeof deployMarket>>;

  before(async () => {
    place = await deployMarket();
  });

  after(async () => {
    await place.base.close();
  });

  it("is at least what it charged, whatever the buyer and third parties do (V7)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const story = await begin(place);
        for (const each of steps) await act(story, each);
        await story.market.chainView.sync();
        await story.market.collector.collectNow();
        const earned = (await story.market.usdcOf(story.market.acceptor.seller)) - story.before;
        expect(earned >= story.charged, `${earned} of ${story.charged}`).to.equal(true);
        await story.market.close();
      }),
      { numRuns: 25 },
    );
  }).timeout(120_000);
});

interface Story {
  readonly market: Market;
  readonly buyer: PrivateKeyAccount;
  readonly session: PrivateKeyAccount;
  /** USDC of the seller at the beginning. */
  readonly before: bigint;
  charged: bigint;
  absence: bigint;
}

async function begin(place: Awaited<ReturnType<typeof deployMarket>>): Promise<Story> {
  // Nothing is collected for its age, so that only what the server rules demand stands between the buyer and the money.
  const market = await openMarket(place, { collector: { policy: { maxAge: 1_000_000n * HOUR } } });
  const buyer = privateKeyToAccount(generatePrivateKey());
  const session = privateKeyToAccount(generatePrivateKey());
  await market.fund(buyer, DEPOSIT);
  const validUntil = market.now() + 1_000n * HOUR;
  const terms = { escrow: market.escrow.escrow, signer: session.address, validUntil };
  await mined(market.base.publicClient, await authorizeSigner(market.base.walletOf(buyer), terms));
  await market.chainView.sync();
  const before = await market.usdcOf(market.acceptor.seller);
  return { market, buyer, session, before, charged: 0n, absence: 0n };
}

async function act(story: Story, each: Step): Promise<void> {
  const { market, buyer } = story;
  const wallet = market.base.walletOf(buyer);
  const terms = { escrow: market.escrow.escrow, seller: market.acceptor.seller, asset: USDC };
  switch (each.kind) {
    case "pay":
      return pay(story, each);
    case "thaw":
      return attempt(market, () => thaw(wallet, { ...terms, amount: BigInt(each.amount) }));
    case "cancelThaw":
      return attempt(market, () => cancelThaw(wallet, terms));
    case "withdraw":
      return attempt(market, () => withdraw(wallet, terms));
    case "revoke":
      return attempt(market, () => revokeSigner(wallet, { ...terms, signer: story.session.address }));
    case "collectCeiling":
      return collectCeilings(story);
    case "release":
      return release(story, each);
    case "deposit":
      return market.depositFor(buyer.address, BigInt(each.amount));
    case "wait":
      return wait(story, BigInt(each.hours) * HOUR);
    case "look":
      return look(story);
  }
}

/** Pays like a buyer that knows its lane; the acceptor decides, and what it commits is owed. */
async function pay(story: Story, { lane, price, charge, bySession }: Extract<Step, { kind: "pay" }>): Promise<void> {
  const { market, buyer, session } = story;
  const id = lane === 0 ? DEFAULT_LANE : laneId(`lane ${lane}`);
  const offer = await market.store.offerFor({ ...market.account(buyer.address), id });
  const promised = market.voucher(buyer.address, {
    id,
    nonce: offer?.nextNonce ?? 0n,
    valueAggregate: (offer?.base ?? 0n) + BigInt(price) + 5n,
    timestamp: market.now(),
  });
  const payment = await market.payment(bySession ? session : buyer, promised, BigInt(price));
  const result = await market.acceptor.accept(payment);
  if (!result.isAccepted) return;
  const cost = BigInt(Math.min(price, charge));
  await market.acceptor.commit(result.reservation, cost);
  story.charged += cost;
}

/** A hostile third party collects what it can of every voucher, at a moment it chooses. */
async function collectCeilings({ market, buyer }: Story): Promise<void> {
  for (const { latest } of await market.store.listLanesOf(market.account(buyer.address))) {
    if (latest === undefined) continue;
    const { voucher, signature } = latest;
    await attempt(market, () =>
      collect(market.base.wallets.stranger, { escrow: market.escrow.escrow, voucher, signature }),
    );
  }
}

async function release({ market, buyer }: Story, each: Extract<Step, { kind: "release" }>): Promise<void> {
  try {
    const signed = await market.releases.sign({ buyer: buyer.address, asset: USDC, amount: BigInt(each.amount) });
    if (!each.isRelayed) return;
    const { escrow } = market.escrow;
    await attempt(market, () => releaseWithAuthorization(market.base.wallets.relayer, { escrow, ...signed }));
  } catch (error) {
    if (!(error instanceof ReleaseUncoveredError)) throw error;
  }
}

async function wait(story: Story, seconds: bigint): Promise<void> {
  if (story.absence + seconds > LONGEST_ABSENCE) await look(story);
  await story.market.advance(seconds);
  story.absence += seconds;
}

/** What the seller's pollers do. */
async function look(story: Story): Promise<void> {
  await story.market.chainView.sync();
  const { lanes } = await story.market.collector.collectDue();
  expect(lanes.filter(({ failure }) => failure !== undefined)).to.deep.equal([]);
  story.absence = 0n;
}

/** Sends what the contract may refuse; a refusal by its rules is part of the story. */
async function attempt(market: Market, action: () => Promise<Hex>): Promise<void> {
  try {
    await mined(market.base.publicClient, await action());
  } catch (error) {
    if (!(error instanceof VoucherEscrowError)) throw error;
  }
}
