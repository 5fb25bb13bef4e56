import { readFile } from "node:fs/promises";
import { expect } from "chai";
import hre, { network } from "hardhat";
import {
  decodeErrorResult,
  encodeFunctionData,
  erc20Abi,
  getAddress,
  hexToBigInt,
  maxUint256,
  numberToHex,
  parseAbi,
  type Abi,
  type Address,
  type Hash,
  type Hex,
} from "viem";
import { actors } from "../helpers/actors.ts";
import { COMMERCE_V1_0, PERMIT2, USDC } from "./addresses.ts";
import { installBase } from "./install.ts";
import { call, sendAs, type Provider } from "./provider.ts";
import { mintUsdc } from "./usdc.ts";

/** A call that was recorded on the canonical contracts, and what it did. */
interface RecordedCall {
  readonly label: string;
  readonly from: { readonly address: Address };
  readonly to: Address;
  readonly function: string;
  readonly args: readonly unknown[];
  readonly calldata: Hex;
  readonly status: "success" | "reverted";
  readonly blockTimestamp: number;
  readonly logs?: readonly (Log & { readonly event: string })[];
  readonly revertData?: Hex;
  readonly error?: string;
  readonly balancesAfter: Readonly<Record<string, string>>;
  readonly paymentInfoHash?: Hash;
  readonly paymentState?: {
    readonly hasCollectedPayment: boolean;
    readonly capturableAmount: string;
    readonly refundableAmount: string;
  };
}

interface Log {
  readonly address: Address;
  readonly topics: readonly Hash[];
  readonly data: Hex;
}

interface Lifecycle {
  readonly T0: number;
  readonly roles: Readonly<Record<string, Address>>;
  readonly initialBalances: Readonly<Record<string, string>>;
  readonly steps: readonly (RecordedCall | { readonly trace: string })[];
}

const path = new URL("../vectors/lifecycle.json", import.meta.url);
const recorded = JSON.parse(await readFile(path, "utf8")) as Lifecycle;
const isCall = (step: Lifecycle["steps"][number]): step is RecordedCall => "label" in step;
const calls = recorded.steps.filter(isCall);

/** A million USDC in token base units: what the four who pay or refund start with. */
const FUNDS = 1_000_000_000_000n;

/** The two functions of USDC that the recorded calls use beside the standard ones. */
const usdcAbi = parseAbi([
  "function cancelAuthorization(address authorizer, bytes32 nonce, bytes signature)",
  "function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature)",
  "function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)",
]);

