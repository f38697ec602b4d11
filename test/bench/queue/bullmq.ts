import { type JobsOptions, Queue, Worker } from 'bullmq';
import { toId } from '../../../services/core/job/index.ts';
import { type OpenSide, type Side, toSpec } from './side.ts';

const day = 86_400;

/**
 * What a CI queue needs, and ours does in the same call, said in BullMQ's options: a delivery is known for a week,
 * an event has one id, infra trouble is tried again, history is bounded, and an ordinary job can be overtaken
 * (BullMQ takes jobs without a priority before all others, so an ordinary one needs one).
 */
const likeOurs = (n: number): JobsOptions => ({
  deduplication: { id: toId('delivery', n), ttl: 7 * day * 1000 },
  priority: 5,
  attempts: 5,
  backoff: { type: 'exponential', delay: 5000, jitter: 0.5 },
  removeOnComplete: { count: 10_000, age: 90 * day },
  removeOnFail: { count: 10_000, age: 90 * day },
});

/** Indexes, events for readers, heads, fairness and fences have no counterpart: they are ours to carry. */
export const openBullMq: OpenSide = (path, seed) => open('BullMQ', path, seed, likeOurs);

/** First in, first out, nothing else, but the id. */
export const openBareBullMq: OpenSide = (path, seed) => open('bare BullMQ', path, seed, () => ({}));

async function open(
  name: string,
  path: string,
  seed: number,
  toOptions: (n: number) => JobsOptions,
): Promise<Side> {
  const connection = { path, maxRetriesPerRequest: null };
  const queue = new Queue('default', { connection });
  await queue.waitUntilReady();
  const workers: Worker[] = [];
  const toJob = (n: number) => {
    const data = toSpec(seed, n);
    return { name: 'job', data, opts: { jobId: toId('job', data.sha), ...toOptions(n) } };
  };
  return {
    name,
    one(n) {
      const { name, data, opts } = toJob(n);
      return () => queue.add(name, data, opts);
    },
    many(from, count) {
      const jobs = Array.from({ length: count }, (_, i) => toJob(from + i));
      return () => queue.addBulk(jobs);
    },
    async openAgent(agent) {
      const worker = new Worker('default', undefined, { connection, autorun: false });
      workers.push(worker);
      await worker.waitUntilReady();
      return () => work(worker, `agent-${agent}`);
    },
    async close() {
      for (const worker of workers) await worker.close(true);
      await queue.close();
    },
  };
}

/** `fetchNext` is off: an agent takes one job and ends, so nobody is there to take the next. */
async function work(worker: Worker, token: string): Promise<number> {
  for (let done = 0; ; done++) {
    const job = await worker.getNextJob(token, { block: false });
    if (job === undefined) return done;
    await job.moveToCompleted('success', token, false);
  }
}
