import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { logKey, logMetaKey } from '../../../../services/core/queue/keys.ts';
import { openTestApi, readStream, type TestApi } from '../../../support/api.ts';
import { toRequest } from '../../../support/job.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

let agents = 0;
async function start() {
  await api.queue.enqueue(toRequest());
  return api.claim(`logger-${agents++}`);
}
const write = (job: string, fence: number, n: number, bytes: Uint8Array | string, step = 'test') =>
  api.queue.appendLog(job, fence, n, step, Buffer.from(bytes));
const all = async (response: Response) => {
  const events = [];
  for await (const event of readStream(response)) if (event.event !== 'comment') events.push(event);
  return events;
};

test('the log is answered byte for byte, from any byte on', async () => {
  const { job, fence } = await start();
  const bytes = Buffer.from([0xff, 0x00, 0x1b, 0x5b, 0xe2, 0x82, 0xac, 0x0a]);
  await write(job, fence, 1, bytes.subarray(0, 5));
  await write(job, fence, 2, bytes.subarray(5));
  for (let from = 0; from <= bytes.length + 1; from++) {
    const response = await api.admin(`/api/v1/jobs/${job}/log?from=${from}`);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes.subarray(from));
  }
  expect((await api.admin(`/api/v1/jobs/${job}/log?from=-1`)).status).toBe(400);
  expect((await api.admin(`/api/v1/jobs/${'0'.repeat(20)}/log`)).status).toBe(404);
  expect((await api.admin('/api/v1/jobs/x/log')).status).toBe(400);
  await api.queue.complete(job, fence, { outcome: 'success' });
});

test('a log of many chunks comes whole', async () => {
  const { job, fence } = await start();
  for (let n = 1; n <= 150; n++) await write(job, fence, n, `line ${n}\n`);
  const text = await (await api.admin(`/api/v1/jobs/${job}/log`)).text();
  expect(text.split('\n')).toHaveLength(151);
  await api.queue.complete(job, fence, { outcome: 'success' });
});

test('a range is answered with these bytes and no others, and what lies before them is not read', async () => {
  const { job, fence } = await start();
  const bytes = Buffer.from(Array.from({ length: 150 * 40 }, (_, at) => at % 251));
  for (let n = 1; n <= 150; n++) await write(job, fence, n, bytes.subarray((n - 1) * 40, n * 40));
  const ask = (range: string, headers = {}) =>
    api.admin(`/api/v1/jobs/${job}/log`, { headers: { range, ...headers } });
  const part = async (response: Response) => [
    response.status,
    response.headers.get('content-range'),
    Buffer.from(await response.arrayBuffer()),
  ];
  expect(await part(await ask('bytes=5990-5999'))).toEqual([
    206,
    'bytes 5990-5999/6000',
    bytes.subarray(5990),
  ]);
  expect(await part(await ask('bytes=39-40'))).toEqual([206, 'bytes 39-40/6000', bytes.subarray(39, 41)]);
  expect(await part(await ask('bytes=-1'))).toEqual([206, 'bytes 5999-5999/6000', bytes.subarray(5999)]);
  const whole = await ask('bytes=6000-');
  expect([whole.status, whole.headers.get('content-range')]).toEqual([416, 'bytes */6000']);
  expect((await ask('bytes=0-1', { 'if-range': '"0-0"' })).status).toBe(200);
  const read: number[] = [];
  const { readLog } = api.queue;
  api.queue.readLog = async (...args) => {
    const answer = await readLog(...args);
    read.push(answer.chunks.length);
    return answer;
  };
  expect(await part(await ask('bytes=5990-5999'))).toHaveLength(3);
  expect(await (await api.admin(`/api/v1/jobs/${job}/log?from=5999`)).arrayBuffer()).toHaveProperty(
    'byteLength',
    1,
  );
  api.queue.readLog = readLog;
  expect(read).toEqual([1, 1]);
});

test('a log that has not grown is not sent again to who has it', async () => {
  const { job, fence } = await start();
  await write(job, fence, 1, 'one\n');
  const etag = (await api.admin(`/api/v1/jobs/${job}/log`)).headers.get('etag') ?? '';
  const again = () => api.admin(`/api/v1/jobs/${job}/log`, { headers: { 'if-none-match': etag } });
  expect((await again()).status).toBe(304);
  await write(job, fence, 2, 'two\n');
  expect((await again()).status).toBe(200);
});

test('a character that is cut between chunks comes whole, and what is no character is U+FFFD', async () => {
  const { job, fence } = await start();
  const euro = Buffer.from('€');
  await write(job, fence, 1, Buffer.concat([Buffer.from('5 '), euro.subarray(0, 1)]));
  await write(job, fence, 2, euro.subarray(1, 2));
  await write(job, fence, 3, Buffer.concat([euro.subarray(2), Buffer.from([0xff, 0x0a])]));
  await write(job, fence, 4, euro.subarray(0, 2), 'other');
  await api.queue.complete(job, fence, { outcome: 'success' });
  const events = await all(await api.admin(`/api/v1/jobs/${job}/log/stream`));
  expect(events).toEqual([
    { id: `${fence}-1`, event: 'chunk', data: { step: 'test', text: '5 ' } },
    { id: `${fence}-2`, event: 'chunk', data: { step: 'test', text: '' } },
    { id: `${fence}-3`, event: 'chunk', data: { step: 'test', text: '€\ufffd\n' } },
    { id: `${fence}-4`, event: 'chunk', data: { step: 'other', text: '' } },
    { id: `${fence}-4`, event: 'chunk', data: { step: 'other', text: '\ufffd' } },
    { event: 'end', data: {} },
  ]);
});

test('who comes back in the middle of a character gets the rest of it', async () => {
  const { job, fence } = await start();
  const euro = Buffer.from('€');
  await write(job, fence, 1, euro.subarray(0, 1));
  await write(job, fence, 2, euro.subarray(1));
  await api.queue.complete(job, fence, { outcome: 'success' });
  const response = await api.admin(`/api/v1/jobs/${job}/log/stream`, {
    headers: { 'last-event-id': `${fence}-1` },
  });
  expect(await all(response)).toEqual([
    { id: `${fence}-2`, event: 'chunk', data: { step: 'test', text: '€' } },
    { event: 'end', data: {} },
  ]);
});

test('a log is followed while it grows, until its job ends', async () => {
  const { job, fence } = await start();
  const events = readStream(await api.admin(`/api/v1/jobs/${job}/log/stream`));
  const next = async () => {
    for (;;) {
      const { value } = await events.next();
      if (value?.event !== 'comment') return value;
    }
  };
  await write(job, fence, 1, 'one\n');
  expect(await next()).toMatchObject({ data: { text: 'one\n' } });
  await write(job, fence, 2, 'two\n');
  expect(await next()).toMatchObject({ data: { text: 'two\n' } });
  await api.queue.complete(job, fence, { outcome: 'success' });
  expect(await next()).toMatchObject({ event: 'end' });
  expect((await events.next()).done).toBe(true);
});

test('a log that was archived where this api does not look is said to be there, not shown as empty', async () => {
  const { job, fence } = await start();
  await write(job, fence, 1, 'one\n');
  await api.queue.complete(job, fence, { outcome: 'success' });
  await api.commands.hset(logMetaKey(job, fence), 'archived', '0 1');
  await api.commands.unlink(logKey(job, fence));
  const response = await api.admin(`/api/v1/jobs/${job}/log`);
  expect(response.status).toBe(503);
  expect(await response.text()).toContain('set BELLOWS_STORE again');
});
