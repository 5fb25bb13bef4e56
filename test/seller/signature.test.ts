import { expect } from "chai";
import fc from "fast-check";
import { bytesToHex, hashTypedData, hexToBytes, keccak256, toHex, type Address, type Hex } from "viem";
import { privateKeyToAccount, sign } from "viem/accounts";
import { recoverKey } from "../../client/core/signature.ts";
import {
  loadNativeBackend,
  loadSignatureBackend,
  viemBackend,
  type SignatureBackend,
} from "../../client/seller/core/signature.ts";
import { createVoucherHasher } from "../../client/seller/voucher/hash.ts";
import { voucherDomain, voucherTypes } from "../../client/voucher/typedData.ts";
import type { Voucher } from "../../client/voucher/types.ts";
import { voucher } from "./voucher/fixtures.ts";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const hex = (length: number) => bytes(length).map((value) => bytesToHex(value));
const uint = (bits: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });

async function native(): Promise<SignatureBackend> {
  const backend = await loadNativeBackend();
  if (backend === undefined) throw new Error("the native library did not load");
  return backend;
}

describe("voucher hash", () => {
  const vouchers = fc.record<Voucher>({
    id: hex(32),
    buyer: hex(20) as fc.Arbitrary<Address>,
    seller: hex(20) as fc.Arbitrary<Address>,
    valueAggregate: fc.oneof(uint(256), uint(64)),
    asset: hex(20) as fc.Arbitrary<Address>,
    timestamp: uint(64),
    nonce: fc.oneof(uint(256), uint(64)),
    escrow: hex(20) as fc.Arbitrary<Address>,
    chainId: fc.oneof(uint(256), uint(53)),
    expiry: uint(64),
  });

  it("is viem's, whatever the values", () => {
    const reference = { chainId: 8453n, escrow: voucher().escrow };
    const hash = createVoucherHasher(reference);
    fc.assert(
      fc.property(vouchers, (message) => {
        const digest = hash(message);
        const expected = hashTypedData({
          domain: voucherDomain(reference),
          types: { Voucher: voucherTypes.Voucher },
          primaryType: "Voucher",
          message,
        });
        expect(digest === undefined ? undefined : bytesToHex(digest)).to.equal(expected);
      }),
    );
  });

  it("gives a digest that the next hash does not change", () => {
    const hash = createVoucherHasher(voucher());
    const first = hash(voucher());
    const copy = first === undefined ? "0x" : bytesToHex(first);
    hash(voucher({ nonce: 1n }));
    expect(first === undefined ? undefined : bytesToHex(first)).to.equal(copy);
  });

  const wrong: readonly (readonly [string, object])[] = [
    ["an id of 31 bytes", { id: `0x${"11".repeat(31)}` }],
    ["an id that is not hex", { id: `0x${"zz".repeat(32)}` }],
    ["an address with one wrong digit", { buyer: `0x${"1".repeat(39)}g` }],
    ["an address without 0x", { seller: "1".repeat(42) }],
    ["a number instead of a bigint", { nonce: 1 }],
    ["a negative amount", { valueAggregate: -1n }],
    ["an amount of 257 bits", { valueAggregate: 1n << 256n }],
    ["a timestamp of 65 bits", { timestamp: 1n << 64n }],
    ["an expiry of 65 bits", { expiry: 1n << 64n }],
    ["no asset", { asset: undefined }],
  ];
  for (const [what, overrides] of wrong) {
    it(`is undefined for ${what}`, () => {
      const hash = createVoucherHasher(voucher());
      expect(hash({ ...voucher(), ...overrides } as Voucher)).to.equal(undefined);
      expect(hash(voucher())).to.not.equal(undefined);
    });
  }
});

