import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The project's root folder, with a slash at its end. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** How a command ended. */
export interface CommandResult {
  /** Exit code; null when a signal ended it or it never started. */
  readonly code: number | null;
  /** Everything it wrote, both streams in the order of arrival. */
  readonly output: string;
  readonly seconds: number;
}

export interface CommandOptions {
  /** Called with everything written so far. */
  readonly onOutput?: (output: string) => void;
  /** Folder to run in; the project's root by default. */
  readonly folder?: string;
  /** Ends the command after this time. */
  readonly limitSeconds?: number;
  /** Variables besides those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
}

const running = new Set<ChildProcess>();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    for (const child of running) child.kill("SIGTERM");
    process.exit(130);
  });
}

/** Runs a command. Never throws: a command that cannot start has no code and says why in its output. */
export async function runCommand(
  command: string,
  parameters: readonly string[],
  { onOutput, folder = ROOT, limitSeconds = 1_800, environment = {} }: CommandOptions = {},
): Promise<CommandResult> {
  const started = performance.now();
  let output = "";
  const append = (text: string): void => {
    output += text;
    onOutput?.(output);
  };
  const code = await new Promise<number | null>((resolve) => {
    const child = spawn(command, parameters, {
      cwd: folder,
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    });
    running.add(child);
    const limit = setTimeout(() => {
      append(`\nEnded after ${limitSeconds} s: it takes too long.\n`);
      child.kill("SIGKILL");
    }, limitSeconds * 1_000);
    child.stdout.setEncoding("utf8").on("data", append);
    child.stderr.setEncoding("utf8").on("data", append);
    child.on("error", (error) => append(`\nCannot start ${command}: ${error.message}\n`));
    child.on("close", (status) => {
      clearTimeout(limit);
      running.delete(child);
      resolve(status);
    });
  });
  return { code, output, seconds: (performance.now() - started) / 1_000 };
}
