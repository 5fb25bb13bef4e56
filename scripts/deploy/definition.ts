import { task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";

/** The task `escrow deploy`. Its code is loaded when it runs. */
export const escrowDeployTask = task(
  ["escrow", "deploy"],
  "Deploys the contracts to a chain, at the same addresses as everywhere",
)
  .addOption({
    name: "families",
    description: "Which families, with commas between (default: all that work on the chain)",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addFlag({ name: "dryRun", description: "Deploy to a copy of the chain in this process, and send nothing" })
  .addFlag({
    name: "placeCreatex",
    description: "Place CreateX when the chain lacks it; it says before what that costs",
  })
  .addFlag({ name: "yes", description: "Agree to the cost without being asked" })
  .addOption({
    name: "journals",
    description: "Folder for Ignition's journals (default: ignition/deployments)",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addOption({
    name: "records",
    description: "Folder for the record of the deployment (default: deployments)",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .setAction(async () => ({ default: (await import("./task.ts")).deployTask }))
  .build();
