/**
 * Writes `deployments/canonical.json` from the build, `deployments/index.ts` from all JSON files there, and the tables of the documents.
 * Build first, as `npm run generate` does. The output depends on artifacts and files alone, so running it again changes nothing.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { runCommand } from "../check/command.ts";
import { computeCanonical } from "./canonical.ts";
import { readCatalog } from "./catalog.ts";
import { renderIndex } from "./render.ts";
import { DEPLOYMENTS, readDeployments, writeCanonical } from "./write.ts";

const canonical = await computeCanonical(await readCatalog());
const deployments = await readDeployments();
await writeCanonical(canonical);

const path = join(DEPLOYMENTS, "index.ts");
const options = await resolveConfig(path);
await writeFile(path, await format(renderIndex(canonical, deployments), { ...options, filepath: path }));
console.log(`deployments: ${canonical.contracts.length} contracts, ${deployments.length} chains.`);

const { code, output } = await runCommand("node", ["scripts/check/docs.ts"]);
console.log(output.trim());
if (code !== 0) process.exitCode = 1;
