import { x402Facilitator } from "@x402/core/facilitator";
import express from "express";
import { isAddressEqual } from "viem";
import { createAcceptor, createChainView, createMemoryStore } from "../../../client/seller/voucher/index.ts";
import { createWalletRelayer, DeferredEvmFacilitator } from "../../../client/x402/deferred/index.ts";
import { USDC } from "../../../test/base/addresses.ts";
import { actors } from "../../../test/helpers/actors.ts";
import { childSettings, serveParent } from "../children.ts";
import { connectChain } from "../chain.ts";
import { listen } from "../listen.ts";
import { CHAIN_ID, type DemoSettings, MINIMUM_DEPOSITS, NETWORK, SELLER, type ServerReady } from "./settings.ts";

// A process of the demo: sends the deposits that agents have signed, and pays their gas.
const { rpcUrl, escrow } = childSettings<DemoSettings>();
const escrowId = { chainId: BigInt(CHAIN_ID), escrow };
const { client, wallet } = connectChain(rpcUrl, actors.relayer);

// The seller keeps its own vouchers; what is kept here are its accounts on the chain, to judge deposits by.
const seller = SELLER.address;
const store = createMemoryStore();
const chainView = createChainView({ client, escrow: escrowId, seller, store, confirmations: 0 });
const acceptor = await createAcceptor({ escrow: escrowId, seller, assets: [USDC], store, chainView });
const relayer = createWalletRelayer({ escrow: escrowId, wallet, client, minimumDeposits: MINIMUM_DEPOSITS });
const scheme = new DeferredEvmFacilitator({
  escrows: [
    {
      escrow: escrowId,
      relayer,
      collectionMargin: acceptor.limits.collectionMargin,
      deskOf: (payTo) => (isAddressEqual(payTo, seller) ? { acceptor, chainView, relayer } : undefined),
    },
  ],
  onError: (error) => console.error("facilitator:", error),
});
const facilitator = new x402Facilitator().register([NETWORK], scheme);

const app = express().use(express.json({ limit: "100kb" }));
app.get("/supported", (_request, response) => void response.json(facilitator.getSupported()));
app.post("/verify", async ({ body }, response) => {
  response.json(await facilitator.verify(body.paymentPayload, body.paymentRequirements));
});
app.post("/settle", async ({ body }, response) => {
  response.json(await facilitator.settle(body.paymentPayload, body.paymentRequirements));
});

const { url } = await listen(app);
serveParent<ServerReady>({ url }, {});
