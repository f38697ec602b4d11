import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Repository } from '../../../../services/core/job/index.ts';
import { createRepositories, type Repositories } from '../../../../services/core/queue/index.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

let redis: TestRedis;
let repositories: Repositories;
beforeAll(async () => {
  redis = await startRedis();
  repositories = createRepositories({ commands: await redis.connect() });
});
afterAll(() => redis.stop());

const toRepository = (name: string): Repository => ({
  id: `local/${name}`,
  forge: 'local',
  name,
  defaultBranch: 'main',
  pool: 'default',
  timeLimitMs: 60_000,
});

test('what was put is there, by id and in the order of ids, until it is removed', async () => {
  const [engine, mill] = [toRepository('ada/engine'), toRepository('ada/Mill')];
  await repositories.put(engine);
  await repositories.put(mill);
  await repositories.put({ ...engine, pool: 'big' });
  expect(await repositories.get(engine.id)).toEqual({ ...engine, pool: 'big' });
  expect((await repositories.list()).map(({ id }) => id)).toEqual([mill.id, engine.id]);
  expect(await repositories.remove(engine.id)).toBe(true);
  expect(await repositories.remove(engine.id)).toBe(false);
  expect(await repositories.get(engine.id)).toBeUndefined();
});

test("a renewed secret leaves the one before good, and the hook's name as it was", async () => {
  await repositories.put(toRepository('ada/engine'));
  const { hook } = await repositories.setHookSecret('local/ada/engine', 'one');
  expect(await repositories.hook(hook)).toEqual({ repository: 'local/ada/engine', secrets: ['one'] });
  for (const secret of ['two', 'three']) {
    expect(await repositories.setHookSecret('local/ada/engine', secret)).toEqual({ hook });
  }
  expect(await repositories.hook(hook)).toEqual({
    repository: 'local/ada/engine',
    secrets: ['three', 'two'],
  });
});

test('a removed repository has no hook any more', async () => {
  await repositories.put(toRepository('ada/engine'));
  const { hook } = await repositories.setHookSecret('local/ada/engine', 'one');
  await repositories.remove('local/ada/engine');
  expect(await repositories.hook(hook)).toBeUndefined();
  expect(await repositories.hook('nothing')).toBeUndefined();
});

test('what a forge says of a repository is kept with it, and goes with it', async () => {
  const id = 'local/ada/engine';
  await repositories.put(toRepository('ada/engine'));
  expect(await repositories.facts(id)).toBeUndefined();
  const facts = { remoteId: 7, private: true, page: 'https://forge/ada/engine' };
  await repositories.describe(id, facts);
  await repositories.describe(id, facts);
  expect(await repositories.facts(id)).toEqual(facts);
  await repositories.remove(id);
  expect(await repositories.facts(id)).toBeUndefined();
});

test('of two replicas that were told by turns, the later one is believed within a minute', async () => {
  const commands = await redis.connect();
  let now = 0;
  const [one, other] = [createRepositories({ commands, now: () => now }), createRepositories({ commands })];
  const id = 'local/ada/engine';
  await one.describe(id, { remoteId: 7, private: true });
  await other.describe(id, { remoteId: 7, private: false });
  now = 61_000;
  await one.describe(id, { remoteId: 7, private: true });
  expect(await one.facts(id)).toEqual({ remoteId: 7, private: true });
});
