import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createJobWatch } from '../../../services/api/job-watch.ts';
import { createLog } from '../../../services/core/log/index.ts';

const job = '0123456789abcdef0123';
const other = '0123456789abcdef0124';
let stopping: AbortController;
let running: Promise<void> | undefined;
beforeEach(() => {
  stopping = new AbortController();
});
afterEach(async () => {
  stopping.abort();
  await running;
});

type Change = { job: string } | { reset: true };

/** A watch whose changes come from the test, one batch for each connection. */
function start(batches: Change[][]) {
  const asked = Promise.withResolvers<void>();
  let connections = 0;
  const watch = createJobWatch({
    log: createLog('test', 'silent'),
    retryMs: 1,
    queue: { jobs: async () => ({ jobs: [], event: '1-0' }) },
    follower: {
      async *changes(_, signal) {
        const batch = batches[connections++];
        if (batch === undefined) {
          asked.resolve();
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
          return;
        }
        yield* batch;
        throw new Error('Redis went away');
      },
    },
  });
  return {
    watch,
    run: () => {
      running = watch.run(stopping.signal);
      return asked.promise;
    },
  };
}

test('who waits for a job is told of that job, through a lost connection', async () => {
  const { watch, run } = start([[{ job: other }], [{ job }]]);
  const told = watch.next(job, stopping.signal);
  await run();
  expect(await told).toBe(true);
});

test('after a gap everybody is told to look again', async () => {
  const { watch, run } = start([[{ reset: true }]]);
  const told = watch.next(job, stopping.signal);
  await run();
  expect(await told).toBe(true);
});

test('who gives up is told no', async () => {
  const { watch } = start([]);
  const patience = new AbortController();
  const told = Promise.all([watch.next(job, patience.signal), watch.next(job, patience.signal)]);
  patience.abort();
  expect(await told).toEqual([false, false]);
  expect(await watch.next(job, patience.signal)).toBe(false);
});
