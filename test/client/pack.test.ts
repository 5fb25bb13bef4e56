import { expect } from "chai";
import { concat, padHex, type Address, type Hex } from "viem";
import {
  MixedEscrowsError,
  VoucherNotPackableError,
  buildGroups,
  decodeCollectedRow,
  fitsRow,
  noncePosition,
  packRow,
  randomNonce,
  toCompactSignature,
  toSkipReason,
  toWideRow,
  type CollectableVoucher,
} from "x402-escrow/voucher";
import { ASSET, SELLER, buyer, signedVoucherOf, voucherOf } from "./messages.ts";

const OTHER: Address = "0x3333333333333333333333333333333333333333";
const LANE: Hex = `0x${"0a".repeat(32)}`;

function misfitOf(collectable: CollectableVoucher): string | undefined {
  try {
    packRow(collectable);
    return undefined;
  } catch (error) {
    return (error as VoucherNotPackableError).member;
  }
}

describe("packRow", () => {
  it("puts each value at its place", async () => {
    const signed = await signedVoucherOf({ valueAggregate: 0xaaaan, timestamp: 0xbbn, expiry: 0xccn, nonce: 0xddn });
    const { head, terms, r, vs } = packRow({ ...signed, total: 0xeeen });
    expect(head >> 96n).to.equal(BigInt(buyer.address));
    expect(head % (1n << 96n)).to.equal(0xeeen);
    expect(terms >> 160n).to.equal(0xaaaan);
    expect((terms >> 120n) % (1n << 40n)).to.equal(0xbbn);
    expect((terms >> 80n) % (1n << 40n)).to.equal(0xccn);
    expect(terms % (1n << 80n)).to.equal(0xddn);
    expect({ r, vs }).to.deep.equal(toCompactSignature(signed.signature));
  });

  it("asks for the whole ceiling unless told otherwise", async () => {
    const signed = await signedVoucherOf({ valueAggregate: 77n });
    expect(packRow(signed).head % (1n << 96n)).to.equal(77n);
    expect(toWideRow(signed).total).to.equal(77n);
    expect(toWideRow({ ...signed, total: 76n }).total).to.equal(76n);
  });

  it("takes a compact signature as it is", async () => {
    const signed = await signedVoucherOf();
    const { r, vs } = toCompactSignature(signed.signature);
    expect(packRow({ ...signed, signature: concat([r, vs]) })).to.deep.equal(packRow(signed));
  });

  const widths = [
    ["valueAggregate", 96n],
    ["timestamp", 40n],
    ["expiry", 40n],
    ["nonce", 80n],
  ] as const;
  for (const [member, width] of widths) {
    it(`takes ${member} up to ${width} bits`, async () => {
      const { signature } = await signedVoucherOf();
      for (const [value, misfit] of [
        [(1n << width) - 2n, undefined],
        [(1n << width) - 1n, undefined],
        [1n << width, member],
      ] as const) {
        const collectable = { voucher: voucherOf({ [member]: value }), signature, total: 1n };
        expect(misfitOf(collectable)).to.equal(misfit);
        expect(fitsRow(collectable)).to.equal(misfit === undefined);
      }
    });
  }

  it("refuses a total above 96 bits", async () => {
    expect(misfitOf({ ...(await signedVoucherOf()), total: (1n << 96n) - 1n })).to.equal(undefined);
    expect(misfitOf({ ...(await signedVoucherOf()), total: 1n << 96n })).to.equal("total");
  });

  it("refuses another lane, and signatures of contracts", async () => {
    expect(misfitOf(await signedVoucherOf({ id: LANE }))).to.equal("id");
    expect(misfitOf({ ...(await signedVoucherOf()), signedBy: "contract" })).to.equal("signature");
    expect(misfitOf({ voucher: voucherOf(), signature: padHex("0x01", { size: 96 }) })).to.equal("signature");
  });
});

