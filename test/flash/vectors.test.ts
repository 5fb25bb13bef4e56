import { readFile } from "node:fs/promises";
import { expect } from "chai";
import {
  hashStruct,
  hashTypedData,
  keccak256,
  parseTransaction,
  recoverAddress,
  recoverTransactionAddress,
  size,
  toRlp,
  type Address,
  type Hex,
} from "viem";
import { eip3009Types, PERMIT2_ADDRESS, permit2TokenTypes } from "../../client/core/funding.ts";
import { hashFundingEip3009, hashFundingPermit2 } from "../../client/flash/funding.ts";
import { flashDomainSeparator, flashTypeHash, hashMessage } from "../../client/flash/hash.ts";
import {
  InvalidSignedTransactionError,
  parseSignedTransaction,
  recoverSignedTransaction,
  type SignedTransactionFault,
} from "../../client/flash/signedTransaction.ts";
import {
  flashDomain,
  flashTypes,
  type FlashMessages,
  type FlashPrimaryType,
  type FundedPrimaryType,
} from "../../client/flash/typedData.ts";
import { verifyFundingEip3009, verifyFundingPermit2 } from "../../client/flash/verify.ts";

type Members = Readonly<Record<string, string | boolean>>;

interface MessageVector {
  readonly name: string;
  readonly message: Members;
  readonly structHash: Hex;
  readonly digests: readonly Hex[];
  readonly signature?: Hex;
}

interface FundingVector {
  readonly name: string;
  readonly message: Members;
  readonly structHash: Hex;
  readonly digest: Hex;
  readonly signature?: Hex;
}

interface Vectors {
  readonly owner: Address;
  readonly domains: readonly { readonly chainId: number; readonly settlement: Address; readonly separator: Hex }[];
  readonly typeHashes: Readonly<Record<FlashPrimaryType, Hex>>;
  readonly messages: Readonly<Record<FlashPrimaryType, readonly MessageVector[]>>;
  readonly token: { readonly address: Address; readonly name: string; readonly version: string };
  readonly eip3009: Readonly<Record<"OpenEscrow" | "TopUp", readonly FundingVector[]>>;
  readonly permit2: Readonly<Record<"OpenEscrow" | "TopUp", readonly FundingVector[]>>;
}

interface Transactions {
  readonly signer: Address;
  readonly transactions: readonly {
    readonly name: string;
    readonly chainId: number;
    readonly target: Address;
    readonly data: Hex;
    readonly raw: `0x02${string}`;
  }[];
  readonly settlements: readonly {
    readonly name: string;
    readonly server: Address;
    readonly token: Address;
    readonly amount: string;
    readonly nonce: string;
    readonly deadline: string;
    readonly epoch: number;
    readonly raw: Hex;
  }[];
  readonly mutations: readonly { readonly name: string; readonly fault: string; readonly raw: Hex }[];
  readonly otherCalls: readonly { readonly name: string; readonly raw: Hex }[];
}

/** Bytes of a call of `settleNumberedPayment`. */
const CALL_LENGTH = 196;

/** What the client calls the contract's faults. */
const FAULTS: Readonly<Record<string, readonly SignedTransactionFault[]>> = {
  Type: ["type"],
  Length: ["encoding", "data"],
  Integer: ["encoding"],
  ChainId: ["chainId"],
  Target: ["target"],
  Value: ["value"],
  Data: ["data"],
  AccessList: ["accessList"],
  Signature: ["signature"],
};

const vectors = await read<Vectors>("flash.json");
const transactions = await read<Transactions>("flash-transactions.json");
const primaryTypes = Object.keys(flashTypes) as FlashPrimaryType[];

