import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createFiring, type FiringDeps } from '../../../../services/api/crons/firing.ts';
import { HeadsError } from '../../../../services/core/forge/index.ts';
import type { Cron, CronSettings } from '../../../../services/core/job/index.ts';
import { createCrons, createQueue } from '../../../../services/core/queue/index.ts';
import { toKeyOf } from '../../../../services/core/queue/keys.ts';
import { openTestApi, repository, type TestApi } from '../../../support/api.ts';

const minute = 60_000;
const start = Date.parse('2026-11-21T18:20:00Z');
const head = 'a'.repeat(40);
let api: TestApi;
let now = start;
let heads: () => Promise<Map<string, string>>;
beforeAll(async () => {
  api = await openTestApi();
});
beforeEach(async () => {
  await api.commands.flushall();
  await api.deps.repositories.put(repository);
  now = start;
  heads = async () => new Map([['refs/heads/main', head]]);
});
afterAll(() => api.close());

const open = (given: Partial<FiringDeps> = {}) =>
  createFiring({ ...api.deps, reconciler: { readHeads: () => heads() }, now: () => now, ...given });
const set = (settings: Partial<CronSettings> = {}, given: Partial<Cron> = {}) =>
  api.deps.crons.put({
    schedule: '0 * * * *',
    timezone: 'UTC',
    enabled: true,
    ...settings,
    repository: repository.id,
    name: 'hourly',
    setAt: now,
    setBy: 'test',
    ...given,
  });
const jobs = async () => (await api.queue.jobs({ limit: 50 })).jobs;
const fired = async () => (await api.deps.crons.list())[0]?.fired;

test('what is due starts once, of the branch as it is then, and the record says what', async () => {
  await set();
  const look = open();
  await look();
  now = start + 39 * minute;
  await look();
  expect(await jobs()).toEqual([]);
  now = start + 40 * minute;
  await look();
  now += 5000;
  await look();
  const [job, ...others] = await jobs();
  expect(others).toEqual([]);
  expect(job).toMatchObject({
    state: 'queued',
    pool: repository.pool,
    spec: { event: 'cron', cron: 'hourly', ref: 'refs/heads/main', branch: 'main', sha: head },
  });
  expect(await fired()).toEqual({ dueAt: start + 40 * minute, pipeline: job?.pipeline, job: job?.id });
  now = start + 100 * minute;
  await look();
  expect(await jobs()).toHaveLength(2);
});

test('two replicas that look at the same time start it once, whatever each sees at the forge', async () => {
  await set();
  now = start + 40 * minute;
  const commands = await api.redis.connect();
  const other = createQueue({ commands, leaseMs: 30_000 });
  let asked = 0;
  heads = async () => new Map([['refs/heads/main', String(asked++).repeat(40)]]);
  const looks = [open(), open({ queue: other, crons: createCrons({ commands }) })];
  await Promise.all(looks.map((look) => look()));
  await Promise.all(looks.map((look) => look()));
  expect([asked, (await jobs()).length]).toEqual([2, 1]);
  expect((await fired())?.job).toBe((await jobs())[0]?.id);
});

test('what was missed starts once, for its newest time; what was due before it was set does not', async () => {
  await set();
  now = start + 5 * 60 * minute;
  await open()();
  expect(await jobs()).toHaveLength(1);
  expect((await fired())?.dueAt).toBe(Date.parse('2026-11-21T23:00:00Z'));
  await set({ schedule: '*/10 * * * *' });
  await open()();
  expect(await jobs()).toHaveLength(1);
});

test('one that is off starts nothing, nor does one that is removed while it is started', async () => {
  await set({ enabled: false });
  now = start + 40 * minute;
  const look = open();
  await look();
  expect(await jobs()).toEqual([]);
  await set({}, { setAt: start });
  heads = async () => {
    await api.deps.crons.remove(repository.id, 'hourly');
    return new Map([['refs/heads/main', head]]);
  };
  await look();
  expect([(await jobs()).length, await api.commands.hlen('ci:{q}:fired')]).toEqual([1, 0]);
});

test('a forge that is away is left alone for a while, and what was due starts when it answers', async () => {
  await set();
  now = start + 40 * minute;
  let asked = 0;
  heads = async () => {
    asked += 1;
    throw new HeadsError('no answer');
  };
  const look = open();
  await look();
  now += 5000;
  await look();
  expect([asked, await fired()]).toEqual([1, undefined]);
  heads = async () => new Map([['refs/heads/main', head]]);
  now += 30_000;
  await look();
  expect((await fired())?.dueAt).toBe(start + 40 * minute);
});

test('a branch that is not there is said, and the next time is another chance', async () => {
  await set({ branch: 'trunk' });
  now = start + 40 * minute;
  const look = open();
  await look();
  await look();
  expect(await fired()).toEqual({
    dueAt: start + 40 * minute,
    problem: `${repository.id} has no refs/heads/trunk`,
  });
  heads = async () => new Map([['refs/heads/trunk', head]]);
  now += 60 * minute;
  await look();
  expect((await jobs()).map(({ spec }) => spec.branch)).toEqual(['trunk']);
});

test('a full repository has its cron when there is room', async () => {
  await api.deps.repositories.put({ ...repository, jobLimit: 1 });
  await set();
  now = start + 40 * minute;
  const look = open();
  await look();
  now += 60 * minute;
  await look();
  expect(await jobs()).toHaveLength(1);
  const claimed = await api.claim('agent');
  await api.queue.complete(claimed.job, claimed.fence, { outcome: 'success' });
  now += 5000;
  await look();
  expect(await jobs()).toHaveLength(2);
});

test('a repository that has begun its jobs of this hour has its cron in the next, and its forge rests till then', async () => {
  await api.deps.repositories.put({ ...repository, jobsPerHour: 1 });
  let asked = 0;
  heads = async () => {
    asked += 1;
    return new Map([['refs/heads/main', head]]);
  };
  await set({ schedule: '*/10 * * * *' });
  const look = open();
  now = start + 10 * minute;
  await look();
  for (now = start + 20 * minute; now < start + 60 * minute; now += minute) await look();
  expect(await jobs()).toHaveLength(1);
  expect(asked).toBe(2);
  await api.commands.hincrby(toKeyOf('hour', repository.id), 'from', -60 * minute);
  now = start + 80 * minute;
  await look();
  expect(await jobs()).toHaveLength(2);
});

test('a cron whose repository is gone, or whose schedule nobody understands any more, stops no other', async () => {
  await set({}, { repository: 'gitea/ada/gone', name: 'a' });
  await set({ schedule: 'whenever' }, { name: 'b' });
  await set();
  now = start + 40 * minute;
  const look = open();
  await look();
  await look();
  expect((await jobs()).map(({ spec }) => spec.cron)).toEqual(['hourly']);
});
