/**
 * Writes `typechain-types/`: ethers-v6 typings of the contracts and interfaces that integrators use.
 * Run `npm run build` first. The files are given to TypeChain in a fixed order, so running it again changes nothing.
 */
import { glob, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { runTypeChain } from "typechain";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const patterns = ["artifacts/contracts/interfaces/**/*.json", "artifacts/contracts/*/*Escrow.sol/*Escrow.json"];

const files: string[] = [];
for await (const file of glob(patterns, { cwd: root })) files.push(`${root}/${file}`);
files.sort();

await rm(`${root}/typechain-types`, { recursive: true, force: true });
const { filesGenerated } = await runTypeChain({
  cwd: root,
  filesToProcess: files,
  allFiles: files,
  outDir: "typechain-types",
  target: "ethers-v6",
  flags: {
    alwaysGenerateOverloads: false,
    discriminateTypes: false,
    tsNocheck: false,
    node16Modules: true,
    environment: undefined,
  },
});

// TypeChain writes folders as `./folder`; Node's own resolution wants the file.
for await (const file of glob("typechain-types/**/index.ts", { cwd: root })) {
  const source = await readFile(`${root}/${file}`, "utf8");
  await writeFile(`${root}/${file}`, source.replaceAll(/(import type \* as \w+ from "\.[^"]*)"/g, '$1/index.js"'));
}
console.log(`typechain-types: ${filesGenerated} files.`);
