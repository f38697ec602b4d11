import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createStreamSlots } from '../../../../services/api/event-stream.ts';
import { apply, type Job, type JobEvent, type JobPage } from '../../../../services/core/job/index.ts';
import { openTestApi, readStream, type TestApi } from '../../../support/api.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi({ commentMs: 20 });
});
afterAll(() => api.close());

const open = (from?: string) =>
  api.admin('/api/v1/events', from === undefined ? {} : { headers: { 'last-event-id': from } });

test('a reader that folds what comes after its snapshot has the job as the queue has it', async () => {
  const { event } = (await (await api.admin('/api/v1/jobs')).json()) as JobPage;
  const result = await api.queue.enqueue(toRequest());
  const { job: id, fence } = await api.claim('one');
  await api.queue.step(id, fence, { name: 'test', state: 'running' });
  await api.queue.complete(id, fence, { outcome: 'failure', exitCode: 3, reason: 'it broke' });
  let job: Job | undefined;
  for await (const message of readStream(await open(event))) {
    if (message.event !== 'job') continue;
    job = apply(job, message.data as JobEvent);
    if (job?.state === 'failure') break;
  }
  expect(result).toMatchObject({ jobs: [id] });
  expect(job).toEqual((await api.queue.job(id))?.job);
});

test('a reader that comes back gets what it missed, once', async () => {
  const { event } = (await (await api.admin('/api/v1/jobs')).json()) as JobPage;
  const read = async (from: string, until: string | undefined) => {
    const seen: { id: string; job: string }[] = [];
    for await (const { id = '', event: name, data } of readStream(await open(from))) {
      if (name !== 'job') continue;
      seen.push({ id, job: data.job });
      if (data.type === 'created' && data.job === until) break;
    }
    return seen;
  };
  const ids = [];
  for (let i = 0; i < 3; i++) {
    const result = await api.queue.enqueue(toRequest());
    ids.push(result.answer === 'full' ? undefined : result.jobs[0]);
  }
  const first = await read(event, ids[1]);
  const rest = await read(first.at(-1)?.id ?? '', ids[2]);
  const whole = await read(event, ids[2]);
  expect([...first, ...rest]).toEqual(whole);
  expect(new Set(whole.map(({ id }) => id)).size).toBe(whole.length);
});

test('a reader of one repository, or of one job, is told of that and of nothing else', async () => {
  const { event } = (await (await api.admin('/api/v1/jobs')).json()) as JobPage;
  const add = async (repository: string) => {
    const result = await api.queue.enqueue(toRequest([toNewJob({ spec: toSpec({ repository }) })]));
    return result.answer === 'full' ? '' : (result.jobs[0] ?? '');
  };
  const [first, , last] = [
    await add('local/ada/engine'),
    await add('local/bob/mill'),
    await add('local/ada/engine'),
  ];
  await api.queue.cancel(first, 'test');
  await api.queue.cancel(last, 'test');
  const read = async (query: string) => {
    const seen: string[] = [];
    for await (const { event: name, data } of readStream(
      await api.admin(`/api/v1/events?from=${event}&${query}`),
    )) {
      if (name !== 'job') continue;
      seen.push(`${data.type} ${data.job}`);
      if (data.type === 'finished' && data.job === last) break;
    }
    return seen;
  };
  const own = [`created ${first}`, `created ${last}`, `finished ${first}`, `finished ${last}`];
  expect(await read('repository=local/ada/engine')).toEqual(own);
  expect(await read(`job=${last}`)).toEqual([own[1], own[3]]);
  expect((await api.admin('/api/v1/events?job=x')).status).toBe(400);
});

test('a reader who knows what we do not, as after a restored backup, is told to begin anew', async () => {
  for await (const { event } of readStream(await open('9999999999999-0'))) {
    if (event === 'comment') continue;
    expect(event).toBe('reset');
    break;
  }
  expect((await open('yesterday')).status).toBe(400);
});

test('in silence a comment says that the line is alive', async () => {
  const events = readStream(await open());
  expect((await events.next()).value).toEqual({ event: 'comment' });
  expect((await events.next()).value).toEqual({ event: 'comment' });
  await events.return(undefined);
});

test('one credential holds only so many streams, and gets its place back when it hangs up', async () => {
  const few = await openTestApi({ slots: createStreamSlots(2) });
  const held = [await few.admin('/api/v1/events'), await few.admin('/api/v1/events')];
  expect(held.map(({ status }) => status)).toEqual([200, 200]);
  expect((await few.admin('/api/v1/events')).status).toBe(429);
  expect((await few.ask('/api/v1/events', { token: few.tokens.launcher })).status).toBe(200);
  await held[0]?.body?.cancel();
  expect((await few.admin('/api/v1/events')).status).toBe(200);
  await few.close();
});
