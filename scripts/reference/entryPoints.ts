import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../check/command.ts";

/** A module that the package offers. */
export interface EntryPoint {
  /** What stands behind the package's name in an import: `voucher`, `x402/deferred`. */
  readonly subPath: string;
  /** Its source, under the project's root. */
  readonly source: string;
}

/** Written by a generator of its own; what they hold is described where it comes from. */
const GENERATED = ["typechain-types"];

/** Reads the TypeScript modules that `package.json` exports, in its order; their sources have the same path as the sub-path. */
export function readEntryPoints(): readonly EntryPoint[] {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly exports: object };
  return Object.keys(manifest.exports)
    .map((key) => key.replace(/^\.\//, ""))
    .filter((subPath) => isModule(subPath))
    .map((subPath) => ({ subPath, source: sourceOf(subPath) }));
}

/** A pattern, or a file that has an ending, is a file to read and no module. */
function isModule(subPath: string): boolean {
  return !subPath.includes("*") && !/\.\w+$/.test(subPath) && !GENERATED.some((name) => subPath.startsWith(name));
}

function sourceOf(subPath: string): string {
  const candidates = [`client/${subPath}/index.ts`, `client/${subPath}.ts`, `${subPath}/index.ts`];
  const source = candidates.find((path) => existsSync(join(ROOT, path)));
  if (source === undefined)
    throw new Error(`package.json exports ./${subPath}, but none of ${candidates.join(", ")} exists.`);
  return source;
}
