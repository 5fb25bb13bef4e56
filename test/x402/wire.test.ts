import { expect } from "chai";
import fc from "fast-check";
import { parsePayload, toWirePayload } from "../../client/x402/deferred/wire.ts";
import { parseOffer, parseSettlement, toWireLane, toWireSettlement } from "../../client/x402/deferred/wireOffer.ts";
import type { DeferredPayload, Parsed, Settlement } from "../../client/x402/deferred/types.ts";
import {
  ADDRESS,
  BYTES32,
  WIRE_OFFER,
  WIRE_PAYLOAD,
  mutate,
  type FieldCase,
  BAD_ADDRESSES,
  BAD_AMOUNTS,
  BAD_BYTES32,
  BAD_INTEGERS,
  BAD_SIGNATURES,
  BAD_OBJECTS,
} from "./helpers/wireCases.ts";

const PREFIX = "invalid_deferred_evm_payload_";

describe("x402 deferred: wire", () => {
  describe("payload", () => {
    it("reads what it writes", () => {
      fc.assert(
        fc.property(payloads(), (payload) => {
          expectValue(parsePayload(overTheWire(toWirePayload(payload)))).to.deep.equal(payload);
        }),
      );
    });

    it("reads numbers and decimal strings alike", () => {
      const asNumbers = { ...WIRE_PAYLOAD.voucher, timestamp: 1, nonce: 2, chainId: 8453, expiry: 3 };
      const asStrings = { ...WIRE_PAYLOAD.voucher, timestamp: "1", nonce: "2", chainId: "8453", expiry: "3" };
      const first = parsePayload({ ...WIRE_PAYLOAD, voucher: asNumbers });
      expect(first).to.deep.equal(parsePayload({ ...WIRE_PAYLOAD, voucher: asStrings }));
      expect(first.isValid).to.equal(true);
    });

    it("reads addresses and hex of any case as lower case", () => {
      const upper = ADDRESS.toUpperCase().replace("0X", "0x");
      const parsed = parsePayload(mutate(WIRE_PAYLOAD, "voucher.buyer", upper));
      expectValue(parsed).to.have.nested.property("voucher.buyer", ADDRESS);
    });

    it("ignores fields it does not know", () => {
      expect(parsePayload({ ...WIRE_PAYLOAD, later: [1] }).isValid).to.equal(true);
    });

    const cases: readonly FieldCase[] = [
      { fields: ["voucher"], values: BAD_OBJECTS, code: "voucher_malformed" },
      {
        fields: ["voucher.buyer", "voucher.seller", "voucher.asset", "voucher.escrow"],
        values: BAD_ADDRESSES,
        code: "voucher_malformed",
      },
      { fields: ["voucher.id"], values: BAD_BYTES32, code: "voucher_malformed" },
      { fields: ["voucher.valueAggregate"], values: BAD_AMOUNTS, code: "voucher_malformed" },
      {
        fields: ["voucher.timestamp", "voucher.nonce", "voucher.chainId", "voucher.expiry"],
        values: BAD_INTEGERS,
        code: "voucher_malformed",
      },
      { fields: ["voucher.timestamp", "voucher.expiry"], values: [(2n ** 64n).toString()], code: "voucher_malformed" },
      { fields: ["voucher.nonce"], values: [(2n ** 256n).toString()], code: "voucher_malformed" },
      { fields: ["voucher.chainId"], values: [(2n ** 53n).toString()], code: "voucher_malformed" },
      { fields: ["signature"], values: BAD_SIGNATURES, code: "malformed" },
      {
        fields: ["depositAuthorization"],
        values: BAD_OBJECTS.filter((value) => value !== null && value !== undefined),
        code: "deposit_authorization_malformed",
      },
      {
        fields: ["depositAuthorization.method"],
        values: ["eip712", "", 1, {}],
        code: "deposit_authorization_malformed",
      },
      {
        fields: ["depositAuthorization.depositAuthorization"],
        values: BAD_OBJECTS,
        code: "deposit_authorization_malformed",
      },
      {
        fields: ["buyer", "seller", "asset"].map((name) => `depositAuthorization.depositAuthorization.${name}`),
        values: BAD_ADDRESSES,
        code: "deposit_authorization_malformed",
      },
      {
        fields: ["depositAuthorization.depositAuthorization.amount"],
        values: BAD_AMOUNTS,
        code: "deposit_authorization_malformed",
      },
      {
        fields: ["depositAuthorization.depositAuthorization.nonce"],
        values: BAD_BYTES32,
        code: "deposit_authorization_malformed",
      },
      {
        fields: ["depositAuthorization.depositAuthorization.expiry"],
        values: [...BAD_INTEGERS, (2n ** 64n).toString()],
        code: "deposit_authorization_malformed",
      },
      {
        fields: ["depositAuthorization.depositAuthorization.signature"],
        values: BAD_SIGNATURES,
        code: "deposit_authorization_malformed",
      },
      {
        fields: ["depositAuthorization.permit"],
        values: BAD_OBJECTS.filter((value) => value !== null && value !== undefined),
        code: "permit_malformed",
      },
      {
        fields: ["depositAuthorization.permit.owner", "depositAuthorization.permit.spender"],
        values: BAD_ADDRESSES,
        code: "permit_malformed",
      },
      { fields: ["depositAuthorization.permit.value"], values: BAD_AMOUNTS, code: "permit_malformed" },
      {
        fields: ["depositAuthorization.permit.nonce", "depositAuthorization.permit.deadline"],
        values: BAD_INTEGERS,
        code: "permit_malformed",
      },
      { fields: ["depositAuthorization.permit.domain"], values: BAD_OBJECTS, code: "permit_malformed" },
      {
        fields: ["depositAuthorization.permit.domain.name", "depositAuthorization.permit.domain.version"],
        values: [undefined, null, 2, "x".repeat(129), {}],
        code: "permit_malformed",
      },
      { fields: ["depositAuthorization.permit.signature"], values: BAD_SIGNATURES, code: "permit_malformed" },
      {
        fields: ["signerAuthorization"],
        values: BAD_OBJECTS.filter((value) => value !== null && value !== undefined),
        code: "signer_authorization_malformed",
      },
      { fields: ["signerAuthorization.signer"], values: BAD_ADDRESSES, code: "signer_authorization_malformed" },
      {
        fields: ["signerAuthorization.validUntil", "signerAuthorization.expiry"],
        values: [...BAD_INTEGERS, (2n ** 64n).toString()],
        code: "signer_authorization_malformed",
      },
      { fields: ["signerAuthorization.signature"], values: BAD_SIGNATURES, code: "signer_authorization_malformed" },
    ];
    for (const { fields, values, code } of cases) {
      for (const field of fields) {
        it(`refuses a malformed ${field} as ${code}`, () => {
          // The method of the sample is the scheme's own, which takes the permit.
          for (const value of values) {
            const parsed = parsePayload(mutate(WIRE_PAYLOAD, field, value));
            expect(parsed, `${field} = ${String(value)}`).to.include({ isValid: false, code: `${PREFIX}${code}` });
          }
        });
      }
    }

    it("refuses whatever is no object as malformed", () => {
      for (const value of [undefined, null, 1, "payload", [], true]) {
        expect(parsePayload(value)).to.include({ isValid: false, code: `${PREFIX}malformed` });
      }
    });

    it("never throws, whatever it is given", () => {
      fc.assert(fc.property(fc.anything(), (value) => parsePayload(value).isValid === false));
      fc.assert(
        fc.property(fc.constantFrom(...paths(WIRE_PAYLOAD)), fc.anything(), (path, value) => {
          const parsed = parsePayload(mutate(WIRE_PAYLOAD, path, value));
          return parsed.isValid || parsed.code.startsWith(PREFIX);
        }),
        { numRuns: 2_000 },
      );
    });

    it("never throws on an object that does", () => {
      const hostile = new Proxy(
        {},
        {
          get: () => {
            throw new Error("hostile");
          },
        },
      );
      expect(parsePayload(hostile)).to.include({ isValid: false, code: `${PREFIX}malformed` });
    });
  });

  describe("offer", () => {
    it("reads the scheme's own form", () => {
      const { voucher, signature } = WIRE_PAYLOAD;
      const parsed = parseOffer({ type: "aggregation", voucher, signature });
      expectValue(parsed).to.deep.include({
        type: "aggregation",
        id: voucher.id,
        escrow: voucher.escrow,
        isMetered: false,
      });
      expectValue(parsed).to.have.nested.property("latest.voucher.nonce", 2n);
      expectValue(parseOffer({ type: "new", voucher: { id: BYTES32, escrow: ADDRESS } })).to.not.have.property(
        "latest",
      );
    });

    it("takes the token's domain from the account where the terms do not name it", () => {
      const { name: _, version: __, ...offer } = WIRE_OFFER;
      const account = { ...WIRE_OFFER.account, assetDomainName: "Coin", assetDomainVersion: "7" };
      expectValue(parseOffer({ ...offer, account })).to.deep.include({ tokenDomain: { name: "Coin", version: "7" } });
    });

    it("leaves out deposit methods it does not know", () => {
      const parsed = parseOffer(mutate(WIRE_OFFER, "deposit.methods", ["later", "permit2"]));
      expectValue(parsed).to.have.nested.property("deposit.methods").that.deep.equals(["permit2"]);
    });

    it("writes and reads a lane", () => {
      const lane = { type: "new", id: BYTES32, escrow: ADDRESS, charged: 7n } as const;
      expectValue(parseOffer(overTheWire(toWireLane(lane)))).to.deep.equal({ ...lane, isMetered: false });
    });

    const cases: readonly FieldCase[] = [
      { fields: ["type"], values: ["old", 1, {}], code: "" },
      { fields: ["voucher"], values: BAD_OBJECTS, code: "" },
      { fields: ["voucher.id"], values: BAD_BYTES32, code: "" },
      { fields: ["voucher.escrow"], values: BAD_ADDRESSES, code: "" },
      { fields: ["voucher.nonce", "voucher.expiry"], values: BAD_INTEGERS, code: "" },
      {
        fields: ["signature"],
        values: BAD_SIGNATURES.filter((value) => value !== undefined && value !== null),
        code: "",
      },
      { fields: ["charged"], values: BAD_AMOUNTS.filter((value) => value !== undefined && value !== null), code: "" },
      { fields: ["account.balance", "deposit.minimum", "deposit.suggested"], values: BAD_AMOUNTS, code: "" },
      { fields: ["account.facilitator"], values: [1, "x".repeat(513)], code: "" },
      { fields: ["deposit.methods"], values: [undefined, "eip3009", {}], code: "" },
      { fields: ["maxLanes", "thawingPeriod"], values: [-1, 1.5, "many", {}], code: "" },
      { fields: ["metered"], values: [1, "true"], code: "" },
    ];
    for (const { fields, values } of cases) {
      for (const field of fields) {
        it(`refuses a malformed ${field}`, () => {
          for (const value of values) {
            const parsed = parseOffer(mutate(WIRE_OFFER, field, value));
            expect(parsed, `${field} = ${String(value)}`).to.include({
              isValid: false,
              code: "invalid_deferred_evm_requirements",
            });
          }
        });
      }
    }

    it("never throws, whatever it is given", () => {
      fc.assert(fc.property(fc.anything(), (value) => !parseOffer(value).isValid));
      fc.assert(
        fc.property(fc.constantFrom(...paths(WIRE_OFFER)), fc.anything(), (path, value) => {
          parseOffer(mutate(WIRE_OFFER, path, value));
        }),
        { numRuns: 2_000 },
      );
    });
  });

  describe("settlement", () => {
    it("reads what it writes", () => {
      const settlement: Settlement = {
        commitment: BYTES32,
        id: BYTES32,
        nonce: 2n ** 70n,
        charged: 2n ** 90n,
        depositTransaction: BYTES32,
        isDepositUnused: true,
      };
      expectValue(parseSettlement(overTheWire(toWireSettlement(settlement)))).to.deep.equal(settlement);
    });

    it("never throws, whatever it is given", () => {
      fc.assert(fc.property(fc.anything(), (value) => !parseSettlement(value).isValid));
    });
  });
});

