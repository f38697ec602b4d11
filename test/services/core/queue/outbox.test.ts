import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { toCommitStatus } from '../../../../services/core/job/index.ts';
import {
  createOutbox,
  createQueue,
  type Outbox,
  type Queue,
  type TakenStatus,
} from '../../../../services/core/queue/index.ts';
import { toKey, toKeyOf } from '../../../../services/core/queue/keys.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { toFound, toNewJob, toRequest, toSpec } from '../../../support/job.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

const leaseMs = 30_000;
const repository = 'gitea/ada/engine';
let redis: TestRedis;
let commands: Redis;
let queue: Queue;
let outbox: Outbox;
beforeAll(async () => {
  redis = await startRedis();
  commands = await redis.connect();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await commands.flushall();
  queue = createQueue({ commands, leaseMs, told: ['gitea', 'github'] });
  outbox = createOutbox({ commands });
});

async function enqueue(given: Parameters<typeof toSpec>[0] = {}): Promise<string> {
  const result = await queue.enqueue(toRequest([toNewJob({ spec: toSpec({ repository, ...given }) })]));
  if (result.answer === 'full') throw new Error('full');
  return result.jobs[0] ?? '';
}
async function claim(agent = 'one') {
  const claimed = await queue.claim({ pool: 'default', agent, tokenHash: agent.padEnd(64, '0') });
  if (claimed === undefined) throw new Error('no job waits');
  return claimed;
}
async function take(forge: 'gitea' | 'github' = 'gitea'): Promise<TakenStatus> {
  const taken = await outbox.take(forge, leaseMs);
  if (taken === undefined) throw new Error('nothing is to be told');
  return taken;
}
/** What is taken next, told at once. */
async function tellNext() {
  const taken = await take();
  await outbox.told(taken);
  return toCommitStatus(taken.job);
}
/** As if this much time had gone by for every entry. */
async function age(ms: number, forge = 'gitea') {
  const key = toKeyOf('outbox', forge);
  for (const id of await commands.zrange(key, '0', '-1')) await commands.zincrby(key, String(-ms), id);
}

test('each state of a job is to be told, and nothing once the last one was', async () => {
  await enqueue();
  expect(await tellNext()).toMatchObject({ context: 'bellows', state: 'pending', sha: '1'.repeat(40) });
  expect(await outbox.take('gitea', leaseMs)).toBeUndefined();
  const { job, fence } = await claim();
  expect(await tellNext()).toMatchObject({ state: 'pending', description: 'Runs' });
  await queue.complete(job, fence, { outcome: 'failure', reason: 'step "test" failed' });
  expect(await tellNext()).toMatchObject({ state: 'failure', description: 'Failed: step "test" failed' });
  expect(await commands.exists(toKey('statuses'), toKeyOf('outbox', 'gitea'))).toBe(0);
  expect(await queue.audit()).toEqual([]);
});

test('of what happened while the forge was away only the latest is told', async () => {
  await enqueue();
  const { job, fence } = await claim();
  await queue.complete(job, fence, { outcome: 'success' });
  expect(await tellNext()).toMatchObject({ state: 'success' });
  expect(await outbox.take('gitea', leaseMs)).toBeUndefined();
});

test('a slow pending cannot be the last word: the state that came meanwhile is told after it', async () => {
  await enqueue();
  const slow = await take();
  const { job, fence } = await claim();
  await queue.complete(job, fence, { outcome: 'success' });
  // Nobody else tells it meanwhile, or the two could arrive the other way round.
  expect(await outbox.take('gitea', leaseMs)).toBeUndefined();
  expect(await outbox.told(slow)).toBe('again');
  expect(await tellNext()).toMatchObject({ state: 'success' });
});

test('what a replica had taken when it died is taken by another after the lease', async () => {
  await enqueue();
  const dead = await take();
  await age(leaseMs);
  const next = await take();
  expect(next.id).toBe(dead.id);
  // It was not dead: it may have told something old last, so the newest is told once more.
  expect(await outbox.told(dead)).toBe('again');
  expect(await outbox.told(next)).toBe('again');
  expect(await tellNext()).toMatchObject({ state: 'pending' });
  expect(await queue.audit()).toEqual([]);
});

test('a commit and context have one entry, of the job that changed last, whatever was repeated', async () => {
  const first = await enqueue();
  const { fence } = await claim();
  await queue.complete(first, fence, { outcome: 'failure' });
  const second = await enqueue();
  const taken = await take();
  expect(taken.job.id).toBe(second);
  expect(await outbox.take('gitea', leaseMs)).toBeUndefined();
  expect(await outbox.told(taken)).toBe('done');
});

