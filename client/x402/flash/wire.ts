import type { Hex } from "viem";
import { FUNDING_METHODS, type FundingMethod, type OpenEscrow } from "../../flash/types.ts";
import type { FlashLane, TabProof } from "../../seller/flash/types.ts";
import {
  MAX_NAME_LENGTH,
  MAX_UINT128,
  MAX_UINT256,
  MAX_UINT32,
  MAX_UINT40,
  MAX_UINT64,
  toWireInteger,
} from "../core/fields.ts";
import { FLASH_DOMAIN, OPEN_METHODS, PAYLOAD_TYPES, TOP_UP_METHODS } from "./constants.ts";
import { parse, type Fields } from "./fields.ts";
import type {
  Corrective,
  FlashPayload,
  Offer,
  Opening,
  OpenMethod,
  Parsed,
  Permit,
  Renewal,
  ServerTerms,
  Settlement,
  SignedExtension,
  SignedItem,
  WireLane,
  WireNumberedPayment,
  WireOffer,
  WireOpenEscrow,
  WireOpenPayload,
  WirePayload,
  WirePermit,
  WireRenewal,
  WireSettlement,
  WireTab,
} from "./types.ts";

const PAYLOAD = "flash_payload_malformed";
const PAYMENT = "flash_payment_malformed";
const TAB = "flash_tab_malformed";
const OPENING = "flash_opening_malformed";
const RENEWAL = "flash_renewal_malformed";
const OFFER = "flash_requirements_mismatch";
const SETTLEMENT = "flash_payload_malformed";

/** Far above what fees and a nonce need. */
const MAX_TRANSACTION_BYTES = 1_024;
/** ERC-1271 wallets need kilobytes. */
const MAX_SIGNATURE_BYTES = 4_096;
const MAX_URL_LENGTH = 512;
/** A day: longer than any payment waits. */
const MAX_RETRY_MS = 86_400_000n;

/* PAYLOAD */

/**
 * Reads what a payment of x402 v2 carries. Says nothing about what the fields mean: that is the acceptor's work.
 *
 * @param payload - `PaymentPayload.payload` as decoded; may be anything.
 * @returns The payload, addresses and hex in lower case, or the scheme's code for the field that is wrong. Never throws.
 *
 * @example
 * const parsed = parsePayload(paymentPayload.payload);
 * if (parsed.isValid) console.log(parsed.value.type);
 */
export function parsePayload(payload: unknown): Parsed<FlashPayload> {
  const type = parse(payload, PAYLOAD, (fields) => fields.oneOf("type", PAYLOAD_TYPES));
  return type.isValid ? PARSERS[type.value](payload) : type;
}

/**
 * Reads what a payment of x402 v1 carries: a bare signed transaction, or an object as in v2.
 *
 * @param payload - `payload` of the decoded header; may be anything.
 * @returns As {@link parsePayload}. Never throws.
 *
 * @example
 * const parsed = parsePayloadV1("0x02f8…");
 */
export function parsePayloadV1(payload: unknown): Parsed<FlashPayload> {
  return parsePayload(typeof payload === "string" ? { type: "transaction", transaction: payload } : payload);
}

const PARSERS = {
  payment: (payload: unknown) =>
    parse<FlashPayload>(payload, PAYMENT, (fields) => ({
      type: "payment",
      item: readPayment(fields),
      ...readRenewalOf(fields),
    })),
  tab: (payload: unknown) =>
    parse<FlashPayload>(payload, TAB, (fields) => ({ type: "tab", item: readTab(fields), ...readRenewalOf(fields) })),
  transaction: (payload: unknown) =>
    parse<FlashPayload>(payload, "flash_transaction_invalid", (fields) => {
      const rawTransaction = fields.bytes("transaction", MAX_TRANSACTION_BYTES);
      return { type: "transaction", item: { kind: "transaction", rawTransaction } };
    }),
  open: (payload: unknown) =>
    parse<FlashPayload>(payload, OPENING, (fields) => ({
      type: "open",
      opening: readOpening(fields),
      item: fields.has("tab") ? readTab(fields) : readPayment(fields),
    })),
} as const;

/**
 * Reads an opening that comes without a payment: the fields of the payload `open` up to `permit`.
 *
 * @param body - JSON as decoded; may be anything.
 * @returns The opening, or the scheme's code for the field that is wrong. Never throws.
 *
 * @example
 * const parsed = parseOpening(await request.json());
 */
