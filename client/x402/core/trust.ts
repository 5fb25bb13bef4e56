import { isAddress, type Address } from "viem";

/** What {@link createTrust} is made of. */
export interface TrustParameters {
  /** The option as given; undefined only where no compiler looked at it. */
  readonly contracts: readonly Address[] | undefined;
  /** Name of the option. */
  readonly option: string;
  /** Name of the contract, for the error's next step. */
  readonly contract: string;
  /** Makes the error of a configuration that cannot work. */
  readonly misconfigured: (what: string, next: string) => Error;
  /** Makes the error of an offer that names another contract. */
  readonly untrusted: (contract: string) => Error;
}

/**
 * Makes the check that an offer names a contract the payer trusts.
 *
 * @returns The check. It throws the error of `untrusted` for any other contract.
 * @throws the error of `misconfigured`: the list is empty, or has an entry that is no address.
 */
export function createTrust(parameters: TrustParameters): (contract: Address) => void {
  const { contracts, option, misconfigured, untrusted } = parameters;
  if (contracts === undefined || contracts.length === 0) {
    throw misconfigured(
      "No contract is trusted, so nothing could ever be paid.",
      `Name in \`${option}\` the ${parameters.contract} to pay through.`,
    );
  }
  const wrong = contracts.find((contract) => !isAddress(contract, { strict: false }));
  if (wrong !== undefined) {
    throw misconfigured(`"${wrong}" in \`${option}\` is no address.`, "Write it as `0x` and 40 hex digits.");
  }
  const trusted = new Set(contracts.map((contract) => contract.toLowerCase()));
  return (contract) => {
    if (!trusted.has(contract.toLowerCase())) throw untrusted(contract);
  };
}
