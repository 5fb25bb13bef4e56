import { expect } from "chai";
import { encodeAbiParameters, encodeEventTopics, erc20Abi, type Address, type Hex, type Log } from "viem";
import { authCaptureEscrowAbi } from "../../../client/abi/index.ts";
import { ESCROW_DEPLOYMENTS } from "../../../client/auth-capture/index.ts";
import {
  findMissingEvent,
  findWrongMovement,
  hasReached,
  makeMovements,
  readMovements,
  type Effects,
} from "../../../client/x402/auth-capture/effects.ts";

const deployment = ESCROW_DEPLOYMENTS["v1.1"];
const paymentInfoHash: Hex = `0x${"ab".repeat(32)}`;
const token: Address = `0x${"04".repeat(20)}`;
const [payer, store, other] = ["0a", "0b", "0c"].map((byte): Address => `0x${byte.repeat(20)}`) as [
  Address,
  Address,
  Address,
];
const state = (capturable: bigint, refundable: bigint, collected = true) => ({ collected, capturable, refundable });

const effects: Effects = {
  deployment,
  paymentInfoHash,
  token,
  events: [{ name: "PaymentVoided", args: { amount: 6n } }],
  before: state(6n, 4n),
  after: state(0n, 4n),
  movements: makeMovements([
    [store, -6n],
    [payer, 6n],
    [other, 0n],
  ]),
};

function voided(amount: bigint, changes: { address?: Address; hash?: Hex } = {}): Log {
  const { address = deployment.escrow, hash = paymentInfoHash } = changes;
  const topics = encodeEventTopics({
    abi: authCaptureEscrowAbi,
    eventName: "PaymentVoided",
    args: { paymentInfoHash: hash },
  });
  return { address, topics, data: encodeAbiParameters([{ type: "uint256" }], [amount]) } as unknown as Log;
}

function transfer(from: Address, to: Address, value: bigint, address = token): Log {
  const topics = encodeEventTopics({ abi: erc20Abi, eventName: "Transfer", args: { from, to } });
  return { address, topics, data: encodeAbiParameters([{ type: "uint256" }], [value]) } as unknown as Log;
}

describe("x402 auth-capture: what a transaction must do", () => {
  it("shows in the escrow's event about the payment, with the amount", () => {
    expect(findMissingEvent(effects, [voided(6n)])).to.equal(undefined);
    const others = [voided(5n), voided(6n, { address: other }), voided(6n, { hash: `0x${"cd".repeat(32)}` })];
    expect(findMissingEvent(effects, others)).to.equal("PaymentVoided");
  });

  it("shows in what the token moved, between all accounts that count", () => {
    const good = [transfer(store, payer, 2n), transfer(store, payer, 4n), transfer(other, payer, 9n, other)];
    expect(findWrongMovement(effects, readMovements(effects, good))).to.equal(undefined);
    expect(findWrongMovement(effects, readMovements(effects, [transfer(store, payer, 5n)]))).to.equal(store);
    const through = [transfer(store, payer, 6n), transfer(payer, other, 1n), transfer(other, payer, 1n)];
    expect(findWrongMovement(effects, readMovements(effects, through))).to.equal(undefined);
    expect(findWrongMovement(effects, readMovements(effects, through.slice(0, 2)))).to.equal(payer);
  });

  it("adds up what one account gains in several places", () => {
    const movements = makeMovements([
      [payer, -6n],
      [payer.toUpperCase().replace("0X", "0x") as Address, 2n],
    ]);
    expect([...movements]).to.deep.equal([[payer, -4n]]);
  });

  it("is done where the payment stands so, or has moved on from there", () => {
    const wanted = state(6n, 4n);
    for (const [actual, isReached] of [
      [state(6n, 4n), true],
      [state(5n, 5n), true],
      [state(0n, 4n), true],
      [state(6n, 3n), true],
      [state(7n, 3n), false],
      [state(6n, 5n), false],
      [state(0n, 0n, false), false],
    ] as const) {
      expect(hasReached(actual, wanted), `${actual.capturable} ${actual.refundable}`).to.equal(isReached);
    }
  });
});
