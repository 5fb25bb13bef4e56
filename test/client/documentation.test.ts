import { join, relative } from "node:path";
import { expect } from "chai";
import ts from "typescript";
import manifest from "../../package.json" with { type: "json" };
import { ROOT } from "../../scripts/check/command.ts";

/** A name that the package offers. */
interface Offered {
  /** File and name, for people. */
  readonly name: string;
  readonly declaration: ts.Declaration;
  readonly text: string;
  readonly tags: readonly string[];
}

/** Of the escrow or of a standard; what is the same for a whole group stands at the function it refers to. */
const NAMES_SOURCE = /- Source: |See \{@link /;

describe("documentation of the client", function () {
  this.timeout(60_000);

  let offered: readonly Offered[];
  let functions: readonly Offered[];
  before(() => {
    offered = readOffered(Object.values(manifest.exports));
    functions = offered.filter(({ declaration }) => ts.isFunctionDeclaration(declaration));
  });

  it("covers every name that the package offers", () => {
    expect(offered.length).to.be.greaterThan(400);
    expect(namesOf(offered.filter(({ text }) => text === ""))).to.deep.equal([]);
  });

  for (const [tag, isNeeded] of [
    ["param", ({ parameters }: ts.FunctionDeclaration) => parameters.length > 0],
    ["returns", ({ type }: ts.FunctionDeclaration) => !/^(?:void|Promise<void>)$/.test(type?.getText() ?? "")],
    ["example", () => true],
  ] as const) {
    it(`has @${tag} for every function that needs it`, () => {
      const needing = functions.filter(({ declaration }) => isNeeded(declaration as ts.FunctionDeclaration));
      expect(needing).to.not.have.lengthOf(0);
      expect(namesOf(needing.filter(({ tags }) => !tags.includes(tag)))).to.deep.equal([]);
    });
  }

  it("names the source of everything that signs, hashes, reads or sends for the escrow", () => {
    const ofEscrow = functions.filter(
      ({ name }) => name.startsWith("client/voucher/") && !name.endsWith(" randomNonce"),
    );
    expect(ofEscrow.length).to.be.greaterThan(80);
    expect(namesOf(ofEscrow.filter(({ text }) => !NAMES_SOURCE.test(text)))).to.deep.equal([]);
  });
});

function namesOf(offered: readonly Offered[]): readonly string[] {
  return offered.map(({ name }) => name);
}

/** What the entry points offer, but for what they pass on from other packages. */
function readOffered(entries: readonly string[]): readonly Offered[] {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const program = ts.createProgram(
    entries.map((entry) => join(ROOT, entry)),
    options,
  );
  const checker = program.getTypeChecker();
  return program
    .getRootFileNames()
    .flatMap((path) => exportsOf(program, checker, path))
    .flatMap((symbol) => toOffered(checker, symbol));
}

function exportsOf(program: ts.Program, checker: ts.TypeChecker, path: string): readonly ts.Symbol[] {
  const file = program.getSourceFile(path);
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${path} exports nothing`);
  return checker.getExportsOfModule(module);
}

function toOffered(checker: ts.TypeChecker, symbol: ts.Symbol): readonly Offered[] {
  const own = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const declaration = own.declarations?.[0];
  if (declaration === undefined) throw new Error(`${symbol.name} is declared nowhere`);
  const path = relative(ROOT, declaration.getSourceFile().fileName);
  if (path.includes("node_modules")) return [];
  return [
    {
      name: `${path} ${own.name}`,
      declaration,
      text: ts.displayPartsToString(own.getDocumentationComment(checker)),
      tags: own.getJsDocTags(checker).map(({ name }) => name),
    },
  ];
}
