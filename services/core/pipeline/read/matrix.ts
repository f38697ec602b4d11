import type { WorkflowFile } from '../schema/workflow.ts';

/** As many as Woodpecker runs; it leaves out further ones without a word. */
export const maxEntries = 27;

/**
 * The entries of a matrix: each combination of the values, the last variable (by name) changing first, or those of
 * `include`. One without variables where there is no matrix.
 */
export function toEntries(
  matrix: WorkflowFile['matrix'],
  fail: (path: PropertyKey[], problem: string, hint?: string) => never,
): Record<string, string>[] {
  if (matrix === undefined) return [{}];
  const { include, ...axes } = matrix;
  const names = Object.keys(axes).sort();
  if (include !== undefined) {
    const [other] = names;
    if (other !== undefined)
      fail(['matrix', other], 'a matrix has include or variables, not both', 'name each entry in include');
    return [include].flat().map((entry, i) => {
      if (typeof entry === 'string')
        return fail(['matrix', 'include', i], 'expected variables and their values');
      return entry;
    });
  }
  let entries: Record<string, string>[] = [{}];
  for (const name of names) {
    const values = [axes[name] ?? []].flat().map((value, i) => {
      if (typeof value !== 'string') return fail(['matrix', name, i], 'expected text');
      return value;
    });
    if (values.length === 0) continue;
    if (entries.length * values.length > maxEntries)
      fail(['matrix', name], `more than ${maxEntries} combinations`, 'name those that are wanted in include');
    entries = entries.flatMap((entry) => values.map((value) => ({ ...entry, [name]: value })));
  }
  return entries;
}
