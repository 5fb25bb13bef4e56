/** An explorer does not serve a chain, as far as anybody here knows. */
export class UnknownExplorerError extends Error {
  override readonly name = "UnknownExplorerError";

  constructor(explorer: string, chainId: number, cause?: unknown) {
    super(
      `no ${explorer} is known for chain ${chainId}. Name one in chainDescriptors of hardhat.config.ts if there is one.`,
      {
        cause,
      },
    );
  }
}

/** Why nothing could be compared; the message says what to do. */
export class VerifyError extends Error {
  override readonly name = "VerifyError";
}
