import { bytesToHex, type Address, type Hash, type Hex } from "viem";
import type { Voucher } from "../voucher/types.ts";
import { ChainBusyError, ChainUnavailableError, UnknownAssetError } from "./errors.ts";
import { createVoucherHasher } from "./hash.ts";
import { toAddress } from "./keys.ts";
import { DEFAULT_LIMITS, notBehindChain, systemClock, THAWING_PERIOD } from "./limits.ts";
import { REJECTIONS, type RejectionCode } from "./rejections.ts";
import { loadSignatureBackend, type SignatureBackend } from "./signature.ts";
import { refuseTerms, withLowerCase } from "./terms.ts";
import { createTokenBuckets } from "./tokenBucket.ts";
import type {
  AcceptParameters,
  AcceptResult,
  Acceptor,
  AccountId,
  AccountState,
  ChainView,
  EscrowId,
  LaneOffer,
  Rejection,
  RefreshParameters,
  ReserveParameters,
  ReserveRefusal,
  SellerLimits,
  VoucherSigner,
  VoucherStore,
} from "./types.ts";

/** Settings of {@link createAcceptor}. */
export interface AcceptorOptions {
  readonly escrow: EscrowId;
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
  belowCharged: "invalid_deferred_evm_payload_voucher_value",
  uncovered: "insufficient_funds",
  laneLimit: "invalid_deferred_evm_payload_lane_limit",
  exposureLimit: "invalid_deferred_evm_payload_exposure_limit",
};

/** One signature by a made-up key costs its sender nothing and us a read of the chain, so such reads are rationed. */
const SIGNER_LOOKUPS = { burst: 16, perSecond: 1, maxNames: 10_000 } as const;

