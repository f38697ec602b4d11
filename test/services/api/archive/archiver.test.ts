import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createLogArchive } from '../../../../services/api/archive/archive.ts';
import { createArchiver } from '../../../../services/api/archive/archiver.ts';
import { createLog } from '../../../../services/core/log/index.ts';
import {
  createFollower,
  createQueue,
  createUnarchived,
  type Limits,
} from '../../../../services/core/queue/index.ts';
import { logKey, toKey } from '../../../../services/core/queue/keys.ts';
import { openRedis, type Redis } from '../../../../services/core/runtime/index.ts';
import { openFolderStore, type Store, StoreError } from '../../../../services/core/store/index.ts';
import { toRequest } from '../../../support/job.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

let redis: TestRedis;
let commands: Redis;
let folder: string;
let store: Store;
/** What the store does in place of what it should. */
let fault: (name: string) => unknown;
beforeAll(async () => {
  redis = await startRedis();
  commands = await redis.connect();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await commands.flushall();
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-archive-'));
  const real = await openFolderStore(folder);
  fault = () => undefined;
  store = {
    ...real,
    put: async (name, parts) => {
      await fault('put');
      await real.put(name, parts);
      await fault('after put');
    },
    remove: async (name) => {
      await fault('remove');
      await real.remove(name);
    },
  };
});
afterEach(() => rm(folder, { recursive: true }));

const day = 86_400_000;

function open(limits: Partial<Limits> = {}) {
  const archive = createLogArchive(store);
  const queue = createQueue({ commands, leaseMs: 30_000, archive, limits });
  const unarchived = createUnarchived({ commands });
  const told = { archived: 0, archiveFailed: 0 };
  const metrics = {
    archived: () => {
      told.archived += 1;
    },
    archiveFailed: () => {
      told.archiveFailed += 1;
    },
  };
  const log = createLog('test', 'silent');
  const deps = { store, unarchived, queue, metrics, log, keepMs: 90 * day };
  return { archive, queue, unarchived, told, deps, archiver: createArchiver(deps) };
}
type Opened = ReturnType<typeof open>;

/** A job that has written this in as many chunks, and ended long enough ago. */
async function endJob({ queue }: Opened, texts: readonly string[], outcome: 'success' | 'error' = 'success') {
  await queue.enqueue(toRequest());
  const { job = '', fence = 0 } = (await queue.claim({ pool: 'default', agent: 'a', tokenHash: '' })) ?? {};
  for (const [i, text] of texts.entries())
    await queue.appendLog(job, fence, i + 1, 'build', Buffer.from(text));
  await queue.complete(job, fence, { outcome });
  await age();
  return { job, fence };
}
/** As if everything had ended a while ago. */
async function age(by = 3000) {
  for (const key of ['unarchived', 'archived'] as const)
    for (const id of await commands.zrange(toKey(key), '0', '-1'))
      await commands.call('ZINCRBY', toKey(key), String(-by), id);
}
const readText = async ({ queue }: Opened, id: string, fence?: number) => {
  let text = '';
  for (let after = 0; ; ) {
    const { chunks } = await queue.readLog(id, { after, ...(fence === undefined ? {} : { fence }) });
    if (chunks.length === 0) return text;
    text += Buffer.concat(chunks.map(({ bytes }) => bytes)).toString();
    after = chunks.at(-1)?.n ?? after;
  }
};
const blobs = async () =>
  (await readdir(join(folder, 'logs'), { recursive: true }).catch(() => []))
    .filter((name) => name.includes('/'))
    .sort();

