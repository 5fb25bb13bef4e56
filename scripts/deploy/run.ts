import { join } from "node:path";
import { HardhatArtifactResolver } from "@nomicfoundation/hardhat-ignition/helpers";
import type { DeployConfig } from "@nomicfoundation/ignition-core";
import hre from "hardhat";
import { formatEther, type Address } from "viem";
import { CREATEX } from "../../test/base/addresses.ts";
import { findDependency, readDependencies, type Dependency } from "../chains/dependencies.ts";
import { isConnectionFailure, NodeError } from "../chains/node.ts";
import { buildContracts, readCatalog, readSalt } from "../deployments/catalog.ts";
import { runCatalog } from "../deployments/run.ts";
import type { Family } from "../deployments/types.ts";
import { readCanonical } from "../deployments/write.ts";
import { requireCancun } from "./cancun.ts";
import { estimateCosts, readFees, totalOf, type Cost, type Fees, type Total } from "./costs.ts";
import { offerCreateX, type CreateXOffer } from "./createX.ts";
import type { Display } from "./display.ts";
import { BalanceError, NoCreateXError, NoDeployerError, WrongCodeError } from "./errors.ts";
import { NOBODY } from "./fork.ts";
import { waitForEarlier, type Journal } from "./journal.ts";
import { withLock } from "./lock.ts";
import { missingOf, readPlan, requireCanonical, selectFamilies, type Plan } from "./plan.ts";
import { rehearse } from "./rehearse.ts";
import { send } from "./send.ts";
import { readDeployer, readTarget, type Connection, type Target } from "./target.ts";
import { readBalance, type Patience } from "./transactions.ts";
import { costTable, dependencyLines, presentLine, type Outcome } from "./words.ts";

/** What the user asks for. */
export interface DeployOptions {
  readonly families: readonly Family[];
  /** Deploy to a copy of the chain in this process. */
  readonly isDryRun: boolean;
  /** Agree to what placing CreateX costs. */
  readonly mayPlaceCreateX: boolean;
  /** Agree to the cost. */
  readonly hasAgreed: boolean;
}

/** What the command works with. */
export interface DeployContext {
  readonly connection: Connection;
  readonly display: Display;
  /** Asks the user; absent when nobody is there. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Folder of Ignition's journals; each chain has one below it. */
  readonly journals?: string;
  /** Folder of the records. */
  readonly records?: string;
  readonly patience?: Patience;
  /** How Ignition waits. */
  readonly ignition?: Partial<DeployConfig>;
}

/** Everything that was found out before anything is sent. */
export interface Prepared extends Target {
  readonly deployer: Address;
  readonly plan: Plan;
  readonly journal: Journal;
  readonly createX: CreateXOffer | undefined;
  readonly fees: Fees;
  readonly costs: readonly Cost[];
  readonly total: Total;
  readonly patience: Patience;
}

const PATIENCE: Patience = { pollMs: 1_000, timeoutMs: 300_000 };

/**
 * Deploys to a chain what it does not have yet, or shows on a copy of it what that would do.
 *
 * @returns What became of each contract; of a dry run, on the copy.
 * @throws {DeployError} why nothing was sent, or not everything; a later run continues.
 * @throws {NodeError} the node stopped answering; a later run continues.
 */
export async function runDeploy(context: DeployContext, options: DeployOptions): Promise<readonly Outcome[]> {
  const { display } = context;
  try {
    const target = await readTarget(context.connection);
    if (options.isDryRun) return await rehearse(context, await prepare(context, target, options));
    return await withLock(journalDirectory(context, target), async () =>
      send(context, await prepare(context, target, options), options),
    );
  } catch (error) {
    // Hardhat and Ignition name it in ways of their own.
    if (isConnectionFailure(error)) throw new NodeError(context.connection.networkName, error);
    throw error;
  } finally {
    display.end();
  }
}

function journalDirectory({ journals }: DeployContext, { chain }: Target): string {
  return join(journals ?? join(hre.config.paths.ignition, "deployments"), `chain-${chain.chainId}`);
}

