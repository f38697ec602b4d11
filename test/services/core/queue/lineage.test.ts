import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { JobSpec } from '../../../../services/core/job/index.ts';
import type { Queue } from '../../../../services/core/queue/index.ts';
import { version } from '../../../../services/core/runtime/index.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';
import { useQueue } from '../../../support/queue.ts';

let queue: Queue;
let keys = 0;
useQueue((opened) => {
  ({ queue } = opened);
});

/** The id of its first job. */
const enqueue = async (spec: Partial<JobSpec> = {}, key = `key ${keys++}`): Promise<string> => {
  const answer = await queue.enqueue(toRequest([toNewJob({ spec: toSpec(spec) })], key));
  return answer.answer === 'full' ? '' : (answer.jobs[0] ?? '');
};

test('the pipelines of a repository are counted from 1 on, and one that is told of again is the same one', async () => {
  const first = await enqueue({}, 'one');
  expect(await enqueue({}, 'one')).toBe(first);
  const others = await Promise.all(Array.from({ length: 30 }, () => enqueue()));
  const other = await enqueue({ repository: 'local/ada/other' });
  const numbers = await Promise.all([first, ...others].map(async (id) => (await queue.lineage(id))?.number));
  expect(numbers.sort((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 31 }, (_, n) => n + 1));
  expect(await queue.lineage(other)).toMatchObject({ number: 1, place: 1 });
  expect(await queue.lineage('0'.repeat(20))).toBeUndefined();
});

test('the pipeline before is that of its branch, with how it stands, and a tag has none', async () => {
  const before = await enqueue({ subject: 'Before', commit: { email: 'a@b', at: 5 } });
  await enqueue({ branch: 'other', ref: 'refs/heads/other' });
  const next = await enqueue();
  expect((await queue.lineage(next))?.before).toMatchObject({
    ...{ job: before, number: 1, state: 'queued' },
    spec: { subject: 'Before', commit: { email: 'a@b', at: 5 } },
  });
  const { fence = 0 } =
    (await queue.claim({ pool: 'default', agent: 'a', tokenHash: 'x', prefer: before })) ?? {};
  await queue.complete(before, fence, { outcome: 'failure' });
  const after = await queue.lineage(next);
  expect(after?.before).toMatchObject({ state: 'failure', finishedAt: expect.any(Number) });
  const tag = await enqueue({ event: 'tag', ref: 'refs/tags/v1', branch: 'v1' });
  const again = await enqueue({ event: 'tag', ref: 'refs/tags/v1', branch: 'v1' });
  for (const id of [tag, again]) expect(await queue.lineage(id)).not.toHaveProperty('before');
});

test('its other workflows have its number, and another run a new one with a parent', async () => {
  const first = await enqueue();
  const { fence = 0 } = (await queue.claim({ pool: 'default', agent: 'a', tokenHash: 'x' })) ?? {};
  await queue.expand(first, fence, { own: 'a', jobs: [{ workflow: 'b' }] });
  await queue.complete(first, fence, { outcome: 'failure' });
  const { pipeline = '' } = (await queue.job(first))?.job ?? {};
  const { jobs = [] } = (await queue.pipeline(pipeline)) ?? {};
  expect(await queue.lineage(jobs[1] ?? '')).toMatchObject({ number: 1, place: 2 });
  await queue.cancel(jobs[1] ?? '', 'test');
  const rerun = await queue.rerun(pipeline);
  const again = rerun.answer === 'enqueued' ? (rerun.jobs[0] ?? '') : '';
  expect(await queue.lineage(again)).toMatchObject({ number: 2, parent: 1 });
});

test('what is remembered of a branch goes with it', async () => {
  await enqueue();
  await queue.noteHead('local/ada/engine', 'refs/heads/main', 'a'.repeat(40));
  await queue.removeHead('local/ada/engine', 'refs/heads/main');
  expect(await queue.lineage(await enqueue())).not.toHaveProperty('before');
});

test('the numbers go on where a tag is removed', async () => {
  await enqueue();
  await queue.noteHead('local/ada/engine', 'refs/tags/v1', 'a'.repeat(40));
  await queue.removeHead('local/ada/engine', 'refs/tags/v1');
  expect(await queue.lineage(await enqueue())).toMatchObject({ number: 2 });
});

test('whoever asks the api for its version is told that of the package', () => {
  const { version: known } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../../../package.json'), 'utf8'),
  );
  expect(version).toBe(known);
});
