import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type ApiClient, createApiClient } from '../../../services/core/client/index.ts';
import type { JobEvent, LogText } from '../../../services/core/job/index.ts';
import { followJobs, followLog } from '../../../services/tui/follow.ts';
import { type FakeApi, startFakeApi } from './fake-api.ts';
import { createJob } from './jobs.ts';

let api: FakeApi;
let client: ApiClient;
let stop: AbortController;
let done: Promise<void>;

beforeEach(async () => {
  api = await startFakeApi();
  client = createApiClient({ url: api.url, token: 't' });
  stop = new AbortController();
  done = Promise.resolve();
});

afterEach(async () => {
  stop.abort();
  client.close();
  await done.catch(() => undefined);
  await api.close();
});

/** What is told, in words; `until` resolves when something like it has been told, or fails after 5 s. */
function createDiary() {
  const told: string[] = [];
  let look: () => void = () => undefined;
  return {
    told,
    tell: (text: string) => {
      told.push(text);
      look();
    },
    until: (text: string) =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${text} is not in ${told.join(', ')}`)), 5000);
        look = () => {
          if (!told.some((entry) => entry.includes(text))) return;
          clearTimeout(timer);
          resolve();
        };
        look();
      }),
  };
}

function follow() {
  const diary = createDiary();
  done = followJobs(
    client,
    {
      snapshot: ({ jobs, event }) => diary.tell(`snapshot of ${jobs.length} at ${event}`),
      event: (id: string, event: JobEvent) => diary.tell(`${event.type} ${id}`),
      heard: () => undefined,
      lost: (reason, retryInMs) => diary.tell(`lost for ${retryInMs}: ${reason}`),
    },
    stop.signal,
  );
  return diary;
}

function followText(id: string) {
  const diary = createDiary();
  done = followLog(
    client,
    id,
    {
      chunk: (chunkId: string, { text }: LogText) => diary.tell(`${chunkId} ${text}`),
      end: () => diary.tell('end'),
      failed: (reason) => diary.tell(`failed: ${reason}`),
    },
    stop.signal,
  );
  return diary;
}

const job = createJob();

test('first comes a snapshot, then each event after it, once', async () => {
  api.create(job);
  const diary = follow();
  await diary.until('snapshot');
  api.run(job.id, 5);
  await diary.until('step');
  expect(diary.told).toEqual(['snapshot of 1 at 1-0', 'claimed 2-0', 'step 3-0']);
});

test('a lost connection is told, and taken up again at the last event', async () => {
  api.create(job);
  const diary = follow();
  await diary.until('snapshot');
  api.publish({ type: 'cancelling', job: job.id, at: 5 });
  await diary.until('cancelling');
  api.drop();
  await diary.until('lost for 250');
  api.run(job.id, 6);
  await diary.until('step');
  expect(diary.told.filter((entry) => !entry.startsWith('lost'))).toEqual([
    'snapshot of 1 at 1-0',
    'cancelling 2-0',
    'claimed 3-0',
    'step 4-0',
  ]);
  expect(api.requests).toContain('GET /events from 2-0');
});

test('each failure is waited for longer', async () => {
  await api.close();
  const diary = follow();
  await diary.until('lost for 1000');
  expect(diary.told.map((entry) => entry.slice(0, 13))).toEqual([
    'lost for 250:',
    'lost for 500:',
    'lost for 1000',
  ]);
  expect(diary.told[0]).toContain('does not answer');
  await api.listen();
});

test('an api that has forgotten the place is asked for a new snapshot', async () => {
  api.create(job);
  const diary = follow();
  await diary.until('snapshot of 1 at 1-0');
  api.publish({ type: 'cancelling', job: job.id, at: 5 });
  await diary.until('cancelling');
  api.forget();
  await diary.until('snapshot of 1 at 2-0');
});

test('an event that cannot be read is passed by a new snapshot', async () => {
  api.create(job);
  const diary = follow();
  await diary.until('snapshot of 1 at 1-0');
  api.publish({ type: 'from the future', job: job.id, at: 5 } as unknown as JobEvent);
  await diary.until('snapshot of 1 at 2-0');
  api.publish({ type: 'cancelling', job: job.id, at: 6 });
  await diary.until('cancelling 3-0');
});

test('a refused credential ends it: asking again would change nothing', async () => {
  api.refuse(401);
  follow();
  await expect(done).rejects.toThrow('the fake answers 401');
});

test('an api in trouble is asked again', async () => {
  api.refuse(503);
  const diary = follow();
  await diary.until('lost for 250: the fake answers 503');
  api.refuse(undefined);
  await diary.until('snapshot');
});

test('a log is read to its end, over a broken line, without a chunk twice', async () => {
  api.create(job);
  api.log(job.id, 'one');
  const diary = followText(job.id);
  await diary.until('one');
  api.drop();
  api.log(job.id, 'two');
  await diary.until('two');
  api.endLog(job.id);
  await done;
  expect(diary.told).toEqual(['1-1 one', '1-2 two', 'end']);
});

test('a log that is not there is told, and not asked for again', async () => {
  const diary = followText(job.id);
  await done;
  expect(diary.told).toEqual([`failed: no job ${job.id}`]);
});
