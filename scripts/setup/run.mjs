// Runs a command with this project's own Node, after installing what is missing.
// Depends on nothing but Node 20 and npm, so that it works in a clone without node_modules.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const bin = join(root, "node_modules", ".bin");
const stamp = join(root, "node_modules", ".x402-escrow-setup");

const digest = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== digest) {
  const started = Date.now();
  process.stderr.write(
    "Setting up: installing the exact dependencies of package-lock.json (about half a minute) ...\n",
  );
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (npm.status !== 0) {
    process.stderr.write(
      "Set-up failed: `npm ci` did not finish. Fix what it reports above and run the command again.\n",
    );
    process.exit(npm.status ?? 1);
  }
  writeFileSync(stamp, digest);
  process.stderr.write(`Set up in ${((Date.now() - started) / 1000).toFixed(0)} s.\n`);
}

const [command, ...parameters] = process.argv.slice(2);
if (command === undefined) process.exit(0);

// `x402-escrow/...` means the sources here: see sources.ts.
const options = `${process.env.NODE_OPTIONS ?? ""} --conditions=x402-escrow-source`;
const child = spawn(command, parameters, {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, PATH: bin + delimiter + process.env.PATH, NODE_OPTIONS: options.trim() },
  shell: process.platform === "win32",
});
// A terminal sends Ctrl-C to the whole process group: the child decides when it has stopped, this process only waits.
for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("error", (error) => {
  process.stderr.write(`Cannot start ${command}: ${error.message}\n`);
  process.exit(1);
});
child.on("exit", (code, signal) => {
  process.exit(code ?? (signal === "SIGINT" ? 130 : 1));
});
