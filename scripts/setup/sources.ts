import { registerHooks } from "node:module";

/** In this repository `x402-escrow/...` means the sources, without a build; everyone else gets what `npm pack` built. */
const CONDITION = "x402-escrow-source";

/** For a process that `run.mjs` did not start, such as `npx hardhat test`, and for those that it starts. */
export function resolveToSources(): void {
  const options = process.env["NODE_OPTIONS"] ?? "";
  if (options.includes(CONDITION)) return;
  process.env["NODE_OPTIONS"] = `${options} --conditions=${CONDITION}`.trim();
  registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: [...(context.conditions ?? []), CONDITION] }),
  });
}
