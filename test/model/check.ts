import { deepStrictEqual } from 'node:assert/strict';
import { apply, isFinal, type Job, type Step } from '../../services/core/job/index.ts';
import { parseStoredEvent, toJobEvent } from '../../services/core/queue/event-text.ts';
import type { Queue } from '../../services/core/queue/index.ts';
import { toKey, toKeyOf } from '../../services/core/queue/keys.ts';
import type { Redis } from '../../services/core/runtime/index.ts';
import type { createForge } from './forge.ts';
import type { Model, ModelJob } from './model.ts';
import type { Random } from './random.ts';
import { checkSurvey } from './survey.ts';

/** Every job as Redis holds it, so that only what changed need be read again. */
const rows = `
local all = {}
for i, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local hash = table.concat(redis.call('HGETALL', ARGV[1] .. id), ' ')
  all[2 * i - 1], all[2 * i] = id, hash .. ' ' .. (redis.call('GET', ARGV[2] .. id) or '')
end
return all
`;

type Forge = ReturnType<typeof createForge>;

export interface CheckDeps {
  redis: Redis;
  queue: Queue;
  model: Model;
  forge: Forge;
  random: Random;
}

/** Events that change no state, so no forge hears of them. */
const sameState: ReadonlySet<string> = new Set(['step', 'cancelling', 'lost']);

interface Known {
  row: string;
  job: Job;
  /** As the model is compared with. */
  text: string;
}

/**
 * Compares the queue with its model and with the fold of its own events, and asks it for an audit. What did
 * not change in Redis is not read again, but its model is compared each time.
 */
export function createCheck({ redis, queue, model, forge, random }: CheckDeps) {
  const folded = new Map<string, Job>();
  const known = new Map<string, Known>();
  let event = '0-0';

  const fold = async () => {
    const entries = await redis.xrange(toKey('events'), `(${event}`, '+');
    const touched = new Set<string>();
    for (const [id, [, text]] of entries) {
      event = id;
      const stored = parseStoredEvent(text ?? '');
      const created = stored.type === 'created' ? (await queue.job(stored.job))?.job : undefined;
      const happened = toJobEvent(stored, created);
      if (happened === undefined) continue;
      touched.add(stored.job);
      const after = apply(folded.get(stored.job), happened);
      if (after === undefined) continue;
      folded.set(stored.job, after);
      if (!sameState.has(happened.type)) forge.changed(after);
    }
    // Known as they were: the next check reads them again.
    for (const id of touched) known.delete(id);
  };

  /** Reads what changed since it was read last; the ids of all jobs, in their order. */
  const refresh = async (): Promise<string[]> => {
    const flat = (await redis.eval(
      rows,
      1,
      toKey('index'),
      toKeyOf('job', ''),
      toKeyOf('reason', ''),
    )) as string[];
    const ids = flat.filter((_, i) => i % 2 === 0);
    const again = random.some(ids);
    for (const [i, id] of ids.entries()) {
      const row = flat[2 * i + 1] ?? '';
      if (known.get(id)?.row === row && id !== again) continue;
      const job = (await queue.job(id))?.job;
      deepStrictEqual(job, folded.get(id));
      if (job !== undefined) known.set(id, { row, job, text: JSON.stringify(toComparable(job)) });
    }
    if (known.size > ids.length) for (const id of known.keys()) if (!model.jobs.has(id)) known.delete(id);
    return ids;
  };

  return {
    folded,
    event: () => event,
    fold,
    finishedAt: (id: string) => folded.get(id)?.finishedAt ?? Number.POSITIVE_INFINITY,
    /** What history has forgotten, the fold need not know either. */
    forget() {
      for (const id of folded.keys()) if (!model.jobs.has(id)) folded.delete(id);
    },
    async check() {
      await fold();
      const [wrong, ids, heads, statuses] = await Promise.all([
        queue.audit(),
        refresh(),
        queue.heads('local/ada/engine'),
        redis.hgetall(toKey('statuses')),
      ]);
      forge.check(statuses, folded);
      deepStrictEqual(wrong, []);
      const should = [...model.jobs.values()].sort((a, b) => a.seq - b.seq);
      deepStrictEqual(
        ids,
        should.map(({ id }) => id),
      );
      for (const job of should) {
        const real = known.get(job.id);
        const wanted = toComparableModel(job);
        if (real?.text === JSON.stringify(wanted)) continue;
        deepStrictEqual(real && toComparable(real.job), wanted);
        throw new Error(`job ${job.id} is another one in an order of its fields only`);
      }
      deepStrictEqual(
        new Map([...heads].map(([ref, sha]) => [`local/ada/engine ${ref}`, sha])),
        new Map(model.heads),
      );
      if (random.chance(0.05)) await checkSurvey(queue, model, random);
      if (random.chance(0.1)) await checkKeys(redis, should, model.livePipelines());
    },
  };
}

