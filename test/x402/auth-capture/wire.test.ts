import { expect } from "chai";
import type { PaymentRequirements } from "@x402/core/types";
import type { Address, Hex } from "viem";
import type { PaymentInfo } from "../../../client/auth-capture/index.ts";
import {
  makeReport,
  messageOf,
  parsePayload,
  parseReport,
  parseRequirements,
  toCode,
  toWireCompletion,
  toWireLifecycle,
  toWirePaymentInfo,
  toWireReport,
  type LifecyclePayload,
} from "../../../client/x402/auth-capture/index.ts";
import { charge, plainHold } from "./helpers/bench.ts";

const address = (byte: string): Address => `0x${byte.repeat(20)}`;
const word = (byte: string): Hex => `0x${byte.repeat(32)}`;
const SIGNATURE: Hex = `0x${"5a".repeat(65)}`;
const ESCROW = "0xf96815976523E00e65Be8f34cA5e64b4f41EB19c";
const FORMAT = "invalid_auth_capture_evm_payload_format";
const EXTRA = "invalid_auth_capture_evm_extra";

const BAD_ADDRESSES = [undefined, null, "", 7, "0x", address("ab").slice(2), `${address("ab")}0`, [address("ab")], {}];
const BAD_AMOUNTS = [undefined, null, 7, "", "-1", "1.5", "1e3", "0x10", "01", " 1", "NaN", {}, "9".repeat(79)];
const BAD_WORDS = [
  undefined,
  null,
  "",
  7,
  "0x",
  `0x${"ab".repeat(31)}`,
  `0x${"ab".repeat(33)}`,
  `0x${"zz".repeat(32)}`,
];
const BAD_SIGNATURES = [undefined, null, "", 7, "0x", "0x0", `0x${"zz".repeat(65)}`, `0x${"00".repeat(4097)}`, {}];
const BAD_INTEGERS = [undefined, null, "", -1, 1.5, "-1", "0x1", "1e3", {}, [1], true, 2 ** 53];

const paymentInfo: PaymentInfo = {
  operator: address("01"),
  payer: address("02"),
  receiver: address("03"),
  token: address("04"),
  maxAmount: 1_000n,
  preApprovalExpiry: 100n,
  authorizationExpiry: 200_000n,
  refundExpiry: 300_000n,
  minFeeBps: 1n,
  maxFeeBps: 2n,
  feeReceiver: address("05"),
  salt: 7n,
};

const eip3009 = {
  authorization: {
    from: address("aa"),
    to: address("bb"),
    value: "1000",
    validAfter: "0",
    validBefore: "1800000000",
    nonce: word("cc"),
  },
  signature: SIGNATURE,
  salt: word("dd"),
};
const permit2 = {
  permit2Authorization: {
    from: address("aa"),
    permitted: { token: address("04"), amount: "1000" },
    spender: address("bb"),
    nonce: BigInt(word("cc")).toString(),
    deadline: "1800000000",
  },
  signature: SIGNATURE,
  salt: word("dd"),
  saltNonce: word("ee"),
};

const requirements: PaymentRequirements = {
  scheme: "auth-capture",
  network: "eip155:8453",
  asset: address("04"),
  amount: "1000",
  payTo: address("03"),
  maxTimeoutSeconds: 60,
  extra: {
    name: "USD Coin",
    version: "2",
    captureAuthorizer: address("01"),
    captureDeadline: 1_800_000_000,
    refundDeadline: 1_900_000_000,
    feeRecipient: address("05"),
    minFeeBps: 1,
    maxFeeBps: 2,
  },
};

/** A copy with another value at a path. */
function mutated<T>(value: T, path: string, to: unknown): T {
  const [first = "", ...rest] = path.split(".");
  const record = value as Record<string, unknown>;
  return { ...record, [first]: rest.length === 0 ? to : mutated(record[first], rest.join("."), to) } as T;
}

function codeOf(parsed: { readonly isValid: boolean; readonly code?: string }): string {
  return parsed.isValid ? "valid" : (parsed.code ?? "");
}

