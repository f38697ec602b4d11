import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AccessError, createRateLimits } from '../../../../services/core/access/index.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

let server: TestRedis;
let redis: Redis;
let other: Redis;
beforeAll(async () => {
  server = await startRedis();
  [redis, other] = await Promise.all([server.connect(), server.connect()]);
});
afterAll(() => server.stop());

const dayMs = 86_400_000;
let bucket = 0;

test('of many that two replicas ask for at once, exactly the burst is allowed', async () => {
  const both = [createRateLimits(redis), createRateLimits(other)];
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 0, max: 90 }),
      async (burst, more) => {
        bucket += 1;
        const asked = Array.from({ length: burst + more }, (_, i) =>
          both[i % 2]?.take(`bucket-${bucket}`, 'a', { burst, periodMs: dayMs }),
        );
        const verdicts = await Promise.all(asked);
        expect(verdicts.filter((verdict) => verdict?.allowed).length).toBe(burst);
      },
    ),
    { numRuns: 30 },
  );
});

test('it says how many remain, how long to wait, and keeps each bucket apart', async () => {
  const limits = createRateLimits(redis);
  const take = (name: string, of: string) => limits.take(name, of, { burst: 2, periodMs: dayMs });
  expect(await take('x', 'a')).toEqual({ allowed: true, remaining: 1, waitMs: 0 });
  const last = await take('x', 'a');
  expect([last.allowed, last.remaining, last.waitMs > 0]).toEqual([true, 0, true]);
  const refused = await take('x', 'a');
  expect(refused.allowed).toBe(false);
  expect(refused.waitMs).toBeGreaterThan(0);
  expect(refused.waitMs).toBeLessThanOrEqual(dayMs / 2);
  expect((await take('x', 'b')).allowed).toBe(true);
  expect((await take('y', 'a')).allowed).toBe(true);
});

test('after the wait that it named, one more is allowed', async () => {
  const limits = createRateLimits(redis);
  const take = () => limits.take('short', 'a', { burst: 1, periodMs: 40 });
  expect((await take()).allowed).toBe(true);
  const { allowed, waitMs } = await take();
  expect([allowed, waitMs <= 40]).toEqual([false, true]);
  // Redis' own clock says when.
  while ((await redis.pttl((await redis.keys('access:limit:short:*'))[0] ?? '')) !== -2);
  expect((await take()).allowed).toBe(true);
});

test('a bucket ends by itself, names nobody, and is not written to the append-only file', async () => {
  const [before] = await sizes();
  await createRateLimits(redis).take('kept', '192.0.2.7', { burst: 5, periodMs: dayMs });
  const [key = ''] = await redis.keys('access:limit:kept:*');
  expect(key).not.toContain('192.0.2.7');
  expect(await redis.pttl(key)).toBeGreaterThan(0);
  expect((await sizes())[0]).toBe(before);
});

test('without Redis nothing is allowed', async () => {
  const gone = await server.connect();
  gone.disconnect();
  const taken = createRateLimits(gone).take('x', 'a', { burst: 1, periodMs: 1000 });
  await expect(taken).rejects.toThrow(AccessError);
});

async function sizes(): Promise<string[]> {
  const info = await redis.info('persistence');
  return info.split('\r\n').filter((line) => line.startsWith('aof_current_size'));
}

test('a clock of Redis that has gone back refuses nobody', async () => {
  const limits = createRateLimits(redis);
  const take = () => limits.take('clock', 'a', { burst: 1, periodMs: 1000 });
  expect((await take()).allowed).toBe(true);
  const [key = ''] = await redis.keys('access:limit:clock:*');
  // As it was written while the clock was an hour ahead.
  await redis.set(key, String((Date.now() + 3_600_000) * 1000));
  expect((await take()).allowed).toBe(true);
  expect((await take()).allowed).toBe(false);
});
