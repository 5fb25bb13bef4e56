import { expect } from "chai";
import {
  concat,
  createWalletClient,
  custom,
  numberToHex,
  padHex,
  serializeErc6492Signature,
  size,
  slice,
  zeroHash,
  type Hex,
} from "viem";
import { base } from "viem/chains";
import {
  InvalidMessageError,
  MalformedSignatureError,
  PERMIT2_ADDRESS,
  hashDepositEip3009,
  hashDepositPermit2,
  hashPermit,
  hashVoucher,
  parseKeySignature,
  recoverKey,
  recoverVoucherKey,
  signDepositAuthorization,
  signDepositEip3009,
  signDepositPermit2,
  signMessage,
  signPermit,
  signVoucher,
  toCompactSignature,
  unwrapSignature,
  verifyDepositEip3009,
  verifyDepositPermit2,
  verifyMessage,
  verifyPermit,
  verifyVoucher,
  voucherDomain,
  type TypedDataSigner,
} from "x402-escrow/voucher";
import { testAccount } from "../helpers/actors.ts";
import { ASSET, CHAIN_ID, ESCROW, buyer, depositOf, signedVoucherOf, voucherOf } from "./messages.ts";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const HALF_ORDER = ORDER / 2n;
const domain = voucherDomain({ chainId: CHAIN_ID, escrow: ESCROW });
const here = { chainId: CHAIN_ID, escrow: ESCROW };
const signer = testAccount(6);
const stranger = testAccount(7);
const token = { name: "USD Coin", version: "2" };

