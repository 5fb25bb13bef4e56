import { bytesToHex, hexToBytes, type Address, type Hash } from "viem";
import { smallest } from "../../core/amounts.ts";
import { transactionKey } from "../../flash/hash.ts";
import { InvalidSignedTransactionError, parseSignedTransaction } from "../../flash/signedTransaction.ts";
import { systemClock } from "../core/clock.ts";
import { ChainBusyError, ChainUnavailableError, InvalidLimitError, ReservationLostError } from "../core/errors.ts";
import { toAddress, toBytes32 } from "../core/keys.ts";
import { loadSignatureBackend, type SignatureBackend } from "../core/signature.ts";
import { createTokenBuckets } from "../core/tokenBucket.ts";
import { InvalidPriceError, UnknownTokenError } from "./errors.ts";
import { createFlashHasher, type FlashHasher } from "./hash.ts";
import { escrowKey, toSettlementId } from "./keys.ts";
import { DEFAULT_FLASH_LIMITS, ESCROW_READS, MAX_NONCE_WINDOW } from "./limits.ts";
import { FLASH_REJECTIONS, type FlashRejectionCode } from "./rejections.ts";
import { createTransactionPlaces } from "./transactionPlaces.ts";
import { refuseStanding, refuseState, refuseTime, safeUntilOf, withRenewal } from "./terms.ts";
import type {
  ExpectedRenewal,
  FlashAcceptor,
  FlashAcceptorOptions,
  FlashAcceptParameters,
  FlashAcceptResult,
  FlashCorrection,
  FlashEscrowId,
  FlashEscrowState,
  FlashItem,
  FlashLane,
  FlashLimits,
  FlashRefusal,
  FlashRejection,
  FlashReservation,
  FlashReserveParameters,
  PresentedItem,
} from "./types.ts";

/** An item as it was read, before it is known what the escrow says of it. */
interface ReadItem {
  readonly client: Address;
  readonly epoch: bigint;
  readonly item: Exclude<FlashItem, { readonly kind: "settled" }>;
  /** Whose key signed it. */
  readonly signer: Address;
}

const CODES: Readonly<Record<Exclude<FlashRefusal, "unknownEscrow">, FlashRejectionCode>> = {
  notOpen: "flash_escrow_closing",
  epoch: "flash_epoch_mismatch",
  nonceUsed: "flash_nonce_used",
  nonceOutOfWindow: "flash_nonce_out_of_window",
  duplicate: "flash_nonce_used",
  insufficient: "flash_amount_insufficient",
  tabPublic: "flash_tab_settled",
  exposure: "flash_exposure_exceeded",
  laneLimit: "flash_nonce_out_of_window",
};

/** Refusals that time heals, and after how many milliseconds it is worth to ask again. */
const RETRY_AFTER_MS: Partial<Readonly<Record<FlashRejectionCode, number>>> = {
  flash_escrow_pending: 2_000,
  flash_exposure_exceeded: 5_000,
  flash_stale_state: 2_000,
  flash_transaction_limit: 5_000,
};

/** What a newer read of the chain may put right. */
const HEALED_BY_READING: readonly (FlashRejectionCode | undefined)[] = [
  "flash_stale_state",
  "flash_escrow_pending",
  "flash_escrow_not_found",
];

/**
 * Makes the acceptor of one server: what it accepts will be paid, whatever the client does, as long as the server settles in time
 * (docs/flash/guarantee.md).
 *
 * @param options - {@link FlashAcceptorOptions}.
 * @returns The acceptor; its store and view of the chain remain the caller's to start and close.
 * @throws {InvalidLimitError} a limit cannot work.
 *
 * @example
 * const acceptor = await createFlashAcceptor({ settlement: { chainId: 8453n, settlement }, server, tokens: [usdc], store, chain });
 * const result = await acceptor.accept({ item, token: usdc, price: 1_000n });
 * if (result.isAccepted) await acceptor.commit(result.reservation);
 */
