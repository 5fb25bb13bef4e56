import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { ROOT } from "./command.ts";

/** A source file and what it imports. */
export interface SourceFile {
  /** Path under the project's root, with slashes. */
  readonly path: string;
  /** Paths under the root for files of the project, names for packages (`viem/chains`, `node:fs`). */
  readonly imports: readonly string[];
}

const PATTERNS = ["{contracts,test}/**/*.sol", "{client,deployments,examples,ignition,scripts,test}/**/*.{ts,mjs}"];

/** Reads the imports of every source file of the project, static and dynamic ones. */
export function readSourceFiles(): readonly SourceFile[] {
  return globSync(PATTERNS, { cwd: ROOT })
    .map((path) => path.replaceAll("\\", "/"))
    .sort()
    .map((path) => ({ path, imports: importsOf(path, readFileSync(join(ROOT, path), "utf8")) }));
}

/**
 * Finds what a source file imports.
 *
 * @param path - Where the file lies, under the root; its ending decides the language.
 * @param text - Its content.
 */
export function importsOf(path: string, text: string): readonly string[] {
  const targets = path.endsWith(".sol")
    ? [...text.matchAll(/^import\s+(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']/gm)].map(([, target = ""]) => target)
    : ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  return targets.map((target) => {
    if (target.startsWith(".")) return normalize(join(dirname(path), target)).replaceAll("\\", "/");
    return target;
  });
}
