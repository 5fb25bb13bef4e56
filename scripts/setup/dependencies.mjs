// npm of Node 20 skips the Ethereum simulator's binary because of its `engines`; the `node` package has put Node 24 first on
// PATH by now, so a second run of npm adds exactly what is missing.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const hasSimulator = () => {
  try {
    require("@nomicfoundation/edr");
    return true;
  } catch {
    return false;
  }
};

if (!hasSimulator()) {
  const flags = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = spawnSync("npm", ["install", ...flags], { stdio: "inherit", shell: process.platform === "win32" });
  process.exit(npm.status ?? 1);
}
