import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { createQueue, type Queue, QueueError } from '../../../../services/core/queue/index.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { createRandom } from '../../../model/random.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

const servers: TestRedis[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});
const start = async (...options: Parameters<typeof startRedis>) => {
  const redis = await startRedis(...options);
  servers.push(redis);
  return redis;
};
const stop = async (redis: TestRedis) => {
  servers.splice(servers.indexOf(redis), 1);
  await redis.stop();
};
const claim = (queue: Queue, agent: string) => queue.claim({ pool: 'default', agent, tokenHash: '' });

test('a full Redis refuses new jobs and log chunks, and lets what runs end', async () => {
  const redis = await start();
  const commands = await redis.connect();
  const queue = createQueue({ commands, leaseMs: 30_000 });
  await queue.enqueue(toRequest());
  await queue.enqueue(toRequest());
  const running = await claim(queue, 'one');
  await commands.config('SET', 'maxmemory', '1');
  await expect(queue.enqueue(toRequest())).rejects.toMatchObject({ code: 'full' });
  const { job = '', fence = 0 } = running ?? {};
  await expect(queue.appendLog(job, fence, 1, 'build', Buffer.from('x'))).rejects.toMatchObject({
    code: 'full',
  });
  expect(await queue.heartbeat(job, fence)).toBe('ok');
  expect(await queue.step(job, fence, { name: 'build', state: 'success' })).toBe('done');
  expect(await queue.complete(job, fence, { outcome: 'success' })).toBe('done');
  const next = await claim(queue, 'two');
  expect(await queue.cancel(next?.job ?? '', 'ada')).toBe('done');
  await queue.tick();
  await commands.config('SET', 'maxmemory', '0');
  expect(await queue.enqueue(toRequest())).toMatchObject({ answer: 'enqueued' });
  expect(await queue.audit()).toEqual([]);
});

test('where memory is short the oldest logs go, and new jobs are taken on', async () => {
  const redis = await start();
  const commands = await redis.connect();
  const queue = createQueue({ commands, leaseMs: 30_000 });
  const used = Number(/used_memory:(\d+)/.exec(await commands.info('memory'))?.[1]);
  await commands.config('SET', 'maxmemory', String(used + 8 * 1024 * 1024));
  const last = { job: '', fence: 0 };
  for (let i = 0; i < 60; i++) {
    expect(await queue.enqueue(toRequest())).toMatchObject({ answer: 'enqueued' });
    Object.assign(last, await claim(queue, `agent-${i}`));
    for (let n = 1; n <= 16; n++)
      await queue.appendLog(last.job, last.fence, n, 'build', randomBytes(32 * 1024));
    await queue.complete(last.job, last.fence, { outcome: 'success' });
    // A queue of its own has not looked at the memory yet.
    await createQueue({ commands, leaseMs: 30_000 }).tick();
  }
  expect((await queue.readLog(last.job, { after: 0 })).chunks).toHaveLength(16);
  expect((await queue.jobs({ limit: 100 })).jobs.length).toBeLessThan(60);
  expect(await queue.audit()).toEqual([]);
});

test('a Redis that has forgotten the scripts is given them again', async () => {
  const redis = await start();
  const commands = await redis.connect();
  const queue = createQueue({ commands, leaseMs: 30_000 });
  await queue.enqueue(toRequest());
  await commands.script('FLUSH');
  expect(await queue.enqueue(toRequest())).toMatchObject({ answer: 'enqueued' });
});

test('a Redis that is away rejects each call at once, as unavailable', async () => {
  const redis = await start();
  const commands = await redis.connect();
  const queue = createQueue({ commands, leaseMs: 30_000 });
  commands.on('error', () => undefined);
  await redis.kill();
  const calls = [
    () => queue.enqueue(toRequest()),
    () => queue.tick(),
    () => queue.jobs({ limit: 1 }),
    () => queue.heads('local/ada/engine'),
    () => queue.pipeline('0'.repeat(20)),
    () => queue.readLog('0'.repeat(20), { after: 0 }),
    () => queue.readLog('0'.repeat(20), { fence: 1, after: 0 }),
  ];
  for (const call of calls) {
    await expect(call()).rejects.toBeInstanceOf(QueueError);
    await expect(call()).rejects.toMatchObject({ code: 'unavailable' });
  }
});

test('what was answered before a kill -9 of Redis is there after it, and the invariants hold', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bellows-redis-kill-'));
  const known = new Map<string, string>();
  const random = createRandom(7);
  for (let round = 0; round < 3; round++) {
    const redis = await start({ appendfsync: 'always', folder });
    const commands = await redis.connect();
    commands.on('error', () => undefined);
    const queue = createQueue({ commands, leaseMs: 30_000 });
    expect(await queue.audit()).toEqual([]);
    const states = await Promise.all([...known].map(async ([id]) => (await queue.job(id))?.job.state));
    for (const [i, state] of [...known.values()].entries()) {
      const now = states[i];
      // A call whose answer was lost may have been done; one that was answered was.
      expect(state === 'queued' ? ['queued', 'running', 'success'] : ['success']).toContain(now);
    }
    const lanes = Array.from({ length: 8 }, (_, lane) => work(queue, `${round} ${lane}`, known));
    await new Promise((resolve) => setTimeout(resolve, 50 + random.below(150)));
    await redis.kill();
    // What was under way is not known; the connection would send it again to the next Redis.
    commands.disconnect();
    await Promise.all(lanes);
    await stop(redis);
  }
  expect(known.size).toBeGreaterThan(50);
  await rm(folder, { recursive: true });
});

