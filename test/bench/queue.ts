import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { Queue as BullQueue, Worker as BullWorker } from 'bullmq';
import { Redis } from 'ioredis';
import { type JobSpec, toId } from '../../services/core/job/index.ts';
import { createQueue, type EnqueueRequest, type Queue } from '../../services/core/queue/index.ts';
import { startRedis } from '../support/redis.ts';
import { specOf1KiB } from './spec.ts';

/**
 * The queue beside BullMQ, each on the same Redis, in turns, on the same specs with the same ids. Agents take
 * one job and end, so each claims and completes in two calls; BullMQ's `fetchNext` is off for the same reason.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      jobs: { type: 'string', default: '4000' },
      rounds: { type: 'string', default: '5' },
      fsync: { type: 'string', default: 'everysec,always' },
      seed: { type: 'string', default: '1' },
    },
  });
  const size = Number(values.jobs);
  const rounds = Number(values.rounds);
  const json = JSON.stringify(specOf1KiB);
  write(
    `spec ${json.length} B, ${deflateRawSync(json).length} B deflated; ${size} jobs, median of ${rounds} rounds`,
  );
  write(`seed ${values.seed}; Node ${process.versions.node}; Redis and benches share this machine\n`);
  for (const fsync of values.fsync.split(',')) {
    if (fsync !== 'everysec' && fsync !== 'always' && fsync !== 'no') throw new Error(`--fsync ${fsync}`);
    const redis = await startRedis({ appendfsync: fsync });
    try {
      write(`appendonly yes, appendfsync ${fsync}`);
      await compare(redis.url.replace('unix://', ''), size, rounds, Number(values.seed));
    } finally {
      await redis.stop();
    }
  }
}

/** What both sides can do. */
interface Side {
  name: string;
  enqueue(n: number): Promise<unknown>;
  enqueueMany(from: number, count: number): Promise<unknown>;
  /** Takes and completes jobs until there are none; one of `agents` connections. */
  work(agent: number): Promise<number>;
  close(): Promise<void>;
}

async function compare(path: string, size: number, rounds: number, seed: number): Promise<void> {
  const admin = await open(path);
  const sides = [() => openOurs(path, seed), () => openBull(path, seed)] as const;
  const measures: Record<string, (side: Side) => Promise<number>> = {
    'enqueue, sequential': async (side) => {
      const ms = await time(async () => {
        for (let n = 0; n < size / 4; n++) await side.enqueue(n);
      });
      return toRate(size / 4, ms);
    },
    'enqueue, 64 in flight': async (side) =>
      toRate(size, await time(() => inFlight(64, size, (n) => side.enqueue(n)))),
    'enqueue, 100 in one call': async (side) =>
      toRate(
        size,
        await time(async () => {
          for (let n = 0; n < size; n += 100) await side.enqueueMany(n, 100);
        }),
      ),
    'claim + complete, 1 agent': (side) => work(side, size / 4, 1),
    'claim + complete, 16 connections': (side) => work(side, size, 16),
  };
  write(`${''.padEnd(36)}${'ours'.padStart(10)}${'BullMQ'.padStart(10)}${'ratio'.padStart(8)}`);
  for (const [name, measure] of Object.entries(measures)) {
    const rates: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      for (const [i, openSide] of sides.entries()) {
        await admin.flushall();
        const side = await openSide();
        rates[i === 0 ? 0 : 1].push(await measure(side));
        await side.close();
      }
    }
    row(`${name}, per s`, median(rates[0]), median(rates[1]), median(rates[0]) / median(rates[1]));
  }
  const bytes = [];
  for (const openSide of sides) bytes.push(await measureBytes(admin, openSide, 10_000));
  const [ours = 0, bull = 0] = bytes;
  row('bytes per queued job', ours, bull, ours / bull);
  write('');
  admin.disconnect();
}

async function work(side: Side, size: number, agents: number): Promise<number> {
  for (let n = 0; n < size; n += 100) await side.enqueueMany(n, 100);
  let done = 0;
  const ms = await time(async () => {
    const counts = await Promise.all(Array.from({ length: agents }, (_, agent) => side.work(agent)));
    done = counts.reduce((sum, count) => sum + count, 0);
  });
  if (done !== size) throw new Error(`${side.name}: ${done} of ${size} jobs done`);
  return toRate(size, ms);
}

