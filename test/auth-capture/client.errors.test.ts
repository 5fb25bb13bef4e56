import { expect } from "chai";
import {
  encodeAbiParameters,
  encodeErrorResult,
  parseAbi,
  toFunctionSelector,
  type AbiParameter,
  type Hex,
} from "viem";
import { formatAbiItem } from "viem/utils";
import {
  authCaptureEscrowAbi,
  authCaptureEscrowV1_0Abi,
  preApprovalPaymentCollectorAbi,
  signedRefundCollectorAbi,
  termsOperatorAbi,
  termsOperatorFactoryAbi,
  termsOperatorV1_0Abi,
} from "x402-escrow/abi";
import * as client from "x402-escrow/auth-capture";
import {
  AUTH_CAPTURE_ERRORS,
  AuthCaptureError,
  ERROR_CODES,
  ERROR_CODE_PREFIX,
  ForeignRevertError,
  decodeAuthCaptureError,
  toErrorCode,
  type AuthCaptureErrorName,
} from "x402-escrow/auth-capture";

const ABIS = [
  authCaptureEscrowAbi,
  authCaptureEscrowV1_0Abi,
  preApprovalPaymentCollectorAbi,
  signedRefundCollectorAbi,
  termsOperatorAbi,
  termsOperatorFactoryAbi,
  termsOperatorV1_0Abi,
] as const;

/** Not in an interface: the guard of the canonical escrow. */
const REENTRANCY = parseAbi(["error Reentrancy()"])[0];

const items = new Map(
  [...ABIS.flat(), REENTRANCY].filter((item) => item.type === "error").map((item) => [item.name, item] as const),
);

/** A value of each type errors have, different for each place. */
function sample({ type }: AbiParameter, index: number): unknown {
  if (type === "address") return `0x${String(index + 1).repeat(40)}`;
  if (type === "bytes32") return `0x${String(index + 1).repeat(64)}`;
  return ["uint8", "uint16", "uint48"].includes(type) ? index + 1 : BigInt(index + 1_000);
}

function revertOf(name: AuthCaptureErrorName): { readonly data: Hex; readonly members: Record<string, unknown> } {
  const item = items.get(name);
  if (item === undefined) throw new Error(`No ABI has the error ${name}.`);
  const inputs: readonly AbiParameter[] = item.inputs;
  const args = inputs.map(sample);
  const data = `${toFunctionSelector(formatAbiItem(item))}${encodeAbiParameters(inputs, args).slice(2)}` as Hex;
  return { data, members: Object.fromEntries(inputs.map((input, index) => [String(input.name), args[index]])) };
}

/** Selectors as the canonical bytecode reverts with them. */
const SELECTORS: Partial<Record<AuthCaptureErrorName, Hex>> = {
  InvalidSender: "0xe1130dba",
  ZeroAmount: "0x1f2a2005",
  AmountOverflow: "0x6c0442a2",
  ExceedsMaxAmount: "0x092af19e",
  AfterPreApprovalExpiry: "0xc46cf60f",
  InvalidExpiries: "0x88ef0760",
  FeeBpsOverflow: "0xbf47e3f7",
  InvalidFeeBpsRange: "0x0950d5d0",
  FeeBpsOutOfRange: "0x0b345f0c",
  FeeAmountOutOfRange: "0x7c2dcc22",
  ZeroFeeReceiver: "0xb6802b7f",
  InvalidFeeReceiver: "0x4caf6a34",
  InvalidCollectorForOperation: "0x5313287d",
  PaymentAlreadyCollected: "0xad7c145a",
  AfterAuthorizationExpiry: "0x36f2d211",
  InsufficientAuthorization: "0x604b0947",
  ZeroAuthorization: "0x93bb7a12",
  BeforeAuthorizationExpiry: "0xaa5674ad",
  AfterRefundExpiry: "0x94271bde",
  RefundExceedsCapture: "0x6295d604",
  OnlyAuthCaptureEscrow: "0xbde034f9",
  PaymentNotPreApproved: "0xa8334d15",
};

