import { task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";

/** The task `escrow verify`. Its code is loaded when it runs. */
export const escrowVerifyTask = task(
  ["escrow", "verify"],
  "Compares the contracts on a chain with this build, byte for byte",
)
  .addOption({
    name: "families",
    description: "Which families, with commas between (default: all)",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addFlag({ name: "sources", description: "Verify the sources on explorers too" })
  .addFlag({ name: "dryRun", description: "Show what would be sent to explorers, and send nothing" })
  .addOption({
    name: "explorers",
    description: "Which of etherscan, blockscout and sourcify, with commas between (default: all)",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addOption({
    name: "output",
    description: "Folder for the standard-JSON inputs of a dry run (default: print them)",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .setAction(async () => ({ default: (await import("./task.ts")).verifyTask }))
  .build();
