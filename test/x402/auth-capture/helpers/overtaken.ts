import { createWalletClient, custom } from "viem";
import { base as baseChain } from "viem/chains";
import type { Bench, Served } from "./bench.ts";

/** What happens around each transaction of a facilitator. */
export interface Overtaking {
  /** Before it is mined. */
  readonly meanwhile: () => Promise<unknown>;
  /** False leaves it unmined; true by default. */
  readonly isMined?: boolean;
}

/** A facilitator before whose transactions something else happens. */
export async function serveOvertaken(
  bench: Bench,
  { meanwhile, isMined = true }: Overtaking,
  options: Parameters<Bench["serve"]>[0] = {},
  more: Parameters<Bench["serve"]>[1] = {},
): Promise<Served> {
  const { provider } = bench.base.connection;
  const request = async (args: { method: string; params?: unknown }) => {
    if (args.method !== "eth_sendRawTransaction") return provider.request(args as never);
    await meanwhile();
    // Mined apart, the node says nothing of a revert when it is sent.
    await provider.request({ method: "evm_setAutomine", params: [false] });
    const hash = await provider.request(args as never);
    if (isMined) await provider.request({ method: "evm_mine", params: [] });
    await provider.request({ method: "evm_setAutomine", params: [true] });
    return hash;
  };
  const transport = custom({ request }, { retryCount: 0 });
  const wallet = createWalletClient({ account: bench.sender.account, chain: baseChain, transport });
  return bench.serve({ wallet, receiptTimeout: isMined ? 5_000 : 300, ...options }, more);
}
