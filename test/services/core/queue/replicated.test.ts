import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createQueue, findReplicaFaults } from '../../../../services/core/queue/index.ts';
import { openRedis, type Redis } from '../../../../services/core/runtime/index.ts';
import { openLink } from '../../../chaos/link.ts';
import { openTestApi, repository } from '../../../support/api.ts';
import { toRequest } from '../../../support/job.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';
import { until } from '../../../support/until.ts';

let primary: TestRedis;
let port: number;
let replica: TestRedis;
let commands: Redis;
let copy: Redis;
let connections: Redis[];
beforeAll(async () => {
  port = await findPort();
  primary = await startRedis({
    settings: { port: String(port), bind: '127.0.0.1', 'repl-diskless-sync-delay': '0' },
  });
  replica = await startRedis({ settings: { replicaof: `127.0.0.1 ${port}` } });
  commands = await primary.connect();
  copy = await replica.connect();
  connections = [await primary.connect(), await primary.connect()];
  await until(async () => (await findReplicaFaults(commands, 1)).length === 0);
});
afterAll(async () => {
  // Else its own link to the primary counts as left open.
  await copy.replicaof('NO', 'ONE');
  await replica.stop();
  await primary.stop();
});

const open = (withinMs: number) =>
  createQueue({ commands, leaseMs: 30_000, replication: { connections, replicas: 1, withinMs } });

test('what was accepted, and how it ended, is on the replica when it is answered', async () => {
  // Long enough for a machine that others use too: a replica in time answers at once.
  const queue = open(1900);
  for (let i = 0; i < 20; i++) {
    const result = await queue.enqueue(toRequest());
    const id = result.answer === 'full' ? '' : (result.jobs[0] ?? '');
    expect(await copy.hget(`ci:{q}:job:${id}`, 'state')).toBe('queued');
    const claimed = await queue.claim({ pool: 'default', agent: 'one', tokenHash: '' });
    await queue.complete(id, claimed?.fence ?? 0, { outcome: 'success' });
    expect(await copy.hget(`ci:{q}:job:${id}`, 'state')).toBe('success');
  }
});

test('while the replica stands still nothing is answered as done, not even a repeat of what the primary has; then all of it is', async () => {
  await open(1900).enqueue(toRequest());
  const queue = open(200);
  const claimed = await queue.claim({ pool: 'default', agent: 'two', tokenHash: '' });
  const complete = () => queue.complete(claimed?.job ?? '', claimed?.fence ?? 0, { outcome: 'success' });
  const request = toRequest();
  process.kill(replica.pid, 'SIGSTOP');
  try {
    for (let i = 0; i < 2; i++) {
      await expect(queue.enqueue(request)).rejects.toMatchObject({ code: 'unavailable' });
      await expect(complete()).rejects.toThrow('only 0 of 1 replicas have it after 200 ms');
    }
  } finally {
    process.kill(replica.pid, 'SIGCONT');
  }
  expect(await until(() => queue.enqueue(request))).toMatchObject({ answer: 'dup' });
  expect(await until(complete)).toBe('dup');
});

test('who loses the line after its write is answered by no other primary, which would count replicas that never saw it', async () => {
  const link = await openLink(() => port, 'redis');
  const lane = openRedis({ url: `redis://127.0.0.1:${link.port}` }, 'commands');
  lane.on('error', () => undefined);
  try {
    await once(lane, 'ready');
    const replication = { connections: [lane], replicas: 1, withinMs: 1900 };
    const queue = createQueue({ commands, leaseMs: 30_000, replication });
    const request = toRequest();
    const cut = link.set({ request: 'wait', moment: 'before request', act: () => undefined });
    await expect(queue.enqueue(request)).rejects.toThrow('its connection was lost');
    expect(cut.sprung).toBe(true);
    expect(await until(() => queue.enqueue(request))).toMatchObject({ answer: 'dup' });
  } finally {
    lane.disconnect();
    await link.close();
  }
});

test('the api answers 503 in place of 202, and is not ready without its replica', async () => {
  const api = await openTestApi({ queue: open(200) });
  try {
    await api.deps.repositories.put(repository);
    const trigger = () =>
      api.admin('/api/v1/jobs', {
        method: 'POST',
        json: { repository: repository.id, sha: 'a'.repeat(40) },
        headers: { 'idempotency-key': 'once' },
      });
    process.kill(replica.pid, 'SIGSTOP');
    try {
      const refused = await trigger();
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    } finally {
      process.kill(replica.pid, 'SIGCONT');
    }
    const accepted = await until(async () => {
      const answer = await trigger();
      return answer.status === 202 ? answer : undefined;
    });
    expect(await accepted.json()).toMatchObject({ answer: 'dup' });
    expect(await findReplicaFaults(commands, 2)).toEqual(['Redis: 1 replicas follow it, expected 2']);
    expect(await findReplicaFaults(commands, 0)).toEqual([]);
  } finally {
    await api.close();
  }
});

/** Redis replicates over TCP only. */
async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