export function parseOpening(body: unknown): Parsed<Opening> {
  return parse(body, OPENING, readOpening);
}

function readPayment(fields: Fields): SignedItem {
  const payment = fields.object("payment", PAYMENT);
  return {
    kind: "payment",
    client: payment.address("client"),
    amount: payment.amount("amount", MAX_UINT128),
    nonce: payment.integer("nonce", MAX_UINT64),
    deadline: payment.integer("deadline", MAX_UINT40),
    epoch: payment.integer("epoch", MAX_UINT32),
    signature: fields.signature("signature"),
  };
}

function readTab(fields: Fields): SignedItem {
  const tab = fields.object("tab", TAB);
  return {
    kind: "tab",
    client: tab.address("client"),
    total: tab.amount("total", MAX_UINT128),
    lane: tab.integer("lane", MAX_UINT64),
    deadline: tab.integer("deadline", MAX_UINT40),
    epoch: tab.integer("epoch", MAX_UINT32),
    signature: fields.signature("signature"),
  };
}

/** Reads the fields of an opening; for {@link parse}. */
export function readOpening(fields: Fields): Opening {
  const open = fields.object("open");
  const funding = fields.object("funding");
  const terms: OpenEscrow = {
    client: open.address("client"),
    server: open.address("server"),
    token: open.address("token"),
    amount: open.amount("amount", MAX_UINT128),
    ttlSeconds: open.integer("ttlSeconds", MAX_UINT40),
    closeDelay: open.integer("closeDelay", MAX_UINT32),
    signer: open.address("signer"),
    epoch: open.integer("epoch", MAX_UINT32),
    deadline: open.integer("deadline", MAX_UINT40),
  };
  return {
    terms,
    signature: fields.bytes("openSignature", MAX_SIGNATURE_BYTES),
    funding: {
      method: toFundingMethod(funding.oneOf("method", OPEN_METHODS)),
      signature: funding.bytes("signature", MAX_SIGNATURE_BYTES),
    },
    ...(fields.has("permit") && { permit: readPermit(fields.object("permit")) }),
  };
}

function readRenewalOf(fields: Fields): { readonly renewal?: Renewal } {
  return fields.has("renewal") ? { renewal: readRenewal(fields.object("renewal", RENEWAL)) } : {};
}

/** Of an empty one nothing is taken. */
function readRenewal(fields: Fields): Renewal {
  return {
    ...(fields.has("topUp") && { topUp: readTopUp(fields) }),
    ...(fields.has("extend") && { extension: readExtension(fields) }),
  };
}

/** Reads a top-up and its funding; for {@link parse}. */
export function readTopUp(fields: Fields): NonNullable<Renewal["topUp"]> {
  const topUp = fields.object("topUp");
  const funding = fields.object("funding");
  return {
    authorization: {
      ...readParties(topUp),
      amount: topUp.amount("amount", MAX_UINT128),
      epoch: topUp.integer("epoch", MAX_UINT32),
      salt: topUp.amount("salt", MAX_UINT256),
      deadline: topUp.integer("deadline", MAX_UINT40),
    },
    funding: {
      method: toFundingMethod(funding.oneOf("method", TOP_UP_METHODS)),
      signature: funding.bytes("signature", MAX_SIGNATURE_BYTES),
    },
  };
}

function readExtension(fields: Fields): SignedExtension {
  const extend = fields.object("extend");
  return {
    authorization: {
      ...readParties(extend),
      epoch: extend.integer("epoch", MAX_UINT32),
      newUnlockAt: extend.integer("newUnlockAt", MAX_UINT40),
      deadline: extend.integer("deadline", MAX_UINT40),
    },
    signature: fields.bytes("extendSignature", MAX_SIGNATURE_BYTES),
  };
}

function readParties(fields: Fields) {
  return { client: fields.address("client"), server: fields.address("server"), token: fields.address("token") };
}

function readPermit(fields: Fields): Permit {
  return {
    value: fields.amount("value"),
    deadline: fields.integer("deadline", MAX_UINT256),
    signature: fields.signature("signature"),
  };
}

/** Name of a funding method on the wire. */
export function toOpenMethod(method: FundingMethod): OpenMethod {
  return OPEN_METHODS[FUNDING_METHODS.indexOf(method)] ?? "allowance";
}

