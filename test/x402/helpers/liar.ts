import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  decodePaymentSignatureHeader,
  encodePaymentRequiredHeader,
  encodePaymentResponseHeader,
} from "@x402/core/http";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import type { WirePayload } from "../../../client/x402/deferred/index.ts";

/** What a lying seller answers to one request. */
export interface Lie {
  readonly status?: number;
  /** `extra` of the one offer of a 402. */
  readonly offer?: object;
  readonly error?: unknown;
  /** Fields of the 402 that are not as they should be. */
  readonly required?: object;
  readonly settlement?: object;
}

/** A seller that says what it likes. */
export interface Liar {
  readonly url: string;
  /** Payments it was sent. */
  readonly payments: WirePayload[];
  close(): Promise<void>;
}

/** Starts a seller that answers payment number `index` with a lie; -1 is an unpaid request. */
export async function startLiar(
  terms: Omit<PaymentRequirements, "extra">,
  lieTo: (index: number, payment: WirePayload | undefined) => Lie,
): Promise<Liar> {
  const payments: WirePayload[] = [];
  const server = createServer((request, response) => {
    const header = request.headers["payment-signature"];
    const payment = typeof header === "string" ? payloadOf(decodePaymentSignatureHeader(header)) : undefined;
    if (payment !== undefined) payments.push(payment);
    const { status = 402, offer, error, required: forged, settlement } = lieTo(payments.length - 1, payment);
    response.statusCode = status;
    if (offer !== undefined) {
      const accepts = [{ ...terms, extra: { ...offer } }];
      const required = {
        x402Version: 2,
        resource: { url: "http://liar.example" },
        accepts,
        ...(error !== undefined && { error }),
        ...forged,
      };
      response.setHeader("PAYMENT-REQUIRED", encodePaymentRequiredHeader(required as never));
    }
    if (settlement !== undefined) {
      const answer = { success: true, transaction: "", network: terms.network, ...settlement };
      response.setHeader("PAYMENT-RESPONSE", encodePaymentResponseHeader(answer));
    }
    response.end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    payments,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function payloadOf({ payload }: PaymentPayload): WirePayload {
  return payload as unknown as WirePayload;
}
