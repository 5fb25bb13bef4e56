import { expect } from "chai";
import { encodeAbiParameters, toFunctionSelector, type AbiParameter, type Hex } from "viem";
import { formatAbiItem } from "viem/utils";
import { flashSettlementAbi } from "x402-escrow/abi";
import { BaseError } from "x402-escrow/errors";
import * as client from "x402-escrow/flash";
import {
  BadTermsError,
  BadTransactionError,
  FLASH_ERRORS,
  FlashSettlementError,
  ForeignRevertError,
  TERMS,
  TRANSACTION_FAULTS,
  decodeFlashError,
  type FlashErrorName,
} from "x402-escrow/flash";

/** OpenZeppelin's EIP712 raises these in a constructor only. */
const CONSTRUCTOR_ERRORS = ["InvalidShortString", "StringTooLong"];

const abiErrors = flashSettlementAbi.filter((item) => item.type === "error");
const names = Object.keys(FLASH_ERRORS) as FlashErrorName[];

/** A value of each type errors have, different for each place. */
function sample({ type }: AbiParameter, index: number): unknown {
  if (type === "address") return `0x${String(index + 1).repeat(40)}`;
  if (type === "bytes32") return `0x${String(index + 1).repeat(64)}`;
  if (type === "uint8") return 2;
  return BigInt(index + 1000);
}

function revertDataOf(name: FlashErrorName): { readonly data: Hex; readonly members: Record<string, unknown> } {
  const item = abiErrors.find((error) => error.name === name);
  if (item === undefined) throw new Error(`The ABI has no ${name}`);
  const inputs: readonly AbiParameter[] = item.inputs;
  const args = inputs.map(sample);
  const data = `${toFunctionSelector(formatAbiItem(item))}${encodeAbiParameters(inputs, args).slice(2)}` as Hex;
  return { data, members: Object.fromEntries(inputs.map((input, index) => [String(input.name), args[index]])) };
}

describe("Flash client: errors", () => {
  it("have a class for every error of the ABI, and no other", () => {
    const expected = abiErrors.map(({ name }) => name).filter((name) => !CONSTRUCTOR_ERRORS.includes(name));
    expect([...names].sort()).to.deep.equal(expected.sort());
  });

  it("are exported under the name of the error plus Error", () => {
    for (const name of names) expect(Reflect.get(client, `${name}Error`), name).to.equal(FLASH_ERRORS[name]);
  });

  for (const name of names) {
    it(`decode ${name} with its members`, () => {
      const { data, members } = revertDataOf(name);
      const error = decodeFlashError(data);
      expect(error).to.be.instanceOf(FLASH_ERRORS[name]);
      expect(error).to.be.instanceOf(FlashSettlementError);
      expect(error).to.be.instanceOf(BaseError);
      expect(error?.name).to.equal(`${name}Error`);
      expect((error as FlashSettlementError).args).to.deep.equal(members);
      expect(error?.metaMessages, "says what to do next").to.have.lengthOf(1);
      expect(error?.metaMessages[0]).to.match(/^[A-Z].{10,}\.$/);
    });
  }

  it("name the term and the fault, each at its number", () => {
    for (const [number, term] of TERMS.entries()) {
      const error = new BadTermsError({ term: number });
      expect(error.term).to.equal(term);
      expect(error.metaMessages[0]).to.match(/\.$/);
    }
    for (const [number, fault] of TRANSACTION_FAULTS.entries()) {
      expect(new BadTransactionError({ fault: number }).fault).to.equal(fault);
    }
    expect(new BadTermsError({ term: 200 }).term).to.equal(undefined);
    expect(new BadTransactionError({ fault: 200 }).fault).to.equal(undefined);
  });

  it("leave what another contract reverted with to ForeignRevertError, and the rest alone", () => {
    expect(decodeFlashError("0xdeadbeef")).to.be.instanceOf(ForeignRevertError);
    expect(decodeFlashError(new Error("network"))).to.equal(undefined);
  });
});
