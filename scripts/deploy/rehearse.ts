import { deployByIgnition } from "./ignition.ts";
import { forkChain } from "./fork.ts";
import { missingOf } from "./plan.ts";
import type { DeployContext, Prepared } from "./run.ts";
import { readSalt } from "../deployments/catalog.ts";
import { readReceipt } from "./transactions.ts";
import { rehearsalTable, type Outcome } from "./words.ts";
import { StoppedError } from "./errors.ts";

/**
 * Deploys to a copy of the chain, and says what it would do on the chain.
 *
 * @throws {ForkError} the chain cannot be copied.
 * @throws {StoppedError} the deployment fails on the copy.
 */
export async function rehearse({ display }: DeployContext, prepared: Prepared): Promise<readonly Outcome[]> {
  const { chain, node, url, deployer, plan, createX, fees, costs, journal } = prepared;
  const missing = missingOf(plan);
  if (missing.length === 0) {
    display.say("Everything is there: a run would send nothing.");
    return plan.wanted.map((entry) => ({ entry, receipt: undefined }));
  }
  const fork = await forkChain({ upstream: node, url, chain, deployer }, { withCreateX: createX !== undefined });
  try {
    let done = 0;
    const say = (text: string) => display.progress({ done, total: missing.length, text });
    const sending = {
      wallet: fork.provider,
      artifacts: journal.artifacts,
      deployer,
      salt: readSalt(),
      config: { blockPollingInterval: 10 },
    };
    const transactions = await deployByIgnition(sending, missing, {
      sent: () => undefined,
      done: (name) => {
        done += 1;
        say(`${name} is on the copy`);
      },
    });
    const outcomes: Outcome[] = [];
    for (const entry of plan.wanted) {
      const hash = transactions.get(entry.name);
      const receipt = hash === undefined ? undefined : await readReceipt(fork.provider, hash);
      if (hash !== undefined && receipt === undefined) throw new StoppedError(`The copy does not know ${hash}.`);
      const dataFee = costs.find(({ name }) => name === entry.name)?.dataFee ?? 0n;
      // What the copy takes for gas says nothing about the chain.
      const fee = receipt === undefined ? 0n : receipt.gasUsed * fees.expected + dataFee;
      outcomes.push({ entry, receipt: receipt === undefined ? undefined : { ...receipt, fee } });
    }
    display.end();
    display.say(rehearsalTable(chain, outcomes));
    display.say(`Deployed to a copy of ${chain.name} at block ${fork.block}. Nothing was sent to the chain.`);
    return outcomes;
  } finally {
    await fork.close();
  }
}
