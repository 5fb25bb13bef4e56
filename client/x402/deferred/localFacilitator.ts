import type { FacilitatorClient } from "@x402/core/server";
import type { Network } from "@x402/core/types";
import { createLocalClient } from "../core/localFacilitator.ts";
import { messageOf } from "./codes.ts";
import { DEFERRED_SCHEME } from "./constants.ts";

/**
 * Makes a facilitator client for sellers that have no facilitator: it names the networks, which `x402ResourceServer` needs to start, and
 * refuses everything else. With {@link DeferredEvmServer} it is never asked.
 *
 * @param networks - CAIP-2 networks to serve, each in full.
 * @returns The client, for `x402ResourceServer`.
 *
 * @example
 * const resources = new x402ResourceServer(createLocalFacilitatorClient(["eip155:8453"]));
 */
export function createLocalFacilitatorClient(networks: readonly Network[]): FacilitatorClient {
  return createLocalClient({ scheme: DEFERRED_SCHEME, networks, messageOf });
}
