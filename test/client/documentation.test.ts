import { expect } from "chai";
import ts from "typescript";
import { readOfferedModules, type Offered } from "../../scripts/reference/offered.ts";

/** Of the escrow or of a standard; what is the same for a whole group stands at the function it refers to. */
const NAMES_SOURCE = /- Source: |See \{@link /;

describe("documentation of the client", function () {
  this.timeout(120_000);

  let offered: readonly Offered[];
  let functions: readonly Offered[];
  before(() => {
    offered = readOfferedModules().flatMap(({ names }) => names);
    functions = offered.filter(({ kind }) => kind === "function");
  });

  it("covers every name that the package offers", () => {
    expect(offered.length).to.be.greaterThan(1_000);
    for (const kind of ["function", "class", "error", "type", "constant"]) {
      expect(offered.filter((each) => each.kind === kind)).to.not.have.lengthOf(0, kind);
    }
    expect(namesOf(offered.filter(({ text }) => text === ""))).to.deep.equal([]);
  });

  it("covers every member of every type, class and error that nothing around it explains", () => {
    const members = offered.flatMap(({ path, name, members }) =>
      members.map((member) => ({ ...member, name: `${path} ${name}.${member.name}` })),
    );
    expect(members.length).to.be.greaterThan(2_000);
    const missing = members.filter(({ text, isSaidElsewhere }) => text === "" && !isSaidElsewhere);
    expect(namesOf(missing)).to.deep.equal([]);
  });

  for (const [tag, isNeeded] of [
    ["param", ({ parameters }: ts.FunctionDeclaration) => parameters.length > 0],
    ["returns", ({ type }: ts.FunctionDeclaration) => !/^(?:void|Promise<void>)$/.test(type?.getText() ?? "")],
    ["example", () => true],
  ] as const) {
    it(`has @${tag} for every function that needs it`, () => {
      const needing = functions.filter(({ declaration }) => isNeeded(declaration as ts.FunctionDeclaration));
      expect(needing).to.not.have.lengthOf(0);
      const missing = needing.filter(({ tags }) => !tags.some(({ name, text }) => name === tag && text !== ""));
      expect(namesOf(missing)).to.deep.equal([]);
    });
  }

  it("describes every parameter of every function", () => {
    const missing = functions.filter(({ declaration, tags }) => {
      const described = new Set(tags.filter(({ name }) => name === "param").map(({ subject }) => subject));
      const named = (declaration as ts.FunctionDeclaration).parameters.filter(({ name }) => ts.isIdentifier(name));
      return named.some(({ name }) => !described.has(name.getText()));
    });
    expect(namesOf(missing)).to.deep.equal([]);
  });

  it("names the source of everything that signs, hashes, reads or sends for a contract", () => {
    const ofContracts = functions.filter(({ path }) => /^client\/(?:voucher|flash|auth-capture)\//.test(path));
    expect(ofContracts.length).to.be.greaterThan(200);
    const missing = ofContracts.filter(({ text }) => !NAMES_SOURCE.test(text));
    expect(namesOf(missing)).to.deep.equal([]);
  });
});

/** Each once, though several modules may offer it. */
function namesOf(named: readonly { readonly name: string; readonly path?: string }[]): readonly string[] {
  return [...new Set(named.map(({ name, path = "" }) => `${path} ${name}`.trim()))];
}