test('a pull request, a tag, a push and each workflow of one commit have a status each', async () => {
  await enqueue();
  await enqueue({ event: 'tag', ref: 'refs/tags/v1' });
  await enqueue({ event: 'pull_request', workflow: 'lint' });
  const { job, fence } = await claim();
  await queue.expand(job, fence, toFound(['build', 'docs']));
  const contexts = [];
  for (let i = 0; i < 5; i++) contexts.push((await tellNext()).context);
  expect(contexts.sort()).toEqual([
    'bellows',
    'bellows (tag)',
    'bellows/build',
    'bellows/docs',
    'bellows/lint (pull request)',
  ]);
});

test('one forge that is told nothing for a while does not keep another waiting', async () => {
  await enqueue();
  await enqueue({ repository: 'github/ada/engine' });
  await outbox.postpone(await take('gitea'), 0, 60_000);
  expect(await outbox.take('gitea', leaseMs)).toBeUndefined();
  expect((await take('github')).job.spec.repository).toBe('github/ada/engine');
  const state = await outbox.state();
  expect(state.find(({ forge }) => forge === 'gitea')).toMatchObject({ waiting: 1 });
  expect(state.find(({ forge }) => forge === 'gitea')?.quietMs).toBeGreaterThan(50_000);
});

test('failed tries are counted for one state, and begin anew with the next', async () => {
  await enqueue();
  await outbox.postpone(await take(), 0, 0);
  await outbox.postpone(await take(), 0, 0);
  expect((await take()).tries).toBe(2);
  await age(leaseMs);
  await claim();
  expect((await take()).tries).toBe(0);
});

test('what can never be told leaves the outbox and a record', async () => {
  const id = await enqueue();
  const taken = await take();
  const { sha, context, state } = toCommitStatus(taken.job);
  const record = { at: 1, repository, sha, context, state, job: id, tries: 5, why: '404' };
  expect(await outbox.giveUp(taken, record)).toBe('done');
  expect(await outbox.untold()).toEqual([record]);
  expect(await outbox.take('gitea', leaseMs)).toBeUndefined();
});

test('an entry goes with its job, so that a forge that is away for ever fills no memory', async () => {
  queue = createQueue({ commands, leaseMs, told: ['gitea'], limits: { finished: 3 } });
  for (let i = 0; i < 8; i++) await queue.cancel(await enqueue({ sha: String(i).repeat(40) }), 'ada');
  const taken = await take();
  await queue.tick();
  expect(await outbox.told(taken)).toBe('gone');
  expect(await commands.hlen(toKey('statuses'))).toBe(3);
  expect(await commands.zcard(toKeyOf('outbox', 'gitea'))).toBe(3);
  expect(await queue.audit()).toEqual([]);
});

test('what is being told of a job that history takes out is told before what another has to say of that commit', async () => {
  queue = createQueue({ commands, leaseMs, told: ['gitea'], limits: { finished: 1 } });
  const [sha, other] = ['1'.repeat(40), '2'.repeat(40)];
  await queue.cancel(await enqueue({ sha }), 'ada');
  const slow = await take();
  await queue.cancel(await enqueue({ sha: other }), 'ada');
  await queue.tick();
  expect(await queue.job(slow.job.id)).toBeUndefined();
  await enqueue({ sha, ref: 'refs/heads/next', branch: 'next' });
  expect((await take()).job.spec.sha).toBe(other);
  expect(await outbox.take('gitea', leaseMs)).toBeUndefined();
  expect(await outbox.told(slow)).toBe('again');
  expect(await tellNext()).toMatchObject({ sha, state: 'pending' });
  expect(await queue.audit()).toEqual([]);
});

test('a status of a job that history took out while its poster died is told to nobody', async () => {
  queue = createQueue({ commands, leaseMs, told: ['gitea'], limits: { finished: 0 } });
  await queue.cancel(await enqueue(), 'ada');
  await take();
  await queue.tick();
  expect(await queue.audit()).toEqual([]);
  expect(await queue.repair()).toEqual([]);
  await age(leaseMs);
  expect(await outbox.take('gitea', leaseMs)).toBeUndefined();
  expect(await commands.exists(toKey('statuses'), toKeyOf('outbox', 'gitea'))).toBe(0);
});

test('a forge that is not told has no entries', async () => {
  await enqueue({ repository: 'local/ada/engine' });
  queue = createQueue({ commands, leaseMs });
  await enqueue();
  expect(await commands.exists(toKey('statuses'))).toBe(0);
});
