import { expect, test } from '@jest/globals';
import { createQueue, type Queue } from '../../../../services/core/queue/index.ts';
import { toKey, toKeyOf } from '../../../../services/core/queue/keys.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { toFound, toNewJob, toPush, toRequest, toSpec } from '../../../support/job.ts';
import { useQueue } from '../../../support/queue.ts';
import type { TestRedis } from '../../../support/redis.ts';

let redis: TestRedis;
let commands: Redis;
let queue: Queue;
useQueue((opened) => {
  ({ redis, commands, queue } = opened);
});

const claim = async (agent = 'one', prefer?: string) => {
  const wish = prefer === undefined ? {} : { prefer };
  const claimed = await queue.claim({ pool: 'default', agent, tokenHash: agent.padEnd(64, '0'), ...wish });
  if (claimed === undefined) throw new Error('no job waits');
  return claimed;
};
const stateOf = async (id: string) => (await queue.job(id))?.job.state;
const enqueueOne = async (key?: string) => {
  const result = await queue.enqueue(toRequest([toNewJob()], key));
  if (result.answer === 'full') throw new Error('full');
  return result.jobs[0] ?? '';
};
/** Makes it due for the next tick. */
const makeDue = (key: 'leases' | 'deadlines' | 'delayed', id: string) => commands.zadd(toKey(key), 0, id);

test('an agent whose claim was answered into the void gets the same job again, and only the new token is good', async () => {
  await enqueueOne();
  await enqueueOne();
  const request = { pool: 'default', agent: 'one' };
  const first = await queue.claim({ ...request, tokenHash: 'a'.repeat(64) });
  const again = await queue.claim({ ...request, tokenHash: 'b'.repeat(64) });
  expect(again).toEqual(first);
  expect(await queue.authenticate(first?.job ?? '', 'a'.repeat(64))).toBeUndefined();
  expect(await queue.authenticate(first?.job ?? '', 'b'.repeat(64))).toBe(1);
});

test('an agent gets the job that it was started for, and another one where that is gone', async () => {
  const [first, second] = [await enqueueOne(), await enqueueOne()];
  expect((await claim('one', second)).job).toBe(second);
  expect((await claim('two', second)).job).toBe(first);
});

test('a cancel and a complete at the same time end a job exactly once, in 200 tries', async () => {
  for (let i = 0; i < 200; i++) {
    await enqueueOne();
    const { job, fence } = await claim(`agent-${i}`);
    const ends = [() => queue.cancel(job, 'ada'), () => queue.complete(job, fence, { outcome: 'success' })];
    await Promise.all((i % 2 === 0 ? ends : ends.reverse()).map((end) => end()));
    expect(await stateOf(job)).toBe('success');
  }
  const entries = await commands.xrange(toKey('events'), '-', '+');
  expect(entries.filter(([, fields]) => fields[1]?.startsWith('finished'))).toHaveLength(200);
  expect(await queue.audit()).toEqual([]);
});

test('what an agent measured stays with its job until another takes it, and goes with it', async () => {
  const result = { cloneMs: 12, steps: [{ name: 'test', ms: 40, cpuMs: 30, peakBytes: 4_000_000 }] };
  queue = createQueue({ commands, leaseMs: 30_000, limits: { finishedMs: 0 } });
  const id = await enqueueOne();
  const { fence } = await claim('one');
  await queue.complete(id, fence - 1, { outcome: 'success', result });
  expect(await queue.job(id)).not.toHaveProperty('result');
  await queue.complete(id, fence, { outcome: 'error', result });
  expect((await queue.job(id))?.result).toEqual(result);
  await makeDue('delayed', id);
  await queue.tick();
  const again = await claim('two');
  expect(await queue.job(id)).not.toHaveProperty('result');
  await queue.complete(id, again.fence, { outcome: 'success', result });
  expect((await queue.job(id))?.result).toEqual(result);
  await commands.zadd(toKey('done'), 0, id);
  await queue.tick();
  expect(await commands.keys(`*${id}*`)).toEqual([]);
});

