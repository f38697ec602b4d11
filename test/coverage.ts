import { relative } from 'node:path';
import { z } from 'zod';

/** Lines that a test ran, by file. */
export type Coverage = Map<string, { total: number; covered: number }>;

/** What the whole must reach, and each program (and `charts`) by itself, in percent of lines. */
const floors = { whole: 90, program: 80 };

const summarySchema = z.record(
  z.string(),
  z.object({ lines: z.object({ total: z.number(), covered: z.number() }) }),
);

/** Reads istanbul's `json-summary`. */
export function readCoverage(json: string, root: string): Coverage {
  const { total: _, ...files } = summarySchema.parse(JSON.parse(json));
  return new Map(Object.entries(files).map(([file, { lines }]) => [relative(root, file), lines]));
}

/** One line for each program that is below its floor, worst files first; empty when all is well. */
export function toShortfalls(coverage: Coverage): string[] {
  const groups = Map.groupBy(
    coverage,
    ([file]) => /^services\/(?:core\/)?[^/]+|^[^/]+/.exec(file)?.[0] ?? file,
  );
  const shares = [...groups].map(([name, files]) => ({ name, files, floor: floors.program }));
  const whole = { name: 'the whole', files: [...coverage], floor: floors.whole };
  return [...shares, whole].flatMap(({ name, files, floor }) => {
    const share = toShare(files.map(([, lines]) => lines));
    if (share >= floor) return [];
    const worst = files
      .toSorted(([, a], [, b]) => b.total - b.covered - (a.total - a.covered))
      .slice(0, 3)
      .map(([file, lines]) => `${file} (${lines.total - lines.covered} lines)`);
    return [
      `coverage of ${name}: ${share.toFixed(1)} % of lines, expected ${floor} %. Untested most: ${worst.join(', ')}`,
    ];
  });
}

function toShare(lines: { total: number; covered: number }[]): number {
  const total = lines.reduce((sum, { total }) => sum + total, 0);
  return total === 0 ? 100 : (100 * lines.reduce((sum, { covered }) => sum + covered, 0)) / total;
}
