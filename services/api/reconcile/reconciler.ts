import type { Secrets } from '../../core/access/index.ts';
import {
  HeadsError,
  type Lookup,
  type Origins,
  RestError,
  readHeads,
  type ToldEvent,
  toCommit,
  toMoved,
} from '../../core/forge/index.ts';
import type { Forge, Reconciled, Repository } from '../../core/job/index.ts';
import type { Log } from '../../core/log/index.ts';
import type { Queue, Repositories, Watch } from '../../core/queue/index.ts';
import { type Trust, toCloneCredentials, toForgeCredentials } from '../clone.ts';
import { type HearDeps, type HeardEvent, hear, toKnown } from '../hear.ts';
import type { Metrics } from '../metrics.ts';
import { type Difference, toDifferences, toPullNumber } from './decide.ts';
import { createForgeWords } from './forge-words.ts';
import { fresh, keepWatch, noteOwed, type Standing, toWatch } from './watch.ts';

/**
 * Makes the events that no webhook told: asks each forge where its refs and pull requests stand, compares that
 * with what the queue saw, and hears the difference as it would have heard the webhook.
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
  /** The commits of branches and tags, and the heads of pull requests, closed ones too. */
  readHeads(repository: Repository): Promise<Map<string, string>>;
  /** What is there now is not news: only what moves from here on is built. What the forge says of it is kept. */
  noteHeads(repository: Repository): Promise<void>;
}

export interface ReconcilerDeps extends Omit<HearDeps, 'readHeads'> {
  queue: Pick<Queue, 'enqueue' | 'heads' | 'jobs' | 'noteHead' | 'noteTold' | 'removeHead' | 'told'>;
  repositories: Pick<Repositories, 'describe' | 'get' | 'list' | 'setWatch' | 'watch'>;
  origins: Origins;
  /** The APIs that may be asked. Elsewhere only what git says is compared. */
  lookups: Partial<Record<Forge, Lookup>>;
  secrets: Pick<Secrets, 'cloneKey'> & Trust;
  metrics: Pick<Metrics, 'reconciled'>;
  log: Log;
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
  /** Of the longest pause between two tries, milliseconds. @default 30000 */
  longestPauseMs?: number;
}