describe("buildGroups", () => {
  it("makes one group for each seller and asset, whatever the case of their letters, in order of appearance", async () => {
    const first = await signedVoucherOf({ nonce: 1n });
    const second = await signedVoucherOf({ seller: OTHER });
    const third = await signedVoucherOf({ nonce: 3n, asset: ASSET.toLowerCase() as Address });
    const fourth = await signedVoucherOf({ asset: OTHER });
    const groups = buildGroups([first, second, third, fourth]);
    expect(groups.map(({ seller, asset, rows, wide }) => [seller, asset, rows.length, wide.length])).to.deep.equal([
      [SELLER, ASSET, 2, 0],
      [OTHER, ASSET, 1, 0],
      [SELLER, OTHER, 1, 0],
    ]);
    expect(groups[0]?.rows).to.deep.equal([packRow(first), packRow(third)]);
  });

  it("chooses the wide form for what does not fit a row", async () => {
    const lane = await signedVoucherOf({ id: LANE });
    const large = await signedVoucherOf({ valueAggregate: 1n << 96n });
    const wallet = { ...(await signedVoucherOf()), signedBy: "contract" } as const;
    const bytes = { voucher: voucherOf(), signature: padHex("0x01", { size: 96 }) };
    // What no key can have signed is for the contract to skip, not to lose the batch over.
    const malformed = { voucher: voucherOf(), signature: padHex("0x01", { size: 65, dir: "right" }) };
    const row = await signedVoucherOf();
    const [group] = buildGroups([lane, large, wallet, bytes, malformed, row]);
    expect(group?.wide).to.deep.equal([lane, large, wallet, bytes, malformed].map(toWideRow));
    expect(group?.rows).to.deep.equal([packRow(row)]);
  });

  it("sets the gas limit of every group, none by default", async () => {
    const signed = await signedVoucherOf();
    expect(buildGroups([signed])[0]?.gasLimit).to.equal(0n);
    expect(buildGroups([signed], { gasLimit: 500_000n })[0]?.gasLimit).to.equal(500_000n);
  });

  it("makes nothing of nothing", () => {
    expect(buildGroups([])).to.deep.equal([]);
  });

  it("refuses vouchers of different escrows or chains", async () => {
    const signed = await signedVoucherOf();
    expect(() => buildGroups([signed, { ...signed, voucher: voucherOf({ chainId: 1n }) }])).to.throw(MixedEscrowsError);
    expect(() => buildGroups([signed, { ...signed, voucher: voucherOf({ escrow: OTHER }) }])).to.throw(
      MixedEscrowsError,
    );
  });
});

describe("words and bitmaps", () => {
  it("splits a row of BatchCollected", () => {
    const row = { buyer: buyer.address, amount: (1n << 96n) - 1n };
    expect(decodeCollectedRow((BigInt(row.buyer) << 96n) | row.amount)).to.deep.equal(row);
    expect(decodeCollectedRow(5n)).to.deep.equal({ buyer: padHex("0x", { size: 20 }), amount: 5n });
  });

  it("names every skip reason and no other number", () => {
    expect([0, 1, 2, 3, 4, 5, 6].map(toSkipReason)).to.deep.equal([
      "None",
      "BadSignature",
      "Expired",
      "AboveCeiling",
      "AlreadyCollected",
      "NoBalance",
      "BadParties",
    ]);
    expect(() => toSkipReason(7)).to.throw(RangeError);
  });

  it("finds a nonce in its bitmap", () => {
    expect(noncePosition(padHex("0x00", { size: 32 }))).to.deep.equal({ word: 0n, mask: 1n });
    expect(noncePosition(padHex("0x01ff", { size: 32 }))).to.deep.equal({ word: 1n, mask: 1n << 255n });
  });

  it("draws nonces of 32 bytes that differ", () => {
    const [one, other] = [randomNonce(), randomNonce()];
    expect(one).to.match(/^0x[0-9a-f]{64}$/);
    expect(one).to.not.equal(other);
  });
});
