import type { Address } from "viem";

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

/** One generation of AuthCaptureEscrow with its collectors, at the same addresses on Base and Base Sepolia. */
export interface Commerce {
  readonly escrow: Address;
  /** What every token store of the escrow is a clone of. */
  readonly tokenStoreImplementation: Address;
  readonly erc3009Collector: Address;
  readonly permit2Collector: Address;
  readonly preApprovalCollector: Address;
  /** Known by its address only: the local Base does not have it. */
  readonly spendPermissionCollector: Address;
  readonly operatorRefundCollector: Address;
}

/** AuthCaptureEscrow 1.1, the scheme's default. */
export const COMMERCE: Commerce = {
  escrow: "0xf96815976523E00e65Be8f34cA5e64b4f41EB19c",
  tokenStoreImplementation: "0xe4be44B1505d29ae640748b4cce530ece6DcD450",
  erc3009Collector: "0x8612dfdc421f80336cd14E8EF9cb1E765dB5ab88",
  permit2Collector: "0xD69831Aed5bfe262067ec4c751f4F830EcdD446e",
  preApprovalCollector: "0xF1F9C408C787B2bC6CAEB91e5BbEc434a5c8d2Ea",
  spendPermissionCollector: "0xB508c1C0a13849693DC175307667653C5977a408",
  operatorRefundCollector: "0x7a03443724d14798c4AB4622F1DAAcA761Fea486",
};

/** AuthCaptureEscrow 1.0. */
export const COMMERCE_V1_0: Commerce = {
  escrow: "0xBdEA0D1bcC5966192B070Fdf62aB4EF5b4420cff",
  tokenStoreImplementation: "0xEd411C46508C2acf1D387754Df9cc98D0ef80D08",
  erc3009Collector: "0x0E3dF9510de65469C4518D7843919c0b8C7A7757",
  permit2Collector: "0x992476B9Ee81d52a5BdA0622C333938D0Af0aB26",
  preApprovalCollector: "0x1b77ABd71FCD21fbe2398AE821Aa27D1E6B94bC6",
  spendPermissionCollector: "0x8d9F34934dc9619e5DC3Df27D0A40b4A744E7eAa",
  operatorRefundCollector: "0x934907bffd0901b6A21e398B9C53A4A38F02fa5d",
};
