import { MAX_NAME_LENGTH } from "../core/fields.ts";
import { parse, type Fields } from "./fields.ts";
import { MAX_UINT256, MAX_UINT64, toWireInteger } from "../core/fields.ts";
import type { AccountDetails, DepositTerms, Offer, Parsed, Settlement, WireOffer, WireSettlement } from "./types.ts";
import { DEPOSIT_METHODS, readVoucher, toWireVoucher } from "./wire.ts";

const PAYLOAD = "invalid_deferred_evm_payload_malformed";
const OFFER = "invalid_deferred_evm_requirements";
const MAX_URL_LENGTH = 512;
const MAX_LANES = 1_000_000n;

/* OFFER */

/**
 * Reads `extra` of an offer. Nothing in it is proven.
 *
 * - Source: docs/x402/deferred.md, Offer
 *
 * @param extra - `PaymentRequirements.extra` of an offer with scheme `deferred`.
 * @returns The offer, or why it cannot be read. Never throws.
 *
 * @example
 * const offer = parseOffer(requirements.extra);
 * if (offer.isValid) console.log(offer.value.id);
 */
export function parseOffer(extra: unknown): Parsed<Offer> {
  return parse(extra, OFFER, (fields) => {
    const lane = fields.object("voucher");
    const account = fields.has("account") ? fields.object("account") : undefined;
    const domain =
      readTokenDomain(fields, "name", "version") ?? readTokenDomain(account, "assetDomainName", "assetDomainVersion");
    return {
      ...(fields.has("type") && { type: fields.oneOf("type", ["new", "aggregation"] as const) }),
      id: lane.bytes32("id"),
      escrow: lane.address("escrow"),
      ...(fields.has("signature") && {
        latest: { voucher: readVoucher(lane), signature: fields.signature("signature") },
      }),
      ...(fields.has("charged") && { charged: fields.amount("charged") }),
      ...(account !== undefined && { account: readAccount(account) }),
      ...(domain !== undefined && { tokenDomain: domain }),
      ...(fields.has("deposit") && { deposit: readDepositTerms(fields.object("deposit")) }),
      ...(fields.has("thawingPeriod") && { thawingPeriod: fields.integer("thawingPeriod", MAX_UINT64) }),
      ...(fields.has("minVoucherLifetime") && { minVoucherLifetime: fields.integer("minVoucherLifetime", MAX_UINT64) }),
      ...(fields.has("maxLanes") && { maxLanes: Number(fields.integer("maxLanes", MAX_LANES)) || 1 }),
      isMetered: fields.has("metered") && fields.flag("metered"),
    };
  });
}

function readTokenDomain(fields: Fields | undefined, name: string, version: string): Offer["tokenDomain"] {
  if (fields === undefined || !fields.has(name) || !fields.has(version)) return undefined;
  return { name: fields.text(name, MAX_NAME_LENGTH), version: fields.text(version, MAX_NAME_LENGTH) };
}

function readAccount(fields: Fields): AccountDetails {
  return {
    balance: fields.amount("balance"),
    ...(fields.has("assetAllowance") && { assetAllowance: fields.amount("assetAllowance") }),
    ...(fields.has("assetPermitNonce") && { assetPermitNonce: fields.integer("assetPermitNonce", MAX_UINT256) }),
    ...(fields.has("facilitator") && { facilitator: fields.text("facilitator", MAX_URL_LENGTH) }),
  };
}

function readDepositTerms(fields: Fields): DepositTerms {
  return {
    minimum: fields.amount("minimum"),
    suggested: fields.amount("suggested"),
    methods: fields.listOf("methods", DEPOSIT_METHODS),
  };
}

/**
 * Writes the part of an offer that names a lane: what changes from one 402 to the next.
 *
 * - Source: docs/x402/deferred.md, Offer
 *
 * @param offer - The lane; amounts in token base units.
 * @returns The fields of `extra` that change from one 402 to the next.
 *
 * @example
 * const extra = { ...terms, ...toWireLane({ type: "new", id: DEFAULT_LANE, escrow }) };
 */
export function toWireLane(offer: Pick<Offer, "type" | "id" | "escrow" | "latest" | "charged">): WireOffer {
  return {
    ...(offer.type !== undefined && { type: offer.type }),
    voucher: offer.latest === undefined ? { id: offer.id, escrow: offer.escrow } : toWireVoucher(offer.latest.voucher),
    ...(offer.latest !== undefined && { signature: offer.latest.signature }),
    ...(offer.charged !== undefined && { charged: offer.charged.toString() }),
  };
}

/* SETTLEMENT */

/**
 * Reads `extra` of a settlement answer. Never throws.
 *
 * - Source: docs/x402/deferred.md, Settlement
 *
 * @param extra - `SettleResponse.extra`; may be anything.
 * @returns The settlement, `charged` in token base units; or why it cannot be read. Never throws.
 *
 * @example
 * const settlement = parseSettlement(settleResponse.extra);
 */
export function parseSettlement(extra: unknown): Parsed<Settlement> {
  return parse(extra, PAYLOAD, (fields) => {
    const voucher = fields.object("voucher");
    return {
      commitment: fields.bytes32("commitment"),
      id: voucher.bytes32("id"),
      nonce: voucher.integer("nonce", MAX_UINT256),
      charged: fields.amount("charged"),
      ...(fields.has("depositTransaction") && { depositTransaction: fields.bytes32("depositTransaction") }),
      ...(fields.has("depositUnused") && { isDepositUnused: fields.flag("depositUnused") }),
    };
  });
}

/**
 * Writes `extra` of a settlement answer.
 *
 * - Source: docs/x402/deferred.md, Settlement
 *
 * @param settlement - `charged` in token base units.
 * @returns `SettleResponse.extra`.
 *
 * @example
 * const extra = toWireSettlement({ commitment, id, nonce, charged });
 */
export function toWireSettlement(settlement: Settlement): WireSettlement & Record<string, unknown> {
  return {
    commitment: settlement.commitment,
    voucher: { id: settlement.id, nonce: toWireInteger(settlement.nonce) },
    charged: settlement.charged.toString(),
    ...(settlement.depositTransaction !== undefined && { depositTransaction: settlement.depositTransaction }),
    ...(settlement.isDepositUnused !== undefined && { depositUnused: settlement.isDepositUnused }),
  };
}
