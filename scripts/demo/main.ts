import { parseArgs } from "node:util";
import { DemoError } from "./errors.ts";
import { runVoucherDemo } from "./voucher/run.ts";

/** A part of the demo for each family of contracts. */
const FAMILIES = { voucher: runVoucherDemo } as const;

const USAGE = `Usage: npm run demo [-- <family>]

Runs a whole economy on this machine: a local Base, a paid API, and agents that pay it.

  <family>   ${Object.keys(FAMILIES).join(", ")} (default: all)`;

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { help: { type: "boolean" } } });
  if (values.help) return console.log(USAGE);
  const unknown = positionals.filter((name) => !Object.hasOwn(FAMILIES, name));
  if (unknown.length > 0) throw new DemoError(`There is no family "${unknown.join('", "')}".\n\n${USAGE}`);

  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => stop.abort(new DemoError("Interrupted; everything that was started is stopped.")));
  }
  for (const [name, run] of Object.entries(FAMILIES)) {
    if (positionals.length === 0 || positionals.includes(name)) await run(stop.signal);
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof DemoError ? `\n${error.message}` : error);
  process.exitCode = 1;
}
// Sockets that the SDK keeps alive must not hold the terminal.
process.exit();