function toFundingMethod(method: OpenMethod): FundingMethod {
  return FUNDING_METHODS[OPEN_METHODS.indexOf(method)] ?? "Allowance";
}

/**
 * Writes what a payment carries.
 *
 * @param payload - {@link FlashPayload}; amounts in token base units.
 * @returns `PaymentPayload.payload`, the same in v1 and v2.
 *
 * @example
 * const payload = toWirePayload({ type: "payment", item: { kind: "payment", ...payment, signature } });
 */
export function toWirePayload(payload: FlashPayload): WirePayload {
  switch (payload.type) {
    case "transaction":
      return { type: "transaction", transaction: payload.item.rawTransaction };
    case "open": {
      const { opening, item } = payload;
      return { type: "open", ...toWireOpening(opening), ...toWireItem(item) };
    }
    default: {
      const { item, renewal } = payload;
      const brought = renewal === undefined ? {} : { renewal: toWireRenewal(renewal) };
      return item.kind === "payment"
        ? { type: "payment", payment: toWirePayment(item), signature: item.signature, ...brought }
        : { type: "tab", tab: toWireTab(item), signature: item.signature, ...brought };
    }
  }
}

/** Writes a top-up, an extension or both. */
export function toWireRenewal({ topUp, extension }: Renewal): WireRenewal {
  return {
    ...(topUp !== undefined && toWireTopUp(topUp)),
    ...(extension !== undefined && toWireExtension(extension)),
  };
}

function toWireTopUp({ authorization, funding }: NonNullable<Renewal["topUp"]>): WireRenewal {
  const { amount, epoch, salt, deadline, client, server, token } = authorization;
  const method = funding.method === "Permit2" ? "permit2" : "eip3009";
  return {
    topUp: {
      client,
      server,
      token,
      amount: amount.toString(),
      epoch: toWireInteger(epoch),
      salt: salt.toString(),
      deadline: toWireInteger(deadline),
    },
    funding: { method, signature: funding.signature },
  };
}

function toWireExtension({ authorization, signature }: SignedExtension): WireRenewal {
  const { epoch, newUnlockAt, deadline, client, server, token } = authorization;
  return {
    extend: {
      client,
      server,
      token,
      epoch: toWireInteger(epoch),
      newUnlockAt: toWireInteger(newUnlockAt),
      deadline: toWireInteger(deadline),
    },
    extendSignature: signature,
  };
}

/** Writes an opening without a payment. */
export function toWireOpening(
  opening: Opening,
): Pick<WireOpenPayload, "open" | "openSignature" | "funding" | "permit"> {
  const { terms, signature: openSignature, funding, permit } = opening;
  return {
    open: toWireOpen(terms),
    openSignature,
    funding: { method: toOpenMethod(funding.method), signature: funding.signature },
    ...(permit !== undefined && { permit: toWirePermit(permit) }),
  };
}

function toWireItem(
  item: SignedItem,
): { readonly signature: Hex } & ({ readonly payment: WireNumberedPayment } | { readonly tab: WireTab }) {
  const { signature } = item;
  return item.kind === "payment" ? { payment: toWirePayment(item), signature } : { tab: toWireTab(item), signature };
}

function toWirePayment(item: Extract<SignedItem, { readonly kind: "payment" }>): WireNumberedPayment {
  return {
    client: item.client,
    amount: item.amount.toString(),
    nonce: item.nonce.toString(),
    deadline: toWireInteger(item.deadline),
    epoch: toWireInteger(item.epoch),
  };
}

function toWireTab(item: Extract<SignedItem, { readonly kind: "tab" }>): WireTab {
  return {
    client: item.client,
    total: item.total.toString(),
    lane: item.lane.toString(),
    deadline: toWireInteger(item.deadline),
    epoch: toWireInteger(item.epoch),
  };
}

function toWireOpen({ amount, ttlSeconds, closeDelay, epoch, deadline, ...parties }: OpenEscrow): WireOpenEscrow {
  const { client, server, token, signer } = parties;
  return {
    client,
    server,
    token,
    amount: amount.toString(),
    ttlSeconds: toWireInteger(ttlSeconds),
    closeDelay: toWireInteger(closeDelay),
    signer,
    epoch: toWireInteger(epoch),
    deadline: toWireInteger(deadline),
  };
}

