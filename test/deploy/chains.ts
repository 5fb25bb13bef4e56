import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { PERMIT2 } from "../base/addresses.ts";
import { installArachnidProxy } from "../base/arachnidProxy.ts";
import { installCommerce } from "../base/commerce.ts";
import { installCreateX } from "../base/createX.ts";
import { installMulticall3 } from "../base/multicall3.ts";
import { permit2Code } from "../base/permit2.ts";
import { httpProvider, setCode, type Provider } from "../base/provider.ts";

/** A chain that a test wants to have. */
export interface NodeOptions {
  readonly chainId: number;
  readonly chainType: "generic" | "l1" | "op";
  readonly hardfork?: string;
  /** Milliseconds between blocks; without it, each transaction is mined at once. */
  readonly intervalMs?: number;
}

/** A chain of its own, in another process. */
export interface TestChain {
  readonly chainId: number;
  readonly url: string;
  readonly provider: Provider;
}

/** Starts chains in one process. */
export interface Nodes {
  start(options: NodeOptions): Promise<TestChain>;
  stop(): Promise<void>;
}

/** Starts the process of the chains. The caller stops it. */
export async function startNodes(): Promise<Nodes> {
  const child = fork(fileURLToPath(new URL("nodes.ts", import.meta.url)), { silent: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data: Buffer) => (output += data.toString()));
  const answer = async (): Promise<{ url: string }> => {
    const ended = once(child, "exit").then(() => {
      throw new Error(`The process of the chains has ended: ${output}`);
    });
    const [message] = (await Promise.race([once(child, "message"), ended])) as [{ url: string }];
    return message;
  };
  await answer();
  return {
    async start(options) {
      child.send(options);
      const { url } = await answer();
      return { chainId: options.chainId, url, provider: httpProvider(url) };
    },
    stop: () => stop(child),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** Puts the canonical contracts on a chain, as a real one has them. */
export async function installCanonical(
  { provider, chainId }: TestChain,
  { createX = true, commerce = true }: { createX?: boolean; commerce?: boolean } = {},
): Promise<void> {
  await setCode(provider, PERMIT2, permit2Code(chainId));
  await installMulticall3(provider);
  await installArachnidProxy(provider);
  if (createX) await installCreateX(provider);
  if (commerce) await installCommerce(provider);
}
