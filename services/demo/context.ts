import type { ApiClient } from '../core/client/index.ts';
import { isFinal, type Job } from '../core/job/index.ts';
import type { Seen } from './fact.ts';
import type { Hooks } from './hooks.ts';
import type { Journal } from './journal.ts';
import type { Movement } from './ledger.ts';
import type { Machine } from './machine.ts';
import type { Remote } from './remote.ts';

/** What a stage may touch: the edition from outside, as a user, a forge and an operator do. */
export interface Context {
  api: Pick<ApiClient, 'jobs' | 'job' | 'cancel' | 'logBytes' | 'log'>;
  remote: Remote;
  hooks: Hooks;
  journal: Journal;
  machine: Machine;
  /** The edition's processes when nothing had happened yet. */
  idle: readonly { command: string }[];
  /** How often clients have asked Redis so far. */
  readAsks(): Promise<number>;
  /** For what must end by itself, a moment after its job. */
  graceMs: number;
  /** Aborts when the demo is stopped early: nobody waits for anything any more. */
  signal: AbortSignal;
  /** Everything that was accepted so far; a stage adds what it made. */
  accepted: Movement[];
}

/** One claim: what must be true, and a way to see whether it is. */
export interface Stage {
  title: string;
  must: string;
  run(context: Context): Promise<Seen>;
}

/** The jobs of a movement, as far as the journal knows. */
export function jobsOf({ journal }: Pick<Context, 'journal'>, { repository, ref, sha }: Movement): Job[] {
  return [...journal.jobs.values()].filter(
    ({ spec }) => spec.repository === repository && spec.ref === ref && spec.sha === sha,
  );
}

/** The movement's job, once it is there. */
export function untilJob(
  context: Pick<Context, 'journal'>,
  movement: Movement,
  limitMs?: number,
): Promise<Job> {
  const { repository, sha } = movement;
  const what = `a job for ${repository} at ${sha.slice(0, 12)}`;
  return context.journal.until(() => jobsOf(context, movement)[0], what, limitMs);
}

/** The movement's job, once it has ended. */
export function untilEnd(
  context: Pick<Context, 'journal'>,
  movement: Movement,
  limitMs?: number,
): Promise<Job> {
  const { repository, sha } = movement;
  const what = `the end of the job for ${repository} at ${sha.slice(0, 12)}`;
  const find = () => jobsOf(context, movement).find((job) => isFinal(job.state));
  return context.journal.until(find, what, limitMs);
}

/** How often the job has ended, by its events. */
export function countEnds({ journal }: Pick<Context, 'journal'>, id: string): number {
  const ends = new Set(['finished', 'skipped', 'dead']);
  return journal.events.filter((event) => event.job === id && ends.has(event.type)).length;
}

/** The whole log of a job that has ended. */
export async function readLog({ api }: Pick<Context, 'api'>, id: string): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of await api.logBytes(id)) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
