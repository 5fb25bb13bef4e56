import type { PaymentPayloadResult, PaymentRequirements, SchemeNetworkClient } from "@x402/core/types";
import type { Address } from "viem";
import { signNumberedPayment, type TransactionSigner } from "../../flash/sign.ts";
import { findDefaultAssetV1 } from "../core/assetFinder.ts";
import { toRequirementsV2 } from "../core/terms.ts";
import { toTerms } from "./client.ts";
import { FLASH_SCHEME } from "./constants.ts";
import type { EscrowReader } from "./escrowReader.ts";
import { createPayerContext, type PayerContext } from "./payerContext.ts";
import { PriceLimitError } from "./payerErrors.ts";
import type { PayerLimits, PayerOptions } from "./payerTypes.ts";

/** Settings of {@link FlashEvmSchemeV1}. */
export interface FlashEvmSchemeV1Options {
  /** The payer; its open escrow names it as signer. */
  readonly client: { readonly address: Address } & TransactionSigner;
  /** FlashSettlement contracts to pay through, at least one; see {@link PayerOptions.settlements}. */
  readonly settlements: readonly Address[];
  /** Most that one request may cost. */
  readonly limits?: Pick<PayerLimits, "maxPrice">;
  /** Says in which epoch the escrow is. Without it the first one, 0, is taken. */
  readonly chain?: EscrowReader;
  /** How the transactions would be mined; by default they never are, and the server settles them. */
  readonly transactionTerms?: NonNullable<PayerOptions["transactionTerms"]>;
}

/**
 * Scheme `flash` for `x402Client.registerV1`: pays with the bare signed transaction of the scheme's first version, a call of
 * `settleNumberedPayment`. Each is a payment of its own, so requests may run in parallel and nothing has to be remembered.
 *
 * @example
 * const client = new x402Client().registerV1("base", new FlashEvmSchemeV1({ client: account, settlements: [settlement] }));
 */
export class FlashEvmSchemeV1 implements SchemeNetworkClient {
  /** Id of the scheme, for the SDK. */
  readonly scheme = FLASH_SCHEME;
  readonly #options: FlashEvmSchemeV1Options;
  readonly #context: PayerContext;

  /** @throws {FlashConfigurationError} no contract is trusted. */
  constructor(options: FlashEvmSchemeV1Options) {
    this.#options = options;
    this.#context = createPayerContext({ ...options, payBy: "transaction" });
  }

  readonly findDefaultAsset = findDefaultAssetV1;

  /**
   * Signs a payment for an offer of a version 1 402.
   *
   * @throws {UnreadableOfferError} a field of the offer is not what the scheme says.
   * @throws {UntrustedSettlementError} {@link PriceLimitError} the payer's limits.
   */
  async createPaymentPayload(x402Version: number, requirements: PaymentRequirements): Promise<PaymentPayloadResult> {
    const { scheme, network } = requirements;
    const { chainId, server, token, price, offer } = toTerms(toRequirementsV2(requirements));
    const { requireTrusted, address: client, transactionTerms } = this.#context;
    requireTrusted(offer.settlement);
    const { maxPrice } = this.#options.limits ?? {};
    if (maxPrice !== undefined && price > maxPrice) throw new PriceLimitError(price, maxPrice);
    const reference = { chainId, settlement: offer.settlement };
    const escrow = { ...reference, client, server, token };
    const { epoch } = (await this.#options.chain?.readEscrow(escrow, "latest")) ?? { epoch: 0n };
    const nonce = crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
    const payment = { server, token, amount: price, nonce, deadline: 0n, epoch };
    const transaction = await transactionTerms(escrow);
    const payload = await signNumberedPayment(this.#options.client, { ...reference, payment, transaction });
    // The SDK sends a version 1 result as it is, so it names its scheme and network; the payload of this scheme is a text.
    return { x402Version, scheme, network, payload } as unknown as PaymentPayloadResult;
  }
}
