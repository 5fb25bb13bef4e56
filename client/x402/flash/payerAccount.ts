import { largest, smallest } from "../../core/amounts.ts";
import type { FlashEscrowId, FlashLane } from "../../seller/flash/types.ts";
import { sum } from "../core/amounts.ts";
import { MAX_UINT128, MAX_UINT64 } from "../core/fields.ts";
import { openPayerLocks, type PayerLocks } from "./payerLocks.ts";
import type { Standing } from "./payerRenewals.ts";
import type { PayerLaneRecord, PayerRecord, SparePayment } from "./payerStorage.ts";
import type { SignedExtension } from "./types.ts";

/** What one request is paid with. */
export interface Claim {
  readonly kind: "tab" | "payment" | "transaction";
  readonly epoch: bigint;
  /** Of the request, token base units. */
  readonly price: bigint;
  /** Lane of a tab, nonce of a payment or of a transaction's content. */
  readonly number: bigint;
  /** What is signed: the total of a tab, else the price. Token base units. */
  readonly amount: bigint;
  /** What it adds to everything signed, token base units; zero when all of it was signed before. */
  readonly increase: bigint;
  /** Unix seconds. */
  readonly since: bigint;
  /** Unix seconds after which no answer is expected any more. */
  readonly until: bigint;
}

/** How a payment ended, as far as the payer can tell. */
export type Outcome =
  /** Served; `lane` is the tab's as the server says. */
  | { readonly kind: "served"; readonly lane: FlashLane | undefined }
  /** Refused, and good to be sent again. */
  | { readonly kind: "spare" }
  /** Refused, and of no more use; what was signed may be settled all the same. */
  | { readonly kind: "spent" }
  /** No answer that says anything: it counts as spent. */
  | { readonly kind: "unknown" };

/** Asks for a claim. */
export interface ClaimParameters extends Pick<Claim, "kind" | "price" | "since" | "until"> {
  /** Where the 402 suggests to begin. */
  readonly suggestedLane: bigint;
  readonly suggestedNonce: bigint;
}

type Lane = { -readonly [field in keyof PayerLaneRecord]: PayerLaneRecord[field] };

/**
 * What a payer knows of one escrow, and which payments are on their way. Everything here happens at once: two requests that come together
 * never sign the same thing.
 */
export interface PayerAccount {
  readonly escrow: FlashEscrowId;
  readonly epoch: bigint;
  /** Whether the server accepted in this epoch, or the chain shows it. */
  isOpen: boolean;
  /** Whether the server has run out of lanes for this payer. Not kept. */
  avoidsTabs: boolean;
  /** What the server holds signed and did not serve, what is on its way included. Token base units. */
  readonly unserved: bigint;
  /** The part of it that is on its way. Token base units. */
  readonly underWay: bigint;
  /** What the server has served in this epoch. Token base units. */
  readonly served: bigint;
  /** What was signed to be locked. */
  readonly locks: PayerLocks;
  /** What the server, or the chain, last said of this epoch's escrow. Not kept. */
  standing: Standing;
  /** The extension to send, as long as it serves. Not kept. */
  extension: SignedExtension | undefined;
  /** Before this second no renewal is brought: the server would not take one. Unix seconds. Not kept. */
  avoidsRenewalsUntil: bigint;

  /** Makes a claim; nothing is promised before {@link take}. */
  plan(parameters: ClaimParameters): Claim;
  take(claim: Claim): void;
  endClaim(claim: Claim, outcome: Outcome): void;
  /** A claim that was never sent. */
  undo(claim: Claim): void;

