// A paid API that holds each payment, captures what the answer costs and gives the rest back at once. RPC_URL and FACTORY name the chain and
// the factory of operators, SELLER_KEY the account that is paid, which also signs captures and pays the gas. Run it by
// `npm run example:auth-capture:seller` with these; `npm run chain` prints a whole line to copy.
import { paymentMiddleware, setSettlementOverrides, x402ResourceServer } from "@x402/express";
import express from "express";
import { createPublicClient, createWalletClient, getAddress, type Hex, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { base } from "viem/chains";
import { deployOperator, ESCROW_DEPLOYMENTS, makeTerms } from "x402-escrow/auth-capture";
import * as selling from "x402-escrow/seller/auth-capture";
import { AuthCaptureEvmServer, createLocalFacilitatorClient } from "x402-escrow/x402/auth-capture";

const { RPC_URL, FACTORY = "", SELLER_KEY, STORE = "payments.sqlite", PORT = "4023" } = process.env;
const [network, chainId, factory] = ["eip155:8453", 8453n, getAddress(FACTORY)] as const;
const account = privateKeyToAccount(SELLER_KEY as Hex);
const client = createPublicClient({ chain: base, transport: http(RPC_URL) });
const wallet = createWalletClient({ chain: base, transport: http(RPC_URL), account });
const terms = makeTerms({ authorizer: account.address, maxHold: 86_400n }); // The operator's address is made of them.
const operator = { factory, terms, escrow: ESCROW_DEPLOYMENTS["v1.1"].escrow };
await client.waitForTransactionReceipt({ hash: await deployOperator(wallet, operator) }); // A second time does nothing.
const store = selling.createSqlitePaymentStore({ path: STORE });
const sender = selling.createWalletSender({ client, wallet });
const manager = selling.createPaymentManager({ store, chainId, client, sender, authorizers: [account] });
const sweeper = selling.createPaymentSweeper({ manager, onError: console.error }); // Ends what a crash leaves behind.
sweeper.start();

const minimumAmounts = { "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913": 10_000n };
const chain = { chainId, client, wallet, minimumAmounts, lifecycleFactories: [factory] };
const facilitator = createLocalFacilitatorClient({ chains: [chain] });
const desk = { chainId, client, ...operator, receiver: account.address, authorizer: account, manager };
const scheme = new AuthCaptureEvmServer({ facilitator, desks: [desk], onError: console.error });
const server = new x402ResourceServer(facilitator).register(network, scheme);
const accepts = { scheme: "auth-capture", network, payTo: account.address, price: "$0.01" } as const; // The most it can cost.
const app = express().use(paymentMiddleware({ "GET /weather": { accepts } }, server));
app.get("/weather", (_request, response) => {
  setSettlementOverrides(response, { amount: "1000" }); // What it did cost, in USDC units.
  response.json({ weather: "sunny" });
});
const listening = app.listen(Number(PORT), "127.0.0.1", () => console.log(`http://127.0.0.1:${PORT}/weather`));
process.once("SIGINT", () => listening.close(() => process.exit())); // The sweeper ends what is under way at the next start.
