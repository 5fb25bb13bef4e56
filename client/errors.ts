import { isHex, type Hex } from "viem";

/** What every error of this package may carry besides its first sentence. */
export interface BaseErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** Further lines: what to do next, then facts. */
  readonly metaMessages?: readonly string[];
}

/**
 * Base of every error this package throws.
 *
 * Tell errors apart by class or by `name`, never by text.
 */
export class BaseError extends Error {
  /** Name of the class. */
  override readonly name: string = "BaseError";
  /** What happened, in one sentence. */
  readonly shortMessage: string;
  /** What to do next, then facts. */
  readonly metaMessages: readonly string[];

  constructor(shortMessage: string, options: BaseErrorOptions = {}) {
    const { cause, metaMessages = [] } = options;
    super([shortMessage, ...metaMessages].join("\n"), cause === undefined ? undefined : { cause });
    this.shortMessage = shortMessage;
    this.metaMessages = metaMessages;
  }

  /** Gives the innermost cause; the error itself when it has none. */
  walk(): unknown;
  /** Gives the first error of the chain, this one included, for which `predicate` holds; `undefined` when there is none. */
  walk(predicate: (error: unknown) => boolean): unknown;
  walk(predicate?: (error: unknown) => boolean): unknown {
    return predicate === undefined ? chainOf(this).at(-1) : chainOf(this).find(predicate);
  }
}

/** A package that is needed here is not installed, or does not load. */
export class PackageUnavailableError extends BaseError {
  override readonly name: string = "PackageUnavailableError";
  /** Its name: `@x402/evm`. */
  readonly package: string;

  constructor(name: string, cause: unknown) {
    super(`The package \`${name}\` does not load.`, { cause, metaMessages: [`Install it: \`npm install ${name}\`.`] });
    this.package = name;
  }
}

/**
 * Finds the data a contract reverted with in an error of viem or of a JSON-RPC provider.
 *
 * @param error - Anything that was thrown.
 * @returns Revert data; `0x` for a revert without data; `undefined` when no node said that a contract reverted.
 *
 * @example
 * const data = getRevertData(error);
 */
export function getRevertData(error: unknown): Hex | undefined {
  for (const cause of chainOf(error)) {
    const data = dataOf(cause);
    if (data !== undefined) return data;
  }
  return undefined;
}

/** The error and its causes, outermost first. A chain that leads back to itself ends there. */
function chainOf(error: unknown): readonly unknown[] {
  const chain = new Set<unknown>();
  for (let current = error; current !== undefined && !chain.has(current); current = member(current, "cause")) {
    chain.add(current);
  }
  return [...chain];
}

/** Nodes put revert data in `data`, some in `data.data`; viem moves it to `raw` once it has decoded it. */
function dataOf(error: unknown): Hex | undefined {
  const data = member(error, "data");
  return hex(member(error, "raw")) ?? hex(data) ?? hex(member(data, "data"));
}

function hex(value: unknown): Hex | undefined {
  return isHex(value) ? value : undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
