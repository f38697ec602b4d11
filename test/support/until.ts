/**
 * Waits for a fact, looking again every few milliseconds.
 *
 * @param fact what must become true; it may throw until then.
 * @throws after `withinMs`, with what was last seen.
 */
export async function until<T>(fact: () => T | Promise<T>, withinMs = 10_000): Promise<NonNullable<T>> {
  const end = performance.now() + withinMs;
  for (;;) {
    let seen: unknown;
    try {
      const value = await fact();
      if (value) return value;
      seen = value;
    } catch (error) {
      seen = error;
    }
    if (performance.now() > end) throw new Error(`not true within ${withinMs} ms: ${fact}`, { cause: seen });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
