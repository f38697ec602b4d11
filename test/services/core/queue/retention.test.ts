import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createQueue, type Queue } from '../../../../services/core/queue/index.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { toNewJob, toPush, toRequest, toSpec } from '../../../support/job.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

let redis: TestRedis;
let commands: Redis;
let queue: Queue;
beforeAll(async () => {
  redis = await startRedis();
  commands = await redis.connect();
  const limits = { finished: 30, events: 200, losses: 1, backOffMs: 0, longestBackOffMs: 0 };
  queue = createQueue({ commands, leaseMs: 30_000, limits });
});
afterAll(() => redis.stop());

const repositories = ['local/ada/one', 'local/ada/two', 'local/ada/three'] as const;
let number = 0;

/** Thirty jobs in every way that a job can go, each by an agent of its own; then what the time decides. */
async function runRound(): Promise<void> {
  const group = { name: 'deploy', limit: 1 };
  for (const repository of repositories) {
    const job = (workflow: string) => ({ spec: toSpec({ repository, workflow }), pool: 'default' });
    await queue.enqueue(
      toRequest([
        toNewJob({ ...job('build'), group }),
        toNewJob({ ...job('test'), needs: ['build'] }),
        toNewJob({ ...job('report'), needs: ['test'], runs: 'always', priority: number % 10 }),
        toNewJob({ ...job('deploy'), awaits: 'awaits approval' }),
      ]),
    );
    await queue.enqueue(toPush(String(number).padStart(40, '0'), { delivery: `local:${number}` }));
    number += 1;
  }
  const { jobs } = await queue.jobs({ limit: 100, states: ['waiting'] });
  for (const { pipeline, spec } of jobs.filter(({ awaits }) => awaits))
    await (number % 2 === 0 ? queue.approve(pipeline, spec.sha) : queue.skip(pipeline, spec.sha, 'skipped'));
  for (let idle = 0, i = 0; idle < 2; i++) {
    const agent = `agent-${number}-${i}`;
    const claimed = await queue.claim({ pool: 'default', agent, tokenHash: agent });
    idle = claimed === undefined ? idle + 1 : 0;
    if (claimed === undefined) {
      await queue.tick();
      continue;
    }
    const { job, fence } = claimed;
    await queue.step(job, fence, { name: 'test', state: 'running' });
    await queue.appendLog(job, fence, 1, 'test', Buffer.from('tested\n'));
    const outcome = (['success', 'failure', 'error', 'success', 'cancelled'] as const)[i % 5] ?? 'success';
    if (i % 7 === 3) await queue.lost(agent, 'killed');
    else await queue.complete(job, fence, { outcome, reason: 'said so' });
  }
  const failed = (await queue.jobs({ limit: 100, states: ['failure'] })).jobs[0];
  if (failed !== undefined) await queue.rerun(failed.pipeline);
  for (const { id, state } of (await queue.jobs({ limit: 200 })).jobs)
    if (state !== 'running') await queue.cancel(id, 'ada');
  await queue.tick();
  await queue.tick();
}

async function measure() {
  const keys = (await commands.keys('*')).sort();
  // How long a replay is known does not depend on the number of jobs; they end by themselves.
  const [timed, others] = [
    keys.filter((key) => key.includes(':dedupe:')),
    keys.filter((key) => !key.includes(':dedupe:')),
  ];
  let bytes = 0;
  for (const key of others) bytes += (await commands.memory('USAGE', key, 'SAMPLES', 0)) ?? 0;
  return { timed, others, bytes };
}

test('memory is flat: after 30 rounds there are as many keys as after 10, and they are as large', async () => {
  for (let i = 0; i < 10; i++) await runRound();
  const early = await measure();
  for (let i = 0; i < 20; i++) await runRound();
  const late = await measure();
  expect(await queue.audit()).toEqual([]);
  expect((await queue.jobs({ limit: 200 })).jobs.length).toBe(30);
  const family = (key: string) => key.replace(/[0-9a-f]{20}/g, '<id>').replace(/:\d+$/, ':<n>');
  const families = (keys: string[]) => [...new Set(keys.map(family))].sort();
  expect(families(late.others)).toEqual(families(early.others));
  // Which of the thirty had steps, logs or reasons is chance; what they weigh together is not.
  expect(late.others.length).toBeLessThan(early.others.length * 1.15);
  expect(late.bytes).toBeLessThan(early.bytes * 1.1);
}, 120_000);

test('of a hundred agents no consumer is left, events are trimmed, and what is timed ends by itself', async () => {
  for (const key of await commands.keys('*')) {
    if ((await commands.type(key)) !== 'stream') continue;
    expect([key, await commands.xinfo('GROUPS', key)]).toEqual([key, []]);
  }
  // Trimmed by whole nodes of 100 entries.
  expect(await commands.xlen('ci:{q}:events')).toBeLessThanOrEqual(300);
  const { timed } = await measure();
  expect(timed.length).toBeGreaterThan(0);
  for (const key of timed) expect(await commands.pttl(key)).toBeGreaterThan(0);
  expect(await commands.hlen('ci:{q}:agents')).toBe(0);
  for (const key of ['tickets:default', 'ready:default'])
    expect(await commands.exists(`ci:{q}:${key}`)).toBeLessThan(2);
  expect(await commands.xlen('ci:{q}:tickets:default')).toBe(0);
});
