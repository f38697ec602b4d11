import { deepStrictEqual } from 'node:assert/strict';
import {
  apply,
  isFinal,
  type Job,
  type Outcome,
  type Step,
  stepStates,
} from '../../../../../services/core/job/index.ts';
import { parseStoredEvent, toJobEvent } from '../../../../../services/core/queue/event-text.ts';
import {
  createOutbox,
  createQueue,
  type EnqueueRequest,
  type NewJob,
} from '../../../../../services/core/queue/index.ts';
import { toKey } from '../../../../../services/core/queue/keys.ts';
import type { Redis } from '../../../../../services/core/runtime/index.ts';
import { toPush, toSpec } from '../../../../support/job.ts';
import { createForge } from './forge.ts';
import { createModel, type ModelJob } from './model.ts';
import { createRandom, type Random } from './random.ts';

const limits = {
  unfinished: 25,
  unfinishedOfPool: 20,
  unfinishedOfRepository: 15,
  finished: 15,
  losses: 3,
  errors: 3,
  steps: 4,
  // Only what a test makes due is due.
  backOffMs: 1e9,
  longestBackOffMs: 1e9,
};
const leaseMs = 1e9;
const names = ['build', 'test', 'lint', 'deploy'] as const;
const agents = ['a1', 'a2', 'a3', 'a4', 'a5'] as const;
const repos = ['local/ada/one', 'local/ada/two', 'gitea/bob/three'] as const;
const toToken = (n: number) => n.toString(16).padStart(64, '0');

export interface Play {
  /** What was done, for a message. */
  step(): Promise<string>;
  /** The fold of every event so far, by job. */
  folded: ReadonlyMap<string, Job>;
  /** The last event that is in it. */
  event(): string;
}

/**
 * Random operations on a real queue and on its model. After each one: the same answer; the hashes equal
 * both the model and the fold of the events; the audit is clean.
 */
