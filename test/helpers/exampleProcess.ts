import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A process of an example, and everything it said. */
export interface ExampleProcess {
  readonly child: ChildProcess;
  output(): string;
}

/** Where the examples of a family are. */
export function examplePath(family: string, script: string): string {
  return join(ROOT, "examples", family, script);
}

/** Starts a script of an example. The caller ends it. */
export function startExample(path: string, env: Readonly<Record<string, string>>): ExampleProcess {
  // NODE_OPTIONS: in this repository `x402-escrow/...` means the sources.
  const { PATH, NODE_OPTIONS } = process.env;
  const child = spawn(process.execPath, [path], { env: { PATH, NODE_OPTIONS, ...env } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (output += data.toString()));
  return { child, output: () => output };
}

/** Waits until a process says something. */
export async function waitForOutput({ child, output }: ExampleProcess, text: string): Promise<void> {
  while (!output().includes(text)) {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A port that nobody listens at. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