test('infra trouble is tried again after a growing while, then dead; never a failure', async () => {
  queue = createQueue({
    commands,
    leaseMs: 30_000,
    limits: { errors: 3, backOffMs: 1_000 },
  });
  const id = await enqueueOne();
  const waits: number[] = [];
  for (const agent of ['one', 'two', 'three']) {
    const { fence } = await claim(agent);
    expect(await queue.complete(id, fence, { outcome: 'error', reason: 'the forge is away' })).toBe('done');
    const due = await commands.zscore(toKey('delayed'), id);
    const [seconds, micros] = await commands.time();
    if (due !== null) waits.push(Number(due) - Number(seconds) * 1000 - Number(micros) / 1000);
    await queue.tick();
    if (due !== null) expect(await stateOf(id)).toBe('delayed');
    if (due !== null) await makeDue('delayed', id);
    await queue.tick();
  }
  const [first = 0, second = 0] = waits;
  expect([first > 400 && first <= 1_000, second > 900 && second <= 2_000]).toEqual([true, true]);
  expect((await queue.job(id))?.job).toMatchObject({
    state: 'dead',
    attempt: 3,
    reason: 'tried 3 times; the last: the forge is away',
  });
  expect(await queue.requeue(id)).toBe('done');
  expect(await stateOf(id)).toBe('queued');
});

test('an agent that was given up cannot end the job of the one after it', async () => {
  const id = await enqueueOne();
  const old = await claim('one');
  await queue.tick();
  await makeDue('leases', id);
  await queue.tick();
  const fresh = await claim('two');
  expect(fresh).toMatchObject({ job: id, attempt: 2, fence: 3 });
  expect(await queue.heartbeat(id, old.fence)).toBe('lost');
  expect(await queue.step(id, old.fence, { name: 'build', state: 'success' })).toBe('stale');
  expect(await queue.expand(id, old.fence, toFound(['test']))).toBe('stale');
  expect(await queue.complete(id, old.fence, { outcome: 'success' })).toBe('stale');
  expect(await queue.authenticate(id, 'one'.padEnd(64, '0'), true)).toBeUndefined();
  expect(await queue.complete(id, fresh.fence, { outcome: 'failure', exitCode: 2 })).toBe('done');
  expect(await queue.complete(id, fresh.fence, { outcome: 'failure', exitCode: 2 })).toBe('dup');
});

test('a job that kills every agent is dead after three, and says why', async () => {
  const id = await enqueueOne();
  for (const agent of ['one', 'two', 'three']) {
    await claim(agent);
    expect(await queue.lost(agent, 'killed by SIGKILL')).toBe('done');
  }
  expect((await queue.job(id))?.job).toMatchObject({
    state: 'dead',
    reason: 'lost 3 agents; the last: killed by SIGKILL',
  });
  expect(await queue.lost('three', 'again')).toBe('unknown');
});

test('the first tick of all leaves the dates of what runs already as they are', async () => {
  const id = await enqueueOne();
  await claim();
  const before = await commands.zscore(toKey('deadlines'), id);
  await queue.tick();
  expect(await commands.zscore(toKey('deadlines'), id)).toBe(before);
});

test('an outage of all that tick loses no live job, and a dead one is found a lease later', async () => {
  const id = await enqueueOne();
  await claim();
  await queue.tick();
  await makeDue('leases', id);
  await commands.hincrby(toKey('tick'), 'at', -600_000);
  await queue.tick();
  expect(await stateOf(id)).toBe('running');
  const lease = Number(await commands.zscore(toKey('leases'), id));
  expect(lease - Number(await commands.hget(toKey('tick'), 'at'))).toBe(30_000);
});