async function measureBytes(admin: Redis, openSide: () => Promise<Side>, count: number): Promise<number> {
  await admin.flushall();
  const side = await openSide();
  await side.enqueueMany(0, 100); // Scripts, groups and whatever is there once.
  const used = async () => Number(/used_memory_dataset:(\d+)/.exec(await admin.info('memory'))?.[1]);
  const before = await used();
  await inFlight(64, count, (n) => side.enqueue(100 + n));
  const after = await used();
  await side.close();
  return (after - before) / count;
}

function toJobSpec(seed: number, n: number): JobSpec {
  return { ...specOf1KiB, sha: toId(seed, n) + toId(n, seed) };
}

async function openOurs(path: string, seed: number): Promise<Side> {
  const connections = [await open(path)];
  const queueOn = (commands: Redis) =>
    createQueue({ commands, leaseMs: 30_000, limits: { unfinished: 1e6 } });
  const [first] = connections;
  if (first === undefined) throw new Error('no connection');
  const queue = queueOn(first);
  const toRequest = (n: number): EnqueueRequest => {
    const spec = toJobSpec(seed, n);
    const { repository, ref, event, sha } = spec;
    const cause = {
      kind: 'ref' as const,
      repository,
      ref,
      event,
      after: sha,
      before: toJobSpec(seed, n - 1).sha,
    };
    return { cause, delivery: `gitea:${toId('delivery', n)}`, jobs: [{ spec, pool: 'default' }] };
  };
  const toPipeline = (from: number, count: number): EnqueueRequest => ({
    ...toRequest(from),
    jobs: Array.from({ length: count }, (_, i) => ({
      spec: { ...toJobSpec(seed, from + i), workflow: `w${i}` },
      pool: 'default',
    })),
  });
  return {
    name: 'ours',
    enqueue: (n) => queue.enqueue(toRequest(n)),
    enqueueMany: (from, count) => queue.enqueue(toPipeline(from, count)),
    async work(agent) {
      const commands = await open(path);
      connections.push(commands);
      return workOurs(queueOn(commands), agent);
    },
    async close() {
      for (const connection of connections) connection.disconnect();
    },
  };
}

async function workOurs(queue: Queue, agent: number): Promise<number> {
  const tokenHash = 'a'.repeat(64);
  for (let done = 0; ; done++) {
    const claimed = await queue.claim({ pool: 'default', agent: `agent-${agent}-${done}`, tokenHash });
    if (claimed === undefined) return done;
    await queue.complete(claimed.job, claimed.fence, { outcome: 'success' });
  }
}

async function openBull(path: string, seed: number): Promise<Side> {
  const connection = { path, maxRetriesPerRequest: null };
  const queue = new BullQueue('default', { connection });
  await queue.waitUntilReady();
  const workers: BullWorker[] = [];
  const toJob = (n: number) => {
    const data = toJobSpec(seed, n);
    return { name: 'job', data, opts: { jobId: toId('job', data.sha) } };
  };
  return {
    name: 'BullMQ',
    enqueue(n) {
      const { name, data, opts } = toJob(n);
      return queue.add(name, data, opts);
    },
    enqueueMany: (from, count) => queue.addBulk(Array.from({ length: count }, (_, i) => toJob(from + i))),
    async work(agent) {
      const worker = new BullWorker('default', undefined, { connection, autorun: false });
      workers.push(worker);
      await worker.waitUntilReady();
      const token = `agent-${agent}`;
      for (let done = 0; ; done++) {
        const job = await worker.getNextJob(token, { block: false });
        if (job === undefined) return done;
        await job.moveToCompleted('success', token, false);
      }
    },
    async close() {
      for (const worker of workers) await worker.close(true);
      await queue.close();
    },
  };
}

async function open(path: string): Promise<Redis> {
  const redis = new Redis({ path, maxRetriesPerRequest: null });
  await once(redis, 'ready');
  return redis;
}

async function inFlight(width: number, count: number, act: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

async function time(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await act();
  return performance.now() - started;
}

const toRate = (count: number, ms: number) => (count / ms) * 1000;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function row(name: string, ours: number, bull: number, ratio: number): void {
  const number = (value: number) => Math.round(value).toLocaleString('en').padStart(10);
  write(`${name.padEnd(36)}${number(ours)}${number(bull)}${ratio.toFixed(2).padStart(8)}`);
}

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}
