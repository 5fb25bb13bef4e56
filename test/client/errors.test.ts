import { expect } from "chai";
import {
  ContractFunctionRevertedError,
  RpcRequestError,
  encodeAbiParameters,
  encodeErrorResult,
  getAbiItem,
  parseAbi,
  toFunctionSelector,
  type AbiParameter,
  type Hex,
} from "viem";
import { formatAbiItem } from "viem/utils";
import { voucherEscrowAbi } from "x402-escrow/abi";
import { BaseError, getRevertData } from "x402-escrow/errors";
import * as client from "x402-escrow/voucher";
import {
  ForeignRevertError,
  TransferFailedError,
  VOUCHER_ERRORS,
  VoucherEscrowError,
  VoucherExpiredError,
  decodeVoucherError,
  getVoucherErrorName,
  type VoucherErrorName,
} from "x402-escrow/voucher";

/** OpenZeppelin's EIP712 raises these in a constructor only. */
const CONSTRUCTOR_ERRORS = ["InvalidShortString", "StringTooLong"];

const abiErrors = voucherEscrowAbi.filter((item) => item.type === "error");
const names = Object.keys(VOUCHER_ERRORS) as VoucherErrorName[];

/** A value of each type errors have, different for each place. */
function sample({ type }: AbiParameter, index: number): unknown {
  if (type === "address") return `0x${String(index + 1).repeat(40)}`;
  if (type === "bytes32") return `0x${String(index + 1).repeat(64)}`;
  return BigInt(index + 1000);
}

function revertDataOf(name: VoucherErrorName): { readonly data: Hex; readonly members: Record<string, unknown> } {
  const item = getAbiItem({ abi: voucherEscrowAbi, name });
  const inputs: readonly AbiParameter[] = "inputs" in item ? item.inputs : [];
  const args = inputs.map(sample);
  const data = `${toFunctionSelector(formatAbiItem(item))}${encodeAbiParameters(inputs, args).slice(2)}` as Hex;
  return { data, members: Object.fromEntries(inputs.map((input, index) => [String(input.name), args[index]])) };
}

describe("errors of the escrow", () => {
  it("has a class for every error of the ABI, and no other", () => {
    const expected = abiErrors.map(({ name }) => name).filter((name) => !CONSTRUCTOR_ERRORS.includes(name));
    expect([...names].sort()).to.deep.equal(expected.sort());
  });

  it("exports each class under the name of the error plus Error", () => {
    for (const name of names) expect(Reflect.get(client, `${name}Error`), name).to.equal(VOUCHER_ERRORS[name]);
  });

  for (const name of names) {
    it(`decodes ${name} with its members`, () => {
      const { data, members } = revertDataOf(name);
      const error = decodeVoucherError(data);
      expect(error).to.be.instanceOf(VOUCHER_ERRORS[name]);
      expect(error).to.be.instanceOf(VoucherEscrowError);
      expect(error).to.be.instanceOf(BaseError);
      expect(error?.name).to.equal(`${name}Error`);
      expect((error as VoucherEscrowError).errorName).to.equal(name);
      expect((error as VoucherEscrowError).args).to.deep.equal(members);
      expect(error?.metaMessages, "says what to do next").to.have.lengthOf(1);
      expect(error?.metaMessages[0]).to.match(/^[A-Z].{10,}\.$/);
      expect(error?.message).to.equal(`${error?.shortMessage}\n${error?.metaMessages[0]}`);
    });

    it(`names ${name} by its selector`, () => {
      expect(getVoucherErrorName(revertDataOf(name).data.slice(0, 10) as Hex)).to.equal(name);
    });
  }

  it("names no error for the selector of none", () => {
    expect(getVoucherErrorName("0x00000000")).to.equal(undefined);
  });

  it("says amounts, times and addresses in the message", () => {
    const error = new TransferFailedError({ asset: "0xA55E7", to: "0x5E11E4", amount: 12_345n });
    expect(error.shortMessage).to.equal("Asset 0xA55E7 refused to pay 12345 token base units to 0x5E11E4.");
  });
});

