import { network } from "hardhat";
import { keccak256, parseEther, toHex, type Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { BASE_CHAIN_ID } from "../base/addresses.ts";
import type { Placement } from "../base/place.ts";
import { actorNames, makeActors, type ActorName } from "../helpers/actors.ts";
import { assembleBase, type Base } from "../helpers/base.ts";
import { probeUpstream, type Upstream } from "./upstream.ts";

// Keys of their own: on a public chain the well-known development accounts carry other people's code and nonces.
const keyOf = (name: ActorName): Hex => keccak256(toHex(`x402-escrow fork ${name}`));
const forkActors = makeActors((name) => privateKeyToAccount(keyOf(name)));
const accounts = actorNames.map((name) => ({ privateKey: keyOf(name), balance: parseEther("100") }));

/**
 * Declares tests that run on a fork of the node in `BASE_RPC_URL`. Without that variable there is nothing to fork and
 * nothing is declared; `npm run test:fork` says so.
 *
 * @param declare - receives a function that gives each test the fork as it was at the start.
 */
export function describeFork(title: string, declare: (connect: () => Promise<Base>) => void): void {
  const url = process.env["BASE_RPC_URL"];
  if (url === undefined || url === "") return;

  describe(title, function () {
    // A public node may take its time over the first read of each word.
    this.timeout(120_000);

    let base: Base;
    let restore: () => Promise<void>;

    before(async () => {
      const upstream = await probeUpstream(url);
      base = await forkBase(upstream);
      report(upstream, base);
      ({ restore } = await base.networkHelpers.takeSnapshot());
    });

    after(async () => base.close());

    declare(async () => {
      await restore();
      return base;
    });
  });
}

/** Copies the upstream's head into this process, with actors of its own that hold native money. */
export async function forkBase({ url, blockNumber, hardfork }: Upstream): Promise<Base> {
  const connection = await network.create({
    network: "localBase",
    chainType: "op",
    override: { chainId: BASE_CHAIN_ID, hardfork, accounts, forking: { enabled: true, url, blockNumber } },
  });
  return assembleBase(connection, forkActors);
}

function report({ url, blockNumber, hardfork }: Upstream, { placements }: Base): void {
  const names = (source: Placement["source"]) =>
    placements
      .filter((placement) => placement.source === source)
      .map(({ name }) => name)
      .join(", ") || "none";
  console.log(`    Fork of ${url} at block ${blockNumber} (${hardfork})`);
  console.log(`    The upstream's own: ${names("upstream")}`);
  console.log(`    Placed on the fork: ${names("placed")}`);
}
