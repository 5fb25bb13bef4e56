import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** AuthCaptureEscrow 1.1 and 1.0, at the same addresses on every chain that has them. */
const ESCROW = "0xf96815976523E00e65Be8f34cA5e64b4f41EB19c";
const ESCROW_V1_0 = "0xBdEA0D1bcC5966192B070Fdf62aB4EF5b4420cff";

/**
 * Deploys the factory of operators with its two implementations, and a collector of signed refunds for each escrow. Every argument is the same on
 * every chain, so every address is. The escrows themselves are Base's and are not deployed.
 */
export const authCaptureModule = buildModule("AuthCapture", (m) => {
  const signedRefundCollector = m.contract("SignedRefundCollector", [ESCROW]);
  const signedRefundCollectorV1_0 = m.contract("SignedRefundCollector", [ESCROW_V1_0], {
    id: "SignedRefundCollectorV1_0",
  });
  const termsOperator = m.contract("TermsOperator", [signedRefundCollector]);
  const termsOperatorV1_0 = m.contract("TermsOperatorV1_0", [signedRefundCollectorV1_0]);
  const termsOperatorFactory = m.contract("TermsOperatorFactory", [termsOperator, termsOperatorV1_0]);
  return {
    termsOperatorFactory,
    termsOperator,
    termsOperatorV1_0,
    signedRefundCollector,
    signedRefundCollectorV1_0,
  };
});

// Ignition loads a module by its default export.
export default authCaptureModule;
