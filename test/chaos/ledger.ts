import type { Note } from './agent/work.ts';

/** What was asked for, and all that whoever asked was told of it. */
export interface Asked {
  name: string;
  /** How it may end. */
  ends: readonly string[];
  /** Whether the promise holds for it: somebody was told 2xx, or the forge has it and is compared. */
  accepted: boolean;
  /** The job of each answer. */
  jobs: readonly string[];
}

/** An entry of the queue's stream of events: what it decided, in order. */
export interface Decided {
  type: string;
  job: string;
  at: number;
  state?: string;
  fence?: number;
}

/** A job as the api tells it at the end. */
export interface Kept {
  id: string;
  name: string;
  state: string;
  fence: number;
}

export interface Ledger {
  accepted: number;
  /** Accepted, and ended exactly once as it should. */
  finished: number;
  /** Each line a broken promise. */
  wrong: string[];
}

const mostLosses = 3;
export const isEnd = ({ type }: Decided) => type === 'finished' || type === 'skipped' || type === 'dead';

/**
 * Compares four witnesses: what askers were told, what the queue said that it decided, what the api says
 * at the end, and what the agents wrote down themselves. Believes none of them alone.
 */
export function toLedger(
  asked: readonly Asked[],
  decided: readonly Decided[],
  kept: readonly Kept[],
  notes: readonly Note[],
): Ledger {
  const wrong: string[] = [];
  const endsOf = Map.groupBy(decided.filter(isEnd), ({ job }) => job);
  const byName = Map.groupBy(kept, ({ name }) => name);
  const heard = Map.groupBy(
    notes.filter(({ what }) => what === 'heard'),
    ({ job }) => job ?? '',
  );
  // A run that kills the agents of one job three times has used it up, as promised.
  const lostOf = (id: string) => decided.filter(({ job, type }) => job === id && type === 'lost').length;
  let finished = 0;
  for (const { name, ends, accepted, jobs } of asked) {
    const before = wrong.length;
    const own = byName.get(name) ?? [];
    const ids = new Set([...jobs, ...own.map(({ id }) => id)]);
    if (ids.size > 1) wrong.push(`doubled: ${name} became ${[...ids].join(' and ')}`);
    if (accepted && own.length === 0) wrong.push(`lost: ${name} was accepted, and no job of it is there`);
    for (const { id, state } of own) {
      const count = endsOf.get(id)?.length ?? 0;
      if (count > 1) wrong.push(`doubled: ${name} (${id}) ended ${count} times`);
      if (count === 0) wrong.push(`lost: ${name} (${id}) is ${state} and has not ended`);
      else if (state === 'dead' && lostOf(id) >= mostLosses) continue;
      else if (!ends.includes(state))
        wrong.push(`wrong: ${name} (${id}) ended as ${state}, not as ${ends.join(' or ')}`);
      const recorded = (heard.get(id) ?? []).filter(
        ({ answer, outcome }) => answer === 'done' && outcome !== 'error',
      );
      if (recorded.length > 1)
        wrong.push(`doubled: the end of ${name} (${id}) was recorded ${recorded.length} times`);
      const [one] = recorded;
      if (one !== undefined && one.outcome !== state)
        wrong.push(`wrong: ${name} (${id}) is ${state}; its agent was told that ${one.outcome} counts`);
      const said = notes.some((note) => note.what === 'says' && note.job === id && note.outcome === state);
      if (state === 'success' && !said) wrong.push(`wrong: ${name} (${id}) is a success that no agent said`);
    }
    if (accepted && wrong.length === before) finished += 1;
  }
  const names = new Set(asked.map(({ name }) => name));
  for (const { name, id } of kept)
    if (!names.has(name)) wrong.push(`unasked: nobody asked for ${name} (${id})`);
  return { accepted: asked.filter(({ accepted }) => accepted).length, finished, wrong };
}

/**
 * What is wrong with a log; undefined where it is, byte for byte, what its agent wrote.
 *
 * @param mayBeCut Redis had no room for all of it: then it is how that began, and where there was room again at the
 *   end, a last line that says to the byte what is missing
 */
export function findLogFault(text: string, wrote: string, mayBeCut: boolean): string | undefined {
  if (text === wrote) return undefined;
  const [word, missing] = /\[(\d+) bytes were dropped here\]\n$/.exec(text) ?? [''];
  const kept = text.slice(0, text.length - word.length);
  if (
    mayBeCut &&
    wrote.startsWith(kept) &&
    (missing === undefined || kept.length + Number(missing) === wrote.length)
  )
    return undefined;
  let same = 0;
  while (same < text.length && text[same] === wrote[same]) same += 1;
  const shown = JSON.stringify(text.slice(same, same + 40));
  return `${text.length} bytes where its agent wrote ${wrote.length}; from byte ${same} on it has ${shown}`;
}

/** Jobs that ran beside another of their group, where the group allows one at a time. */
export function findBeside(decided: readonly Decided[], group: ReadonlySet<string>): string[] {
  const wrong: string[] = [];
  let running: string | undefined;
  for (const event of decided) {
    if (!group.has(event.job)) continue;
    if (event.type === 'claimed') {
      if (running !== undefined) wrong.push(`${event.job} was claimed while ${running} ran in its group`);
      running = event.job;
    } else if (event.job === running && (event.type === 'lost' || event.type === 'delayed' || isEnd(event))) {
      running = undefined;
    }
  }
  return wrong;
}

/** How many jobs were taken from an agent that worked on them: one that never heard of its claim has lost nothing. */
export function findTaken(decided: readonly Decided[], notes: readonly Note[]): number {
  return decided.filter(
    ({ type, job, fence = 0 }) =>
      type === 'lost' &&
      notes.some((note) => note.what === 'took' && note.job === job && note.fence === fence - 1),
  ).length;
}
