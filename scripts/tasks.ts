import { emptyTask } from "hardhat/config";
import { escrowDeployTask } from "./deploy/definition.ts";
import { escrowVerifyTask } from "./verify/definition.ts";

/** The commands of this project in Hardhat: `hardhat escrow <command>`. */
export const escrowTasks = [
  emptyTask("escrow", "Deploys the contracts of this project").build(),
  escrowDeployTask,
  escrowVerifyTask,
];
