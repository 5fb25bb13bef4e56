import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { NodeError } from "../chains/node.ts";
import { DeployError } from "../deploy/errors.ts";
import { parseFamilies } from "../deploy/plan.ts";
import { VerifyError } from "./errors.ts";
import { parseExplorers } from "./explorers.ts";
import { runVerify } from "./run.ts";

/** Options of `escrow verify` as Hardhat parses them. */
interface TaskArguments {
  readonly families: string | undefined;
  readonly sources: boolean;
  readonly dryRun: boolean;
  readonly explorers: string | undefined;
  readonly output: string | undefined;
}

/** `hardhat escrow verify`. What the user can do something about is said in a sentence, anything else with its stack. */
export async function verifyTask(taskArguments: TaskArguments, hre: HardhatRuntimeEnvironment): Promise<void> {
  const { sources, dryRun, output } = taskArguments;
  const connection = await hre.network.create();
  const { chainDescriptors, verify } = hre.config;
  const context = {
    connection,
    explorerConfig: { chainDescriptors, verify },
    say: (text: string) => console.log(text),
  };
  try {
    refuseIdleOptions(taskArguments);
    const options = {
      families: parseFamilies(taskArguments.families),
      hasSources: sources,
      isDryRun: dryRun,
      explorers: parseExplorers(taskArguments.explorers),
      isEachExplorerNeeded: taskArguments.explorers !== undefined,
      ...(output === undefined ? {} : { output }),
    };
    if (!(await runVerify(context, options))) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof VerifyError || error instanceof DeployError || error instanceof NodeError)) throw error;
    console.error(`${error.name}: ${error.message}`);
    process.exitCode = 1;
  } finally {
    await connection.close();
  }
}

/** An option that does nothing would let its user believe that it did. */
function refuseIdleOptions({ sources, dryRun, explorers, output }: TaskArguments): void {
  if (explorers !== undefined && !sources && !dryRun) {
    throw new VerifyError(
      "--explorers says where sources go. Add --sources to send them, or --dry-run to look at them.",
    );
  }
  if (output !== undefined && !dryRun) throw new VerifyError("--output is the folder of a dry run. Add --dry-run.");
}
