import type { Redis } from 'ioredis';
import {
  completeAnswerSchema,
  type Forge,
  heartbeatAnswerSchema,
  type JobAnswer,
  jobStates,
  toId,
} from '../job/index.ts';
import type { LogArchive } from './archive.ts';
import { readDeadLetters } from './dead-letters.ts';
import { createEnqueue, toJobs } from './enqueue.ts';
import { toQueueError } from './error.ts';
import { toExpansion } from './expand.ts';
import { toKeyOf } from './keys.ts';
import { defaultLimits, deliveryMs, type Limits } from './limits.ts';
import { readLineage } from './lineage.ts';
import { appendLog, createLogReader } from './log.ts';
import { toAskedId } from './new-jobs.ts';
import { readPage } from './page.ts';
import type { Queue } from './queue.ts';
import { createReplicatedRunner, type Replication } from './replicated.ts';
import { createRerun } from './rerun.ts';
import { addSaved, parseResult, toResultBytes } from './result-bytes.ts';
import { createRunner, toBytes, toFields, toList, toNumber, toText } from './run-script.ts';
import { audit } from './scripts/audit.ts';
import { claim } from './scripts/claim.ts';
import { addToResult, approve, cancel, complete, lost, requeue, skip } from './scripts/end.ts';
import { expand } from './scripts/expand.ts';
import { noteHead, noteTold, removeHead } from './scripts/head.ts';
import { look, tally } from './scripts/look.ts';
import { repair } from './scripts/repair.ts';
import { authenticate, heartbeat, step } from './scripts/running.ts';
import { mark } from './scripts/survey.ts';
import { toJob, toOneOf } from './snapshot.ts';
import { parseSpec } from './spec-bytes.ts';
import { readAgents, readPipelineView, readPools, readQueue } from './survey.ts';
import { createTick } from './tick.ts';

export interface QueueDeps {
  /** A connection for commands only; the caller ends it. */
  commands: Redis;
  /** How long a claim lasts without a heartbeat. */
  leaseMs: number;
  limits?: Partial<Limits>;
  /** Forges that are told the state of commits: jobs of their repositories have entries in the outbox. @default none */
  told?: readonly Forge[];
  /** What is accepted and how it ended is answered only when replicas have it. @default one Redis is enough */
  replication?: Replication | undefined;
  /** Where logs are that have left Redis. @default none has */
  archive?: LogArchive;
}

/** Removed refs whose epoch is remembered, a repository. */
const mostEpochs = 10_000;
const mostTold = 1000;

