/** What several sources yield, as it comes; each is asked for its next only when its last was taken. */
export async function* merge<T>(...sources: AsyncGenerator<T>[]): AsyncGenerator<T> {
  const ask = async (source: AsyncGenerator<T>) => ({ source, result: await source.next() });
  const waiting = new Map(sources.map((source) => [source, ask(source)]));
  try {
    while (waiting.size > 0) {
      const { source, result } = await Promise.race(waiting.values());
      if (result.done === true) waiting.delete(source);
      else {
        waiting.set(source, ask(source));
        yield result.value;
      }
    }
  } finally {
    // One that failed ends the others; none of them is left with an error that nobody hears.
    for (const asked of waiting.values()) asked.catch(() => undefined);
  }
}
