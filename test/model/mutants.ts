/** `npm run test:mutants`: breaks the scripts in one place at a time, and sees whether the model test notices. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import * as bundles from '../../services/core/queue/scripts/bundles.ts';
import { claim } from '../../services/core/queue/scripts/claim.ts';
import * as end from '../../services/core/queue/scripts/end.ts';
import { enqueue } from '../../services/core/queue/scripts/enqueue.ts';
import { expand } from '../../services/core/queue/scripts/expand.ts';
import { removeHead } from '../../services/core/queue/scripts/head.ts';
import { rerun } from '../../services/core/queue/scripts/rerun.ts';
import * as running from '../../services/core/queue/scripts/running.ts';
import type { Script } from '../../services/core/queue/scripts/script.ts';
import { tick } from '../../services/core/queue/scripts/tick.ts';
import { startRedis } from '../support/redis.ts';
import { listed, type Mutant, toMutants } from './mutate.ts';
import { createPlay } from './play.ts';

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '3000' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '2' },
    processes: { type: 'string', default: String(availableParallelism()) },
    only: { type: 'string', default: '' },
    part: { type: 'string', default: '0/1' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const usage = `Usage: npm run test:mutants -- [--operations N] [--seed S] [--seeds K] [--only TEXT]

Each line of each queue script is broken on purpose, one place at a time: a statement left out, a comparison turned, a
step of one more. A mutant is noticed if the model test diverges within N operations of one of K seeds. One that lives
is printed: either the test must learn something, or it is no other program; test/model/mutate.ts lists those with the
reason. Exit code 0 when at least 95 % of the others are noticed.

Examples:
  npm run test:mutants
  npm run test:mutants -- --only ZPOPMIN     # lines with this text
`;

const goal = 0.95;
const scripts: Script[] = [
  ...[enqueue, claim, expand, rerun, removeHead, tick],
  ...Object.values(end),
  ...Object.values(running),
  ...Object.values(bundles).filter((each) => typeof each !== 'string'),
];
const originals = new Map(scripts.map((script) => [script, { ...script }]));
const [operations, seed, seeds] = [Number(values.operations), Number(values.seed), Number(values.seeds)];
const { mutants, equivalent } = toMutants(scripts);
const wanted = mutants.filter(({ line }) => line.includes(values.only));

interface Result extends Mutant {
  noticed: boolean;
}

if (values.help) process.stdout.write(usage);
else if (process.send === undefined) await share();
else await work();

async function share(): Promise<void> {
  const processes = Number(values.processes);
  process.stdout.write(
    `${wanted.length} mutants, ${operations} operations with each of the seeds ${seed} to ${seed + seeds - 1}\n`,
  );
  const results: Result[] = [];
  const parts = Array.from({ length: processes }, async (_, part) => {
    const child = fork(import.meta.filename, [...process.argv.slice(2), '--part', `${part}/${processes}`]);
    child.on('message', (result: Result) => {
      results.push(result);
      if (!result.noticed)
        process.stdout.write(
          `alive: ${result.script}: ${result.line.trim()}\n  → ${result.becomes.trim() || '(nothing)'}\n`,
        );
      else if (process.stdout.isTTY) process.stdout.write(`\r${results.length} of ${wanted.length} \r`);
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`part ${part} ended with ${code}`);
  });
  await Promise.all(parts);
  const row = (name: string, ...cells: (string | number)[]) =>
    process.stdout.write(`${name.padEnd(16)}${cells.map((cell) => String(cell).padStart(10)).join('')}\n`);
  row('script', 'mutants', 'noticed', 'alive', 'listed');
  const names = [...new Set([...mutants, ...equivalent].map(({ script }) => script))];
  for (const name of names) {
    const own = results.filter(({ script }) => script === name);
    const noticed = own.filter((result) => result.noticed).length;
    row(
      name,
      own.length,
      noticed,
      own.length - noticed,
      equivalent.filter(({ script }) => script === name).length,
    );
  }
  const noticed = results.filter((result) => result.noticed).length;
  row('all', results.length, noticed, results.length - noticed, equivalent.length);
  process.stdout.write(`${((100 * noticed) / results.length).toFixed(1)} % noticed; seed ${seed}\n`);
  if (values.only === '')
    for (const [part, reason] of listed) process.stdout.write(`listed: ${part}  (${reason})\n`);
  process.exitCode = noticed >= goal * results.length ? 0 : 1;
}

async function work(): Promise<void> {
  const [part = 0, parts = 1] = values.part.split('/').map(Number);
  let redis = await startRedis();
  let connections = await connect();
  // Whoever started this part is gone: no Redis is left behind.
  const abandon = () => void redis.kill().finally(() => process.exit(1));
  process.once('SIGTERM', abandon).once('disconnect', abandon);
  for (const mutant of wanted.filter((_, i) => i % parts === part)) {
    for (const [script, { text }] of originals) {
      const broken = text.split('\n').map((line) => (line === mutant.line ? mutant.becomes : line));
      script.text = broken.join('\n');
      // Not its digest: Redis learns it by its text, below another name.
      script.sha = '0'.repeat(40);
    }
    process.send?.({ ...mutant, noticed: await notices() });
  }
  await redis.stop();
  process.off('disconnect', abandon).disconnect();

  /** The second one sees whether a script never ends; however slow the machine, that is no mutant that is noticed. */
  async function connect() {
    return { commands: await redis.connect('blocking'), watching: await redis.connect('blocking') };
  }

  async function notices(): Promise<boolean> {
    const over = new AbortController();
    const answer = await Promise.race([diverges().finally(() => over.abort()), untilBusy(over.signal)]);
    over.abort();
    if (answer !== 'busy') return answer;
    await redis.kill();
    await redis.stop();
    redis = await startRedis();
    connections = await connect();
    return true;
  }

  async function diverges(): Promise<boolean> {
    const { commands } = connections;
    try {
      for (let start = seed; start < seed + seeds; start++) {
        await commands.flushall();
        const play = createPlay(commands, start);
        for (let i = 0; i < operations; i++) await play.step();
      }
      return false;
    } catch {
      return true;
    }
  }

  /** Redis says so of a script that has run for five seconds, to everybody else. */
  async function untilBusy(signal: AbortSignal): Promise<'busy'> {
    const { watching } = connections;
    for (;;) {
      await setTimeout(1000, undefined, { signal }).catch(() => undefined);
      const said = signal.aborted ? '' : await watching.ping().catch(String);
      if (said.includes('BUSY')) return 'busy';
      // Nobody waits for it any more.
      if (signal.aborted) return new Promise(() => undefined);
    }
  }
}
