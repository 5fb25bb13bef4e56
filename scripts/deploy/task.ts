import { createInterface } from "node:readline/promises";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { NodeError, RpcError } from "../chains/node.ts";
import { CatalogError, InvalidDeploymentError } from "../deployments/errors.ts";
import { barDisplay, lineDisplay } from "./display.ts";
import { DeployError } from "./errors.ts";
import { parseFamilies } from "./plan.ts";
import { runDeploy, type DeployContext } from "./run.ts";

/** Options of `escrow deploy` as Hardhat parses them. */
interface TaskArguments {
  readonly families: string | undefined;
  readonly dryRun: boolean;
  readonly placeCreatex: boolean;
  readonly yes: boolean;
  readonly journals: string | undefined;
  readonly records: string | undefined;
}

/** Errors whose message says what to do. */
const TOLD = [DeployError, NodeError, RpcError, CatalogError, InvalidDeploymentError];

/** `hardhat escrow deploy`. What the user can do something about is said in a sentence, anything else with its stack. */
export async function deployTask(taskArguments: TaskArguments, hre: HardhatRuntimeEnvironment): Promise<void> {
  const { dryRun, placeCreatex, yes, journals, records } = taskArguments;
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true && process.env["CI"] === undefined;
  const connection = await hre.network.create();
  const context: DeployContext = {
    connection,
    display: isTerminal ? barDisplay(process.stdout) : lineDisplay((line) => console.log(line)),
    ...(isTerminal ? { confirm: ask } : {}),
    ...(journals === undefined ? {} : { journals }),
    ...(records === undefined ? {} : { records }),
  };
  try {
    await runDeploy(context, {
      families: parseFamilies(taskArguments.families),
      isDryRun: dryRun,
      mayPlaceCreateX: placeCreatex,
      hasAgreed: yes,
    });
  } catch (error) {
    if (!(error instanceof Error && TOLD.some((type) => error instanceof type))) throw error;
    console.error(`${error.name}: ${error.message}`);
    process.exitCode = 1;
  } finally {
    await connection.close();
  }
}

async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
