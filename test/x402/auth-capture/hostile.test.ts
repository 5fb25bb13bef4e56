import { expect } from "chai";
import type { PaymentRequirements } from "@x402/core/types";
import {
  concat,
  erc20Abi,
  numberToHex,
  padHex,
  slice,
  createPublicClient,
  createWalletClient,
  custom,
  encodeFunctionData,
  parseAbi,
  zeroHash,
  type Address,
  type Hex,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { base as baseChain } from "viem/chains";
import { authorize } from "../../../client/auth-capture/actions/authorize.ts";
import { release } from "../../../client/auth-capture/actions/release.ts";
import { GENERATIONS, getEscrowDeployment } from "../../../client/auth-capture/index.ts";
import { systemClock } from "../../../client/seller/core/clock.ts";
import { USDC } from "../../base/addresses.ts";
import { mined } from "../../helpers/mined.ts";
import { deploy } from "../helpers/relay.ts";
import { openBench, PRICE, type Bench, type Served, type Settlement, type Signed } from "./helpers/bench.ts";
import { makeLifecycle } from "./helpers/lifecycle.ts";
import { serveOvertaken } from "./helpers/overtaken.ts";

/** Code that passes its call data on to the escrow, and what the escrow answers back. */
const FORWARDER = concat([
  "0x366000600037", // copies the call data
  "0x60006000366000600073",
  "0xf96815976523E00e65Be8f34cA5e64b4f41EB19c",
  "0x5af1", // calls the escrow with it
  "0x3d600060003e6033573d6000fd5b3d6000f3", // answers what it answered
]);

/** The same, with a void of the payment behind it. */
const VOIDING_FORWARDER = concat([
  "0x366000600037",
  "0x60006000366000600073",
  "0xf96815976523E00e65Be8f34cA5e64b4f41EB19c",
  "0x5af150",
  "0x60fa600053601c60015360ad6002536017600353", // the selector of `void` over the first one
  "0x6000600061018460006000",
  "0x73f96815976523E00e65Be8f34cA5e64b4f41EB19c",
  "0x5af100",
]);

/** The same, with a transfer behind it that the payer has allowed to the operator. */
function takingForwarder(payer: Address, operator: Address): Hex {
  const transfer = encodeFunctionData({ abi: erc20Abi, functionName: "transferFrom", args: [payer, operator, 1n] });
  const words = [0, 1, 2, 3].map((place) => {
    const word = slice(padHex(transfer, { dir: "right", size: 128 }), place * 32, place * 32 + 32);
    return concat(["0x7f", word, "0x60", numberToHex(place * 32, { size: 1 }), "0x52"]);
  });
  const call = concat(["0x6000600060646000600073", USDC, "0x5af100"]);
  return concat([slice(VOIDING_FORWARDER, 0, VOID_FROM), ...words, call]);
}

/** Where the second call of {@link VOIDING_FORWARDER} begins. */
const VOID_FROM = 6 + 10 + 20 + 3;

const COLLECTED = "invalid_auth_capture_evm_payment_already_collected";

describe("x402 auth-capture facilitator: hostile surroundings", function () {
  this.timeout(120_000);

  let bench: Bench;
  before(async () => {
    bench = await openBench();
  });
  after(() => bench.close());

  const settle = (at: Served, { payload, requirements }: Pick<Signed, "payload" | "requirements">) =>
    at.settle(payload, requirements);

  /** Collects a payment as anybody may. */
  async function collect({ payload, payment }: Signed): Promise<void> {
    const { base } = bench;
    const { signature: collectorData } = payload.payload as { signature: Hex };
    const { eip3009Collector: tokenCollector } = getEscrowDeployment(payment.escrow);
    const hash = await authorize(base.wallets.stranger, { ...payment, tokenCollector, collectorData });
    await mined(base.publicClient, hash);
  }

  const overtaken = (
    meanwhile: () => Promise<unknown>,
    isMined = true,
    options: Parameters<Bench["serve"]>[0] = {},
    more: Parameters<Bench["serve"]>[1] = {},
  ): Promise<Served> => serveOvertaken(bench, { meanwhile, isMined }, options, more);

  describe("copies", () => {
    it("of one payment that come together are settled once, and one of them is told so", async () => {
      const signed = await bench.payment();
      let answers: readonly Settlement[] = [];
      const count = await bench.sent(async () => {
        answers = await Promise.all(Array.from({ length: 6 }, () => settle(bench.facilitator, signed)));
      });
      expect(count).to.equal(1);
      expect(answers.filter(({ success }) => success)).to.have.lengthOf(1);
      const refused = answers.filter(({ success }) => !success);
      expect(refused.map(({ errorReason }) => errorReason)).to.deep.equal(Array(5).fill(COLLECTED));
      expect(await bench.stateOf(signed.payment)).to.include({ capturable: PRICE });
    });

    it("that come later are refused with the payment as it stands", async () => {
      const signed = await bench.payment();
      const { transaction } = await settle(bench.facilitator, signed);
      const again = await settle(bench.facilitator, signed);
      expect([again.errorReason, again.transaction]).to.deep.equal([COLLECTED, transaction]);
      expect([again.report?.collected, again.report?.capturable]).to.deep.equal([true, PRICE]);
    });

    it("that come to another facilitator are refused with the payment as it stands", async () => {
      const signed = await bench.payment();
      await settle(bench.facilitator, signed);
      const again = await settle(await bench.serve(), signed);
      expect([again.errorReason, again.report?.capturable]).to.deep.equal([COLLECTED, PRICE]);
    });
  });

  describe("somebody who collects first", () => {
    it("while the facilitator sends makes it answer with that transaction, once", async () => {
      const signed = await bench.payment();
      const at = await overtaken(() => collect(signed));
      const first = await settle(at, signed);
      expect(first.success, first.errorMessage).to.equal(true);
      const { from } = await bench.base.publicClient.getTransaction({ hash: first.transaction as Hex });
      expect(from).to.equal(bench.base.actors.stranger.address.toLowerCase());
      expect((await settle(at, signed)).errorReason).to.equal(COLLECTED);
    });

    it("before it is asked leaves the decision to the server", async () => {
      const signed = await bench.payment();
      await collect(signed);
      const { errorReason, report } = await settle(bench.facilitator, signed);
      expect([errorReason, report?.collected, report?.capturable]).to.deep.equal([COLLECTED, true, PRICE]);
    });

    it("and releases is no success: the payment is not what the server asked for", async () => {
      const signed = await bench.payment();
      const { payment, payer } = signed;
      const { base } = bench;
      const at = await overtaken(async () => {
        await collect(signed);
        await base.testClient.setBalance({ address: payer.address, value: 10n ** 18n });
        await mined(base.publicClient, await release(base.walletOf(payer.account), payment));
      });
      const { success, errorReason, report } = await settle(at, signed);
      expect([success, errorReason]).to.deep.equal([false, "invalid_auth_capture_evm_transaction_reverted"]);
      expect([report?.capturable, report?.refundable]).to.deep.equal([0n, PRICE]);
    });
  });

  describe("a transaction that is not mined", () => {
    it("is pending, and is waited for by whoever asks again, also when the signature has expired", async () => {
      const signed = await bench.payment();
      let late = 0n;
      const at = await overtaken(async () => undefined, false, {}, { clock: () => systemClock() + late });
      const first = await settle(at, signed);
      expect([first.success, first.errorReason]).to.deep.equal([false, "settlement_pending"]);
      expect(first.transaction).to.match(/^0x[0-9a-f]{64}$/);
      await bench.base.connection.provider.request({ method: "evm_mine", params: [] });
      late = 100_000n;
      let second: Settlement | undefined;
      const count = await bench.sent(async () => {
        second = await settle(at, signed);
      });
      expect([count, second?.success, second?.transaction]).to.deep.equal([0, true, first.transaction]);
      late = 0n;
      expect((await settle(at, signed)).errorReason).to.equal(COLLECTED);
    });
  });

  it("a node that fails once a transaction has left leaves it pending", async () => {
    const { provider } = bench.base.connection;
    let isDown = true;
    const request = async (args: { method: string; params?: unknown }) => {
      if (isDown && args.method === "eth_getTransactionReceipt") throw new Error("out of reach");
      return provider.request(args as never);
    };
    const transport = custom({ request }, { retryCount: 0 });
    const client = createPublicClient({ chain: baseChain, transport, cacheTime: 0, pollingInterval: 5 });
    const at = await bench.serve({ client });
    const signed = await bench.payment();
    const first = await settle(at, signed);
    expect([first.errorReason, first.transaction.length]).to.deep.equal(["settlement_pending", 66]);
    expect(at.errors).to.have.lengthOf(1);
    isDown = false;
    let second: Settlement | undefined;
    const count = await bench.sent(async () => {
      second = await settle(at, signed);
    });
    expect([count, second?.success, second?.transaction]).to.deep.equal([0, true, first.transaction]);
  });

  const withOperator = async (captureAuthorizer: Address): Promise<Signed> =>
    bench.payment({ isDeployed: false, extra: { captureAuthorizer } });

  describe("operators", () => {
    it("that are not deployed collect nothing, whoever lists them", async () => {
      const nobody: Address = `0x${"dd".repeat(20)}`;
      const at = await bench.serve({ customOperators: "*" });
      const signed = await withOperator(nobody);
      expect(await bench.sent(() => settle(at, signed))).to.equal(0);
      expect((await settle(at, signed)).errorReason).to.equal("invalid_auth_capture_evm_operator_type_mismatch");
    });

    it("that answer every call and do nothing are found out before anything is sent", async () => {
      const answering = await deploy(bench.base, "AnsweringContract", []);
      const at = await bench.serve({ customOperators: [answering] });
      const signed = await withOperator(answering);
      const { errorReason, errorMessage } = await settle(at, signed);
      expect(errorReason).to.equal("invalid_auth_capture_evm_simulation_failed");
      expect(errorMessage).to.contain("another state");
      expect(await bench.sent(() => settle(at, signed))).to.equal(0);
    });

    it("that pretend to revert with the escrow's errors are not believed", async () => {
      const answering = await deploy(bench.base, "AnsweringContract", []);
      const abi = parseAbi(["function set(bytes answer, bool reverts)"]);
      // PaymentAlreadyCollected(0).
      const args = [`0xad7c145a${zeroHash.slice(2)}`, true] as const;
      const data = encodeFunctionData({ abi, functionName: "set", args });
      const { wallets, publicClient } = bench.base;
      await mined(publicClient, await wallets.deployer.sendTransaction({ to: answering, data }));
      const at = await bench.serve({ customOperators: [answering] });
      const { errorReason } = await settle(at, await withOperator(answering));
      expect(errorReason).to.equal("invalid_auth_capture_evm_simulation_failed");
    });

    it("of the other generation collect nothing", async () => {
      const other = await bench.offer({ generation: "v1.0" });
      const requirements = await bench.offer({
        extra: { captureAuthorizer: other.extra["captureAuthorizer"] },
      });
      const payload = await bench.sign(await bench.payer(), requirements);
      expect(await bench.sent(() => bench.facilitator.settle(payload, requirements))).to.equal(0);
    });
  });

  describe("operators of strangers", () => {
    /** Puts an operator on the chain that collects for anybody, as its code says. */
    async function place(code: Hex): Promise<Address> {
      const address = privateKeyToAccount(generatePrivateKey()).address;
      await bench.base.testClient.setCode({ address, bytecode: code });
      return address;
    }

    it("are collected for where they are listed, and nothing else is relayed for them", async () => {
      const operator = await place(FORWARDER);
      const at = await bench.serve({ customOperators: [operator] });
      const signed = await withOperator(operator);
      const { success, errorMessage } = await settle(at, signed);
      expect(success, errorMessage).to.equal(true);
      const payload = await makeLifecycle(signed, { by: bench.seller, type: "void" });
      const { errorReason } = await at.settle(payload, signed.requirements);
      expect(errorReason).to.equal("invalid_auth_capture_evm_lifecycle_not_relayed");
    });

    it("that void what they hold are found out before anything is sent", async () => {
      const operator = await place(VOIDING_FORWARDER);
      const at = await bench.serve({ customOperators: [operator] });
      const signed = await withOperator(operator);
      expect(await bench.sent(() => settle(at, signed))).to.equal(0);
      expect((await settle(at, signed)).errorReason).to.equal("invalid_auth_capture_evm_simulation_failed");
    });

    it("that take more than was signed are found out before anything is sent", async () => {
      const operator = await place(FORWARDER);
      const at = await bench.serve({ customOperators: [operator] });
      const signed = await withOperator(operator);
      await allow(signed, operator);
      await bench.base.testClient.setCode({
        address: operator,
        bytecode: takingForwarder(signed.payer.address, operator),
      });
      const { errorReason, errorMessage } = await settle(at, signed);
      expect(errorReason).to.equal("invalid_auth_capture_evm_simulation_failed");
      expect(errorMessage).to.contain(`balance of ${signed.payer.address.toLowerCase()}`);
    });

    it("that take more than was signed only once they are sent to are told on", async () => {
      const operator = await place(FORWARDER);
      const signed = await withOperator(operator);
      await allow(signed, operator);
      const bytecode = takingForwarder(signed.payer.address, operator);
      const change = () => bench.base.testClient.setCode({ address: operator, bytecode });
      const at = await overtaken(change, true, { customOperators: [operator] });
      const { errorReason, errorMessage } = await settle(at, signed);
      expect(errorReason).to.equal("invalid_auth_capture_evm_transaction_reverted");
      expect(errorMessage).to.contain("balance");
    });

    /** Lets an operator take from a payer, which nobody should. */
    async function allow({ payer }: Signed, operator: Address): Promise<void> {
      const { base } = bench;
      await base.testClient.setBalance({ address: payer.address, value: 10n ** 18n });
      const call = { address: USDC, abi: erc20Abi, functionName: "approve", args: [operator, PRICE] } as const;
      await mined(base.publicClient, await base.walletOf(payer.account).writeContract(call));
    }

    const CHANGES: readonly [string, Hex, string][] = [
      ["do nothing", "0x00", "PaymentAuthorized"],
      ["void what they hold", VOIDING_FORWARDER, "balance"],
    ];
    for (const [what, code, fault] of CHANGES) {
      it(`that ${what} only once they are sent to collect nothing, and run out of gas to burn`, async () => {
        const operator = await place(FORWARDER);
        const change = () => bench.base.testClient.setCode({ address: operator, bytecode: code });
        const options = { customOperators: [operator], ration: { burst: 2, perHour: 0.001 } };
        const at = await overtaken(change, true, options);
        const codes: (string | undefined)[] = [];
        for (let count = 0; count < 3; count += 1) {
          await bench.base.testClient.setCode({ address: operator, bytecode: FORWARDER });
          const { errorReason, errorMessage } = await settle(at, await withOperator(operator));
          codes.push(errorReason);
          if (count === 0) expect(errorMessage).to.contain(fault);
        }
        expect(codes).to.deep.equal([
          "invalid_auth_capture_evm_transaction_reverted",
          "invalid_auth_capture_evm_transaction_reverted",
          "invalid_auth_capture_evm_relay_limit",
        ]);
      });
    }
  });

  describe("calls", () => {
    it("bear bytes behind them", async () => {
      const at = await bench.serve({ dataSuffix: "0xdeadbeef" });
      const signed = await bench.payment();
      const { transaction, success } = await settle(at, signed);
      const { input, gas } = await bench.base.publicClient.getTransaction({ hash: transaction as Hex });
      expect([success, input.slice(-8), gas]).to.deep.equal([true, "deadbeef", 1_000_000n]);
    });

    it("never take more than the gas limit", async () => {
      const at = await bench.serve({ gasLimit: 120_000n });
      const signed = await bench.payment();
      expect((await settle(at, signed)).errorReason).to.equal("invalid_auth_capture_evm_simulation_failed");
      expect(await bench.sent(() => settle(at, signed))).to.equal(0);
    });
  });

  it("a node that shows no payment once it is mined is not believed to have one", async () => {
    const { provider } = bench.base.connection;
    const request = async (args: { method: string; params?: unknown }) => {
      const [call, block] = (args.params ?? []) as readonly [{ readonly data?: string }?, string?];
      const isState = args.method === "eth_call" && call?.data?.startsWith("0x34b778ed") === true;
      return isState && block !== "latest" ? `0x${"00".repeat(96)}` : provider.request(args as never);
    };
    const transport = custom({ request }, { retryCount: 0 });
    const client = createPublicClient({ chain: baseChain, transport, cacheTime: 0, pollingInterval: 5 });
    const { errorReason, errorMessage } = await settle(await bench.serve({ client }), await bench.payment());
    expect(errorReason).to.equal("invalid_auth_capture_evm_transaction_reverted");
    expect(errorMessage).to.contain("stand as it should");
  });

  describe("payers", () => {
    for (const assetTransferMethod of ["eip3009", "permit2"]) {
      for (const generation of GENERATIONS) {
        it(`with a contract wallet pay by ERC-1271 and ${assetTransferMethod} on ${generation}`, async () => {
          const requirements = await bench.offer({ generation, extra: { assetTransferMethod } });
          const wallet = await bench.wallet(true);
          const payload = await bench.sign(wallet, requirements);
          expect(await bench.facilitator.verify(payload, requirements)).to.include({ isValid: true });
          expect((await bench.facilitator.settle(payload, requirements)).success).to.equal(true);
          const stranger = { ...wallet, account: bench.base.actors.stranger };
          const { invalidReason } = await bench.facilitator.verify(
            await bench.sign(stranger, requirements),
            requirements,
          );
          expect(invalidReason).to.equal("invalid_auth_capture_evm_signature");
        });
      }
    }

    it("whose wallet is not deployed yet pay by ERC-6492", async () => {
      const requirements = await bench.offer();
      const wallet = await bench.wallet(false);
      const payload = await bench.sign(wallet, requirements);
      expect(await bench.facilitator.verify(payload, requirements)).to.include({ isValid: true });
      expect(await bench.base.publicClient.getCode({ address: wallet.address })).to.equal(undefined);
      const { success, errorMessage } = await bench.facilitator.settle(payload, requirements);
      expect(success, errorMessage).to.equal(true);
      expect(await bench.base.publicClient.getCode({ address: wallet.address })).to.not.equal(undefined);
    });

    it("that pay are sent for as often as they pay", async () => {
      const at = await bench.serve({ ration: { burst: 1, perHour: 0.001 } });
      const requirements = await bench.offer();
      const payer = await bench.payer();
      for (let count = 0; count < 3; count += 1) {
        const { success, errorMessage } = await at.settle(await bench.sign(payer, requirements), requirements);
        expect(success, errorMessage).to.equal(true);
      }
    });

    it("that let transactions fail again and again are not sent for any more", async () => {
      const requirements: PaymentRequirements = await bench.offer();
      const payer = await bench.payer(PRICE);
      const { provider } = bench.base.connection;
      let left = 2;
      const request = async (args: { method: string; params?: unknown }) => {
        if (args.method !== "eth_sendRawTransaction") return provider.request(args as never);
        left -= 1;
        throw new Error("out of reach");
      };
      const transport = custom({ request }, { retryCount: 0 });
      const wallet = createWalletClient({ account: bench.sender.account, chain: baseChain, transport });
      const at = await bench.serve({ wallet, ration: { burst: 2, perHour: 0.001 } });
      const codes: (string | undefined)[] = [];
      for (let count = 0; count < 3; count += 1) {
        codes.push((await at.settle(await bench.sign(payer, requirements), requirements)).errorReason);
      }
      expect(codes).to.deep.equal([
        "unexpected_settle_error",
        "unexpected_settle_error",
        "invalid_auth_capture_evm_relay_limit",
      ]);
      expect(left).to.equal(0);
    });
  });

  describe("limits", () => {
    it("leave tokens, amounts and receivers out that are not served", async () => {
      const signed = await bench.payment();
      const { payTo } = signed.requirements;
      const served: readonly Parameters<Bench["serve"]>[0][] = [
        { minimumAmounts: { [payTo]: 1n } },
        { minimumAmounts: { [signed.requirements.asset]: PRICE + 1n } },
        { admits: ({ receiver }) => receiver.toLowerCase() !== payTo.toLowerCase() },
      ];
      for (const chain of served) {
        const { errorReason } = await settle(await bench.serve(chain), signed);
        expect(errorReason).to.equal("invalid_auth_capture_evm_relay_limit");
      }
    });

    it("hold for captures by operators with terms, too", async () => {
      const signed = await bench.payment();
      const { success } = await settle(bench.facilitator, signed);
      expect(success).to.equal(true);
      const capture = await makeLifecycle(signed, {
        by: bench.seller,
        type: "capture",
        amount: PRICE,
        capturable: PRICE,
      });
      const strict = await bench.serve({ minimumAmounts: { [signed.requirements.asset]: PRICE + 1n } });
      const refused = await strict.settle(capture, signed.requirements);
      expect(refused.errorReason).to.equal("invalid_auth_capture_evm_relay_limit");
    });
  });
});
