import { getContractAddress, type Address } from "viem";
import { canonical } from "../../deployments/index.ts";
import { authCaptureModule } from "../../ignition/modules/auth-capture.ts";
import type { Base } from "./base.ts";
import { requireCanonical } from "./canonical.ts";

/** What the production module of auth-capture deploys. */
export interface AuthCapture {
  readonly termsOperatorFactory: Address;
  /** What operators are clones of, no operators themselves: the first two contracts that the factory created. */
  readonly termsOperator: Address;
  readonly termsOperatorV1_0: Address;
  readonly signedRefundCollector: Address;
  readonly signedRefundCollectorV1_0: Address;
}

/** Where everything is on every chain that has it. */
export const canonicalAuthCapture: AuthCapture = {
  termsOperatorFactory: canonical.TermsOperatorFactory,
  termsOperator: getContractAddress({ from: canonical.TermsOperatorFactory, nonce: 1n }),
  termsOperatorV1_0: getContractAddress({ from: canonical.TermsOperatorFactory, nonce: 2n }),
  signedRefundCollector: canonical.SignedRefundCollector,
  signedRefundCollectorV1_0: canonical.SignedRefundCollectorV1_0,
};

/** Deploys everything through the production module. */
export async function deployAuthCapture(base: Base): Promise<AuthCapture> {
  const { termsOperatorFactory } = await base.ignition.deploy(authCaptureModule, { strategy: "create2" });
  // The factory's address commits to everything else.
  requireCanonical("TermsOperatorFactory", (termsOperatorFactory as { address: Address }).address);
  return canonicalAuthCapture;
}
