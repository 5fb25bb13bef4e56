/** What keeps strangers from using up a relayer's gas. */

/**
 * Most gas of one transaction. Whatever takes more is not sent, and nothing is sent with more: a contract wallet can burn all it gets, and
 * can burn more than when it was tried.
 */
export interface RelayGasLimits {
  /** A deposit. Keys need 126,000, through a permit 170,000; a contract wallet needs what its signature check takes on top. */
  readonly deposit: bigint;
  /** The authorization of a session signer. Keys need 55,000. */
  readonly signer: bigint;
  /** The deployment of a wallet together with its first deposit. */
  readonly deployment: bigint;
}

/** What a relayer allows unless it says otherwise. */
export const DEFAULT_RELAY_GAS: RelayGasLimits = { deposit: 300_000n, signer: 150_000n, deployment: 1_000_000n };
