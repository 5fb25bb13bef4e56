/** Work that is measured: one call does one item. */
export interface Subject {
  readonly name: string;
  /** How many items a round takes. */
  readonly perRound: number;
  /** Does the item of this number; every number comes once, in order. */
  run(index: number): Promise<void>;
}

/** Times of a subject's items, milliseconds, ascending. */
export type Samples = readonly number[];

/** Rounds that are thrown away, then rounds that count. */
const WARM_UP_ROUNDS = 2;
const ROUNDS = 8;

/** How many items {@link measure} asks a subject for. */
export function itemsOf({ perRound }: Pick<Subject, "perRound">): number {
  return perRound * (WARM_UP_ROUNDS + ROUNDS);
}

/** Measures subjects turn by turn, so that whatever else the machine does meets them all alike. */
export async function measure(subjects: readonly Subject[]): Promise<readonly Samples[]> {
  const samples = subjects.map((): number[] => []);
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    for (const [place, subject] of subjects.entries()) {
      const times = await runRound(subject, round * subject.perRound);
      if (round >= WARM_UP_ROUNDS) samples[place]?.push(...times);
    }
  }
  return samples.map((times) => times.toSorted((one, other) => one - other));
}

async function runRound({ perRound, run }: Subject, first: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = first; index < first + perRound; index += 1) {
    const start = process.hrtime.bigint();
    await run(index);
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  return times;
}

/** The sample below which this share of all lies; milliseconds to a tenth of a microsecond. */
export function quantile(samples: Samples, share: number): number {
  const value = samples[Math.min(samples.length - 1, Math.floor(samples.length * share))];
  if (value === undefined) throw new Error("nothing was measured");
  return Math.round(value * 1e4) / 1e4;
}
