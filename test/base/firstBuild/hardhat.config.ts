import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "hardhat/config";
import project from "../../../hardhat.config.ts";

/** Folder of what is built; the test makes it, empty. */
const { FIRST_BUILD_FOLDER = "" } = process.env;

/** The project as a new clone has it, with next to nothing to compile. How it is compiled does not matter: quickly. */
export default defineConfig({
  ...project,
  solidity: {
    version: "0.8.37",
    path: fileURLToPath(import.meta.resolve("solc/soljson.js")),
    settings: { evmVersion: "cancun" },
  },
  paths: {
    sources: "test/base/firstBuild",
    artifacts: join(FIRST_BUILD_FOLDER, "artifacts"),
    cache: join(FIRST_BUILD_FOLDER, "cache"),
  },
});
