import type { Address } from "viem";
import { systemClock } from "../../seller/core/clock.ts";
import { createTokenBuckets } from "../../seller/core/tokenBucket.ts";

/** How many trials of openings that would fail a relayer makes; each is a few requests to its node. */
export interface TrialRation {
  /** At once. */
  readonly burst: number;
  /** Over time. */
  readonly perSecond: number;
}

/** Counts trials that found that an opening would fail. */
export interface Trials {
  /** False when this client, or all together, have had too many. */
  take(client: Address): boolean;
  /** It would succeed: then it ties up the least opening, and costs the client more than the relayer. */
  giveBack(client: Address): void;
}

/** Settings of {@link createTrials}. */
export interface TrialRations {
  /** For one client; 8 at once and 1 in two seconds by default. Anybody can name any client, so a client's own may be used up by others. */
  readonly each?: TrialRation;
  /** For all clients; 64 at once and 16 a second by default. */
  readonly all?: TrialRation;
}

const MAX_CLIENTS = 10_000;
const EVERYBODY = "everybody";

/** Makes the rations of trials. */
export function createTrials({
  each = { burst: 8, perSecond: 0.5 },
  all = { burst: 64, perSecond: 16 },
}: TrialRations = {}): Trials {
  const own = createTokenBuckets({ ...each, maxNames: MAX_CLIENTS });
  const shared = createTokenBuckets({ ...all, maxNames: 1 });
  return {
    take: (client) => {
      const now = systemClock();
      const name = client.toLowerCase();
      if (!own.take(name, now)) return false;
      if (shared.take(EVERYBODY, now)) return true;
      own.giveBack(name);
      return false;
    },
    giveBack: (client) => {
      own.giveBack(client.toLowerCase());
      shared.giveBack(EVERYBODY);
    },
  };
}
