import type { FacilitatorClient } from "@x402/core/server";
import type { x402Facilitator } from "@x402/core/facilitator";
import type { Network, SupportedResponse } from "@x402/core/types";

/** What {@link createLocalClient} is made of. */
export interface LocalClientParameters {
  readonly scheme: string;
  /** CAIP-2 networks to serve, each in full. */
  readonly networks: readonly Network[];
  /** Sentence for each of the two codes it refuses with. */
  readonly messageOf: (code: "unexpected_verify_error" | "unexpected_settle_error") => string;
}

/**
 * Makes a facilitator client for sellers that have no facilitator: it names the networks, which `x402ResourceServer` needs to start, and
 * refuses everything else. The server side of a scheme never asks it.
 */
export function createLocalClient({ scheme, networks, messageOf }: LocalClientParameters): FacilitatorClient {
  const supported: SupportedResponse = {
    kinds: networks.map((network) => ({ x402Version: 2, scheme, network })),
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
