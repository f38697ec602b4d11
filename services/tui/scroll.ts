/**
 * By how many rows the terminal should scroll a region so that the least has to be drawn again: positive
 * is up, 0 where scrolling saves less than two rows.
 */
export function toScroll(before: readonly string[], after: readonly string[]): number {
  const same = (by: number) =>
    after.filter((row, index) => row.trim() !== '' && row === before[index + by]).length;
  let best = 0;
  let most = same(0) + 1;
  for (let by = 1; by < after.length; by++) {
    for (const signed of [by, -by]) {
      const rows = same(signed);
      if (rows <= most) continue;
      best = signed;
      most = rows;
    }
  }
  return best;
}
