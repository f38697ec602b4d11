/** Where a ref stands at its forge, against where the queue saw it last. */
export type Difference =
  | { kind: 'moved'; ref: string; before?: string; sha: string }
  | { kind: 'gone'; ref: string };

/**
 * What no webhook told. Pure.
 *
 * @param known must have been read *before* `actual`: a push between the two readings then looks like one
 *   that nobody told of, which the queue answers as a replay. The other way round an old commit would look new.
 */
export function toDifferences(
  known: ReadonlyMap<string, string>,
  actual: ReadonlyMap<string, string>,
): Difference[] {
  const moved: Difference[] = [];
  for (const [ref, sha] of actual) {
    const before = known.get(ref);
    // A forge keeps the heads of closed pull requests for ever; only those that are open here count.
    if (before === sha || (before === undefined && ref.startsWith('refs/pull/'))) continue;
    moved.push({ kind: 'moved', ref, sha, ...(before === undefined ? {} : { before }) });
  }
  const gone = [...known.keys()].filter((ref) => !actual.has(ref));
  return [...gone.map((ref): Difference => ({ kind: 'gone', ref })), ...moved];
}
