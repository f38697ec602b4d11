import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { openRedis } from '../../../../services/core/runtime/index.ts';
import { openLink } from '../../../chaos/link.ts';
import { startRedis } from '../../../support/redis.ts';
import { until } from '../../../support/until.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

test('a line that is dead, unknown to both its ends, is replaced by another', async () => {
  const server = await startRedis();
  ends.push(() => server.stop());
  const link = await openLink(() => server.url.slice('unix://'.length), 'redis');
  ends.push(() => link.close());
  const redis = openRedis({ url: `redis://127.0.0.1:${link.port}` }, 'commands');
  redis.on('error', () => undefined);
  ends.push(() => redis.disconnect());
  await once(redis, 'ready');
  expect(await redis.ping()).toBe('PONG');
  expect(link.freeze()).toBe(1);
  await expect(redis.ping()).rejects.toThrow();
  expect(await until(() => redis.ping())).toBe('PONG');
});

test.each([
  'redis+sentinel://a:26379',
  'redis+sentinel:///bellows',
  'redis+sentinel://a:x/bellows',
  'redis+sentinel://a,,b/bellows',
])('%s names no sentinels, and is refused', (url) => {
  expect(() => openRedis({ url }, 'commands')).toThrow('redis+sentinel://host:port,host:port/name');
});