export function createPlay(redis: Redis, seed: number): Play {
  const random = createRandom(seed);
  const aging = createQueue({ commands: redis, leaseMs, limits: { ...limits, risesMs: 0 } });
  const queue = createQueue({ commands: redis, leaseMs, limits, told: ['gitea'] });
  const forge = createForge(createOutbox({ commands: redis }), random);
  const model = createModel(limits);
  const folded = new Map<string, Job>();
  const asked: EnqueueRequest[] = [];
  /** The last token of each job, good or not. */
  const given = new Map<string, string>();
  let event = '0-0';
  let tokens = 0;

  const anyJob = (state?: ModelJob['state']) =>
    random.some([...model.jobs.values()].filter((job) => state === undefined || job.state === state));
  /** Mostly the right fence, else one that others hold or held. */
  const anyHeld = () => {
    const job = (random.chance(0.8) ? anyJob('running') : undefined) ?? anyJob();
    const fence = (job?.fence ?? 1) + (random.chance(0.85) ? 0 : random.pick([-1, 1]));
    return { id: job?.id ?? '0'.repeat(20), fence };
  };
  /** A tick that finds this one thing due. */
  const makeDue = async (key: 'leases' | 'deadlines' | 'delayed', id: string) => {
    await queue.tick();
    await redis.zadd(toKey(key), 0, id);
    await queue.tick();
  };
  const finishedAt = (id: string) => folded.get(id)?.finishedAt ?? Number.POSITIVE_INFINITY;
  const trim = async () => {
    await fold();
    model.trim(limits.finished, finishedAt);
    for (const id of folded.keys()) if (!model.jobs.has(id)) folded.delete(id);
  };

  const operations: Record<string, () => Promise<unknown>> = {
    async enqueue() {
      const again = random.chance(0.15) ? random.some(asked) : undefined;
      const request = again ?? toRandomRequest(random, tokens++);
      asked.push(request);
      same(await queue.enqueue(request), model.enqueue(request));
      return request.jobs.length;
    },
    async push() {
      const sha = () => String(random.below(6)).repeat(40);
      const delivery = random.chance(0.5) ? { delivery: `local:${random.below(40)}` } : {};
      const request = toPush(sha(), {
        before: sha(),
        ref: `refs/heads/${random.pick(['a', 'b'])}`,
        ...delivery,
      });
      same(await queue.enqueue(request), model.enqueue(request));
    },
    async removeHead() {
      const ref = `refs/heads/${random.pick(['a', 'b'])}`;
      await queue.removeHead('local/ada/engine', ref);
      model.removeHead('local/ada/engine', ref);
    },
    async claim() {
      const [pool, agent, token] = [random.pick(['default', 'big']), random.pick(agents), toToken(tokens++)];
      const prefer = random.chance(0.3) ? anyJob(random.chance(0.7) ? 'queued' : undefined)?.id : undefined;
      const wish = prefer === undefined ? {} : { prefer };
      const got = await queue.claim({ pool, agent, tokenHash: token, ...wish });
      const should = model.claim(pool, agent, prefer, token);
      if (should !== undefined) {
        given.set(should.id, token);
        // Also where it is the same claim once more: the lease begins anew.
        same(Number(await redis.zscore(toKey('leases'), should.id)) > leaseMs, true);
      }
      same(
        got && { id: got.job, fence: got.fence, attempt: got.attempt, sha: got.spec.sha },
        pickClaim(should),
      );
      return `${agent} ${got?.job}`;
    },
    async authenticate() {
      const job = anyJob();
      if (job === undefined) return;
      const token = random.chance(0.8) ? given.get(job.id) : undefined;
      const shown = token ?? toToken(random.below(tokens + 1));
      const settled = random.chance(0.5);
      same(await queue.authenticate(job.id, shown, settled), model.authenticate(job.id, shown, settled));
    },
    async heartbeat() {
      const { id, fence } = anyHeld();
      same(await queue.heartbeat(id, fence), model.heartbeat(id, fence));
    },
    async step() {
      const { id, fence } = anyHeld();
      const state = random.pick(stepStates);
      const name = random.pick(['clone', 'build', 'te st', 'ünï', '']);
      const fact = { name, state, ...(random.chance(0.3) ? { exitCode: random.below(256) } : {}) } as const;
      same(await queue.step(id, fence, fact), model.step(id, fence, fact));
    },
    async complete() {
      const { id, fence } = anyHeld();
      const outcome: Outcome = {
        outcome: random.chance(0.4)
          ? 'error'
          : random.pick(['success', 'success', 'failure', 'cancelled', 'timeout', 'skipped']),
        ...(random.chance(0.5) ? { reason: 'because "it" said so' } : {}),
        ...(random.chance(0.3) ? { exitCode: random.below(256) } : {}),
      };
      same(await queue.complete(id, fence, outcome), model.complete(id, fence, outcome));
      return `${id} ${outcome.outcome}`;
    },
    async cancel() {
      const id = (anyJob(random.chance(0.5) ? 'running' : undefined) ?? anyJob())?.id ?? '0'.repeat(20);
      same(await queue.cancel(id, 'ada'), model.cancel(id, 'ada'));
      return id;
    },
    async lost() {
      const agent = random.pick(agents);
      same(await queue.lost(agent, 'it was killed'), model.lost(agent, 'it was killed'));
    },
    async approve() {
      const job = anyJob('waiting') ?? anyJob();
      if (job === undefined) return;
      const sha = random.chance(0.8) ? job.sha : 'e'.repeat(40);
      same(await queue.approve(job.pipeline, sha), model.approve(job.pipeline, sha));
    },
    async skip() {
      const job = anyJob('waiting') ?? anyJob();
      if (job === undefined) return;
      const sha = random.chance(0.8) ? job.sha : 'e'.repeat(40);
      same(await queue.skip(job.pipeline, sha, 'by ada'), model.skip(job.pipeline, sha, 'by ada'));
    },
    async rerun() {
      // Mostly one that can be run again.
      const over = [...model.jobs.values()].filter(({ pipeline, state }) => {
        const others = [...model.jobs.values()].filter((other) => other.pipeline === pipeline);
        return state !== 'success' && others.every((other) => isFinal(other.state));
      });
      const job = (random.chance(0.9) ? random.some(over) : undefined) ?? anyJob();
      const pipeline = job?.pipeline ?? '0'.repeat(20);
      const most = random.chance(0.1) ? 8 : undefined;
      same(await queue.rerun(pipeline, most), model.rerun(pipeline, most));
      return pipeline;
    },
    async deadLetters() {
      await fold();
      const should = model.deadLetters(finishedAt);
      const found: string[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = await queue.deadLetters({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        found.push(...page.jobs.map(({ id }) => id));
        cursor = page.next;
        if (cursor === undefined) break;
      }
      same(found, should);
    },
    async requeue() {
      const id = (anyJob('dead') ?? anyJob())?.id ?? '0'.repeat(20);
      same(await queue.requeue(id), model.requeue(id));
    },
    async expand() {
      const first = random.some(
        [...model.jobs.values()].filter((job) => job.workflow === undefined && job.state === 'running'),
      );
      const { id, fence } = random.chance(0.7) && first !== undefined ? first : anyHeld();
      const spec = folded.get(id)?.spec;
      const workflows = names.slice(0, 1 + random.below(3)) as string[];
      if (spec !== undefined)
        same(await queue.expand(id, fence, workflows), model.expand(id, fence, workflows, spec));
    },
    async due() {
      const job = anyJob('delayed');
      if (job === undefined) return;
      await makeDue('delayed', job.id);
      model.due(job);
      await trim();
    },
    async expire() {
      const job = anyJob('running');
      if (job === undefined) return;
      await makeDue('leases', job.id);
      model.expired(job, leaseMs / 1000);
      await trim();
    },
    async overdue() {
      const job = anyJob('running');
      if (job === undefined) return;
      await makeDue('deadlines', job.id);
      model.overdue(job, toSpec().timeLimitMs / 1000);
      await trim();
    },
    async tick() {
      await queue.tick();
      await trim();
    },
    async age() {
      await aging.tick();
      model.age();
      await trim();
    },
    async tellForge() {
      return forge.step();
    },
    /** Nobody could renew a lease, and nobody ticked: no job is lost by that. */
    async outage() {
      for (const id of await redis.zrange(toKey('leases'), '0', '-1'))
        await redis.zadd(toKey('leases'), 0, id);
      await redis.hincrby(toKey('tick'), 'at', random.chance(0.5) ? '-60000' : '60000');
      await queue.tick();
      await trim();
    },
  };
  const weights: Record<string, number> = {
    ...{ enqueue: 5, push: 2, claim: 10, step: 6, complete: 8, heartbeat: 3, authenticate: 4 },
    ...{
      cancel: 3,
      approve: 2,
      lost: 2,
      expire: 2,
      overdue: 1,
      due: 2,
      requeue: 2,
      expand: 2,
      rerun: 2,
      tellForge: 8,
    },
  };
  const wheel = Object.keys(operations).flatMap((name) =>
    Array.from({ length: weights[name] ?? 1 }, () => name),
  );

  const fold = async () => {
    const entries = await redis.xrange(toKey('events'), `(${event}`, '+');
    for (const [id, [, text]] of entries) {
      event = id;
      const stored = parseStoredEvent(text ?? '');
      const created = stored.type === 'created' ? (await queue.job(stored.job))?.job : undefined;
      const happened = toJobEvent(stored, created);
      if (happened === undefined) continue;
      const after = apply(folded.get(stored.job), happened);
      if (after !== undefined) folded.set(stored.job, after);
      // These change no state.
      const same = ['step', 'cancelling', 'lost'].includes(happened.type);
      if (after !== undefined && !same) forge.changed(after);
    }
    return new Set(entries.map(([, [, text]]) => parseStoredEvent(text ?? '').job));
  };

  const check = async () => {
    const touched = await fold();
    deepStrictEqual(await queue.audit(), []);
    const { jobs } = await queue.jobs({ limit: 1000 });
    same(
      jobs.map(({ id }) => id),
      [...model.jobs.values()].sort((a, b) => b.seq - a.seq).map(({ id }) => id),
    );
    await checkKeys(redis, jobs, model.livePipelines());
    forge.check(await redis.hgetall(toKey('statuses')), folded);
    for (const job of jobs) {
      const full = touched.has(job.id) || random.chance(0.05);
      const real = full ? (await queue.job(job.id))?.job : job;
      const fromEvents = folded.get(job.id);
      deepStrictEqual(real, full ? fromEvents : { ...fromEvents, steps: [] });
      deepStrictEqual(toComparable(real), toComparableModel(model.jobs.get(job.id), full));
    }
    const heads = await queue.heads('local/ada/engine');
    same(new Map([...heads].map(([ref, sha]) => [`local/ada/engine ${ref}`, sha])), model.heads);
  };

  return {
    folded,
    event: () => event,
    async step() {
      const name = wheel[random.below(wheel.length)] ?? 'tick';
      const what = `${name} ${(await operations[name]?.()) ?? ''}`;
      await check();
      return what;
    },
  };
}

/** Nothing is kept of what is not there any more. */
async function checkKeys(redis: Redis, jobs: readonly Job[], pipelines: string[]): Promise<void> {
  const keys = await redis.keys('ci:{q}:*');
  const about = (family: string) =>
    keys.flatMap((key) => (key.startsWith(`ci:{q}:${family}:`) ? [key.slice(family.length + 8)] : [])).sort();
  const ids = jobs.map(({ id }) => id).sort();
  same(about('job'), ids);
  same(about('spec'), ids);
  same(about('reason'), jobs.flatMap(({ id, reason }) => (reason === undefined ? [] : [id])).sort());
  same(about('pipeline'), pipelines);
  same(about('repo'), [...new Set(jobs.map(({ spec }) => spec.repository))].sort());
  for (const id of [...about('steps'), ...about('needs'), ...about('dependents'), ...about('stands')])
    same(ids.includes(id), true);
  for (const repository of about('repo')) {
    const own = jobs.filter(({ spec }) => spec.repository === repository).length;
    same(await redis.zcard(`ci:{q}:repo:${repository}`), own);
  }
}

function same(real: unknown, should: unknown): void {
  deepStrictEqual(real, should);
}

function pickClaim(job: ModelJob | undefined) {
  return job && { id: job.id, fence: job.fence, attempt: job.attempt, sha: job.sha };
}

function toRandomRequest(random: Random, n: number): EnqueueRequest {
  const repository = random.pick(repos);
  const jobs: NewJob[] = names.slice(0, 1 + random.below(4)).map((workflow, i) => {
    const needs = names.slice(0, i).filter(() => random.chance(0.4));
    return {
      spec: toSpec({ repository, workflow, sha: String(random.below(4)).repeat(40) }),
      pool: random.chance(0.8) ? 'default' : 'big',
      needs,
      ...(random.chance(0.3) ? { runs: 'always' as const } : {}),
      ...(random.chance(0.3) ? { group: { name: random.pick(['g', 'h']), limit: random.pick([1, 2]) } } : {}),
      ...(random.chance(0.4) ? { priority: random.pick([0, 4, 9]) } : {}),
      ...(random.chance(0.15) ? { awaits: 'awaits approval: from a fork' } : {}),
    };
  });
  const most = random.chance(0.2) ? { most: 5 + random.below(10) } : {};
  return { cause: { kind: 'asked', repository, key: String(n) }, jobs, ...most };
}

function toComparable(job: Job | undefined) {
  if (job === undefined) return undefined;
  const { id, pipeline, pool, state, cancelling, reason, awaits, attempt, fence, agent, exitCode } = job;
  const steps = job.steps.map(({ startedAt, finishedAt, ...rest }) => ({
    ...rest,
    ...(startedAt === undefined ? {} : { startedAt: 1 }),
    ...(finishedAt === undefined ? {} : { finishedAt: 1 }),
  }));
  const ended = (job.finishedAt !== undefined) === isFinal(state);
  return {
    id,
    pipeline,
    pool,
    state,
    cancelling,
    reason,
    awaits,
    attempt,
    fence,
    agent,
    exitCode,
    steps,
    ended,
  };
}

function toComparableModel(job: ModelJob | undefined, full: boolean) {
  if (job === undefined) return undefined;
  const { id, pipeline, pool, state, cancelling, reason, attempt, fence, agent, exitCode } = job;
  const steps: Step[] = full ? job.steps : [];
  return {
    id,
    pipeline,
    pool,
    state,
    cancelling,
    reason,
    attempt,
    fence,
    agent,
    exitCode,
    awaits: job.awaits || undefined,
    steps,
    ended: true,
  };
}