export async function createFlashAcceptor(options: FlashAcceptorOptions): Promise<FlashAcceptor> {
  const { store, chain, clock = systemClock, onFallback = "continue" } = options;
  const signatures = options.signatures ?? (await loadSignatureBackend());
  const limits = checkLimits({ ...DEFAULT_FLASH_LIMITS, ...options.limits });
  const settlement = toSettlementId(options.settlement);
  const server = toAddress(options.server);
  const tokens = options.tokens.map(toAddress);
  const reader = { ...settlement, server, signatures, hash: createFlashHasher(settlement, server) };
  const reads = createTokenBuckets(ESCROW_READS);
  const underWay = new Map<string, Promise<boolean>>();
  const places = createTransactionPlaces({
    most: limits.maxTransactions,
    listUnsettled: () => store.listUnsettled({ ...settlement, server }),
  });

  /** A clock that runs slow would accept past the unlock time. */
  function readClock(): bigint {
    const local = clock();
    const { chainTime } = chain;
    return chainTime !== undefined && chainTime > local ? chainTime : local;
  }

  /**
   * The escrow with whatever refuses it, after a read of the chain when what the store knows is nothing or too old. The key that an escrow
   * names has proven itself; others share what is left.
   */
  async function judge(
    escrow: FlashEscrowId,
    signer: Address,
    now: bigint,
    expected?: ExpectedRenewal,
  ): Promise<FlashEscrowState | FlashRejectionCode> {
    const known = await store.getEscrow(escrow);
    const first = judgeState(known, now, expected);
    const isSure = known !== undefined && !HEALED_BY_READING.includes(first);
    if (isSure) return first ?? known;
    const isProven = known !== undefined && isSigner(signer, known);
    const name = isProven ? `${escrow.client} ${escrow.token}` : signer;
    if (!(await refreshOnce(escrow, name, now))) return first ?? "flash_stale_state";
    const found = await store.getEscrow(escrow);
    // The read took its time.
    return judgeState(found, readClock(), expected) ?? found ?? "flash_escrow_not_found";
  }

  function judgeState(
    state: FlashEscrowState | undefined,
    now: bigint,
    expected?: ExpectedRenewal,
  ): FlashRejectionCode | undefined {
    if (state === undefined) return "flash_escrow_not_found";
    return state.isStale ? "flash_stale_state" : refuseState(withRenewal(state, expected), limits, now);
  }

  /** Requests that come together share one read. False when the ration is used up or the chain does not answer. */
  async function refreshOnce(escrow: FlashEscrowId, name: string, now: bigint): Promise<boolean> {
    const key = escrowKey(escrow);
    const running = underWay.get(key);
    if (running !== undefined) return running;
    if (!reads.take(name, now)) return false;
    const reading = refresh(escrow).finally(() => underWay.delete(key));
    underWay.set(key, reading);
    return reading;
  }

  /** False when the chain does not answer. */
  async function refresh(escrow: FlashEscrowId): Promise<boolean> {
    try {
      await chain.refreshEscrow(escrow);
      return true;
    } catch (error) {
      if (error instanceof ChainUnavailableError || error instanceof ChainBusyError) return false;
      throw error;
    }
  }

  /** What the store is asked, once the escrow's signer is known to have signed and the limits of time let the item pass. */
  async function checkItem(
    parameters: FlashAcceptParameters,
    expected?: ExpectedRenewal,
  ): Promise<FlashReserveParameters | FlashRejection> {
    const token = toToken(parameters.token);
    const price = toPrice(parameters.price);
    if (parameters.item.kind === "transaction" && limits.maxTransactions === 0) {
      return reject("flash_payload_unsupported");
    }
    const read = await readItem(reader, parameters.item, token);
    if (typeof read === "string") return reject(read);
    const { client, epoch, item, signer } = read;
    const state = await judge({ ...settlement, client, server, token }, signer, readClock(), expected);
    if (typeof state === "string") return reject(state);
    const now = readClock();
    const code = isSigner(signer, state) ? await refuseItem(item, state, now) : "flash_signature_invalid";
    if (code !== undefined) return reject(code);
    return toRequest(state.escrow, { epoch, item, price, now });
  }

  async function refuseItem(
    item: ReadItem["item"],
    { isImpaired }: FlashEscrowState,
    now: bigint,
  ): Promise<FlashRejectionCode | undefined> {
    if (isDeadlineSoon(item, now)) return "flash_deadline_too_soon";
    if (onFallback === "pause" && isImpaired) return "flash_exposure_exceeded";
    if (item.kind !== "transaction") return undefined;
    // Each is settled by itself, whatever it brings.
    if (item.amount < limits.minTransaction) return "flash_transaction_too_small";
    return (await places.isFree(now)) ? undefined : "flash_transaction_limit";
  }

  function isDeadlineSoon({ deadline }: ReadItem["item"], now: bigint): boolean {
    return deadline !== 0n && now + limits.settleSeconds >= deadline;
  }

  /** Whether a request took longer than it may, and what pays for it can no longer be settled with certainty (R2, R3). */
  async function isTooLate({ until, escrow, item }: FlashReservation, now: bigint): Promise<boolean> {
    if (now <= until || item.kind === "settled") return false;
    const state = await store.getEscrow(escrow);
    return state === undefined || isDeadlineSoon(item, now) || refuseTime(state, limits, now) !== undefined;
  }

  function toRequest(
    escrow: FlashEscrowId,
    what: Pick<FlashReserveParameters, "epoch" | "item" | "price" | "now">,
  ): FlashReserveParameters {
    const { nonceWindow, maxLanes, reservationSeconds } = limits;
    return { escrow, ...what, until: what.now + reservationSeconds, nonceWindow, maxLanes };
  }

  function toToken(token: Address): Address {
    const lower = toAddress(token);
    if (!tokens.includes(lower)) throw new UnknownTokenError(lower);
    return lower;
  }

  function toPrice(price: bigint): bigint {
    if (price <= 0n) throw new InvalidPriceError(price);
    return price;
  }

  /** Nothing else runs between the store's answer and its effect, so of two requests with one item one is refused. */
  async function reserve(request: FlashReserveParameters): Promise<FlashAcceptResult> {
    const result = await store.reserve(request);
    if (!result.isReserved) return refuse(result.reason, request);
    const { reservation, state } = result;
    if (reservation.item.kind === "transaction") places.take(reservation);
    return { isAccepted: true, reservation, state, safeUntil: safeUntilOf(state) };
  }

  /** A refusal with what the next item must build on, for whoever has proven to hold the escrow's key. */
  async function refuse(reason: FlashRefusal, request: FlashReserveParameters): Promise<FlashRejection> {
    const { escrow } = request;
    const state = reason === "unknownEscrow" ? undefined : await store.getEscrow(escrow);
    if (reason === "unknownEscrow" || state === undefined) return reject("flash_stale_state");
    const known = await store.listLanes(escrow);
    const corrective = isFresh(reason, request, state)
      ? factsOf(state, known, request)
      : publicFactsOf(state, known, request);
    return { ...reject(CODES[reason]), corrective };
  }

  /** Whether the escrow covers an item once it is topped up (R1). */
  async function isCovered({ escrow, item }: FlashReserveParameters, { topUp }: ExpectedRenewal): Promise<boolean> {
    const state = await store.getEscrow(escrow);
    const lane = item.kind === "tab" ? await store.getLane(escrow, item.lane) : undefined;
    const increase = item.kind === "tab" ? item.total - (lane?.authorised ?? 0n) : item.amount;
    return state?.isAccepting === true && increase <= state.available + topUp;
  }

  async function cancel(reservation: FlashReservation): Promise<void> {
    places.giveBack(reservation);
    await store.cancel(reservation);
  }

  return {
    limits,
    now: readClock,

    async accept(parameters) {
      const checked = await checkItem(parameters);
      return "isAccepted" in checked ? checked : reserve(checked);
    },

    async acceptSettled({ client, token, transactionHash, amount, epoch, price }) {
      const escrow: FlashEscrowId = { ...settlement, client: toAddress(client), server, token: toToken(token) };
      const item = { kind: "settled", digest: toBytes32(transactionHash), amount } as const;
      const state = await store.getEscrow(escrow);
      if (state === undefined) return reject("flash_escrow_not_found");
      const code = state.isStale ? "flash_stale_state" : refuseStanding(state);
      if (code !== undefined) return reject(code);
      return reserve(toRequest(escrow, { epoch, item, price: toPrice(price), now: readClock() }));
    },

    async check(parameters, expected) {
      const checked = await checkItem(parameters, expected);
      if ("isAccepted" in checked) return checked;
      const reason = await store.check(checked);
      if (reason === "exposure" && expected !== undefined && (await isCovered(checked, expected))) return undefined;
      return reason === undefined ? undefined : refuse(reason, checked);
    },

    async commit(reservation) {
      const now = readClock();
      if (await isTooLate(reservation, now)) {
        await cancel(reservation);
        throw new ReservationLostError(reservation.reservationId, "took too long to be settled in time");
      }
      await store.commit(reservation, now);
      if (reservation.item.kind === "transaction") places.keep(reservation);
    },

    cancel,
  };
}

