import { HeadsError } from '../../core/forge/index.ts';
import type { Cron, Fired, JobSpec, Repository } from '../../core/job/index.ts';
import type { Log } from '../../core/log/index.ts';
import type { Crons, KnownCron, Queue, Repositories } from '../../core/queue/index.ts';
import type { Tracer } from '../../core/trace/index.ts';
import { toQuota, withTrace } from '../enqueue.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import { trace } from '../trace.ts';
import { parseSchedule, type Schedule, ScheduleError } from './schedule.ts';

export interface FiringDeps {
  crons: Pick<Crons, 'list' | 'note'>;
  queue: Pick<Queue, 'enqueue'>;
  repositories: Pick<Repositories, 'get'>;
  reconciler: Pick<Reconciler, 'readHeads'>;
  tracer: Tracer;
  log: Log;
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
}

/** A cron as it is read, and until when there is nothing to do for it; undefined: for ever. */
interface Entry {
  schedule: Schedule;
  next: number | undefined;
}

/** How long a forge that did not answer is left alone. */
const pauseMs = 30_000;

/**
 * One look at all crons: what is due starts. Each replica looks, and none leads: a pipeline's id is made from the
 * cron and the time at which it was due, so the second who enqueues it is told that it is there.
 *
 * What was due while nobody looked starts once, for the newest of its times.
 */
export function createFiring(deps: FiringDeps): () => Promise<void> {
  const { crons, queue, repositories, reconciler, tracer, log, now = Date.now } = deps;
  /** By what stands in Redis, so that a cron that was set anew is read anew. */
  let known = new Map<string, Entry>();
  const quietUntil = new Map<string, number>();

  /** What became of it; undefined: nothing yet, to be tried again. */
  const start = async (cron: Cron, repository: Repository, dueAt: number): Promise<Fired | undefined> => {
    const branch = cron.branch ?? repository.defaultBranch;
    const ref = `refs/heads/${branch}`;
    const sha = (await reconciler.readHeads(repository)).get(ref);
    if (sha === undefined) return { dueAt, problem: `${repository.id} has no ${ref}` };
    const spec: JobSpec = {
      repository: repository.id,
      event: 'cron',
      cron: cron.name,
      ref,
      branch,
      sha,
      subject: '',
      author: '',
      defaultBranch: repository.defaultBranch,
      timeLimitMs: repository.timeLimitMs,
    };
    const attributes = { 'bellows.repository': repository.id, 'bellows.event': 'cron' };
    const result = await trace(tracer, 'cron', { attributes }, ({ traceparent }) =>
      queue.enqueue(
        withTrace(
          {
            cause: { kind: 'cron', repository: repository.id, name: cron.name, dueAt },
            jobs: [{ spec, pool: repository.pool }],
            ...toQuota(repository),
          },
          traceparent,
        ),
      ),
    );
    if (result.answer === 'full') {
      if (result.afterMs !== undefined) quietUntil.set(repository.id, now() + result.afterMs);
      log.warn({ repository: repository.id, cron: cron.name }, 'too many jobs wait for a cron to start one');
      return undefined;
    }
    return { dueAt, pipeline: result.pipeline, job: result.jobs[0] };
  };

  const look = async ({ cron, fired }: KnownCron, entry: Entry) => {
    const at = now();
    const dueAt = entry.schedule.last(at);
    const until = Math.max(cron.setAt, fired?.dueAt ?? 0);
    if (dueAt === undefined || dueAt <= until) {
      entry.next = entry.schedule.next(at);
      return;
    }
    const repository = await repositories.get(cron.repository);
    if (repository === undefined || at < (quietUntil.get(repository.id) ?? 0)) return;
    try {
      const became = await start(cron, repository, dueAt);
      if (became !== undefined) await crons.note(cron.repository, cron.name, became);
    } catch (error) {
      if (!(error instanceof HeadsError)) throw error;
      quietUntil.set(repository.id, at + pauseMs);
      log.warn({ err: error, cron: cron.name }, 'a cron waits for its forge');
    }
  };

  /** Every schedule was read once when it was set; one that is not understood any more must not stop the others. */
  const toEntry = async ({ cron }: KnownCron): Promise<Entry> => {
    try {
      return { schedule: await parseSchedule(cron), next: 0 };
    } catch (error) {
      if (!(error instanceof ScheduleError)) throw error;
      log.error({ err: error, repository: cron.repository, cron: cron.name }, 'a cron starts nothing');
      return { schedule: { next: () => undefined, last: () => undefined }, next: undefined };
    }
  };

  return async () => {
    const all = (await crons.list()).filter(({ cron }) => cron.enabled);
    const entries = new Map<string, Entry>();
    for (const each of all) {
      const key = JSON.stringify(each.cron);
      const entry = known.get(key) ?? (await toEntry(each));
      entries.set(key, entry);
      if (entry.next !== undefined && entry.next <= now()) await look(each, entry);
    }
    known = entries;
  };
}
