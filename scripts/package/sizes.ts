/** Writes `snapshots/package.json`: what a bundler makes of each sub-path, and which packages it imports. */
import { gzipSync } from "node:zlib";
import { build, type BuildOptions } from "esbuild";
import { ROOT } from "../check/command.ts";
import { importsOf } from "../check/imports.ts";
import { writeSnapshot } from "../check/snapshot.ts";
import { ENTRY_POINTS } from "./entries.ts";

/** A sub-path as one file: a row of `snapshots/package.json`. */
export interface SubPathSize {
  readonly minifiedBytes: number;
  readonly gzipBytes: number;
  /** Packages that it imports, at once or when what needs them is used; `node` stands for Node's own modules. */
  readonly packages: readonly string[];
}

/** Of the package's own code: what its user installs beside it is not counted. */
const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  write: false,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  platform: "neutral",
  packages: "external",
  external: ["node:*"],
} as const satisfies BuildOptions;

async function measure(source: string): Promise<SubPathSize> {
  const { outputFiles } = await build({ ...OPTIONS, entryPoints: [source] });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`${source} gives no file.`);
  return {
    minifiedBytes: file.contents.byteLength,
    gzipBytes: gzipSync(file.contents).byteLength,
    packages: [...new Set(importsOf("file.ts", file.text).map(packageOf))].sort(),
  };
}

function packageOf(path: string): string {
  if (path.startsWith("node:")) return "node";
  const [scope = "", name = ""] = path.split("/");
  return scope.startsWith("@") ? `${scope}/${name}` : scope;
}

const sizes: [string, SubPathSize][] = [];
for (const { subPath, source } of ENTRY_POINTS) sizes.push([subPath, await measure(source)]);
writeSnapshot("package.json", Object.fromEntries(sizes));
