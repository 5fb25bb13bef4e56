import { paymentMiddleware, x402ResourceServer } from "@x402/express";
import express from "express";
import { getCredit, withdrawCredit } from "../../../client/flash/index.ts";
import { createFlashServer, createSqliteFlashStore } from "../../../client/seller/flash/index.ts";
import { createLocalFacilitatorClient, createWalletRelayer, FlashEvmServer } from "../../../client/x402/flash/index.ts";
import { USDC } from "../../../test/base/addresses.ts";
import { connectChain } from "../chain.ts";
import { childSettings, serveParent } from "../children.ts";
import { CHAIN_ID, demoAccount, NETWORK } from "../common.ts";
import { listen } from "../listen.ts";
import {
  MINIMUM_OPENINGS,
  ROUTE,
  type ServerBooks,
  type ServerReady,
  type ServerReceipts,
  type ServerSettings,
} from "./settings.ts";

// A process of the demo: a paid API that answers at once, settles later, and pays its own gas and that of openings.
const { rpcUrl, settlement: address, name, storePath } = childSettings<ServerSettings>();
const account = demoAccount(name);
const settlement = { chainId: BigInt(CHAIN_ID), settlement: address };
const { client, wallet } = connectChain(rpcUrl, account);
const store = createSqliteFlashStore({ path: storePath });
const gas: bigint[] = [];
const common = { client, wallet, settlement, server: account.address, tokens: [USDC], store } as const;
const parts = await createFlashServer({
  ...common,
  signer: account,
  confirmations: 0,
  pollingInterval: 250,
  // Small escrows fill up soon, and the demo says when to settle.
  policy: { exposurePercent: 90n },
  onProgress: (progress) => {
    if (progress.kind === "mined") gas.push(progress.gasUsed);
    if (progress.kind === "failed") console.error(`${name}:`, progress.error);
  },
});
await parts.start();

const relayer = createWalletRelayer({ settlement, wallet, client, minimumOpenings: MINIMUM_OPENINGS });
const scheme = new FlashEvmServer({
  desks: [{ ...common, ...parts, relayer }],
  onError: (error) => console.error(`${name}:`, error),
});
const resources = new x402ResourceServer(createLocalFacilitatorClient([NETWORK])).register(NETWORK, scheme);
const accepts = { scheme: "flash", network: NETWORK, payTo: account.address, price: "$0.001" } as const;
const app = express().use(paymentMiddleware({ [`GET ${ROUTE}`]: { accepts } }, resources));
app.get(ROUTE, (_request, response) => void response.json({ weather: "sunny" }));

const { url } = await listen(app);
serveParent<ServerReady>(
  { url },
  {
    async books(): Promise<ServerBooks> {
      const escrows = await store.listEscrows({ ...settlement, server: account.address });
      const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
      return {
        accepted: sum(escrows.map(({ accepted }) => accepted)),
        unsettled: sum(escrows.map(({ unsettled }) => unsettled)),
      };
    },

    async settle(): Promise<ServerReceipts> {
      await parts.settler.settleNow();
      return { gas: gas.splice(0) };
    },

    async withdraw(): Promise<ServerReceipts> {
      const amount = await getCredit(client, { settlement: address, account: account.address, token: USDC });
      if (amount === 0n) return { gas: [] };
      const hash = await withdrawCredit(wallet, { settlement: address, token: USDC, to: account.address, amount });
      const { gasUsed } = await client.waitForTransactionReceipt({ hash });
      return { gas: [gasUsed] };
    },
  },
);

process.once("SIGTERM", () => {
  void parts
    .stop()
    .then(() => store.close())
    .then(() => process.exit());
});
