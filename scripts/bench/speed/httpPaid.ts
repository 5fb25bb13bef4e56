import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodePaymentRequiredHeader, encodePaymentSignatureHeader } from "@x402/core/http";
import type { PaymentRequired } from "@x402/core/types";
import { paymentMiddleware, x402ResourceServer } from "@x402/express";
import express from "express";
import type { PrivateKeyAccount } from "viem/accounts";
import { systemClock } from "../../../client/seller/voucher/limits.ts";
import { createSqliteStore } from "../../../client/seller/voucher/store/sqlite.ts";
import { createLocalFacilitatorClient, DeferredEvmServer, toWirePayload } from "../../../client/x402/deferred/index.ts";
import { itemsOf, measure, quantile, type Samples, type Subject } from "./measure.ts";
import { ASSET, benchBuyers, CHAIN_ID, openFunded, SELLER, signInTurn } from "./ourAcceptance.ts";
import type { RowGroup, SpeedRow } from "./rows.ts";

const NETWORK = `eip155:${CHAIN_ID}` as const;
const PER_ROUND = 250;

type Call = (path: string, headers?: Readonly<Record<string, string>>) => Promise<IncomingMessage>;

/**
 * A paid request over loopback beside the same request without a payment, which a 402 answers, and beside a route that costs nothing. Real
 * Express, the SDK's middleware, and vouchers stored by SQLite; payments are signed beforehand, as a client's time is not the server's.
 */
export const httpPaid: RowGroup = {
  goals: { "http.paidOverUnpaid": { maxMedianMs: 0.5 } },
  measure: async (tell) => {
    const folder = await mkdtemp(join(tmpdir(), "bench-http-"));
    const store = createSqliteStore({ path: join(folder, "vouchers.sqlite") });
    const buyers = benchBuyers(20);
    const { acceptor, chainView } = await openFunded(store, buyers, systemClock());
    const server = await serve(new DeferredEvmServer({ desks: [{ acceptor, chainView }] }));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const call = caller(server, agent);
    try {
      tell("signing payments");
      const paid = await paidSubject(call, buyers);
      tell("sending requests");
      const [paidTimes, unpaidTimes, freeTimes] = await measure([
        paid,
        subject("unpaid", 402, () => call("/paid")),
        subject("free", 200, () => call("/free")),
      ]);
      if (paidTimes === undefined || unpaidTimes === undefined || freeTimes === undefined) {
        throw new Error("a subject has no samples");
      }
      return [toRow("http.paidOverUnpaid", paidTimes, unpaidTimes), toRow("http.paidOverFree", paidTimes, freeTimes)];
    } finally {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await store.close();
      await rm(folder, { recursive: true });
    }
  },
};

async function serve(scheme: DeferredEvmServer): Promise<Server> {
  const resources = new x402ResourceServer(createLocalFacilitatorClient([NETWORK])).register(NETWORK, scheme);
  const accepts = { scheme: "deferred", network: NETWORK, payTo: SELLER, price: { asset: ASSET, amount: "1000" } };
  const app = express();
  app.get("/free", (_request, response) => void response.send("sunny"));
  app.use(paymentMiddleware({ "GET /paid": { accepts } }, resources));
  app.get("/paid", (_request, response) => void response.send("sunny"));
  const server = createServer(app);
  // The one connection must outlast the signing.
  server.keepAliveTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function caller(server: Server, agent: Agent): Call {
  const { port } = server.address() as AddressInfo;
  return (path, headers = {}) =>
    new Promise((resolve, reject) => {
      const sent = httpRequest({ host: "127.0.0.1", port, path, agent, headers }, (response) => {
        response.resume();
        response.on("end", () => resolve(response));
        response.on("error", reject);
      });
      sent.on("error", reject);
      sent.end();
    });
}

async function paidSubject(call: Call, buyers: readonly PrivateKeyAccount[]): Promise<Subject> {
  const required = offersOf(await call("/paid"));
  const [accepted] = required.accepts;
  if (accepted === undefined) throw new Error("the 402 offers nothing");
  const now = systemClock();
  const headers: string[] = [];
  for (let index = 0; index < itemsOf({ perRound: PER_ROUND }); index += 1) {
    const payload = { ...toWirePayload(await signInTurn(buyers, index, now)) };
    headers.push(encodePaymentSignatureHeader({ x402Version: 2, resource: required.resource, accepted, payload }));
  }
  return subject("paid", 200, (index) => call("/paid", { "PAYMENT-SIGNATURE": headers[index] ?? "" }));
}

function subject(name: string, status: number, send: (index: number) => Promise<IncomingMessage>): Subject {
  return {
    name,
    perRound: PER_ROUND,
    run: async (index) => {
      const { statusCode } = await send(index);
      if (statusCode !== status) throw new Error(`the ${name} request got a ${statusCode}`);
    },
  };
}

function offersOf({ headers }: IncomingMessage): PaymentRequired {
  const header = headers["payment-required"];
  if (typeof header !== "string") throw new Error("the 402 has no offers");
  return decodePaymentRequiredHeader(header);
}

/** What the payment adds, at the median and at the 99th percentile. */
function toRow(id: string, paid: Samples, other: Samples): SpeedRow {
  const added = (share: number) => Math.round((quantile(paid, share) - quantile(other, share)) * 1e4) / 1e4;
  return { id, medianMs: added(0.5), p99Ms: added(0.99), peer: null, peerMedianMs: null, ratio: null };
}
