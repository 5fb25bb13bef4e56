import { bytesToHex, type Address, type Hash } from "viem";
import { largest } from "../../core/amounts.ts";
import type { Voucher } from "../../voucher/types.ts";
import { ChainUnavailableError } from "../core/errors.ts";
import { toAddress } from "../core/keys.ts";
import { loadSignatureBackend, type SignatureBackend } from "../core/signature.ts";
import { UnknownAssetError } from "./errors.ts";
import { createVoucherHasher } from "./hash.ts";
import { DEFAULT_LIMITS, MAX_ACCOUNT_AGE, notBehindChain, systemClock, THAWING_PERIOD } from "./limits.ts";
import { REJECTIONS, type RejectionCode } from "./rejections.ts";
import { refuseTerms, withLowerCase } from "./terms.ts";
import type {
  AcceptParameters,
  AcceptResult,
  Acceptor,
  AccountId,
  AccountState,
  EscrowId,
  Rejection,
  SellerLimits,
  VoucherSigner,
} from "./types.ts";
import type { ChainView } from "./chain/types.ts";
import type { LaneOffer, ReserveParameters, ReserveRefusal, VoucherStore } from "./store/types.ts";
import { createSignerFinder, isRefreshed } from "./voucherSigner.ts";

/** Settings of {@link createAcceptor}. */
export interface AcceptorOptions {
  readonly escrow: EscrowId;
  /** Who is paid. */
  readonly seller: Address;
  /** ERC-20 contracts the seller is paid in. */
  readonly assets: readonly Address[];
  readonly store: VoucherStore;
  readonly chainView: ChainView;
  /** What differs from {@link DEFAULT_LIMITS}. */
  readonly limits?: Partial<SellerLimits>;
  /** Unix seconds; the machine's clock by default. */
  readonly clock?: () => bigint;
  /** How signatures are recovered; native where it loads, by default. */
  readonly signatures?: SignatureBackend;
}

/** A request whose voucher and signer were checked. */
interface CheckedRequest {
  readonly readSince: bigint;
  readonly voucher: Voucher;
  readonly voucherHash: Hash;
  readonly signer: VoucherSigner;
}

const CODES: Readonly<Record<ReserveRefusal, RejectionCode>> = {
  unknownAccount: "invalid_deferred_evm_payload_chain_unavailable",
  unknownLane: "invalid_deferred_evm_payload_chain_unavailable",
  busy: "invalid_deferred_evm_payload_lane_busy",
  duplicate: "invalid_deferred_evm_payload_voucher_already_accepted",
  staleNonce: "invalid_deferred_evm_payload_voucher_nonce_mismatch",
  staleTimestamp: "invalid_deferred_evm_payload_voucher_timestamp_decreasing",
  staleExpiry: "invalid_deferred_evm_payload_voucher_expiry_decreasing",
  signedByKey: "invalid_deferred_evm_payload_lane_signed_by_key",
  belowCharged: "invalid_deferred_evm_payload_voucher_value",
  uncovered: "insufficient_funds",
  laneLimit: "invalid_deferred_evm_payload_lane_limit",
  exposureLimit: "invalid_deferred_evm_payload_exposure_limit",
};

/**
 * Makes the acceptor of one seller.
 *
 * @param options - {@link AcceptorOptions}.
 * @returns The acceptor; its store and chain view remain the caller's to start and close.
 *
 * @example
 * const acceptor = await createAcceptor({ escrow: { chainId: 8453n, escrow }, seller, assets: [usdc], store, chainView });
 * const result = await acceptor.accept({ voucher, signature, price: 1_000n, asset: usdc });
 * if (result.isAccepted) await acceptor.commit(result.reservation, 1_000n);
 */
