import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createQueue, type LogChunk, type Queue } from '../../../../services/core/queue/index.ts';
import { logKey, logMetaKey, toKey } from '../../../../services/core/queue/keys.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { toRequest } from '../../../support/job.ts';
import { useQueue } from '../../../support/queue.ts';

let commands: Redis;
let queue: Queue;
useQueue((opened) => {
  ({ commands, queue } = opened);
});

const id = 'a'.repeat(20);

async function readAll(fence: number): Promise<LogChunk[]> {
  const all: LogChunk[] = [];
  for (;;) {
    const { chunks } = await queue.readLog(id, { fence, after: all.at(-1)?.n ?? 0 });
    if (chunks.length === 0) return all;
    all.push(...chunks);
  }
}

test('whatever is repeated, skipped and cut, the log has the exact bytes in order', async () => {
  const chunk = fc.uint8Array({ maxLength: 200 });
  let fence = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(chunk, { minLength: 1, maxLength: 150 }),
      fc.infiniteStream(fc.nat(9)),
      async (chunks, luck) => {
        fence += 1;
        for (let n = 1; n <= chunks.length; ) {
          const bytes = chunks[n - 1] ?? new Uint8Array();
          const roll = luck.next().value;
          if (roll === 0) {
            expect(await queue.appendLog(id, fence, n + 1, 'build', bytes)).toEqual({
              answer: 'gap',
              have: n - 1,
            });
          }
          expect(await queue.appendLog(id, fence, n, 'build', bytes)).toEqual({ answer: 'written', have: n });
          if (roll === 1) {
            expect(await queue.appendLog(id, fence, n, 'build', bytes)).toEqual({ answer: 'dup', have: n });
          }
          n += 1;
        }
        const read = await readAll(fence);
        expect(Buffer.concat(read.map(({ bytes }) => bytes))).toEqual(Buffer.concat(chunks));
      },
    ),
    { numRuns: 10 },
  );
});

test('any bytes of a log are found, and nothing is read before or after them', async () => {
  const chunks = Array.from({ length: 40 }, (_, n) => Buffer.alloc((n * 37) % 90, n));
  for (const [n, bytes] of chunks.entries()) await queue.appendLog(id, 9, n + 1, 'build', bytes);
  const whole = Buffer.concat(chunks);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length + 5), fc.nat(200), async (from, more) => {
      const to = from + more;
      const { skip, after, until, size } = await queue.seekLog(id, { fence: 9, from, to });
      expect(size).toBe(whole.length);
      const read = await queue.readLog(id, { fence: 9, after, until });
      const bytes = Buffer.concat(read.chunks.map((chunk) => chunk.bytes));
      expect(bytes.subarray(skip, skip + more + 1)).toEqual(whole.subarray(from, to + 1));
      const [first, last] = [read.chunks[0]?.bytes.length ?? 1, read.chunks.at(-1)?.bytes.length ?? 0];
      expect(skip).toBeLessThan(first);
      if (to < whole.length) expect(bytes.length - last).toBeLessThanOrEqual(skip + more);
    }),
    { numRuns: 100 },
  );
  expect((await queue.seekLog(id, { fence: 9, from: 0 })).until).toBe(chunks.length);
  expect(await queue.seekLog(id, { from: 3 })).toMatchObject({ fence: 0, size: 0, after: 0, until: 0 });
});

test('the marker of a log at its cap is counted among its bytes', async () => {
  queue = createQueue({ commands, leaseMs: 30_000, limits: { logBytes: 1024 } });
  await queue.appendLog(id, 1, 1, 'build', Buffer.alloc(900));
  await queue.appendLog(id, 1, 2, 'build', Buffer.alloc(900));
  const length = (await readAll(1)).reduce((sum, { bytes }) => sum + bytes.length, 0);
  expect(await queue.seekLog(id, { fence: 1, from: 900 })).toMatchObject({
    size: length,
    after: 1,
    skip: 0,
    until: 2,
  });
});

test('a log that has reached its cap ends in a marker and costs no more than the cap', async () => {
  queue = createQueue({ commands, leaseMs: 30_000, limits: { logBytes: 64 * 1024 } });
  const bytes = Buffer.alloc(16 * 1024, 'x');
  const answers = [];
  for (let n = 1; n <= 6; n++) answers.push(await queue.appendLog(id, 1, n, 'build', bytes));
  expect(answers.map(({ answer }) => answer)).toEqual([
    'written',
    'written',
    'written',
    'full',
    'full',
    'full',
  ]);
  expect(answers.at(-1)?.have).toBe(4);
  const marker = '\n[the log is full: a job may write 64 KiB; what follows is dropped]\n';
  const text = async () => Buffer.concat((await readAll(1)).map((chunk) => chunk.bytes)).toString();
  expect((await text()).slice(3 * bytes.length)).toBe(marker);
  // Its last word is taken once, in its turn, and only where the log is full.
  const none = new Uint8Array();
  expect(await queue.appendLog(id, 1, 6, 'build', none, 99)).toEqual({ answer: 'gap', have: 4 });
  expect(await queue.appendLog(id, 1, 5, 'build', none, 99)).toEqual({ answer: 'written', have: 5 });
  expect(await queue.appendLog(id, 1, 5, 'build', none, 99)).toEqual({ answer: 'full', have: 5 });
  expect((await text()).slice(3 * bytes.length)).toBe(`${marker}[99 bytes were dropped here]\n`);
  expect((await queue.seekLog(id, { from: 0, fence: 1 })).size).toBe((await text()).length);
});

test('a job that is old enough to be forgotten takes the logs of all its attempts with it', async () => {
  queue = createQueue({ commands, leaseMs: 30_000, limits: { finished: 0 } });
  await queue.enqueue(toRequest());
  const claim = () => queue.claim({ pool: 'default', agent: 'one', tokenHash: '' });
  const first = await claim();
  const job = first?.job ?? '';
  await queue.appendLog(job, 1, 1, 'build', Buffer.from('one'));
  await queue.lost('one', 'killed');
  const second = await claim();
  await queue.appendLog(job, second?.fence ?? 0, 1, 'build', Buffer.from('two'));
  expect((await queue.readLog(job, { after: 0 })).fence).toBe(3);
  await queue.complete(job, second?.fence ?? 0, { outcome: 'success' });
  await queue.tick();
  expect(await queue.job(job)).toBeUndefined();
  const logs = [1, 2, 3].flatMap((fence) => [logKey(job, fence), logMetaKey(job, fence)]);
  expect(await commands.exists(...logs, toKey('trash'))).toBe(0);
  expect(await queue.readLog(job, { after: 0 })).toEqual({ fence: 0, chunks: [] });
});