describe("recovery of signers", () => {
  const account = privateKeyToAccount(keccak256(toHex("buyer")));
  const digest = keccak256(toHex("digest"));

  it("uses the native library where it loads", async () => {
    expect((await loadSignatureBackend()).name).to.equal("native");
  });

  for (const [name, load] of [
    ["native", native],
    ["viem", async () => viemBackend],
  ] as const) {
    describe(name, () => {
      it("finds the signer of 65 bytes and of EIP-2098's 64", async () => {
        const { recoverSigner } = await load();
        const signature = await account.sign({ hash: digest });
        const expected = account.address.toLowerCase();
        expect(await recoverSigner(hexToBytes(digest), signature)).to.equal(expected);
        expect(await recoverSigner(hexToBytes(digest), compact(signature))).to.equal(expected);
      });

      it("finds nobody in a malleable twin", async () => {
        const { recoverSigner } = await load();
        const twin = malleate(await account.sign({ hash: digest }));
        expect(await recoverSigner(hexToBytes(digest), twin)).to.equal(undefined);
      });

      it("finds somebody else with the other v", async () => {
        const { recoverSigner } = await load();
        const signature = await account.sign({ hash: digest });
        const other = `${signature.slice(0, -2)}${signature.endsWith("1b") ? "1c" : "1b"}` as Hex;
        expect(await recoverSigner(hexToBytes(digest), other)).to.not.equal(account.address.toLowerCase());
      });
    });
  }

  it("agrees between native, viem and the client layer on every input", async () => {
    const backend = await native();
    const keys = bytes(32).map((value) => keccak256(value));
    const good = fc
      .tuple(keys, hex(32))
      .map(([privateKey, hash]) => ({ hash, signature: sign({ privateKey, hash, to: "hex" }) }));
    const changes = fc.constantFrom<(signature: Hex) => Hex>(
      (signature) => signature,
      compact,
      malleate,
      (signature) => compact(malleate(signature)),
      (signature) => `${signature.slice(0, -2)}00` as Hex,
      (signature) => `${signature.slice(0, -2)}01` as Hex,
      (signature) => `${signature.slice(0, -2)}1d` as Hex,
      (signature) => `${signature.slice(0, -2)}${signature.endsWith("1b") ? "1c" : "1b"}` as Hex,
      (signature) => signature.slice(0, -2) as Hex,
      (signature) => `${signature}00` as Hex,
      (signature) => `0x${"00".repeat(32)}${signature.slice(66)}` as Hex,
      (signature) => `${signature.slice(0, 66)}${"00".repeat(32)}1b` as Hex,
      (signature) => `0x${ORDER.toString(16)}${signature.slice(66)}` as Hex,
      () => "0x" as Hex,
    );
    const mutated = fc
      .tuple(good, changes)
      .map(async ([{ hash, signature }, change]) => ({ hash, signature: change(await signature) }));
    const random = fc
      .tuple(
        hex(32),
        fc.oneof(
          hex(65),
          hex(64),
          fc.tuple(hex(64), fc.constantFrom("1b", "1c")).map(([rs, v]) => `${rs}${v}` as Hex),
        ),
      )
      .map(async ([hash, signature]) => ({ hash, signature }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, random), async (input) => {
        const { hash, signature } = await input;
        const fromNative = await backend.recoverSigner(hexToBytes(hash), signature);
        const fromViem = await viemBackend.recoverSigner(hexToBytes(hash), signature);
        const fromClient = (await recoverKey(hash, signature))?.toLowerCase();
        expect([fromNative, signature]).to.deep.equal([fromViem, signature]);
        expect([fromNative, signature]).to.deep.equal([fromClient, signature]);
      }),
      { numRuns: 300 },
    );
  });

  for (const signature of ["", "0x1", "11".repeat(65), `0x${"1".repeat(129)}`, `0x${"zz".repeat(65)}`, 7]) {
    it(`finds nobody in ${JSON.stringify(signature).slice(0, 20)}`, async () => {
      for (const { recoverSigner } of [await native(), viemBackend]) {
        expect(await recoverSigner(hexToBytes(digest), signature as Hex)).to.equal(undefined);
      }
    });
  }
});

/** The same signature in EIP-2098's 64 bytes. */
function compact(signature: Hex): Hex {
  const s = BigInt(`0x${signature.slice(66, 130)}`);
  const parity = signature.endsWith("1c") ? 1n << 255n : 0n;
  return `${signature.slice(0, 66)}${toHex(s | parity, { size: 32 }).slice(2)}` as Hex;
}

/** The other signature that the same key's equation admits: `s` mirrored, `v` flipped. */
function malleate(signature: Hex): Hex {
  const s = ORDER - BigInt(`0x${signature.slice(66, 130)}`);
  return `${signature.slice(0, 66)}${toHex(s, { size: 32 }).slice(2)}${signature.endsWith("1b") ? "1c" : "1b"}` as Hex;
}
