import { expect } from "chai";
import { ChainUnavailableError, type ActionSender } from "../../../client/seller/auth-capture/index.ts";
import { predictTokenStore } from "../../../client/auth-capture/index.ts";
import { openBench, PRICE, type Bench } from "./helpers/bench.ts";
import { openShop } from "./helpers/shop.ts";

const PATHS = ["/report", "/fails", "/metered?amount=250000", "/throws", "/metered?amount=0"] as const;
const PAID: Readonly<Record<string, bigint>> = { "/report": PRICE, "/metered?amount=250000": 250_000n };

const pick = (number: number): string => PATHS[Math.floor(number * PATHS.length)] ?? "/report";
const costOf = (path: string): bigint => PAID[path] ?? 0n;
const statusOf = (path: string): number => (["/fails", "/throws"].includes(path) ? 500 : 200);

/** A small generator of numbers below 1, the same ones each time. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

interface Unreliable {
  /** Below 0.3 nothing leaves, below 0.6 nobody hears of what left. */
  readonly fate: () => number;
  /** Signatures that left, by payment. */
  readonly signatures: Map<string, Set<string>>;
}

function makeUnreliable(sender: ActionSender, { fate, signatures }: Unreliable): ActionSender {
  return {
    ...sender,
    send: async (record, action, signal) => {
      const known = signatures.get(record.paymentInfoHash) ?? new Set();
      signatures.set(record.paymentInfoHash, known.add(action.signature));
      const number = fate();
      if (number < 0.3) throw new ChainUnavailableError("it never left", undefined);
      const sent = await sender.send(record, action, signal);
      if (number < 0.6) throw new ChainUnavailableError("it left, and nobody heard", undefined);
      return sent;
    },
  };
}

describe("x402 auth-capture server: senders that fail at random", function () {
  this.timeout(240_000);

  let bench: Bench;
  before(async () => {
    bench = await openBench();
  });
  after(() => bench.close());

  for (const seed of [1, 2, 3]) {
    it(`every hold ends as its request did, seed ${seed}`, async () => {
      const { networkHelpers } = bench.base;
      const snapshot = await networkHelpers.takeSnapshot();
      const random = makeRandom(seed);
      const signatures = new Map<string, Set<string>>();
      let ahead = 0n;
      let isDown = true;
      const shop = await openShop(bench, {
        ahead: () => ahead,
        sender: (sender) => makeUnreliable(sender, { signatures, fate: () => (isDown ? random() : 1) }),
      });
      const payers = await Promise.all(Array.from({ length: 10 }, () => bench.payer(PRICE)));
      const requests = payers.map((payer) => ({
        payer,
        path: pick(random()),
      }));
      const answers = await Promise.all(requests.map(({ payer, path }) => shop.pay(payer, path)));
      expect(answers.map(({ status }) => status)).to.deep.equal(requests.map(({ path }) => statusOf(path)));

      isDown = false;
      for (let round = 0; round < 3; round += 1) {
        ahead += 61n;
        await shop.manager.sweep();
      }
      expect(await shop.store.list("closed")).to.have.lengthOf(requests.length);
      for (const { payer, path } of requests) {
        expect(await bench.usdcOf(payer.address), path).to.equal(PRICE - costOf(path));
      }
      const due = requests.reduce((sum, { path }) => sum + costOf(path), 0n);
      expect(await bench.usdcOf(shop.seller.address)).to.equal(due);
      const { captureAuthorizer } = (await shop.offer()).extra;
      const tokenStore = predictTokenStore({ escrow: shop.escrow, operator: captureAuthorizer as `0x${string}` });
      expect(await bench.usdcOf(tokenStore)).to.equal(0n);
      // However often it was tried, one signature a payment ever left.
      expect([...signatures.values()].map(({ size }) => size)).to.deep.equal(requests.map(() => 1));
      await shop.close();
      await snapshot.restore();
    });
  }
});
