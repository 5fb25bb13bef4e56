import { x402Facilitator } from "@x402/core/facilitator";
import type { FacilitatorClient } from "@x402/core/server";
import type { Network } from "@x402/core/types";
import { createInProcessFacilitatorClient } from "../core/localFacilitator.ts";
import { networkOfChainId } from "../core/network.ts";
import { AuthCaptureEvmFacilitator, type AuthCaptureEvmFacilitatorOptions } from "./facilitator.ts";

/**
 * Makes a facilitator for servers that have none: it runs in the server's own process and pays the gas from the server's own account.
 *
 * - Source: docs/x402/auth-capture.md
 *
 * @param options - As of {@link AuthCaptureEvmFacilitator}.
 * @returns The client, for `x402ResourceServer`.
 * @throws {AuthCaptureConfigurationError} a wallet has no account, or a chain has no least payment.
 *
 * @example
 * const server = new x402ResourceServer(createLocalFacilitatorClient({ chains: [base] }));
 */
export function createLocalFacilitatorClient(options: AuthCaptureEvmFacilitatorOptions): FacilitatorClient {
  const networks: Network[] = options.chains.map(({ chainId }) => networkOfChainId(chainId));
  const facilitator = new x402Facilitator().register(networks, new AuthCaptureEvmFacilitator(options));
  return createInProcessFacilitatorClient(facilitator);
}