async function prepare(context: DeployContext, target: Target, options: DeployOptions): Promise<Prepared> {
  const { display, patience = PATIENCE } = context;
  const { node, chain } = target;
  const deployer = options.isDryRun ? await deployerOrNobody(target) : await readDeployer(target.config);
  const rehearsal = options.isDryRun ? "Dry run on a copy: nothing is sent. " : "";
  display.say(`${rehearsal}${chain.name} (chain id ${chain.chainId}), deployer ${deployer}.`);
  await requireCancun(node, chain.name);
  const journal: Journal = {
    directory: journalDirectory(context, target),
    artifacts: new HardhatArtifactResolver(hre.artifacts),
    provider: node,
    deployer,
    say: display.say,
  };
  // What an interrupted run has sent must have landed, or it would be sent again.
  if (!options.isDryRun) await waitForEarlier(journal, 1, patience);
  const dependencies = await readDependencies(node, chain.chainId);
  const plan = await makePlan(context, target, options.families, dependencies);
  const feesNow = await readFees(node, chain.chainId);
  const createX = await lookForCreateX(target, dependencies, feesNow);
  const costs = await estimateCosts(node, {
    entries: missingOf(plan),
    salt: readSalt(),
    from: deployer,
    hasCreateX: createX === undefined,
  });
  const total = totalOf(costs, feesNow);
  const prepared = { ...target, deployer, plan, journal, createX, fees: feesNow, costs, total, patience };
  await sayCost(context, prepared, options);
  return prepared;
}

async function deployerOrNobody({ config }: Target): Promise<Address> {
  try {
    return await readDeployer(config);
  } catch (error) {
    if (error instanceof NoDeployerError) return NOBODY;
    throw error;
  }
}

async function makePlan(
  { display }: DeployContext,
  { node, chain }: Target,
  wanted: readonly Family[],
  dependencies: readonly Dependency[],
): Promise<Plan> {
  const { families, leftOut } = selectFamilies(wanted, dependencies);
  for (const line of [...dependencyLines(dependencies), ...leftOut]) display.say(line);
  await buildContracts();
  const catalog = await readCatalog();
  requireCanonical(catalog, await readCanonical());
  const deployed = await runCatalog(catalog, chain.chainId);
  const plan = await readPlan(node, deployed, families);
  const line = presentLine(plan);
  if (line !== undefined) display.say(line);
  return plan;
}

async function lookForCreateX(
  { node, chain }: Target,
  dependencies: readonly Dependency[],
  { expected }: Fees,
): Promise<CreateXOffer | undefined> {
  const { state } = findDependency(dependencies, "CreateX");
  if (state === "other") throw new WrongCodeError("CreateX", CREATEX);
  return state === "present" ? undefined : offerCreateX(node, chain, expected);
}

/** Says what it costs, and stops where the money or CreateX is missing and nobody could do anything about it. */
async function sayCost(context: DeployContext, prepared: Prepared, options: DeployOptions): Promise<void> {
  const { chain, node, deployer, plan, createX, fees, costs, total } = prepared;
  const missing = missingOf(plan);
  if (missing.length === 0) return;
  const balance = deployer === NOBODY ? undefined : await readBalance(node, deployer);
  context.display.say(costTable(chain, missing, costs, { fees, total, balance }));
  if (createX !== undefined) context.display.say(`${chain.name} has no CreateX. ${createX.words}`);
  const needed = total.most + (createX === undefined ? 0n : createX.funding + fees.most * TRANSFER_GAS);
  const isShort = balance !== undefined && balance < needed;
  if (isShort && options.isDryRun) {
    context.display.say(`The deployer lacks ${formatEther(needed - balance)} ${chain.coin}. The copy gives it enough.`);
  }
  if (options.isDryRun) return;
  if (createX !== undefined && !options.mayPlaceCreateX && context.confirm === undefined) {
    throw new NoCreateXError(chain.name, `${createX.words} Run again with --place-createx to do that.`);
  }
  if (isShort) throw new BalanceError(deployer, chain.coin, { needed, balance });
}

const TRANSFER_GAS = 21_000n;