describe("vectors: flash.json", () => {
  it("has four cases of every signed type and no other type", () => {
    expect(Object.keys(vectors.messages)).to.deep.equal(primaryTypes);
    for (const name of primaryTypes) expect(vectors.messages[name], name).to.have.lengthOf(4);
  });

  for (const { chainId, settlement, separator } of vectors.domains) {
    it(`reproduces the domain separator of chain ${chainId}`, () => {
      expect(flashDomainSeparator(flashDomain({ chainId, settlement }))).to.equal(separator);
      expect(flashDomainSeparator(flashDomain({ chainId: BigInt(chainId), settlement }))).to.equal(separator);
    });
  }

  for (const primaryType of primaryTypes) {
    describe(primaryType, () => {
      it("reproduces the type hash", () => {
        expect(flashTypeHash(primaryType)).to.equal(vectors.typeHashes[primaryType]);
      });

      for (const { name, message, digests, structHash } of vectors.messages[primaryType]) {
        it(`reproduces struct hash and digests: ${name}`, () => {
          const data = revive(message);
          expect(hashStruct({ types: flashTypes, primaryType, data } as never)).to.equal(structHash);
          for (const [index, reference] of vectors.domains.entries()) {
            const { digest } = hashMessage(primaryType, data as never, flashDomain(reference));
            expect(digest, `chain ${reference.chainId}`).to.equal(digests[index]);
          }
        });
      }

      it("recovers the owner from the signed case", async () => {
        const { digests, signature } = signedOf(vectors.messages[primaryType]);
        expect(await recoverAddress({ hash: first(digests), signature })).to.equal(vectors.owner);
      });
    });
  }

  describe("messages of other contracts", () => {
    const { chainId, settlement } = first(vectors.domains);
    const { address: token, ...tokenDomain } = vectors.token;
    const referenceOf = (primaryType: FundedPrimaryType, message: Members) => ({
      primaryType,
      // The vectors' members are those of the type.
      message: revive(message) as unknown as FlashMessages[FundedPrimaryType],
      chainId,
      settlement,
    });

    for (const primaryType of ["OpenEscrow", "TopUp"] as const) {
      const types = { [primaryType]: flashTypes[primaryType] };
      const witnessOf = (message: Members) => hashStruct({ types, primaryType, data: revive(message) });

      for (const { name, message, structHash, digest } of vectors.eip3009[primaryType]) {
        it(`reproduces ERC-3009's ReceiveWithAuthorization of ${primaryType}: ${name}`, () => {
          const { client, amount, deadline } = revive(message) as { client: Address; amount: bigint; deadline: bigint };
          const authorization = {
            from: client,
            to: settlement,
            value: amount,
            validAfter: 0n,
            validBefore: deadline + 1n,
            nonce: witnessOf(message),
          };
          const data = { types: eip3009Types, primaryType: "ReceiveWithAuthorization" } as const;
          const domain = { ...tokenDomain, chainId, verifyingContract: token };
          expect(hashStruct({ ...data, data: authorization })).to.equal(structHash);
          expect(hashTypedData({ ...data, domain, message: authorization })).to.equal(digest);
          const hashes = hashFundingEip3009({ ...referenceOf(primaryType, message), tokenDomain });
          expect(hashes).to.deep.equal({ structHash, digest });
        });
      }

      for (const { name, message, structHash, digest } of vectors.permit2[primaryType]) {
        it(`reproduces Permit2's PermitWitnessTransferFrom of ${primaryType}: ${name}`, () => {
          const witness = revive(message);
          const permit = {
            permitted: { token, amount: witness["amount"] },
            spender: settlement,
            nonce: BigInt(witnessOf(message)),
            deadline: witness["deadline"],
            witness,
          };
          const permitTypes = {
            ...types,
            ...permit2TokenTypes,
            PermitWitnessTransferFrom: [
              { name: "permitted", type: "TokenPermissions" },
              { name: "spender", type: "address" },
              { name: "nonce", type: "uint256" },
              { name: "deadline", type: "uint256" },
              { name: "witness", type: primaryType },
            ],
          };
          const data = { types: permitTypes, primaryType: "PermitWitnessTransferFrom" };
          const domain = { name: "Permit2", chainId, verifyingContract: PERMIT2_ADDRESS };
          expect(hashStruct({ ...data, data: permit } as never)).to.equal(structHash);
          expect(hashTypedData({ ...data, domain, message: permit } as never)).to.equal(digest);
          expect(hashFundingPermit2(referenceOf(primaryType, message))).to.deep.equal({ structHash, digest });
        });
      }
    }

    for (const method of ["eip3009", "permit2"] as const) {
      it(`recovers the owner from the signed cases of ${method}`, async () => {
        for (const cases of Object.values(vectors[method])) {
          const { digest, signature } = signedOf(cases);
          expect(await recoverAddress({ hash: digest, signature })).to.equal(vectors.owner);
        }
      });
    }

    it("are verified by the client that signed, and by nothing else", async () => {
      for (const primaryType of ["OpenEscrow", "TopUp"] as const) {
        const byToken = signedOf(vectors.eip3009[primaryType]);
        const token3009 = { ...referenceOf(primaryType, byToken.message), tokenDomain, signature: byToken.signature };
        const byPermit2 = signedOf(vectors.permit2[primaryType]);
        const permit2 = { ...referenceOf(primaryType, byPermit2.message), signature: byPermit2.signature };
        expect(await verifyFundingEip3009(token3009), primaryType).to.equal(true);
        expect(await verifyFundingPermit2(permit2), primaryType).to.equal(true);
        const otherToken = { ...tokenDomain, version: "other" };
        expect(await verifyFundingEip3009({ ...token3009, tokenDomain: otherToken }), primaryType).to.equal(false);
        for (const change of [
          { chainId: chainId + 1 },
          { settlement: token },
          { message: { ...permit2.message, amount: permit2.message.amount + 1n } },
          { message: { ...permit2.message, client: settlement } },
          { signature: byToken.signature },
        ]) {
          expect(await verifyFundingPermit2({ ...permit2, ...change }), primaryType).to.equal(false);
        }
        for (const change of [
          { settlement: token },
          { message: { ...token3009.message, amount: token3009.message.amount + 1n } },
          { message: { ...token3009.message, client: settlement } },
          { signature: byPermit2.signature },
        ]) {
          expect(await verifyFundingEip3009({ ...token3009, ...change }), primaryType).to.equal(false);
        }
      }
    });
  });
});