/** Enqueues, claims and completes until Redis is gone, and notes what it was told. */
async function work(queue: Queue, name: string, known: Map<string, string>): Promise<void> {
  for (let i = 0; ; i++) {
    try {
      const result = await queue.enqueue(toRequest([toNewJob()], `${name} ${i}`));
      if (result.answer !== 'full') known.set(result.jobs[0] ?? '', 'queued');
      if (i % 2 === 0) continue;
      const claimed = await claim(queue, `agent ${name} ${i}`);
      if (claimed === undefined) continue;
      await queue.complete(claimed.job, claimed.fence, { outcome: 'success' });
      known.set(claimed.job, 'success');
    } catch {
      return;
    }
  }
}

test('over ten connections, with agents that die and calls that repeat, each of 300 jobs ends once', async () => {
  const redis = await start();
  const queues: Queue[] = [];
  for (let i = 0; i < 10; i++) {
    queues.push(createQueue({ commands: await redis.connect(), leaseMs: 30_000, limits: { losses: 100 } }));
  }
  const [first] = queues;
  if (first === undefined) throw new Error('no queue');
  const group = { name: 'deploy', limit: 2 };
  await Promise.all(
    Array.from({ length: 100 }, (_, i) => {
      const names = ['build', 'test', 'lint'] as const;
      const jobs = names.map((workflow) => toNewJob({ spec: toSpec({ workflow }) }));
      const [build = toNewJob(), test = toNewJob(), lint = toNewJob()] = jobs;
      const request = toRequest([build, { ...test, needs: ['build'] }, { ...lint, group }], `pipeline ${i}`);
      return Promise.all([queues[i % 10]?.enqueue(request), queues[(i + 1) % 10]?.enqueue(request)]);
    }),
  );
  const ended = new Map<string, number>();
  let alive = true;
  const ticking = (async () => {
    while (alive) await first.tick();
  })();
  await Promise.all(queues.map((queue, lane) => drain(queue, lane, ended)));
  alive = false;
  await ticking;
  expect(ended.size).toBe(300);
  expect([...ended.values()].every((count) => count === 1)).toBe(true);
  expect(await first.audit()).toEqual([]);
  const { jobs } = await first.jobs({ limit: 1000 });
  expect(jobs.filter(({ state }) => state === 'success')).toHaveLength(300);

  async function drain(queue: Queue, lane: number, done: Map<string, number>) {
    const random = createRandom(lane);
    for (let i = 0; done.size < 300; i++) {
      const agent = `agent-${lane}-${i}`;
      const claimed = await claim(queue, agent);
      if (claimed === undefined) continue;
      if (random.chance(0.2)) {
        await queue.lost(agent, 'killed');
        expect(await queue.complete(claimed.job, claimed.fence, { outcome: 'failure' })).toBe('stale');
        continue;
      }
      const complete = () => queue.complete(claimed.job, claimed.fence, { outcome: 'success' });
      const answers = random.chance(0.3) ? await Promise.all([complete(), complete()]) : [await complete()];
      const count = answers.filter((answer) => answer === 'done').length;
      done.set(claimed.job, (done.get(claimed.job) ?? 0) + count);
    }
  }
});

test('history is trimmed to its size, and 1,000 jobs leave no more keys than 200 did', async () => {
  const redis = await start();
  const commands: Redis = await redis.connect();
  const queue = createQueue({ commands, leaseMs: 30_000, limits: { finished: 50, events: 100 } });
  const run = async (count: number) => {
    for (let i = 0; i < count; i++) {
      await queue.enqueue(toRequest([toNewJob()]));
      const claimed = await claim(queue, 'one');
      const { job = '', fence = 0 } = claimed ?? {};
      await queue.appendLog(job, fence, 1, 'build', Buffer.from('x'));
      await queue.step(job, fence, { name: 'build', state: 'success' });
      await queue.complete(job, fence, { outcome: i % 2 === 0 ? 'success' : 'failure', reason: 'so' });
      if (i % 50 === 49) await queue.tick();
    }
  };
  // The keys that stand in for a trimmed pipeline go by themselves, a day later.
  const count = async () => (await commands.keys('*')).filter((key) => !key.includes(':dedupe:')).length;
  await run(200);
  const before = await count();
  await run(800);
  expect(await count()).toBe(before);
  expect(await commands.xlen('ci:{q}:events')).toBeLessThan(300);
  expect(await queue.audit()).toEqual([]);
});
