import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildPrograms } from '../../services/local/bundle/build.ts';
import { type AgentBench, openAgentBench } from '../support/agent.ts';
import { runAgentProgram } from './agent-program.ts';
import { inTurns, median, quantile } from './rounds.ts';

/**
 * An agent as a spawner starts it, its bundle in a process of its own, beside a bare `sh -c`: from its start to its
 * first command (claim, clone, plan, step), and from the end of a step to the next one's first command. Each
 * command writes down the time. The api, a forge and all that is measured share one machine.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '9' },
      steps: { type: 'string', default: '20' },
      json: { type: 'boolean', default: false },
    },
  });
  const [rounds, steps] = [Number(values.rounds), Number(values.steps)];
  const root = join(import.meta.dirname, '../..');
  const program = join(await buildPrograms(root, join(root, 'node_modules')), 'agent.cjs');
  const bench = await openAgentBench();
  const folder = await mkdtemp(join(tmpdir(), 'bellows-bench-agent-'));
  const sides = [
    () => measureAgent(bench, program, folder, steps),
    () => measureBare(folder, steps),
  ] as const;
  const handOvers: number[][] = sides.map(() => []);
  try {
    const starts = await inTurns(sides, rounds, async (measure) => {
      const { start, handOver } = await measure();
      handOvers[sides.indexOf(measure)]?.push(handOver);
      return start;
    });
    const found = { starts, handOvers: handOvers.map((each) => each.slice(1)) };
    if (values.json) process.stdout.write(`${JSON.stringify({ rounds, steps, ...found })}\n`);
    else process.stdout.write(toTable(rounds, steps, found));
  } finally {
    await bench.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Times {
  /** From the start of the process to its first command, milliseconds. */
  start: number;
  /** From one step's command to the next one's. */
  handOver: number;
}

let agents = 0;

async function measureAgent(
  bench: AgentBench,
  program: string,
  folder: string,
  steps: number,
): Promise<Times> {
  agents += 1;
  const times = join(folder, `times-${agents}`);
  const commands = `date +%s%N >> ${times}`;
  const plan = { steps: Array.from({ length: steps + 1 }, (_, i) => ({ name: `s${i}`, commands })) };
  await bench.enqueue({ '.bellows.yaml': JSON.stringify(plan) });
  const workspace = await mkdtemp(join(folder, 'job-'));
  const startedAt = await runAgentProgram(bench, program, {
    PATH: process.env.PATH,
    NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
    BELLOWS_AGENT: `bench-${agents}`,
    BELLOWS_WORKSPACE: workspace,
  });
  await rm(workspace, { recursive: true, force: true });
  return readTimes(times, startedAt, steps);
}

async function measureBare(folder: string, steps: number): Promise<Times> {
  agents += 1;
  const times = join(folder, `times-${agents}`);
  const startedAt = Date.now();
  for (let i = 0; i <= steps; i++)
    await once(spawn('/bin/sh', ['-c', `date +%s%N >> ${times}`], { stdio: 'ignore' }), 'exit');
  return readTimes(times, startedAt, steps);
}

async function readTimes(file: string, startedAt: number, steps: number): Promise<Times> {
  const all = (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => Number(line) / 1e6);
  const [first = Number.NaN] = all;
  if (all.length !== steps + 1) throw new Error(`expected ${steps + 1} steps to run, and ${all.length} did`);
  return { start: first - startedAt, handOver: ((all.at(-1) ?? Number.NaN) - first) / steps };
}

function toTable(
  rounds: number,
  steps: number,
  { starts, handOvers }: { starts: number[][]; handOvers: number[][] },
): string {
  const row = (name: string, [ours = [], bare = []]: number[][]) =>
    `${name.padEnd(34)}${toMs(ours).padStart(24)}${toMs(bare).padStart(24)}\n`;
  return [
    `${rounds} rounds of ${steps + 1} steps; Node ${process.versions.node}; p50 (p95), ms\n\n`,
    `${''.padEnd(34)}${'agent'.padStart(24)}${'bare sh -c'.padStart(24)}\n`,
    row('start → first command', starts),
    row('a step → the next', handOvers),
  ].join('');
}

function toMs(values: readonly number[]): string {
  return `${median(values).toFixed(1)} (${quantile(values, 0.95).toFixed(1)})`;
}