/** JSON, as it is after a header. */
function overTheWire(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function expectValue<T>(parsed: Parsed<T>): Chai.Assertion {
  return expect(parsed.isValid ? parsed.value : parsed);
}

/** Every path into a value, its inner nodes included. */
function paths(value: unknown, prefix = ""): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => [`${prefix}${name}`, ...paths(inner, `${prefix}${name}.`)]);
}

function payloads(): fc.Arbitrary<DeferredPayload> {
  const hex = (bytes: number) =>
    fc
      .uint8Array({ minLength: bytes, maxLength: bytes })
      .map((array) => `0x${Buffer.from(array).toString("hex")}` as const);
  const address = hex(20);
  const uint = (bits: bigint) => fc.bigInt({ min: 0n, max: 2n ** bits - 1n });
  const signature = fc.oneof(hex(64), hex(65), hex(500));
  const authorization = fc.record({
    buyer: address,
    seller: address,
    asset: address,
    amount: uint(256n),
    nonce: hex(32),
    expiry: uint(64n),
  });
  const permit = fc.record({
    owner: address,
    spender: address,
    value: uint(256n),
    nonce: uint(256n),
    deadline: uint(256n),
    domain: fc.record({ name: fc.string({ maxLength: 100 }), version: fc.string({ maxLength: 10 }) }),
    signature,
  });
  const deposit = fc.oneof(
    fc.record({
      method: fc.constantFrom("eip3009" as const, "permit2" as const, "allowance" as const),
      authorization,
      signature,
    }),
    fc.record({ method: fc.constant("eip2612" as const), authorization, signature, permit }),
  );
  return fc
    .record(
      {
        voucher: fc.record({
          id: hex(32),
          buyer: address,
          seller: address,
          valueAggregate: uint(256n),
          asset: address,
          timestamp: uint(64n),
          nonce: uint(256n),
          escrow: address,
          chainId: uint(53n),
          expiry: uint(64n),
        }),
        signature,
        deposit,
        signer: fc.record({ signer: address, validUntil: uint(64n), expiry: uint(64n), signature }),
      },
      { requiredKeys: ["voucher", "signature"] },
    )
    .map(({ signer, ...payload }): DeferredPayload => {
      if (signer === undefined) return payload;
      const { signature: signed, ...rest } = signer;
      const authorized = { authorization: { buyer: payload.voucher.buyer, ...rest }, signature: signed };
      return { ...payload, signerAuthorization: authorized };
    });
}
