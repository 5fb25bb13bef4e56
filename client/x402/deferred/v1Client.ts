import type {
  PaymentPayloadContext,
  PaymentPayloadResult,
  PaymentRequirements,
  SchemeNetworkClient,
} from "@x402/core/types";
import type { Address } from "viem";
import { largest } from "../../core/amounts.ts";
import { signVoucher, type TypedDataSigner, type Voucher } from "../../voucher/index.ts";
import { checkCorrection } from "./buyerCorrection.ts";
import type { DepositPolicy } from "./buyerDeposits.ts";
import type { BuyerEvent, BuyerLimits, BuyerOptions, PaymentTerms } from "./buyerTypes.ts";
import { findDefaultAssetV1 } from "../core/assetFinder.ts";
import { toRequirementsV2 } from "../core/terms.ts";
import { toTerms } from "./client.ts";
import { DEFERRED_SCHEME } from "./constants.ts";
import { PriceLimitError, UnreadableOfferError } from "./errors.ts";
import { createEscrowTrust } from "./escrowTrust.ts";
import { createDepositsV1, type DepositsV1 } from "./v1Deposits.ts";
import { toWirePayload } from "./wire.ts";

const DAY = 86_400n;
const DEFAULT_LIFETIME = 8n * DAY;

/** Settings of {@link DeferredEvmSchemeV1}. */
export interface DeferredEvmSchemeV1Options {
  /** Who pays; signs deposits too. */
  readonly buyer: { readonly address: Address } & TypedDataSigner;
  /** Escrows to pay through, at least one; see {@link BuyerOptions.escrows}. */
  readonly escrows: readonly Address[];
  /** How to deposit when the offer tells a balance below the price; `false` never deposits. */
  readonly deposit?: DepositPolicy | false;
  /**
   * `maxExposure` and `maxTotalExposure` hold for the deposits that this instance has signed, charged or not: a version 1 client is told
   * nothing of what became of them.
   */
  readonly limits?: BuyerLimits;
  /** Says whether a deposit that has expired was executed; see {@link BuyerOptions.wasDepositUsed}. */
  readonly wasDepositUsed?: BuyerOptions["wasDepositUsed"];
  /** Seconds a voucher can be collected; eight days by default. */
  readonly voucherLifetime?: bigint;
  /** Is told of deposits that are signed, and of checks that fail. */
  readonly onEvent?: (event: BuyerEvent) => void;
  /** Unix seconds; the system's by default. */
  readonly now?: () => bigint;
}

/**
 * Scheme `deferred` for `x402Client.registerV1`. Follows the offer of each 402, as the scheme's own clients do, because the SDK tells a
 * version 1 scheme nothing of the answers: with the buyer header and a seller in open mode a series goes on, otherwise every payment
 * opens a lane.
 *
 * @example
 * const client = new x402Client().registerV1("base", new DeferredEvmSchemeV1({ buyer, escrows: [escrow] }));
 * const paidFetch = wrapFetchWithPayment(withBuyerHeader(fetch, buyer.address), client);
 */
export class DeferredEvmSchemeV1 implements SchemeNetworkClient {
  /** Id of the scheme, for the SDK. */
  readonly scheme = DEFERRED_SCHEME;
  readonly #options: DeferredEvmSchemeV1Options;
  readonly #address: Address;
  readonly #requireTrusted: (escrow: Address) => void;
  readonly #deposits: DepositsV1;

  /** @throws {DeferredConfigurationError} no escrow is trusted. */
  constructor(options: DeferredEvmSchemeV1Options) {
    this.#options = options;
    this.#requireTrusted = createEscrowTrust(options.escrows);
    this.#address = options.buyer.address.toLowerCase() as Address;
    this.#deposits = createDepositsV1({
      signer: options.buyer,
      buyer: this.#address,
      policy: options.deposit ?? {},
      limits: options.limits ?? {},
      wasDepositUsed: options.wasDepositUsed,
      now: () => this.#now(),
      emit: options.onEvent ?? (() => undefined),
    });
  }

  readonly findDefaultAsset = findDefaultAssetV1;

  /**
   * Signs a payment for an offer of a version 1 402.
   *
   * @throws {UnreadableOfferError} a field of the offer is not what the scheme says, or it continues a series that is not ours.
   * @throws {PriceLimitError} {@link DepositNeededError} {@link UntrustedEscrowError} the buyer's limits.
   */
  async createPaymentPayload(
    x402Version: number,
    requirements: PaymentRequirements,
    context?: PaymentPayloadContext,
  ): Promise<PaymentPayloadResult> {
    const { scheme, network } = requirements;
    const terms = toTerms(toRequirementsV2(requirements));
    this.#requireTrusted(terms.offer.escrow);
    const { maxPrice } = this.#options.limits ?? {};
    if (maxPrice !== undefined && terms.price > maxPrice) throw new PriceLimitError(terms.price, maxPrice);
    const cap = context?.maxAmountPerPayment;
    const voucher = await this.#nextVoucher(terms);
    const deposit = await this.#deposits(terms, cap === undefined ? undefined : BigInt(cap));
    const signature = await signVoucher(this.#options.buyer, voucher);
    const payload = toWirePayload({ voucher, signature, ...(deposit !== undefined && { deposit }) });
    // The SDK sends a version 1 result as it is, so it names its scheme and network.
    return { x402Version, scheme, network, payload: { ...payload } } as PaymentPayloadResult;
  }

  async #nextVoucher({ chainId, seller, asset, price, offer }: PaymentTerms): Promise<Voucher> {
    const now = this.#now();
    const expiry = now + (this.#options.voucherLifetime ?? DEFAULT_LIFETIME);
    const account = { chainId, escrow: offer.escrow, seller, asset, buyer: this.#address };
    const fresh = { ...account, id: offer.id, valueAggregate: price, timestamp: now, nonce: 0n, expiry };
    if (offer.type === "new") return fresh;
    const correction = await checkCorrection({ account, offer, remembered: 0n, ownKeys: [this.#address] });
    if (correction.kind !== "proven")
      throw new UnreadableOfferError("it continues a series that this buyer has not signed.");
    const { voucher, charged } = correction;
    const ceiling = largest(charged + price, voucher.valueAggregate);
    return {
      ...fresh,
      valueAggregate: ceiling,
      nonce: voucher.nonce + 1n,
      timestamp: largest(now, voucher.timestamp),
      expiry: largest(expiry, voucher.expiry),
    };
  }

  #now(): bigint {
    return this.#options.now?.() ?? BigInt(Math.floor(Date.now() / 1000));
  }
}
