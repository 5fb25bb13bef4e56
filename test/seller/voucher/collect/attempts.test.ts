import { expect } from "chai";
import { createAttempts } from "../../../../client/seller/voucher/collect/attempts.ts";
import { DEFAULT_LANE } from "../../../../client/voucher/types.ts";
import type { CollectableLane } from "../../../../client/seller/voucher/store/types.ts";
import type { CollectedLane } from "../../../../client/seller/voucher/collect/types.ts";
import { ACCOUNT, DAY, laneId, NOW, voucher } from "../fixtures.ts";

const HOUR = 3_600n;

function collectable(overrides: Partial<CollectableLane> = {}, nonce = 0n): CollectableLane {
  const lane = { ...ACCOUNT, id: DEFAULT_LANE };
  return {
    lane,
    latest: {
      voucher: voucher({ nonce, expiry: NOW + 7n * DAY }),
      signature: "0x",
      signer: { address: ACCOUNT.buyer, kind: "session" },
    },
    charged: 100n,
    collected: 0n,
    uncollected: 100n,
    balance: 1_000n,
    leasedUntil: 0n,
    oldestChargeTime: NOW,
    thawEndTime: 0n,
    ...overrides,
  };
}

const outcome = ({ lane, uncollected }: CollectableLane, failure?: CollectedLane["failure"]): CollectedLane => ({
  lane,
  reason: "age",
  uncollected,
  collected: 0n,
  ...(failure !== undefined && { failure }),
});

describe("attempts to collect", () => {
  const lane = collectable();
  const other = collectable({ lane: { ...ACCOUNT, id: laneId("other") } });

  /** Lets a lane fail a number of times, each as soon as it may be tried, and gives the seconds between. */
  const restsOf = (failing: CollectableLane, count: number): number[] => {
    const attempts = createAttempts();
    const rests: number[] = [];
    let now = NOW;
    for (let index = 0; index < count; index += 1) {
      expect(attempts.sort([failing, other], now, NOW).ready).to.deep.equal([failing, other]);
      attempts.note([failing, other], [outcome(failing, "BadSignature"), outcome(other)], now);
      const rest = attempts.restOf([outcome(failing)], now) ?? 0n;
      const before = attempts.sort([failing, other], now + rest - 1n, NOW);
      expect([before.ready, before.resting]).to.deep.equal([[other], [failing]]);
      rests.push(Number(rest));
      now += rest;
    }
    return rests;
  };

  it("rest twice as long after each failure, up to an hour, and no other lane rests with them", () => {
    expect(restsOf(lane, 10)).to.deep.equal([30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600]);
  });

  it("rest no longer than half of the time that is left", () => {
    const threatened = collectable({ thawEndTime: NOW + 200n });
    expect(restsOf(threatened, 5)).to.deep.equal([30, 60, 55, 30, 30]);
  });

  it("begin anew after a success", () => {
    const attempts = createAttempts();
    attempts.note([lane], [outcome(lane, "GroupFailed")], NOW);
    attempts.note([lane], [outcome(lane, "GroupFailed")], NOW);
    expect(attempts.restOf([outcome(lane)], NOW)).to.equal(60n);
    attempts.note([lane], [outcome(lane)], NOW);
    expect(attempts.restOf([outcome(lane)], NOW)).to.equal(undefined);
    attempts.note([lane], [outcome(lane, "GroupFailed")], NOW);
    expect(attempts.restOf([outcome(lane)], NOW)).to.equal(30n);
  });

  it("begin anew for a lane that was paid for in between", () => {
    const attempts = createAttempts();
    attempts.note([lane], [outcome(lane, "GroupFailed")], NOW);
    attempts.sort([other], NOW, NOW);
    expect(attempts.sort([lane], NOW, NOW).ready).to.deep.equal([lane]);
  });

  for (const [name, given, end] of [
    ["voucher", collectable(), { at: NOW + 7n * DAY, reason: "expiry", failure: "Expired" }],
    [
      "session signer",
      collectable({ signerValidUntil: NOW + HOUR }),
      { at: NOW + HOUR, reason: "signer", failure: "BadSignature" },
    ],
  ] as const) {
    it(`go on until the ${name} has ended by block time, and are then given up, once`, () => {
      const attempts = createAttempts();
      const { at, ...why } = end;
      expect(attempts.sort([given], at + 10n * DAY, at)).to.deep.equal({ ready: [given], resting: [], lost: [] });
      const lost = { lane: given.lane, uncollected: 100n, collected: 0n, ...why };
      expect(attempts.sort([given], at, at + 1n)).to.deep.equal({ ready: [], resting: [], lost: [lost] });
      expect(attempts.sort([given], at, at + 2n)).to.deep.equal({ ready: [], resting: [], lost: [] });
    });
  }

  it("go on after a longer authorization, and after a newer voucher", () => {
    const attempts = createAttempts();
    const ended = collectable({ signerValidUntil: NOW - 1n });
    expect(attempts.sort([ended], NOW, NOW).lost).to.have.length(1);
    const extended = collectable({ signerValidUntil: NOW + DAY });
    expect(attempts.sort([extended], NOW, NOW).ready).to.deep.equal([extended]);
    expect(attempts.sort([ended], NOW, NOW).lost).to.have.length(1);
    const newer = collectable({ signerValidUntil: NOW - 1n }, 1n);
    expect(attempts.sort([newer], NOW, NOW).lost).to.have.length(1);
  });
});
