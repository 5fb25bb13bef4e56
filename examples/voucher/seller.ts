// A paid API. RPC_URL and ESCROW name the chain and the contract, SELLER_KEY the account that is paid, GAS_KEY another one that pays
// gas. Run it by `npm run example:seller` with these in the environment; `npm run chain` prints a whole line to copy.
import { paymentMiddleware, x402ResourceServer } from "@x402/express";
import express from "express";
import { createPublicClient, createWalletClient, getAddress, type Hex, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { base } from "viem/chains";
import { createSqliteStore, createVoucherSeller } from "x402-escrow/seller/voucher";
import { createLocalFacilitatorClient, createWalletRelayer, DeferredEvmServer } from "x402-escrow/x402/deferred";

const { RPC_URL, ESCROW = "", SELLER_KEY, GAS_KEY, PORT = "4021" } = process.env;
const network = "eip155:8453";
const escrow = { chainId: 8453n, escrow: getAddress(ESCROW) };
const [account, gasAccount] = [privateKeyToAccount(SELLER_KEY as Hex), privateKeyToAccount(GAS_KEY as Hex)];
const client = createPublicClient({ chain: base, transport: http(RPC_URL) });
const wallet = createWalletClient({ chain: base, transport: http(RPC_URL), account: gasAccount });
const usdc = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";

const seller = await createVoucherSeller({
  client,
  wallet,
  escrow,
  seller: account.address,
  assets: [usdc],
  signer: account,
  confirmations: Number(process.env["CONFIRMATIONS"] ?? 2), // Blocks after which a deposit counts.
  store: createSqliteStore({ path: process.env["STORE"] ?? "vouchers.sqlite" }),
  onProgress: (progress) => console.log("collector:", progress.kind),
});
await seller.start();

const relayer = createWalletRelayer({ escrow, wallet, client, minimumDeposits: { [usdc]: 100_000n } });
const scheme = new DeferredEvmServer({ desks: [{ ...seller, relayer }], onError: console.error });
const server = new x402ResourceServer(createLocalFacilitatorClient([network])).register(network, scheme);
const accepts = { scheme: "deferred", network, payTo: account.address, price: "$0.001" } as const;

const app = express().use(paymentMiddleware({ "GET /weather": { accepts } }, server));
app.get("/weather", (_request, response) => void response.json({ weather: "sunny" }));
const listening = app.listen(Number(PORT), "127.0.0.1", () => console.log(`http://127.0.0.1:${PORT}/weather`));
process.once("SIGINT", () => listening.close(() => seller.stop({ collect: true }).then(() => process.exit())));
