import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Explorer } from "./explorers.ts";
import type { Submission } from "./sources.ts";

/**
 * Sends the source of one contract to one explorer, unless it has it, and waits for the answer.
 *
 * @param pauseMs - Before each request: explorers refuse more than a few a second.
 * @returns Whether the source is verified now, and a line that says so.
 */
export async function submit(
  explorer: Explorer,
  submission: Submission,
  pauseMs: number,
): Promise<{ readonly isVerified: boolean; readonly line: string }> {
  const { name, address, contractName, compilerVersion, constructorArguments, input } = submission;
  const where = `${explorer.name}: ${name}`;
  try {
    await setTimeout(pauseMs);
    if (await explorer.isVerified(address)) {
      return { isVerified: true, line: `${where} was verified before: ${explorer.getContractUrl(address)}` };
    }
    await setTimeout(pauseMs);
    const guid = await explorer.verify({
      contractAddress: address,
      compilerInput: input,
      contractName,
      compilerVersion,
      constructorArguments,
    });
    await setTimeout(pauseMs);
    const { success, message } = await explorer.pollVerificationStatus(guid, address, contractName);
    if (success) return { isVerified: true, line: `${where} is verified: ${explorer.getContractUrl(address)}` };
    return { isVerified: false, line: `${where} is not verified: ${message}` };
  } catch (error) {
    // One explorer that is down must not keep the others from the sources.
    return { isVerified: false, line: `${where} is not verified: ${error instanceof Error ? error.message : error}` };
  }
}

/** What would be sent of one contract, and where to, in words. */
export function describeSubmission(submission: Submission, explorers: readonly Explorer[]): string {
  const { name, address, contractName, compilerVersion, constructorArguments } = submission;
  return [
    `${name} at ${address}`,
    `  contract: ${contractName}`,
    `  compiler: ${compilerVersion}`,
    `  constructor arguments: ${constructorArguments === "" ? "none" : constructorArguments}`,
    ...explorers.map((explorer) => `  ${explorer.name}: ${explorer.apiUrl}, then ${explorer.getContractUrl(address)}`),
  ].join("\n");
}

/**
 * Writes the standard-JSON input of one contract to a folder.
 *
 * @returns Path of the file.
 */
export async function writeInput({ name, input }: Submission, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.json`);
  await writeFile(path, `${JSON.stringify(input, null, 2)}\n`);
  return path;
}
