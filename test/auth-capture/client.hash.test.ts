import { readFileSync } from "node:fs";
import { expect } from "chai";
import { hashTypedData, isAddressEqual, zeroAddress, type Address, type Hex } from "viem";
import {
  ESCROW_DEPLOYMENTS,
  GENERATIONS,
  InvalidMessageError,
  UnknownEscrowAddressError,
  bindSalt,
  getEscrowDeployment,
  hashLifecycleMessage,
  hashPaymentAuthorization,
  hashPaymentInfo,
  lifecycleTypeHash,
  lifecycleTypes,
  operatorDomain,
  operatorDomainSeparator,
  payerAgnosticHash,
  payerAgnosticNonce,
  paymentTypedData,
  paymentInfoTypeHash,
  predictTokenStore,
  saltBindingTypeHash,
  signedRefundTypeHash,
  type LifecyclePrimaryType,
  type PaymentInfo,
} from "x402-escrow/auth-capture";
import { authorizer, payer, receiver } from "./clientSetup.ts";

interface Vector {
  readonly label: string;
  readonly paymentInfo: Readonly<Record<keyof PaymentInfo, string | number>>;
  readonly paymentInfoHash: Hex;
  readonly erc3009Nonce: Hex;
  readonly permit2Nonce: string;
  readonly tokenStore: Address;
  readonly receiveWithAuthorization: {
    readonly domain: { readonly name: string; readonly version: string; readonly verifyingContract: Address };
    readonly digest: Hex;
  };
  readonly permit2: { readonly digest: Hex };
}

const { chains } = JSON.parse(readFileSync(new URL("../vectors/payment-info.json", import.meta.url), "utf8")) as {
  readonly chains: Readonly<Record<string, { readonly vectors: readonly Vector[] }>>;
};

type Members = Readonly<Record<string, string | boolean>>;

interface MessageVectors {
  readonly domains: readonly { readonly chainId: number; readonly operator: Address; readonly separator: Hex }[];
  readonly generations: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly typeHash: Hex;
            readonly cases: readonly {
              readonly name: string;
              readonly message: Members;
              readonly structHash: Hex;
              readonly digests: readonly Hex[];
            }[];
          }
        >
      >
    >
  >;
}

const messageVectors = JSON.parse(
  readFileSync(new URL("../vectors/auth-capture.json", import.meta.url), "utf8"),
) as MessageVectors;

/** JSON has no whole numbers of this size. */
function toMessage(types: readonly { readonly name: string; readonly type: string }[], members: Members): unknown {
  const entries = types.map(({ name, type }) => [
    name,
    type.startsWith("uint") ? BigInt(members[name] ?? 0) : members[name],
  ]);
  return Object.fromEntries(entries);
}

const ADDRESSES = ["operator", "payer", "receiver", "token", "feeReceiver"];

function toPaymentInfo(json: Vector["paymentInfo"]): PaymentInfo {
  const entries = Object.entries(json).map(([name, value]) => [name, ADDRESSES.includes(name) ? value : BigInt(value)]);
  return Object.fromEntries(entries) as PaymentInfo;
}

/** As the scheme and the operators' interface state them: for v1.1, and for v1.0 where it differs. */
const TYPE_HASHES: Readonly<Record<LifecyclePrimaryType, readonly [Hex, Hex?]>> = {
  Charge: ["0xba9da40d4f89fae2231b9433a08482e7850a6e81c2bea980dc1411c5e4bcd692"],
  Capture: [
    "0x7552a0b8573d2e7a1b95911dca3a9ffe4719360b15877a812b891b85ebaf15a8",
    "0x8cf77ca8dd47396ba74c194a47288b9c07e9a39eb7e1e9e4e2fa4dbf80797840",
  ],
  CaptureAndVoid: [
    "0x29491ce4c474337815098f9c70051aad80490a7989df217afec3ae6c91ceb523",
    "0xbc9d042d9a33e35eca6087e3db7034f0fabc4e90f4c54bef01b670a8080a75c3",
  ],
  Void: ["0x80be0473b8db3dab0f581a2d5047c8427e224f5a2d7c8cf47f33c59138d5d7f6"],
  Refund: ["0x154b6cc065d8b728fdd99c222e8d6aa851df9b8f72ab09a9135939d9a882e172"],
  Release: ["0x8a2f00016dce2a4e7f58b65c5899f9da782c6048010b6324b1b1531055d08a33"],
  Dispute: ["0x01773b3df52c9368e5526bfb8e8a14f259d7f18c4d62d7fcbcabdbcbdbeeb113"],
  Rule: ["0xcd878708d422c2e21f8cf6667ac6b81e4155f005f4b4ff5fb07ac57a7ae17263"],
  Settle: ["0x4a190acdb44333bf62bbd737dc8ef8ba7a0e8447485c48c20abed3d238bf993b"],
};

