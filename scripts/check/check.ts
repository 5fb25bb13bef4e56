import { runCommand } from "./command.ts";

/** One thing that must hold of the repository. */
export interface Check {
  readonly name: string;
  /** Looks. Returns what is wrong, ready to print; empty when all is well. */
  readonly run: () => Promise<string>;
}

/** A check that a command ends with exit code 0. */
export function commandCheck(name: string, command: string, ...parameters: string[]): Check {
  return {
    name,
    run: async () => {
      const { code, output } = await runCommand(command, parameters);
      if (code === 0) return "";
      return output.trim() === "" ? `${command} ended with exit code ${code}` : output.trim();
    },
  };
}
