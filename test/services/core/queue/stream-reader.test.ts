import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readStream } from '../../../../services/core/queue/stream-reader.ts';
import type { Entry, Listener, Tail } from '../../../../services/core/queue/tail.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

let redis: TestRedis;
let commands: Redis;
beforeAll(async () => {
  redis = await startRedis();
  commands = await redis.connect();
});
afterAll(() => redis.stop());

/** Brings what it is told to, when it is told to. */
function createHandTail() {
  let told: Listener = () => undefined;
  let from = '';
  const tail: Tail = {
    watch: (_key, after, listener) => {
      [from, told] = [after, listener];
      return () => undefined;
    },
    close: async () => undefined,
  };
  return { tail, tell: (entries: Entry[]) => told('log', entries), from: () => from };
}

/** Writes as many entries of 64 KiB, and answers them as a tail would. */
async function write(key: string, first: number, count: number): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let n = first; n < first + count; n++) {
    const bytes = randomBytes(65_536);
    await commands.xadd(key, `${n}-0`, 'b', bytes);
    entries.push({ id: `${n}-0`, fields: [Buffer.from('b'), bytes] });
  }
  return entries;
}

test('a reader that takes nothing keeps a mebibyte, and misses nothing when it takes again', async () => {
  const hand = createHandTail();
  let asked = 0;
  const counting = new Proxy(commands, {
    get: (target, name) => {
      if (name === 'xrangeBuffer') asked += 1;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const reader = readStream({ commands: counting, tail: hand.tail, key: 'log', after: '0-0' });
  hand.tell(await write('log', 1, 1));
  const ids = (await reader.next()).map(({ id }) => id);
  const before = asked;
  for (const entry of await write('log', 2, 100)) hand.tell([entry]);
  while (ids.length < 101) {
    const entries = await reader.next();
    // Neither what was kept nor what is read anew is more.
    const bytes = entries.reduce((sum, { fields }) => sum + (fields[1]?.length ?? 0), 0);
    expect(bytes).toBeLessThanOrEqual(1024 * 1024);
    ids.push(...entries.map(({ id }) => id));
  }
  expect(ids).toEqual(Array.from({ length: 101 }, (_, i) => `${i + 1}-0`));
  // What the tail had brought was let go, so it came from Redis, in its turn.
  expect(asked - before).toBeGreaterThanOrEqual(6);
  reader.close();
});

test('what is there when a reader comes is not brought by the tail as well', async () => {
  const hand = createHandTail();
  await write('long', 1, 40);
  const reader = readStream({ commands, tail: hand.tail, key: 'long', after: '0-0', tailAfter: '40-0' });
  expect(hand.from()).toBe('40-0');
  const ids: string[] = [];
  while (ids.length < 40) ids.push(...(await reader.next()).map(({ id }) => id));
  hand.tell(await write('long', 41, 1));
  ids.push(...(await reader.next()).map(({ id }) => id));
  expect(ids).toEqual(Array.from({ length: 41 }, (_, i) => `${i + 1}-0`));
  reader.close();
});
