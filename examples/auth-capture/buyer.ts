// An agent that pays into holds. PAYER_KEY names its account, which needs USDC and no ETH, FACTORY the factory whose operators it trusts,
// API_URL what it asks for. Run it by `npm run example:auth-capture:buyer` with these; `npm run chain` prints a whole line to copy.
import { x402Client } from "@x402/core/client";
import { decodePaymentRequiredHeader, decodePaymentResponseHeader } from "@x402/core/http";
import { wrapFetchWithPayment } from "@x402/fetch";
import { getAddress, type Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { AuthCaptureEvmScheme } from "x402-escrow/x402/auth-capture";

const { PAYER_KEY, FACTORY = "", API_URL = "http://127.0.0.1:4023/weather" } = process.env;
const scheme = new AuthCaptureEvmScheme({
  payer: privateKeyToAccount(PAYER_KEY as Hex),
  limits: { factories: [getAddress(FACTORY)], maxAmount: 10_000n },
});
const paidFetch = wrapFetchWithPayment(fetch, new x402Client().register("eip155:8453", scheme));

for (let request = 1; request <= 3; request++) {
  const response = await paidFetch(API_URL);
  const receipt = response.headers.get("PAYMENT-RESPONSE");
  const refusal = response.headers.get("PAYMENT-REQUIRED");
  if (refusal !== null) throw new Error(`Not paid: ${decodePaymentRequiredHeader(refusal).error}`);
  if (receipt === null) throw new Error(`Not served: ${response.status} ${await response.text()}`);
  const { amount } = decodePaymentResponseHeader(receipt);
  const held = scheme.paymentOf(response)?.paymentInfo.maxAmount;
  console.log(`${response.status} for ${amount} USDC units:`, await response.text(), `(${held} were held)`);
}