describe("x402 auth-capture wire", () => {
  describe("payments", () => {
    it("are read alike by either method", () => {
      const [first, second] = [parsePayload(eip3009), parsePayload(permit2)];
      const common = {
        type: "collect",
        payer: address("aa"),
        tokenCollector: address("bb"),
        maxAmount: 1_000n,
        validAfter: 0n,
        validBefore: 1_800_000_000n,
        nonce: word("cc"),
        signature: SIGNATURE,
        salt: BigInt(word("dd")),
      };
      expect(first).to.deep.equal({ isValid: true, value: { ...common, method: "eip3009" } });
      const more = { method: "permit2", token: address("04"), saltNonce: BigInt(word("ee")) };
      expect(second).to.deep.equal({ isValid: true, value: { ...common, ...more } });
    });

    const cases: readonly [object, string, readonly unknown[]][] = [
      [eip3009, "authorization", [undefined, null, 7, "text", []]],
      [eip3009, "authorization.from", BAD_ADDRESSES],
      [eip3009, "authorization.to", BAD_ADDRESSES],
      [eip3009, "authorization.value", BAD_AMOUNTS],
      [eip3009, "authorization.validAfter", BAD_AMOUNTS],
      [eip3009, "authorization.validBefore", BAD_AMOUNTS],
      [eip3009, "authorization.nonce", BAD_WORDS],
      [eip3009, "signature", BAD_SIGNATURES],
      [eip3009, "salt", BAD_WORDS],
      [permit2, "permit2Authorization", [7, "text", []]],
      [permit2, "permit2Authorization.from", BAD_ADDRESSES],
      [permit2, "permit2Authorization.spender", BAD_ADDRESSES],
      [permit2, "permit2Authorization.permitted", [undefined, null, 7, []]],
      [permit2, "permit2Authorization.permitted.token", BAD_ADDRESSES],
      [permit2, "permit2Authorization.permitted.amount", BAD_AMOUNTS],
      [permit2, "permit2Authorization.nonce", [...BAD_AMOUNTS, (2n ** 256n).toString()]],
      [permit2, "permit2Authorization.deadline", BAD_AMOUNTS],
      [permit2, "saltNonce", BAD_WORDS.slice(2)],
    ];
    for (const [payload, path, values] of cases) {
      it(`with another ${path} are refused`, () => {
        for (const value of values) {
          expect(codeOf(parsePayload(mutated(payload, path, value))), String(value)).to.equal(FORMAT);
        }
      });
    }

    it("that are no objects are refused", () => {
      for (const payload of [undefined, null, 7, "text", [], true]) {
        expect(codeOf(parsePayload(payload))).to.equal(FORMAT);
      }
      const trap = {
        get type() {
          throw new Error("no plain object");
        },
      };
      expect(codeOf(parsePayload(trap))).to.equal(FORMAT);
    });

    it("are completed in either generation's way, whole or not at all", () => {
      const completion = {
        amount: 5n,
        fee: { feeAmount: 1n },
        feeReceiver: address("05"),
        authorizerSignature: SIGNATURE,
      };
      const read = (payload: unknown) => {
        const parsed = parsePayload(payload);
        return parsed.isValid && parsed.value.type === "collect" ? parsed.value.completion : codeOf(parsed);
      };
      expect(read({ ...eip3009, ...toWireCompletion(completion) })).to.deep.equal(completion);
      const old = { ...completion, fee: { feeBps: 3n } };
      expect(read({ ...eip3009, ...toWireCompletion(old) })).to.deep.equal(old);
      for (const name of ["amount", "feeAmount", "feeReceiver"] as const) {
        const part = { ...toWireCompletion(completion), [name]: undefined };
        expect(read({ ...eip3009, ...part }), name).to.equal(FORMAT);
      }
    });
  });

  describe("captures, voids and refunds", () => {
    const expected = { capturable: 10n, refundable: 20n };
    const base = { paymentInfo, authorizerSignature: SIGNATURE };
    const fee = { feeAmount: 3n };
    const payloads: readonly LifecyclePayload[] = [
      { type: "void", ...base, saltNonce: 9n },
      { type: "capture", ...base, amount: 5n, expected, fee, feeReceiver: address("05") },
      {
        type: "capture",
        ...base,
        amount: 5n,
        expected,
        fee: { feeBps: 3n },
        feeReceiver: address("05"),
        voidAuthorizerSignature: SIGNATURE,
      },
      { type: "captureAndVoid", ...base, amount: 5n, expected, fee, feeReceiver: address("05") },
      { type: "refund", ...base, amount: 5n, expected },
      { type: "refund", ...base, amount: 5n, expected, tokenCollector: address("06"), collectorData: "0x1234" },
    ];
    for (const payload of payloads) {
      it(`are read as they were written: ${payload.type}`, () => {
        const wire = JSON.parse(JSON.stringify(toWireLifecycle(payload))) as unknown;
        expect(parsePayload(wire)).to.deep.equal({ isValid: true, value: payload });
      });
    }

    it("of an unknown type are refused by their own code", () => {
      for (const type of ["reclaim", "", 7, [], {}, "Capture", "release"]) {
        expect(codeOf(parsePayload({ type })), String(type)).to.equal("invalid_auth_capture_evm_payload_type");
      }
    });

    it("with any field of another type are refused", () => {
      const [, capture] = payloads;
      if (capture === undefined) throw new Error("No capture");
      const wire = toWireLifecycle(capture);
      const cases: readonly [string, readonly unknown[]][] = [
        ["amount", BAD_AMOUNTS],
        ["feeAmount", BAD_AMOUNTS],
        ["feeReceiver", BAD_ADDRESSES],
        ["expectedCapturableAmount", BAD_AMOUNTS],
        ["expectedRefundableAmount", BAD_AMOUNTS],
        ["authorizerSignature", BAD_SIGNATURES.slice(2)],
        ["paymentInfo", [undefined, null, 7, []]],
        ["paymentInfo.operator", BAD_ADDRESSES],
        ["paymentInfo.payer", BAD_ADDRESSES],
        ["paymentInfo.maxAmount", [...BAD_AMOUNTS, (2n ** 120n).toString()]],
        ["paymentInfo.preApprovalExpiry", [...BAD_INTEGERS, 2 ** 48]],
        ["paymentInfo.authorizationExpiry", [...BAD_INTEGERS, 2 ** 48]],
        ["paymentInfo.refundExpiry", [...BAD_INTEGERS, 2 ** 48]],
        ["paymentInfo.minFeeBps", [...BAD_INTEGERS, 65_536]],
        ["paymentInfo.maxFeeBps", [...BAD_INTEGERS, 65_536]],
        ["paymentInfo.salt", BAD_WORDS],
      ];
      for (const [path, values] of cases) {
        for (const value of values) {
          expect(codeOf(parsePayload(mutated(wire, path, value))), `${path} ${String(value)}`).to.equal(FORMAT);
        }
      }
    });
  });

  describe("requirements", () => {
    it("are read with the scheme's defaults", () => {
      const parsed = parseRequirements(requirements);
      if (!parsed.isValid) throw new Error(parsed.message);
      const { flow, captureMode, operatorType, method, receiverAuthorizer, deployment } = parsed.value;
      expect([flow, captureMode, operatorType, method]).to.deep.equal(["escrow", "sync", "delegated", "eip3009"]);
      expect([BigInt(receiverAuthorizer), deployment.escrow]).to.deep.equal([0n, ESCROW]);
    });

    for (const escrow of [undefined, "", ESCROW, ESCROW.toLowerCase()]) {
      it(`take ${escrow === undefined ? "no escrow" : `"${escrow}"`} for v1.1`, () => {
        const parsed = parseRequirements(mutated(requirements, "extra.authCaptureEscrow", escrow));
        expect(parsed.isValid && parsed.value.deployment.generation).to.equal("v1.1");
      });
    }

    it("with any field of another type are refused", () => {
      const cases: readonly [string, readonly unknown[], string?][] = [
        ["payTo", [...BAD_ADDRESSES, "merchant"]],
        ["asset", BAD_ADDRESSES],
        ["amount", BAD_AMOUNTS],
        ["maxTimeoutSeconds", BAD_INTEGERS],
        ["extra", [undefined, null, 7, []]],
        ["extra.name", [undefined, null, 7, "x".repeat(129)]],
        ["extra.version", [undefined, null, 7]],
        ["extra.captureAuthorizer", [...BAD_ADDRESSES, address("00")]],
        ["extra.captureDeadline", [...BAD_INTEGERS, 2 ** 48]],
        ["extra.refundDeadline", [...BAD_INTEGERS, 2 ** 48]],
        ["extra.feeRecipient", [...BAD_ADDRESSES, address("00")]],
        ["extra.minFeeBps", [...BAD_INTEGERS, 3, 65_536]],
        ["extra.maxFeeBps", [...BAD_INTEGERS, 0, 10_001]],
        ["extra.authCaptureEscrow", [7, address("ab"), {}]],
        ["extra.captureMode", ["", 7, "async"]],
        ["extra.receiverAuthorizer", BAD_ADDRESSES.slice(2)],
        ["network", ["base", "eip155:*", "", 7, undefined], "invalid_auth_capture_evm_network_mismatch"],
        ["scheme", ["exact", "", undefined], "invalid_auth_capture_evm_scheme"],
        ["extra.paymentFlow", ["", 7, "upfront"], "invalid_auth_capture_evm_unsupported_payment_flow"],
        ["extra.operatorType", ["", 7, "policy"], "invalid_auth_capture_evm_unsupported_operator_type"],
        ["extra.policy", ["", 7, address("ab")], "invalid_auth_capture_evm_policy"],
      ];
      for (const [path, values, code = EXTRA] of cases) {
        for (const value of values) {
          const parsed = parseRequirements(mutated(requirements, path, value));
          expect(codeOf(parsed), `${path} ${String(value)}`).to.equal(code);
        }
      }
    });

    it("by an unknown method are read: the operator is asked for first", () => {
      for (const method of ["", 7, "x"]) {
        const parsed = parseRequirements(mutated(requirements, "extra.assetTransferMethod", method));
        expect([parsed.isValid, parsed.isValid && parsed.value.method]).to.deep.equal([true, undefined]);
      }
    });

    it("never defer a charge", () => {
      const extra = { ...requirements.extra, paymentFlow: "authorization", receiverAuthorizer: address("03") };
      expect(codeOf(parseRequirements({ ...requirements, extra }))).to.equal("valid");
      expect(codeOf(parseRequirements({ ...requirements, extra: { ...extra, captureMode: "deferred" } }))).to.equal(
        EXTRA,
      );
    });
  });

  describe("reports", () => {
    const state = { collected: true, capturable: 600n, refundable: 400n, disputedAt: 0n };
    const payment = { chainId: 8453n, escrow: ESCROW, paymentInfo } as const;

    it("are read as they were written", () => {
      const terms = plainHold(address("03"));
      const report = makeReport({ ...payment, state, terms, collectTransaction: word("ab"), now: 1_000n });
      const extra = JSON.parse(JSON.stringify({ authCapture: toWireReport(report) })) as unknown;
      const read = parseReport(extra);
      if (!read.isValid) throw new Error(read.message);
      const { escrow, ...rest } = read.value;
      expect({ ...rest, escrow: ESCROW }).to.deep.equal(report);
      expect(escrow).to.equal(ESCROW.toLowerCase());
      expect(report.next.map(({ action }) => action)).to.include.members(["capture", "release", "refund"]);
    });

    it("say nothing of what is next where the terms are not known", () => {
      const { next, deadlines } = makeReport({ ...payment, state, now: 1_000n });
      expect([next, deadlines]).to.deep.equal([[], { capture: 200_000n, refund: 300_000n }]);
    });

    it("of a charge name the refund alone", () => {
      const terms = charge(address("03"));
      const { next } = makeReport({ ...payment, state: { ...state, capturable: 0n }, terms, now: 1_000n });
      expect(next.map(({ action }) => action)).to.deep.equal(["refund"]);
    });

    it("that are none are refused", () => {
      const wire = toWireReport(makeReport({ ...payment, state, now: 1_000n }));
      for (const extra of [undefined, null, {}, [], { authCapture: 7 }, { authCapture: { ...wire, next: 7 } }]) {
        expect(parseReport(extra).isValid).to.equal(false);
      }
      expect(parseReport({ authCapture: { ...wire, paymentInfo: toWirePaymentInfo(paymentInfo) } }).isValid).to.equal(
        true,
      );
    });
  });

  it("gives a sentence for every code, and takes no other", () => {
    expect(messageOf("invalid_auth_capture_evm_relay_limit")).to.contain("does not relay");
    expect(toCode("settlement_pending", "unexpected_settle_error")).to.equal("settlement_pending");
    expect(toCode("anything", "unexpected_settle_error")).to.equal("unexpected_settle_error");
  });
});
