import { once } from "node:events";
import { createServer } from "node:net";
import { network } from "hardhat";
import { actors, PREFUNDED, testAccount } from "../helpers/actors.ts";
import { PortInUseError } from "./errors.ts";
import { installBase } from "./install.ts";
import type { Placement } from "./place.ts";
import { httpProvider, setBalance } from "./provider.ts";
import { mintUsdc } from "./usdc.ts";

/** What every well-known account holds on a served Base, in token base units: one million USDC. */
export const SERVED_USDC = 1_000_000_000_000n;

/** What every well-known account holds of the native coin on a served Base, in wei: 10,000 ETH. */
export const SERVED_WEI = 10_000n * 10n ** 18n;

/** A local Base that answers JSON-RPC over HTTP and WebSocket on this machine. */
export interface BaseServer {
  readonly url: string;
  readonly placements: readonly Placement[];
  /** Stops the node; what was on its chain is gone. */
  close(): Promise<void>;
}

/**
 * Starts a node of the local Base and funds the well-known accounts.
 *
 * @param options - `port` 0 takes any free one.
 * @throws {PortInUseError} something else listens on the port.
 */
export async function serveBase({ port }: { port: number }): Promise<BaseServer> {
  await assertPortFree(port);
  // A signature counts for a minute: blocks that are mined faster than one a second must not run ahead of this machine's clock.
  const override = { allowBlocksWithSameTimestamp: true };
  const server = await network.createServer({ network: "localBase", chainType: "op", override }, "127.0.0.1", port);
  const listening = await server.listen();
  const url = `http://127.0.0.1:${listening.port}`;
  try {
    const provider = httpProvider(url);
    const placements = await installBase(provider, actors);
    for (let place = 0; place < PREFUNDED; place++) {
      const account = testAccount(place).address;
      await mintUsdc(provider, { minter: actors.usdcMinter.address, account, amount: SERVED_USDC });
    }
    // Last, because the set-up itself has cost some of these accounts gas.
    for (let place = 0; place < PREFUNDED; place++) {
      await setBalance(provider, testAccount(place).address, SERVED_WEI);
    }
    return { url, placements, close: () => server.close() };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Hardhat's server ends the whole process when it cannot listen, so the port is tried first. */
async function assertPortFree(port: number): Promise<void> {
  const probe = createServer().listen(port, "127.0.0.1");
  try {
    await once(probe, "listening");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") throw new PortInUseError(port, error);
    throw error;
  }
  probe.close();
  await once(probe, "close");
}
