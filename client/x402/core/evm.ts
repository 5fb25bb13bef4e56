import { PackageUnavailableError } from "../../errors.ts";

/**
 * The tokens that `@x402/evm` knows. It is an optional peer of this package, since only the plug-ins need it: who imports one without it
 * is told what to install, instead of getting the runtime's own error.
 *
 * @throws {PackageUnavailableError} `@x402/evm` is not installed.
 */
export const { findDefaultAsset, getDefaultAsset } = await import("@x402/evm").then(
  ({ findDefaultAsset, getDefaultAsset }) => ({ findDefaultAsset, getDefaultAsset }),
  (error: unknown) => {
    throw new PackageUnavailableError("@x402/evm", error);
  },
);
