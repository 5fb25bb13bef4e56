import { expect } from "chai";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import type { Address } from "viem";
import { ERROR_CODE_PREFIX, type ErrorCode } from "../../../client/auth-capture/index.ts";
import { openBench, PRICE, withPayload, type Bench } from "./helpers/bench.ts";
import { makeLifecycle } from "./helpers/lifecycle.ts";

/** What a facilitator is sent. */
interface Sent {
  readonly payload: PaymentPayload;
  readonly requirements: PaymentRequirements;
}

/** A code, and what makes the facilitator give it. */
type Fault = readonly [code: ErrorCode, spoil: (sent: Sent) => Sent];

const STRANGER: Address = `0x${"ab".repeat(20)}`;

const accepted =
  (part: object) =>
  (sent: Sent): Sent => ({
    ...sent,
    payload: { ...sent.payload, accepted: { ...sent.payload.accepted, ...part } },
  });
const required =
  (part: object) =>
  (sent: Sent): Sent => ({ ...sent, requirements: { ...sent.requirements, ...part } });
const extra =
  (part: object) =>
  (sent: Sent): Sent =>
    required({ extra: { ...sent.requirements.extra, ...part } })(sent);
const paid =
  (part: Record<string, unknown>) =>
  (sent: Sent): Sent => ({
    ...sent,
    payload: withPayload(sent.payload, part),
  });
const inside =
  (name: string, part: object) =>
  (sent: Sent): Sent =>
    paid({ [name]: { ...(sent.payload.payload[name] as object), ...part } })(sent);

/** Faults of a payment, in the order in which the scheme looks for them. The last is the payer's: it has too few tokens. */
const COLLECT_FAULTS: readonly Fault[] = [
  ["payload_format", paid({ salt: undefined })],
  ["scheme", accepted({ scheme: "exact" })],
  ["network_mismatch", accepted({ network: "eip155:1" })],
  ["extra", extra({ version: undefined })],
  ["unsupported_payment_flow", extra({ paymentFlow: "upfront" })],
  ["unsupported_operator_type", extra({ operatorType: "other" })],
  ["policy", extra({ policy: STRANGER })],
  ["operator_type_mismatch", extra({ captureAuthorizer: STRANGER })],
  ["payload_method_mismatch", extra({ assetTransferMethod: "permit2" })],
  ["deadline_ordering", extra({ refundDeadline: 1 })],
  ["authorization_expired", inside("authorization", { validBefore: "1" })],
  ["authorization_not_yet_valid", inside("authorization", { validAfter: "4000000000" })],
  ["token_collector_mismatch", inside("authorization", { to: STRANGER })],
  ["signature", paid({ signature: `0x${"11".repeat(65)}` })],
  ["amount_mismatch", required({ amount: (PRICE + 1n).toString() })],
  ["nonce_mismatch", required({ payTo: STRANGER })],
  ["salt_binding_mismatch", paid({ saltNonce: `0x${"00".repeat(32)}` })],
  ["insufficient_balance", (sent) => sent],
];

/** Faults of a capture with a void of the rest. The last is the seller's: it signed for another hold. */
const LIFECYCLE_FAULTS: readonly Fault[] = [
  ["payload_type", paid({ type: "reclaim" })],
  ["scheme", accepted({ scheme: "exact" })],
  ["network_mismatch", accepted({ network: "eip155:1" })],
  ["extra", extra({ version: undefined })],
  ["operator_not_admitted", extra({ captureAuthorizer: STRANGER })],
  ["operator_mismatch", inside("paymentInfo", { operator: STRANGER })],
  ["salt_binding_mismatch", paid({ saltNonce: `0x${"00".repeat(32)}` })],
  ["token_mismatch", inside("paymentInfo", { token: STRANGER })],
  ["amount_mismatch", inside("paymentInfo", { maxAmount: "1" })],
  ["nonce_mismatch", inside("paymentInfo", { receiver: STRANGER })],
  ["authorizer_signature", paid({ authorizerSignature: `0x${"11".repeat(65)}` })],
  ["void_authorizer_signature", paid({ voidAuthorizerSignature: `0x${"11".repeat(65)}` })],
  ["unexpected_payment_state", (sent) => sent],
];

describe("x402 auth-capture facilitator: order of its checks", function () {
  this.timeout(120_000);

  let bench: Bench;
  before(async () => (bench = await openBench()));
  after(() => bench.close());

  /** Sends something with all its faults, then without the first, and so on. */
  async function expectOrder(sent: Sent, faults: readonly Fault[]): Promise<void> {
    const codes: unknown[] = [];
    for (const at of faults.keys()) {
      const spoiled = faults.slice(at).reduce((current, [, spoil]) => spoil(current), sent);
      const { invalidReason } = await bench.facilitator.verify(spoiled.payload, spoiled.requirements);
      const { errorReason } = await bench.facilitator.settle(spoiled.payload, spoiled.requirements);
      expect(errorReason).to.equal(invalidReason);
      codes.push(invalidReason);
    }
    expect(codes).to.deep.equal(faults.map(([code]) => `${ERROR_CODE_PREFIX}${code}`));
  }

  it("is the scheme's for a payment", async () => {
    const requirements = await bench.offer({ extra: { receiverAuthorizer: bench.seller.address } });
    const payload = await bench.sign(await bench.payer(PRICE - 1n), requirements);
    await expectOrder({ payload, requirements }, COLLECT_FAULTS);
  });

  it("asks who the operator is before how the tokens come", async () => {
    const faults: readonly Fault[] = [
      ["operator_type_mismatch", extra({ captureAuthorizer: STRANGER })],
      ["unsupported_asset_transfer_method", extra({ assetTransferMethod: "other" })],
    ];
    await expectOrder(await bench.payment(), faults);
  });

  it("is the scheme's for what a server asks for afterwards", async () => {
    const signed = await bench.payment({ isDelegated: true });
    const { success } = await bench.facilitator.settle(signed.payload, signed.requirements);
    expect(success).to.equal(true);
    const options = { by: bench.seller, amount: 1n, capturable: PRICE - 1n, withVoid: true };
    const payload = await makeLifecycle(signed, { type: "capture", ...options });
    await expectOrder({ payload, requirements: signed.requirements }, LIFECYCLE_FAULTS);
  });
});
