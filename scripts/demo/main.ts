import { parseArgs } from "node:util";
import { runAuthCaptureDemo } from "./auth-capture/run.ts";
import { DemoError } from "./errors.ts";
import { runFlashDemo } from "./flash/run.ts";
import { runVoucherDemo } from "./voucher/run.ts";

/** A part of the demo for each family of contracts, and how many requests it pays unless told otherwise. */
const FAMILIES = {
  voucher: { run: runVoucherDemo, requests: 1_000 },
  flash: { run: runFlashDemo, requests: 200 },
  "auth-capture": { run: (signal: AbortSignal) => runAuthCaptureDemo(signal), requests: undefined },
} as const;

const USAGE = `Usage: npm run demo [-- [<family>] [--requests <number>]]

Runs a whole economy on this machine: a local Base, a paid API, and agents that pay it.

  <family>              ${Object.keys(FAMILIES).join(", ")} (default: all)
  --requests <number>   paid requests of each part that makes many (default: ${Object.entries(FAMILIES)
    .flatMap(([name, { requests }]) => (requests === undefined ? [] : [`${name} ${requests}`]))
    .join(", ")})`;

async function main(): Promise<void> {
  const { positionals, values } = readOptions();
  if (values.help) return console.log(USAGE);
  const unknown = positionals.filter((name) => !Object.hasOwn(FAMILIES, name));
  if (unknown.length > 0) throw new DemoError(`There is no family "${unknown.join('", "')}".\n\n${USAGE}`);

  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => stop.abort(new DemoError("Interrupted; everything that was started is stopped.")));
  }
  for (const [name, { run, requests }] of Object.entries(FAMILIES)) {
    if (positionals.length === 0 || positionals.includes(name))
      await run(stop.signal, { requests: Number(values.requests ?? requests) });
  }
}

function readOptions() {
  const options = { help: { type: "boolean" }, requests: { type: "string" } } as const;
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
