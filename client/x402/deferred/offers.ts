import type { Address, Hex } from "viem";
import { ChainBusyError, ChainUnavailableError } from "../../seller/core/errors.ts";
import { THAWING_PERIOD } from "../../seller/voucher/limits.ts";
import type { LaneOffer } from "../../seller/voucher/store/types.ts";
import { randomNonce } from "../../voucher/index.ts";
import { DEFAULT_LANE } from "../../voucher/types.ts";
import { BUYER_HEADER, BUYER_HEADER_V1 } from "./constants.ts";
import type { AssetFacts } from "../core/assets.ts";
import { toWireInteger } from "../core/fields.ts";
import type { HeaderOf } from "../core/nextOffer.ts";
import type { Corrective } from "./refusals.ts";
import { readFactsFor, termsOf, type SellerDesk } from "./sellerDesk.ts";
import type { DepositTerms, WireAccountDetails, WireOffer } from "./types.ts";
import { toWireLane } from "./wireOffer.ts";

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/** Keys of {@link WireOffer} that change from one 402 to the next, and that a payment need not echo. */
export const DYNAMIC_KEYS = ["type", "voucher", "signature", "charged", "account"] as const;

/** Settings of {@link createOffers}. */
export interface OffersOptions {
  /**
   * The scheme's own way: whoever names a buyer is shown its latest voucher and what it has used. For clients that keep no state; anybody
   * can then watch any buyer.
   */
  readonly isOpen?: boolean;
  readonly onError?: (error: unknown) => void;
}

/** Who asks for an offer, and for what. */
export interface OfferRequest {
  readonly desk: SellerDesk;
  readonly asset: Address;
  /** Token base units. */
  readonly price: bigint;
  /** Address in the buyer header; a claim of a stranger. */
  readonly buyer: Address | undefined;
}

/** Makes the part of a 402 that names a lane. Nothing here throws: an offer is only a hint, the payment finds out what is true. */
export interface Offers {
  /** For an unpaid request. Without a buyer, or when its account cannot be read now, it is the default lane. */
  offer(request: OfferRequest): Promise<WireOffer>;
  /** The same for clients that remember nothing: a lane that is new, or in open mode all they need to go on. */
  offerToStateless(request: OfferRequest): Promise<WireOffer>;
}

/** Makes the offers of a seller. */
export function createOffers({ isOpen = false, onError = () => undefined }: OffersOptions): Offers {
  async function offerTo(buyer: Address, { desk, asset, price }: OfferRequest): Promise<WireOffer> {
    const lane = await desk.acceptor.offerLane({ buyer, asset });
    const account = await readAccount(buyer, { desk, asset, price });
    return { ...toWireLane(isOpen ? toFullLane(lane) : toPublicLane(lane)), account };
  }

  async function offerToForgetful(buyer: Address, request: OfferRequest): Promise<WireOffer> {
    const open = isOpen ? await offerTo(buyer, request) : undefined;
    // Totals without the voucher behind them are of no use to a client that remembers nothing.
    if (open?.type === "new" || open?.signature !== undefined) return open;
    return { ...freshOffer(request), account: await readAccount(buyer, request) };
  }

  async function readAccount(buyer: Address, { desk, asset, price }: Omit<OfferRequest, "buyer">) {
    const { balance, thawing, spendable } = await desk.acceptor.getAccount({ buyer, asset });
    const shown = isOpen ? spendable : balance - thawing;
    return toAccount(shown, shown < price ? await readFactsFor(desk, buyer, asset, price) : undefined, desk);
  }

  /** What goes wrong here must not keep anybody from paying. */
  async function orElse(step: (() => Promise<WireOffer>) | undefined, fallback: WireOffer): Promise<WireOffer> {
    try {
      return (await step?.()) ?? fallback;
    } catch (error) {
      if (!(error instanceof ChainUnavailableError || error instanceof ChainBusyError)) onError(error);
      return fallback;
    }
  }

  return {
    offer(request) {
      const { buyer, desk } = request;
      const step = buyer === undefined ? undefined : () => offerTo(buyer, request);
      return orElse(step, anonymousOffer(desk.acceptor.escrow.escrow));
    },
    offerToStateless(request) {
      const { buyer } = request;
      const step = buyer === undefined ? undefined : () => offerToForgetful(buyer, request);
      return orElse(step, freshOffer(request));
    },
  };
}

function freshOffer({ desk }: Pick<OfferRequest, "desk">): WireOffer {
  return anonymousOffer(desk.acceptor.escrow.escrow, randomNonce());
}

/** What anybody is offered. The default lane costs least to collect; a buyer that uses it already knows better. */
export function anonymousOffer(escrow: Address, id: Hex = DEFAULT_LANE): WireOffer {
  return toWireLane({ type: "new", id, escrow });
}

/** What a corrective 402 says to whoever has proven to be the buyer. */
export function correctiveOffer({ offer, balance, assetFacts }: Corrective, desk: SellerDesk): WireOffer {
  return { ...toWireLane(toFullLane(offer)), account: toAccount(balance, assetFacts, desk) };
}

/** Reads the buyer header of a request, under either of its names; undefined when it is none or no address. */
export function readBuyerHeader(headerOf: HeaderOf): Address | undefined {
  const value = headerOf(BUYER_HEADER) ?? headerOf(BUYER_HEADER_V1);
  return typeof value === "string" && ADDRESS.test(value) ? (value.toLowerCase() as Address) : undefined;
}

/** What is the same for every request of a price: the terms a payment echoes. */
export function staticOffer(desk: SellerDesk, asset: Address, price: bigint): Partial<WireOffer> {
  const { collectionMargin, maxLanes } = desk.acceptor.limits;
  const minVoucherLifetime = THAWING_PERIOD + collectionMargin;
  return {
    ...toWireTerms({ thawingPeriod: THAWING_PERIOD, minVoucherLifetime }, termsOf(desk, asset, price)),
    maxLanes,
  };
}

/** Writes the terms of a seller. */
export function toWireTerms(
  { thawingPeriod, minVoucherLifetime }: { readonly thawingPeriod: bigint; readonly minVoucherLifetime: bigint },
  deposit: DepositTerms | undefined,
): Partial<WireOffer> {
  return {
    thawingPeriod: toWireInteger(thawingPeriod),
    minVoucherLifetime: toWireInteger(minVoucherLifetime),
    ...(deposit !== undefined && {
      deposit: { ...deposit, minimum: deposit.minimum.toString(), suggested: deposit.suggested.toString() },
    }),
  };
}

function toFullLane({ lane, type, base, latest }: LaneOffer) {
  return { type, id: lane.id, escrow: lane.escrow, ...(latest !== undefined && { latest }), charged: base };
}

/** A stranger learns the lane, and that it is new when it is; not what was charged in it. */
function toPublicLane({ lane, type }: LaneOffer) {
  return { ...(type === "new" && { type }), id: lane.id, escrow: lane.escrow };
}

function toAccount(balance: bigint, facts: AssetFacts | undefined, { relayer }: SellerDesk): WireAccountDetails {
  return {
    balance: balance.toString(),
    ...(facts !== undefined && { assetAllowance: facts.assetAllowance.toString() }),
    ...(facts?.assetPermitNonce !== undefined && { assetPermitNonce: facts.assetPermitNonce.toString() }),
    ...(relayer !== undefined && { facilitator: relayer.name }),
  };
}
