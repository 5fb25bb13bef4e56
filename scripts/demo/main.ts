import { parseArgs } from "node:util";
import { DemoError } from "./errors.ts";
import { runVoucherDemo } from "./voucher/run.ts";

/** A part of the demo for each family of contracts. */
const FAMILIES = { voucher: runVoucherDemo } as const;

const USAGE = `Usage: npm run demo [-- [<family>] [--requests <number>]]

Runs a whole economy on this machine: a local Base, a paid API, and agents that pay it.

  <family>              ${Object.keys(FAMILIES).join(", ")} (default: all)
  --requests <number>   paid requests in all (default 1000)`;

async function main(): Promise<void> {
  const { positionals, values } = readOptions();
  if (values.help) return console.log(USAGE);
  const unknown = positionals.filter((name) => !Object.hasOwn(FAMILIES, name));
  if (unknown.length > 0) throw new DemoError(`There is no family "${unknown.join('", "')}".\n\n${USAGE}`);

  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => stop.abort(new DemoError("Interrupted; everything that was started is stopped.")));
  }
  for (const [name, run] of Object.entries(FAMILIES)) {
    if (positionals.length === 0 || positionals.includes(name))
      await run(stop.signal, { requests: Number(values.requests) });
  }
}

function readOptions() {
  const options = { help: { type: "boolean" }, requests: { type: "string", default: "1000" } } as const;
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    throw new DemoError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
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
