import { expect } from "chai";
import { undocumented } from "../../scripts/check/natspec.ts";
import { readBuiltContracts, type AstNode } from "../../scripts/reference/build.ts";
import { parseNatSpec } from "../../scripts/reference/natspec.ts";

const named = (name: string): AstNode => ({ id: 0, nodeType: "VariableDeclaration", name });
const commented = (text: string): Pick<AstNode, "documentation"> => ({ documentation: { text } });

const transfer: AstNode = {
  id: 1,
  nodeType: "FunctionDefinition",
  name: "move",
  visibility: "external",
  parameters: { parameters: [named("to"), named("amount")] },
  returnParameters: { parameters: [named("")] },
  ...commented("@notice Moves.\n @param to Receiver.\n @param amount Token base units.\n @return Whether it moved."),
};

const gapsOf = (node: AstNode, contractKind = "interface"): string[] =>
  undocumented("A.sol", {
    id: 2,
    nodeType: "ContractDefinition",
    name: "A",
    contractKind,
    nodes: [node],
    ...commented("@notice A."),
  });

describe("NatSpec", () => {
  it("is complete", () => {
    const contracts = readBuiltContracts();
    expect(contracts.length).to.be.greaterThan(50);
    expect(contracts.flatMap(({ source, node }) => undocumented(source, node))).to.deep.equal([]);
  });

  it("is complete with notice, parameters and returned values, or inherited", () => {
    expect(gapsOf(transfer)).to.deep.equal([]);
    expect(gapsOf({ ...transfer, ...commented("@inheritdoc IA") })).to.deep.equal([]);
  });

  for (const [line, gap] of [
    ["@notice Moves.", "has no @notice"],
    [" @param to Receiver.", "has no @param to"],
    [" @param amount Token base units.", "has no @param amount"],
    [" @return Whether it moved.", "describes 0 of 1 returned values"],
  ] as const) {
    it(`lacks something without "${line.trim()}"`, () => {
      const text = transfer.documentation?.text.replace(line, "") ?? "";
      expect(gapsOf({ ...transfer, ...commented(text) })).to.deep.equal([`A.sol: A move ${gap}`]);
    });
  }

  it("describes nothing that is not there", () => {
    const node = { ...transfer, parameters: { parameters: [named("to")] } };
    expect(gapsOf(node)).to.deep.equal(["A.sol: A move has no amount, but a @param of it"]);
  });

  it("is asked of events, errors, structs and enums", () => {
    const member = { members: [named("One")] };
    for (const [nodeType, parts] of [
      ["EventDefinition", { parameters: { parameters: [named("One")] } }],
      ["ErrorDefinition", { parameters: { parameters: [named("One")] } }],
      ["StructDefinition", member],
      ["EnumDefinition", member],
    ] as const) {
      const node = { id: 3, nodeType, name: "B", ...parts };
      expect(gapsOf(node), nodeType).to.deep.equal(["A.sol: A B has no @notice", "A.sol: A B has no @param One"]);
    }
  });

  it("is asked of a library's own functions and public variables, and not of what only a contract itself uses", () => {
    const internal = { id: 4, nodeType: "FunctionDefinition", name: "f", visibility: "internal" };
    expect(gapsOf(internal, "library")).to.have.lengthOf(1);
    expect(gapsOf(internal, "contract")).to.deep.equal([]);
    expect(gapsOf({ ...named("X"), visibility: "public" }, "contract")).to.have.lengthOf(1);
    expect(gapsOf({ ...named("X"), visibility: "private" }, "contract")).to.deep.equal([]);
    expect(gapsOf({ id: 5, nodeType: "StructDefinition", name: "S" }, "contract")).to.deep.equal([]);
  });

  it("keeps what stands in several lines together", () => {
    const { notice, dev, parameters, returns, title } = parseNatSpec(
      "@title T\n @notice One\n two.\n @dev Three.\n\n - four\n @param a Five\n six.\n @return b Seven.",
    );
    expect({ title, notice, dev, returns }).to.deep.equal({
      title: "T",
      notice: "One\ntwo.",
      dev: "Three.\n\n- four",
      returns: ["b Seven."],
    });
    expect([...parameters]).to.deep.equal([["a", "Five\nsix."]]);
  });
});
