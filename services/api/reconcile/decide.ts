import { toPullRef } from '../../core/forge/index.ts';

/** Where a ref stands at its forge, against where the queue saw it last. */
export type Difference =
  | { kind: 'moved'; ref: string; before?: string; sha: string }
  | { kind: 'gone'; ref: string };

/** Where a repository's refs stand. */
export interface Actual {
  /** By git: branches, tags, and the heads of all pull requests that ever were. */
  refs: ReadonlyMap<string, string>;
  /** By the forge's API: the heads of the open pull requests. Undefined where it is not, or cannot be, asked. */
  open?: ReadonlyMap<string, string> | undefined;
}

/**
 * What no webhook told. Pure.
 *
 * @param known must have been read *before* `actual`: a push between the two readings then looks like one
 *   that nobody told of, which the queue answers as a replay. The other way round an old commit would look new.
 */
export function toDifferences(known: ReadonlyMap<string, string>, { refs, open }: Actual): Difference[] {
  const moved: Difference[] = [];
  const move = (ref: string, sha: string) => {
    const before = known.get(ref);
    if (before !== sha) moved.push({ kind: 'moved', ref, sha, ...(before === undefined ? {} : { before }) });
  };
  for (const [ref, sha] of refs) {
    // A forge keeps the heads of closed pull requests for ever; without its API only those that are open here count.
    if (!isPull(ref) || (open === undefined && known.has(ref))) move(ref, sha);
  }
  for (const [ref, sha] of open ?? []) {
    // Where git and the API do not agree, one of them is behind: the next look tells.
    if ((refs.get(ref) ?? sha) === sha) move(ref, sha);
  }
  const gone = [...known.keys()].filter((ref) =>
    isPull(ref) && open !== undefined ? !open.has(ref) : !refs.has(ref),
  );
  return [...gone.map((ref): Difference => ({ kind: 'gone', ref })), ...moved];
}

/** The number of a pull request's ref. */
export function toPullNumber(ref: string): number | undefined {
  const number = Number(/^refs\/pull\/(\d+)\/head$/.exec(ref)?.[1]);
  return toPullRef(number) === ref ? number : undefined;
}

function isPull(ref: string): boolean {
  return ref.startsWith('refs/pull/');
}
