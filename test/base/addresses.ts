import type { Address } from "viem";
import { ESCROW_DEPLOYMENTS, type EscrowDeployment } from "../../client/auth-capture/addresses.ts";

/** Chain id of Base. */
export const BASE_CHAIN_ID = 8453;

/** Permit2, the same on every chain. */
export const PERMIT2: Address = "0x000000000022D473030F116dDEE9F6B43aC78BA3";

/** Multicall3, the same on every chain. */
export const MULTICALL3: Address = "0xcA11bde05977b3631167028862bE2a173976CA11";

/** The deterministic deployment proxy by Arachnid. Canonical contracts came through it; this project does not use it. */
export const ARACHNID_PROXY: Address = "0x4e59b44847b379578588920cA78FbF26c0B4956C";

/** CreateX, the factory through which this project deploys. */
export const CREATEX: Address = "0xba5Ed099633D3B313e4D5F7bdc1305d3c28ba5Ed";

/** USDC on Base: the proxy, which is the token. */
export const USDC: Address = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";

/** The contract behind {@link USDC}: FiatToken v2.2. */
export const USDC_IMPLEMENTATION: Address = "0x2Ce6311ddAE708829bc0784C967b7d77D19FD779";

/** AuthCaptureEscrow 1.1 and its collectors, the scheme's default. The spend-permission collector is not on the local Base. */
export const COMMERCE: EscrowDeployment = ESCROW_DEPLOYMENTS["v1.1"];

/** AuthCaptureEscrow 1.0 and its collectors; again without the spend-permission collector. */
export const COMMERCE_V1_0: EscrowDeployment = ESCROW_DEPLOYMENTS["v1.0"];
