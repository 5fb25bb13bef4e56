import { expect } from "chai";
import { HTTPFacilitatorClient } from "@x402/core/server";
import { networkOfChainId } from "../../../client/x402/core/network.ts";
import {
  AuthCaptureConfigurationError,
  AuthCaptureEvmFacilitator,
  createLocalFacilitatorClient,
} from "../../../client/x402/auth-capture/index.ts";
import { USDC } from "../../base/addresses.ts";
import { NETWORK, openBench, PRICE, type Bench } from "./helpers/bench.ts";

describe("x402 auth-capture facilitator: what it says of itself", function () {
  this.timeout(120_000);

  let bench: Bench;
  before(async () => {
    bench = await openBench();
  });
  after(() => bench.close());

  it("names its operators, its factories and its least payments", async () => {
    const customOperator = bench.contracts.termsOperator;
    const at = await bench.serve({ customOperators: [customOperator] });
    const { kinds, signers } = await at.supported();
    const kind = kinds.find(({ network }) => network === NETWORK);
    const { address } = bench.sender.account;
    expect(kind?.extra).to.deep.equal({
      operators: [
        { address, operatorType: "delegated" },
        { address: customOperator, operatorType: "custom" },
      ],
      lifecycleFactories: [bench.contracts.termsOperatorFactory],
      minimumAmounts: { [USDC]: "1000" },
    });
    expect(Object.values(signers).flat()).to.include(address);
  });

  it("names no account that it does not lend", async () => {
    const at = await bench.serve({ isOperator: false, customOperators: "*", lifecycleFactories: [] });
    const { kinds } = await at.supported();
    expect(kinds.find(({ network }) => network === NETWORK)?.extra).to.deep.equal({
      operators: [{ address: "*", operatorType: "custom" }],
      minimumAmounts: { [USDC]: "1000" },
    });
    const { payload, requirements } = await bench.payment({ isDelegated: true });
    const { invalidReason } = await at.verify(payload, requirements);
    expect(invalidReason).to.equal("invalid_auth_capture_evm_operator_not_admitted");
  });

  it("speaks to the SDK's own client, which keeps the report", async () => {
    const client = new HTTPFacilitatorClient({ url: bench.facilitator.url });
    const { payload, requirements, payer } = await bench.payment();
    expect(await client.verify(payload, requirements)).to.include({ isValid: true });
    const { success, payer: paid, extra } = await client.settle(payload, requirements);
    expect([success, paid]).to.deep.equal([true, payer.address.toLowerCase()]);
    expect(extra?.["authCapture"]).to.include({ collected: true, capturable: PRICE.toString() });
  });

  it("runs in a server's own process", async () => {
    const client = createLocalFacilitatorClient({ chains: [bench.chain] });
    const { kinds } = await client.getSupported();
    expect(kinds.map(({ network, scheme }) => [network, scheme])).to.deep.equal([
      [networkOfChainId(8453n), "auth-capture"],
    ]);
    const { payload, requirements } = await bench.payment();
    expect((await client.settle(payload, requirements)).success).to.equal(true);
  });

  it("refuses a payment of another version of x402", async () => {
    const { payload, requirements } = await bench.payment();
    const facilitator = new AuthCaptureEvmFacilitator({ chains: [bench.chain] });
    const old = { ...payload, x402Version: 1 } as never;
    expect((await facilitator.verify(old, requirements)).invalidReason).to.equal("invalid_x402_version");
  });

  it("says so when the chain does not answer", async () => {
    const request = () => Promise.reject(new Error("no chain"));
    const at = await bench.serve({ client: { ...bench.base.publicClient, request } as never });
    const { payload, requirements } = await bench.payment();
    expect((await at.verify(payload, requirements)).invalidReason).to.equal("unexpected_verify_error");
    expect(at.errors).to.have.lengthOf(1);
  });

  it("cannot be set up without an account or a least payment", () => {
    const { account: _account, ...wallet } = bench.sender;
    for (const chain of [
      { ...bench.chain, wallet: wallet as never },
      { ...bench.chain, minimumAmounts: {} },
      { ...bench.chain, minimumAmounts: { [USDC]: 0n } },
    ]) {
      expect(() => new AuthCaptureEvmFacilitator({ chains: [chain] })).to.throw(AuthCaptureConfigurationError);
    }
  });

  it("refuses a signature for another chain", async () => {
    const there = await bench.offer({ requirements: { network: "eip155:84532" } });
    const payload = await bench.sign(await bench.payer(), there);
    const requirements = { ...there, network: NETWORK } as const;
    const { invalidReason } = await bench.facilitator.verify({ ...payload, accepted: requirements }, requirements);
    expect(invalidReason).to.equal("invalid_auth_capture_evm_signature");
  });
});
