import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import express from "express";
import { encodePaymentRequiredHeader, encodePaymentResponseHeader } from "@x402/core/http";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { privateKeyToAccount, generatePrivateKey } from "viem/accounts";
import {
  encodeLifecycle,
  hashPaymentInfo,
  makeTerms,
  OfferRefusedError,
  type OfferFault,
} from "../../../client/auth-capture/index.ts";
import { AuthCaptureEvmScheme, type MadePayment } from "../../../client/x402/auth-capture/index.ts";
import { rejectedWith } from "../../helpers/rejectedWith.ts";
import { openBench, paymentOf, plainHold, PRICE, type Bench, type OfferOptions } from "./helpers/bench.ts";

const DAY = 86_400n;

describe("x402 auth-capture client", function () {
  this.timeout(120_000);

  let bench: Bench;
  const closers: (() => Promise<void>)[] = [];
  before(async () => {
    bench = await openBench();
  });
  after(async () => {
    for (const close of closers) await close();
    await bench.close();
  });

  /** An offer that says what its operator is made of. */
  async function offer(options: OfferOptions = {}): Promise<PaymentRequirements> {
    const terms = options.terms ?? plainHold(bench.seller.address);
    const lifecycle = encodeLifecycle({ factory: bench.contracts.termsOperatorFactory, terms });
    const requirements = { maxTimeoutSeconds: 60, ...options.requirements };
    return bench.offer({ ...options, requirements, extra: { lifecycle, ...options.extra } });
  }

  async function makeClient(options: Partial<ConstructorParameters<typeof AuthCaptureEvmScheme>[0]> = {}) {
    const { account } = await bench.payer();
    const seen: MadePayment[] = [];
    const signed: unknown[] = [];
    const scheme = new AuthCaptureEvmScheme({
      payer: {
        address: account.address,
        signTypedData: async (data) => {
          signed.push(data);
          return account.signTypedData(data as never);
        },
      },
      limits: { factories: [bench.contracts.termsOperatorFactory] },
      onPayment: (payment) => void seen.push(payment),
      clock: () => BigInt(Math.floor(Date.now() / 1000)),
      ...options,
    });
    return { scheme, seen, signed };
  }

  /** A server that has its payments settled by the bench's facilitator. */
  async function shop(requirements: PaymentRequirements, forge: (extra: object) => object = (extra) => extra) {
    const app = express();
    app.get("/", async (request, response) => {
      const resource = { url: "http://127.0.0.1/", description: "", mimeType: "" };
      const required = { x402Version: 2, resource, accepts: [requirements] } as const;
      const header = request.header("PAYMENT-SIGNATURE");
      if (header === undefined) {
        response
          .status(402)
          .set("PAYMENT-REQUIRED", encodePaymentRequiredHeader(required as never))
          .json({});
        return;
      }
      const payment = JSON.parse(Buffer.from(header, "base64").toString()) as PaymentPayload;
      const { report: _report, ...settled } = await bench.facilitator.settle(payment, requirements);
      const answer = { ...settled, extra: forge(settled.extra ?? {}) };
      response.set("PAYMENT-RESPONSE", encodePaymentResponseHeader(answer as never));
      response.status(settled.success ? 200 : 402).send("sunny");
    });
    const server = createServer(app).listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  it("pays, and knows the payment, its hash and how it stands", async () => {
    const requirements = await offer();
    const { scheme, seen } = await makeClient();
    const paidFetch = wrapFetchWithPayment(fetch, new x402Client().register("eip155:*", scheme));
    const response = await paidFetch(await shop(requirements));
    expect([response.status, await response.text()]).to.deep.equal([200, "sunny"]);
    const payment = scheme.paymentOf(response);
    if (payment === undefined) throw new Error("The payment is not known");
    expect(seen.map(({ status }) => status)).to.deep.equal(["signed", "settled"]);
    expect(payment.paymentInfoHash).to.equal(hashPaymentInfo(payment));
    expect(await bench.stateOf(payment)).to.include({ collected: true, capturable: PRICE });
    expect([payment.report?.capturable, payment.report?.collectTransaction]).to.deep.equal([
      PRICE,
      payment.transaction,
    ]);
    const release = payment.report?.next.find(({ action }) => action === "release");
    expect([release?.by, release?.until]).to.deep.equal(["payer", payment.paymentInfo.authorizationExpiry]);
    expect(payment.offer.terms).to.deep.equal(plainHold(bench.seller.address));
    expect(scheme.payments).to.have.lengthOf(1);
  });

  it("makes the payment that the stock client makes", async () => {
    const requirements = await offer();
    const { scheme, seen } = await makeClient();
    const { payload } = await scheme.createPaymentPayload(2, requirements);
    const rebuilt = paymentOf({ x402Version: 2, accepted: requirements, payload }, requirements);
    expect(hashPaymentInfo(rebuilt)).to.equal(seen[0]?.paymentInfoHash);
  });

  const arbitrated = makeTerms({
    authorizer: `0x${"a1".repeat(20)}`,
    arbiter: `0x${"a2".repeat(20)}`,
    disputeWindow: DAY,
    releaseLead: DAY,
    maxHold: 7n * DAY,
  });
  const readable = encodeLifecycle({ factory: `0x${"fa".repeat(20)}`, terms: arbitrated });
  const misleading = { ...readable, disputes: { ...readable.disputes, disputeDefault: "receiver" } };
  const REFUSED: readonly [OfferFault, string, OfferOptions][] = [
    ["OperatorType", "an operator that is an account", { isDelegated: true, extra: { lifecycle: undefined } }],
    ["NoTerms", "terms that it hides", { extra: { lifecycle: undefined } }],
    ["Operator", "another operator than its terms make", { extra: { captureAuthorizer: `0x${"0b".repeat(20)}` } }],
    ["Policy", "a policy", { extra: { policy: `0x${"0b".repeat(20)}` } }],
    ["PaymentFlow", "an unknown flow", { extra: { paymentFlow: "upfront" } }],
    ["Fee", "a fee above the cap", { extra: { maxFeeBps: 10_000 } }],
    ["Arbiter", "an arbiter that nobody knows", { terms: arbitrated }],
    [
      "Disputes",
      "words about disputes that are not its terms'",
      { terms: arbitrated, extra: { lifecycle: misleading } },
    ],
    ["Timeout", "a signature that counts for long", { requirements: { maxTimeoutSeconds: 300 } }],
    ["Hold", "a hold without end", { extra: { captureDeadline: 2 ** 48 - 2, refundDeadline: 2 ** 48 - 1 } }],
    ["Deadline", "deadlines in the past", { extra: { captureDeadline: 1 } }],
    ["Escrow", "another escrow", { extra: { authCaptureEscrow: `0x${"0b".repeat(20)}` } }],
  ];
  for (const [fault, what, options] of REFUSED) {
    it(`signs nothing for ${what}`, async () => {
      const requirements = await offer(options);
      const { scheme, seen, signed } = await makeClient();
      const error = await rejectedWith(scheme.createPaymentPayload(2, requirements), OfferRefusedError);
      expect(error.fault).to.equal(fault);
      expect([seen, signed]).to.deep.equal([[], []]);
    });
  }

  it("signs nothing above the SDK's limit", async () => {
    const { scheme, signed } = await makeClient();
    const context = { maxAmountPerPayment: (PRICE - 1n).toString() };
    const error = await rejectedWith(
      scheme.createPaymentPayload(2, await offer(), context as never),
      OfferRefusedError,
    );
    expect([error.fault, signed]).to.deep.equal(["Amount", []]);
  });

  it("keeps a signature that could not be written down", async () => {
    const { scheme } = await makeClient({
      onPayment: () => {
        throw new Error("the disk is full");
      },
    });
    const error = await rejectedWith(scheme.createPaymentPayload(2, await offer()), Error);
    expect(error.message).to.equal("the disk is full");
  });

  it("does not take the report of another payment", async () => {
    const requirements = await offer();
    const { scheme, seen } = await makeClient();
    const paidFetch = wrapFetchWithPayment(fetch, new x402Client().register("eip155:*", scheme));
    const forge = (extra: object) => {
      const { authCapture } = extra as { authCapture: object };
      return { authCapture: { ...authCapture, paymentInfoHash: `0x${"00".repeat(32)}`, capturable: "0" } };
    };
    const response = await paidFetch(await shop(requirements, forge));
    expect(response.status).to.equal(200);
    expect(scheme.paymentOf(response)).to.equal(undefined);
    expect([seen.at(-1)?.status, seen.at(-1)?.report]).to.deep.equal(["settled", undefined]);
  });

  it("tells of a payment that was refused", async () => {
    const requirements = await offer();
    const account = privateKeyToAccount(generatePrivateKey());
    const { scheme, seen } = await makeClient({ payer: account });
    const paidFetch = wrapFetchWithPayment(fetch, new x402Client().register("eip155:*", scheme));
    const response = await paidFetch(await shop(requirements));
    expect(response.status).to.equal(402);
    expect(seen.map(({ status }) => status)).to.deep.equal(["signed", "refused"]);
  });
});
