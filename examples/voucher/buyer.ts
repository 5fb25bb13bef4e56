// An agent that pays. BUYER_KEY names its account, which needs USDC and no ETH, ESCROW the contract it trusts, API_URL what it asks for.
// Run it by `npm run example:buyer` with these in the environment; `npm run chain` prints a whole line to copy.
import { x402Client } from "@x402/core/client";
import { decodePaymentRequiredHeader } from "@x402/core/http";
import { decodePaymentResponseHeader, wrapFetchWithPayment } from "@x402/fetch";
import { getAddress, type Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { DeferredEvmScheme, withBuyerHeader } from "x402-escrow/x402/deferred";

const { BUYER_KEY, ESCROW = "", API_URL = "http://127.0.0.1:4021/weather" } = process.env;
const scheme = new DeferredEvmScheme({
  buyer: privateKeyToAccount(BUYER_KEY as Hex),
  escrows: [getAddress(ESCROW)],
  limits: { maxPrice: 10_000n, maxDeposit: 1_000_000n },
});
const client = new x402Client().register("eip155:8453", scheme);
const paidFetch = wrapFetchWithPayment(withBuyerHeader(fetch, scheme.address), client);

for (let request = 1; request <= 3; request++) {
  const response = await paidFetch(API_URL);
  const receipt = response.headers.get("PAYMENT-RESPONSE");
  const refusal = response.headers.get("PAYMENT-REQUIRED");
  if (refusal !== null) throw new Error(`Not paid: ${decodePaymentRequiredHeader(refusal).error}`);
  if (receipt === null) throw new Error(`Not served: ${response.status} ${await response.text()}`);
  console.log(
    `${response.status} for ${decodePaymentResponseHeader(receipt).amount} USDC units:`,
    await response.text(),
  );
}
