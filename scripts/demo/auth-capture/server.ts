import { paymentMiddleware, setSettlementOverrides, x402ResourceServer } from "@x402/express";
import express from "express";
import { deployOperator, ESCROW_DEPLOYMENTS, predictOperator, signRefund } from "../../../client/auth-capture/index.ts";
import {
  createPaymentManager,
  createPaymentSweeper,
  createSqlitePaymentStore,
  createWalletSender,
} from "../../../client/seller/auth-capture/index.ts";
import { AuthCaptureEvmServer, createLocalFacilitatorClient } from "../../../client/x402/auth-capture/index.ts";
import { USDC } from "../../../test/base/addresses.ts";
import { USDC_DOMAIN } from "../../../test/base/usdc.ts";
import { connectChain } from "../chain.ts";
import { childSettings, serveParent } from "../children.ts";
import { CHAIN_ID, NETWORK } from "../common.ts";
import { DemoError } from "../errors.ts";
import { listen } from "../listen.ts";
import { SALES, SELLER, SERVER_GAS, TERMS, type ServerReady, type ServerSettings } from "./settings.ts";

// A process of the demo: a paid API that holds each payment before it serves, and captures what the answer costs.
const { rpcUrl, factory, refundCollector, storePath } = childSettings<ServerSettings>();
const { client, wallet } = connectChain(rpcUrl, SERVER_GAS);
const { escrow } = ESCROW_DEPLOYMENTS["v1.1"];
const onError = (error: unknown) => console.error("server:", error);
for (const terms of Object.values(TERMS)) {
  await client.waitForTransactionReceipt({ hash: await deployOperator(wallet, { factory, terms, escrow }) });
}

const chainId = BigInt(CHAIN_ID);
const store = createSqlitePaymentStore({ path: storePath });
const sender = createWalletSender({ client, wallet, pollingInterval: 20 });
const manager = createPaymentManager({ store, chainId, client, sender, authorizers: [SELLER] });
createPaymentSweeper({ manager, onError }).start();

const minimumAmounts = { [USDC]: 1_000_000n };
const facilitator = createLocalFacilitatorClient({
  chains: [{ chainId, client, wallet, minimumAmounts, lifecycleFactories: [factory] }],
  onError,
});
const desk = { chainId, client, factory, receiver: SELLER.address, authorizer: SELLER, manager } as const;
const desks = Object.values(TERMS).map((terms) => ({ ...desk, terms }));
const scheme = new AuthCaptureEvmServer({ facilitator, desks, onError });
const routes = Object.values(SALES).map(({ path, price, terms }) => {
  const extra = { ...USDC_DOMAIN, captureAuthorizer: predictOperator({ factory, terms: TERMS[terms], escrow }) };
  const cost = { asset: USDC, amount: price.toString(), extra };
  return [
    `GET ${path}`,
    { accepts: { scheme: "auth-capture", network: NETWORK, payTo: SELLER.address, price: cost, extra } },
  ];
});
const resources = new x402ResourceServer(facilitator).register(NETWORK, scheme);
const app = express().use(paymentMiddleware(Object.fromEntries(routes), resources));
app.get(SALES.metered.path, (_request, response) => {
  setSettlementOverrides(response, { amount: SALES.metered.captured.toString() });
  response.json({ text: "Guten Tag" });
});
for (const { path } of [SALES.refunded, SALES.disputed]) {
  app.get(path, (_request, response) => void response.json({ is: "served" }));
}
// Work that this process does not live to finish.
app.get(SALES.abandoned.path, () => undefined);

const { url } = await listen(app);
serveParent<ServerReady>(
  { url },
  {
    /** Gives a part of the order back, out of the receiver's own tokens. */
    async refund() {
      const { price, refunded: amount } = SALES.refunded;
      const payment = (await store.list("closed")).find(({ paymentInfo }) => paymentInfo.maxAmount === price);
      if (payment === undefined) throw new DemoError("The server knows of no order.");
      const { paymentInfo, terms, paymentInfoHash } = payment;
      const funding = { method: "Eip3009", tokenDomain: USDC_DOMAIN } as const;
      const funder = SELLER.address;
      const refund = { chainId: CHAIN_ID, escrow, paymentInfo, funder, amount, refundCollector, funding };
      const { tokenCollector, collectorData } = await signRefund(client, { ...refund, signer: SELLER, factory, terms });
      const { failure } = await manager.refund(paymentInfoHash, { amount, tokenCollector, collectorData });
      if (failure !== undefined) throw new DemoError("The refund failed.", { cause: failure });
    },
  },
);

process.once("SIGTERM", () => process.exit());
