/** The value below which this share of the sorted values lies. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

/** The middle of some measurements, and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), least: sorted[0] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN };
}

/** What was measured of us and of a peer, round by round, and the ratios of the rounds. */
export interface Comparison {
  readonly ours: Spread;
  readonly peer: Spread;
  readonly ratio: Spread;
}

/** Compares what the rounds gave: a ratio is that of one round, whose two sides ran right after one another. */
export function compare(ours: readonly number[], peer: readonly number[]): Comparison {
  return {
    ours: spreadOf(ours),
    peer: spreadOf(peer),
    ratio: spreadOf(ours.map((figure, round) => figure / (peer[round] ?? Number.NaN))),
  };
}

/**
 * Measures both sides in turn, so many rounds: whatever else the machine does then hits both. Each round begins with the
 * other side than the one before. A first round, thrown away, warms both up.
 */
export async function alternate<Sample>(
  rounds: number,
  ours: () => Promise<Sample>,
  peer: () => Promise<Sample>,
): Promise<{ readonly ours: readonly Sample[]; readonly peer: readonly Sample[] }> {
  const samples = { ours: [] as Sample[], peer: [] as Sample[] };
  for (let round = 0; round <= rounds; round++) {
    const order = round % 2 === 0 ? (['ours', 'peer'] as const) : (['peer', 'ours'] as const);
    for (const side of order) {
      // The garbage of one side is not to be collected at the expense of the other.
      globalThis.gc?.();
      const sample = await (side === 'ours' ? ours() : peer());
      if (round > 0) samples[side].push(sample);
    }
  }
  return samples;
}