export async function createAcceptor(options: AcceptorOptions): Promise<Acceptor> {
  const { store, chainView, clock = systemClock } = options;
  const timeOf = notBehindChain(clock, chainView);
  const signatures = options.signatures ?? (await loadSignatureBackend());
  const limits: SellerLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const escrow: EscrowId = { chainId: options.escrow.chainId, escrow: toAddress(options.escrow.escrow) };
  const seller = toAddress(options.seller);
  const assets = options.assets.map(toAddress);
  const hash = createVoucherHasher(escrow);
  const findSigner = createSignerFinder({ escrow, store, chainView, limits, signatures });

  /** Everything about a request but its lane. */
  async function checkRequest(parameters: AcceptParameters): Promise<CheckedRequest | RejectionCode> {
    const now = timeOf(parameters.now);
    const digest = hash(parameters.voucher);
    if (digest === undefined) return "invalid_deferred_evm_payload_voucher_malformed";
    const voucher = withLowerCase(parameters.voucher);
    const code = refuseTerms(voucher, { escrow, seller, asset: toAsset(parameters.asset), limits, now });
    if (code !== undefined) return code;
    const synced = chainView.lastSyncedBlock;
    if (synced === undefined || now + limits.collectionMargin > synced.timestamp + THAWING_PERIOD) {
      return "invalid_deferred_evm_payload_chain_view_stale";
    }
    const signer = await findSigner({ voucher, signature: parameters.signature, digest, now });
    if (typeof signer === "string") return signer;
    const readSince = largest(synced.timestamp - MAX_ACCOUNT_AGE, now + limits.collectionMargin - THAWING_PERIOD);
    return { voucher, voucherHash: bytesToHex(digest), signer, readSince };
  }

  function toAsset(asset: Address): Address {
    const lower = toAddress(asset);
    if (!assets.includes(lower)) throw new UnknownAssetError(lower);
    return lower;
  }

  function accountOf({ asset, buyer }: { readonly asset: Address; readonly buyer: Address }): AccountId {
    return { ...escrow, seller, asset, buyer };
  }

  function toRequest(parameters: AcceptParameters, checked: CheckedRequest, now: bigint): ReserveParameters {
    return {
      ...checked,
      signature: parameters.signature,
      price: parameters.price,
      now,
      until: now + (parameters.reservationSeconds ?? limits.reservationSeconds),
      maxLanes: limits.maxLanes,
      ...(limits.maxUncollected === undefined ? {} : { maxUncollected: limits.maxUncollected }),
    };
  }

  /**
   * Checks a request and asks the store; both once more after a read of the chain when the store does not know the account or the lane
   * well enough. What was read may have ended the session of the signer, too.
   */
  async function ask<T>(
    parameters: AcceptParameters,
    step: (request: ReserveParameters) => Promise<T>,
    reasonOf: (answer: T) => string,
  ): Promise<{ readonly request: ReserveParameters; readonly answer: T } | RejectionCode> {
    const first = await askOnce(parameters, step);
    if (typeof first === "string") return first;
    const reason = reasonOf(first.answer);
    if (reason !== "unknownAccount" && reason !== "unknownLane") return first;
    const { voucher } = first.request;
    const account = accountOf(voucher);
    // Keys and their vouchers cost nothing; what is in the account does.
    const isFunded = ((await store.getAccount(account))?.balance ?? 0n) > 0n;
    const isRead = await isRefreshed(chainView, { account, lanes: [voucher.id], isUnproven: !isFunded });
    return isRead ? askOnce(parameters, step) : first;
  }

  async function askOnce<T>(parameters: AcceptParameters, step: (request: ReserveParameters) => Promise<T>) {
    const now = parameters.now ?? clock();
    const checked = await checkRequest(parameters);
    if (typeof checked === "string") return checked;
    const request = toRequest(parameters, checked, now);
    return { request, answer: await step(request) };
  }

  /** What the next voucher must build on. A lane that is taken leads to another one. */
  async function correct(reason: ReserveRefusal, voucher: Voucher, now: bigint): Promise<LaneOffer | undefined> {
    const account = accountOf(voucher);
    if (reason === "busy" || reason === "laneLimit" || reason === "signedByKey") {
      const until = now + limits.leaseSeconds;
      return store.leaseLane({ account, now, until, maxLanes: limits.maxLanes, except: voucher.id });
    }
    return store.offerFor({ ...account, id: voucher.id });
  }

  async function refuse(reason: ReserveRefusal, { voucher, now }: ReserveParameters): Promise<Rejection> {
    const offer = await correct(reason, voucher, now);
    const corrective = offer !== undefined && (await isFresh(voucher, offer)) ? offer : undefined;
    const account = reason === "uncovered" ? await store.getAccount(accountOf(voucher)) : undefined;
    return {
      ...reject(CODES[reason]),
      ...(corrective === undefined ? {} : { corrective }),
      ...(account === undefined ? {} : { spendable: account.spendable }),
    };
  }

  /**
   * A collected voucher stands in the calldata of its collection: whoever replays it is not thereby the buyer. Its own lane shows nothing
   * that is newer than it, and another lane is shown only to a voucher that this seller never accepted.
   */
  async function isFresh(voucher: Voucher, { lane, latest }: LaneOffer): Promise<boolean> {
    const { timestamp, nonce, id } = voucher;
    if (latest !== undefined && timestamp < latest.voucher.timestamp) return false;
    if (lane.id === id) return true;
    const own = await store.getLane({ ...accountOf(voucher), id });
    return own?.latest === undefined || nonce > own.latest.voucher.nonce;
  }

  async function readAccount(account: AccountId): Promise<AccountState> {
    const known = await store.getAccount(account);
    if (known !== undefined) return known;
    await chainView.refreshAccount({ account, isUnproven: true });
    return found(await store.getAccount(account));
  }

  return {
    escrow,
    seller,
    assets,
    limits,

    async accept(parameters): Promise<AcceptResult> {
      const asked = await ask(
        parameters,
        (request) => store.reserve(request),
        (answer) => (answer.isReserved ? "" : answer.reason),
      );
      if (typeof asked === "string") return reject(asked);
      const { request, answer } = asked;
      if (answer.isReserved) return { isAccepted: true, reservation: answer.reservation, signer: request.signer };
      return refuse(answer.reason, request);
    },

    async check({ pendingDeposit = 0n, ...parameters }) {
      const asked = await ask(
        parameters,
        (request) => store.check({ ...request, pendingDeposit }),
        (answer) => answer ?? "",
      );
      if (typeof asked === "string") return reject(asked);
      const { request, answer } = asked;
      return answer === undefined ? { isAccepted: true, signer: request.signer } : refuse(answer, request);
    },

    commit: (reservation, amount) => store.commit(reservation, amount, timeOf()),

    cancel: (reservation) => store.cancel(reservation),

    async offerLane({ buyer, asset, now = clock() }) {
      const account = accountOf({ buyer: toAddress(buyer), asset: toAsset(asset) });
      const lease = { account, now, until: now + limits.leaseSeconds, maxLanes: limits.maxLanes };
      const offer = await store.leaseLane(lease);
      if (offer !== undefined) return offer;
      await chainView.refreshAccount({ account, isUnproven: true });
      return found(await store.leaseLane(lease));
    },

    getAccount: ({ buyer, asset }) => readAccount(accountOf({ buyer: toAddress(buyer), asset: toAsset(asset) })),
  };
}

function reject(code: RejectionCode): Rejection {
  return { isAccepted: false, code, message: REJECTIONS[code] };
}

/** What the store must know after the account was read; only a re-organisation in between leaves it unknown. */
function found<T>(value: T | undefined): T {
  if (value === undefined)
    throw new ChainUnavailableError("the account was read, and lost to a re-organisation", undefined);
  return value;
}