function toWirePermit({ value, deadline, signature }: Permit): WirePermit {
  return { value: value.toString(), deadline: toWireInteger(deadline), signature };
}

/* OFFER */

/**
 * Reads `extra` of an offer. Nothing in it is proven.
 *
 * @param extra - `PaymentRequirements.extra` of an offer with scheme `flash`. Of the v1 wire only `settlementContractAddress` must be there.
 * @returns The offer, or why it cannot be read. Never throws.
 *
 * @example
 * const offer = parseOffer(paymentRequired.accepts[0].extra);
 */
export function parseOffer(extra: unknown): Parsed<Offer> {
  return parse(extra, OFFER, (fields) => {
    const integer = (name: string, max: bigint) => (fields.has(name) ? fields.integer(name, max) : 0n);
    const hasDomain = fields.has("tokenName") && fields.has("tokenVersion");
    const corrective = fields.has("epoch") ? readCorrective(fields) : undefined;
    return {
      settlement: fields.address("settlementContractAddress"),
      // The v1 wire names nothing but the contract, and knows one payload.
      payloadTypes: fields.has("payloadTypes") ? fields.listOf("payloadTypes", PAYLOAD_TYPES) : ["transaction"],
      minEscrow: fields.has("minEscrow") ? fields.amount("minEscrow") : 0n,
      minTtlSeconds: integer("minTtlSeconds", MAX_UINT40),
      minCloseDelay: integer("minCloseDelay", MAX_UINT32),
      openMethods: fields.has("openMethods") ? fields.listOf("openMethods", OPEN_METHODS) : [],
      ...(hasDomain && {
        tokenDomain: {
          name: fields.text("tokenName", MAX_NAME_LENGTH),
          version: fields.text("tokenVersion", MAX_NAME_LENGTH),
        },
      }),
      ...(fields.has("facilitatorOpen") && { facilitatorOpen: fields.text("facilitatorOpen", MAX_URL_LENGTH) }),
      isSettledBeforeServed: fields.has("settleBeforeServe") && fields.flag("settleBeforeServe"),
      nonceBase: integer("nonceBase", MAX_UINT64),
      lane: integer("lane", MAX_UINT64),
      ...(corrective !== undefined && { corrective }),
      ...(fields.has("retryAfterMs") && { retryAfterMs: Number(fields.integer("retryAfterMs", MAX_RETRY_MS)) }),
      ...(fields.has("openTransaction") && { openTransaction: fields.bytes32("openTransaction") }),
    };
  });
}

function readCorrective(fields: Fields): Corrective {
  return {
    epoch: fields.integer("epoch", MAX_UINT32),
    nonceBase: fields.integer("nonceBase", MAX_UINT64),
    available: fields.amount("available"),
    lanes: fields.has("lanes") ? fields.objects("lanes").map(readLane) : [],
  };
}

function readLane(fields: Fields): FlashLane {
  return {
    lane: fields.integer("lane", MAX_UINT64),
    authorised: fields.amount("authorised", MAX_UINT128),
    consumed: fields.amount("consumed"),
    settled: fields.amount("settled"),
    ...(fields.has("tab") && { proof: readProof(fields.object("tab")) }),
  };
}

function readProof(fields: Fields): TabProof {
  return { deadline: fields.integer("deadline", MAX_UINT40), signature: fields.signature("signature") };
}

/**
 * Writes what is the same for every request of a route.
 *
 * @param terms - {@link ServerTerms}; amounts in token base units, times in seconds.
 * @returns The static part of `extra`.
 *
 * @example
 * const extra = { ...toWireTerms(terms), ...toWireDynamic({ nonceBase: 0n, lane: 0n }) };
 */
export function toWireTerms(terms: ServerTerms): Omit<WireOffer, "nonceBase" | "lane"> {
  const { settlement, payloadTypes, openMethods, tokenDomain, facilitatorOpen, isSettledBeforeServed } = terms;
  return {
    settlementContractAddress: settlement,
    ...FLASH_DOMAIN,
    payloadTypes,
    minEscrow: terms.minEscrow.toString(),
    minTtlSeconds: toWireInteger(terms.minTtlSeconds),
    minCloseDelay: toWireInteger(terms.minCloseDelay),
    ...(openMethods.length > 0 && { openMethods }),
    ...(tokenDomain !== undefined && { tokenName: tokenDomain.name, tokenVersion: tokenDomain.version }),
    ...(facilitatorOpen !== undefined && { facilitatorOpen }),
    ...(isSettledBeforeServed && { settleBeforeServe: true }),
  };
}

