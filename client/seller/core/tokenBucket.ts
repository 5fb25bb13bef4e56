/** Allows `burst` at once and `perSecond` over time, for each of a bounded number of names. */
export interface TokenBuckets {
  /** Takes one token; false when none is left. */
  take(name: string, now: bigint): boolean;
  /** Puts a token back that was taken for nothing. */
  giveBack(name: string): void;
}

/** Settings of {@link createTokenBuckets}. */
export interface TokenBucketOptions {
  readonly burst: number;
  readonly perSecond: number;
  /** Most names that are remembered; a forgotten one starts full. */
  readonly maxNames: number;
}

/** Makes buckets for what strangers may cause a number of times, but not without end. */
export function createTokenBuckets({ burst, perSecond, maxNames }: TokenBucketOptions): TokenBuckets {
  const buckets = new Map<string, { readonly tokens: number; readonly time: bigint }>();
  return {
    take: (name, now) => {
      const bucket = buckets.get(name) ?? { tokens: burst, time: now };
      const elapsed = now > bucket.time ? Number(now - bucket.time) : 0;
      const tokens = Math.min(burst, bucket.tokens + elapsed * perSecond);
      buckets.delete(name);
      const oldest = buckets.size < maxNames ? undefined : buckets.keys().next().value;
      if (oldest !== undefined) buckets.delete(oldest);
      buckets.set(name, { tokens: tokens < 1 ? tokens : tokens - 1, time: now });
      return tokens >= 1;
    },
    giveBack: (name) => {
      const bucket = buckets.get(name);
      if (bucket !== undefined) buckets.set(name, { ...bucket, tokens: Math.min(burst, bucket.tokens + 1) });
    },
  };
}
