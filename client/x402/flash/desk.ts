import type { Address } from "viem";
import type { TokenDomain } from "../../core/funding.ts";
import type { SettleFirst } from "../../seller/flash/settleFirst.ts";
import type {
  FlashAcceptor,
  FlashChainFacts,
  FlashLimits,
  FlashStore,
  SettlementId,
} from "../../seller/flash/types.ts";
import { amountOf } from "../core/assets.ts";
import { PAYLOAD_TYPES } from "./constants.ts";
import type { OpeningRelayer } from "./relayer.ts";
import type { ServerTerms } from "./types.ts";

/** Shortest `ttlSeconds` that openings need unless the desk says otherwise. */
const DEFAULT_MIN_TTL = 3_600n;

/** One server address on one chain: who accepts its payments, and how escrows for it get opened. */
export interface ServerDesk {
  readonly settlement: SettlementId;
  /** Who is paid. */
  readonly server: Address;
  /** ERC-20 contracts of the acceptor. */
  readonly tokens: readonly Address[];
  readonly acceptor: FlashAcceptor;
  /** What the server has accepted. */
  readonly store: Pick<FlashStore, "getEscrow" | "getLane" | "listLanes" | "getItem">;
  /** The acceptor's view of the chain. */
  readonly chain: Pick<FlashChainFacts, "refreshEscrow">;
  /** Who sends openings; absent when none are relayed. */
  readonly relayer?: OpeningRelayer;
  /** Settles the original transaction of three arguments before the request is served; absent when it is not taken. */
  readonly settleFirst?: SettleFirst;
  /** Milliseconds that a request waits for such a transaction, the confirmations included; 60,000 by default. */
  readonly settleFirstWait?: number;
  /** Least `ttlSeconds` of openings that have one; an hour by default. */
  readonly minTtlSeconds?: bigint;
  /** Lane that is suggested to clients; 0 by default. */
  readonly lane?: bigint;
}

/** Desks by server: a list, or a look-up for whoever serves many. */
export type ServerDesks = readonly ServerDesk[] | ((chainId: bigint, server: Address) => ServerDesk | undefined);

/** Finds the desk of a server and token, none of which need be well-formed; undefined when it is not served here. */
export function findDesk(
  desks: ServerDesks,
  chainId: bigint | undefined,
  payTo: unknown,
  asset: unknown,
): ServerDesk | undefined {
  if (chainId === undefined || typeof payTo !== "string" || typeof asset !== "string") return undefined;
  const server = payTo.toLowerCase();
  const desk =
    typeof desks === "function"
      ? desks(chainId, server as Address)
      : desks.find((entry) => entry.settlement.chainId === chainId && entry.server.toLowerCase() === server);
  return desk?.tokens.some((token) => token.toLowerCase() === asset.toLowerCase()) === true ? desk : undefined;
}

/** What a desk demands of the escrows in a token. */
export function termsOf(
  desk: ServerDesk,
  {
    token,
    price,
    tokenDomain,
  }: { readonly token: Address; readonly price: bigint; readonly tokenDomain?: TokenDomain },
): ServerTerms {
  const { settlement, acceptor, relayer, settleFirst } = desk;
  const least = relayer && amountOf(relayer.minimumOpenings, token);
  const isRelayed = relayer !== undefined && least !== undefined;
  return {
    settlement: settlement.settlement,
    payloadTypes: PAYLOAD_TYPES.filter((type) => {
      if (type === "transaction") return takesTransactions(acceptor.limits, price);
      return type !== "open" || isRelayed;
    }),
    minEscrow: leastEscrowOf(desk, token),
    minTtlSeconds: minTtlOf(desk),
    minCloseDelay: acceptor.limits.minCloseDelay,
    openMethods: isRelayed ? relayer.methods : [],
    ...(tokenDomain !== undefined && { tokenDomain }),
    ...(isRelayed && { facilitatorOpen: relayer.name }),
    isSettledBeforeServed: settleFirst !== undefined,
  };
}

/** Whether a request of this price may be paid by a signed transaction. */
function takesTransactions(
  { maxTransactions, minTransaction }: Pick<FlashLimits, "maxTransactions" | "minTransaction">,
  price: bigint,
): boolean {
  return maxTransactions > 0 && price >= minTransaction;
}

/** Least escrow in a token, token base units; where openings are relayed, the relayer's least opening if that is more. */
export function leastEscrowOf({ acceptor, relayer }: ServerDesk, token: Address): bigint {
  const { minEscrow } = acceptor.limits;
  const least = (relayer && amountOf(relayer.minimumOpenings, token)) ?? 0n;
  return least > minEscrow ? least : minEscrow;
}

/** Least `ttlSeconds` of openings that have one. The close delay may not be longer. */
export function minTtlOf({ acceptor, minTtlSeconds = DEFAULT_MIN_TTL }: ServerDesk): bigint {
  const { minCloseDelay } = acceptor.limits;
  return minTtlSeconds > minCloseDelay ? minTtlSeconds : minCloseDelay;
}
