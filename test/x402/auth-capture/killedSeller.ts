import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { paymentMiddleware, x402ResourceServer } from "@x402/express";
import { createPublicClient, createWalletClient, http, type Address } from "viem";
import { base } from "viem/chains";
import { makeTerms } from "../../../client/auth-capture/index.ts";
import {
  createPaymentManager,
  createPaymentSweeper,
  createSqlitePaymentStore,
  createWalletSender,
} from "../../../client/seller/auth-capture/index.ts";
import { AuthCaptureEvmServer, createLocalFacilitatorClient } from "../../../client/x402/auth-capture/index.ts";
import { childSettings, serveParent } from "../../../scripts/demo/children.ts";
import { USDC } from "../../base/addresses.ts";
import { actors } from "../../helpers/actors.ts";

/** A seller that somebody kills. */
export interface KilledSellerSettings {
  readonly rpcUrl: string;
  readonly factory: Address;
  readonly storePath: string;
  /** Captures and voids are signed, stored and never sent. */
  readonly isMute: boolean;
}

const { rpcUrl, factory, storePath, isMute } = childSettings<KilledSellerSettings>();
const client = createPublicClient({ chain: base, transport: http(rpcUrl), pollingInterval: 20, cacheTime: 0 });
const wallet = createWalletClient({ chain: base, transport: http(rpcUrl), account: actors.relayer });
const seller = actors.seller;
const network = "eip155:8453";

const sender = createWalletSender({ client, wallet, pollingInterval: 20 });
const manager = createPaymentManager({
  store: createSqlitePaymentStore({ path: storePath }),
  chainId: 8453n,
  client,
  sender: isMute ? { ...sender, send: () => new Promise(() => undefined) } : sender,
  authorizers: [seller],
});
const facilitator = createLocalFacilitatorClient({
  chains: [{ chainId: 8453n, client, wallet, minimumAmounts: { [USDC]: 1_000n }, lifecycleFactories: [factory] }],
});
const terms = makeTerms({ authorizer: seller.address, maxHold: 604_800n });
const desk = { chainId: 8453n, client, factory, terms, receiver: seller.address, authorizer: seller, manager };
const scheme = new AuthCaptureEvmServer({ facilitator, desks: [desk], onError: console.error });
const accepts = { scheme: "auth-capture", network, payTo: seller.address, price: "$1" } as const;

const app = express();
const resources = new x402ResourceServer(facilitator).register(network, scheme);
app.use(paymentMiddleware({ "GET /report": { accepts }, "GET /slow": { accepts } }, resources));
app.get("/report", (_request, response) => void response.send("sunny"));
// Whoever asks here waits until the process is killed.
app.get("/slow", () => undefined);
const server = createServer(app).listen(0, "127.0.0.1");
await once(server, "listening");
createPaymentSweeper({ manager, interval: 100, onError: console.error }).start();
serveParent({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }, {});