export function createQueue(deps: QueueDeps): Queue {
  const { commands, leaseMs, told = [] } = deps;
  const limits = { ...defaultLimits, ...deps.limits };
  const run = createRunner(commands);
  const runSafely = deps.replication === undefined ? run : createReplicatedRunner(deps.replication);
  const logs = createLogReader(commands, deps.archive);

  const read = async (id: string): Promise<JobAnswer | undefined> => {
    const reply = await run(look, [id]);
    if (reply === null) return undefined;
    const [event, row, steps, result] = toList(reply);
    return {
      job: toJob(row, steps),
      event: toText(event),
      ...(Buffer.isBuffer(result) ? { result: parseResult(result) } : {}),
    };
  };

  const readPlaces = async (id: string) => {
    const places = await commands.callBuffer('HGETALL', toKeyOf('pipeline', id)).catch((error: unknown) => {
      throw toQueueError('pipeline', error);
    });
    return toJobs(places as Buffer[]);
  };

  const readPipeline = async (id: string) => {
    const known = await Promise.all((await readPlaces(id)).map(read));
    return known.filter((each) => each !== undefined);
  };

  /** A spec never changes, so the commit may be checked before a script runs. */
  const readJobsOf = async (id: string, sha: string) =>
    (await readPipeline(id)).flatMap(({ job }) => (job.spec.sha === sha ? [job.id] : []));

  return {
    enqueue: createEnqueue(runSafely, limits, told),

    async expand(id, fence, found) {
      const known = await read(id);
      if (known === undefined) return 'stale';
      const { own, added, specs } = toExpansion(known.job, found, limits.jobs, told);
      return toOneOf(
        ['done', 'stale'] as const,
        toText(await runSafely(expand, [id, fence, own, JSON.stringify(added), ...specs])),
      );
    },

    async claim({ pool, agent, prefer, tokenHash }) {
      const reply = await run(claim, [pool, agent, prefer ?? '', tokenHash, leaseMs]);
      if (reply === null) return undefined;
      const [id, fence, attempt, spec] = toList(reply);
      return {
        job: toText(id),
        fence: toNumber(fence),
        attempt: toNumber(attempt),
        spec: parseSpec(toBytes(spec)),
        leaseMs,
      };
    },

    lineage: (id) => readLineage(run, id),

    async authenticate(id, tokenHash, settled = false) {
      const fence = await run(authenticate, [id, tokenHash, settled ? leaseMs : 0]);
      return fence === null ? undefined : toNumber(fence);
    },

    async heartbeat(id, fence) {
      return heartbeatAnswerSchema.shape.answer.parse(toText(await run(heartbeat, [id, fence, leaseMs])));
    },

    async step(id, fence, { name, state, exitCode }) {
      const reply = await run(step, [id, fence, name, state, exitCode ?? '', limits.steps]);
      return toOneOf(['done', 'stale'] as const, toText(reply));
    },

    async complete(id, fence, { outcome, reason, exitCode, result }) {
      const { errors, backOffMs, longestBackOffMs } = limits;
      const retry = [errors, backOffMs, longestBackOffMs];
      const end = [outcome, reason ?? '', exitCode ?? ''];
      const kept = result === undefined ? '' : toResultBytes(result);
      const reply = await runSafely(complete, [id, fence, ...end, ...retry, kept]);
      return completeAnswerSchema.shape.answer.parse(toText(reply));
    },

    async addSaved(id, saved) {
      // Somebody else may add to it between the look and the word; nobody does so without end.
      for (let tries = 0; tries < 10; tries++) {
        const reply = await run(look, [id]);
        const bytes = reply === null ? null : toList(reply)[3];
        if (!Buffer.isBuffer(bytes)) return 'unknown';
        const next = toResultBytes(addSaved(parseResult(bytes), saved));
        if (toText(await run(addToResult, [id, bytes, next])) === 'done') return 'done';
      }
      return 'unknown';
    },

    async cancel(id, by) {
      const reply = await run(cancel, [id, by.slice(0, 64)]);
      return toOneOf(['done', 'final', 'unknown'] as const, toText(reply));
    },

    async lost(agent, reason) {
      const reply = await run(lost, [agent, reason.slice(0, 1900), limits.losses]);
      return toOneOf(['done', 'unknown'] as const, toText(reply));
    },

    async approve(id, sha) {
      const meant = await readJobsOf(id, sha);
      return meant.length === 0 ? 0 : toNumber(await run(approve, meant));
    },

    async skip(id, sha, reason) {
      const meant = await readJobsOf(id, sha);
      return meant.length === 0 ? 0 : toNumber(await run(skip, [reason.slice(0, 1900), ...meant]));
    },

    rerun: createRerun({
      run: runSafely,
      limits,
      readJobs: async (id) => (await readPipeline(id)).map(({ job }) => job),
    }),
    deadLetters: (filter) => readDeadLetters(run, filter),

    async requeue(id) {
      return toOneOf(['done', 'not-dead'] as const, toText(await run(requeue, [id])));
    },

    tick: createTick(commands, run, leaseMs, limits),

    async audit() {
      return toList(await run(audit, [])).map(toText);
    },

    async repair() {
      return toList(await run(repair, [leaseMs])).map(toText);
    },

    job: read,
    jobs: (filter) => readPage(run, filter),

    async pipeline(id) {
      const jobs = await readPlaces(id);
      return jobs.length === 0 ? undefined : { jobs };
    },

    async asked(repository, key) {
      const pipeline = toAskedId(repository, key);
      const jobs = await readPlaces(pipeline);
      return jobs.length === 0 ? undefined : { pipeline, jobs };
    },

    mark: async () => toText(await run(mark, [])),
    agents: (repositories) => readAgents(run, leaseMs, repositories),
    pools: (repositories) => readPools(run, repositories),
    waiting: (filter) => readQueue(run, filter),
    pipelineView: (id) => readPipelineView(run, id),

    appendLog: (id, fence, n, step, bytes, dropped) =>
      appendLog(run, limits.logBytes, { id, fence, n, step, bytes, dropped }),

    async seekLog(id, { fence, from, to }) {
      return logs.seek(id, fence ?? (await readRan(commands, id)), from, to);
    },

    async readLog(id, { fence: given, ...span }) {
      const fence = given ?? (await readRan(commands, id));
      return { fence, chunks: fence === 0 ? [] : await logs.chunks(id, fence, span) };
    },

    async heads(repository) {
      const heads = await commands.hgetall(toKeyOf('head', repository)).catch((error: unknown) => {
        throw toQueueError('heads', error);
      });
      return new Map(Object.entries(heads));
    },

    async removeHead(repository, ref, once) {
      await run(removeHead, [repository, ref, mostEpochs, ...toOnce('gone', repository, ref, once)]);
    },

    async noteHead(repository, ref, sha, once) {
      await run(noteHead, [repository, ref, sha, ...toOnce('noted', repository, ref, once)]);
    },

    async told(repository) {
      const told = await commands
        .zrange(toKeyOf('told', repository), '-inf', '+inf', 'BYSCORE')
        .catch((error: unknown) => {
          throw toQueueError('told', error);
        });
      return new Set(told);
    },

    async noteTold(repository, event) {
      await run(noteTold, [repository, event, mostTold]);
    },

    async counts() {
      const counts = toFields(await run(tally, []));
      return new Map(jobStates.map((state) => [state, Number(counts.get(state) ?? 0)]));
    },
  };
}

/** What the scripts of heads know a hearing by, and for how long. */
function toOnce(what: string, repository: string, ref: string, once: string | undefined) {
  return [once === undefined ? '' : toId(what, repository, ref, once), deliveryMs];
}

/** The fence of the job's last claim, whose log is the newest; 0 before the first one. */
async function readRan(commands: Redis, id: string): Promise<number> {
  const ran = await commands.hget(toKeyOf('job', id), 'ran').catch((error: unknown) => {
    throw toQueueError('read log', error);
  });
  return Number(ran ?? 0);
}
