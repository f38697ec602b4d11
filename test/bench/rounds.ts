/**
 * Runs the sides of a comparison in turns, each round in another order, after one round that warms up: what
 * else the machine does then meets all alike.
 *
 * @returns the numbers of each side, round by round
 */
export async function inTurns<Side>(
  sides: readonly Side[],
  rounds: number,
  measure: (side: Side) => Promise<number>,
): Promise<number[][]> {
  const found: number[][] = sides.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (let turn = 0; turn < sides.length; turn++) {
      const i = (turn + round + 1) % sides.length;
      const side = sides[i];
      if (side === undefined) continue;
      const value = await measure(side);
      if (round >= 0) found[i]?.push(value);
    }
  }
  return found;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values: readonly number[]) => quantile(values, 0.5);

/** The median of each round's ratio: noise that met both is gone. */
export function toRatio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)));
}

/** `12,345 ±4%`: the median, and half of what the middle half of the rounds spans. */
export function toText(values: readonly number[]): string {
  const half = (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values);
  return `${Math.round(median(values)).toLocaleString('en')} ±${Math.round(half * 100)}%`;
}
