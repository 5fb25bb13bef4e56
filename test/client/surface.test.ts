import { readFile, readdir } from "node:fs/promises";
import { expect } from "chai";
import { erc20Abi, multicall3Abi } from "viem";
import * as abi from "x402-escrow/abi";
import * as client from "x402-escrow/voucher";
import { stateChangingFunctions } from "../../scripts/check/verbs.ts";

const { voucherEscrowAbi } = abi;
const actionsFolder = new URL("../../client/voucher/actions/", import.meta.url);

/** One transaction of two contracts' functions; no function of the escrow. */
const COMPOSED = ["depositWithPermit"];

/** The read of each view whose name is written as a constant, or has a Solidity prefix. */
const RENAMED: Readonly<Record<string, string>> = {
  DOMAIN_SEPARATOR: "getDomainSeparator",
  THAWING_PERIOD: "getThawingPeriod",
  VOUCHER_TYPEHASH: "getTypeHash",
  DEPOSIT_AUTHORIZATION_TYPEHASH: "getTypeHash",
  FLUSH_AUTHORIZATION_TYPEHASH: "getTypeHash",
  FLUSH_ALL_AUTHORIZATION_TYPEHASH: "getTypeHash",
  eip712Domain: "getEip712Domain",
};

function views(): readonly string[] {
  return voucherEscrowAbi
    .filter((item) => item.type === "function" && item.stateMutability === "view")
    .map((item) => (item as { readonly name: string }).name);
}

describe("surface of the client", () => {
  it("has one file for every state-changing function, and no other", async () => {
    const verbs = stateChangingFunctions(voucherEscrowAbi);
    const files = (await readdir(actionsFolder)).map((file) => file.replace(/\.ts$/, ""));
    expect(files.sort()).to.deep.equal([...verbs, ...COMPOSED].sort());
  });

  it("gives every action its function, parameters, return type, errors, source and example", async () => {
    for (const file of await readdir(actionsFolder)) {
      const verb = file.replace(/\.ts$/, "");
      const type = `${verb.charAt(0).toUpperCase()}${verb.slice(1)}`;
      const source = await readFile(new URL(file, actionsFolder), "utf8");
      for (const text of [
        `export async function ${verb}(`,
        `export interface ${type}Parameters`,
        `export type ${type}ReturnType`,
        `export type ${type}ErrorType`,
        "- Source: contracts/interfaces/IVoucherEscrow.sol",
        "@returns Transaction hash",
        "@example",
      ]) {
        expect(source, file).to.include(text);
      }
      expect(Reflect.get(client, verb), verb).to.be.a("function");
      const barrel = await readFile(new URL("../index.ts", actionsFolder), "utf8");
      for (const suffix of ["Parameters", "ReturnType", "ErrorType"])
        expect(barrel).to.include(`type ${type}${suffix}`);
    }
  });

  it("documents every typed error of every action", async () => {
    for (const file of await readdir(actionsFolder)) {
      const source = await readFile(new URL(file, actionsFolder), "utf8");
      const [, union = ""] = /ErrorType =([^;]+);/.exec(source) ?? [];
      const thrown = union.split("|").map((name) => name.trim());
      for (const name of thrown.filter((name) => name !== "" && name !== "WriteErrorType")) {
        expect(source, `${file} ${name}`).to.include(`@throws {${name}}`);
      }
    }
  });

  it("has a read for every view", () => {
    for (const name of views()) {
      expect(Reflect.get(client, RENAMED[name] ?? name), name).to.be.a("function");
    }
  });

  it("reuses the ABIs that viem ships", () => {
    expect(abi.erc20Abi).to.equal(erc20Abi);
    expect(abi.multicall3Abi).to.equal(multicall3Abi);
  });
});
