import type { FacilitatorClient } from "@x402/core/server";
import type { x402Facilitator } from "@x402/core/facilitator";
import type { Network, SupportedResponse } from "@x402/core/types";
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
  const supported: SupportedResponse = {
    kinds: networks.map((network) => ({ x402Version: 2, scheme: DEFERRED_SCHEME, network })),
    extensions: [],
    signers: {},
  };
  return {
    getSupported: async () => supported,
    verify: async () => ({
      isValid: false,
      invalidReason: "unexpected_verify_error",
      invalidMessage: messageOf("unexpected_verify_error"),
    }),
    settle: async (_, { network }) => ({
      success: false,
      errorReason: "unexpected_settle_error",
      errorMessage: messageOf("unexpected_settle_error"),
      transaction: "",
      network,
    }),
  };
}

/**
 * Makes a client of a facilitator in the same process.
 *
 * @param facilitator - With its schemes registered.
 * @returns The client, for `x402ResourceServer`.
 *
 * @example
 * const client = createInProcessFacilitatorClient(new x402Facilitator().register(networks, scheme));
 */
export function createInProcessFacilitatorClient(facilitator: x402Facilitator): FacilitatorClient {
  return {
    verify: (payload, requirements) => facilitator.verify(payload, requirements),
    settle: (payload, requirements) => facilitator.settle(payload, requirements),
    // The facilitator types networks as any text; what was registered with it are networks.
    getSupported: async () => facilitator.getSupported() as SupportedResponse,
  };
}