describe("The canonical escrow's recorded calls, replayed on the local one", () => {
  let provider: Provider;
  let close: () => Promise<void>;
  let abi: Abi;
  let accounts: ReadonlyMap<string, Address>;

  const role = (name: string): Address => {
    const address = recorded.roles[name];
    if (address === undefined) throw new Error(`Nobody is ${name}`);
    return address;
  };
  const read = async (to: Address, functionName: string, args: readonly unknown[]): Promise<Hex> =>
    call(provider, to, encodeFunctionData({ abi, functionName, args }));
  const encode = ({ function: functionName, args }: RecordedCall): Hex => {
    // USDC has two functions of one name.
    const overload = abi.filter((item) => item.type === "function" && item.inputs.length === args.length);
    return encodeFunctionData({ abi: overload, functionName, args });
  };
  const approve = async (owner: string, spender: Address): Promise<void> => {
    const data = encodeFunctionData({ abi: erc20Abi, functionName: "approve", args: [spender, maxUint256] });
    await sendAs(provider, role(owner), USDC, data);
  };
  const balances = async (): Promise<Record<string, string>> => {
    const found: Record<string, string> = {};
    for (const [name, account] of accounts) {
      found[name] = hexToBigInt(await read(USDC, "balanceOf", [account])).toString();
    }
    return found;
  };

  before(async () => {
    const connection = await network.create({
      network: "localBase",
      chainType: "op",
      // The recorded calls share seconds; the set-up is mined before the first of them.
      override: { allowBlocksWithSameTimestamp: true, initialDate: new Date((recorded.T0 - 600) * 1_000) },
    });
    ({ provider } = connection);
    close = () => connection.close();
    await installBase(provider, actors);
    abi = (
      await Promise.all(
        ["AuthCaptureEscrowV1_0", "PreApprovalPaymentCollector", "ERC3009PaymentCollector"].map(
          async (name) => (await hre.artifacts.readArtifact(`test/base/commerce/${name}.sol:${name}`)).abi as Abi,
        ),
      )
    )
      .flat()
      .concat(erc20Abi, usdcAbi);
    for (const name of ["operator", "operator2", "payer", "payer2"]) {
      await mintUsdc(provider, { minter: actors.usdcMinter.address, account: role(name), amount: FUNDS });
    }
    await approve("payer", PERMIT2);
    await approve("payer", COMMERCE_V1_0.preApprovalCollector);
    await approve("operator", COMMERCE_V1_0.operatorRefundCollector);
    const found = new Map<string, Address>();
    for (const name of Object.keys(recorded.initialBalances)) {
      const [kind = "", operator] = name.split(":");
      if (operator === undefined) found.set(name, role(kind));
      else {
        const store = await read(COMMERCE_V1_0.escrow, "getTokenStore", [role(operator)]);
        found.set(name, getAddress(`0x${store.slice(-40)}`));
      }
    }
    accounts = found;
  });

  after(async () => close());

  it("has every call of the record", () => {
    expect(calls).to.have.length(74);
    expect(calls.filter(({ to }) => to !== COMMERCE_V1_0.escrow)).to.have.length(6);
    expect(calls.filter(({ status }) => status === "reverted")).to.have.length(31);
  });

  it("begins with the recorded balances", async () => {
    expect(await balances()).to.deep.equal(recorded.initialBalances);
  });

  for (const step of calls) {
    it(step.label, async () => {
      expect(encode(step), "calldata").to.equal(step.calldata);
      const outcome = await send(provider, step);
      expect(outcome.timestamp, "time").to.equal(step.blockTimestamp);
      expect(outcome.status, "status").to.equal(step.status);
      if (step.status === "reverted") {
        expect(outcome.revertData, "revert data").to.equal(step.revertData);
        if (step.error !== undefined) {
          expect(decodeErrorResult({ abi, data: outcome.revertData }).errorName, "error").to.equal(step.error);
        }
      }
      const logs = (step.logs ?? []).map(({ address, topics, data }) => ({ address, topics, data }));
      expect(outcome.logs, "events").to.deep.equal(logs);
      expect(await balances(), "balances").to.deep.equal(step.balancesAfter);
      if (step.paymentInfoHash === undefined || step.paymentState === undefined) return;
      const state = await read(COMMERCE_V1_0.escrow, "paymentState", [step.paymentInfoHash]);
      expect(words(state), "state").to.deep.equal([
        BigInt(step.paymentState.hasCollectedPayment),
        BigInt(step.paymentState.capturableAmount),
        BigInt(step.paymentState.refundableAmount),
      ]);
    });
  }
});

/** What a mined call did. */
interface Outcome {
  readonly status: "success" | "reverted";
  readonly timestamp: number;
  readonly logs: readonly Log[];
  readonly revertData: Hex;
}

/** Mines a recorded call in a block of the recorded time. */
async function send(provider: Provider, { from, to, calldata, blockTimestamp }: RecordedCall): Promise<Outcome> {
  await provider.request({ method: "evm_setNextBlockTimestamp", params: [numberToHex(blockTimestamp)] });
  const transaction = { from: from.address, to, data: calldata, gas: numberToHex(1_000_000) };
  let revertData: Hex = "0x";
  try {
    await provider.request({ method: "eth_sendTransaction", params: [transaction] });
  } catch (error) {
    revertData = revertDataOf(error);
  }
  const block = (await provider.request({ method: "eth_getBlockByNumber", params: ["latest", false] })) as {
    readonly timestamp: Hex;
    readonly transactions: readonly Hash[];
  };
  const hash = block.transactions[0];
  const receipt = (await provider.request({ method: "eth_getTransactionReceipt", params: [hash] })) as {
    readonly status: Hex;
    readonly logs: readonly Log[];
  };
  return {
    status: receipt.status === "0x1" ? "success" : "reverted",
    timestamp: Number(block.timestamp),
    logs: receipt.logs.map(({ address, topics, data }) => ({ address, topics, data })),
    revertData,
  };
}

/** Hardhat mines a transaction that reverts, and throws with what it reverted with. */
function revertDataOf(error: unknown): Hex {
  const { data } = error as { readonly data?: Hex | { readonly data?: Hex } };
  const revertData = typeof data === "object" ? data.data : data;
  if (revertData === undefined) throw error;
  return revertData;
}

function words(data: Hex): readonly bigint[] {
  return (data.slice(2).match(/.{64}/g) ?? []).map((word) => BigInt(`0x${word}`));
}
