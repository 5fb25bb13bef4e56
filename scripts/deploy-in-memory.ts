import {
  errorDeploymentResultToExceptionMessage,
  HardhatArtifactResolver,
} from "@nomicfoundation/hardhat-ignition/helpers";
import {
  deploy,
  DeploymentResultType,
  type IgnitionModule,
  type IgnitionModuleResult,
} from "@nomicfoundation/ignition-core";
import hre from "hardhat";
import type { Provider } from "../test/base/provider.ts";
import { actors } from "../test/helpers/actors.ts";

/** An Ignition deployment on a development chain failed. */
class DeploymentError extends Error {
  override readonly name = "DeploymentError";
}

/**
 * Compiles the contracts and deploys an Ignition module through CreateX to a development chain. No journal is kept:
 * the next such chain starts without these contracts.
 *
 * @returns Name and address of each contract, in the order of deployment.
 * @throws {DeploymentError} the deployment stopped; the message says where.
 */
export async function deployInMemory(
  provider: Provider,
  ignitionModule: IgnitionModule<string, string, IgnitionModuleResult<string>>,
): Promise<{ name: string; address: string }[]> {
  await hre.tasks.getTask("build").run({ noTests: true, quiet: true });
  // The local Base looked for artifacts before this build, and what it found is remembered.
  await hre.artifacts.clearCache();
  const strategyConfig = hre.config.ignition.strategyConfig?.create2;
  if (strategyConfig === undefined) throw new DeploymentError("hardhat.config.ts names no salt for CREATE2");
  const result = await deploy({
    provider,
    ignitionModule,
    artifactResolver: new HardhatArtifactResolver(hre.artifacts),
    deploymentParameters: {},
    accounts: [actors.deployer.address],
    strategy: "create2",
    strategyConfig,
  });
  if (result.type !== DeploymentResultType.SUCCESSFUL_DEPLOYMENT) {
    throw new DeploymentError(errorDeploymentResultToExceptionMessage(result));
  }
  return Object.values(result.contracts).map(({ contractName, address }) => ({ name: contractName, address }));
}