/**
 * Whether an item shows that who presents it holds the escrow's key. What is settled stands in the calldata of its settlement: whoever
 * replays it is not thereby the client.
 */
function isFresh(
  reason: FlashRefusal,
  { epoch, item }: FlashReserveParameters,
  { confirmed }: FlashEscrowState,
): boolean {
  if (reason === "tabPublic" || reason === "nonceUsed" || reason === "duplicate") return false;
  return epoch >= confirmed.epoch && (item.kind === "payment" || item.kind === "tab");
}

/** Only the item's own lane is proven: the tabs of all would be more than a header holds. */
function factsOf(
  { available, nonceBase, confirmed: { epoch } }: FlashEscrowState,
  lanes: readonly FlashLane[],
  { item }: FlashReserveParameters,
): FlashCorrection {
  const own = item.kind === "tab" ? item.lane : undefined;
  const shown = lanes.map(({ proof, ...lane }) =>
    lane.lane === own && proof !== undefined ? { ...lane, proof } : lane,
  );
  return { epoch, nonceBase, available, lanes: shown };
}

/** What anybody can read on the chain: enough for a client that lost what it knew. The rest it learns once it signs something new. */
function publicFactsOf(
  { confirmed, head, nonceBase }: FlashEscrowState,
  lanes: readonly FlashLane[],
  { epoch, item }: FlashReserveParameters,
): FlashCorrection {
  const isCurrent = epoch === confirmed.epoch;
  const own = lanes.filter(({ lane }) => isCurrent && item.kind === "tab" && item.lane === lane);
  return {
    epoch: confirmed.epoch,
    nonceBase: isCurrent ? nonceBase : 0n,
    available: smallest(confirmed.balance, head.balance),
    lanes: own.map(publicLaneOf),
  };
}

