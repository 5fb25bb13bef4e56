import { amountOf } from "../core/assets.ts";
import type { AssetFacts } from "../core/assets.ts";
import type { Address } from "viem";
import type { Acceptor } from "../../seller/voucher/types.ts";
import type { ChainView } from "../../seller/voucher/chain/types.ts";
import { depositTermsFor, type DepositTermsPolicy } from "./depositTerms.ts";
import type { Relayer } from "./relayer.ts";
import type { DepositTerms } from "./types.ts";

/** One seller address on one chain: who accepts its vouchers, and how deposits for it get on-chain. */
export interface SellerDesk {
  readonly acceptor: Acceptor;
  /** The acceptor's view of the chain: a deposit counts as soon as it has seen it. */
  readonly chainView: Pick<ChainView, "refreshAccount">;
  /** Who sends deposits and signer authorizations; absent when none are relayed. */
  readonly relayer?: Relayer;
  /** Which deposits are worth their gas. */
  readonly deposits?: DepositTermsPolicy;
}

/** Desks by seller: a list, or a look-up for whoever serves many. */
export type SellerDesks = readonly SellerDesk[] | ((chainId: bigint, seller: Address) => SellerDesk | undefined);

/** Finds the desk of a seller and asset, none of which need be well-formed; undefined when it is not served here. */
export function findDesk(
  desks: SellerDesks,
  chainId: bigint | undefined,
  payTo: unknown,
  asset: unknown,
): SellerDesk | undefined {
  if (chainId === undefined || typeof payTo !== "string" || typeof asset !== "string") return undefined;
  const seller = payTo.toLowerCase() as Address;
  const desk =
    typeof desks === "function"
      ? desks(chainId, seller)
      : desks.find(({ acceptor }) => acceptor.escrow.chainId === chainId && acceptor.seller === seller);
  return desk?.acceptor.assets.includes(asset.toLowerCase() as Address) === true ? desk : undefined;
}

/** Which deposits a desk relays for a price; undefined when it relays none. */
export function termsOf({ relayer, deposits }: SellerDesk, asset: Address, price: bigint): DepositTerms | undefined {
  return relayer && depositTermsFor({ policy: deposits, relayed: relayer, price, asset });
}

/** Least deposit that a desk's relayer sends, token base units; undefined when none in the asset is relayed. */
export function leastDepositOf({ relayer }: SellerDesk, asset: Address): bigint | undefined {
  return relayer && amountOf(relayer.minimumDeposits, asset);
}

/** Reads what a buyer must know of its tokens to deposit; undefined when the desk's methods need none of it. */
export async function readFactsFor(
  desk: SellerDesk,
  buyer: Address,
  asset: Address,
  price: bigint,
): Promise<AssetFacts | undefined> {
  const methods = termsOf(desk, asset, price)?.methods ?? [];
  const isNeeded = methods.includes("eip2612") || methods.includes("allowance");
  return isNeeded ? desk.relayer?.readAsset(buyer, asset) : undefined;
}