function join(r: Hex, s: bigint, v: number): Hex {
  return concat([r, numberToHex(s, { size: 32 }), numberToHex(v, { size: 1 })]);
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("signatures of keys", () => {
  let signature: Hex;
  let digest: Hex;

  before(async () => {
    const signed = await signedVoucherOf();
    signature = signed.signature;
    digest = hashVoucher(signed.voucher, domain).digest;
  });

  it("takes 65 bytes apart", () => {
    const parts = parseKeySignature(signature);
    expect(concat([parts?.r ?? "0x", parts?.s ?? "0x"])).to.equal(slice(signature, 0, 64));
    expect((parts?.yParity ?? 0) + 27).to.equal(Number(slice(signature, 64)));
  });

  it("takes the compact form to the same parts, for either parity", async () => {
    const parities = new Set<number>();
    for (let nonce = 0n; parities.size < 2; ++nonce) {
      const { signature: full } = await signedVoucherOf({ nonce });
      const { r, vs } = toCompactSignature(full);
      const compact = concat([r, vs]);
      expect(size(compact)).to.equal(64);
      expect(parseKeySignature(compact)).to.deep.equal(parseKeySignature(full));
      expect(toCompactSignature(compact)).to.deep.equal({ r, vs });
      parities.add(parseKeySignature(full)?.yParity ?? -1);
    }
  });

  it("recovers the key from either form", async () => {
    const { r, vs } = toCompactSignature(signature);
    expect(await recoverKey(digest, signature)).to.equal(buyer.address);
    expect(await recoverKey(digest, concat([r, vs]))).to.equal(buyer.address);
  });

  it("refuses the high twin of a signature, which the contract refuses", async () => {
    const twin = join(
      slice(signature, 0, 32),
      ORDER - BigInt(slice(signature, 32, 64)),
      55 - Number(slice(signature, 64)),
    );
    expect(await recoverKey(digest, twin)).to.equal(undefined);
    expect(() => toCompactSignature(twin)).to.throw(MalformedSignatureError);
  });

  it("takes s up to half the order and not beyond", () => {
    const r = slice(signature, 0, 32);
    expect(parseKeySignature(join(r, HALF_ORDER - 1n, 27))).to.not.equal(undefined);
    expect(parseKeySignature(join(r, HALF_ORDER, 27))).to.not.equal(undefined);
    expect(parseKeySignature(join(r, HALF_ORDER + 1n, 27))).to.equal(undefined);
  });

  for (const v of [0, 1, 26, 29, 255]) {
    it(`refuses v = ${v}`, () => {
      expect(parseKeySignature(concat([slice(signature, 0, 64), numberToHex(v, { size: 1 })]))).to.equal(undefined);
    });
  }

  for (const length of [0, 1, 63, 66, 96]) {
    it(`refuses ${length} bytes`, async () => {
      const bytes = padHex("0x", { size: length });
      expect(parseKeySignature(bytes)).to.equal(undefined);
      expect(await recoverKey(digest, bytes)).to.equal(undefined);
      expect(() => toCompactSignature(bytes)).to.throw(MalformedSignatureError);
    });
  }

  it("recovers no key where there is none, as ecrecover does", async () => {
    expect(await recoverKey(digest, join(zeroHash, 1n, 27))).to.equal(undefined);
    expect(await recoverKey(digest, join(slice(signature, 0, 32), 0n, 27))).to.equal(undefined);
    // No point of the curve has this x.
    expect(await recoverKey(digest, join(numberToHex(5, { size: 32 }), 1n, 27))).to.equal(undefined);
    expect(await recoverKey(digest, join(numberToHex(ORDER, { size: 32 }), 1n, 27))).to.equal(undefined);
  });

  it("unwraps ERC-6492 and leaves everything else alone", () => {
    const data = "0x1234" as const;
    const wrapped = serializeErc6492Signature({ address: PERMIT2_ADDRESS, data, signature });
    const deployment = { factory: PERMIT2_ADDRESS, factoryData: data };
    expect(unwrapSignature(wrapped)).to.deep.equal({ signature, deployment });
    expect(unwrapSignature(signature)).to.deep.equal({ signature, deployment: undefined });
    expect(unwrapSignature("0x")).to.deep.equal({ signature: "0x", deployment: undefined });
  });
});

describe("verifyVoucher", () => {
  it("accepts the buyer's key", async () => {
    expect(await verifyVoucher({ ...(await signedVoucherOf()), ...here })).to.equal(true);
    expect(await recoverVoucherKey({ ...(await signedVoucherOf()), ...here })).to.equal(buyer.address);
  });

  it("accepts a signer only when the caller names it", async () => {
    const signed = await signedVoucherOf({}, signer);
    expect(await verifyVoucher({ ...signed, ...here })).to.equal(false);
    expect(await verifyVoucher({ ...signed, ...here, signers: [stranger.address] })).to.equal(false);
    expect(await verifyVoucher({ ...signed, ...here, signers: [stranger.address, signer.address] })).to.equal(true);
  });

  it("takes addresses in any case", async () => {
    const lower = { ...here, escrow: ESCROW.toLowerCase() as Hex };
    expect(await verifyVoucher({ ...(await signedVoucherOf()), ...lower })).to.equal(true);
  });

  it("refuses a voucher of another escrow or chain, even when it is well signed", async () => {
    expect(await verifyVoucher({ ...(await signedVoucherOf({ chainId: 1n })), ...here })).to.equal(false);
    expect(await verifyVoucher({ ...(await signedVoucherOf({ escrow: ASSET })), ...here })).to.equal(false);
    expect(await recoverVoucherKey({ ...(await signedVoucherOf({ chainId: 1n })), ...here })).to.equal(undefined);
    for (const voucher of [voucherOf({ chainId: 1n }), voucherOf({ escrow: ASSET })]) {
      const signature = await signMessage(buyer, "Voucher", { ...here, message: voucher });
      expect(await verifyVoucher({ voucher, signature, ...here })).to.equal(false);
    }
  });

  const changes = [
    { id: `0x${"01".repeat(32)}` },
    { buyer: stranger.address },
    { seller: ASSET },
    { valueAggregate: 1_000_001n },
    { asset: PERMIT2_ADDRESS },
    { timestamp: 1_800_000_001n },
    { nonce: 8n },
    { expiry: 1_900_000_001n },
  ] as const;
  for (const change of changes) {
    it(`refuses a changed ${Object.keys(change).join()}`, async () => {
      const { signature } = await signedVoucherOf();
      expect(await verifyVoucher({ voucher: voucherOf(change), signature, ...here })).to.equal(false);
    });
  }
});

describe("verifying other messages", () => {
  it("accepts an authorization of its owner for this escrow only", async () => {
    const message = depositOf();
    const signature = await signDepositAuthorization(buyer, { ...here, authorization: message });
    const parameters = { primaryType: "DepositAuthorization", message, signature } as const;
    expect(await verifyMessage({ ...parameters, ...here, owner: buyer.address })).to.equal(true);
    expect(await verifyMessage({ ...parameters, ...here, owner: stranger.address })).to.equal(false);
    expect(await verifyMessage({ ...parameters, chainId: 1, escrow: ESCROW, owner: buyer.address })).to.equal(false);
  });

  it("accepts an ERC-3009 deposit of the buyer for this account only", async () => {
    const reference = { ...here, authorization: depositOf(), token };
    const signature = await signDepositEip3009(buyer, reference);
    expect(await verifyDepositEip3009({ ...reference, signature })).to.equal(true);
    const redirected = { ...reference, authorization: depositOf({ seller: ASSET }) };
    expect(await verifyDepositEip3009({ ...redirected, signature })).to.equal(false);
    expect(await verifyDepositEip3009({ ...reference, token: { ...token, version: "1" }, signature })).to.equal(false);
  });

  it("accepts a Permit2 deposit of the buyer for this account only", async () => {
    const reference = { ...here, authorization: depositOf() };
    const signature = await signDepositPermit2(buyer, reference);
    expect(await verifyDepositPermit2({ ...reference, signature })).to.equal(true);
    const redirected = { ...reference, authorization: depositOf({ seller: ASSET }) };
    expect(await verifyDepositPermit2({ ...redirected, signature })).to.equal(false);
  });

  it("accepts a permit of the buyer to this escrow only", async () => {
    const permit = { value: 5n, nonce: 0n, deadline: 1_900_000_000n };
    const reference = { ...here, buyer: buyer.address, asset: ASSET, permit, token };
    const signature = await signPermit(buyer, reference);
    expect(await verifyPermit({ ...reference, signature })).to.equal(true);
    expect(await verifyPermit({ ...reference, escrow: ASSET, signature })).to.equal(false);
  });
});

describe("messages that do not fit their types", () => {
  const never: TypedDataSigner = {
    signTypedData: () => Promise.reject(new Error("a person was asked to sign")),
  };
  const wrong: readonly [string, unknown][] = [
    ["id", "0x01"],
    ["buyer", "0x1234"],
    ["buyer", `0x${"g".repeat(40)}`],
    ["seller", undefined],
    ["valueAggregate", 1_000_000],
    ["valueAggregate", "1000000"],
    ["valueAggregate", -1n],
    ["valueAggregate", 1n << 256n],
    ["timestamp", 1n << 64n],
    ["expiry", 1n << 64n],
    ["chainId", 8453],
  ];
  for (const [member, value] of wrong) {
    it(`refuses ${typeof value} ${String(value).slice(0, 24)} as ${member}, before anybody is asked to sign`, async () => {
      const voucher = { ...voucherOf(), [member]: value };
      expect(() => hashVoucher(voucher, domain)).to.throw(InvalidMessageError);
      const error = await rejection(signMessage(never, "Voucher", { ...here, message: voucher }));
      expect(error).to.be.instanceOf(InvalidMessageError);
      expect((error as InvalidMessageError).member).to.equal(member);
      expect((error as InvalidMessageError).value).to.equal(value);
    });
  }

  it("refuses a permit of numbers", () => {
    const permit = { value: 5, nonce: 0n, deadline: 0n } as never;
    const reference = { ...here, buyer: buyer.address, asset: ASSET, permit, token };
    expect(() => hashPermit(reference)).to.throw(InvalidMessageError);
  });

  it("hashes and signs addresses in any case alike", async () => {
    const upper = (address: Hex): Hex => `0x${address.slice(2).toUpperCase()}`;
    const authorization = depositOf({ asset: upper(ASSET), buyer: upper(buyer.address) });
    const reference = { ...here, authorization, token };
    const expected = { ...here, authorization: depositOf(), token };
    expect(hashDepositEip3009(reference)).to.deep.equal(hashDepositEip3009(expected));
    expect(hashDepositPermit2(reference)).to.deep.equal(hashDepositPermit2(expected));
    expect(await signDepositAuthorization(buyer, reference)).to.equal(await signDepositAuthorization(buyer, expected));
  });

  it("takes the largest values", () => {
    const largest = voucherOf({ valueAggregate: (1n << 256n) - 1n, timestamp: (1n << 64n) - 1n });
    expect(hashVoucher(largest, domain).digest).to.match(/^0x[0-9a-f]{64}$/);
  });

  it("refuses a payout that is neither true nor false, and a nonce above 96 bits", async () => {
    const message = { seller: ASSET, toFreeBalance: "yes", nonce: 0n, expiry: 0n } as never;
    expect(await rejection(signMessage(never, "PayoutAuthorization", { ...here, message }))).to.be.instanceOf(
      InvalidMessageError,
    );
    const large = { seller: ASSET, toFreeBalance: true, nonce: 1n << 96n, expiry: 0n };
    expect(await rejection(signMessage(never, "PayoutAuthorization", { ...here, message: large }))).to.be.instanceOf(
      InvalidMessageError,
    );
  });

  it("signs a good one with any signer of typed data", async () => {
    const request = () => Promise.reject(new Error("a request was made"));
    const wallet = createWalletClient({ account: buyer, chain: base, transport: custom({ request }) });
    const signature = await signVoucher(buyer, voucherOf());
    expect(signature).to.match(/^0x[0-9a-f]{130}$/);
    expect(await signVoucher(wallet, voucherOf())).to.equal(signature);
  });
});
