import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** AuthCaptureEscrow 1.1 and 1.0, at the same addresses on every chain that has them. */
const ESCROW = "0xf96815976523E00e65Be8f34cA5e64b4f41EB19c";
const ESCROW_V1_0 = "0xBdEA0D1bcC5966192B070Fdf62aB4EF5b4420cff";

/**
 * Deploys a collector of signed refunds for each escrow, and the factory of operators, which brings its two implementations. Every argument is the
 * same on every chain, so every address is. The escrows themselves are Base's and are not deployed.
 */
export const authCaptureModule = buildModule("AuthCapture", (m) => {
  const signedRefundCollector = m.contract("SignedRefundCollector", [ESCROW]);
  const signedRefundCollectorV1_0 = m.contract("SignedRefundCollector", [ESCROW_V1_0], {
    id: "SignedRefundCollectorV1_0",
  });
  const termsOperatorFactory = m.contract("TermsOperatorFactory", [signedRefundCollector, signedRefundCollectorV1_0]);
  return { termsOperatorFactory, signedRefundCollector, signedRefundCollectorV1_0 };
});

// Ignition loads a module by its default export.
export default authCaptureModule;
