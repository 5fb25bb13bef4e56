import { expect } from "chai";
import fc from "fast-check";
import type { Address, Hex } from "viem";
import { FLASH_REJECTIONS } from "../../../client/seller/flash/rejections.ts";
import {
  DYNAMIC_KEYS,
  FlashEvmServer,
  messageOf,
  parseOffer,
  parseOpening,
  parsePayload,
  parsePayloadV1,
  parseSettlement,
  toCode,
  toWireDynamic,
  toWirePayload,
  toWireSettlement,
  toWireTerms,
  type FlashCode,
  type FlashPayload,
  type OfferState,
  type Renewal,
  type ServerTerms,
  type Settlement,
} from "../../../client/x402/flash/index.ts";

const ADDRESS = `0x${"ab".repeat(20)}` as Address;
const HASH = `0x${"cd".repeat(32)}` as Hex;
const SIGNATURE = `0x${"ef".repeat(65)}` as Hex;

/* ARBITRARIES */

const uint = (bits: bigint) => fc.bigInt({ min: 0n, max: (1n << bits) - 1n });
const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((data): Hex => `0x${Buffer.from(data).toString("hex")}`);
const address = hex(20);
const common = { client: address, deadline: uint(40n), epoch: uint(32n), signature: hex(65) };
const payment = fc.record({ kind: fc.constant("payment" as const), amount: uint(128n), nonce: uint(64n), ...common });
const tab = fc.record({ kind: fc.constant("tab" as const), total: uint(128n), lane: uint(64n), ...common });
const terms = fc.record({
  client: address,
  server: address,
  token: address,
  amount: uint(128n),
  ttlSeconds: uint(40n),
  closeDelay: uint(32n),
  signer: address,
  epoch: uint(32n),
  deadline: uint(40n),
});
const permit = fc.record({ value: uint(256n), deadline: uint(256n), signature: hex(65) });
const opening = fc.oneof(
  fc.record({
    terms,
    signature: hex(65),
    funding: fc.constant({ method: "Allowance" as const, signature: "0x" as Hex }),
  }),
  fc.record({
    terms,
    signature: hex(65),
    funding: fc.constant({ method: "Allowance" as const, signature: "0x" as Hex }),
    permit,
  }),
  fc.record({
    terms,
    signature: fc.constant("0x" as Hex),
    funding: fc.record({ method: fc.constantFrom("Eip3009" as const, "Permit2" as const), signature: hex(65) }),
  }),
);
const parties = { client: address, server: address, token: address };
const topUp = fc.record({
  authorization: fc.record({
    ...parties,
    amount: uint(128n),
    epoch: uint(32n),
    salt: uint(256n),
    deadline: uint(40n),
  }),
  funding: fc.record({ method: fc.constantFrom("Eip3009" as const, "Permit2" as const), signature: hex(65) }),
});
const extension = fc.record({
  authorization: fc.record({ ...parties, epoch: uint(32n), newUnlockAt: uint(40n), deadline: uint(40n) }),
  signature: hex(65),
});
const renewal: fc.Arbitrary<Renewal> = fc.record({ topUp, extension }, { requiredKeys: [] });
const payload: fc.Arbitrary<FlashPayload> = fc.oneof(
  payment.map((item): FlashPayload => ({ type: "payment", item })),
  tab.map((item): FlashPayload => ({ type: "tab", item })),
  fc.tuple(payment, renewal).map(([item, of]): FlashPayload => ({ type: "payment", item, renewal: of })),
  fc.tuple(tab, renewal).map(([item, of]): FlashPayload => ({ type: "tab", item, renewal: of })),
  hex(120).map((rawTransaction): FlashPayload => ({
    type: "transaction",
    item: { kind: "transaction", rawTransaction },
  })),
  fc.tuple(opening, fc.oneof(payment, tab)).map(([of, item]): FlashPayload => ({ type: "open", opening: of, item })),
);
const figures = { lane: uint(64n), authorised: uint(128n), consumed: uint(128n), settled: uint(128n) };
const lane = fc.record(figures);
const provenLane = fc.oneof(
  lane,
  fc.record({ ...figures, proof: fc.record({ deadline: uint(40n), signature: hex(65) }) }),
);

/** What a stranger's JSON turns into. */
const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function unwrap<T>(
  parsed: { readonly isValid: true; readonly value: T } | { readonly isValid: false; readonly message: string },
): T {
  if (!parsed.isValid) throw new Error(parsed.message);
  return parsed.value;
}

