import { HTTPFacilitatorClient } from "@x402/core/server";
import { paymentMiddleware, setSettlementOverrides, x402ResourceServer } from "@x402/express";
import express from "express";
import { createSqliteStore, createVoucherSeller } from "../../../client/seller/voucher/index.ts";
import { releaseWithAuthorization } from "../../../client/voucher/index.ts";
import { createFacilitatorRelayer, DeferredEvmServer } from "../../../client/x402/deferred/index.ts";
import { USDC } from "../../../test/base/addresses.ts";
import { testAccount } from "../../../test/helpers/actors.ts";
import { childSettings, serveParent } from "../children.ts";
import { connectChain } from "../chain.ts";
import { listen } from "../listen.ts";
import {
  CHAIN_ID,
  MINIMUM_DEPOSITS,
  NETWORK,
  ROUTES,
  SELLER,
  type SellerBooks,
  type SellerReceipts,
  type SellerSettings,
  type ServerReady,
} from "./settings.ts";

// A process of the demo: the paid API. It accepts vouchers by itself and has the facilitator send deposits.
const { rpcUrl, escrow, facilitatorUrl, storePath, port } = childSettings<SellerSettings>();
const escrowId = { chainId: BigInt(CHAIN_ID), escrow };
const { client, wallet } = connectChain(rpcUrl, testAccount(8));

const store = createSqliteStore({ path: storePath });
const seller = await createVoucherSeller({
  client,
  wallet,
  escrow: escrowId,
  seller: SELLER.address,
  assets: [USDC],
  store,
  confirmations: 0,
  signer: SELLER,
  pollingInterval: 250,
  onProgress: (progress) => {
    if (progress.kind === "failed") console.error("collector:", progress.error);
  },
});
await seller.start();

const facilitator = new HTTPFacilitatorClient({ url: facilitatorUrl });
const relayer = createFacilitatorRelayer({
  facilitator,
  escrow: escrowId,
  client,
  methods: ["eip3009", "permit2"],
  minimumDeposits: MINIMUM_DEPOSITS,
  name: facilitatorUrl,
});
const scheme = new DeferredEvmServer({
  desks: [{ acceptor: seller.acceptor, chainView: seller.chainView, relayer }],
  onError: (error) => console.error("seller:", error),
});
const offer = { scheme: "deferred", network: NETWORK, payTo: SELLER.address } as const;
const resources = new x402ResourceServer(facilitator).register(NETWORK, scheme);

const app = express();
app.use(
  paymentMiddleware(
    {
      [`GET ${ROUTES.fixed}`]: { accepts: { ...offer, price: "$0.001" } },
      [`GET ${ROUTES.metered}`]: { accepts: { ...offer, price: "$0.002", extra: { metered: true } } },
    },
    resources,
  ),
);
app.get(ROUTES.fixed, (_request, response) => void response.json({ weather: "sunny" }));
let answers = 0;
app.get(ROUTES.metered, (_request, response) => {
  // Something between a twentieth of the ceiling and all of it, as a model that bills its tokens would.
  const used = 100 + ((answers++ * 37) % 1_901);
  setSettlementOverrides(response, { amount: used.toString() });
  response.json({ answer: "42", used });
});

const { url } = await listen(app, port);
serveParent<ServerReady>(
  { url },
  {
    async books(): Promise<SellerBooks> {
      const accounts = await store.listAccounts({ ...escrowId, seller: SELLER.address });
      const lanes = await Promise.all(accounts.map((id) => store.listLanesOf(id)));
      return { charged: lanes.flat().reduce((sum, { charged }) => sum + charged, 0n) };
    },

    async collect(): Promise<SellerReceipts> {
      const { transactions } = await seller.collector.collectNow();
      const receipts = await Promise.all(transactions.map((hash) => client.waitForTransactionReceipt({ hash })));
      return { gas: receipts.map(({ gasUsed }) => gasUsed) };
    },

    async release(): Promise<SellerReceipts> {
      const gas: bigint[] = [];
      for (const { buyer, asset } of await store.listAccounts({ ...escrowId, seller: SELLER.address })) {
        await seller.chainView.refreshAccount({ account: { ...escrowId, seller: SELLER.address, asset, buyer } });
        const { spendable } = await seller.acceptor.getAccount({ buyer, asset });
        if (spendable === 0n) continue;
        const { authorization, signature } = await seller.releases.sign({ buyer, asset });
        const hash = await releaseWithAuthorization(wallet, { escrow, authorization, signature });
        const { gasUsed } = await client.waitForTransactionReceipt({ hash });
        gas.push(gasUsed);
      }
      return { gas };
    },
  },
);

process.once("SIGTERM", () => {
  void seller
    .stop()
    .then(() => store.close())
    .then(() => process.exit());
});