test('a clock that was set back an hour ends no job, and holds none back for an hour', async () => {
  const [running, delayed] = [await enqueueOne(), await enqueueOne()];
  await claim('one', running);
  const { fence } = await claim('two', delayed);
  await queue.complete(delayed, fence, { outcome: 'error' });
  await queue.tick();
  // As if all had happened when the clock was an hour ahead.
  for (const key of ['leases', 'deadlines', 'delayed'] as const) {
    for (const id of await commands.zrange(toKey(key), '0', '-1')) {
      await commands.zincrby(toKey(key), 3_600_000, id);
    }
  }
  await commands.hincrby(toKey('tick'), 'at', 3_600_000);
  await queue.tick();
  const at = Number(await commands.hget(toKey('tick'), 'at'));
  const until = async (key: 'leases' | 'deadlines' | 'delayed', id: string) =>
    Number(await commands.zscore(toKey(key), id)) - at;
  expect(await until('leases', running)).toBe(30_000);
  expect(await until('delayed', delayed)).toBeLessThanOrEqual(5_000);
  expect(await until('deadlines', running)).toBeLessThanOrEqual(3_630_000);
  expect(await stateOf(running)).toBe('running');
});

test('a job that is claimed after the clock was set back, and before a tick saw it, is not over at once', async () => {
  const id = await enqueueOne();
  // As if the last tick had been when the clock was an hour ahead.
  await queue.tick();
  await commands.hincrby(toKey('tick'), 'at', 3_600_000);
  await claim('one', id);
  await queue.tick();
  await queue.tick();
  expect(await stateOf(id)).toBe('running');
  const at = Number(await commands.hget(toKey('tick'), 'at'));
  const until = Number(await commands.zscore(toKey('deadlines'), id)) - at;
  expect(until).toBeGreaterThan(3_600_000);
  expect(until).toBeLessThanOrEqual(3_630_000);
});

test('a replay of a delivery, and a redelivery with a new id, find the first pipeline', async () => {
  const push = (delivery: string) => toPush('a'.repeat(40), { delivery });
  const first = await queue.enqueue(push('gitea:1'));
  expect(first).toMatchObject({ answer: 'enqueued' });
  expect(await queue.enqueue(push('gitea:1'))).toEqual({ ...first, answer: 'dup' });
  expect(await queue.enqueue(push('gitea:2'))).toEqual({ ...first, answer: 'dup' });
});

test('the same delivery at the same moment on two connections makes one pipeline', async () => {
  const other = createQueue({ commands: await redis.connect(), leaseMs: 30_000 });
  const push = toPush('a'.repeat(40), { delivery: 'gitea:1' });
  const answers = await Promise.all([queue.enqueue(push), other.enqueue(push)]);
  expect(answers.map(({ answer }) => answer).sort()).toEqual(['dup', 'enqueued']);
  expect((await queue.jobs({ limit: 10 })).jobs).toHaveLength(1);
});

test('a branch that was removed and pushed again at the same commit runs again', async () => {
  const first = await queue.enqueue(toPush('a'.repeat(40)));
  await queue.removeHead('local/ada/engine', 'refs/heads/main');
  expect(await queue.heads('local/ada/engine')).toEqual(new Map());
  const second = await queue.enqueue(toPush('a'.repeat(40)));
  expect(second).toMatchObject({ answer: 'enqueued' });
  expect(second).not.toEqual(first);
  expect(await queue.enqueue(toPush('a'.repeat(40)))).toEqual({ ...second, answer: 'dup' });
});

test('to hear twice that a branch is gone, in whatever order, builds nothing twice', async () => {
  const gone = () => queue.removeHead('local/ada/engine', 'refs/heads/main');
  await gone();
  const first = await queue.enqueue(toPush('a'.repeat(40)));
  await gone();
  await gone();
  const second = await queue.enqueue(toPush('a'.repeat(40)));
  await queue.enqueue(toPush('b'.repeat(40), { before: 'a'.repeat(40) }));
  expect(await queue.enqueue(toPush('a'.repeat(40)))).toEqual({ ...second, answer: 'dup' });
  expect(second).not.toEqual(first);
  expect((await queue.jobs({ limit: 10 })).jobs).toHaveLength(3);
});

