// #region README
import { paymentMiddleware, x402ResourceServer } from "@x402/express";
import type { Express } from "express";
import { createPublicClient, createWalletClient, http, type Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { base } from "viem/chains";
import { canonical } from "x402-escrow/deployments";
import { createSqliteStore, createVoucherSeller, type VoucherSeller } from "x402-escrow/seller/voucher";
import { createLocalFacilitatorClient, createWalletRelayer, DeferredEvmServer } from "x402-escrow/x402/deferred";

const NETWORK = "eip155:8453";
const USDC = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";

export interface SellerSettings {
  readonly rpcUrl: string;
  /** Is paid, and signs releases. */
  readonly sellerKey: Hex;
  /** Pays gas, holds ETH, and sends nothing else. */
  readonly gasKey: Hex;
  /** SQLite file with the vouchers. They are money: back it up. */
  readonly storePath: string;
  /** Blocks after which a deposit counts: 2 on Base. */
  readonly confirmations: number;
  /** For logs and alarms. */
  readonly report: (what: string, details: unknown) => void;
}

/** Adds paid routes to an Express app. Call it before the routes themselves; call `stop` of what it returns at the end. */
export async function addPaidRoutes(app: Express, settings: SellerSettings): Promise<VoucherSeller> {
  const { rpcUrl, sellerKey, gasKey, report } = settings;
  const chain = { chain: base, transport: http(rpcUrl) };
  const client = createPublicClient(chain);
  const wallet = createWalletClient({ ...chain, account: privateKeyToAccount(gasKey) });
  const account = privateKeyToAccount(sellerKey);
  const escrow = { chainId: 8453n, escrow: canonical.VoucherEscrow };

  const seller = await createVoucherSeller({
    client,
    wallet,
    escrow,
    seller: account.address,
    signer: account,
    assets: [USDC],
    confirmations: settings.confirmations,
    store: createSqliteStore({ path: settings.storePath }),
    limits: { maxUncollected: 20_000_000n }, // At most 20 USDC of one buyer wait for their collection.
    policy: { minValue: () => 50_000_000n, maxAge: 86_400n }, // Collect at 50 USDC, and daily.
    onProgress: (progress) => report(`collector: ${progress.kind}`, progress),
    onChainError: (error) => report("chain", error),
  });
  await seller.start();

  const relayer = createWalletRelayer({ escrow, wallet, client, minimumDeposits: { [USDC]: 500_000n } });
  const scheme = new DeferredEvmServer({
    desks: [{ ...seller, relayer }],
    onError: (error) => report("server", error),
  });
  const server = new x402ResourceServer(createLocalFacilitatorClient([NETWORK])).register(NETWORK, scheme);
  const accepts = { scheme: "deferred", network: NETWORK, payTo: account.address, price: "$0.001" } as const;
  app.use(paymentMiddleware({ "GET /weather": { accepts } }, server));
  return seller;
}
// #endregion
