import type { Address, Hex } from "viem";
import type { Voucher } from "../voucher/types.ts";
import { ChainBusyError, ChainUnavailableError } from "./errors.ts";
import { THAWING_PERIOD } from "./limits.ts";
import type { RejectionCode } from "./rejections.ts";
import type { SignatureBackend } from "./signature.ts";
import { createTokenBuckets } from "./tokenBucket.ts";
import type { ChainView, EscrowId, RefreshParameters, SellerLimits, VoucherSigner, VoucherStore } from "./types.ts";

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

/**
 * A signature by a made-up key costs its sender nothing and us a read of the chain, so such reads are rationed: for each buyer, and, as
 * the buyer is made up as easily as the key, for all buyers together that have nothing in their accounts.
 */
const LOOKUPS_OF_BUYER = { burst: 16, perSecond: 1, maxNames: 10_000 } as const;
const LOOKUPS_OF_STRANGERS = { burst: 128, perSecond: 16, maxNames: 1 } as const;

/** Bytes of a contract wallet's signature: enough for several owners or a passkey, and not dear to collect. */
const MAX_WALLET_SIGNATURE = 2_048;

/** Makes what finds the signer of a voucher: the buyer itself, its session signer, or its contract wallet. */
export function createSignerFinder(options: SignerFinderOptions): FindSigner {
  const { escrow, store, chainView, limits, signatures } = options;
  const lookupsOf = createTokenBuckets(LOOKUPS_OF_BUYER);
  const lookupsOfStrangers = createTokenBuckets(LOOKUPS_OF_STRANGERS);

  async function mayLookUp(voucher: Voucher, now: bigint): Promise<boolean> {
    const account = await store.getAccount(voucher);
    const isFunded = account !== undefined && account.balance > 0n;
    if (!isFunded && !lookupsOfStrangers.take("all", now)) return false;
    return lookupsOf.take(voucher.buyer, now);
  }

  async function findSession(voucher: Voucher, signer: Address, now: bigint): Promise<VoucherSigner | RejectionCode> {
    let session = await store.getSigner(escrow, voucher.buyer, signer);
    if (session === undefined) {
      if (!(await mayLookUp(voucher, now))) return "invalid_deferred_evm_payload_signature";
      const lookup = { account: voucher, lanes: [voucher.id], signers: [signer], isUnproven: true };
      if (!(await isRefreshed(chainView, lookup))) return "invalid_deferred_evm_payload_chain_unavailable";
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

  return async ({ voucher, signature, digest, now }) => {
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