test('the log of an ended job leaves Redis, and no reader notices', async () => {
  const opened = open();
  const texts = Array.from({ length: 150 }, (_, i) => `line ${i}\n`);
  const { job, fence } = await endJob(opened, texts);
  const follower = createFollower({
    commands,
    openBlocking: () => openRedis({ url: redis.url }, 'blocking'),
    archive: opened.archive,
  });
  const follow = async (after = 0) => {
    const seen: string[] = [];
    for await (const each of follower.log(job, { fence, after }, new AbortController().signal))
      seen.push(`${each.fence}-${each.chunk.n} ${each.chunk.step} ${Buffer.from(each.chunk.bytes)}`);
    return seen;
  };
  const before = [await follow(), await follow(70), await opened.queue.seekLog(job, { from: 500, to: 700 })];
  await opened.archiver.pass();
  expect(await commands.exists(logKey(job, fence))).toBe(0);
  expect(await blobs()).toEqual([`${job}/${fence}`]);
  expect([await follow(), await follow(70), await opened.queue.seekLog(job, { from: 500, to: 700 })]).toEqual(
    before,
  );
  expect(await readText(opened, job)).toBe(texts.join(''));
  expect(opened.told).toEqual({ archived: 1, archiveFailed: 0 });
  expect(await opened.queue.audit()).toEqual([]);
  // A zombie finds it full, and changes nothing.
  expect(await opened.queue.appendLog(job, fence, 151, 'build', Buffer.from('late'))).toEqual({
    answer: 'full',
    have: 150,
  });
  await follower.close();
});

test('a reader who is in the middle when the log leaves goes on where it was', async () => {
  const opened = open();
  const texts = Array.from({ length: 200 }, (_, i) => `line ${i}\n`);
  const { job, fence } = await endJob(opened, texts);
  const follower = createFollower({
    commands,
    openBlocking: () => openRedis({ url: redis.url }, 'blocking'),
    archive: opened.archive,
  });
  let text = '';
  for await (const { chunk } of follower.log(job, { fence, after: 0 }, new AbortController().signal)) {
    text += Buffer.from(chunk.bytes);
    if (chunk.n === 100) await opened.archiver.pass();
  }
  expect(text).toBe(texts.join(''));
  await follower.close();
});

test('a running job, and one that ended just now, are left alone', async () => {
  const opened = open();
  await opened.queue.enqueue(toRequest());
  const { job = '', fence = 0 } =
    (await opened.queue.claim({ pool: 'default', agent: 'a', tokenHash: '' })) ?? {};
  await opened.queue.appendLog(job, fence, 1, 'build', Buffer.from('x'));
  await opened.archiver.pass();
  await opened.queue.complete(job, fence, { outcome: 'success' });
  await opened.archiver.pass();
  expect([await blobs(), opened.told.archived]).toEqual([[], 0]);
  await age();
  await opened.archiver.pass();
  expect(opened.told.archived).toBe(1);
});

test.each(['put', 'after put'])('a crash %s loses nothing: it is done again, once', async (when) => {
  const opened = open();
  const { job } = await endJob(opened, ['one\n', 'two\n']);
  fault = (at) => {
    if (at === when) throw new StoreError('no answer');
  };
  await expect(opened.archiver.pass()).rejects.toThrow('no answer');
  expect(await readText(opened, job)).toBe('one\ntwo\n');
  expect(opened.told).toEqual({ archived: 0, archiveFailed: 1 });
  fault = () => undefined;
  const other = open();
  await commands.del(toKey('archiver'));
  await other.archiver.pass();
  await other.archiver.pass();
  expect(other.told).toEqual({ archived: 1, archiveFailed: 0 });
  expect(await readText(other, job)).toBe('one\ntwo\n');
  expect(await other.queue.audit()).toEqual([]);
});

test('a crash after the log was unlinked, before the job counted as archived, loses nothing', async () => {
  const opened = open();
  const { job } = await endJob(opened, ['one\n']);
  const cut = createArchiver({
    ...opened.deps,
    unarchived: { ...opened.unarchived, done: () => Promise.reject(new StoreError('killed')) },
  });
  await expect(cut.pass()).rejects.toThrow('killed');
  await commands.del(toKey('archiver'));
  await opened.archiver.pass();
  expect(await readText(opened, job)).toBe('one\n');
  expect(opened.told.archived).toBe(1);
});

