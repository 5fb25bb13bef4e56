/**
 * Writes `dist/`, what the package's sub-paths lead to: the client, the deployments and the typings for ethers as JavaScript with types,
 * and each ABI as JSON. `npm pack` runs it.
 */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT, runCommand } from "../check/command.ts";

const DIST = join(ROOT, "dist");
const ABIS = join(DIST, "abi");

rmSync(DIST, { recursive: true, force: true });
const { code, output } = await runCommand("tsc", ["--project", "tsconfig.build.json"]);
if (code !== 0) throw new Error(`The package does not compile.\n${output}`);
finishDeclarations();
await writeAbis();

/** The compiler changes `./a.ts` to `./a.js` in code alone. In types both mean a.d.ts, but not to every tool that reads them. */
function finishDeclarations(): void {
  for (const path of globSync("dist/**/*.d.ts", { cwd: ROOT })) {
    const file = join(ROOT, path);
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replaceAll(/((?:from |import\()"\.[^"]*)\.ts"/g, '$1.js"'));
  }
}

async function writeAbis(): Promise<void> {
  mkdirSync(ABIS, { recursive: true });
  for (const path of globSync("client/abi/*.ts", { cwd: ROOT })) {
    const name = basename(path, ".ts");
    if (name === "index") continue;
    const module: Readonly<Record<string, unknown>> = await import(pathToFileURL(join(ROOT, path)).href);
    writeFileSync(join(ABIS, `${name}.json`), `${JSON.stringify(module[`${name}Abi`], null, 2)}\n`);
  }
}
