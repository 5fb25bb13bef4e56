import { expect } from "chai";
import { createWalletClient, custom, erc20Abi, zeroAddress, type Address, type Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { base as baseChain } from "viem/chains";
import { createFailureBudget } from "../../../client/x402/core/failureBudget.ts";
import { USDC } from "../../base/addresses.ts";
import { mined } from "../../helpers/mined.ts";
import { countSent, deploy } from "../helpers/relay.ts";
import {
  openBench,
  paymentOf,
  plainHold,
  PRICE,
  type Bench,
  type Payer,
  type Served,
  type Signed,
} from "./helpers/bench.ts";
import { makeLifecycle } from "./helpers/lifecycle.ts";
import { serveOvertaken } from "./helpers/overtaken.ts";

const REVERTED = "invalid_auth_capture_evm_transaction_reverted";
const LIMIT = "invalid_auth_capture_evm_relay_limit";
const GAS_LIMIT = 1_000_000n;
/** Takes all gas it gets. */
const BURNING: Hex = "0xfe";
/** Each payer has one transaction, so that rations bound nothing here. */
const RATION = { burst: 1, perHour: 0.001 };

describe("x402 auth-capture facilitator: gas that failures cost", function () {
  this.timeout(240_000);

  let bench: Bench;
  before(async () => {
    bench = await openBench();
  });
  after(() => bench.close());

  async function signedBy(payer: Payer, requirements: Signed["requirements"]): Promise<Signed> {
    const payload = await bench.sign(payer, requirements);
    return { payer, requirements, payload, payment: paymentOf(payload, requirements) };
  }

  /** A contract wallet that accepts what anybody signs, as long as it has this code. */
  async function newWallet(): Promise<Payer> {
    const account = privateKeyToAccount(generatePrivateKey());
    const address = await deploy(bench.base, "OwnedWallet", [account.address]);
    await bench.base.fundUsdc(address, PRICE);
    return { address, account, wrap: (signature) => signature };
  }

  /** Pays by wallets that turn on the relayer between its trial and its transaction. */
  async function attack(at: Served, signed: readonly Signed[], turn: (address: Address) => void) {
    const codes: (string | undefined)[] = [];
    const spent = await countSent(bench.base, bench.sender.account.address, async () => {
      for (const { payer, payload, requirements } of signed) {
        turn(payer.address);
        codes.push((await at.settle(payload, requirements)).errorReason);
      }
    });
    return { codes, ...spent };
  }

  /** A facilitator whose payers change their code once it sends. */
  async function turning(budget: { gas: bigint; gasPerHour: bigint }) {
    let traitor: Address = zeroAddress;
    const meanwhile = () => bench.base.testClient.setCode({ address: traitor, bytecode: BURNING });
    const at = await serveOvertaken(bench, { meanwhile }, { budget, ration: RATION, gasLimit: GAS_LIMIT });
    const turn = (address: Address): void => {
      traitor = address;
    };
    return { at, turn };
  }

  it("is bounded for all payers together, and keys are still served when contract wallets have had their half", async () => {
    const budget = { gas: 6n * GAS_LIMIT, gasPerHour: 0n };
    const { at, turn } = await turning(budget);
    const requirements = await bench.offer();
    const signed: Signed[] = [];
    for (let count = 0; count < 9; count += 1) signed.push(await signedBy(await newWallet(), requirements));
    const { codes, count, gas } = await attack(at, signed, turn);
    expect(codes).to.deep.equal([...Array(3).fill(REVERTED), ...Array(6).fill(LIMIT)]);
    expect(count).to.equal(3);
    expect(gas > (5n * GAS_LIMIT) / 2n && gas <= budget.gas / 2n, `${gas}`).to.equal(true);
    turn(zeroAddress);
    const honest = await signedBy(await bench.payer(), requirements);
    const { success, errorMessage } = await at.settle(honest.payload, honest.requirements);
    expect(success, errorMessage).to.equal(true);
  });

  it("is bounded for keys that take their tokens away in between", async () => {
    const cancel = { run: async (): Promise<unknown> => undefined };
    const budget = { gas: 2n * GAS_LIMIT, gasPerHour: 0n };
    const options = { budget, ration: RATION, gasLimit: GAS_LIMIT };
    const at = await serveOvertaken(bench, { meanwhile: () => cancel.run() }, options);
    const codes: (string | undefined)[] = [];
    const { gas } = await countSent(bench.base, bench.sender.account.address, async () => {
      while (codes.at(-1) !== LIMIT && codes.length < 40) {
        const signed = await bench.payment();
        await bench.base.testClient.setBalance({ address: signed.payer.address, value: 10n ** 18n });
        cancel.run = async () => {
          const wallet = bench.base.walletOf(signed.payer.account);
          const args = [bench.seller.address, await bench.usdcOf(signed.payer.address)] as const;
          const call = { address: USDC, abi: erc20Abi, functionName: "transfer", args } as const;
          await mined(bench.base.publicClient, await wallet.writeContract(call));
        };
        codes.push((await at.settle(signed.payload, signed.requirements)).errorReason);
      }
    });
    expect(codes.slice(0, -1).every((code) => code === REVERTED)).to.equal(true);
    // What failed early has burnt little, and counts as little.
    expect(codes.length > 5 && codes.at(-1) === LIMIT, codes.join()).to.equal(true);
    expect(gas <= budget.gas && gas > budget.gas - GAS_LIMIT, `${gas}`).to.equal(true);
  });

  it("is bounded for captures whose authorizer is a contract that turns on the relayer", async () => {
    const { at, turn } = await turning({ gas: 4n * GAS_LIMIT, gasPerHour: 0n });
    const codes: (string | undefined)[] = [];
    for (let count = 0; count < 4; count += 1) {
      const authorizer = await deploy(bench.base, "OwnedWallet", [bench.seller.address]);
      const signed = await bench.payment({ terms: plainHold(authorizer) });
      await bench.facilitator.settle(signed.payload, signed.requirements);
      const options = { by: bench.seller, amount: PRICE, capturable: PRICE } as const;
      const payload = await makeLifecycle(signed, { ...options, type: "capture" });
      turn(authorizer);
      codes.push((await at.settle(payload, signed.requirements)).errorReason);
    }
    expect(codes).to.deep.equal([REVERTED, REVERTED, LIMIT, LIMIT]);
    // A key's capture is still sent.
    turn(zeroAddress);
    const signed = await bench.payment();
    await bench.facilitator.settle(signed.payload, signed.requirements);
    const options = { by: bench.seller, amount: PRICE, capturable: PRICE } as const;
    const payload = await makeLifecycle(signed, { ...options, type: "capture" });
    expect((await at.settle(payload, signed.requirements)).success).to.equal(true);
  });

  it("counts wallets that are deployed with their payment as contracts", async () => {
    const { at } = await turning({ gas: GAS_LIMIT, gasPerHour: 0n });
    const wallet = await bench.wallet(false);
    const signed = await signedBy(wallet, await bench.offer());
    expect((await at.settle(signed.payload, signed.requirements)).errorReason).to.equal(LIMIT);
  });

  it("does not count what was waited for in vain and mined all the same", async () => {
    const options = { budget: { gas: GAS_LIMIT, gasPerHour: 0n }, gasLimit: GAS_LIMIT };
    const at = await serveOvertaken(bench, { meanwhile: async () => undefined, isMined: false }, options);
    const [first, second] = [await bench.payment(), await bench.payment()];
    expect((await at.settle(first.payload, first.requirements)).errorReason).to.equal("settlement_pending");
    expect((await at.settle(second.payload, second.requirements)).errorReason).to.equal(LIMIT);
    await bench.base.connection.provider.request({ method: "evm_mine", params: [] });
    expect((await at.settle(second.payload, second.requirements)).errorReason).to.equal("settlement_pending");
    await bench.base.connection.provider.request({ method: "evm_mine", params: [] });
    expect((await bench.stateOf(second.payment)).collected).to.equal(true);
  });

  it("does not count what did not leave", async () => {
    const { provider } = bench.base.connection;
    let isDown = true;
    const request = async (args: { method: string }) => {
      if (isDown && args.method === "eth_sendRawTransaction") throw new Error("out of reach");
      return provider.request(args as never);
    };
    const transport = custom({ request: request as never }, { retryCount: 0 });
    const wallet = createWalletClient({ account: bench.sender.account, chain: baseChain, transport });
    const at = await bench.serve({ wallet, budget: { gas: GAS_LIMIT, gasPerHour: 0n }, gasLimit: GAS_LIMIT });
    const signed = await bench.payment();
    await at.settle(signed.payload, signed.requirements);
    isDown = false;
    const { success, errorReason, errorMessage } = await at.settle(signed.payload, signed.requirements);
    expect(success, `${errorReason} ${errorMessage}`).to.equal(true);
  });

  it("comes back with time", async () => {
    const budget = createFailureBudget({ gas: 100n, gasPerHour: 3_600_000n });
    expect(budget.take(100n, false)).to.equal(true);
    expect(budget.take(1n, false)).to.equal(false);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect([budget.isAmple(50n), budget.take(100n, false)]).to.deep.equal([true, true]);
  });
});