describe("decodeVoucherError", () => {
  const { data } = revertDataOf("VoucherExpired");

  it("finds the data in an error of viem and keeps that error as its cause", () => {
    const cause = new ContractFunctionRevertedError({ abi: voucherEscrowAbi, data, functionName: "collect" });
    const error = decodeVoucherError(cause);
    expect(error).to.be.instanceOf(VoucherExpiredError);
    expect(error?.cause).to.equal(cause);
  });

  it("finds the data however deep a provider hides it", () => {
    const request = { body: {}, url: "http://127.0.0.1" };
    const nested = new RpcRequestError({ ...request, error: { code: 3, message: "reverted", data: { data } } });
    expect(decodeVoucherError(new Error("outer", { cause: nested }))).to.be.instanceOf(VoucherExpiredError);
  });

  it("has no cause of its own for plain data", () => {
    expect(decodeVoucherError(data)?.cause).to.equal(undefined);
  });

  it("takes another cause", () => {
    const cause = new Error("outer");
    expect(decodeVoucherError(data, { cause })?.cause).to.equal(cause);
  });

  it("gives the text of a revert of another contract", () => {
    const text = encodeErrorResult({
      abi: parseAbi(["error Error(string)"]),
      args: ["ERC20: transfer amount exceeds balance"],
    });
    const error = decodeVoucherError(text);
    expect(error).to.be.instanceOf(ForeignRevertError);
    expect((error as ForeignRevertError).reason).to.equal("ERC20: transfer amount exceeds balance");
    expect((error as ForeignRevertError).data).to.equal(text);
  });

  it("does not take Permit2's InvalidNonce() for the escrow's", () => {
    const error = decodeVoucherError(toFunctionSelector("InvalidNonce()"));
    expect(error).to.be.instanceOf(ForeignRevertError);
    expect((error as ForeignRevertError).reason).to.equal("InvalidNonce()");
  });

  it("names a panic", () => {
    const error = decodeVoucherError(
      encodeErrorResult({ abi: parseAbi(["error Panic(uint256)"]), args: [0x11n] }),
    ) as ForeignRevertError;
    expect(error.reason).to.equal("Panic(17)");
  });

  for (const [name, unknown] of [
    ["no data", "0x"],
    ["an unknown selector", "0xdeadbeef"],
    ["half a selector", "0xdead"],
    ["a known selector with half its members", data.slice(0, 40)],
  ] as const) {
    it(`keeps ${name} undecoded`, () => {
      const error = decodeVoucherError(unknown as Hex) as ForeignRevertError;
      expect(error).to.be.instanceOf(ForeignRevertError);
      expect(error.reason).to.equal(undefined);
      expect(error.data).to.equal(unknown);
    });
  }

  it("answers nothing when nothing reverted", () => {
    for (const thrown of [new Error("network"), undefined, null, "text", 7, {}]) {
      expect(decodeVoucherError(thrown)).to.equal(undefined);
    }
  });
});

describe("BaseError", () => {
  const inner = new TypeError("inner");
  const middle = new BaseError("middle", { cause: inner });
  const outer = new BaseError("outer", { cause: middle, metaMessages: ["Do this.", "Fact: 1"] });

  it("puts its lines into the message", () => {
    expect(outer.message).to.equal("outer\nDo this.\nFact: 1");
    expect(middle.message).to.equal("middle");
  });

  it("walks to the innermost cause", () => {
    expect(outer.walk()).to.equal(inner);
    expect(new BaseError("alone").walk()).to.be.instanceOf(BaseError);
  });

  it("walks to the first error that fits, itself included", () => {
    expect(outer.walk((error) => error instanceof BaseError)).to.equal(outer);
    expect(outer.walk((error) => error instanceof TypeError)).to.equal(inner);
    expect(outer.walk((error) => error instanceof RangeError)).to.equal(undefined);
  });

  it("ends on a chain that leads back to itself", () => {
    const loop = new Error("loop");
    loop.cause = loop;
    expect(new BaseError("outer", { cause: loop }).walk()).to.equal(loop);
    expect(getRevertData(loop)).to.equal(undefined);
  });
});
