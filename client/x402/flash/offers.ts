import type { PaymentRequirements } from "@x402/core/types";
import type { Address } from "viem";
import type { TokenDomain } from "../../core/funding.ts";
import { isSame } from "../core/requirements.ts";
import { termsOf, type ServerDesk } from "./desk.ts";
import type { Refusal } from "./refusals.ts";
import { toWireDynamic, toWireTerms } from "./wire.ts";

/** What is the same for every request of a route. */
export function staticExtra(
  desk: ServerDesk,
  { asset, amount, extra }: Pick<PaymentRequirements, "asset" | "amount" | "extra">,
): Record<string, unknown> {
  const named = withTokenDomain(extra);
  const domain = readDomain(named["tokenName"], named["tokenVersion"]);
  const what = { token: asset as Address, price: BigInt(amount), ...(domain !== undefined && { tokenDomain: domain }) };
  return { ...named, ...toWireTerms(termsOf(desk, what)) };
}

/** Puts the token's EIP-712 names under the scheme's own keys: `name` and `version` are those of FlashSettlement. */
export function withTokenDomain(extra: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> {
  const { name, version, ...rest } = extra ?? {};
  const domain = readDomain(name, version);
  return domain === undefined ? rest : { tokenName: domain.name, tokenVersion: domain.version, ...rest };
}

function readDomain(name: unknown, version: unknown): TokenDomain | undefined {
  return typeof name === "string" && typeof version === "string" ? { name, version } : undefined;
}

/** What changes from one 402 to the next: what corrects a refused payment, else where a client without a memory begins. */
export function dynamicExtra({ lane = 0n }: Pick<ServerDesk, "lane">, refusal?: Refusal): Record<string, unknown> {
  const { corrective, retryAfterMs, openTransaction } = refusal ?? {};
  return toWireDynamic({
    nonceBase: corrective?.nonceBase ?? 0n,
    lane,
    ...(corrective !== undefined && { corrective }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(openTransaction !== undefined && { openTransaction }),
  });
}

/** Whether a refusal is about the escrow that an offer takes payments from. */
export function isRefusedAt(
  refused: { readonly payTo: string; readonly asset: string; readonly network: string },
  { payTo, asset, network }: PaymentRequirements,
): boolean {
  return isSame(refused.payTo, payTo) && isSame(refused.asset, asset) && refused.network === network;
}