  /**
   * Goes on in another epoch: what was signed in this one is void there.
   *
   * @param isProven - Whether the chain shows it; if not, what was signed may still be settled and goes on counting as unserved.
   */
  enterEpoch(epoch: bigint, isProven: boolean): void;
  /** Uses no nonce below. */
  raiseNonce(base: bigint): void;
  /** Highest total signed in a lane. Token base units. */
  promisedIn(lane: bigint): bigint;
  /** Goes on from a total within what was signed. */
  rebaseLane(lane: bigint, charged: bigint): void;
  /** Goes on in a lane whose highest signed total was forgotten, and is proven. What it promises counts as signed, what was charged as served. */
  adoptLane(lane: bigint, promised: bigint, charged: bigint): void;
  /** Signs totals above this one in a lane: everybody has it, so the server takes it from nobody. Not kept. */
  passTotal(lane: bigint, total: bigint): void;
  /** Leaves a lane alone from now on. */
  avoidLane(lane: bigint): void;
  toRecord(): PayerRecord;
}

/** Opens an account, from what was kept of it or anew. */
export function openPayerAccount(escrow: FlashEscrowId, record?: PayerRecord): PayerAccount {
  let epoch = record?.epoch ?? 0n;
  let nextNonce = record?.nextNonce ?? 0n;
  let lanes = new Map<bigint, Lane>(record?.lanes.map((lane) => [lane.lane, { ...lane }]));
  let spares: readonly SparePayment[] = record?.spares ?? [];
  let signed = record?.signed ?? 0n;
  let served = record?.served ?? 0n;
  let carried = record?.carried ?? 0n;
  const claims = new Set<Claim>();
  /** Highest total of each lane that everybody has. */
  const passed = new Map<bigint, bigint>();

  const inFlight = (lane: bigint): bigint =>
    sum([...claims].filter(({ kind, number }) => kind === "tab" && number === lane).map(({ price }) => price));

  function laneOf(id: bigint): Lane {
    const lane = lanes.get(id) ?? { lane: id, promised: 0n, charged: 0n, isAvoided: false };
    lanes.set(id, lane);
    return lane;
  }

  /** The lane in use, else the suggested one, else a fresh one. */
  function pickLane(suggested: bigint): bigint {
    const usable = [...lanes.values()].find(({ isAvoided }) => !isAvoided);
    if (usable !== undefined) return usable.lane;
    return lanes.has(suggested) ? randomNumber() : suggested;
  }

  function planTab(parameters: ClaimParameters): Pick<Claim, "number" | "amount" | "increase"> {
    const number = pickLane(parameters.suggestedLane);
    const { promised = 0n, charged = 0n } = lanes.get(number) ?? {};
    const { price } = parameters;
    // Never more than the price above what was promised before, whatever the server made us believe was used of it.
    const least = promised > 0n && promised <= (passed.get(number) ?? 0n) ? promised + 1n : promised;
    const amount = largest(least, smallest(charged + inFlight(number) + price, promised + price));
    return { number, amount, increase: amount - promised };
  }

  function planPayment({ price, suggestedNonce }: ClaimParameters): Pick<Claim, "number" | "amount" | "increase"> {
    const isFirst = nextNonce === 0n && signed === 0n;
    const number = isFirst ? largest(nextNonce, suggestedNonce) : nextNonce;
    return { number, amount: price, increase: price };
  }

  function planItem(parameters: ClaimParameters): Pick<Claim, "number" | "amount" | "increase"> {
    const { kind, price } = parameters;
    if (kind === "tab") return planTab(parameters);
    const spare = spares.find((other) => other.kind === kind && other.amount === price);
    if (spare !== undefined) return { number: spare.nonce, amount: price, increase: 0n };
    return kind === "payment" ? planPayment(parameters) : { number: randomNumber(), amount: price, increase: price };
  }

  /** What was signed is sent again before something new is signed. */
  function keepSpare({ kind, number: nonce, amount }: Claim): void {
    if (kind !== "tab") spares = [...spares, { kind, nonce, amount }];
  }

  function chargeLane({ number, price }: Claim, outcome: Outcome): void {
    const lane = laneOf(number);
    const isUsed = outcome.kind === "served" || outcome.kind === "unknown";
    if (isUsed) lane.charged = smallest(lane.charged + price, lane.promised);
    const said = outcome.kind === "served" && outcome.lane?.lane === number ? outcome.lane.consumed : undefined;
    // While others are on their way nobody knows which of them the server has counted.
    if (said !== undefined && said <= lane.promised && inFlight(number) === 0n) lane.charged = said;
  }

  function remove(claim: Claim): boolean {
    const isOurs = claims.delete(claim);
    return isOurs && claim.epoch === epoch;
  }

  const account: PayerAccount = {
    escrow,
    get epoch() {
      return epoch;
    },
    isOpen: record?.isOpen ?? false,
    avoidsTabs: false,
    get unserved() {
      return carried + signed - served;
    },
    get underWay() {
      return sum([...claims].map(({ increase }) => increase));
    },
    get served() {
      return served;
    },
    locks: openPayerLocks(record),
    standing: { at: 0n },
    extension: undefined,
    avoidsRenewalsUntil: 0n,

    plan(parameters) {
      const { kind, price, since, until } = parameters;
      return { kind, epoch, price, since, until, ...planItem(parameters) };
    },
    take(claim) {
      claims.add(claim);
      signed += claim.increase;
      if (claim.kind === "tab") laneOf(claim.number).promised = claim.amount;
      spares = spares.filter(({ kind, nonce }) => kind !== claim.kind || nonce !== claim.number);
      if (claim.kind === "payment") nextNonce = largest(nextNonce, claim.number + 1n);
    },

    endClaim(claim, outcome) {
      if (!remove(claim)) return;
      if (outcome.kind === "served") served += claim.price;
      if (outcome.kind === "spare") keepSpare(claim);
      if (claim.kind === "tab") chargeLane(claim, outcome);
    },
    undo(claim) {
      if (!remove(claim)) return;
      // A signature may exist all the same, so what was promised stays promised.
      keepSpare(claim);
    },

    enterEpoch(next, isProven) {
      carried = isProven ? 0n : account.unserved;
      epoch = next;
      nextNonce = 0n;
      lanes = new Map();
      passed.clear();
      spares = [];
      signed = 0n;
      served = 0n;
      account.isOpen = false;
      account.avoidsTabs = false;
      account.standing = { at: 0n };
      account.extension = undefined;
      account.avoidsRenewalsUntil = 0n;
    },
    raiseNonce(base) {
      nextNonce = largest(nextNonce, smallest(base, MAX_UINT64));
      spares = spares.filter(({ kind, nonce }) => kind === "transaction" || nonce >= base);
    },
    promisedIn: (lane) => lanes.get(lane)?.promised ?? 0n,
    rebaseLane(lane, charged) {
      laneOf(lane).charged = smallest(charged, MAX_UINT128);
    },
    adoptLane(id, promised, charged) {
      const lane = laneOf(id);
      signed += promised - lane.promised;
      served += largest(charged - lane.charged, 0n);
      Object.assign(lane, { promised, charged, isAvoided: false });
    },
    passTotal(lane, total) {
      passed.set(lane, largest(total, passed.get(lane) ?? 0n));
    },
    avoidLane(lane) {
      laneOf(lane).isAvoided = true;
    },
    toRecord() {
      return {
        escrow,
        epoch,
        isOpen: account.isOpen,
        nextNonce,
        // What is on its way counts as used for whoever reads the record after a crash.
        lanes: [...lanes.values()].map((lane) => ({
          ...lane,
          charged: smallest(lane.charged + inFlight(lane.lane), lane.promised),
        })),
        spares,
        signed,
        served,
        carried,
        ...account.locks.toRecord(),
      };
    },
  };
  return account;
}

/** 64 random bits: nobody else's lane, and no transaction's content twice. */
function randomNumber(): bigint {
  return crypto.getRandomValues(new BigUint64Array(1))[0] ?? randomNumber();
}