export function createReconciler(deps: ReconcilerDeps): Reconciler {
  const { queue, repositories, log, longestPauseMs = 30_000, now = Date.now } = deps;
  const words = createForgeWords(deps);
  const owed = new Set<string>();
  let failures = 0;
  let notBefore = 0;
  // One at a time: two at once would only do the same twice.
  let last: Promise<unknown> = Promise.resolve();

  const toCredentials = async ({ id, forge, name }: Repository) => {
    const { cloneKey } = deps.secrets;
    if (forge !== 'local') return toForgeCredentials(deps.secrets, forge, name);
    return cloneKey === undefined ? undefined : toCloneCredentials(id, cloneKey);
  };
  const read = async (repository: Repository) => {
    const origin = deps.origins[repository.forge];
    if (origin === undefined) throw new HeadsError(`No origin is set for the forge of ${repository.id}.`);
    const credentials = await toCredentials(repository).catch((error: unknown) => {
      throw error instanceof RestError ? new HeadsError(error.message, { cause: error }) : error;
    });
    return readHeads(origin, repository.name, { credentials });
  };

  const reconcileOne = async (repository: Repository): Promise<number> => {
    const { id } = repository;
    const known = await queue.heads(id);
    const { refs, commits } = await read(repository);
    const pulls = await words.openPullRequests(repository);
    const watch = await watchOf(repository, known, { refs, pulls });
    const open = pulls && new Map([...pulls].map(([ref, { sha }]) => [ref, sha]));
    const differences = toDifferences(known, { refs, open });
    let events = 0;
    // Nobody told of it, so its trace begins here.
    const hearing = { ...deps, readHeads: async () => new Map(commits) };
    const hearOne = async (event: HeardEvent) => {
      const { answer } = await hear(hearing, repository, event, { span: 'missed event' });
      if (answer === 'enqueued') log.info({ repository: id, ref: event.ref }, 'a missed event');
      if (answer === 'enqueued' || answer === 'gone') events += 1;
    };
    for (const difference of differences) {
      const event = await toEvent(repository, difference, commits, pulls);
      if (event !== undefined) await hearOne(event);
    }
    for (const event of await findUntold(repository, watch)) await hearOne(event);
    deps.metrics.reconciled(events);
    return events;
  };

  const watchOf = async (repository: Repository, known: Map<string, string>, standing: Standing) => {
    if (repository.forge === 'local') return undefined;
    const before = await repositories.watch(repository.id);
    // Which pull requests are old, nobody can say later who is not asked from now on.
    const owed = before?.owes ?? (words.canAsk(repository.forge) ? [] : (['pulls'] as const));
    const owes = await noteOwed(deps, repository, owed, known, standing);
    const watch = toWatch(repository, { ...before, owes }, now());
    await keepWatch(deps, repository, before, watch);
    return watch;
  };

  /** Releases and deployments that are at the forge, and that nobody told of. */
  const findUntold = async (repository: Repository, watch: Watch | undefined) => {
    const found: ToldEvent[] = [];
    for (const event of ['release', 'deployment'] as const) {
      const since = watch?.[event];
      if (since === undefined) continue;
      const listed = await words.told(repository, event, since);
      if (listed.length === 0) continue;
      const known = await queue.told(repository.id);
      found.push(...listed.filter((one) => !known.has(toKnown(one) ?? '')));
    }
    return found;
  };

  const toEvent = async (
    repository: Repository,
    difference: Difference,
    commits: ReadonlyMap<string, string>,
    pulls: ReadonlyMap<string, HeardEvent> | undefined,
  ): Promise<HeardEvent | undefined> => {
    const { ref } = difference;
    const number = toPullNumber(ref);
    if (difference.kind === 'gone') {
      const gone = { kind: 'gone' as const, repository: repository.name, ref };
      if (number === undefined || pulls === undefined) return gone;
      // One that is not in the list may have been moved past us while we read it.
      const closed = await words.closed(repository, number);
      return closed === undefined ? undefined : { ...gone, ...closed };
    }
    const { sha, before } = difference;
    if (number === undefined) {
      const moved = toCommit(sha, commits.get(ref));
      const { message, author } = await words.commit(repository, moved.sha);
      const { name, defaultBranch } = repository;
      return toMoved({
        repository: name,
        ref,
        before: before ?? '0'.repeat(sha.length),
        ...moved,
        message,
        author,
        defaultBranch,
      });
    }
    const event = pulls?.get(ref) ?? (await toKnownPull(queue, repository, { ref, sha }));
    return event?.kind === 'pull request' ? { ...event, before } : event;
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
    readHeads: async (repository) => (await read(repository)).commits,
    noteHeads: async (repository) => {
      // First: where the forge is away now, the next look notes, and builds nothing.
      const watch = toWatch(repository, fresh, now());
      await repositories.setWatch(repository.id, watch);
      const facts = await words.facts(repository);
      if (facts !== undefined) await repositories.describe(repository.id, facts);
      const { refs } = await read(repository);
      const pulls = await words.openPullRequests(repository);
      const owes = await noteOwed(deps, repository, watch.owes, new Map(), { refs, pulls });
      await keepWatch(deps, repository, watch, { ...watch, owes });
    },
  };
}

/** Without the forge's API: what a pull request is for, its last job knows. */
async function toKnownPull(
  queue: Pick<Queue, 'jobs'>,
  repository: Repository,
  { ref, sha }: { ref: string; sha: string },
): Promise<HeardEvent | undefined> {
  const { jobs } = await queue.jobs({ repository: repository.id, limit: 200 });
  const spec = jobs.find((job) => job.spec.ref === ref)?.spec;
  if (spec?.pullRequest === undefined) return undefined;
  const { branch, pullRequest, defaultBranch } = spec;
  const unknown = { subject: '', author: '' };
  return {
    kind: 'pull request',
    repository: repository.name,
    ref,
    sha,
    branch,
    pullRequest,
    defaultBranch,
    ...unknown,
  };
}
