import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createRandom } from '../model/random.ts';
import { catalogue } from './catalogue.ts';
import { parseOptions } from './options.ts';
import { createRedisServer } from './redis.ts';
import { planRound } from './round.ts';
import { buildShim, openShimPage } from './shim.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows-chaos-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a round of a seed is the same one again, and each fault is drawn sooner or later', () => {
  const plans = Array.from({ length: 1000 }, (_, round) => planRound(7, round, catalogue));
  for (const { round, faults, load } of plans) {
    const again = planRound(7, round, catalogue);
    expect([again.faults, again.load]).toEqual([faults, load]);
  }
  expect(new Set(plans.flatMap(({ faults }) => faults)).size).toBe(catalogue.length);
  expect(
    plans.filter(({ faults }) => faults.length > 1 && faults.some(({ alone }) => alone === true)),
  ).toEqual([]);
});

test('an option that is wrong is named', () => {
  expect(() => parseOptions(['--faults', 'many'])).toThrow('--faults is "many"; expected a whole number');
  expect(() => parseOptions(['--fautls', '3'])).toThrow('--fautls');
  expect(parseOptions(['--seed', '7', '--only', '20'])).toMatchObject({ seed: 7, only: 20, faults: 300 });
});

/** Where there is no C compiler these are skipped, and the chaos run names what it skips. */
const withCompiler =
  process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0 ? test : test.skip;
const openPage = async (name: string) => openShimPage((await buildShim(folder)) ?? '', join(folder, name));

/** What a power cut leaves of a hundred acknowledged writes. */
async function countAfterCut(appendfsync: 'always' | 'no'): Promise<number> {
  const page = await openPage(`${appendfsync}.page`);
  const server = await createRedisServer({ folder: join(folder, appendfsync), apiPassword: 'x', page });
  await server.start();
  try {
    const redis = await server.connect();
    await redis.config('SET', 'appendfsync', appendfsync);
    for (let n = 0; n < 100; n += 1) await redis.set(`key ${n}`, n);
    redis.disconnect();
    // No chance: the disk keeps not a byte that was not synced.
    await server.cutPower({ ...createRandom(1), below: () => 0 });
    await server.start();
    const again = await server.connect();
    const left = await again.dbsize();
    again.disconnect();
    return left;
  } finally {
    await server.kill();
    page.close();
  }
}

withCompiler('the power cut is a real one: it leaves what was synced, and takes what was not', async () => {
  expect(await countAfterCut('always')).toBe(100);
  expect(await countAfterCut('no')).toBeLessThan(100);
});

withCompiler('the shim fills the disk, and sets another time of day', async () => {
  const page = await openPage('page');
  const server = await createRedisServer({ folder, apiPassword: 'x', page });
  await server.start();
  const redis = await server.connect();
  page.setClock(-3_600_000);
  const [seconds] = await redis.time();
  expect(Math.round((Number(seconds) * 1000 - Date.now()) / 60_000)).toBe(-60);
  redis.disconnect();
  page.setRoom(100);
  const client = createConnection(server.socket).on('error', () => undefined);
  client.write(`AUTH chaos chaos\r\nSET key ${'x'.repeat(1000)}\r\n`);
  await server.untilEnded();
  client.destroy();
  page.setRoom(undefined);
  await server.start();
  await server.kill();
  page.close();
});