test('pushes that come out of order all run, and the head is where the forge has it', async () => {
  const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(40));
  const heads = async () => (await queue.heads('local/ada/engine')).get('refs/heads/main');
  await queue.enqueue(toPush(a ?? ''));
  await queue.enqueue(toPush(c ?? '', { before: b ?? '' }));
  expect(await heads()).toBe(a);
  await queue.enqueue(toPush(b ?? '', { before: a ?? '' }));
  expect(await heads()).toBe(b);
  // The reconciler, which has asked the forge: known already, and the head moves.
  expect(await queue.enqueue(toPush(c ?? '', { before: b ?? '' }))).toMatchObject({ answer: 'dup' });
  expect(await heads()).toBe(c);
  expect((await queue.jobs({ limit: 10 })).jobs).toHaveLength(3);
});

test('a pipeline is taken wholly or not at all', async () => {
  queue = createQueue({ commands, leaseMs: 30_000, limits: { unfinished: 2 } });
  const three = ['build', 'test', 'lint'].map((workflow) => toNewJob({ spec: toSpec({ workflow }) }));
  expect(await queue.enqueue(toRequest(three))).toEqual({ answer: 'full', of: 'all', most: 2 });
  expect((await queue.jobs({ limit: 10 })).jobs).toEqual([]);
  expect(await queue.enqueue(toRequest(three.slice(1)))).toMatchObject({ answer: 'enqueued' });
});

test('no repository and no pool takes the room of all, and each job that ends gives its own back', async () => {
  queue = createQueue({
    commands,
    leaseMs: 30_000,
    limits: { unfinishedOfPool: 3, unfinishedOfRepository: 2 },
  });
  const enqueue = async (repository: string, pool = 'default', most?: number) => {
    const cap = most === undefined ? {} : { most };
    const request = toRequest([toNewJob({ spec: toSpec({ repository }), pool })]);
    const result = await queue.enqueue({ ...request, ...cap });
    return result.answer === 'full' ? `${result.of} ${result.most}` : result.answer;
  };
  const [one, two] = ['local/ada/one', 'local/ada/two'];
  expect([await enqueue(one), await enqueue(one), await enqueue(one)]).toEqual([
    'enqueued',
    'enqueued',
    'repository 2',
  ]);
  expect([await enqueue(two), await enqueue(two), await enqueue(two, 'big')]).toEqual([
    'enqueued',
    'pool 3',
    'enqueued',
  ]);
  expect(await enqueue(two, 'big', 3)).toBe('enqueued');
  // In one call, each is counted for the next.
  const both = await Promise.all([
    enqueue('local/ada/three', 'big', 1),
    enqueue('local/ada/three', 'big', 1),
  ]);
  expect(both).toEqual(['enqueued', 'repository 1']);
  const { job, fence } = await claim();
  await queue.complete(job, fence, { outcome: 'success' });
  expect(await enqueue(one)).toBe('enqueued');
  expect(await queue.audit()).toEqual([]);
});

test('of pushes that come together, one of the same commit or delivery is a replay of the first', async () => {
  const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];
  const pushes = [
    toPush(a),
    toPush(a),
    toPush(b, { delivery: 'local:1' }),
    toPush(a, { delivery: 'local:1' }),
  ];
  const answers = await Promise.all(pushes.map((push) => queue.enqueue(push)));
  expect(answers.map(({ answer }) => answer)).toEqual(['enqueued', 'dup', 'enqueued', 'dup']);
  expect(answers[1]).toEqual({ ...answers[0], answer: 'dup' });
  expect(answers[3]).toEqual({ ...answers[2], answer: 'dup' });
  expect(await queue.audit()).toEqual([]);
});

test('a push costs 20 commands of Redis, and of 16 that come together each costs 6', async () => {
  const sha = (n: number) => n.toString(16).padStart(40, '0');
  const push = (n: number) => queue.enqueue(toPush(sha(n), { before: sha(n - 1), delivery: `local:${n}` }));
  const cost = async (from: number, many: number) => {
    await commands.config('RESETSTAT');
    await Promise.all(Array.from({ length: many }, (_, i) => push(from + i)));
    const said = (await commands.info('commandstats')).matchAll(/cmdstat_([a-z]+):calls=(\d+)/g);
    const asked = [...said].filter(([, name]) => !['eval', 'evalsha', 'config', 'info'].includes(name ?? ''));
    return asked.reduce((sum, [, , calls]) => sum + Number(calls), 0);
  };
  // A first one makes what is there once.
  await push(1);
  expect(await cost(2, 1)).toBeLessThanOrEqual(20);
  expect(await cost(3, 16)).toBeLessThanOrEqual(6 * 16);
  expect(await queue.audit()).toEqual([]);
});

