import { toBytes32 } from "../core/keys.ts";
import { toAddress } from "../core/keys.ts";
import type { Address } from "viem";
import type { TypedDataSigner } from "../../core/signer.ts";
import { signReleaseAuthorization } from "../../voucher/signAuthorizations.ts";
import { ReleaseTooLongError, ReleaseUncoveredError } from "./errors.ts";
import { DEFAULT_LANE } from "./keys.ts";
import { MAX_RELEASE_SECONDS, notBehindChain, systemClock } from "./limits.ts";
import { randomBytes32 } from "./store/records.ts";
import type { AccountId, EscrowId, LiveRelease, Releases } from "./types.ts";
import type { ChainView } from "./chain/types.ts";
import type { VoucherStore } from "./store/types.ts";

/** Settings of {@link createReleases}. */
export interface ReleasesOptions {
  readonly escrow: EscrowId;
  /** Signs as the seller: a viem account, or anything with `signTypedData`. */
  readonly signer: TypedDataSigner;
  /** Whose releases are signed. */
  readonly seller: Address;
  readonly store: VoucherStore;
  readonly chainView: ChainView;
  /** Unix seconds; the machine's clock by default. */
  readonly clock?: () => bigint;
}

/**
 * Makes the signer of releases of one seller.
 *
 * A release counts against the account from before it leaves the seller until its execution has the confirmations the seller chose, or
 * a block with those confirmations is past its expiry.
 *
 * @param options - {@link ReleasesOptions}.
 * @returns The signer of releases. Signs only what the account covers.
 *
 * @example
 * const { authorization, signature } = await releases.sign({ buyer, asset: usdc });
 */
export function createReleases(options: ReleasesOptions): Releases {
  const { signer, store, chainView } = options;
  const timeOf = notBehindChain(options.clock ?? systemClock, chainView);
  const escrow: EscrowId = { chainId: options.escrow.chainId, escrow: toAddress(options.escrow.escrow) };
  const seller = toAddress(options.seller);

  async function readAccount(account: AccountId) {
    const known = await store.getAccount(account);
    if (known !== undefined) return known;
    await chainView.refreshAccount({ account });
    return store.getAccount(account);
  }

  return {
    async sign(parameters): Promise<LiveRelease> {
      const { validSeconds = MAX_RELEASE_SECONDS } = parameters;
      if (validSeconds < 1n || validSeconds > MAX_RELEASE_SECONDS) {
        throw new ReleaseTooLongError(validSeconds, MAX_RELEASE_SECONDS);
      }
      const account = { ...escrow, seller, asset: toAddress(parameters.asset), buyer: toAddress(parameters.buyer) };
      const spendable = (await readAccount(account))?.spendable ?? 0n;
      const amount = parameters.amount ?? spendable;
      if (amount < 1n || amount > spendable) throw new ReleaseUncoveredError(account.buyer, amount, spendable);
      const id = toBytes32(parameters.id ?? DEFAULT_LANE);
      const charged = (await store.getLane({ ...account, id }))?.charged ?? 0n;
      const authorization = {
        buyer: account.buyer,
        seller,
        asset: account.asset,
        id,
        collectedAtLeast: parameters.collectedAtLeast ?? charged,
        amount,
        nonce: randomBytes32(),
        expiry: timeOf() + validSeconds,
      };
      const signature = await signReleaseAuthorization(signer, { ...escrow, authorization });
      const release = { authorization, signature };
      // The store decides: other requests ran while this was signed.
      if (!(await store.addRelease(account, release))) {
        throw new ReleaseUncoveredError(account.buyer, amount, (await store.getAccount(account))?.spendable ?? 0n);
      }
      return release;
    },
  };
}
