import { parseArgs } from 'node:util';
import { measurePace, measureStorm, type Times } from './api/pace.ts';
import { measureReaders } from './api/readers.ts';
import { measureThroughput } from './api/throughput.ts';
import { median, toRatio, toText } from './rounds.ts';

/**
 * The api as `up` runs it: its bundle in a process of its own, on a Redis that syncs every write before it
 * answers. What is sent are pushes as Gitea sends them, each signed. Load and all that is measured share one
 * machine.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      requests: { type: 'string', default: '2000' },
      webhooks: { type: 'string', default: '5000' },
      readers: { type: 'string', default: '1000' },
      sockets: { type: 'string', default: '500' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  const seed = Number(values.seed);
  const write = (name: string, text = '') =>
    process.stdout.write(values.json ? '' : `${name.padEnd(52)}${text}\n`);
  write(`seed ${seed}; Node ${process.versions.node}; appendfsync always\n`);

  const [ours = [], bare = []] = await measureThroughput(
    Number(values.rounds),
    Number(values.requests),
    seed,
  );
  const ratio = toRatio(ours, bare);
  write(
    'webhook → 202, per s',
    `${toText(ours)}; bare Hono ${toText(bare)}; ratio ${ratio.toFixed(2)} (goal 0.30)`,
  );

  const pace = await measurePace(6, Number(values.sockets), seed);
  write('webhooks at 50 per s', toMs(pace.alone));
  write(
    `the same beside ${values.sockets} slow sockets`,
    `${toMs(pace.beside)}; ${pace.open} were open at the end`,
  );

  const storm = await measureStorm(Number(values.webhooks), 500, seed);
  write(
    `${values.webhooks} webhooks at 500 per s, half of them replays`,
    `${storm.accepted} accepted, ${storm.dups} dup, ${storm.others} other answers; ${storm.jobs} jobs`,
  );
  write('', toMs(storm.times));
  write(
    '',
    `api: ${toMb(storm.before.now)} before, ${toMb(storm.after.peak)} at most, ${toMb(storm.after.now)} after`,
  );

  const [count, absent, events] = [Number(values.readers), 200, 3000];
  const readers = await measureReaders(count, absent, events, seed);
  const last = median(readers.delays.map((delay) => delay.last));
  const answered = median(readers.delays.map((delay) => delay.answered));
  write(
    `${count} readers of events`,
    `the last has one ${last.toFixed(0)} ms after it was sent (202 after ${answered.toFixed(1)} ms)`,
  );
  const each = ((readers.open.now - readers.before.now) * 1000) / count;
  write(
    '',
    `api: ${toMb(readers.before.now)} before, ${toMb(readers.open.now)} with them: ${each.toFixed(0)} kB each`,
  );
  const growth = ((readers.flooded.now - readers.quiet.now) * 1000) / absent;
  write(
    `${absent} that never read, ${events} events`,
    `${growth.toFixed(0)} kB more each: ${toMb(readers.flooded.now)} in all`,
  );
  if (values.json)
    process.stdout.write(
      `${JSON.stringify({ seed, throughput: { ratio, ours, bare }, pace, storm, readers })}\n`,
    );
}

const toMs = ({ p50, p99 }: Times) => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
const toMb = (mb: number) => `${mb.toFixed(0)} MB`;
