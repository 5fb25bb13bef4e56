import { errorDeploymentResultToExceptionMessage } from "@nomicfoundation/hardhat-ignition/helpers";
import {
  deploy,
  DeploymentResultType,
  ExecutionEventType,
  type ArtifactResolver,
  type DeployConfig,
  type ExecutionEventListener,
} from "@nomicfoundation/ignition-core";
import type { Address, Hash, Hex } from "viem";
import type { Provider } from "../../test/base/provider.ts";
import type { CatalogEntry } from "../deployments/catalog.ts";
import type { Fees } from "./costs.ts";
import { StoppedError } from "./errors.ts";
import { futureIdOf, moduleOf } from "./module.ts";

/** What Ignition tells while it works. */
export interface Events {
  readonly sent: (name: string, hash: Hash) => void;
  readonly done: (name: string) => void;
}

/** What Ignition needs. */
export interface Sending {
  /** Sends in the name of `deployer`. */
  readonly wallet: Provider;
  readonly artifacts: ArtifactResolver;
  readonly deployer: Address;
  readonly salt: Hex;
  /** What is offered for gas; without it, Ignition decides. */
  readonly offer?: Fees["offer"];
  /** Folder of the journal; none is kept without. */
  readonly directory?: string;
  readonly config: Partial<DeployConfig>;
}

/** Whoever agreed to a cost did not agree to more: a transaction that the chain finds too cheap waits, and nothing is added. */
const NO_MORE: Partial<DeployConfig> = { disableFeeBumping: true, timeBeforeBumpingFees: 600_000 };

/**
 * Deploys contracts through CreateX, in one batch.
 *
 * @returns Hashes of the transactions, by the contracts' names.
 * @throws {StoppedError} Ignition could not finish.
 */
export async function deployByIgnition(
  { wallet, artifacts, deployer, salt, offer, directory, config }: Sending,
  entries: readonly CatalogEntry[],
  events: Events,
): Promise<ReadonlyMap<string, Hash>> {
  const transactions = new Map<string, Hash>();
  const nameOf = (id: string): string => entries.find((entry) => futureIdOf(entry) === id)?.name ?? id;
  const executionEventListener = listenTo({
    [ExecutionEventType.TRANSACTION_SEND]: ({ futureId, hash }) => events.sent(nameOf(futureId), hash as Hash),
    [ExecutionEventType.TRANSACTION_CONFIRM]: ({ futureId, hash }) => {
      transactions.set(nameOf(futureId), hash as Hash);
      events.done(nameOf(futureId));
    },
  });
  const result = await deploy({
    provider: wallet,
    ignitionModule: moduleOf(entries),
    artifactResolver: artifacts,
    deploymentParameters: {},
    accounts: [deployer],
    strategy: "create2",
    strategyConfig: { salt },
    executionEventListener,
    config: { ...NO_MORE, ...config },
    ...offer,
    ...(directory === undefined ? {} : { deploymentDir: directory }),
  });
  if (result.type === DeploymentResultType.SUCCESSFUL_DEPLOYMENT) return transactions;
  throw new StoppedError(`${errorDeploymentResultToExceptionMessage(result)}\nRun again: what is done stays done.`);
}

interface Handlers {
  [ExecutionEventType.TRANSACTION_SEND]: (event: { futureId: string; hash: string }) => void;
  [ExecutionEventType.TRANSACTION_CONFIRM]: (event: { futureId: string; hash: string }) => void;
}

/** A listener to two kinds of events. Ignition calls one method for each kind, by its name in camel case. */
function listenTo(handlers: Handlers): ExecutionEventListener {
  const methods = Object.values(ExecutionEventType).map((type) => {
    const method = type.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
    const handle = type in handlers ? handlers[type as keyof Handlers] : () => undefined;
    return [method, async (event: { futureId: string; hash: string }) => handle(event)] as const;
  });
  return Object.fromEntries(methods) as unknown as ExecutionEventListener;
}