/** As the scheme gives them; every other revert is `simulation_failed`. */
const CODES: Readonly<Record<string, readonly AuthCaptureErrorName[]>> = {
  authorization_expired: ["AfterPreApprovalExpiry"],
  deadline_ordering: ["InvalidExpiries"],
  amount_mismatch: ["ExceedsMaxAmount", "ZeroAmount"],
  amount_overflow: ["AmountOverflow"],
  payment_already_collected: ["PaymentAlreadyCollected"],
  token_collection_failed: ["TokenCollectionFailed"],
  collector: ["InvalidCollectorForOperation"],
  operator_mismatch: ["InvalidSender"],
  fee_bps: ["FeeBpsOverflow"],
  fee_bps_range: ["InvalidFeeBpsRange"],
  fee_bps_out_of_range: ["FeeBpsOutOfRange", "FeeAmountOutOfRange"],
  zero_fee_receiver: ["ZeroFeeReceiver"],
  fee_receiver: ["InvalidFeeReceiver"],
  capture_deadline_expired: ["AfterAuthorizationExpiry"],
  insufficient_authorization: ["InsufficientAuthorization"],
  zero_authorization: ["ZeroAuthorization"],
  refund_deadline_expired: ["AfterRefundExpiry"],
  refund_exceeds_capture: ["RefundExceedsCapture"],
};

describe("auth-capture client: errors", () => {
  const names = Object.keys(AUTH_CAPTURE_ERRORS) as AuthCaptureErrorName[];

  it("has a class for every error of every contract, and no other", () => {
    expect([...names].sort()).to.deep.equal([...items.keys()].sort());
  });

  for (const name of names) {
    it(`decodes ${name}, with its members and what to do next`, () => {
      const { data, members } = revertOf(name);
      const error = decodeAuthCaptureError(data);
      expect(error).to.be.instanceOf(AUTH_CAPTURE_ERRORS[name]);
      expect(error).to.be.instanceOf(AuthCaptureError);
      expect(error?.name).to.equal(`${name}Error`);
      expect(Reflect.get(client, `${name}Error`)).to.equal(AUTH_CAPTURE_ERRORS[name]);
      expect((error as AuthCaptureError).args).to.deep.equal(members);
      expect(error?.metaMessages).to.have.lengthOf(1);
      expect(error?.metaMessages[0]).to.match(/^[A-Z].{10,}\.$/);
      expect(SELECTORS[name] ?? data.slice(0, 10)).to.equal(data.slice(0, 10));
      const [code = "simulation_failed"] = Object.entries(CODES).find(([, errors]) => errors.includes(name)) ?? [];
      expect(toErrorCode(data)).to.equal(`${ERROR_CODE_PREFIX}${code}`);
      expect(toErrorCode(error)).to.equal(`${ERROR_CODE_PREFIX}${code}`);
    });
  }

  it("gives other contracts' reverts and what is no revert", () => {
    const text = encodeErrorResult({ abi: parseAbi(["error Error(string)"]), args: ["paused"] });
    expect((decodeAuthCaptureError(text) as ForeignRevertError).reason).to.equal("paused");
    expect(toErrorCode(text)).to.equal(`${ERROR_CODE_PREFIX}simulation_failed`);
    const ofPermit2 = toFunctionSelector("InvalidSignature()");
    expect(decodeAuthCaptureError(ofPermit2)).to.be.instanceOf(ForeignRevertError);
    expect(toErrorCode(new Error("network"))).to.equal(undefined);
  });

  it("knows each code of the scheme once", () => {
    expect(new Set(ERROR_CODES).size).to.equal(ERROR_CODES.length);
    expect(ERROR_CODES).to.include.members(Object.keys(CODES));
    expect(client.prefixed("nonce_mismatch")).to.equal("invalid_auth_capture_evm_nonce_mismatch");
  });
});
