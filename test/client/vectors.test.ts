import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { hashTypedData, type Address, type Hex } from "viem";
import {
  depositEip3009TypedData,
  depositPermit2TypedData,
  hashAllocateAuthorization,
  hashDepositAuthorization,
  hashFlushAllAuthorization,
  hashFlushAuthorization,
  hashPayoutAuthorization,
  hashReleaseAuthorization,
  hashSignerAuthorization,
  hashSignerRevocation,
  hashVoucher,
  hashWithdrawFreeAuthorization,
  hashDepositEip3009,
  hashDepositPermit2,
  hashMessage,
  hashPermit,
  recoverKey,
  voucherDomain,
  voucherDomainSeparator,
  voucherTypeHash,
  voucherTypes,
  type DepositAuthorization,
  type Permit,
  type VoucherMessages,
  type VoucherPrimaryType,
} from "x402-escrow/voucher";
/** The named function of each message. */
const hashFunctions = {
  AllocateAuthorization: hashAllocateAuthorization,
  DepositAuthorization: hashDepositAuthorization,
  FlushAllAuthorization: hashFlushAllAuthorization,
  FlushAuthorization: hashFlushAuthorization,
  PayoutAuthorization: hashPayoutAuthorization,
  ReleaseAuthorization: hashReleaseAuthorization,
  SignerAuthorization: hashSignerAuthorization,
  SignerRevocation: hashSignerRevocation,
  Voucher: hashVoucher,
  WithdrawFreeAuthorization: hashWithdrawFreeAuthorization,
} as const;

interface Hashes {
  readonly structHash: Hex;
  readonly digest: Hex;
}

interface Vectors {
  readonly owner: Address;
  readonly domains: readonly { readonly chainId: number; readonly escrow: Address; readonly separator: Hex }[];
  readonly typeHashes: Readonly<Record<VoucherPrimaryType, Hex>>;
  readonly messages: Readonly<Record<VoucherPrimaryType, readonly MessageVector[]>>;
  readonly token: { readonly address: Address; readonly name: string; readonly version: string };
  readonly eip3009: readonly (Hashes & { readonly name: string; readonly authorization: Members })[];
  readonly permit2: readonly (Hashes & { readonly name: string; readonly authorization: Members })[];
  readonly permit: readonly (Hashes & { readonly permit: Members })[];
}

type Members = Readonly<Record<string, string | boolean>>;

interface MessageVector {
  readonly name: string;
  readonly message: Members;
  readonly structHash: Hex;
  readonly digests: readonly Hex[];
  readonly signature?: Hex;
}

const file = new URL("../vectors/voucher.json", import.meta.url);
const vectors = JSON.parse(await readFile(file, "utf8")) as Vectors;
const primaryTypes = Object.keys(voucherTypes) as VoucherPrimaryType[];

/** JSON has no bigint: whole numbers are strings of digits there. */
function revive(members: Members): Record<string, string | boolean | bigint> {
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [name, /^\d+$/.test(String(value)) ? BigInt(value) : value]),
  );
}

function messageOf<name extends VoucherPrimaryType>({ message }: MessageVector): VoucherMessages[name] {
  return revive(message) as unknown as VoucherMessages[name];
}

function first<value>(values: readonly value[]): value {
  const [value] = values;
  if (value === undefined) throw new Error("The vectors are empty");
  return value;
}

describe("vectors: voucher.json", () => {
  it("has four cases of every signed type and no other type", () => {
    expect(Object.keys(vectors.messages)).to.deep.equal(primaryTypes);
    for (const name of primaryTypes) expect(vectors.messages[name], name).to.have.lengthOf(4);
  });

  for (const { chainId, escrow, separator } of vectors.domains) {
    it(`reproduces the domain separator of chain ${chainId}`, () => {
      expect(voucherDomainSeparator(voucherDomain({ chainId, escrow }))).to.equal(separator);
      expect(voucherDomainSeparator(voucherDomain({ chainId: BigInt(chainId), escrow }))).to.equal(separator);
    });
  }

  for (const primaryType of primaryTypes) {
    describe(primaryType, () => {
      it("reproduces the type hash", () => {
        expect(voucherTypeHash(primaryType)).to.equal(vectors.typeHashes[primaryType]);
      });

      for (const vector of vectors.messages[primaryType]) {
        it(`reproduces struct hash and digests: ${vector.name}`, () => {
          const message = messageOf(vector);
          for (const [index, reference] of vectors.domains.entries()) {
            const domain = voucherDomain(reference);
            const expected = { structHash: vector.structHash, digest: vector.digests[index] };
            expect(hashMessage(primaryType, message, domain)).to.deep.equal(expected);
            expect(hashMessage(primaryType, message, reference.separator)).to.deep.equal(expected);
            expect(hashFunctions[primaryType](message as never, domain)).to.deep.equal(expected);
            const typedData = { domain, types: voucherTypes, primaryType, message } as never;
            expect(hashTypedData(typedData)).to.equal(expected.digest);
          }
        });
      }

      it("recovers the owner from the signed case", async () => {
        const { digests, signature } = vectors.messages[primaryType].find(({ name }) => name === "signed") ?? {};
        if (digests === undefined || signature === undefined) throw new Error("There is no signed case");
        expect(await recoverKey(first(digests), signature)).to.equal(vectors.owner);
      });
    });
  }

  describe("messages of other contracts", () => {
    const { chainId, escrow } = first(vectors.domains);
    const token = { name: vectors.token.name, version: vectors.token.version };

    for (const { name, authorization, structHash, digest } of vectors.eip3009) {
      it(`reproduces ERC-3009's ReceiveWithAuthorization: ${name}`, () => {
        const reference = { chainId, escrow, token, authorization: revive(authorization) as never };
        expect(hashDepositEip3009(reference)).to.deep.equal({ structHash, digest });
        expect(hashTypedData(depositEip3009TypedData(reference))).to.equal(digest);
      });
    }

    for (const { name, authorization, structHash, digest } of vectors.permit2) {
      it(`reproduces Permit2's PermitWitnessTransferFrom: ${name}`, () => {
        const reference = { chainId, escrow, authorization: revive(authorization) as unknown as DepositAuthorization };
        expect(hashDepositPermit2(reference)).to.deep.equal({ structHash, digest });
        expect(hashTypedData(depositPermit2TypedData(reference))).to.equal(digest);
      });
    }

    for (const [index, { permit, structHash, digest }] of vectors.permit.entries()) {
      it(`reproduces ERC-2612's Permit: ${index}`, () => {
        const reference = { chainId, escrow, token, buyer: vectors.owner, asset: vectors.token.address };
        const parsed = revive(permit) as unknown as Permit;
        expect(hashPermit({ ...reference, permit: parsed })).to.deep.equal({ structHash, digest });
      });
    }
  });
});
