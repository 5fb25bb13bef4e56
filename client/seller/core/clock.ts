/**
 * Reads the time of this machine, unix seconds.
 *
 * @returns Unix seconds.
 *
 * @example
 * const now = systemClock();
 */
export function systemClock(): bigint {
  return BigInt(Math.floor(Date.now() / 1000));
}
