import { expect } from "chai";
import { zeroAddress, zeroHash, type Address } from "viem";
import { ESCROW_DEPLOYMENTS, GENERATIONS } from "../../client/auth-capture/addresses.ts";
import { predictOperator } from "../../client/auth-capture/predict.ts";
import type { Terms } from "../../client/auth-capture/types.ts";
import { signedRefundCollectorAbi, termsOperatorFactoryAbi } from "../../client/abi/index.ts";
import { canonicalAuthCapture, deployAuthCapture, type AuthCapture } from "../helpers/authCapture.ts";
import { connectBase, type Base } from "../helpers/base.ts";

describe("the production module of auth-capture", () => {
  let base: Base;
  let deployed: AuthCapture;

  const TERMS: Terms = {
    authorizer: zeroAddress,
    arbiter: "0x00000000000000000000000000000000000000a1",
    feeReceiver: "0x00000000000000000000000000000000000000fe",
    feeBps: 250n,
    releaseLead: 172_800n,
    ruleLead: 86_400n,
    disputeWindow: 86_400n,
    maxHold: 2_592_000n,
    flags: 2n,
    salt: zeroHash,
  };

  before(async () => {
    base = await connectBase();
    deployed = await deployAuthCapture(base);
  });

  after(() => base.close());

  it("puts everything where it is on every chain", async () => {
    expect(deployed).to.deep.equal(canonicalAuthCapture);
    for (const address of Object.values(deployed) as Address[]) {
      expect((await base.publicClient.getCode({ address }))?.length ?? 0).to.be.greaterThan(2);
    }
  });

  it("gives each escrow a collector of its own", async () => {
    const escrowOf = (address: Address) =>
      base.publicClient.readContract({ address, abi: signedRefundCollectorAbi, functionName: "authCaptureEscrow" });
    expect(await escrowOf(deployed.signedRefundCollector)).to.equal(ESCROW_DEPLOYMENTS["v1.1"].escrow);
    expect(await escrowOf(deployed.signedRefundCollectorV1_0)).to.equal(ESCROW_DEPLOYMENTS["v1.0"].escrow);
  });

  for (const generation of GENERATIONS) {
    it(`predicts operators of ${generation} as the client does, without a request`, async () => {
      const { escrow } = ESCROW_DEPLOYMENTS[generation];
      const { termsOperatorFactory: factory } = deployed;
      const predicted = await base.publicClient.readContract({
        address: factory,
        abi: termsOperatorFactoryAbi,
        functionName: "predict",
        args: [TERMS as never, escrow],
      });
      expect(predictOperator({ factory, terms: TERMS, escrow })).to.equal(predicted);
    });
  }
});