/** Nothing is kept of what is not there any more. */
async function checkKeys(redis: Redis, jobs: readonly ModelJob[], pipelines: string[]): Promise<void> {
  // Not those that a day or a week of operations has left: dedupe.
  const keys = [...(await redis.keys('ci:{q}:[^d]*')), ...(await redis.keys('ci:{q}:dependents:*'))];
  const about = (family: string) =>
    keys.flatMap((key) => (key.startsWith(`ci:{q}:${family}:`) ? [key.slice(family.length + 8)] : [])).sort();
  const ids = jobs.map(({ id }) => id).sort();
  deepStrictEqual(about('job'), ids);
  deepStrictEqual(about('spec'), ids);
  deepStrictEqual(
    about('reason'),
    jobs.flatMap(({ id, reason }) => (reason === undefined ? [] : [id])).sort(),
  );
  // One of them: there are thousands, each for many operations.
  const one = (await redis.randomkey()) ?? '';
  if (/^ci:\{q\}:(?:trail|dedupe|hour):/.test(one))
    deepStrictEqual((await redis.pttl(one)) > 0, true, `${one} has no end`);
  deepStrictEqual(about('pipeline'), pipelines);
  deepStrictEqual(about('repo'), [...new Set(jobs.map(({ repo }) => repo))].sort());
  for (const id of [...about('steps'), ...about('needs'), ...about('dependents'), ...about('stands')])
    deepStrictEqual(ids.includes(id), true, id);
  for (const repository of about('repo')) {
    const own = jobs.filter(({ repo }) => repo === repository).length;
    deepStrictEqual(await redis.zcard(`ci:{q}:repo:${repository}`), own);
  }
}

function toComparable(job: Job) {
  const { id, pipeline, pool, state, cancelling, reason, awaits, attempt, fence, agent, exitCode } = job;
  const { workflow } = job;
  const steps = job.steps.map(({ name, state: was, startedAt, finishedAt, exitCode: code }) =>
    toStep(name, was, code, startedAt !== undefined, finishedAt !== undefined),
  );
  const ended = (job.finishedAt !== undefined) === isFinal(state);
  return {
    ...{ id, pipeline, pool, state, cancelling, reason, awaits, attempt, fence, agent, exitCode },
    ...{ workflow, steps, ended },
  };
}

function toComparableModel(job: ModelJob) {
  const { id, pipeline, pool, state, cancelling, reason, attempt, fence, agent, exitCode } = job;
  const awaits = job.awaits || undefined;
  const workflow = job.expanded ? undefined : job.own;
  const steps = job.steps.map((step) =>
    toStep(step.name, step.state, step.exitCode, step.startedAt === 1, step.finishedAt === 1),
  );
  return {
    ...{ id, pipeline, pool, state, cancelling, reason, awaits, attempt, fence, agent, exitCode },
    ...{ workflow, steps, ended: true },
  };
}

/** The model knows no time, only that there is one. */
function toStep(
  name: string,
  state: Step['state'],
  exitCode: number | undefined,
  started: boolean,
  finished: boolean,
) {
  return { name, state, exitCode, started, finished };
}