describe("auth-capture client: hashes", () => {
  for (const [chain, { vectors }] of Object.entries(chains)) {
    it(`reproduces what the canonical escrow computed on chain ${chain}`, () => {
      const { escrow } = ESCROW_DEPLOYMENTS["v1.0"];
      expect(vectors).to.have.lengthOf(32);
      let signed = 0;
      for (const { label, ...vector } of vectors) {
        const paymentInfo = toPaymentInfo(vector.paymentInfo);
        const reference = { chainId: Number(chain), escrow, paymentInfo };
        expect(hashPaymentInfo(reference), label).to.equal(vector.paymentInfoHash);
        expect(payerAgnosticHash(reference), label).to.equal(vector.erc3009Nonce);
        expect(payerAgnosticNonce(reference), label).to.equal(BigInt(vector.permit2Nonce));
        expect(predictTokenStore({ escrow, operator: paymentInfo.operator }), label).to.equal(vector.tokenStore);
        const { domain, digest } = vector.receiveWithAuthorization;
        const payment = { method: "Eip3009", tokenDomain: { name: domain.name, version: domain.version } } as const;
        // Recorded under USDC's domain, whatever token the payment names.
        expect(hashTypedData({ ...paymentTypedData({ ...reference, payment }), domain }), label).to.equal(digest);
        if (isAddressEqual(paymentInfo.token, domain.verifyingContract)) {
          expect(hashPaymentAuthorization({ ...reference, payment }).digest, label).to.equal(digest);
          signed += 1;
        }
        const permit2 = hashPaymentAuthorization({ ...reference, payment: { method: "Permit2" } });
        expect(permit2.digest, label).to.equal(vector.permit2.digest);
      }
      if (chain === "8453") expect(signed).to.be.greaterThan(15);
    });
  }

  it("has the type hashes of the escrow, the scheme and the operators", () => {
    expect(paymentInfoTypeHash()).to.equal("0xae68ac7ce30c86ece8196b61a7c486d8f0061f575037fbd34e7fe4e2820c6591");
    expect(saltBindingTypeHash()).to.equal("0x8a2a7e41a0bda000ded071ff38b79401d2603e1826516ff2635b11fe9e30877f");
    expect(signedRefundTypeHash()).to.equal("0x1e3471b41e509fa0a349d496d1b3d93ca4d456fae5e42a414caa4d21e4c29770");
    for (const [name, [inV11, inV10 = inV11]] of Object.entries(TYPE_HASHES)) {
      const primaryType = name as LifecyclePrimaryType;
      expect(lifecycleTypeHash(primaryType), name).to.equal(inV11);
      expect(lifecycleTypeHash(primaryType, "v1.1"), name).to.equal(inV11);
      if (name !== "Charge") expect(lifecycleTypeHash(primaryType, "v1.0"), name).to.equal(inV10);
    }
  });

  it("hashes every lifecycle message of both generations as viem does", () => {
    const word = (byte: string): Hex => `0x${byte.repeat(32)}`;
    // It has every member of every message.
    const message = {
      paymentInfoHash: word("11"),
      amount: 7n,
      feeAmount: 1n,
      feeBps: 2n,
      feeReceiver: receiver.address,
      expectedCapturableAmount: 3n,
      expectedRefundableAmount: 4n,
      tokenCollector: payer.address,
      collectorDataHash: word("22"),
      reasonHash: word("33"),
      receiverAmount: 5n,
      disputed: true,
      deadline: 1_800_000_000n,
    };
    const domain = operatorDomain({ chainId: 8453, operator: payer.address });
    for (const generation of GENERATIONS) {
      const types = lifecycleTypes[generation];
      for (const primaryType of Object.keys(types) as LifecyclePrimaryType[]) {
        const expected = hashTypedData({ domain, types, primaryType, message } as never);
        const { digest } = hashLifecycleMessage({ primaryType, message: message as never, generation, domain });
        expect(digest, `${generation} ${primaryType}`).to.equal(expected);
      }
    }
  });

  for (const [key, messages] of Object.entries(messageVectors.generations)) {
    it(`reproduces the vectors that the contracts reproduce: ${key}`, () => {
      const generation = key === "v1_0" ? "v1.0" : "v1.1";
      const { domains } = messageVectors;
      expect(Object.keys(messages)).to.have.lengthOf(8);
      for (const [name, { typeHash, cases }] of Object.entries(messages)) {
        const primaryType = name as LifecyclePrimaryType;
        expect(lifecycleTypeHash(primaryType, generation)).to.equal(typeHash);
        for (const { name: label, message: members, structHash, digests } of cases) {
          const message = toMessage(lifecycleTypes[generation][primaryType], members) as never;
          const hashes = domains.map(({ separator }) =>
            hashLifecycleMessage({ primaryType, message, generation, domain: separator }),
          );
          expect(hashes, `${name} ${label}`).to.deep.equal(digests.map((digest) => ({ structHash, digest })));
        }
      }
    });
  }

  it("computes the separators that the contracts compute", () => {
    const { domains } = messageVectors;
    expect(domains).to.have.lengthOf(3);
    for (const domain of domains) expect(operatorDomainSeparator(operatorDomain(domain))).to.equal(domain.separator);
  });

  it("refuses members that do not fit their types", () => {
    const [vector] = chains["8453"]?.vectors ?? [];
    if (vector === undefined) throw new Error("There are no vectors of chain 8453.");
    const { escrow } = ESCROW_DEPLOYMENTS["v1.1"];
    const attempt = (changes: Partial<PaymentInfo>) => () =>
      hashPaymentInfo({ chainId: 8453, escrow, paymentInfo: { ...toPaymentInfo(vector.paymentInfo), ...changes } });
    expect(attempt({ maxAmount: 1n << 120n })).to.throw(InvalidMessageError);
    expect(attempt({ refundExpiry: 1n << 48n })).to.throw(InvalidMessageError);
    expect(attempt({ maxFeeBps: 65_536n })).to.throw(InvalidMessageError);
    expect(attempt({ maxAmount: (1n << 120n) - 1n })).not.to.throw();
  });

  it("binds a salt to the receiver's authorizer", () => {
    const binding = { receiverAuthorizer: authorizer.address, policy: zeroAddress, saltNonce: 5n };
    const salts = [
      bindSalt(binding),
      bindSalt({ ...binding, saltNonce: 6n }),
      bindSalt({ ...binding, receiverAuthorizer: payer.address }),
    ];
    expect(new Set(salts).size).to.equal(3);
    const lowerCase = authorizer.address.toLowerCase() as Address;
    expect(bindSalt({ ...binding, receiverAuthorizer: lowerCase })).to.equal(salts[0]);
  });

  it("knows no other escrow than the canonical two", () => {
    const lowerCase = ESCROW_DEPLOYMENTS["v1.0"].escrow.toLowerCase() as Address;
    expect(getEscrowDeployment(lowerCase).generation).to.equal("v1.0");
    const other = "0x13AC3b34322D12FE27D5e192D0c2b2266d4F29CB";
    expect(() => getEscrowDeployment(other)).to.throw(UnknownEscrowAddressError);
  });
});
