import type { Hash } from "viem";
import { networkOfChainId } from "../core/network.ts";
import type { ServerDesk } from "./desk.ts";

/** What became of a payment, as JSON. */
export interface WirePaymentStatus {
  /** `extra.paymentId` of the settlement answer. */
  readonly paymentId: Hash;
  /** `settled` once the chain shows it, at the depth the server chose. */
  readonly status: "accepted" | "settled";
  /** The transaction that settled it; empty until then, and when somebody else sent it. */
  readonly transaction: string;
  /** CAIP-2. */
  readonly network: string;
}

/** Settings of {@link createPaymentStatus}. */
export interface PaymentStatusOptions {
  /** Servers whose payments can be asked for. */
  readonly desks: readonly Pick<ServerDesk, "settlement" | "server" | "tokens" | "store">[];
}

/** Answers what became of a payment, neither part of which need be well-formed; undefined when it is not known here. */
export type PaymentStatus = (paymentId: unknown, payer: unknown) => Promise<WirePaymentStatus | undefined>;

const BYTES32 = /^0x[0-9a-fA-F]{64}$/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/**
 * Makes what answers `GET /flash/payments/:id?payer=0x...`, whatever the framework: a payment is answered before it is settled, so the hash
 * of its transaction comes later. Id and payer are those of the settlement answer; both together are known to client and server alone
 * until the payment is settled.
 *
 * A tab stands for all earlier ones of its lane: ask about the latest.
 *
 * - Source: docs/x402/flash.md, What became of a payment
 *
 * @param options - {@link PaymentStatusOptions}.
 * @returns The look-up. It asks the stores of the desks alone, and rejects when one fails.
 *
 * @example
 * const findPayment = createPaymentStatus({ desks: [desk] });
 * app.get("/flash/payments/:id", async (request, response) => {
 *   const payment = await findPayment(request.params.id, request.query.payer);
 *   response.status(payment === undefined ? 404 : 200).json(payment ?? { error: "unknown payment" });
 * });
 */
export function createPaymentStatus({ desks }: PaymentStatusOptions): PaymentStatus {
  return async (paymentId, payer) => {
    if (!isHex(paymentId, BYTES32) || !isHex(payer, ADDRESS)) return undefined;
    for (const { settlement, server, tokens, store } of desks) {
      for (const token of tokens) {
        const found = await store.getItem({ ...settlement, client: payer, server, token }, paymentId);
        if (found === undefined) continue;
        const { status, transactionHash: transaction = "" } = found;
        return { paymentId, status, transaction, network: networkOfChainId(settlement.chainId) };
      }
    }
    return undefined;
  };
}

function isHex(value: unknown, form: RegExp): value is Hash {
  return typeof value === "string" && form.test(value);
}