test('a chunk that comes while the log is archived is not lost', async () => {
  const opened = open();
  const { job, fence } = await endJob(opened, ['one\n']);
  fault = (at) => {
    if (at !== 'after put') return undefined;
    fault = () => undefined;
    return opened.queue.appendLog(job, fence, 2, 'build', Buffer.from('two\n'));
  };
  await opened.archiver.pass();
  await age();
  await opened.archiver.pass();
  expect(await readText(opened, job)).toBe('one\ntwo\n');
  expect(opened.told.archived).toBe(1);
});

test('of two processes one archives; the other goes on when its lease is over', async () => {
  const [one, two] = [open(), open()];
  await endJob(one, ['one\n']);
  await one.archiver.pass();
  await endJob(one, ['two\n']);
  await two.archiver.pass();
  expect([one.told.archived, two.told.archived]).toEqual([1, 0]);
  expect(await commands.pttl(toKey('archiver'))).toBeGreaterThan(0);
  await commands.del(toKey('archiver'));
  await two.archiver.pass();
  expect(two.told.archived).toBe(1);
});

test('a dead job that runs again is archived again, with all its attempts', async () => {
  const opened = open({ errors: 1 });
  const { job, fence } = await endJob(opened, ['first\n'], 'error');
  await opened.archiver.pass();
  expect(await opened.queue.requeue(job)).toBe('done');
  expect(await opened.queue.audit()).toEqual([]);
  const again = await opened.queue.claim({ pool: 'default', agent: 'b', tokenHash: '' });
  await opened.queue.appendLog(job, again?.fence ?? 0, 1, 'build', Buffer.from('second\n'));
  await opened.queue.complete(job, again?.fence ?? 0, { outcome: 'success' });
  await age();
  await opened.archiver.pass();
  expect(await blobs()).toEqual([`${job}/1`, `${job}/2`]);
  expect([await readText(opened, job, fence), await readText(opened, job)]).toEqual(['first\n', 'second\n']);
  expect(await opened.queue.audit()).toEqual([]);
});

test('a log goes when it is too old, and the job stays; a job that is forgotten takes its log along', async () => {
  const opened = open();
  const { job } = await endJob(opened, ['one\n']);
  await opened.archiver.pass();
  await age(91 * day);
  await opened.archiver.pass();
  expect(await blobs()).toEqual([]);
  await opened.queue.tick();
  expect(await readText(opened, job)).toBe('');
  expect((await opened.queue.job(job))?.job.state).toBe('success');
  expect(await opened.queue.audit()).toEqual([]);

  await endJob(opened, ['two\n']);
  await opened.archiver.pass();
  expect(await blobs()).toHaveLength(1);
  await open({ finished: 0 }).queue.tick();
  fault = () => {
    throw new StoreError('no answer');
  };
  await expect(opened.archiver.pass()).rejects.toThrow('no answer');
  expect(await blobs()).toHaveLength(1);
  fault = () => undefined;
  await opened.archiver.pass();
  expect(await blobs()).toEqual([]);
  const left = [toKey('discarded'), toKey('trash'), toKey('archived'), toKey('unarchived')];
  expect(await commands.exists(...left)).toBe(0);
});

test('a log that cannot be read does not hold up the next one', async () => {
  const opened = open();
  const { job, fence } = await endJob(opened, ['one\n', 'two\n']);
  await commands.xdel(logKey(job, fence), '1-0');
  await endJob(opened, ['other\n']);
  await opened.archiver.pass();
  expect(opened.told).toEqual({ archived: 1, archiveFailed: 1 });
  expect(await opened.queue.audit()).toEqual([]);
});

test('who has no archive says so, and does not show an empty log', async () => {
  const opened = open();
  const { job } = await endJob(opened, ['one\n']);
  await opened.archiver.pass();
  const without = createQueue({ commands, leaseMs: 30_000 });
  await expect(without.readLog(job, { after: 0 })).rejects.toMatchObject({ code: 'archived' });
  await expect(without.seekLog(job, { from: 0 })).rejects.toThrow('there is no archive');
});
