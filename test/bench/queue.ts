import { parseArgs } from 'node:util';
import { startRedis } from '../support/redis.ts';
import { openBareBullMq, openBullMq } from './queue/bullmq.ts';
import { type Measure, measureBytes, measures } from './queue/measures.ts';
import { openOurs } from './queue/ours.ts';
import { type OpenSide, openConnection } from './queue/side.ts';
import { specOf1KiB } from './queue/spec.ts';
import { inTurns, toRatio, toText } from './rounds.ts';

/**
 * The queue beside BullMQ: the same Redis with the same settings, the same specs with the same ids, in turns.
 * The ratio is against BullMQ with the options that ask of it what ours does in the same call (`likeOurs` in
 * queue/bullmq.ts says which, and what has no counterpart); BullMQ without any stands beside it.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      jobs: { type: 'string', default: '4000' },
      rounds: { type: 'string', default: '5' },
      fsync: { type: 'string', default: 'everysec,always' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  const [size, rounds, seed] = [Number(values.jobs), Number(values.rounds), Number(values.seed)];
  if (!(size >= 400 && size % 400 === 0))
    throw new Error(`--jobs ${values.jobs}: expected a multiple of 400`);
  const write = (line: string) => process.stdout.write(values.json ? '' : `${line}\n`);
  write(
    `spec of ${JSON.stringify(specOf1KiB).length} B; ${size} jobs, ${rounds} rounds: median ± quartiles; jobs/s`,
  );
  write(`seed ${seed}; Node ${process.versions.node}; Redis and both sides share this machine\n`);
  const speeds = [];
  for (const fsync of values.fsync.split(',')) {
    if (fsync !== 'everysec' && fsync !== 'always' && fsync !== 'no') throw new Error(`--fsync ${fsync}`);
    write(
      toRow(`appendonly yes, appendfsync ${fsync}`, [
        'ours',
        'BullMQ',
        'ratio',
        'goal',
        'bare BullMQ',
        'ratio',
      ]),
    );
    for (const measure of measures) {
      const [ours = [], like = [], bare = []] = await compare(fsync, measure, size, rounds, seed);
      const { name, goal } = measure;
      const found = { ratio: toRatio(ours, like), toBare: toRatio(ours, bare) };
      speeds.push({ name, fsync, goal, ...found, ours, like, bare });
      const ratios = [found.ratio, goal].map((ratio) => ratio.toFixed(2));
      write(toRow(name, [toText(ours), toText(like), ...ratios, toText(bare), found.toBare.toFixed(2)]));
    }
    write('');
  }
  write(toRow('bytes of Redis per queued job', ['ours', 'BullMQ', 'ratio', 'goal', 'bare BullMQ', 'ratio']));
  const bytes = [];
  for (const jobs of [10_000, 100_000]) {
    const [ours = 0, like = 0, bare = 0] = await weigh(jobs, seed);
    bytes.push({ jobs, ours, like, bare });
    const whole = (value: number) => Math.round(value).toLocaleString('en');
    const cells = [whole(ours), whole(like), (ours / like).toFixed(2), '≤ 1,500', whole(bare)];
    write(toRow(`${jobs.toLocaleString('en')} jobs`, [...cells, (ours / bare).toFixed(2)]));
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ seed, size, rounds, speeds, bytes })}\n`);
}

type Fsync = 'everysec' | 'always' | 'no';

const sides: readonly OpenSide[] = [openOurs, openBullMq, openBareBullMq];

async function compare(fsync: Fsync, { run }: Measure, size: number, rounds: number, seed: number) {
  const redis = await startRedis({ appendfsync: fsync });
  const path = redis.url.replace('unix://', '');
  const admin = await openConnection(path);
  try {
    return await inTurns(sides, rounds, async (openSide) => {
      await admin.flushall();
      const side = await openSide(path, seed);
      const rate = await run(side, size);
      await side.close();
      return rate;
    });
  } finally {
    admin.disconnect();
    await redis.stop();
  }
}

/** Each on a Redis of its own: what an allocator keeps from the one before would be counted. */
async function weigh(jobs: number, seed: number): Promise<number[]> {
  const found = [];
  for (const openSide of sides) {
    const redis = await startRedis();
    const path = redis.url.replace('unix://', '');
    const admin = await openConnection(path);
    const side = await openSide(path, seed);
    found.push(await measureBytes(admin, side, jobs));
    await side.close();
    admin.disconnect();
    await redis.stop();
  }
  return found;
}

function toRow(name: string, cells: readonly string[]): string {
  const widths = [16, 16, 8, 9, 16, 8];
  return name.padEnd(36) + cells.map((cell, i) => cell.padStart(widths[i] ?? 10)).join('');
}