test('a job that was not approved runs only after approval of just that commit', async () => {
  const awaits = 'awaits approval: a fork';
  const result = await queue.enqueue(toRequest([toNewJob({ awaits })]));
  if (result.answer === 'full') throw new Error('full');
  expect((await queue.job(result.jobs[0] ?? ''))?.job).toMatchObject({ state: 'waiting', reason: awaits });
  expect(await queue.approve(result.pipeline, 'f'.repeat(40))).toBe(0);
  expect(await queue.approve(result.pipeline, toSpec().sha)).toBe(1);
  expect(await stateOf(result.jobs[0] ?? '')).toBe('queued');
  expect(await queue.approve('0'.repeat(20), toSpec().sha)).toBe(0);
});

test('of a group of one, 30 jobs never run two at a time, and all of them run', async () => {
  const group = { name: 'deploy', limit: 1 };
  for (let i = 0; i < 30; i++) await queue.enqueue(toRequest([toNewJob({ group })]));
  const seen = new Set<string>();
  for (let i = 0; i < 30; i++) {
    const { job, fence } = await claim(`agent-${i}`);
    expect(await queue.claim({ pool: 'default', agent: 'other', tokenHash: '' })).toBeUndefined();
    seen.add(job);
    if (i % 3 === 0) await queue.lost(`agent-${i}`, 'killed');
    const last = i % 3 === 0 ? await claim(`agent-${i}-again`, job) : { job, fence };
    await queue.complete(last.job, last.fence, { outcome: 'success' });
  }
  expect(seen.size).toBe(30);
});

test('an agent that finds more workflows adds a job for each, however often it says so', async () => {
  const id = await enqueueOne();
  const { fence } = await claim();
  expect(await queue.expand(id, fence, toFound(['lint', 'test']))).toBe('done');
  expect(await queue.expand(id, fence, toFound(['lint', 'test', 'docs']))).toBe('done');
  const pipeline = (await queue.job(id))?.job.pipeline ?? '';
  const jobs = (await queue.pipeline(pipeline))?.jobs ?? [];
  const specs = await Promise.all(jobs.map(async (job) => (await queue.job(job))?.job.spec.workflow));
  expect(specs).toEqual([undefined, 'lint', 'test', 'docs']);
  await expect(
    queue.expand(id, fence, toFound(Array.from({ length: 101 }, (_, i) => `w${i}`))),
  ).rejects.toThrow('100');
  expect(await queue.expand('0'.repeat(20), fence, toFound(['lint']))).toBe('stale');
  expect(await queue.pipeline('0'.repeat(20))).toBeUndefined();
});

test('a job that joins its pipeline has a place of its own, also where history took others out', async () => {
  queue = createQueue({ commands, leaseMs: 30_000, limits: { finished: 0 } });
  await enqueueOne();
  const { job, fence } = await claim();
  await queue.expand(job, fence, toFound(['lint', 'test']));
  const lint = await claim('two');
  await queue.complete(lint.job, lint.fence, { outcome: 'success' });
  await queue.tick();
  await queue.expand(job, fence, toFound(['docs']));
  const pipeline = (await queue.job(job))?.job.pipeline ?? '';
  expect(Object.values(await commands.hgetall(toKeyOf('pipeline', pipeline))).sort()).toEqual([
    '1',
    '3',
    '4',
  ]);
});

