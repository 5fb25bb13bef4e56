/** The smallest of some bigints; `Math.min` takes none. */
export function smallest(first: bigint, ...others: readonly bigint[]): bigint {
  let least = first;
  for (const other of others) if (other < least) least = other;
  return least;
}

/** The largest of some bigints; `Math.max` takes none. */
export function largest(first: bigint, ...others: readonly bigint[]): bigint {
  let most = first;
  for (const other of others) if (other > most) most = other;
  return most;
}
