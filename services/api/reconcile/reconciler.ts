import { HeadsError, type Origins, readHeads } from '../../core/forge/index.ts';
import type { JobSpec, Reconciled, Repository } from '../../core/job/index.ts';
import type { Log } from '../../core/log/index.ts';
import type { Queue, Repositories } from '../../core/queue/index.ts';
import type { Tracer } from '../../core/trace/index.ts';
import { toCloneCredentials } from '../clone.ts';
import { toEnqueueRequest, withTrace } from '../enqueue.ts';
import type { Metrics } from '../metrics.ts';
import { Problem } from '../problem.ts';
import { trace } from '../trace.ts';
import { type Difference, toDifferences } from './decide.ts';

/**
 * Makes the events that no webhook told: asks each forge where its refs stand, compares that with what the
 * queue saw, and enqueues the difference, which the queue knows from a replay.
 */
export interface Reconciler {
  /** Of one repository, or of all that are registered. @throws HeadsError when a forge does not say */
  run(repository?: string): Promise<Reconciled>;
  /** Something may have been missed: `settle` will look, soon. Without an id, everywhere. */
  owe(repository?: string): void;
  /** Each minute: forges other than our own remote may lose a webhook without anybody noticing. */
  oweForges(): Promise<void>;
  /** Runs what is owed, if anything is; called each second, and backs off while it fails. */
  settle(): Promise<void>;
  readHeads(repository: Repository): Promise<Map<string, string>>;
}

export interface ReconcilerDeps {
  queue: Pick<Queue, 'enqueue' | 'heads' | 'jobs' | 'removeHead'>;
  repositories: Pick<Repositories, 'get' | 'list'>;
  origins: Origins;
  cloneKey: string | undefined;
  metrics: Pick<Metrics, 'reconciled'>;
  tracer: Tracer;
  log: Log;
  /** Of the longest pause between two tries, milliseconds. @default 30000 */
  longestPauseMs?: number;
}

export function createReconciler(deps: ReconcilerDeps): Reconciler {
  const { queue, repositories, log, longestPauseMs = 30_000 } = deps;
  const owed = new Set<string>();
  let failures = 0;
  let notBefore = 0;
  // One at a time: two at once would only do the same twice.
  let last: Promise<unknown> = Promise.resolve();

  const read = (repository: Repository) => {
    const origin = deps.origins[repository.forge];
    if (origin === undefined) throw new HeadsError(`No origin is set for the forge of ${repository.id}.`);
    const own = repository.forge === 'local' && deps.cloneKey !== undefined;
    const credentials = own ? toCloneCredentials(repository.id, deps.cloneKey ?? '') : undefined;
    return readHeads(origin, repository.name, { credentials });
  };

  const act = async (repository: Repository, difference: Difference): Promise<boolean> => {
    const { ref } = difference;
    if (difference.kind === 'gone') {
      await queue.removeHead(repository.id, ref);
      return true;
    }
    const movement = await toMovement(queue, repository, difference);
    if (movement === undefined) return false;
    // Nobody told of it, so its trace begins here.
    const attributes = { 'bellows.repository': repository.id, 'bellows.event': movement.kind };
    const result = await trace(deps.tracer, 'missed event', { attributes }, ({ traceparent }) =>
      queue.enqueue(withTrace(toEnqueueRequest(repository, movement, undefined), traceparent)),
    );
    if (result.answer === 'full')
      throw new Problem(503, `Too many jobs wait already; ${repository.id} ${ref} is looked at later.`);
    if (result.answer === 'enqueued') log.info({ repository: repository.id, ref }, 'a missed push');
    return result.answer === 'enqueued';
  };

  const reconcileOne = async (repository: Repository): Promise<number> => {
    const known = await queue.heads(repository.id);
    const differences = toDifferences(known, await read(repository));
    let events = 0;
    for (const difference of differences) if (await act(repository, difference)) events += 1;
    deps.metrics.reconciled(events);
    return events;
  };

  const reconcile = async (id: string | undefined): Promise<Reconciled> => {
    const one = id === undefined ? undefined : await repositories.get(id);
    const all = id === undefined ? await repositories.list() : one === undefined ? [] : [one];
    const answer = { events: 0, repositories: 0 };
    const errors: unknown[] = [];
    for (const repository of all) {
      try {
        answer.events += await reconcileOne(repository);
        answer.repositories += 1;
      } catch (error) {
        // The others are looked at all the same.
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
    return answer;
  };

  const run = (id?: string) => {
    const now = last.then(() => reconcile(id));
    last = now.catch(() => undefined);
    return now;
  };

  return {
    run,
    owe: (id = '') => void owed.add(id),
    oweForges: async () => {
      for (const { id, forge } of await repositories.list()) if (forge !== 'local') owed.add(id);
    },
    settle: async () => {
      if (owed.size === 0 || performance.now() < notBefore) return;
      const debts = [...owed];
      owed.clear();
      try {
        // '' is everything, the others with it.
        if (debts.includes('')) await run();
        else for (const id of debts) await run(id);
        failures = 0;
      } catch (error) {
        for (const id of debts) owed.add(id);
        failures += 1;
        const pauseMs = Math.min(1000 * 2 ** (failures - 1), longestPauseMs);
        notBefore = performance.now() + pauseMs;
        log.warn({ err: error, pauseMs }, 'heads cannot be compared yet');
      }
    },
    readHeads: async (repository) => read(repository),
  };
}

type Movement = Parameters<typeof toEnqueueRequest>[1];

/** A ref says where it stands, not who moved it or why. */
async function toMovement(
  queue: Pick<Queue, 'jobs'>,
  repository: Repository,
  { ref, sha, before = '0'.repeat(sha.length) }: Extract<Difference, { kind: 'moved' }>,
): Promise<Movement | undefined> {
  const base = {
    repository: repository.name,
    ref,
    sha,
    before,
    subject: '',
    author: '',
    defaultBranch: repository.defaultBranch,
  };
  if (ref.startsWith('refs/heads/'))
    return { ...base, kind: 'push', branch: ref.slice('refs/heads/'.length) };
  if (ref.startsWith('refs/tags/')) return { ...base, kind: 'tag', branch: ref.slice('refs/tags/'.length) };
  // What a pull request is for, its last job knows.
  const { jobs } = await queue.jobs({ repository: repository.id, limit: 200 });
  const spec: JobSpec | undefined = jobs.find((job) => job.spec.ref === ref)?.spec;
  if (spec?.pullRequest === undefined) return undefined;
  return { ...base, kind: 'pull request', branch: spec.branch, pullRequest: spec.pullRequest };
}
