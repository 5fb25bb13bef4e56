import type { Address } from "viem";
import { largest } from "../../core/amounts.ts";
import type { TypedDataSigner } from "../../core/signer.ts";
import { signCloseEscrow, signReleaseEscrow } from "../../flash/sign.ts";
import { systemClock } from "../core/clock.ts";
import { toAddress } from "../core/keys.ts";
import { EscrowNotOpenError, NotSettledError, ReleaseTooLongError, ReleaseUncoveredError } from "./errors.ts";
import { toSettlementId } from "./keys.ts";
import type {
  FlashChainFacts,
  FlashEscrowId,
  FlashEscrowState,
  FlashLeaving,
  FlashStore,
  LiveRelease,
  SettlementId,
} from "./types.ts";

/** Settings of {@link createFlashLeaving}. */
export interface FlashLeavingOptions {
  readonly settlement: SettlementId;
  /** Signs as the server: a viem account, or anything with `signTypedData`. */
  readonly signer: TypedDataSigner;
  /** Whose escrows are given back. */
  readonly server: Address;
  readonly store: FlashStore;
  readonly chain: FlashChainFacts;
  /** Unix seconds; the machine's clock by default. The chain's time counts where it is later. */
  readonly clock?: () => bigint;
}

/** Longest life of a release and of a close, seconds. */
export const MAX_FLASH_RELEASE_SECONDS = 3_600n;
const DEFAULT_RELEASE_SECONDS = 600n;

/**
 * Makes what gives escrows back.
 *
 * A release is in the store before its signature leaves the server, and counts until the chain shows that it was used, was cancelled or is
 * past its deadline (R12). A close is signed only after the store stopped accepting, for every process that shares it, and only once
 * nothing is left to settle at the depth the server chose (R11).
 *
 * @param options - {@link FlashLeavingOptions}.
 * @returns What signs releases and closes for this server.
 *
 * @example
 * const { authorization, signature } = await leaving.release({ client, token: usdc, amount: 1_000_000n });
 */
export function createFlashLeaving(options: FlashLeavingOptions): FlashLeaving {
  const { signer, store, chain, clock = systemClock } = options;
  const settlement = toSettlementId(options.settlement);
  const server = toAddress(options.server);

  function idOf({ client, token }: { readonly client: Address; readonly token: Address }): FlashEscrowId {
    return { ...settlement, client: toAddress(client), server, token: toAddress(token) };
  }

  function readClock(): bigint {
    return largest(clock(), chain.chainTime ?? 0n);
  }

  function deadlineAfter(seconds: bigint): bigint {
    return readClock() + seconds;
  }

  async function readOpen(escrow: FlashEscrowId): Promise<FlashEscrowState> {
    const known = await store.getEscrow(escrow);
    if (known === undefined || known.isStale) await chain.refreshEscrow(escrow);
    const state = await store.getEscrow(escrow);
    if (state?.confirmed.isOpen !== true) throw new EscrowNotOpenError(escrow.client);
    return state;
  }

  async function stop(escrow: FlashEscrowId): Promise<FlashEscrowState> {
    const { confirmed } = await readOpen(escrow);
    await store.stop(escrow, confirmed.epoch, readClock());
    return readOpen(escrow);
  }

  /** Stops the epoch that the chain is in: one that only this read shows is not stopped yet. */
  async function stopForGood(escrow: FlashEscrowId): Promise<FlashEscrowState> {
    await stop(escrow);
    // What was settled a moment ago counts only once it was read.
    await chain.refreshEscrow(escrow);
    const state = await readOpen(escrow);
    return state.isStopped ? state : stopForGood(escrow);
  }

  return {
    async release({ client, token, amount, validSeconds = DEFAULT_RELEASE_SECONDS }): Promise<LiveRelease> {
      if (validSeconds < 1n || validSeconds > MAX_FLASH_RELEASE_SECONDS) {
        throw new ReleaseTooLongError(validSeconds, MAX_FLASH_RELEASE_SECONDS);
      }
      const escrow = idOf({ client, token });
      const { confirmed, available } = await readOpen(escrow);
      const authorization = {
        client: escrow.client,
        server,
        token: escrow.token,
        epoch: confirmed.epoch,
        amount: amount ?? available,
        nonce: randomNumber(),
        deadline: deadlineAfter(validSeconds),
      };
      if (authorization.amount < 1n) throw new ReleaseUncoveredError(escrow.client, authorization.amount);
      const release = { authorization, signature: await signReleaseEscrow(signer, { ...settlement, authorization }) };
      // The store decides: other requests ran while this was signed.
      if (!(await store.addRelease(escrow, release))) {
        throw new ReleaseUncoveredError(escrow.client, authorization.amount);
      }
      return release;
    },

    stop: (escrow) => stop(idOf(escrow)),

    async signClose(parties) {
      const escrow = idOf(parties);
      const { confirmed, unsettled } = await stopForGood(escrow);
      if (unsettled > 0n) throw new NotSettledError(escrow.client, unsettled);
      const authorization = {
        client: escrow.client,
        server,
        token: escrow.token,
        epoch: confirmed.epoch,
        byServer: true,
        deadline: deadlineAfter(MAX_FLASH_RELEASE_SECONDS),
      };
      return { authorization, signature: await signCloseEscrow(signer, { ...settlement, authorization }) };
    },
  };
}

/** 256 bits, so that no two releases ever share a nonce. */
function randomNumber(): bigint {
  return crypto.getRandomValues(new BigUint64Array(4)).reduce((number, part) => (number << 64n) | part, 0n);
}
