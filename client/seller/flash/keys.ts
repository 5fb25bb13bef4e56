import { toAddress } from "../core/keys.ts";
import type { FlashEscrowId, SettlementId } from "./types.ts";

/** Names the escrows of one server. */
export interface ServerId extends SettlementId {
  readonly server: FlashEscrowId["server"];
}

/** Copies an escrow's name in lower case. */
export function toEscrowId({ chainId, settlement, client, server, token }: FlashEscrowId): FlashEscrowId {
  return {
    chainId,
    settlement: toAddress(settlement),
    client: toAddress(client),
    server: toAddress(server),
    token: toAddress(token),
  };
}

/** Copies a contract's name in lower case. */
export function toSettlementId({ chainId, settlement }: SettlementId): SettlementId {
  return { chainId, settlement: toAddress(settlement) };
}

/** Copies a server's name in lower case. */
export function toServerId({ chainId, settlement, server }: ServerId): ServerId {
  return { chainId, settlement: toAddress(settlement), server: toAddress(server) };
}

/** Key of an escrow in maps. Its parts must be in lower case. */
export function escrowKey({ chainId, settlement, client, server, token }: FlashEscrowId): string {
  return `${chainId}:${settlement}:${client}:${server}:${token}`;
}

/** Key of a server in maps. Its parts must be in lower case. */
export function serverKey({ chainId, settlement, server }: ServerId): string {
  return `${chainId}:${settlement}:${server}`;
}
