/** `npm run test:model`: random operations on a real queue and on its model, for as long as you like. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { startRedis } from '../support/redis.ts';
import { toUnseen } from './answers.ts';
import { createPlay } from './play.ts';

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    processes: { type: 'string', default: String(availableParallelism()) },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const usage = `Usage: npm run test:model -- [--operations N] [--seed S] [--processes P]

Random operations on a real queue, on a Redis of its own, and on a model of it that is written from the prose alone.
After each one: the same answer; hashes, model and folded events alike; a clean audit. The operations are shared among
P processes, with the seeds S, S + 1, …; one process with a seed does the same again.

Examples:
  npm run test:model                              # 20,000 operations
  npm run test:model -- --operations 1000000
  npm run test:model -- --operations 5000 --seed 42 --processes 1
`;

/** What a process tells of its part. */
interface Report {
  seed: number;
  operations: number;
  /** Operation and what came of it → how often. */
  counts: [string, number][];
  failure?: string;
}

if (values.help) process.stdout.write(usage);
else if (process.send === undefined) await share();
else await play(toCount('operations'), toCount('seed'));

async function share(): Promise<void> {
  const [operations, seed] = [toCount('operations'), toCount('seed')];
  const processes = Math.max(1, Math.min(toCount('processes'), operations));
  process.stdout.write(
    `${operations.toLocaleString('en')} operations, seeds ${seed} to ${seed + processes - 1}\n`,
  );
  const reports: Report[] = [];
  const children: ChildProcess[] = [];
  let done = 0;
  const parts = Array.from({ length: processes }, async (_, part) => {
    const share = Math.floor(operations / processes) + (part < operations % processes ? 1 : 0);
    const child = fork(import.meta.filename, ['--operations', `${share}`, '--seed', `${seed + part}`]);
    children.push(child);
    child.on('message', (message: Report | { more: number }) => {
      if ('more' in message) {
        done += message.more;
        if (process.stdout.isTTY) process.stdout.write(`\r${done.toLocaleString('en')}`);
      } else reports.push(message);
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) for (const other of children) other.kill();
    return code;
  });
  const codes = await Promise.all(parts);
  if (process.stdout.isTTY) process.stdout.write('\r');
  const counts = new Map<string, number>();
  for (const { counts: some } of reports)
    for (const [name, count] of some) counts.set(name, (counts.get(name) ?? 0) + count);
  for (const [name, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
    process.stdout.write(`${name.padEnd(30)}${count.toLocaleString('en').padStart(12)}\n`);
  const unseen = toUnseen(counts);
  process.stdout.write(`never seen: ${unseen.length === 0 ? 'nothing' : unseen.join(' · ')}\n`);
  for (const { failure } of reports) if (failure !== undefined) process.stdout.write(failure);
  const total = reports.reduce((sum, report) => sum + report.operations, 0).toLocaleString('en');
  const failed = reports.filter(({ failure }) => failure !== undefined).length;
  process.stdout.write(`${failed} divergences in ${total} operations\n`);
  process.exitCode = codes.every((code) => code === 0) && reports.length === processes ? 0 : 1;
}

async function play(operations: number, seed: number): Promise<void> {
  const redis = await startRedis();
  // Another part has diverged, or whoever started this one is gone: no Redis is left behind.
  const abandon = () => void redis.kill().finally(() => process.exit(1));
  process.once('SIGTERM', abandon).once('disconnect', abandon);
  const counts = new Map<string, number>();
  const last: string[] = [];
  const report: Report = { seed, operations: 0, counts: [] };
  try {
    // However slow the machine: a command that is given up is no divergence.
    const one = createPlay(await redis.connect('blocking'), seed, (name) =>
      counts.set(name, (counts.get(name) ?? 0) + 1),
    );
    for (let i = 1; i <= operations; i++) {
      last.push(await one.step());
      if (last.length > 10) last.shift();
      report.operations = i;
      if (i % 100 === 0) process.send?.({ more: 100 });
    }
  } catch (error) {
    const at = report.operations + 1;
    report.failure = `${last.join('\n')}\n— diverges at operation ${at} of seed ${seed}. Again:
npm run test:model -- --operations ${at} --seed ${seed} --processes 1
${error instanceof Error ? error.stack : String(error)}\n`;
    process.exitCode = 1;
  } finally {
    await redis.stop();
  }
  process.send?.({ ...report, counts: [...counts] });
  process.off('disconnect', abandon).disconnect();
}

function toCount(name: 'operations' | 'seed' | 'processes'): number {
  const count = Number(values[name]);
  if (/^\d+$/.test(values[name]) && Number.isSafeInteger(count)) return count;
  throw new Error(`--${name} ${values[name]}: expected a whole number`);
}
