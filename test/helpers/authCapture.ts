import { getContractAddress, type Address } from "viem";
import { authCaptureModule } from "../../ignition/modules/auth-capture.ts";
import { COMMERCE, COMMERCE_V1_0 } from "../base/addresses.ts";
import type { Base } from "./base.ts";
import { predictAddress, requirePredicted } from "./predict.ts";

/** What the production module of auth-capture deploys. */
export interface AuthCapture {
  readonly termsOperatorFactory: Address;
  /** What operators are clones of, no operators themselves: the first two contracts that the factory created. */
  readonly termsOperator: Address;
  readonly termsOperatorV1_0: Address;
  readonly signedRefundCollector: Address;
  readonly signedRefundCollectorV1_0: Address;
}

/** Where the production module puts everything on every chain that has CreateX. */
export async function predictAuthCapture(): Promise<AuthCapture> {
  const signedRefundCollector = await predictAddress("SignedRefundCollector", [COMMERCE.escrow]);
  const signedRefundCollectorV1_0 = await predictAddress("SignedRefundCollector", [COMMERCE_V1_0.escrow]);
  const termsOperatorFactory = await predictAddress("TermsOperatorFactory", [
    signedRefundCollector,
    signedRefundCollectorV1_0,
  ]);
  return {
    termsOperatorFactory,
    termsOperator: getContractAddress({ from: termsOperatorFactory, nonce: 1n }),
    termsOperatorV1_0: getContractAddress({ from: termsOperatorFactory, nonce: 2n }),
    signedRefundCollector,
    signedRefundCollectorV1_0,
  };
}

/** Deploys everything through the production module. */
export async function deployAuthCapture(base: Base): Promise<AuthCapture> {
  const { termsOperatorFactory } = await base.ignition.deploy(authCaptureModule, { strategy: "create2" });
  const predicted = await predictAuthCapture();
  const { signedRefundCollector, signedRefundCollectorV1_0 } = predicted;
  // The factory's address commits to everything else.
  const { address } = termsOperatorFactory as { address: Address };
  await requirePredicted("TermsOperatorFactory", address, [signedRefundCollector, signedRefundCollectorV1_0]);
  return predicted;
}
