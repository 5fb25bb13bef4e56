import type { Address } from "viem";
import { deployInMemory } from "../../scripts/deploy-in-memory.ts";
import { voucherModule } from "../../ignition/modules/voucher.ts";
import { httpProvider, type Provider } from "../base/provider.ts";
import { serveBase } from "../base/serve.ts";

/** A local Base that other processes can reach, with VoucherEscrow on it. */
export interface ServedBase {
  readonly rpcUrl: string;
  readonly provider: Provider;
  readonly escrow: Address;
  close(): Promise<void>;
}

/** Starts one on any free port. */
export async function serveBaseWithEscrow(): Promise<ServedBase> {
  const server = await serveBase({ port: 0 });
  const provider = httpProvider(server.url);
  const [deployed] = await deployInMemory(provider, voucherModule);
  if (deployed === undefined) throw new Error("Ignition deployed nothing");
  return { rpcUrl: server.url, provider, escrow: deployed.address as Address, close: () => server.close() };
}