/** What {@link toWireDynamic} writes. */
export type OfferState = Pick<Offer, "nonceBase" | "lane" | "corrective" | "retryAfterMs" | "openTransaction">;

/**
 * Writes what changes from one 402 to the next.
 *
 * @param state - {@link OfferState}; amounts in token base units.
 * @returns The dynamic part of `extra`.
 *
 * @example
 * const extra = toWireDynamic({ nonceBase: 0n, lane: 0n });
 */
export function toWireDynamic(state: OfferState): Pick<WireOffer, "nonceBase" | "lane"> & Partial<WireOffer> {
  const { nonceBase, lane, corrective, retryAfterMs, openTransaction } = state;
  return {
    nonceBase: nonceBase.toString(),
    lane: lane.toString(),
    ...(corrective !== undefined && {
      epoch: toWireInteger(corrective.epoch),
      available: corrective.available.toString(),
      lanes: corrective.lanes.map(toProvenLane),
    }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(openTransaction !== undefined && { openTransaction }),
  };
}

function toWireLane({ lane, authorised, consumed, settled }: FlashLane): WireLane {
  return {
    lane: lane.toString(),
    authorised: authorised.toString(),
    consumed: consumed.toString(),
    settled: settled.toString(),
  };
}

function toProvenLane({ proof, ...lane }: FlashLane): WireLane {
  if (proof === undefined) return toWireLane(lane);
  const { deadline, signature } = proof;
  return { ...toWireLane(lane), tab: { deadline: toWireInteger(deadline), signature } };
}

/* SETTLEMENT */

/**
 * Reads `extra` of a settlement answer.
 *
 * @param extra - `SettleResponse.extra`; may be anything.
 * @returns The settlement, or why it cannot be read. Never throws.
 *
 * @example
 * const settlement = parseSettlement(decodePaymentResponseHeader(header).extra);
 */
export function parseSettlement(extra: unknown): Parsed<Settlement> {
  return parse(extra, SETTLEMENT, (fields) => {
    const escrow = fields.object("escrow");
    return {
      paymentId: fields.bytes32("paymentId"),
      status: fields.oneOf("status", ["accepted", "settled"] as const),
      escrow: {
        balance: escrow.amount("balance"),
        pending: escrow.amount("pending"),
        available: escrow.amount("available"),
        safeUntil: escrow.integer("safeUntil", MAX_UINT64),
        epoch: escrow.integer("epoch", MAX_UINT32),
        ...(escrow.has("unlockAt") && { unlockAt: escrow.integer("unlockAt", MAX_UINT64) }),
      },
      ...(fields.has("nextNonceBase") && { nextNonceBase: fields.integer("nextNonceBase", MAX_UINT64) }),
      ...(fields.has("lane") && { lane: readLane(fields.object("lane")) }),
      ...(fields.has("otherLane") && { otherLane: readLane(fields.object("otherLane")) }),
    };
  });
}

/**
 * Writes `extra` of a settlement answer.
 *
 * @param settlement - {@link Settlement}; amounts in token base units, times in unix seconds.
 * @returns `SettleResponse.extra`.
 *
 * @example
 * const extra = toWireSettlement(charge.settlement);
 */
export function toWireSettlement(settlement: Settlement): WireSettlement & Record<string, unknown> {
  const { paymentId, status, escrow, nextNonceBase, lane, otherLane } = settlement;
  return {
    paymentId,
    status,
    escrow: {
      balance: escrow.balance.toString(),
      pending: escrow.pending.toString(),
      available: escrow.available.toString(),
      safeUntil: toWireInteger(escrow.safeUntil),
      epoch: toWireInteger(escrow.epoch),
      ...(escrow.unlockAt !== undefined && { unlockAt: toWireInteger(escrow.unlockAt) }),
    },
    ...(nextNonceBase !== undefined && { nextNonceBase: nextNonceBase.toString() }),
    ...(lane !== undefined && { lane: toWireLane(lane) }),
    ...(otherLane !== undefined && { otherLane: toProvenLane(otherLane) }),
  };
}
