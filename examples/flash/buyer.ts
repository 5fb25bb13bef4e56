// An agent that pays from its wallet. CLIENT_KEY names its account, which needs USDC and no ETH, SETTLEMENT the contract it trusts, RPC_URL
// the chain, API_URL what it asks for. Run it by `npm run example:flash:buyer` with these; `npm run chain` prints a whole line to copy.
import { x402Client } from "@x402/core/client";
import { decodePaymentRequiredHeader, decodePaymentResponseHeader } from "@x402/core/http";
import { createPublicClient, getAddress, type Hex, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { createEscrowReader, FlashEvmScheme, wrapFetchWithFlash } from "x402-escrow/x402/flash";

const { CLIENT_KEY, RPC_URL, SETTLEMENT = "", API_URL = "http://127.0.0.1:4022/weather" } = process.env;
const scheme = new FlashEvmScheme({
  client: privateKeyToAccount(CLIENT_KEY as Hex),
  settlements: [getAddress(SETTLEMENT)],
  limits: { maxPrice: 10_000n, maxEscrow: 1_000_000n },
  chain: createEscrowReader(createPublicClient({ transport: http(RPC_URL) })),
});
const paidFetch = wrapFetchWithFlash(fetch, new x402Client().register("eip155:8453", scheme), scheme);

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
