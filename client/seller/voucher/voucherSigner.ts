import type { Address, Hex } from "viem";
import type { Voucher } from "../../voucher/types.ts";
import { ChainBusyError, ChainUnavailableError } from "../core/errors.ts";
import type { SignatureBackend } from "../core/signature.ts";
import { createTokenBuckets } from "../core/tokenBucket.ts";
import { THAWING_PERIOD } from "./limits.ts";
import type { RejectionCode } from "./rejections.ts";
import type { ChainView, RefreshParameters } from "./chain/types.ts";
import type { EscrowId, SellerLimits, VoucherSigner } from "./types.ts";
import type { VoucherStore } from "./store/types.ts";

/** A voucher whose signer is asked for. Addresses in lower case. */
export interface SignedRequest {
  readonly voucher: Voucher;
  readonly signature: Hex;
  /** EIP-712 digest of the voucher, 32 bytes. */
  readonly digest: Uint8Array;
  /** Unix seconds. */
  readonly now: bigint;
}

/** Settings of {@link createSignerFinder}. */
export interface SignerFinderOptions {
  readonly escrow: EscrowId;
  readonly store: VoucherStore;
  readonly chainView: ChainView;
  readonly limits: SellerLimits;
  readonly signatures: SignatureBackend;
}

/** Says who signed a voucher, or why nobody did whose signature counts. */
export type FindSigner = (request: SignedRequest) => Promise<VoucherSigner | RejectionCode>;

/** A signature by a made-up key costs its sender nothing and us a read of the chain, so such reads are rationed. */
const LOOKUPS_OF_BUYER = { burst: 16, perSecond: 1, maxNames: 10_000 } as const;

/** A buyer is made up as easily as a key: all of them together, as long as there is nothing in their accounts. */
const QUESTIONS_OF_STRANGERS = { burst: 128, perSecond: 16, maxNames: 1 } as const;

/** Bytes of a contract wallet's signature: enough for several owners or a passkey, and not dear to collect. */
const MAX_WALLET_SIGNATURE = 2_048;

/** Makes what finds the signer of a voucher: the buyer itself, its session signer, or its contract wallet. */
export function createSignerFinder(options: SignerFinderOptions): FindSigner {
  const { escrow, store, chainView, limits, signatures } = options;
  const lookups = createTokenBuckets(LOOKUPS_OF_BUYER);
  const questions = createTokenBuckets(QUESTIONS_OF_STRANGERS);

  async function mayAskChain(voucher: Voucher, now: bigint): Promise<boolean> {
    const account = await store.getAccount(voucher);
    const isFunded = account !== undefined && account.balance > 0n;
    return isFunded || questions.take("all", now);
  }

  async function findSession(voucher: Voucher, signer: Address, now: bigint): Promise<VoucherSigner | RejectionCode> {
    let session = await store.getSigner(escrow, voucher.buyer, signer);
    if (session === undefined) {
      const mayLookUp = (await mayAskChain(voucher, now)) && lookups.take(voucher.buyer, now);
      if (!mayLookUp) return "invalid_deferred_evm_payload_signature";
      const lookup = { account: voucher, lanes: [voucher.id], signers: [signer], isUnproven: true };
      if (!(await isRefreshed(chainView, lookup))) return "invalid_deferred_evm_payload_chain_unavailable";
      session = await store.getSigner(escrow, voucher.buyer, signer);
    }
    if (session === undefined) return "invalid_deferred_evm_payload_signature";
    const isFarEnough = session.validUntil >= now + THAWING_PERIOD + limits.collectionMargin;
    return isFarEnough ? { address: signer, kind: "session" } : "invalid_deferred_evm_payload_signer_expired";
  }

  /** Asks the chain about a signature that is neither the buyer's nor a known session signer's. */
  async function askChain(request: SignedRequest, key?: Address): Promise<VoucherSigner | RejectionCode> {
    const { voucher, signature, now } = request;
    const isTooLong = signature.length > 2 + 2 * MAX_WALLET_SIGNATURE;
    if (isTooLong || !(await mayAskChain(voucher, now))) return "invalid_deferred_evm_payload_signature";
    try {
      const signedBy = await chainView.whoSigned(voucher, signature, key);
      if (signedBy === "wallet") return { address: voucher.buyer, kind: "contract" };
      // A session ends, so its key never passes for a wallet, whatever the escrow says of its signature today.
      const isSession = signedBy === "session" && key !== undefined;
      return isSession ? await findSession(voucher, key, now) : "invalid_deferred_evm_payload_signature";
    } catch (error) {
      if (error instanceof ChainUnavailableError) return "invalid_deferred_evm_payload_chain_unavailable";
      throw error;
    }
  }

  return async (request) => {
    const { voucher, signature, digest, now } = request;
    const key = await signatures.recoverSigner(digest, signature);
    if (key === voucher.buyer) return { address: key, kind: "buyer" };
    if (limits.allowsContractWallets) {
      const isKnown = key !== undefined && (await store.getSigner(escrow, voucher.buyer, key)) !== undefined;
      if (!isKnown) return askChain(request, key);
    }
    if (key !== undefined) return findSession(voucher, key, now);
    return isKeyLength(signature)
      ? "invalid_deferred_evm_payload_signature"
      : "invalid_deferred_evm_payload_contract_wallet";
  };
}

/** Reads an account from the chain; false when the chain does not answer. */
export async function isRefreshed(chainView: ChainView, parameters: RefreshParameters): Promise<boolean> {
  try {
    await chainView.refreshAccount(parameters);
    return true;
  } catch (error) {
    if (error instanceof ChainUnavailableError || error instanceof ChainBusyError) return false;
    throw error;
  }
}

function isKeyLength(signature: Hex): boolean {
  return signature.length === 2 + 2 * 65 || signature.length === 2 + 2 * 64;
}