test('jobs that a tree asks for wait for what they need, the one that planned among them, and run as they say', async () => {
  const id = await enqueueOne();
  const { fence } = await claim('one');
  const jobs = [
    { workflow: 'test', entry: 1, axes: { go: '1.25' }, needs: ['build'], timeLimitMs: 60_000 },
    { workflow: 'test', entry: 2, axes: { go: '1.26' }, needs: ['build'], pool: 'spark' },
    { workflow: 'notify', needs: ['test-1'], runs: 'failure' as const },
    { workflow: 'report', needs: ['test-1', 'test-2'], runs: 'always' as const },
  ];
  expect(await queue.expand(id, fence, { own: 'build', jobs })).toBe('done');
  expect(await queue.expand(id, fence, { own: 'build', jobs })).toBe('done');
  expect(await queue.audit()).toEqual([]);
  const { pipeline = '', workflow } = (await queue.job(id))?.job ?? {};
  expect(workflow).toBe('build');
  const [, first = '', second = '', notify = '', report = ''] = (await queue.pipeline(pipeline))?.jobs ?? [];
  expect((await queue.job(first))?.job).toMatchObject({
    state: 'waiting',
    reason: 'needs "build"',
    spec: { entry: 1, axes: { go: '1.25' }, needs: ['build'], timeLimitMs: 60_000 },
  });
  await queue.complete(id, fence, { outcome: 'success' });
  expect([await stateOf(first), await stateOf(second), await stateOf(notify)]).toEqual([
    'queued',
    'queued',
    'waiting',
  ]);
  expect((await queue.job(second))?.job).toMatchObject({ pool: 'spark', spec: { timeLimitMs: 3_600_000 } });
  const run = await claim('two', first);
  await queue.complete(first, run.fence, { outcome: 'failure' });
  expect([await stateOf(notify), await stateOf(report)]).toEqual(['queued', 'waiting']);
  await queue.cancel(second, 'ada');
  expect(await stateOf(report)).toBe('queued');
  expect(await queue.audit()).toEqual([]);
});

test('a job that runs on a failure is skipped as soon as one that it needs succeeds', async () => {
  const id = await enqueueOne();
  const { fence } = await claim('one');
  await queue.expand(id, fence, {
    own: 'build',
    jobs: [{ workflow: 'notify', needs: ['build'], runs: 'failure' }],
  });
  await queue.complete(id, fence, { outcome: 'success' });
  const { pipeline = '' } = (await queue.job(id))?.job ?? {};
  const [, notify = ''] = (await queue.pipeline(pipeline))?.jobs ?? [];
  expect((await queue.job(notify))?.job).toMatchObject({
    state: 'skipped',
    reason: 'needs "build", which ended as success',
  });
});

test('a job that is told of after what it needs has ended is settled at once', async () => {
  const id = await enqueueOne();
  const { fence } = await claim('one');
  await queue.expand(id, fence, { own: 'build', jobs: [{ workflow: 'test' }, { workflow: 'lint' }] });
  const { pipeline = '' } = (await queue.job(id))?.job ?? {};
  const [, tested = '', linted = ''] = (await queue.pipeline(pipeline))?.jobs ?? [];
  const run = await claim('two', tested);
  await queue.complete(tested, run.fence, { outcome: 'success' });
  await queue.cancel(linted, 'ada');
  await queue.expand(id, fence, {
    own: 'build',
    jobs: [
      { workflow: 'test' },
      { workflow: 'lint' },
      { workflow: 'deploy', needs: ['test'] },
      { workflow: 'docs', needs: ['lint'] },
    ],
  });
  const [, , , deploy = '', docs = ''] = (await queue.pipeline(pipeline))?.jobs ?? [];
  expect([await stateOf(deploy), await stateOf(docs)]).toEqual(['queued', 'skipped']);
  expect(await queue.audit()).toEqual([]);
});

test('jobs that do not fit together are refused before any is made', async () => {
  const id = await enqueueOne();
  const { fence } = await claim('one');
  const refused = [
    [{ workflow: 'a', needs: ['b'] }],
    [{ workflow: 'a', needs: ['a'] }],
    [{ workflow: 'own' }],
    [{ workflow: 'a' }, { workflow: 'a' }],
    [{ workflow: 'a', group: { name: 'x', limit: 0 } }],
  ];
  for (const jobs of refused)
    await expect(queue.expand(id, fence, { own: 'own', jobs })).rejects.toThrow(/needs|need each|same|limit/);
  const { pipeline = '' } = (await queue.job(id))?.job ?? {};
  expect((await queue.pipeline(pipeline))?.jobs).toEqual([id]);
});