/** The tab of a lane is public once its settlement stands on the chain, and not before. */
function publicLaneOf({ lane, authorised, settled, proof }: FlashLane): FlashLane {
  const isPublic = authorised === settled && proof !== undefined;
  return { lane, authorised: settled, consumed: settled, settled, ...(isPublic && { proof }) };
}

function isSigner(signer: Address, { confirmed }: FlashEscrowState): boolean {
  return signer === confirmed.signer.toLowerCase();
}

/** What every item of one server is read with. */
interface ItemReader {
  readonly chainId: bigint;
  readonly settlement: Address;
  readonly server: Address;
  readonly signatures: SignatureBackend;
  readonly hash: FlashHasher;
}

async function readItem(
  reader: ItemReader,
  presented: PresentedItem,
  token: Address,
): Promise<ReadItem | FlashRejectionCode> {
  if (presented.kind === "transaction") return readTransaction(reader, presented.rawTransaction, token);
  const { client, deadline, epoch, signature } = presented;
  const [primaryType, amount, nonce] =
    presented.kind === "payment"
      ? (["Payment", presented.amount, presented.nonce] as const)
      : (["Tab", presented.total, presented.lane] as const);
  const digest = reader.hash(primaryType, { client, token, amount, nonce, deadline, epoch });
  if (digest === undefined) return "flash_signature_invalid";
  const signer = await reader.signatures.recoverSigner(digest, signature);
  if (signer === undefined) return "flash_signature_invalid";
  const signed = { digest: bytesToHex(digest), deadline, signature };
  const item: ReadItem["item"] =
    presented.kind === "payment"
      ? { kind: "payment", ...signed, amount, nonce }
      : { kind: "tab", ...signed, total: amount, lane: nonce };
  return { client: toAddress(client), epoch, item, signer };
}

async function readTransaction(
  { chainId, settlement, server, signatures }: ItemReader,
  rawTransaction: Hash,
  token: Address,
): Promise<ReadItem | FlashRejectionCode> {
  const payment = tryParse(rawTransaction, { chainId, settlement });
  if (payment === undefined || payment.server !== server || payment.token !== token) return "flash_transaction_invalid";
  const client = await signatures.recoverSigner(hexToBytes(payment.digest), payment.signature);
  if (client === undefined) return "flash_transaction_invalid";
  const { amount, nonce, deadline, epoch } = payment;
  // Named by its content, as the contract does: two encodings of one payment are one payment.
  const digest = transactionKey({ client, server, token }, payment);
  return {
    client,
    epoch,
    item: { kind: "transaction", digest, amount, nonce, deadline, rawTransaction },
    signer: client,
  };
}

function tryParse(...parameters: Parameters<typeof parseSignedTransaction>) {
  try {
    return parseSignedTransaction(...parameters);
  } catch (error) {
    if (error instanceof InvalidSignedTransactionError) return undefined;
    throw error;
  }
}

function checkLimits(limits: FlashLimits): FlashLimits {
  const { settleSeconds, minCloseDelay, nonceWindow, maxLanes, maxTransactions, reservationSeconds } = limits;
  if (settleSeconds <= 0n) throw new InvalidLimitError("settleSeconds", "must be above zero");
  if (settleSeconds >= minCloseDelay) {
    throw new InvalidLimitError("settleSeconds", "must be below `minCloseDelay`, or nothing is ever accepted");
  }
  if (nonceWindow < 1n || nonceWindow > MAX_NONCE_WINDOW) {
    throw new InvalidLimitError("nonceWindow", `must be from 1 to ${MAX_NONCE_WINDOW}`);
  }
  if (maxLanes < 0) throw new InvalidLimitError("maxLanes", "must not be negative");
  if (maxTransactions < 0) throw new InvalidLimitError("maxTransactions", "must not be negative");
  if (reservationSeconds <= 0n) throw new InvalidLimitError("reservationSeconds", "must be above zero");
  if (reservationSeconds >= settleSeconds) {
    throw new InvalidLimitError("reservationSeconds", "must be below `settleSeconds`, or no time is left to settle");
  }
  return limits;
}

function reject(code: FlashRejectionCode): FlashRejection {
  const retryAfterMs = RETRY_AFTER_MS[code];
  return {
    isAccepted: false,
    code,
    message: FLASH_REJECTIONS[code],
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}
