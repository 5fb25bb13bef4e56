import { PackageUnavailableError } from "../../errors.ts";

/**
 * The stock client of the scheme, which signs.
 *
 * @throws {PackageUnavailableError} `@x402/evm` is not installed.
 */
export const { AuthCaptureEvmScheme: StockScheme } = await import("@x402/evm/auth-capture/client").then(
  ({ AuthCaptureEvmScheme }) => ({ AuthCaptureEvmScheme }),
  (error: unknown) => {
    throw new PackageUnavailableError("@x402/evm", error);
  },
);
