import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import type { Check } from "./check.ts";
import { ROOT } from "./command.ts";

/** Generated for others; nobody here needs to use all of it. */
const GENERATED = ["client/abi/"];

/** Every exported value of TypeScript is used by another file; what the package offers is named by an `index.ts`. */
export const exportsCheck: Check = {
  name: "no unused exports",
  run: async () => {
    const files = globSync(["hardhat.config.ts", "{client,examples,ignition,scripts,test}/**/*.ts"], {
      cwd: ROOT,
    }).sort();
    const sources = new Map(files.map((path) => [path, readFileSync(join(ROOT, path), "utf8")]));
    return unusedExports(sources).join("\n");
  },
};

/**
 * Finds exported values that no other file mentions. Types are exported to give a name to a parameter, so they are left out.
 *
 * @param sources - Content by path.
 */
export function unusedExports(sources: ReadonlyMap<string, string>): string[] {
  const words = new Map([...sources].map(([path, text]) => [path, new Set(text.match(/[\w$]+/g))]));
  const isUsedOutside = (path: string, name: string): boolean =>
    [...words].some(([other, mentioned]) => other !== path && mentioned.has(name));
  return [...sources]
    .filter(([path]) => !path.endsWith("/index.ts") && !GENERATED.some((folder) => path.startsWith(folder)))
    .flatMap(([path, text]) =>
      exportedNames(path, text)
        .filter((name) => !isUsedOutside(path, name))
        .map((name) => `${path} exports ${name}, which no other file uses.`),
    );
}

/** Names of a file's own exported functions, constants and classes. */
function exportedNames(path: string, text: string): string[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  return file.statements.filter(isExported).flatMap((statement) => {
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []));
    }
    return statement.name === undefined ? [] : [statement.name.text];
  });
}

type NamedStatement = ts.Statement & { readonly name?: ts.Identifier };

function isExported(statement: ts.Statement): statement is ts.VariableStatement | NamedStatement {
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) return false;
  if (!ts.canHaveModifiers(statement)) return false;
  return ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}
