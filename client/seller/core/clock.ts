/** Reads the time of this machine, unix seconds. */
export function systemClock(): bigint {
  return BigInt(Math.floor(Date.now() / 1000));
}
