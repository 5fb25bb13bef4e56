import manifest from "../../package.json" with { type: "json" };

/** A module that the package offers. */
export interface EntryPoint {
  /** What stands behind the package's name in an import: `voucher`, `x402/deferred`. */
  readonly subPath: string;
  /** Its source, under the project's root. */
  readonly source: string;
}

/** The modules that package.json exports, in its order. What it exports as a plain path is a file to read and no module. */
export const ENTRY_POINTS: readonly EntryPoint[] = Object.entries(manifest.exports).flatMap(([key, target]) =>
  typeof target === "string"
    ? []
    : [{ subPath: key.slice("./".length), source: target["x402-escrow-source"].slice("./".length) }],
);
