// A paid API that answers at once and settles later. RPC_URL and SETTLEMENT name the chain and the contract, SERVER_KEY the account that
// is paid, which also pays the gas. Run it by `npm run example:flash:seller` with these; `npm run chain` prints a whole line to copy.
import { paymentMiddleware, x402ResourceServer } from "@x402/express";
import express from "express";
import { createPublicClient, createWalletClient, getAddress, type Hex, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { base } from "viem/chains";
import { createFlashServer, createSqliteFlashStore } from "x402-escrow/seller/flash";
import { createLocalFacilitatorClient, createWalletRelayer, FlashEvmServer } from "x402-escrow/x402/flash";

const { RPC_URL, SETTLEMENT = "", SERVER_KEY, PORT = "4022" } = process.env;
const network = "eip155:8453";
const usdc = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";
const account = privateKeyToAccount(SERVER_KEY as Hex);
const client = createPublicClient({ chain: base, transport: http(RPC_URL) });
const wallet = createWalletClient({ chain: base, transport: http(RPC_URL), account });
const settlement = { chainId: 8453n, settlement: getAddress(SETTLEMENT) };
const common = { client, wallet, settlement, server: account.address, tokens: [usdc] } as const;
const store = createSqliteFlashStore({ path: process.env["STORE"] ?? "flash.sqlite" });
const parts = await createFlashServer({
  ...common,
  store,
  signer: account,
  confirmations: Number(process.env["CONFIRMATIONS"] ?? 2), // Blocks after which an escrow counts.
  onProgress: (progress) => console.log("settler:", progress.kind),
});
await parts.start();

const relayer = createWalletRelayer({ settlement, wallet, client, minimumOpenings: { [usdc]: 100_000n } });
const scheme = new FlashEvmServer({ desks: [{ ...common, ...parts, store, relayer }], onError: console.error });
const server = new x402ResourceServer(createLocalFacilitatorClient([network])).register(network, scheme);
const accepts = { scheme: "flash", network, payTo: account.address, price: "$0.001" } as const;

const app = express().use(paymentMiddleware({ "GET /weather": { accepts } }, server));
app.get("/weather", (_request, response) => void response.json({ weather: "sunny" }));
const listening = app.listen(Number(PORT), "127.0.0.1", () => console.log(`http://127.0.0.1:${PORT}/weather`));
process.once("SIGINT", () => listening.close(() => parts.stop({ settle: true }).then(() => process.exit())));
