import { x402Client } from "@x402/core/client";
import { decodePaymentRequiredHeader } from "@x402/core/http";
import { wrapFetchWithPayment } from "@x402/fetch";
import type { Address, PrivateKeyAccount } from "viem";
import { AuthCaptureEvmScheme, type MadePayment } from "../../../client/x402/auth-capture/index.ts";
import { demoAccount } from "../common.ts";
import { DemoError } from "../errors.ts";
import { ARBITER, type SaleName } from "./settings.ts";

/** An agent of the demo. It signs, and never sends a transaction. */
export interface Agent {
  readonly name: string;
  readonly sale: SaleName;
  readonly account: PrivateKeyAccount;
  readonly fetch: typeof fetch;
  /** What it has signed so far; the last is the purchase. */
  readonly payments: () => readonly MadePayment[];
}

/** Makes an agent for each purchase. All of them trust one factory and one arbiter. */
export function makeAgents(sales: readonly SaleName[], factory: Address): readonly Agent[] {
  return sales.map((sale, at) => {
    const name = `agent ${at + 1}`;
    const account = demoAccount(`auth-capture ${name}`);
    const limits = { factories: [factory], arbiters: [ARBITER.address], maxAmount: 10_000_000n };
    const scheme = new AuthCaptureEvmScheme({ payer: account, limits });
    // The scheme's own limit takes the place of the SDK's dollar.
    const client = new x402Client().register("eip155:*", scheme).setSpendControls(false);
    return { name, sale, account, fetch: wrapFetchWithPayment(fetch, client), payments: () => scheme.payments };
  });
}

/** Has an agent buy; gives its payment. */
export async function buy({ name, fetch, payments }: Agent, url: string, signal: AbortSignal): Promise<MadePayment> {
  const response = await fetch(url, { signal });
  const refusal = response.headers.get("PAYMENT-REQUIRED");
  if (refusal !== null) throw new DemoError(`${name} was refused: ${decodePaymentRequiredHeader(refusal).error}`);
  const payment = payments().at(-1);
  if (response.status !== 200 || payment?.status !== "settled") {
    throw new DemoError(`${name} got ${response.status}: ${await response.text()}`);
  }
  await response.arrayBuffer();
  return payment;
}