/** Bytes of a contract wallet's signature: enough for several owners or a passkey, and not dear to collect. */
const MAX_WALLET_SIGNATURE = 2_048;

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
  const { store, chainView } = options;
  const timeOf = notBehindChain(options.clock ?? systemClock, chainView);
  const signatures = options.signatures ?? (await loadSignatureBackend());
  const limits: SellerLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const escrow: EscrowId = { chainId: options.escrow.chainId, escrow: toAddress(options.escrow.escrow) };
  const seller = toAddress(options.seller);
  const assets = options.assets.map(toAddress);
  const hash = createVoucherHasher(escrow);
  const lookups = createTokenBuckets(SIGNER_LOOKUPS);

  /** Reads an account from the chain; false when the chain does not answer. */
  async function refresh(parameters: RefreshParameters): Promise<boolean> {
    try {
      await chainView.refreshAccount(parameters);
      return true;
    } catch (error) {
      if (error instanceof ChainUnavailableError || error instanceof ChainBusyError) return false;
      throw error;
    }
  }

  async function findSession(voucher: Voucher, signer: Address, now: bigint): Promise<VoucherSigner | RejectionCode> {
    let session = await store.getSigner(escrow, voucher.buyer, signer);
    if (session === undefined) {
      if (!lookups.take(voucher.buyer, now)) return "invalid_deferred_evm_payload_signature";
      const isRead = await refresh({ account: accountOf(voucher), lanes: [voucher.id], signers: [signer] });
      if (!isRead) return "invalid_deferred_evm_payload_chain_unavailable";
      session = await store.getSigner(escrow, voucher.buyer, signer);
    }
    if (session === undefined) return "invalid_deferred_evm_payload_signature";
    const isFarEnough = session.validUntil >= now + THAWING_PERIOD + limits.collectionMargin;
    return isFarEnough ? { address: signer, kind: "session" } : "invalid_deferred_evm_payload_signer_expired";
  }

  async function askWallet(voucher: Voucher, signature: Hex): Promise<VoucherSigner | RejectionCode> {
    if (signature.length > 2 + 2 * MAX_WALLET_SIGNATURE) return "invalid_deferred_evm_payload_signature";
    try {
      const isValid = await chainView.isVoucherSignatureValid(voucher, signature);
      return isValid ? { address: voucher.buyer, kind: "contract" } : "invalid_deferred_evm_payload_signature";
    } catch (error) {
      if (error instanceof ChainUnavailableError) return "invalid_deferred_evm_payload_chain_unavailable";
      throw error;
    }
  }

  async function findSigner(
    voucher: Voucher,
    signature: Hex,
    digest: Uint8Array,
    now: bigint,
  ): Promise<VoucherSigner | RejectionCode> {
    const key = await signatures.recoverSigner(digest, signature);
    if (key === voucher.buyer) return { address: key, kind: "buyer" };
    if (limits.allowsContractWallets) {
      const session = key === undefined ? undefined : await store.getSigner(escrow, voucher.buyer, key);
      if (session === undefined) return askWallet(voucher, signature);
    }
    if (key !== undefined) return findSession(voucher, key, now);
    return isKeyLength(signature)
      ? "invalid_deferred_evm_payload_signature"
      : "invalid_deferred_evm_payload_contract_wallet";
  }

  /** Everything about a request but its lane. */
  async function checkRequest(parameters: AcceptParameters, now: bigint): Promise<CheckedRequest | RejectionCode> {
    const digest = hash(parameters.voucher);
    if (digest === undefined) return "invalid_deferred_evm_payload_voucher_malformed";
    const voucher = withLowerCase(parameters.voucher);
    const code = refuseTerms(voucher, { escrow, seller, asset: toAsset(parameters.asset), limits, now });
    if (code !== undefined) return code;
    const synced = chainView.lastSyncedBlock;
    if (synced === undefined || now + limits.collectionMargin > synced.timestamp + THAWING_PERIOD) {
      return "invalid_deferred_evm_payload_chain_view_stale";
    }
    const signer = await findSigner(voucher, parameters.signature, digest, now);
    return typeof signer === "string" ? signer : { voucher, voucherHash: bytesToHex(digest), signer };
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

  /** Asks the store, and once more after a read of the chain when the store does not know the account or the lane. */
  async function ask<T>(voucher: Voucher, step: () => Promise<T>, reasonOf: (answer: T) => string): Promise<T> {
    const answer = await step();
    const reason = reasonOf(answer);
    if (reason !== "unknownAccount" && reason !== "unknownLane") return answer;
    const isRead = await refresh({ account: accountOf(voucher), lanes: [voucher.id] });
    return isRead ? step() : answer;
  }

  /** What the next voucher must build on. A lane that is taken leads to another one. */
  async function correct(reason: ReserveRefusal, voucher: Voucher, now: bigint): Promise<LaneOffer | undefined> {
    const account = accountOf(voucher);
    if (reason === "busy" || reason === "laneLimit") {
      return store.leaseLane({ account, now, until: now + limits.leaseSeconds, maxLanes: limits.maxLanes });
    }
    return store.offerFor({ ...account, id: voucher.id });
  }

  async function refuse(reason: ReserveRefusal, voucher: Voucher, now: bigint): Promise<Rejection> {
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
    await chainView.refreshAccount({ account });
    return found(await store.getAccount(account));
  }

  return {
    escrow,
    seller,
    assets,
    limits,

    async accept(parameters): Promise<AcceptResult> {
      const now = timeOf(parameters.now);
      const checked = await checkRequest(parameters, now);
      if (typeof checked === "string") return reject(checked);
      const { voucher, signer } = checked;
      const request = toRequest(parameters, checked, now);
      const result = await ask(
        voucher,
        () => store.reserve(request),
        (answer) => (answer.isReserved ? "" : answer.reason),
      );
      if (result.isReserved) return { isAccepted: true, reservation: result.reservation, signer };
      return refuse(result.reason, voucher, now);
    },

    async check(parameters) {
      const now = timeOf(parameters.now);
      const checked = await checkRequest(parameters, now);
      if (typeof checked === "string") return reject(checked);
      const request = { ...toRequest(parameters, checked, now), pendingDeposit: parameters.pendingDeposit ?? 0n };
      const reason = await ask(
        checked.voucher,
        () => store.check(request),
        (answer) => answer ?? "",
      );
      return reason === undefined ? { isAccepted: true, signer: checked.signer } : refuse(reason, checked.voucher, now);
    },

    commit: (reservation, amount) => store.commit(reservation, amount, timeOf()),

    cancel: (reservation) => store.cancel(reservation),

    async offerLane({ buyer, asset, ...parameters }) {
      const now = timeOf(parameters.now);
      const account = accountOf({ buyer: toAddress(buyer), asset: toAsset(asset) });
      const lease = { account, now, until: now + limits.leaseSeconds, maxLanes: limits.maxLanes };
      const offer = await store.leaseLane(lease);
      if (offer !== undefined) return offer;
      await chainView.refreshAccount({ account });
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

function isKeyLength(signature: Hex): boolean {
  return signature.length === 2 + 2 * 65 || signature.length === 2 + 2 * 64;
}
