import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readPageLog } from '../../../../services/api/page/log.ts';
import { openTestApi, type TestApi } from '../../../support/api.ts';
import { toRequest } from '../../../support/job.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

async function startLog(agent: string, ...chunks: (string | Uint8Array)[]) {
  await api.queue.enqueue(toRequest());
  const { job, fence } = await api.claim(agent);
  for (const [i, chunk] of chunks.entries())
    await api.queue.appendLog(job, fence, i + 1, 'build', Buffer.from(chunk));
  return { job, fence };
}

test('a job without a log has an empty one, from whose beginning a reader goes on', async () => {
  const { job } = await startLog('silent');
  expect(await readPageLog(api.queue, job)).toEqual({ text: '', position: '', cut: false });
});

test('a log is safe text up to where it is whole: half a character is left to who goes on', async () => {
  const { job, fence } = await startLog('half', '\u001b[31mred\u001b[0m\n', Buffer.from('ü').subarray(0, 1));
  expect(await readPageLog(api.queue, job)).toEqual({ text: 'red\n', position: `${fence}-2`, cut: false });
});

test('a long log is cut where a reader goes on', async () => {
  const chunk = 'x'.repeat(64 * 1024);
  const { job, fence } = await startLog('long', chunk, chunk, chunk, chunk, 'more');
  const { text, ...rest } = await readPageLog(api.queue, job);
  expect([text.length, rest]).toEqual([256 * 1024, { position: `${fence}-4`, cut: true }]);
});
