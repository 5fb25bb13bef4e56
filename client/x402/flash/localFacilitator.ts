import type { FacilitatorClient } from "@x402/core/server";
import type { Network } from "@x402/core/types";
import { createLocalClient } from "../core/localFacilitator.ts";
import { messageOf } from "./codes.ts";
import { FLASH_SCHEME } from "./constants.ts";

/**
 * Makes a facilitator client for servers that have no facilitator: it names the networks, which `x402ResourceServer` needs to start, and
 * refuses everything else. With {@link FlashEvmServer} it is never asked.
 *
 * @param networks - CAIP-2 networks to serve, each in full.
 * @returns The client.
 *
 * @example
 * const server = new x402ResourceServer(createLocalFacilitatorClient(["eip155:8453"]));
 */
export function createLocalFacilitatorClient(networks: readonly Network[]): FacilitatorClient {
  return createLocalClient({ scheme: FLASH_SCHEME, networks, messageOf });
}
