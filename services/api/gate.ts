/** Lets so many in at a time; the others wait in the order in which they came. */
export function createGate(most: number) {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (inside >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else inside += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // Who waits takes this place.
      if (next === undefined) inside -= 1;
      else next();
    }
  };
}