describe("vectors: flash-transactions.json", () => {
  const { settlement } = first(vectors.domains);
  const reference = { chainId: 8453, settlement };

  for (const { name, chainId, target, data, raw } of transactions.transactions) {
    it(`reads a transaction: ${name}`, async () => {
      const parsed = parseTransaction(raw);
      expect(parsed).to.include({ chainId, data });
      expect(parsed.to?.toLowerCase()).to.equal(target);
      expect(await recoverTransactionAddress({ serializedTransaction: raw })).to.equal(transactions.signer);
      // All but the call itself, which these shapes do not have.
      expect(faultOf(raw, { chainId, settlement: target })).to.equal("data");
    });
  }

  for (const { name, raw, ...payment } of transactions.settlements) {
    it(`reads a payment: ${name}`, async () => {
      const parsed = parseSignedTransaction(raw, reference);
      expect(parsed).to.include({
        server: payment.server,
        token: payment.token,
        amount: BigInt(payment.amount),
        nonce: BigInt(payment.nonce),
        deadline: BigInt(payment.deadline),
        epoch: BigInt(payment.epoch),
      });
      expect(parsed.digest).to.equal(digestOf(raw));
      expect(await recoverSignedTransaction(parsed)).to.equal(transactions.signer.toLowerCase());
    });
  }

  for (const { name, fault, raw } of transactions.mutations) {
    it(`refuses a mutation: ${name}`, async () => {
      // What is not canonical has no members that could be wrong.
      expect([...(FAULTS[fault] ?? []), "encoding", "signature"]).to.include(await refusalOf(raw));
    });
  }

  for (const { name, raw } of transactions.otherCalls) {
    it(`refuses another call: ${name}`, () => {
      expect(faultOf(raw, reference)).to.equal("data");
    });
  }

  it("holds calls of settleNumberedPayment in every mutation that has a call", () => {
    expect(transactions.mutations.filter(({ raw }) => size(raw) > CALL_LENGTH)).to.have.lengthOf.above(90);
  });

  /** As a server does: it reads, and then recovers. */
  async function refusalOf(raw: Hex): Promise<SignedTransactionFault> {
    try {
      await recoverSignedTransaction(parseSignedTransaction(raw, reference));
    } catch (error) {
      if (error instanceof InvalidSignedTransactionError) return error.fault;
      throw error;
    }
    throw new Error("It is accepted");
  }
});

function faultOf(raw: Hex, reference: { readonly chainId: number; readonly settlement: Address }) {
  try {
    parseSignedTransaction(raw, reference);
  } catch (error) {
    if (error instanceof InvalidSignedTransactionError) return error.fault;
    throw error;
  }
  return undefined;
}

/** What was signed, from viem's own list of what stands in a transaction. */
function digestOf(raw: Hex): Hex {
  const { chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gas, to, data } = parseTransaction(
    raw as `0x02${string}`,
  );
  const integer = (value: bigint | number | undefined): Hex => {
    const hex = BigInt(value ?? 0).toString(16);
    return hex === "0" ? "0x" : `0x${hex.length % 2 === 0 ? hex : `0${hex}`}`;
  };
  const items = [chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gas].map(integer);
  return keccak256(`0x02${toRlp([...items, to ?? "0x", "0x", data ?? "0x", []]).slice(2)}`);
}

async function read<file>(name: string): Promise<file> {
  return JSON.parse(await readFile(new URL(`../vectors/${name}`, import.meta.url), "utf8")) as file;
}

/** JSON has no bigint: whole numbers are strings of digits there. */
function revive(members: Members): Record<string, string | boolean | bigint> {
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [name, /^\d+$/.test(String(value)) ? BigInt(value) : value]),
  );
}

function first<value>(values: readonly value[]): value {
  const [value] = values;
  if (value === undefined) throw new Error("The vectors are empty");
  return value;
}

function signedOf<vector extends { readonly name: string; readonly signature?: Hex }>(
  cases: readonly vector[],
): vector & { readonly signature: Hex } {
  const { signature, ...rest } = cases.find(({ name }) => name === "signed") ?? first(cases);
  if (signature === undefined) throw new Error("There is no signed case");
  return { ...rest, signature } as vector & { readonly signature: Hex };
}
