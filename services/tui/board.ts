import { apply, type Job, type JobEvent } from '../core/job/index.ts';

interface Known {
  readonly job: Job;
  /** The id of the last event that is in it. */
  readonly asOf: string;
}

interface Heard {
  readonly id: string;
  readonly event: JobEvent;
}

/** All jobs that this terminal knows of, folded from snapshots and events in whatever order they came. */
export interface Board {
  readonly known: ReadonlyMap<string, Known>;
  /** Events that a snapshot which is still on its way may lack. */
  readonly recent: readonly Heard[];
  /** The job that is kept whatever else goes: the opened one. */
  readonly pinned: string | undefined;
  /** Jobs that are kept; more, once somebody has paged back. */
  readonly room: number;
}

const mostJobs = 500;
/** Farther back a terminal does not page. */
export const mostRoom = 5_000;

export const emptyBoard: Board = { known: new Map(), recent: [], pinned: undefined, room: mostJobs };
const mostRecent = 500;

/** Jobs as they were at the event `asOf`; what has been heard since is folded onto them. */
export function learn(board: Board, jobs: readonly Job[], asOf: string): Board {
  const known = new Map(board.known);
  const later = board.recent.filter(({ id }) => isAfter(id, asOf));
  for (const job of jobs) {
    const before = known.get(job.id)?.job;
    // A list carries no steps; those of the same claim still hold.
    const steps = job.steps.length === 0 && before?.fence === job.fence ? before.steps : job.steps;
    const start: Known = { job: { ...job, steps }, asOf };
    known.set(
      job.id,
      later.reduce((last, heard) => fold(last, heard) ?? last, start),
    );
  }
  return { ...board, known: trim(known, board.pinned, board.room) };
}

/** As `learn`, of jobs that are older than the board would keep. */
export function learnOlder(board: Board, jobs: readonly Job[], asOf: string): Board {
  const fresh = jobs.filter(({ id }) => !board.known.has(id)).length;
  const room = Math.min(mostRoom, Math.max(board.room, board.known.size + fresh));
  return learn({ ...board, room }, jobs, asOf);
}

/** One event; it changes nothing where it is old, or its job is not known. */
export function hear(board: Board, id: string, event: JobEvent): Board {
  const heard = { id, event };
  const recent = [...board.recent.slice(1 - mostRecent), heard];
  const before = board.known.get(event.job);
  const after = fold(before, heard);
  if (after === undefined || after === before) return { ...board, recent };
  return {
    ...board,
    known: trim(new Map(board.known).set(event.job, after), board.pinned, board.room),
    recent,
  };
}

/** Forgets what a new snapshot will not renew. */
export function forget(board: Board): Board {
  return { ...board, known: trim(new Map(board.known), board.pinned, 0), room: mostJobs };
}

/** Newest first. */
export function toJobs(board: Board): Job[] {
  return [...board.known.values()].map(({ job }) => job).sort(byAge);
}

function fold(before: Known | undefined, { id, event }: Heard): Known | undefined {
  if (before !== undefined && (event.job !== before.job.id || !isAfter(id, before.asOf))) return before;
  const job = apply(before?.job, event);
  return job === undefined ? undefined : { job, asOf: id };
}

function trim(known: Map<string, Known>, pinned: string | undefined, most: number): Map<string, Known> {
  if (known.size <= most) return known;
  const newest = [...known.values()].sort((a, b) => byAge(a.job, b.job));
  const kept = newest.filter(({ job }, index) => index < most || job.id === pinned);
  return new Map(kept.map((one) => [one.job.id, one]));
}

function byAge(a: Job, b: Job): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1);
}

/** Event ids are a Redis stream's: `<milliseconds>-<sequence>`. */
function isAfter(id: string, other: string): boolean {
  const [ms = 0, sequence = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherSequence = 0] = other.split('-').map(Number);
  return ms > otherMs || (ms === otherMs && sequence > otherSequence);
}