describe("x402 flash: wire", () => {
  describe("payloads", () => {
    it("come back as they were written", () => {
      fc.assert(
        fc.property(payload, (value) => {
          expect(unwrap(parsePayload(overTheWire(toWirePayload(value))))).to.deep.equal(value);
        }),
      );
    });

    it("stand in JSON as the scheme has them", () => {
      const item = { client: ADDRESS, deadline: 0n, epoch: 0n, signature: SIGNATURE };
      expect(
        toWirePayload({ type: "payment", item: { kind: "payment", amount: 1_000n, nonce: 42n, ...item } }),
      ).to.deep.equal({
        type: "payment",
        payment: { client: ADDRESS, amount: "1000", nonce: "42", deadline: 0, epoch: 0 },
        signature: SIGNATURE,
      });
      expect(toWirePayload({ type: "tab", item: { kind: "tab", total: 43_000n, lane: 17n, ...item } })).to.deep.equal({
        type: "tab",
        tab: { client: ADDRESS, total: "43000", lane: "17", deadline: 0, epoch: 0 },
        signature: SIGNATURE,
      });
      expect(
        toWirePayload({ type: "transaction", item: { kind: "transaction", rawTransaction: "0x02f8" } }),
      ).to.deep.equal({
        type: "transaction",
        transaction: "0x02f8",
      });
    });

    it("read addresses and signatures of any case, and numbers as text", () => {
      const wire = {
        type: "payment",
        payment: { client: `0x${"AB".repeat(20)}`, amount: "1", nonce: 7, deadline: "9", epoch: "3" },
        signature: `0x${"EF".repeat(65)}`,
      };
      expect(unwrap(parsePayload(wire))).to.deep.equal({
        type: "payment",
        item: {
          kind: "payment",
          client: ADDRESS,
          amount: 1n,
          nonce: 7n,
          deadline: 9n,
          epoch: 3n,
          signature: SIGNATURE,
        },
      });
    });

    it("of version 1 may be a bare transaction", () => {
      const expected = { type: "transaction", item: { kind: "transaction", rawTransaction: "0x02f8" } };
      expect(unwrap(parsePayloadV1("0x02F8"))).to.deep.equal(expected);
      expect(unwrap(parsePayloadV1({ type: "transaction", transaction: "0x02f8" }))).to.deep.equal(expected);
      expect(parsePayload("0x02f8")).to.include({ isValid: false, code: "flash_payload_malformed" });
      expect(parsePayloadV1("garbage")).to.include({ isValid: false, code: "flash_transaction_invalid" });
    });

    it("that are anything else are refused with a code, and never throw", () => {
      const known = (code: string) => toCode(code, "unexpected_verify_error") === code;
      fc.assert(
        fc.property(
          fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true, withMap: true }),
          (value) => {
            for (const parsed of [
              parsePayload(value),
              parseOffer(value),
              parseSettlement(value),
              parseOpening(value),
            ]) {
              expect(parsed.isValid).to.equal(false);
              if (!parsed.isValid) expect(known(parsed.code) && parsed.message.length > 0).to.equal(true);
            }
          },
        ),
      );
    });

    it("with one field replaced by anything else are refused or come back as something of its type", () => {
      fc.assert(
        fc.property(payload, fc.anything(), fc.nat(), (value, replacement, at) => {
          const wire = overTheWire(toWirePayload(value)) as Record<string, unknown>;
          const names = Object.keys(wire);
          const name = names[at % names.length] ?? "type";
          const parsed = parsePayload({ ...wire, [name]: replacement });
          if (parsed.isValid)
            expect(unwrap(parsePayload(overTheWire(toWirePayload(parsed.value))))).to.deep.equal(parsed.value);
        }),
      );
    });

    it("that throw when they are read are malformed", () => {
      const trap = new Proxy(
        {},
        {
          get: () => {
            throw new Error("trap");
          },
        },
      );
      expect(parsePayload(trap)).to.include({ isValid: false, code: "flash_payload_malformed" });
      const inner = { type: "payment", payment: trap, signature: SIGNATURE };
      expect(parsePayload(inner)).to.include({ isValid: false, code: "flash_payment_malformed" });
    });
  });

  describe("offers", () => {
    const serverTerms: ServerTerms = {
      settlement: ADDRESS,
      payloadTypes: ["payment", "tab", "open", "transaction"],
      minEscrow: 1_000_000n,
      minTtlSeconds: 3_600n,
      minCloseDelay: 900n,
      openMethods: ["allowance", "eip3009", "permit2"],
      tokenDomain: { name: "USD Coin", version: "2" },
      facilitatorOpen: "https://facilitator.example/flash/open",
      isSettledBeforeServed: true,
    };

    it("come back as they were written", () => {
      const state: fc.Arbitrary<OfferState> = fc.record(
        {
          nonceBase: uint(64n),
          lane: uint(64n),
          retryAfterMs: fc.nat({ max: 86_400_000 }),
          openTransaction: hex(32),
        },
        { requiredKeys: ["nonceBase", "lane"] },
      );
      const corrective = fc.record({
        epoch: uint(32n),
        available: uint(128n),
        lanes: fc.array(provenLane, { maxLength: 4 }),
      });
      fc.assert(
        fc.property(state, fc.option(corrective), (changing, known) => {
          const { nonceBase } = changing;
          const full: OfferState = { ...changing, ...(known !== null && { corrective: { nonceBase, ...known } }) };
          const wire = overTheWire({ ...toWireTerms(serverTerms), ...toWireDynamic(full) });
          expect(unwrap(parseOffer(wire))).to.deep.equal({ ...serverTerms, ...full });
        }),
      );
    });

    it("of version 1 may name the contract alone", () => {
      expect(unwrap(parseOffer({ settlementContractAddress: ADDRESS }))).to.deep.equal({
        settlement: ADDRESS,
        payloadTypes: ["transaction"],
        minEscrow: 0n,
        minTtlSeconds: 0n,
        minCloseDelay: 0n,
        openMethods: [],
        isSettledBeforeServed: false,
        nonceBase: 0n,
        lane: 0n,
      });
    });

    it("leave out what a later version adds", () => {
      const wire = {
        settlementContractAddress: ADDRESS,
        payloadTypes: ["tab", "other"],
        openMethods: ["other"],
        more: 1,
      };
      const { payloadTypes, openMethods } = unwrap(parseOffer(wire));
      expect({ payloadTypes, openMethods }).to.deep.equal({ payloadTypes: ["tab"], openMethods: [] });
    });

    it("with a field of another type are refused", () => {
      const good = {
        ...toWireTerms(serverTerms),
        ...toWireDynamic({ nonceBase: 0n, lane: 0n }),
        epoch: 0,
        available: "1",
      };
      const bad = {
        settlementContractAddress: "0x",
        payloadTypes: "payment",
        minEscrow: 1,
        minTtlSeconds: -1,
        minCloseDelay: 1.5,
        nonceBase: "x",
        lane: (2n ** 64n).toString(),
        openMethods: {},
        tokenName: 7,
        facilitatorOpen: "u".repeat(600),
        epoch: 2 ** 32,
        available: -1,
        lanes: [7],
        retryAfterMs: 1e12,
        openTransaction: "0x00",
        settleBeforeServe: "yes",
      };
      expect(parseOffer(good).isValid).to.equal(true);
      for (const [name, value] of Object.entries(bad)) {
        expect(parseOffer({ ...good, [name]: value }), name).to.include({
          isValid: false,
          code: "flash_requirements_mismatch",
        });
      }
    });

    it("change from one 402 to the next in nothing but the dynamic keys", () => {
      const corrective = { epoch: 1n, nonceBase: 2n, available: 3n, lanes: [] };
      const dynamic = toWireDynamic({ nonceBase: 2n, lane: 1n, corrective, retryAfterMs: 1, openTransaction: HASH });
      expect(Object.keys(dynamic)).to.have.members([...DYNAMIC_KEYS]);
      expect(new FlashEvmServer({ desks: [] }).dynamicExtraFields).to.have.members([...DYNAMIC_KEYS]);
      expect(Object.keys(toWireTerms(serverTerms))).to.not.include.any.members([...DYNAMIC_KEYS]);
    });
  });

  describe("settlements", () => {
    it("come back as they were written", () => {
      const escrow = fc.record({
        balance: uint(96n),
        pending: uint(96n),
        available: uint(96n),
        safeUntil: uint(40n),
        epoch: uint(32n),
        unlockAt: uint(40n),
      });
      const settlement: fc.Arbitrary<Settlement> = fc.record(
        {
          paymentId: hex(32),
          status: fc.constantFrom("accepted" as const, "settled" as const),
          escrow,
          nextNonceBase: uint(64n),
          lane,
          otherLane: provenLane,
        },
        { requiredKeys: ["paymentId", "status", "escrow"] },
      );
      fc.assert(
        fc.property(settlement, (value) => {
          expect(unwrap(parseSettlement(overTheWire(toWireSettlement(value))))).to.deep.equal(value);
        }),
      );
    });
  });

  describe("codes", () => {
    it("have a sentence each, and are known when they come back", () => {
      const codes = [...Object.keys(FLASH_REJECTIONS), "flash_price_fixed", "invalid_x402_version"] as FlashCode[];
      for (const code of codes) {
        expect(messageOf(code)).to.match(/\.$/);
        expect(toCode(code, "unexpected_verify_error")).to.equal(code);
      }
      for (const other of ["", "toString", "__proto__", 7, null, undefined]) {
        expect(toCode(other, "unexpected_settle_error")).to.equal("unexpected_settle_error");
      }
    });
  });
});
