import type { Address } from "viem";
import { canonical } from "../../deployments/index.ts";
import { deployInMemory } from "../../scripts/deploy-in-memory.ts";
import { authCaptureModule } from "../../ignition/modules/auth-capture.ts";
import { flashModule } from "../../ignition/modules/flash.ts";
import { voucherModule } from "../../ignition/modules/voucher.ts";
import { httpProvider, type Provider } from "../base/provider.ts";
import { serveBase } from "../base/serve.ts";

/** A local Base that other processes can reach. */
export interface Served {
  readonly rpcUrl: string;
  readonly provider: Provider;
  close(): Promise<void>;
}

/** One with VoucherEscrow on it. */
export interface ServedBase extends Served {
  readonly escrow: Address;
}

/** One with FlashSettlement on it. */
export interface ServedFlashBase extends Served {
  readonly settlement: Address;
}

/** Starts one on any free port. */
export async function serveBaseWithEscrow(): Promise<ServedBase> {
  const { address: escrow, ...served } = await serveWith(voucherModule);
  return { ...served, escrow };
}

/** One with TermsOperatorFactory on it. */
export interface ServedAuthCaptureBase extends Served {
  readonly factory: Address;
}

/** Starts one on any free port. */
export async function serveBaseWithFactory(): Promise<ServedAuthCaptureBase> {
  const { address: _first, ...served } = await serveWith(authCaptureModule);
  return { ...served, factory: canonical.TermsOperatorFactory };
}

/** Starts one on any free port. */
export async function serveBaseWithSettlement(): Promise<ServedFlashBase> {
  const { address: settlement, ...served } = await serveWith(flashModule);
  return { ...served, settlement };
}

async function serveWith(
  ignitionModule: Parameters<typeof deployInMemory>[1],
): Promise<Served & { readonly address: Address }> {
  const server = await serveBase({ port: 0 });
  const provider = httpProvider(server.url);
  const [deployed] = await deployInMemory(provider, ignitionModule);
  if (deployed === undefined) throw new Error("Ignition deployed nothing");
  return { rpcUrl: server.url, provider, address: deployed.address as Address, close: () => server.close() };
}
