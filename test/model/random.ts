/** A small seeded generator (mulberry32), so that a failure can be run again from its seed. */
export function createRandom(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    below: (n: number) => Math.floor(next() * n),
    chance: (p: number) => next() < p,
    pick<T>(from: readonly [T, ...T[]]): T {
      return from[Math.floor(next() * from.length)] ?? from[0];
    },
    /** Undefined where there is nothing to pick from. */
    some<T>(from: readonly T[]): T | undefined {
      return from[Math.floor(next() * from.length)];
    },
  };
}
export type Random = ReturnType<typeof createRandom>;
