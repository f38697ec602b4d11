import { deepStrictEqual } from 'node:assert/strict';
import {
  type Completion,
  isFinal,
  type Job,
  type JobResult,
  stepStates,
} from '../../services/core/job/index.ts';
import {
  createOutbox,
  createQueue,
  type EnqueueRequest,
  type Found,
  type NewJob,
} from '../../services/core/queue/index.ts';
import { toKey, toKeyOf } from '../../services/core/queue/keys.ts';
import type { Redis } from '../../services/core/runtime/index.ts';
import { toPush, toSpec } from '../support/job.ts';
import { createArchiving } from './archiving.ts';
import { createCheck } from './check.ts';
import { createForge } from './forge.ts';
import { holdHours } from './hold-hours.ts';
import { createKeeping } from './keeping.ts';
import { createModel, type ModelJob } from './model.ts';
import { createRandom, type Random } from './random.ts';

const limits = {
  unfinished: 24,
  unfinishedOfPool: 18,
  unfinishedOfRepository: 13,
  finished: 10,
  losses: 2,
  errors: 2,
  steps: 2,
  // Only what a test makes due is due.
  backOffMs: 1e9,
  longestBackOffMs: 1e9,
  logBytes: 300,
};
const leaseMs = 1e9;
const names = ['build', 'test', 'lint', 'deploy'] as const;
const agents = ['a1', 'a2', 'a3', 'a4', 'a5'] as const;
const repos = ['local/ada/one', 'local/ada/two', 'gitea/bob/three'] as const;
/** Far less than an hour, however slow the machine. */
const stepsPerHold = 500;
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
export function createPlay(redis: Redis, seed: number, note: (what: string) => void = () => undefined): Play {
  let counted = 0;
  const count = (what: string) => {
    counted += 1;
    note(what);
  };
  const random = createRandom(seed);
  const queue = createQueue({ commands: redis, leaseMs, limits, told: ['gitea'] });
  const aging = createQueue({ commands: redis, leaseMs, limits: { ...limits, risesMs: 0 }, told: ['gitea'] });
  const model = createModel(limits);
  const forge = createForge(createOutbox({ commands: redis }), random);
  const keeping = createKeeping({ redis, model, random, count });
  const archiving = createArchiving({ redis, queue, model, random, count, most: limits.logBytes });
  const asked: EnqueueRequest[] = [];
  /** The last token of each job, good or not. */
  const given = new Map<string, string>();
  const { folded, event, fold, finishedAt, forget, check } = createCheck({
    redis,
    queue,
    model,
    forge,
    random,
  });
  let tokens = 0;
  let steps = 0;

  /**
   * The same answer of both. Now and then the first answer is lost on its way and the caller asks again, as it
   * does after a timeout, a reset or a restart: what was done must not be done twice.
   */
  const ask = async (name: string, real: () => Promise<unknown>, should: () => unknown) => {
    const lost = random.chance(0.08);
    if (lost) {
      await real();
      should();
    }
    const wanted = should();
    same(await real(), wanted);
    for (const answer of Array.isArray(wanted) ? wanted : [wanted])
      count(`${name}${lost ? ', asked twice' : ''}: ${toAnswer(answer)}`);
  };

  /** Of a replay whose jobs are all forgotten, whether their ids can still be told is not promised. */
  const remembered = (result: object) => {
    if ('afterMs' in result) return withoutTime(result);
    if (!('jobs' in result) || !Array.isArray(result.jobs)) return result;
    const left = result.jobs.some((id) => model.jobs.has(String(id)));
    return left ? result : { ...result, jobs: [] };
  };
  const unknown = '0'.repeat(20);
  const anyJob = (state?: ModelJob['state']) =>
    random.some([...model.jobs.values()].filter((job) => state === undefined || job.state === state));
  /** Mostly the right fence, else one that others hold or held. */
  const anyHeld = () => {
    const job = (random.chance(0.8) ? anyJob('running') : undefined) ?? anyJob();
    const fence = (job?.fence ?? 1) + (random.chance(0.85) ? 0 : random.pick([-1, 1]));
    return { id: job?.id ?? unknown, fence };
  };
  /** A tick that finds this one thing due. */
  const makeDue = async (key: 'leases' | 'deadlines' | 'delayed', id: string) => {
    await queue.tick();
    await redis.zadd(toKey(key), 0, id);
    await queue.tick();
  };
  const trim = async () => {
    await fold();
    model.trim(limits.finished, finishedAt);
    forget();
    await keeping.check();
    await archiving.check();
  };

  const operations: Record<string, () => Promise<unknown>> = {
    async enqueue() {
      const again = random.chance(0.15) ? random.some(asked) : undefined;
      const request = again ?? toRandomRequest(random, tokens++);
      asked.push(request);
      await ask(
        'enqueue',
        async () => remembered(await queue.enqueue(request)),
        () => model.enqueue([request]).map(remembered)[0],
      );
      return request.jobs.length;
    },
    async push() {
      const branch = random.pick(['a', 'b', 'v1']);
      const ref = branch === 'v1' ? 'refs/tags/v1' : `refs/heads/${branch}`;
      const many = random.chance(0.3) ? 2 + random.below(3) : 1;
      const request = (): EnqueueRequest => {
        const sha = () => String(random.below(4)).repeat(40);
        return {
          ...toPush(sha(), {
            ...(random.chance(0.8) ? { before: sha() } : {}),
            ref,
            branch,
            ...(random.chance(0.5) ? { delivery: `local:${random.below(40)}` } : {}),
          }),
          ...(random.chance(0.7) ? { lane: random.chance(0.8) ? 'newest' : 'member' } : {}),
          ...(random.chance(0.3) ? { perHour: random.pick([2, 3]) } : {}),
          ...(random.chance(0.1) ? { most: 3 } : {}),
        };
      };
      // What comes together goes to Redis in one call.
      const together = Array.from({ length: many }, request);
      await ask(
        many === 1 ? 'push' : 'push, several at once',
        async () => (await Promise.all(together.map((each) => queue.enqueue(each)))).map(remembered),
        () => model.enqueue(together).map(remembered),
      );
    },
    async removeHead() {
      const ref = random.pick(['refs/heads/a', 'refs/heads/b', 'refs/tags/v1']);
      const once = random.chance(0.5) ? String(random.below(20)) : undefined;
      await queue.removeHead('local/ada/engine', ref, once);
      model.removeHead('local/ada/engine', ref, once);
    },
    async noteHead() {
      const ref = random.pick(['refs/heads/a', 'refs/heads/b', 'refs/tags/v1']);
      const sha = String(random.below(4)).repeat(40);
      const once = random.chance(0.5) ? String(random.below(20)) : undefined;
      await queue.noteHead('local/ada/engine', ref, sha, once);
      model.noteHead('local/ada/engine', ref, sha, once);
    },
    async claim() {
      const [pool, agent] = [random.pick(['default', 'big']), random.pick(agents)];
      const prefer = random.chance(0.3) ? anyJob(random.chance(0.7) ? 'queued' : undefined)?.id : undefined;
      const wish = prefer === undefined ? {} : { prefer };
      // As late as it can be for one that asks again; it is renewed where that is answered.
      const mine = (await redis.hget(toKey('agents'), agent)) ?? '';
      if (model.jobs.get(mine)?.pool === pool) await redis.zadd(toKey('leases'), 5, mine);
      // The first answer may be lost: the agent has the job, and asks again with another token.
      for (let times = random.chance(0.1) ? 2 : 1; times > 0; times--) {
        const token = toToken(tokens++);
        const got = await queue.claim({ pool, agent, tokenHash: token, ...wish });
        const before = [...model.jobs.values()].find((job) => job.state === 'running' && job.agent === agent);
        const should = model.claim(pool, agent, prefer, token);
        const none = before === undefined ? 'none' : 'none, it has one of another pool';
        const some = should?.id === prefer ? 'the preferred' : 'a job';
        count(`claim: ${should === undefined ? none : before === undefined ? some : 'the same again'}`);
        same(
          got && { id: got.job, fence: got.fence, attempt: got.attempt, sha: got.spec.sha },
          pickClaim(should),
        );
        if (should === undefined) continue;
        given.set(should.id, token);
        if (random.chance(0.3)) same(await queue.authenticate(should.id, token), should.fence);
        // Also where it is the same claim once more: the lease begins anew.
        same(Number(await redis.zscore(toKey('leases'), should.id)) > leaseMs, true);
      }
      return agent;
    },
    async authenticate() {
      const job = (random.chance(0.6) ? anyJob('running') : undefined) ?? anyJob();
      if (job === undefined) return;
      const token = random.chance(0.8) ? given.get(job.id) : undefined;
      const shown = token ?? toToken(random.below(tokens + 1));
      const settled = random.chance(0.5);
      await ask(
        'authenticate',
        () => queue.authenticate(job.id, shown, settled),
        () => model.authenticate(job.id, shown, settled),
      );
    },
    async heartbeat() {
      const { id, fence } = anyHeld();
      await ask(
        'heartbeat',
        () => queue.heartbeat(id, fence),
        () => model.heartbeat(id, fence),
      );
    },
    keep: async () => keeping.open(anyHeld()),
    closeKept: async () => keeping.close(anyHeld()),
    expireKept: async () => keeping.expire(),
    log: async () => archiving.log(),
    archive: async () => archiving.archive(),
    expireArchived: async () => archiving.expireArchived(),
    async step() {
      const { id, fence } = anyHeld();
      const state = random.pick(stepStates);
      const known = random.some(model.jobs.get(id)?.steps ?? [])?.name;
      const name = (random.chance(0.6) ? known : undefined) ?? random.pick(['clone', 'te st', 'ünï', '']);
      const fact = { name, state, ...(random.chance(0.3) ? { exitCode: random.below(256) } : {}) } as const;
      await ask(
        'step',
        () => queue.step(id, fence, fact),
        () => model.step(id, fence, fact),
      );
    },
    async complete() {
      const { id, fence } = anyHeld();
      const outcome: Completion = {
        outcome: random.chance(0.4)
          ? 'error'
          : random.pick(['success', 'success', 'failure', 'cancelled', 'timeout', 'skipped']),
        ...(random.chance(0.5) ? { reason: 'because "it" said so' } : {}),
        ...(random.chance(0.3) ? { exitCode: random.below(256) } : {}),
        ...(random.chance(0.5) ? { result: toRandomResult(random) } : {}),
      };
      await ask(
        `complete ${outcome.outcome}`,
        () => queue.complete(id, fence, outcome),
        () => model.complete(id, fence, outcome),
      );
      return `${id} ${outcome.outcome}`;
    },
    async addSaved() {
      const told = random.some([...model.jobs.values()].filter(({ result }) => result !== undefined));
      const id = (random.chance(0.7) ? told : anyJob())?.id ?? unknown;
      const saved = [{ name: random.pick(['npm', 'go']), bytes: random.below(1000) }];
      await ask(
        'addSaved',
        () => queue.addSaved(id, saved),
        () => model.addSaved(id, saved),
      );
      same((await queue.job(id))?.result, model.jobs.get(id)?.result);
    },
    async cancel() {
      const job = anyJob(random.chance(0.5) ? 'running' : undefined) ?? anyJob();
      const id = (random.chance(0.97) ? job?.id : undefined) ?? unknown;
      await ask(
        'cancel',
        () => queue.cancel(id, 'ada'),
        () => model.cancel(id, 'ada'),
      );
      return id;
    },
    async lost() {
      const agent = random.pick(agents);
      await ask(
        'lost',
        () => queue.lost(agent, 'it was killed'),
        () => model.lost(agent, 'it was killed'),
      );
    },
    async approve() {
      const job = anyJob('waiting') ?? anyJob();
      if (job === undefined) return;
      const sha = random.chance(0.8) ? job.sha : 'e'.repeat(40);
      await ask(
        'approve',
        () => queue.approve(job.pipeline, sha),
        () => model.approve(job.pipeline, sha),
      );
    },
    async skip() {
      const job = anyJob('waiting') ?? anyJob();
      if (job === undefined) return;
      const sha = random.chance(0.8) ? job.sha : 'e'.repeat(40);
      await ask(
        'skip',
        () => queue.skip(job.pipeline, sha, 'by ada'),
        () => model.skip(job.pipeline, sha, 'by ada'),
      );
    },
    async rerun() {
      // Mostly one that can be run again.
      const over = [...model.jobs.values()].filter(({ pipeline, state }) => {
        const others = [...model.jobs.values()].filter((other) => other.pipeline === pipeline);
        return state !== 'success' && others.every((other) => isFinal(other.state));
      });
      const job = (random.chance(0.9) ? random.some(over) : undefined) ?? anyJob();
      const pipeline = (random.chance(0.97) ? job?.pipeline : undefined) ?? unknown;
      const quota = {
        ...(random.chance(0.1) ? { most: 8 } : {}),
        ...(random.chance(0.2) ? { perHour: random.pick([1, 4]) } : {}),
      };
      await ask(
        'rerun',
        async () => withoutTime(await queue.rerun(pipeline, quota)),
        () => model.rerun(pipeline, quota),
      );
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
      const id = ((random.chance(0.5) ? anyJob('dead') : undefined) ?? anyJob())?.id ?? unknown;
      await ask(
        'requeue',
        () => queue.requeue(id),
        () => model.requeue(id),
      );
      if (!isFinal(model.jobs.get(id)?.state ?? 'dead')) archiving.again(id);
    },
    async expand() {
      const first = random.some(
        [...model.jobs.values()].filter((job) => job.name === undefined && job.state === 'running'),
      );
      const { id, fence } = random.chance(0.7) && first !== undefined ? first : anyHeld();
      const repository = model.jobs.get(id)?.repo;
      if (repository === undefined) return;
      // An agent has told of a step by then, and readers hear with that one which workflow it is.
      const clone = { name: 'clone', state: 'success' } as const;
      same(await queue.step(id, fence, clone), model.step(id, fence, clone));
      const found = toRandomFound(random, model.jobs.get(id)?.pipeline ?? '');
      await ask(
        'expand',
        () => queue.expand(id, fence, found),
        () => model.expand(id, fence, found, repository),
      );
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
    /** Since its hours began; they are as many as it has begun jobs for. */
    async hourPasses() {
      const repo = random.pick([...repos, 'local/ada/engine']);
      const key = toKeyOf('hour', repo);
      if ((await redis.exists(key)) === 1) await redis.hincrby(key, 'from', -3_600_000);
      model.hourPasses(repo);
    },
    async overdue() {
      const job = anyJob('running');
      if (job === undefined) return;
      await makeDue('deadlines', job.id);
      model.overdue(job);
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
      count(`tellForge: ${await forge.step()}`);
    },
    /** Nothing is broken, so nothing is mended. */
    async repair() {
      same(await queue.repair(), []);
    },
    /** Redis came back without its scripts. */
    async forgetScripts() {
      await redis.script('FLUSH');
    },
    /**
     * The clock jumped, either way, or nobody could renew a lease and nobody ticked: no job is lost by that, and
     * what has a date keeps its distance from it.
     */
    async timeJump() {
      const back = random.chance(0.5);
      const jump = 60_000 * (back ? 1 : -1);
      for (const id of await redis.zrange(toKey('leases'), '0', '-1'))
        await redis.zadd(toKey('leases'), 0, id);
      const dates = async (key: 'deadlines' | 'delayed') => {
        const flat = await redis.zrange(toKey(key), '0', '-1', 'WITHSCORES');
        return new Map(flat.flatMap((id, i) => (i % 2 === 0 ? [[id, Number(flat[i + 1])] as const] : [])));
      };
      const before = { deadlines: await dates('deadlines'), delayed: await dates('delayed') };
      const at = await redis.hincrby(toKey('tick'), 'at', jump);
      await queue.tick();
      const gap = Number(await redis.hget(toKey('tick'), 'at')) - at;
      // The first tick ever has nothing to compare with.
      if (at !== jump) {
        const moved = (dated: Map<string, number>, by: number) =>
          new Map([...dated].map(([id, score]) => [id, score + by]));
        same(await dates('deadlines'), moved(before.deadlines, gap));
        same(await dates('delayed'), moved(before.delayed, back ? gap : 0));
      }
      for (const score of (await redis.zrange(toKey('leases'), '0', '-1', 'WITHSCORES')).filter(
        (_, i) => i % 2,
      ))
        same(Number(score) > leaseMs, true);
      count(`timeJump: ${back ? 'back' : 'on'}`);
      await trim();
    },
  };
  const weights: Record<string, number> = {
    ...{ enqueue: 5, push: 6, claim: 10, step: 6, complete: 12, heartbeat: 3, authenticate: 4, log: 8 },
    ...{ archive: 2, keep: 3, closeKept: 2, addSaved: 2 },
    ...{
      cancel: 3,
      approve: 2,
      lost: 2,
      expire: 2,
      overdue: 1,
      due: 4,
      requeue: 3,
      expand: 4,
      rerun: 3,
      skip: 2,
      age: 2,
      tellForge: 6,
    },
  };
  const wheel = Object.keys(operations).flatMap((name) =>
    Array.from({ length: weights[name] ?? 1 }, () => name),
  );

  return {
    folded,
    event,
    async step() {
      steps += 1;
      if (steps % stepsPerHold === 0) await holdHours(redis, [...repos, 'local/ada/engine']);
      const name = wheel[random.below(wheel.length)] ?? 'tick';
      const before = counted;
      const what = `${name} ${(await operations[name]?.()) ?? ''}`;
      if (counted === before) count(name);
      await check();
      return what;
    },
  };
}

function same(real: unknown, should: unknown): void {
  deepStrictEqual(real, should);
}

/** One that has caches, or none. */
function toRandomResult(random: Random): JobResult {
  const caches = ['npm', 'go'].filter(() => random.chance(0.5));
  return {
    cloneMs: random.below(1000),
    ...(caches.length === 0
      ? {}
      : { caches: caches.map((name) => ({ name, hit: 'miss' as const, bytes: 0, ms: 1 })) }),
  };
}

/** One word of an answer, for the counts. */
function toAnswer(answer: unknown): string {
  if (typeof answer === 'string') return answer;
  if (typeof answer === 'number') return answer === 0 ? 'none' : 'some';
  if (typeof answer !== 'object' || answer === null) return answer === undefined ? 'none' : '';
  const of = 'of' in answer ? ` ${String(answer.of)}` : '';
  return 'answer' in answer ? `${String(answer.answer)}${of}` : '';
}

function pickClaim(job: ModelJob | undefined) {
  return job && { id: job.id, fence: job.fence, attempt: job.attempt, sha: job.sha };
}

function toRandomCause(random: Random, repository: string, n: number): EnqueueRequest['cause'] {
  if (random.chance(0.7)) return { kind: 'asked', repository, key: String(n) };
  if (random.chance(0.5)) return { kind: 'cron', repository, name: 'nightly', dueAt: n };
  return { kind: 'told', repository, event: 'release', occasion: String(n) };
}

function toRandomRequest(random: Random, n: number): EnqueueRequest {
  const repository = random.pick(repos);
  const cause = toRandomCause(random, repository, n);
  // One that the tree decides about, and that may add others.
  if (random.chance(0.2)) {
    const spec = toSpec({ repository, sha: String(random.below(4)).repeat(40) });
    return { cause, jobs: [{ spec, pool: 'default' }] };
  }
  const jobs: NewJob[] = names.slice(0, 1 + random.below(4)).map((workflow, i) => {
    const needs = names.slice(0, i).filter(() => random.chance(0.4));
    return {
      spec: toSpec({ repository, workflow, sha: String(random.below(4)).repeat(40) }),
      pool: random.chance(0.8) ? 'default' : 'big',
      needs,
      ...(random.chance(0.4) ? { runs: random.pick(['always', 'failure'] as const) } : {}),
      ...(random.chance(0.4) ? { group: { name: random.pick(['g', 'h']), limit: random.pick([1, 2]) } } : {}),
      ...(random.chance(0.3) ? { priority: random.pick([0, 4, 9]) } : {}),
      ...(random.chance(0.25) ? { awaits: 'awaits approval: from a fork' } : {}),
    };
  });
  const most = random.chance(0.2) ? { most: 5 + random.below(10) } : {};
  const perHour = random.chance(cause.kind === 'told' ? 0.6 : 0.3) ? { perHour: random.pick([2, 4]) } : {};
  return { cause, jobs, ...most, ...perHour };
}

/**
 * Some of what a tree asks for, so that others come later. Which workflow the first job runs itself the tree decides
 * once; jobs need each other in the order of the names, so that none needs itself.
 */
function toRandomFound(random: Random, pipeline: string): Found {
  const own = [...names, undefined][Number.parseInt(pipeline.slice(0, 4), 16) % (names.length + 1)];
  const jobs: Found['jobs'][number][] = [];
  const called = own === undefined ? [] : [own as string];
  for (const workflow of names.filter((name) => name !== own && random.chance(0.6))) {
    const entries = workflow === 'test' ? [1, 2] : [undefined];
    const needs = called.filter(() => random.chance(0.4));
    for (const entry of entries)
      jobs.push({
        ...{ workflow, needs },
        ...(entry === undefined ? {} : { entry }),
        ...(random.chance(0.4) ? { runs: random.pick(['always', 'failure']) } : {}),
        ...(random.chance(0.3)
          ? { group: { name: random.pick(['g', 'h']), limit: random.pick([1, 2]) } }
          : {}),
        ...(random.chance(0.2) ? { pool: 'big' } : {}),
        ...(random.chance(0.2) ? { timeLimitMs: random.pick([60_000, 7_200_000]) } : {}),
      });
    called.push(...entries.map((entry) => (entry === undefined ? workflow : `${workflow}-${entry}`)));
  }
  if (jobs.length === 0) return { own, jobs: [{ workflow: own === 'build' ? 'lint' : 'build' }] };
  return { own, jobs };
}

/** How long an hour still is, no model knows; that it is one, and not over, it does. */
function withoutTime(result: object): object {
  if (!('afterMs' in result)) return result;
  const { afterMs, ...rest } = result;
  same(Number(afterMs) > 0, true);
  return rest;
}
