import { expect } from "chai";
import { createPublicClient, custom, type Hex } from "viem";
import { base as baseChain } from "viem/chains";
import type { FacilitatedChain } from "../../../client/x402/auth-capture/index.ts";
import { openBench, PRICE, type Bench, type Served } from "./helpers/bench.ts";
import { deploy } from "../helpers/relay.ts";
import { makeLifecycle } from "./helpers/lifecycle.ts";

interface RpcCall {
  readonly from: Hex;
  readonly to: Hex;
  readonly data: Hex;
  readonly gas: Hex;
}

/** The local chain has no `eth_simulateV1`, so these nodes mine the calls in earnest and take everything back. */
describe("x402 auth-capture facilitator: nodes with eth_simulateV1", function () {
  this.timeout(120_000);

  let bench: Bench;
  let at: Served;
  let client: FacilitatedChain["client"];
  let simulated = 0;
  before(async () => {
    bench = await openBench();
    const { provider } = bench.base.connection;
    const send = (method: string, ...params: readonly unknown[]) => provider.request({ method, params } as never);
    async function run({ from, to, data, gas }: RpcCall) {
      const hash = await send("eth_sendTransaction", { from, to, data, gas });
      await send("evm_mine");
      const { status, gasUsed, logs } = (await send("eth_getTransactionReceipt", hash)) as Record<string, unknown>;
      return { status, gasUsed, logs };
    }
    async function simulate({ blockStateCalls }: { blockStateCalls: readonly { calls: readonly RpcCall[] }[] }) {
      simulated += 1;
      const snapshot = await send("evm_snapshot");
      await send("evm_setAutomine", false);
      const calls: object[] = [];
      for (const call of blockStateCalls[0]?.calls ?? []) {
        let returnData: unknown = "0x";
        let error: { data: unknown } | undefined;
        try {
          returnData = await send("eth_call", call, "latest");
        } catch (thrown) {
          error = { data: (thrown as { data?: { data?: unknown } }).data?.data ?? (thrown as { data?: unknown }).data };
        }
        calls.push({ returnData, ...(error && { error }), ...(await run(call)) });
      }
      await send("evm_revert", snapshot);
      await send("evm_setAutomine", true);
      const block = await send("eth_getBlockByNumber", "latest", false);
      return [{ ...(block as object), calls }];
    }
    const request = async (args: { method: string; params?: unknown }) => {
      const [first] = (args.params ?? []) as readonly unknown[];
      return args.method === "eth_simulateV1" ? simulate(first as never) : provider.request(args as never);
    };
    const transport = custom({ request }, { retryCount: 0 });
    await bench.base.testClient.impersonateAccount({ address: bench.sender.account.address });
    client = createPublicClient({ chain: baseChain, transport, cacheTime: 0, pollingInterval: 5 });
    at = await bench.serve({ client });
  });
  beforeEach(() => {
    simulated = 0;
  });
  after(() => bench.close());

  it("are asked for a try of everything at once", async () => {
    const { payload, requirements, payment } = await bench.payment();
    expect(await at.verify(payload, requirements)).to.include({ isValid: true });
    expect(simulated).to.equal(1);
    expect((await bench.stateOf(payment)).collected).to.equal(false);
    const { success, errorMessage } = await at.settle(payload, requirements);
    expect(success, errorMessage).to.equal(true);
  });

  it("show why a transaction would fail", async () => {
    const signed = await bench.payment({ isDelegated: true });
    expect((await at.settle(signed.payload, signed.requirements)).success).to.equal(true);
    const capture = { by: bench.seller, type: "capture", amount: PRICE + 1n, capturable: PRICE } as const;
    const { invalidReason } = await at.verify(await makeLifecycle(signed, capture), signed.requirements);
    expect(invalidReason).to.equal("invalid_auth_capture_evm_insufficient_authorization");
  });

  it("show what a transaction does not do", async () => {
    const answering = await deploy(bench.base, "AnsweringContract", []);
    const other = await bench.serve({ client, customOperators: [answering] });
    const signed = await bench.payment({ isDeployed: false, extra: { captureAuthorizer: answering } });
    const { invalidReason, invalidMessage } = await other.verify(signed.payload, signed.requirements);
    expect(invalidReason).to.equal("invalid_auth_capture_evm_simulation_failed");
    expect(invalidMessage).to.contain("another state");
    expect(simulated).to.equal(1);
  });

  it("hold what they try to the gas limit", async () => {
    const other = await bench.serve({ client, gasLimit: 120_000n });
    const signed = await bench.payment();
    const { invalidReason } = await other.verify(signed.payload, signed.requirements);
    expect(invalidReason).to.equal("invalid_auth_capture_evm_simulation_failed");
    expect(simulated).to.equal(1);
  });
});
