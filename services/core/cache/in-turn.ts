/** Does all, at most `atOnce` at a time; the first that fails ends the rest before they begin. */
export async function inTurn<T>(
  items: readonly T[],
  atOnce: number,
  action: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const go = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      const item = items[index];
      if (item === undefined) continue;
      try {
        await action(item, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.allSettled(Array.from({ length: atOnce }, go)).then((ends) => {
    const failure = ends.find((end) => end.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  });
}
